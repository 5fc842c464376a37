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
from riskcore.account import moved_by
from riskcore.broker_books import CANCELLED as ROW_CANCELLED, COMPLETE, OTHER, TRIGGER_PENDING, BrokerBooks, summed
from riskcore.engine.ended import may_be_borrowed
from riskcore.engine.reports import report
from riskcore.engine.turn import Turn
from riskcore.engine.unnamed import PRESUMED
from riskcore.money import exact
from riskcore.orders import CANCELLED, FILLED, ApprovedExit, Order
from riskcore.positions import DELIVERY
from riskcore.signals import seconds, sign
from riskcore.stale_reads import is_stale

END_UNREAD: Final = "end_unread"
GONE_UNREAD: Final = "stop_gone_unread"
REFUSED_UNREAD: Final = (
    "taken for ended: the broker refuses to cancel it, no order book can be read, and the positions show all shares"
)


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


def look_for_the_lacking(turn: Turn, books: BrokerBooks) -> None:
    """Note how many shares of ours the broker's positions lack: a trade of them may be told later than it shows there.

    What an exit that works, or a stop that is touched, may have filled is its own, as long as nothing was lacking
    before. A read that began before they were missed brings none of them back, one with no row of an instrument says
    nothing of it, and of delivery what is there may be shown nowhere.
    """
    for held in turn.book.positions:
        key, product = held.instrument.key, held.product
        known, since = turn.state.custody.lacking_of(key)
        shown = any((row.key, row.product) == (key, product) for row in books.positions or ())
        if books.trades is None or not shown or product == DELIVERY:
            continue
        moved = moved_by(turn.book, books, turn.state.custody, turn.policy, key, product) or 0
        lacks = max(-moved * sign(held.side), 0)
        open_ = sum(order.open_quantity for order in turn.book.exits(key) if _may_have_filled(order, books))
        of_before = known if since is not None and books.at < since else 0
        found = min(max(known, lacks - open_), max(lacks, of_before), held.quantity)
        if found != known:
            turn.note(e.SharesLacking(turn.at, key, found))


def _may_have_filled(order: Order, books: BrokerBooks) -> bool:
    """Whether a live exit may have filled more than is told; a stop only where its row says that it is touched."""
    row = books.order(order.broker_id) if order.broker_id else None
    return not order.rests or (row is not None and row.status != TRIGGER_PENDING)


def end_unread(turn: Turn, books: BrokerBooks) -> None:
    """Exits and stops that were to end, where the order book cannot be read: no row would say that they have.

    They are asked to again every `protect_flatten_s`, and somebody is called: what the broker has taken is not sent to
    it again (`CancelOrder.leaves`). Where it refuses, they have ended once nothing speaks for their being there. Of one
    whose row has a word that nobody knows somebody is called too.
    """
    _calm_the_seen(turn, books)
    for order in turn.book.live_orders(entries=False):
        asked = turn.state.custody.asked_at(order.id)
        if order.id not in turn.state.cancelling or not order.broker_id or asked is None:
            continue
        if _row_says(order, books) == OTHER and books.at - asked >= seconds(turn.policy.protect_flatten_s):
            turn.alarm(END_UNREAD, order.id, "it was to end, and the broker shows it under a word that nobody knows")
        if books.orders is not None:
            continue
        if _is_gone(turn, order, books):
            turn.alarm(GONE_UNREAD, order.id, f"{REFUSED_UNREAD}: look at the broker's page")
            told = order.filled_quantity, order.filled_value
            report(e.OrderReported(turn.at, order.id, CANCELLED, *told, None, REFUSED_UNREAD), turn)
        elif books.at - asked >= seconds(turn.policy.protect_flatten_s):
            turn.alarm(END_UNREAD, order.id, "it was to end, no order book can be read, and nobody says that it has")
            turn.cancel_again(order, "no order book can be read, and nothing else says that it has ended")


def cancel_refused(event: e.CancelRefused, turn: Turn) -> None:
    """The broker has no such order to cancel, or does not want to: once says nothing of which."""
    order = turn.book.order(event.order_id)
    if order is None or not order.live or order.is_entry or order.id not in turn.state.cancelling:
        turn.note(e.StrayReport(turn.at, event.order_id, "no cancel was asked of this exit"))
        return
    turn.note(e.CancelFailed(turn.at, order.id, event.note))


def _is_gone(turn: Turn, order: Order, books: BrokerBooks) -> bool:
    """Whether a broker has refused to cancel an order `unknown_reads` times, and for `unknown_match_s`.

    And the read shows all that is held, and no trade of the order that is not known. One that works after all is taken
    back as soon as the order book shows it, and what it trades then is a double fill.
    """
    since, times = turn.state.custody.refused_of(order.id)
    if since is None or times < turn.policy.unknown_reads or books.trades is None:
        return False
    if books.at - since < seconds(turn.policy.unknown_match_s):
        return False
    key, product = order.approved.instrument.key, order.approved.product
    moved = moved_by(turn.book, books, turn.state.custody, turn.policy, key, product)
    filled, _ = summed(books.trades_of(order.broker_id))
    return moved == 0 and filled <= order.filled_quantity and not is_stale(turn.book, books, key)


def _calm_the_seen(turn: Turn, books: BrokerBooks) -> None:
    """Nobody need look any more at what has ended, nor at anything once the order book can be read again."""
    for name, order_id in sorted(turn.state.custody.told):
        order = turn.book.order(order_id) if name == END_UNREAD else None
        ended = order is not None and not order.live
        told = books.orders is not None and (order is None or _row_says(order, books) != OTHER)
        if name in (END_UNREAD, GONE_UNREAD) and (ended or told):
            turn.calm(name, order_id)


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
        moved = moved_by(turn.book, books, turn.state.custody, turn.policy, *place)
        if moved is not None and place in shown:
            yield from _shared_out(orders, moved, books)


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
