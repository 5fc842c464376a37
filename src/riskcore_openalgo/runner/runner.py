"""One account's runner: a turn takes what waits, steps the engine, makes it durable, and carries out the rest.

`turn()` is single-threaded and complete; clock, store, transport, timers and lanes are injected, threads exist only
around it (anybody may `offer`). The order within a turn is what makes it safe: inputs and facts are durable before an
order is sent and before an alert is answered, and no order waits for an answer. Entries of a turn that the database
would not take are not sent; exits go all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any, Final, TypeAlias

from attrs import evolve, frozen

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.failpoints import reach
from riskcore_openalgo.gateways.unsent import not_sent
from riskcore_openalgo.journal import Durability, JournalConflict, JournalLost
from riskcore_openalgo.own_rules import RuleNotFoundError, with_loaded_rules
from riskcore_openalgo.runner.lanes import Lanes
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
Facts: TypeAlias = tuple[events.Fact, ...]
Answer: TypeAlias = Callable[[Facts, bool], Any]


@frozen
class Offered:
    """An input that waits, and who wants to know when it is durable.

    `kept` says that it is durable elsewhere until then, and offered again if it should not come to that.
    """

    event: events.Input
    reply: Future[Any] | None = None
    answer: Answer | None = None
    kept: bool = False


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
        self._stepped: list[tuple[Offered, Facts]] = []
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

    def ask(self, event: events.Input, answer: Answer, *, kept: bool = False) -> Future[Any]:
        """Offer an input and be told when it is durable: the future holds `answer(facts, accepted)`.

        Where it is `kept` elsewhere until then, it may become durable here together with what its questions bring.
        """
        reply: Future[Any] = Future()
        self._transport.put(Offered(event, reply, answer, kept))
        return reply

    def settle(self) -> None:
        """Turn until nothing waits."""
        while self.turn():
            pass

    def turn(self) -> int:
        """Take everything that waits; returns how many inputs were taken."""
        taken, before = self._take(), bool(self._stepped)
        if not taken and not before:
            return 0
        commands: list[events.Command] = []
        for item in map(_with_code, taken):
            made = engine.step(self.state, item.event, self.policy)
            self.state, self.policy = made.state, engine.in_force(made.state, self.policy, item.event)
            self._stepped.append((item, made.facts))
            commands += made.commands
        if before or not _may_wait(taken, commands):
            self._finish(commands)
        else:
            self._carry_out(commands, Durability.DATABASE)
        return len(taken)

    def _finish(self, commands: list[events.Command]) -> None:
        """Make what was stepped durable, carry out what it led to, and tell whoever waits."""
        stepped, self._stepped = self._stepped, []
        entries: list[events.Input | events.Fact] = []
        for item, facts in stepped:
            entries += (item.event, *facts)
        reach("runner.turn.stepped", entries)
        durable = self._record(entries)
        reach("runner.turn.durable", entries)
        reach("runner.commands.starting", commands)
        self._carry_out(commands, durable)
        for item, facts in stepped:
            self._tell(item, facts, accepted=durable is not None)

    def fate(self, signal_id: str) -> events.Fact | None:
        """What became of a signal of this session: its approval or refusal, or None while it is open."""
        return self._fates.get(signal_id)

    def _take(self) -> list[Offered]:
        """What waits now, and what the clock brings; of the evidence only so much as is quickly decided on."""
        waiting = self._transport.take()
        asked = any(item.reply is not None and not item.kept for item in waiting)
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
        if isinstance(fact, events.SessionOpened):
            self._fates.clear()  # a run goes on for weeks, and each decision holds all its findings
        elif isinstance(fact, (events.EntryApproved, events.EntryRefused, events.EntryWithheld)):
            self._fates[fact.signal.id] = fact
        elif isinstance(fact, events.ExitApproved) and fact.signal_id:
            self._fates[fact.signal_id] = fact


def _may_wait(taken: list[Offered], commands: list[events.Command]) -> bool:
    """Whether a turn may become durable with the next one: all of it is kept elsewhere, and it led to questions alone.

    So an alert that the intake has written down costs the disk one wait on its way to its order, and not two.
    """
    asks = all(isinstance(command, (events.AskEvidence, events.AskEquity)) for command in commands)
    return bool(commands) and asks and all(item.kept for item in taken)


def _with_code(item: Offered) -> Offered:
    """A policy that comes in with the code of its own rules; everything else as it is."""
    if not isinstance(item.event, events.PolicyLoaded):
        return item
    return evolve(item, event=evolve(item.event, policy=with_loaded_rules(item.event.policy)))
