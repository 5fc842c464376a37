"""Strategies of one's own: whether each can be made, and what of them is sent."""

from __future__ import annotations

from typing import Final

import riskcore as rc
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
    policy = settings.policy
    told = "; ".join(_told(one, policy) for one in settings.strategies)
    if not any(_sent(one, policy.live_symbols) for one in settings.strategies):
        return warn("strategies", told, "nothing of them is sent: live: and live_symbols: in trading_rules.yaml")
    if any(_refused(one, policy) for one in settings.strategies):
        return warn("strategies", told, "where that is not meant: allowed_symbols: and denied_symbols:")
    return ok("strategies", told)


def _told(one: Strategy, policy: rc.Policy) -> str:
    sent, refused = _sent(one, policy.live_symbols), _refused(one, policy)
    how = "sent" if len(sent) == len(one.symbols) else f"sent of {', '.join(sent)}" if sent else "shadows"
    never = f", and no entry in {', '.join(refused)} passes" if refused else ""
    return f"{one.name} on {one.interval} of {', '.join(one.symbols)}: {how}{never}"


def _sent(one: Strategy, live_symbols: tuple[str, ...] | None) -> list[str]:
    """The symbols whose entries `riskcore live` sends."""
    return [symbol for symbol in one.symbols if one.live and (live_symbols is None or _bare(symbol) in live_symbols)]


def _refused(one: Strategy, policy: rc.Policy) -> list[str]:
    """The symbols that the policy lets nobody enter."""
    allowed, denied = policy.allowed_symbols, policy.denied_symbols or ()
    bare = {symbol: _bare(symbol) for symbol in one.symbols}
    return [each for each, name in bare.items() if name in denied or (allowed is not None and name not in allowed)]


def _bare(symbol: str) -> str:
    """A symbol without its exchange: a policy lists symbols of all exchanges alike."""
    return symbol.rpartition(":")[2]
