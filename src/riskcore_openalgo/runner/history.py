"""Finished bars of an instrument, kept until the next one has ended, and daily closes, kept for the day."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Final, Protocol, TypeAlias

from attrs import frozen

import riskcore as rc
from riskcore_openalgo.client import ReadFailed
from riskcore_openalgo.client.failures import UNKNOWN

DAILY: Final = "D"
OPENALGO: Final = {"1D": DAILY}
"""How OpenAlgo writes intervals that are written otherwise here."""
MINUTES_A_SESSION: Final = 375
SPARE_DAYS: Final = 5
DAY: Final = timedelta(days=1)
DAYS_A_SESSION: Final = 1.6
"""Calendar days to a trading day, weekends and holidays included."""
AGAIN_S: Final = 2.0
BESIDE: Final = timedelta(hours=1)
"""So far from continuous trading the auctions before and after it lie, at most."""
AMISS: Final = 10
"""One bar in so many may stand where nothing trades, on a day of drills, say: more, and the times are wrong."""
ASKED_AGAIN: Final = 2
"""So many sessions that a history leaves out are asked for once more, the newest."""
TODAY_BY: Final = timedelta(minutes=5)
"""So long after the first bar of a day has ended there is one, or the history lacks the day."""
Key: TypeAlias = tuple[str, str]
Sessions: TypeAlias = Mapping[date, "rc.Session | None"]


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
    before and after it (flat bars, mostly) would make an ATR small, and stands in no backtest. Bars whose times cannot
    be right (of a server in another time zone, days one off), and none of today, are `ReadFailed` as well.
    """

    def __init__(self, source: Historian, *, bars: int, tables: rc.Tables | None = None) -> None:
        self._source, self._count, self._tables = source, bars, tables
        self._kept: dict[Key, Kept] = {}
        self._by_day: dict[tuple[str, str, date], tuple[rc.Bar, ...]] = {}
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
        """The bars of so many sessions before today's: kept for the day, but for none, which are asked for again."""
        key = instrument.key, f"{DAILY}{count}"
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or at >= kept.good_until:
            start = at.date() - timedelta(days=ceil(count * DAYS_A_SESSION) + SPARE_DAYS)
            found = self._source.history(instrument.exchange, instrument.symbol, DAILY, start, at.date())
            sessions = self._sessions((bar.at.date() for bar in found), instrument)
            in_place(f"history {instrument.key} {DAILY}", found, sessions)
            before = tuple(bar for bar in found if bar.at.date() < at.date())
            midnight = datetime.combine(at.date() + timedelta(days=1), datetime.min.time(), tzinfo=rc.IST)
            kept = Kept(before[-count:], at, midnight if before else at + timedelta(seconds=AGAIN_S))
            with self._lock:
                self._kept[key] = kept
        return kept.bars

    def so_far(self, instrument: rc.Instrument, interval: str, at: datetime) -> tuple[rc.Bar, ...]:
        """The bars that have begun by `at`, with the one that runs as it stands; read anew at each call.

        `ReadFailed` where they cannot be read, or end before today: some plugins leave the day's own bar out.
        """
        begun = tuple(bar for bar in self._bars(instrument, interval, at) if bar.at <= at)
        trades = self._sessions([at.date()], instrument).get(at.date()) is not None
        if begun and trades and not _any_of(begun, at.date()):
            raise ReadFailed(f"history {instrument.key} {interval}", "no bar of today", UNKNOWN)
        return begun

    def _bars(self, instrument: rc.Instrument, interval: str, at: datetime) -> tuple[rc.Bar, ...]:
        name, length = OPENALGO.get(interval, interval), rc.interval_length(interval)
        start = at.date() - timedelta(days=days_for(self._count, length))
        found = self._source.history(instrument.exchange, instrument.symbol, name, start, at.date())
        what = f"history {instrument.key} {name}"
        if not found or length >= DAY:
            return in_place(what, found, self._sessions((bar.at.date() for bar in found), instrument))
        days, first = (at.date() - start).days, found[0].at.date()
        sessions = self._sessions((start + DAY * ahead for ahead in range(days + 1)), instrument)
        began = [day for day, session in sessions.items() if session and at >= session.opens + length + TODAY_BY]
        wanted = [day for day in began if day >= first]
        found = self._filled(instrument, name, within_hours(what, found, sessions), wanted, at.date())
        kept = tuple(bar for bar in found if _trades(bar, length, sessions))
        today = sessions.get(at.date())
        if today is not None and at.date() in wanted and not _any_of(kept, at.date()):
            raise ReadFailed(what, f"no bar of today, though it trades since {today.opens:%H:%M}", UNKNOWN)
        return kept

    def _filled(
        self, instrument: rc.Instrument, name: str, found: tuple[rc.Bar, ...], wanted: Collection[date], today: date
    ) -> tuple[rc.Bar, ...]:
        """The same, and bars of the newest sessions among them that were left out, as far as they can be had.

        Plugins ask in pieces, and leave out what fails, or a day at each seam, and say nothing.
        """
        missing = sorted(set(wanted) - {bar.at.date() for bar in found}, reverse=True)
        more: list[rc.Bar] = []
        for day in missing[:ASKED_AGAIN]:
            with suppress(ReadFailed):
                more += self._of_day(instrument, name, day, today)
        return tuple(sorted((*found, *more), key=lambda bar: bar.at)) if more else found

    def _of_day(self, instrument: rc.Instrument, name: str, day: date, today: date) -> tuple[rc.Bar, ...]:
        """The bars of one day; of a day that is over they are asked for once, for what did not trade has none."""
        key = instrument.key, name, day
        with self._lock:
            kept = self._by_day.get(key)
        if kept is None:
            told = self._source.history(instrument.exchange, instrument.symbol, name, day, day)
            kept = tuple(bar for bar in told if bar.at.date() == day)
            if day < today:
                with self._lock:
                    self._keep(key, kept)
        return kept

    def _keep(self, key: tuple[str, str, date], bars: tuple[rc.Bar, ...]) -> None:
        """Those of a day, in the place of the oldest that is not asked for any more: a run goes on for weeks."""
        self._by_day[key] = bars
        for old in sorted(other for other in self._by_day if other[:2] == key[:2])[:-ASKED_AGAIN]:
            del self._by_day[old]

    def _sessions(self, days: Iterable[date], instrument: rc.Instrument) -> Sessions:
        """The sessions of days, None where there is none; a day that the calendar does not know is left out."""
        found: dict[date, rc.Session | None] = {}
        for day in set(days):
            with suppress(rc.CalendarUnknown):
                found[day] = rc.session_on(day, instrument, tables=self._tables)
        return found

    def _read(self, instrument: rc.Instrument, interval: str, at: datetime) -> Kept:
        bars, length = self._bars(instrument, interval, at), rc.interval_length(interval)
        return Kept(_ended(bars, length, at), at, good_until(bars, length, at))


def _ended(bars: tuple[rc.Bar, ...], length: timedelta, at: datetime) -> tuple[rc.Bar, ...]:
    return tuple(bar for bar in bars if bar.at + length <= at)


def in_place(what: str, bars: tuple[rc.Bar, ...], sessions: Sessions) -> tuple[rc.Bar, ...]:
    """Bars of days; `ReadFailed` where too many stand on days without a session: each is dated a day off, then."""
    amiss = [bar for bar in bars if bar.at.date() in sessions and sessions[bar.at.date()] is None]
    if len(amiss) * AMISS > len(bars):
        told = f"{len(amiss)} of {len(bars)} stand on days without trading, the last on {amiss[-1].at:%Y-%m-%d}"
        raise ReadFailed(what, f"the days of the bars are wrong: {told}", UNKNOWN)
    return bars


def within_hours(what: str, bars: tuple[rc.Bar, ...], sessions: Sessions) -> tuple[rc.Bar, ...]:
    """Bars within a day; `ReadFailed` where too many lie far from the hours of trading: of another time zone."""
    amiss = [bar for bar in bars if _is_far(bar, sessions.get(bar.at.date()))]
    if len(amiss) * AMISS > len(bars):
        told = f"{len(amiss)} of {len(bars)} lie outside of all trading, the last at {amiss[-1].at:%Y-%m-%d %H:%M}"
        raise ReadFailed(what, f"the times of the bars are wrong: {told}; does OpenAlgo's server run on IST?", UNKNOWN)
    return bars


def _is_far(bar: rc.Bar, session: rc.Session | None) -> bool:
    return session is not None and not session.opens - BESIDE <= bar.at < session.closes + BESIDE


def _trades(bar: rc.Bar, length: timedelta, sessions: Sessions) -> bool:
    """Whether a bar has some of continuous trading, or is of a day that the calendar does not know as one of trading.

    Where brokers begin bars on the hour, the one of 09:00 has the first 45 minutes.
    """
    session = sessions.get(bar.at.date())
    return session is None or (bar.at < session.closes and bar.at + length > session.opens)


def _any_of(bars: Collection[rc.Bar], day: date) -> bool:
    return any(bar.at.date() == day for bar in bars)


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
