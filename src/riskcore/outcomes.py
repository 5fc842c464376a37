"""What has ended, as rules remember it: finished trades and finished sessions."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypeAlias

from attrs import field, frozen

from riskcore.instruments import key_text
from riskcore.money import ZERO, amount, count, exact
from riskcore.sessions import a_day, in_ist
from riskcore.signals import product_text, side_text
from riskcore.values import checks, given, optional, settle

Peaks: TypeAlias = tuple[Decimal | None, Decimal | None]
"""The highest equity of the session, and that of all time; None where none is known."""


@frozen(kw_only=True, slots=False)
class Outcome:
    """A finished trade, as rules remember it. `r_multiple` is its net result over its initial risk.

    `gross` and `charges` are rupees, `r_multiple` is in R.
    """

    key: str = field(converter=given)
    side: str = field(converter=given)
    session: date = field(converter=given)
    closed_at: datetime = field(converter=given)
    quantity: int = field(converter=given)
    gross: Decimal = field(converter=given)
    charges: Decimal = field(converter=given)
    r_multiple: Decimal | None = field(default=None, converter=given)
    reason: str = ""
    strategy: str = ""
    product: str = field(default="MIS", converter=given)
    signal_id: str = ""

    def __attrs_post_init__(self) -> None:
        settle(self, _OUTCOME)

    @property
    @exact
    def net(self) -> Decimal:
        """The result after charges."""
        return self.gross - self.charges


@frozen(slots=False)
class DayResult:
    """A finished session: its opening equity, what was realised in it after charges, and its highest equity.

    `carried` is the open result of what was carried into it. All four are rupees.
    """

    session: date = field(converter=given)
    opening_equity: Decimal = field(converter=given)
    net: Decimal = field(converter=given)
    peak: Decimal | None = field(default=None, converter=given)
    carried: Decimal = field(default=ZERO, converter=given)

    def __attrs_post_init__(self) -> None:
        settle(self, _DAY_RESULT)


def higher(equity: Decimal, peaks: Peaks) -> Peaks:
    """The peaks after one more equity: the very ones before where it is not above that of the session."""
    session_peak, peak_equity = peaks
    if session_peak is not None and equity <= session_peak:
        return peaks
    return equity, equity if peak_equity is None else max(peak_equity, equity)


_OUTCOME: Final = checks(
    "Outcome",
    key=key_text,
    side=side_text,
    session=a_day,
    closed_at=in_ist,
    quantity=count,
    gross=amount,
    charges=amount,
    r_multiple=optional(amount),
    product=product_text,
)
_DAY_RESULT: Final = checks(
    "DayResult", session=a_day, opening_equity=amount, net=amount, peak=optional(amount), carried=amount
)
