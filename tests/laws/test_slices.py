"""Slices as laws: what goes as several orders adds up, and no order is above the freeze quantity, whatever happens."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import riskcore as rc
from riskcore import events as e
from riskcore.engine import fold
from riskcore.exchange_limits import cut
from riskcore.orders import sliced_entry
from riskcore.testing import situations
from tests.core.custody_days import at_broker
from tests.core.sliced_days import FROZEN, KEY

D = Decimal
STEPS = (
    "fill",
    "fill",
    "fill",
    "acks",
    "acks",
    "end",
    "unknown",
    "price",
    "trail",
    "time",
    "exit",
    "reduce",
    "hand",
    "restart",
)


@pytest.mark.smoke
@given(st.integers(1, 10_000), st.integers(1, 100), st.one_of(st.none(), st.integers(1, 2000)))
def test_SLI_1_pieces_add_up_and_none_is_above_the_freeze_quantity(quantity, lot, freeze):
    """In whole lots but the last; where a lot is above it, nothing is cut."""
    thing = rc.Instrument(symbol="X", tick=1, lot_size=lot, freeze_quantity=freeze)
    parts = cut(quantity, thing)
    assert sum(parts) == quantity
    assert all(part > 0 for part in parts)
    assert all(part % lot == 0 for part in parts[:-1])
    assert freeze is None or freeze < lot or all(part <= freeze for part in parts)


@given(situations(faulty=False), st.integers(1, 40))
def test_SLI_2_the_slices_of_an_entry_are_the_entry(situation, lots):
    """Quantity and risk add up; all else is the same, and what is whole stays as it is."""
    decision = rc.decide(*situation)
    if not decision.approved:
        return
    thing = decision.order.instrument
    frozen = rc.Instrument(
        symbol=thing.symbol, tick=thing.tick, lot_size=thing.lot_size, freeze_quantity=lots * thing.lot_size
    )
    order = rc.ApprovedEntry(**{name: getattr(decision.order, name) for name in FIELDS}, instrument=frozen)
    made = sliced_entry(order)
    assert sum(part.quantity for part in made) == order.quantity
    assert sum(part.risk for part in made) == order.risk
    assert len({part.order_id for part in made}) == len(made)
    assert {(part.signal_id, part.limit, part.stop, part.at) for part in made} == {
        (order.signal_id, order.limit, order.stop, order.at)
    }
    assert len(made) > 1 or made == (order,)


FIELDS = [field.name for field in rc.ApprovedEntry.__attrs_attrs__ if field.name != "instrument"]


class Day:
    """50 INFY at a broker that takes 20 an order: what happens to its orders is drawn."""

    def __init__(self, data):
        self.data, self.second = data, 0
        self.day = at_broker(trail="points", trail_by=20, max_trades_per_day=9)
        self.day.instruments = {"INFY": FROZEN}
        self.day.enter(self.clock, last=1000, stop=980, target=1100)

    def draw(self, strategy):
        return self.data.draw(strategy)

    @property
    def clock(self):
        self.second += 2
        return f"10:{self.second // 60:02}:{self.second % 60:02}"

    def live(self):
        return [order for order in self.day.book.live_orders(KEY) if order.status != "unknown"]

    def pick(self):
        live = self.live()
        return self.draw(st.sampled_from(live)) if live else None

    def fill(self):
        order = self.pick()
        if order is not None and order.status != "intended" and order.open_quantity:
            self.day.fill(
                self.clock,
                order.id,
                price=order.approved.limit,
                quantity=self.draw(st.integers(1, order.open_quantity)),
            )

    def acks(self):
        for order in self.day.book.live_orders(KEY):
            if order.status == "intended":
                name = f"B{len(self.day.book.broker_ids()) + 1}"
                self.day.report(self.clock, order.id, "working", broker_id=name)
            known = self.day.book.order(order.id)
            if known is not None and known.revision is not None:
                outcome = self.draw(st.sampled_from(["taken", "taken", "refused"]))
                self.day.take(e.RevisionReported(self.day.at(self.clock), order.id, outcome))
            elif order.id in self.day.state.cancelling:
                self.day.report(self.clock, order.id, "cancelled", order.filled_quantity, order.filled_value)

    def end(self):
        order, status = self.pick(), self.draw(st.sampled_from(["cancelled", "rejected"]))
        if order is not None:
            error = "network" if order.rests else ""
            self.day.report(self.clock, order.id, status, order.filled_quantity, order.filled_value, error=error)

    def unknown(self):
        order = self.pick()
        if order is not None and order.status == "intended":
            self.day.report(self.clock, order.id, "unknown")

    def price(self):
        self.day.prices(self.clock, last=self.draw(st.sampled_from([975, 985, 1000, 1101])))

    def trail(self):
        self.day.prices(self.clock, last=1015)

    def time(self):
        self.day.time(self.clock)

    def exit(self):
        self.day.signal(self.clock, "SELL", kind="exit")

    def reduce(self):
        self.day.signal(self.clock, "SELL", kind="exit", reduce_by=self.draw(st.integers(1, 45)))

    def hand(self):
        held = self.day.book.position(KEY)
        if held is not None and held.quantity > 1:
            self.day.take(e.TightenStop(self.day.at(self.clock), KEY, held.stop + 1))

    def restart(self):
        number, now = self.day.state.number, self.day.state.now
        before = self.day.state
        self.day.restart()
        assert (self.day.state.book, self.day.state.custody) == (before.book, before.custody)
        assert (number, now) >= (0, now)


def holds(day):
    """What must be so after every step."""
    book = day.book
    for order in book.orders:
        assert order.quantity <= FROZEN.freeze_quantity
    held = book.position(KEY)
    quantity = 0 if held is None else held.quantity
    exits = book.live_orders(KEY, entries=False)
    sure = [order for order in exits if order.id not in day.state.cancelling]
    assert sum(order.approved.quantity - order.filled_quantity for order in sure if order.revision is None) <= quantity
    assert book.trades_today <= 1
    sent = [order.order_id for order in (*day.sent(), *day.sent(rc.ApprovedEntry))]
    assert len(sent) == len(set(sent))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data(), st.lists(st.sampled_from(STEPS), min_size=5, max_size=25))
def test_SLI_3_no_order_is_above_the_freeze_quantity_and_never_more_leaves_than_is_held(data, steps):
    """Through fills in parts, refusals, unknown outcomes, trails, exits, reductions, restarts; it is one trade."""
    told = Day(data)
    for name in ("acks", "fill", *steps):
        getattr(told, name)()
        holds(told.day)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.data(),
    st.lists(st.sampled_from(("fill", "acks", "trail", "time", "end", "hand", "reduce")), min_size=3, max_size=15),
)
def test_SLI_4_when_all_is_answered_what_is_held_is_covered_to_the_share(data, steps):
    """Stops and exits together are what is held, and their quantities add up to it."""
    told = Day(data)
    for name in ("acks", "fill", *steps):
        getattr(told, name)()
    told.draw = lambda strategy: "taken"
    for _ in range(12):
        told.acks()
        told.time()
    book = told.day.book
    held = book.position(KEY)
    exits = book.live_orders(KEY, entries=False)
    assert sum(order.open_quantity for order in exits) == (0 if held is None else held.quantity)
    assert fold(told.day.facts).book == book
