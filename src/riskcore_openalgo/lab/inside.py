"""The deepest drawdown inside the sessions of a backtest, by its bars: the same whatever bars were left out.

The facts of a run mark what is held as seldom as tells the same trades; how far equity fell in between, its bars tell.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from riskcore import analytics

if TYPE_CHECKING:
    from riskcore_openalgo.lab.averages import Floats


def deepest_inside(equity: Floats, capital: Decimal) -> analytics.Drawdown | None:
    """The deepest spell of equity at the ends of moments, from the capital on; None where it never fell.

    What `analytics.deepest` finds among all spells, in floats, to the paisa. Its places count changes of equity.
    """
    every = np.concatenate([[float(capital)], equity]).round(2)
    levels = every[np.flatnonzero(np.diff(every, prepend=np.nan))]
    tops = np.maximum.accumulate(levels)
    trough = int(np.argmax((tops - levels) / tops))
    peak, low = tops[trough], levels[trough]
    if low == peak:
        return None
    back = np.flatnonzero(levels[trough:] >= peak)
    recovered = trough + int(back[0]) if len(back) else None
    return analytics.Drawdown(
        peak=Decimal(f"{peak:.2f}"),
        low=Decimal(f"{low:.2f}"),
        began=int(np.flatnonzero(levels[:trough] == peak)[-1]),
        trough=trough,
        last=len(levels) - 1 if recovered is None else recovered,
        recovered=recovered,
    )
