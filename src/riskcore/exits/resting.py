"""The protective stop that rests at a broker: what it is for a position, and when one can rest at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from riskcore.book import Book
from riskcore.exits.levels import exit_limit
from riskcore.money import exact
from riskcore.orders import STOP_HIT, WORKING, ApprovedExit, Order, Revision
from riskcore.policy import Policy
from riskcore.positions import Position
from riskcore.sessions import CalendarUnknown, stops_rest
from riskcore.signals import opposite
from riskcore.table_rows import Capability

HOUR: Final = timedelta(hours=1)
MOVES_SHARE: Final = 2
"""Stops that follow the price take one in so many of a broker's orders an hour: the rest is for entries and exits."""


@exact
def resting_stop(position: Position, quantity: int, *, order_id: str, policy: Policy, at: datetime) -> ApprovedExit:
    """The order that rests for `quantity` shares of a position: trigger at its stop, limit `stop_band_pct` beyond it.

    Raises `ValueError` for a position without a stop, or more shares than are held.
    """
    if position.stop is None or not 0 < quantity <= position.quantity:
        raise ValueError(f"{position.instrument.key}: no stop, or {quantity} is not within what is held")
    return ApprovedExit(
        order_id=order_id,
        position_id=position.id,
        instrument=position.instrument,
        side=opposite(position.side),
        quantity=quantity,
        product=position.product,
        reference=position.stop,
        limit=stop_limit(position, position.stop, policy),
        reason=STOP_HIT,
        level=position.stop,
        at=at,
        rule=position.trail.rule,
        trigger=position.stop,
    )


def stop_limit(position: Position, trigger: Decimal, policy: Policy) -> Decimal:
    """How far a resting stop may go once it is triggered: `stop_band_pct` beyond its trigger."""
    return exit_limit(position, trigger, policy.stop_band_pct)


def revision_for(position: Position, order: Order, quantity: int, policy: Policy) -> Revision | None:
    """What a resting stop must become to cover `quantity` shares at the position's stop; None where it does already.

    What it has filled stays part of its quantity: that is how a broker counts.
    """
    approved = order.approved
    assert isinstance(approved, ApprovedExit)
    if position.stop is None:
        return None
    wanted = quantity + order.filled_quantity
    if (approved.quantity, approved.trigger) == (wanted, position.stop):
        return None
    return Revision(wanted, stop_limit(position, position.stop, policy), position.stop)


def resting_quantity(book: Book, key: str) -> int:
    """For how many shares of an instrument stops work at its broker, as far as it said."""
    return sum(order.open_quantity for order in book.resting_stops(key) if order.status == WORKING)


def pace_of_moves(capability: Capability | None, stops: int) -> timedelta:
    """The least time between two moves of one of `stops` that rest, so that all take their share of an hour's orders.

    hour x stops x orders a move x `MOVES_SHARE` / `orders_an_hour`, where a move is one order, or two (a cancel and
    another stop) at a broker that changes none; nothing where the broker takes as many as come. It refuses what is
    beyond its number, exits too; what was not moved yet is watched meanwhile. At 1,000 an hour and one stop: 7.2 s, or
    14.4.
    """
    if capability is None or capability.orders_an_hour is None:
        return timedelta(0)
    orders = stops * (1 if capability.revises else 2)
    return HOUR * orders * MOVES_SHARE / capability.orders_an_hour


def can_rest(position: Position, capability: Capability | None, at: datetime, policy: Policy) -> bool:
    """Whether a stop can rest for the position at its broker and exchange now; it can where no calendar tells."""
    if capability is None or not capability.rests or position.stop is None:
        return False
    try:
        return stops_rest(at, position.instrument, tables=policy.tables)
    except CalendarUnknown:
        return True
