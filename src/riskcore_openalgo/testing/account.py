"""The books of one mode: orders, trades, positions, holdings and money. It knows no clock and asks no market."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from datetime import date, datetime
from decimal import Decimal

from attrs import evolve

from riskcore_openalgo.testing.gtt import Gtt
from riskcore_openalgo.testing.orders import (
    CANCELLED,
    NONE,
    REJECTED,
    FakeHolding,
    FakeOrder,
    FakePosition,
    FakeTrade,
    Truth,
)


class Account:
    """What one account holds. Its caller holds the lock."""

    def __init__(self, cash: Decimal, *, orders_block: bool = True) -> None:
        self.cash, self.orders_block = cash, orders_block
        self.orders: dict[str, FakeOrder] = {}
        self.trades: list[FakeTrade] = []
        self.positions: dict[tuple[str, str], FakePosition] = {}
        self.holdings: dict[str, FakeHolding] = {}
        self.gtts: dict[str, Gtt] = {}
        self.realised = NONE
        self.realised_today = NONE
        self.hidden_before: datetime | None = None
        self.unlisted: set[str] = set()
        self.unread_products: set[str] = set()

    # ------------------------------------------------------------------ money
    @property
    def used_margin(self) -> Decimal:
        """Blocked by positions, by resting triggers and by working orders: in the sandbox these block nothing."""
        working = (order.margin for order in self.orders.values() if order.working and self.orders_block)
        orders = sum(working, NONE)
        gtts = sum((gtt.margin for gtt in self.gtts.values()), NONE)
        return orders + gtts + sum((position.margin for position in self.positions.values()), NONE)

    @property
    def available(self) -> Decimal:
        """What a new order may block."""
        return self.cash + self.realised - self.used_margin

    @property
    def balance(self) -> Decimal:
        """What the day began with: no margin is taken off, and nothing of today's result is in it."""
        return self.cash + self.realised - self.realised_today

    @property
    def unrealised(self) -> Decimal:
        """Of all open positions, at the prices they were last valued at."""
        return sum((position.unrealised for position in self.positions.values()), NONE)

    # ---------------------------------------------------------------- positions
    def held(self, key: str, product: str) -> int:
        """The signed quantity of one row."""
        row = self.positions.get((key, product))
        return row.quantity if row else 0

    def sellable(self, key: str) -> tuple[int, int]:
        """What CNC has of a symbol: bought and not yet delivered, and delivered."""
        holding = self.holdings.get(key)
        return self.held(key, "CNC"), holding.quantity if holding else 0

    def opening(self, key: str, product: str, signed: int) -> int:
        """How many of these shares open something; resting orders are not counted, as in the sandbox."""
        held = self.held(key, product)
        return abs(signed) if held * signed >= 0 else max(0, abs(signed) - abs(held))

    def rows(self) -> Iterator[FakePosition]:
        """The position book, in the order the rows were opened."""
        yield from self.positions.values()

    def shown_rows(self) -> Iterator[FakePosition]:
        """Those that answers show: where a product could not be read, its part of the book is left out."""
        return (row for row in self.rows() if row.product not in self.unread_products)

    def value(self, prices: dict[str, Decimal]) -> None:
        """Value the open rows at these prices; a flat row keeps the price of its exit."""
        for place, row in self.positions.items():
            price = prices.get(row.key)
            if row.quantity and price:
                self.positions[place] = evolve(row, ltp=price)

    # ------------------------------------------------------------------- orders
    def visible(self) -> list[FakeOrder]:
        """The order book of the session, newest first: what was placed before the last rollover is hidden.

        So are those whose ids are `unlisted`, which work and fill all the same.
        """
        since, unlisted = self.hidden_before, self.unlisted
        orders = (order for order in reversed(self.orders.values()) if order.order_id not in unlisted)
        return [order for order in orders if since is None or order.at >= since]

    def visible_trades(self) -> list[FakeTrade]:
        """The trade book of the session, newest first."""
        since = self.hidden_before
        return [trade for trade in reversed(self.trades) if since is None or trade.at >= since]

    def fill(self, order: FakeOrder, quantity: int, price: Decimal, trade_id: str, at: datetime) -> FakeOrder:
        """Book a fill in all books; the order as it is then."""
        share = order.margin * quantity / order.left
        place = order.key, order.product
        row = self.positions.get(place) or FakePosition(key=order.key, product=order.product)
        self.positions[place], realised = row.traded(order.sign * quantity, price, share)
        self.realised += realised
        self.realised_today += realised
        filled = evolve(order.with_fill(quantity, price), margin=order.margin - share)
        self.orders[order.order_id] = filled
        self.trades.append(
            FakeTrade(
                trade_id=trade_id,
                order_id=order.order_id,
                key=order.key,
                side=order.side,
                quantity=quantity,
                price=price,
                product=order.product,
                strategy=order.strategy,
                at=at,
            )
        )
        return filled

    def end(self, order: FakeOrder, status: str, reason: str = "") -> FakeOrder:
        """Cancel or reject what is left of it, and free its margin."""
        if status not in {CANCELLED, REJECTED}:
            raise ValueError(f"an order ends cancelled or rejected, not {status!r}")
        self.orders[order.order_id] = evolve(order, status=status, reason=reason, margin=NONE)
        return self.orders[order.order_id]

    def convert(self, key: str, quantity: int, product: str, into: str) -> None:
        """Move held shares of a row to another product at what they cost: no order, no trade, and those keep theirs."""
        row = self.positions[key, product]
        if not 0 < quantity <= row.quantity:
            raise ValueError(f"{row.quantity} {key} are held in {product}, {quantity} cannot be moved")
        moved = row.margin * quantity / row.quantity
        there = self.positions.get((key, into)) or FakePosition(key=key, product=into, ltp=row.ltp)
        self.positions[key, into] = there.traded(quantity, row.average, moved)[0]
        left = row.quantity - quantity
        average = row.average if left else NONE
        self.positions[key, product] = evolve(row, quantity=left, average=average, margin=row.margin - moved)

    def without_since(self, moment: datetime) -> Account:
        """A copy that lacks what came after a moment: orders placed since, trades, and what those did to positions."""
        shown = copy(self)
        shown.orders = {order.order_id: order for order in self.orders.values() if order.at < moment}
        shown.trades = [trade for trade in self.trades if trade.at < moment]
        old = {(trade.key, trade.product) for trade in shown.trades}
        shown.positions = dict(self.positions)
        for trade in self.trades:
            place = trade.key, trade.product
            if trade.at < moment or place not in shown.positions:
                continue
            row, signed = shown.positions[place], trade.quantity if trade.side == "BUY" else -trade.quantity
            shown.positions[place] = evolve(row, quantity=row.quantity - signed)
            if place not in old and not row.carried:
                del shown.positions[place]
        return shown

    # --------------------------------------------------------------------- days
    def deliver(self, on: date) -> None:
        """Midnight: what is held in CNC becomes a holding, what was sold from one leaves it; the rows go."""
        for place, row in list(self.positions.items()):
            if row.product != "CNC":
                continue
            held = self.holdings.get(row.key)
            quantity = row.quantity + (held.quantity if held else 0)
            self.cash -= row.average * row.quantity
            if quantity > 0:
                average = row.average if held is None or row.quantity <= 0 else _mean(held, row)
                average = held.average if held and row.quantity <= 0 else average
                self.holdings[row.key] = FakeHolding(key=row.key, quantity=quantity, average=average, settled=on)
            else:
                self.holdings.pop(row.key, None)
            del self.positions[place]

    def roll_over(self, at: datetime) -> None:
        """03:00: the books of the session start empty; flat and intraday rows go, carried ones stay.

        An order still open is hidden, and still fills: OpenAlgo's sandbox does so.
        """
        self.hidden_before = at
        self.realised_today = NONE
        for place, row in list(self.positions.items()):
            if row.quantity == 0 or row.product == "MIS":
                del self.positions[place]
            else:
                self.positions[place] = evolve(row, realised_today=NONE, realised=NONE, carried=True)

    def truth(self, mode: str) -> Truth:
        """All of it, frozen; orders and trades oldest first, hidden ones too."""
        return Truth(
            mode=mode,
            orders=tuple(self.orders.values()),
            trades=tuple(self.trades),
            positions=tuple(self.positions.values()),
            holdings=tuple(self.holdings.values()),
            available_cash=self.available,
            used_margin=self.used_margin,
            realised=self.realised,
        )


def _mean(held: FakeHolding, row: FakePosition) -> Decimal:
    total = held.average * held.quantity + row.average * row.quantity
    return total / (held.quantity + row.quantity)
