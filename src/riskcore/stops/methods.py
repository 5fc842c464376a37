"""The methods that place a stop, each with its evidence.

Every method is a distance from the entry, in rupees a share; `at_distance` turns it into a price on the tick,
nearer the entry, so that rounding never adds to the risk. BUY and SELL are exact mirrors: the losing side of a
BUY is below the entry, that of a SELL above.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from attrs import field, frozen

from riskcore.instruments import one_of, tick_size
from riskcore.money import ZERO, count, exact, not_negative, percent_of, positive
from riskcore.rounding import STOP, rounded
from riskcore.signals import BARS, BUY, SIDES, Bar, sign
from riskcore.stops.ranges import newest_swing

Evidence: TypeAlias = tuple[Any, ...]
"""A sentence with places, and what stands in them: put together only when somebody reads it."""


def evidence(value: str | Evidence) -> Evidence:
    """A sentence, or one with places and what stands in them."""
    return ("{}", value) if isinstance(value, str) else value


@frozen
class Stop:
    """A stop price, how far it stands from the entry, and how it was found (`basis`). Both are rupees a share."""

    price: Decimal
    distance: Decimal
    found: Evidence = field(converter=evidence)

    @property
    def basis(self) -> str:
        """How the stop was found, as a sentence."""
        return told(self.found)

    def remarked(self, sentence: str, *values: Any) -> Stop:
        """The same stop, with a remark behind how it was found."""
        return Stop(self.price, self.distance, ("{} ({})", self.found, (sentence, *values)))


def told(found: Evidence) -> str:
    """Evidence as a sentence; what stands in a place may be evidence itself."""
    return str(found[0]).format(*(told(value) if isinstance(value, tuple) else value for value in found[1:]))


@exact
def atr_stop(*, side: str, entry: Any, atr: Any, multiple: Any, tick: Any) -> Stop:
    """A stop `multiple` x ATR away from `entry`, on the losing side, rounded to the tick nearer the entry.

    >>> atr_stop(side="BUY", entry=2500, atr=20, multiple=1.5, tick=0.05).price
    Decimal('2470.00')
    """
    side, price, step = _start(side, entry, tick)
    return above_zero(at_distance(side, price, *by_atr(positive(atr, "atr"), positive(multiple, "multiple")), step))


@exact
def percent_stop(*, side: str, entry: Any, pct: Any, tick: Any) -> Stop:
    """A stop `pct` per cent of `entry` away, on the losing side, rounded to the tick nearer the entry.

    >>> percent_stop(side="SELL", entry=2500, pct=1.2, tick=0.05).price
    Decimal('2530.00')
    """
    side, price, step = _start(side, entry, tick)
    return above_zero(at_distance(side, price, *by_percent(price, positive(pct, "pct")), step))


@exact
def points_stop(*, side: str, entry: Any, points: Any, tick: Any) -> Stop:
    """A stop `points` rupees a share away from `entry`, on the losing side, rounded to the tick nearer the entry.

    >>> points_stop(side="BUY", entry=2500, points=30, tick=0.05).price
    Decimal('2470.00')
    """
    side, price, step = _start(side, entry, tick)
    return above_zero(at_distance(side, price, *by_points(positive(points, "points")), step))


@exact
def rupee_stop(*, side: str, entry: Any, risk: Any, quantity: Any, tick: Any) -> Stop:
    """A stop at which `quantity` shares lose at most `risk` rupees: risk / quantity away, rounded nearer the entry.

    Charges are not counted. It turns the usual order round (first the quantity, then the stop), so it needs a
    quantity that does not follow from the stop.

    >>> rupee_stop(side="BUY", entry=2500, risk=1000, quantity=33, tick=0.05).price
    Decimal('2469.70')
    """
    side, price, step = _start(side, entry, tick)
    found = by_rupees(positive(risk, "risk"), count(quantity, "quantity"))
    return above_zero(at_distance(side, price, *found, step))


@exact
def level_stop(*, side: str, entry: Any, levels: Iterable[Any], buffer: Any = 0, tick: Any) -> Stop:
    """A stop `buffer` rupees beyond the nearest of `levels` on the losing side of `entry`, rounded nearer the entry.

    Levels are prices of support (for a BUY) and resistance (for a SELL) in any order; one that stands at the entry
    is on neither side. Raises `ValueError` where none stands on the losing side.

    >>> level_stop(side="BUY", entry=2500, levels=[2440, 2475, 2520], buffer=2, tick=0.05).price
    Decimal('2473.00')
    """
    side, price, step = _start(side, entry, tick)
    if isinstance(levels, (str, bytes)) or not isinstance(levels, Iterable):
        raise ValueError(f"levels must be a list of prices such as [2440, 2475.5], got {levels!r:.60}")
    given = [positive(level, "levels") for level in levels]
    found = by_level(side, price, given, not_negative(buffer, "buffer"))
    if found is None:
        raise ValueError(f"levels hold none on the losing side of the entry {price} for a {side}: add one, or no stop")
    return above_zero(at_distance(side, price, *found, step))


@exact
def swing_stop(*, side: str, entry: Any, bars: Sequence[Bar], width: Any, buffer: Any = 0, tick: Any) -> Stop:
    """A stop `buffer` rupees beyond the newest confirmed swing on the losing side of `entry`, rounded nearer the entry.

    A swing is one of `swings(bars=..., side=..., width=...)`: the low (for a SELL the high) of a bar that `width`
    bars before and after it do not pass. Swings on the winning side of the entry are passed over. Raises
    `ValueError` where the bars hold none.
    """
    side, price, step = _start(side, entry, tick)
    bars = BARS(bars, "bars")
    found = by_swing(side, price, bars, count(width, "width"), not_negative(buffer, "buffer"))
    if found is None:
        raise ValueError(
            f"bars ({len(bars)}) hold no confirmed swing of {width} bars each side beyond the entry {price}"
        )
    return above_zero(at_distance(side, price, *found, step))


@exact
def given_stop(*, side: str, entry: Any, stop: Any, tick: Any) -> Stop:
    """The sender's own stop, rounded to the tick nearer the entry; on whichever side of it the sender put it.

    >>> given_stop(side="BUY", entry=2500, stop="2470.02", tick=0.05).price
    Decimal('2470.05')
    """
    side, price, step = _start(side, entry, tick)
    return above_zero(at_price(side, price, positive(stop, "stop"), step))


Distance: TypeAlias = tuple[Decimal, Evidence]
"""How far from the entry, in rupees a share, and how that was found."""


def by_atr(atr: Decimal, multiple: Decimal) -> Distance:
    """`multiple` x ATR."""
    return atr * multiple, ("{:f} x ATR {:.4f}", multiple, atr)


def by_percent(entry: Decimal, pct: Decimal) -> Distance:
    """`pct` per cent of the entry."""
    return percent_of(entry, pct), ("{:f} % of {:f}", pct, entry)


def by_points(points: Decimal) -> Distance:
    """`points` rupees a share."""
    return points, ("{:f} points", points)


def by_rupees(risk: Decimal, quantity: int) -> Distance:
    """`risk` rupees spread over `quantity` shares."""
    return risk / quantity, ("Rs {:f} over {} shares", risk, quantity)


def by_level(side: str, entry: Decimal, levels: Iterable[Decimal], buffer: Decimal) -> Distance | None:
    """To the nearest level on the losing side, and `buffer` beyond it; None where no level stands there."""
    way = sign(side)
    beyond = [level for level in levels if way * (entry - level) > 0]
    if not beyond:
        return None
    nearest = max(beyond) if side == BUY else min(beyond)
    return way * (entry - nearest) + buffer, ("{:.4f} beyond the level {:f}", buffer, nearest)


def by_swing(side: str, entry: Decimal, bars: Sequence[Bar], width: int, buffer: Decimal) -> Distance | None:
    """To the newest confirmed swing on the losing side, and `buffer` beyond it; None where there is none."""
    edge = newest_swing(bars, side, width, entry)
    if edge is None:
        return None
    kind = "low" if side == BUY else "high"
    return sign(side) * (entry - edge) + buffer, ("{:.4f} beyond the swing {} {:f}", buffer, kind, edge)


def at_distance(side: str, entry: Decimal, distance: Decimal, found: Evidence, tick: Decimal) -> Stop:
    """The stop at a distance on the losing side, rounded nearer the entry; it may lie at or beyond zero."""
    price = rounded(STOP, side, entry - distance if side == BUY else entry + distance, tick)
    return Stop(price, abs(entry - price), found)


def at_price(side: str, entry: Decimal, stop: Decimal, tick: Decimal) -> Stop:
    """The stop at a price, rounded towards where the entry of a sound one is."""
    price = rounded(STOP, side, stop, tick)
    return Stop(price, abs(entry - price), ("given by the signal",))


def _start(side: str, entry: Any, tick: Any) -> tuple[str, Decimal, Decimal]:
    return one_of(side, "side", SIDES), positive(entry, "entry"), tick_size(tick, "tick")


def above_zero(stop: Stop) -> Stop:
    """The stop, if it stands above zero; else an error that says where it would stand."""
    if stop.price <= ZERO:
        raise ValueError(f"the stop would stand at {stop.price}, at or beyond zero: a nearer one is needed")
    return stop
