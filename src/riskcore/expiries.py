"""When contracts expire: the exchange's weekday, and the session before it where that day is closed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from riskcore.instruments import Instrument
from riskcore.overrides import Tables, first_on, rows
from riskcore.sessions import CalendarUnknown, session_on
from riskcore.table_checks import WEEKDAYS

LONGEST_HOLIDAY: Final = 10


def weekly_expiry(on: date, *, exchange: str = "NFO", tables: Tables | None = None) -> date:
    """The first weekly expiry on or after a day: the exchange's weekday, or the session before it.

    Which indices still have weekly contracts is not said here. Raises `CalendarUnknown` before 2025-09, when
    weekdays differed by index, and where the calendar ends.

    >>> from datetime import date
    >>> weekly_expiry(date(2026, 11, 20))  # Tuesday the 24th is a holiday
    datetime.date(2026, 11, 23)
    """
    day = on
    for _ in range(3):
        nominal = _weekday_from(day, exchange, tables)
        found = _session_at_or_before(nominal, exchange, tables)
        if found >= on:
            return found
        day = nominal + timedelta(days=1)
    raise CalendarUnknown(f"no weekly expiry of {exchange} found after {on.isoformat()}")


def monthly_expiry(year: int, month: int, *, exchange: str = "NFO", tables: Tables | None = None) -> date:
    """The expiry of a month's contracts: its last such weekday, or the session before it; errors as above."""
    after = date(year + month // 12, month % 12 + 1, 1)
    return _session_at_or_before(_weekday_from(after - timedelta(days=7), exchange, tables), exchange, tables)


def _weekday_from(day: date, exchange: str, tables: Tables | None) -> date:
    row = first_on(rows("expiries", tables), day, exchange)
    if row is None:
        raise CalendarUnknown(f"no weekday of expiry for {exchange} on {day.isoformat()}")
    return day + timedelta(days=(WEEKDAYS.index(row.weekday) - day.weekday()) % 7)


def _session_at_or_before(day: date, exchange: str, tables: Tables | None) -> date:
    contract = Instrument(symbol="ANY", tick=1, exchange=exchange, segment="FUT")
    for back in range(LONGEST_HOLIDAY):
        tried = day - timedelta(days=back)
        if session_on(tried, contract, "NRML", tables=tables) is not None:
            return tried
    raise CalendarUnknown(f"no session of {exchange} in the days before {day.isoformat()}")
