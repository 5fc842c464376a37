"""Books as if each thing were said once: one row for an order, under the name it is known by, and one for a trade.

Answers were seen to show rows twice, an order beside itself as it was before, and the same id as a number, with other
zeros, or in other letters. A trade without an id of its own may be shown twice, or be two that are alike: then the
order's row tells, else the position; and where neither does, it counts once, and a cancelled order has not ended yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import TypeAlias, TypeVar

import attrs

from riskcore.account import shares_held, shares_there
from riskcore.book import Book
from riskcore.broker_books import (
    CANCELLED,
    COMPLETE,
    ENDED_ROWS,
    OPEN,
    OTHER,
    REJECTED,
    WORKING_ROWS,
    BrokerBooks,
    BrokerOrder,
    BrokerTrade,
    bare_id,
)
from riskcore.custody import Custody
from riskcore.orders import ApprovedExit, Order, Revision
from riskcore.signals import sign
from riskcore.table_rows import Capability

T = TypeVar("T")
Trades: TypeAlias = tuple[BrokerTrade, ...]


def said_once(books: BrokerBooks, book: Book, custody: Custody) -> BrokerBooks:
    """The same books without copies, ids in the form in which they are known."""
    orders, trades, undecided = books.orders, books.trades, frozenset[str]()
    spelt = _known_as(books, book, custody.rows)
    if spelt:
        orders = None if orders is None else tuple(attrs.evolve(row, id=spelt.get(row.id, row.id)) for row in orders)
        trades = None if trades is None else tuple(_renamed(trade, spelt) for trade in trades)
    orders, positions = _one_each(orders, book, custody), _distinct(books.positions)
    if trades is not None and len(set(trades)) < len(trades):
        trades, undecided = _traded_once(trades, attrs.evolve(books, orders=orders, positions=positions), book)
    if undecided:
        orders = None if orders is None else tuple(_not_ended(row, undecided) for row in orders)
    return attrs.evolve(books, orders=orders, trades=trades, positions=positions, holdings=_distinct(books.holdings))


def averages_apart(books: BrokerBooks, capability: Capability | None) -> BrokerBooks:
    """The same books, where the price of an order that has traded is its average: then no row tells its limit."""
    if capability is None or not capability.price_is_average or books.orders is None:
        return books
    traded = {trade.order_id for trade in books.trades or ()}
    rows = (
        attrs.evolve(row, price=None, average_price=row.average_price or row.price)
        if row.status == COMPLETE or row.id in traded
        else row
        for row in books.orders
    )
    return attrs.evolve(books, orders=tuple(rows))


def refusals_apart(books: BrokerBooks, book: Book, custody: Custody, others: Collection[str] = ()) -> BrokerBooks:
    """The same books, where the refusal of a cancel or a change is shown as the order's: then one of ours works on.

    What was asked to end had worked; an exit in its place would sell beside it. `others` are ids of orders that are not
    ours and were asked to end.
    """
    capability = custody.capability
    if capability is None or not capability.shows_refusals or books.orders is None:
        return books
    asked = {o.broker_id for o in book.live_orders() if o.broker_id and custody.asked_at(o.id) is not None}
    asked.update(others)
    rows = (
        attrs.evolve(row, status=OPEN) if row.status == REJECTED and row.id in asked else row for row in books.orders
    )
    return attrs.evolve(books, orders=tuple(rows))


def _distinct(rows: tuple[T, ...] | None) -> tuple[T, ...] | None:
    return None if rows is None else tuple(dict.fromkeys(rows))


def _named(book: Book) -> dict[str, Order]:
    return {order.broker_id: order for order in book.orders if order.broker_id}


# ---------------------------------------------------------------- ids


def _known_as(books: BrokerBooks, book: Book, rows: Collection[str]) -> dict[str, str]:
    """For each id of the read that nobody knows, the known one that it is in another form.

    Of ours only where instrument and side agree. Where the read has the known one too, they are two.
    """
    ours = _named(book)
    shown = [(row.id, row.key, row.side) for row in books.orders or ()]
    shown += [(trade.order_id, trade.key, trade.side) for trade in books.trades or ()]
    strange = {about for about in shown if about[0] not in ours and about[0] not in rows}
    if not strange:
        return {}
    there = {row.id for row in books.orders or ()}
    known: dict[str, list[str]] = {}
    for order_id in (*ours, *rows):
        known.setdefault(bare_id(order_id), []).append(order_id)
    found = {}
    for order_id, key, side in sorted(strange):
        alike = known.get(bare_id(order_id), [])
        order = ours.get(alike[0]) if len(alike) == 1 else None
        fits = order is None or (order.approved.instrument.key, order.approved.side) == (key, side)
        if len(alike) == 1 and alike[0] not in there and fits:
            found[order_id] = alike[0]
    return found


def _renamed(trade: BrokerTrade, spelt: dict[str, str]) -> BrokerTrade:
    return attrs.evolve(trade, order_id=spelt[trade.order_id]) if trade.order_id in spelt else trade


# ---------------------------------------------------------------- orders


def _one_each(orders: tuple[BrokerOrder, ...] | None, book: Book, custody: Custody) -> tuple[BrokerOrder, ...] | None:
    """One row of each order, in its first place: of several the one that is further on."""
    if orders is None or len({row.id for row in orders}) == len(orders):
        return orders
    alike: dict[tuple[str, str, str], list[BrokerOrder]] = {}
    for row in orders:
        alike.setdefault((row.id, row.key, row.side), []).append(row)
    ours = _named(book)
    return tuple(
        rows[0] if len(rows) == 1 else _furthest(rows, ours.get(about[0]), custody) for about, rows in alike.items()
    )


def _furthest(rows: Iterable[BrokerOrder], order: Order | None, custody: Custody) -> BrokerOrder:
    """The row that is latest, as far as can be told: what has ended does not work again, and fills only grow.

    Of two that work it is the one that we asked for last, for the other is how it was before. An order that we never
    changed was never otherwise: then the other is what somebody made of it.
    """
    was_changed = order is not None and (order.revision is not None or custody.settled_at(order.id) is not None)
    wanted = 1 if was_changed else -1
    return max(rows, key=lambda row: (_stage(row.status), row.filled_quantity or 0, wanted * _as_asked(row, order)))


def _stage(status: str) -> int:
    return 2 if status in ENDED_ROWS else int(status in WORKING_ROWS)


def _as_asked(row: BrokerOrder, order: Order | None) -> int:
    if order is None:
        return 0
    if order.revision is not None and shows(row, order.revision):
        return 2
    stop = as_ordered(order)
    return int(row.quantity == order.approved.quantity if stop is None else shows(row, stop))


def as_ordered(order: Order) -> Revision | None:
    """A resting stop as it was sent, before any change of it; None of any other order."""
    approved = order.approved
    if not isinstance(approved, ApprovedExit) or approved.trigger is None:
        return None
    return Revision(approved.quantity, approved.limit, approved.trigger)


def shows(row: BrokerOrder, wanted: Revision) -> bool:
    """Whether a row is what a revision makes of an order; what a row does not tell is not asked of it."""
    price = row.price in (None, wanted.limit)
    return row.quantity == wanted.quantity and row.trigger in (None, wanted.trigger) and price


def _not_ended(row: BrokerOrder, undecided: Collection[str]) -> BrokerOrder:
    return attrs.evolve(row, status=OTHER) if row.id in undecided and row.status == CANCELLED else row


# ---------------------------------------------------------------- trades


def _traded_once(trades: Trades, books: BrokerBooks, book: Book) -> tuple[Trades, frozenset[str]]:
    """The trades without copies, and the orders of which nobody can tell whether they are.

    A trade with an id is itself. Of the others those of an order are taken all, half (each stands twice) or once: as
    its row tells, or as makes the position of the instrument together with the trades that are beyond doubt.
    """
    kept = {trade: 1 if trade.id else number for trade, number in Counter(trades).items()}
    doubtful: dict[tuple[str, str], list[str]] = {}
    for name, about in {(one.order_id, (one.key, one.product)): None for one, number in kept.items() if number > 1}:
        ways = _ways(_of(name, kept))
        filled = _filled(name, books)
        if filled is None:
            doubtful.setdefault(about, []).append(name)
        else:
            kept |= next((way for way in ways if _shares(way) <= filled), ways[-1])
    undecided = [name for about, names in doubtful.items() for name in _settled(kept, about, names, books, book)]
    return tuple(trade for trade, number in kept.items() for _ in range(number)), frozenset(undecided)


def _settled(
    kept: dict[BrokerTrade, int], about: tuple[str, str], names: Collection[str], books: BrokerBooks, book: Book
) -> Collection[str]:
    """Take the trades of orders of an instrument and a product as its position tells; the orders it tells nothing of.

    The position is what the day's trades make, or what we held and what these orders filled since: it may have been
    carried, or stand among the holdings.
    """
    of_all = {trade: number for trade, number in kept.items() if (trade.key, trade.product) == about}
    doubted = {trade: number for trade, number in of_all.items() if trade.order_id in names}
    shown = [row.quantity for row in books.positions or () if (row.key, row.product) == about]
    there, held = shares_there(book, books, *about), shares_held(book, *about)
    ours = [order for order in book.orders if order.broker_id in names]
    known = held - sum(sign(order.approved.side) * order.filled_quantity for order in ours)
    for way in _ways(doubted) if shown or there else ():
        if _signed({**of_all, **way}) == sum(shown) or known + _signed(way) == there:
            kept |= way
            return ()
    filled = {order.broker_id: order.filled_quantity for order in ours}
    for name in names:
        ways = _ways(_of(name, kept))
        kept |= next((way for way in reversed(ways) if _shares(way) >= filled.get(name, 0)), ways[0])
    return names


def _of(name: str, kept: dict[BrokerTrade, int]) -> dict[BrokerTrade, int]:
    return {trade: number for trade, number in kept.items() if trade.order_id == name}


def _ways(trades: dict[BrokerTrade, int]) -> list[dict[BrokerTrade, int]]:
    """How often each of some trades may be meant, the most first: as often as it is shown, half so often, once."""
    halved = [{trade: number // 2 for trade, number in trades.items()}] if _even(trades) else []
    return [trades, *halved, dict.fromkeys(trades, 1)]


def _even(trades: dict[BrokerTrade, int]) -> bool:
    return all(trade.id or number % 2 == 0 for trade, number in trades.items())


def _signed(trades: dict[BrokerTrade, int]) -> int:
    return sum(sign(trade.side) * trade.quantity * number for trade, number in trades.items())


def _shares(trades: dict[BrokerTrade, int]) -> int:
    return sum(trade.quantity * number for trade, number in trades.items())


def _filled(name: str, books: BrokerBooks) -> int | None:
    """What an order has filled, as its row tells: a row that is complete says so, and so may one that works."""
    row = books.order(name)
    if row is None:
        return None
    return row.quantity if row.status == COMPLETE else row.filled_quantity
