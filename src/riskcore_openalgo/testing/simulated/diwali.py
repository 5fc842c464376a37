"""The days about Diwali: a Sunday evening of one hour on which the exchange trades, between two usual days.

The hours of such a session come by circular and are in no shipped table, so that the day bears a table of its own, as a
user has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from attrs import evolve

import riskcore as rc
from riskcore_openalgo.config.schema import settings_of
from riskcore_openalgo.testing.simulated.script import BURST_S, LAST_BURST_S, MUHURAT, MUHURAT_HOURS, Happening

STARTS_S: Final = (33_000.0, 33_180.0, 33_260.0)
"""Seconds from nine o'clock to the bursts: entries are taken from 18:05 to 18:15."""
LAST_S: Final = 35_040.0
"""A minute before positions leave, at 18:45."""
OVER_S: Final = 10.4 * 3600
"""When day orders of that evening have ended."""


def tables() -> rc.Tables:
    """What a user writes down of that day."""
    opens, closes = MUHURAT_HOURS
    row = settings_of(rc.Tables)["days"].item
    return rc.Tables(days=(row(day=MUHURAT, kind="muhurat", open=opens, close=closes),))


def in_the_evening(happenings: Iterable[Happening]) -> Iterator[Happening]:
    """What happens in the first bursts of a day, and in its last one, in those of the evening; the rest is left out."""
    moved = list(happenings)
    asked = [one.at_s for one in moved if one.kind == "entry"]
    starts: list[float] = []
    for at in asked:
        if not starts or at - starts[-1] > 600:
            starts.append(at)
    shifts = [*zip(starts, STARTS_S, strict=False), (float(LAST_BURST_S), LAST_S)]
    for one in moved:
        begins = next((pair for pair in shifts if -BURST_S < one.at_s - pair[0] < 3 * BURST_S), None)
        if begins is not None:
            yield evolve(one, at_s=round(one.at_s - begins[0] + begins[1], 3))
