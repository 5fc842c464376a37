"""Entries that the book alone refuses, whatever is seen of their market: for whoever may put off what is certain.

A trade too many, a position too many, a symbol that is held, entries that are stopped: while the book stays as it is,
the answer is no. What else speaks against such an entry is found out when somebody reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from riskcore import events as e
from riskcore.instruments import Instrument
from riskcore.policy import Policy
from riskcore.reasons import Finding
from riskcore.rules.signal import hours_allow
from riskcore.signals import ENTRY, Signal
from riskcore.state import State
from riskcore.states import ENTER, NEXT_SESSION, OPERATOR, allows
from riskcore.values import Later, changed


class Closed(NamedTuple):
    """Where the book takes no entry: in what is `in_play` (held, or on its way to be), and in all else."""

    in_play: frozenset[str]
    there: bool
    elsewhere: bool

    def to(self, key: str) -> bool:
        """Whether it takes none in an instrument."""
        return self.there if key in self.in_play else self.elsewhere


OPEN: Final = Closed(frozenset(), there=False, elsewhere=False)


def closed(state: State, policy: Policy) -> Closed:
    """Where no entry can be taken until the book changes by more than marks. It is to be asked where `quiet` may be.

    A latch that time or circumstance lifts may be gone with the next input: then nothing is said.
    """
    book = state.book
    if book.excused or any(latch.resets not in (NEXT_SESSION, OPERATOR) for latch in book.latches):
        return OPEN
    in_play = frozenset(book.keys_in_play())
    if book.trades_today >= policy.max_trades_per_day or not allows(book.state, ENTER):
        return Closed(in_play, there=True, elsewhere=True)
    return Closed(in_play, policy.one_position_per_symbol, len(in_play) >= policy.max_positions)


def refuses(closed: Closed, signal: Signal, at: datetime, instrument: Instrument, state: State, policy: Policy) -> bool:
    """Whether a signal is sure to be taken and refused, with `until` None and nothing else, within its hours.

    One that was taken before is no signal, and one that may be a repetition by its text is left to the engine.
    """
    if signal.kind != ENTRY or signal.receipt or signal.id in state.seen or state.book.order(signal.id) is not None:
        return False
    return closed.to(signal.key) and hours_allow(at, instrument, signal.product, policy)


def put_off(
    state: State, refused: Sequence[tuple[datetime, Signal]], decide: Callable[[], Sequence[e.EntryRefused]]
) -> tuple[State, tuple[e.Fact, ...]]:
    """Take signals that are refused for certain, each at its moment: the next state, and the facts.

    `decide` gives the answers to all of them, in their order; it is asked once, when somebody reads what a rule found.
    """
    answers, facts = Later(decide), list[e.Fact]()
    for number, (at, signal) in enumerate(refused):
        findings = Later(partial(_findings, answers, number))
        facts += (
            e.SignalTaken(at, signal),
            e.EntryRefused(at, signal, findings, Later(partial(_unmeasured, answers, number))),
        )
    seen, last = state.seen.union([signal.id for _, signal in refused]), refused[-1][0]
    now = last if state.now is None or last > state.now else state.now
    return changed(state, seen=seen, number=state.number + len(facts), now=now), tuple(facts)


def _findings(answers: Sequence[e.EntryRefused], number: int) -> Sequence[Finding]:
    return answers[number].findings


def _unmeasured(answers: Sequence[e.EntryRefused], number: int) -> Sequence[str]:
    return answers[number].unmeasured
