"""The words of control and health: troubles, a hand, a login, a connection, a clock, and what breakers say of them.

Inputs first, then facts; `events` takes them over, so that nobody else imports from here.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

from attrs import field, frozen

from riskcore.money import amount
from riskcore.policy.breakers import LIVE, PAPER
from riskcore.policy.kinds import one_word
from riskcore.reasons import Measured
from riskcore.sessions import in_ist
from riskcore.states import HALTED, LOCKED, REDUCING, Latch
from riskcore.symbols import key_or_all
from riskcore.table_checks import yes_or_no
from riskcore.values import checks, given, settle, text

SHORT_HASH: Final = 12


def said(value: Any, name: str) -> str:
    """Who, or why: a text that says something."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} must say something: who acts, and why, stands in the journal; got {value!r}")
    return value


def _digest(value: Any, name: str) -> str:
    """The hash of a policy, or twelve letters or more of its start."""
    if not isinstance(value, str) or len(value) < SHORT_HASH or not set(value) <= set("0123456789abcdef"):
        raise ValueError(f"{name} must be a policy's hash, or its first {SHORT_HASH} letters or more, got {value!r}")
    return value


# ---------------------------------------------------------------- inputs


@frozen
class TroubleSeen:
    """Something the shell depends on failed; entries stop under its name until it is over.

    With a `key` only the entries of that instrument stop.
    """

    at: datetime
    name: str
    why: str
    key: str = ""

    def __attrs_post_init__(self) -> None:
        settle(self, _TROUBLE)


@frozen
class TroubleOver:
    """The trouble of that name (and of that instrument) has passed."""

    at: datetime
    name: str
    key: str = ""

    def __attrs_post_init__(self) -> None:
        settle(self, _OVER)


@frozen
class OperatorHalted:
    """Somebody stops entries by hand: `state` is reducing, halted (a pause) or locked."""

    at: datetime
    by: str
    why: str
    state: str = HALTED

    def __attrs_post_init__(self) -> None:
        settle(self, _HALT)


@frozen
class OperatorResumed:
    """Somebody lifts a latch by hand: the one of that `name`, or without a name his own stop.

    `word` is what was typed to confirm: UNLOCK for a locked state, CONFIRM for a breaker still at its limit.
    """

    at: datetime
    by: str
    why: str
    name: str = ""
    word: str = ""

    def __attrs_post_init__(self) -> None:
        settle(self, _RESUMED)


@frozen
class LoginSeen:
    """Whether the broker takes orders of ours: the login is good, and the books were compared after it and agree."""

    at: datetime
    good: bool
    reconciled: bool
    by: str
    why: str

    def __attrs_post_init__(self) -> None:
        settle(self, _LOGIN)


@frozen
class ConnectionSeen:
    """Whether the connection to the broker of a mode (live or paper) stands."""

    at: datetime
    connected: bool
    mode: str

    def __attrs_post_init__(self) -> None:
        settle(self, _CONNECTION)


@frozen
class ClockSeen:
    """How far our clock was measured to be off, in seconds: ahead is positive."""

    at: datetime
    drift_s: Decimal = field(converter=given)

    def __attrs_post_init__(self) -> None:
        settle(self, _CLOCK)


@frozen
class ConfirmPolicy:
    """Somebody confirms a looser policy that was kept back while the day was in loss, by (the start of) its hash."""

    at: datetime
    by: str
    why: str
    policy_hash: str

    def __attrs_post_init__(self) -> None:
        settle(self, _CONFIRM)


@frozen
class NoticeGiven:
    """The shell has something to tell people, such as a login that is needed or a configuration that was refused.

    The same `name` and `subject` once more says that it still is so, or is so again.
    """

    at: datetime
    name: str
    subject: str
    why: str

    def __attrs_post_init__(self) -> None:
        settle(self, _NOTICE)


@frozen
class AcknowledgeAlarm:
    """Somebody has seen an alarm and looks after it: it is not repeated. Without a `subject`, all of that name."""

    at: datetime
    by: str
    why: str
    name: str
    subject: str = ""

    def __attrs_post_init__(self) -> None:
        settle(self, _SEEN)


_TROUBLE: Final = checks("TroubleSeen", at=in_ist, name=said, why=text, key=key_or_all)
_OVER: Final = checks("TroubleOver", at=in_ist, name=said, key=key_or_all)
_HALT: Final = checks("OperatorHalted", at=in_ist, by=said, why=said, state=one_word(REDUCING, HALTED, LOCKED))
_RESUMED: Final = checks("OperatorResumed", at=in_ist, by=said, why=said, name=text, word=text)
_LOGIN: Final = checks("LoginSeen", at=in_ist, good=yes_or_no, reconciled=yes_or_no, by=said, why=said)
_CONFIRM: Final = checks("ConfirmPolicy", at=in_ist, by=said, why=said, policy_hash=_digest)
_NOTICE: Final = checks("NoticeGiven", at=in_ist, name=said, subject=text, why=said)
_SEEN: Final = checks("AcknowledgeAlarm", at=in_ist, by=said, why=said, name=said, subject=text)
_CONNECTION: Final = checks("ConnectionSeen", at=in_ist, connected=yes_or_no, mode=one_word(LIVE, PAPER))
_CLOCK: Final = checks("ClockSeen", at=in_ist, drift_s=amount)

# ---------------------------------------------------------------- facts


@frozen
class Latched:
    """Entries were stopped."""

    VERSION: ClassVar[int] = 1
    at: datetime
    latch: Latch


@frozen
class Lifted:
    """A stop of entries was lifted, of one instrument (`key`) or of the account.

    `excused`: the breaker still measured at its limit; it trips again only after it has measured below it.
    """

    VERSION: ClassVar[int] = 1
    at: datetime
    name: str
    by: str
    why: str = ""
    key: str = ""
    excused: bool = False


@frozen
class ControlRefused:
    """What somebody asked for by hand was not done; `reason` is one of `states.CONTROL_REFUSALS`."""

    VERSION: ClassVar[int] = 1
    at: datetime
    act: str
    name: str
    by: str
    why: str
    reason: str


@frozen
class OrderFailed:
    """An order was refused, or its outcome is not known; `error` is the class it counts in."""

    VERSION: ClassVar[int] = 1
    at: datetime
    order_id: str
    error: str
    why: str


@frozen
class DriftMeasured:
    """Our clock's drift, in seconds, where it is not what it was."""

    VERSION: ClassVar[int] = 1
    at: datetime
    drift_s: Decimal


@frozen
class ConnectionStaged:
    """The connection was lost, stood so for long enough to lead to a further stage, or is there again."""

    VERSION: ClassVar[int] = 1
    at: datetime
    stage: str
    mode: str
    lost_at: datetime | None


@frozen
class Approaching:
    """A limit is `pct` per cent in use, at or above `approaching_pct`; told once until it recedes or the day ends."""

    VERSION: ClassVar[int] = 1
    at: datetime
    rule: str
    measured: Measured
    limit: Measured
    pct: Decimal


@frozen
class Receded:
    """A limit that was approached is well below that level again."""

    VERSION: ClassVar[int] = 1
    at: datetime
    rule: str


@frozen
class Rearmed:
    """A breaker that was lifted by hand at its limit has measured below it: the next time it trips again."""

    VERSION: ClassVar[int] = 1
    at: datetime
    name: str


@frozen
class PolicyHeld:
    """A policy that lets more happen in `loosened` came while the day was in loss: the one before stays in force."""

    VERSION: ClassVar[int] = 1
    at: datetime
    policy_hash: str
    loosened: tuple[str, ...]


@frozen
class PolicyConfirmed:
    """Somebody confirmed a policy that is kept back: it comes into force with the next session."""

    VERSION: ClassVar[int] = 1
    at: datetime
    by: str
    why: str
    policy_hash: str


@frozen
class Noticed:
    """The shell told people something; nothing is changed by it."""

    VERSION: ClassVar[int] = 1
    at: datetime
    name: str
    subject: str
    why: str


@frozen
class AlarmAcknowledged:
    """Somebody looks after an alarm; nothing is changed by it but that it is not repeated."""

    VERSION: ClassVar[int] = 1
    at: datetime
    by: str
    why: str
    name: str
    subject: str
