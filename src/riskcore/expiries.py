"""When contracts expire: the exchange's weekday, and the session before it where that day is closed.

Contracts on single shares end in delivery of the shares; those on an index are settled in cash.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from riskcore.instruments import FUT, OPT, Instrument
from riskcore.money import count
from riskcore.overrides import Tables, first_on, rows
from riskcore.sessions import CalendarUnknown, session_on
from riskcore.table_checks import WEEKDAYS

LONGEST_HOLIDAY: Final = 10
INTRADAY: Final = "MIS"
SATURDAY: Final = 5


def weekly_expiry(on: date, *, exchange: str = "NFO", tables: Tables | None = None) -> date:
    """The first weekly expiry on or after a day: the exchange's weekday, or the session before it.

    Which indices still have weekly contracts is not said here. Raises `CalendarUnknown` before 2025-09, when
    weekdays differed by index, and where the calendar ends.

    >>> from datetime import date
    >>> weekly_expiry(date(2026, 11, 20))  # Tuesday the 24th is a holiday
    datetime.date(2026, 11, 23)
    """
    nominal = _weekday_from(on, exchange, tables)
    while (found := _session_at_or_before(nominal, exchange, tables)) < on:
        nominal = _weekday_from(nominal + timedelta(days=1), exchange, tables)
    return found


def monthly_expiry(year: int, month: int, *, exchange: str = "NFO", tables: Tables | None = None) -> date:
    """The expiry of a month's contracts: its last such weekday, or the session before it; errors as above.

    `ValueError` for a month outside of 1 to 12.
    """
    year = count(year, "year")
    if month not in range(1, 13):
        raise ValueError(f"month must be 1 to 12, got {month!r}")
    after = date(year + month // 12, month % 12 + 1, 1)
    return _session_at_or_before(_weekday_from(after - timedelta(days=7), exchange, tables), exchange, tables)


def ends_in_delivery(instrument: Instrument) -> bool:
    """Whether a contract that is held to its expiry ends in shares: a future or an option on a single share."""
    return instrument.segment in (FUT, OPT) and instrument.kind == "stock" and instrument.expiry is not None


def settles_in_cash(instrument: Instrument) -> bool:
    """Whether a contract that is held to its expiry ends in cash, by the close of an index: a future or an option."""
    if instrument.expiry is None or instrument.kind != "index":
        return False
    is_option = instrument.strike is not None and instrument.right is not None
    return instrument.segment == FUT or (instrument.segment == OPT and is_option)


def underlying_keys(instrument: Instrument) -> tuple[str, ...]:
    """Under which keys bars may have the index that a contract is on: that of its own exchange before the other's."""
    exchanges = ("BSE", "NSE") if instrument.exchange == "BFO" else ("NSE", "BSE")
    return tuple(f"{exchange}:{instrument.underlying}" for exchange in exchanges) if instrument.underlying else ()


def ends_at(instrument: Instrument, *, tables: Tables | None = None) -> datetime | None:
    """When the last session of a contract closes; None for what does not expire, and where the calendar cannot tell."""
    if instrument.expiry is None:
        return None
    try:
        session = session_on(instrument.expiry, instrument, tables=tables)
    except CalendarUnknown:
        return None
    return None if session is None else session.closes


def has_ended(instrument: Instrument, at: datetime, *, tables: Tables | None = None) -> bool:
    """Whether the last session of a contract is over; on a day that the calendar cannot tell it is not."""
    ends = ends_at(instrument, tables=tables)
    return instrument.has_expired(at.date()) or (ends is not None and ends <= at)


def leave_by(instrument: Instrument, days: int, *, tables: Tables | None = None) -> date | None:
    """The session that lies `days` sessions before the expiry of a contract that ends in delivery; None for any other.

    A weekday that the calendar cannot tell counts as a session: the true day may then be earlier by its holidays.

    >>> from datetime import date
    >>> from riskcore import future
    >>> stock = future("INFY", expiry=date(2026, 12, 29), on=date(2026, 12, 1), tick="0.1", lot_size=400)
    >>> leave_by(stock, 4), leave_by(stock, 0)  # Christmas is a holiday
    (datetime.date(2026, 12, 22), datetime.date(2026, 12, 29))
    """
    if instrument.expiry is None or not ends_in_delivery(instrument):
        return None
    return _sessions_before(instrument.expiry, days, instrument.exchange, tables)


def leave_from(
    instrument: Instrument, days: int, *, square_off_at: time | None, tables: Tables | None = None
) -> datetime | None:
    """The moment from which such a contract is left: the square-off of its `leave_by`, as an intraday position has it.

    None for any other contract, and where the calendar does not tell that time.
    """
    day = leave_by(instrument, days, tables=tables)
    if day is None:
        return None
    try:
        session = session_on(day, instrument, INTRADAY, square_off_at=square_off_at, tables=tables)
    except CalendarUnknown:
        return None
    return None if session is None else session.square_off or session.closes


@lru_cache(maxsize=1024)
def _sessions_before(expiry: date, days: int, exchange: str, tables: Tables | None) -> date:
    """The day `days` sessions before another; that day itself where it is nought."""
    day, left = expiry, days
    while left:
        day -= timedelta(days=1)
        left -= _is_session(day, exchange, tables)
    return day


def _is_session(day: date, exchange: str, tables: Tables | None) -> bool:
    try:
        return _has_session(day, exchange, tables)
    except CalendarUnknown:
        return day.weekday() < SATURDAY


def _has_session(day: date, exchange: str, tables: Tables | None) -> bool:
    """Whether the contracts of an exchange trade on a day, whatever their product."""
    return session_on(day, Instrument(symbol="ANY", tick=1, exchange=exchange, segment=FUT), tables=tables) is not None


def _weekday_from(day: date, exchange: str, tables: Tables | None) -> date:
    row = first_on(rows("expiries", tables), day, exchange)
    if row is None:
        raise CalendarUnknown(f"no weekday of expiry for {exchange} on {day.isoformat()}")
    return day + timedelta(days=(WEEKDAYS.index(row.weekday) - day.weekday()) % 7)


def _session_at_or_before(day: date, exchange: str, tables: Tables | None) -> date:
    for back in range(LONGEST_HOLIDAY):
        tried = day - timedelta(days=back)
        if _has_session(tried, exchange, tables):
            return tried
    raise CalendarUnknown(f"no session of {exchange} in the days before {day.isoformat()}")
