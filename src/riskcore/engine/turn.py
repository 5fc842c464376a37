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
from riskcore.states import OPERATOR, WAITING_FOR_LOGIN

RISKCORE = "riskcore"


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
        *,
        part: int | None = None,
        rule: str = "",
    ) -> None:
        """Take the position off, or a `part` of it; what still works to enter it is cancelled first.

        Never two live exits of the same shares: a part waits for whatever is leaving; the whole takes the rest at
        once where a part is on its way, which is cancelled, and what it leaves behind follows.
        """
        key = position.instrument.key
        leaving = self.book.live_orders(key, entries=False)
        rest = position.quantity - sum(order.open_quantity for order in leaving)
        if rest <= 0 or any(part is not None or not order.takes_part for order in leaving):
            return
        for order in leaving:
            self.cancel(order, "all of the position is leaving")
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
            quantity=rest if part is None else part,
            rule=rule,
            partial=part is not None,
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

    def latch(self, name: str, why: str, resets: str = OPERATOR, key: str = "") -> None:
        """Halt entries under a name, once: all of them, or those of one instrument."""
        self.stop(Latch(name, HALTED, self.at, RISKCORE, why, resets, key=key))

    def stop(self, latch: Latch) -> None:
        """Set a latch, once, and take back the entries that still work and that it stops."""
        if self.book.latch(latch.name, latch.key) is not None:
            return
        self.note(e.Latched(self.at, latch))
        if latch.state != WAITING_FOR_LOGIN:
            for order in self.book.live_orders(latch.key or None, entries=True):
                self.cancel(order, f"entries are stopped: {latch.name}")

    def lift(self, name: str, why: str = "", key: str = "") -> None:
        """Lift the latch of that name (and of that instrument), if there is one."""
        if self.book.latch(name, key) is not None:
            self.note(e.Lifted(self.at, name, RISKCORE, why, key))
