"""Under which policies, and in which states, a trade is left alone: none but such a one is taken at once."""

import attrs
import pytest

import riskcore as rc
from riskcore import engine
from riskcore.engine import whole
from riskcore.states import HALTED, NEXT_SESSION, Latch
from tests.core.engine_days import a_day, holding

LOOKED_AT = {
    "trail": {"trail": "percent", "trail_by": 1},
    "breakeven_at_r": {"breakeven_at_r": 1},
    "breakeven_at_pct": {"breakeven_at_pct": 1},
    "profit_lock_at_r": {"profit_lock_at_r": 1, "profit_lock_pct": 50},
    "time_stop_bars": {"time_stop_bars": 3},
    "time_stop_min": {"time_stop_min": 30},
    "time_stop_before_square_off_min": {"time_stop_before_square_off_min": 10},
    "target_legs": {"target_legs": ("50% at 2R", "50% at 4R")},
    "max_correlation": {"max_correlation": "0.5"},
    "max_cluster_positions": {"max_cluster_positions": 2},
    "max_cluster_exposure": {"max_cluster_exposure": 50},
    "stale_after_s": {"stale_after_s": 30},
    "max_open_risk": {"max_open_risk": 3},
    "max_loss_streak": {"max_loss_streak": 3},
    "max_loss_streak_r": {"max_loss_streak_r": 3},
    "max_positions": {"max_positions": 2, "approaching_pct": 50},
    "approaching_pct": {"approaching_pct": 33},
}
"""The settings that a trade is not left alone under, each with values that say so."""

ASKED_BEFORE = """
risk_per_trade risk_includes_charges slippage_ticks slippage_pct sizing_method fixed_quantity signal_quantity
fixed_notional volatility_target_pct volatility_atr_multiple kelly_multiplier kelly_min_trades kelly_fallback
throttle_from_pct throttle_to_pct throttle_least_pct max_position_size_percent position_size_basis min_quantity
max_quantity max_notional max_slices max_sector_net_exposure max_unknown_sector_exposure sector_over default_capital
capital_max min_risk_reward risk_reward_basis stop_methods stop_combine signal_stop stop_atr_multiple stop_pct
stop_points stop_swing_bars stop_buffer_ticks stop_buffer_atr stop_risk_rupees stop_least_ticks stop_least_pct
stop_greatest_pct stop_greatest_atr target_method target_r_multiple target_pct target_points atr_period atr_interval
atr_warmup_bars max_sector_exposure one_position_per_symbol max_trades_per_day daily_loss_worst_case worst_case_over
max_entries_per_symbol cooldown_s cooldown_after_loss_s cooldown_scope reentry_after_stop max_stops stops_window_s
stops_lock_s stops_scope stops_consecutive correlation_window correlation_min_bars correlation_shrinkage
cluster_correlation max_orders_per_s order_tokens_for_exits max_spread_pct near_band_pct max_gap_pct unusual_move_atr
unusual_move_s entry_band_pct quote_max_age_s signal_max_age_s clock_skew_s duplicate_window_s allowed_sides
allowed_products sell_options allowed_symbols denied_symbols allowed_sessions allowed_weekdays entry_windows price_min
price_max max_price_drift_pct no_entry_before no_entry_after rules limits confirm_small
"""
"""Settings that are asked when an entry is decided on, and not of what is held."""

WORKED_OUT = """
brokerage_pct brokerage_max brokerage_flat brokerage_options_flat brokerage_delivery_pct dp_charge
stt_stamp_whole_rupees charges_as_of tables exit_band_pct exit_max_band_pct square_off_at expiry_exit_days live_symbols
max_daily_loss max_weekly_loss max_monthly_loss max_drawdown drawdown_basis drawdown_sessions max_give_back_pct
give_back_after_pct
"""
"""Settings of what is held that the trade is worked out with, or that bound the results up to which it is one."""

NEVER_FELT = """
trail_by trail_step trail_after trail_on trail_interval trail_atr breakeven_covers_charges breakeven_buffer_ticks
profit_lock_pct max_order_errors order_error_limits max_clock_drift_s connection_timers breakers entry_timeout_s
stop_band_pct protect_alarm_s protect_flatten_s grace_s confirm_s spike_pct exit_step_s unknown_match_s unknown_settle_s
unknown_reads differing_reads over_risk_pct manual_trades overnight_move_pct balance_tolerance
"""
"""Settings of a trail that another one switches on, of a broker, and of what no whole bar within a session shows."""


def test_every_setting_is_looked_at_or_known_to_leave_a_trade_alone():
    """A new one belongs into one of the four: else trades may be taken at once that it should have changed."""
    known = [*LOOKED_AT, *ASKED_BEFORE.split(), *WORKED_OUT.split(), *NEVER_FELT.split()]
    assert sorted(known) == sorted(field.name for field in attrs.fields(rc.Policy))


@pytest.mark.parametrize("name", LOOKED_AT)
def test_a_setting_that_may_end_or_move_a_trade_is_looked_at(name):
    assert not whole.is_plain(rc.Policy(**LOOKED_AT[name]))


def test_a_trade_is_left_alone_under_the_missions_own_policy():
    assert whole.is_plain(rc.Policy())
    assert whole.is_plain(rc.Policy(approaching_pct=None, max_positions=2))
    assert whole.is_plain(rc.Policy(approaching_pct=50, max_positions=1))


# ---------------------------------------------------------------- who is alone


def alone(day, **changes):
    state = attrs.evolve(day.state, **changes)
    return whole.is_alone(engine.quiet(state, day.policy), state, day.policy)


def test_a_flat_account_on_an_ordinary_day_is_alone():
    assert alone(a_day())


@pytest.mark.parametrize(
    "changes",
    [
        {"latches": (Latch("pause", HALTED, a_day().at("09:30"), "me", "why", NEXT_SESSION),)},
        {"excused": ("max_daily_loss",)},
    ],
)
def test_one_with_a_latch_or_an_excuse_is_not(changes):
    day = a_day()
    assert not alone(day, book=attrs.evolve(day.book, **changes))


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("observed", {"errors": (("network", 1),)}),
        ("observed", {"near": ("max_positions",)}),
        ("custody", {"told": frozenset((("x", "y"),))}),
        ("custody", {"beside": (("NSE:INFY", 5),)}),
        ("control", {"policy": rc.Policy()}),
    ],
)
def test_nor_is_one_with_something_to_tell_or_another_policy(part, changes):
    day = a_day()
    assert not alone(day, **{part: attrs.evolve(getattr(day.state, part), **changes)})
    assert alone(day, **{part: attrs.evolve(getattr(day.state, part))})


def test_nor_is_one_that_holds_something_or_whose_policy_moves_stops():
    assert not alone(holding()[0])
    assert not alone(a_day(breakeven_at_r=1))
    near = attrs.evolve(a_day().state.observed, near=("max_trades_per_day",))
    assert alone(a_day(), observed=near)
