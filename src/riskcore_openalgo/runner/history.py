"""Finished bars of an instrument, kept until the next one has ended, and daily closes, kept for the day."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Final, Protocol, TypeAlias

from attrs import frozen

import riskcore as rc
from riskcore_openalgo.client import UNKNOWN, ReadFailed

DAILY: Final = "D"
OPENALGO: Final = {"1D": DAILY}
"""How OpenAlgo writes intervals that are written otherwise here."""
MINUTES_A_SESSION: Final = 375
SPARE_DAYS: Final = 5
DAY: Final = timedelta(days=1)
DAYS_A_SESSION: Final = 1.6
"""Calendar days to a trading day, weekends and holidays included."""
AGAIN_S: Final = 2.0
AHEAD: Final = timedelta(hours=1)
"""No clock is so wrong that a bar so far ahead is one that has begun."""
NOT_INDIAN_TIME: Final = "OpenAlgo's machine must be on Indian time (TZ=Asia/Kolkata), or its plugin shifts bars"
Key: TypeAlias = tuple[str, str]


class Historian(Protocol):
    """Who has bars: a `Client`."""

    def history(self, exchange: str, symbol: str, interval: str, start: date, end: date) -> tuple[rc.Bar, ...]:
        """Bars of the days from `start` to `end`, oldest first; `ReadFailed` where nobody tells."""


@frozen
class Kept:
    """Bars that had ended when they were read, when that was, and until when none more can have ended."""

    bars: tuple[rc.Bar, ...]
    read_at: datetime
    good_until: datetime


class History:
    """Bars through `source`, asked for again only when one more must have ended. Safe to call from several threads.

    `bars` is how many of an interval are wanted at least. An interval's last bar may come late: it is asked for again
    after `AGAIN_S` seconds. Bars within a day are those of continuous trading: what a broker tells of the auctions
    before and after it (flat bars, mostly) would make an ATR small, and stands in no backtest.
    """

    def __init__(self, source: Historian, *, bars: int, tables: rc.Tables | None = None) -> None:
        self._source, self._count, self._tables = source, bars, tables
        self._kept: dict[Key, Kept] = {}
        self._lock = threading.Lock()

    def finished(self, instrument: rc.Instrument, interval: str, at: datetime) -> tuple[rc.Bar, ...]:
        """The bars that have ended by `at`, oldest first: the same tuple until there is one more.

        `ReadFailed` where they cannot be read.
        """
        key = instrument.key, interval
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or at >= kept.good_until:
            kept = self._read(instrument, interval, at)
            with self._lock:
                self._kept[key] = kept
        return kept.bars if at >= kept.read_at else _ended(kept.bars, rc.interval_length(interval), at)

    def has(self, instrument: rc.Instrument, interval: str, at: datetime) -> bool:
        """Whether `finished` of that moment asks nobody."""
        with self._lock:
            kept = self._kept.get((instrument.key, interval))
        return kept is not None and at < kept.good_until

    def daily(self, instrument: rc.Instrument, at: datetime, count: int) -> tuple[rc.Bar, ...]:
        """The bars of so many sessions before today's."""
        key = instrument.key, f"{DAILY}{count}"
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or at >= kept.good_until:
            start = at.date() - timedelta(days=ceil(count * DAYS_A_SESSION) + SPARE_DAYS)
            found = self._source.history(instrument.exchange, instrument.symbol, DAILY, start, at.date())
            before = tuple(bar for bar in found if bar.at.date() < at.date())
            midnight = datetime.combine(at.date() + timedelta(days=1), datetime.min.time(), tzinfo=rc.IST)
            kept = Kept(before[-count:], at, midnight)
            with self._lock:
                self._kept[key] = kept
        return kept.bars

    def so_far(self, instrument: rc.Instrument, interval: str, at: datetime) -> tuple[rc.Bar, ...]:
        """The bars that have begun by `at`, with the one that runs as it stands; read anew at each call.

        `ReadFailed` where they cannot be read.
        """
        return tuple(bar for bar in self._bars(instrument, interval, at) if bar.at <= at)

    def _bars(self, instrument: rc.Instrument, interval: str, at: datetime) -> tuple[rc.Bar, ...]:
        name, length = OPENALGO.get(interval, interval), rc.interval_length(interval)
        start = at.date() - timedelta(days=days_for(self._count, length))
        found = self._source.history(instrument.exchange, instrument.symbol, name, start, at.date())
        if length >= DAY:
            return found
        if found and found[-1].at > at + AHEAD:
            why = f"its last bar begins at {found[-1].at:%d %b %H:%M}, which is yet to come: {NOT_INDIAN_TIME}"
            raise ReadFailed(f"history {instrument.key} {interval}", why, UNKNOWN)
        return tuple(bar for bar in found if self._continuous(bar, instrument))

    def _continuous(self, bar: rc.Bar, instrument: rc.Instrument) -> bool:
        """Whether a bar begins in continuous trading; one of a day that the calendar does not know as one does, too."""
        try:
            session = rc.session_on(bar.at.date(), instrument, tables=self._tables)
        except rc.CalendarUnknown:
            return True
        return session is None or session.opens <= bar.at < session.closes

    def _read(self, instrument: rc.Instrument, interval: str, at: datetime) -> Kept:
        bars, length = self._bars(instrument, interval, at), rc.interval_length(interval)
        return Kept(_ended(bars, length, at), at, good_until(bars, length, at))


def _ended(bars: tuple[rc.Bar, ...], length: timedelta, at: datetime) -> tuple[rc.Bar, ...]:
    return tuple(bar for bar in bars if bar.at + length <= at)


def bars_for(policy: rc.Policy) -> int:
    """How many bars of an interval a policy's ATR wants: its warm-up, and enough for its period to settle."""
    return max(policy.atr_warmup_bars, 10 * policy.atr_period)


def days_for(bars: int, length: timedelta) -> int:
    """How many calendar days back so many bars of a length reach, with days to spare."""
    a_session = max(int(timedelta(minutes=MINUTES_A_SESSION) / length), 1)
    return ceil(ceil(bars / a_session) * DAYS_A_SESSION) + SPARE_DAYS


def good_until(bars: tuple[rc.Bar, ...], length: timedelta, at: datetime) -> datetime:
    """Until when bars read at `at` hold: the end of the one that runs, or a moment from now where that is overdue.

    A bar that had not ended when it was read may still have changed, so its end is the end of what holds.
    """
    soon = at + timedelta(seconds=AGAIN_S)
    if not bars:
        return soon
    last = bars[-1].at
    ends = last + length if last + length > at else last + 2 * length
    return ends if ends > at else soon


def closes_by_key(
    history: History, instruments: Iterable[rc.Instrument], at: datetime, policy: rc.Policy
) -> tuple[tuple[str, tuple[Decimal, ...]], ...]:
    """Daily closes of instruments, as far as they can be read; what lacks them is refused by its name."""
    bars = {}
    for instrument in instruments:
        try:
            bars[instrument.key] = history.daily(instrument, at, 2 * policy.correlation_window + 1)
        except ReadFailed:
            continue
    return rc.closes_of(bars, policy)
