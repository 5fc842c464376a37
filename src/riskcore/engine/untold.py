"""What orders filled while the trade book cannot be read, and no row tells it: two other books that say the same.

A live OpenAlgo names no fill in the row of an order, so that the trade book alone tells of one. Where that cannot be
read, and the order book can, shares that came would have no stop for as long as it takes, and an exit would wait for
good for the end of the stop that was taken back for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from riskcore import events as e
from riskcore.account import shares_held, shares_there
from riskcore.broker_books import CANCELLED as ROW_CANCELLED, COMPLETE, BrokerBooks
from riskcore.engine.ended import is_borrowed
from riskcore.engine.reports import report
from riskcore.engine.turn import Turn
from riskcore.engine.unnamed import PRESUMED
from riskcore.money import exact
from riskcore.orders import CANCELLED, FILLED, Order
from riskcore.signals import seconds, sign

GONE_UNREAD: Final = "stop_gone_unread"


@exact
def take_by_positions(turn: Turn, books: BrokerBooks) -> None:
    """Orders that have ended by their rows end, with what the position book shows that they filled.

    Where the positions cannot be read either, the row of one that is complete is proof enough of all it asked for.
    Only those that have been on their way for `protect_flatten_s`: until then the trade book may yet be read. A share
    of an entry is taken to have traded at its limit, one of an exit at the last price, at the limit at worst; the
    trade book puts that right as soon as it is read.
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


def end_unread_stops(turn: Turn, books: BrokerBooks) -> None:
    """Stops that exits wait for end, where the order book cannot be read and the positions show every share still.

    Only those that were taken back `unknown_match_s` ago, of which no trade is told. One that works after all is
    taken back again as soon as the order book shows it, and what it sells beyond what is held is a double fill: to stay
    in a position for as long as a book cannot be read would cost more.
    """
    if books.orders is not None:
        for name, order_id in sorted(turn.state.custody.told):
            if name == GONE_UNREAD:
                turn.calm(name, order_id)
        return
    for held in turn.book.positions:
        for order in turn.book.resting_stops(held.instrument.key):
            if _is_taken_back(turn, order) and _is_all_there(turn, order, books):
                why = "it was taken back, no order book can be read, and the positions show all it would have sold"
                turn.alarm(GONE_UNREAD, order.id, why)
                told = order.filled_quantity, order.filled_value
                report(e.OrderReported(turn.at, order.id, CANCELLED, *told, None, why), turn)


def _is_taken_back(turn: Turn, order: Order) -> bool:
    asked = turn.state.custody.asked_at(order.id)
    if order.id not in turn.state.cancelling or asked is None:
        return False
    return turn.at - asked >= seconds(turn.policy.unknown_match_s) and turn.is_leaving(order.approved.instrument.key)


def _is_all_there(turn: Turn, order: Order, books: BrokerBooks) -> bool:
    """Whether a read shows all that is held, and no trade of the order that is not known."""
    place = order.approved.instrument.key, order.approved.product
    there, held = shares_there(turn.book, books, *place), shares_held(turn.book, *place)
    filled = sum(trade.quantity for trade in books.trades_of(order.broker_id))
    return there == held + turn.state.custody.beside_of(place[0]) and filled <= order.filled_quantity


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
    capability = turn.state.custody.capability
    borrows = capability is not None and capability.borrows_status and order.id not in turn.state.cancelling
    return row.status == ROW_CANCELLED and not (borrows and is_borrowed(order.broker_id, books))


def _seen_in(books: BrokerBooks) -> str:
    return "the positions cannot be read" if books.positions is None else "the positions show it"


def _is_proven_by_its_row(turn: Turn, order: Order, books: BrokerBooks) -> bool:
    """Whether a row says that all of an order has filled, and cannot have that word from the row before it."""
    capability = turn.state.custody.capability
    borrowed = capability is not None and capability.borrows_status and is_borrowed(order.broker_id, books)
    return _row_says(order, books) == COMPLETE and not borrowed


def _row_says(order: Order, books: BrokerBooks) -> str:
    row = books.order(order.broker_id)
    return "" if row is None else row.status


def _price(turn: Turn, order: Order) -> Decimal:
    limit, held = order.approved.limit, turn.book.position(order.approved.instrument.key)
    if order.is_entry or held is None or held.last is None:
        return limit
    return max(limit, held.last) if sign(order.approved.side) < 0 else min(limit, held.last)
