"""Limits that meet nothing which is configured: a misspelt name limits nothing, and no rule can tell."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Final

from riskcore_openalgo.config.settings import Settings

NEAR: Final = 0.75
"""How alike two names are of which one is taken for a slip of the other: INFO and INFY are so."""


def unmet_limits(settings: Settings) -> tuple[str, ...]:
    """Each limit whose name nothing of the configuration bears, in a sentence.

    A strategy is met by those of one's own and by what the sources of alerts are `given`; another name may still come
    in an alert. Any symbol may: one is told only where it looks like a slip of one that is configured.
    """
    return tuple(_unmet(settings))


def _unmet(settings: Settings) -> Iterator[str]:
    strategies, symbols = _strategies(settings), _symbols(settings)
    for limit in settings.policy.limits:
        if limit.scope == "strategy" and limit.name not in strategies:
            known = ", ".join(sorted(strategies)) or "none"
            meant = _meant(limit.name, strategies) or f"; configured: {known}"
            yield f"{limit.title}: nothing configured has that name{meant}; alerts alone could bear it"
        if limit.scope == "symbol" and limit.name not in symbols and (meant := _meant(limit.name, symbols)):
            yield f"{limit.title}: nothing configured has that name{meant}"


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
