"""Own strategies: a dotted name in the configuration becomes a function that looks at bars after each one.

A strategy is made once for each symbol by calling the named factory with `symbol`, `interval` and the
configured parameters; what it returns is called as `on_bar(bars)` with the bars so far, oldest first, after
each bar has ended, and may return a `Signal`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from attrs import evolve

import riskcore as rc

OnBar: TypeAlias = Callable[[Sequence[rc.Bar]], rc.Signal | None]
SHORT_NAMES = {"ema_cross": "riskcore_openalgo.lab.ema_cross:EmaCross"}


class StrategyError(ValueError):
    """A strategy that cannot be found or made; the message says what was looked for."""


def load_strategy(name: str, *, symbol: str, interval: str, parameters: Mapping[str, Any]) -> OnBar:
    """Make the strategy `name` (`package.module:factory`, or a short name) for one symbol.

    Raises `StrategyError` when the name leads nowhere or the factory refuses the parameters.
    """
    factory = _find(full_name(name))
    try:
        made = factory(symbol=symbol, interval=interval, **parameters)
    except (TypeError, ValueError) as problem:
        raise StrategyError(f"strategy {name} for {symbol}: {problem}") from problem
    if not callable(made):
        raise StrategyError(f"strategy {name} for {symbol}: the factory must return a function on_bar(bars)")
    return made  # type: ignore[no-any-return]


def named(on_bar: OnBar, name: str) -> OnBar:
    """The same strategy, whose signals bear the name it has in the configuration."""

    def with_name(bars: Sequence[rc.Bar]) -> rc.Signal | None:
        signal = on_bar(bars)
        return None if signal is None else evolve(signal, strategy=name)

    return with_name


def full_name(name: str) -> str:
    """The dotted name a short one stands for; any other name as it is."""
    return SHORT_NAMES.get(name, name)


def _find(dotted: str) -> Callable[..., Any]:
    module_name, _, attribute = dotted.replace(":", ".").rpartition(".")
    if not module_name:
        raise StrategyError(f"{dotted!r} is not a dotted name such as my_package.my_module:MyStrategy")
    try:
        return getattr(importlib.import_module(module_name), attribute)  # type: ignore[no-any-return]
    except ImportError as problem:
        raise StrategyError(f"strategy {dotted}: {problem}; is its folder on PYTHONPATH?") from problem
    except AttributeError as problem:
        raise StrategyError(f"strategy {dotted}: module {module_name} has no {attribute}") from problem
