"""Replay `decisions`: what another policy would have said to each recorded signal, on the state as it was recorded.

Nothing follows from its answers: the next signal is asked on the recorded state again, with the fills, exits and
latches of the policy that was in force. So no fill is ever folded under a policy that did not send its order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    def of(cls, *facts: Answered) -> Answer:
        """The answer that the facts about a signal are, its slices together; no fact is no answer at all."""
        if not facts:
            return cls(NONE)
        fact = facts[0]
        if isinstance(fact, events.EntryRefused):
            failed = [found for found in fact.findings if not found.passed]
            reasons = tuple(found.reason for found in failed) or ("unmeasured",)
            return cls(REFUSED, None, reasons, "; ".join(f"{found.rule}: {found.text}" for found in failed))
        if isinstance(fact, events.ExitApproved):
            return cls(EXITS, sum(one.order.quantity for one in facts if isinstance(one, events.ExitApproved)))
        said = APPROVED if isinstance(fact, events.EntryApproved) else WITHHELD
        return cls(said, fact.order.whole)


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
    facts: list[events.Fact] = []
    for row in journal.rows():
        event = row.event
        if row.kind == INPUT:
            yield from _answered(facts, before, asked, other)
            before, asked, facts = state, event, []
            state = engine.taken(state, event.at)
        else:
            state = engine.evolve(state, event)
            facts.append(event)
    yield from _answered(facts, before, asked, other)


def _answered(
    facts: Iterable[events.Fact], before: engine.State, asked: events.Input | None, policy: rc.Policy
) -> Iterator[Redecision]:
    """What an input's facts answered, a row a signal, and what another policy answers to the same input."""
    then = _by_signal(facts)
    if then and asked is not None:
        asked_anew = evolve(before, control=engine.State().control)  # what a hand had set is not the other policy's
        now = _by_signal(engine.step(asked_anew, asked, policy).facts)
        for signal_id, told in then.items():
            yield _beside(told, Answer.of(*now.get(signal_id, ())))


def _by_signal(facts: Iterable[events.Fact]) -> dict[str, list[Answered]]:
    """The answers among facts, several where an order went as slices, by the signal that was answered."""
    found: dict[str, list[Answered]] = {}
    for fact in facts:
        if isinstance(fact, DECIDED) and _id_of(fact):
            found.setdefault(_id_of(fact), []).append(fact)
    return found


def _id_of(fact: Answered) -> str:
    """The signal that was answered; "" for an exit that nobody asked for."""
    return fact.signal_id if isinstance(fact, events.ExitApproved) else fact.signal.id


def _beside(told: Sequence[Answered], now: Answer) -> Redecision:
    fact = told[0]
    if isinstance(fact, events.ExitApproved):
        key, side = fact.order.instrument.key, fact.order.side
    else:
        key, side = f"{fact.signal.exchange}:{fact.signal.symbol}", fact.signal.side
    return Redecision(fact.at, _id_of(fact), key, side, Answer.of(*told), now)
