"""The third kind of the engine's words: commands, what the shell is asked to do. They are not journalled."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TypeAlias

from attrs import frozen

from riskcore.money import ZERO, exact, part_of
from riskcore.orders import ApprovedEntry, ApprovedExit, Revision
from riskcore.positions import NOTHING, Overnight
from riskcore.signals import Signal


@frozen
class AskEquity:
    """Find out the session's opening equity. `last_known` is what the last session ended with, if any.

    `overnight` is what was carried into it has done to a broker's cash and margin, which is none of the account's
    result (`opening`).
    """

    session: date
    last_known: Decimal | None
    overnight: Overnight = NOTHING

    @exact
    def opening(self, told: Decimal) -> Decimal:
        """The opening equity where a broker's cash and margin come to `told` rupees.

        told + what is missing to what the last session ended with, or less what is beyond it, at most as far as
        `overnight` explains it: some brokers count delivered shares and premium as used, and money may have been paid
        in; counted twice they would size trades.
        """
        left = ZERO if self.last_known is None else self.last_known - told
        for amount in self.overnight.missing:
            part = part_of(left, amount)
            told, left = told + part, left - part
        return told


@frozen
class AskEvidence:
    """Look at the instrument of a signal: quote, ATR on `interval`, funds."""

    signal: Signal
    interval: str


@frozen
class PlaceEntry:
    """Send an approved entry."""

    order: ApprovedEntry


@frozen
class PlaceExit:
    """Send an approved exit."""

    order: ApprovedExit


@frozen
class CancelOrder:
    """Cancel the rest of one of our orders; `broker_id` is the broker's name for it, "" while none is known.

    `absent` says that the broker's book shows no row of it: it is asked for by its name alone. `leaves` says that it is
    an exit or a stop: where no order book can be read, that the broker took the cancel is what its end is known by.
    `again` says that it was asked for before, or a change of it, by this process or by one before it.
    """

    order_id: str
    broker_id: str = ""
    absent: bool = False
    leaves: bool = False
    again: bool = False


@frozen
class ReviseOrder:
    """Change one of our resting orders in place; `broker_id` is the broker's name for it, `key` the instrument's."""

    order_id: str
    revision: Revision
    broker_id: str = ""
    key: str = ""


Command: TypeAlias = AskEquity | AskEvidence | PlaceEntry | PlaceExit | CancelOrder | ReviseOrder
INTENTS: tuple[type, ...] = (PlaceEntry, PlaceExit, CancelOrder, ReviseOrder)
