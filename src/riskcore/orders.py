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

from riskcore.exchange_limits import cut
from riskcore.instruments import Instrument
from riskcore.money import ZERO, exact
from riskcore.values import changed, of_the_same

INTENDED: Final = "intended"
AWAITING: Final = "awaiting_approval"
UNKNOWN: Final = "unknown"
WORKING: Final = "working"
CANCELLED: Final = "cancelled"
REJECTED: Final = "rejected"
FILLED: Final = "filled"
LIFE: Final = (INTENDED, AWAITING, UNKNOWN, WORKING, REJECTED, CANCELLED, FILLED)
RANK: Final = {status: place for place, status in enumerate(LIFE)}
ENDED: Final = frozenset((REJECTED, CANCELLED, FILLED))
NEVER_ARRIVED: Final = frozenset(("not_sent", "rate_limited", "no_login", "network", "unknown"))
"""Classes of errors (`policy.breakers.ERRORS`) of a rejected order that the broker never judged."""

EXIT_STEP: Final = "exit_step_s"
RUN_AWAY: Final = "the price has run away from the exit limit"
STILL_PRESSED: Final = "it is to be sent again, and the broker's book still shows it"
PRESSING: Final = frozenset((EXIT_STEP, RUN_AWAY, STILL_PRESSED))
"""Why an exit is taken back only to be sent again, further beyond the price."""
FOR_EXIT: Final = "exit signal"
FOR_REVERSAL: Final = "reversal signal"
FOR_LEAVING: Final = "the position is leaving"
UNWANTED: Final = frozenset((FOR_EXIT, FOR_REVERSAL, FOR_LEAVING))
"""Why an entry is taken back by somebody who wants to hold nothing of it: what it fills all the same leaves at once."""

STOP_HIT: Final = "stop"
TARGET_HIT: Final = "target"
SQUARE_OFF: Final = "square_off"
SIGNAL_EXIT: Final = "signal"
TIME_STOP: Final = "time_stop"
EXPIRY: Final = "expiry"
SETTLED: Final = "settled"
"""Why a trade ended that no order took off: its contract had expired, and was settled in cash."""
CONNECTION_LOST: Final = "connection_lost"
UNPROTECTED: Final = "unprotected"
DOUBLE_FILL: Final = "double_fill"
NETTED: Final = "netted"
"""Why a trade ended that an entry of the other side took off: the broker nets the two, whoever wished for it."""
OVER_RISK: Final = "over_risk"
BY_OPERATOR: Final = "operator"
EMERGENCY: Final = "emergency_stop"


@frozen
class TargetLeg:
    """A part of a position that leaves at a target of its own: the price, and how many shares (whole lots).

    The price is in rupees a share.
    """

    price: Decimal
    quantity: int


@frozen(kw_only=True, slots=False)
class ApprovedEntry:
    """An entry that passed every check; made by `decide`, and what a gateway may send.

    A limit order: `limit` is the worst price permitted, from `reference` plus the entry band. `risk` is
    quantity x |limit - stop| (+ charges, if the policy counts them), at most the risk budget. `book_version`
    is the state the decision was made on and `valid_until` how long it holds. `legs` are the targets of an order
    that leaves in parts, nearest first: their quantities add up to `quantity`, and the last one stands at `target`.
    Empty: all of it leaves at `target`. `atr` is the ATR the decision was made on, for a stop that trails by it.

    An entry above the exchange's freeze quantity is sent as several orders, its slices (`sliced_entry`): each of them
    has `of_quantity`, the quantity of the whole, 0 where it is no slice. The first has the signal's id; together they
    are one trade, and the `legs` of each are the plan of the whole.

    Prices (`limit`, `stop`, `target`) are rupees a share, `risk` is rupees.
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
    of_quantity: int = 0

    @property
    def whole(self) -> int:
        """The quantity of the whole entry, which this is, or is a slice of."""
        return self.of_quantity or self.quantity

    @property
    def is_first(self) -> bool:
        """Whether it is the whole entry, or the first slice of it."""
        return self.order_id == self.signal_id


@frozen(kw_only=True, slots=False)
class ApprovedExit:
    """An exit: it reduces a position of ours and is blocked by no rule.

    `position_id` is the position it takes off. `level` is the protective price whose breach asked for it (stop or
    target), None for an exit at the market price of the moment (square-off, an exit signal). `reason` "stop" is any
    protective stop; `rule` names the setting that placed that stop, or the time stop ("" where the entry or nobody
    did). `partial` is an exit of some legs of the target: the rest stays held and protected. `trigger` is set where the
    order rests at the broker until the market reaches it: a protective stop, with `limit` as far as it may then go.

    Prices are rupees a share, quantities shares.
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
    trigger: Decimal | None = None


@exact
def sliced_entry(entry: ApprovedEntry) -> tuple[ApprovedEntry, ...]:
    """The orders that an entry is sent as: itself where the exchange takes it whole, else slices in whole lots.

    Their quantities and their risks add up to the entry's; none is above the freeze quantity.

    >>> from datetime import datetime
    >>> from riskcore import IST, Instrument
    >>> share = Instrument(symbol="X", tick=1, lot_size=10, freeze_quantity=25)
    >>> noon, ten = datetime(2026, 11, 20, 12, 0, tzinfo=IST), Decimal(10)
    >>> prices = {"reference": ten, "limit": ten, "stop": Decimal(9), "target": Decimal(13), "risk": Decimal(50)}
    >>> about = {"order_id": "a", "signal_id": "a", "instrument": share, "side": "BUY", "product": "MIS"}
    >>> whole = ApprovedEntry(**about, **prices, strategy="", quantity=50, at=noon, valid_until=noon, book_version=1)
    >>> [(order.order_id, order.quantity, order.risk) for order in sliced_entry(whole)]
    [('a', 20, Decimal('20')), ('a:2', 20, Decimal('20')), ('a:3', 10, Decimal('10'))]
    """
    parts = cut(entry.quantity, entry.instrument)
    if len(parts) == 1:
        return (entry,)
    made, sent, risked = [], 0, ZERO
    for number, quantity in enumerate(parts, 1):
        sent += quantity
        upto = entry.risk if sent == entry.quantity else entry.risk * sent / entry.quantity
        order_id = entry.order_id if number == 1 else f"{entry.order_id}:{number}"
        made.append(
            attrs.evolve(entry, order_id=order_id, quantity=quantity, risk=upto - risked, of_quantity=entry.quantity)
        )
        risked = upto
    return tuple(made)


@frozen
class Revision:
    """What a resting order is to become: how many shares, its limit, and the price that wakes it."""

    quantity: int
    limit: Decimal
    trigger: Decimal


@frozen(kw_only=True, slots=False)
class Order:
    """One order of ours and what is known of it. `filled_value` is the sum of quantity x price of its fills.

    `broker_id` is the broker's name for it, "" until one is known. `revision` is what it was asked to become and is not
    known to be yet: until then either may fill, so the larger of the two quantities counts. `changes` is how often it
    became another, `in_vain` how often it was asked to since, and did not. `error` is the class of what went wrong with
    it, where something did.

    Prices are rupees a share, `filled_value` is rupees.
    """

    approved: ApprovedEntry | ApprovedExit
    status: str = INTENDED
    filled_quantity: int = 0
    filled_value: Decimal = ZERO
    broker_id: str = ""
    revision: Revision | None = None
    changes: int = 0
    in_vain: int = 0
    error: str = ""

    @property
    def id(self) -> str:
        """Our own id; the broker's is `broker_id`."""
        return self.approved.order_id

    @property
    def is_entry(self) -> bool:
        """Whether the order opens a position."""
        return isinstance(self.approved, ApprovedEntry)

    @property
    def signal_id(self) -> str:
        """The signal that an entry is of; "" for an exit."""
        return self.approved.signal_id if isinstance(self.approved, ApprovedEntry) else ""

    @property
    def takes_part(self) -> bool:
        """Whether it takes off a part of a position on purpose: some legs of its target."""
        return isinstance(self.approved, ApprovedExit) and self.approved.partial

    @property
    def rests(self) -> bool:
        """Whether it is a protective stop that waits at the broker: it covers a position, and does not leave it yet."""
        return isinstance(self.approved, ApprovedExit) and self.approved.trigger is not None

    @property
    def quantity(self) -> int:
        """The most it may fill: what was ordered, or what it was asked to become if that is more.

        One that filled as what it was asked to become keeps that, though its end dropped the wish.
        """
        ordered = max(self.approved.quantity, self.filled_quantity)
        return ordered if self.revision is None else max(ordered, self.revision.quantity)

    @property
    def live(self) -> bool:
        """Whether it may still fill: everything that has not ended, the unknown included."""
        return self.status not in ENDED

    @property
    def never_arrived(self) -> bool:
        """Whether it ended before the broker judged it: no token was left for it, no login, no connection."""
        return self.status == REJECTED and self.filled_quantity == 0 and self.error in NEVER_ARRIVED

    @property
    def counts_as_trade(self) -> bool:
        """Whether it makes its signal one of today's trades: an entry that was not refused unfilled."""
        refused = self.status == REJECTED and self.filled_quantity == 0
        return not refused and isinstance(self.approved, ApprovedEntry)

    @property
    def open_quantity(self) -> int:
        """What may still fill."""
        return self.quantity - self.filled_quantity if self.live else 0

    def advance(self, status: str, filled_quantity: int, filled_value: Decimal, error: str = "") -> Order:
        """The order after a report of its status and its cumulative fill, and of what went wrong.

        Fills only grow, and the status only moves forward along `LIFE`, so that duplicated, late or reordered
        reports end in one state. A fill reported after a cancel still counts.
        """
        most = self.quantity
        if filled_quantity > most:
            raise ValueError(
                f"order {self.id}: {filled_quantity} filled of {most} ordered; the report is of another order"
            )
        more = filled_quantity > self.filled_quantity
        quantity = filled_quantity if more else self.filled_quantity
        if quantity == most:
            status = FILLED
        elif status == FILLED:
            status = WORKING
        later = status if RANK[status] > RANK[self.status] else self.status
        return changed(
            self,
            status=later,
            filled_quantity=quantity,
            filled_value=filled_value if more else self.filled_value,
            revision=None if later in ENDED else self.revision,
            error=error if later != self.status else self.error,
        )

    def revised(self, *, taken: bool) -> Order:
        """The order after its revision was settled: it is what it was asked to become, or what it was."""
        if self.revision is None or not isinstance(self.approved, ApprovedExit):
            return self
        new, approved = self.revision, self.approved
        if taken:
            quantity = max(new.quantity, self.filled_quantity)
            approved = attrs.evolve(
                approved, quantity=quantity, limit=new.limit, trigger=new.trigger, level=new.trigger
            )
        status = FILLED if self.filled_quantity == approved.quantity else self.status
        changes, in_vain = self.changes + taken, 0 if taken else self.in_vain + 1
        return attrs.evolve(self, approved=approved, revision=None, changes=changes, in_vain=in_vain, status=status)


@of_the_same
def live_of(orders: tuple[Order, ...]) -> tuple[Order, ...]:
    """Those that may still fill: of the same orders it is asked a dozen times in one step."""
    return tuple([order for order in orders if order.status not in ENDED])
