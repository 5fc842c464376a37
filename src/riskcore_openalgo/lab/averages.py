"""Recursive averages of whole series at once: what an EMA and Wilder's ATR are made of, in NumPy alone."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import riskcore as rc

try:
    import numpy as np
    import numpy.typing as npt
except ImportError as missing:
    raise ImportError('riskcore_openalgo.lab needs NumPy: pip install "riskcore[openalgo]"') from missing

if TYPE_CHECKING:
    from riskcore_openalgo.lab.columns import Columns

Floats: TypeAlias = npt.NDArray[np.float64]
BLOCK: Final = 64
FORGETS: Final = 46
"""So many periods on, a Wilder average has forgotten its seed to 1e-20."""
STRETCH: Final = 2048
"""So many bars more are worked out than were asked for."""


def recursive(values: Any, weight: float, first: float) -> Floats:
    """y[i] = y[i-1] + weight x (values[i] - y[i-1]) with y[-1] = `first`, for 0 < weight <= 1.

    Worked out in blocks, each by one matrix product; the same but for rounding in the last digits.

    >>> recursive([10.0, 20.0], 0.5, 0.0).tolist()
    [5.0, 12.5]
    """
    if not 0 < weight <= 1:
        raise ValueError(f"weight must be above 0 and at most 1, got {weight}")
    series = np.asarray(values, dtype=np.float64)
    count = len(series)
    if count <= BLOCK:
        return _plain(series, weight, first)
    blocks = -(-count // BLOCK)
    padded = np.zeros(blocks * BLOCK)
    padded[:count] = series
    kept = (1 - weight) ** np.arange(1, BLOCK + 1)
    lags = np.subtract.outer(np.arange(BLOCK), np.arange(BLOCK))
    mix = np.where(lags >= 0, weight * (1 - weight) ** np.maximum(lags, 0), 0.0)
    within = padded.reshape(blocks, BLOCK) @ mix.T
    starts = np.empty(blocks)
    starts[0] = first
    carry = within[:-1, -1].tolist()
    decay, value = float(kept[-1]), first
    for place, added in enumerate(carry, 1):
        value = value * decay + added
        starts[place] = value
    told: Floats = (within + starts[:, None] * kept).ravel()[:count]
    return told


def _plain(series: Floats, weight: float, first: float) -> Floats:
    told, value = np.empty(len(series)), first
    for place, one in enumerate(series.tolist()):
        value += weight * (one - value)
        told[place] = value
    return told


def ema(values: Any, length: int) -> Floats:
    """Exponential average: y[0] = values[0], weight 2 / (length + 1).

    >>> ema([1.0, 4.0], 2).tolist()
    [1.0, 3.0]
    """
    series = np.asarray(values, dtype=np.float64)
    if length < 1:
        raise ValueError(f"length must be 1 or more, got {length}")
    return recursive(series, 2 / (length + 1), float(series[0])) if len(series) else series


def wilder_atr(high: Any, low: Any, close: Any, period: int) -> Floats:
    """`riskcore.atr` of every bar, as floats: the mean of the first `period` true ranges, then Wilder's recursion.

    NaN before the bar number `period`.
    """
    highs, lows, closes = (np.asarray(values, dtype=np.float64) for values in (high, low, close))
    told = np.full(len(closes), np.nan)
    if len(closes) < period:
        return told
    before = np.concatenate(([closes[0]], closes[:-1]))
    ranges = np.maximum(highs, before) - np.minimum(lows, before)
    ranges[0] = highs[0] - lows[0]
    told[period - 1] = ranges[:period].mean()
    told[period:] = recursive(ranges[period:], 1 / period, float(told[period - 1]))
    return told


class TrueRanges:
    """The true ranges of some columns, worked out for a stretch of bars when one of them is asked for.

    Whoever asks for one average after another asks for most of them again and again.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self._known: tuple[int, Floats] = (0, np.empty(0))

    def between(self, first: int, last: int) -> Floats:
        """Those of the bars from `first` (not the first bar of all) up to `last`."""
        start, ranges = self._known
        if first < start or last > start + len(ranges):
            columns, start, until = self.columns, first, min(last + STRETCH, len(self.columns))
            before = columns.close[first - 1 : until - 1]
            ranges = np.maximum(columns.high[first:until], before) - np.minimum(columns.low[first:until], before)
            self._known = start, ranges
        return ranges[first - start : last - start]


def wilder_atr_at(ranges: TrueRanges, place: int, period: int) -> float:
    """`wilder_atr` at the bar number `place` alone: the same but for rounding in the last digits.

    By as many bars before it as an average remembers, so that a few moments of many bars cost little.
    """
    first = place + 1 - FORGETS * period
    if first < period:
        bars, last = ranges.columns, place + 1
        return wilder_atr(bars.high[:last], bars.low[:last], bars.close[:last], period).item(place)
    return float(ranges.between(first, place + 1).dot(_weights(period)))


def exact_atr_at(ranges: TrueRanges, place: int, period: int) -> Decimal:
    """`riskcore.atr` at the bar number `place`, to a millionth: by floats, and exactly where those are in doubt."""
    columns, value = ranges.columns, wilder_atr_at(ranges, place, period)
    steps = value * 1e6
    if abs(steps % 1 - 0.5) > 1e-4 + columns.close.item(place) * 1e-7:  # a hundred times what rounding can do
        return Decimal(round(steps)).scaleb(-6)
    return rc.atr(columns[max(place + 1 - (FORGETS + 1) * period, 0) : place + 1], period)


@cache
def _weights(period: int) -> Floats:
    """What each of the last `FORGETS` periods' values counts in the newest average, the oldest first."""
    told: Floats = (1 - 1 / period) ** np.arange(FORGETS * period - 1, -1, -1) / period
    return told
