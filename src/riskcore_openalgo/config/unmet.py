"""Limits that meet nothing which is configured, and numbers that nothing reads: no rule can tell of either."""

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
