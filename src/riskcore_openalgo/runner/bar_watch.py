"""Bars of a live day: own strategies are asked after each that has ended, and a stop that trails by the ATR gets it."""

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
from riskcore_openalgo.lab.strategy import OnBar
from riskcore_openalgo.runner.history import History

Watched: TypeAlias = tuple[str, str]
"""An instrument's key and an interval."""
LATE_S: Final = 1.0
"""So long after its end a bar is asked for: brokers take a moment to finish it."""
AGAIN_S: Final = 5.0


@define
class _Series:
    """One instrument on one interval: whose strategies, the bar they saw last, and when the next may have ended."""

    on_bars: tuple[OnBar, ...] = ()
    seen: datetime | None = None
    due: datetime | None = None
    reading: bool = False


@define
class BarWatch:
    """Reads bars when they should have ended. `look` runs in a lane of reads, everything else in the turn's thread.

    `instrument(key)` finds an instrument, or raises `ReadFailed`. A bar that ended more than `signal_max_age_s` ago
    asks no strategy: its signal would be refused as stale.
    """

    _history: History
    _instrument: Callable[[str], rc.Instrument]
    _policy: Callable[[], rc.Policy]
    _clock: Callable[[], datetime]
    _strategies: Mapping[Watched, Sequence[OnBar]] = field(factory=dict)
    _series: dict[Watched, _Series] = field(factory=dict, init=False)
    _atr: dict[str, Decimal] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        for watched, on_bars in self._strategies.items():
            self._series[watched] = _Series(tuple(on_bars))

    @property
    def keys(self) -> tuple[str, ...]:
        """The instruments that strategies watch."""
        return tuple(dict.fromkeys(key for key, _ in self._strategies))

    def due(self, now: datetime, held: Iterable[rc.Position]) -> list[Watched]:
        """What is to be read now, taken as begun."""
        policy = self._policy()
        if policy.trails_on_atr:
            for position in held:
                self._series.setdefault((position.instrument.key, policy.atr_interval or "5m"), _Series())
        found = []
        for watched, series in self._series.items():
            if not series.reading and (series.due is None or now >= series.due):
                series.reading = True
                found.append(watched)
        return found

    def look(self, watched: Watched) -> list[events.Input]:
        """Read the bars, and ask the strategies if one has ended since; their signals."""
        series, (key, interval) = self._series[watched], watched
        try:
            return self._looked(series, key, interval)
        finally:
            series.reading = False

    def atr(self, key: str) -> Decimal | None:
        """The newest ATR of an instrument whose stop trails by it."""
        with self._lock:
            return self._atr.get(key)

    def _looked(self, series: _Series, key: str, interval: str) -> list[events.Input]:
        now, policy, length = self._clock(), self._policy(), rc.interval_length(interval)
        series.due = now + timedelta(seconds=AGAIN_S)
        try:
            bars = self._history.finished(self._instrument(key), interval, now)
        except ReadFailed:
            return []
        if not bars or bars[-1].at == series.seen:
            return []
        ended = bars[-1].at + length
        series.seen, series.due = bars[-1].at, max(ended + length, now) + timedelta(seconds=LATE_S)
        fresh = rc.fresh_atr(bars, policy, bars_are=interval)
        if fresh is not None:
            with self._lock:
                self._atr[key] = fresh
        if now - ended > timedelta(seconds=policy.signal_max_age_s):
            return []
        signals = [on_bar(bars) for on_bar in series.on_bars]
        return [events.SignalArrived(self._clock(), signal) for signal in signals if signal is not None]
