"""Finished trades add up to what the book realised, where stops fill twice and shares leave without us too."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings, strategies as st

import riskcore as rc
from riskcore import events as e
from riskcore.analytics.trade import trades_of
from riskcore.engine import State, fold, step
from riskcore.testing import days
from tests.core.custody_days import at_broker
from tests.core.engine_days import INFY

D = Decimal
TRUE = st.sampled_from(["0", "0.05", "-0.05", "0.1"]).map(D)
STEPS = ("enter", "enter", "leave", "double", "stopped", "books", "books", "sold", "bought", "night")


def realised(facts):
    """What all sessions realised after charges, by the book of each evening."""
    starts = [n for n, fact in enumerate(facts) if isinstance(fact, e.SessionOpened)]
    evenings = [fold(facts[:following]).book for following in starts[1:]] + [fold(facts).book]
    return sum((book.realised - book.charges for book in evenings), D(0))


def of_trades(facts, book):
    """What the finished trades brought, and what is booked of the open ones already."""
    finished = sum((trade.net for trade in trades_of(facts)), D(0))
    return finished + sum((held.realised - held.charges for held in book.positions), D(0))


@settings(max_examples=40)
@given(days(sessions=2))
def test_MON_4_the_trades_add_up_to_what_the_book_realised(day):
    """Over any inputs, and all sessions."""
    state, facts = State(), []
    for event in day.inputs:
        taken = step(state, event, day.policy)
        state = taken.state
        facts += taken.facts
    assert abs(of_trades(facts, state.book) - realised(facts)) < D("1e-9")


def traded(order_id, side, quantity, price):
    """A row of the trade book."""
    return rc.BrokerTrade(order_id=order_id, key=INFY.key, side=side, quantity=quantity, price=price, product="MIS")


class Account:
    """A day at a broker that rounds the prices it tells, and knows the trades to the tick."""

    def __init__(self, data):
        self.day, self.data = at_broker(manual_trades="adopt", max_trades_per_day=99, max_daily_loss=90), data
        self.second, self.trades, self.named, self.hand = 0, [], {}, 0

    def draw(self, strategy):
        return self.data.draw(strategy)

    @property
    def clock(self):
        self.second += 3
        return f"{10 + self.second // 3600:02}:{self.second // 60 % 60:02}:{self.second % 60:02}"

    @property
    def held(self):
        return self.day.book.position(INFY.key)

    def known(self, order_id):
        """The broker's name of an order; it is told when it is first asked for."""
        if order_id not in self.named:
            self.named[order_id] = f"B{len(self.named) + 1}"
            self.day.report(self.clock, order_id, "working", broker_id=self.named[order_id])
        return self.named[order_id]

    def fills(self, order_id, quantity, price):
        """Told at the price; what really traded is a part at another."""
        order = self.day.book.order(order_id)
        if order is None or quantity <= 0:
            return
        broker_id, side = self.known(order_id), order.approved.side
        total = order.filled_quantity + quantity
        part = self.draw(st.integers(0, quantity))
        for many, off in ((part, self.draw(TRUE)), (quantity - part, D(0))):
            if many:
                self.trades.append(traded(broker_id, side, many, price + off))
        status = "filled" if total >= order.quantity else "working"
        self.day.report(self.clock, order_id, status, total, order.filled_value + quantity * price)

    def sent(self, *, resting):
        return [o for o in self.day.book.live_orders(INFY.key, entries=False) if o.rests == resting]

    def enter(self):
        for latch in self.day.book.latches:
            self.day.take(e.OperatorResumed(self.day.at(self.clock), "asha", "seen to", latch.name, "UNLOCK"))
        if self.held is None:
            order = self.day.enter(self.clock, last=1000, stop=980, target=1100)
            if self.day.book.order(order) is not None:
                most = self.day.book.order(order).quantity
                self.fills(order, self.draw(st.integers(1, most)), D(1000))

    def leave(self, *, twice=False):
        """The target is touched: the stop is taken back, the exit fills; or the stop too, which nobody saw."""
        stops = self.sent(resting=True)
        for stop in stops:
            self.known(stop.id)
        self.day.prices(self.clock, last=1101)
        for stop in stops:
            self.day.report(self.clock, stop.id, "cancelled", stop.filled_quantity, stop.filled_value)
        for order in self.sent(resting=False):
            self.fills(order.id, self.draw(st.integers(1, order.open_quantity)), D(1100))
        if twice:
            for stop in stops:
                again = self.day.book.order(stop.id)
                self.fills(stop.id, again.quantity - again.filled_quantity, D(979))

    def double(self):
        self.leave(twice=True)

    def stopped(self):
        for stop in self.sent(resting=True):
            self.fills(stop.id, self.draw(st.integers(1, stop.open_quantity)), D(979))

    def books(self, by_hand=0):
        """What the broker shows; `by_hand` shares came or went besides, and are seen twice."""
        held = self.held
        quantity = (held.signed if held else 0) + by_hand
        rows = (
            (
                rc.BrokerPosition(
                    key=INFY.key,
                    product=held.product if held else "MIS",
                    quantity=quantity,
                    average_price=1000 if quantity else None,
                ),
            )
            if quantity
            else ()
        )
        for _ in range(2 if by_hand else 1):
            at = self.day.at(self.clock)
            read = rc.BrokerBooks(at=at, orders=(), trades=tuple(self.trades), positions=rows, holdings=())
            self.day.take(e.BooksRead(at, read, (INFY,)))

    def sold(self):
        if self.is_long():
            many = self.draw(st.integers(1, self.held.quantity))
            self.trades.append(traded("H", "SELL", many, D(1011)))
            self.books(-many)

    def bought(self):
        if self.is_long():
            self.books(self.draw(st.integers(1, 9)))

    def is_long(self):
        """Whether shares are held that somebody may sell by hand; no order of them is nameless then."""
        for order in self.day.book.live_orders():
            self.known(order.id)
        return self.held is not None and self.held.side == "BUY"

    def night(self):
        self.day.next_day({4: 3}.get(self.day.day.weekday(), 1) + (self.day.day.day == 23))
        self.second, self.trades = 0, []
        self.day.time("09:20")
        self.day.take(e.EquityRead(self.day.at("09:20"), D(100_000)))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.lists(st.sampled_from(STEPS), min_size=3, max_size=14))
def test_MON_5_with_double_fills_revalued_fills_and_shares_that_left_the_trades_add_up_too(data, steps):
    """In any order of them, over nights; and the state folds back."""
    account = Account(data)
    account.enter()
    for name in steps:
        getattr(account, name)()
    day = account.day
    assert abs(of_trades(day.facts, day.book) - realised(day.facts)) < D("1e-9")
    assert fold(day.facts).book == day.book


def test_MON_6_such_days_hold_all_of_it():
    """Each of the facts in question occurs, and in each of its two places: an open position, a finished trade."""
    met = set()

    @settings(max_examples=150, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(st.data(), st.lists(st.sampled_from(STEPS), min_size=8, max_size=14))
    def lived(data, steps):
        account = Account(data)
        account.enter()
        for name in steps:
            getattr(account, name)()
        facts = account.day.facts
        met.update(type(fact).__name__ for fact in facts)
        met.update("gone" for fact in facts if isinstance(fact, e.PositionAdjusted) and fact.position is None)
        met.update("left" for fact in facts if isinstance(fact, e.PositionAdjusted) and fact.position is not None)

    lived()
    wanted = {"Overfilled", "Revalued", "TradeCorrected", "PositionAdjusted", "PositionClosed", "gone", "left"}
    assert met >= wanted
