"""Drawdowns of an equity curve: how far below its highest point so far, and for how long.

Measured on equity, never on a sum of the trades' own ratios: two losses of 10 % on stakes of 5 % of the account
are a drawdown of 1 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from attrs import frozen

from riskcore.money import HUNDRED, exact


@frozen(kw_only=True)
class Drawdown:
    """One spell below a peak. The places are positions in the curve it was found in.

    `peak` at place `began` (the last time it stood there), the lowest equity `low` at place `trough`, back at the
    peak or above at place `recovered` (None: not yet); `last` is the last place of the spell that is known. `lost` are
    the rupees that went between the two, where the curve is one without what was paid in and out (`EquityCurve`).
    """

    peak: Decimal
    low: Decimal
    began: int
    trough: int
    last: int
    recovered: int | None
    lost: Decimal | None = None

    @property
    @exact
    def value(self) -> Decimal:
        """The fall in rupees: what was lost from the peak to the lowest point; peak - low where nobody told."""
        return self.peak - self.low if self.lost is None else self.lost

    @property
    @exact
    def pct(self) -> Decimal | None:
        """The fall in percent of the peak: (peak - low) / peak x 100; None below a peak of 0 or less."""
        return (self.peak - self.low) / self.peak * HUNDRED if self.peak > 0 else None

    @property
    def length(self) -> int:
        """Steps of the curve from the peak until it was regained, or to the end of the curve."""
        return self.last - self.began

    @property
    def recovery(self) -> int | None:
        """Steps from the lowest point back to the peak; None while under water."""
        return None if self.recovered is None else self.recovered - self.trough


@exact
def drawdowns(equity: Sequence[Decimal]) -> tuple[Drawdown, ...]:
    """Every spell below an earlier peak, in order; the curve's first value counts as a peak.

    >>> [fall] = drawdowns([Decimal(150), Decimal(90), Decimal(120), Decimal(150)])
    >>> fall.value, fall.pct, fall.length, fall.recovery
    (Decimal('60'), Decimal('40.0'), 3, 2)
    """
    found: list[Drawdown] = []
    top = trough = 0
    for place in range(1, len(equity)):
        under = trough > top
        if equity[place] >= equity[top]:
            if under:
                found.append(_spell(equity, top, trough, place, recovered=place))
            top = trough = place
        elif not under or equity[place] < equity[trough]:
            trough = place
    if trough > top:
        found.append(_spell(equity, top, trough, len(equity) - 1, recovered=None))
    return tuple(found)


def _spell(equity: Sequence[Decimal], top: int, trough: int, last: int, *, recovered: int | None) -> Drawdown:
    return Drawdown(peak=equity[top], low=equity[trough], began=top, trough=trough, last=last, recovered=recovered)


@exact
def deepest(spells: Iterable[Drawdown]) -> Drawdown | None:
    """The spell with the largest fall in percent, the first of equals; None when there was none."""
    return max((spell for spell in spells if spell.pct is not None), key=lambda spell: spell.pct or 0, default=None)


def longest(spells: Iterable[Drawdown]) -> Drawdown | None:
    """The spell that took the most steps, the first of equals; None when there was none."""
    return max(spells, key=lambda spell: spell.length, default=None)
