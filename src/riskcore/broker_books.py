"""What a broker's own books say, as values: orders, trades, positions, holdings, and what could not be read of them.

They are foreign: a row may lack what another broker's has, and then it is None here and never a guess. An empty book
is a book that was read and was empty; one that could not be read is None. Neither proves that an account is flat.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from attrs import field, frozen

from riskcore.instruments import one_of
from riskcore.money import ZERO, amount, count, exact, not_negative_whole, positive, whole
from riskcore.sessions import in_ist
from riskcore.signals import BUY, SELL, side_text
from riskcore.values import checks, given, optional, settle, several_of, text

OPEN: Final = "open"
TRIGGER_PENDING: Final = "trigger_pending"
COMPLETE: Final = "complete"
CANCELLED: Final = "cancelled"
REJECTED: Final = "rejected"
OTHER: Final = "other"
ROW_STATUSES: Final = (OPEN, TRIGGER_PENDING, COMPLETE, CANCELLED, REJECTED, OTHER)
"""What a broker says of an order. OTHER is a word nobody knows: it proves neither that it works nor that it ended."""

ORDERS: Final = "orders"
TRADES: Final = "trades"
"""The two books of which a row that cannot be read may be left out."""

WORKING_ROWS: Final = frozenset((OPEN, TRIGGER_PENDING))


@frozen(kw_only=True)
class BrokerOrder:
    """One row of a broker's order book.

    `key` is exchange and symbol (`NSE:RELIANCE`), "" where the row names no symbol. `price` and `trigger` are None
    where the order has none; `filled_quantity` and `average_price` where the row does not say (live rows of several
    brokers). `placed_at` is when it was placed, not when it filled; `note` holds the broker's own words.

    Prices are rupees a share, quantities shares.
    """

    id: str
    key: str
    side: str = field(converter=given)
    quantity: int = field(converter=given)
    product: str = field(converter=given)
    status: str = field(converter=given)
    price_type: str = "LIMIT"
    price: Decimal | None = field(default=None, converter=given)
    trigger: Decimal | None = field(default=None, converter=given)
    filled_quantity: int | None = field(default=None, converter=given)
    average_price: Decimal | None = field(default=None, converter=given)
    placed_at: datetime | None = field(default=None, converter=given)
    note: str = ""

    def __attrs_post_init__(self) -> None:
        settle(self, _ORDER)

    @property
    def working(self) -> bool:
        """Whether the row says that it may still fill."""
        return self.status in WORKING_ROWS

    @property
    def tells_fill(self) -> bool:
        """Whether the row says how much has filled, and at what price."""
        return self.filled_quantity is not None and self.average_price is not None

    def is_named(self, broker_id: str) -> bool:
        """Whether it is the order of that id, though the id be written with other zeros before it, or other letters."""
        return bare_id(self.id) == bare_id(broker_id)


@frozen(kw_only=True)
class BrokerTrade:
    """One row of a broker's trade book: shares of one order that traded at one price. An order may have several.

    Prices are rupees a share, quantities shares.
    """

    order_id: str
    key: str
    side: str = field(converter=given)
    quantity: int = field(converter=given)
    price: Decimal = field(converter=given)
    product: str = field(converter=given)
    traded_at: datetime | None = field(default=None, converter=given)
    id: str = ""

    def __attrs_post_init__(self) -> None:
        settle(self, _TRADE)


@frozen(kw_only=True)
class BrokerPosition:
    """One row of a broker's position book: `quantity` is signed, 0 for a row that went flat today.

    `average_price` is None for a flat row, and where the broker tells none.

    Prices are rupees a share; quantities are shares, below 0 when short.
    """

    key: str
    product: str = field(converter=given)
    quantity: int = field(converter=given)
    average_price: Decimal | None = field(default=None, converter=given)
    last: Decimal | None = field(default=None, converter=given)
    realised: Decimal | None = field(default=None, converter=given)

    def __attrs_post_init__(self) -> None:
        settle(self, _POSITION)

    @property
    def side(self) -> str:
        """BUY for what is held, SELL for what is short."""
        return BUY if self.quantity > 0 else SELL


@frozen(kw_only=True)
class BrokerHolding:
    """Shares in the demat account, which a negative CNC position of the day is covered by.

    Prices are rupees a share.
    """

    key: str
    quantity: int = field(converter=given)
    average_price: Decimal | None = field(default=None, converter=given)

    def __attrs_post_init__(self) -> None:
        settle(self, _HOLDING)


@frozen(kw_only=True)
class UnreadRow:
    """A row of the order or the trade book (`book`) that could not be read, and why; `id` is the order's.

    `key` is "" where it names no symbol.
    """

    book: str = field(converter=given)
    id: str
    key: str
    why: str

    def __attrs_post_init__(self) -> None:
        settle(self, _UNREAD_ROW)


@frozen(kw_only=True)
class BrokerBooks:
    """One look at an account: the moment it was begun, each book, or None for one that could not be read.

    `unread` says of those why, as (book, words). `unread_rows` are rows of orders and trades that could not be read
    and stand in none of them: each may be anybody's. `untold` are the ids of orders that work and have traded more than
    any book tells.
    """

    at: datetime = field(converter=given)
    orders: tuple[BrokerOrder, ...] | None = None
    trades: tuple[BrokerTrade, ...] | None = None
    positions: tuple[BrokerPosition, ...] | None = None
    holdings: tuple[BrokerHolding, ...] | None = None
    unread: tuple[tuple[str, str], ...] = ()
    unread_rows: tuple[UnreadRow, ...] = ()
    untold: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        settle(self, _BOOKS)

    def order(self, broker_id: str) -> BrokerOrder | None:
        """The order of that id, if the book was read and has it."""
        return next((row for row in self.orders or () if row.id == broker_id), None)

    def unread_of(self, book: str) -> tuple[UnreadRow, ...]:
        """The rows of a book, orders or trades, that could not be read."""
        return tuple(row for row in self.unread_rows if row.book == book)

    def hides(self, broker_id: str, book: str = ORDERS) -> bool:
        """Whether a row of an order, or of its trades, could not be read, in whatever form it has the id."""
        return any(bare_id(row.id) == bare_id(broker_id) for row in self.unread_of(book))

    def trades_of(self, broker_id: str) -> tuple[BrokerTrade, ...]:
        """The trades of one order in this snapshot: their sum is what it filled, however often each was told."""
        return tuple(row for row in self.trades or () if row.order_id == broker_id)

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all rows of the order book, of those that could not be read too."""
        return frozenset(row.id for row in self.orders or ()) | {row.id for row in self.unread_of(ORDERS)}

    @property
    def tell_no_fills(self) -> bool:
        """Whether neither orders nor trades could be read: nothing says what an order of ours has filled."""
        return self.orders is None and self.trades is None

    def is_spent(self, broker_id: str) -> bool:
        """Whether a row has ended without a trade, for all that is told: whoever's it is, it fills nothing more."""
        row = self.order(broker_id)
        ended = row is not None and row.status in (CANCELLED, REJECTED) and not row.filled_quantity
        return ended and self.trades is not None and not self.trades_of(broker_id)

    def sold_from_holdings(self, row: BrokerPosition) -> int:
        """Shares of a negative CNC row that were sold out of the demat account, and are no short; of others, 0.

        All of them where the holdings were not read: nothing can be sold short for delivery, so that holdings of which
        nothing is known speak for no short.
        """
        if row.product != "CNC":
            return 0
        sold = max(-row.quantity, 0)
        return sold if self.holdings is None else min(sold, max(self.in_demat(row.key), 0))

    def in_demat(self, key: str) -> int:
        """Shares of an instrument in the demat account; 0 where the holdings do not show it."""
        return sum(holding.quantity for holding in self.holdings or () if holding.key == key)


def bare_id(order_id: str) -> str:
    """What all forms of an id have in common: brokers write one with more or fewer zeros, or in letters of either case.

    >>> bare_id("00026112300042"), bare_id("00N26Kq")
    ('26112300042', 'n26kq')
    """
    return order_id.casefold().lstrip("0")


@exact
def summed(trades: Iterable[BrokerTrade]) -> tuple[int, Decimal]:
    """How many shares some trades were, and what they were worth."""
    rows = tuple(trades)
    return sum(row.quantity for row in rows), sum((row.price * row.quantity for row in rows), ZERO)


def _row_status(value: Any, name: str) -> str:
    if value not in ROW_STATUSES:
        raise ValueError(f"{name} must be one of {', '.join(ROW_STATUSES)}, got {value!r}")
    return str(value)


def _product(value: Any, name: str) -> str:
    """Any product there is: an account may hold more kinds than we trade."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} must name a product such as MIS, got {value!r}")
    return value


def _reasons(value: Any, name: str) -> tuple[tuple[str, str], ...]:
    """Which book could not be read, and why."""
    try:
        return tuple([(text(book, name), text(why, name)) for book, why in value])
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be pairs of a book and why it could not be read, got {value!r:.60}") from None


def _book_of_rows(value: Any, name: str) -> str:
    if value not in (ORDERS, TRADES):
        raise ValueError(f"{name} must be {ORDERS} or {TRADES}, got {value!r}")
    return str(value)


def _price_type(value: Any, name: str) -> str:
    return one_of(value, name, ("MARKET", "LIMIT", "SL", "SL-M"))


_ORDER: Final = checks(
    "BrokerOrder",
    id=text,
    key=text,
    side=side_text,
    quantity=count,
    product=_product,
    status=_row_status,
    price_type=_price_type,
    price=optional(positive),
    trigger=optional(positive),
    filled_quantity=optional(not_negative_whole),
    average_price=optional(positive),
    placed_at=optional(in_ist),
    note=text,
)
_TRADE: Final = checks(
    "BrokerTrade",
    order_id=text,
    key=text,
    side=side_text,
    quantity=count,
    price=positive,
    product=_product,
    traded_at=optional(in_ist),
    id=text,
)
_POSITION: Final = checks(
    "BrokerPosition",
    key=text,
    product=_product,
    quantity=whole,
    average_price=optional(positive),
    last=optional(positive),
    realised=optional(amount),
)
_HOLDING: Final = checks("BrokerHolding", key=text, quantity=whole, average_price=optional(positive))
_UNREAD_ROW: Final = checks("UnreadRow", book=_book_of_rows, id=text, key=text, why=text)
_BOOKS: Final = checks(
    "BrokerBooks",
    at=in_ist,
    orders=optional(several_of(BrokerOrder, "[BrokerOrder(...)]")),
    trades=optional(several_of(BrokerTrade, "[BrokerTrade(...)]")),
    positions=optional(several_of(BrokerPosition, "[BrokerPosition(...)]")),
    holdings=optional(several_of(BrokerHolding, "[BrokerHolding(...)]")),
    unread=_reasons,
    unread_rows=several_of(UnreadRow, "[UnreadRow(...)]"),
    untold=several_of(str, '["26112300042"]'),
)
