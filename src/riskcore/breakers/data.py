"""Breakers on what we see and how late: prices that stopped, a clock that drifts, a connection that is gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from riskcore.book import Book, Position
from riskcore.breakers.measure import ACTION, CONNECTED, DEGRADED, LOST, NO_ENTRIES, Measure, Observations
from riskcore.policy import Policy
from riskcore.policy.breakers import ConnectionTimers
from riskcore.sessions import CalendarUnknown, session_on

MICROSECOND: Final = timedelta(microseconds=1)
MICROSECONDS: Final = Decimal(1_000_000)


def stale_data(position: Position, observed: Observations, policy: Policy, at: datetime) -> Measure | None:
    """Seconds of open market since the last price of a held instrument, against `stale_after_s`.

    Counted from the last price, the fill that opened the position, or today's open, whichever is latest: a closed
    market sends no prices. None while switched off, out of hours, or on a day the calendar cannot tell.
    """
    most = policy.stale_after_s
    if most is None:
        return None
    key = position.instrument.key
    try:
        session = session_on(at.date(), position.instrument, position.product, tables=policy.tables)
    except CalendarUnknown:
        return None
    if session is None or not session.is_open(at):
        return None
    seen = (observed.price_at(key), position.opened_at, session.opens)
    age = at - max(moment for moment in seen if moment is not None)
    return Measure("stale_after_s", seconds(age), most, "s without a price", key)


def clock_drift(book: Book, observed: Observations, policy: Policy, at: datetime) -> Measure | None:
    """The last measured drift of our clock in seconds, either way, against `max_clock_drift_s`."""
    most = policy.max_clock_drift_s
    if most is None or observed.drift_s is None:
        return None
    return Measure("max_clock_drift_s", abs(observed.drift_s), most, "s of clock drift")


def connection(book: Book, observed: Observations, policy: Policy, at: datetime) -> Measure | None:
    """Seconds the connection has been gone, against `no_entries_s` of its mode's `connection_timers`."""
    timers = timers_of(observed, policy)
    if timers is None:
        return None
    return Measure("connection_timers", _gone(observed, at), timers.no_entries_s, "s without a connection")


def connection_stage(observed: Observations, policy: Policy, at: datetime) -> str:
    """What the loss of the connection has led to by now: one of `STAGES`.

    A mode without timers knows only connected and lost.
    """
    if observed.lost_at is None:
        return CONNECTED
    timers = timers_of(observed, policy)
    if timers is None:
        return LOST
    gone = _gone(observed, at)
    steps = ((timers.degraded_s, DEGRADED), (timers.no_entries_s, NO_ENTRIES), (timers.action_s, ACTION))
    return ([LOST] + [stage for after, stage in steps if gone >= after])[-1]


def timers_of(observed: Observations, policy: Policy) -> ConnectionTimers | None:
    """The timers of the mode that the connection serves, if the policy has any."""
    return next((timers for timers in policy.connection_timers if timers.mode == observed.mode), None)


def _gone(observed: Observations, at: datetime) -> Decimal:
    return Decimal(0) if observed.lost_at is None else max(seconds(at - observed.lost_at), Decimal(0))


def seconds(length: timedelta) -> Decimal:
    """A length of time in seconds, exactly."""
    return Decimal(length // MICROSECOND) / MICROSECONDS
