"""How long bars are: found where nobody says it, and held to what was said.

Longer bars taken for short ones would tell of prices yet to come; shorter ones taken for long would be acted on late.
Of rows of a file `bar_intervals` says it, with their lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import numpy as np

import riskcore as rc
from riskcore_openalgo.bar_intervals import ENOUGH, WEEK
from riskcore_openalgo.lab.columns import DAY, IST_AHEAD, SECOND, Columns, ColumnsError

KNOWN: Final = {60: "1m", 120: "2m", 180: "3m", 300: "5m", 600: "10m", 900: "15m", 1800: "30m", 3600: "1h", 7200: "2h"}
SHORT_DAY: Final = DAY - 4 * 3600 * SECOND
"""Bars of a day may be stamped up to so much nearer to each other: at the hours of their sessions, say."""


def interval_of(tables: Iterable[Columns]) -> str:
    """The length of bars by the shortest time between two: 1m to 2h, or 1D; `ColumnsError` where it is none."""
    several = [table for table in tables if len(table) > 1]
    if not several:
        raise ColumnsError("one bar alone does not tell how long it is: give interval='1m' or the like")
    for table in several:
        _refuse_twice_a_day(table)
    shortest = min(several, key=_shortest)
    step = _shortest(shortest)
    if step >= SHORT_DAY:
        return "1D"
    told = KNOWN.get(step // SECOND)
    if told is None:
        minutes = max(step // (60 * SECOND), 1)
        raise ColumnsError(f"{_nearest(shortest)}: give interval='{minutes}m' if they are that long")
    return told


def _shortest(table: Columns) -> int:
    return int(np.diff(table.at).min())


def _nearest(table: Columns) -> str:
    """The two bars that are the shortest time apart, in words."""
    place = int(np.diff(table.at).argmin())
    first = (
        f"those of {table.moment(place):%Y-%m-%d %H:%M} and {table.moment(place + 1):%Y-%m-%d %H:%M} (number {place})"
    )
    return f"{table.name}: bars {_told(_shortest(table))} apart, {first}"


def _refuse_twice_a_day(table: Columns) -> None:
    """`ColumnsError` for bars of which most are a day apart, and some nearer: a day is there twice, or at odd hours."""
    short = np.diff(table.at) < SHORT_DAY
    if short.any() and short.sum() * 2 < short.size:
        raise ColumnsError(
            f"{_nearest(table)}, and most others a day: a day has one bar; take the other out, or put each at 00:00"
        )


def refuse_other(tables: Iterable[Columns], interval: str) -> None:
    """`ColumnsError`, naming the symbol, for bars that cannot be of that interval."""
    length = rc.interval_length(interval) // timedelta(microseconds=1) * 1000
    for table in tables:
        if len(table) < 2:
            continue
        steps, days = np.diff(table.at), table.days
        shortest = int(steps.min())
        if length >= DAY:
            _refuse_twice_a_day(table)
        if shortest < (SHORT_DAY if length >= DAY else length):
            raise ColumnsError(
                f"{table.name}: bars {_told(shortest)} apart are no bars of {interval}: give the interval they have"
            )
        if length >= DAY and shortest >= WEEK * DAY and steps.size >= ENOUGH:
            raise ColumnsError(
                f"{table.name}: all bars are {_told(shortest)} or more apart, and are no bars of {interval}"
            )
        within = steps[days[1:] == days[:-1]]
        common = length
        if within.size >= ENOUGH and within.min() > length:  # else it is no longer than that anyway, and takes long
            common = int(np.gcd.reduce(within))
        if length < DAY and common > length and common % length == 0:
            raise ColumnsError(
                f"{table.name}: all bars are {_told(common)} apart, or a multiple of it, and are no bars of {interval}"
                ": give the interval they have; all bars of a run have the same"
            )
        if length < DAY and not within.size and not ((table.at + IST_AHEAD) % DAY).any():
            raise ColumnsError(f"{table.name}: these are bars of a day, and no bars of {interval}: give interval='1D'")


def refuse_coarse(finer: Columns, length: int) -> None:
    """`ColumnsError` where bars that are to look into those of `length` (nanoseconds) are no shorter."""
    steps = np.diff(finer.at)
    if steps.size and steps.min() >= length:
        raise ColumnsError(f"{finer.name}: the finer bars are {_told(int(steps.min()))} apart: they are no shorter")


def _told(step: int) -> str:
    return str(timedelta(seconds=step // SECOND))
