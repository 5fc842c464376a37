"""EMA cross: buy when the fast average crosses above the slow one, sell when it crosses below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import riskcore as rc
from riskcore_openalgo.lab.strategy import newer


class EmaCross:
    """A signal on the bar in which the fast exponential average changes sides of the slow one.

    EMA[0] = close[0]; EMA[i] = EMA[i-1] + 2 / (n + 1) x (close[i] - EMA[i-1]). The first `slow` bars give no
    signal. The averages are floats: a strategy's view may be inexact, what is decided from it is not. An average never
    forgets its first bar wholly: after `warm_up` bars that bar weighs less than a thousandth.
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
        self.warm_up = 4 * slow
        self._symbol, self._interval, self._name, self._source = symbol, interval, name, source
        self._length = rc.interval_length(interval)
        self._periods = fast, slow
        self._averages = _Averages(fast, slow)
        self._last: datetime | None = None

    def __call__(self, bars: Sequence[rc.Bar]) -> rc.Signal | None:
        """The same as `on_bar`: an instance is a plain function too."""
        return self.on_bar(bars)

    def on_bar(self, bars: Sequence[rc.Bar]) -> rc.Signal | None:
        """Take the bars that are newer than the last one taken, wherever those shown begin; answer the last."""
        signal = None
        for bar in newer(bars, self._last):
            signal = self._signal(bar, self._averages.crossed(float(bar.close)))
            self._last = bar.at
        return signal

    def signals(self, bars: Sequence[rc.Bar]) -> tuple[rc.Signal | None, ...]:
        """The answers to all of these bars, by averages that begin with the first of them."""
        averages = _Averages(*self._periods)
        return tuple(self._signal(bar, averages.crossed(float(bar.close))) for bar in bars)

    def _signal(self, bar: rc.Bar, side: str | None) -> rc.Signal | None:
        if side is None:
            return None
        return rc.Signal(
            self._symbol,
            side,
            at=bar.at + self._length,
            price=bar.close,
            bar_at=bar.at,
            interval=self._interval,
            strategy=self._name,
            source=self._source,
        )


class _Averages:
    """The two averages, one close after the other."""

    def __init__(self, fast: int, slow: int) -> None:
        self._fast_weight, self._slow_weight, self._warm_up = 2 / (fast + 1), 2 / (slow + 1), slow
        self._fast = self._slow = 0.0
        self._above: bool | None = None
        self._seen = 0

    def crossed(self, close: float) -> str | None:
        """Take a close; the side to trade if the fast average changed sides of the slow one in it."""
        self._fast = close if not self._seen else self._fast + self._fast_weight * (close - self._fast)
        self._slow = close if not self._seen else self._slow + self._slow_weight * (close - self._slow)
        self._seen += 1
        above, before = self._fast > self._slow, self._above
        self._above = above
        if before is None or above == before or self._seen <= self._warm_up:
            return None
        return rc.BUY if above else rc.SELL
