"""What a hand may ask for beside stopping and resuming: exits, cancels, a nearer stop, the end of what has expired.

Each act ends in `ControlTaken`, and what follows from it, or in `ControlRefused` with a reason of
`states.CONTROL_REFUSALS`. No rule is asked of an exit; a stop never loosens. Settings are in `policies`.
"""

from __future__ import annotations

from typing import Any

from riskcore import events as e
from riskcore.brokers import PAPER
from riskcore.engine.settling import BY_HAND, settle_at
from riskcore.engine.turn import Turn
from riskcore.exits.leaving import can_trade, missed_part
from riskcore.expiries import has_ended
from riskcore.instruments import OPT
from riskcore.orders import BY_OPERATOR, Order
from riskcore.positions import Position
from riskcore.reasons import Finding
from riskcore.rounding import STOP, rounded
from riskcore.signals import BUY


def leave(event: e.OperatorExited, turn: Turn) -> None:
    """Leave a position, or so many shares of it; entries of its symbol that work or wait are taken back first."""
    position = turn.book.position(event.key)
    act = "exit" if event.quantity is None else "reduce"
    reason = _no_exit(turn, position, event)
    if reason or position is None:
        _refuse(turn, event, act, event.key, reason)
        return
    turn.note(e.ControlTaken(turn.at, act, event.key, event.by, event.why))
    for signal in turn.state.pending:
        if signal.key == event.key:
            turn.refuse(signal, Finding("position", False, "exit_came_first", signal.symbol, event.by))
    part = None if event.quantity == position.quantity else event.quantity
    turn.leave(position, BY_OPERATOR, position.last or position.average_price, part=part)


def _no_exit(turn: Turn, position: Position | None, event: e.OperatorExited) -> str:
    """Why there is nothing to leave, or ""."""
    if position is None:
        return "no_position"
    wanted = turn.state.custody.wanted_of(event.key)
    whole = event.quantity is None or event.quantity == position.quantity
    if event.quantity is not None and event.quantity > position.quantity:
        return "more_than_held"
    if event.quantity is not None and not whole and event.quantity % position.instrument.lot_size:
        return "not_whole_lots"
    if turn.all_leaves(event.key) or (wanted is not None and wanted.part is None):
        return "exit_working"
    if not whole and turn.is_leaving(event.key):
        return "exit_working"
    return "" if can_trade(position, turn.at, turn.policy) else "market_shut"


def cancel(event: e.OperatorCancelled, turn: Turn) -> None:
    """Take back what is left of an entry, or of an exit of a part: it is not tried again then."""
    order = turn.book.order(event.order_id)
    reason = ""
    if order is None or not (order.live or _is_tried_again(turn, order)):
        reason = "no_such_order"
    elif order.rests:
        reason = "stop_protects"
    elif not order.is_entry and not order.takes_part:
        reason = "exit_goes_on"
    if reason or order is None:
        _refuse(turn, event, "cancel", event.order_id, reason)
        return
    turn.note(e.ControlTaken(turn.at, "cancel", event.order_id, event.by, event.why))
    turn.cancel(order, f"by hand: {event.by}")


def _is_tried_again(turn: Turn, order: Order) -> bool:
    """Whether an order that has ended is a reduction, refused or pressed, of which another try is due."""
    held, state = turn.book.position(order.approved.instrument.key), turn.state
    return held is not None and order in missed_part(turn.book, held, state.cancelling, state.pressed)


def tighten(event: e.OperatorTightened, turn: Turn) -> None:
    """Move a stop nearer to the price, rounded to the nearer tick; never further from it, never beyond it."""
    held = turn.book.position(event.key)
    reason = "no_position"
    if held is not None:
        stop, last = rounded(STOP, held.side, event.stop, held.instrument.tick), held.last or held.average_price
        reason = "" if held.tightens(stop) else "stop_not_tighter"
        if not reason and (stop >= last if held.side == BUY else stop <= last):
            reason = "stop_beyond_market"
        if not reason:
            turn.note(e.ControlTaken(turn.at, "tighten", event.key, event.by, event.why))
            turn.note(e.StopMoved(turn.at, event.key, held.id, held.stop, stop, BY_OPERATOR))
            return
    _refuse(turn, event, "tighten", event.key, reason)


def settle(event: e.OperatorSettled, turn: Turn) -> None:
    """End a contract that has expired at what somebody says it was worth: where a broker holds it, it settles it."""
    held, capability = turn.book.position(event.key), turn.state.custody.capability
    reason = "no_position"
    if capability is not None and capability.broker != PAPER:
        reason = "broker_settles"
    elif held is not None:
        is_over = has_ended(held.instrument, turn.at, tables=turn.policy.tables)
        worthless = event.price == 0 and held.instrument.segment != OPT
        reason = "worth_nothing" if worthless else "" if is_over else "not_expired"
    if reason or held is None:
        _refuse(turn, event, "settle", event.key, reason)
        return
    turn.note(e.ControlTaken(turn.at, "settle", event.key, event.by, event.why))
    settle_at(turn, held, event.price, BY_HAND, own=True)


def _refuse(turn: Turn, event: Any, act: str, name: str, reason: str) -> None:
    turn.note(e.ControlRefused(turn.at, act, name, event.by, event.why, reason))
