"""Whether a price is believed: a lone tick far from all others moves and takes nothing until another confirms it.

A bar holds the prices of many trades, and is believed as it is.
"""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from riskcore.money import ZERO, exact, percent_of


@frozen
class Span:
    """The prices of a look that are believed; `doubted` is the last one where it is not."""

    first: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    doubted: Decimal | None = None


@exact
def believed(
    *,
    first: Decimal,
    high: Decimal,
    low: Decimal,
    last: Decimal,
    ticks: int,
    mark: Decimal | None,
    odd: Decimal | None,
    spike_pct: Decimal,
    tick: Decimal = ZERO,
) -> Span:
    """What is believed of a span of `ticks` prices after `mark`, the last believed price, and `odd`, a doubted one.

    A price is near another where it is at most `spike_pct` per cent of that away, or a `tick`: five per cent of
    a rupee. The last price is believed where it is near the mark, near the odd one before it, or near the first of a
    span of two prices or more (two agree). Of two running that lie far from each other, and beyond the mark on one
    side, the nearer is believed: the price has gone at least so far. An extreme inside a span is believed where it is
    near the first, the last or the mark; else the nearest of these stands for it. `ticks` 0 is a bar: all of it is
    believed, as is everything where there is no mark yet.
    """
    if ticks == 0 or mark is None:
        return Span(first, high, low, last)

    def by(price: Decimal, other: Decimal) -> bool:
        return abs(price - other) <= tick or near(price, other, spike_pct)

    anchors = [mark] if odd is None else [mark, odd]
    agreeing = ticks > 1 and by(last, first)
    if not agreeing and not any(by(last, anchor) for anchor in anchors):
        if odd is None or (odd - mark) * (last - mark) < ZERO:
            return Span(mark, mark, mark, mark, doubted=last)
        least = min(odd, last, key=lambda price: abs(price - mark))
        return Span(least, least, least, least, doubted=None if least == last else last)
    sound = [last, *(price for price in (first,) if by(price, last) or by(price, mark))]
    known = [*sound, mark]
    top = high if any(by(high, price) for price in known) else max(sound)
    bottom = low if any(by(low, price) for price in known) else min(sound)
    return Span(first if first in sound else last, top, bottom, last)


@exact
def near(price: Decimal, other: Decimal, pct: Decimal) -> bool:
    """Whether a price is at most `pct` per cent of the other away from it.

    >>> near(Decimal(102), Decimal(100), Decimal(2)), near(Decimal("102.05"), Decimal(100), Decimal(2))
    (True, False)
    """
    return abs(price - other) <= percent_of(other, pct)
