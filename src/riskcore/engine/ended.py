"""Orders that have ended for us: an end that may not be their own, and those that work at the broker all the same.

A plugin may show an order under a status word it does not know with the status of the row before it: an order that was
just placed or changed looks cancelled, or refused, for a moment. What follows from an end (another stop, an exit, an
entry that counts no more) must not follow from that; where it did, the order is taken back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from riskcore import events as e
from riskcore.broker_books import ORDERS, BrokerBooks, BrokerOrder
from riskcore.engine.pairing import late
from riskcore.engine.turn import Turn
from riskcore.exits.ladder import FIRST_PAUSE
from riskcore.orders import CANCELLED, REJECTED, Order
from riskcore.reconcile import Seen
from riskcore.signals import seconds
from riskcore.told import Told

LATE: Final = "arrived_late"
WORKS_STILL: Final = "works_after_its_end"
IN_VAIN: Final = "cancel_in_vain"
ENDED_UNFILLED: Final = (CANCELLED, REJECTED)


def is_doubted(turn: Turn, order: Order, told: Told, books: BrokerBooks) -> bool:
    """Whether an end is not believed yet: it may be the row's before, and `unknown_reads` reads in a row settle it.

    An order that was asked to end is believed: what waits for it waits no longer than it must.
    """
    reads = turn.state.custody.reads_ended(order.id)
    ends = order.live and told.status in ENDED_UNFILLED and order.id not in turn.state.cancelling
    if not ends or not may_be_borrowed(turn, order, books):
        if reads:
            turn.note(e.EndDoubted(turn.at, order.id, 0))
        return False
    if reads + 1 >= turn.policy.unknown_reads:
        return False
    turn.note(e.EndDoubted(turn.at, order.id, reads + 1))
    return True


def may_be_borrowed(turn: Turn, order: Order, books: BrokerBooks) -> bool:
    """Whether the broker's plugin borrows statuses, and that of an order's row may be such a one."""
    capability = turn.state.custody.capability
    return capability is not None and capability.borrows_status and is_borrowed(order.broker_id, books)


def is_borrowed(broker_id: str, books: BrokerBooks) -> bool:
    """Whether a row's status may be that of the row before it: the two are the same, or one was left out unread."""
    if books.unread_of(ORDERS):
        return True
    rows = books.orders or ()
    at = next((place for place, row in enumerate(rows) if row.id == broker_id), 0)
    return at > 0 and rows[at].status == rows[at - 1].status


def name_the_late(turn: Turn, books: BrokerBooks, seen: Seen) -> None:
    """An order that was taken for lost is there after all: what it filled is ours."""
    for order_id, broker_id in late(turn.book, books, turn.policy, turn.state.custody.lost, seen):
        turn.note(e.Acknowledged(turn.at, order_id, broker_id))
        turn.alarm(LATE, order_id, f"it was taken for lost, and is at the broker as {broker_id}: it is taken back")


def take_back(turn: Turn, books: BrokerBooks) -> None:
    """What has ended for us and is shown working is cancelled: another may stand in its stead, and two could fill.

    So is an entry that has filled all that we ordered, and works for more: somebody made it larger.
    """
    for order in turn.book.orders:
        row = books.order(order.broker_id) if not order.live and order.broker_id else None
        if row is None or not row.working or not (order.status in ENDED_UNFILLED or is_larger(order, row)):
            continue
        if not _is_news(turn, order, books):
            continue
        if order.id not in turn.state.custody.lost:
            _tell(turn, order, row)
        turn.cancel_again(order, f"it works at the broker, and had ended here: {order.status}")


def ask_again(turn: Turn, order: Order, read_at: datetime) -> None:
    """An order that was asked to end is shown working: it is asked again, and after a while somebody is called.

    Some plugins tell a cancel that the broker refused as taken. From then on it is asked every `protect_flatten_s`.
    """
    if _is_in_vain(turn, order, read_at):
        turn.alarm(
            IN_VAIN,
            order.id,
            "it was to end, and the broker's book shows it working: end it there, or leave by hand if it has ended",
        )
    if not _was_asked_lately(turn, order, read_at):
        turn.cancel_again(order, "the broker's book still shows it")


def _is_in_vain(turn: Turn, order: Order, read_at: datetime) -> bool:
    """Whether it was asked to end so long before a read that it should have."""
    since = turn.state.custody.ending_since(order.id)
    return since is not None and read_at - since >= seconds(turn.policy.protect_flatten_s)


def _was_asked_lately(turn: Turn, order: Order, read_at: datetime) -> bool:
    """Whether the last cancel of an order went out so shortly before a read that another would be one too many.

    Cancels count among the orders of an hour: what was asked in vain for a while is asked as seldom from then on, or
    there would be none left for exits.
    """
    asked = turn.state.custody.asked_at(order.id)
    pause = seconds(turn.policy.protect_flatten_s) if _is_in_vain(turn, order, read_at) else FIRST_PAUSE
    return asked is not None and read_at - asked < pause


def is_larger(order: Order, row: BrokerOrder) -> bool:
    """Whether somebody made an entry larger than we ordered it."""
    return order.is_entry and row.quantity > order.quantity


def _is_news(turn: Turn, order: Order, books: BrokerBooks) -> bool:
    """Whether a read began long enough after the order ended, and after the last cancel, to tell of either."""
    ended = turn.state.custody.settled_at(order.id)
    return not _was_asked_lately(turn, order, books.at) and (ended is None or books.at - ended >= FIRST_PAUSE)


def _tell(turn: Turn, order: Order, row: BrokerOrder) -> None:
    why = f"it had ended ({order.status}), and the broker's book shows it {row.status}: it is taken back"
    turn.alarm(WORKS_STILL, order.id, why)
