"""Lanes carry out the engine's commands: orders to a gateway, questions to whoever can answer them.

What comes back is an input like any other. A gateway that raises has not said no: the outcome is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeAlias

import riskcore as rc
from riskcore import events
from riskcore_openalgo.gateways.unsent import not_sent

Deliver: TypeAlias = Callable[[events.Input], None]
Job: TypeAlias = Callable[[], Iterable[events.Input]]
"""Something to be read, for which the engine did not ask."""
Ended: TypeAlias = Callable[[str], bool]
"""Whether an order, by our id, has come to its end in our book."""


class Gateway(Protocol):
    """Where approved orders go: a broker, or something that behaves like one. What is known at once comes back."""

    def place(self, order: rc.ApprovedEntry | rc.ApprovedExit, at: datetime) -> Iterable[events.Input]:
        """Send one order."""

    def cancel(self, command: events.CancelOrder, at: datetime) -> Iterable[events.Input]:
        """Cancel the rest of one order."""

    def revise(self, command: events.ReviseOrder, at: datetime) -> Iterable[events.Input]:
        """Change one resting order in place."""


class Evidence(Protocol):
    """Who can be asked what an account and an instrument look like now."""

    def equity(self, command: events.AskEquity, at: datetime) -> events.EquityRead | None:
        """Opening equity of a session, or None where it cannot be read."""

    def market(self, signal: rc.Signal, interval: str, at: datetime) -> rc.Market | None:
        """What is seen of a signal's instrument; None where the instrument is not known at all."""


class Lanes(Protocol):
    """Somebody who carries out commands; answers are delivered as inputs, now or later."""

    def send(self, command: events.Command, at: datetime, deliver: Deliver) -> None:
        """Carry out one command."""

    def read(self, job: Job, deliver: Deliver) -> None:
        """Read something, and deliver what it comes to."""

    def ask(self, job: Job, deliver: Deliver) -> None:
        """Ask own strategies, whose code may be slow, and deliver what they say."""


class InlineLanes:
    """All lanes in the caller's thread, one after the other: paper, backtest and tests."""

    def __init__(self, gateway: Gateway, evidence: Evidence) -> None:
        self._gateway, self._evidence = gateway, evidence

    def send(self, command: events.Command, at: datetime, deliver: Deliver) -> None:
        """Carry out one command at once."""
        for answer in answers(command, self._gateway, self._evidence, at):
            deliver(answer)

    def read(self, job: Job, deliver: Deliver) -> None:
        """Read at once."""
        for answer in job():
            deliver(answer)

    ask = read


class UnaskedLanes(InlineLanes):
    """The same, where nobody is asked what is seen of a signal: a record says it, or the script that decided on it.

    So a signal that another script left without an answer is not acted on: it grows old, and is refused.
    """

    def send(self, command: events.Command, at: datetime, deliver: Deliver) -> None:
        """Carry out one command at once, but for a question."""
        if not isinstance(command, events.AskEvidence):
            super().send(command, at, deliver)


def answers(
    command: events.Command,
    gateway: Gateway,
    evidence: Evidence,
    at: datetime,
    *,
    ended: Ended = lambda order_id: False,
) -> list[events.Input]:
    """What carrying out a command brings; never raises. An order that has `ended` in our book is not sent any more."""
    if isinstance(command, events.AskEquity):
        read = evidence.equity(command, at)
        return [] if read is None else [read]
    if isinstance(command, events.AskEvidence):
        market = evidence.market(command.signal, command.interval, at)
        if market is None:
            why = f"{command.signal.key} is not known"
            return [events.EvidenceFailed(at, command.signal.id, why)]
        return [arrived(command, market, at)]
    if isinstance(command, events.CancelOrder):
        return _tried(lambda: gateway.cancel(command, at), lambda problem: unknown(command.order_id, at, problem))
    if isinstance(command, events.ReviseOrder):
        return _tried(lambda: gateway.revise(command, at), lambda problem: _unsure(command, at, problem))
    order = command.order
    if ended(order.order_id):
        return [not_sent(order.order_id, at, "it had ended before it could be sent")]
    if isinstance(order, rc.ApprovedEntry) and at > order.valid_until:
        return [not_sent(order.order_id, at, "the approval no longer holds")]
    return _tried(lambda: gateway.place(order, at), lambda problem: unknown(order.order_id, at, problem))


def arrived(command: events.AskEvidence, market: rc.Market, at: datetime) -> events.EvidenceArrived:
    """What was asked for, as an input."""
    return events.EvidenceArrived(max(at, market.at), command.signal.id, market)


def _tried(send: Job, otherwise: Callable[[Exception], events.Input]) -> list[events.Input]:
    try:
        return list(send())
    except Exception as problem:  # noqa: BLE001 - whatever it was, the broker may have been told
        return [otherwise(problem)]


def unknown(order_id: str, at: datetime, problem: Exception) -> events.OrderReported:
    """The report of an order of which nobody can say what became of it."""
    return events.OrderReported(at, order_id, "unknown", 0, Decimal(0), note=f"outcome unknown: {problem}")


def _unsure(command: events.ReviseOrder, at: datetime, problem: Exception) -> events.RevisionReported:
    return events.RevisionReported(at, command.order_id, events.UNSURE, f"outcome unknown: {problem}")
