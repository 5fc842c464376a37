"""Replay: the recorded inputs through the engine again, and their facts compared byte for byte."""

from __future__ import annotations

from attrs import evolve, frozen

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.journal.chain import INPUT, Row
from riskcore_openalgo.journal.codec import encode
from riskcore_openalgo.journal.reader import Reader
from riskcore_openalgo.own_rules import with_loaded_rules


@frozen
class Replay:
    """What a replay found: how much was compared, and the first difference if there is one."""

    inputs: int
    facts: int
    difference: str = ""

    @property
    def same(self) -> bool:
        """Whether every fact came out again, byte for byte."""
        return not self.difference

    def __str__(self) -> str:
        found = "the same facts, byte for byte" if self.same else f"DIFFERENT: {self.difference}"
        return f"{self.inputs} inputs replayed, {self.facts} facts: {found}"


def replay(journal: Reader) -> Replay:
    """Step the engine through the recorded inputs, under the recorded policies, and compare each fact.

    A policy that an older version put into force is compared by its settings; newer ones have their defaults.

    A policy's own rules are loaded by their names: changed code that decides otherwise is a difference. A pruned
    journal is replayed from the state and the policy that it begins with.
    """
    beginning = journal.beginning()
    state, policy = beginning.state, with_loaded_rules(beginning.policy or rc.Policy())
    inputs = facts = 0
    expected: list[tuple[str, str]] = []
    last: Row | None = None
    for row in journal.rows():
        if row.kind == INPUT:
            if expected:
                return Replay(inputs, facts, f"after row {_at(last)}: {expected[0][0]} is not in the journal")
            event = row.event
            if isinstance(event, events.PolicyLoaded):
                event = evolve(event, policy=with_loaded_rules(event.policy))
            made = engine.step(state, event, policy)
            state, inputs, policy = made.state, inputs + 1, engine.in_force(made.state, policy, event)
            expected = [(type(fact).__name__, encode(fact)) for fact in made.facts]
        else:
            wanted = expected.pop(0) if expected else ("nothing", "")
            if wanted != (row.type, row.body) and wanted != (row.type, _as_of_now(row)):
                return Replay(inputs, facts, f"row {row.seq}: the journal has {row.type}, replay gives {wanted[0]}")
            facts += 1
        last = row
    if expected:
        return Replay(inputs, facts, f"after row {_at(last)}: {expected[0][0]} is not in the journal")
    return Replay(inputs, facts)


def _as_of_now(row: Row) -> str:
    """Its body as this version writes it: without what nobody reads any more, and with settings that came since.

    A policy with such a setting has another hash.
    """
    fact = row.event
    if isinstance(fact, events.PolicyChanged):
        fact = evolve(fact, policy_hash=rc.policy_hash(fact.policy))
    return encode(fact)


def _at(row: Row | None) -> int:
    return row.seq if row else 0
