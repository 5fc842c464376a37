"""The bars of several instruments in the one order in which they are taken: by moment, then by instrument.

Every bar has a code, `moment x width + 1 + instrument`; `moment x width` is the moment itself, at which orders on
their way meet its bars. What happens between two codes is what a backtest looks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Final

import numpy as np

from riskcore_openalgo.lab.columns import DAY, IST_AHEAD, Columns

NEVER: Final = 1 << 62
MICROSECOND: Final = timedelta(microseconds=1)
FIRST: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
EPOCH: Final = date(1970, 1, 1).toordinal()


def date_of(day: int) -> date:
    """The date of a day that is counted from 1970 on."""
    return date.fromordinal(day + EPOCH)


class Timeline:
    """When each bar of each instrument is taken. `length` is that of a bar, `daily` says that it is a day."""

    def __init__(self, series: Sequence[Columns], length: timedelta) -> None:
        self.series, self.count, self.width = series, len(series), len(series) + 1
        self.length = length // MICROSECOND * 1000
        self.daily = self.length >= DAY
        first = series[0].at if series else np.zeros(0, dtype=np.int64)
        self.even = all(one.at is first or np.array_equal(one.at, first) for one in series[1:])
        self.starts = first if self.even else np.unique(np.concatenate([one.at for one in series]))
        self.places = [] if self.even else [np.searchsorted(self.starts, one.at) for one in series]
        ends = self.starts + (0 if self.daily else self.length)
        self.days = (ends + IST_AHEAD) // DAY
        self.ends = len(self.starts)
        self._next_days: dict[date, int] = {}
        self._group: tuple[int, list[tuple[int, int]]] = (-1, [])

    def __len__(self) -> int:
        return len(self.starts)

    def code(self, thing: int, place: int) -> int:
        """The code of an instrument's bar."""
        moment = place if self.even else int(self.places[thing][place])
        return moment * self.width + thing + 1

    def codes(self, thing: int, first: int, last: int) -> Sequence[int]:
        """The codes of an instrument's bars from `first` up to `last`."""
        width, slot = self.width, thing + 1
        if self.even:
            return range(first * width + slot, last * width + slot, width)
        return [moment * width + slot for moment in self.places[thing][first:last].tolist()]

    def codes_of(self, thing: int, places: Sequence[int]) -> list[int]:
        """The codes of some of an instrument's bars."""
        moments = np.asarray(places, dtype=np.int64) if self.even else self.places[thing][np.asarray(places, np.int64)]
        found: list[int] = (moments * self.width + thing + 1).tolist()
        return found

    def place(self, thing: int, code: int) -> int:
        """The number of an instrument's first bar whose code is `code` or later."""
        moment = -((thing + 1 - code) // self.width)
        if self.even:
            if 0 <= moment < self.ends:
                return moment
            return 0 if moment < 0 else self.ends
        return int(self.places[thing].searchsorted(moment))

    def group(self, moment: int) -> list[tuple[int, int]]:
        """The instruments with a bar of that moment, in order, each with the number of its bar."""
        if self.even:
            return [(thing, moment) for thing in range(self.count)]
        if self._group[0] != moment:
            found = []
            for thing, places in enumerate(self.places):
                at = int(places.searchsorted(moment))
                if at < len(places) and places[at] == moment:
                    found.append((thing, at))
            self._group = moment, found
        return self._group[1]

    def is_last(self, thing: int, moment: int) -> bool:
        """Whether no instrument after this one has a bar of that moment."""
        return thing == self.count - 1 if self.even else self.group(moment)[-1][0] == thing

    def next_bar(self, code: int) -> int:
        """The code of the first bar of any instrument at or after `code`; `NEVER` where there is none."""
        moment, slot = divmod(code, self.width)
        if self.even:
            return code + (not slot) if moment < self.ends else NEVER
        while moment < self.ends:
            for thing, _ in self.group(moment):
                if thing + 1 >= slot:
                    return moment * self.width + thing + 1
            moment, slot = moment + 1, 0
        return NEVER

    def next_day(self, day: date) -> int:
        """The code of the first moment whose bars end after that date."""
        known = self._next_days.get(day)
        if known is None:
            at = int(self.days.searchsorted(day.toordinal() - EPOCH, side="right"))
            known = self._next_days[day] = at * self.width if at < len(self.starts) else NEVER
        return known

    def from_moment(self, when: datetime, near: int = 0) -> int:
        """The code of the first moment whose bars end at `when` or later (of daily bars, on its day or later).

        It is mostly the moment with the number `near`, or the one after it: those are looked at first.
        """
        if self.daily:
            at = int(self.days.searchsorted(when.date().toordinal() - EPOCH))
        else:
            began = (when - FIRST) // MICROSECOND * 1000 - self.length
            at = self._soon(began, near)
        return at * self.width if at < len(self.starts) else NEVER

    def _soon(self, began: int, near: int) -> int:
        """The number of the first moment that begins at `began` or later."""
        starts = self.starts
        if 0 < near < self.ends - 1 and starts.item(near - 1) < began <= starts.item(near + 1):
            return near if began <= starts.item(near) else near + 1
        return int(starts.searchsorted(began))

    def walk(self) -> Iterator[tuple[int, int, int]]:
        """Every bar in order: its code, its instrument, its number."""
        for moment in range(len(self.starts)):
            for thing, place in self.group(moment):
                yield moment * self.width + thing + 1, thing, place
