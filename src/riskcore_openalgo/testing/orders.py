"""Orders, trades, positions and holdings as the fake broker keeps them: values, replaced and never changed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from attrs import evolve, frozen

from riskcore_openalgo.testing.market import split_key

OPEN: Final = "open"
TRIGGER_PENDING: Final = "trigger pending"
COMPLETE: Final = "complete"
CANCELLED: Final = "cancelled"
REJECTED: Final = "rejected"
WORKING: Final = frozenset({OPEN, TRIGGER_PENDING})
PAISA: Final = Decimal("0.01")
NONE: Final = Decimal(0)


def paise(price: Decimal) -> Decimal:
    """To two decimals, as OpenAlgo's sandbox stores every price: 84.1275 becomes 84.13."""
    return price.quantize(PAISA, ROUND_HALF_UP)


@frozen(kw_only=True)
class FakeOrder:
    """One order. `asked` is the price type that was sent, `pricetype` what the broker made of it.

    `margin` is what it still blocks; `word` the broker's own status word, where the mapping does not know it.
    """

    order_id: str
    key: str
    side: str
    quantity: int
    product: str
    asked: str
    pricetype: str
    price: Decimal
    trigger: Decimal
    strategy: str
    at: datetime
    status: str = OPEN
    filled: int = 0
    average: Decimal = NONE
    reason: str = ""
    word: str = ""
    margin: Decimal = NONE

    @property
    def working(self) -> bool:
        """Whether it may still fill."""
        return self.status in WORKING

    @property
    def left(self) -> int:
        """What has not traded."""
        return self.quantity - self.filled

    @property
    def sign(self) -> int:
        """1 for BUY, -1 for SELL."""
        return 1 if self.side == "BUY" else -1

    @property
    def exchange(self) -> str:
        """`NSE`."""
        return split_key(self.key)[0]

    @property
    def symbol(self) -> str:
        """`RELIANCE`."""
        return split_key(self.key)[1]

    def with_fill(self, quantity: int, price: Decimal) -> FakeOrder:
        """The order after this many more shares traded at this price."""
        filled = self.filled + quantity
        return evolve(
            self,
            filled=filled,
            average=(self.average * self.filled + price * quantity) / filled,
            status=COMPLETE if filled == self.quantity else OPEN,
        )


@frozen(kw_only=True)
class FakeTrade:
    """Shares that changed hands."""

    trade_id: str
    order_id: str
    key: str
    side: str
    quantity: int
    price: Decimal
    product: str
    strategy: str
    at: datetime


@frozen(kw_only=True)
class FakePosition:
    """One row of the position book: a symbol in one product. A flat row stays, with what it realised.

    `ltp` is the last price the row was valued at; `carried` says that it was open at the last rollover.
    """

    key: str
    product: str
    quantity: int = 0
    average: Decimal = NONE
    ltp: Decimal = NONE
    realised: Decimal = NONE
    realised_today: Decimal = NONE
    margin: Decimal = NONE
    carried: bool = False

    @property
    def unrealised(self) -> Decimal:
        """What the open quantity stands at, since its entry."""
        return (self.ltp - self.average) * self.quantity

    def traded(self, signed: int, price: Decimal, margin: Decimal) -> tuple[FakePosition, Decimal]:
        """The row after a trade, and what the trade realised. `margin` is what the trade's order blocked for it.

        A reduction frees margin in proportion. A trade through zero leaves the new side with only its part of the
        order's margin, which is too little: that is what OpenAlgo's sandbox does.
        """
        closed = min(abs(signed), abs(self.quantity)) if signed * self.quantity < 0 else 0
        realised = (price - self.average) * closed * (1 if self.quantity > 0 else -1)
        quantity = self.quantity + signed
        if quantity == 0:
            average, kept, ltp = NONE, NONE, price
        elif closed == 0:
            average = paise((self.average * abs(self.quantity) + price * abs(signed)) / abs(quantity))
            kept, ltp = self.margin + margin, self.ltp or price
        elif quantity * self.quantity > 0:
            average, kept, ltp = self.average, self.margin * abs(quantity) / abs(self.quantity), self.ltp
        else:
            average, kept, ltp = price, margin * abs(quantity) / abs(signed), price
        row = evolve(
            self,
            quantity=quantity,
            average=average,
            ltp=ltp,
            margin=kept,
            realised=self.realised + realised,
            realised_today=self.realised_today + realised,
        )
        return row, realised


@frozen(kw_only=True)
class FakeHolding:
    """Shares delivered on an earlier day."""

    key: str
    quantity: int
    average: Decimal
    settled: date


@frozen(kw_only=True)
class Truth:
    """What really is, whatever the answers say: the books of the mode that is on."""

    mode: str
    orders: tuple[FakeOrder, ...]
    trades: tuple[FakeTrade, ...]
    positions: tuple[FakePosition, ...]
    holdings: tuple[FakeHolding, ...]
    available_cash: Decimal
    used_margin: Decimal
    realised: Decimal

    def order(self, order_id: str) -> FakeOrder:
        """The order of this id; KeyError where there is none."""
        return {order.order_id: order for order in self.orders}[order_id]

    def position(self, key: str, product: str | None = None) -> int:
        """The signed quantity held, of one product or of all."""
        return sum(p.quantity for p in self.positions if p.key == key and product in {None, p.product})

    @property
    def working(self) -> tuple[FakeOrder, ...]:
        """Orders that may still fill."""
        return tuple(order for order in self.orders if order.working)
