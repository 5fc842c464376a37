"""Bars as columns: what a backtest reads, whatever it was given as, and the bars themselves where one is looked at.

    Columns.of(frame)             # a DataFrame as client.history returns it
    Columns.of({"at": ..., "open": ..., "high": ..., "low": ..., "close": ..., "volume": ...})
    Columns.of(bars)              # riskcore bars

Floats serve to search; whatever is decided or booked is worked out from the exact price.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, overload

import numpy as np
import numpy.typing as npt
from attrs import evolve

import riskcore as rc
from riskcore_openalgo.lab.averages import Floats
from riskcore_openalgo.lab.moments import (
    DAY,
    IST_AHEAD,
    SECOND,
    TIMES,
    ColumnsError,
    nanoseconds,
    times,
    when_of,
)

__all__ = [
    "DAY",
    "IST_AHEAD",
    "LARGEST",
    "PRICES",
    "SECOND",
    "SMALLEST",
    "Barred",
    "Columns",
    "ColumnsError",
    "Seen",
    "floats_of",
    "times",
]

PRICES: Final = ("open", "high", "low", "close")
ODD: Final = 6
"""No price has more decimals than that: floats are read to a millionth, as everywhere in riskcore."""

SMALLEST: Final = 10**-ODD
LARGEST: Final = 10**15


class Barred(Sequence[rc.Bar]):
    """A sequence of bars that are made when they are looked at."""

    @overload
    def __getitem__(self, place: int) -> rc.Bar: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[rc.Bar]: ...

    def __getitem__(self, place: int | slice) -> rc.Bar | Sequence[rc.Bar]:
        """One bar, or several."""
        if isinstance(place, slice):
            return [self.bar(each) for each in range(*place.indices(len(self)))]
        each = place + len(self) if place < 0 else place
        if not 0 <= each < len(self):
            raise IndexError(place)
        return self.bar(each)

    @abstractmethod
    def bar(self, place: int) -> rc.Bar:
        """The bar in that place, from 0 on."""


class Read(dict[float, Decimal]):
    """The exact prices of floats, each read once: a market has few."""

    def __missing__(self, value: float) -> Decimal:
        text = repr(value)
        if len(text) - text.find(".") - 1 > ODD or "e" in text:
            text = repr(round(value, ODD))
        exact = self[value] = Decimal(text)
        return exact


class Columns(Barred):
    """The bars of one instrument: arrays to search in, and a sequence of exact bars.

    `at` are the starts of the bars in nanoseconds since 1970 (UTC), strictly rising; `open`, `high`, `low`, `close`,
    `volume` are floats; `told_volume` says that there was a column of it.
    """

    def __init__(self, at: npt.NDArray[np.int64], prices: Mapping[str, Floats], volume: Floats, name: str) -> None:
        self.at, self.volume, self.name = at, volume, name
        self._prices = {column: prices[column] for column in PRICES}
        self.open, self.high, self.low, self.close = self._prices.values()
        self.told_volume = False
        self._exact: Sequence[rc.Bar] | None = None
        self._made: dict[int, rc.Bar] = {}
        self._read = Read()
        _check(self)

    @classmethod
    def of(cls, given: Any, name: str = "bars") -> Columns:
        """Columns of whatever holds bars; `ColumnsError` for what does not, or holds impossible ones."""
        if isinstance(given, cls):
            return given
        if hasattr(given, "columns") and hasattr(given, "index"):
            return cls._of_table(_of_frame(given, name), name)
        if isinstance(given, Mapping):
            return cls._of_table(given, name)
        bars = tuple(given) if isinstance(given, Iterable) else (given,)
        if not all(isinstance(bar, rc.Bar) for bar in bars):
            raise ColumnsError(f"{name}: give a DataFrame, a mapping of arrays, or riskcore bars")
        at = np.array([nanoseconds(bar.at) for bar in bars], dtype=np.int64)
        prices = {column: np.array([float(getattr(bar, column)) for bar in bars]) for column in PRICES}
        made = cls(at, prices, np.array([float(bar.volume) for bar in bars]), name)
        made._exact = bars
        return made

    @classmethod
    def _of_table(cls, table: Mapping[Any, Any], name: str) -> Columns:
        _refuse_twice([str(column) for column in table], name)
        known = {str(column).lower(): values for column, values in table.items()}
        when = when_of(known, name)
        missing = [column for column in PRICES if column not in known]
        if when is None or missing:
            raise ColumnsError(f"{name}: no column {', '.join(missing) or 'at'}; wanted: at, {', '.join(PRICES)}")
        at = times(when, name)
        prices = {column: floats_of(known[column], f"{name}: {column}") for column in PRICES}
        volume = floats_of(known["volume"], f"{name}: volume") if "volume" in known else np.zeros(len(at))
        made = cls(at, prices, volume, name)
        made.told_volume = "volume" in known
        return made

    def __len__(self) -> int:
        return len(self.at)

    def bar(self, place: int) -> rc.Bar:
        """The exact bar in that place."""
        if self._exact is not None:
            return self._exact[place]
        known = self._made.get(place)
        if known is None:
            known = self._made[place] = rc.Bar(
                at=self.moment(place),
                **{column: self.price(column, place) for column in PRICES},
                volume=int(self.volume[place]),
            )
        return known

    def exact(self, place: int) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """The exact prices of a bar (open, high, low, close), without the bar."""
        if self._exact is not None:
            bar = self._exact[place]
            return bar.open, bar.high, bar.low, bar.close
        read = self._read
        return (
            read[self.open.item(place)],
            read[self.high.item(place)],
            read[self.low.item(place)],
            read[self.close.item(place)],
        )

    def moment(self, place: int) -> datetime:
        """When that bar began, in IST."""
        return datetime.fromtimestamp(self.at.item(place) / SECOND, rc.IST)

    def price(self, column: str, place: int) -> Decimal:
        """The exact price in a column (open, high, low, close): of bars that were given, as it stands there."""
        if self._exact is not None:
            given: Decimal = getattr(self._exact[place], column)
            return given
        return self._read[self._prices[column].item(place)]

    @cached_property
    def days(self) -> npt.NDArray[np.int64]:
        """The date of each bar in IST, in days since 1970: worked out once, for every run asks."""
        days: npt.NDArray[np.int64] = (self.at + IST_AHEAD) // DAY
        return days

    @property
    def lazy(self) -> bool:
        """Whether the bars are made of these floats when looked at; not where exact bars were given."""
        return self._exact is None

    def floats(self, column: str) -> Floats:
        """`float(bar.close)` (open, high, low) of every bar, to the last digit, without making a bar."""
        values = self._prices[column]
        if not self.lazy:
            return values
        told: Floats = np.round(values, ODD)
        odd = told != values
        told[odd] = [round(value, ODD) for value in values[odd].tolist()]
        return told

    def between(self, first: int | None, last: int | None) -> Columns:
        """Those that begin at or after `first` and before `last`, in nanoseconds; None: no bound."""
        low = 0 if first is None else int(np.searchsorted(self.at, first))
        high = len(self) if last is None else int(np.searchsorted(self.at, last))
        if (low, high) == (0, len(self)):
            return self
        prices = {column: getattr(self, column)[low:high] for column in PRICES}
        part = Columns(self.at[low:high], prices, self.volume[low:high], self.name)
        part.told_volume = self.told_volume
        part._exact = None if self._exact is None else self._exact[low:high]
        return part

    def from_midnight(self) -> Columns:
        """Bars of a day, each from the midnight of its date on, at whatever hour of it they were stamped."""
        at = self.days * DAY - IST_AHEAD
        if np.array_equal(at, self.at):
            return self
        whole = Columns(at, self._prices, self.volume, self.name)
        whole.told_volume = self.told_volume
        if self._exact is not None:
            whole._exact = [evolve(bar, at=whole.moment(place)) for place, bar in enumerate(self._exact)]
        return whole

    def where(self, kept: npt.NDArray[np.bool_]) -> Columns:
        """Those for which it is true."""
        prices = {column: getattr(self, column)[kept] for column in PRICES}
        part = Columns(self.at[kept], prices, self.volume[kept], self.name)
        part.told_volume = self.told_volume
        exact = self._exact
        part._exact = None if exact is None else [exact[place] for place in np.flatnonzero(kept).tolist()]
        return part


class Seen(Barred):
    """The first `ended` bars of some columns: what has ended by now. Nothing after them can be reached through it."""

    def __init__(self, columns: Columns) -> None:
        self._columns, self.ended = columns, 0

    def __len__(self) -> int:
        return self.ended

    def bar(self, place: int) -> rc.Bar:
        """The exact bar in that place, which has ended."""
        return self._columns.bar(place)


def _of_frame(frame: Any, name: str) -> dict[Any, Any]:
    """A DataFrame's columns; its index is their times where it holds moments, or where no column does."""
    levels = [column for column in frame.columns if isinstance(column, tuple)]
    if levels:
        symbols = 0 if any(str(column[-1]).lower() == "close" for column in levels) else 1
        raise ColumnsError(
            f"{name}: its columns have several levels, such as {levels[0]!r}: give those of this symbol alone, with "
            f"names of one level (frame.xs(symbol, axis=1, level={symbols}), or frame.droplevel({symbols}, axis=1))"
        )
    moments = hasattr(frame.index, "tz")
    table = {column: frame[column] for column in frame.columns if not (moments and str(column).lower() in TIMES)}
    if moments or not any(str(column).lower() in TIMES for column in table):
        table["at"] = frame.index
    return table


def _refuse_twice(names: Sequence[str], name: str) -> None:
    """`ColumnsError` where two columns are called the same but for capitals: only one of them would be read."""
    for wanted in (*TIMES, *PRICES, "volume"):
        same = [column for column in names if column.lower() == wanted]
        if len(same) > 1:
            raise ColumnsError(
                f"{name}: {' and '.join(map(repr, same))} are one column by their names: take out the one that is not "
                f"meant (frame.drop(columns={same[1:]!r}))"
            )


def floats_of(values: Any, what: str) -> Floats:
    """Numbers as an array of floats; `ColumnsError` naming `what` where they are none."""
    given = np.asarray(values)
    if given.dtype == np.bool_:
        raise ColumnsError(f"{what} must be numbers: got True and False")
    try:
        return given.astype(np.float64, copy=False)
    except (TypeError, ValueError) as wrong:
        raise ColumnsError(f"{what} must be numbers: {wrong}") from None


def _check(columns: Columns) -> None:
    """Refuse what no market can have made, and say where."""
    count = len(columns.at)
    for column in (*PRICES, "volume"):
        given = getattr(columns, column)
        if given.ndim != 1:
            raise ColumnsError(f"{columns.name}: {column} is there {given.shape[-1]} times, or is no plain column")
        if len(given) != count:
            raise ColumnsError(f"{columns.name}: {column} has {len(given)} values, the times {count}")
    top, bottom = np.maximum(columns.open, columns.close), np.minimum(columns.open, columns.close)
    prices = np.stack([getattr(columns, column) for column in PRICES]) if count else np.ones((4, 0))
    lowest, highest = prices.min(axis=0), prices.max(axis=0)  # NaN where one is NaN
    _refuse(columns, ~(np.isfinite(lowest) & np.isfinite(highest)), "a price is no finite number")
    _refuse(columns, lowest < SMALLEST, f"a price is not above 0 (or below {SMALLEST:f})")
    _refuse(columns, highest >= LARGEST, f"a price is not below {LARGEST:,.0f}")
    _refuse(columns, (columns.high < top) | (columns.low > bottom), "high and low must enclose open and close")
    _refuse(columns, ~((columns.volume >= 0) & (columns.volume < np.inf)), "the volume is negative, or no number")
    late = np.concatenate(([False], np.diff(columns.at) <= 0)) if count else np.zeros(0, dtype=bool)
    _refuse(columns, late, "it does not come after the one before: sort the bars and drop duplicates")


def _refuse(columns: Columns, wrong: npt.NDArray[np.bool_], why: str) -> None:
    if wrong.any():
        place = int(np.argmax(wrong))
        raise ColumnsError(f"{columns.name}: the bar at {columns.moment(place).isoformat()} (number {place}): {why}")
