"""One account's runner: a turn takes what waits, steps the engine, makes it durable, and carries out the rest.

`turn()` is single-threaded and complete; clock, store, transport, timers and lanes are injected, threads exist only
around it (anybody may `offer`). The order within a turn is what makes it safe: inputs and facts are durable before an
order is sent and before an alert is answered, and no order waits for an answer. Entries of a turn that the database
would not take are not sent; exits go all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any, Final

from attrs import evolve, frozen

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.failpoints import reach
from riskcore_openalgo.journal import Durability, JournalConflict, JournalLost
from riskcore_openalgo.own_rules import RuleNotFoundError, with_loaded_rules
from riskcore_openalgo.runner.lanes import Lanes, not_sent
from riskcore_openalgo.runner.ports import (
    Clock,
    NoTimers,
    QueueTransport,
    Store,
    Timers,
    Transport,
    last_policy,
    loaded,
)

JOURNAL_TROUBLE = "journal_unavailable"
DECISIONS_A_TURN: Final = 8
"""More evidence than this waits for the next turn: deciding takes longest; receipts, prices and fills come first."""
DECISIONS_BESIDE_RECEIPTS: Final = 1
"""The same in a turn with alerts that somebody waits for: their senders give up after seconds, and send again."""
Answer = Callable[[tuple[events.Fact, ...], bool], Any]


@frozen
class Offered:
    """An input that waits, and who wants to know when it is durable."""

    event: events.Input
    reply: Future[Any] | None = None
    answer: Answer | None = None


class Runner:
    """The engine, its journal and its lanes, driven turn by turn."""

    def __init__(
        self,
        *,
        journal: Store,
        policy: rc.Policy,
        lanes: Lanes,
        clock: Clock,
        transport: Transport[Offered] | None = None,
        timers: Timers | None = None,
        watch: Callable[[events.Fact], None] | None = None,
    ) -> None:
        self.journal, self.policy, self.clock = journal, with_loaded_rules(policy), clock
        self._lanes, self._watch = lanes, watch
        self._transport: Transport[Offered] = QueueTransport() if transport is None else transport
        self._timers: Timers = NoTimers() if timers is None else timers
        self._fates: dict[str, events.Fact] = {}
        self.state = engine.State()

    def start(self, *, load: bool = True) -> None:
        """Fold the journal, bring the policy into force, and ask again what a crash left unanswered.

        Without `load` the policy that was in force when the journal ended stays, where there is one.
        """
        before = loaded(self.journal)
        self.state = before.state
        for fact in before.decisions:
            self._remember(fact)
        reach("runner.start.folded")
        now = self.clock()
        before_start = self._before_start()
        if load or before_start is None:
            self.offer(events.PolicyLoaded(now, self.policy))
        self.policy = before_start or self.policy
        for command in engine.resume(self.state, self.policy):
            self._lanes.send(command, now, self.offer)

    def offer(self, event: events.Input) -> None:
        """Put an input in the queue; from any thread."""
        self._transport.put(Offered(event))

    def ask(self, event: events.Input, answer: Answer) -> Future[Any]:
        """Offer an input and be told when it is durable: the future holds `answer(facts, accepted)`."""
        reply: Future[Any] = Future()
        self._transport.put(Offered(event, reply, answer))
        return reply

    def settle(self) -> None:
        """Turn until nothing waits."""
        while self.turn():
            pass

    def turn(self) -> int:
        """Take everything that waits; returns how many inputs were taken."""
        taken = self._take()
        if not taken:
            return 0
        entries: list[events.Input | events.Fact] = []
        commands: list[events.Command] = []
        led_to: list[tuple[events.Fact, ...]] = []
        for item in taken:
            event = _with_code(item.event)
            made = engine.step(self.state, event, self.policy)
            self.state, self.policy = made.state, engine.in_force(made.state, self.policy, event)
            entries += (event, *made.facts)
            commands += made.commands
            led_to.append(made.facts)
        reach("runner.turn.stepped", entries)
        durable = self._record(entries)
        reach("runner.turn.durable", entries)
        reach("runner.commands.starting", commands)
        self._carry_out(commands, durable)
        for item, facts in zip(taken, led_to, strict=True):
            self._tell(item, facts, accepted=durable is not None)
        return len(taken)

    def fate(self, signal_id: str) -> events.Fact | None:
        """What became of a signal of this session or this run: its approval or refusal, or None while it is open."""
        return self._fates.get(signal_id)

    def _take(self) -> list[Offered]:
        """What waits now, and what the clock brings; of the evidence only so much as is quickly decided on."""
        waiting = self._transport.take()
        asked = any(item.reply is not None for item in waiting)
        room = DECISIONS_BESIDE_RECEIPTS if asked else DECISIONS_A_TURN
        taken: list[Offered] = []
        for item in waiting:
            decides = isinstance(item.event, events.EvidenceArrived)
            room -= decides
            if decides and room < 0:
                self._transport.put(item)
            else:
                taken.append(item)
        return [*taken, *map(Offered, self._timers.due(self.clock()))]

    def _before_start(self) -> rc.Policy | None:
        """The policy that was in force when the journal ended, where its rules can still be asked."""
        last = last_policy(self.journal)
        try:
            return None if last is None else with_loaded_rules(last)
        except RuleNotFoundError:
            return None

    def _record(self, entries: list[events.Input | events.Fact]) -> Durability | None:
        """Make the turn durable: where it now is, or None when nothing would take it (it is kept for the next)."""
        try:
            durable = self.journal.append(entries)
        except (JournalLost, JournalConflict):
            durable = None
        trouble = durable is not Durability.DATABASE
        known = any(latch.name == JOURNAL_TROUBLE for latch in self.state.book.latches)
        if trouble and not known:
            self.offer(events.TroubleSeen(self.clock(), JOURNAL_TROUBLE, self.journal.trouble))
        elif known and not trouble:
            self.offer(events.TroubleOver(self.clock(), JOURNAL_TROUBLE))
        return durable

    def _tell(self, item: Offered, facts: tuple[events.Fact, ...], *, accepted: bool) -> None:
        for fact in facts:
            self._remember(fact)
            if self._watch is not None:
                self._watch(fact)
        if item.reply is not None and item.answer is not None:
            reach("runner.answer.giving", facts)
            item.reply.set_result(item.answer(facts, accepted))
            reach("runner.answer.given", facts)

    def _carry_out(self, commands: Iterable[events.Command], durable: Durability | None) -> None:
        now = self.clock()
        for command in commands:
            if isinstance(command, events.PlaceEntry) and durable is not Durability.DATABASE:
                self.offer(not_sent(command.order.order_id, now, JOURNAL_TROUBLE))
            else:
                self._lanes.send(command, now, self.offer)
            reach("runner.commands.between", (command,))

    def _remember(self, fact: events.Fact) -> None:
        if isinstance(fact, (events.EntryApproved, events.EntryRefused, events.EntryWithheld)):
            self._fates[fact.signal.id] = fact
        elif isinstance(fact, events.ExitApproved) and fact.signal_id:
            self._fates[fact.signal_id] = fact


def _with_code(event: events.Input) -> events.Input:
    """A policy that comes in with the code of its own rules; everything else as it is."""
    return evolve(event, policy=with_loaded_rules(event.policy)) if isinstance(event, events.PolicyLoaded) else event
