"""With pandas-ta: buy when the close comes back above the lower Bollinger band, sell when it falls below the upper."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Final

import riskcore as rc
from riskcore_openalgo.lab.sides import AllAtOnce, column

LIBRARIES: Final = ("pandas_ta_classic", "pandas_ta")
NEEDED: Final = (
    'the strategy bollinger needs pandas-ta-classic: pip install "riskcore[openalgo]" '
    '(or pandas-ta itself, on Python 3.12 and 3.13: pip install "riskcore[pandas-ta]")'
)
DIGITS: Final = 6
"""Decimals of a rupee that bands have: what is finer comes of the order in which floats were summed, and would judge a
close at its band by how many bars came before."""


class Bollinger(AllAtOnce):
    """Bands of `length` closes, `width` standard deviations (of all of them, divided by `length`) from their mean.

    By pandas-ta-classic or pandas-ta: the same bands from both.
    """

    def __init__(
        self, *, symbol: str, interval: str, length: int = 20, width: float = 2.0, name: str = "bollinger", **about: Any
    ) -> None:
        if length < 2 or width <= 0:
            raise ValueError(f"length must be at least 2 and width above 0, got {length} and {width}")
        super().__init__(symbol=symbol, interval=interval, name=name, **about)
        self.warm_up = length + 1
        self._length, self._width, self._library = length, float(width), _library()

    def sides(self, bars: Sequence[rc.Bar]) -> Sequence[str | None]:
        """A close that was outside a band and is inside again."""
        import pandas as pd

        if len(bars) <= self._length:
            return [None] * len(bars)
        close = pd.Series(column(bars, "close"))
        width = self._width
        # One library calls the width std, the other lower_std and upper_std: a name it does not know it passes over in
        # silence. They divide by different counts, too, unless they are told.
        bands = self._library.bbands(
            close, length=self._length, std=width, lower_std=width, upper_std=width, ddof=0, talib=False
        )
        lower, upper = bands.iloc[:, 0].round(DIGITS), bands.iloc[:, 2].round(DIGITS)
        back_up = (close.shift(1) < lower.shift(1)) & (close >= lower)
        back_down = (close.shift(1) > upper.shift(1)) & (close <= upper)
        rows = zip(back_up.tolist(), back_down.tolist(), strict=True)
        return [rc.BUY if up else rc.SELL if down else None for up, down in rows]


def _library() -> ModuleType:
    for name in LIBRARIES:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as missing:
            if missing.name != name:
                raise
    raise ImportError(NEEDED)
