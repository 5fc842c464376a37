"""The signals of strategies over whole columns, by the bar that raised them: what a backtest takes in their turn.

A strategy is asked before anything is traded, for it sees bars alone. One with `signals(bars)` answers at once: with
an answer for each bar, or with a mapping from a bar's number to its signal. Any other is asked after each bar, in
the order of all bars, and shown only those that have ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import riskcore as rc
from riskcore_openalgo.lab.columns import Columns, Seen
from riskcore_openalgo.lab.strategy import Own, by_number, on_bar_of
from riskcore_openalgo.lab.timeline import Timeline


def raised_by(
    strategies: Sequence[Sequence[Any]], series: Sequence[Columns], line: Timeline
) -> dict[int, list[rc.Signal]]:
    """The signals by code of their bar; of one bar in the order of its instrument's strategies.

    `strategies` holds those of each instrument. Raises `StrategyError` for answers that fit no bar.
    """
    found: dict[int, list[tuple[int, rc.Signal]]] = {}
    slow: list[tuple[int, int, Any]] = []
    for thing, asked in enumerate(strategies):
        for rank, strategy in enumerate(asked):
            if _answers_at_once(strategy):
                for place, signal in _at_once(strategy, series[thing]):
                    found.setdefault(line.code(thing, place), []).append((rank, signal))
            else:
                slow.append((thing, rank, strategy if isinstance(strategy, Own) else on_bar_of(strategy)))
    _one_by_one(slow, series, line, found)
    return {code: [signal for _, signal in sorted(rows, key=lambda row: row[0])] for code, rows in found.items()}


def _answers_at_once(strategy: Any) -> bool:
    return strategy.vectorised if isinstance(strategy, Own) else callable(getattr(strategy, "signals", None))


def _at_once(strategy: Any, columns: Columns) -> list[tuple[int, rc.Signal]]:
    if isinstance(strategy, Own):  # it bears a name, which each of its signals does too
        return strategy.at_once(columns)
    return by_number(strategy.signals(columns), len(columns))


def _one_by_one(
    slow: Sequence[tuple[int, int, Any]],
    series: Sequence[Columns],
    line: Timeline,
    found: dict[int, list[tuple[int, rc.Signal]]],
) -> None:
    """Ask after each bar, in the order in which a bar-by-bar run asks."""
    if not slow:
        return
    seen = [Seen(columns) for columns in series]
    asked: dict[int, list[tuple[int, Any]]] = {}
    for thing, rank, on_bar in slow:
        asked.setdefault(thing, []).append((rank, on_bar))
    for code, thing, place in line.walk():
        seen[thing].ended = place + 1
        for rank, on_bar in asked.get(thing, ()):
            signal = on_bar(seen[thing])
            if signal is not None:
                found.setdefault(code, []).append((rank, signal))
