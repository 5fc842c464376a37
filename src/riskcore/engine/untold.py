"""What orders filled while the trade book cannot be read, and no row tells it: two other books that say the same.

A live OpenAlgo names no fill in the row of an order, so that the trade book alone tells of one. Where that cannot be
read, and the order book can, shares that came would have no stop for as long as it takes, and an exit would wait for
good for the end of the stop that was taken back for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from riskcore import events as e
from riskcore.account import shares_held, shares_there
from riskcore.broker_books import CANCELLED as ROW_CANCELLED, COMPLETE, BrokerBooks
from riskcore.engine.ended import may_be_borrowed
from riskcore.engine.reports import report
from riskcore.engine.turn import Turn
from riskcore.engine.unnamed import PRESUMED
from riskcore.money import exact
from riskcore.orders import CANCELLED, FILLED, ApprovedExit, Order
from riskcore.signals import seconds, sign


@exact
def take_by_positions(turn: Turn, books: BrokerBooks) -> None:
    """Orders that have ended by their rows end, with what the position book shows that they filled.

    Where the positions cannot be read either, the row of one that is complete is proof enough of all it asked for.
    Only those that have been on their way for `protect_flatten_s`: until then the trade book may yet be read. A share
    of an entry is taken to have traded at its limit, one of an exit at the last price, at the limit at worst, and one
    of a stop that rested no better than at what woke it; the trade book puts that right as soon as it is read.
    """
    for order, part in tuple(_ended(turn, books)):
        filled, value = order.filled_quantity + part, order.filled_value + part * _price(turn, order)
        status, approved = FILLED if filled == order.quantity else CANCELLED, order.approved
        why = (
            f"{approved.side} {part} {approved.instrument.key} taken for its fill: its row has ended, "
            f"{_seen_in(books)}, and the trade book cannot be read"
        )
        if part:
            turn.alarm(PRESUMED, order.id, why)
        report(e.OrderReported(turn.at, order.id, status, filled, value, None, why), turn)


def ask_again_unread(turn: Turn, books: BrokerBooks) -> None:
    """Exits and stops that were to end are asked to again where the order book cannot be read: no row would say so.

    Every `protect_flatten_s`: what the broker has taken is not sent to it again (`CancelOrder.leaves`).
    """
    for order in turn.book.live_orders(entries=False) if books.orders is None else ():
        asked = turn.state.custody.asked_at(order.id)
        if order.id not in turn.state.cancelling or not order.broker_id or asked is None:
            continue
        if books.at - asked >= seconds(turn.policy.protect_flatten_s):
            turn.cancel_again(order, "no order book can be read, and nothing else says that it has ended")


def _ended(turn: Turn, books: BrokerBooks) -> Iterator[tuple[Order, int]]:
    """Each order of which that can be said, and how many more shares it filled; of an instrument all or none."""
    if books.trades is not None or books.orders is None:
        return
    found: dict[tuple[str, str], list[Order]] = {}
    for order in turn.book.live_orders():
        if _is_untold(turn, order, books):
            found.setdefault((order.approved.instrument.key, order.approved.product), []).append(order)
    shown = {(row.key, row.product) for row in books.positions or ()}
    for place, orders in found.items():
        if any(turn.at - one.approved.at < seconds(turn.policy.protect_flatten_s) for one in orders):
            continue
        if books.positions is None:
            yield from ((one, one.open_quantity) for one in orders if _is_proven_by_its_row(turn, one, books))
            continue
        there = shares_there(turn.book, books, *place)
        if there is not None and place in shown:
            held, beside = shares_held(turn.book, *place), turn.state.custody.beside_of(place[0])
            yield from _shared_out(orders, there - held - beside, books)


def _shared_out(orders: Iterable[Order], moved: int, books: BrokerBooks) -> Iterator[tuple[Order, int]]:
    """What the position has moved by, given to orders: all of those that are complete, the rest to one that is not."""
    whole = [order for order in orders if _row_says(order, books) == COMPLETE]
    cut = [order for order in orders if order not in whole]
    left = moved - sum(sign(order.approved.side) * order.open_quantity for order in whole)
    part = left * sign(cut[0].approved.side) if len(cut) == 1 else 0
    if left and not (len(cut) == 1 and 0 < part <= cut[0].open_quantity):
        return
    yield from ((order, order.open_quantity) for order in whole)
    yield from ((order, part) for order in cut)


def _is_untold(turn: Turn, order: Order, books: BrokerBooks) -> bool:
    """Whether an order has ended by its row, which tells of no fill."""
    row = books.order(order.broker_id) if order.broker_id else None
    if row is None or (row.filled_quantity is not None and row.average_price is not None):
        return False
    if row.status == COMPLETE:
        return row.quantity == order.quantity
    believed = order.id in turn.state.cancelling or not may_be_borrowed(turn, order, books)
    return row.status == ROW_CANCELLED and believed


def _seen_in(books: BrokerBooks) -> str:
    return "the positions cannot be read" if books.positions is None else "the positions show it"


def _is_proven_by_its_row(turn: Turn, order: Order, books: BrokerBooks) -> bool:
    """Whether a row says that all of an order has filled, and cannot have that word from the row before it."""
    return _row_says(order, books) == COMPLETE and not may_be_borrowed(turn, order, books)


def _row_says(order: Order, books: BrokerBooks) -> str:
    row = books.order(order.broker_id)
    return "" if row is None else row.status


def _price(turn: Turn, order: Order) -> Decimal:
    approved, held = order.approved, turn.book.position(order.approved.instrument.key)
    if not isinstance(approved, ApprovedExit) or held is None or held.last is None:
        return approved.limit
    worse, better = (min, max) if sign(approved.side) < 0 else (max, min)
    last = held.last if approved.trigger is None else worse(held.last, approved.trigger)
    return better(approved.limit, last)
