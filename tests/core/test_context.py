"""What is worked out once for all rules: a sound stop, the margin, Kelly's fraction, the session, the worst way out."""

from datetime import date
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore.rules.context import context_of, look
from riskcore.rules.losing import worst_exit
from riskcore.table_rows import CalendarDay
from tests.core.engine_days import INFY
from tests.core.one_trade import NOON, WIDE, after, decided, done, failed

D = Decimal
KELLY = {"sizing_method": "kelly", "kelly_multiplier": "0.01", "kelly_min_trades": 40}
SLIGHT = [done(r) for r in ("1.1", "-1") * 20]
"""Forty trades, of which half are won: Kelly's fraction of them is a twenty-second."""


def told(decision, rule):
    """Reason, measured, limit and largest quantity of a rule's finding."""
    [found] = [found for found in decision.findings if found.rule == rule]
    return found.reason, found.measured, found.limit, found.max_quantity


def test_look_is_the_context_that_a_decision_works_with():
    signal = rc.Signal("INFY", "BUY", at=NOON, stop=990, target=1100)
    asked = signal, rc.Book(100_000), rc.Market(instrument=INFY, at=NOON, last=1000), rc.Policy(**WIDE)
    assert look(*asked) == context_of(*asked)
    assert look(*asked).per_share == 1000


def test_a_stop_that_is_missing_is_not_sound():
    signal = rc.Signal("INFY", "BUY", at=NOON)
    found = look(signal, rc.Book(100_000), rc.Market(instrument=INFY, at=NOON, last=1000), rc.Policy(**WIDE))
    assert (found.stop, found.stop_is_sound, found.loss) == (None, False, None)


def test_a_margin_that_nobody_knows_leaves_the_position_unmeasured():
    """Of a future, with limits of margin: it is refused by name."""
    thing = rc.future("NIFTY", expiry=date(2026, 12, 29), on=NOON.date(), last_month_close=25_900)
    signal = rc.Signal(thing.symbol, "BUY", at=NOON, exchange="NFO", product="NRML", stop=990, target=1100)
    policy = rc.Policy(**WIDE, position_size_basis="margin", allowed_products=["NRML"])
    found = look(signal, rc.Book(100_000), rc.Market(instrument=thing, at=NOON, last=1000), policy)
    assert (found.margin_pct, found.per_share, found.worth) == (None, None, 1000)
    answer = rc.decide(signal, rc.Book(100_000), rc.Market(instrument=thing, at=NOON, last=1000), policy)
    assert {"max_sector_exposure", "max_position_size_percent"} <= set(answer.unmeasured)
    assert {"max_sector_exposure", "max_position_size_percent"} <= set(decided(rc.Book()).unmeasured)


@pytest.mark.parametrize("results", [("1",) * 40, ("-1",) * 40])
def test_kelly_needs_both_trades_that_were_won_and_trades_that_were_lost(results):
    answer = decided(after(*map(done, results)), **KELLY)
    assert told(answer, "kelly_multiplier")[:3] == ("kelly_not_ready", 40, 40)


def test_a_throttle_counts_kellys_part_only_where_kelly_sizes():
    """A hundredth of a twenty-second is 0.045 per cent; else the budget is 1 per cent; half of it is left."""
    throttle = {"throttle_from_pct": 5, "throttle_to_pct": 15, "throttle_least_pct": 1, "max_daily_loss": 50}
    book = rc.Book(100_000, realised=-10_000, peak_equity=100_000, outcomes=SLIGHT)
    usual = told(decided(book, **throttle, kelly_multiplier="0.01", kelly_min_trades=40), "throttle_from_pct")
    less = told(decided(book, **throttle, **KELLY), "throttle_from_pct")
    assert (usual[3], less[3]) == (45, 2)


def test_a_day_that_ones_own_calendar_shuts_has_no_session():
    shut = rc.Tables(days=(CalendarDay(day=NOON.date(), kind="closed"),))
    assert "market_closed" in failed(decided(tables=shut))
    assert "market_closed" not in failed(decided())


@pytest.mark.parametrize(
    ("side", "policy", "leaves"),
    [
        ("BUY", {}, "990"),
        ("BUY", {"slippage_ticks": 4}, "989.80"),
        ("SELL", {"slippage_ticks": 4}, "990.20"),
        ("BUY", {"slippage_pct": 1}, "980.10"),
        ("SELL", {"slippage_pct": 1}, "999.90"),
        ("BUY", {"slippage_ticks": 4, "slippage_pct": 1}, "980.10"),
        ("BUY", {"slippage_pct": 100}, "0"),
        ("BUY", {"slippage_pct": "0.001"}, "989.9901"),
    ],
)
def test_the_worst_way_out_is_the_larger_slippage_beyond_the_stop(side, policy, leaves):
    """Lower for what was bought, and never below nought; higher for what was sold."""
    policy = rc.Policy(**policy, confirm_small=True)
    assert worst_exit(side, D(990), D("0.05"), policy) == D(leaves)


def test_a_stop_of_the_signal_at_the_entry_itself_is_the_one_that_is_told():
    """Where the tighter of two is asked for, it is not sound, and the policy's own does not take its place."""
    signal = rc.Signal("INFY", "BUY", at=NOON, stop=1000, target=1100)
    seen = rc.Market(instrument=INFY, at=NOON, last=1000, atr=10, atr_bars=200)
    policy = rc.Policy(**WIDE, signal_stop="tighter")
    found = look(signal, rc.Book(100_000), seen, policy)
    assert (found.stop.price, found.stop_is_sound) == (1000, False)
    bare = attrs.evolve(seen, atr=None, atr_bars=None)
    lower = attrs.evolve(signal, stop=990)
    assert look(lower, rc.Book(100_000), bare, policy).stop is None
    assert look(signal, rc.Book(100_000), bare, policy).stop.price == 1000


def test_a_stop_at_nought_has_no_target():
    """A thousand points below a thousand: it is not sound, and nothing is measured from it."""
    seen = rc.Market(instrument=INFY, at=NOON, last=1000)
    policy = rc.Policy(**WIDE, stop_methods=["points"], stop_points=1000)
    found = look(rc.Signal("INFY", "BUY", at=NOON), rc.Book(100_000), seen, policy)
    assert (found.stop.price, found.stop_is_sound, found.target) == (0, False, None)
