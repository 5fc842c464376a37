"""Orders that wait at the broker for days until a price is touched (GTT): one trigger, or stop and target linked."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from riskcore_openalgo.client import fields
from riskcore_openalgo.client.failures import UNKNOWN, ReadFailed
from riskcore_openalgo.client.wanted import SIDES, named, one_of, rupees_or_none, shares

PRODUCTS = ("CNC", "NRML")
MISSING = "the installed SDK has no GTT calls: they need openalgo 2.x, which needs Python 3.12"


@frozen(kw_only=True)
class GttWanted:
    """A GTT to be placed: `stop_trigger` below the price or `target_trigger` above it, or both as one-cancels-other.

    With one of them `price` is the limit of the order it sends. With both, `stop_limit` and `target_limit` are.
    """

    exchange: str = field(validator=named)
    symbol: str = field(validator=named)
    side: str = field(validator=one_of(*SIDES))
    quantity: int = field(converter=shares)
    product: str = field(validator=one_of(*PRODUCTS))
    price: Decimal | None = field(default=None, converter=rupees_or_none)
    stop_trigger: Decimal | None = field(default=None, converter=rupees_or_none)
    target_trigger: Decimal | None = field(default=None, converter=rupees_or_none)
    stop_limit: Decimal | None = field(default=None, converter=rupees_or_none)
    target_limit: Decimal | None = field(default=None, converter=rupees_or_none)

    def __attrs_post_init__(self) -> None:
        if self.stop_trigger is None and self.target_trigger is None:
            raise ValueError("a GTT needs stop_trigger or target_trigger, or both for one-cancels-other")
        if self.linked and (self.stop_limit is None or self.target_limit is None or self.price is not None):
            raise ValueError("a GTT with both triggers needs stop_limit and target_limit, and no price")
        if not self.linked and (self.price is None or self.stop_limit is not None or self.target_limit is not None):
            raise ValueError("a GTT with one trigger needs price, and neither stop_limit nor target_limit")

    @property
    def linked(self) -> bool:
        """Whether it is a stop and a target of which one cancels the other."""
        return self.stop_trigger is not None and self.target_trigger is not None

    def sent(self) -> dict[str, Any]:
        """The arguments of the SDK's GTT calls."""
        return {
            "symbol": self.symbol,
            "exchange": self.exchange,
            "action": self.side,
            "product": self.product,
            "quantity": self.quantity,
            "price_type": "LIMIT",
            "trigger_type": "OCO" if self.linked else "SINGLE",
            "price": fields.written(self.price),
            "triggerprice_sl": fields.written(self.stop_trigger),
            "triggerprice_tg": fields.written(self.target_trigger),
            "stoploss": None if self.stop_limit is None else fields.written(self.stop_limit),
            "target": None if self.target_limit is None else fields.written(self.target_limit),
        }


@frozen
class GttLeg:
    """One order that a GTT sends when its trigger is touched."""

    trigger: Decimal
    side: str
    quantity: int
    price: Decimal | None


@frozen(kw_only=True)
class Gtt:
    """A GTT that waits at the broker. One that was triggered is not listed any more."""

    id: str
    key: str
    status: str
    legs: tuple[GttLeg, ...]


def gtts(data: Any) -> tuple[Gtt, ...]:
    """The rows of `gttorderbook`; `ReadFailed` naming the first that cannot be read."""
    if not isinstance(data, list):
        raise ReadFailed("gttorderbook", f"data must be a list of rows, got {type(data).__name__}", UNKNOWN)
    found = []
    for number, row in enumerate(data, 1):
        try:
            found.append(_gtt(row))
        except (ValueError, TypeError, AttributeError) as problem:
            raise ReadFailed("gttorderbook", f"row {number}: {problem}", UNKNOWN) from None
    return tuple(found)


def _gtt(row: Mapping[str, Any]) -> Gtt:
    triggers, legs = fields.has(row, "trigger_prices"), fields.has(row, "legs")
    if len(triggers) != len(legs):
        raise ValueError(f"{len(triggers)} trigger_prices for {len(legs)} legs")
    return Gtt(
        id=fields.identity(fields.has(row, "trigger_id")),
        key=fields.key_of(row),
        status=fields.text(row.get("status")),
        legs=tuple(_leg(trigger, leg) for trigger, leg in zip(triggers, legs, strict=True)),
    )


def _leg(trigger: Any, leg: Mapping[str, Any]) -> GttLeg:
    at, quantity = fields.price(trigger), fields.whole(fields.has(leg, "quantity"))
    side = fields.text(fields.has(leg, "action")).upper()
    if at is None or quantity is None or side not in SIDES:
        raise ValueError(f"a leg with trigger {trigger!r} cannot be read")
    return GttLeg(at, side, quantity, fields.price(leg.get("price")))
