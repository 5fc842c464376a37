"""With `openalgo.ta`: buy when the Supertrend turns up, sell when it turns down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import riskcore as rc
from riskcore_openalgo.lab.sides import AllAtOnce, column, crossings

NEEDED: Final = 'the strategy supertrend needs OpenAlgo\'s SDK with its indicators: pip install "riskcore[openalgo]"'


class Supertrend(AllAtOnce):
    """The Supertrend of OpenAlgo's own indicators: an ATR of `period` bars, `multiplier` times around the middle."""

    def __init__(
        self,
        *,
        symbol: str,
        interval: str,
        period: int = 10,
        multiplier: float = 3.0,
        name: str = "supertrend",
        **about: Any,
    ) -> None:
        if period < 1 or multiplier <= 0:
            raise ValueError(f"period must be at least 1 and multiplier above 0, got {period} and {multiplier}")
        super().__init__(symbol=symbol, interval=interval, name=name, **about)
        try:
            from openalgo import ta
        except ImportError as missing:
            raise ImportError(NEEDED) from missing
        self.warm_up = 10 * period
        self._ta, self._period, self._multiplier = ta, period, float(multiplier)

    def sides(self, bars: Sequence[rc.Bar]) -> Sequence[str | None]:
        """Where the close changes sides of the Supertrend line."""
        import numpy as np

        if len(bars) <= self._period:
            return [None] * len(bars)
        high, low, close = (np.array(column(bars, name)) for name in ("high", "low", "close"))
        line, _ = self._ta.supertrend(high, low, close, self._period, self._multiplier)
        return crossings([None if np.isnan(level) else bool(at > level) for at, level in zip(close, line, strict=True)])
