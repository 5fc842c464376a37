"""The passing of time as an input: often while something has a deadline, seldom while nothing has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from riskcore import engine, events

HURRY: Final = timedelta(milliseconds=250)
BUSY: Final = timedelta(seconds=1)
QUIET: Final = timedelta(seconds=30)


class Pulse:
    """Timers of a live day; `state()` is the engine's, of which its deadlines are read."""

    def __init__(self, state: Callable[[], engine.State]) -> None:
        self._state = state
        self._last: datetime | None = None

    def due(self, now: datetime) -> Iterable[events.Input]:
        """The passing of time, at most once a call; also at once on a day that has not begun in the book."""
        state = self._state()
        new_day = state.book.session is not None and now.date() > state.book.session
        if not new_day and self._last is not None and now - self._last < pace(state):
            return ()
        self._last = now
        return (events.TimePassed(now),)


def pace(state: engine.State) -> timedelta:
    """How long may pass without a word of time."""
    custody, book = state.custody, state.book
    if (
        engine.is_stopping(state)
        or custody.touches
        or custody.wanted
        or any(not order.rests for order in book.live_orders())
    ):
        return HURRY
    if book.positions or state.pending or book.latches:
        return BUSY
    return QUIET
