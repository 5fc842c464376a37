"""Invariants 7 and 10 for orders: reports in any order, any number of times, end in one state."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

import riskcore as rc
from riskcore import events as e
from riskcore.orders import CANCELLED, ENDED, FILLED, LIFE, REJECTED, UNKNOWN, WORKING
from riskcore.testing import Scenario

pytestmark = pytest.mark.smoke

THING = rc.Instrument(symbol="INFY", tick="0.05")
RULES = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, entry_band_pct=0)


def working_entry():
    """A day with an entry of 50 shares on its way."""
    day = Scenario(RULES, THING)
    name = day.enter("10:00", last=1000, stop=980, target=1100)
    assert day.book.order(name).approved.quantity == 50
    return day, day.book.order(name)


DAY, ORDER = working_entry()


@st.composite
def lives(draw):
    """What a gateway would say of one order, in the true order: fills grow, then it ends."""
    cuts = sorted(draw(st.sets(st.integers(1, 50), max_size=4)))
    reports = [(draw(st.sampled_from([UNKNOWN, WORKING])), 0, Decimal(0))]
    value = Decimal(0)
    for before, total in zip([0, *cuts], cuts, strict=False):
        value += (total - before) * draw(st.sampled_from([Decimal(1000), Decimal("999.95"), Decimal(999)]))
        reports.append((FILLED if total == 50 else WORKING, total, value))
    filled = cuts[-1] if cuts else 0
    if filled < 50:
        reports.append((draw(st.sampled_from([CANCELLED, WORKING, REJECTED])), filled, value))
    return reports


def told(order, reports):
    for report in reports:
        order = order.advance(*report)
    return order


@given(lives(), st.data())
def test_ORD_1_any_order_and_any_repetition_of_reports_ends_in_the_same_order(reports, data):
    """F32: late, early, twice, before the acknowledgement, after the cancel."""
    heard = data.draw(st.permutations(reports + data.draw(st.lists(st.sampled_from(reports), max_size=4))))
    assert told(ORDER, heard) == told(ORDER, reports)


@given(lives())
def test_ORD_2_fills_only_grow_and_the_life_only_goes_forward(reports):
    """Whatever comes; what has ended stays ended; all filled is filled."""
    order = ORDER
    for report in [*reports, (UNKNOWN, 0, Decimal(0)), (WORKING, 0, Decimal(0))]:
        after = order.advance(*report)
        assert after.filled_quantity >= order.filled_quantity
        assert LIFE.index(after.status) >= LIFE.index(order.status)
        assert after.live == (after.status not in ENDED)
        assert (after.status == FILLED) == (after.filled_quantity == 50)
        assert after.open_quantity == (50 - after.filled_quantity if after.live else 0)
        order = after


def heard_by_the_engine(reports):
    """The book after an engine heard these reports, a second apart."""
    day = Scenario(RULES, THING)
    name = day.enter("10:00", last=1000, stop=980, target=1100)
    for number, (status, filled, value) in enumerate(reports):
        at = day.at("10:00") + timedelta(seconds=number)
        day.take(e.OrderReported(at, name, status, filled, value, day.at("10:00:01")))
    return day.book, day.book.order(name)


def essence(book, order):
    """What must not depend on the order of reports; an average to 11 places, for it repeats."""
    held = [(p.quantity, p.side, p.opened_quantity, p.stop, round(p.average_price, 11)) for p in book.positions]
    money = (order.filled_value, book.realised, book.charges)
    return held, money, order.status, order.filled_quantity, book.trades_today, book.latches


@settings(max_examples=60)
@given(lives(), st.data())
def test_ORD_3_the_engines_book_does_not_depend_on_the_order_of_reports(reports, data):
    """Position, value, charges and the day's trades are the same for every permutation and duplicate."""
    heard = data.draw(st.permutations(reports + data.draw(st.lists(st.sampled_from(reports), max_size=3))))
    assert essence(*heard_by_the_engine(heard)) == essence(*heard_by_the_engine(reports))


@given(st.integers(51, 10_000))
def test_ORD_4_more_filled_than_ordered_is_a_report_of_another_order(quantity):
    """It raises in the order; in the engine it is stray and stops entries: no order nor position is changed by it."""
    with pytest.raises(ValueError, match="another order"):
        ORDER.advance(WORKING, quantity, Decimal(1))
    day, order = working_entry()
    before = day.book
    assert day.report("10:00:01", order.id, FILLED, quantity, 1000 * quantity) == (
        "StrayReport",
        "Latched",
        "CancelRequested",
    )
    assert (day.book.orders, day.book.positions) == (before.orders, before.positions)


@st.composite
def two_sides(draw):
    """How an entry that was taken for lost, and one of the other side after it, fill in turn."""
    left, fills = [50, 50], []
    while any(left) and len(fills) < 8 and draw(st.booleans()):
        which = draw(st.sampled_from([n for n in (0, 1) if left[n]]))
        shares = draw(st.integers(1, left[which]))
        left[which] -= shares
        fills.append((which, shares, draw(st.sampled_from([Decimal(990), Decimal("1000.05"), Decimal(1004)]))))
    return fills


@given(two_sides())
def test_ORD_5_what_is_held_and_what_was_made_of_it_is_what_all_fills_make(fills):
    """An entry that was taken for lost may fill against the next: its shares are booked once, at their price."""
    day, lost = working_entry()
    day.report("10:00:01", lost.id, CANCELLED, note="not in 3 clean reads in a row")
    other = day.enter("10:01", "SELL", last=1000, stop=1020, target=900)
    told, held, paid = {lost.id: (0, Decimal(0)), other: (0, Decimal(0))}, 0, Decimal(0)
    for number, (which, shares, price) in enumerate(fills):
        name, way = ((lost.id, 1), (other, -1))[which]
        before, worth = told[name]
        told[name] = before + shares, worth + shares * price
        held, paid = held + way * shares, paid + way * shares * price
        for second in (2 * number, 2 * number + 1):  # each is told twice
            day.report(f"10:02:{second:02}", name, WORKING, *told[name])
        assert sum(position.signed for position in day.book.positions) == held
        open_ = sum((p.signed * p.average_price for p in day.book.positions), Decimal(0))
        assert abs(day.book.realised - (open_ - paid)) < Decimal("1e-9")
        assert {name: day.book.order(name).filled_quantity for name in told} == {
            name: n for name, (n, _) in told.items()
        }
