"""The life of one order: approved, then whatever the gateway reports of it.

An entry and an exit are different types, and only an approved one exists at all: gateways accept nothing
else. `Order.advance` takes reports in any order, any number of times, and ends in the same state.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

import attrs
from attrs import frozen

from riskcore.instruments import Instrument
from riskcore.money import ZERO

INTENDED: Final = "intended"
UNKNOWN: Final = "unknown"
WORKING: Final = "working"
CANCELLED: Final = "cancelled"
REJECTED: Final = "rejected"
FILLED: Final = "filled"
LIFE: Final = (INTENDED, UNKNOWN, WORKING, REJECTED, CANCELLED, FILLED)
ENDED: Final = frozenset((REJECTED, CANCELLED, FILLED))

STOP_HIT: Final = "stop"
TARGET_HIT: Final = "target"
SQUARE_OFF: Final = "square_off"
SIGNAL_EXIT: Final = "signal"
TIME_STOP: Final = "time_stop"
CONNECTION_LOST: Final = "connection_lost"


@frozen
class TargetLeg:
    """A part of a position that leaves at a target of its own: the price, and how many shares (whole lots)."""

    price: Decimal
    quantity: int


@frozen(kw_only=True)
class ApprovedEntry:
    """An entry that passed every check; made by `decide`, and what a gateway may send.

    A limit order: `limit` is the worst price permitted, from `reference` plus the entry band. `risk` is
    quantity x |limit - stop| (+ charges, if the policy counts them), at most the risk budget. `book_version`
    is the state the decision was made on and `valid_until` how long it holds. `legs` are the targets of an order
    that leaves in parts, nearest first: their quantities add up to `quantity`, and the last one stands at `target`.
    Empty: all of it leaves at `target`. `atr` is the ATR the decision was made on, for a stop that trails by it.
    """

    order_id: str
    signal_id: str
    instrument: Instrument
    side: str
    quantity: int
    product: str
    reference: Decimal
    limit: Decimal
    stop: Decimal
    target: Decimal
    risk: Decimal
    strategy: str
    at: datetime
    valid_until: datetime
    book_version: int
    legs: tuple[TargetLeg, ...] = ()
    atr: Decimal | None = None


@frozen(kw_only=True)
class ApprovedExit:
    """An exit: it reduces a position of ours and is blocked by no rule.

    `position_id` is the position it takes off. `level` is the protective price whose breach asked for it (stop or
    target), None for an exit at the market price of the moment (square-off, an exit signal). `reason` "stop" is any
    protective stop; `rule` names the setting that placed that stop, or the time stop ("" where the entry or nobody
    did). `partial` is an exit of some legs of the target: the rest stays held and protected.
    """

    order_id: str
    position_id: str
    instrument: Instrument
    side: str
    quantity: int
    product: str
    reference: Decimal
    limit: Decimal
    reason: str
    level: Decimal | None
    at: datetime
    rule: str = ""
    partial: bool = False


@frozen(kw_only=True)
class Order:
    """One order of ours and what is known of it. `filled_value` is the sum of quantity x price of its fills."""

    approved: ApprovedEntry | ApprovedExit
    status: str = INTENDED
    filled_quantity: int = 0
    filled_value: Decimal = ZERO

    @property
    def id(self) -> str:
        """Our own id; the broker's is the gateway's business."""
        return self.approved.order_id

    @property
    def is_entry(self) -> bool:
        """Whether the order opens a position."""
        return isinstance(self.approved, ApprovedEntry)

    @property
    def takes_part(self) -> bool:
        """Whether it takes off a part of a position on purpose: some legs of its target."""
        return isinstance(self.approved, ApprovedExit) and self.approved.partial

    @property
    def live(self) -> bool:
        """Whether it may still fill: everything that has not ended, the unknown included."""
        return self.status not in ENDED

    @property
    def counts_as_trade(self) -> bool:
        """Whether it is one of today's trades: an entry that was not refused unfilled."""
        return self.is_entry and not (self.status == REJECTED and self.filled_quantity == 0)

    @property
    def open_quantity(self) -> int:
        """What may still fill."""
        return self.approved.quantity - self.filled_quantity if self.live else 0

    def advance(self, status: str, filled_quantity: int, filled_value: Decimal) -> Order:
        """The order after a report of its status and its cumulative fill.

        Fills only grow, and the status only moves forward along `LIFE`, so that duplicated, late or reordered
        reports end in one state. A fill reported after a cancel still counts.
        """
        if filled_quantity > self.approved.quantity:
            raise ValueError(
                f"order {self.id}: {filled_quantity} filled of {self.approved.quantity} ordered; "
                "the report is of another order"
            )
        more = filled_quantity > self.filled_quantity
        quantity = filled_quantity if more else self.filled_quantity
        if quantity == self.approved.quantity:
            status = FILLED
        elif status == FILLED:
            status = self.status if self.status in ENDED else WORKING
        later = max(self.status, status, key=LIFE.index)
        return attrs.evolve(
            self,
            status=later,
            filled_quantity=quantity,
            filled_value=filled_value if more else self.filled_value,
        )
