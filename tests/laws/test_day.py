"""A machine that trades random days, with the invariants looked at after every step; `tests/spec/day.md` tells one."""

from datetime import datetime, time, timedelta
from decimal import Decimal

import attrs
from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import riskcore as rc
from riskcore import events as e
from riskcore.engine import State, fold, step
from riskcore.orders import CANCELLED, REJECTED, UNKNOWN, WORKING
from riskcore.signals import sign

FREEZE = {"INFY": None, "TCS": 20}
THINGS = {name: rc.Instrument(symbol=name, tick="0.05", freeze_quantity=FREEZE[name]) for name in FREEZE}
START = datetime(2026, 11, 20, 9, 16, tzinfo=rc.IST)
LEVELS = st.integers(900, 1100).map(Decimal)
RULES = rc.Policy(
    max_position_size_percent=60,
    max_sector_exposure=100,
    max_trades_per_day=9,
    max_daily_loss=20,
    entry_band_pct="0.2",
    one_position_per_symbol=False,
)


class TradingDay(RuleBasedStateMachine):
    """An engine, a market and a gateway that answers as gateways do; nothing is asserted in the rules themselves."""

    def __init__(self):
        super().__init__()
        self.now, self.number = START, 0
        self.state, self.before, self.facts = State(), State(), []
        self.commands, self.asked = [], []
        self.last = dict.fromkeys(THINGS, Decimal(1000))
        self.cash, self.shares = Decimal(0), dict.fromkeys(THINGS, 0)

    def take(self, event):
        self.before = self.state
        taken = step(self.state, event, RULES)
        self.state = taken.state
        self.facts += taken.facts
        self.commands += taken.commands
        self.asked += [c for c in taken.commands if isinstance(c, e.AskEvidence)]
        for fact in taken.facts:
            if isinstance(fact, e.Filled):
                way = sign(fact.side)
                self.cash -= way * fact.value + fact.charges
                self.shares[fact.key.partition(":")[2]] += way * fact.quantity

    def live(self):
        return [order for order in self.state.book.orders if order.live]

    @initialize()
    def morning(self):
        self.take(e.PolicyLoaded(self.now, RULES))
        self.take(e.EquityRead(self.now, Decimal(100_000)))

    @rule(seconds=st.sampled_from([1, 3, 11, 60, 900]))
    def time_passes(self, seconds):
        self.now += timedelta(seconds=seconds)
        self.take(e.TimePassed(self.now))

    @rule(
        name=st.sampled_from(sorted(THINGS)),
        side=st.sampled_from(["BUY", "SELL"]),
        kind=st.sampled_from([*["entry"] * 3, "exit"]),
    )
    def signal(self, name, side, kind):
        self.number += 1
        self.take(e.SignalArrived(self.now, rc.Signal(name, side, at=self.now, kind=kind, source=f"s{self.number}")))

    @precondition(lambda self: self.asked)
    @rule(atr=st.sampled_from(["4", "8", "20"]))
    def evidence(self, atr):
        signal = self.asked.pop(0).signal
        seen = rc.Market(instrument=THINGS[signal.symbol], at=self.now, last=self.last[signal.symbol], atr=atr)
        self.take(e.EvidenceArrived(self.now, signal.id, seen))

    @rule(name=st.sampled_from(sorted(THINGS)), first=LEVELS, low=LEVELS, high=LEVELS)
    def prices(self, name, first, low, high):
        low, high = min(first, low, high), max(first, low, high)
        self.last[name] = first
        self.take(e.PricesSeen(self.now, f"NSE:{name}", first, high, low, first, self.now - timedelta(seconds=1)))

    @precondition(lambda self: self.live())
    @rule(data=st.data(), part=st.sampled_from([1, 2, 2]), twice=st.booleans())
    def fills(self, data, part, twice):
        order = data.draw(st.sampled_from(self.live()))
        more = max(order.open_quantity // part, 1) if order.open_quantity else 0
        total = order.filled_quantity + more
        value = order.filled_value + order.approved.limit * more
        for _ in range(1 + twice):
            self.take(e.OrderReported(self.now, order.id, WORKING, total, value))

    @precondition(lambda self: self.state.book.orders)
    @rule(data=st.data(), status=st.sampled_from([CANCELLED, REJECTED, UNKNOWN, WORKING]))
    def reports(self, data, status):
        order = data.draw(st.sampled_from(self.state.book.orders))
        self.take(e.OrderReported(self.now, order.id, status, order.filled_quantity, order.filled_value))

    @rule(name=st.sampled_from(["feed", "journal"]), over=st.booleans())
    def trouble(self, name, over):
        self.take(e.TroubleOver(self.now, name) if over else e.TroubleSeen(self.now, name, "it failed"))

    @rule()
    def night(self):
        """Day orders end with their day; the next trading day is a Monday, Wednesday or later in the calendar."""
        for order in self.live():
            self.take(e.OrderReported(self.now, order.id, CANCELLED, order.filled_quantity, order.filled_value))
        day = rc.next_session_day(self.now.date(), THINGS["INFY"])
        if day is not None:
            self.now = datetime.combine(day, time(9, 16), rc.IST)
            self.asked.clear()
            self.take(e.TimePassed(self.now))
            self.take(e.EquityRead(self.now, Decimal(100_000)))

    @rule()
    def restart(self):
        folded = fold(self.facts)
        self.state = attrs.evolve(folded, number=self.state.number, now=self.state.now)

    @invariant()
    def every_share_has_a_stop_or_is_leaving(self):
        """8: and never two orders that could both fill and turn the position round."""
        book = self.state.book
        for held in book.positions:
            leaving = book.live_orders(held.instrument.key, entries=False)
            assert held.stop is not None or leaving
            assert len({order.approved.at for order in leaving}) <= 1
            fits = sum(order.open_quantity for order in leaving) <= held.quantity
            assert fits or all(order.id in self.state.cancelling for order in leaving)

    @invariant()
    def no_stop_loosens(self):
        """5: for the same position, from one step to the next."""
        for held in self.state.book.positions:
            earlier = self.before.book.position(held.instrument.key)
            if earlier is not None and earlier.id == held.id:
                assert sign(held.side) * (held.stop - earlier.stop) >= 0

    @invariant()
    def no_order_is_above_the_freeze_quantity(self):
        """Entries and exits alike go in slices."""
        for order in self.state.book.orders:
            most = order.approved.instrument.freeze_quantity
            assert most is None or order.quantity <= most

    @invariant()
    def nothing_is_sent_twice(self):
        """7: an order is placed once, whatever is heard of it."""
        placed = [c.order.order_id for c in self.commands if isinstance(c, (e.PlaceEntry, e.PlaceExit))]
        assert len(placed) == len(set(placed))

    @invariant()
    def money_adds_up(self):
        """11: cash of all fills and what is held at its price is the result of all days."""
        book = self.state.book
        held = {p.instrument.symbol: sign(p.side) * p.quantity for p in book.positions}
        assert {name: number for name, number in self.shares.items() if number} == held
        worth = sum((sign(p.side) * p.last * p.quantity for p in book.positions), Decimal(0))
        closed = [fact for fact in self.facts if isinstance(fact, e.PositionClosed)]
        open_result = sum((p.realised - p.charges + p.unrealised for p in book.positions), Decimal(0))
        finished = sum((fact.gross - fact.charges for fact in closed), Decimal(0))
        assert abs(self.cash + worth - open_result - finished) < Decimal("0.0001")

    @invariant()
    def the_state_folds_back(self):
        """6 and 10: from the facts alone."""
        folded = fold(self.facts)
        assert attrs.evolve(folded, number=self.state.number, now=self.state.now) == self.state

    @invariant()
    def entries_only_where_there_was_room(self):
        """2, 3, 9: no entry under a latch; the day's trades within their limit."""
        book = self.state.book
        assert book.trades_today <= RULES.max_trades_per_day
        if self.before.book.latches:
            new = {order.id for order in book.orders} - {order.id for order in self.before.book.orders}
            assert not any(order.is_entry for order in book.orders if order.id in new)


def test_DAY_1_random_days_keep_every_invariant():
    """After every step: every share protected or leaving, no looser stop, nothing sent twice, money adds up."""
    run_state_machine_as_test(TradingDay, settings=settings(max_examples=30, stateful_step_count=40, deadline=None))
