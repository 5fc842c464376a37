"""Lanes carry out the engine's commands: orders to a gateway, questions to whoever can answer them.

What comes back is an input like any other. A gateway that raises has not said no: the outcome is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

import riskcore as rc
from riskcore import events

Deliver = Callable[[events.Input], None]


class Gateway(Protocol):
    """Where approved orders go: a broker, or something that behaves like one."""

    def place(self, order: rc.ApprovedEntry | rc.ApprovedExit, at: datetime) -> Iterable[events.OrderReported]:
        """Send one order; what is known of it at once."""

    def cancel(self, order_id: str, at: datetime) -> Iterable[events.OrderReported]:
        """Cancel the rest of one order."""


class Evidence(Protocol):
    """Who can be asked what an account and an instrument look like now."""

    def equity(self, session: date, last_known: Decimal | None) -> Decimal | None:
        """Opening equity of a session, or None where it cannot be read."""

    def market(self, signal: rc.Signal, interval: str, at: datetime) -> rc.Market | None:
        """What is seen of a signal's instrument; None where the instrument is not known at all."""


class Lanes(Protocol):
    """Somebody who carries out commands; answers are delivered as inputs, now or later."""

    def send(self, command: events.Command, at: datetime, deliver: Deliver) -> None:
        """Carry out one command."""


class InlineLanes:
    """All lanes in the caller's thread, one after the other: paper, backtest and tests."""

    def __init__(self, gateway: Gateway, evidence: Evidence) -> None:
        self._gateway, self._evidence = gateway, evidence

    def send(self, command: events.Command, at: datetime, deliver: Deliver) -> None:
        """Carry out one command at once."""
        if isinstance(command, events.AskEquity):
            equity = self._evidence.equity(command.session, command.last_known)
            if equity is not None:
                deliver(events.EquityRead(at, equity))
        elif isinstance(command, events.AskEvidence):
            market = self._evidence.market(command.signal, command.interval, at)
            if market is not None:
                deliver(events.EvidenceArrived(at, command.signal.id, market))
        elif isinstance(command, events.CancelOrder):
            self._cancel(command.order_id, at, deliver)
        elif isinstance(command, events.ReviseOrder):
            deliver(events.RevisionReported(at, command.order_id, events.REFUSED, "nothing rests on paper"))
        else:
            self._place(command.order, at, deliver)

    def _place(self, order: rc.ApprovedEntry | rc.ApprovedExit, at: datetime, deliver: Deliver) -> None:
        if isinstance(order, rc.ApprovedEntry) and at > order.valid_until:
            deliver(not_sent(order.order_id, at, "the approval no longer holds"))
            return
        try:
            reports = list(self._gateway.place(order, at))
        except Exception as problem:  # noqa: BLE001 - whatever it was, the order may have been taken
            reports = [_unknown(order.order_id, at, problem)]
        for report in reports:
            deliver(report)

    def _cancel(self, order_id: str, at: datetime, deliver: Deliver) -> None:
        try:
            reports = list(self._gateway.cancel(order_id, at))
        except Exception as problem:  # noqa: BLE001 - the exit behind a cancel goes, whatever became of the cancel
            reports = [_unknown(order_id, at, problem)]
        for report in reports:
            deliver(report)


def _unknown(order_id: str, at: datetime, problem: Exception) -> events.OrderReported:
    return events.OrderReported(at, order_id, "unknown", 0, Decimal(0), note=f"outcome unknown: {problem}")


def not_sent(order_id: str, at: datetime, why: str) -> events.OrderReported:
    """The report of an order that never left: a definite refusal, by ourselves."""
    return events.OrderReported(at, order_id, "rejected", 0, Decimal(0), note=f"not sent: {why}", error="not_sent")
