"""When the bars of a live day end: by the session, half days and muhurat too.

A bar ends a length after it began, or with its session. A bar of a day is acted on while its session still takes
entries for delivery, as a backtest acts on it: `BEFORE` those end, as it stands by then.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

import riskcore as rc
from riskcore import engine
from riskcore_openalgo.runner.tick_bars import DAY, bucket_ends

BEFORE: Final = timedelta(minutes=1)
"""So long before entries for delivery end a day's bar is looked at: an order wants to arrive, too."""


def session_of(day: date, instrument: rc.Instrument, policy: rc.Policy) -> rc.Session | None:
    """The session of a day; None where there is none, or where the calendar does not tell."""
    try:
        return rc.session_on(day, instrument, tables=policy.tables)
    except rc.CalendarUnknown:
        return None


def ends_on(day: date, instrument: rc.Instrument, interval: str, policy: rc.Policy) -> list[datetime]:
    """When the bars of a day end, in order; none on a day without trading, or where the calendar does not tell."""
    length = rc.interval_length(interval)
    if length >= DAY:
        until = engine.overnight_until(day, instrument, policy)
        return [] if until is None else [until - BEFORE]
    session = session_of(day, instrument, policy)
    return [] if session is None else bucket_ends(session, length)


def end_of(bar: rc.Bar, instrument: rc.Instrument, interval: str, policy: rc.Policy) -> datetime:
    """When a bar ended; a length after its start where the calendar does not know it."""
    ends = (moment for moment in ends_on(bar.at.date(), instrument, interval, policy) if moment > bar.at)
    return next(ends, bar.at + rc.interval_length(interval))


def last_end(at: datetime, instrument: rc.Instrument, interval: str, policy: rc.Policy) -> datetime | None:
    """When the newest bar of the day ended, by `at`; None where none has."""
    return max((moment for moment in ends_on(at.date(), instrument, interval, policy) if moment <= at), default=None)


def next_end(at: datetime, instrument: rc.Instrument, interval: str, policy: rc.Policy) -> datetime | None:
    """When the next bar ends, today or in the next session; None where the calendar does not tell."""
    day: date | None = at.date()
    while day is not None:
        found = next((moment for moment in ends_on(day, instrument, interval, policy) if moment > at), None)
        if found is not None or day > at.date():
            return found
        day = rc.next_session_day(day, instrument, tables=policy.tables)
    return None
