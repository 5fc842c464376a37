"""One input of an operator's into a journal that nobody runs: a turn of its own, with no broker behind it."""

from __future__ import annotations

from datetime import datetime

import riskcore as rc
from riskcore import events
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.runner.lanes import Deliver, not_sent
from riskcore_openalgo.runner.ports import Clock
from riskcore_openalgo.runner.runner import Runner

NOBODY: str = "no runner is running"


class NoBroker:
    """Lanes that lead nowhere: an order is definitely not sent, and questions wait for the next start."""

    def send(self, command: events.Command, at: datetime, deliver: Deliver) -> None:
        """Say at once that an order did not leave; the runner's next start sends what is still wanted."""
        if isinstance(command, (events.PlaceEntry, events.PlaceExit)):
            deliver(not_sent(command.order.order_id, at, NOBODY))
        elif isinstance(command, events.ReviseOrder):
            deliver(events.RevisionReported(at, command.order_id, events.REFUSED, f"not sent: {NOBODY}"))


def take_by_hand(journal: Journal, event: events.Input, clock: Clock) -> tuple[events.Fact, ...]:
    """Take an input through a runner's turn, under the policy that was last in force; the facts of all its turns.

    The journal's writer is ours, so no runner is running. What a runner does at each start is done too: a new session
    opens where the day is another. Raises `RuleNotFoundError` where a rule of the policy's own cannot be loaded.
    """
    facts: list[events.Fact] = []
    policy = journal.policy() or rc.Policy()
    runner = Runner(journal=journal, policy=policy, lanes=NoBroker(), clock=clock, watch=facts.append)
    runner.start()
    runner.offer(event)
    runner.settle()
    return tuple(facts)
