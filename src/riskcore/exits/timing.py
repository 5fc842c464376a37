"""When a position has had its time: candles since the entry, minutes since the entry, minutes before the square-off."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from riskcore.policy import Policy
from riskcore.positions import Position
from riskcore.sessions import CalendarUnknown, Session, session_on

UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "D": timedelta(days=1)}
LONGEST_BREAK: Final = 10
LONGEST_WALK: Final = 3700


def candle_length(interval: str) -> timedelta:
    """`5m`, `1h` or `1D` as a length of time."""
    return int(interval[:-1]) * UNITS[interval[-1]]


def last_candle_end(at: datetime, session: Session, interval: str) -> datetime | None:
    """The latest end of a candle at or before `at` in that session; None before the first.

    Candles are counted from the session's open; the last one ends with the session, however short it is.
    """
    if at >= session.closes:
        return session.closes
    whole = (at - session.opens) // candle_length(interval)
    return session.opens + whole * candle_length(interval) if whole >= 1 else None


def candle_close(position: Position, last: Decimal, *, since: datetime, at: datetime, policy: Policy) -> Decimal | None:
    """The close of a candle of `trail_interval` that ended since the position was last looked at, or None.

    Prices that began before the candle's end and reach up to it end with its close (`last`); where they all came
    after it, its close is the price before them. A day the calendar cannot tell has no candles.
    """
    looked = position.trail.seen_at or position.opened_at
    for back in range(LONGEST_BREAK):
        day = at.date() - timedelta(days=back)
        if looked is not None and day < looked.date():
            return None
        session = session_of(position, day, policy)
        ended = None if session is None else last_candle_end(at, session, policy.trail_interval)
        if ended is not None:
            if looked is not None and ended <= looked:
                return None
            return last if since < ended or position.last is None else position.last
    return None


def time_stop_at(position: Position, day: date, policy: Policy) -> tuple[datetime, str] | None:
    """The moment of `day` or before at which a position must leave for its time, and the setting that says so.

    The earliest of: entry + `time_stop_min`; the end of the n-th candle since the entry, n = `time_stop_bars`, the
    candle of the entry counted; the square-off of `day` - `time_stop_before_square_off_min`. None where none is set,
    or nothing is known of the entry or the session.
    """
    moments: list[tuple[datetime, str]] = []
    opened = position.opened_at
    if policy.time_stop_min is not None and opened is not None:
        moments.append((opened + timedelta(minutes=policy.time_stop_min), "time_stop_min"))
    if policy.time_stop_bars is not None and opened is not None:
        ends = _nth_candle_end(position, opened, day, policy)
        if ends is not None:
            moments.append((ends, "time_stop_bars"))
    if policy.time_stop_before_square_off_min is not None:
        session = session_of(position, day, policy)
        if session is not None and session.square_off is not None:
            early = timedelta(minutes=policy.time_stop_before_square_off_min)
            moments.append((session.square_off - early, "time_stop_before_square_off_min"))
    return min(moments, default=None)


def time_stop_due(position: Position, at: datetime, policy: Policy) -> str | None:
    """The setting by which a position has had its time at `at`, or None; whether it can be sold then is not asked."""
    if not policy.stops_by_time:
        return None
    found = time_stop_at(position, at.date(), policy)
    return found[1] if found is not None and at >= found[0] else None


def _nth_candle_end(position: Position, opened: datetime, until: date, policy: Policy) -> datetime | None:
    """The end of the n-th candle after the entry; None where that is after `until`."""
    assert policy.time_stop_bars is not None
    left, day, length = policy.time_stop_bars, opened.date(), candle_length(policy.trail_interval)
    for _ in range(LONGEST_WALK):
        if day > until:
            return None
        session = session_of(position, day, policy)
        if session is not None:
            start = max(opened, session.opens)
            before = (start - session.opens) // length
            all_of_them = -((session.opens - session.closes) // length)
            if before + left <= all_of_them:
                return min(session.opens + (before + left) * length, session.closes)
            left -= max(all_of_them - before, 0)
        day += timedelta(days=1)
    return None


def session_of(position: Position, day: date, policy: Policy) -> Session | None:
    """The session of a position on a day; None where there is none, and where the calendar does not tell."""
    try:
        return session_on(
            day, position.instrument, position.product, square_off_at=policy.square_off_at, tables=policy.tables
        )
    except CalendarUnknown:
        return None
