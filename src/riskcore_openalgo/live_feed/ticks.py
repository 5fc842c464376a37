"""What the live feed is made of: a moment by both clocks, a price of one instrument, a polled quote."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from struct import Struct
from typing import Any, Final, NamedTuple, NoReturn, Protocol, TypeAlias

from attrs import frozen

STREAM: Final = "stream"
POLL: Final = "poll"

LARGEST: Final = Decimal(10) ** 15
GRAIN: Final = Decimal("0.000001")
MOST_DECIMALS: Final = 6
PAISE: Final = 2
SINGLE: Final = Struct("<f")
DIGITS: Final = range(6, 10)
"""How many figures a number of 32 bits needs to be told from its neighbours: nine at most."""


class Moment(NamedTuple):
    """One moment by two clocks: the wall's for stamps, a monotonic one (in seconds) for ages."""

    at: datetime
    mono: float


MomentClock: TypeAlias = Callable[[], Moment]


class Quote(Protocol):
    """What a polled answer holds; a figure that the broker did not give, or gave as 0, is None or 0."""

    @property
    def key(self) -> str:
        """Exchange and symbol, as they were asked for."""

    @property
    def last(self) -> Decimal | None:
        """The last price."""

    @property
    def bid(self) -> Decimal | None:
        """The best bid."""

    @property
    def ask(self) -> Decimal | None:
        """The best offer."""

    @property
    def high(self) -> Decimal | None:
        """The day's highest price."""

    @property
    def low(self) -> Decimal | None:
        """The day's lowest price."""

    @property
    def previous_close(self) -> Decimal | None:
        """The close of the session before."""

    @property
    def volume(self) -> int | None:
        """Shares traded today."""


@frozen
class Tick:
    """One price of one instrument, from one source.

    `at` and `mono` are when it was true at the latest: its arrival for a streamed price, the moment of asking for a
    polled one, which tells no time of its own. `made_at` is the time its sender gave it, where there is one.
    `traded` says that a trade was seen in it, which a polled quote whose price and volume stand still does not show.
    """

    key: str
    price: Decimal
    source: str
    at: datetime
    mono: float
    made_at: datetime | None = None
    previous_close: Decimal | None = None
    traded: bool = True

    def __attrs_post_init__(self) -> None:
        if not self.price.is_finite() or not 0 < self.price < LARGEST:
            raise ValueError(f"Tick.price of {self.key} must be above 0 and below {LARGEST:,}, got {self.price}")


def price_in(value: Any) -> Decimal | None:
    """A foreign price as a Decimal, or None where there is none: absent, empty, zero, negative, or no number.

    Beyond six decimals it is rounded to 1e-6, as the core does, so that 1399.9500000001 does not become another tick;
    one that a broker's feed packed into 32 bits (1454.800048828125) is the price that was packed.
    """
    if value is None or isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        return None
    try:
        number = Decimal(value)
    except ArithmeticError:
        return None
    if not number.is_finite() or not 0 < number < LARGEST:
        return None
    number = _unpacked(number)
    return number.quantize(GRAIN) if _decimals(number) > MOST_DECIMALS else number


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _unpacked(number: Decimal) -> Decimal:
    """The shortest number that in 32 bits is this one; itself where it never was in 32 bits."""
    if _decimals(number) <= PAISE:
        return number
    (single,) = SINGLE.unpack(SINGLE.pack(float(number)))
    if single != float(number):
        return number
    digits = (Decimal(f"{single:.{count}g}") for count in DIGITS)
    return next((short for short in digits if SINGLE.unpack(SINGLE.pack(float(short))) == (single,)), number)


def read_json(text: str | bytes) -> Any:
    """JSON with its fractions as Decimals; raises `ValueError` for what is no JSON, NaN and infinity among it."""
    return json.loads(text, parse_float=Decimal, parse_constant=_no_number)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")
