"""Signals of a whole column, told as arrays: each is made when somebody takes it.

A strategy of arrays answers `signals(bars)` with

    SignalsAt(bars, np.flatnonzero(up), "INFY", "BUY", interval="5m", stop=close - away, target=close + 3 * away)

which is a mapping from the number of a bar to its signal, as any other. Of thousands that come while all places are
taken, a backtest makes none until somebody reads why they were refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any, Final

import numpy as np

import riskcore as rc
from riskcore import engine
from riskcore_openalgo.lab.columns import DAY, IST_AHEAD, LARGEST, SECOND, SMALLEST, Columns, ColumnsError, floats_of
from riskcore_openalgo.lab.timeline import date_of

STAMP: Final = len("20261120T093000")
"""An id ends in its moment, so long."""


class SignalsAt(Mapping[int, rc.Signal]):
    """The signals of one instrument at `places`, the numbers of bars in `bars`, strictly rising.

    Each is dated at the end of its bar (`interval` long) and has the bar as its `bar_at`. `side`, `price`, `stop` and
    `target` are one value for all, or one for each place; `about` is what else `riskcore.Signal` takes, for all. Prices
    are rupees, read to a millionth. Raises `ColumnsError` for places that are no bars, and `ValueError` for what no
    signal may have, when it is made and not later.
    """

    def __init__(
        self,
        bars: Any,
        places: Any,
        symbol: str,
        side: str | Sequence[str],
        *,
        interval: str,
        price: Any = None,
        stop: Any = None,
        target: Any = None,
        **about: Any,
    ) -> None:
        self._bars, self._length = Columns.of(bars, symbol), rc.interval_length(interval)
        self.places: list[int] = _numbers(places, len(self._bars), symbol)
        self._symbol = symbol
        self._about: dict[str, Any] = {"interval": interval, **about}
        self._sides = [side] * len(self.places) if isinstance(side, str) else list(side)
        if len(self._sides) != len(self.places):
            raise ColumnsError(
                f"{symbol}: {len(self._sides)} sides for {len(self.places)} places; give one, or as many"
            )
        self._prices = {
            name: _column(values, f"{symbol}: {name}", len(self.places))
            for name, values in (("price", price), ("stop", stop), ("target", target))
            if values is not None
        }
        self._made: dict[int, rc.Signal] = {}
        self._number_at: dict[object, int] = {place: number for number, place in enumerate(self.places)}
        self._first: dict[str, rc.Signal] = {}
        for one in dict.fromkeys(self._sides):
            self.signal(self._sides.index(one))

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[int]:
        return iter(self.places)

    def __getitem__(self, place: int) -> rc.Signal:
        signal: rc.Signal | None = self.get(place)
        if signal is None:
            raise KeyError(place)
        return signal

    def get(self, place: object, default: Any = None) -> Any:
        """The signal of a bar, `default` where it has none: asked for every bar, of which few have one."""
        number = self._number_at.get(place)
        return default if number is None else self.signal(number)

    def signal(self, number: int) -> rc.Signal:
        """The signal of the place with that number among all places."""
        known = self._made.get(number)
        if known is None:
            side, began = self._sides[number], self._bars.moment(self.places[number])
            prices, ended = {name: values[number] for name, values in self._prices.items()}, began + self._length
            first = self._first.get(side)
            if first is None:  # the first of its side is checked, and stands for what all of it have alike
                about = self._about | prices
                known = self._first[side] = rc.Signal(self._symbol, side, at=ended, bar_at=began, **about)
            else:
                known = engine.of_bar(first, self.ids[number], began, ended, **prices)
            self._made[number] = known
        return known

    def named(self, strategy: str, exchange: str, *, shadow: bool) -> SignalsAt:
        """The same of a strategy of that name, and there; `shadow` ones where that is set, or where they were."""
        about = {**self._about, **self._prices, "strategy": strategy, "exchange": exchange}
        about["shadow"] = shadow or self._about.get("shadow", False)
        return SignalsAt(self._bars, self.places, self._symbol, self._sides, **about)

    @property
    def strategy(self) -> str:
        """The name that all of them bear; "" where it is none."""
        name: str = self._about.get("strategy", "")
        return name

    @property
    def symbol(self) -> str:
        """The symbol of all of them."""
        return self._symbol

    @property
    def exchange(self) -> str:
        """Their exchange."""
        return str(self._about.get("exchange", "NSE"))

    def fits(self, count: int) -> bool:
        """Whether so many bars have all places."""
        return not self.places or self.places[-1] < count

    @property
    def plain(self) -> bool:
        """Whether all are entries that no receipt may make the repetition of another."""
        return all(one.kind == rc.ENTRY and not one.receipt for one in self._first.values())

    @property
    def product(self) -> str:
        """The product of all of them."""
        return next(iter(self._first.values())).product

    @cached_property
    def ids(self) -> list[str]:
        """The id of each, by its number: that of the first of its side, with another moment."""
        heads = {side: one.id[:-STAMP] for side, one in self._first.items()}
        began = self._bars.at[self.places] + IST_AHEAD
        days, clocks = (began // DAY).tolist(), (began % DAY // SECOND).tolist()
        rows = zip(self._sides, days, clocks, strict=True)
        return [heads[side] + _day_text(day) + _clock_text(clock) for side, day, clock in rows]


@cache
def _day_text(day: int) -> str:
    """A day that is counted from 1970 on, as it stands in an id."""
    return f"{date_of(day):%Y%m%d}"


@cache
def _clock_text(clock: int) -> str:
    """A second of the day, as it stands in an id."""
    return f"T{clock // 3600:02}{clock // 60 % 60:02}{clock % 60:02}"


def _numbers(places: Any, count: int, symbol: str) -> list[int]:
    given = np.asarray(places)
    if given.size and not np.issubdtype(given.dtype, np.integer):
        raise ColumnsError(
            f"{symbol}: places are the numbers of bars, got {given.dtype} (numpy.flatnonzero gives them)"
        )
    if given.size and (given[0] < 0 or given[-1] >= count or (np.diff(given) <= 0).any()):
        raise ColumnsError(f"{symbol}: places must rise from 0 on to below {count}, the number of bars")
    found: list[int] = given.astype(np.int64).tolist()
    return found


def _column(values: Any, what: str, count: int) -> list[float]:
    """Prices as floats, one for each place."""
    given = floats_of(values, f"{what}: prices")
    if given.ndim == 0:
        given = np.full(count, given)
    if given.shape != (count,):
        raise ColumnsError(f"{what}: {given.size} prices for {count} places; give one, or as many")
    odd = ~(np.isfinite(given) & (given >= SMALLEST) & (given < LARGEST))
    if odd.any():
        raise ColumnsError(f"{what}: {given[odd][0]} is no price (number {int(np.argmax(odd))} of {count})")
    found: list[float] = given.tolist()
    return found
