"""What the gateway says of our orders: fills, moves, and reports that cannot be true."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from riskcore import events as e
from riskcore.breakers.table import is_on
from riskcore.broker_books import bare_id
from riskcore.corrections import flipped
from riskcore.costs import ChargesUnknown, charge_for_more
from riskcore.engine.clock import EXIT_RESTS
from riskcore.engine.lookback import look_at_entry
from riskcore.engine.protection import REVISION_REFUSED, stop_ended
from riskcore.engine.turn import Turn
from riskcore.exits.ladder import HELD_AFTER, refusals, unsent
from riskcore.exits.leaving import closed_trade
from riskcore.money import ZERO
from riskcore.orders import (
    AWAITING,
    CANCELLED,
    DOUBLE_FILL,
    FOR_LEAVING,
    LIFE,
    REJECTED,
    UNKNOWN,
    ApprovedExit,
    Order,
)
from riskcore.positions import Position
from riskcore.sessions import in_ist
from riskcore.stale_reads import is_of_today

CONTRADICTED: Final = "report_contradicts"
OUTCOME_UNKNOWN: Final = "outcome_unknown"
APPROVAL: Final = "approval_needed"
HELD_NO_EXIT: Final = "held_no_exit"
EXIT_NOT_SENT: Final = "exit_not_sent"
CHARGES_TROUBLE: Final = "charges_unknown"
WHILE_IT_WORKS: Final = (APPROVAL, EXIT_RESTS, REVISION_REFUSED)
"""Calls about an order that are over when it has ended."""


def report(event: e.OrderReported, turn: Turn) -> None:
    """One report of one order."""
    order = turn.book.order(event.order_id)
    event = event if order is None or not event.broker_id else _of_its_own(turn, order, event)
    problem = _contradiction(order, event)
    if order is None or problem:
        turn.note(e.StrayReport(turn.at, event.order_id, problem))
        if order is not None and event.filled_quantity > order.filled_quantity:
            turn.latch(CONTRADICTED, f"order {order.id}: {problem}")
        return
    if event.broker_id and event.broker_id != order.broker_id:
        turn.note(e.Acknowledged(turn.at, order.id, event.broker_id))
    if event.filled_quantity > order.filled_quantity:
        _fill(turn, order, event)
    known = turn.book.order(event.order_id)
    if known is None:
        return
    if event.status != known.status:
        moved = known.advance(event.status, known.filled_quantity, known.filled_value, _error(event))
        if moved.status != known.status:
            turn.note(e.OrderMoved(turn.at, order.id, moved.status, event.note, moved.error))
            _moved(turn, moved, event)
    _calm_the_ended(turn, order.id)


def _calm_the_ended(turn: Turn, order_id: str) -> None:
    """Nobody need see any more to what was wrong with an order while it worked, or waited."""
    order = turn.book.order(order_id)
    if order is not None and not order.live:
        for name in WHILE_IT_WORKS:
            turn.calm(name, order_id)


def _of_its_own(turn: Turn, order: Order, event: e.OrderReported) -> e.OrderReported:
    """The report; where it names a row that bears another order's name by now, nothing is known of this one.

    The two are alike in all that a row shows. What the row fills is booked once, and the row that is this one's, where
    there is any, is told by the books.
    """
    name = bare_id(event.broker_id)
    others = (one for one in turn.book.orders if name and one.id != order.id and is_of_today(one, turn.book))
    bearer = next((one for one in others if bare_id(one.broker_id) == name), None)
    if bearer is None:
        return event
    why = f"its answer names {event.broker_id}, which is {bearer.id} here: what became of it the books must tell"
    filled, value = order.filled_quantity, order.filled_value
    return e.OrderReported(event.at, order.id, UNKNOWN, filled, value, None, why)


def _error(event: e.OrderReported) -> str:
    return event.error if event.status in (REJECTED, UNKNOWN) else ""


def _moved(turn: Turn, order: Order, event: e.OrderReported) -> None:
    """What follows from an order's new status."""
    error = event.error or order.status
    if order.status in (REJECTED, UNKNOWN) and is_on(turn.policy, "max_order_errors"):
        turn.note(e.OrderFailed(turn.at, order.id, error, event.note))
    if order.status == UNKNOWN:
        turn.alarm(OUTCOME_UNKNOWN, order.id, event.note or "nobody knows whether the broker took it")
    elif order.status == AWAITING:
        turn.alarm(APPROVAL, order.id, "OpenAlgo keeps the order until somebody approves it")
        turn.latch(APPROVAL, "OpenAlgo's order mode is semi-automatic: stops and exits would wait for a hand")
    else:
        turn.calm(OUTCOME_UNKNOWN, order.id)
        turn.calm(APPROVAL, order.id)
    if order.rests and order.status in (REJECTED, CANCELLED):
        stop_ended(turn, order)
    elif order.status == REJECTED and isinstance(order.approved, ApprovedExit):
        _exit_refused(turn, order)


def _exit_refused(turn: Turn, order: Order) -> None:
    """Nothing takes the position off for now: told once, and tried again; ever more slowly where it was refused."""
    key = order.approved.instrument.key
    position = turn.book.position(key)
    if position is None:
        return
    if order.never_arrived:
        if unsent(turn.book, position) >= HELD_AFTER:
            why = (
                f"{HELD_AFTER} exits in a row did not get to the broker ({order.error}); it is tried again every second"
            )
            turn.alarm(EXIT_NOT_SENT, key, why)
    elif refusals(turn.book, position) >= HELD_AFTER:
        turn.alarm(
            HELD_NO_EXIT, key, f"{HELD_AFTER} exits in a row were refused; it is tried again at longer intervals"
        )


def _contradiction(order: Order | None, event: e.OrderReported) -> str:
    """Why a report cannot be of the order it names, or ""."""
    if order is None:
        return "no such order in this session"
    if event.status not in LIFE:
        return f"{event.status!r} is not a status"
    if event.filled_quantity > order.quantity:
        return f"{event.filled_quantity} filled of {order.quantity} ordered"
    if event.filled_quantity > order.filled_quantity and event.filled_value <= order.filled_value:
        return "more was filled for no more money"
    return ""


def _fill(turn: Turn, order: Order, event: e.OrderReported) -> None:
    """Shares traded: those that were held are booked; those beyond are a position the other way, to be taken off.

    So are those of an entry that was taken for lost, or met what a hand had sold: the broker nets the two.
    """
    approved = order.approved
    quantity = event.filled_quantity - order.filled_quantity
    value = event.filled_value - order.filled_value
    held = turn.book.position(approved.instrument.key)
    against = held if held is not None and held.side != approved.side else None
    opens = order.is_entry and against is None
    room = quantity if opens else min(quantity, 0 if against is None else against.quantity)
    if room:
        part = value if room == quantity else value * room / quantity
        _book(turn, order, event, room, part, held)
    beyond = quantity - room
    if beyond:
        _beyond(turn, order, event, beyond, value if not room else value - value * room / quantity)
    if opens:
        look_at_entry(turn, order.id, value / quantity)
    else:
        if order.is_entry:
            turn.latch(CONTRADICTED, f"entry {order.id} filled against what was held")
        cut_down(turn, approved.instrument.key)
    if order.rests:  # the broker leaves by itself: what would enter again is taken back, as for an exit of ours
        for entry in turn.book.live_orders(approved.instrument.key, entries=True):
            turn.cancel(entry, FOR_LEAVING)


def _book(
    turn: Turn, order: Order, event: e.OrderReported, quantity: int, value: Decimal, held: Position | None
) -> None:
    approved = order.approved
    filled = e.Filled(
        turn.at,
        order.id,
        approved.instrument.key,
        approved.side,
        quantity,
        value / quantity,
        charges_for(turn, order, order.filled_value + value),
        in_ist(event.traded_at or turn.at, "traded_at"),
        value,
    )
    turn.note(filled)
    if filled.charges is None:
        turn.latch(
            CHARGES_TROUBLE,
            f"no schedule of charges for {approved.instrument.key} {approved.product}",
        )
    if held is None or held.side == approved.side:
        return
    turn.calm(HELD_NO_EXIT, approved.instrument.key)
    turn.calm(EXIT_NOT_SENT, approved.instrument.key)
    if held.quantity == quantity:
        turn.note(closed_trade(turn.at, held, approved, filled))


def _beyond(turn: Turn, order: Order, event: e.OrderReported, quantity: int, value: Decimal) -> None:
    """A double fill: it is flattened once, since what it made is a position like any other that is leaving."""
    known = turn.book.order(order.id)
    assert known is not None
    charges = charges_for(turn, known, known.filled_value + value)
    at = in_ist(event.traded_at or turn.at, "traded_at")
    made = flipped(known, quantity, value / quantity, at, charges or ZERO)
    key = made.instrument.key
    turn.note(e.Overfilled(turn.at, order.id, made, value, charges))
    turn.alarm(DOUBLE_FILL, order.id, f"{quantity} more {key} traded than were held; they are taken off again")
    turn.latch(CONTRADICTED, f"order {order.id} traded {quantity} more than was held")
    position = turn.book.position(key)
    if position is not None:
        turn.leave(position, DOUBLE_FILL, position.last or position.average_price)


def cut_down(turn: Turn, key: str) -> None:
    """What a late fill of an earlier exit, or a hand, leaves is less than a live exit would sell: that is cancelled.

    It is repeated. So is one that would add to what is held, since a double fill turned the position round. A stop that
    rests for more than is left is made smaller by whoever protects positions.
    """
    held = turn.book.position(key)
    left = 0 if held is None else held.quantity
    for order in turn.book.live_orders(key, entries=False):
        if held is not None and not order.rests and order.approved.side == held.side:
            turn.cancel(order, "the position has turned round")
    for order in sorted(turn.book.leaving(key), key=lambda order: order.takes_part):
        if order.open_quantity > left:
            turn.cancel(order, "more than is held")
        else:
            left -= order.open_quantity


def charges_for(turn: Turn, order: Order, value_after: Decimal) -> Decimal | None:
    """What an order's fills cost up to a value, beyond what was booked; None where no schedule tells."""
    approved = order.approved
    try:
        return charge_for_more(
            approved.instrument,
            approved.product,
            approved.side,
            value_before=order.filled_value,
            value_after=value_after,
            on=turn.at.date(),
            policy=turn.policy,
        )
    except ChargesUnknown:
        return None
