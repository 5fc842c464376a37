"""Mornings: the broker's token died in the night, and somebody has to log in before the market opens."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

import riskcore as rc
from riskcore import engine

LOGIN: Final = "login"
SETTLING: Final = timedelta(seconds=30)
"""Whoever has just started, a script's watch too, needs a moment to see that the login is good."""


class Mornings:
    """Says that a login is needed at `times` of a trading day, each once, for as long as it is."""

    def __init__(self, times: tuple[time, ...]) -> None:
        self._times = times
        self._told: tuple[date, int] | None = None
        self._first: datetime | None = None

    def due(self, now: datetime, state: engine.State, tables: rc.Tables | None = None) -> str:
        """What to tell now, or ""; a time that passed before this was asked the first time in a day still counts.

        Nothing where the login is known to be good, and the gate is shut for what differs: that was told, by its name.
        """
        self._first = self._first or now
        latch = state.book.latch(LOGIN)
        passed = sum(1 for moment in self._times if now.time() >= moment)
        differs = state.custody.login == "good" and state.custody.mismatches
        if latch is None or differs or now - max(latch.at, self._first) < SETTLING:
            return ""
        if not passed or self._told == (now.date(), passed) or not trades_today(now, tables):
            return ""
        self._told = now.date(), passed
        book = state.book
        bare = sum(engine.resting_quantity(book, held.instrument.key) < held.quantity for held in book.positions)
        carried = f"; {bare} of {len(book.positions)} positions have no stop at the broker" if bare else ""
        return f"since {latch.at:%d %b %H:%M}: {latch.why}. Log in on OpenAlgo's page{carried}"


def trades_today(now: datetime, tables: rc.Tables | None) -> bool:
    """Whether the exchange trades on that day and has not closed yet; a day that nobody knows counts as one."""
    share = rc.Instrument(symbol="ANY", tick="0.05")
    try:
        session = rc.session_on(now.date(), share, tables=tables)
    except rc.CalendarUnknown:
        return True
    return session is not None and now < session.closes
