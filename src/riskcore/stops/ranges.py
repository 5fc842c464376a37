"""What bars say of a stop: the true range, its average (one function owns the ATR), and confirmed swings."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from riskcore.instruments import one_of
from riskcore.money import count, exact
from riskcore.signals import BARS, BUY, SIDES, Bar


@exact
def true_ranges(bars: Sequence[Bar]) -> tuple[Decimal, ...]:
    """Wilder's true range of each bar, in rupees a share.

    TR[0] = high - low; TR[i] = max(high - low, |high - close[i-1]|, |low - close[i-1]|), which is
    max(high, close[i-1]) - min(low, close[i-1]). No bars give no ranges.
    """
    found, close = [], None
    for bar in BARS(bars, "bars"):
        high, low = bar.high, bar.low
        if close is not None:
            high, low = max(high, close), min(low, close)
        found.append(high - low)
        close = bar.close
    return tuple(found)


@exact
def atr(bars: Sequence[Bar], period: int = 14) -> Decimal:
    """Average true range by Wilder, in rupees a share, of the last bar.

    ATR[n-1] = mean(TR[0..n-1]); ATR[i] = (ATR[i-1] x (n - 1) + TR[i]) / n, with the true ranges of `true_ranges`.
    The first value thus needs n bars; after ten times that many the seeding no longer matters (below 1e-4 of the
    value): until then TA-Lib and pandas-ta-classic differ, which leave the first bar out of their seed.

    Source: J. W. Wilder, New Concepts in Technical Trading Systems (1978), seeded as TradingView documents
    `ta.atr` and as OpenAlgo's `ta.atr` is. Raises `ValueError` for fewer than `period` bars: too few bars refuse,
    they are never stretched.
    """
    bars, period = BARS(bars, "bars"), count(period, "period")
    if len(bars) < period:
        raise ValueError(f"ATR({period}) needs at least {period} bars, got {len(bars)}")
    return average_true_range(bars, period)


def average_true_range(bars: Sequence[Bar], period: int) -> Decimal:
    """`atr` without its checks, for who has `period` bars or more and stands under the library's context.

    Written out in one pass: it is asked for each decision, on a hundred bars and more.
    """
    first = bars[0]
    close, total = first.close, first.high - first.low
    for bar in bars[1:period]:
        high, low = bar.high, bar.low
        if close > high:
            high = close
        elif close < low:
            low = close
        total += high - low
        close = bar.close
    length, kept = Decimal(period), Decimal(period - 1)
    value = total / length
    for bar in bars[period:]:
        high, low = bar.high, bar.low
        if close > high:
            high = close
        elif close < low:
            low = close
        value = (value * kept + (high - low)) / length
        close = bar.close
    return value


class RunningAtr:
    """The `atr` of a series that grows, each bar looked at once; the same operations, so the same digits."""

    def __init__(self, period: int) -> None:
        self._period, self._length, self._kept = period, Decimal(period), Decimal(period - 1)
        self._seen, self._value, self._close = 0, Decimal(0), Decimal(0)

    @exact
    def upto(self, bars: Sequence[Bar]) -> Decimal:
        """The value at the end of these bars: `period` or more, those of the last call first among them."""
        count = len(bars)
        if not self._seen:
            self._value = average_true_range(bars[: self._period], self._period)
            self._seen, self._close = self._period, bars[self._period - 1].close
        value, close, kept, length = self._value, self._close, self._kept, self._length
        for bar in bars[self._seen : count]:
            high, low = bar.high, bar.low
            if close > high:
                high = close
            elif close < low:
                low = close
            value = (value * kept + (high - low)) / length
            close = bar.close
        self._seen, self._value, self._close = count, value, close
        return value


def swings(*, bars: Sequence[Bar], side: str, width: int) -> tuple[Bar, ...]:
    """The confirmed swings against a position on `side`, oldest first: lows for a BUY, highs for a SELL.

    A swing low is a bar whose low is below the lows of the `width` bars before it and not above those of the
    `width` bars after it (of equal lows the first counts); a swing high is its mirror. All `width` bars after it
    must have been seen: the newest bars are never swings, and a swing once found stays one as bars are added.

    Raises `ValueError` for a width below 1. Too few bars have no swings.
    """
    side, bars, width = one_of(side, "side", SIDES), BARS(bars, "bars"), count(width, "width")
    edges = _edges(bars, side)
    return tuple(bars[at] for at in range(width, len(bars) - width) if _is_swing(edges, at, width, side))


def newest_swing(bars: Sequence[Bar], side: str, width: int, entry: Decimal) -> Decimal | None:
    """The low (high) of the newest confirmed swing on the losing side of `entry`; None where there is none."""
    edges = _edges(bars, side)
    for at in range(len(bars) - width - 1, width - 1, -1):
        edge = edges[at]
        if (edge < entry if side == BUY else edge > entry) and _is_swing(edges, at, width, side):
            return edge
    return None


def _edges(bars: Sequence[Bar], side: str) -> list[Decimal]:
    return [bar.low for bar in bars] if side == BUY else [bar.high for bar in bars]


def _is_swing(edges: Sequence[Decimal], at: int, width: int, side: str) -> bool:
    edge, before, after = edges[at], edges[at - width : at], edges[at + 1 : at + 1 + width]
    if side == BUY:
        return edge < min(before) and edge <= min(after)
    return edge > max(before) and edge >= max(after)
