"""One errand of a script at its account: a runner without threads, for as long as the script holds the writer's lock.

It is the `Runner` of a running day: the same engine, gateway and inputs, and so the same facts in the journal. Only
who turns it is another: the script, step by step, until what it came for is done.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from attrs import frozen

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.client import Client, InstrumentCache, Quote, ReadFailed
from riskcore_openalgo.client.client import BOOKS as WHOLE
from riskcore_openalgo.client.fields import split_key
from riskcore_openalgo.gateways.caps import HardCaps, SentToday, entries_of
from riskcore_openalgo.gateways.mode import OTHER_MODE, ModeGuard
from riskcore_openalgo.gateways.openalgo import OpenAlgoGateway
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.live_feed.ticks import POLL, Tick
from riskcore_openalgo.live_feed.troubles import NAMES as TOLD_BY_FEED
from riskcore_openalgo.portfolio import SANDBOX
from riskcore_openalgo.runner.account import BOOKS, BROKER, BY, FUNDS, MODE, Account, readings
from riskcore_openalgo.runner.evidence import LiveEvidence
from riskcore_openalgo.runner.history import History
from riskcore_openalgo.runner.lanes import UnaskedLanes
from riskcore_openalgo.runner.live import STOPPING, UNREADABLE
from riskcore_openalgo.runner.pulse import Pulse
from riskcore_openalgo.runner.runner import Runner

STEP_S: Final = 0.5
"""So long a script waits between two looks at the books."""
SEEN_OFF_S: Final = 10.0
"""So long at most a script that was ended stays, until what it sent works no more, or rests."""


@frozen(kw_only=True)
class Tools:
    """What all errands of a desk share."""

    client: Client
    policy: rc.Policy
    analyzer: bool
    guard: ModeGuard
    instruments: InstrumentCache
    history: History
    caps: HardCaps
    collateral_counts: bool
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]


class NoFeed:
    """Nobody streams prices to a script: every price is asked for."""

    def last_good(self, key: str) -> Tick | None:
        """None, always."""
        return None


class Visit:
    """A runner over an open journal. `begin` comes first; `facts` are those of this visit, `unread` what was not read.

    Whatever the engine finds due meanwhile is done: an entry past its time is cancelled, a stop that does not rest is
    placed, a position past its square-off leaves. No entry is sent that was not `taken` here.
    """

    def __init__(self, tools: Tools, journal: Journal) -> None:
        self.facts: list[events.Fact] = []
        self.unread: dict[str, str] = {}
        self._tools, self._journal, self._entries = tools, journal, SentToday()
        self.account = self._new_account()
        gateway = OpenAlgoGateway(
            tools.client,
            guard=tools.guard,
            clock=tools.clock,
            caps=tools.caps,
            sent=self._entries,
            row=lambda: self.state.custody.capability,
            fence=journal.taken,
        )
        self.runner = Runner(
            journal=journal,
            policy=tools.policy,
            lanes=UnaskedLanes(gateway, self.evidence()),
            clock=tools.clock,
            timers=Pulse(lambda: self.state),
            watch=self.facts.append,
        )

    @property
    def state(self) -> engine.State:
        """The engine's state by now."""
        return self.runner.state

    @property
    def head(self) -> str:
        """The journal's head by now."""
        return self._journal.head

    def evidence(self) -> LiveEvidence:
        """Who looks at the market: by quotes alone, and with the money that this visit read."""
        tools = self._tools
        return LiveEvidence(
            tools.client,
            money=self.account,
            instruments=tools.instruments,
            history=tools.history,
            prices=NoFeed(),
            policy=lambda: self.runner.policy,
            book=lambda: self.state.book,
            clock=tools.clock,
        )

    def begin(self) -> None:
        """Fold the journal, bring the policy into force, and do what time has brought."""
        self.runner.start()
        today = self._tools.clock().date()
        for _ in range(entries_of(self.state.book, today)):
            self._entries.add(today)
        self.runner.settle()

    def catch_up(self) -> None:
        """Bring the state up to date with the account; where the two do not agree, entries wait until they do.

        Whoever was stopped by an earlier run's end, or by another mode, is free again unless the same is found now;
        by what it could not read, once it can be read.
        """
        for past in (STOPPING, OTHER_MODE):
            self._over(past)
        for name in (BROKER, MODE, FUNDS):
            self.read(name)
        self._equity_again()
        self._prices_again()
        policy, why = self.runner.policy, ""
        for number in range(max(policy.unknown_reads, policy.differing_reads)):
            if number:
                self._tools.sleep(STEP_S)
            whole = self.read(BOOKS)
            if self.account.books_at is not None:
                self._over(UNREADABLE)
            why = self._disagreement(whole=whole)
            if not why or self.state.book.latch(OTHER_MODE) is not None:
                return
        self.take(events.LoginSeen(self._tools.clock(), good=False, reconciled=False, by=BY, why=why))

    def give_up(self, signal_id: str, rests: Callable[[engine.State], bool]) -> None:
        """Take back what works to enter, for nobody stays with it, and see what filled of it protected."""
        for order in self.state.book.live_orders(entries=True):
            if isinstance(order.approved, rc.ApprovedEntry) and order.approved.signal_id == signal_id:
                at, why = self._tools.clock(), "the script was ended while its entry worked"
                self.take(events.OperatorCancelled(at, "script", why, order.id))
        self.turn_until(rests, SEEN_OFF_S)

    def read(self, name: str) -> bool:
        """One reading of the account, as a runner's; whether all of it could be read."""
        found = readings(self.account)[name]()
        self.take(*found)
        return self._noted(name, found)

    def price(self, key: str) -> None:
        """The price of an instrument as it is now, if a quote can be believed."""
        at = self._tools.clock()
        quote = self._quoted(key, at)
        if quote is not None:
            last = quote.last
            self.take(events.PricesSeen(at, key, last, last, last, last, at, ticks=1, sources=(POLL,)))

    def take(self, *inputs: events.Input) -> None:
        """Take inputs in one turn, so that they are durable together, and what follows from them."""
        for event in inputs:
            self.runner.offer(event)
        self.runner.settle()

    def turn_until(self, done: Callable[[engine.State], bool], within_s: float, *, key: str = "") -> None:
        """Read the books, and the price of `key`, and turn, until it is done or the time is over."""
        ends = self._tools.monotonic() + within_s
        while not done(self.state):
            if key:
                self.price(key)
            self.read(BOOKS)
            if done(self.state) or self._tools.monotonic() >= ends:
                return
            self._tools.sleep(STEP_S)
            self.runner.settle()

    def said_of(self, *order_ids: str) -> str:
        """What was said last of some orders in this visit: by the broker, or by whoever stood before it."""
        moved = (fact for fact in reversed(self.facts) if isinstance(fact, events.OrderMoved))
        return next((fact.note for fact in moved if fact.order_id in order_ids and fact.note), "")

    def _over(self, name: str, key: str = "") -> None:
        """Lift what an earlier run stopped entries by, where it stands."""
        if self.state.book.latch(name, key) is not None:
            self.take(events.TroubleOver(self._tools.clock(), name, key))

    def _quoted(self, key: str, at: datetime) -> Quote | None:
        """A quote that can be believed, or None."""
        try:
            quote = self._tools.client.quote(*split_key(key), at=at)
        except ReadFailed:
            return None
        return None if quote.doubts else quote

    def _prices_again(self) -> None:
        """Lift what a runner's feed told of an instrument whose price can be had: no stream is listened to here."""
        told = [latch for latch in self.state.book.latches if latch.name in TOLD_BY_FEED]
        for key in sorted({latch.key for latch in told}):
            if self._quoted(key, self._tools.clock()) is not None:
                for latch in told:
                    self._over(latch.name, key)

    def _equity_again(self) -> None:
        """Ask once more for an opening equity that could not be read when its session began."""
        for asked in engine.equity_asked(self.state):
            found = self.account.equity(asked, self._tools.clock())
            self.take(*(() if found is None else (found,)))

    def _new_account(self) -> Account:
        """A reader that has told nothing yet, so that this visit is told how login and mode stand."""
        tools = self._tools
        made = Account(
            tools.client,
            guard=tools.guard,
            clock=tools.clock,
            instruments=tools.instruments,
            broker=SANDBOX if tools.analyzer else None,
            tables=tools.policy.tables,
            collateral_counts=tools.collateral_counts,
        )
        made.state = lambda: self.state
        return made

    def _noted(self, name: str, found: list[events.Input]) -> bool:
        """Whether a reading brought all that was asked for; what it did not is named."""
        read = next((event for event in found if isinstance(event, events.BooksRead)), None)
        if name == FUNDS:
            money = next((event for event in found if isinstance(event, events.FundsSeen)), None)
            if money is None or money.available is None:
                self.unread[FUNDS] = "the money could not be read"
        elif name == BROKER and not found:
            self.unread[BROKER] = "which broker stands behind OpenAlgo could not be read"
        elif name == BOOKS and read is not None:
            for book in WHOLE:
                self.unread.pop(book, None)
            self.unread.update(read.books.unread)
            return engine.is_complete(read.books, self.state)
        return name != BOOKS

    def _disagreement(self, *, whole: bool) -> str:
        """Why the broker's books are not ours, or ""."""
        if not whole:
            named = ", ".join(book for book in WHOLE if book in self.unread)
            return f"the broker's books could not be read: {named or 'they are of another mode'}"
        nameless = [order.id for order in self.state.book.live_orders() if not order.broker_id]
        if nameless:
            return f"it is not known what became of {', '.join(nameless)}"
        differing = [f"{row.key} ({row.ours} here, {row.theirs} there)" for row in self.state.custody.mismatches]
        return f"the broker's positions are not ours: {', '.join(differing)}" if differing else ""
