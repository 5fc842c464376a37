"""What an unusual market measures: numbers a reader can check, and what is missing named in these words."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from attrs import evolve

import riskcore as rc
from riskcore.breakers.market import gap, recent_range, spread, unusual_move

pytestmark = pytest.mark.smoke

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
INFY = rc.Instrument(symbol="INFY", tick="0.05")


def seen(**more):
    return rc.Market(instrument=INFY, at=NOON, **{"last": 1000, "atr": 10, **more})


def test_the_spread_is_measured_against_the_middle():
    """999 to 1,001 is two rupees; one per cent of 1,000 are ten."""
    found = spread(seen(bid=999, ask=1001), Decimal(1))
    assert (found.rule, found.measured, found.limit, found.tripped) == ("max_spread_pct", 2, 10, False)
    assert spread(seen(bid=990, ask=1010), Decimal(2)).tripped
    assert spread(seen(bid=999), Decimal(1)) is spread(seen(ask=1001), Decimal(1)) is None


@pytest.mark.parametrize("close", [980, 1020])
def test_a_gap_counts_either_way_against_the_previous_close(close):
    """Twenty rupees from a close of 980 or of 1,020."""
    found = gap(seen(previous_close=close), Decimal(1000), Decimal(5))
    assert (found.rule, found.measured, found.limit) == ("max_gap_pct", 20, Decimal(close) / 20)
    assert not found.tripped
    assert gap(seen(previous_close=close), Decimal(1000), Decimal(1)).tripped


def test_a_move_is_the_range_of_the_last_seconds_and_the_price():
    """From 995 to 1,003, and a price of 1,008: thirteen rupees; two ATR are twenty."""
    found = unusual_move((Decimal(1003), Decimal(995)), Decimal(1008), Decimal(10), Decimal(2))
    assert (found.rule, found.measured, found.limit) == ("unusual_move_atr", 13, 20)
    assert unusual_move(None, Decimal(1008), Decimal(10), Decimal(2)).measured == 0


def test_the_range_holds_the_prices_of_both_its_ends():
    """Ten seconds up to now: the one of ten seconds ago counts, that of eleven and one from the future do not."""
    prices = [(NOON + timedelta(seconds=s), Decimal(p)) for s, p in ((-11, 900), (-10, 990), (0, 1010), (1, 1100))]
    assert recent_range(prices, NOON, 10) == (1010, 990)
    assert recent_range(prices, NOON - timedelta(minutes=5), 10) is None


@pytest.mark.parametrize(
    ("policy", "market", "reason", "measured"),
    [
        ({"max_spread_pct": 1}, {}, "evidence_missing", "bid and ask"),
        ({"max_spread_pct": 1}, {"bid": 990, "ask": 1010}, "spread_too_wide", Decimal(20)),
        ({"near_band_pct": 1}, {}, "evidence_missing", "price bands"),
        ({"near_band_pct": 1}, {"previous_close": 910}, "near_band", Decimal(1)),
        ({"max_gap_pct": 1}, {}, "evidence_missing", "the previous close"),
        ({"unusual_move_atr": 1}, {}, "evidence_missing", "recent prices"),
        ({"unusual_move_atr": 1}, {"recent_prices": (), "atr": None}, "evidence_missing", "ATR"),
        ({"stale_after_s": 5}, {}, "evidence_missing", "the time of the last trade"),
    ],
)
def test_an_entry_is_refused_by_the_measure_or_by_what_it_lacks(policy, market, reason, measured):
    """Missing evidence is named, for the sender to bring it."""
    signal = rc.Signal("INFY", "BUY", at=NOON, stop=990, target=1100)
    decision = rc.decide(signal, rc.Book(100_000), seen(**market), rc.Policy(**policy))
    assert (reason, measured) in [(found.reason, found.measured) for found in decision.reasons]


def test_bands_that_were_not_seen_are_the_tables_about_the_previous_close():
    """INFY has derivatives, so 10 %: the close of 1000 gives 900 to 1100; of a share without them nobody knows."""
    policy = rc.Policy(near_band_pct=1)

    def told(market):
        signal = rc.Signal(market.instrument.symbol, "BUY", at=NOON, stop=990, target=1100)
        found = rc.decide(signal, rc.Book(100_000), market, policy).findings
        return next(one for one in found if one.rule == "near_band_pct")

    derived = told(seen(previous_close=1000))
    assert (derived.passed, derived.measured) == (True, 100)
    assert told(seen(previous_close=1000, band_low=995, band_high=1200)).measured == 5
    plain = rc.Instrument(symbol="PLAIN", tick="0.1", derivatives_listed=False)
    unknown = told(evolve(seen(previous_close=1000), instrument=plain))
    assert (unknown.reason, unknown.measured) == ("evidence_missing", "price bands")


def test_a_fair_market_passes_them_all():
    """A spread of ten paise, a small gap, calm prices."""
    fair = {"bid": "999.95", "ask": "1000.05", "previous_close": 1001, "recent_prices": ((NOON, Decimal(1001)),)}
    policy = rc.Policy(
        max_spread_pct=1, max_gap_pct=1, unusual_move_atr=1, max_position_size_percent=100, max_sector_exposure=100
    )
    signal = rc.Signal("INFY", "BUY", at=NOON, stop=990, target=1100)
    assert rc.decide(signal, rc.Book(100_000), seen(**fair), policy).approved
