"""The trading calendar: which session a moment belongs to, and when entries and positions must end.

IST has no daylight saving, so it is the fixed offset +05:30 and needs no time-zone database. A day the
calendar does not reach raises `CalendarUnknown`: it is never guessed open. That the calendar says "open" is one half
of the evidence only; a fresh price is the other.

Equity (NSE, BSE and their derivatives), currency and commodity markets keep different holidays. Of the last two no
source was found: there a day is open when equity is open on a weekday, and unknown when equity is closed, unless a
user's own calendar covers the year.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Any, Final

from attrs import evolve, frozen

from riskcore.instruments import Instrument
from riskcore.overrides import Tables, first_on, rows
from riskcore.table_checks import COMMODITY, CURRENCY, EQUITY
from riskcore.table_rows import CalendarDay, Hours, Phase, Window
from riskcore.tables import calendar, square_off

IST: Final = timezone(timedelta(hours=5, minutes=30), "IST")
CALENDAR_OF: Final = {"CDS": CURRENCY, "BCD": CURRENCY, "MCX": COMMODITY, "NCDEX": COMMODITY}
CONTINUOUS: Final = "continuous"
CLOSED: Final = "closed"
REGULAR: Final = "regular"
USUAL_HOURS: Final = ("09:15", "15:30")
_ANY_SHARE: Final = Instrument(symbol="ANY", tick="0.05")


class CalendarUnknown(LookupError):
    """The calendar cannot say whether, or when, the market is open on that day."""


def in_ist(value: Any, name: str) -> datetime:
    """`value` as an aware datetime in IST, or `ValueError` naming `name` (a naive one has no meaning)."""
    if type(value) is datetime and value.tzinfo is IST:
        return value
    if not isinstance(value, datetime) or value.tzinfo is None or value.utcoffset() is None:
        raise ValueError(
            f"{name} must be a datetime with a time zone, such as "
            f"datetime(2026, 11, 20, 10, 30, tzinfo=riskcore.IST), got {value!r}"
        )
    try:
        return value if value.tzinfo is IST else value.astimezone(IST)
    except OverflowError:
        raise ValueError(f"{name} must lie within the years 1 to 9999 in India, got {value!r}") from None


def a_day(value: Any, name: str) -> date:
    """`value` if it is a date without a time, or `ValueError` naming `name`."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError(f"{name} must be a date such as date(2026, 11, 20), got {value!r:.60}")
    return value


@frozen
class Session:
    """One day's continuous trading of one group of instruments, with the times that bind our own orders.

    Entries are allowed from `entries_from` up to, not including, `entries_until`; positions of the product are
    flat from `square_off` on (None: the product is carried overnight). A `pause` is a time between two windows of one
    day (disaster recovery tests) in which nothing trades.
    """

    day: date
    kind: str
    opens: datetime
    closes: datetime
    entries_from: datetime
    entries_until: datetime
    square_off: datetime | None
    pause: tuple[datetime, datetime] | None = None

    def is_open(self, at: datetime) -> bool:
        """Whether continuous trading runs at `at`."""
        if self.pause is not None and self.pause[0] <= at < self.pause[1]:
            return False
        return self.opens <= at < self.closes

    @property
    def hours(self) -> str:
        """When continuous trading runs, as `09:15 to 15:30`."""
        spans = [self.opens, *(self.pause or ()), self.closes]
        return " and ".join(f"{spans[n]:%H:%M} to {spans[n + 1]:%H:%M}" for n in range(0, len(spans), 2))


@frozen
class _Day:
    """What the calendar says of a day that has a session: its kind, and its own hours where it is not regular."""

    kind: str
    opens: time | None = None
    closes: time | None = None
    pause: tuple[time, time] | None = None


def session_date(at: datetime) -> date:
    """The exchange's session date of a moment: its calendar day in India, whatever the time zone of `at`.

    No covered session reaches midnight in India (commodities end at 23:55), so the day in India never changes
    within one, while the UTC day does not change at midnight in India but at 05:30.
    """
    return in_ist(at, "at").date()


@lru_cache(maxsize=64)
@lru_cache(maxsize=1024)
def day_text(day: date) -> str:
    """A day as `20261120`, as it stands in ids.

    >>> day_text(date(2026, 11, 20))
    '20261120'
    """
    return day.strftime("%Y%m%d")


def session_on(
    day: date,
    instrument: Instrument,
    product: str = "MIS",
    *,
    no_entry_before: time | None = None,
    no_entry_after: time | None = None,
    square_off_at: time | None = None,
    leave_before_min: int | None = None,
    tables: Tables | None = None,
) -> Session | None:
    """The session of `day` for an instrument and product, or None when the exchange is closed.

    The three times override the table of the day; a short special session (muhurat) uses the table's
    distances from its own open and close instead, and an override only where it is the stricter. A square-off outside
    of the hours is not taken: 15:00 says nothing of an evening's session, and after the close nothing could be sold.
    Entries end at the square-off at the latest, whatever the other two say, or `leave_before_min` minutes before it,
    where positions leave by then: one that came later would be taken off at once. A contract has no session after its
    expiry.

    Raises `CalendarUnknown` for a day outside the calendar, hours nobody has published, or an exchange
    segment the tables do not have.
    """
    if not isinstance(day, date):
        raise ValueError(f"session_on: day must be a date such as date(2026, 11, 20), got {day!r}")
    if instrument.has_expired(day):
        return None
    group = _group(instrument)
    times = (no_entry_before, no_entry_after, square_off_at)
    found = _session(day, instrument.exchange, instrument.segment, group, product, times, tables)
    if leave_before_min is None or found is None or found.square_off is None:
        return found
    leaves = found.square_off - timedelta(minutes=leave_before_min)
    return found if found.entries_until <= leaves else evolve(found, entries_until=leaves)


@lru_cache(maxsize=64)
def kinds_of_session(tables: Tables | None = None) -> frozenset[str]:
    """Every kind that a session is of by the calendar, a user's own rows included; one of the usual hours is regular.

    >>> {"regular", "muhurat"} <= kinds_of_session(), "full_session_saturday" in kinds_of_session()
    (True, False)
    """
    own = () if tables is None else tables.days
    shipped = {_shipped_kind(row) for row in calendar.SPECIAL_SESSIONS.values()}
    return frozenset({REGULAR, *shipped, *(row.kind for row in own)} - {CLOSED})


def hours_key(instrument: Instrument) -> tuple[object, ...]:
    """What `session_on` looks at of an instrument: two with equal keys have the same sessions."""
    return instrument.exchange, instrument.segment, _group(instrument), instrument.expiry


def next_session_day(day: date, instrument: Instrument, *, tables: Tables | None = None) -> date | None:
    """The next day after `day` with a session, or None where the calendar ends first, or the contract expires."""
    following = a_day(day, "day")
    for _ in range(30):
        try:
            following += timedelta(days=1)
            if instrument.has_expired(following):
                return None
            if _hours(following, instrument.exchange, instrument.segment, _group(instrument), tables) is not None:
                return following
        except (CalendarUnknown, OverflowError):
            return None
    return None


@lru_cache(maxsize=1024)
def exchange_closed(day: date, tables: Tables | None = None) -> bool:
    """Whether the calendar says that NSE does not trade on a day; a day it does not reach is taken to trade."""
    try:
        return session_on(day, _ANY_SHARE, tables=tables) is None
    except CalendarUnknown:
        return False


def closed_by(day: date, instrument: Instrument, *, tables: Tables | None = None) -> str:
    """What shuts the exchange on a day without a session: the holiday by name, a row of one's own, the day of the week.

    >>> closed_by(date(2026, 11, 24), Instrument(symbol="INFY", tick="0.1"))
    'Gurunanak Jayanti'
    """
    if instrument.has_expired(day):
        return f"it expired on {instrument.expiry}"
    if day.isoformat() in calendar.HOLIDAYS:
        return calendar.HOLIDAYS[day.isoformat()][0]
    market = CALENDAR_OF.get(instrument.exchange, EQUITY)
    own: tuple[CalendarDay, ...] = () if tables is None else tables.days
    for row in own:
        if (row.day, row.calendar, row.kind) == (day, market, CLOSED):
            return f"a holiday of {row.source}"
    return "a Saturday" if day.weekday() == 5 else "a Sunday"


def phase_at(at: datetime, instrument: Instrument, *, tables: Tables | None = None) -> str:
    """What trades at a moment: `continuous`, an auction (`pre_open`, `closing_auction`), `post_close`, or `closed`.

    Since 2026-08-03 a share with derivatives goes from continuous trading into the closing auction at 15:15, where no
    stop order rests: see `stops_rest`. Raises `CalendarUnknown` as `session_on` does.
    """
    found = _phase(in_ist(at, "at"), instrument, tables)
    return found if isinstance(found, str) else found.phase


def stops_rest(at: datetime, instrument: Instrument, *, tables: Tables | None = None) -> bool:
    """Whether a stop order rests at the exchange at a moment; one that rested until then is dead where it does not."""
    found = _phase(in_ist(at, "at"), instrument, tables)
    return found == CONTINUOUS if isinstance(found, str) else found.stop_orders


def _phase(at: datetime, instrument: Instrument, tables: Tables | None) -> str | Phase:
    if instrument.has_expired(at.date()):
        return CLOSED
    group = _group(instrument)
    found = _hours(at.date(), instrument.exchange, instrument.segment, group, tables)
    if found is None:
        return CLOSED
    kind, opens, closes, pause = found
    if opens <= at < closes and not (pause and pause[0] <= at < pause[1]):
        return CONTINUOUS
    for row in rows("phases", tables) if kind == REGULAR else ():
        about = (instrument.exchange, instrument.segment, group)
        if first_on((row,), at.date(), *about) and row.open <= at.time() < row.close:
            phase: Phase = row
            return phase
    return CLOSED


@lru_cache(maxsize=4096)
def _session(
    day: date,
    exchange: str,
    segment: str,
    group: str,
    product: str,
    times: tuple[time | None, time | None, time | None],
    tables: Tables | None,
) -> Session | None:
    hours = _hours(day, exchange, segment, group, tables)
    if hours is None:
        return None
    kind, opens, closes, pause = hours
    row = first_on(rows("square_off", tables), day, exchange, segment, product)
    if row is None:
        what = f"{exchange} {segment} {product}"
        raise CalendarUnknown(f"no entry and square-off times for {what} on {day.isoformat()}")
    ends = closes if pause is None else pause[0]
    first, last, flat = _window(row, day, closes) if kind == REGULAR else _short_window(row, opens, ends)
    if kind == REGULAR and flat is not None and not opens < flat < closes:  # a row for another group's hours
        shipped = first_on(rows("square_off", None), day, exchange, segment, product)
        flat = _short_window(row, opens, ends)[2] if shipped is None else _window(shipped, day, closes)[2]
    before, after, square = (None if moment is None else _at(day, moment) for moment in times)
    if before is not None:
        first = before if kind == REGULAR else max(first, before)
    if after is not None:
        last = after if kind == REGULAR else min(last, after)
    if square is not None and flat is not None:
        wanted = square if kind == REGULAR else min(flat, square)
        flat = wanted if opens < wanted < closes else flat
    return Session(day, kind, opens, closes, first, min(last, closes, flat or closes), flat, pause)


_Times = tuple[datetime, datetime]


def _hours(
    day: date, exchange: str, segment: str, group: str, tables: Tables | None
) -> tuple[str, datetime, datetime, _Times | None] | None:
    found = _day(day, CALENDAR_OF.get(exchange, EQUITY), tables)
    if found is None:
        return None
    if found.opens is not None and found.closes is not None:
        pause = None if found.pause is None else (_at(day, found.pause[0]), _at(day, found.pause[1]))
        return found.kind, _at(day, found.opens), _at(day, found.closes), pause
    row: Hours | None = first_on(rows("hours", tables), day, exchange, segment, group)
    if row is None:
        raise CalendarUnknown(f"no trading hours for {exchange} {segment} on {day.isoformat()}")
    return REGULAR, _at(day, row.open), _at(day, row.close), None


def _day(day: date, market: str, tables: Tables | None) -> _Day | None:
    """What a calendar says of a day: the user's row, then the user's year, then the shipped calendar."""
    own: tuple[CalendarDay, ...] = () if tables is None else tables.days
    row = next((row for row in own if row.day == day and row.calendar == market), None)
    if row is not None:
        return _own_day(row)
    if tables is not None and any(year.year == day.year and year.calendar == market for year in tables.years):
        return None if day.weekday() >= 5 else _Day(REGULAR)
    found = _shipped_day(day)
    ordinary = None if day.weekday() >= 5 else _Day(REGULAR)
    if market == EQUITY or found == ordinary:
        return found
    raise CalendarUnknown(f"the holidays of {market} markets are not in the tables, and equity is not regular on {day}")


def _own_day(row: CalendarDay) -> _Day | None:
    if row.kind in (CLOSED, REGULAR):
        return None if row.kind == CLOSED else _Day(REGULAR)
    if row.open is None or row.close is None:
        raise CalendarUnknown(f"the hours of the {row.kind} session on {row.day} are not in the calendar")
    return _Day(row.kind, row.open, row.close)


def _shipped_day(day: date) -> _Day | None:
    text = day.isoformat()
    if not calendar.FIRST <= text <= calendar.LAST:
        raise CalendarUnknown(f"the calendar runs from {calendar.FIRST} to {calendar.LAST}, not to {text}")
    special = calendar.SPECIAL_SESSIONS.get(text)
    if special is None:
        return None if day.weekday() >= 5 or text in calendar.HOLIDAYS else _Day(REGULAR)
    kind, opens, closes, pause_from, pause_to, _source = special
    if kind is None or opens is None or closes is None:
        raise CalendarUnknown(f"the hours of the {kind} session on {text} are not in the calendar")
    if _shipped_kind(special) == REGULAR:
        return _Day(REGULAR)
    pause = None if pause_from is None or pause_to is None else (_time(pause_from), _time(pause_to))
    return _Day(kind, _time(opens), _time(closes), pause)


def _shipped_kind(row: tuple[str | None, ...]) -> str:
    """What a special session of the shipped calendar is to us: one of the usual hours is as any other."""
    return REGULAR if row[1:3] == USUAL_HOURS else str(row[0])


def _group(instrument: Instrument) -> str:
    if instrument.exchange == "MCX":
        return "non_agri" if (instrument.underlying or instrument.symbol) in calendar.NON_AGRI else "other"
    return "derivatives_listed" if instrument.derivatives_listed else "other"


def _window(row: Window, day: date, closes: datetime) -> tuple[datetime, datetime, datetime | None]:
    flat = None if row.square_off is None else _moment(row.square_off, day, closes)
    return _moment(row.no_entry_before, day, closes), _moment(row.no_entry_after, day, closes), flat


def _short_window(row: Window, opens: datetime, closes: datetime) -> tuple[datetime, datetime, datetime | None]:
    settle, cut_off, flat = (timedelta(minutes=m) for m in square_off.SHORT_SESSION_MINUTES)
    return opens + settle, max(opens + settle, closes - cut_off), None if row.square_off is None else closes - flat


def _moment(text: str, day: date, closes: datetime) -> datetime:
    if text.startswith("close-"):
        return closes - timedelta(minutes=int(text.removeprefix("close-")))
    return _at(day, _time(text))


def _time(text: str) -> time:
    return time(int(text[:2]), int(text[3:]))


def _at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, IST)
