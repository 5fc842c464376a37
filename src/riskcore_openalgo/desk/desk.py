"""The desk of a script: look at an account once, decide, send, protect; and stay to watch, if it likes.

    desk = Desk(client, journal="desk.db", mode="live")
    decision = desk.decide(rc.Signal("RELIANCE", "BUY", at=desk.now()))
    print(decision.explain())
    if decision.approved:
        print(desk.send(decision).explain())

It is the runner with another in its place at the wheel: the same engine decides, the same gateway sends, and the same
facts stand in the journal, so that a runner can take over where a script left off, and the other way round.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from decimal import Context, localcontext
from functools import partial
from types import TracebackType
from typing import Final

from attrs import evolve

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.client import Client, InstrumentCache, ReadFailed, client as clients
from riskcore_openalgo.desk.errors import (
    CLOSED,
    INSTRUMENT_UNKNOWN,
    NO_STOP_RESTS,
    NOT_AN_ENTRY,
    NOT_APPROVED,
    NOTHING_HELD,
    OTHER_ACCOUNT,
    REPEATED,
    RUNNER_IS_LIVE,
    STALE,
    DeskError,
)
from riskcore_openalgo.desk.results import Left, Look, Sent, Watched, left_of, orders_of, sent_of
from riskcore_openalgo.desk.visit import Tools, Visit
from riskcore_openalgo.desk.watching import watched
from riskcore_openalgo.gateways.caps import HardCaps
from riskcore_openalgo.gateways.mode import ModeGuard
from riskcore_openalgo.journal import At, Journal, JournalInUse, JournalMoved
from riskcore_openalgo.own_rules import with_loaded_rules
from riskcore_openalgo.runner.account import BOOKS
from riskcore_openalgo.runner.history import History, bars_for
from riskcore_openalgo.runner.kept_for import REMEDY, account_kind, kept_for
from riskcore_openalgo.runner.sole_sender import account_of, sole_sender
from riskcore_openalgo.runner.stopping import rests_for

LIVE: Final = "live"
ANALYZE: Final = "analyze"
MODES: Final = (LIVE, ANALYZE)
LOCK_WAIT_S: Final = 2.0
"""So long another script is waited for that looks at the account or sends in it."""
PATIENCE_S: Final = 20.0
KEPT: Final = timedelta(minutes=10)
"""So long a look is remembered for the approval that came of it; no approval holds that long."""
AWAITING: Final = "awaiting_approval"
SAME: Final = ("instrument", "side", "quantity", "product", "limit", "stop", "target", "legs")
"""What of an approved order may not have changed since a person read it."""


class Desk:
    """One account, for a script.

    `client` is OpenAlgo, `journal` the account's own (the sandbox is another account): a path, the address of a
    database, or an open `Journal`. `policy` are the rules, and come into force with the first look. `mode` says
    where OpenAlgo must send orders: `analyze` (its sandbox, the default: real money wants to be spelled) or `live`;
    while it is in the other one, no entry is sent. `caps` are the hard caps, `collateral_counts` whether what the
    broker lends on pledged shares is money too. `wait_s` is how long another script at the same account is waited
    for, and `patience_s` how long `send` stays, after `entry_timeout_s`, with an order that has not ended. `clock`,
    `sleep` and `monotonic` are injected.

    A look is the account's newest until somebody writes the journal, another look among them: see, decide and send one
    signal after another.

    Every method may raise `DeskError`: its `kind` is for a program, its text names the place and the remedy. What a
    rule says is no error but a `Refused`. Nothing is kept open between two calls, but a journal that was given open.
    """

    def __init__(
        self,
        client: Client,
        journal: At | Journal = "desk.db",
        policy: rc.Policy | None = None,
        *,
        mode: str = ANALYZE,
        caps: HardCaps | None = None,
        collateral_counts: bool = False,
        wait_s: float = LOCK_WAIT_S,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], datetime] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"Desk.mode must be live or analyze, got {mode!r}")
        rules = with_loaded_rules(rc.Policy() if policy is None else policy)
        self._place, self._wait_s, self._closed = journal, wait_s, False
        self._patience_s = patience_s
        self._given: dict[str, Look] = {}
        self._tools = Tools(
            client=client,
            policy=rules,
            analyzer=mode == ANALYZE,
            guard=ModeGuard(client, mode, monotonic=monotonic),
            instruments=InstrumentCache(client, tables=rules.tables),
            history=History(client, bars=bars_for(rules), tables=rules.tables),
            caps=caps or HardCaps(),
            collateral_counts=collateral_counts,
            clock=clock or clients.now_in_ist,
            sleep=sleep,
            monotonic=monotonic,
        )

    def __repr__(self) -> str:
        mode = ANALYZE if self._tools.analyzer else LIVE
        return f"Desk({self._tools.client!r}, mode={mode!r})"

    def __enter__(self) -> Desk:  # noqa: PYI034 - Python 3.10 has no Self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the desk. Positions stay as they are, with their stops where they rest; so do client and open journal."""
        self._closed = True

    def now(self) -> datetime:
        """The moment by the desk's clock, in IST: what a signal bears."""
        return self._tools.clock()

    # ---------------------------------------------------------------- looking

    def book(self) -> rc.Book:
        """The account's book, brought up to date with the broker's: this settles what was unknown, where it can be."""
        with self._visit() as visit:
            visit.catch_up()
            return visit.state.book

    def see(self, signal: rc.Signal) -> Look:
        """Read the account and the signal's market, once, and bring the journal up to date with it.

        What could not be read is missing in the look, named in `unread`, and refused by its name.
        """
        where = signal.key
        if signal.kind != rc.ENTRY:
            raise DeskError(NOT_AN_ENTRY, where, "an exit needs no decision; call desk.exit(symbol)")
        with self._visit() as visit:
            visit.catch_up()
            state, head = visit.state, visit.head
            if signal.id in state.seen or state.book.order(signal.id) is not None:
                raise DeskError(REPEATED, where, f"signal {signal.id} {_fate(state, signal.id)}; raise a new one")
            policy, evidence = visit.runner.policy, visit.evidence()
        try:
            instrument = self._tools.instruments.instrument(signal.exchange, signal.symbol, self.now().date())
        except ReadFailed as problem:
            raise DeskError(INSTRUMENT_UNKNOWN, where, f"{problem}; see how OpenAlgo spells it") from problem
        market = evidence.look(signal, instrument, engine.asked_interval(signal, policy))
        unread = tuple(f"{name}: {why}" for name, why in visit.unread.items())
        return Look(signal=signal, at=self.now(), market=market, policy=policy, state=state, head=head, unread=unread)

    def decide(self, what: Look | rc.Signal) -> rc.Decision:
        """Decide on a look, or on a signal, which is looked at first. Nothing is sent, and nothing is recorded of it.

        It is the decision that a runner would make on the same book: every rule, and every reason.
        """
        look = what if isinstance(what, Look) else self.see(what)
        now = max(self.now(), look.at)
        market = evolve(look.market, at=now, quote_at=look.market.quote_at or look.market.at)
        decision = rc.decide(look.signal, look.book, market, look.policy)
        if isinstance(decision, rc.Approved):
            self._forget_old_looks(now)
            self._given[look.signal.id] = look
        return decision

    # ---------------------------------------------------------------- sending

    def send(self, decision: rc.Approved, *, adopted_by_runner: bool = False, stays_to_watch: bool = False) -> Sent:
        """Send an approval of this desk, once, and wait until it has ended and its stop rests at the broker.

        What is left after `entry_timeout_s` is cancelled, and at Ctrl-C or any other end of the wait; each part that
        fills is protected as it comes. The slices of an order above the freeze quantity are waited for, and told, as
        one. Where no stop can rest, it is refused beforehand, unless a runner will take the position over at once
        (`adopted_by_runner`), or the script goes on into `watch` (`stays_to_watch`).

        An order of unknown outcome ends as `unknown`, and is never sent again. Raises `DeskError`, with nothing sent:
        `stale` where the journal, the clock or the market has moved on since the decision; `runner_is_live`;
        `no_stop_rests`; `not_approved`.
        """
        look, order = self._look_of(decision), decision.order
        _sendable(decision, look.policy)
        where, state = order.instrument.key, look.state
        self._in_time(order)
        bare = why_none_rests(state, order.instrument, self.now(), look.policy)
        if bare and not (adopted_by_runner or stays_to_watch):
            remedy = (
                "stay in desk.watch() and say stays_to_watch=True, or adopted_by_runner=True where one runs at once"
            )
            raise DeskError(NO_STOP_RESTS, where, f"{bare}; {remedy}")
        with self._visit(since=look.head) as visit:
            self._in_time(order)
            patience = look.policy.entry_timeout_s + self._patience_s
            ended = partial(_at_rest, signal_id=order.signal_id, rests=not bare)
            try:
                self._place_it(visit, decision)
                visit.turn_until(ended, patience)
            except BaseException:  # Ctrl-C too: nobody would stay with what works, and protect what it fills
                visit.give_up(order.signal_id, ended)
                raise
            sent = orders_of(visit.state.book, order.signal_id)
            return sent_of(visit.state, sent, visit.said_of(*(one.id for one in sent)))

    def exit(self, symbol: str, *, exchange: str = "NSE", within_s: float = 60.0) -> Left:
        """Leave a position at the market, whatever rules say, and wait for that at most `within_s`.

        A stop that rests for it is taken back first; the exit is priced again step by step until it is filled. What
        is still held then is on its way out: `watch` stays with it.
        """
        key = f"{exchange}:{symbol}"
        with self._visit() as visit:
            visit.read(BOOKS)
            held = visit.state.book.position(key)
            if held is None:
                raise DeskError(NOTHING_HELD, key, "the journal has no position in it; look at desk.book()")
            visit.price(key)
            side = rc.SELL if held.side == rc.BUY else rc.BUY
            visit.take(
                events.SignalArrived(
                    self.now(),
                    rc.Signal(symbol, side, at=self.now(), kind=rc.EXIT, exchange=exchange, product=held.product),
                )
            )
            visit.turn_until(lambda state: state.book.position(key) is None, within_s, key=key)
            exits = [order.id for order in visit.state.book.orders if order.approved.instrument.key == key]
            said = (visit.said_of(order_id) for order_id in reversed(exits))
            return left_of(visit.state, held, visit.facts, next((note for note in said if note), ""))

    def watch(self, until: datetime | None = None) -> Watched:
        """Stay with what is held, as a runner does: targets, trails, the square-off, order updates, reconnections.

        Returns when nothing is held or on its way, at `until`, or at Ctrl-C, and leaves stops where they rest. Whoever
        else wants to write the account's journal waits meanwhile.
        """
        with self._opened() as journal:
            return watched(self._tools, journal, until)

    # ---------------------------------------------------------------- the lock, and what holds

    @contextmanager
    def _visit(self, since: str | None = None) -> Iterator[Visit]:
        """A visit that has begun; `since` is the journal's head that it must still have."""
        with self._opened() as journal:
            if since is not None:
                try:
                    journal.append((), expected_head=since)
                except JournalMoved as problem:
                    raise DeskError(STALE, "desk.send", str(problem)) from problem
            visit = Visit(self._tools, journal)
            visit.begin()
            yield visit

    @contextmanager
    def _opened(self) -> Iterator[Journal]:
        """The journal, with the writer's lock, and the account's."""
        if self._closed:
            raise DeskError(CLOSED, repr(self), "it was closed; make another desk")
        with ExitStack() as opened, localcontext(Context(prec=28)):  # not the script's own
            try:
                journal = self._locked(opened)
            except JournalInUse as problem:
                raise DeskError(RUNNER_IS_LIVE, "Desk", str(problem)) from problem
            self._same_account(journal)
            yield journal

    def _locked(self, opened: ExitStack) -> Journal:
        tools, place = self._tools, self._place
        opened.enter_context(sole_sender(tools.client, analyzer=tools.analyzer, wait_s=self._wait_s))
        journal = place if isinstance(place, Journal) else opened.enter_context(Journal(place, wait_s=self._wait_s))
        opened.enter_context(journal.sending(account_of(tools.client, analyzer=tools.analyzer)))
        return journal

    def _same_account(self, journal: Journal) -> None:
        """A journal of the sandbox or of paper is none of real money: it counts another account's day."""
        before = kept_for(journal)
        if before and before != account_kind(mode=LIVE, analyzer=self._tools.analyzer):
            what = f"it was kept for {before}, and this is {self!r}; {REMEDY}"
            raise DeskError(OTHER_ACCOUNT, journal.where, what)

    def _look_of(self, decision: rc.Approved) -> Look:
        """The look that a decision was made on; decisions of others are not sent."""
        if not isinstance(decision, rc.Approved):
            raise DeskError(
                NOT_APPROVED, "desk.send", "it takes what desk.decide approved; ask decision.approved first"
            )
        look = self._given.get(decision.order.order_id)
        if look is None or decision.context.book is not look.book or decision.context.policy is not look.policy:
            what = "the approval is not this desk's latest of the signal; call desk.decide"
            raise DeskError(NOT_APPROVED, decision.order.instrument.key, what)
        return look

    def _forget_old_looks(self, now: datetime) -> None:
        """Looks of which no approval holds any more."""
        self._given = {name: look for name, look in self._given.items() if now - look.at <= KEPT}

    def _in_time(self, order: rc.ApprovedEntry) -> None:
        if self.now() > order.valid_until:
            what = f"the approval held until {order.valid_until:%H:%M:%S}: stale, decide again"
            raise DeskError(STALE, order.instrument.key, what)

    def _place_it(self, visit: Visit, decision: rc.Approved) -> None:
        """Signal and evidence in one turn, so that the intent is durable before it is sent; refused where it changed.

        The engine decides once more, on the book as it is under the lock: here first, so that a change costs nothing.
        """
        order, state, now = decision.order, visit.state, self.now()
        at = now if state.now is None else max(now, state.now)
        seen = decision.context.market
        signal = decision.signal
        again = rc.decide(
            signal, state.book, evolve(seen, at=at, quote_at=seen.quote_at or seen.at), visit.runner.policy
        )
        if not isinstance(again, rc.Approved):
            raise DeskError(STALE, order.instrument.key, f"decide again: {again.explain()}")
        changed = [name for name in SAME if getattr(again.order, name) != getattr(order, name)]
        if changed:
            raise DeskError(STALE, order.instrument.key, f"decide again: another {', '.join(changed)} would be sent")
        self._given.pop(signal.id, None)
        visit.take(events.SignalArrived(at, signal), events.EvidenceArrived(at, signal.id, seen))


def why_none_rests(state: engine.State, instrument: rc.Instrument, at: datetime, policy: rc.Policy) -> str:
    """Why no stop can rest for an instrument now, or ""."""
    capability = state.custody.capability
    if capability is None:
        return "which broker stands behind OpenAlgo could not be read"
    if not capability.rests:
        return f"no stop can rest at the broker {capability.broker}"
    try:
        rests = rc.stops_rest(at, instrument, tables=policy.tables)
    except rc.CalendarUnknown:
        return ""
    return "" if rests else f"no stop rests at {instrument.exchange} at {at:%H:%M}"


def _sendable(decision: rc.Approved, policy: rc.Policy) -> None:
    """Refuse what the policy wants decided and not sent."""
    live, order = policy.live_symbols, decision.order
    if decision.signal.shadow or (live is not None and order.instrument.symbol not in live):
        what = "it is decided on and withheld: add the symbol to live_symbols, and leave shadow=True out of the signal"
        raise DeskError(NOT_APPROVED, order.instrument.key, what)


def _at_rest(state: engine.State, signal_id: str, *, rests: bool) -> bool:
    """Whether there is nothing to wait for: each order has ended, or waits for a hand, and what filled is covered."""
    orders = orders_of(state.book, signal_id)
    if all(order.status == AWAITING for order in orders):
        return True
    position = state.book.position(orders[0].approved.instrument.key)
    waits = any(order.live and order.status != AWAITING for order in orders)
    return not waits and (position is None or not rests or rests_for(state.book, position))


def _fate(state: engine.State, signal_id: str) -> str:
    order = state.book.order(signal_id)
    return "was answered in this session" if order is None else f"led to an order, which is {order.status}"
