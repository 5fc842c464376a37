"""An order as it is sent: checked when it is made, so that what OpenAlgo would not understand never leaves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from attrs import Attribute, field, frozen

from riskcore_openalgo.client import fields

SIDES: Final = ("BUY", "SELL")
PRICE_TYPES: Final = ("MARKET", "LIMIT", "SL", "SL-M")
PRODUCTS: Final = ("MIS", "CNC", "NRML")
PRICED: Final = frozenset(("LIMIT", "SL"))
TRIGGERED: Final = frozenset(("SL", "SL-M"))


def one_of(*words: str) -> Any:
    """The check of a field that is one of several words."""

    def check(_: Any, attribute: Attribute[str], value: Any) -> None:
        if value not in words:
            raise ValueError(f"{attribute.name} must be one of {', '.join(words)}, got {value!r}")

    return check


def named(_: Any, attribute: Attribute[str], value: Any) -> None:
    """The check of a field that is a name: capitals, no space, no colon."""
    if not isinstance(value, str) or not value or value != value.strip().upper() or ":" in value:
        raise ValueError(f"{attribute.name} must be in capitals and without a colon, such as NSE or M&M, got {value!r}")


def shares(value: Any) -> int:
    """A quantity: whole, one or more; never a bool."""
    number = fields.whole(value)
    if number is None or number < 1:
        raise ValueError(f"quantity must be a whole number of 1 or more, got {value!r}")
    return number


def rupees_or_none(value: Any) -> Decimal | None:
    """A price above zero, or None."""
    if value is None:
        return None
    number = fields.price(value)
    if number is None:
        raise ValueError(f"a price must be a number above 0, got {value!r}")
    return number


@frozen
class OrderWanted:
    """One order to be placed. `price` is a limit (LIMIT and SL have one), `trigger` a stop's (SL and SL-M have one).

    Numbers may be int, str, Decimal or float; they are kept as Decimal and sent as plain digits. A wish that makes no
    order (no price for a LIMIT, a trigger for a MARKET) is a `ValueError`.
    """

    exchange: str = field(validator=named)
    symbol: str = field(validator=named)
    side: str = field(validator=one_of(*SIDES))
    quantity: int = field(converter=shares)
    product: str = field(validator=one_of(*PRODUCTS))
    price_type: str = field(validator=one_of(*PRICE_TYPES))
    price: Decimal | None = field(default=None, converter=rupees_or_none)
    trigger: Decimal | None = field(default=None, converter=rupees_or_none)

    def __attrs_post_init__(self) -> None:
        check_levels(self.price_type, self.price, self.trigger)

    @property
    def key(self) -> str:
        """Exchange and symbol, `NSE:RELIANCE`."""
        return f"{self.exchange}:{self.symbol}"

    def sent(self) -> dict[str, Any]:
        """The arguments of the SDK's `placeorder`."""
        levels = {"price": self.price, "trigger_price": self.trigger}
        return {
            "symbol": self.symbol,
            "exchange": self.exchange,
            "action": self.side,
            "quantity": self.quantity,
            "product": self.product,
            "price_type": self.price_type,
            **{name: fields.written(value) for name, value in levels.items() if value is not None},
        }


def check_levels(price_type: str, price: Decimal | None, trigger: Decimal | None) -> None:
    """Whether a type of order has just the prices that belong to it; `ValueError` where not."""
    for name, value, needed in (
        ("price", price, price_type in PRICED),
        ("trigger", trigger, price_type in TRIGGERED),
    ):
        if needed and value is None:
            raise ValueError(f"a {price_type} order needs a {name}")
        if not needed and value is not None:
            raise ValueError(f"a {price_type} order has no {name}; leave it out")
