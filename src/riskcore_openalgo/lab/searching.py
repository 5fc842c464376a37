"""Searching bars by floats: the first that touches a level, and between which results a day stays until then."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain, pairwise
from typing import Final, NamedTuple

import riskcore as rc
from riskcore import engine
from riskcore_openalgo.lab.columns import Columns
from riskcore_openalgo.lab.timeline import Timeline

MARGIN: Final = 1e-11
"""How far from a level, as a part of it, a float must be for its bar to be left out."""
FIRST_LOOK: Final = 256
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
        reached = (columns.low[first:end] <= below) | (columns.high[first:end] >= above)
        at = reached.argmax().item()
        if reached.item(at):
            return first + at
        first, width = end, width * 4
    return last


def bounds(held: list[Held], now: float) -> tuple[float, float]:
    """Between which results the day stays while no position touches a level of its own."""
    low = high = now
    for one in held:
        last = one.average if one.position.last is None else float(one.position.last)
        below = -INFINITE if one.watched.below is None else float(one.watched.below)
        above = INFINITE if one.watched.above is None else float(one.watched.above)
        ends = one.way * (below - last) * one.quantity, one.way * (above - last) * one.quantity
        low, high = low + min(0, *ends), high + max(0, *ends)
    return low, high


def peaks(results: list[float], margin: float) -> list[int]:
    """The places of the highest result, and of those that a float cannot tell from it."""
    least, seen, places = max(results) - margin, set[float](), []
    for place, result in enumerate(results):
        if result >= least and result not in seen:
            seen.add(result)
            places.append(place)
    return places


def results_of(
    held: Sequence[Held], now: float, line: Timeline, series: Sequence[Columns]
) -> tuple[Sequence[int], list[float]]:
    """The code of every bar of what is held, in order, and the day's result after each; `now` is that before them."""
    codes = [line.codes(one.thing, one.first, one.last) for one in held]
    moved = []
    for one in held:
        last = one.average if one.position.last is None else float(one.position.last)
        closes, each = series[one.thing].close[one.first : one.last].tolist(), one.way * one.quantity
        moved.append([(close - last) * each for close in closes])
    if len(held) == 1:
        return codes[0], [now + result for result in moved[0]]
    steps = [[after - before for before, after in pairwise((0.0, *each))] for each in moved]
    together = sorted(zip(chain(*codes), chain(*steps), strict=True))
    return [code for code, _ in together], [now + made for made in accumulate(step for _, step in together)]
