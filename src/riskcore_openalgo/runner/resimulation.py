"""Replay `resimulate`: the recorded prices and signals through the paper broker, under another policy.

The account begins empty, and every order, fill and exit is this policy's own: what a broker reported to the recorded
one (fills, books, funds, logins) is left out, so that no fill is folded under a policy that did not send its order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Final

from attrs import frozen

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.gateways.paper import PaperGateway
from riskcore_openalgo.journal import Durability, Reader, Row
from riskcore_openalgo.journal.chain import INPUT
from riskcore_openalgo.runner.lanes import UnaskedLanes
from riskcore_openalgo.runner.runner import Runner

THE_BROKERS: Final = (
    events.OrderReported,
    events.RevisionReported,
    events.CancelRefused,
    events.BooksRead,
    events.BrokerSeen,
    events.FundsSeen,
    events.FundsMoved,
    events.DifferencesAccepted,
    events.LoginSeen,
    events.EquityRead,
    events.PolicyLoaded,
    events.OperatorSet,
    events.OperatorCancelled,
)
"""Inputs that belong to the recorded orders and their broker, and to the recorded policy: they are not taken again."""


@frozen
class Resimulation:
    """What came of it: the finished trades, how many signals were refused, and the state at the end."""

    trades: tuple[events.PositionClosed, ...]
    refused: int
    state: engine.State


class _Memory:
    """A store that keeps nothing: what is simulated is no part of any journal."""

    trouble = ""

    def append(self, entries: Iterable[events.Input | events.Fact]) -> Durability:
        return Durability.DATABASE

    def rows(self, kind: str | None = None) -> Iterator[Row]:
        return iter(())


class _Recorded:
    """Evidence of a simulation: equity begins as it was recorded; what was seen of a signal comes when it came then."""

    def __init__(self, opening: Decimal) -> None:
        self._opening = opening

    def equity(self, command: events.AskEquity, at: datetime) -> events.EquityRead:
        return events.EquityRead(at, self._opening if command.last_known is None else command.last_known)

    def market(self, signal: rc.Signal, interval: str, at: datetime) -> None:
        return None


class _Clock:
    """The time of the recorded input under way."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def resimulate(journal: Reader, policy: rc.Policy) -> Resimulation:
    """Play a journal's prices and signals again, in their order, under another policy.

    Orders on their way meet the prices of a moment first, as in a paper day. A pruned journal is played from its first
    row on an empty account. The paper broker fills whole orders at the first price it may, so beside a record of real
    fills the result is a little too good. A stop that trails by the ATR follows it where the record has it.
    """
    inputs = [row.event for row in journal.rows(INPUT)]
    facts: list[events.Fact] = []
    gateway, opening = PaperGateway(), _opening(journal, inputs, policy)
    gateway.wait(None if any(map(_is_of_a_day, inputs)) else timedelta(seconds=policy.entry_timeout_s))
    clock = _Clock(inputs[0].at if inputs else datetime(1970, 1, 1, tzinfo=rc.IST))
    runner = Runner(
        journal=_Memory(),
        policy=policy,
        lanes=UnaskedLanes(gateway, _Recorded(opening)),
        clock=clock,
        watch=facts.append,
    )
    runner.start()
    runner.settle()
    for moment, group in groupby((event for event in inputs if not isinstance(event, THE_BROKERS)), lambda e: e.at):
        clock.at = max(clock.at, moment)
        _moment(runner, gateway, list(group))
    trades = tuple(fact for fact in facts if isinstance(fact, events.PositionClosed))
    return Resimulation(trades, sum(isinstance(fact, events.EntryRefused) for fact in facts), runner.state)


def _is_of_a_day(event: events.Input) -> bool:
    """Whether it is a bar of a day, whose entries wait for the next one: it begins at midnight."""
    return isinstance(event, events.PricesSeen) and not event.ticks and event.since.time() == time(0)


def _moment(runner: Runner, gateway: PaperGateway, group: list[events.Input]) -> None:
    for event in group:
        if isinstance(event, events.PricesSeen):
            for report in gateway.see(event):
                runner.offer(report)
            runner.settle()
    for event in group:
        runner.offer(event)
        runner.settle()


def _opening(journal: Reader, inputs: list[events.Input], policy: rc.Policy) -> Decimal:
    """The first equity that was read; of a pruned journal what it began with, else what the policy says."""
    read = next((event.equity for event in inputs if isinstance(event, events.EquityRead)), None)
    carried = journal.beginning().state.book.opening_equity if read is None else read
    return policy.default_capital if carried is None else carried
