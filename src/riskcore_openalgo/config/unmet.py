"""What is configured and comes to nothing: limits of nobody, numbers that nothing reads, entries that never pass."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Final

import riskcore as rc
from riskcore_openalgo.config.settings import Settings

NEAR: Final = 0.75
"""How alike two names are of which one is taken for a slip of the other: INFO and INFY are so."""


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
    """A number that stands in a file beside another method than its own: whoever wrote it thinks that it holds."""
    sizing, stops, target = policy.sizing_method, policy.stop_methods, policy.target_method
    sized = f"sizing_method is {sizing}"
    placed = f"stop_methods are {', '.join(stops)}"
    aimed = "target_legs are set" if policy.target_legs else f"target_method is {target}"
    to = None if policy.target_legs else target
    rows = (
        *((name, sizing == name, sized) for name in ("fixed_quantity", "fixed_notional")),
        ("volatility_target_pct", sizing == "volatility", sized),
        ("stop_pct", "percent" in stops, placed),
        ("stop_points", "points" in stops, placed),
        ("stop_risk_rupees", "rupees" in stops, placed),
        ("target_pct", to == "percent", aimed),
        ("target_points", to == "points", aimed),
        *((name, policy.max_stops is not None, "max_stops is off") for name in ("stops_window_s", "stops_lock_s")),
    )
    for name, read, why in rows:
        value = getattr(policy, name)
        if value is not None and not read:
            yield f"{name} {value}: nothing reads it, for {why}"


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
