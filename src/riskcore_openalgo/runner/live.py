"""One account's live day: prices, order updates, readings of the account, bars and time, turned into turns.

`Live.turn` is one pass in the caller's thread and never waits; `Live.run` calls it until somebody says stop. Whatever
waits for a network runs in lanes or in the feed's own threads, and comes back as an input.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

from attrs import evolve, frozen

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.alarms import Alarms
from riskcore_openalgo.alarms.table import STARTING
from riskcore_openalgo.gateways.mode import OTHER_MODE
from riskcore_openalgo.gateways.paper import PaperGateway
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.live_feed import LiveFeed
from riskcore_openalgo.runner.account import BY, Account, Reading, reading_job
from riskcore_openalgo.runner.bar_watch import BarWatch
from riskcore_openalgo.runner.daily import Daily
from riskcore_openalgo.runner.lanes import Lanes
from riskcore_openalgo.runner.latency import Latency
from riskcore_openalgo.runner.mornings import Mornings
from riskcore_openalgo.runner.ports import Clock, QueueTransport, Timers
from riskcore_openalgo.runner.runner import Offered, Runner
from riskcore_openalgo.runner.schedule import Schedule
from riskcore_openalgo.runner.settling import Settling

UNREADABLE: Final = "books_unreadable"
READABLE: Final = "books_readable"
STOPPING: Final = "shutting_down"
"""The trouble under which entries stop while a runner ends; over when the next one starts."""
WAIT_S: Final = 0.1
LOG_ROWS: Final = 200
"""After so many rows the journal's log is emptied when nothing is to do, and after ten times as many in any case."""
UNREAD: Final = timedelta(seconds=30)
"""Books that were read longer ago than this tell nothing of what is held now: twice the longest pause between reads."""


class Stop(Protocol):
    """Who knows whether a day is to end: a `threading.Event`, for one."""

    def is_set(self) -> bool:
        """Whether it is; asked after every turn."""


class Waking(QueueTransport[Offered]):
    """A queue that wakes whoever waits for the next turn."""

    def __init__(self, wake: Callable[[], None]) -> None:
        super().__init__()
        self._wake = wake

    def put(self, item: Offered) -> None:
        """Let one wait, and say so."""
        super().put(item)
        self._wake()


@frozen(kw_only=True)
class Parts:
    """What a live day is made of. `account` is None on paper, where there is none; `paper` where orders are withheld.

    `settling` is who looks up by what contracts were settled that expired on paper; None where a broker settles them.

    `watched` are the instruments whose prices are wanted although nothing is held of them.
    """

    journal: Journal
    policy: rc.Policy
    lanes: Lanes
    feed: LiveFeed
    bars: BarWatch
    alarms: Alarms
    mornings: Mornings
    clock: Clock
    wake: threading.Event
    watched: tuple[str, ...] = ()
    account: Account | None = None
    paper: PaperGateway | None = None
    capability: rc.Capability | None = None
    timers: Timers | None = None
    daily: Daily | None = None
    schedule: Schedule | None = None
    settling: Settling | None = None
    watchers: tuple[Callable[[events.Fact], None], ...] = ()


class Live:
    """A runner amid a live market."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._reading = parts, Reading()
        self._started_at, self._blind = parts.clock(), False
        self._stopped: bool | None = None
        self._tidied = parts.journal.length
        self.turned_at: datetime | None = None
        self.transport: Waking = Waking(parts.wake.set)
        self.latency = Latency(partial(parts.alarms.tell, name="slow_orders"))
        self.runner = Runner(
            journal=parts.journal,
            policy=parts.policy,
            lanes=parts.lanes,
            clock=parts.clock,
            transport=self.transport,
            timers=parts.timers,
            watch=self._watch,
        )
        if parts.account is not None:
            parts.account.state = lambda: self.state

    @property
    def state(self) -> engine.State:
        """The engine's state by now."""
        return self.runner.state

    def price_ages(self) -> dict[str, float]:
        """Seconds since the last good price of each instrument that is watched and has one."""
        return self._parts.feed.price_ages()

    def prices_unused(self) -> Mapping[str, int]:
        """How many prices and messages of the feed were not used, by reason."""
        return self._parts.feed.counts()

    def books_at(self) -> datetime | None:
        """When the broker's books could last be read; None where none are."""
        return None if self._parts.account is None else self._parts.account.books_at

    def unread(self, now: datetime) -> str:
        """That the broker's books could not be read for `UNREAD_S`, in words; "" while they can, and where none are."""
        account = self._parts.account
        since = None if account is None else account.books_at or self._started_at
        if since is None or now - since < UNREAD:
            return ""
        return f"the broker's books could not be read since {since:%H:%M:%S}"

    def unknown_at_the_end(self, now: datetime) -> str:
        """The same for who ends a day: books that this run never read tell nothing either, however short it was."""
        if self._parts.account is not None and self._parts.account.books_at is None:
            return f"the broker's books could not be read since the start at {self._started_at:%H:%M:%S}"
        return self.unread(now)

    def lanes_waiting(self) -> dict[str, int]:
        """How many tasks wait in each lane, where lanes tell."""
        waiting = getattr(self._parts.lanes, "waiting", {})
        return dict(waiting)

    def start(self) -> None:
        """Fold the journal, shut the gate until the broker's books were compared, and begin to listen."""
        parts = self._parts
        if parts.paper is not None:
            parts.paper.rebuild(row.event for row in parts.journal.rows())
        self.runner.start()
        now = parts.clock()
        for past in (STOPPING, OTHER_MODE):
            self.runner.offer(events.TroubleOver(now, past))
        if parts.capability is not None:
            self.runner.offer(events.BrokerSeen(now, parts.capability))
        if parts.account is not None:
            self.runner.offer(events.LoginSeen(now, good=False, reconciled=False, by=BY, why=STARTING))
        self.runner.turn()
        if parts.paper is not None:
            self._ask_paper(parts.paper)
        parts.feed.resume(self.state.book.latches)
        parts.feed.watch(self._keys())
        parts.feed.start()
        if parts.schedule is not None:
            parts.schedule.start(self.runner.offer, self._reading.soon)

    def turn(self) -> int:
        """One pass: what was seen since the last one, what is due, and a turn of the runner; how much was taken."""
        parts, now = self._parts, self._parts.clock()
        for event in parts.feed.inputs(now):
            parts.bars.see(event)
            self._see(event)
            if isinstance(event, events.PricesSeen) and parts.bars.wants(event.key):
                parts.lanes.ask(partial(parts.bars.tick, event), self.runner.offer)
        self._read(now)
        told = parts.mornings.due(now, self.state, self.runner.policy.tables)
        if told:
            parts.alarms.tell(told, name="login_needed")
        for notice in () if parts.daily is None else parts.daily.due(now, self.state, self.runner.policy):
            parts.alarms.tell(notice.text, name=notice.name, subject=notice.subject)
        self._tell_blindness(now)
        self._let_nothing_in_unseen(now)
        taken = self.runner.turn()
        parts.feed.watch(self._keys())
        self.turned_at = now
        self._tidy(busy=bool(taken))
        return taken

    def run(self, stop: Stop, *, until: Callable[[engine.State], bool] = lambda state: False) -> None:
        """Turn until `stop` is set, or until a turn ends in a state that was waited for."""
        wake = self._parts.wake
        while not stop.is_set():
            wake.wait(WAIT_S)
            wake.clear()
            self.turn()
            if until(self.state):
                return

    def _tell_blindness(self, now: datetime) -> None:
        """Call for somebody when what is held, or may be, cannot be looked at while it can be sold; tell its end."""
        policy, book, unread = self.runner.policy, self.state.book, self.unread(now)
        held, entries = book.positions, book.live_orders(entries=True)
        blind = bool(unread) and (any(engine.can_trade(one, now, policy) for one in held) or bool(entries))
        if blind and not self._blind:
            on_the_way = f", entries that may have filled: {len(entries)}" if entries else ""
            self._parts.alarms.tell(
                f"{unread}; positions held: {len(held)}{on_the_way}; no exit may get through", name=UNREADABLE
            )
        if self._blind and not unread:
            self._parts.alarms.tell("the broker's books can be read again", name=READABLE)
        self._blind = blind or (self._blind and bool(unread))

    def _let_nothing_in_unseen(self, now: datetime) -> None:
        """Stop entries while the books cannot be read: what filled would be seen by nobody. A dead login stops them.

        A machine that slept has read nothing for long, and can: that alone is no trouble.
        """
        account, unread, book = self._parts.account, self.unread(now), self.state.book
        blind = bool(unread) and account is not None and account.books_failed and book.latch("login") is None
        if blind == (book.latch(UNREADABLE) is not None) or blind == self._stopped:
            return
        self._stopped = blind
        seen = events.TroubleSeen(now, UNREADABLE, unread) if blind else events.TroubleOver(now, UNREADABLE)
        self.runner.offer(seen)

    def _tidy(self, *, busy: bool) -> None:
        """Have the journal's log emptied in a lane before a commit has to do it on the way of an order."""
        journal = self._parts.journal
        if journal.length - self._tidied >= LOG_ROWS * (10 if busy else 1):
            self._tidied = journal.length
            self._parts.lanes.read(partial(_emptied, journal), self.runner.offer)

    def _watch(self, fact: events.Fact) -> None:
        """Everybody who is told of facts, after they are durable."""
        self._parts.alarms.watch(fact)
        self.latency.watch(fact)
        for watcher in self._parts.watchers:
            watcher(fact)

    def _read(self, now: datetime) -> None:
        """Begin what is to be read of the account and of bars."""
        parts = self._parts
        if parts.account is not None:
            updates, missed = parts.feed.order_updates(), parts.feed.orders_missed()
            parts.account.told(updates)
            if updates or missed:
                self._reading.soon()
            for name in self._reading.due(now, self.state, hangs=parts.account.hangs(now)):
                parts.lanes.read(reading_job(parts.account, self._reading, name), self.runner.offer)
        settling = parts.settling
        if settling is not None:
            for thing in settling.due(now, self.state.book.positions):
                parts.lanes.read(partial(settling.look, thing), self.runner.offer)
        for watched in parts.bars.due(now, self.state.book.positions):
            parts.lanes.ask(partial(parts.bars.look, watched), self.runner.offer)

    def _see(self, event: events.Input) -> None:
        """Offer what the feed brings; of prices only those of what is held or on its way, which is what they move."""
        if not isinstance(event, events.PricesSeen):
            self.runner.offer(event)
        elif event.key in self._moved():
            if self._parts.paper is not None:
                for report in self._parts.paper.see(event):
                    self.runner.offer(report)
            atr = self._parts.bars.atr(event.key)
            self.runner.offer(event if atr is None else evolve(event, atr=atr))

    def _moved(self) -> set[str]:
        """Instruments that prices can do something to."""
        book = self.state.book
        live = {order.approved.instrument.key for order in book.live_orders()}
        return live | {position.instrument.key for position in book.positions}

    def _keys(self) -> tuple[str, ...]:
        """Every instrument whose prices are wanted now, what is held first."""
        pending = (signal.key for signal in self.state.pending)
        return tuple(dict.fromkeys((*sorted(self._moved()), *pending, *self._parts.watched, *self._parts.bars.keys)))

    def _ask_paper(self, paper: PaperGateway) -> None:
        """What paper knows of the orders that were on their way when the journal ended."""
        for order in self.state.book.live_orders():
            report = paper.latest(order.id)
            if report is not None:
                self.runner.offer(report)


def _emptied(journal: Journal) -> list[events.Input]:
    """A lane's job that brings nothing."""
    journal.empty_log()
    return []
