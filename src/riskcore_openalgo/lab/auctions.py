"""Bars of the closing auction, which no file of bars has and no live day shows: left out, and told.

A share with derivatives leaves continuous trading at 15:15 since 3 August 2026. What is printed after it is one price,
at which no stop rests and no order of ours trades.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from attrs import evolve

import riskcore as rc
from riskcore import engine
from riskcore_openalgo.lab.columns import SECOND, Columns, ColumnsError
from riskcore_openalgo.lab.timeline import date_of

Windows: TypeAlias = dict[int, tuple[int, int] | None]
"""The auction of each day: when it begins and ends, in nanoseconds; None where there is none that is known."""


def without_auctions(
    series: Mapping[rc.Instrument, Columns], policy: rc.Policy, interval: str
) -> tuple[dict[rc.Instrument, Columns], tuple[str, ...]]:
    """The tables without those bars, and a note where there were any. Bars of a day are left as they are."""
    kept, left_out = dict(series), []
    by_hours: defaultdict[Any, Windows] = defaultdict(dict)
    within_days = rc.interval_length(interval) < rc.interval_length("1D")
    for thing, table in series.items() if within_days else ():
        auction = _of_auctions(table, thing, policy, by_hours[engine.hours_key(thing)])
        if auction.all():
            raise ColumnsError(
                f"{table.name}: all its bars are of the closing auction, in which nothing is traded here"
            )
        if auction.any():
            kept[thing] = table.where(~auction)
            left_out.append((int(auction.sum()), thing.key, table.moment(int(auction.argmax()))))
    if not left_out:
        return kept, ()
    _, key, first = left_out[0]
    total = sum(count for count, *_ in left_out)
    told = "are left out: nothing trades continuously there, and no file of bars has them"
    return kept, (f"{total} bars of the closing auction, the first {key} {first:%Y-%m-%d %H:%M}, {told}",)


def _of_auctions(table: Columns, thing: rc.Instrument, policy: rc.Policy, known: Windows) -> npt.NDArray[np.bool_]:
    """Which bars lie between the end of continuous trading and that of a share without such an auction.

    `known` are the auctions of days that another instrument of the same hours has asked for; more are put there.
    """
    found = np.zeros(len(table), dtype=np.bool_)
    if not thing.derivatives_listed:
        return found
    days, plain = table.days, evolve(thing, derivatives_listed=False)
    firsts = np.flatnonzero(np.diff(days, prepend=-1))
    for first, last in zip(firsts.tolist(), [*firsts[1:].tolist(), len(table)], strict=True):
        day = days.item(first)
        if day not in known:
            known[day] = _between(day, thing, plain, policy)
        ends = known[day]
        if ends is not None and table.at.item(last - 1) >= ends[0]:
            at = table.at[first:last]
            found[first:last] = (at >= ends[0]) & (at < ends[1])
    return found


def _between(day: int, thing: rc.Instrument, plain: rc.Instrument, policy: rc.Policy) -> tuple[int, int] | None:
    """When a day's auction begins and ends, in nanoseconds; None: it has none, or the calendar cannot tell.

    `plain` is the same share without derivatives.
    """
    try:
        own, full = (rc.session_on(date_of(day), one, tables=policy.tables) for one in (thing, plain))
    except rc.CalendarUnknown:
        return None
    if own is None or full is None or own.closes >= full.closes:
        return None
    return int(own.closes.timestamp()) * SECOND, int(full.closes.timestamp()) * SECOND
