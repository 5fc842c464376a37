"""The room in which a simulated day is lived: the real live day over a simulated broker, network, stream and journal.

What is simulated is what lies outside: time, sockets, the market, the disk. Engine, runner, `Live`, gateway, account
reader, evidence, client and the SDK's own reading of answers are those that trade.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any, Final, cast

import riskcore as rc
from riskcore_openalgo.client import InstrumentCache
from riskcore_openalgo.client.fields import split_key
from riskcore_openalgo.gateways.mode import ModeGuard
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.runner.account import Account
from riskcore_openalgo.runner.bar_watch import BarWatch
from riskcore_openalgo.runner.evidence import LiveEvidence
from riskcore_openalgo.runner.history import History
from riskcore_openalgo.runner.live import Live, Parts
from riskcore_openalgo.runner.mornings import Mornings
from riskcore_openalgo.runner.pulse import Pulse
from riskcore_openalgo.testing.broker import FakeBroker
from riskcore_openalgo.testing.events import Event
from riskcore_openalgo.testing.simulated.catalogue import CATALOGUE
from riskcore_openalgo.testing.simulated.checks import AWAITING, Checks
from riskcore_openalgo.testing.simulated.closing import closed
from riskcore_openalgo.testing.simulated.controls import ASKED
from riskcore_openalgo.testing.simulated.feed import SimulatedFeed, StreamFaults
from riskcore_openalgo.testing.simulated.lanes import FibreLanes
from riskcore_openalgo.testing.simulated.laptop import Laptop
from riskcore_openalgo.testing.simulated.nights import NIGHT
from riskcore_openalgo.testing.simulated.script import GENEROUS, MUHURAT, Happening, Script
from riskcore_openalgo.testing.simulated.stand_ins import Bars, Quiet, Wake, WatchedGateway, WatchedWire, unhurried
from riskcore_openalgo.testing.simulated.store import MemoryStore
from riskcore_openalgo.testing.simulated.traded import CARRIED, ELSEWHERE, INTRADAY, Traded
from riskcore_openalgo.testing.timeline import Fibre, Killed, Timeline

CONTRADICTED: Final = "report_contradicts"
BEGINS_S: Final = 600.0
RESTARTS_AFTER_S: Final = 2.0
SQUARE_OFF_IS_NEAR: Final = {False: (time(15, 9), time(15, 40)), True: (time(15, 29), time(15, 50))}
AT_DIWALI: Final = (time(18, 44), time(19, 0))
"""From when until when it is looked for each second: that of shares, and of contracts, and that of one evening."""
SETTLES_S: Final = 30.0
"""How long it may take until something that the broker did late, or has not done, is known."""
QUIET: Final = timedelta(minutes=3)  # after so long without anything that happens: what waits may wait for hours
CALM_S: Final = 300.0
"""How long nobody looks while nothing happens and nothing is wrong: the real one looks each second, to no effect."""


class Room:
    """One day. `run` lives it to its end, with `checks` after each thing that happens; `Broken` is what they raise."""

    broker: FakeBroker
    store: MemoryStore
    feed: SimulatedFeed
    live: Live
    lanes: FibreLanes

    def __init__(self, script: Script, store: MemoryStore | None = None) -> None:
        self.script, self.chance = script, Random(script.seed + 1)  # noqa: S311 - a day that can be played again
        self.time = Timeline(script.opens)
        self.laptop, self.broker_ahead = Laptop(self.time), timedelta(0)
        self.broker = FakeBroker(clock=self._brokers_clock, cash=script.cash, profile=script.profile)
        self.expected = self.broker.mode
        self.account = self.broker.venue.account
        self.store = store or MemoryStore()
        self.store.wait = self._wait
        self.wire = WatchedWire(self.broker, self.time, latency=self._latency)
        self.wire.room = self
        self.faults = StreamFaults()
        self.placed: dict[str, str] = {}
        self.taken: dict[str, str] = {}
        self._known: set[str] = set()
        self.sending: dict[Fibre | None, str] = {}
        self.struck: list[str] = []
        self.restarts = self.turns = self.happened = 0
        self._happened_at = script.opens
        self._acting = ""
        self._queued: dict[int, str] = {}
        self._held_prices: dict[str, datetime] = {}
        self._due: datetime | None = None
        self._turning = self._again = False
        self._main: Fibre | None = None
        self._kill_at_call: int | None = None
        self.toggled_at: datetime | None = None
        self.alive, self.backed_up_at = False, script.opens
        self.policy = rc.Policy(**{**GENEROUS, **script.policy})
        self.traded = {one.symbol: one for one in (*script.traded, ELSEWHERE)}
        for one in self.traded.values():
            self.broker.contract(one.key, lot=one.lot, tick=one.tick, freeze=one.freeze)
            self.broker.quote(one.key, one.start, bid=one.start - one.tick, ask=one.start + one.tick)
        self.broker.listen(self._hear)
        self.broker.due.put_off = lambda at: self.time.at(at - self.broker_ahead, self._carried_out)
        self.checks = Checks(self)

    # ------------------------------------------------------------------ the process
    def begin(self) -> None:
        """Start the process: from the journal, if there is something in it."""
        if self.laptop.asleep_s:
            self.time.later(self.laptop.asleep_s, self.begin)
            return
        time, mono = self.time, self.laptop.monotonic
        client = self.wire.client(jitter=self.chance.random, monotonic=mono)
        guard = ModeGuard(client, self.expected, monotonic=mono)
        instruments = InstrumentCache(client)
        tables = unhurried(self.script.profile.broker, self.script.day, self.script.row, self.policy.tables)
        broker = "sandbox" if self.expected == "analyze" else None
        account = Account(client, guard=guard, clock=time, instruments=instruments, broker=broker, tables=tables)
        gateway = WatchedGateway(
            client, guard=guard, clock=time, ended=account.has_ended,
            row=lambda: self.live.state.custody.capability,
        )  # fmt: skip
        gateway.room = self
        history = History(Bars(self.traded, time), bars=self.policy.atr_warmup_bars)
        wake = Wake(partial(self.turn_in, 0.0))
        mode = "paper" if self.expected == "analyze" else "live"
        self.feed = SimulatedFeed(
            time, self.chance, self.faults, live=self.broker.live_profile, mode=mode, wake=wake.set, monotonic=mono,
            last=lambda key: self.broker.market.quote(key).last,
        )  # fmt: skip
        evidence = LiveEvidence(
            client, money=account, instruments=instruments, history=history, prices=self.feed.prices,
            policy=lambda: self.policy, book=lambda: self.live.state.book, clock=time,
        )  # fmt: skip
        self.lanes = FibreLanes(gateway, evidence, time, look=self.checks.handed_over, ended=self._ended)
        self.alarms = Quiet(self.checks.saw)
        bars = BarWatch(history, partial(self._instrument, instruments), lambda: self.policy, time)
        self.live = Live(
            Parts(
                journal=cast("Journal", self.store), policy=self.policy, lanes=self.lanes, feed=self.feed, bars=bars,
                alarms=self.alarms, clock=time, wake=wake, watched=tuple(one.key for one in self.script.traded),
                account=account, timers=Pulse(lambda: self.live.state), mornings=Mornings(()),
            )
        )  # fmt: skip
        self.alive = True
        self._go(self._start)

    def _start(self) -> None:
        self.live.start()
        self._turning = False
        self.checks.started()
        self.turn_in(0.0)

    def _go(self, act: Callable[[], None]) -> None:
        """Let the process do something in its one thread, which stands still while the disk is slow."""
        self._turning, self._again = True, False
        self._main = self.time.fibre(partial(self._till_killed, act))
        self._main.go_on()

    def _till_killed(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Killed:
            if self.alive:  # else it was ended from outside while it waited
                self._died()

    def _instrument(self, instruments: InstrumentCache, key: str) -> rc.Instrument:
        return instruments.instrument(*split_key(key), self.time().date())

    def turn_in(self, seconds: float) -> None:
        """Have a turn taken then, unless one is due before, or nobody is there to take it."""
        moment = self.time.now + timedelta(seconds=seconds)
        if not self.alive:
            return
        if self._due is None or moment < self._due:
            self._due = moment
            self.time.at(moment, partial(self._turn, moment))

    def kill(self, then_s: float = RESTARTS_AFTER_S) -> None:
        """The process ends where it is; another one starts so much later."""
        if self.alive:
            if not self._turning:
                self.checks.dying()
            self._died(then_s)

    def kill_at_command(self, share: float) -> None:
        """It ends when one of the next commands is handed to its lane."""
        self.lanes.kill_at = int(share * 6)

    def kill_at_call(self, share: float) -> None:
        """It ends when the broker has done what one of the next calls asked for, before the answer is there."""
        self._kill_at_call = int(share * 10)

    def _turn(self, moment: datetime) -> None:
        if self._due != moment or not self.alive:
            return
        if self.laptop.asleep_s:
            self._due = None
            self.turn_in(self.laptop.asleep_s)
            return
        self._due = None
        if self._turning:  # it waits for the disk
            self._again = True
        else:
            self._go(self._take_turn)

    def _take_turn(self) -> None:
        self.live.turn()
        self._turning = False
        self.turns += 1
        self.checks.after_turn()
        self.turn_in(0.0 if self._again else self._pace())

    def _wait(self, seconds: float) -> None:
        """The disk takes so long, and longer where the machine is suspended meanwhile."""
        self.time.sleep(seconds)
        if self.laptop.asleep_s:
            self.time.sleep(self.laptop.asleep_s)

    def _pace(self) -> float:
        """When to look again, where nothing happens before."""
        state, live = self.live.state, self.live.state.book.live_orders()
        quiet = self.time.now - self._happened_at > QUIET or self.checks.seconds_of_trouble >= 120
        moving = [one for one in live if not one.rests and one.status != AWAITING]
        if state.custody.touches or state.custody.wanted or moving:
            return 5.0 if quiet else 0.5
        if any(one.status == AWAITING for one in live):
            return 5.0  # a hand may take all day
        doubted = (
            any(one.kind == "suspect" for one in state.custody.mismatches) or state.custody.accepted
        )  # the books are read until they agree
        unsettled = state.custody.bare or doubted or any(not order.broker_id for order in live)
        if self._is_leaving(state.book):
            return 1.0
        if unsettled or self.checks.in_trouble or self.checks.differs:
            return 5.0 if quiet else 1.0
        return CALM_S

    def _is_leaving(self, book: rc.Book) -> bool:
        """Whether an exit is to be repeated, or the square-off is near: only the clock brings either."""
        open_ = {position.id for position in book.positions}
        exits = (one.approved for one in book.orders if not (one.is_entry or one.rests or one.status == "filled"))
        tried = any(isinstance(one, rc.ApprovedExit) and one.position_id in open_ for one in exits)
        return tried or any(self._is_squared_off(position) for position in book.positions)

    def _is_squared_off(self, position: rc.Position) -> bool:
        is_contract, evening = self.of(position.instrument.key).is_contract, self.time.now.date() == MUHURAT
        begins, ends = AT_DIWALI if evening else SQUARE_OFF_IS_NEAR[is_contract]
        return position.product == INTRADAY and begins <= self.time.now.time() < ends

    def _died(self, then_s: float = RESTARTS_AFTER_S) -> None:
        self.alive, self._due, self._kill_at_call = False, None, None
        if self._turning and self._main is not None and Fibre.current() is not self._main:
            self._main.kill()
        self._turning = False
        self.lanes.kill()
        self.feed.stop()
        self.sending.clear()
        self.store.died()
        self.checks.alerts.died()
        self.restarts += 1
        self.time.later(then_s, self.begin)

    def _ended(self, order_id: str) -> bool:
        order = self.live.state.book.order(order_id)
        return order is not None and not order.live

    # ------------------------------------------------------------------- the world
    def run(self) -> None:
        """Live the day to its end."""
        self.time.later(BEGINS_S, self.begin)
        for happening in self.script.happenings:
            self.time.at(self.script.opens + timedelta(seconds=happening.at_s), partial(self._happen, happening))
        try:
            self.time.run(self.script.ends)
            while self._turning and self.time.step():
                pass
            if self.alive and not self.laptop.asleep_s:
                closed(self)
        finally:
            if self.alive:
                self.alive = False
                self.lanes.kill()
                if self._turning and self._main is not None:
                    self._main.kill()

    def _happen(self, happening: Happening) -> None:
        self.happened += 1
        self._happened_at = self.time.now
        kind, args = happening.kind, happening.args
        if kind == "price":
            self._price(*args)
        elif kind in CATALOGUE:
            self.checks.struck(kind)
            self.struck.append(kind)
            CATALOGUE[kind].strike(self, *args)
        elif kind in NIGHT:
            NIGHT[kind](self, *args)
        elif self.alive and not self.laptop.asleep_s:
            ASKED[kind](self, *args)
        self.checks.after_happening()
        if self.alive:
            self.turn_in(0.2)

    def _price(self, symbol: str, price: str) -> None:
        held = self._held_prices.get(symbol)
        if held is None or self.time.now >= held:
            self.broker.tick(self.traded[symbol].key, price)

    def move(self, symbol: str, price: Decimal, *, hold_s: float) -> None:
        """The price goes there, and stays for a while."""
        self.broker.tick(self.traded[symbol].key, price)
        self._held_prices[symbol] = self.time.now + timedelta(seconds=hold_s)

    def of(self, key: str) -> Traded:
        """What is traded under a key."""
        return self.traded[split_key(key)[1]]

    def product_of(self, key: str) -> str:
        """The product in which a hand trades an instrument: of contracts that in which they are held."""
        return CARRIED if self.account.held(key, CARRIED) else INTRADAY

    def by_hand(self, key: str, quantity: int) -> None:
        """Somebody trades in the same account."""
        if quantity:
            self.checks.foreign(key)
            sign, price, product = (1 if quantity > 0 else -1), self.broker.market.quote(key).last, self.product_of(key)
            for part in self.of(key).slices(abs(quantity)):
                self.broker.hand_trade(key, sign * part, price, product)

    def toggle(self, *, other: bool) -> None:
        """Somebody switches OpenAlgo's analyzer."""
        self.broker.analyzer = (self.expected == "analyze") is not other
        self.toggled_at = self.time.now if other else None

    def seen_to(self) -> None:
        """Somebody has looked at reports that contradicted what was ordered, and lets entries go on."""
        if self.alive and self.live.state.book.latch(CONTRADICTED) is not None:
            ASKED["seen_to"](self, CONTRADICTED)

    def approve(self) -> None:
        """Somebody approves all that waits."""
        for number, requests in list(self.broker.pending.items()):
            if requests:
                self._acting = self._queued.get(number, "")
                self.broker.approve(number)
                self._acting = ""

    def arrived(self, name: str, body: dict[str, Any]) -> Callable[[Callable[[], Any]], Any]:
        """A call has come to OpenAlgo: it is looked at, and what it makes the broker do is known as its doing."""
        order_id = self.sending.get(Fibre.current(), "")
        self.checks.arrived(name, body, order_id)
        if self._kill_at_call is not None and name in ("placeorder", "cancelorder", "modifyorder"):
            self._kill_at_call -= 1
            if self._kill_at_call < 0:
                self._kill_at_call = None
                self.time.later(0, self.kill)

        def carry_out(act: Callable[[], Any]) -> Any:
            before, self._acting = len(self.broker.pending), order_id
            promised = len(self.broker.due.promised)
            try:
                done = act()
            finally:
                self._acting = ""
            if len(self.broker.pending) > before:
                self._queued[len(self.broker.pending)] = order_id
            changed = self.account.orders.get(str(body.get("orderid")))
            if name == "modifyorder" and changed is not None and changed.quantity != int(body["quantity"]):
                self.checks.surprised(changed.key)  # told as taken, and not done, or not yet
            for theirs in self.broker.due.promised[promised:]:  # it may reach the books later, or never
                self.taken[theirs] = order_id
                self.checks.disturbed(SETTLES_S)
            return done

        return carry_out

    def _carried_out(self) -> None:
        """The broker does what it had put off; it may have taken an order or a change without doing it."""
        with self.broker.lock:
            self.broker.catch_up()
        self.checks.disturbed(SETTLES_S)
        if self.alive:
            self.turn_in(0.2)

    def _hear(self, event: Event) -> None:
        if event.order is not None and event.order.order_id not in self._known:
            self._known.add(event.order.order_id)
            if ours := self.taken.get(event.order.order_id) or self._acting:
                self.checks.went_to(event.mode, ours)
                self.taken[event.order.order_id] = ours
                if event.mode == self.expected:  # in the other mode it is nobody's
                    self.placed[event.order.order_id] = ours
        if self.alive:
            self.feed.hear(event)

    def _brokers_clock(self) -> datetime:
        return self.time.now + self.broker_ahead

    def _latency(self, name: str) -> float:
        """How long a call is on its way: mostly some 30 ms, now and then half a second."""
        return 0.01 + 0.05 * self.chance.random() + (0.5 if self.chance.random() < 0.02 else 0.0)
