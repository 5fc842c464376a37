"""A target in parts: which part of a position leaves at which price, whatever was filled of its entry.

The plan is the entry's legs. What has left already follows from what is held, so nothing more is remembered: a
leg is done when at least its share, and all before it, has left.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from attrs import evolve, frozen

from riskcore.money import ZERO, exact, floor_to_lot
from riskcore.orders import TargetLeg
from riskcore.positions import Position
from riskcore.signals import BUY


@frozen
class TouchedLegs:
    """Legs that a price span reached: how many shares leave now, at which price on average, and the furthest level."""

    quantity: int
    reference: Decimal
    level: Decimal


def scaled_legs(legs: Sequence[TargetLeg], quantity: int, lot_size: int = 1) -> tuple[TargetLeg, ...]:
    """The legs of a part of the order: `quantity` shares shared out as the plan does, in whole lots.

    The first n legs take floor(quantity x their part of the plan) together, and the last takes the rest, so that
    the quantities add up to `quantity`. A leg may come to nothing.

    >>> plan = (TargetLeg(Decimal(110), 50), TargetLeg(Decimal(120), 30), TargetLeg(Decimal(130), 20))
    >>> [leg.quantity for leg in scaled_legs(plan, 45)]
    [22, 14, 9]
    """
    plan = sum(leg.quantity for leg in legs)
    taken = planned = 0
    parts = []
    for leg in legs:
        planned += leg.quantity
        upto = quantity if planned == plan else floor_to_lot(quantity * planned // plan, lot_size)
        parts.append(evolve(leg, quantity=upto - taken))
        taken = upto
    return tuple(parts)


def open_legs(position: Position) -> tuple[TargetLeg, ...]:
    """The legs still to come, nearest first, with what is left of each: its shares - those that have gone, >= 1."""
    opened = max(position.opened_quantity, position.quantity)
    gone = opened - position.quantity
    left = []
    for leg in scaled_legs(position.legs, opened, position.instrument.lot_size):
        done = min(gone, leg.quantity)
        gone -= done
        if leg.quantity > done:
            left.append(evolve(leg, quantity=leg.quantity - done))
    return tuple(left)


@exact
def touched_legs(position: Position, *, first: Decimal, high: Decimal, low: Decimal) -> TouchedLegs | None:
    """The legs a price span reached, as one exit, or None.

    Each leaves at its price, or at the span's first price when that is already better (a gap); the reference is
    the mean of those prices, weighted by quantity.
    """
    long = position.side == BUY
    reached = [leg for leg in open_legs(position) if (high >= leg.price if long else low <= leg.price)]
    if not reached:
        return None
    quantity = sum(leg.quantity for leg in reached)
    better = max if long else min
    value = sum((leg.quantity * better(leg.price, first) for leg in reached), ZERO)
    return TouchedLegs(quantity, value / quantity, reached[-1].price)
