"""What the gateway says of our orders: fills, moves, and reports that cannot be true."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from riskcore import events as e
from riskcore.book import Book
from riskcore.breakers.table import is_on
from riskcore.costs import ChargesUnknown, charge_for_more
from riskcore.engine.turn import Turn
from riskcore.exits.leaving import closed_trade
from riskcore.orders import LIFE, REJECTED, UNKNOWN, ApprovedExit, Order
from riskcore.sessions import in_ist

BOOK_DIFFERS: Final = "book_differs"
CHARGES_TROUBLE: Final = "charges_unknown"


def report(event: e.OrderReported, turn: Turn) -> None:
    """One report of one order."""
    order = turn.book.order(event.order_id)
    problem = _contradiction(order, event, turn.book)
    if order is None or problem:
        turn.note(e.StrayReport(turn.at, event.order_id, problem))
        if order is not None and event.filled_quantity > order.filled_quantity:
            turn.latch(BOOK_DIFFERS, f"order {order.id}: {problem}")
        return
    if event.filled_quantity > order.filled_quantity:
        _fill(turn, order, event)
    known = turn.book.order(event.order_id)
    if known is None:
        return
    moved = known.advance(event.status, known.filled_quantity, known.filled_value)
    if moved.status != known.status:
        turn.note(e.OrderMoved(turn.at, order.id, moved.status, event.note))
        if moved.status in (REJECTED, UNKNOWN) and is_on(turn.policy, "max_order_errors"):
            turn.note(e.OrderFailed(turn.at, order.id, event.error or moved.status, event.note))


def _contradiction(order: Order | None, event: e.OrderReported, book: Book) -> str:
    """Why a report cannot be of the order it names, or ""."""
    if order is None:
        return "no such order in this session"
    if event.status not in LIFE:
        return f"{event.status!r} is not a status"
    if event.filled_quantity > order.approved.quantity:
        return f"{event.filled_quantity} filled of {order.approved.quantity} ordered"
    more = event.filled_quantity - order.filled_quantity
    if more > 0 and event.filled_value <= order.filled_value:
        return "more was filled for no more money"
    position = book.position(order.approved.instrument.key)
    if more <= 0:
        return ""
    against = position is not None and position.side != order.approved.side
    if order.is_entry:
        return "an entry filled against an open position" if against else ""
    fits = against and position is not None and position.quantity >= more
    return "" if fits else "an exit filled more than is held"


def _fill(turn: Turn, order: Order, event: e.OrderReported) -> None:
    approved = order.approved
    quantity = event.filled_quantity - order.filled_quantity
    held = turn.book.position(approved.instrument.key)
    filled = e.Filled(
        turn.at,
        order.id,
        approved.instrument.key,
        approved.side,
        quantity,
        (event.filled_value - order.filled_value) / quantity,
        _charges(turn, order, event),
        in_ist(event.traded_at or turn.at, "traded_at"),
        event.filled_value - order.filled_value,
    )
    turn.note(filled)
    if filled.charges is None:
        turn.latch(
            CHARGES_TROUBLE,
            f"no schedule of charges for {approved.instrument.key} {approved.product}",
        )
    if isinstance(approved, ApprovedExit) and held is not None and held.quantity == quantity:
        turn.note(closed_trade(turn.at, held, approved, filled))
    if isinstance(approved, ApprovedExit):
        _cut_down(turn, approved.instrument.key)


def _cut_down(turn: Turn, key: str) -> None:
    """A late fill of an earlier exit may leave less than a live exit would sell: that is cancelled, and repeated."""
    held = turn.book.position(key)
    left = 0 if held is None else held.quantity
    for order in sorted(turn.book.live_orders(key, entries=False), key=lambda order: order.takes_part):
        if order.open_quantity > left:
            turn.cancel(order, "more than is held")
        else:
            left -= order.open_quantity


def _charges(turn: Turn, order: Order, event: e.OrderReported) -> Decimal | None:
    approved = order.approved
    try:
        return charge_for_more(
            approved.instrument,
            approved.product,
            approved.side,
            value_before=order.filled_value,
            value_after=event.filled_value,
            on=turn.at.date(),
            policy=turn.policy,
        )
    except ChargesUnknown:
        return None
