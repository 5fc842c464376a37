"""What is read of an account while a runner runs: books, funds, mode and broker, as inputs, and when each is due.

Order updates only wake the reading: they bear no time and no sequence, so what counts is the books. What another mode's
account shows is never taken for ours.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from attrs import frozen

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.client import Client, Funds, InstrumentCache, ReadFailed
from riskcore_openalgo.client.client import BOOKS as BOOK_NAMES
from riskcore_openalgo.client.failures import NO_LOGIN, UNKNOWN
from riskcore_openalgo.client.fields import split_key
from riskcore_openalgo.gateways.mode import OTHER_MODE, ModeGuard
from riskcore_openalgo.portfolio import ANY_BROKER, opening_equity
from riskcore_openalgo.runner.order_stream import OrderStream

BY: Final = "riskcore"
BOOKS: Final = "books"
BESIDE: Final = "beside"
FUNDS: Final = "funds"
MODE: Final = "mode"
BROKER: Final = "broker"
FUNDS_AGE_S: Final = 45.0
"""Money read longer ago than this is read again before a decision."""
NEEDED: Final = ("orders", "trades", "positions")
HOLDINGS: Final = "holdings"
HANGS: Final = timedelta(seconds=2)
"""After so long a book that is waited for does not hold up what the others tell any more."""
HOLDINGS_AGAIN: Final = timedelta(seconds=60)
"""So long are holdings left out after they could not be read: a call that hangs would keep every fill waiting."""
ANY_SHARE: Final = rc.Instrument(symbol="ANY", tick="0.05")


class Account:
    """Reads an account through a client; each reading is a list of inputs. Never raises for what a server does.

    `broker` is the broker's name where OpenAlgo need not be asked for it. Whoever runs an account says in
    `state` how it stands, by which a row that cannot be read is told from ours. Safe to call from several threads, but
    for `books`, of which one at a time should run: `Reading` sees to that. `beside` may run at the same time.
    """

    def __init__(
        self,
        client: Client,
        *,
        guard: ModeGuard,
        clock: Callable[[], datetime],
        instruments: InstrumentCache,
        broker: str | None = None,
        tables: rc.Tables | None = None,
        collateral_counts: bool = False,
    ) -> None:
        self.funds_seen: tuple[datetime, Funds] | None = None
        self.books_at: datetime | None = None
        self.books_failed = False
        self.state: Callable[[], engine.State] = engine.State
        self._client, self._guard, self._clock = client, guard, clock
        self._instruments, self._tables = instruments, tables
        self._broker, self._collateral_counts = broker, collateral_counts
        self._login: bool | None = None
        self._seen: rc.Capability | None = None
        self._no_holdings_at: datetime | None = None
        self._waits_for: tuple[str, datetime] | None = None
        self._turn_s: Callable[[], float] = float
        self._stream = OrderStream()
        guard.told = False  # whoever begins to read ends what an earlier run told

    def books(self) -> list[events.Input]:
        """All four books, and what they say of the login; nothing of another mode's.

        Holdings that could not be read are left out for `HOLDINGS_AGAIN`, as long as the others can.
        """
        began = self._clock()
        try:
            books, problems, wrong = self._look(began, self._one_by_one(self._names(began)))
        finally:
            self._waits_for = None
        if wrong:
            return self._mode_told(wrong)
        read = [getattr(books, name) is not None for name in NEEDED]
        needed = all(read)
        if not any(read):
            problems += self._why_none(problems)
        if HOLDINGS in dict(books.unread):
            self._no_holdings_at = began if needed else None
        self.books_at, self.books_failed = self._clock() if needed else self.books_at, not needed
        return [
            *self._mode_told("" if needed else None),
            *self._login_told([] if needed and self._bears_out(books) else problems, read=needed),
            events.BooksRead(self._clock(), books, self._foreign(books)),
        ]

    def _why_none(self, problems: list[ReadFailed]) -> list[ReadFailed]:
        """What a quote says, where books give no reason: of a dead login a plugin may tell there alone (Upstox's)."""
        if self._login is False or any(problem.error != UNKNOWN for problem in problems):
            return []
        try:
            self._client.quote("NSE", "RELIANCE")
        except ReadFailed as problem:
            return [problem]
        return []

    def beside(self) -> list[events.Input]:
        """The needed books but for the one that a reading of all hangs at, in their order; nothing while none does."""
        hung, began = self._waits_for, self._clock()
        if hung is None or not self.hangs(began):
            return []
        books, _, wrong = self._look(began, (name for name in NEEDED if name != hung[0]))
        return self._mode_told(wrong) if wrong else [events.BooksRead(self._clock(), books)]

    def hangs(self, now: datetime) -> bool:
        """Whether a reading of all books waits for one so long beyond its turn that the others are read beside it."""
        waits = self._waits_for
        return waits is not None and now - waits[1] >= HANGS + timedelta(seconds=self._turn_s())

    def _one_by_one(self, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            self._waits_for = name, self._clock()
            yield name

    def _look(self, began: datetime, names: Iterable[str]) -> tuple[rc.BrokerBooks, list[ReadFailed], str]:
        """These books, what went wrong with some, and the other mode's name where an answer was of that one."""
        problems: list[ReadFailed] = []
        wrong: list[str] = []

        def after_each(problem: ReadFailed | None) -> None:
            if problem is not None:
                problems.append(problem)
            elif self._guard.saw(self._client.seen_mode):
                wrong.append(self._guard.other)

        books = self._client.books(began, names, each=after_each)
        known = self._seen or self.state().custody.capability  # a script that leaves asks nobody for it before
        books = books.before_sales() if known is not None and known.holdings_fall else books
        books = self._stream.explained(engine.undoubted(books, self.state()), began.date())
        return books, problems, next(iter(wrong), "")

    def told(self, updates: Iterable[rc.BrokerOrder]) -> None:
        """Keep what the stream of orders may tell alone."""
        self._stream.take(updates, self._clock().date())

    def has_ended(self, broker_id: str) -> bool:
        """Whether the stream told today that an order was cancelled."""
        return self._stream.has_ended(broker_id, self._clock().date())

    def _bears_out(self, books: rc.BrokerBooks) -> bool:
        """Whether the needed books show that the login is good: rows of them, or nothing where we know of nothing.

        Then holdings that are refused are what this account may not read. Empty ones a broker may show in its stead.
        """
        ours = self.state().book
        return any((books.orders, books.trades, books.positions)) or not (ours.positions or ours.orders)

    def _names(self, now: datetime) -> tuple[str, ...]:
        """The books that are to be read now."""
        failed = self._no_holdings_at
        lately = failed is not None and abs(now - failed) < HOLDINGS_AGAIN
        return tuple(name for name in BOOK_NAMES if not (lately and name == HOLDINGS))

    def funds(self) -> list[events.Input]:
        """The money; what could not be read is None in it."""
        if (found := self.money()) is None:
            return [events.FundsSeen(self._clock(), None)]
        return [events.FundsSeen(self._clock(), found.available_cash, found.used_margin, found.realised_today)]

    def money(self) -> Funds | None:
        """The funds of our own mode, kept with their time in `funds_seen`; None where they cannot be read.

        Nor without the broker's name: what they mean differs from one to the next.
        """
        at = self._clock()
        try:
            capability = self._seen or self._capability(at)
            found = self._client.funds().of_broker(capability, collateral_counts=self._collateral_counts)
        except ReadFailed:
            return None
        if self._guard.saw(self._client.seen_mode):
            return None
        self.funds_seen = (at, found)
        return found

    def cash(self, at: datetime) -> dict[str, Any]:
        """What a decision is told of the money that can be spent, as it was read lately."""
        known = self.funds_seen
        if not self.knows_cash(at):
            found = self.money()
            known = None if found is None else (at, found)
        if known is None:
            return {"available_cash": None, "cash_unknown": True}
        return {"available_cash": max(known[1].available_cash, Decimal(0))}

    def knows_cash(self, at: datetime) -> bool:
        """Whether the money was read lately enough for that moment: it is not asked for again."""
        known = self.funds_seen
        return known is not None and at - known[0] <= timedelta(seconds=FUNDS_AGE_S)

    def mode(self) -> list[events.Input]:
        """Whether OpenAlgo is in the mode that we were started for."""
        try:
            wrong = self._guard.look()
        except ReadFailed:
            return []
        return self._mode_told(wrong)

    def broker(self) -> list[events.Input]:
        """What the broker behind OpenAlgo takes and tells; nothing where its name cannot be learnt now."""
        try:
            return [events.BrokerSeen(at := self._clock(), self._capability(at))]
        except ReadFailed:
            return []

    def _capability(self, at: datetime) -> rc.Capability:
        """The same, of its name as OpenAlgo tells it now; `ReadFailed` where it does not."""
        name = self._broker or self._client.broker() or ANY_BROKER
        self._seen = rc.capability(name, on=at.date(), tables=self._tables)
        self._turn_s = self._client.pace(self._seen)
        return self._seen

    def equity(self, command: events.AskEquity, at: datetime) -> events.EquityRead | None:
        """The session's opening equity, worked out from the funds; `derived` where trading may have begun already."""
        found = self.money()
        if found is None:
            return None
        now = self._clock()
        begun = now >= session_begins(now.date(), self._tables)
        told = opening_equity(found)
        return events.EquityRead(now, command.opening(told), derived=begun)

    def _mode_told(self, wrong: str | None) -> list[events.Input]:
        """A change of what is known of the mode; None: nothing was learnt of it."""
        if wrong is None or bool(wrong) == self._guard.told:
            return []
        self._guard.told = bool(wrong)
        at = self._clock()
        return [events.TroubleSeen(at, OTHER_MODE, wrong) if wrong else events.TroubleOver(at, OTHER_MODE)]

    def _login_told(self, problems: list[ReadFailed], *, read: bool) -> list[events.Input]:
        """A change of what is known of the login."""
        dead = next((problem for problem in problems if problem.error == NO_LOGIN), None)
        if dead is not None and self._login is not False:
            self._login = False
            return [events.LoginSeen(self._clock(), good=False, reconciled=False, by=BY, why=str(dead))]
        if dead is None and read and self._login is not True:
            self._login = True
            why = "the books could be read"
            return [events.LoginSeen(self._clock(), good=True, reconciled=False, by=BY, why=why)]
        return []

    def _foreign(self, books: rc.BrokerBooks) -> tuple[rc.Instrument, ...]:
        """The instruments of what the account holds, as far as they can be looked up: only those can be adopted."""
        found = []
        for key in sorted({row.key for row in books.positions or () if row.quantity and row.key}):
            try:
                found.append(self._instruments.instrument(*split_key(key), self._clock().date()))
            except ReadFailed:
                continue
        return tuple(found)


def session_begins(day: date, tables: rc.Tables | None) -> datetime:
    """When trading of shares begins on a day; midnight where the calendar does not know it."""
    midnight = datetime.combine(day, datetime.min.time(), tzinfo=rc.IST)
    try:
        session = rc.session_on(day, ANY_SHARE, tables=tables)
    except rc.CalendarUnknown:
        return midnight
    return midnight if session is None else session.opens


@frozen(kw_only=True)
class Rhythm:
    """How often an account is read, in seconds.

    Books: every `busy_s` while an order is on its way or has no name at the broker, an exit waits, an end
    is doubted, or an emergency stop is at work, every `holding_s` while something is held, every `quiet_s` else.
    `soon_s` is how soon after an order update, so that several updates lead to one reading. Of so many calls as a
    broker takes in a minute, `holding_calls` may pass from one reading to the next: it leaves some for an exit.
    """

    busy_s: float = 1.0
    holding_s: float = 3.0
    holding_calls: float = 12.0
    quiet_s: float = 15.0
    soon_s: float = 0.1
    funds_s: float = 30.0
    mode_s: float = 3.0
    broker_s: float = 30.0


class Reading:
    """When each reading is due; asked once a turn.

    `due` names what is to be read now and takes it as begun: `done` must follow when it has come in. `soon` brings the
    books forward, from any thread.
    """

    def __init__(self, rhythm: Rhythm | None = None) -> None:
        self._rhythm = rhythm or Rhythm()
        self._next: dict[str, datetime] = {}
        self._running: set[str] = set()
        self._wanted = False
        self._broker_asked: date | None = None
        self._broker_known: date | None = None
        self._lock = threading.Lock()

    def soon(self) -> None:
        """Something may have happened to an order: read the books."""
        with self._lock:
            self._wanted = True

    def due(self, now: datetime, state: engine.State, *, hangs: bool = False) -> list[str]:
        """What is to be read now; `hangs`: a book that is waited for holds up the others, which are read beside it."""
        rhythm = self._rhythm
        every = {MODE: rhythm.mode_s, FUNDS: rhythm.funds_s, BOOKS: books_every(state, rhythm)}
        if hangs:
            every[BESIDE] = every[BOOKS]
        if self._broker_known != now.date():
            every[BROKER] = rhythm.broker_s
        found = []
        with self._lock:
            if self._wanted:
                self._wanted = False
                soon = now + timedelta(seconds=rhythm.soon_s)
                self._next[BOOKS] = min(self._next.get(BOOKS, soon), soon)
            for name, every_s in every.items():
                at = min(self._next.get(name, now), now + timedelta(seconds=every_s))
                self._next[name] = at
                if at <= now and name not in self._running:
                    self._running.add(name)
                    self._next[name] = now + timedelta(seconds=every_s)
                    found.append(name)
            if BROKER in found:
                self._broker_asked = now.date()
        return found

    def done(self, name: str, *, brought: bool) -> None:
        """A reading has ended; whether it brought anything. The broker is asked for until it is known, each day."""
        with self._lock:
            self._running.discard(name)
            if name == BROKER and brought:
                self._broker_known = self._broker_asked


def books_every(state: engine.State, rhythm: Rhythm) -> float:
    """How often the books are to be read as things stand."""
    named = all(order.rests and order.broker_id for order in state.book.live_orders())
    if engine.is_stopping(state) or state.custody.wanted or state.custody.doubted or not named:
        return rhythm.busy_s
    open_ = state.custody.mismatches or any(known.missing for known in state.custody.beside)
    if not (open_ or state.book.positions or state.book.latch("login")):
        return rhythm.quiet_s
    few = state.custody.capability.calls_a_minute if state.custody.capability else None
    return max(rhythm.holding_s, rhythm.holding_calls * 60 / few) if few else rhythm.holding_s


def readings(account: Account) -> dict[str, Callable[[], list[events.Input]]]:
    """Each reading by its name."""
    return {
        BOOKS: account.books,
        BESIDE: account.beside,
        FUNDS: account.funds,
        MODE: account.mode,
        BROKER: account.broker,
    }


def reading_job(account: Account, reading: Reading, name: str) -> Callable[[], list[events.Input]]:
    """A reading as a lane's job, which says when it is done."""

    def job() -> list[events.Input]:
        found: list[events.Input] = []
        try:
            found = readings(account)[name]()
        finally:
            reading.done(name, brought=bool(found))
        return found

    return job
