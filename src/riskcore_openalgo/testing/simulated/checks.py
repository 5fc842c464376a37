"""What must hold on a simulated day, looked at after everything that happens. The numbers are those of the invariants.

Our book is held against the broker's truth, which no answer shows: a row of the book may lie, the truth does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import riskcore as rc
from riskcore import engine, events
from riskcore.engine.untold import REFUSED_UNREAD
from riskcore_openalgo.gateways.openalgo import TAKEN_UNREAD, TOLD_UNREAD
from riskcore_openalgo.testing.orders import FakeOrder
from riskcore_openalgo.testing.simulated.alerts import ON_THE_WAY_S, Alerts
from riskcore_openalgo.testing.simulated.catalogue import CATALOGUE
from riskcore_openalgo.testing.simulated.halts import Stops
from riskcore_openalgo.testing.simulated.nights import market_is_open
from riskcore_openalgo.testing.simulated.shares import TOLD_S, Shares
from riskcore_openalgo.testing.simulated.slices import alike, filled_beside, ours_of, truth_of
from riskcore_openalgo.testing.simulated.surprises import Surprises

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.room import Room

PRESUMED: Final = "presumed_filled"
APPROVALS: Final = (events.EntryApproved, events.ExitApproved)
AWAITING: Final = "awaiting_approval"
MODE_S: Final = 7.0
"""Seconds after a switch of the analyzer in which an order may still go the wrong way: nobody could know."""


class Broken(BaseException):
    """An invariant does not hold: its name, and what was seen. No `except Exception` of the program takes it."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"{name}: {what}")
        self.name = name


class Checks:
    """The invariants of one day, and what is counted of it."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.count: Counter[str] = Counter()
        self.facts: list[events.Fact] = []
        self._durable: dict[str, rc.ApprovedEntry | rc.ApprovedExit] = {}
        self._asked: Counter[str] = Counter()
        self._revised: Counter[str] = Counter()
        self._unwritten: set[str] = set()  # orders about which something left while no journal took it
        self._unkept: set[str] = set()
        self._forgotten: set[str] = set()
        self._read_to = 0
        self._arrived: Counter[str] = Counter()
        self.alerts, self.shares, self.stops = Alerts(self), Shares(room, self), Stops(room, self)
        self._stops: dict[str, tuple[str, Decimal]] = {}
        self._behind: dict[str, datetime] = {}
        self._surprises = Surprises()
        self._ended_unread: set[str] = set()
        self._works: dict[str, datetime] = {}
        self._trouble_until = room.time.now
        self._troubled_since: datetime | None = None
        self._uncounted: dict[str, datetime] = {}

    # ------------------------------------------------------------------ what is told to it
    def struck(self, kind: str) -> None:
        """A fault has struck: for a while, being uncovered or different is no surprise."""
        self.count[f"fault {kind}"] += 1
        self.disturbed(CATALOGUE[kind].lasts_s)

    def disturbed(self, seconds: float) -> None:
        """Something is wrong from now on, for so long at most."""
        now = self._room.time.now
        if now >= self._trouble_until:
            self._troubled_since = now
        self._trouble_until = max(self._trouble_until, now + timedelta(seconds=seconds))

    @property
    def in_trouble(self) -> bool:
        """Whether a fault may still have its way, or the runner knows of something that is not right."""
        return self._room.time.now < self._trouble_until or self._restless()

    @property
    def differs(self) -> bool:
        """Whether the broker has other shares than the runner believes, untold, or works an order that ended for it."""
        return bool(self.shares.differs or self._works)

    @property
    def seconds_of_trouble(self) -> float:
        """For how long that has been so."""
        since = self._troubled_since
        return 0.0 if since is None else (self._room.time.now - since).total_seconds()

    def wished(self, signal: rc.Signal) -> None:
        """A well-formed entry was asked for."""
        self.alerts.ask(signal)

    def foreign(self, key: str) -> None:
        """Somebody else trades this instrument."""
        self.shares.foreign_at[key] = self._room.time.now
        self._surprises.note(key, self._room.time.now)

    def surprised(self, key: str) -> None:
        """Something happened to an instrument that no answer could tell in time."""
        self._surprises.note(key, self._room.time.now)

    def saw(self, fact: events.Fact) -> None:
        """A fact of a turn."""
        self.facts.append(fact)
        self.alerts.saw(fact)
        self.stops.saw(fact)
        if isinstance(fact, events.EntryApproved):
            first = fact.order.is_first  # the others are slices of it
            self.count["entries approved"] += first and fact.signal.id in self.alerts.wished
            self._bounded(fact)
            self.stops.allows(fact)
        elif isinstance(fact, events.EntryRefused):
            if fact.signal.id in self.alerts.wished:
                self.count[f"refused {next((f.reason for f in fact.findings if not f.passed), 'unmeasured')}"] += 1
        elif isinstance(fact, events.OrderMoved) and fact.note in (TAKEN_UNREAD, TOLD_UNREAD, REFUSED_UNREAD):
            self._ended_unread.add(fact.order_id)
        elif isinstance(fact, events.Filled):
            self.count["fills"] += 1
        elif isinstance(fact, events.PositionClosed):
            self.count["positions closed"] += 1
            self.count[f"closed {fact.reason}"] += 1
            if fact.reason != "closed_elsewhere":  # a slice that was proven absent may come yet, and opens it anew
                self._stops.pop(fact.signal_id, None)
        elif isinstance(fact, events.Alarmed):
            self.count[f"alarm {fact.name}"] += 1

    def handed_over(self, command: events.Command) -> None:
        """(6) A command goes to its lane: what was decided is durable by now, or an exit that no journal holds up."""
        self._read_journal()
        lost = bool(self._room.store.trouble)
        if lost and isinstance(command, (events.CancelOrder, events.ReviseOrder)):
            self._unwritten.add(command.order_id)
        if isinstance(command, events.PlaceEntry):
            known = command.order.order_id in self._durable
            self.needs("durable_before_acted_on", known, command.order.order_id, "is on no record")
        elif isinstance(command, events.PlaceExit):
            known = command.order.order_id in self._durable or lost
            self.needs("durable_before_acted_on", known, command.order.order_id, "is on no record")
        elif isinstance(command, events.CancelOrder):
            self.needs("durable_before_acted_on", lost or self._asked[command.order_id] > 0, command.order_id)
        elif isinstance(command, events.ReviseOrder):
            self.needs("durable_before_acted_on", lost or self._revised[command.order_id] > 0, command.order_id)

    def went_to(self, mode: str, order_id: str) -> None:
        """(F24) An order of ours was taken by a mode: it must be the one the runner was started for."""
        since = self._room.toggled_at
        fresh = since is not None and self._room.time.now - since < timedelta(seconds=MODE_S)
        self.needs("orders_go_to_our_mode", mode == self._room.expected or fresh, f"{order_id} went to {mode}")

    def arrived(self, name: str, body: dict[str, Any], order_id: str) -> None:
        """(6, 7) A call has reached OpenAlgo: it must be durable, and the first of its kind."""
        self.count["calls"] += 1
        self._read_journal()
        if name == "placeorder":
            self.count["orders sent"] += 1
            self._placement(body, order_id)
        elif name == "cancelorder":
            ours = self._ours(name, body)
            asked = any(self._asked[one] > 0 or one in self._unwritten for one in alike(ours, self._durable))
            self.needs("durable_before_acted_on", asked, f"a cancel of {ours} that nobody decided")
        elif name == "modifyorder":
            ours = self._ours(name, body)
            asked = any(self._revised[one] > 0 or one in self._unwritten for one in alike(ours, self._durable))
            self.needs("durable_before_acted_on", asked, f"a change of {ours} that nobody decided")

    def dying(self) -> None:
        """(6) A process ends between two turns: what it knows is what its journal folds to."""
        store = self._room.store
        if not store.trouble:
            self.needs("restart_gives_the_same_state", store.load().state == self._room.live.state, "at a kill")

    def started(self) -> None:
        """A process has started: it knows the stops that a journal took; the broker shows those that are tighter."""
        self.count["starts"] += 1
        self._forgotten |= self._unkept  # exits that no journal took: who starts now knows nothing of them
        positions = self._room.live.state.book.positions
        self._stops = {p.id: (p.side, p.stop) for p in positions if p.stop is not None}
        self.stops.started(self._room.live.state)

    def restored(self, since: datetime) -> None:
        """The journal is of an earlier moment: what was decided, or has filled, after it is known as ours no more."""
        room = self._room
        kept = {fact.order.order_id for fact in room.store.facts(0) if isinstance(fact, APPROVALS)}
        self._forgotten |= self._durable.keys() - kept
        self._durable = {name: order for name, order in self._durable.items() if name in kept}
        self._read_to = len(room.store.kept)
        filled = {trade.order_id for trade in room.account.trades if trade.at >= since}
        for theirs, ours in list(room.placed.items()):
            if ours not in kept or theirs in filled:
                del room.placed[theirs]
                self.foreign(room.account.orders[theirs].key)

    # ------------------------------------------------------------------ the invariants
    def after_turn(self) -> None:
        """All of them."""
        self._read_journal()
        state = self._room.live.state
        self._never_loosened(state)
        self._surprises.look(self._room, state)
        self._orders(state)
        self._counters(state)
        self.shares.known(state)
        self.stops.look(state)
        self.alerts.look()
        self._brokers_side()

    def after_happening(self) -> None:
        """Those of the broker's side alone."""
        if self._room.alive:
            self._surprises.look(self._room, self._room.live.state)
        self._brokers_side()

    def _brokers_side(self) -> None:
        orders = self._room.account.orders
        self.shares.look([orders[theirs] for theirs in self._room.placed if orders[theirs].working])
        if not self._room.alive or not self.in_trouble:
            self._troubled_since = None if not self.in_trouble else self._troubled_since

    def _bounded(self, fact: events.EntryApproved) -> None:
        """(3) quantity x |limit - stop| is within the budget of the policy."""
        order, book = fact.order, self._room.live.state.book
        a_unit = abs(order.limit - order.stop)
        at_risk, of_all = order.quantity * a_unit, order.whole * a_unit
        budget = (book.opening_equity or Decimal(0)) * self._room.policy.risk_per_trade / 100
        self.needs("risk_is_bounded", of_all <= budget * Decimal("1.5"), f"{order.order_id} risks {of_all}")
        self.count["slices approved"] += order.of_quantity > 0
        self.needs("risk_is_bounded", at_risk <= order.risk, f"{order.order_id} risks more than it says")

    def _placement(self, body: dict[str, Any], order_id: str) -> None:
        approved = self._durable.get(order_id)
        lost = self._room.store.trouble
        if approved is None:
            self.needs("durable_before_acted_on", bool(lost) and bool(order_id), f"{order_id or body} is on no record")
        else:
            trigger = getattr(approved, "trigger", None)
            sent = (body["symbol"], body["action"], int(body["quantity"]), Decimal(body.get("price", 0)))
            limit = approved.limit if body["pricetype"] != "SL-M" else 0
            meant = (approved.instrument.symbol, approved.side, approved.quantity, limit)
            same = sent == meant and Decimal(body.get("trigger_price", 0)) == (trigger or 0)
            self.needs("what_is_sent_is_what_was_approved", same, f"{order_id}: sent {sent}, approved {meant}")
            if isinstance(approved, rc.ApprovedEntry):
                late_s = (self._room.time.now - approved.valid_until).total_seconds()
                told = f"{order_id}: {late_s} s after it ended"
                self.needs("an_approval_holds_so_long", late_s <= ON_THE_WAY_S, told)
        self._arrived[order_id] += 1
        once = self._arrived[order_id] == 1 or order_id in self._forgotten
        self.needs("one_placement_for_one_intent", once, f"{order_id} was placed again")
        if approved is None:
            self._unkept.add(order_id)

    def _ours(self, name: str, body: dict[str, Any]) -> str:
        asked, placed = str(body.get("orderid")), {**self._room.taken, **self._room.placed}
        alike = (ours for theirs, ours in placed.items() if _bare(theirs) == _bare(asked))
        ours = placed.get(asked) or next(alike, "")
        self.needs("only_our_orders", bool(ours), f"{name} of {body.get('orderid')}, which is not ours")
        return ours

    def _never_loosened(self, state: engine.State) -> None:
        """(5) A stop never loosens."""
        for position in state.book.positions:
            if position.stop is None:
                continue
            side, stop = self._stops.get(position.id, (position.side, position.stop))
            loosened = position.stop < stop if side == rc.BUY else position.stop > stop
            self.needs("a_stop_never_loosens", not loosened, f"{position.id}: from {stop} to {position.stop}")
            self._stops[position.id] = (position.side, position.stop)

    def _orders(self, state: engine.State) -> None:
        """(7) What has ended for us has ended there, and nothing has filled for us that has not there.

        But for an order that nobody can name: what the broker's position moved by was taken for its fill, and said so.
        Where trades are told as of whole orders, nothing tells which of several has filled how much: their sum counts.
        """
        presumed = {about for name, about in state.custody.told if name == PRESUMED}
        truth = truth_of(state, self._room.placed, self._room.account.orders, self._durable)
        beside = filled_beside(state, truth)
        for order in state.book.orders:
            real = truth.get(order.id)
            filled = 0 if real is None else ours_of(order, real) + beside.get(order.id, 0)
            told = order.filled_quantity <= filled or order.id in presumed
            self.needs("fills_are_the_brokers", told, order, real)
            if real is None or order.live:
                self._behind.pop(order.id, None)
                continue
            if real.working and order.approved.at.date() < self._room.time.now.date():
                self._surprises.note(real.key, self._room.time.now)  # a broker that keeps orders over the night
            if order.id in self._ended_unread:
                self._surprises.note(real.key, self._room.time.now)  # nobody can look
            ended = not (
                real.working and market_is_open(self._room.time.now, real.key)
            )  # while it is shut, nothing can fill
            self.soon(self._works, order.id, real.key, ended, "unknown_stays_unknown", order, real)
            if filled > order.filled_quantity:
                self.within(self._behind, order.id, TOLD_S, "fills_are_the_brokers", order, real)
            else:
                self._behind.pop(order.id, None)

    def _counters(self, state: engine.State) -> None:
        """(9) What was sent in a session and not refused is counted, and there are not more than the policy allows."""
        book = state.book
        reached = {ours for theirs, ours in self._room.placed.items() if _counts(self._room.account.orders[theirs])}
        began = book.session or self._room.time.now.date()
        sent = [order for order in book.orders if order.is_entry and order.approved.at.date() >= began]
        entries = {order.signal_id for order in sent if order.id in reached}
        if len(entries) > book.trades_today:  # one arrived after it was proven absent: it counts from the next reading
            told = f"{len(entries)} of {book.trades_today}"
            self.within(self._uncounted, "entries", TOLD_S, "counters_count", told)
        else:
            self._uncounted.clear()
        ours = {order.signal_id for order in sent if order.status != "rejected" or order.filled_quantity}
        self.needs("counters_count", len(ours) == book.trades_today, f"{len(ours)} ours, {book.trades_today} counted")
        most = self._room.policy.max_trades_per_day or 0
        self.needs("counters_count", book.trades_today <= most, f"{book.trades_today} entries of {most}")

    # ------------------------------------------------------------------------- the means
    def is_exit(self, theirs: str) -> bool:
        """Whether an order at the broker is an exit of ours."""
        return isinstance(self._approved(theirs), rc.ApprovedExit)

    def is_entry(self, theirs: str) -> bool:
        """Whether it is an entry of ours."""
        return isinstance(self._approved(theirs), rc.ApprovedEntry)

    def _approved(self, theirs: str) -> rc.ApprovedEntry | rc.ApprovedExit | None:
        return self._durable.get(self._room.placed.get(theirs, ""))

    def _waits_for_approval(self) -> bool:
        """Whether an order of ours waits for a hand: nothing that could fill beside it is sent, and that is told."""
        orders = self._room.live.state.book.live_orders() if self._room.alive else ()
        return any(order.status == AWAITING for order in orders)

    def _restless(self) -> bool:
        if not self._room.alive:
            return True
        state = self._room.live.state
        fresh = any(mismatch.times < self._room.policy.differing_reads for mismatch in state.custody.mismatches)
        return fresh or any(order.status == "unknown" for order in state.book.live_orders())

    def _read_journal(self) -> None:
        """Learn what has become durable since."""
        store = self._room.store
        for fact in store.facts(self._read_to):
            if isinstance(fact, APPROVALS):
                self._durable[fact.order.order_id] = fact.order
            elif isinstance(fact, events.CancelRequested):
                self._asked[fact.order_id] += 1
            elif isinstance(fact, events.RevisionRequested):
                self._revised[fact.order_id] += 1
        self._read_to = len(store.kept)

    def within(self, since: dict[str, datetime], key: str, budget_s: float, name: str, *seen: object) -> None:
        """What is wrong may be so for a while; it counts only from the end of the last trouble on."""
        if self._waits_for_approval():
            self.disturbed(30.0)
        began = since.setdefault(key, self._room.time.now)
        counted = self._room.time.now - max(began, self._trouble_until)
        if counted > timedelta(seconds=budget_s):
            raise self._broken(name, (*seen, f"since {began:%H:%M:%S}"))

    def soon(self, since: dict[str, datetime], about: str, key: str, holds: object, name: str, *seen: object) -> None:
        """What must hold at once; after a surprise in the instrument, within the time in which it must be known."""
        if holds:
            since.pop(about, None)
        elif self._surprises.fresh(key, self._room.time.now):
            self.within(since, about, TOLD_S, name, *seen)
        else:
            self.needs(name, holds, *seen)

    def needs(self, name: str, holds: object, *seen: object) -> None:
        """`Broken`, with what was seen, where something does not hold."""
        if not holds:
            raise self._broken(name, seen)

    def _broken(self, name: str, seen: Iterable[object]) -> Broken:
        return Broken(name, f"at {self._room.time.now:%H:%M:%S.%f}: {' '.join(map(str, seen))}")


def _counts(order: FakeOrder) -> bool:
    """Whether an order at the broker was not refused unfilled."""
    return order.status != "rejected" or order.filled > 0


def _bare(order_id: str) -> str:
    """An id without what its forms differ in: the zeros before it, and capitals."""
    return order_id.casefold().lstrip("0")
