"""Rows of a broker's books as the core's values, whatever broker stands behind OpenAlgo.

Essential in a row are its id, side, quantity and status (an order), its id, side, quantity and price (a trade), its
quantity (a position, a holding), and the product. A row without one of them makes its book unread, and is named: a
book with a row left out would say that an order does not exist. `look` tells which are left out of orders and trades,
for whoever can say that they are not ours. Everything else is None where a row does not say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Any, Final, TypeAlias, TypeVar

import riskcore as rc
from riskcore_openalgo.client import fields
from riskcore_openalgo.client.failures import UNKNOWN, ReadFailed
from riskcore_openalgo.client.reply import plain_words
from riskcore_openalgo.contract_names import OF_CONTRACTS, is_contract

Row = Mapping[str, Any]
T = TypeVar("T")
Unread: TypeAlias = tuple[rc.UnreadRow, ...]

SIDES: Final = {"BUY": "BUY", "B": "BUY", "1": "BUY", "SELL": "SELL", "S": "SELL", "-1": "SELL"}
PRICE_TYPES: Final = {
    "MARKET": "MARKET",
    "MKT": "MARKET",
    "LIMIT": "LIMIT",
    "LMT": "LIMIT",
    "SL": "SL",
    "SL LMT": "SL",
    "SL LIMIT": "SL",
    "STOP LOSS": "SL",
    "STOP LOSS LIMIT": "SL",
    "STOPLOSS LIMIT": "SL",
    "SL M": "SL-M",
    "SLM": "SL-M",
    "SL MKT": "SL-M",
    "SL MARKET": "SL-M",
    "STOP LOSS MARKET": "SL-M",
    "STOPLOSS MARKET": "SL-M",
}
STATUSES: Final = {
    "open": (
        *("open", "pending", "open pending", "new", "acked", "working", "modified", "replaced"),
        *("partially filled", "partiallyfilled", "partially executed", "partially traded", "part traded", "partial"),
        *("not modified", "not cancelled"),
    ),
    "trigger_pending": ("trigger pending", "triggerpending"),
    "complete": ("complete", "completed", "filled", "fully filled", "executed", "fully executed", "traded"),
    "cancelled": ("cancelled", "canceled", "expired", "lapsed", "cancelled after market order", "amo cancelled"),
    "rejected": ("rejected", "failed"),
}
"""The core's word -> brokers' words, with one space for what stands between them. All others are `other`: a word that
nobody knows proves neither that an order works nor that it ended. So do words of an order on its way into the
exchange or out of it (`validation pending`, `cancel pending`), and of one that is being changed there (`modify
pending`): its row shows it as it was, which no more says that the change was not taken than that it was."""

PRODUCTS: Final = {"CARRYFORWARD": "NRML"}
"""OpenAlgo's word for a broker's own that a plugin passes on."""
NAMING: Final = ("orderid", "symbol", "exchange", "action", "quantity", "product")
"""What any row of an order says something of."""
SHARES_OF: Final = {"NFO": "NSE", "BFO": "BSE"}
"""Where the shares trade whose derivatives trade elsewhere."""
EQUITY_SERIES: Final = "-EQ"
"""What brokers hang on the name of a share at NSE, and OpenAlgo's names never end with."""
CARRIED_CONTRACTS: Final = frozenset(("CNC", "MARGIN"))
"""What some plugins call the product of futures and options that are carried: none of these is delivered."""
WORTH_ROUNDED: Final = Decimal("0.01")
"""By how much what a trade was worth may be rounded, in rupees: less than one share costs."""
MADE_UP: Final = "synthetic_"
"""How the name of a trade begins that is none: Groww's plugin tells it at the limit of its order."""
PRICE_ROUNDED: Final = Decimal("0.005")
"""By how much the price of a trade is rounded, in rupees."""
FINEST: Final = Decimal("0.000001")
ROWS_REMEMBERED: Final = 4096
"""Rows of each book that are kept as they were read: several busy days' worth."""

_STATUS_OF: Final = {word: status for status, words in STATUSES.items() for word in words}
OTHER: Final = "other"


def orders(data: Any) -> tuple[rc.BrokerOrder, ...]:
    """The rows of `orderbook`; `ReadFailed` naming the first that cannot be read."""
    return _read("orderbook", _listed("orderbook", data, "orders"), _known_order)


def readable_orders(data: Any) -> tuple[tuple[rc.BrokerOrder, ...], Unread]:
    """The rows of `orderbook` that can be read, and those that cannot."""
    return _readable("orders", "orderbook", _listed("orderbook", data, "orders"), _known_order)


def readable_trades(data: Any) -> tuple[tuple[rc.BrokerTrade, ...], Unread]:
    """The same of `tradebook`."""
    return _readable("trades", "tradebook", _listed("tradebook", data, "trades"), _known_trade)


def trades(data: Any) -> tuple[rc.BrokerTrade, ...]:
    """The rows of `tradebook`."""
    return _read("tradebook", _listed("tradebook", data, "trades"), _known_trade)


def positions(data: Any) -> tuple[rc.BrokerPosition, ...]:
    """The rows of `positionbook`, flat ones too."""
    return _read("positionbook", _listed("positionbook", data, "positions"), _position)


def holdings(data: Any) -> tuple[rc.BrokerHolding, ...]:
    """The rows of `holdings`."""
    return _read("holdings", _listed("holdings", data, "holdings"), _holding)


def look(
    at: datetime, names: Iterable[str], asked: Callable[[str], Any], each: Callable[[ReadFailed | None], None]
) -> rc.BrokerBooks:
    """The books of these names, each as `asked` brings it; one that cannot be read is None, and stands in `unread`."""
    found: dict[str, Any] = {}
    unread, rows = [], list[rc.UnreadRow]()
    for name in names:
        failed = None
        book, read = BOOKS[name]
        try:
            found[name], left_out = read(asked(book))
            rows += left_out
        except ReadFailed as problem:
            failed = problem
            unread.append((name, str(problem)))
        each(failed)
    return rc.BrokerBooks(at=at, unread=tuple(unread), unread_rows=tuple(rows), **found)


BOOKS: Final[Mapping[str, tuple[str, Callable[[Any], tuple[Any, Unread]]]]] = {
    "orders": ("orderbook", readable_orders),
    "trades": ("tradebook", readable_trades),
    "positions": ("positionbook", lambda data: (positions(data), ())),
    "holdings": ("holdings", lambda data: (holdings(data), ())),
}
"""Each book: what OpenAlgo calls it, and how it is read. Rows are left out unread of orders and trades alone."""


def status_of(word: Any) -> str:
    """The core's word for what a broker calls the state of an order."""
    return _STATUS_OF.get(_spaced(word).lower(), OTHER)


def price_type_of(word: Any, price: Decimal | None, trigger: Decimal | None) -> str:
    """The type of an order; where a broker's word is unknown, the one type that has just these prices."""
    known = PRICE_TYPES.get(_spaced(word).upper())
    if known is not None:
        return known
    if trigger is not None:
        return "SL-M" if price is None else "SL"
    return "MARKET" if price is None else "LIMIT"


def _spaced(word: Any) -> str:
    return re.sub(r"[\s_-]+", " ", fields.text(word))


def _readable(book: str, what: str, listed: Sequence[Any], read: Callable[[Row], T]) -> tuple[tuple[T, ...], Unread]:
    """The rows that can be read, and the others; `ReadFailed` for one without the id of its order."""
    found: list[T] = []
    unread = []
    for number, row in enumerate(listed, 1):
        try:
            found += _read(what, [row], read, number)
        except ReadFailed as problem:
            named = fields.identity(row.get("orderid")) if isinstance(row, Mapping) else ""
            if not named:
                raise
            unread.append(rc.UnreadRow(book=book, id=named, key=fields.key_of(row), why=str(problem)))
    return tuple(found), tuple(unread)


def _listed(what: str, data: Any, name: str) -> Sequence[Any]:
    """The rows, which stand in `data` itself or under a name in it."""
    if isinstance(data, Mapping):
        if name not in data:
            raise ReadFailed(what, f"data.{name} is missing", UNKNOWN)
        data = data[name]
    if not isinstance(data, list):
        raise ReadFailed(what, f"data must be a list of rows, got {type(data).__name__}", UNKNOWN)
    return () if len(data) == 1 and _is_blank(data[0]) else data


def _is_blank(row: Any) -> bool:
    """Whether the only row of a book names nothing at all: a plugin made it of an answer without rows."""
    return isinstance(row, Mapping) and "orderid" in row and not any(row.get(name) for name in NAMING)


def _read(what: str, rows: Sequence[Any], read: Callable[[Row], T], first: int = 1) -> tuple[T, ...]:
    found = []
    for number, row in enumerate(rows, first):
        try:
            found.append(read(_mapping(row)))
        except (ValueError, TypeError, ArithmeticError) as problem:
            raise ReadFailed(what, f"row {number}{_name_of(row)}: {plain_words(str(problem))}", UNKNOWN) from None
    return tuple(found)


def _mapping(row: Any) -> Row:
    if not isinstance(row, Mapping):
        raise ValueError(f"it is no row but a {type(row).__name__}")
    return row


def _name_of(row: Any) -> str:
    if not isinstance(row, Mapping):
        return ""
    named = [fields.identity(row.get("orderid")), fields.key_of(row)]
    words = " ".join(word for word in named if word)
    return f" ({plain_words(words)})" if words else ""


def _order(row: Row) -> rc.BrokerOrder:
    price, trigger = fields.price(row.get("price")), fields.price(row.get("trigger_price"))
    kind = row.get("pricetype") or row.get("price_type")
    return rc.BrokerOrder(
        id=_id(row, "orderid"),
        key=_key(row),
        side=_side(row),
        quantity=_shares(row),
        product=_product(row),
        status=status_of(_word(row, "order_status", "status")),
        price_type=price_type_of(kind, price, trigger),
        price=price,
        trigger=trigger,
        filled_quantity=_filled(row),
        average_price=fields.price(row.get("average_price")),
        placed_at=fields.moment(row.get("timestamp")),
        note=plain_words(fields.text(row.get("rejection_reason"))),
    )


def _trade(row: Row) -> rc.BrokerTrade:
    price = fields.price(row.get("average_price")) or fields.price(row.get("price"))
    if price is None:
        raise ValueError("average_price is missing or is no price")
    named = fields.identity(row.get("tradeid"))
    if named.startswith(MADE_UP):
        raise ValueError("OpenAlgo made it up of its order, whose trades it could not read")
    with localcontext(fields.CONTEXT):  # a host's own of six digits has no room for a price by its value
        quantity = _traded(row, price)
        finer = _finer(row, price, quantity)
    return rc.BrokerTrade(
        order_id=_id(row, "orderid"),
        key=_key(row),
        side=_side(row),
        quantity=quantity,
        price=finer,
        product=_product(row),
        traded_at=fields.moment(row.get("timestamp")),
        id=named,
    )


def _remembered(read: Callable[[Row], T]) -> Callable[[Row], T]:
    """The same reading, once for each row: books come every few seconds, and of most of their rows nothing changes.

    Rows are the same where all names, values and types of values are. One that cannot be read is read again.
    """

    @lru_cache(maxsize=ROWS_REMEMBERED, typed=True)
    def of(names: tuple[str, ...], *values: Any) -> T:
        return read(dict(zip(names, values, strict=True)))

    def known(row: Row) -> T:
        try:
            return of(tuple(row), *row.values())
        except TypeError:  # something in it has no hash: a list, say
            return read(row)

    return known


_known_order: Final = _remembered(_order)
_known_trade: Final = _remembered(_trade)


def _position(row: Row) -> rc.BrokerPosition:
    return rc.BrokerPosition(
        key=_key(row),
        product=_product(row),
        quantity=_signed(row),
        average_price=fields.price(row.get("average_price")),
        last=fields.price(row.get("ltp")),
        realised=fields.amount(row.get("today_realized_pnl")),
    )


def _holding(row: Row) -> rc.BrokerHolding:
    return rc.BrokerHolding(key=_key(row), quantity=_signed(row), average_price=fields.price(row.get("average_price")))


def _key(row: Row) -> str:
    """The instrument; a share that is shown among the derivatives is one of the exchange's shares.

    A plugin that looks for CE, PE or FUT in a name finds them in that of RELIANCE; another passes on the broker's own
    name of what is held (IIFL Capital's).
    """
    exchange, symbol = fields.text(row.get("exchange")), fields.text(row.get("symbol"))
    shares = SHARES_OF.get(exchange)
    if shares and symbol and not is_contract(symbol):
        return f"{shares}:{symbol}"
    key = fields.key_of(row)
    return key.removesuffix(EQUITY_SERIES) if exchange == "NSE" else key


def _id(row: Row, name: str) -> str:
    found = fields.identity(row.get(name))
    if not found:
        raise ValueError(f"{name} is missing")
    return found


def _word(row: Row, *names: str) -> str:
    found = fields.has(row, *names)
    if not isinstance(found, str):
        raise ValueError(f"{names[0]} must be a word, got {found!r}")
    return found


def _side(row: Row) -> str:
    found = fields.has(row, "action")
    side = SIDES.get(fields.identity(found).upper())
    if side is None:
        raise ValueError(f"action must be BUY or SELL, got {found!r}")
    return side


def _product(row: Row) -> str:
    """The product; NRML for a contract that is told as one of delivery (Nubra's are) or of margin."""
    product = _word(row, "product").strip().upper()
    contract = product in CARRIED_CONTRACTS and fields.text(row.get("exchange")) in OF_CONTRACTS
    return "NRML" if contract and is_contract(fields.text(row.get("symbol"))) else PRODUCTS.get(product, product)


def _signed(row: Row) -> int:
    found = fields.has(row, "quantity")
    number = fields.whole(found)
    if number is None:
        raise ValueError(f"quantity must be a whole number, got {found!r}")
    return number


def _shares(row: Row) -> int:
    """The quantity of an order or a trade: one or more. A size without its sign is never taken from a signed one."""
    number = _signed(row)
    if number < 1:
        raise ValueError(f"quantity must be 1 or more, got {number}")
    return number


def _traded(row: Row, price: Decimal) -> int:
    """The quantity of a trade; where a plugin tells 0 (Angel's always does), what makes its value at its price."""
    value = fields.price(row.get("trade_value"))
    if value is None or fields.amount(row.get("quantity")) != 0:
        return _shares(row)
    number = int((value / price).to_integral_value())
    if number < 1 or abs(number * price - value) > WORTH_ROUNDED:
        raise ValueError(f"quantity is 0, and trade_value {value} is no whole number of shares at {price}")
    return number


def _finer(row: Row, price: Decimal, quantity: int) -> Decimal:
    """The price of a trade, which OpenAlgo rounds to paise, out of its value where that tells more of it."""
    value = fields.price(row.get("trade_value"))
    if value is None or abs(price * quantity - value) <= WORTH_ROUNDED:
        return price
    each = (value / quantity).quantize(FINEST)
    return each if abs(each - price) <= PRICE_ROUNDED else price


def _filled(row: Row) -> int | None:
    number = fields.whole(row.get("filled_quantity"))
    return number if number is not None and number >= 0 else None
