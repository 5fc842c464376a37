"""With TA-Lib: buy when the MACD crosses above its signal line, sell when it crosses below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import riskcore as rc
from riskcore_openalgo.lab.sides import AllAtOnce, column, crossings

NEEDED: Final = 'the strategy macd needs TA-Lib: pip install "riskcore[talib]"'


class Macd(AllAtOnce):
    """The MACD of TA-Lib: the difference of two exponential averages, and an average of that."""

    def __init__(
        self,
        *,
        symbol: str,
        interval: str,
        fast: int = 12,
        slow: int = 26,
        smooth: int = 9,
        name: str = "macd",
        **about: Any,
    ) -> None:
        if not 2 <= fast < slow or smooth < 1:
            raise ValueError(f"fast must be from 2 to below slow and smooth at least 1, got {fast}, {slow}, {smooth}")
        super().__init__(symbol=symbol, interval=interval, name=name, **about)
        try:
            import talib
        except ImportError as missing:
            raise ImportError(NEEDED) from missing
        self.warm_up = 4 * slow
        self._macd, self._periods = talib.MACD, (fast, slow, smooth)

    def sides(self, bars: Sequence[rc.Bar]) -> Sequence[str | None]:
        """Where the MACD changes sides of its signal line."""
        import numpy as np

        macd, smoothed, _ = self._macd(np.array(column(bars, "close")), *self._periods)
        return crossings([None if np.isnan(b) else bool(a > b) for a, b in zip(macd, smoothed, strict=True)])
