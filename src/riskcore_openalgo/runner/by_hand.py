"""One input of an operator's into a journal that nobody runs: a turn of its own, with no broker behind it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attrs import evolve

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.own_rules import with_loaded_rules
from riskcore_openalgo.runner.kept_for import clock_of_bars
from riskcore_openalgo.runner.lanes import Deliver, Job
from riskcore_openalgo.runner.runner import Runner


class NeedsARunner(RuntimeError):
    """The moment asks for orders, and nobody is there to send them."""


class NoBroker:
    """Lanes that lead nowhere: questions wait for the next start, which asks them again."""

    def send(self, command: events.Command, at: datetime, deliver: Deliver) -> None:
        """Do nothing."""

    def read(self, job: Job, deliver: Deliver) -> None:
        """Do nothing."""

    ask = read


def take_by_hand(journal: Journal, event: events.Input, now: datetime) -> tuple[events.Fact, ...]:
    """Take an input through a runner's turn, under the policy that was last in force; the facts of all its turns.

    The journal's writer is ours, so no runner is running. A day of bars stands still meanwhile: its hand is of its own
    last moment, for by this machine's clock all bars that come later would be of the past. What a runner does at each
    start is done too: a new session opens where the day is another. Raises `NeedsARunner`, and nothing is written,
    where the turn would ask for an order or a cancel: an intent that nobody sends must not stand in a journal. Raises
    `RuleNotFoundError` where a rule of the policy's own cannot be loaded.
    """
    stands = clock_of_bars(journal)
    if stands is not None:
        now, event = stands, evolve(event, at=stands)
    policy = with_loaded_rules(journal.policy() or rc.Policy())
    wanted = _intents(journal.load().state, (events.PolicyLoaded(now, policy), event), policy)
    if wanted:
        names = ", ".join(sorted({type(command).__name__ for command in wanted}))
        raise NeedsARunner(
            f"{journal.where}: nothing was written: this moment asks for orders ({names}), and no runner is there to "
            "send them. Start the runner, and do this while it runs"
        )
    facts: list[events.Fact] = []
    runner = Runner(journal=journal, policy=policy, lanes=NoBroker(), clock=lambda: now, watch=facts.append)
    runner.start(load=False)
    runner.offer(event)
    runner.settle()
    return tuple(facts)


def _intents(state: engine.State, inputs: Iterable[events.Input], policy: rc.Policy) -> list[events.Command]:
    """The orders and cancels that inputs would lead to."""
    found: list[events.Command] = []
    for event in inputs:
        made = engine.step(state, event, policy)
        state = made.state
        found += [command for command in made.commands if isinstance(command, events.INTENTS)]
    return found
