"""EMA cross: buy when the fast average crosses above the slow one, sell when it crosses below."""

from __future__ import annotations

from collections.abc import Sequence

import riskcore as rc


class EmaCross:
    """A signal on the bar in which the fast exponential average changes sides of the slow one.

    EMA[0] = close[0]; EMA[i] = EMA[i-1] + 2 / (n + 1) x (close[i] - EMA[i-1]). The first `slow` bars give no
    signal. The averages are floats: a strategy's view may be inexact, what is decided from it is not.
    """

    def __init__(
        self,
        *,
        symbol: str,
        interval: str,
        fast: int = 9,
        slow: int = 21,
        name: str = "ema_cross",
        source: str = "own",
    ) -> None:
        if not 1 <= fast < slow:
            raise ValueError(f"fast must be at least 1 and below slow, got fast={fast} slow={slow}")
        self._symbol, self._interval, self._name, self._source = symbol, interval, name, source
        self._length = rc.interval_length(interval)
        self._fast_weight, self._slow_weight, self._warm_up = 2 / (fast + 1), 2 / (slow + 1), slow
        self._fast = self._slow = 0.0
        self._above: bool | None = None
        self._seen = 0

    def __call__(self, bars: Sequence[rc.Bar]) -> rc.Signal | None:
        """Look at the bars so far; a signal only for the last of them."""
        signal = None
        for bar in bars[self._seen :]:
            signal = self._next(bar)
        return signal

    def _next(self, bar: rc.Bar) -> rc.Signal | None:
        close = float(bar.close)
        self._fast = close if not self._seen else self._fast + self._fast_weight * (close - self._fast)
        self._slow = close if not self._seen else self._slow + self._slow_weight * (close - self._slow)
        self._seen += 1
        above, before = self._fast > self._slow, self._above
        self._above = above
        if before is None or above == before or self._seen <= self._warm_up:
            return None
        return rc.Signal(
            self._symbol,
            rc.BUY if above else rc.SELL,
            at=bar.at + self._length,
            price=bar.close,
            bar_at=bar.at,
            interval=self._interval,
            strategy=self._name,
            source=self._source,
        )
