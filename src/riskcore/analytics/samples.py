"""Mean, deviation, quantile and median of a sample, in Decimal."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from riskcore.money import ZERO, exact


@exact
def mean(values: Sequence[Decimal]) -> Decimal | None:
    """Sum / n; None of an empty sample.

    >>> mean([Decimal(1), Decimal(2)])
    Decimal('1.5')
    """
    return sum(values, ZERO) / len(values) if values else None


@exact
def deviation(values: Sequence[Decimal]) -> Decimal | None:
    """Standard deviation of a sample: sqrt(sum((x - mean)^2) / (n - 1)), that is with ddof = 1.

    None of fewer than two values. Exactly 0 where all values are equal, so that a rounded mean cannot make noise
    of nothing.

    >>> deviation([Decimal(2), Decimal(4), Decimal(6)])
    Decimal('2')
    """
    middle = mean(values)
    if middle is None or len(values) < 2:
        return None
    if min(values) == max(values):
        return ZERO
    squares = sum(((value - middle) ** 2 for value in values), ZERO)
    return (squares / (len(values) - 1)).sqrt()


@exact
def quantile(values: Sequence[Decimal], share: Decimal) -> Decimal | None:
    """The value below which `share` (0 to 1) of the sample lies, straight lines between the sorted values.

    At position share x (n - 1) of the sorted sample (NumPy's `linear`, Excel's PERCENTILE.INC). None of an empty
    sample; `ValueError` for a share outside 0 to 1.

    >>> quantile([Decimal(1), Decimal(2), Decimal(4)], Decimal("0.5"))
    Decimal('2.0')
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must be from 0 to 1, got {share}: 5 % is 0.05")
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
