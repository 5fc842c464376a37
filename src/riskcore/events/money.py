"""The words of the broker's money, and of answers with nothing in them; `events` lists them with the others."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

from attrs import field, frozen

from riskcore.custody import Explained
from riskcore.events.controls import said
from riskcore.money import amount
from riskcore.sessions import in_ist
from riskcore.values import checks, given, optional, settle


def _moved(value: Any, name: str) -> Decimal:
    rupees = amount(value, name)
    if not rupees:
        raise ValueError(f"{name} must be rupees that came (above 0) or went (below 0), got {value!r}")
    return rupees


# ---------------------------------------------------------------- inputs


@frozen
class FundsSeen:
    """What the broker says of money: what can be spent and what is used as margin (rupees); None: could not be read.

    Either may be below 0: a debit that is to be paid up, a premium that was received. `realised` is what it has booked
    today, where it tells.
    """

    at: datetime
    available: Decimal | None = field(converter=given)
    used: Decimal | None = field(default=None, converter=given)
    realised: Decimal | None = field(default=None, converter=given)

    def __attrs_post_init__(self) -> None:
        settle(self, _FUNDS)


@frozen
class FundsMoved:
    """An operator says that money came into the account today (above 0) or left it (below 0), in rupees."""

    at: datetime
    by: str
    why: str
    amount: Decimal = field(converter=given)

    def __attrs_post_init__(self) -> None:
        settle(self, _MOVED)


_FUNDS: Final = checks(
    "FundsSeen", at=in_ist, available=optional(amount), used=optional(amount), realised=optional(amount)
)
_MOVED: Final = checks("FundsMoved", at=in_ist, by=said, why=said, amount=_moved)

# ---------------------------------------------------------------- facts


@frozen
class FundsCompared:
    """What the broker's money says beside our own account of the day, and what of the difference is explained."""

    VERSION: ClassVar[int] = 1
    at: datetime
    theirs: Decimal
    ours: Decimal
    unexplained: Decimal
    lines: tuple[Explained, ...] = ()


@frozen
class FundsExplained:
    """Money that somebody says came or went: a line of the session's ledger."""

    VERSION: ClassVar[int] = 1
    at: datetime
    by: str
    why: str
    amount: Decimal


@frozen
class AnswersEmpty:
    """Whether the last answer about money had nothing in it, and in how many reads in a row all books had nothing."""

    VERSION: ClassVar[int] = 1
    at: datetime
    funds: bool
    reads: int
