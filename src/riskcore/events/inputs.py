"""Inputs: what happened outside, as the shell tells it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from attrs import frozen

from riskcore.instruments import key_text
from riskcore.money import amount, not_negative, not_negative_whole, positive
from riskcore.policy import Policy
from riskcore.sessions import in_ist
from riskcore.signals import BARS, Bar, Market, Signal
from riskcore.table_checks import yes_or_no
from riskcore.values import checks, of_kind, optional, settle, text, texts

A_POLICY: Final = of_kind(Policy, "Policy(max_positions=3)")


@frozen
class PolicyLoaded:
    """The rules that hold from here on."""

    at: datetime
    policy: Policy

    def __attrs_post_init__(self) -> None:
        settle(self, _POLICY)


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

    def __attrs_post_init__(self) -> None:
        settle(self, _SIGNAL)


@frozen
class AlertRefused:
    """An alert that could not be read as a signal: kept, answered with its reason, never acted on.

    `receipt` is the id that its sender may have been told.
    """

    at: datetime
    source: str
    reason: str
    detail: str
    body: str
    receipt: str = ""

    def __attrs_post_init__(self) -> None:
        settle(self, _ALERT)


@frozen
class EvidenceArrived:
    """What was seen of the instrument of a pending signal. Parts that could not be read are None in it."""

    at: datetime
    signal_id: str
    market: Market

    def __attrs_post_init__(self) -> None:
        settle(self, _EVIDENCE)


@frozen
class EvidenceFailed:
    """Nothing could be seen for a pending signal: its instrument is not known, or nobody answers for it."""

    at: datetime
    signal_id: str
    why: str

    def __attrs_post_init__(self) -> None:
        settle(self, _NO_EVIDENCE)


@frozen(slots=False)
class PricesSeen:
    """Prices of one instrument since the last look, conflated: the first, the extremes and the last.

    `atr` is the ATR at their end, where somebody works it out: a stop that trails by the ATR then follows it. `ticks`
    is how many prices came one by one, from which `sources`; 0 is a bar, which holds the prices of many trades. `more`
    says that bars of the same moment follow, of other instruments: what the clock asks of those waits for them, for a
    level that was reached in them was reached before.
    """

    at: datetime
    key: str
    first: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    since: datetime
    atr: Decimal | None = None
    ticks: int = 0
    sources: tuple[str, ...] = ()
    more: bool = False

    def __attrs_post_init__(self) -> None:
        settle(self, _PRICES)
        if self.high < max(self.first, self.last) or self.low > min(self.first, self.last):
            raise ValueError(
                f"PricesSeen of {self.key}: high {self.high} and low {self.low} must enclose first {self.first} and "
                f"last {self.last}"
            )


@frozen
class BarsShown:
    """Bars of one instrument that own strategies were shown, oldest first: those that ended since they last looked.

    What they answer follows from them, so they are kept; nothing else does. `made_of` is "ticks" where they were built
    from the prices of the day, "history" where they were read, as all are that ended before the first look.
    """

    at: datetime
    key: str
    interval: str
    bars: tuple[Bar, ...]
    made_of: str

    def __attrs_post_init__(self) -> None:
        settle(self, _SHOWN)


@frozen(slots=False)
class OrderReported:
    """What the gateway says of one of our orders; the fill is cumulative.

    `error` is the class of what went wrong (`policy.breakers.ERRORS`), where the gateway can tell it; `broker_id` the
    broker's name for the order, where it gave one.
    """

    at: datetime
    order_id: str
    status: str
    filled_quantity: int
    filled_value: Decimal
    traded_at: datetime | None = None
    note: str = ""
    error: str = ""
    broker_id: str = ""

    def __attrs_post_init__(self) -> None:
        settle(self, _REPORT)


@frozen
class TimePassed:
    """Nothing but time."""

    at: datetime

    def __attrs_post_init__(self) -> None:
        settle(self, _TIME)


_POLICY: Final = checks("PolicyLoaded", at=in_ist, policy=A_POLICY)
_EQUITY: Final = checks("EquityRead", at=in_ist, equity=amount, derived=yes_or_no)
_SIGNAL: Final = checks("SignalArrived", at=in_ist, signal=of_kind(Signal, 'Signal("INFY", "BUY", at=now)'))
_ALERT: Final = checks("AlertRefused", at=in_ist, source=text, reason=text, detail=text, body=text, receipt=text)
_EVIDENCE: Final = checks(
    "EvidenceArrived",
    at=in_ist,
    signal_id=text,
    market=of_kind(Market, "Market(instrument=..., at=now, last=2500, atr=20)"),
)
_NO_EVIDENCE: Final = checks("EvidenceFailed", at=in_ist, signal_id=text, why=text)
_PRICES: Final = checks(
    "PricesSeen",
    at=in_ist,
    key=key_text,
    first=positive,
    high=positive,
    low=positive,
    last=positive,
    since=in_ist,
    atr=optional(not_negative),
    ticks=not_negative_whole,
    sources=texts,
    more=yes_or_no,
)
_SHOWN: Final = checks("BarsShown", at=in_ist, key=key_text, interval=text, bars=BARS, made_of=text)
_REPORT: Final = checks(
    "OrderReported",
    at=in_ist,
    order_id=text,
    status=text,
    filled_quantity=not_negative_whole,
    filled_value=not_negative,
    traded_at=optional(in_ist),
    note=text,
    error=text,
    broker_id=text,
)
_TIME: Final = checks("TimePassed", at=in_ist)
