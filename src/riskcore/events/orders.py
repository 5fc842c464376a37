"""The words of an order's life at a broker: its name, its revisions, what protects a position, what the books say.

Inputs first, then facts; `events` takes them over, so that nobody else imports from here.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Final

from attrs import frozen

from riskcore.broker_books import BrokerBooks
from riskcore.custody import Beside, Mismatch, Touch, Wanted
from riskcore.events.controls import said
from riskcore.instruments import Instrument
from riskcore.orders import Revision
from riskcore.policy.kinds import one_word
from riskcore.positions import Position
from riskcore.sessions import in_ist
from riskcore.table_rows import Capability
from riskcore.values import checks, of_kind, settle, several_of, text

TAKEN: Final = "taken"
REFUSED: Final = "refused"
UNSURE: Final = "unsure"

# ---------------------------------------------------------------- inputs


@frozen
class BrokerSeen:
    """Which broker stands behind the gateway, by what it takes and tells."""

    at: datetime
    capability: Capability

    def __attrs_post_init__(self) -> None:
        settle(self, _BROKER)


@frozen
class BooksRead:
    """What the broker's books say; what could not be read of them is None in it.

    `instruments` are those of positions that we do not hold, where somebody looked them up: only such can be adopted.
    """

    at: datetime
    books: BrokerBooks
    instruments: tuple[Instrument, ...] = ()

    def __attrs_post_init__(self) -> None:
        settle(self, _BOOKS)


@frozen
class RevisionReported:
    """What became of a revision: taken, refused, or unsure (then only the books tell)."""

    at: datetime
    order_id: str
    outcome: str
    note: str = ""

    def __attrs_post_init__(self) -> None:
        settle(self, _REVISION)


@frozen
class CancelRefused:
    """The broker refuses to cancel an exit or a stop of ours, and no order book can be read: it may have ended."""

    at: datetime
    order_id: str
    note: str = ""

    def __attrs_post_init__(self) -> None:
        settle(self, _REFUSED)


@frozen
class DifferencesAccepted:
    """An operator takes the broker's account as it is: what is listed there and not here is left alone from now on."""

    at: datetime
    by: str
    why: str

    def __attrs_post_init__(self) -> None:
        settle(self, _ACCEPTED)


_BROKER: Final = checks(
    "BrokerSeen", at=in_ist, capability=of_kind(Capability, 'capability("zerodha", on=date(2026, 11, 20))')
)
_BOOKS: Final = checks(
    "BooksRead",
    at=in_ist,
    books=of_kind(BrokerBooks, "BrokerBooks(at=now, orders=None)"),
    instruments=several_of(Instrument, '[nse_equity("RELIANCE", on=date, tick=0.10)]'),
)
_REVISION: Final = checks(
    "RevisionReported", at=in_ist, order_id=text, outcome=one_word(TAKEN, REFUSED, UNSURE), note=text
)
_REFUSED: Final = checks("CancelRefused", at=in_ist, order_id=text, note=text)
_ACCEPTED: Final = checks("DifferencesAccepted", at=in_ist, by=said, why=said)

# ---------------------------------------------------------------- facts


@frozen
class BrokerKnown:
    """The broker behind the gateway, where it is not the one that was known."""

    VERSION: ClassVar[int] = 1
    at: datetime
    capability: Capability


@frozen
class LoginChanged:
    """Whether the broker takes our orders, where that is not what was known."""

    VERSION: ClassVar[int] = 1
    at: datetime
    login: str


@frozen
class Acknowledged:
    """The broker's name for one of our orders."""

    VERSION: ClassVar[int] = 1
    at: datetime
    order_id: str
    broker_id: str


@frozen
class OrderAbsent:
    """An order of unknown outcome was not in a clean read of the broker's orders; `reads` in a row by now."""

    VERSION: ClassVar[int] = 1
    at: datetime
    order_id: str
    reads: int


@frozen
class OrderShown:
    """A read shows an order that reads before it did not, or what may be it: its absence is counted anew."""

    VERSION: ClassVar[int] = 1
    at: datetime
    order_id: str


@frozen
class EndDoubted:
    """A read showed an order as ended in a way that may be another's end; `reads` in a row by now, 0: it did not."""

    VERSION: ClassVar[int] = 1
    at: datetime
    order_id: str
    reads: int


@frozen
class CancelFailed:
    """The broker refused to cancel an order that was to end, while no order book could be read."""

    VERSION: ClassVar[int] = 1
    at: datetime
    order_id: str
    note: str = ""


@frozen
class RowsSeen:
    """Ids in the broker's order book that are not ours."""

    VERSION: ClassVar[int] = 1
    at: datetime
    ids: tuple[str, ...]


@frozen
class RevisionRequested:
    """A resting order is to become another: its quantity, limit and trigger."""

    VERSION: ClassVar[int] = 1
    at: datetime
    order_id: str
    revision: Revision
    why: str


@frozen
class RevisionSettled:
    """A resting order is what it was asked to become, or stays what it was."""

    VERSION: ClassVar[int] = 1
    at: datetime
    order_id: str
    taken: bool
    note: str = ""


@frozen
class RowsAlike:
    """Ids of new rows in the broker's order book that may all be an order's that has no name there."""

    VERSION: ClassVar[int] = 1
    at: datetime
    order_id: str
    ids: tuple[str, ...]


@frozen
class Revalued:
    """What an order's fills were worth is known better: the difference in money and in charges."""

    VERSION: ClassVar[int] = 1
    at: datetime
    order_id: str
    value: Decimal
    charges: Decimal


@frozen
class TradeCorrected:
    """What a finished trade brought is known better: the differences of its result before charges, and of its charges.

    `signal_id` is the trade's, as in its `PositionClosed`.
    """

    VERSION: ClassVar[int] = 1
    at: datetime
    signal_id: str
    key: str
    gross: Decimal
    charges: Decimal


@frozen
class Overfilled:
    """More of an exit traded than was held: what lies beyond it is a position the other way, to be taken off once."""

    VERSION: ClassVar[int] = 1
    at: datetime
    order_id: str
    position: Position
    value: Decimal
    charges: Decimal | None


@frozen
class ExitWanted:
    """A position is to leave as soon as the stop that rests for it is out of the way."""

    VERSION: ClassVar[int] = 1
    at: datetime
    wanted: Wanted


@frozen
class StopTouched:
    """The price reached a stop; it is confirmed, or given its time, before it is acted on."""

    VERSION: ClassVar[int] = 1
    at: datetime
    touch: Touch


@frozen
class PriceDoubted:
    """A price so far from the one before it that it moves nothing until another confirms it."""

    VERSION: ClassVar[int] = 1
    at: datetime
    key: str
    price: Decimal


@frozen
class Bared:
    """A position is not covered by a working order any more."""

    VERSION: ClassVar[int] = 1
    at: datetime
    key: str


@frozen
class Covered:
    """A position is covered again, after so many seconds."""

    VERSION: ClassVar[int] = 1
    at: datetime
    key: str
    seconds: Decimal


@frozen
class Alarmed:
    """Somebody must look: what it is, of which symbol or order, and why. Told once until it is over."""

    VERSION: ClassVar[int] = 1
    at: datetime
    name: str
    subject: str
    why: str


@frozen
class AlarmOver:
    """What somebody was called for has passed."""

    VERSION: ClassVar[int] = 1
    at: datetime
    name: str
    subject: str


@frozen
class BooksDiffer:
    """What differs between our book and the broker's, all of it, where that changed; nothing when they agree again.

    A difference is counted up to `differing_reads`; once it is acted on, a read that shows it again is no fact.
    """

    VERSION: ClassVar[int] = 1
    at: datetime
    mismatches: tuple[Mismatch, ...]


@frozen
class Reconciled:
    """The broker's books and ours agree: all were read, and nothing differs that was not accepted."""

    VERSION: ClassVar[int] = 1
    at: datetime


@frozen
class DifferencesTaken:
    """An operator took the differences as they are: all that is accepted from now on.

    `beside` are signed shares of instruments that are not ours; `accepted` the broker's quantity of others, as it is.
    """

    VERSION: ClassVar[int] = 1
    at: datetime
    by: str
    why: str
    accepted: tuple[tuple[str, int], ...]
    beside: tuple[tuple[str, int], ...] = ()


@frozen
class AcceptedMoved:
    """What was accepted of an instrument has changed with what the account shows: it is `beside` from now on.

    None where the account shows nothing any more that would have to be accepted.
    """

    VERSION: ClassVar[int] = 1
    at: datetime
    key: str
    beside: Beside | None
    why: str


@frozen
class PositionAdjusted:
    """A position follows the broker's: shares came or went without an order of ours.

    `position` is what is held from now on, None where nothing is; `price` what the shares that went are taken to have
    brought (the broker's trades where it tells them, else the last price), `realised` the result of it and `charges`
    theirs. `reason` is why the trade that ends so has ended, where that is known better than that it was elsewhere.
    """

    VERSION: ClassVar[int] = 1
    at: datetime
    key: str
    position: Position | None
    why: str
    price: Decimal | None = None
    realised: Decimal = Decimal(0)
    charges: Decimal = Decimal(0)
    reason: str = ""
