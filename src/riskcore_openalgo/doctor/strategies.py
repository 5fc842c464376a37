"""Strategies of one's own: whether each can be made, and what of them is sent."""

from __future__ import annotations

from typing import Final

from riskcore_openalgo.config import Settings, Strategy
from riskcore_openalgo.doctor.check import Check, fail, ok, warn
from riskcore_openalgo.lab.strategy import StrategyError, own_strategy

REMEDY: Final = "function: and parameters: in trading_rules.yaml; its folder belongs on PYTHONPATH (docs/strategies.md)"


def strategies(settings: Settings) -> Check:
    """Make each for each of its symbols, as the start of a day does."""
    if not settings.strategies:
        return ok("strategies", "none of your own")
    try:
        for one in settings.strategies:
            for symbol in one.symbols:
                own_strategy(one.name, one.function, symbol=symbol, interval=one.interval, parameters=one.parameters)
    except StrategyError as problem:
        return fail("strategies", str(problem), REMEDY)
    told = "; ".join(_told(one, settings.policy.live_symbols) for one in settings.strategies)
    if not any(_sent(one, settings.policy.live_symbols) for one in settings.strategies):
        return warn("strategies", told, "nothing of them is sent: live: and live_symbols: in trading_rules.yaml")
    return ok("strategies", told)


def _told(one: Strategy, live_symbols: tuple[str, ...] | None) -> str:
    sent = _sent(one, live_symbols)
    how = "sent" if len(sent) == len(one.symbols) else f"sent of {', '.join(sent)}" if sent else "shadows"
    return f"{one.name} on {one.interval} of {', '.join(one.symbols)}: {how}"


def _sent(one: Strategy, live_symbols: tuple[str, ...] | None) -> list[str]:
    """The symbols whose entries `riskcore live` sends."""
    return [symbol for symbol in one.symbols if one.live and (not live_symbols or symbol in live_symbols)]
