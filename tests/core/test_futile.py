"""What a policy can never do: what is told of it is so, decision by decision, and what is not told can happen."""

from datetime import date
from decimal import Decimal
from itertools import product

import pytest

import riskcore as rc
from riskcore.policy.futile import never_reached, shut_out
from riskcore.table_rows import CalendarDay
from tests.core.one_trade import INFY, NOON

ROOMY = {"max_position_size_percent": 100, "max_sector_exposure": 100, "signal_stop": "ignore"}
PRICES = (40, 700, 1500, 6000)
LIMITED = {"scope": "symbol", "name": "INFY"}


def approvals(given, **more):
    """How many of some entries pass, at several prices, volatilities and on both sides."""
    policy = rc.Policy(**(ROOMY | given))
    passed = 0
    for price, atr, side in product(PRICES, (Decimal("0.002"), Decimal("0.02")), ("BUY", "SELL")):
        for kind in ("MIS", "CNC"):
            market = rc.Market(instrument=INFY, at=NOON, last=price, atr=atr * price)
            signal = rc.Signal("INFY", side, at=NOON, product=kind, **more)
            passed += rc.decide(signal, rc.Book(1_000_000), market, policy).approved
    return passed


NOTHING_PASSES = [
    ("target_pct", {"target_method": "percent", "target_pct": 2, "stop_methods": ["percent"], "stop_pct": 1}),
    ("target_pct", {"target_method": "percent", "target_pct": 2, "stop_least_pct": 1}),
    (
        "target_pct",
        {"target_method": "percent", "target_pct": 4, "stop_methods": ["atr", "percent"], "stop_pct": 2}
        | {"stop_combine": "wider"},
    ),
    (
        "target_pct",
        {"target_method": "percent", "target_pct": "2.5", "stop_methods": ["percent"], "stop_pct": 1}
        | {"risk_reward_basis": "net"},
    ),
    ("target_points", {"target_method": "points", "target_points": 9, "stop_methods": ["points"], "stop_points": 4}),
    ("target_legs", {"target_legs": ["50% at 1%", "50% at 3%"], "stop_methods": ["percent"], "stop_pct": 1}),
    ("max_notional", {"price_min": 1000, "max_notional": 999}),
    ("max_notional", {"price_min": 1000, "min_quantity": 5, "max_notional": 4999}),
    ("fixed_notional", {"price_min": 1000, "sizing_method": "fixed_notional", "fixed_notional": 999}),
    ("max_position_size_percent", {"price_min": 1000, "capital_max": 9000, "max_position_size_percent": 10}),
    ("max_sector_exposure", {"price_min": 1000, "capital_max": 9000, "max_sector_exposure": 10}),
    ("allowed_sides", {"allowed_products": ["CNC"], "allowed_sides": ["SELL"]}),
    ("allowed_sessions", {"allowed_sessions": ["full_session_saturday"]}),
    ("limits", {"min_quantity": 5, "limits": [rc.Limit(**LIMITED, max_quantity=4)]}),
    ("limits", {"price_min": 1000, "limits": [rc.Limit(**LIMITED, max_notional=999)]}),
]


@pytest.mark.parametrize(("key", "given"), NOTHING_PASSES)
def test_what_is_said_to_let_nothing_pass_lets_nothing_pass(key, given):
    """The field to look at is named, and what to do about it."""
    found = shut_out(rc.Policy(**(ROOMY | given)))
    assert key in [name for name, _ in found]
    assert all("pass" in why or "cannot be" in why or "no session" in why for _, why in found)
    assert approvals(given) == 0


SOMETHING_PASSES = [
    {"target_method": "percent", "target_pct": "2.5", "stop_methods": ["percent"], "stop_pct": 1},
    {"target_method": "percent", "target_pct": 2, "stop_methods": ["atr", "percent"], "stop_pct": 1},
    {
        "target_method": "percent",
        "target_pct": 2,
        "stop_methods": ["percent"],
        "stop_pct": 1,
        "stop_greatest_pct": "0.5",
    },
    {"target_method": "points", "target_points": 10, "stop_methods": ["points"], "stop_points": 4},
    {
        "target_method": "points",
        "target_points": 9,
        "stop_methods": ["points"],
        "stop_points": 4,
        "stop_greatest_pct": 0.2,
    },
    {"target_legs": ["50% at 2%", "50% at 3%"], "stop_methods": ["percent"], "stop_pct": 1},
    {"target_legs": ["50% at 2%", "50% at 3R"]},
    {"price_min": 1000, "max_notional": 1600},
    {"price_min": 1000, "min_quantity": 5, "max_notional": 7600},
    {"price_min": 1000, "capital_max": 20000, "max_position_size_percent": 10},
    {"allowed_products": ["CNC", "MIS"], "allowed_sides": ["SELL"]},
    {"allowed_sessions": ["full_session_saturday", "regular"]},
    {"min_quantity": 5, "limits": [rc.Limit(**LIMITED, max_quantity=5)]},
]


@pytest.mark.parametrize("given", SOMETHING_PASSES)
def test_of_what_lets_something_pass_nothing_is_said(given):
    assert shut_out(rc.Policy(**(ROOMY | given))) == ()
    assert approvals(given) > 0


def test_a_signal_that_brings_its_own_target_passes_as_the_sentence_says():
    given = {"target_method": "percent", "target_pct": 2, "stop_methods": ["percent"], "stop_pct": 1}
    ((_, why),) = shut_out(rc.Policy(**(ROOMY | given)))
    assert why.endswith("without a target of the signal's own; raise it")
    assert approvals(given, target=7000) > 0
    ((_, why),) = shut_out(rc.Policy(**given))
    assert "without a stop or target of the signal's own" in why


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("max_entries_per_symbol", {"max_entries_per_symbol": 5}),
        ("max_cluster_positions", {"max_cluster_positions": 3}),
        ("max_sector_net_exposure", {"max_sector_net_exposure": 20}),
        ("cooldown_after_loss_s", {"cooldown_s": 900, "cooldown_after_loss_s": 600}),
        ("max_correlation", {"max_correlation": 1}),
        ("limits", {"limits": [rc.Limit(**LIMITED, max_trades_per_day=6)]}),
        ("limits", {"limits": [rc.Limit(**LIMITED, risk_per_trade=2)]}),
        ("breakeven_at_r", {"breakeven_at_r": 3}),
        ("profit_lock_at_r", {"target_legs": ["50% at 2R", "50% at 4R"], "profit_lock_at_r": 5, "profit_lock_pct": 50}),
        ("trail_step", {"trail": "step_r", "trail_step": 3, "trail_by": 1}),
        ("breakeven_at_pct", {"target_method": "percent", "target_pct": 3, "breakeven_at_pct": 4}),
        ("stop_pct", {"stop_methods": ["percent"], "stop_pct": 3, "stop_greatest_pct": 2}),
        ("stop_pct", {"stop_methods": ["percent"], "stop_pct": 1, "stop_least_pct": 2}),
        ("kelly_multiplier", {"sizing_method": "kelly"}),
        ("allowed_sessions", {"allowed_sessions": ["regular", "budget_full_session"]}),
    ],
)
def test_what_never_matters_is_named(key, given):
    assert [name for name, _ in never_reached(rc.Policy(**given))] == [key]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"max_entries_per_symbol": 4, "max_cluster_positions": 2, "max_sector_net_exposure": 15},
        {"cooldown_s": 600, "cooldown_after_loss_s": 900, "max_correlation": "0.9"},
        {"limits": [rc.Limit(**LIMITED, max_trades_per_day=5, max_quantity=9, max_daily_loss=5)]},
        {"breakeven_at_r": 2, "trail": "percent", "trail_by": 1, "trail_after": 50},
        {"target_legs": ["50% at 2R", "50% at 4R"], "breakeven_at_r": 3},
        {"sizing_method": "kelly", "kelly_fallback": "risk"},
        {"target_method": "percent", "target_pct": 8, "breakeven_at_r": 3},
    ],
)
def test_of_what_may_matter_nothing_is_said(given):
    """A limit's own daily loss may be looser: what others gained counts for the account, and not for it."""
    assert (shut_out(rc.Policy(**given)), never_reached(rc.Policy(**given))) == ((), ())


def test_a_kind_of_session_of_ones_own_calendar_is_one():
    day = CalendarDay(day=date(2027, 2, 6), kind="full_session_saturday", open="09:15", close="15:30")
    own = rc.Tables(days=[day])
    assert shut_out(rc.Policy(allowed_sessions=["full_session_saturday"], tables=own)) == ()
