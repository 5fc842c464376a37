"""The signals of strategies over whole columns, by the bar that raised them: what a backtest takes in their turn.

A strategy is asked before anything is traded, for it sees bars alone. One with `signals(bars)` answers at once: with
an answer for each bar, or with a mapping from a bar's number to its signal (`SignalsAt` is one). Any other is asked
after each bar, in the order of all bars, and shown only those that have ended.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

import riskcore as rc
from riskcore import engine
from riskcore_openalgo.lab.columns import Columns, Seen
from riskcore_openalgo.lab.signals_at import SignalsAt
from riskcore_openalgo.lab.strategy import Own, StrategyError
from riskcore_openalgo.lab.timeline import NEVER, Timeline


class Raised:
    """The signals of a run by the code of their bar: made ones, and drawn ones, which are made when somebody asks.

    Drawn are those of an instrument whose only strategy answers with `SignalsAt`. `codes` are those of all signals,
    rising, and `ids` has the id of the one that is drawn there, "" where signals are made.
    """

    def __init__(
        self,
        made: Mapping[int, Sequence[rc.Signal]],
        drawn: Mapping[int, SignalsAt],
        line: Timeline,
        things: Sequence[rc.Instrument],
    ) -> None:
        self._made, self._line, self._drawn = made, line, drawn
        codes, ids = list(made), [""] * len(made)
        for thing, column in drawn.items():
            codes += line.codes_of(thing, column.places)
            ids += column.ids
        order = np.argsort(np.array(codes, dtype=np.int64)).tolist()
        self.codes, self.ids = [codes[place] for place in order], [ids[place] for place in order]
        self._made_at = [place for place, one in enumerate(self.ids) if not one]
        by_key = {thing.key: thing for thing in things}
        asked = [(by_key[each.signal(0).key], each.product) for each in drawn.values() if each]
        alike = {(engine.hours_key(thing), product): thing for thing, product in asked}
        self._alike = tuple((thing, product) for (_, product), thing in alike.items())
        self._hours: dict[date, tuple[int, int]] = {}

    def at(self, code: int) -> Sequence[rc.Signal]:
        """The signals of a code, in the order of its instrument's strategies."""
        thing = code % self._line.width - 1
        if thing not in self._drawn:
            return self._made.get(code, ())
        signal = self._drawn[thing].get(self._line.place(thing, code))
        return () if signal is None else (signal,)

    def drawn(self, at: int, last: int, day: date, policy: rc.Policy) -> int:
        """Up to which place in `codes`, from `at` to `last`, all are drawn, of a day, and at no hour that refuses."""
        if day not in self._hours:
            self._hours[day] = self._hours_of(day, policy)
        first, until = self._hours[day]
        if at >= last or self.codes[at] <= first:
            return at
        made = bisect_left(self._made_at, at)
        last = min(last, self._made_at[made]) if made < len(self._made_at) else last
        return bisect_left(self.codes, until, at, max(at, last))

    def _hours_of(self, day: date, policy: rc.Policy) -> tuple[int, int]:
        """The codes between which, on a day, the hour alone refuses none of what is drawn."""
        first, until = 0, NEVER
        for thing, product in self._alike:
            one = engine.entry_hours(day, thing, product, policy)
            if one is None:
                return NEVER, NEVER
            begins, ends = map(self._line.from_moment, one)
            first, until = max(first, begins), min(until, ends)
        return first, until


def raised_by(strategies: Sequence[Sequence[Own]], series: Mapping[rc.Instrument, Columns], line: Timeline) -> Raised:
    """The signals by code of their bar; of one bar in the order of its instrument's strategies.

    `strategies` holds those of each instrument of `series`. Raises `StrategyError` for answers that fit no bar.
    """
    found: dict[int, list[tuple[int, rc.Signal]]] = {}
    drawn: dict[int, SignalsAt] = {}
    slow: list[tuple[int, int, Own]] = []
    columns = list(series.values())
    for thing, several in enumerate(strategies):
        for rank, strategy in enumerate(several):
            if not strategy.vectorised:
                slow.append((thing, rank, strategy))
                continue
            answers = strategy.at_once(columns[thing])
            if isinstance(answers, SignalsAt) and answers.plain and len(several) == 1:
                drawn[thing] = answers
                continue
            for place, signal in answers.items():
                found.setdefault(line.code(thing, place), []).append((rank, signal))
    _one_by_one(slow, columns, line, found)
    _refuse_strangers(found, drawn, line, list(series))
    made = {code: [signal for _, signal in sorted(rows, key=lambda row: row[0])] for code, rows in found.items()}
    return Raised(made, drawn, line, list(series))


def _refuse_strangers(
    found: Mapping[int, Sequence[tuple[int, rc.Signal]]],
    drawn: Mapping[int, SignalsAt],
    line: Timeline,
    things: Sequence[rc.Instrument],
) -> None:
    """Refuse signals of instruments whose bars the run has not."""
    keys = {thing.key for thing in things}
    told = [(code, signal) for code, rows in found.items() for _, signal in rows]
    told += [(line.code(thing, column.places[0]), column.signal(0)) for thing, column in drawn.items() if column]
    for code, signal in told:
        if signal.key not in keys:
            thing = code % line.width - 1
            began = line.series[thing].moment(line.place(thing, code))
            bar = f"the strategy of {things[thing].symbol}, bar of {began:%Y-%m-%d %H:%M}"
            raise StrategyError(f"{bar}: a signal of {signal.key}, whose bars are not in this run: give them too")


def _one_by_one(
    slow: Sequence[tuple[int, int, Own]],
    series: Sequence[Columns],
    line: Timeline,
    found: dict[int, list[tuple[int, rc.Signal]]],
) -> None:
    """Ask after each bar, in the order in which a bar-by-bar run asks."""
    if not slow:
        return
    seen = [Seen(columns) for columns in series]
    by_thing: dict[int, list[tuple[int, Own]]] = {}
    for thing, rank, on_bar in slow:
        by_thing.setdefault(thing, []).append((rank, on_bar))
    for code, thing, place in line.walk():
        seen[thing].ended = place + 1
        for rank, on_bar in by_thing.get(thing, ()):
            signal = on_bar(seen[thing])
            if signal is not None:
                found.setdefault(code, []).append((rank, signal))
