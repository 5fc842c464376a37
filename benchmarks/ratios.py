"""How many times as long one thing takes as another, measured so that a busy machine does not decide it.

Both run in turn in one process; of each the quickest round counts, in CPU time of this process.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import process_time
from typing import Any, NamedTuple


class Ratio(NamedTuple):
    """What one call of ours and one of theirs took at best, in microseconds of CPU time."""

    ours: float
    theirs: float

    @property
    def times(self) -> float:
        """Ours over theirs."""
        return self.ours / self.theirs

    def told(self, what: str, aim: float | None = None) -> str:
        """The ratio, and whether it is at most what it should be; a miss is said in so many words."""
        if aim is None:
            return f"{what}: {self.times:.3f} times"
        verdict = "within" if self.times <= aim else "ABOVE"
        return f"{what}: {self.times:.3f} times, {verdict} the aim of at most {aim:.2f}"


def ratio(ours: Callable[[], Any], theirs: Callable[[], Any], *, rounds: int = 40, calls: int = 200) -> Ratio:
    """Both in turn, `calls` a round; the collector of garbage waits, as it does in `timeit`."""
    best = [float("inf"), float("inf")]
    collects = gc.isenabled()
    gc.disable()
    try:
        for _ in range(rounds):
            for place, act in enumerate((ours, theirs)):
                best[place] = min(best[place], _round(act, calls))
            gc.collect()
    finally:
        if collects:
            gc.enable()
    return Ratio(*(taken / calls * 1e6 for taken in best))


def _round(act: Callable[[], Any], calls: int) -> float:
    started = process_time()
    for _ in range(calls):
        act()
    return process_time() - started
