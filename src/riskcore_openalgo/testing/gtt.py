"""Resting triggers (GTT): one or two prices, each with the order it becomes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from attrs import frozen

from riskcore_openalgo.testing.orders import NONE


@frozen(kw_only=True)
class Leg:
    """A trigger price and the limit of the order it becomes. `above`: it lies above the price it was placed at."""

    trigger: Decimal
    limit: Decimal
    above: bool

    def crossed(self, last: Decimal) -> bool:
        """Whether the last price has come to it."""
        return last >= self.trigger if self.above else last <= self.trigger


@frozen(kw_only=True)
class Gtt:
    """One resting instruction of the account; `strategy` is free text."""

    trigger_id: str
    key: str
    side: str
    product: str
    pricetype: str
    quantity: int
    strategy: str
    kind: Literal["SINGLE", "OCO"]
    legs: tuple[Leg, ...]
    last: Decimal
    margin: Decimal
    created: datetime
    updated: datetime


def legs_of(
    kind: str, last: Decimal, *, price: Decimal, sl: Decimal, tg: Decimal, stoploss: Decimal, target: Decimal
) -> tuple[Leg, ...]:
    """The legs of a request: SINGLE has one, at `price`; OCO the stop and the target, each at its own limit."""
    single = ((sl if sl > NONE else tg, price),)
    pairs = ((sl, stoploss), (tg, target)) if kind == "OCO" else single
    # A trigger above the last price waits for a rise; recorded: BUY, trigger 785, last 800, came off at 755.
    return tuple(Leg(trigger=trigger, limit=limit, above=trigger > last) for trigger, limit in pairs)
