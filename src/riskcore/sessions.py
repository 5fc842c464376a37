"""The trading calendar: which session a moment belongs to, and when entries and positions must end.

IST has no daylight saving, so it is the fixed offset +05:30 and needs no time-zone database. A day the
calendar does not reach raises `CalendarUnknown`: it is never guessed open.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Any, Final

from attrs import frozen

from riskcore.instruments import Instrument, covers
from riskcore.tables import calendar, square_off

IST: Final = timezone(timedelta(hours=5, minutes=30), "IST")


class CalendarUnknown(LookupError):
    """The shipped calendar cannot say whether, or when, the market is open on that day."""


def in_ist(value: Any, name: str) -> datetime:
    """`value` as an aware datetime in IST, or `ValueError` naming `name` (a naive one has no meaning)."""
    if not isinstance(value, datetime) or value.tzinfo is None or value.utcoffset() is None:
        raise ValueError(
            f"{name} must be a datetime with a time zone, such as "
            f"datetime(2026, 11, 20, 10, 30, tzinfo=riskcore.IST), got {value!r}"
        )
    return value if value.tzinfo is IST else value.astimezone(IST)


@frozen
class Session:
    """One day's continuous trading of one group of instruments, with the times that bind our own orders.

    Entries are allowed from `entries_from` up to, not including, `entries_until`; positions of the product are
    flat from `square_off` on (None: the product is carried overnight).
    """

    day: date
    kind: str
    opens: datetime
    closes: datetime
    entries_from: datetime
    entries_until: datetime
    square_off: datetime | None

    def is_open(self, at: datetime) -> bool:
        """Whether continuous trading runs at `at`."""
        return self.opens <= at < self.closes


def session_date(at: datetime) -> date:
    """The exchange's session date of a moment: its IST calendar day (all covered segments end before midnight)."""
    return in_ist(at, "at").date()


def session_on(
    day: date,
    instrument: Instrument,
    product: str = "MIS",
    *,
    no_entry_before: time | None = None,
    no_entry_after: time | None = None,
    square_off_at: time | None = None,
) -> Session | None:
    """The session of `day` for an instrument and product, or None when the exchange is closed.

    The three times override the shipped table of the day; a short special session (muhurat) uses the table's
    distances from its own open and close instead, and an override only where it is the stricter. A square-off at or
    after the close is not taken: nothing could be sold then.

    Raises `CalendarUnknown` for a day outside the calendar, hours nobody has published, or an exchange
    segment the tables do not have.
    """
    hours = _hours(day, instrument)
    if hours is None:
        return None
    kind, opens, closes = hours
    first, last, flat = _window(day, instrument, product, kind, opens, closes)
    if no_entry_before is not None:
        first = _at(day, no_entry_before) if kind == "regular" else max(first, _at(day, no_entry_before))
    if no_entry_after is not None:
        last = _at(day, no_entry_after) if kind == "regular" else min(last, _at(day, no_entry_after))
    if square_off_at is not None and flat is not None:
        wanted = _at(day, square_off_at) if kind == "regular" else min(flat, _at(day, square_off_at))
        flat = wanted if wanted < closes else flat
    return Session(day, kind, opens, closes, first, min(last, closes), flat)


def next_session_day(day: date, instrument: Instrument) -> date | None:
    """The next day after `day` with a session, or None where the calendar ends first."""
    following = day + timedelta(days=1)
    for _ in range(30):
        try:
            if _hours(following, instrument) is not None:
                return following
        except CalendarUnknown:
            return None
        following += timedelta(days=1)
    return None


def _hours(day: date, instrument: Instrument) -> tuple[str, datetime, datetime] | None:
    text = day.isoformat()
    if not calendar.FIRST <= text <= calendar.LAST:
        raise CalendarUnknown(f"the calendar runs from {calendar.FIRST} to {calendar.LAST}, not to {text}")
    special = calendar.SPECIAL_SESSIONS.get(text)
    if special is not None:
        kind, opens, closes, _source = special
        if opens is None or closes is None:
            raise CalendarUnknown(f"the hours of the {kind} session on {text} are not in the calendar")
        regular = _regular_hours(day, instrument)
        if (opens, closes) == ("09:15", "15:30"):
            return "regular", *regular
        return kind, _at(day, _time(opens)), _at(day, _time(closes))
    if day.weekday() >= 5 or text in calendar.HOLIDAYS:
        return None
    return "regular", *_regular_hours(day, instrument)


def _regular_hours(day: date, instrument: Instrument) -> tuple[datetime, datetime]:
    group = "derivatives_listed" if instrument.derivatives_listed else "other"
    wanted = (instrument.exchange, instrument.segment)
    for first, last, exchange, segment, row_group, opens, closes, _source in calendar.HOURS:
        if (exchange, segment) == wanted and row_group in (group, "all") and covers(first, last, day):
            return _at(day, _time(opens)), _at(day, _time(closes))
    raise CalendarUnknown(f"no trading hours for {instrument.exchange} {instrument.segment} on {day.isoformat()}")


def _window(
    day: date, instrument: Instrument, product: str, kind: str, opens: datetime, closes: datetime
) -> tuple[datetime, datetime, datetime | None]:
    wanted = (instrument.exchange, instrument.segment, product)
    for first, last, exchange, segment, row_product, before, after, flat, _source in square_off.SQUARE_OFF:
        if (exchange, segment, row_product) == wanted and covers(first, last, day):
            if kind != "regular":
                return _short_window(opens, closes, carried=flat is None)
            ends = None if flat is None else _at(day, _time(flat))
            return _at(day, _time(before)), _at(day, _time(after)), ends
    raise CalendarUnknown(f"no entry and square-off times for {' '.join(wanted)} on {day.isoformat()}")


def _short_window(opens: datetime, closes: datetime, *, carried: bool) -> tuple[datetime, datetime, datetime | None]:
    settle, cut_off, flat = (timedelta(minutes=m) for m in square_off.SHORT_SESSION_MINUTES)
    return opens + settle, closes - cut_off, None if carried else closes - flat


def _time(text: str) -> time:
    return time(int(text[:2]), int(text[3:]))


def _at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, IST)
