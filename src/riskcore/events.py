"""The words of the engine: inputs (what happened outside) and facts (what it means); commands stand beside them.

Inputs and facts are journalled; `evolve` folds facts alone, so a fact holds everything its effect needs. Each
fact type has a `VERSION`; the journal lifts an older one when it is read, an unknown one refuses the start. `at` is the
moment in IST on every one of them.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, TypeAlias, get_args

from attrs import frozen

from riskcore.commands import (
    INTENTS as INTENTS,
    AskEquity as AskEquity,
    AskEvidence as AskEvidence,
    CancelOrder as CancelOrder,
    Command as Command,
    PlaceEntry as PlaceEntry,
    PlaceExit as PlaceExit,
)
from riskcore.controls import (
    Approaching as Approaching,
    ClockSeen as ClockSeen,
    ConnectionSeen as ConnectionSeen,
    ConnectionStaged as ConnectionStaged,
    ControlRefused as ControlRefused,
    DriftMeasured as DriftMeasured,
    Latched as Latched,
    Lifted as Lifted,
    LoginSeen as LoginSeen,
    OperatorHalted as OperatorHalted,
    OperatorResumed as OperatorResumed,
    OrderFailed as OrderFailed,
    Rearmed as Rearmed,
    Receded as Receded,
    TroubleOver as TroubleOver,
    TroubleSeen as TroubleSeen,
)
from riskcore.money import amount, not_negative, not_negative_whole, positive
from riskcore.orders import ApprovedEntry, ApprovedExit
from riskcore.policy import Policy
from riskcore.position_words import (
    Marked as Marked,
    PositionClosed as PositionClosed,
    StopKept as StopKept,
    StopMoved as StopMoved,
    TightenStop as TightenStop,
)
from riskcore.reasons import Finding
from riskcore.signals import Market, Signal
from riskcore.values import checks, optional, settle

# ---------------------------------------------------------------- inputs


@frozen
class PolicyLoaded:
    """The rules that hold from here on."""

    at: datetime
    policy: Policy


@frozen
class EquityRead:
    """The session's opening equity; `derived` when it was first worked out in mid-session."""

    at: datetime
    equity: Decimal
    derived: bool = False

    def __attrs_post_init__(self) -> None:
        settle(self, _EQUITY)


@frozen
class SignalArrived:
    """A signal from a strategy, an alert or an operator."""

    at: datetime
    signal: Signal


@frozen
class AlertRefused:
    """An alert that could not be read as a signal: kept, answered with its reason, never acted on."""

    at: datetime
    source: str
    reason: str
    detail: str
    body: str


@frozen
class EvidenceArrived:
    """What was seen of the instrument of a pending signal. Parts that could not be read are None in it."""

    at: datetime
    signal_id: str
    market: Market


@frozen
class PricesSeen:
    """Prices of one instrument since the last look, conflated: the first, the extremes and the last.

    `atr` is the ATR at their end, where somebody works it out: a stop that trails by the ATR then follows it.
    """

    at: datetime
    key: str
    first: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    since: datetime
    atr: Decimal | None = None

    def __attrs_post_init__(self) -> None:
        settle(self, _PRICES)


@frozen
class OrderReported:
    """What the gateway says of one of our orders; the fill is cumulative.

    `error` is the class of what went wrong (`policy.breakers.ERRORS`), where the gateway can tell it.
    """

    at: datetime
    order_id: str
    status: str
    filled_quantity: int
    filled_value: Decimal
    traded_at: datetime | None = None
    note: str = ""
    error: str = ""

    def __attrs_post_init__(self) -> None:
        settle(self, _REPORT)


@frozen
class TimePassed:
    """Nothing but time."""

    at: datetime


_EQUITY = checks("EquityRead", equity=amount)
_PRICES = checks("PricesSeen", first=positive, high=positive, low=positive, last=positive, atr=optional(not_negative))
_REPORT = checks("OrderReported", filled_quantity=not_negative_whole, filled_value=not_negative)

Input: TypeAlias = (
    PolicyLoaded
    | EquityRead
    | SignalArrived
    | AlertRefused
    | EvidenceArrived
    | PricesSeen
    | TightenStop
    | OrderReported
    | TimePassed
    | TroubleSeen
    | TroubleOver
    | OperatorHalted
    | OperatorResumed
    | LoginSeen
    | ConnectionSeen
    | ClockSeen
)
INPUTS: tuple[type, ...] = get_args(Input)

# ---------------------------------------------------------------- facts


@frozen
class PolicyChanged:
    """The policy in force, in full."""

    VERSION: ClassVar[int] = 1
    at: datetime
    policy: Policy
    policy_hash: str


@frozen
class SessionOpened:
    """A new session date: the counters of the day start at nought, its equity is not known yet."""

    VERSION: ClassVar[int] = 1
    at: datetime
    session: date


@frozen
class EquityKnown:
    """The session's opening equity, for the rest of the session."""

    VERSION: ClassVar[int] = 1
    at: datetime
    equity: Decimal
    derived: bool


@frozen
class SignalTaken:
    """A new signal; evidence was asked for."""

    VERSION: ClassVar[int] = 1
    at: datetime
    signal: Signal


@frozen
class SignalRepeated:
    """A signal that was taken already in this session; nothing is done."""

    VERSION: ClassVar[int] = 1
    at: datetime
    signal_id: str


@frozen
class AlertDropped:
    """An alert that was not a signal."""

    VERSION: ClassVar[int] = 1
    at: datetime
    source: str
    reason: str


@frozen
class EntryRefused:
    """The answer to a signal was no, with every finding."""

    VERSION: ClassVar[int] = 1
    at: datetime
    signal: Signal
    findings: tuple[Finding, ...]
    unmeasured: tuple[str, ...]


@frozen
class EntryApproved:
    """The answer was yes: the order is reserved, and intended to be sent."""

    VERSION: ClassVar[int] = 1
    at: datetime
    signal: Signal
    order: ApprovedEntry
    bound_by: str
    findings: tuple[Finding, ...]


@frozen
class ExitApproved:
    """A position must leave: the order is intended to be sent. `signal_id` is the exit signal's, if one asked."""

    VERSION: ClassVar[int] = 1
    at: datetime
    order: ApprovedExit
    signal_id: str = ""


@frozen
class CancelRequested:
    """The rest of an order is to be cancelled."""

    VERSION: ClassVar[int] = 1
    at: datetime
    order_id: str
    why: str


@frozen
class OrderMoved:
    """The status of an order changed without a fill."""

    VERSION: ClassVar[int] = 1
    at: datetime
    order_id: str
    status: str
    note: str


@frozen
class StrayReport:
    """A report of an order that is not ours, or that contradicts what we know; nothing is changed by it."""

    VERSION: ClassVar[int] = 1
    at: datetime
    order_id: str
    why: str


@frozen
class Filled:
    """Shares traded, for `value` in all. `charges` is None where no schedule covers them (entries then stop)."""

    VERSION: ClassVar[int] = 1
    at: datetime
    order_id: str
    key: str
    side: str
    quantity: int
    price: Decimal
    charges: Decimal | None
    traded_at: datetime
    value: Decimal


@frozen
class ClockBackward:
    """An input claimed a time before the last one; it was taken as the last one's."""

    VERSION: ClassVar[int] = 1
    at: datetime
    claimed: datetime


Fact: TypeAlias = (
    PolicyChanged
    | SessionOpened
    | EquityKnown
    | SignalTaken
    | SignalRepeated
    | AlertDropped
    | EntryRefused
    | EntryApproved
    | ExitApproved
    | CancelRequested
    | OrderMoved
    | StrayReport
    | Filled
    | PositionClosed
    | Marked
    | StopMoved
    | StopKept
    | Latched
    | Lifted
    | ClockBackward
    | ControlRefused
    | OrderFailed
    | DriftMeasured
    | ConnectionStaged
    | Approaching
    | Receded
    | Rearmed
)
FACTS: tuple[type, ...] = get_args(Fact)
