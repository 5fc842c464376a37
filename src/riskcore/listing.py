"""How an instrument is listed on a day: over years of bars its tick changes, by month and by rule."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from functools import cache
from typing import Final, Protocol

from attrs import evolve

from riskcore.instruments import Instrument, tick_for
from riskcore.overrides import Tables
from riskcore.sessions import IST
from riskcore.signals import Bar

SHARE: Final = ("EQ", "stock")


class Listed(Protocol):
    """How an instrument is listed on a day: a function of the two, which answers with the instrument of that day."""

    def __call__(self, instrument: Instrument, day: date, /) -> Instrument:
        """The instrument, with the tick (the lot, the sector) of the day."""


def listed_by_month(bars: Mapping[Instrument, Sequence[Bar]], *, tables: Tables | None = None) -> Listed:
    """How shares are listed on the days of their bars: each with the tick that the tables have for it on the day.

    The exchange sets the tick of a month by the last close of the month before; where no bar is as old as that, the
    first open stands for it. What has no bars here, and what is no share (no table tells the tick of an ETF), stays as
    it is. The function raises `LookupError` for a day that no tick rule covers. The ticks and their sources:
    `riskcore.tables.ticks`.
    """
    by_key = {one.key: series for one, series in bars.items() if series and (one.segment, one.kind) == SHARE}

    @cache
    def listed(instrument: Instrument, day: date) -> Instrument:
        series = by_key.get(instrument.key)
        if series is None:
            return instrument
        month = datetime.combine(day.replace(day=1), time(0), IST)
        before = bisect_left(series, month, key=lambda bar: bar.at)
        close = series[before - 1].close if before else series[0].open
        return evolve(instrument, tick=tick_for(close, on=day, exchange=instrument.exchange, tables=tables))

    return listed
