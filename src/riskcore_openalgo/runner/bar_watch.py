"""Bars of a live day: own strategies are asked after each that has ended, and a stop that trails by the ATR gets it.

The bars before the first look are read from OpenAlgo's history (the warm-up); after that they are made of the day's
prices (`tick_bars`, which says by which rules), or read where those were not wholly seen. A bar that a strategy was
shown stays as it was shown, and each is journalled beside the signals raised on it (`BarsShown`). When a bar ends, the
session says (`bar_ends`): nothing is read while none can end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, TypeAlias

from attrs import define, field

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.client import ReadFailed
from riskcore_openalgo.lab.strategy import OnBar, Own, newer
from riskcore_openalgo.runner.asking import Asking, Tell, logged
from riskcore_openalgo.runner.bar_ends import end_of, last_end, next_end, session_of
from riskcore_openalgo.runner.history import MINUTES_A_SESSION, History
from riskcore_openalgo.runner.tick_bars import DAY, TickBars, buckets_after

Watched: TypeAlias = tuple[str, str]
"""An instrument's key and an interval."""
LATE_S: Final = 1.0
"""So long after its end a bar is asked for: brokers take a moment to finish it."""
AGAIN_S: Final = 5.0
SELDOM: Final = timedelta(minutes=1)
"""So long after the last look it is asked again where nobody tells when a bar ends, or what is missing is old."""
TICKS: Final = "ticks"
HISTORY: Final = "history"


@define
class _Series:
    """One instrument on one interval: whose strategies, the bars they are shown, and when the next may have ended."""

    on_bars: tuple[OnBar, ...] = ()
    made: bool = False
    keep: int = 0
    bars: list[rc.Bar] = field(factory=list)
    untold: list[tuple[rc.Bar, str]] = field(factory=list)
    due: datetime | None = None
    looking: bool = False
    unread: datetime | None = None
    instrument: rc.Instrument | None = None
    busy: threading.Lock = field(factory=threading.Lock, repr=False)

    @property
    def seen(self) -> datetime | None:
        """The start of the newest bar."""
        return self.bars[-1].at if self.bars else None

    @property
    def owns(self) -> list[Own]:
        """The strategies that have a name."""
        return [one for one in self.on_bars if isinstance(one, Own)]

    def add(self, found: Sequence[rc.Bar], made_of: str) -> None:
        """Bars that ended since; those that are not newer stay as they were shown."""
        new = list(newer(found, self.seen))[-self.keep :]
        self.bars = [*self.bars, *new][-self.keep :]
        if self.on_bars:
            self.untold += [(bar, made_of) for bar in new]


@define
class BarWatch:
    """Bars when they should have ended. `look` and `tick` run in a lane, everything else in the turn's thread.

    `instrument(key)` finds an instrument, or raises `ReadFailed`. A bar that ended more than `signal_max_age_s` ago
    asks no strategy: its signal would be refused as stale. Without `ticks` all bars are read. `tell(text, name=,
    subject=)` is told of a strategy that raised, that is slow, or that cannot be asked; the others are asked all the
    same.
    """

    _history: History
    _instrument: Callable[[str], rc.Instrument]
    _policy: Callable[[], rc.Policy]
    _clock: Callable[[], datetime]
    _strategies: Mapping[Watched, Sequence[OnBar]] = field(factory=dict)
    _ticks: TickBars | None = None
    _tell: Tell = logged
    _monotonic: Callable[[], float] = time.monotonic
    _asking: Asking = field(init=False)
    _series: dict[Watched, _Series] = field(factory=dict, init=False)
    _atr: dict[str, Decimal] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._asking = Asking(self._tell, self._clock, self._monotonic)
        for watched, on_bars in self._strategies.items():
            own = [one for one in on_bars if isinstance(one, Own)]
            made = self._ticks is not None and all(one.bars == TICKS for one in own) and self._ticks.watch(*watched)
            keep = most_of(watched[1], [one.warm_up for one in own])
            self._series[watched] = _Series(tuple(on_bars), made, keep)

    @property
    def keys(self) -> tuple[str, ...]:
        """The instruments that strategies watch."""
        return tuple(dict.fromkeys(key for key, _ in self._strategies))

    def wants(self, key: str) -> bool:
        """Whether some strategy wants the prices of an instrument between its bars."""
        return any(own.ticks for (watched, _), found in self._series.items() if watched == key for own in found.owns)

    def see(self, event: events.Input) -> None:
        """What the feed tells."""
        if self._ticks is not None:
            self._ticks.see(event)

    def due(self, now: datetime, held: Iterable[rc.Position]) -> list[Watched]:
        """What is to be looked at now, taken as begun."""
        policy = self._policy()
        interval = policy.atr_interval or engine.DEFAULT_INTERVAL
        trailed = {(position.instrument.key, interval) for position in held} if policy.trails_on_atr else set()
        for watched in trailed - self._series.keys():
            self._series[watched] = _Series(keep=most_of(interval, ()))
        self._forget(trailed)
        self._asking.waited(now)
        found = []
        for watched, series in self._series.items():
            if not series.looking and (series.due is None or now >= series.due):
                series.looking = True
                found.append(watched)
        return found

    def _forget(self, trailed: Collection[Watched]) -> None:
        """Look no more at what no strategy watches, and no stop trails by any more; its ATR is of then."""
        for watched, series in tuple(self._series.items()):
            if not (series.on_bars or series.looking or watched in trailed):
                del self._series[watched]
                with self._lock:
                    self._atr.pop(watched[0], None)

    def look(self, watched: Watched) -> Iterable[events.Input]:
        """Take the bars that ended; where there are strategies to ask, the bars and the signals, each as it comes."""
        series, (key, interval) = self._series[watched], watched
        asks = False
        try:
            asks = self._looked(series, key, interval)
        finally:
            series.looking = asks
        return self._ask(series, key, interval) if asks else ()

    def tick(self, prices: events.PricesSeen) -> list[events.Input]:
        """Ask the strategies that want prices between bars; their signals. One that is still being asked is not."""
        found: list[events.Input] = []
        for (key, _), series in tuple(self._series.items()):  # the turn's thread may add one meanwhile
            owns = [own for own in series.owns if own.ticks and own.warm_up <= len(series.bars)]
            if key == prices.key and owns and series.busy.acquire(blocking=False):
                try:
                    found += self._asking.of([(own, own.on_tick) for own in owns], prices)
                finally:
                    series.busy.release()
        return found

    def atr(self, key: str) -> Decimal | None:
        """The newest ATR of an instrument whose stop trails by it."""
        with self._lock:
            return self._atr.get(key)

    def _looked(self, series: _Series, key: str, interval: str) -> bool:
        """Take the bars that ended; whether the strategies are to be asked."""
        now, policy = self._clock(), self._policy()
        series.due, before = now + timedelta(seconds=AGAIN_S), series.seen
        try:
            series.instrument = instrument = self._instrument(key)
            again = self._take(series, instrument, interval, now)
        except ReadFailed as problem:
            self._unread(series, key, interval, now, problem.why)
            return False
        if series.seen is None:
            self._unread(series, key, interval, now, "OpenAlgo has none")
            return False
        series.unread = None
        series.due = again or self._next(series, instrument, interval, now)
        if series.seen == before:
            return False
        fresh = rc.fresh_atr(series.bars, policy, bars_are=interval)
        if fresh is not None:
            with self._lock:
                self._atr[key] = fresh
        ended = end_of(series.bars[-1], instrument, interval, policy)
        return bool(series.on_bars) and now - ended <= timedelta(seconds=policy.signal_max_age_s)

    def _next(self, series: _Series, instrument: rc.Instrument, interval: str, now: datetime) -> datetime:
        """When the next bar can be had."""
        ends = next_end(now, instrument, interval, self._policy())
        wait = 0.0 if series.made and series.seen is not None else LATE_S
        return now + SELDOM if ends is None else ends + timedelta(seconds=wait)

    def _unread(self, series: _Series, key: str, interval: str, now: datetime, why: str) -> None:
        """Bars that cannot be read: soon again at first, then seldom, and then when the next has ended; it is told."""
        first, series.unread = series.unread is None, series.unread or now
        if first or now - series.unread < SELDOM:
            return
        series.due, instrument = now + SELDOM, series.instrument
        if instrument is not None and series.seen is not None:
            series.due = self._next(series, instrument, interval, now)
        said = f"bars of {key} on {interval} could not be read since {series.unread:%H:%M:%S}: {why}"
        for own in series.owns:
            self._asking.say(own, "strategy_waits", f"{own.who} is not asked: {said}")

    def _take(self, series: _Series, instrument: rc.Instrument, interval: str, now: datetime) -> datetime | None:
        """Add what has ended; when to look again for a bar that is missing, None where there is none to wait for.

        From the day's prices where they were wholly seen, else from OpenAlgo.
        """
        policy = self._policy()
        ended = last_end(now, instrument, interval, policy)
        if series.made and series.seen is not None:
            try:
                self._make(series, instrument, interval, now)
            except LookupError:
                late = None if ended is None else ended + timedelta(seconds=LATE_S)
                if late is not None and now < late:
                    return late
            else:
                return None
        if series.on_bars and rc.interval_length(interval) >= DAY and ended is not None:
            series.add(self._history.so_far(instrument, interval, now), HISTORY)
        else:
            series.add(self._history.finished(instrument, interval, now), HISTORY)
        if ended is None or now - ended > timedelta(seconds=policy.signal_max_age_s):
            return None
        has_all = bool(series.bars) and end_of(series.bars[-1], instrument, interval, policy) >= ended
        return None if has_all else now + timedelta(seconds=AGAIN_S)

    def _make(self, series: _Series, instrument: rc.Instrument, interval: str, now: datetime) -> None:
        """Bars of today's session out of its prices; `LookupError` for one that was not wholly seen."""
        policy, last = self._policy(), series.bars[-1]
        session = session_of(now.date(), instrument, policy)
        if self._ticks is None:
            raise LookupError("no prices")
        if session is None:
            return
        after = next_end(end_of(last, instrument, interval, policy), instrument, interval, policy)
        if after is not None and after.date() < session.day:
            raise LookupError("bars of the day before are missing")
        for bucket in buckets_after(session, rc.interval_length(interval), last.at, now):
            bar = self._ticks.bar(instrument.key, interval, bucket)
            series.add([bar] if bar is not None else [], TICKS)

    def _ask(self, series: _Series, key: str, interval: str) -> Iterator[events.Input]:
        """Ask every strategy of a series once; the bars that none was shown before come first."""
        try:
            untold, series.untold = series.untold, []
            for made_of in (HISTORY, TICKS):
                new = tuple(bar for bar, how in untold if how == made_of)
                if new:
                    yield events.BarsShown(self._clock(), key, interval, new, made_of)
            bars = tuple(series.bars)
            ready = [one for one in series.on_bars if self._asking.warm(one, len(bars), interval)]
            with series.busy:
                for arrived in self._asking.of([(one, one) for one in ready], bars):
                    signal = engine.taken_now(arrived.signal, arrived.at, rc.interval_length(interval))
                    yield events.SignalArrived(arrived.at, signal)
        finally:
            series.looking = False


def most_of(interval: str, warm_ups: Iterable[int]) -> int:
    """How many bars of an interval are kept: those of two sessions, or what the most patient strategy needs."""
    a_session = max(int(timedelta(minutes=MINUTES_A_SESSION) / rc.interval_length(interval)), 1)
    return max(2 * a_session, 250, *warm_ups)
