"""Invariant 4: for one decision, the same state and a fixed stop, tightening a limit never helps."""

from datetime import time
from decimal import Decimal

import attrs
import pytest
from hypothesis import given, strategies as st

import riskcore as rc
from riskcore.targets import leg_rules
from riskcore.testing import situations

HALF = Decimal("0.5")


def lower(name, least):
    def tightened(policy):
        return {name: max(getattr(policy, name) * HALF, Decimal(least))}

    return tightened


def fewer(name, least=1):
    return lambda policy: {name: max((getattr(policy, name) or 1000) // 2, least)}


def most_in_r(policy):
    """The highest least ratio that the policy's own targets can reach; they are given in R, whole or in legs."""
    legs = leg_rules(policy.target_legs or ())
    return sum(leg.share * leg.reach for leg in legs) / 100 if legs else policy.target_r_multiple


TIGHTENINGS = {
    "risk_per_trade": lower("risk_per_trade", "0.05"),
    "max_position_size_percent": lambda p: {
        "max_position_size_percent": max(p.max_position_size_percent / 2, p.risk_per_trade)
    },
    "max_daily_loss": lambda p: {"max_daily_loss": max(p.max_daily_loss / 2, p.risk_per_trade)},
    "max_sector_exposure": lower("max_sector_exposure", "0.05"),
    "capital_max": lambda p: {"capital_max": (p.capital_max or 100_000) * HALF},
    "max_quantity": fewer("max_quantity"),
    "max_positions": fewer("max_positions"),
    "max_trades_per_day": fewer("max_trades_per_day"),
    "one_position_per_symbol": lambda p: {"one_position_per_symbol": True},
    "risk_includes_charges": lambda p: {"risk_includes_charges": True},
    "slippage_ticks": lambda p: {"slippage_ticks": 3},
    "slippage_pct": lambda p: {"slippage_pct": 1},
    "signal_quantity": lambda p: {"signal_quantity": "cap"},
    "fixed_quantity": lambda p: {"sizing_method": "fixed_quantity", "fixed_quantity": 5},
    "fixed_notional": lambda p: {"sizing_method": "fixed_notional", "fixed_notional": 3000},
    "volatility_target_pct": lambda p: {"sizing_method": "volatility", "volatility_target_pct": "0.3"},
    "kelly_multiplier": lambda p: {"sizing_method": "kelly", "kelly_min_trades": 2, "kelly_multiplier": "0.01"},
    "throttle_from_pct": lambda p: {"throttle_from_pct": 0, "throttle_to_pct": 5},
    "min_quantity": lambda p: {"min_quantity": 10},
    "max_notional": lambda p: {"max_notional": 4000},
    "max_slices": fewer("max_slices"),
    "max_sector_net_exposure": lambda p: {"max_sector_net_exposure": 5},
    "max_unknown_sector_exposure": lambda p: {"max_unknown_sector_exposure": 5},
    "sector_over": lambda p: {"sector_over": "reject"},
    **{
        f"limits.{name}": lambda p, name=name, most=most: {
            "limits": (rc.Limit(scope="product", name="MIS", **{name: most}),)
        }
        for name, most in {
            "max_quantity": 5,
            "max_notional": 3000,
            "max_position_size_percent": 3,
            "max_exposure": 4,
            "risk_per_trade": "0.2",
        }.items()
    },
    "position_size_basis": lambda p: {"position_size_basis": "notional"},
    "min_risk_reward": lambda p: {
        "min_risk_reward": most_in_r(p) - (Decimal("0.1") if p.risk_reward_basis == "net" else 0)
    },
    "atr_warmup_bars": lambda p: {"atr_warmup_bars": p.atr_warmup_bars * 2},
    "quote_max_age_s": fewer("quote_max_age_s"),
    "signal_max_age_s": fewer("signal_max_age_s"),
    "clock_skew_s": fewer("clock_skew_s"),
    "allowed_sides": lambda p: {"allowed_sides": ("BUY",)},
    "allowed_products": lambda p: {"allowed_products": ("MIS",)},
    "allowed_symbols": lambda p: {"allowed_symbols": ("RELIANCE", "M&M")},
    "denied_symbols": lambda p: {"denied_symbols": ("INFY", "ABC", "SMALLCAP")},
    "allowed_sessions": lambda p: {"allowed_sessions": ()},
    "allowed_weekdays": lambda p: {"allowed_weekdays": ()},
    "entry_windows": lambda p: {"entry_windows": ("10:00-11:00",)},
    "price_min": lambda p: {"price_min": min((p.price_min or 100) * 2, p.price_max or 1000)},
    "price_max": lambda p: {"price_max": max((p.price_max or 900) / 2, p.price_min or 1)},
    "max_price_drift_pct": lambda p: {"max_price_drift_pct": (p.max_price_drift_pct or 2) * HALF},
    "max_entries_per_symbol": lambda p: {"max_entries_per_symbol": 1},
    "cooldown_s": lambda p: {"cooldown_s": (p.cooldown_s or 300) * 2},
    "cooldown_after_loss_s": lambda p: {"cooldown_after_loss_s": (p.cooldown_after_loss_s or 300) * 2},
    "cooldown_scope": lambda p: {"cooldown_scope": "symbol"},
    "reentry_after_stop": lambda p: {"reentry_after_stop": "symbol_next_session"},
    "max_stops": lambda p: {"max_stops": 1},
    "stops_consecutive": lambda p: {"stops_consecutive": False},
    "daily_loss_worst_case": lambda p: {"daily_loss_worst_case": True, "worst_case_over": "shrink"},
    "max_weekly_loss": lambda p: {"max_weekly_loss": p.max_daily_loss},
    "max_monthly_loss": lambda p: {"max_monthly_loss": p.max_weekly_loss or p.max_daily_loss},
    "max_open_risk": lambda p: {"max_open_risk": (p.max_open_risk or 4) * HALF},
    "max_correlation": lambda p: {"max_correlation": p.max_correlation and p.max_correlation * HALF},
    "correlation_shrinkage": lambda p: {"correlation_shrinkage": 0},
    "cluster_correlation": lambda p: {"cluster_correlation": p.cluster_correlation * HALF},
    "max_cluster_positions": lambda p: {"max_cluster_positions": p.max_cluster_positions and 1},
    "max_cluster_exposure": lambda p: {"max_cluster_exposure": p.max_cluster_exposure and p.max_cluster_exposure / 2},
    "no_entry_before": lambda p: {"no_entry_before": time(11, 0)},
    "no_entry_after": lambda p: {"no_entry_after": time(13, 55)},
}


def quantity(decision):
    return decision.order.quantity if decision.approved else 0


@pytest.mark.smoke
@given(situations(), st.sampled_from(sorted(TIGHTENINGS)))
def test_TIG_1_tightening_one_limit_never_raises_the_quantity_nor_mends_a_failure(situation, name):
    """Any one limit made stricter: no more shares, and what failed does not pass."""
    signal, book, market, policy = situation
    before = rc.decide(signal, book, market, policy)
    after = rc.decide(signal, book, market, attrs.evolve(policy, **TIGHTENINGS[name](policy)))
    assert quantity(after) <= quantity(before)
    failed = {found.rule for found in before.findings if not found.passed}
    passed = {found.rule for found in after.findings if found.passed}
    assert not failed & passed


@given(situations(), st.integers(1, 1000))
def test_TIG_2_less_cash_never_buys_more(situation, cash):
    """Cash the broker reports is one more cap."""
    signal, book, market, policy = situation
    before = rc.decide(signal, book, attrs.evolve(market, available_cash=cash * 50, cash_unknown=False), policy)
    after = rc.decide(signal, book, attrs.evolve(market, available_cash=cash, cash_unknown=False), policy)
    assert quantity(after) <= quantity(before)
    if after.approved:
        rate = 5 if signal.product == "MIS" else 1
        assert after.order.quantity * after.order.limit <= cash * rate
