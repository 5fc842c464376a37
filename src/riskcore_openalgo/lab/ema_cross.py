"""EMA cross: buy when the fast average crosses above the slow one, sell when it crosses below."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Any

import riskcore as rc
from riskcore_openalgo.lab.sides import BarByBar, Judge


class EmaCross(BarByBar):
    """A signal on the bar in which the fast exponential average changes sides of the slow one.

    EMA[0] = close[0]; EMA[i] = EMA[i-1] + 2 / (n + 1) x (close[i] - EMA[i-1]). The first `slow` bars give no
    signal. The averages are floats: a strategy's view may be inexact, what is decided from it is not. An average never
    forgets its first bar wholly: after `warm_up` bars that bar weighs less than a thousandth.
    """

    def __init__(
        self, *, symbol: str, interval: str, fast: int = 9, slow: int = 21, name: str = "ema_cross", **about: Any
    ) -> None:
        if not 1 <= fast < slow:
            raise ValueError(f"fast must be at least 1 and below slow, got fast={fast} slow={slow}")
        super().__init__(symbol=symbol, interval=interval, name=name, **about)
        self.warm_up = 4 * slow
        self._fast, self._slow = fast, slow

    def judge(self) -> Judge:
        """Two averages that begin with the first close."""
        return _Averages(self._fast, self._slow)

    def turns(self, columns: Any) -> Iterable[tuple[int, str]]:
        """The same two averages, one step after the other, and their crossings at once."""
        import numpy as np

        closes = columns.floats("close").tolist()
        fast, slow = (np.array(list(accumulate(closes, _step(2 / (n + 1))))) for n in (self._fast, self._slow))
        above = fast > slow
        turned = np.flatnonzero(above[1:] != above[:-1]) + 1
        return ((place, rc.BUY if above[place] else rc.SELL) for place in turned.tolist() if place >= self._slow)


def _step(weight: float) -> Callable[[float, float], float]:
    return lambda average, close: average + weight * (close - average)


class _Averages:
    def __init__(self, fast: int, slow: int) -> None:
        self._fast_weight, self._slow_weight, self._warm_up = 2 / (fast + 1), 2 / (slow + 1), slow
        self._fast = self._slow = 0.0
        self._above: bool | None = None
        self._seen = 0

    def __call__(self, bar: rc.Bar) -> str | None:
        close = float(bar.close)
        self._fast = close if not self._seen else self._fast + self._fast_weight * (close - self._fast)
        self._slow = close if not self._seen else self._slow + self._slow_weight * (close - self._slow)
        self._seen += 1
        above, before = self._fast > self._slow, self._above
        self._above = above
        if before is None or above == before or self._seen <= self._warm_up:
            return None
        return rc.BUY if above else rc.SELL
