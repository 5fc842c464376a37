"""Replay `decisions`: what another policy would have said to each recorded signal, on the state as it was recorded.

Nothing follows from its answers: the next signal is asked on the recorded state again, with the fills, exits and
latches of the policy that was in force. So no fill is ever folded under a policy that did not send its order.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final, TypeAlias

from attrs import evolve, frozen

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.journal.chain import INPUT
from riskcore_openalgo.journal.reader import DECIDED, Reader
from riskcore_openalgo.own_rules import with_loaded_rules

Answered: TypeAlias = events.EntryApproved | events.EntryRefused | events.EntryWithheld | events.ExitApproved
APPROVED: Final = "approved"
REFUSED: Final = "refused"
WITHHELD: Final = "withheld"
EXITS: Final = "exit"
NONE: Final = "no answer"


@frozen
class Answer:
    """One answer to a signal: approved, withheld, refused, or exit (a signal that was followed); how many, why not.

    `reasons` are the codes of what failed, in order of precedence; `text` says each with its numbers.
    """

    said: str
    quantity: int | None = None
    reasons: tuple[str, ...] = ()
    text: str = ""

    @classmethod
    def of(cls, fact: Answered | None) -> Answer:
        """The answer that a fact is; None is no answer at all."""
        if fact is None:
            return cls(NONE)
        if isinstance(fact, events.EntryRefused):
            failed = [found for found in fact.findings if not found.passed]
            reasons = tuple(found.reason for found in failed) or ("unmeasured",)
            return cls(REFUSED, None, reasons, "; ".join(f"{found.rule}: {found.text}" for found in failed))
        if isinstance(fact, events.EntryWithheld):
            return cls(WITHHELD, fact.order.quantity)
        return cls(APPROVED if isinstance(fact, events.EntryApproved) else EXITS, fact.order.quantity)


@frozen
class Redecision:
    """A recorded signal: the answer it got, and the one the other policy gives on the same state."""

    at: datetime
    signal_id: str
    key: str
    side: str
    then: Answer
    now: Answer

    @property
    def same(self) -> bool:
        """Whether both say the same of as many shares."""
        return (self.then.said, self.then.quantity) == (self.now.said, self.now.quantity)


def redecide(journal: Reader, policy: rc.Policy) -> Iterator[Redecision]:
    """Each recorded answer beside the one of another policy, in the order of the journal.

    The state is folded from the recorded facts; the input that was answered (the evidence as it was read, or the time
    that ran out) is taken again under the other policy, and all but its answer is thrown away. Evidence stays what the
    recorded policy asked for: where the other one wants another `atr_interval`, that ATR is missing.
    """
    other = with_loaded_rules(policy)
    state = before = journal.beginning().state
    asked: events.Input | None = None
    for row in journal.rows():
        event = row.event
        if row.kind == INPUT:
            before, asked = state, event
            state = engine.taken(state, event.at)
            continue
        state = engine.evolve(state, event)
        if isinstance(event, DECIDED) and _id_of(event) and asked is not None:
            yield _beside(event, _again(before, asked, other, _id_of(event)))


def _again(state: engine.State, asked: events.Input, policy: rc.Policy, signal_id: str) -> Answer:
    asked_anew = evolve(state, control=engine.State().control)  # what a hand had set is not the other policy's
    facts = engine.step(asked_anew, asked, policy).facts
    found = (fact for fact in facts if isinstance(fact, DECIDED) and _id_of(fact) == signal_id)
    return Answer.of(next(found, None))


def _id_of(fact: Answered) -> str:
    """The signal that was answered; "" for an exit that nobody asked for."""
    return fact.signal_id if isinstance(fact, events.ExitApproved) else fact.signal.id


def _beside(fact: Answered, now: Answer) -> Redecision:
    if isinstance(fact, events.ExitApproved):
        key, side = fact.order.instrument.key, fact.order.side
    else:
        key, side = f"{fact.signal.exchange}:{fact.signal.symbol}", fact.signal.side
    return Redecision(fact.at, _id_of(fact), key, side, Answer.of(fact), now)
