"""One input under way: the state with the facts applied so far, and what every part of the engine may do with it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from riskcore import events as e
from riskcore.book import HALTED, Book, Latch, Position
from riskcore.exits.levels import exit_order
from riskcore.orders import Order
from riskcore.policy import Policy
from riskcore.reasons import Finding
from riskcore.signals import Signal
from riskcore.state import State, evolve


class Turn:
    """The facts and commands of one input as they come up, over a state that already has the facts applied."""

    def __init__(self, state: State, policy: Policy, at: datetime) -> None:
        self.state, self.policy, self.at = state, policy, at
        self.facts: list[e.Fact] = []
        self.commands: list[e.Command] = []

    @property
    def book(self) -> Book:
        """The book as it stands by now."""
        return self.state.book

    def note(self, fact: e.Fact) -> None:
        """A fact: to be journalled, and applied at once."""
        self.facts.append(fact)
        self.state = evolve(self.state, fact)

    def ask(self, command: e.Command) -> None:
        """A command for the shell."""
        self.commands.append(command)

    def leave(
        self,
        position: Position,
        reason: str,
        reference: Decimal,
        level: Decimal | None = None,
        signal_id: str = "",
    ) -> None:
        """Take the position off; what still works to enter it is cancelled first. Never two live exits."""
        key = position.instrument.key
        if self.book.live_orders(key, entries=False):
            return
        for order in self.book.live_orders(key, entries=True):
            self.cancel(order, "the position is leaving")
        earlier = sum(1 for o in self.book.orders if not o.is_entry and o.approved.instrument.key == key)
        order_id = f"{position.id}:exit:{self.at:%Y%m%d}.{earlier + 1}"
        approved = exit_order(
            position,
            order_id=order_id,
            reason=reason,
            reference=reference,
            level=level,
            policy=self.policy,
            at=self.at,
        )
        self.note(e.ExitApproved(self.at, approved, signal_id))
        self.ask(e.PlaceExit(approved))

    def cancel(self, order: Order, why: str) -> None:
        """Ask once for the rest of an order to be cancelled."""
        if order.id not in self.state.cancelling:
            self.note(e.CancelRequested(self.at, order.id, why))
            self.ask(e.CancelOrder(order.id))

    def refuse(self, signal: Signal, finding: Finding) -> None:
        """No, for one reason, without a decision."""
        self.note(e.EntryRefused(self.at, signal, (finding,), ()))

    def latch(self, name: str, why: str) -> None:
        """Stop entries under a name, once."""
        if all(latch.name != name for latch in self.book.latches):
            self.note(e.Latched(self.at, Latch(name, HALTED, self.at, "riskcore", why)))

    def lift(self, name: str) -> None:
        """Lift the latch of that name, if there is one."""
        if any(latch.name == name for latch in self.book.latches):
            self.note(e.Lifted(self.at, name, "riskcore"))
