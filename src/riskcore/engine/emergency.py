"""The emergency stop at work: entries taken back, positions left, the broker's books asked twice whether that is so.

It is pressed once and driven by every input after that, so that a cancel that failed, a reading that failed or a fill
that comes late delays it, and never ends it. A stop that rests is taken back before its position leaves; where that
cannot be had, the position keeps it, and the stop ends as incomplete.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from riskcore import events as e
from riskcore.account import shares_beside
from riskcore.book import Latch
from riskcore.broker_books import ORDERS, BrokerBooks
from riskcore.control import EMERGENCY_LATCH, FLAT, INCOMPLETE, PENDING, READINGS, STOPPING, WITHIN, Emergency
from riskcore.custody import FOREIGN
from riskcore.engine.turn import Turn
from riskcore.exits.ladder import FIRST_PAUSE
from riskcore.exits.leaving import can_trade, failed_exit
from riskcore.orders import EMERGENCY, Order
from riskcore.policy.custody import IGNORE
from riskcore.positions import Position
from riskcore.reconcile import differences, without_doubt
from riskcore.said_once import refusals_apart
from riskcore.signals import seconds
from riskcore.stale_reads import is_clean
from riskcore.states import LOCKED

NOT_ASKED: Final = "paper"
"""The broker that has no books to be read: what we hold of it is all there is."""
SHUT: Final = "its market is shut"


def press(event: e.EmergencyStopped, turn: Turn) -> None:
    """Latch first; then everything else follows from that, with this input and with each one after it."""
    known = turn.state.control.emergency
    if known is not None and (known.whole_account or not event.whole_account):
        turn.note(e.ControlRefused(turn.at, "stop", EMERGENCY_LATCH, event.by, event.why, "already_stopped"))
        return
    turn.note(e.EmergencyOrdered(turn.at, event.by, event.why, event.whole_account))
    turn.calm(INCOMPLETE, EMERGENCY_LATCH)
    turn.stop(Latch(EMERGENCY_LATCH, LOCKED, turn.at, event.by, event.why))


def drive(event: Any, turn: Turn) -> None:
    """Take back, leave, read, judge: as far as this input allows. Asked after each one, like protection."""
    emergency = turn.state.control.emergency
    if emergency is None:
        return
    for order in turn.book.live_orders(entries=True):
        turn.cancel(order, EMERGENCY)
    for position in turn.book.positions:
        _leave(turn, position)
    _judge(turn, _seen(event, turn, emergency))


def _leave(turn: Turn, position: Position) -> None:
    """An exit, where one can go; one that failed is repeated by the clock, after its pause and a step further."""
    if can_trade(position, turn.at, turn.policy) and failed_exit(turn.book, position) is None:
        turn.leave(position, EMERGENCY, position.last or position.average_price)


# ---------------------------------------------------------------- what the broker's books show


def _seen(event: Any, turn: Turn, emergency: Emergency) -> Emergency:
    """The stop after a reading of the books, where the input is a whole one that is newer than the last."""
    if not needs_books(turn):
        return attrs.evolve(emergency, readings=0 if _ours(turn) else READINGS)
    if _ours(turn):
        emergency = attrs.evolve(emergency, readings=0)
    books = _shown(event.books, turn, emergency) if isinstance(event, e.BooksRead) else None
    if books is None or not _is_whole(books, turn):
        return emergency
    if emergency.read_at is not None and books.at <= emergency.read_at:
        return emergency
    if emergency.whole_account:
        _end_foreign_orders(turn, books)
    contrary = _contrary(turn, books, emergency)
    readings = 0 if contrary or _ours(turn) else min(emergency.readings + 1, READINGS)
    return attrs.evolve(emergency, read_at=books.at, contrary=contrary, readings=readings)


def _shown(books: BrokerBooks, turn: Turn, emergency: Emergency) -> BrokerBooks:
    """The books of which nothing is in doubt; an order that is shown as rejected since it was to end may work on."""
    plain, asked = without_doubt(books, turn.book, turn.state.custody), [broker_id for broker_id, _ in emergency.asked]
    return refusals_apart(plain, turn.book, turn.state.custody, asked)


def needs_books(turn: Turn) -> bool:
    """Whether the broker has books that must bear out what we believe."""
    capability = turn.state.custody.capability
    return capability is None or capability.broker != NOT_ASKED


def _is_whole(books: BrokerBooks, turn: Turn) -> bool:
    """Whether a reading can prove anything: all three books, and a row that was known before where one was."""
    if books.orders is None or books.trades is None or books.positions is None:
        return False
    known = turn.book.broker_ids() | turn.state.custody.rows
    return not known or is_clean(turn.book, books, known)


def _contrary(turn: Turn, books: BrokerBooks, emergency: Emergency) -> tuple[str, ...]:
    """What a reading shows that should not be there: of ours, or with the whole account of anybody."""
    ours = turn.book.broker_ids()
    found = [
        f"order {row.id} of {row.key} works at the broker"
        for row in books.orders or ()
        if row.working and (row.id in ours or emergency.whole_account)
    ]
    if emergency.whole_account:
        found += [f"an order cannot be read at the broker: {row.why}" for row in books.unread_of(ORDERS)]
    touched = {order.approved.instrument.key for order in turn.book.orders}
    custody = turn.state.custody
    for mismatch in differences(turn.book, books, custody.capability) or ():
        of_others = mismatch.kind == FOREIGN and (mismatch.key not in touched or turn.policy.manual_trades == IGNORE)
        accepted = custody.accepts(mismatch, shares_beside(turn.book, books, mismatch.key))
        if not accepted and (emergency.whole_account or not of_others):
            found.append(f"{mismatch.key}: {mismatch.theirs} shares at the broker, {mismatch.ours} in our book")
    return tuple(found)


def _end_foreign_orders(turn: Turn, books: BrokerBooks) -> None:
    """Working orders of others are asked to end, and asked again after a pause while the book shows them.

    Less often once the stop is incomplete: a cancel is one of the orders of an hour, and exits are others.
    """
    ours = turn.book.broker_ids()
    for row in books.orders or ():
        emergency = turn.state.control.emergency
        asked = None if emergency is None else emergency.asked_at(row.id)
        slow = emergency is not None and emergency.stage == INCOMPLETE
        pause = seconds(turn.policy.protect_flatten_s) if slow else FIRST_PAUSE
        if row.working and row.id not in ours and (asked is None or books.at - asked >= pause):
            turn.note(e.ForeignCancelRequested(turn.at, row.id, EMERGENCY))
            turn.ask(e.CancelOrder("", row.id))


# ---------------------------------------------------------------- how far it has come


def _judge(turn: Turn, emergency: Emergency) -> None:
    """The stage by what is left; a fact where it, or what was read, is another than before."""
    known = turn.state.control.emergency
    assert known is not None
    left = left_of(turn, emergency)
    stage, since = emergency.stage, emergency.since
    if not left:
        stage = FLAT
    elif _waits_for_a_market(turn):
        stage = PENDING
    elif stage in (FLAT, PENDING):
        stage, since = STOPPING, turn.at
    elif stage == STOPPING and turn.at - since >= WITHIN:
        stage = INCOMPLETE
    moved = attrs.evolve(emergency, stage=stage, since=since, asked=known.asked)
    if moved != attrs.evolve(known, read_at=emergency.read_at):  # another reading that shows the same is no news
        _note(turn, known, moved, left)


def _note(turn: Turn, known: Emergency, emergency: Emergency, left: tuple[str, ...]) -> None:
    turn.note(
        e.EmergencyStaged(
            turn.at, emergency.stage, emergency.since, emergency.readings, emergency.read_at, left, emergency.contrary
        )
    )
    if emergency.stage == INCOMPLETE and known.stage != INCOMPLETE:
        turn.alarm(INCOMPLETE, EMERGENCY_LATCH, f"the emergency stop is incomplete: {'; '.join(left)}")
    elif emergency.stage == FLAT:
        turn.calm(INCOMPLETE, EMERGENCY_LATCH)


def _ours(turn: Turn) -> bool:
    """Whether our own book has something left."""
    return bool(turn.book.positions or turn.book.live_orders())


def _waits_for_a_market(turn: Turn) -> bool:
    """Whether positions whose market is shut are all that is left."""
    positions = turn.book.positions
    shut = bool(positions) and not any(can_trade(position, turn.at, turn.policy) for position in positions)
    return shut and all(order.rests for order in turn.book.live_orders())


def left_of(turn: Turn, emergency: Emergency) -> tuple[str, ...]:
    """What keeps the account from being flat, in words; empty where it is."""
    found = [_position(turn, position) for position in turn.book.positions]
    found += [_order(order) for order in turn.book.live_orders()]
    found += emergency.contrary
    if not found and emergency.readings < READINGS:
        found.append(f"{emergency.readings} of {READINGS} readings of the broker's books have shown it flat")
    return tuple(found)


def _position(turn: Turn, position: Position) -> str:
    shut = "" if can_trade(position, turn.at, turn.policy) else f" ({SHUT})"
    return f"position {position.side} {position.quantity} {position.instrument.key}{shut}"


def _order(order: Order) -> str:
    what = "entry" if order.is_entry else ("stop" if order.rests else "exit")
    return f"{what} {order.id}: {order.status}, {order.open_quantity} may still fill"
