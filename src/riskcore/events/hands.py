"""The words of the operator's hands: what he asks for, and what came of it. Inputs first, then facts.

Who and why stands on every one of them. What is not done is `ControlRefused`, with its reason.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

from attrs import field, frozen

from riskcore.events.controls import said
from riskcore.events.inputs import A_POLICY
from riskcore.money import count, not_negative, positive
from riskcore.policy import Policy
from riskcore.sessions import in_ist
from riskcore.signals import ENTRY, Signal
from riskcore.table_checks import yes_or_no
from riskcore.values import checks, given, optional, settle, text

OPERATOR: Final = "operator"
"""The source of a signal that a hand gives."""


def _of_a_hand(value: Any, name: str) -> Signal:
    if not isinstance(value, Signal) or value.source != OPERATOR or value.kind != ENTRY:
        raise ValueError(f"{name} must be an entry signal of the source {OPERATOR!r}, got {value!r}")
    return value


# ---------------------------------------------------------------- inputs


@frozen
class OperatorEntered:
    """Somebody wants to enter: a signal of the source `operator`, decided on like any other."""

    at: datetime
    by: str
    why: str
    signal: Signal

    def __attrs_post_init__(self) -> None:
        settle(self, _ENTERED)


@frozen
class OperatorExited:
    """Somebody wants a position left: all of it, or so many shares."""

    at: datetime
    by: str
    why: str
    key: str
    quantity: int | None = field(default=None, converter=given)

    def __attrs_post_init__(self) -> None:
        settle(self, _EXITED)


@frozen
class OperatorCancelled:
    """Somebody wants the rest of an order taken back; `order_id` is our own name for it."""

    at: datetime
    by: str
    why: str
    order_id: str

    def __attrs_post_init__(self) -> None:
        settle(self, _CANCELLED)


@frozen
class OperatorTightened:
    """Somebody wants a position's stop nearer to the price."""

    at: datetime
    by: str
    why: str
    key: str
    stop: Decimal = field(converter=given)

    def __attrs_post_init__(self) -> None:
        settle(self, _TIGHTENED)


@frozen
class OperatorSettled:
    """Somebody says what a contract was worth that has expired and that nobody settles, in rupees a unit of its price.

    Of an option that is what it was in the money, nought where it was not.
    """

    at: datetime
    by: str
    why: str
    key: str
    price: Decimal = field(converter=given)

    def __attrs_post_init__(self) -> None:
        settle(self, _SETTLED)


@frozen
class OperatorSet:
    """Somebody wants other settings: the whole policy as it is to be, and the hash of the one that he looked at.

    `word` is what was typed to confirm a loosening while the day is in loss.
    """

    at: datetime
    by: str
    why: str
    policy: Policy
    base: str
    word: str = ""

    def __attrs_post_init__(self) -> None:
        settle(self, _SET)


@frozen
class EmergencyStopped:
    """Somebody pressed the emergency stop: our positions, or with `whole_account` whatever the account holds."""

    at: datetime
    by: str
    why: str
    whole_account: bool = False

    def __attrs_post_init__(self) -> None:
        settle(self, _STOPPED)


@frozen
class OperatorSeen:
    """Something of the control page that belongs on record and changes nothing: a login, a refusal, a lock-out."""

    at: datetime
    by: str
    act: str
    detail: str = ""

    def __attrs_post_init__(self) -> None:
        settle(self, _SEEN)


_ENTERED: Final = checks("OperatorEntered", at=in_ist, by=said, why=said, signal=_of_a_hand)
_EXITED: Final = checks("OperatorExited", at=in_ist, by=said, why=said, key=said, quantity=optional(count))
_CANCELLED: Final = checks("OperatorCancelled", at=in_ist, by=said, why=said, order_id=text)
_TIGHTENED: Final = checks("OperatorTightened", at=in_ist, by=said, why=said, key=said, stop=positive)
_SETTLED: Final = checks("OperatorSettled", at=in_ist, by=said, why=said, key=said, price=not_negative)
_SET: Final = checks("OperatorSet", at=in_ist, by=said, why=said, policy=A_POLICY, base=text, word=text)
_STOPPED: Final = checks("EmergencyStopped", at=in_ist, by=said, why=said, whole_account=yes_or_no)
_SEEN: Final = checks("OperatorSeen", at=in_ist, by=said, act=said, detail=text)

# ---------------------------------------------------------------- facts


@frozen
class ControlTaken:
    """What somebody asked for by hand is being done: the act, what it is about, who and why."""

    VERSION: ClassVar[int] = 1
    at: datetime
    act: str
    name: str
    by: str
    why: str


@frozen
class EmergencyOrdered:
    """The emergency stop was pressed, or one that stood was widened to the whole account."""

    VERSION: ClassVar[int] = 1
    at: datetime
    by: str
    why: str
    whole_account: bool


@frozen
class EmergencyStaged:
    """How far the stop has come (`control.STAGES`), and what is left; `readings` showed nothing, `read_at` the last.

    `contrary` is what a reading of the broker's books showed that should not be there.
    """

    VERSION: ClassVar[int] = 1
    at: datetime
    stage: str
    since: datetime
    readings: int
    read_at: datetime | None
    left: tuple[str, ...]
    contrary: tuple[str, ...] = ()


@frozen
class ForeignCancelRequested:
    """An order of somebody else's is asked to end, for the stop is one of the whole account."""

    VERSION: ClassVar[int] = 1
    at: datetime
    broker_id: str
    why: str


@frozen
class PolicyAdjusted:
    """A hand changed settings, and they are in force: what (key, before, after), on top of which loaded policy."""

    VERSION: ClassVar[int] = 1
    at: datetime
    by: str
    why: str
    changes: tuple[tuple[str, str, str], ...]
    policy: Policy
    base: str


@frozen
class PolicyScheduled:
    """A loosening that was asked for while the day is in loss: it comes into force with the next session."""

    VERSION: ClassVar[int] = 1
    at: datetime
    by: str
    why: str
    changes: tuple[tuple[str, str, str], ...]
    policy: Policy
