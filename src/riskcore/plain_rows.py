"""Rows as the broker means them, where a plugin tells them otherwise: whose a trade is, in what product, in rupees.

A trade is of the instrument and in the product of its order. Some plugins look a trade's instrument up by a name that
it has not (of a contract they tell the underlying, or the broker's own spelling), and that of an order too: one of ours
is known by its id. A broker may have one product for contracts, which its plugin calls intraday whatever was asked for
(`Capability.one_product`): those of an instrument of ours are in our product. And it may tell trades in paise
(`Capability.trades_in_paise`): what a price was, the order's own limit tells, or the last price of what we hold.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, TypeVar

import attrs

from riskcore.book import Book
from riskcore.broker_books import BrokerBooks, BrokerOrder, BrokerPosition, BrokerTrade, bare_id
from riskcore.money import exact
from riskcore.orders import Order
from riskcore.table_rows import Capability

SHARES: Final = "EQ"
PAISE: Final = 100
APART: Final = 10
"""No price is so many times another of the same day: it is told in another unit."""

Row = TypeVar("Row", BrokerOrder, BrokerTrade, BrokerPosition)
Priced = TypeVar("Priced", BrokerOrder, BrokerTrade)


def as_meant(books: BrokerBooks, book: Book, capability: Capability | None) -> BrokerBooks:
    """The same books, each row of the instrument, in the product and at the price that it is of."""
    ours = {bare_id(order.broker_id): order for order in book.orders if order.broker_id}
    orders = None if books.orders is None else tuple(_of_ours(row, ours) for row in books.orders)
    shown = {bare_id(row.id): row for row in orders or () if row.key}
    trades = None if books.trades is None else tuple(_of_its_order(trade, shown) for trade in books.trades)
    positions = books.positions
    if capability is not None and capability.one_product:
        known = _products(book)
        orders, trades, positions = _as_ours(orders, known), _as_ours(trades, known), _as_ours(positions, known)
    if capability is not None and capability.trades_in_paise:
        limits = {name: order.approved.limit for name, order in ours.items()}
        last = {held.instrument.key: held.last or held.average_price for held in book.positions}
        orders = None if orders is None else tuple(_in_rupees(row, row.id, limits, last) for row in orders)
        trades = None if trades is None else tuple(_in_rupees(one, one.order_id, limits, last) for one in trades)
    return attrs.evolve(books, orders=orders, trades=trades, positions=positions)


def _of_ours(row: BrokerOrder, ours: dict[str, Order]) -> BrokerOrder:
    """A row that names no instrument is of the order of ours whose id it bears."""
    order = None if row.key else ours.get(bare_id(row.id))
    return row if order is None else attrs.evolve(row, key=order.approved.instrument.key)


def _of_its_order(trade: BrokerTrade, shown: dict[str, BrokerOrder]) -> BrokerTrade:
    row = shown.get(bare_id(trade.order_id))
    if row is None or row.side != trade.side or (row.key, row.product) == (trade.key, trade.product):
        return trade
    return attrs.evolve(trade, key=row.key, product=row.product)


def _products(book: Book) -> dict[str, str]:
    """The product in which we hold, or last ordered, each contract."""
    ordered = [(order.approved.instrument, order.approved.product) for order in book.orders]
    held = [(position.instrument, position.product) for position in book.positions]
    return {thing.key: product for thing, product in (*ordered, *held) if thing.segment != SHARES}


def _as_ours(rows: tuple[Row, ...] | None, known: dict[str, str]) -> tuple[Row, ...] | None:
    return None if rows is None else tuple(attrs.evolve(row, product=known.get(row.key, row.product)) for row in rows)


def _in_rupees(row: Priced, order_id: str, limits: dict[str, Decimal], last: dict[str, Decimal]) -> Priced:
    """A row at the price that it had, by one that this must be near; as it is told where nothing tells one."""
    near = limits.get(bare_id(order_id)) or last.get(row.key)
    if near is None or row.price is None:
        return row
    return attrs.evolve(row, price=_rupees(row.price, near))


@exact
def _rupees(told: Decimal, near: Decimal) -> Decimal:
    return told / PAISE if told > near * APART else told
