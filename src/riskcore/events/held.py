"""The words of a position: its prices, its stop on the move, and its end; `events` lists them with the others."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from attrs import frozen

from riskcore.instruments import key_text
from riskcore.money import exact, positive
from riskcore.sessions import in_ist
from riskcore.values import checks, optional, settle, text


@frozen
class TightenStop:
    """Somebody wants the stop of a position tighter: an operator, or a strategy. It is never made looser."""

    at: datetime
    key: str
    stop: Decimal
    by: str = "operator"

    def __attrs_post_init__(self) -> None:
        settle(self, _TIGHTEN)


@frozen
class ContractExpired:
    """The last session of a contract is over, on paper or in a backtest: what it is settled by. Live, a broker does it.

    `price` is the last close of its underlying, or of the contract itself, and `of` the key of the one it is; None
    where neither is known.
    """

    at: datetime
    key: str
    price: Decimal | None = None
    of: str = ""

    def __attrs_post_init__(self) -> None:
        settle(self, _EXPIRED)


@frozen
class Marked:
    """The latest price of a held instrument, with what a trailing stop must remember of the prices since the last.

    `high` and `low` are there where all of them came after the entry; `close` where a candle ended among them.
    """

    VERSION: ClassVar[int] = 1
    at: datetime
    key: str
    last: Decimal
    high: Decimal | None = None
    low: Decimal | None = None
    close: Decimal | None = None
    atr: Decimal | None = None


@frozen
class StopMoved:
    """The stop of a position is tighter than it was. `rule` is the setting that moved it, or who asked for it."""

    VERSION: ClassVar[int] = 1
    at: datetime
    key: str
    position_id: str
    before: Decimal | None
    after: Decimal
    rule: str


@frozen
class StopKept:
    """A wish to move a stop that was not granted, with its reason; nothing is changed."""

    VERSION: ClassVar[int] = 1
    at: datetime
    key: str
    stop: Decimal
    by: str
    reason: str


@frozen(slots=False)
class PositionClosed:
    """A position is flat again: the finished trade.

    `r_multiple` is its net result over its initial risk, None without a stop. `reason` is the last exit's, and `rule`
    the setting that placed its stop or its deadline ("" for the entry's own levels).
    """

    VERSION: ClassVar[int] = 1
    at: datetime
    signal_id: str
    key: str
    side: str
    quantity: int
    strategy: str
    opened_at: datetime
    closed_at: datetime
    entry_price: Decimal
    exit_price: Decimal
    reason: str
    gross: Decimal
    charges: Decimal
    r_multiple: Decimal | None
    rule: str = ""

    @property
    @exact
    def net(self) -> Decimal:
        """The result after charges, in rupees."""
        return self.gross - self.charges


_TIGHTEN = checks("TightenStop", at=in_ist, key=text, stop=positive, by=text)
_EXPIRED = checks("ContractExpired", at=in_ist, key=key_text, price=optional(positive), of=text)


@frozen
class SharesLacking:
    """The broker's positions lack so many shares of ours, and no order of ours that is live explains it; 0: none."""

    VERSION: ClassVar[int] = 1
    at: datetime
    key: str
    quantity: int
