"""Every rule in the order in which it is asked, under the name its finding carries, and when it is asked at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

from attrs import frozen

from riskcore.policy import Policy
from riskcore.policy.limits import ALLOWED
from riskcore.policy.sizing import CAP, FIXED_NOTIONAL, FIXED_QUANTITY, KELLY, REJECT, VOLATILITY
from riskcore.reasons import RUPEES, Reading
from riskcore.rules import (
    breakers,
    cooldown,
    correlation,
    count,
    exposure,
    hierarchy,
    levels,
    loss,
    market as seen,
    open_risk,
    scoped,
    signal as validator,
    sizes,
)
from riskcore.rules.context import Context
from riskcore.rules.custom import Own
from riskcore.rules.terms import Terms
from riskcore.sizing import RISK_PER_TRADE, Size

Ask: TypeAlias = Callable[[Context], Reading | None]
AskTerms: TypeAlias = Callable[[Terms], Reading | None]


def always(policy: Policy) -> bool:
    """A rule that no setting switches off."""
    return True


@frozen
class Row:
    """One rule: its name, what it asks, whether a policy has it on, and the unit of what it measures.

    `ask` answers None where something it needs is missing; the rule that misses it refuses by name. A row of the table
    is pickled as its name: a decision can be sent to another process, with all that was found. One `of_terms` is asked
    of the terms of an entry, and of nothing else; all others of the whole context.
    """

    name: str
    ask: Callable[[Any], Reading | None]
    on: Callable[[Policy], bool] = always
    unit: str = ""
    of_terms: bool = False

    def __reduce__(self) -> tuple[Any, ...]:
        if _BY_NAME.get(self.name) is self:
            return _row, (self.name,)
        return Row, (self.name, self.ask, self.on, self.unit)


def by_terms(name: str, ask: AskTerms, on: Callable[[Policy], bool] = always, unit: str = "") -> Row:
    """A rule that looks at the terms of an entry alone, and caps no size: it is asked once for each terms."""
    return Row(name, ask, on, unit, of_terms=True)


def _row(name: str) -> Row:
    return _BY_NAME[name]


def set_in(name: str) -> Callable[[Policy], bool]:
    """On where the policy's field of that name is set."""
    return lambda policy: getattr(policy, name) is not None


def _sized_by(method: str) -> Callable[[Policy], bool]:
    return lambda policy: policy.sizing_method == method


def _worst_case_rejects(policy: Policy) -> bool:
    return policy.daily_loss_worst_case and policy.worst_case_over == REJECT


ROWS: Final[tuple[Row, ...]] = (
    Row("state", validator.entries_allowed),
    Row("session", validator.session_open),
    Row("no_entry_before", validator.not_too_early),
    Row("no_entry_after", validator.not_too_late),
    by_terms("allowed_sessions", validator.session_allowed, set_in("allowed_sessions")),
    by_terms("allowed_weekdays", validator.weekday_allowed, set_in("allowed_weekdays")),
    Row("entry_windows", validator.within_windows, set_in("entry_windows")),
    Row("signal", validator.not_repeated),
    Row("signal_max_age_s", validator.fresh),
    Row("clock_skew_s", validator.not_from_the_future),
    by_terms("allowed_sides", validator.side_allowed),
    by_terms("allowed_symbols", validator.symbol_allowed, set_in("allowed_symbols")),
    by_terms("denied_symbols", validator.symbol_not_denied, set_in("denied_symbols")),
    by_terms("allowed_products", validator.product_allowed),
    Row("expiry_exit_days", validator.far_from_expiry, set_in("expiry_exit_days")),
    by_terms("surveillance", exposure.surveillance_allows),
    Row("equity", loss.equity_known),
    Row("cash", loss.cash_known),
    Row("quote_max_age_s", validator.quote_fresh),
    Row("stale_after_s", seen.traded_lately, set_in("stale_after_s")),
    Row("max_spread_pct", seen.spread_fair, set_in("max_spread_pct"), RUPEES),
    Row("near_band_pct", seen.clear_of_bands, set_in("near_band_pct"), RUPEES),
    Row("max_gap_pct", seen.gap_small, set_in("max_gap_pct"), RUPEES),
    Row("unusual_move_atr", seen.move_usual, set_in("unusual_move_atr"), RUPEES),
    Row("atr_warmup_bars", levels.atr_ready),
    Row("stop_methods", levels.stop_sound),
    Row("stop_least_ticks", levels.least_ticks),
    Row("stop_least_pct", levels.least_pct, set_in("stop_least_pct")),
    Row("stop_greatest_pct", levels.greatest_pct, set_in("stop_greatest_pct")),
    Row("stop_greatest_atr", levels.greatest_atr, set_in("stop_greatest_atr")),
    Row("min_risk_reward", levels.reward_worth_it),
    Row("price_min", validator.price_high_enough, set_in("price_min")),
    Row("price_max", validator.price_low_enough, set_in("price_max")),
    Row("max_price_drift_pct", validator.price_near_the_quote, set_in("max_price_drift_pct")),
    Row("one_position_per_symbol", count.symbol_free),
    Row("exit", count.no_exit_in_progress),
    Row("opposite", count.nothing_opposite),
    Row("max_orders_per_s", breakers.rate_free, set_in("max_orders_per_s")),
    Row("max_positions", count.position_slot),
    Row("limits.max_positions", hierarchy.scoped_positions, scoped.limited("max_positions")),
    Row("max_trades_per_day", count.trade_slot),
    Row("limits.max_trades_per_day", hierarchy.scoped_trades, scoped.limited("max_trades_per_day")),
    Row("max_entries_per_symbol", count.symbol_trade_slot, set_in("max_entries_per_symbol")),
    Row("cooldown_s", cooldown.cooled_down, set_in("cooldown_s")),
    Row("cooldown_after_loss_s", cooldown.cooled_down_after_loss, set_in("cooldown_after_loss_s")),
    Row("reentry_after_stop", cooldown.may_enter_again, lambda policy: policy.reentry_after_stop != ALLOWED),
    Row("max_stops", cooldown.few_stops, set_in("max_stops")),
    Row("max_daily_loss", loss.daily_loss, unit=RUPEES),
    Row("max_give_back_pct", breakers.gains_kept, set_in("max_give_back_pct"), RUPEES),
    Row("max_loss_streak", breakers.streak_short, set_in("max_loss_streak")),
    Row("max_loss_streak_r", breakers.streak_light, set_in("max_loss_streak_r")),
    Row("max_drawdown", breakers.below_drawdown, set_in("max_drawdown"), RUPEES),
    Row("limits.max_daily_loss", hierarchy.scoped_loss, scoped.limited("max_daily_loss"), unit=RUPEES),
    Row("daily_loss_worst_case", open_risk.worst_case, lambda policy: policy.daily_loss_worst_case, unit=RUPEES),
    Row("max_weekly_loss", loss.weekly_loss, set_in("max_weekly_loss"), unit=RUPEES),
    Row("max_monthly_loss", loss.monthly_loss, set_in("max_monthly_loss"), unit=RUPEES),
    Row("max_open_risk", open_risk.open_risk, set_in("max_open_risk"), unit=RUPEES),
    Row("max_correlation", correlation.same_bet, set_in("max_correlation")),
    Row("max_cluster_positions", correlation.cluster_slot, set_in("max_cluster_positions")),
    Row("max_cluster_exposure", correlation.cluster_exposure, set_in("max_cluster_exposure"), unit=RUPEES),
    Row("max_sector_exposure", exposure.sector_exposure, unit=RUPEES),
    Row("max_sector_net_exposure", exposure.sector_net_exposure, set_in("max_sector_net_exposure"), RUPEES),
    Row("max_unknown_sector_exposure", exposure.unknown_sectors, set_in("max_unknown_sector_exposure"), RUPEES),
    Row("limits.max_exposure", scoped.limit_exposure, scoped.limited("max_exposure"), RUPEES),
    by_terms("margin", exposure.margin_known, unit="% of value"),
    by_terms("charges_as_of", exposure.charges_known),
    Row("funds", exposure.funds, unit=RUPEES),
    Row("max_position_size_percent", exposure.position_size, unit=RUPEES),
    Row("max_quantity", exposure.largest_quantity, set_in("max_quantity")),
    Row("max_notional", sizes.largest_notional, set_in("max_notional"), RUPEES),
    Row("max_slices", sizes.slice_count),
    Row(
        "limits.max_position_size_percent",
        scoped.limit_position_size,
        scoped.limited("max_position_size_percent"),
        RUPEES,
    ),
    Row("limits.max_quantity", scoped.limit_quantity, scoped.limited("max_quantity")),
    Row("limits.max_notional", scoped.limit_notional, scoped.limited("max_notional"), RUPEES),
    Row("limits.risk_per_trade", scoped.limit_risk, scoped.limited("risk_per_trade")),
    Row("signal_quantity", sizes.signal_quantity, lambda policy: policy.signal_quantity == CAP),
    Row("fixed_quantity", sizes.fixed_quantity, _sized_by(FIXED_QUANTITY)),
    Row("fixed_notional", sizes.fixed_notional, _sized_by(FIXED_NOTIONAL)),
    Row("volatility_target_pct", sizes.volatility, _sized_by(VOLATILITY)),
    Row("kelly_multiplier", sizes.kelly, _sized_by(KELLY)),
    Row("throttle_from_pct", sizes.throttled, set_in("throttle_from_pct")),
)


class SizeRow(NamedTuple):
    """A rule that is asked of the size, when every other has said its largest quantity."""

    row: Row
    ask: Callable[[Context, Size], Reading]


def asked_later(context: Context) -> None:
    """What stands in a row whose rule is asked of more than the context."""


SIZE_ROWS: Final = (
    SizeRow(Row(RISK_PER_TRADE, asked_later), sizes.one_lot),
    SizeRow(Row("sector_over", asked_later, lambda policy: policy.sector_over == REJECT), sizes.sector_fits),
    SizeRow(Row("worst_case_over", asked_later, _worst_case_rejects), open_risk.day_has_room),
    SizeRow(Row("min_quantity", asked_later, set_in("min_quantity")), sizes.large_enough),
)


_BY_NAME: Final = {row.name: row for row in (*ROWS, *(found.row for found in SIZE_ROWS))}


def asked(policy: Policy) -> tuple[Row, ...]:
    """The rules that a policy has on, the user's own last."""
    own = tuple(Row(rule.short, Own(rule)) for rule in policy.rules)
    return tuple(row for row in ROWS if row.on(policy)) + own


def asked_of_size(policy: Policy) -> tuple[SizeRow, ...]:
    """The same of the rules that are asked of the size."""
    return tuple(found for found in SIZE_ROWS if found.row.on(policy))
