"""Donchian breakout: buy a close above the highest high of the bars before, sell one below their lowest low."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import riskcore as rc
from riskcore_openalgo.lab.sides import BarByBar, Judge


class Donchian(BarByBar):
    """A signal on the first close outside the channel of the `bars` bars before it; the next in a row say nothing."""

    def __init__(self, *, symbol: str, interval: str, bars: int = 20, name: str = "donchian", **about: Any) -> None:
        if bars < 1:
            raise ValueError(f"bars must be at least 1, got {bars}")
        super().__init__(symbol=symbol, interval=interval, name=name, **about)
        self.warm_up = bars + 1
        self._bars = bars

    def judge(self) -> Judge:
        """A channel without a bar."""
        return _Channel(self._bars)

    def turns(self, columns: Any) -> Iterable[tuple[int, str]]:
        """Which side of its channel each close is on, and where that begins."""
        import numpy as np

        count = self._bars
        if len(columns) <= count:
            return ()
        windows = np.lib.stride_tricks.sliding_window_view
        high, low, close = (columns.floats(name) for name in ("high", "low", "close"))
        side = np.zeros(len(close), dtype=np.int8)
        side[count:] += close[count:] > windows(high[:-1], count).max(axis=1)
        side[count:] -= close[count:] < windows(low[:-1], count).min(axis=1)
        begins = np.flatnonzero((side[1:] != side[:-1]) & (side[1:] != 0)) + 1
        return ((place, rc.BUY if side[place] > 0 else rc.SELL) for place in begins.tolist())


class _Channel:
    def __init__(self, bars: int) -> None:
        self._highs: deque[Decimal] = deque(maxlen=bars)
        self._lows: deque[Decimal] = deque(maxlen=bars)
        self._outside: str | None = None

    def __call__(self, bar: rc.Bar) -> str | None:
        side = None
        if len(self._highs) == self._highs.maxlen:
            side = rc.BUY if bar.close > max(self._highs) else rc.SELL if bar.close < min(self._lows) else None
        self._highs.append(bar.high)
        self._lows.append(bar.low)
        before, self._outside = self._outside, side
        return None if side == before else side
