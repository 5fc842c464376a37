"""Whether the rows of a bar file are bars of the interval they are read as."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import time, timedelta
from itertools import pairwise
from typing import Final

from riskcore_openalgo.bar_files import Row

DAILY: Final = "1D"
ENOUGH: Final = 10
"""So many steps between bars of one session tell how long a bar is."""
NEARLY_ALL: Final = 0.9
WEEK: Final = 5
"""Rows of which no two are nearer than so many days are bars of a week or more."""
MINUTE: Final = timedelta(minutes=1)


def another(step: timedelta | None, rows: Sequence[Row]) -> str | None:
    """What nearly all rows say against the interval (None: days), in one sentence for all of them.

    Longer bars that fit its grid are left to `longer`.
    """
    steps = Counter(_apart(rows))
    if not steps and step is None:
        days = min(((after.bar.at - before.bar.at).days for before, after in pairwise(rows)), default=0)
        weeks = len(rows) > ENOUGH and days >= WEEK
        return f"all bars are {days} days or more apart: bars of weeks are not traded" if weeks else None
    if not steps:
        daily = len(rows) >= ENOUGH and all(row.bar.at.time() == time(0) for row in rows)
        told = f"all stand at 00:00, as bars of a day do; give the interval they have: {DAILY}"
        return told if daily else None
    (usual, times), count = steps.most_common(1)[0], sum(steps.values())
    if count < ENOUGH or times < NEARLY_ALL * count or (step is not None and not usual % step):
        return None
    return f"bars are {usual // MINUTE} minutes apart; give the interval they have: {usual // MINUTE}m"


def longer(step: timedelta | None, rows: Sequence[Row]) -> Iterator[tuple[int, str]]:
    """Longer bars than were asked for fit the grid too; taken for short ones, they would tell of prices yet to come."""
    if step is None:
        return
    apart = [each // step for each in _apart(rows)]
    common = math.gcd(*apart)
    if len(apart) >= ENOUGH and common > 1:
        minutes = common * step // MINUTE
        told = f"all bars are {minutes} minutes apart, or a multiple of it; give the interval they have: {minutes}m"
        yield rows[0].line, told


def _apart(rows: Sequence[Row]) -> list[timedelta]:
    """The times between bars of one day."""
    pairs = ((before.bar.at, after.bar.at) for before, after in pairwise(rows))
    return [after - before for before, after in pairs if before.date() == after.date()]
