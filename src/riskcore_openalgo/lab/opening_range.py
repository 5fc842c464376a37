"""Opening-range breakout: buy the first close above the range of the day's first minutes, sell the first below it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import riskcore as rc
from riskcore_openalgo.lab.sides import BarByBar, Judge


class OpeningRange(BarByBar):
    """One signal a side and day. The range is high and low of the bars that begin in the day's first `minutes`.

    The day begins with its first bar: a runner that starts later reads the bars from there on.
    """

    def __init__(
        self, *, symbol: str, interval: str, minutes: int = 15, name: str = "opening_range", **about: Any
    ) -> None:
        length = rc.interval_length(interval)
        if timedelta(minutes=minutes) < length or length >= timedelta(days=1):
            raise ValueError(f"minutes must hold one bar or more of a day, got minutes={minutes} of {interval} bars")
        super().__init__(symbol=symbol, interval=interval, name=name, **about)
        self._minutes = timedelta(minutes=minutes)

    def judge(self) -> Judge:
        """A range that begins with the first bar of each day."""
        return _Range(self._minutes)

    def turns(self, columns: Any) -> Iterable[tuple[int, str]]:
        """Day by day: the range, and the first close beyond either side of it."""
        import numpy as np

        from riskcore_openalgo.lab.columns import DAY, IST_AHEAD, SECOND

        at = columns.at
        high, low, close = (columns.floats(name) for name in ("high", "low", "close"))
        starts = np.flatnonzero(np.diff((at + IST_AHEAD) // DAY, prepend=-1))
        length = round(self._minutes.total_seconds()) * SECOND
        for first, last in zip(starts.tolist(), [*starts[1:].tolist(), len(at)], strict=True):
            ready = int(np.searchsorted(at[:last], at[first] + length))
            above = close[ready:last] > high[first:ready].max()
            below = close[ready:last] < low[first:ready].min()
            for broken, side in ((above, rc.BUY), (below, rc.SELL)):
                if broken.any():
                    yield ready + int(broken.argmax()), side


class _Range:
    def __init__(self, minutes: timedelta) -> None:
        self._minutes = minutes
        self._day: date | None = None
        self._ends: datetime | None = None
        self._high = self._low = Decimal(0)
        self._done: set[str] = set()

    def __call__(self, bar: rc.Bar) -> str | None:
        if bar.at.date() != self._day:
            self._day, self._ends = bar.at.date(), bar.at + self._minutes
            self._high, self._low, self._done = bar.high, bar.low, set()
        assert self._ends is not None
        if bar.at < self._ends:
            self._high, self._low = max(self._high, bar.high), min(self._low, bar.low)
            return None
        side = rc.BUY if bar.close > self._high else rc.SELL if bar.close < self._low else None
        if side is None or side in self._done:
            return None
        self._done.add(side)
        return side
