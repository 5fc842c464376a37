"""The evidence of correlations: which closes are compared, and of which bets."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore.rules.bets import bets_of, closes_of, pearson, return_correlation
from tests.core.engine_days import ABC, INFY, TCS
from tests.core.one_trade import NOON, decided, held

pytestmark = pytest.mark.smoke

START = datetime(2026, 11, 20, 9, 15, tzinfo=rc.IST)
SHORT = {"max_correlation": "0.7", "correlation_window": 2, "correlation_min_bars": 2}
UP, DOWN = [100, 103, 101, 106] * 10, [100, 97, 99, 94] * 10


def decimals(*numbers):
    return [Decimal(number) for number in numbers]


def bars(*minutes, price=100):
    """A bar at each of those minutes; its close says which it was."""
    return [
        rc.Bar(at=START + timedelta(minutes=n), open=price + n, high=price + n, low=price + n, close=price + n)
        for n in minutes
    ]


def test_two_pairs_have_a_correlation_and_one_has_none():
    """A straight line through two points; through one there are many."""
    assert pearson(decimals(1, 2), decimals(5, 3)) == -1
    assert pearson(decimals(1), decimals(5)) is None
    assert return_correlation(decimals(100, 110, 99), decimals(50, 45, 49), window=60) == -1
    assert return_correlation(decimals(100, 110), decimals(50, 45), window=60) is None


# ---------------------------------------------------------------- closes out of bars


def test_closes_are_those_of_the_newest_common_moments():
    """One close more than returns: two returns need three; a minute that one of both lacks counts for neither."""
    found = closes_of({"A": bars(0, 1, 2, 3, 4), "B": bars(0, 1, 3, 4, price=50)}, rc.Policy(**SHORT))
    assert found == (("A", (101, 103, 104)), ("B", (51, 53, 54)))


def test_a_series_too_short_is_left_out_and_shortens_no_other():
    """Two returns are asked for: three closes are enough, two are not."""
    found = closes_of({"A": bars(0, 1, 2, 3), "B": bars(2, 3), "C": bars(1, 2, 3)}, rc.Policy(**SHORT))
    assert [(key, len(closes)) for key, closes in found] == [("A", 3), ("C", 3)]
    assert closes_of({"A": bars(0, 1)}, rc.Policy(**SHORT)) == ()
    assert closes_of({"A": bars(0, 1, 2)}, rc.Policy()) == ()


def test_closes_with_gaps_are_sought_no_further_back_than_twice_the_window():
    """Of nine minutes the newest six are looked at: of the other's, minutes 0 and 1 are too long ago."""
    found = closes_of({"A": bars(*range(9)), "B": bars(0, 1, 7, 8)}, rc.Policy(**SHORT))
    assert found == (("A", (107, 108)), ("B", (107, 108)))


# ---------------------------------------------------------------- whose bets


def asked(book, **policy):
    signal = rc.Signal("INFY", "BUY", at=NOON)
    seen = rc.Market(instrument=INFY, at=NOON, last=1000, closes={"NSE:INFY": UP, "NSE:TCS": UP, "NSE:ABC": DOWN})
    return bets_of(signal, book.positions, book.live_orders(), seen, rc.Policy(max_correlation="0.7", **policy))


def entry(thing, side):
    way = 1 if side == "BUY" else -1
    signal = rc.Signal(thing.symbol, side, at=NOON, stop=1000 - 10 * way, target=1000 + 100 * way)
    seen = rc.Market(instrument=thing, at=NOON, last=1000)
    return rc.decide(signal, rc.Book(100_000), seen, rc.Policy()).order


def test_bets_are_compared_over_the_latest_returns_of_the_window():
    """Of two returns both rose by a tenth and fell by a tenth; what came before, when one halved, is too long ago."""
    closes = {"NSE:INFY": [100, 50, 100, 110, 99], "NSE:TCS": [100, 200, 100, 110, 99]}
    signal = rc.Signal("INFY", "BUY", at=NOON)
    seen = rc.Market(instrument=INFY, at=NOON, last=1000, closes=closes)
    found = bets_of(signal, [held(TCS)], [], seen, rc.Policy(**SHORT))
    assert found.together == {(0, 1): 1}


@pytest.mark.parametrize(("side", "together"), [("BUY", 1), ("SELL", -1)])
def test_an_entry_on_its_way_is_a_bet_on_its_own_side(side, together):
    """Bought too it is the same bet; sold it is a hedge."""
    found = asked(rc.Book(100_000).after(entry(TCS, side)))
    assert (found.keys, found.together) == (("NSE:INFY", "NSE:TCS"), {(0, 1): together})


def test_an_exit_on_its_way_is_no_bet():
    """Of something that is held no more."""
    away = rc.exit_order(
        held(ABC), order_id="x", reason="stop", reference=Decimal(990), level=None, policy=rc.Policy(), at=NOON
    )
    assert asked(rc.Book(100_000).after(away)).keys == ("NSE:INFY",)


def test_what_is_held_counts_on_the_side_it_is_held():
    """Whatever else is on its way in it."""
    book = rc.Book(100_000, positions=[held(TCS, side="SELL", stop=1010)]).after(entry(TCS, "BUY"))
    assert asked(book).together == {(0, 1): -1}


def test_without_a_limit_on_clusters_only_the_entry_is_compared():
    """With one, all with all: what is held of TCS and ABC moves against each other."""
    book = rc.Book(100_000, positions=[held(TCS), held(ABC)])
    assert set(asked(book).together) == {(0, 1), (0, 2)}
    everyone = asked(book, max_cluster_positions=2).together
    assert set(everyone) == {(0, 1), (0, 2), (1, 2)}
    assert everyone[0, 1] == 1
    assert everyone[1, 2] < 0


def test_at_the_correlation_of_clusters_two_hang_together():
    """The same closes have a correlation of exactly one."""
    book = rc.Book(100_000, positions=[held(TCS)])
    settings = {"max_cluster_positions": 1, "closes": {"NSE:INFY": UP, "NSE:TCS": UP}}
    found = decided(book, cluster_correlation=1, **settings).reasons
    assert [(f.reason, f.measured, f.limit) for f in found] == [("cluster_crowded", 2, 1)]


def test_whose_history_is_missing_is_told():
    """By the key, and how many returns are needed."""
    book = rc.Book(100_000, positions=[held(TCS)])
    found = decided(book, closes={"NSE:INFY": UP}, max_correlation="0.7").reasons
    assert [(f.reason, f.measured, f.limit) for f in found] == [("correlation_unknown", "NSE:TCS", 30)]
