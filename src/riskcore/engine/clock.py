"""What only the clock brings: a new session, stale wishes, late entries, the square-off, exits to repeat."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from riskcore import events as e
from riskcore.book import Position
from riskcore.engine.overnight import keep_exits
from riskcore.engine.turn import Turn
from riskcore.engine.waiting import session_over, too_late
from riskcore.engine.watch import touches_due
from riskcore.exits.ladder import at_last_step, band_pct, leaving_since, pause, refusals
from riskcore.exits.leaving import (
    can_leave,
    can_trade,
    expiry_due,
    failed_exit,
    missed_part,
    square_off_due,
    time_is_up,
)
from riskcore.exits.levels import exit_limit
from riskcore.orders import (
    AWAITING,
    CANCELLED,
    EXIT_STEP,
    EXPIRY,
    REJECTED,
    SQUARE_OFF,
    TIME_STOP,
    WORKING,
    ApprovedExit,
    Order,
)
from riskcore.signals import SELL, seconds

ENTRY_TIMEOUT: Final = "entry_timeout_s"
"""Why an entry is taken back whose limit no price came to in time."""
EXIT_RESTS: Final = "exit_rests"
PAST_CLOSE: Final = "held_past_close"


def new_day(turn: Turn) -> bool:
    """Counters belong to the session date: the first input of a new one starts it. Whether this was one."""
    day = turn.at.date()
    if turn.book.session is not None and day <= turn.book.session:
        return False
    session_over(turn)
    keep_exits(turn)
    turn.note(e.SessionOpened(turn.at, day))
    turn.ask_equity()
    capability = turn.state.custody.capability
    for order in turn.book.live_orders():
        if order.rests or order.status == AWAITING:
            ended = REJECTED if order.status == AWAITING else CANCELLED
            turn.note(e.OrderMoved(turn.at, order.id, ended, "a day order: it ended with its session"))
            if capability is not None and capability.keeps_orders:
                turn.take_off(order, "the broker keeps what its session ended with")
    return True


def on_time(turn: Turn, alone: str | None = None, *, of_bars: bool = False) -> None:
    """What only the clock brings: stale wishes, entries that waited too long, the square-off, exits to repeat.

    Where an instrument is named, what is held of that one `alone` leaves: of others prices up to now are still to come.
    The time of bars is the end of one, whose prices were traded; at any other nothing leaves in a market that is shut.
    """
    too_late(turn)
    for order in turn.book.live_orders(entries=True):
        if turn.at - order.approved.at >= timedelta(seconds=turn.policy.entry_timeout_s):
            turn.cancel(order, ENTRY_TIMEOUT)
    for position in turn.book.positions:
        if alone is None or position.instrument.key == alone:
            _leave_in_time(turn, position, of_bars=of_bars)
    _call_past_the_close(turn)


def _call_past_the_close(turn: Turn) -> None:
    """Call for somebody where an intraday position is held in a market that has shut; tell when that is over.

    The machine slept, or no exit got through: no order of ours takes it off any more.
    """
    late = {
        held.instrument.key: held
        for held in turn.book.positions
        if square_off_due(held, turn.at, turn.policy) and not can_trade(held, turn.at, turn.policy)
    }
    for key, held in late.items():
        why = f"{held.quantity} intraday shares are held, and the market is shut: the broker ends them, or a hand"
        turn.alarm(PAST_CLOSE, key, why)
    for name, key in sorted(turn.state.custody.told):
        if name == PAST_CLOSE and key not in late:
            turn.calm(name, key)


def _leave_in_time(turn: Turn, position: Position, *, of_bars: bool) -> None:
    key = position.instrument.key
    for order in turn.book.leaving(key):
        _press(turn, position, order)
    if turn.all_leaves(key) or not (of_bars or can_leave(position, turn.at, turn.policy)):
        return
    price = position.last or position.average_price
    failed = failed_exit(turn.book, position)
    if failed is not None:
        _leave_again(turn, position, failed)
    elif turn.state.custody.touch_of(key) is not None:
        touches_due(turn, position)
    elif square_off_due(position, turn.at, turn.policy):
        turn.leave(position, SQUARE_OFF, price)
    elif expiry_due(position, turn.at, turn.policy):
        turn.leave(position, EXPIRY, price, rule="expiry_exit_days")
    elif (rule := time_is_up(position, turn.at, turn.policy)) is not None:
        turn.leave(position, TIME_STOP, price, rule=rule)
    else:
        _reduce_again(turn, position, price)


def pressed_on(turn: Turn, order_id: str) -> None:
    """An exit that was pressed, and has ended for it, is followed at once: nothing is to wait for the next second."""
    order = turn.book.order(order_id)
    position = None if order is None else turn.book.position(order.approved.instrument.key)
    if order is None or position is None or order.status != CANCELLED or order.is_entry or order.rests:
        return
    failed = None if turn.all_leaves(position.instrument.key) else failed_exit(turn.book, position)
    if failed is not None:
        _leave_again(turn, position, failed)


def _leave_again(turn: Turn, position: Position, failed: ApprovedExit) -> None:
    if turn.at - failed.at >= pause(turn.book, position, turn.policy) and can_trade(position, turn.at, turn.policy):
        turn.leave(position, failed.reason, position.last or position.average_price, rule=failed.rule)


def _reduce_again(turn: Turn, position: Position, price: Decimal) -> None:
    """A reduction that was refused, or pressed, is tried again as the whole is, for what of it did not leave."""
    missed_orders = missed_part(turn.book, position, turn.state.cancelling, turn.state.pressed)
    if not missed_orders or not can_trade(position, turn.at, turn.policy):
        return
    first = missed_orders[0].approved
    if isinstance(first, ApprovedExit) and turn.at - first.at >= pause(turn.book, position, turn.policy):
        missed = sum(order.quantity - order.filled_quantity for order in missed_orders)
        turn.leave(position, first.reason, price, part=min(missed, position.quantity))


def _press(turn: Turn, position: Position, order: Order) -> None:
    """An exit that works at one price for `exit_step_s` is taken back, and the next one goes a step further.

    It stays where no step would price it otherwise (at a circuit, say): its place in the queue is worth more. At the
    last step, and after a refusal, when it stands at the price itself, somebody is called.
    """
    if order.status != WORKING or turn.at - order.approved.at < seconds(turn.policy.exit_step_s):
        return
    price = position.last or position.average_price
    limit = exit_limit(position, price, band_pct(turn.book, position, turn.policy, further=1))
    better = order.approved.limit - limit if order.approved.side == SELL else limit - order.approved.limit
    if at_last_step(turn.book, position, turn.policy) or refusals(turn.book, position):
        worked = int((turn.at - order.approved.at).total_seconds())
        bare = int((turn.at - leaving_since(turn.book, position, order)).total_seconds())
        why = f"the exit has worked {worked} s, and no step of its ladder is left"
        turn.alarm(EXIT_RESTS, order.id, f"{why}; {position.quantity} shares have been without a stop for {bare} s")
    if better > 0 and can_trade(position, turn.at, turn.policy):
        turn.cancel(order, EXIT_STEP)
