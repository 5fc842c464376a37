"""Bars made of the prices of a live day: anchored at the session's open, closed by the clock, whole or not at all.

The rules, in full:

* A bucket begins at the session's open plus whole lengths, and ends a length later, or with the session: a 1h bar that
  begins at 15:15 ends at 15:30. Prices outside the session are in none.
* A span of prices belongs to the bucket in which it was seen: what arrives after the end of a bucket, however old its
  sender says it is, counts in the next one. A bar that has ended never changes. A span older than the bucket that
  runs is dropped and counted in `late`.
* A bucket ends by the clock. One in which no price came is no bar, as in OpenAlgo's history, and asks no strategy.
* A bar counts only if every price of its bucket could be seen: the stream was up, and had not gone silent, from
  `SETTLE` before the bucket began until it ended. Any other is not given out: it is read from OpenAlgo's history.
* The stream tells no volume that adds up, so these bars have none: a strategy that needs it says `bars: history`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from attrs import define, evolve, field, frozen

import riskcore as rc
from riskcore import events
from riskcore_openalgo.live_feed.troubles import STALE, STREAM_SILENT

SETTLE: Final = timedelta(seconds=5)
"""A stream that came up takes a moment to bring every instrument that was asked for."""
SILENT: Final = (STALE, STREAM_SILENT)
DAY: Final = timedelta(days=1)
KEPT: Final = 8
"""So many buckets that ended are remembered for whoever asks a moment later."""
Hours: TypeAlias = Callable[[str, datetime], rc.Session | None]


@frozen
class Bucket:
    """A stretch of a session that becomes one bar: from `at` up to, not including, `ends`."""

    at: datetime
    ends: datetime


@define
class _Making:
    """One instrument on one interval: its running bar, and the last ones that ended."""

    length: timedelta
    running: rc.Bar | None = None
    bucket: Bucket | None = None
    ended: deque[tuple[datetime, rc.Bar]] = field(factory=lambda: deque(maxlen=KEPT))


@define
class TickBars:
    """Bars of the watched instruments. `see` is called in the turn's thread, the rest from any.

    `hours(key, at)` is the session of an instrument on that day, None where there is none or nobody knows.
    """

    _hours: Hours
    late: int = field(default=0, init=False)
    _making: dict[tuple[str, str], _Making] = field(factory=dict, init=False)
    _up_at: datetime | None = field(default=None, init=False)
    _silent: dict[str, datetime | None] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def watch(self, key: str, interval: str) -> bool:
        """Make bars of an instrument from now on; whether that is possible, which it is below a day."""
        length = rc.interval_length(interval)
        with self._lock:
            if length < DAY:
                self._making.setdefault((key, interval), _Making(length))
        return length < DAY

    def see(self, event: events.Input) -> None:
        """What the feed tells: prices, a connection that came or went, a stream that fell silent or speaks again."""
        with self._lock:
            match event:
                case events.PricesSeen():
                    for (key, _), making in self._making.items():
                        if key == event.key:
                            self._take(making, event)
                case events.ConnectionSeen():
                    self._up_at = event.at if event.connected else None
                case events.TroubleSeen() if event.name in SILENT:
                    self._silent[event.key] = None
                case events.TroubleOver() if event.name in SILENT:
                    self._silent[event.key] = event.at

    def bar(self, key: str, interval: str, bucket: Bucket) -> rc.Bar | None:
        """The bar of a bucket that has ended; None where no price came, `LookupError` where it was not wholly seen."""
        with self._lock:
            making = self._making.get((key, interval))
            seen_from = self._seen_from(key)
            if making is None or seen_from is None or seen_from + SETTLE > bucket.at:
                raise LookupError(f"the prices of {key} from {bucket.at:%H:%M:%S} on were not all seen")
            if making.bucket == bucket:
                return making.running
            if len(making.ended) == KEPT and bucket.at < making.ended[0][0]:
                raise LookupError(f"the bar of {key} from {bucket.at:%H:%M:%S} on is forgotten by now")
            return next((bar for at, bar in making.ended if at == bucket.at), None)

    def _seen_from(self, key: str) -> datetime | None:
        """Since when every price of an instrument has been seen; None while that is not so."""
        silent = self._silent.get(key, self._up_at)
        return None if silent is None or self._up_at is None else max(silent, self._up_at)

    def _take(self, making: _Making, span: events.PricesSeen) -> None:
        session = self._hours(span.key, span.at)
        bucket = None if session is None else bucket_of(session, making.length, span.at)
        if bucket is None:
            return
        if making.bucket is not None and bucket.at < making.bucket.at:
            self.late += 1
        elif bucket == making.bucket and making.running is not None:
            bar = making.running
            high, low = max(bar.high, span.high), min(bar.low, span.low)
            making.running = evolve(bar, high=high, low=low, close=span.last)
        else:
            if making.bucket is not None and making.running is not None:
                making.ended.append((making.bucket.at, making.running))
            making.bucket = bucket
            making.running = rc.Bar(
                at=bucket.at, open=span.first, high=span.high, low=span.low, close=span.last, volume=0
            )


def bucket_of(session: rc.Session, length: timedelta, at: datetime) -> Bucket | None:
    """The bucket of a session in which a moment lies; None outside its hours.

    at = opens + floor((moment - opens) / length) x length; ends = min(at + length, closes).
    """
    if not session.opens <= at < session.closes:
        return None
    start = session.opens + (at - session.opens) // length * length
    return Bucket(start, min(start + length, session.closes))


def buckets_after(session: rc.Session, length: timedelta, last: datetime, now: datetime) -> list[Bucket]:
    """The buckets of a session that begin after `last` and have ended by `now`, oldest first."""
    return [bucket for bucket in _buckets(session, length) if bucket.at > last and bucket.ends <= now]


def bucket_ends(session: rc.Session, length: timedelta) -> list[datetime]:
    """When the buckets of a session end, in order."""
    return [bucket.ends for bucket in _buckets(session, length)]


def _buckets(session: rc.Session, length: timedelta) -> Iterator[Bucket]:
    start = session.opens
    while start < session.closes:
        yield Bucket(start, min(start + length, session.closes))
        start += length
