"""Entries that the book alone refuses, whatever is seen of their market: for whoever may put off what is certain.

A trade too many, a position too many, a symbol that is held, entries that are stopped: while the book stays as it is,
the answer is no. What else speaks against such an entry is found out when somebody reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from heapq import merge
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias

from riskcore import events as e
from riskcore.decision import Refused
from riskcore.instruments import Instrument
from riskcore.policy import Policy
from riskcore.reasons import Finding
from riskcore.rules.signal import hours_allow
from riskcore.signals import ENTRY, Signal
from riskcore.state import State
from riskcore.states import ENTER, NEXT_SESSION, OPERATOR, allows
from riskcore.values import Later, changed

Answers: TypeAlias = Sequence[Refused | e.EntryRefused]
"""What the rules say of signals that were put off, in their order."""


class Closed(NamedTuple):
    """Where the book takes no entry: in what is `in_play` (held, or on its way to be), and in all else."""

    in_play: frozenset[str]
    there: bool
    elsewhere: bool

    def to(self, key: str) -> bool:
        """Whether it takes none in an instrument."""
        return self.there if key in self.in_play else self.elsewhere

    @property
    def everywhere(self) -> bool:
        """Whether it takes none in any instrument."""
        return self.there and self.elsewhere

    @property
    def nowhere(self) -> bool:
        """Whether it takes one in every instrument."""
        return not self.elsewhere and not (self.there and self.in_play)


OPEN: Final = Closed(frozenset(), there=False, elsewhere=False)


def closed(state: State, policy: Policy) -> Closed:
    """Where no entry can be taken until the book changes by more than marks. It is to be asked where `quiet` may be.

    A latch that time or circumstance lifts may be gone with the next input: then nothing is said.
    """
    book = state.book
    if book.excused or (book.latches and any(one.resets not in (NEXT_SESSION, OPERATOR) for one in book.latches)):
        return OPEN
    in_play = frozenset(book.keys_in_play())
    if book.trades_today >= policy.max_trades_per_day or (book.latches and not allows(book.state, ENTER)):
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
    state: State,
    ids: Sequence[str],
    last: datetime,
    signals: Callable[[], Iterable[tuple[datetime, Signal]]],
    decide: Callable[[], Answers],
) -> tuple[State, Later[e.Fact]]:
    """Take signals that are refused for certain, each at its moment: the next state, and the facts, made when read.

    `ids` are theirs, `last` is the moment of the last; `signals` gives each with its moment, in their order. `decide`
    gives the answers to all of them; it is asked once, when somebody reads what a rule found.
    """
    now = last if state.now is None or last > state.now else state.now
    after = changed(state, seen=state.seen.union(ids), number=state.number + 2 * len(ids), now=now)
    return after, refusals_of(signals, decide)


def refusals_of(
    signals: Callable[[], Iterable[tuple[datetime, Signal]]], decide: Callable[[], Answers]
) -> Later[e.Fact]:
    """The facts of signals that were refused for certain, made when read; `signals` and `decide` as in `put_off`."""
    return Later(partial(_facts, signals, Later(decide)))


class PutOff(NamedTuple):
    """Facts that were put off, and the places in the list of all others that they lie between."""

    first: int
    last: int
    facts: Sequence[e.Fact]


def all_facts(known: Sequence[e.Fact], later: Iterable[PutOff]) -> Iterator[e.Fact]:
    """Every fact in its place: of one moment, those that were put off come last."""
    done = 0
    for first, last, facts in later:
        yield from known[done:first]
        yield from merge(known[first:last], facts, key=attrgetter("at"))
        done = last
    yield from known[done:]


def _facts(signals: Callable[[], Iterable[tuple[datetime, Signal]]], answers: Answers) -> Iterator[e.Fact]:
    for number, (at, signal) in enumerate(signals()):
        yield e.SignalTaken(at, signal)
        findings, unmeasured = Later(partial(_findings, answers, number)), Later(partial(_unmeasured, answers, number))
        yield e.EntryRefused(at, signal, findings, unmeasured)


def _findings(answers: Answers, number: int) -> Sequence[Finding]:
    return answers[number].findings


def _unmeasured(answers: Answers, number: int) -> Sequence[str]:
    return answers[number].unmeasured
