"""Bars of a live day: own strategies are asked after each that has ended, and a stop that trails by the ATR gets it.

The bars before the first look are read from OpenAlgo's history (the warm-up); after that they are made of the day's
prices (`tick_bars`, which says by which rules), or read where those were not wholly seen. A bar that a strategy was
shown stays as it was shown, and each is journalled beside the signals raised on it (`BarsShown`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, TypeAlias

from attrs import define, field

import riskcore as rc
from riskcore import events
from riskcore_openalgo.client import ReadFailed
from riskcore_openalgo.lab.strategy import OnBar, Own, newer
from riskcore_openalgo.runner.history import MINUTES_A_SESSION, History
from riskcore_openalgo.runner.tick_bars import TickBars, buckets_after

Watched: TypeAlias = tuple[str, str]
"""An instrument's key and an interval."""
LATE_S: Final = 1.0
"""So long after its end a bar is asked for: brokers take a moment to finish it."""
AGAIN_S: Final = 5.0
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
    reading: bool = False
    asking: threading.Lock = field(factory=threading.Lock, repr=False)

    @property
    def seen(self) -> datetime | None:
        """The start of the newest bar."""
        return self.bars[-1].at if self.bars else None

    def add(self, found: Sequence[rc.Bar], made_of: str) -> None:
        """Bars that ended since; those that are not newer stay as they were shown."""
        new = list(newer(found, self.seen))[-self.keep :]
        self.bars = [*self.bars, *new][-self.keep :]
        self.untold += [(bar, made_of) for bar in new]


@define
class BarWatch:
    """Bars when they should have ended. `look` runs in a lane of reads, everything else in the turn's thread.

    `instrument(key)` finds an instrument, or raises `ReadFailed`. A bar that ended more than `signal_max_age_s` ago
    asks no strategy: its signal would be refused as stale. Without `ticks` all bars are read. `failed(name, problem)`
    is told of a strategy that raised, and the others are asked all the same; without it, the error is raised.
    """

    _history: History
    _instrument: Callable[[str], rc.Instrument]
    _policy: Callable[[], rc.Policy]
    _clock: Callable[[], datetime]
    _strategies: Mapping[Watched, Sequence[OnBar]] = field(factory=dict)
    _ticks: TickBars | None = None
    _failed: Callable[[str, Exception], None] | None = None
    _series: dict[Watched, _Series] = field(factory=dict, init=False)
    _atr: dict[str, Decimal] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
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
        series = (found for (watched, _), found in self._series.items() if watched == key)
        return any(isinstance(one, Own) and one.ticks for found in series for one in found.on_bars)

    def see(self, event: events.Input) -> None:
        """What the feed tells."""
        if self._ticks is not None:
            self._ticks.see(event)

    def due(self, now: datetime, held: Iterable[rc.Position]) -> list[Watched]:
        """What is to be looked at now, taken as begun."""
        policy = self._policy()
        if policy.trails_on_atr:
            for position in held:
                watched = (position.instrument.key, policy.atr_interval or "5m")
                self._series.setdefault(watched, _Series(keep=most_of(watched[1], ())))
        found = []
        for watched, series in self._series.items():
            if not series.reading and (series.due is None or now >= series.due):
                series.reading = True
                found.append(watched)
        return found

    def look(self, watched: Watched) -> list[events.Input]:
        """Take the bars that ended, and ask the strategies if there are any; the bars and the signals."""
        series, (key, interval) = self._series[watched], watched
        try:
            return self._looked(series, key, interval)
        finally:
            series.reading = False

    def tick(self, prices: events.PricesSeen) -> list[events.Input]:
        """Ask the strategies that want prices between bars; their signals."""
        found: list[events.Input] = []
        for (key, _), series in self._series.items():
            if key == prices.key:
                asked = [one.on_tick for one in series.on_bars if isinstance(one, Own) and one.ticks]
                with series.asking:
                    found += self._answers([(self._name(on), on, prices) for on in asked])
        return found

    def atr(self, key: str) -> Decimal | None:
        """The newest ATR of an instrument whose stop trails by it."""
        with self._lock:
            return self._atr.get(key)

    def _looked(self, series: _Series, key: str, interval: str) -> list[events.Input]:
        now, policy, length = self._clock(), self._policy(), rc.interval_length(interval)
        series.due = now + timedelta(seconds=AGAIN_S)
        before = series.seen
        try:
            self._take(series, key, interval, now)
        except ReadFailed:
            return []
        if series.seen is None or series.seen == before:
            return []
        ended = series.seen + length
        wait = timedelta(0) if series.made else timedelta(seconds=LATE_S)
        series.due = max(ended + length, now) + wait
        fresh = rc.fresh_atr(series.bars, policy, bars_are=interval)
        if fresh is not None:
            with self._lock:
                self._atr[key] = fresh
        if now - ended > timedelta(seconds=policy.signal_max_age_s) or not series.on_bars:
            return []
        return self._ask(series, key, interval)

    def _take(self, series: _Series, key: str, interval: str, now: datetime) -> None:
        """Add what has ended: from the day's prices where they were wholly seen, else from OpenAlgo."""
        instrument, length = self._instrument(key), rc.interval_length(interval)
        if series.made and series.seen is not None:
            try:
                self._make(series, instrument, interval, now)
            except LookupError:
                if now < series.bars[-1].at + 2 * length + timedelta(seconds=LATE_S):
                    series.due = series.bars[-1].at + 2 * length + timedelta(seconds=LATE_S)
                    return
            else:
                return
        series.add(self._history.finished(instrument, interval, now), HISTORY)

    def _make(self, series: _Series, instrument: rc.Instrument, interval: str, now: datetime) -> None:
        """Bars of today's session out of its prices; `LookupError` for one that was not wholly seen."""
        session, length = (
            rc.session_on(now.date(), instrument, tables=self._policy().tables),
            rc.interval_length(interval),
        )
        if session is None or self._ticks is None:
            raise LookupError("no session, or no prices")
        series.due = now + timedelta(seconds=AGAIN_S)
        for bucket in buckets_after(session, length, series.bars[-1].at, now):
            bar = self._ticks.bar(instrument.key, interval, bucket)
            series.add([bar] if bar is not None else [], TICKS)
        running = session.opens + max((now - session.opens) // length + 1, 1) * length
        series.due = min(running, session.closes) if now < session.closes else series.due

    def _ask(self, series: _Series, key: str, interval: str) -> list[events.Input]:
        """Ask every strategy of a series once; the bars that none was shown before come first."""
        untold, series.untold = series.untold, []
        told: list[events.Input] = [
            events.BarsShown(self._clock(), key, interval, tuple(bar for bar, how in untold if how == made_of), made_of)
            for made_of in (HISTORY, TICKS)
            if any(how == made_of for _, how in untold)
        ]
        bars = tuple(series.bars)
        with series.asking:
            return told + self._answers([(self._name(on_bar), on_bar, bars) for on_bar in series.on_bars])

    def _answers(self, asked: Sequence[tuple[str, Callable[..., rc.Signal | None], object]]) -> list[events.Input]:
        found: list[events.Input] = []
        for name, ask, shown in asked:
            try:
                signal = ask(shown)
            except Exception as problem:
                if self._failed is None:
                    raise
                self._failed(name, problem)
                continue
            if signal is not None:
                found.append(events.SignalArrived(self._clock(), signal))
        return found

    @staticmethod
    def _name(asked: Callable[..., rc.Signal | None]) -> str:
        own = getattr(asked, "__self__", asked)
        return f"strategy {own.name} for {own.symbol}" if isinstance(own, Own) else "a strategy"


def most_of(interval: str, warm_ups: Iterable[int]) -> int:
    """How many bars of an interval are kept: those of two sessions, or what the most patient strategy needs."""
    a_session = max(int(timedelta(minutes=MINUTES_A_SESSION) / rc.interval_length(interval)), 1)
    return max(2 * a_session, 250, *warm_ups)
