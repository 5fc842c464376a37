"""RSI pullback: in a rising market buy when a dip ends, in a falling one sell when a bounce ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import riskcore as rc
from riskcore_openalgo.lab.sides import BarByBar, Judge


class RsiPullback(BarByBar):
    """BUY when the RSI comes back above `low` while the close is above its average of `trend` bars; SELL mirrored.

    RSI = 100 - 100 / (1 + up / down), with Wilder's averages of rises and falls: the plain mean of the first `period`,
    then avg + (new - avg) / period; 100 where nothing fell, 50 where nothing moved. SELL comes when it falls back below
    100 - `low` under the average.
    """

    def __init__(
        self,
        *,
        symbol: str,
        interval: str,
        period: int = 14,
        low: float = 40,
        trend: int = 50,
        name: str = "rsi_pullback",
        **about: Any,
    ) -> None:
        if period < 1 or trend < 1 or not 0 < low < 50:
            raise ValueError(f"period and trend must be at least 1 and low from 0 to 50, got {period}, {trend}, {low}")
        super().__init__(symbol=symbol, interval=interval, name=name, **about)
        self.warm_up = max(10 * period, trend) + 1
        self._period, self._low, self._trend = period, float(low), trend

    def judge(self) -> Judge:
        """Averages without a bar."""
        return _Pullback(self._period, self._low, self._trend)

    def turns(self, columns: Any) -> Iterable[tuple[int, str]]:
        """Wilder's averages one step after the other, their RSI at once; a trend only where the RSI turns."""
        import numpy as np

        close, low, period = columns.floats("close"), self._low, self._period
        if len(close) <= period:
            return
        moves = np.diff(close)
        up, down = (np.array(_wilder(np.maximum(each, 0.0).tolist(), period)) for each in (moves, -moves))
        moved = up + down
        rsi = np.where(moved > 0, 100 * up / np.where(moved > 0, moved, 1.0), 50.0)[period - 1 :]
        before, now = rsi[:-1], rsi[1:]
        rises, falls = (before <= low) & (low < now), (before >= 100 - low) & (100 - low > now)
        for place in (np.flatnonzero(rises | falls) + period + 1).tolist():
            seen = close[max(place + 1 - self._trend, 0) : place + 1].tolist()
            average = sum(seen) / len(seen)
            if len(seen) == self._trend and seen[-1] != average and rises[place - period - 1] == (seen[-1] > average):
                yield place, rc.BUY if seen[-1] > average else rc.SELL


def _wilder(moves: Sequence[float], period: int) -> list[float]:
    told, value = [], 0.0
    for count, move in enumerate(moves, 1):
        value += 1 / min(count, period) * (move - value)
        told.append(value)
    return told


class _Pullback:
    def __init__(self, period: int, low: float, trend: int) -> None:
        self._period, self._low = period, low
        self._closes: deque[float] = deque(maxlen=trend)
        self._last: float | None = None
        self._up = self._down = 0.0
        self._moves = 0
        self._rsi: float | None = None

    def __call__(self, bar: rc.Bar) -> str | None:
        close, before = float(bar.close), self._rsi
        self._closes.append(close)
        now = self._next(close)
        if before is None or now is None or len(self._closes) < (self._closes.maxlen or 0):
            return None
        average = sum(self._closes) / len(self._closes)
        if before <= self._low < now and close > average:
            return rc.BUY
        return rc.SELL if before >= 100 - self._low > now and close < average else None

    def _next(self, close: float) -> float | None:
        """The RSI after one close more; None before there are `period` moves."""
        last, self._last = self._last, close
        if last is None:
            return None
        self._moves += 1
        weight = 1 / min(self._moves, self._period)
        self._up += weight * (max(close - last, 0.0) - self._up)
        self._down += weight * (max(last - close, 0.0) - self._down)
        if self._moves >= self._period:
            moved = self._up + self._down
            self._rsi = 100 * self._up / moved if moved else 50.0
        return self._rsi
