"""The limits one by one: the day's loss, a sector, the times of a session, the levels of a position."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import assume, given, settings, strategies as st

import riskcore as rc
from riskcore.signals import SIDES, sign
from riskcore.tables import calendar
from riskcore.testing import prices, situations

pytestmark = pytest.mark.smoke

THING = rc.Instrument(symbol="INFY", tick="0.05")
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
money = st.decimals(-5000, 5000, places=2)


@given(money, st.decimals(0, 500, places=2), st.integers(-40, 40), st.sampled_from([1, 3, 5]))
def test_LOS_1_entries_stop_exactly_when_the_days_loss_reaches_its_limit(realised, charges, moved, percent):
    """-(realised - charges + unrealised) >= opening equity x max_daily_loss / 100, to the paisa."""
    other = rc.Instrument(symbol="TCS", tick="0.05")
    held = rc.Position(instrument=other, side="BUY", quantity=20, average_price=1000, last=1000 + moved)
    book = rc.Book(100_000, positions=[held], realised=realised, charges=charges)
    market = rc.Market(instrument=THING, at=NOON, last=1000, atr=10)
    policy = rc.Policy(max_daily_loss=percent, max_sector_exposure=100)
    decision = rc.decide(rc.Signal("INFY", "BUY", at=NOON), book, market, policy)
    reached = -(realised - charges + 20 * moved) >= 1000 * percent
    stopped = [found.reason for found in decision.findings if found.rule == "max_daily_loss"]
    assert stopped == (["daily_loss_reached"] if reached else [""])


@settings(max_examples=60)
@given(situations(), st.sampled_from(SIDES))
def test_EXP_1_what_is_held_of_the_sector_leaves_less_of_it(situation, side):
    """Ten shares more of the same sector, on either side: never more shares of the new one, and never over the cap."""
    signal, book, market, policy = situation
    before = rc.decide(signal, book, market, policy)
    assume(before.approved)
    other = attrs.evolve(market.instrument, symbol="OTHER", sector=market.instrument.bucket, lot_size=1)
    mine = attrs.evolve(market.instrument, sector=market.instrument.bucket)
    held = rc.Position(instrument=other, side=side, quantity=10, average_price=100)
    crowded = attrs.evolve(book, positions=(*book.positions, held))
    wide = attrs.evolve(policy, max_positions=50, max_position_size_percent=100)
    after = rc.decide(signal, crowded, attrs.evolve(market, instrument=mine), wide)
    caps = {found.rule: found.max_quantity for found in after.findings if found.max_quantity is not None}
    empty = rc.decide(signal, book, attrs.evolve(market, instrument=mine), wide)
    assert caps["max_sector_exposure"] <= next(
        found.max_quantity for found in empty.findings if found.rule == "max_sector_exposure"
    )
    if after.approved:
        assert after.order.quantity <= caps["max_sector_exposure"]


@given(
    st.dates(date.fromisoformat(calendar.FIRST), date.fromisoformat(calendar.LAST) + timedelta(days=400)),
    st.booleans(),
    st.sampled_from(["MIS", "CNC"]),
    st.sampled_from([None, time(15, 0), time(15, 20)]),
)
def test_SES_1_a_day_opens_takes_entries_squares_off_and_closes_in_that_order(day, listed, product, own):
    """On every day of the calendar; beyond its end the answer is unknown, never open."""
    thing = rc.Instrument(symbol="INFY", tick="0.05", derivatives_listed=listed)
    if day.isoformat() > calendar.LAST:
        with pytest.raises(rc.CalendarUnknown):
            rc.session_on(day, thing, product, square_off_at=own)
        return
    try:
        found = rc.session_on(day, thing, product, square_off_at=own)
    except rc.CalendarUnknown:
        return
    if found is not None:
        assert found.day == day
        assert found.opens <= found.entries_from <= found.entries_until <= found.closes
        assert found.entries_from < found.entries_until or found.pause is not None
        assert found.square_off is None or found.entries_until <= found.square_off < found.closes
        assert (found.square_off is None) == (product == "CNC")


@given(st.sampled_from(SIDES), st.integers(1, 400), st.integers(1, 400), st.data())
def test_LVL_1_a_touched_level_is_left_no_better_than_the_stop_and_no_worse_than_the_target(side, below, above, data):
    """Where a span touched both, the stop; a gap is left at its first price; what touched nothing stays."""
    way, tick = sign(side), THING.tick
    stop, target = 1000 - way * below * tick, 1000 + way * above * tick
    held = rc.Position(instrument=THING, side=side, quantity=1, average_price=1000, stop=stop, target=target)
    span = [data.draw(prices(tick, low=950, high=1050)) for _ in range(3)]
    found = rc.breach(held, first=span[0], high=max(span), low=min(span))
    worst, best = (min(span), max(span)) if side == "BUY" else (max(span), min(span))
    if way * (worst - stop) <= 0:
        assert (found.reason, found.level) == ("stop", stop)
        assert way * (found.reference - stop) <= 0
        assert found.reference in (stop, span[0])
    elif way * (best - target) >= 0:
        assert (found.reason, found.level) == ("target", target)
        assert way * (found.reference - target) >= 0
        assert found.reference in (target, span[0])
    else:
        assert found is None


@given(st.sampled_from(SIDES), st.integers(1, 300), st.integers(1, 300))
def test_LVL_2_adding_to_a_position_never_loosens_its_stop(side, first, second):
    """The tighter of the two stops holds for all of it; the stop at entry, the unit R, stays what it was."""
    policy = rc.Policy(one_position_per_symbol=False, max_position_size_percent=100, max_sector_exposure=100)
    book, stops = rc.Book(1_000_000), []
    for number, away in enumerate((first, second)):
        at = NOON + timedelta(seconds=number)
        stop = Decimal(1000) - sign(side) * away
        signal = rc.Signal("INFY", side, at=at, stop=stop, target=1000 + sign(side) * min(away * 3, 950))
        market = rc.Market(instrument=THING, at=at, last=1000)
        easy = attrs.evolve(policy, min_risk_reward=Decimal("0.1"), max_quantity=5)
        decision = rc.decide(signal, book, market, easy)
        assume(decision.approved)
        book = book.after(decision.order).after(rc.Fill(decision.order.order_id, 5, 1000, at))
        stops.append(stop)
    (held,) = book.positions
    assert held.stop == (max(stops) if side == "BUY" else min(stops))
    assert held.initial_stop == stops[0]
