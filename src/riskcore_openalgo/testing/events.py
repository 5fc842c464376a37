"""What a listener of the fake broker hears, and what the notifications asked for were."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, TypeAlias

from attrs import field, frozen

from riskcore_openalgo.testing.market import NOTHING, Quote
from riskcore_openalgo.testing.orders import FakeOrder

Listener: TypeAlias = Callable[["Event"], None]


@frozen(kw_only=True)
class Event:
    """What a listener hears: a `tick` with its quote, or an `order_update` with the order and its mode."""

    kind: Literal["tick", "order_update"]
    at: datetime
    key: str
    quote: Quote = field(default=NOTHING)
    order: FakeOrder | None = None
    mode: str = ""


@frozen
class Message:
    """A notification that was asked for; nothing is sent."""

    username: str
    text: str
    priority: int
