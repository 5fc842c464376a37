"""What changed between two policies, and whether a change is a loosening: the operator's `set` asks, in loss."""

from __future__ import annotations

from typing import Any, Final

from attrs import fields, frozen

from riskcore.policy import Policy, setting_text

LOWER: Final = frozenset(
    (
        "risk_per_trade", "max_position_size_percent", "max_daily_loss", "max_sector_exposure", "capital_max",
        "max_quantity", "max_positions", "max_trades_per_day", "max_notional", "max_slices",
        "max_sector_net_exposure", "max_unknown_sector_exposure", "quote_max_age_s", "signal_max_age_s",
        "clock_skew_s", "price_max", "max_price_drift_pct", "max_entries_per_symbol", "max_stops",
        "max_weekly_loss", "max_monthly_loss", "max_open_risk", "max_correlation", "cluster_correlation",
        "max_cluster_positions", "max_cluster_exposure", "no_entry_after", "max_drawdown", "max_loss_streak",
        "max_loss_streak_r", "max_give_back_pct", "max_order_errors", "max_orders_per_s", "stale_after_s",
        "max_spread_pct", "max_gap_pct", "unusual_move_atr", "max_clock_drift_s",
    )
)  # fmt: skip
"""Settings that are tighter the lower they are; empty is the loosest."""
HIGHER: Final = frozenset(
    ("min_risk_reward", "atr_warmup_bars", "min_quantity", "price_min", "cooldown_s", "cooldown_after_loss_s",
     "slippage_ticks", "slippage_pct", "no_entry_before", "order_tokens_for_exits", "near_band_pct")
)  # fmt: skip
"""Settings that are tighter the higher they are; empty is the loosest."""
SWITCHES: Final = frozenset(("one_position_per_symbol", "risk_includes_charges", "daily_loss_worst_case"))
"""Settings that are tighter when on."""
FEWER: Final = frozenset(
    ("allowed_sides", "allowed_products", "allowed_symbols", "allowed_sessions", "allowed_weekdays")
)
"""Lists that are tighter the less is in them; empty is everything."""
MORE: Final = frozenset(("denied_symbols",))
"""Lists that are tighter the more is in them."""


@frozen
class Change:
    """One setting that is another now: its key, both values as text, and whether it may let more pass."""

    key: str
    before: str
    after: str
    looser: bool


def changes(before: Policy, after: Policy) -> tuple[Change, ...]:
    """What differs, in the policy's order. What is not known to be tighter counts as looser.

    >>> changes(Policy(), Policy(max_positions=2))
    (Change(key='max_positions', before='3', after='2', looser=False),)
    >>> changes(Policy(), Policy(exit_band_pct=1))[0].looser
    True
    """
    found = []
    for name in (f.name for f in fields(Policy)):
        old, new = getattr(before, name), getattr(after, name)
        texts = setting_text(old), setting_text(new)
        if texts[0] != texts[1]:
            found.append(Change(name, *texts, not is_tighter(name, old, new)))
    return tuple(found)


def is_tighter(name: str, old: Any, new: Any) -> bool:
    """Whether a setting's new value is known to let no more pass than the old one."""
    if name in SWITCHES:
        return bool(new)
    if name in FEWER:
        return new is not None and (old is None or set(new) <= set(old))
    if name in MORE:
        return new is not None and set(new) >= set(old or ())
    if name not in LOWER | HIGHER or new is None:
        return False
    return old is None or bool(new <= old if name in LOWER else new >= old)
