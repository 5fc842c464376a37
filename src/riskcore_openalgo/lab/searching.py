"""Searching bars by floats: the first that touches a level, and between which results a day stays until then."""

from __future__ import annotations

from typing import Final, NamedTuple

import riskcore as rc
from riskcore import engine
from riskcore_openalgo.lab.columns import Columns

MARGIN: Final = 1e-11
"""How far from a level, as a part of it, a float must be for its bar to be left out."""
FIRST_LOOK: Final = 64
INFINITE: Final = float("inf")


class Held(NamedTuple):
    """A position between two codes: its instrument, its bars, and its result as floats."""

    thing: int
    first: int
    last: int
    way: int
    quantity: int
    average: float
    watched: engine.Watched
    position: rc.Position


def touch(columns: Columns, first: int, last: int, watched: engine.Watched) -> int:
    """The first bar whose low is at or under `below` or whose high is at or over `above`; `last` where none is."""
    below = -INFINITE if watched.below is None else float(watched.below) * (1 + MARGIN)
    above = INFINITE if watched.above is None else float(watched.above) * (1 - MARGIN)
    width = FIRST_LOOK
    while first < last:
        end = min(first + width, last)
        lows, highs = columns.low[first:end].tolist(), columns.high[first:end].tolist()
        if min(lows) <= below or max(highs) >= above:
            return next(first + at for at in range(end - first) if lows[at] <= below or highs[at] >= above)
        first, width = end, width * 4
    return last


def bounds(held: list[Held], now: float) -> tuple[float, float]:
    """Between which results the day stays while no position touches a level of its own."""
    low = high = now
    for one in held:
        last = one.average if one.position.last is None else float(one.position.last)
        below = -INFINITE if one.watched.below is None else float(one.watched.below)
        above = INFINITE if one.watched.above is None else float(one.watched.above)
        ends = sorted((one.way * (below - last) * one.quantity, one.way * (above - last) * one.quantity))
        low, high = low + min(ends[0], 0), high + max(ends[1], 0)
    return low, high


def peaks(results: list[float], margin: float) -> list[int]:
    """The places of the highest result, and of those that a float cannot tell from it."""
    least, seen, places = max(results) - margin, set[float](), []
    for place, result in enumerate(results):
        if result >= least and result not in seen:
            seen.add(result)
            places.append(place)
    return places
