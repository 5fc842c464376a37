"""Whether a read of the broker's books is of one moment, and of one that is not past: else it proves no difference.

The books are answers of several calls, and brokers keep some of them for a while: positions of some seconds ago beside
trades of now, or all of them as they were before our last fill. What differs from ours in such a read differs from the
rest of it too, or is what we know has been. Nothing follows from it but that somebody must know, where it lasts. Nor is
an order absent for a read that lacks others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Final

from riskcore.book import Book
from riskcore.broker_books import ENDED_ROWS, BrokerBooks, summed
from riskcore.corrections import belongs_to
from riskcore.money import exact
from riskcore.orders import Order
from riskcore.positions import DELIVERY, Position
from riskcore.signals import sign

INTRADAY: Final = "MIS"
"""The product that nobody carries over a night: its positions are the day's trades, and nothing else."""
FRESH: Final = timedelta(seconds=60)
"""So soon after a position was opened a book may still be of before it: brokers were seen to lag by half a minute."""


@exact
def is_stale(book: Book, books: BrokerBooks, key: str, presumed: Collection[str] = ()) -> bool:
    """Whether a read says nothing of what is held of an instrument: it lies behind, or two of its books contradict.

    `presumed` are orders whose fill was concluded and not read: no read need show it.
    """
    if _is_behind(book, books, key, presumed) or _is_of_two_moments(book, books, key):
        return True
    return _moved_without_a_trade(book, books, key) or _is_of_before_our_exit(book, books, key)


def is_clean(book: Book, books: BrokerBooks, known: Collection[str]) -> bool:
    """Whether a read can prove that an order is absent: orders and trades were read, and it shows one of `known`.

    `known` are ids that earlier reads showed. It must show every order of ours of the session that has filled, too: one
    that lacks such an order was kept from before it, and lacks others for that.
    """
    if books.orders is None or books.trades is None:
        return False
    filled = (order.broker_id for order in book.orders if order.filled_quantity and is_of_today(order, book))
    return not books.ids.isdisjoint(known) and books.ids.issuperset(one for one in filled if one)


def tells_every_trade(book: Book, books: BrokerBooks, key: str, product: str, carried: int = 0) -> bool:
    """Whether a read is of one moment, and each trade of an instrument in it is of an order that it shows.

    Then what no row is has not filled, whatever else was traded: a hand's shares beside ours, say. Of one moment it is
    where its trades in the product make its position, with the signed shares that we `carried` into the day.
    """
    shown = {row.id for row in books.orders or ()}
    trades = [trade for trade in books.trades or () if trade.key == key]
    if not trades or not all(trade.order_id in shown for trade in trades):
        return False
    made = sum(sign(trade.side) * trade.quantity for trade in trades if trade.product == product)
    there = sum(row.quantity for row in books.positions or () if (row.key, row.product) == (key, product))
    return there == carried + made and not is_stale(book, books, key)


def lacks_a_half(book: Book, books: BrokerBooks) -> bool:
    """Whether no row of the order book works, and it has none of an order of ours of today that does.

    So it is where a plugin asks for the orders that work apart from those that ended, and leaves out what failed.
    """
    if books.orders is None or any(row.status not in ENDED_ROWS for row in books.orders):
        return False
    ours = (order.broker_id for order in book.live_orders() if is_of_today(order, book))
    return any(name and not any(row.is_named(name) for row in books.orders) for name in ours)


def is_of_today(order: Order, book: Book) -> bool:
    """Whether an order was sent in the session of the book; a day order of one before it is in no book of today."""
    return book.session is None or order.approved.at.date() >= book.session


def was_carried(position: Position, session: date | None) -> bool:
    """Whether a position was opened before a session."""
    return position.opened_at is not None and session is not None and position.opened_at.date() < session


def held_there(position: Position, books: BrokerBooks, session: date | None) -> int:
    """The signed shares that the broker has of a position of ours: its rows of our product, and for CNC the holdings.

    A position that was carried over a night is compared with all that is held: more is a bonus, a split, or the
    owner's own. Of one of today the holdings count only as far as they explain what the position book lacks (shares of
    an earlier day that were sold and bought again stand there).
    """
    key, product = position.instrument.key, position.product
    shown = sum(row.quantity for row in books.positions or () if (row.key, row.product) == (key, product))
    if product != DELIVERY:
        return shown
    total = shown + books.in_demat(key)
    return total if was_carried(position, session) else min(total, max(shown, position.signed))


def _is_behind(book: Book, books: BrokerBooks, key: str, presumed: Collection[str]) -> bool:
    """Whether its trades are fewer than what is known to have filled of an order of ours of the session."""
    if books.trades is None:
        return False
    for order in book.orders:
        approved = order.approved
        ours = approved.instrument.key == key and order.broker_id and is_of_today(order, book)
        if not ours or order.id in presumed:
            continue
        if summed(books.trades_of(order.broker_id))[0] < order.filled_quantity:
            return True
    return False


def _is_of_two_moments(book: Book, books: BrokerBooks, key: str) -> bool:
    """Whether intraday positions are not what the trades of the day make, by product nor as a whole.

    As a whole they are where shares were moved to another product, or where a broker's trades name none that is known;
    but hardly of a position that is just there: then a book that lags may come to the same by chance.
    """
    held, rows = book.position(key), [row for row in books.positions or () if row.key == key]
    products = {row.product for row in rows if row.quantity} | ({held.product} if held is not None else set())
    if INTRADAY not in products:
        return False
    as_a_whole, by_product = _differs(books, key)
    return by_product and (as_a_whole or (held is not None and is_fresh(held, books.at)))


def is_fresh(held: Position, at: datetime) -> bool:
    """Whether a position was opened so short a time before that a book may be of before it."""
    return held.opened_at is not None and at - held.opened_at < FRESH


def _moved_without_a_trade(book: Book, books: BrokerBooks, key: str) -> bool:
    """Whether shares that our orders of today moved are elsewhere in the read, and no trade of others in it tells why.

    Of a product that is carried over nights the trades of a day do not make the whole. They do make what was opened
    today; and a position that lacks just what they moved, or has it still, is one of before. Shares that were moved to
    another product are there still. For delivery the holdings are a part of it, though no row shows the rest.
    """
    held, rows = book.position(key), [row for row in books.positions or () if row.key == key]
    if held is None or books.trades is None or held.product == INTRADAY or not (rows or books.in_demat(key)):
        return False
    today = [o for o in book.orders if o.broker_id and o.approved.instrument.key == key and is_of_today(o, book)]
    made, opened = _moved_by(today), _moved_by([order for order in today if belongs_to(order, book) is held])
    moved = held_there(held, books, book.session) - held.signed
    elsewhere = sum(row.quantity for row in rows if row.product != held.product)
    of_before = moved * made < 0 and abs(moved) <= abs(made)
    if not moved or moved + elsewhere == 0 or not (held.signed in (made, opened) or of_before):
        return False
    return not _traded_by_others(book, books, key, moved)


def _moved_by(orders: Iterable[Order]) -> int:
    """The signed shares that orders have filled."""
    return sum(sign(order.approved.side) * order.filled_quantity for order in orders)


def _is_of_before_our_exit(book: Book, books: BrokerBooks, key: str) -> bool:
    """Whether a read shows again what exits of ours have just taken off, and no trade of others in it tells why.

    Of what is left of a position the trades of the read tell, where there are any. Where all is closed that holds for
    a while alone: the owner may have as many shares of his own, carried over nights.
    """
    held = book.position(key)
    closed = [o for o in book.outcomes if o.key == key and books.at - o.closed_at < FRESH]
    if (held is None and not closed) or (held is not None and books.trades is not None):
        return False
    product = held.product if held is not None else closed[-1].product
    out = [o for o in book.orders if not o.is_entry and o.approved.instrument.key == key and is_of_today(o, book)]
    taken = sum(sign(o.approved.side) * o.filled_quantity for o in out if o.approved.product == product)
    shown = sum(row.quantity for row in books.positions or () if (row.key, row.product) == (key, product))
    more = shown - (0 if held is None else held.signed)
    return more * taken < 0 and abs(more) <= abs(taken) and not _traded_by_others(book, books, key, more)


def _traded_by_others(book: Book, books: BrokerBooks, key: str, moved: int) -> bool:
    """Whether trades of a read that are no order's of ours explain that so many signed shares moved."""
    ours = book.broker_ids()
    others = [trade for trade in books.trades or () if trade.key == key and trade.order_id not in ours]
    traded = sum(sign(trade.side) * trade.quantity for trade in others)
    return traded * moved > 0 and abs(traded) >= abs(moved)


@exact
def made_otherwise(books: BrokerBooks, key: str) -> bool:
    """Whether the trades of a read make other positions of an instrument than it shows, though it may show none."""
    return all(_differs(books, key))


def _differs(books: BrokerBooks, key: str) -> tuple[bool, bool]:
    """Whether trades and positions of an instrument differ as a whole, and in its intraday shares."""
    if books.trades is None:
        return False, False
    made = {"": 0, INTRADAY: 0}
    for trade in books.trades:
        if trade.key == key:
            signed = sign(trade.side) * trade.quantity
            made[""] += signed
            made[INTRADAY] += signed if trade.product == INTRADAY else 0
    rows = [row for row in books.positions or () if row.key == key]
    shown = {"": sum(row.quantity for row in rows)}
    shown[INTRADAY] = sum(row.quantity for row in rows if row.product == INTRADAY)
    return shown[""] != made[""], shown[INTRADAY] != made[INTRADAY]
