"""What is configured and comes to nothing: limits of nobody, numbers that nothing reads, entries that never pass."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Final

import riskcore as rc
from riskcore_openalgo.config.settings import Settings

NEAR: Final = 0.75
"""How alike two names are of which one is taken for a slip of the other: INFO and INFY are so."""
SIZED: Final = {
    "fixed_quantity": ("fixed_quantity",),
    "fixed_notional": ("fixed_notional",),
    "volatility": ("volatility_target_pct", "volatility_atr_multiple"),
    "kelly": ("kelly_multiplier", "kelly_min_trades", "kelly_fallback"),
}
"""What each sizing method reads alone."""
PLACED: Final = {
    ("atr",): ("stop_atr_multiple",),
    ("percent",): ("stop_pct",),
    ("points",): ("stop_points",),
    ("rupees",): ("stop_risk_rupees",),
    ("swing",): ("stop_swing_bars",),
    ("level", "swing"): ("stop_buffer_ticks", "stop_buffer_atr"),
}
"""What some stop methods read alone."""
AIMED: Final = {"r": "target_r_multiple", "percent": "target_pct", "points": "target_points"}
MOVING_TOGETHER: Final = ("max_correlation", "max_cluster_positions", "max_cluster_exposure")
BESIDE: Final = {
    ("max_stops",): ("stops_window_s", "stops_lock_s", "stops_scope", "stops_consecutive"),
    ("max_drawdown",): ("drawdown_basis", "drawdown_sessions"),
    ("throttle_from_pct",): ("throttle_to_pct", "throttle_least_pct"),
    ("max_give_back_pct",): ("give_back_after_pct",),
    ("max_orders_per_s",): ("order_tokens_for_exits",),
    ("unusual_move_atr",): ("unusual_move_s",),
    ("daily_loss_worst_case",): ("worst_case_over",),
    ("cooldown_s", "cooldown_after_loss_s"): ("cooldown_scope",),
    ("breakeven_at_r", "breakeven_at_pct"): ("breakeven_covers_charges", "breakeven_buffer_ticks"),
    MOVING_TOGETHER: ("correlation_window", "correlation_min_bars", "correlation_shrinkage"),
    MOVING_TOGETHER[1:]: ("cluster_correlation",),
}
"""How a limit is meant, which alone limits nothing: by the settings that switch it on."""


def unmet_limits(settings: Settings) -> tuple[str, ...]:
    """Each limit whose name nothing of the configuration bears, and each number that nothing reads, in a sentence.

    A strategy is met by those of one's own and by what the sources of alerts are `given`; another name may still come
    in an alert. Any symbol may: one is told only where it looks like a slip of one that is configured.
    """
    return (*_unmet(settings), *_unread(settings.policy))


def no_entries(settings: Settings) -> tuple[str, ...]:
    """What lets no entry pass, of all or of some, in a sentence each: by the policy, the hard caps, or a lot."""
    told = (f"{key}: {why}" for key, why in rc.shut_out(settings.policy))
    return (*told, *_too_large(settings))


def _too_large(settings: Settings) -> Iterator[str]:
    """The least that may be entered, a lot or `min_quantity`, is more than the most that may be, or be sent."""
    policy, most_sent = settings.policy, settings.system.hard_caps.hard_max_quantity
    fixed = policy.fixed_quantity if policy.sizing_method == "fixed_quantity" else None
    least = (("min_quantity", policy.min_quantity), ("fixed_quantity", fixed))
    for name, quantity in least:
        if most_sent is not None and quantity is not None and quantity > most_sent:
            yield f"{name} {quantity}: above hard_max_quantity {most_sent}, so that no such entry is ever sent"
    for symbol, given in settings.system.instruments.items():
        own = [limit.max_quantity for limit in policy.limits if (limit.scope, limit.name) == ("symbol", symbol)]
        caps = [("max_quantity", policy.max_quantity), ("fixed_quantity", fixed), ("hard_max_quantity", most_sent)]
        for name, most in [*caps, *(("max_quantity of its limit", one) for one in own)]:
            if most is not None and given.lot_size is not None and most < given.lot_size:
                yield f"{symbol}: {name} {most} is less than its lot of {given.lot_size}: no entry passes"


def _unmet(settings: Settings) -> Iterator[str]:
    strategies, symbols = _strategies(settings), _symbols(settings)
    for limit in settings.policy.limits:
        if limit.scope == "strategy" and limit.name not in strategies:
            known = ", ".join(sorted(strategies)) or "none"
            meant = _meant(limit.name, strategies) or f"; configured: {known}"
            yield f"{limit.title}: nothing configured has that name{meant}; alerts alone could bear it"
        if limit.scope == "symbol" and limit.name not in symbols and (meant := _meant(limit.name, symbols)):
            yield f"{limit.title}: nothing configured has that name{meant}"


def _unread(policy: rc.Policy) -> Iterator[str]:
    """What stands in a file beside another method than its own, or without the limit that it belongs to.

    Whoever wrote it thinks that it holds. What every file has, the default, is not told.
    """
    plain = rc.Policy()
    for name, read, why in (*_of_methods(policy), *_of_limits(policy)):
        value = getattr(policy, name)
        if not read and value != getattr(plain, name):
            yield f"{name} {str(value).lower()}: nothing reads it, for {why}"


def _of_methods(policy: rc.Policy) -> Iterator[tuple[str, bool, str]]:
    sizing, stops = policy.sizing_method, policy.stop_methods
    method, legs = policy.target_method, policy.target_legs
    placed = f"stop_methods are {', '.join(stops)}"
    aimed = "target_legs are set" if legs else f"target_method is {method}"
    for of, names in SIZED.items():
        yield from ((name, sizing == of, f"sizing_method is {sizing}") for name in names)
    for places, names in PLACED.items():
        yield from ((name, not {*places}.isdisjoint(stops), placed) for name in names)
    for of, name in AIMED.items():
        yield name, method == of and not legs, aimed
    candles = (policy.trail_on == "bar" and policy.moves_stops) or policy.time_stop_bars is not None
    yield "trail_on", policy.moves_stops, "no setting moves a stop"
    yield "trail_interval", candles, "nothing counts candles (trail_on: bar with a trail, time_stop_bars)"
    yield "trail_atr", policy.trails_on_atr, f"trail is {policy.trail or 'off'}"


def _of_limits(policy: rc.Policy) -> Iterator[tuple[str, bool, str]]:
    for limits, names in BESIDE.items():
        on = any(getattr(policy, limit) not in {None, False} for limit in limits)
        yield from ((name, on, f"{' and '.join(limits)} {'is' if len(limits) == 1 else 'are'} off") for name in names)


def _strategies(settings: Settings) -> Collection[str]:
    given = (source.given.get("strategy", "") for source in settings.system.sources.values())
    return {*(strategy.name for strategy in settings.strategies), *given} - {""}


def _symbols(settings: Settings) -> Collection[str]:
    policy, system = settings.policy, settings.system
    told = {key.partition(":")[2] for key in settings.named} | {*system.instruments}
    told |= {*(policy.live_symbols or ()), *(policy.allowed_symbols or ())}
    return told | {ours for source in system.sources.values() for ours in source.symbols.values()}


def _meant(name: str, known: Collection[str]) -> str:
    """The name that was meant, as the end of a sentence."""
    plain = {one.lower(): one for one in sorted(known)}
    near = get_close_matches(name.lower(), plain, n=1, cutoff=NEAR)
    return f"; did you mean {plain[near[0]]}?" if near else ""
