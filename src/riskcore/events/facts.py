"""Facts: what inputs came to. Each holds everything that its effect needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from attrs import frozen

from riskcore.orders import ApprovedEntry, ApprovedExit
from riskcore.policy import Policy
from riskcore.reasons import Finding
from riskcore.signals import Signal


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
    """The answer to a signal was no, with every finding; `until`: when entries are next taken, if the hour said no."""

    VERSION: ClassVar[int] = 1
    at: datetime
    signal: Signal
    findings: Sequence[Finding]
    unmeasured: Sequence[str]
    until: datetime | None = None


@frozen
class EntryWithheld:
    """The answer was yes, and nothing is sent: the signal only shadows, or its symbol is not among `live_symbols`.

    `order` is what would have gone, as one; no place in the book is reserved for it.
    """

    VERSION: ClassVar[int] = 1
    at: datetime
    signal: Signal
    order: ApprovedEntry
    bound_by: str
    findings: Sequence[Finding]
    why: str


@frozen
class ReversalBegun:
    """What is held against a reversal's side is leaving first; its entry waits, undecided."""

    VERSION: ClassVar[int] = 1
    at: datetime
    signal_id: str
    key: str


@frozen
class ReversalDue:
    """Nothing is held nor on its way in the symbol of a reversal any more: its entry is to be decided now."""

    VERSION: ClassVar[int] = 1
    at: datetime
    signal_id: str


@frozen
class EntryApproved:
    """The answer was yes: the order is reserved, and intended to be sent.

    An entry above the freeze quantity has one for each slice; the first, whose order has the signal's id, tells what
    the rules found.
    """

    VERSION: ClassVar[int] = 1
    at: datetime
    signal: Signal
    order: ApprovedEntry
    bound_by: str
    findings: Sequence[Finding]


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
    """The status of an order changed without a fill; `error` is the class of what went wrong, where something did."""

    VERSION: ClassVar[int] = 1
    at: datetime
    order_id: str
    status: str
    note: str
    error: str = ""


@frozen
class StrayReport:
    """A report of an order that is not ours, or that contradicts what we know; nothing is changed by it."""

    VERSION: ClassVar[int] = 1
    at: datetime
    order_id: str
    why: str


@frozen(slots=False)
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
