"""A position as it is held: what its fills made it, its protective levels, and what it has made so far."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from attrs import field, frozen

from riskcore.instruments import Instrument
from riskcore.money import ZERO, amount, count, exact, not_negative_whole, positive
from riskcore.orders import ApprovedEntry
from riskcore.signals import BUY, side_text, sign
from riskcore.values import checks, given, optional, settle


@frozen(kw_only=True)
class Position:
    """An open position: `quantity` shares held on `side` at `average_price`, with its protective levels.

    `last` is the latest price seen (the average price until one is); `realised` the gross result of the part
    already closed, `charges` all charges so far. `initial_stop` stays what the stop was at entry: it is the
    unit R of the trade.
    """

    instrument: Instrument
    side: str = field(converter=given)
    quantity: int = field(converter=given)
    average_price: Decimal = field(converter=given)
    stop: Decimal | None = field(default=None, converter=given)
    target: Decimal | None = field(default=None, converter=given)
    product: str = "MIS"
    last: Decimal | None = field(default=None, converter=given)
    initial_stop: Decimal | None = None
    opened_quantity: int = 0
    opened_at: datetime | None = None
    strategy: str = ""
    signal_id: str = ""
    realised: Decimal = ZERO
    charges: Decimal = ZERO
    exit_value: Decimal = ZERO

    def __attrs_post_init__(self) -> None:
        settle(self, _POSITION)

    @property
    def id(self) -> str:
        """The signal that opened it; the instrument's key where no signal of ours did."""
        return self.signal_id or self.instrument.key

    @property
    @exact
    def value(self) -> Decimal:
        """What is held, at cost: quantity x average price."""
        return self.average_price * self.quantity

    @property
    @exact
    def unrealised(self) -> Decimal:
        """Open result at the latest price, before charges."""
        last = self.last if self.last is not None else self.average_price
        return sign(self.side) * (last - self.average_price) * self.quantity


@frozen
class Fill:
    """Shares of one of our orders that traded, with what that cost in charges.

    `value` is what was paid or received for them, where that is known better than quantity x price: a broker that
    tells an average price has rounded it.
    """

    order_id: str
    quantity: int = field(converter=given)
    price: Decimal = field(converter=given)
    at: datetime
    charges: Decimal = field(default=ZERO, converter=given)
    value: Decimal | None = field(default=None, converter=given)

    def __attrs_post_init__(self) -> None:
        settle(self, _FILL)

    @property
    @exact
    def paid(self) -> Decimal:
        """What was paid or received for the shares."""
        return self.price * self.quantity if self.value is None else self.value


@frozen(kw_only=True)
class Outcome:
    """A finished trade, as rules remember it. `r_multiple` is its net result over its initial risk."""

    key: str
    side: str
    session: date
    closed_at: datetime
    quantity: int
    gross: Decimal
    charges: Decimal
    r_multiple: Decimal | None = None
    reason: str = ""
    strategy: str = ""
    product: str = "MIS"
    signal_id: str = ""

    @property
    @exact
    def net(self) -> Decimal:
        """The result after charges."""
        return self.gross - self.charges


@frozen
class DayResult:
    """A finished session: its opening equity, and what was realised in it after charges."""

    session: date
    opening_equity: Decimal
    net: Decimal


@exact
def r_multiple(held: Position, net: Decimal) -> Decimal | None:
    """A net result in units of the initial risk: net / (|average entry - initial stop| x quantity opened).

    None without an initial stop, or with one at the average entry: there is no unit then.
    """
    if held.initial_stop is None:
        return None
    risk = abs(held.average_price - held.initial_stop) * held.opened_quantity
    return net / risk if risk else None


def tighter(held: Position, stop: Decimal) -> Decimal:
    """The tighter of two stops: shares added to a position never loosen it."""
    if held.stop is None:
        return stop
    return max(held.stop, stop) if held.side == BUY else min(held.stop, stop)


def new_position(entry: ApprovedEntry, fill: Fill) -> Position:
    """The position that an entry's first fill opens."""
    return Position(
        instrument=entry.instrument,
        side=entry.side,
        quantity=fill.quantity,
        average_price=fill.price,
        stop=entry.stop,
        target=entry.target,
        product=entry.product,
        last=fill.price,
        initial_stop=entry.stop,
        opened_quantity=fill.quantity,
        opened_at=fill.at,
        strategy=entry.strategy,
        signal_id=entry.signal_id,
        charges=fill.charges,
    )


_POSITION: Final = checks(
    "Position",
    side=side_text,
    quantity=not_negative_whole,
    average_price=positive,
    stop=optional(positive),
    target=optional(positive),
    last=optional(positive),
    initial_stop=optional(positive),
    opened_quantity=not_negative_whole,
)
_FILL: Final = checks("Fill", quantity=count, price=positive, charges=amount, value=optional(positive))
