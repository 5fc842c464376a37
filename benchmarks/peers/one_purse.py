"""vectorbt on W2: `from_order_func` with one purse, the rule and its limits as functions compiled by Numba.

One order a symbol and bar is all that it takes, so what was bought at an open is left from the next bar on at the
earliest. The equity that sizes an entry, and that the loss of the day is counted from, is the one at that open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import vectorbt as vbt
from numba import njit
from vectorbt.portfolio import nb

from benchmarks.workloads import CASH, MINUTES, Bars

STOP, TARGET, RISK, CAP = 1.5, 3.75, 0.01, 0.10
MOST, ENTRIES, LOSS = 3, 5, 0.03


@njit
def new_day(c: Any, sent: Any, opening: Any) -> tuple[Any, Any]:
    """Each bar of all symbols: a day begins with its own count and equity."""
    if c.i % MINUTES == 0:
        sent[0] = 0
        opening[0] = c.last_value[c.group]
    return sent, opening


@njit
def order(c: Any, sent: Any, opening: Any, arrays: Any, levels: Any) -> Any:
    """One symbol at one bar: leave at a level, or enter at the open."""
    opens, high, low, close, atr, up = arrays
    i, column = c.i, c.col
    held = c.position_now
    if held > 0:
        stop, target = levels[0, column], levels[1, column]
        if low[i, column] <= stop:
            return nb.order_nb(size=-held, price=min(stop, opens[i, column]))
        if high[i, column] >= target:
            return nb.order_nb(size=-held, price=max(target, opens[i, column]))
        return nb.order_nothing_nb()
    if i == 0 or not up[i - 1, column] or sent[0] >= ENTRIES:
        return nb.order_nothing_nb()
    equity = c.value_now
    if np.count_nonzero(c.last_position) >= MOST or opening[0] - equity >= LOSS * opening[0]:
        return nb.order_nothing_nb()
    away, before = STOP * atr[i - 1, column], close[i - 1, column]
    size = np.floor(min(RISK * equity / away, CAP * equity / before))
    if size < 1:
        return nb.order_nothing_nb()
    sent[0] += 1
    levels[0, column], levels[1, column] = before - away, before + TARGET * atr[i - 1, column]
    return nb.order_nb(size=size, price=opens[i, column])


def one_purse_run(made: Bars) -> Callable[[], tuple[int, float]]:
    """The run as a function: trades that ended, and equity at the end."""
    arrays = tuple(np.ascontiguousarray(getattr(made, name)) for name in ("open", "high", "low", "close", "atr", "up"))

    def act() -> tuple[int, float]:
        sent, opening = np.zeros(1, np.int64), np.full(1, float(CASH))
        done = vbt.Portfolio.from_order_func(
            made.close,
            order,
            arrays,
            np.zeros((2, made.close.shape[1])),
            pre_segment_func_nb=new_day,
            pre_segment_args=(sent, opening),
            init_cash=CASH,
            cash_sharing=True,
            group_by=True,
            freq="1min",
        )
        return int(done.trades.closed.count()), float(done.final_value())

    return act
