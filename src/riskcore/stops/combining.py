"""Composites: the tighter or the wider of several stops, and the least and greatest distance a stop may have."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from riskcore.instruments import one_of, tick_size
from riskcore.money import exact, not_negative, positive
from riskcore.rounding import LEAST_STOP, STOP, rounded
from riskcore.signals import BUY, SIDES
from riskcore.stops.methods import Stop, above_zero
from riskcore.values import of_kind, several_of

TIGHTER: Final = "tighter"
WIDER: Final = "wider"


_REMEDY: Final = 'points_stop(side="BUY", entry=2500, points=30, tick=0.05)'
_STOP: Final = of_kind(Stop, _REMEDY)
_STOPS: Final = several_of(Stop, f"[{_REMEDY}]")


def combined_stop(*, stops: Iterable[Stop], combine: str) -> Stop:
    """The stop of the least distance (`combine` "tighter") or of the greatest ("wider"); of equal ones the first.

    All of them must be stops of one entry on one side. Raises `ValueError` for no stops at all.
    """
    several = _STOPS(stops, "stops")
    if not several:
        raise ValueError("stops must hold one or more")
    if combine not in (TIGHTER, WIDER):
        raise ValueError(f"combine must be {TIGHTER} or {WIDER}, got {combine!r}")
    return choose(several, combine)


@exact
def clamped_stop(*, side: str, entry: Any, stop: Stop, tick: Any, least: Any = None, greatest: Any = None) -> Stop:
    """`stop` moved to the `least` distance from `entry` if it is nearer, then to the `greatest` if it is further.

    Both are rupees a share; None clamps nothing. The bounds hold on the tick: the least is rounded away from the
    entry, the greatest nearer. Raises `ValueError` for a least distance above the greatest, or one that leads to zero
    or beyond.

    >>> from riskcore.stops import points_stop
    >>> tight = points_stop(side="BUY", entry=100, points=0.05, tick=0.05)
    >>> clamped_stop(side="BUY", entry=100, stop=tight, tick=0.05, least=0.12, greatest=5).price
    Decimal('99.85')
    """
    low = None if least is None else not_negative(least, "least")
    high = None if greatest is None else positive(greatest, "greatest")
    if low is not None and high is not None and low > high:
        raise ValueError(f"least {low} is above greatest {high}: no stop could stand between them")
    start, step = positive(entry, "entry"), tick_size(tick, "tick")
    return above_zero(clamp(one_of(side, "side", SIDES), start, _STOP(stop, "stop"), step, low, high))


def choose(stops: tuple[Stop, ...], combine: str) -> Stop:
    """The tighter or the wider of several."""
    if len(stops) == 1:
        return stops[0]
    chosen = (min if combine == TIGHTER else max)(stops, key=_distance)
    return chosen.remarked("{} of {}", combine, len(stops))


def clamp(
    side: str, entry: Decimal, stop: Stop, tick: Decimal, least: Decimal | None, greatest: Decimal | None
) -> Stop:
    """`clamped_stop` without its checks; where the bounds contradict each other the greatest distance holds."""
    if least is not None and stop.distance < least:
        stop = _moved(LEAST_STOP, side, entry, least, tick, stop)
    if greatest is not None and stop.distance > greatest:
        stop = _moved(STOP, side, entry, greatest, tick, stop)
    return stop


def _distance(stop: Stop) -> Decimal:
    return stop.distance


def _moved(kind: str, side: str, entry: Decimal, distance: Decimal, tick: Decimal, stop: Stop) -> Stop:
    price = rounded(kind, side, entry - distance if side == BUY else entry + distance, tick)
    bound = "least" if kind == LEAST_STOP else "greatest"
    return Stop(price, abs(entry - price), ("{}, moved to the {} distance of {:.4f}", stop.found, bound, distance))
