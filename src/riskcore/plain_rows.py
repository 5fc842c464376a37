"""Rows as the broker means them, where a plugin tells them otherwise: whose a trade is, in what product, in rupees.

A trade is of the instrument and in the product of its order. Some plugins look a trade's instrument up by a name that
it has not (of a contract they tell the underlying, or the broker's own spelling), and that of an order too: one of ours
is known by its id. A broker may have one product for contracts, which its plugin calls intraday whatever was asked for
(`Capability.one_product`): those of an instrument of ours are in our product. And it may tell prices of trades in
paise, or those above some hundred rupees at a hundredth (`Capability.trade_prices`): what a price was, the order's own
limit tells, or the last price of what we hold.
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
RUPEES: Final = "rupees"
PAISE: Final = "paise"
A_RUPEE: Final = 100
PAISA: Final = Decimal("0.01")
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
    meant = attrs.evolve(books, orders=orders, trades=trades, positions=positions)
    unit = RUPEES if capability is None else capability.trade_prices
    return meant if unit == RUPEES else _in_rupees(meant, book, ours, unit)


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


def _in_rupees(books: BrokerBooks, book: Book, ours: dict[str, Order], unit: str) -> BrokerBooks:
    """The same at the prices that there were; in paise are also those of orders that show their average."""
    last = {held.instrument.key: held.last or held.average_price for held in book.positions}
    near: dict[str, Decimal | None] = {name: order.approved.limit for name, order in ours.items()}
    orders = books.orders
    if unit == PAISE and orders is not None:
        orders = tuple(_averaged(row, near.get(bare_id(row.id)) or last.get(row.key), unit) for row in orders)
    elif orders is not None:
        near = {bare_id(row.id): row.price or row.trigger for row in orders} | near
    trades = books.trades
    if trades is not None:
        trades = tuple(_priced(one, near.get(bare_id(one.order_id)) or last.get(one.key), unit) for one in trades)
    return attrs.evolve(books, orders=orders, trades=trades)


def _priced(row: Priced, near: Decimal | None, unit: str) -> Priced:
    """A row at the price that it had, by one that this must be near; as it is told where nothing tells one."""
    if near is None or row.price is None:
        return row
    return attrs.evolve(row, price=_rupees(row.price, near, unit))


def _averaged(row: BrokerOrder, near: Decimal | None, unit: str) -> BrokerOrder:
    """The same of an order, and of its average where it tells that as well."""
    row, average = _priced(row, near, unit), row.average_price
    if near is None or average is None:
        return row
    return attrs.evolve(row, average_price=_rupees(average, near, unit))


@exact
def _rupees(told: Decimal, near: Decimal, unit: str) -> Decimal:
    if unit == PAISE:
        return told / A_RUPEE if told > near * APART else told
    return (told * A_RUPEE).quantize(PAISA) if told > 1 and told * APART < near else told
