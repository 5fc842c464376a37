"""The strategies of a run: made for each symbol out of what was given, or refused with the symbol and the remedy."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from copy import deepcopy
from functools import partial
from types import FunctionType
from typing import Any

from attrs import evolve

import riskcore as rc
from riskcore_openalgo.lab.columns import Columns
from riskcore_openalgo.lab.strategy import BARS, Own, StrategyError, own_strategy, refuse_unequal


def strategies_of(strategy: Any, thing: rc.Instrument, interval: str, symbols: int) -> list[Own]:
    """The strategies of one symbol, of so many."""
    if isinstance(strategy, Mapping):
        chosen = strategy.get(thing.symbol, strategy.get(thing.key, ()))
        several = chosen if type(chosen) in (list, tuple) else [chosen]
        return [one for each in several for one in strategies_of(each, thing, interval, 1)]
    if isinstance(strategy, str):
        name = strategy.rpartition(":")[2].rpartition(".")[2]
        return [own_strategy(name, strategy, symbol=thing.key, interval=interval, parameters={})]
    if _makes(strategy):
        made = _made(strategy, thing, interval)
        return [_own(made, thing, interval, "" if isinstance(made, FunctionType) else type(made).__name__)]
    if symbols > 1:
        raise StrategyError("one strategy object cannot serve several symbols: give its class, or a mapping by symbol")
    if not callable(getattr(strategy, "on_bar", strategy)) and not hasattr(strategy, "signals"):
        raise StrategyError(f"a strategy is a function on_bar(bars), or an object that has it, got {strategy!r}")
    return [_own(strategy, thing, interval)]


def _makes(strategy: Any) -> bool:
    """Whether it makes strategies: a class, or a function of `symbol` and `interval` that is asked for no bars."""
    kind = strategy.func if isinstance(strategy, partial) else strategy
    if inspect.isclass(kind):
        return True
    if not inspect.isroutine(kind):
        return False
    try:
        asked = inspect.signature(strategy)
        asked.bind(symbol="", interval="")
    except (TypeError, ValueError):
        return False
    return {"symbol", "interval"} <= set(asked.parameters) and BARS not in asked.parameters


def _made(strategy: Any, thing: rc.Instrument, interval: str) -> Any:
    """A strategy of a class or factory; what that raises names the symbol."""
    kind = strategy.func if isinstance(strategy, partial) else strategy
    try:
        return strategy(symbol=thing.symbol, interval=interval)
    except Exception as problem:  # somebody's class
        said = f"{problem}" if isinstance(problem, ValueError) else f"{type(problem).__name__}: {problem}"
        told = f"strategy {getattr(kind, '__name__', kind)} for {thing.symbol}: {said}"
        remedy = "it is called with symbol= and interval= alone: give other values by functools.partial(it, fast=5)"
        raise StrategyError(f"{told}; {remedy}" if isinstance(problem, TypeError) else told) from problem


def _own(made: Any, thing: rc.Instrument, interval: str, name: str = "") -> Own:
    """A strategy of a script: its signals bear the name of its class where they bear none, those of an object none."""
    if isinstance(made, Own):
        return made
    return Own(name=name, symbol=thing.symbol, interval=interval, made=made, kept=True, exchange=thing.exchange)


def refuse_differing(strategy: Any, series: Mapping[rc.Instrument, Columns], interval: str) -> None:
    """`StrategyError` where what a strategy says at once is not what it says bar by bar, or it says nothing so."""
    for thing, table in series.items():
        made = (strategies_of(strategy, thing, interval, len(series)) for _ in range(3))
        for kept, one, other in zip(*made, strict=True):
            by_bar, at_once = (_unasked(each, kept) for each in (one, other))
            if at_once.vectorised and not callable(getattr(at_once.made, "on_bar", at_once.made)):
                raise StrategyError(f"{at_once.who}: it has no on_bar(bars) to compare signals(bars) with (check=True)")
            refuse_unequal(by_bar, at_once, table)


def _unasked(own: Own, kept: Own) -> Own:
    """What was made anew; a copy of what was given as an object, for it may remember what it was asked."""
    if own.made is not kept.made:
        return own
    try:
        return evolve(own, made=deepcopy(own.made))
    except Exception as problem:  # somebody's class says whether, and how, it can be copied
        raise StrategyError(f"check=True needs copies of {own.made!r:.60}: give its class ({problem})") from problem


def refuse_unserved(strategy: Any, given: Iterable[Any]) -> None:
    """`StrategyError` where strategies are given by symbol, and one of those symbols has no bars."""
    if isinstance(strategy, Mapping):
        known = keys_of(given)
        odd = [name for name in strategy if name not in known] or ([] if strategy else ["no symbol"])
        if odd:
            raise StrategyError(
                f"strategies for {', '.join(map(str, odd))}; the bars are of {', '.join(known.values())}"
            )


def keys_of(given: Iterable[Any]) -> dict[str, str]:
    """By what each symbol or instrument may be called, its symbol."""
    named = {each: each.symbol if isinstance(each, rc.Instrument) else str(each) for each in given}
    keys = {getattr(each, "key", f"NSE:{symbol}"): symbol for each, symbol in named.items()}
    return dict(zip(named.values(), named.values(), strict=True)) | keys
