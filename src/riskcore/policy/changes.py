"""What a change of policy does: which settings differ, and which of them let more happen than before.

The one table of it, for what a hand sets and for files that are read anew. A setting whose tighter direction is not
known here counts as looser whenever it changes: while the day is in loss, a change that cannot be proven to tighten
waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import time
from typing import Any, Final

from attrs import fields, frozen

from riskcore.policy import Policy, setting_text
from riskcore.tables.square_off import SQUARE_OFF

LESS: Final = (
    "risk_per_trade", "fixed_quantity", "fixed_notional", "volatility_target_pct", "kelly_multiplier",
    "throttle_from_pct", "throttle_to_pct", "throttle_least_pct", "max_position_size_percent", "max_quantity",
    "max_notional", "max_slices", "max_sector_net_exposure", "max_unknown_sector_exposure", "capital_max",
    "max_sector_exposure", "max_positions", "max_trades_per_day", "max_daily_loss", "max_weekly_loss",
    "max_monthly_loss", "max_open_risk", "max_entries_per_symbol", "max_stops", "max_correlation",
    "correlation_shrinkage", "cluster_correlation", "max_cluster_positions", "max_cluster_exposure", "max_drawdown",
    "max_loss_streak", "max_loss_streak_r", "max_give_back_pct", "give_back_after_pct", "max_order_errors",
    "max_orders_per_s", "stale_after_s", "max_spread_pct", "max_gap_pct", "max_clock_drift_s", "max_price_drift_pct",
    "price_max", "quote_max_age_s", "signal_max_age_s", "clock_skew_s", "protect_alarm_s",
    "protect_flatten_s", "unusual_move_atr",
)  # fmt: skip
"""Tighter is less; nothing at all (off) is the loosest."""
MORE: Final = (
    "min_risk_reward", "min_quantity", "price_min", "cooldown_s", "cooldown_after_loss_s", "atr_warmup_bars",
    "slippage_ticks", "slippage_pct", "correlation_min_bars", "near_band_pct", "order_tokens_for_exits",
)  # fmt: skip
"""Tighter is more; nothing at all (off) is the loosest."""
LONGER: Final = ("stops_lock_s", "stops_window_s")
"""Tighter is more; nothing at all is the whole session, the tightest."""
EARLIER: Final = ("no_entry_after",)
"""Tighter is less; nothing at all is the time of the tables."""
LATER: Final = ("no_entry_before",)
"""Tighter is more; nothing at all is the time of the tables."""
FEWER: Final = ("allowed_sides", "allowed_products", "allowed_symbols", "allowed_sessions", "allowed_weekdays")
"""Tighter is a part of what was there; nothing at all allows everything."""
WIDER: Final = ("denied_symbols",)
"""Tighter is all of what was there, and more."""
OFF: Final = ("sell_options",)
"""Tighter is false."""
ON: Final = ("one_position_per_symbol", "risk_includes_charges", "daily_loss_worst_case")
"""Tighter is true."""
SAYS: Final = ("approaching_pct", "confirm_small")
"""What only tells, and bounds nothing."""
FACTS: Final = ("tables",)
"""What the market is, and no wish of anybody's: the list of a day would never come into force on a day in loss."""

LOOSER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    **dict.fromkeys(LESS, lambda before, after: before is not None and (after is None or after > before)),
    **dict.fromkeys(MORE, lambda before, after: before is not None and (after is None or after < before)),
    **dict.fromkeys(LONGER, lambda before, after: after is not None and (before is None or after < before)),
    **dict.fromkeys(
        EARLIER, lambda before, after: after is None or after > (before or _by_tables("no_entry_after", min))
    ),
    **dict.fromkeys(
        LATER, lambda before, after: after is None or after < (before or _by_tables("no_entry_before", max))
    ),
    **dict.fromkeys(FEWER, lambda before, after: before is not None and (after is None or not set(after) <= {*before})),
    **dict.fromkeys(WIDER, lambda before, after: bool(before) and not {*before} <= {*(after or ())}),
    **dict.fromkeys(ON, lambda before, after: before and not after),
    **dict.fromkeys(OFF, lambda before, after: after and not before),
    **dict.fromkeys((*SAYS, *FACTS), lambda before, after: False),
}
"""Setting -> whether it lets more happen after a change than before."""


def _by_tables(name: str, strictest: Callable[[Iterable[time]], time]) -> time:
    """The strictest time of all markets that the shipped tables have for a session of ordinary hours."""
    texts = [row[name] for row in SQUARE_OFF if row[name][:2].isdigit()]
    return strictest(map(time.fromisoformat, texts))


@frozen
class Change:
    """One setting that differs between two policies: its key, both values as text, and whether it lets more happen."""

    key: str
    before: str
    after: str
    looser: bool


def policy_changes(before: Policy, after: Policy) -> tuple[Change, ...]:
    """Every setting in which two policies differ, in the order of the policy.

    >>> [(c.key, c.looser) for c in policy_changes(Policy(), Policy(max_positions=2, max_trades_per_day=6))]
    [('max_positions', False), ('max_trades_per_day', True)]
    """
    for policy, said in ((before, "before"), (after, "after")):
        if not isinstance(policy, Policy):
            raise ValueError(f"policy_changes: {said} must be a riskcore.Policy, got {policy!r:.60}")
    found = []
    for name in (field.name for field in fields(Policy)):
        was, is_now = getattr(before, name), getattr(after, name)
        texts = setting_text(was), setting_text(is_now)
        if texts[0] != texts[1]:
            looser = LOOSER.get(name, lambda before, after: True)
            found.append(Change(name, *texts, looser(was, is_now)))
    return tuple(found)


def loosened(before: Policy, after: Policy) -> tuple[str, ...]:
    """The settings that let more happen under `after` than under `before`.

    >>> loosened(Policy(), Policy(risk_per_trade=2, max_positions=2))
    ('risk_per_trade',)
    """
    return tuple(change.key for change in policy_changes(before, after) if change.looser)
