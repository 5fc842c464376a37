"""Bars that pass, which mark what is held and do nothing else: taken one by one, and told to the state in one copy.

`quiet` says between which prices and results of the day a bar is one of them. A state after each would be read by
nobody: what they change is kept beside it, and put into it when the next input is taken. BAR-5 holds the facts and the
state to those of a run that steps through each bar.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from operator import attrgetter

from riskcore import events as e
from riskcore.engine.quiet import Quiet, Watched
from riskcore.engine.trail import mark_of
from riskcore.money import exact
from riskcore.outcomes import higher
from riskcore.positions import Position, Price, added_up, marked, open_result, result_at
from riskcore.signals import Bar
from riskcore.state import State
from riskcore.values import changed, made


class Held:
    """A position while bars pass: its latest mark, the extremes of all of them, and which of all marks was its last."""

    __slots__ = ("above", "below", "bottom", "number", "place", "position", "top", "was")

    def __init__(self, place: int, position: Position, watched: Watched) -> None:
        self.place, self.position, self.number = place, position, 0
        self.below, self.above = watched.below, watched.above
        self.was: e.Marked | None = None
        self.top: Decimal | None = None
        self.bottom: Decimal | None = None

    def stays(self, bar: Bar) -> bool:
        """Whether a bar stays between the levels."""
        if self.below is not None and bar.low <= self.below:
            return False
        return self.above is None or bar.high < self.above

    def remember(self, mark: e.Marked, number: int) -> None:
        """One more mark, that with this number among those of all positions."""
        top = mark.last if mark.high is None else mark.high
        bottom = mark.last if mark.low is None else mark.low
        if self.top is None or top > self.top:
            self.top = top
        if self.bottom is None or bottom < self.bottom:
            self.bottom = bottom
        self.was, self.number = mark, number

    def marked(self) -> Position:
        """The position after its marks: after one of the last price, with the extremes of all."""
        was = self.was
        if was is None:
            return self.position
        span = {"last": was.last, "high": self.top, "low": self.bottom}
        return marked(self.position, made(Price, key=was.key, at=was.at, close=None, atr=None, **span))


class Passing:
    """What is held in a state while bars pass that `found`, what `quiet` says of the state, lets pass.

    Of the instruments in `minded` a bar may do more than pass: they are held, or have orders on their way.
    """

    def __init__(self, state: State, found: Quiet) -> None:
        book = state.book
        self._state, self._floor, self._ceiling = state, found.floor, found.ceiling
        self._held = [Held(place, *row) for place, row in enumerate(zip(book.positions, found.watched, strict=True))]
        self._results = [open_result(position) for position in book.positions]
        self._peaks, self._count = (book.session_peak, book.peak_equity), 0
        self.minded: dict[str, Held | None] = {
            watched.key: None if watched.each else held for held, watched in zip(self._held, found.watched, strict=True)
        }
        self.minded.update(dict.fromkeys(found.ordered))

    @exact
    def mark(self, key: str, bar: Bar, at: datetime) -> e.Marked | None:
        """The mark of a bar that ends at `at`, of an instrument in `minded`; None where it does more."""
        held, book = self.minded[key], self._state.book
        if held is None or not held.stays(bar):
            return None
        mark = mark_of(held.position, bar.high, bar.low, bar.close, since=bar.at, at=at)
        results = [*self._results]
        results[held.place] = result_at(held.position, mark.last)
        result = book.came_to(added_up(results))
        if self._floor is not None and result <= self._floor:
            return None
        if self._ceiling is not None and result > self._ceiling:
            return None
        assert book.opening_equity is not None
        self._results, self._count = results, self._count + 1
        self._peaks = higher(book.opening_equity + result, self._peaks)
        held.remember(mark, self._count)
        return mark

    @exact
    def after(self, number: int, now: datetime) -> State:
        """The state after these bars: that of `number` inputs, at `now`."""
        state = self._state
        if not self._count:
            return changed(state, number=number, now=now)
        positions = tuple([held.marked() for held in self._held])
        book = changed(state.book, positions=positions, version=state.book.version + self._count, **self._risen())
        observed = changed(state.observed, seen_at=self._seen())
        return changed(state, book=book, observed=observed, number=number, now=now)

    def _risen(self) -> dict[str, Decimal | None]:
        session_peak, peak_equity = self._peaks
        return {"session_peak": session_peak, "peak_equity": peak_equity}

    def _seen(self) -> tuple[tuple[str, datetime], ...]:
        """When the last price of each held instrument came, the latest last."""
        marks = [held.was for held in sorted(self._held, key=attrgetter("number")) if held.was is not None]
        unmarked = {held.position.instrument.key for held in self._held if held.was is None}
        before = [row for row in self._state.observed.seen_at if row[0] in unmarked]
        return (*before, *[(mark.key, mark.at) for mark in marks])
