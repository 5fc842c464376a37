"""The rows of a trade book as trades, at brokers whose rows are something else (`Capability.trades`).

Some plugins tell of each trade the quantity and the average price of its whole order: two parts of an order of 50 are
two rows of 50 each, and a first part of 20 is one of 50. Of an order that is complete that is what it traded. Of any
other it says no more than that something was traded: how much, what is known of it tells, or the position does; else
its rows are as good as unread.

Other plugins name in the trade book the exchange's order, which is in no order book: the order that it is, is the one
of its instrument, product and side that has filled so much, or the only one that may have.

Where a trade bears the time of its order (`Capability.order_times`), a stop that rested for hours would have filled
hours ago, and what is to wait after a loss would have waited. Such a time is left out: it is of when it was seen.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

import attrs

from riskcore.account import shares_held, shares_there
from riskcore.book import Book
from riskcore.broker_books import (
    COMPLETE,
    OTHER,
    REJECTED,
    TRADES,
    WORKING_ROWS,
    BrokerBooks,
    BrokerOrder,
    BrokerTrade,
    UnreadRow,
    bare_id,
)
from riskcore.orders import Order
from riskcore.signals import sign
from riskcore.stale_reads import INTRADAY
from riskcore.table_rows import Capability

EACH: Final = "each"
ORDERS: Final = "orders"
UNNAMED: Final = "unnamed"
MAY_TRADE: Final = (*WORKING_ROWS, OTHER)
NOBODYS: Final = "it names the exchange's order, and more than one order may be that"
UNTOLD: Final = "it shows the quantity of its order, and nothing tells how much of it was traded"

Trades: TypeAlias = dict[str, BrokerTrade]


class _Read(NamedTuple):
    """What is known of the orders whose trades are read, by their bare names: rows, what has traded, ours."""

    rows: dict[str, BrokerOrder]
    settled: Trades
    ours: dict[str, Order]
    books: BrokerBooks
    book: Book


def traded(books: BrokerBooks, book: Book, capability: Capability | None) -> BrokerBooks:
    """The same books with trades that are of orders of the order book, and no more of each than it has traded.

    Where rows show whole orders that is one trade of each: what it has traded so far, at the average of its latest row.
    One that works still, and of which that is not told, has traded what was known before: it will be told at its end,
    and is one of the `untold` until then.
    """
    if capability is None or books.trades is None:
        return books
    books = _undated(books) if capability.order_times else books
    if capability.trades == EACH:
        return books
    if capability.trades == UNNAMED:
        return _named(books, book)
    rows = {bare_id(row.id): row for row in books.orders or ()}
    ours = {bare_id(order.broker_id): order for order in book.orders if order.broker_id}
    latest = {bare_id(trade.order_id): trade for trade in books.trades or ()}
    known = {name: _known(trade, rows.get(name), ours.get(name)) for name, trade in latest.items()}
    settled = {name: attrs.evolve(trade, quantity=known[name]) for name, trade in latest.items() if known[name]}
    open_ = {name: trade for name, trade in latest.items() if name not in settled}
    parts = _parts(open_, _Read(rows, settled, ours, books, book))
    at_work = {name for name in open_ if name in rows and rows[name].status in MAY_TRADE}
    silent = [name for name in at_work if not parts[name]]
    parts |= {name: ours[name].filled_quantity for name in silent if name in ours}
    found = settled | {name: attrs.evolve(open_[name], quantity=part) for name, part in parts.items() if part}
    untold = [trade for name, trade in open_.items() if not parts[name] and name not in at_work]
    unread = [UnreadRow(book=TRADES, id=one.order_id, key=one.key, why=UNTOLD) for one in untold]
    left = [row for row in books.unread_rows if not (capability.trades == ORDERS and _is_no_trade(row, rows))]
    more = tuple(sorted({*books.untold, *(rows[name].id for name in silent)}))
    return attrs.evolve(books, trades=tuple(found.values()), unread_rows=(*left, *unread), untold=more)


def _undated(books: BrokerBooks) -> BrokerBooks:
    return attrs.evolve(books, trades=tuple(attrs.evolve(trade, traded_at=None) for trade in books.trades or ()))


def _is_no_trade(row: UnreadRow, rows: dict[str, BrokerOrder]) -> bool:
    """Whether a row of orders that stand in the place of trades has no price, for nothing of it was traded."""
    order = rows.get(bare_id(row.id))
    return row.book == TRADES and order is not None and order.status != COMPLETE and "average_price" in row.why


def _known(trade: BrokerTrade, row: BrokerOrder | None, order: Order | None) -> int:
    """What an order has traded, where its row or what is known of it says so; else 0."""
    if row is not None and row.status == COMPLETE:
        return row.quantity
    return order.filled_quantity if order is not None and not order.live else 0


def _parts(open_: Trades, read: _Read) -> dict[str, int]:
    """What each order of which nothing tells has traded, by its name; 0 where the position does not tell it either.

    Which of several that have ended traded how much nothing tells: the earliest is taken to have filled first. It is
    their sum that is held.
    """
    alike: dict[tuple[str, str, str], list[str]] = {}
    for name, trade in open_.items():
        alike.setdefault((trade.key, trade.product, trade.side), []).append(name)
    parts: dict[str, int] = {}
    for names in alike.values():
        least = {name: max(read.ours[name].filled_quantity, 1) if name in read.ours else 1 for name in names}
        most = {name: read.rows[name].quantity if name in read.rows else open_[name].quantity for name in names}
        more = _moved(names, open_, read) - sum(least.values())
        if not 0 <= more <= sum(most.values()) - sum(least.values()):
            parts |= dict.fromkeys(names, 0)
            continue
        for name in names:
            taken = min(more, most[name] - least[name])
            parts[name], more = least[name] + taken, more - taken
    return parts


def _moved(names: list[str], open_: Trades, read: _Read) -> int:
    """What these orders of one side have made of the position, beside all else that was traded; 0 where that is untold.

    Of intraday shares the position is what the day's trades make; of others only what ours have moved can be told. An
    order of the same side that may trade amid the read leaves nothing that could be told, nor does a position book that
    was not read, or lacks the instrument: errors come as nothing. Several must all have ended by their rows: one
    without a row came after those were read.
    """
    first = open_[names[0]]
    place, wanted = (first.key, first.product), first.side
    here = {one: other for one, other in read.settled.items() if (other.key, other.product) == place}
    others = [one for one, other in open_.items() if one not in names and (other.key, other.product) == place]
    may_trade = [
        one
        for one, row in read.rows.items()
        if row.status in MAY_TRADE and (row.key, row.product, row.side) == (*place, wanted)
    ]
    shown = [row.quantity for row in read.books.positions or () if (row.key, row.product) == place]
    alone = len(names) == 1 and may_trade in ([], names)
    have_ended = not may_trade and all(name in read.rows for name in names)
    if others or not shown or not (alone or have_ended):
        return 0
    day_trades = first.product == INTRADAY
    moved = sum(shown) - _signed(here) if day_trades else _moved_by_ours(place, names, here, read)
    return moved * sign(wanted)


def _moved_by_ours(place: tuple[str, str], names: list[str], here: Trades, read: _Read) -> int:
    """The signed shares that came since what is known, beside those that other orders of ours have traded."""
    there = shares_there(read.book, read.books, *place)
    if there is None or not all(name in read.ours for name in (*names, *here)):
        return 0
    told = [read.ours[name] for name in (*names, *here)]
    before = shares_held(read.book, *place) - sum(sign(one.approved.side) * one.filled_quantity for one in told)
    return there - before - _signed(here)


def _signed(trades: Trades) -> int:
    return sum(sign(trade.side) * trade.quantity for trade in trades.values())


# ---------------------------------------------------------------- trades under the exchange's name of their order


def _named(books: BrokerBooks, book: Book) -> BrokerBooks:
    """The trades under the names of the order book; those that may be of several orders are as good as unread."""
    there = {row.id for row in books.orders or ()}
    groups: dict[str, list[BrokerTrade]] = {}
    for trade in books.trades or ():
        if trade.order_id not in there:
            groups.setdefault(trade.order_id, []).append(trade)
    names = _names(groups, books, book)
    found = [
        attrs.evolve(trade, order_id=names.get(trade.order_id, trade.order_id))
        for trade in books.trades or ()
        if names.get(trade.order_id) != ""
    ]
    doubted = [groups[name][0] for name, named in names.items() if not named]
    unread = [UnreadRow(book=TRADES, id=one.order_id, key=one.key, why=NOBODYS) for one in doubted]
    return attrs.evolve(books, trades=tuple(found), unread_rows=(*books.unread_rows, *unread))


def _names(groups: dict[str, list[BrokerTrade]], books: BrokerBooks, book: Book) -> dict[str, str]:
    """The order of the order book that each group of trades is of; "" where it may be several, nothing where none."""
    filled = {order.broker_id: order.filled_quantity for order in book.orders if order.broker_id and not order.live}
    named = {trade.order_id for trade in books.trades or ()}
    free = [row for row in books.orders or () if row.status != REJECTED and row.id not in named]
    found: dict[str, str] = {}
    for name, trades in groups.items():
        shares = sum(trade.quantity for trade in trades)
        exact = [row for row in _alike(free, trades[0]) if shares == (filled.get(row.id) or _whole(row))]
        if exact:
            found[name] = exact[0].id
            free.remove(exact[0])
    left = {name: trades for name, trades in groups.items() if name not in found}
    for name, trades in left.items():
        rows = [row for row in _alike(free, trades[0]) if row.quantity >= sum(one.quantity for one in trades)]
        rivals = [one for one in left.values() if _alike(rows, one[0])]
        if rows:
            found[name] = rows[0].id if len(rows) == len(rivals) == 1 else ""
    return found


def _whole(row: BrokerOrder) -> int | None:
    return row.quantity if row.status == COMPLETE else None


def _alike(rows: list[BrokerOrder], trade: BrokerTrade) -> list[BrokerOrder]:
    """The rows of the trade's instrument, product and side."""
    return [row for row in rows if (row.key, row.product, row.side) == (trade.key, trade.product, trade.side)]
