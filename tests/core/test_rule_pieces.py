"""Rules at their rarest edges: who hangs together with whom, orders left in a second, windows over a morning."""

from datetime import timedelta

import attrs
import pytest

import riskcore as rc
from tests.core.engine_days import ABC, INFY, TCS
from tests.core.one_trade import NOON, WIDE, after, decided, done, failed, held

pytestmark = pytest.mark.smoke

UP, DOWN, OTHER = [100, 103, 101, 106] * 10, [100, 97, 99, 94] * 10, [100, 100, 103, 101] * 10
FUTURE = rc.Instrument(
    symbol="NIFTY30NOV26FUT", tick="0.1", exchange="NFO", segment="FUT", kind="index", underlying="NIFTY", sector="IT"
)


def told(decision, rule):
    """Reason, measured, limit and largest quantity of a rule's finding."""
    [found] = [found for found in decision.findings if found.rule == rule]
    return found.reason, found.measured, found.limit, found.max_quantity


# ---------------------------------------------------------------- bets


def test_the_first_bet_is_like_no_other():
    """Nothing is held and nothing is on its way."""
    answer = decided(closes={"NSE:INFY": UP}, max_correlation="0.7")
    assert answer.approved
    assert told(answer, "max_correlation") == ("", None, rc.Policy(max_correlation="0.7").max_correlation, None)


def test_a_cluster_is_the_entrys_own():
    """TCS and ABC move as one, INFY against them: it is alone, however they crowd."""
    book = rc.Book(100_000, positions=[held(TCS), held(ABC)])
    closes = {"NSE:INFY": DOWN, "NSE:TCS": UP, "NSE:ABC": UP}
    answer = decided(book, closes=closes, max_cluster_positions=1)
    assert told(answer, "max_cluster_positions") == ("", 1, 1, None)


@pytest.mark.parametrize("rule", ["max_cluster_positions", "max_cluster_exposure", "max_correlation"])
def test_a_bet_whose_history_is_missing_is_told_by_its_key(rule):
    """Thirty returns are needed."""
    number = {"max_correlation": "0.7", "max_cluster_positions": 1, "max_cluster_exposure": 50}[rule]
    answer = decided(rc.Book(100_000, positions=[held(TCS)]), closes={"NSE:INFY": UP}, **{rule: number})
    assert told(answer, rule) == ("correlation_unknown", "NSE:TCS", 30, None)


@pytest.mark.parametrize("rule", ["max_sector_net_exposure", "max_unknown_sector_exposure", "max_cluster_exposure"])
def test_without_equity_no_margin_is_missed(rule):
    """The rule is not measured at all: what is held of unknown margin is not what it lacks."""
    bare = rule == "max_unknown_sector_exposure"
    of_unknown_margin = attrs.evolve(FUTURE, sector="") if bare else FUTURE
    thing = attrs.evolve(INFY, sector="") if bare else INFY
    book = rc.Book(positions=[held(of_unknown_margin, product="NRML")])
    closes = {"NSE:INFY": UP, FUTURE.key: UP}
    seen = rc.Market(instrument=thing, at=NOON, last=1000, closes=closes)
    signal = rc.Signal("INFY", "BUY", at=NOON, stop=990, target=1100)
    answer = rc.decide(signal, book, seen, rc.Policy(**WIDE, position_size_basis="margin", **{rule: 20}))
    assert rule in answer.unmeasured
    assert "margin_unknown" not in failed(answer)


# ---------------------------------------------------------------- orders left in a second


SLICED = attrs.evolve(INFY, freeze_quantity=20)


@pytest.mark.parametrize(
    ("sent", "excused", "answer"),
    [
        (0, (), ("", 0, 3, 60)),
        (1, (), ("", 1, 3, 40)),
        (2, (), ("", 2, 3, 20)),
        (3, (), ("order_rate", 3, 3, None)),
        (3, ("max_orders_per_s",), ("", 3, 3, 20)),
        (5, ("max_orders_per_s",), ("", 5, 3, 20)),
    ],
)
def test_an_entry_is_no_larger_than_what_the_orders_left_can_carry(sent, excused, answer):
    """Five a second, of which two are for exits, and slices of twenty; lifted by hand, one order goes."""
    book = rc.Book(100_000, sent_second=NOON, sent_in_second=sent, excused=excused)
    signal = rc.Signal("INFY", "BUY", at=NOON, stop=990, target=1100)
    seen = rc.Market(instrument=SLICED, at=NOON, last=1000)
    policy = rc.Policy(**WIDE, max_orders_per_s=5, order_tokens_for_exits=2)
    assert told(rc.decide(signal, book, seen, policy), "max_orders_per_s") == answer


# ---------------------------------------------------------------- stops within a window


def test_what_closed_before_the_open_is_further_back_by_the_clock_than_yesterdays_close():
    """Within 170 minutes: nine o'clock is 180 ago, and yesterday at 15:14 hardly more than a quarter past nine."""
    early, late = NOON.replace(day=19, hour=15, minute=14), NOON - timedelta(minutes=1)
    past = after(*(done(at=at) for at in (early, NOON.replace(hour=9), late, NOON)))
    window = {"max_stops": 4, "stops_window_s": 170 * 60}
    assert told(decided(past, **window), "max_stops")[1] == 3


# ---------------------------------------------------------------- sizes


def test_of_two_limits_with_the_same_number_the_first_holds():
    """Five of the symbol, and five of the strategy."""
    limits = [
        rc.Limit(scope=scope, name=name, max_quantity=5) for scope, name in (("symbol", "INFY"), ("strategy", "e"))
    ]
    answer = decided(strategy="e", limits=limits)
    assert (answer.order.quantity, told(answer, "limits.max_quantity")[3]) == (5, 5)


def test_kelly_waits_for_a_loss_as_for_a_gain():
    """Forty gains and no loss have no payoff."""
    settings = {"sizing_method": "kelly", "kelly_multiplier": "0.01", "kelly_min_trades": 40}
    answer = decided(after(*[done("1.1") for _ in range(40)]), **settings)
    assert not answer.approved
    assert told(answer, "kelly_multiplier")[0]


def test_the_latest_second_of_a_window_is_before_its_end():
    """From ten to noon: at noon it is over, whatever the seconds."""
    for seconds in (0, 30):
        at = NOON + timedelta(seconds=seconds)
        assert "outside_entry_windows" in failed(decided(at=at, entry_windows=["10:00-12:00"]))
