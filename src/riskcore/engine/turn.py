"""One input under way: the state with the facts applied so far, and what every part of the engine may do with it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from riskcore import events as e
from riskcore.book import Book, Latch, Position
from riskcore.brokers import PAPER
from riskcore.custody import Wanted
from riskcore.exchange_limits import cut
from riskcore.exits.ladder import band_pct
from riskcore.exits.levels import exit_order
from riskcore.orders import FOR_LEAVING, PRESSING, STILL_PRESSED, UNWANTED, ApprovedExit, Order, Revision
from riskcore.policy import Policy
from riskcore.reasons import Finding
from riskcore.sessions import day_text
from riskcore.signals import Signal, seconds
from riskcore.stale_reads import FRESH
from riskcore.state import State, applied, equity_asked
from riskcore.states import HALTED, OPERATOR, WAITING_FOR_LOGIN

RISKCORE = "riskcore"
LOGIN = "login"


def exit_id(book: Book, position: Position, at: datetime, number: int = 0) -> str:
    """Our id of an exit: the position, the day, and how many exits of its instrument came before it that day.

    `number` is that of a slice, from 0 on.
    """
    key, exits = position.instrument.key, [o.approved for o in book.orders if isinstance(o.approved, ApprovedExit)]
    earlier = len([left for left in exits if left.trigger is None and left.instrument.key == key])
    return f"{position.id}:exit:{day_text(at.date())}.{earlier + number + 1}"


class Turn:
    """The facts and commands of one input as they come up, over a state that already has the facts applied.

    `book` is that of the state as it stands by now.
    """

    def __init__(self, state: State, policy: Policy, at: datetime) -> None:
        self.state, self.policy, self.at = state, policy, at
        self.book = state.book
        self.facts: list[e.Fact] = []
        self.commands: list[e.Command] = []

    def note(self, fact: e.Fact) -> None:
        """A fact: to be journalled, and applied at once."""
        self.facts.append(fact)
        self.state = applied(self.state, fact)
        self.book = self.state.book

    def ask(self, command: e.Command) -> None:
        """A command for the shell."""
        self.commands.append(command)

    def ask_equity(self) -> None:
        """Ask for the session's opening equity, while it is not known."""
        self.commands += equity_asked(self.state)

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

        Never two live exits of the same shares: a part waits for whatever is leaving, and is nothing where all of it
        waits to leave; the whole takes the rest at once where a part is on its way, which is cancelled, and what it
        leaves behind follows. Where a stop rests at the broker for these shares, it is taken back (or made smaller)
        first, and the exit waits until that is known. Shares that the broker's positions lack do not leave a second
        time (`lacking`): what is left over follows. What is above the freeze quantity leaves as several orders at once.
        """
        key = position.instrument.key
        exits = self.book.exits(key)
        leaving, resting = [one for one in exits if not one.rests], tuple([one for one in exits if one.rests])
        rest = position.quantity - sum(order.open_quantity for order in leaving)
        if rest <= 0 or any(part is not None or not order.takes_part for order in leaving):
            return
        if part is not None and self.all_waits(key):
            return
        for order in leaving:
            self.cancel(order, "all of the position is leaving")
        for order in self.book.live_orders(key, entries=True):
            self.cancel(order, FOR_LEAVING if part is None else "a part of the position is leaving")
        wish = Wanted(key=key, reason=reason, level=level, part=part, rule=rule, signal_id=signal_id, at=self.at)
        if self._may_have_left(key):
            self._wait_for((), wish)
            return
        if resting and rest - sum(order.open_quantity for order in resting) < (part or rest):
            self._wait_for(resting, wish)
            return
        there = rest - self.lacking(position)
        if there < (part or 1):
            self._wait_for((), wish)
            return
        self._send_off(position, wish, reference, there if part is None else part)

    @property
    def is_begun_there(self) -> bool:
        """Whether the broker has begun the day: until then its funds and its books may be those of the one before."""
        capability = self.state.custody.capability
        return capability is None or self.at.time() >= capability.fresh_from

    def is_leaving(self, key: str) -> bool:
        """Whether any exit of the instrument is on its way, or waits to be."""
        return bool(self.book.leaving(key)) or self.state.custody.wanted_of(key) is not None or self.all_waits(key)

    def all_leaves(self, key: str) -> bool:
        """Whether all that is held of an instrument is on its way out; an exit of a part is not that."""
        return any(not order.takes_part for order in self.book.leaving(key))

    def all_waits(self, key: str) -> bool:
        """Whether all that is held of an instrument waits to leave: for its stop to be gone, or for one it reached."""
        waiting = self.state.custody.wanted_of(key)
        return (waiting is not None and waiting.part is None) or self.state.custody.touch_of(key) is not None

    def _may_have_left(self, key: str) -> bool:
        """Whether what is held was not compared with the broker's since a start, or since the login died.

        A process that ended while no journal took anything may have sent this exit: the first reading tells. It is
        waited for no longer than an order of unknown outcome is, and only where there is a broker to read.
        """
        latch, custody = self.book.latch(LOGIN), self.state.custody
        if latch is None or custody.capability is None or custody.capability.broker == PAPER:
            return False
        return not self.was_compared(key) and self.at - latch.at < seconds(self.policy.unknown_settle_s)

    def lacking(self, position: Position) -> int:
        """Shares of ours that may have left untold, and do not leave a second time: the broker's positions lack them.

        For a minute, in which trades or positions tell; then what we know counts, for no exit waits for good.
        """
        found, since = self.state.custody.lacking_of(position.instrument.key)
        return found if since is not None and self.at - since < FRESH else 0

    def was_compared(self, key: str) -> bool:
        """Whether the books were compared since the login came, though the gate is shut: they differ somewhere.

        And what differs in the instrument has stood for long enough to be believed.
        """
        found = self.state.custody.mismatches
        return bool(found) and all(one.times >= self.policy.differing_reads for one in found if one.key == key)

    def _wait_for(self, resting: tuple[Order, ...], wish: Wanted) -> None:
        """An exit that waits; one of all that is held takes the place of one of a part, and never the other way."""
        waiting = self.state.custody.wanted_of(wish.key)
        if waiting is None or (waiting.part is not None and wish.part is None):
            self.note(e.ExitWanted(self.at, wish))
        for order in resting if wish.part is None else ():
            self.cancel(order, FOR_LEAVING)

    def _send_off(self, position: Position, wish: Wanted, reference: Decimal, quantity: int) -> None:
        book, band = self.book, band_pct(self.book, position, self.policy)
        for number, part in enumerate(cut(quantity, position.instrument)):
            approved = exit_order(
                position,
                order_id=exit_id(book, position, self.at, number),
                reason=wish.reason,
                reference=reference,
                level=wish.level,
                policy=self.policy,
                at=self.at,
                quantity=part,
                rule=wish.rule,
                partial=wish.part is not None,
                band=band,
            )
            self.note(e.ExitApproved(self.at, approved, wish.signal_id))
            self.ask(e.PlaceExit(approved))

    def revise(self, order: Order, revision: Revision, why: str) -> None:
        """Ask for a resting order to be changed in place."""
        self.note(e.RevisionRequested(self.at, order.id, revision, why))
        self.ask(e.ReviseOrder(order.id, revision, order.broker_id, order.approved.instrument.key))

    def alarm(self, name: str, subject: str, why: str) -> None:
        """Call for somebody, once."""
        if (name, subject) not in self.state.custody.told:
            self.note(e.Alarmed(self.at, name, subject, why))

    def calm(self, name: str, subject: str) -> None:
        """What somebody was called for has passed."""
        if (name, subject) in self.state.custody.told:
            self.note(e.AlarmOver(self.at, name, subject))

    def cancel(self, order: Order, why: str) -> None:
        """Ask once for the rest of an order to be cancelled, and once more for a graver reason.

        What was to be sent again is taken back for good then, and of what only took too long nothing is wanted more.
        """
        state = self.state
        graver = order.id in state.pressed and why not in PRESSING
        graver = graver or (order.is_entry and why in UNWANTED and order.id not in state.unwanted)
        if graver or order.id not in state.cancelling:
            self._take_back(order, why)

    def cancel_again(self, order: Order, why: str) -> None:
        """Ask again for an order to end that the broker shows working; what was to be sent again still is."""
        self._take_back(order, STILL_PRESSED if order.id in self.state.pressed else why)

    def take_off(self, order: Order, why: str) -> None:
        """Ask for an order that has ended for us to be cancelled by its name: it may work, though no book shows it."""
        if order.broker_id:
            self._take_back(order, why, absent=True)

    def _take_back(self, order: Order, why: str, *, absent: bool = False) -> None:
        again = order.id in self.state.cancelling or self.state.custody.asked_at(order.id) is not None
        self.note(e.CancelRequested(self.at, order.id, why))
        # A graver reason in the same turn changes what is known, and nothing to be sent.
        known = [asked for asked in self.commands if isinstance(asked, e.CancelOrder) and asked.order_id == order.id]
        if not any(asked.absent == absent for asked in known):
            self.ask(e.CancelOrder(order.id, order.broker_id, absent, not order.is_entry, again))

    def refuse(self, signal: Signal, finding: Finding) -> None:
        """No, for one reason, without a decision."""
        self.note(e.EntryRefused(self.at, signal, (finding,), ()))

    def latch(self, name: str, why: str, resets: str = OPERATOR, key: str = "") -> None:
        """Halt entries (of one instrument, where a key is given) under a name, once."""
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
        """Lift the latch of that name (and instrument), if there is one."""
        if self.book.latch(name, key) is not None:
            self.note(e.Lifted(self.at, name, RISKCORE, why, key))
