"""Where a stop starts, and the one function that owns the ATR. Each answer carries its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from attrs import frozen

from riskcore.instruments import one_of
from riskcore.money import DOWN, UP, exact, plain, positive, round_to_tick
from riskcore.signals import BUY, SIDES, Bar, sign


@frozen
class Stop:
    """A stop price, how far it stands from the entry, and how it was found."""

    price: Decimal
    distance: Decimal
    basis: str


@exact
def atr(bars: Sequence[Bar], period: int = 14) -> Decimal:
    """Average true range by Wilder, in rupees, of the last bar.

    TR[0] = high - low; TR[i] = max(high - low, |high - close[i-1]|, |low - close[i-1]|);
    ATR[n-1] = mean(TR[0..n-1]); ATR[i] = (ATR[i-1] x (n - 1) + TR[i]) / n. The first value thus needs n bars;
    after ten times that many the seeding no longer matters (below 1e-4 of the value).

    Source: J. W. Wilder, New Concepts in Technical Trading Systems (1978), seeded as TradingView documents
    `ta.atr`. Raises `ValueError` for fewer than `period` bars: too few bars refuse, they are never stretched.
    """
    if period < 1:
        raise ValueError(f"period must be 1 or more, got {period}")
    if len(bars) < period:
        raise ValueError(f"ATR({period}) needs at least {period} bars, got {len(bars)}")
    ranges = _true_ranges(bars)
    value = sum(ranges[:period], Decimal(0)) / period
    for true_range in ranges[period:]:
        value = (value * (period - 1) + true_range) / period
    return value


@exact
def atr_stop(*, side: str, entry: Any, atr: Any, multiple: Any, tick: Any) -> Stop:
    """A stop `multiple` x ATR away from `entry`, on the losing side, rounded to the tick nearer the entry.

    >>> atr_stop(side="BUY", entry=2500, atr=20, multiple=1.5, tick=0.05).price
    Decimal('2470.00')
    """
    side = one_of(side, "side", SIDES)
    price, step = positive(entry, "entry"), positive(tick, "tick")
    distance = positive(atr, "atr") * positive(multiple, "multiple")
    raw = price - sign(side) * distance
    rounded = round_to_tick(raw, step, UP if side == BUY else DOWN)
    basis = f"{plain(positive(multiple, 'multiple'))} x ATR {positive(atr, 'atr'):.4f}"
    return Stop(rounded, abs(price - rounded), basis)


@exact
def given_stop(*, side: str, entry: Any, stop: Any, tick: Any) -> Stop:
    """The sender's own stop, rounded to the tick nearer the entry; on whichever side of it the sender put it."""
    side = one_of(side, "side", SIDES)
    price = positive(entry, "entry")
    rounded = round_to_tick(positive(stop, "stop"), positive(tick, "tick"), UP if side == BUY else DOWN)
    return Stop(rounded, abs(price - rounded), "given by the signal")


def _true_ranges(bars: Sequence[Bar]) -> list[Decimal]:
    ranges = [bars[0].high - bars[0].low]
    for before, bar in pairwise(bars):
        close = before.close
        ranges.append(max(bar.high - bar.low, abs(bar.high - close), abs(bar.low - close)))
    return ranges
