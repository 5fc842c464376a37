"""Whole live days of the kind that costs money: double fills, rows alike, an approval, a night, cancels that fail."""

from datetime import datetime, timedelta
from functools import partial

import attrs
import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.runner import account
from riskcore_openalgo.testing import SHOONYA, Fault
from tests.runner.live_days import live_day

pytestmark = pytest.mark.smoke  # under the older line of the SDK too

MONDAY = datetime(2026, 11, 23, 15, 31, tzinfo=rc.IST)
WEDNESDAY = datetime(2026, 11, 25, 8, 50, tzinfo=rc.IST)  # Tuesday is a holiday
OPEN = WEDNESDAY.replace(hour=9, minute=15, second=1)
KEY = "NSE:INFY"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


def alarms(day):
    """The names of what somebody was called for."""
    return [fact.name for fact in day.facts(events.Alarmed)]


def sides(day, *, pricetype="LIMIT"):
    """The sides of the orders at the broker of a kind, in order."""
    return [order.side for order in day.broker.truth().orders if order.pricetype == pricetype]


def called(day, endpoint):
    """How often an endpoint was called."""
    return sum(call.endpoint == endpoint for call in day.server.calls)


# ---------------------------------------------------------------- twice sold


def test_F38_stop_and_exit_that_both_fill_at_the_broker_are_flattened_once(path):
    """The book shows the stop cancelled, and it was not: after the exit it fills too, and is bought back once."""
    with live_day(path) as day:
        held = day.entered()
        stop = day.broker.truth().orders[1]
        day.broker.script(Fault("cancelorder", "status", times=0))
        day.until(lambda: called(day, "cancelorder"), held.target + 1)
        day.broker.show_as(stop.order_id, "CANCELLED")
        day.until(lambda: sides(day) == ["BUY", "SELL"] and day.position is None, held.target + 1)
        day.broker.show_as(stop.order_id, "")
        day.broker.faults.clear()
        day.broker.fill(stop.order_id, price=held.stop)
        day.until(lambda: day.facts(events.Overfilled))
        day.until(lambda: not day.state.book.positions and day.broker.truth().position(KEY) == 0, 1000)
        back = [order.filled for order in day.broker.truth().orders[3:] if order.side == "BUY"]
        assert sum(back) == held.quantity
        assert alarms(day).count("double_fill") == 1
        assert day.state.book.realised == day.broker.truth().realised


@pytest.mark.parametrize(
    ("fault", "ends"),
    [
        (Fault("cancelorder", "status", times=3), "cancelled"),
        (Fault("cancelorder", "status", executed=True), "cancelled"),
        (Fault("cancelorder", "status", status=400, message="Order cannot be cancelled", times=2), "cancelled"),
        (Fault("cancelorder", "drop", executed=True), "cancelled"),
        (Fault("cancelorder", "drop", times=2), "cancelled"),
        (Fault("cancelorder", "unreadable", executed=True), "cancelled"),
        (Fault("cancelorder", "too_many", times=2), "cancelled"),
    ],
)
def test_an_exit_waits_for_a_cancel_that_fails_and_goes_once_when_the_stop_is_gone(path, fault, ends):
    with live_day(path) as day:
        held = day.entered()
        day.broker.script(fault)
        day.until(lambda: day.facts(events.PositionClosed), held.target + 1, held.target + 2)
        _, stop, out = day.broker.truth().orders
        assert (stop.status, stop.filled, out.status, out.quantity) == (ends, 0, "complete", held.quantity)
        assert day.broker.truth().position(KEY) == 0
        assert "double_fill" not in alarms(day)


def test_an_exit_that_waits_for_a_cancel_loses_nothing_when_the_stop_fills_instead(path):
    """The cancel never gets through, and the price turns: the stop takes the shares off, and no exit goes."""
    with live_day(path) as day:
        held = day.entered()
        day.broker.script(Fault("cancelorder", "status", times=0))
        day.until(lambda: called(day, "cancelorder"), held.target + 1)
        closed = day.closed(held.stop - 1)
        assert sides(day) == ["BUY"]
        assert (closed.reason, day.broker.truth().position(KEY)) == ("stop", 0)


# ---------------------------------------------------------------- which order is ours


def test_F20_of_two_rows_that_are_alike_what_filled_is_protected_in_time_and_nothing_is_sent_again(path):
    """Answered with a 500, executed; the same order by hand stands beside it before anybody could look."""
    with live_day(path, policy={"protect_alarm_s": 3, "protect_flatten_s": 3}) as day:
        day.ready()
        day.broker.script(Fault("placeorder", "status", executed=True), Fault("orderbook", "empty", times=0))
        day.signal()
        day.until(lambda: day.broker.truth().orders, "1000.1")
        ours = day.broker.truth().orders[0]
        day.broker.fills_by_hand = True
        alike = {"price": ours.price, "pricetype": "LIMIT", "product": ours.product}
        day.broker.place(KEY, "BUY", ours.quantity, **alike)
        day.broker.fills_by_hand = False
        day.broker.faults.clear()
        day.until(day.covered, 1003)
        assert (day.position.quantity, sides(day)) == (ours.quantity, ["BUY", "BUY"])
        day.until(lambda: "presumed_filled" in alarms(day))
        assert [o.quantity for o in day.broker.truth().orders if o.pricetype == "SL"] == [ours.quantity]


def test_F20_after_a_crash_of_ten_minutes_with_a_wrong_clock_the_order_is_named_and_protected(path):
    """The broker's clock is three minutes behind ours; the difference is read off the first trade's row."""
    with live_day(path) as day:
        day.broker.venue._clock = lambda: day.clock() - timedelta(minutes=3)  # of orders and trades alone
        held = day.entered()
        day.closed(held.stop - 1)
        over, prices = day.clock(), day.day.live._parts.feed.prices
        # A signal of the same second and side would be the first one again.
        day.until(lambda: day.clock() - over > timedelta(seconds=1) and prices.last_good(KEY).price == 1000, 1000)
        day.broker.script(Fault("placeorder", "status", executed=True), Fault("orderbook", "empty", times=0))
        day.signal()
        day.until(lambda: len(day.broker.truth().orders) == 3, "1000.1")
        day.stop()
        day.skip_to(day.clock() + timedelta(minutes=10))
        day.broker.faults.clear()
        day.start()
        day.until(day.covered, 1000)
        assert sides(day) == ["BUY", "BUY"]
        assert "presumed_filled" not in alarms(day)


# ---------------------------------------------------------------- a hand to approve


def test_F23_an_order_that_waits_for_approval_halts_entries_calls_somebody_and_is_protected_once_it_is_approved(path):
    with live_day(path) as day:
        day.ready()
        day.broker.semi_auto = True
        day.signal()
        day.until(lambda: alarms(day) == ["approval_needed"], 1000)
        assert day.state.book.state == "halted"
        assert day.broker.truth().orders == ()
        day.signal("SELL")
        day.until(lambda: day.facts(events.EntryRefused), 1000)
        day.broker.semi_auto = False
        day.broker.approve(1)
        day.until(day.covered, "1000.1")
        assert sides(day) == ["BUY"]
        assert day.broker.truth().orders[1].quantity == day.position.quantity
        assert day.state.book.state == "halted"


# ---------------------------------------------------------------- a night


def carried(day):
    """Shares for delivery, bought on Monday, at Wednesday's dawn: no order is left, and the token has died."""
    held = day.entered(product="CNC", target=1200)
    day.skip_to(MONDAY)
    day.broker.token_dies()
    day.until(lambda: day.state.book.state == "waiting_for_login")
    day.night()
    day.skip_to(WEDNESDAY)
    day.until(lambda: day.state.book.session == WEDNESDAY.date())
    assert day.state.book.resting(KEY) is None
    return held


def working(day):
    """The orders that work at the broker."""
    return [(o.pricetype, o.side, o.quantity) for o in day.broker.truth().orders if o.working]


def test_a_position_that_was_carried_has_its_stop_again_from_the_open_after_a_login_without_a_restart(path):
    with live_day(path) as day:
        held = carried(day)
        day.broker.login()
        day.until(lambda: day.state.book.state == "active")
        assert (day.position.quantity, working(day)) == (held.quantity, [])
        day.skip_to(OPEN)
        day.until(day.covered, 1001)
        assert working(day) == [("SL", "SELL", held.quantity)]
        assert day.position.stop == held.stop


def test_F37_a_gap_through_the_stop_of_a_carried_position_leaves_at_the_open(path):
    with live_day(path) as day:
        held = carried(day)
        day.broker.login()
        day.until(lambda: day.state.book.state == "active")
        day.broker.tick(KEY, 940)
        day.skip_to(OPEN)
        closed = day.closed(940, 939)
        assert closed.quantity == held.quantity
        assert closed.exit_price < 950
        sold = [order.filled for order in day.broker.truth().orders if order.side == "SELL"]
        assert sum(sold) == held.quantity


def test_a_bonus_over_the_night_freezes_the_symbol_with_an_alarm_and_our_shares_keep_their_stop(path):
    with live_day(path) as day:
        held = carried(day)
        with day.broker.lock:
            holdings = day.broker.venue.account.holdings
            holdings[KEY] = attrs.evolve(holdings[KEY], quantity=2 * held.quantity)
        day.broker.login()
        day.until(lambda: day.state.book.latch("positions_differ", KEY) is not None)
        day.skip_to(OPEN)
        day.until(lambda: working(day), 1001)
        assert working(day) == [("SL", "SELL", held.quantity)]
        day.until(lambda: "positions_differ" in alarms(day))
        assert day.position.quantity == held.quantity


# ---------------------------------------------------------------- a broker that shows nothing


def test_F29_a_token_that_dies_where_errors_are_empty_successes_needs_a_login_and_nothing_is_sold(path, monkeypatch):
    monkeypatch.setattr(account, "Rhythm", partial(account.Rhythm, funds_s=0.5, holding_s=0.5))
    with live_day(path, profile=SHOONYA) as day:
        held = day.entered()
        day.broker.token_dies()
        day.until(lambda: day.state.book.state == "waiting_for_login")
        assert day.state.book.latch("login").why.startswith("the broker shows nothing at all")
        assert day.state.book.latch("login").why.endswith(f"SELL {held.quantity} NSE:INFY at {held.stop}")
        assert day.position.quantity == held.quantity
        day.broker.login()
        day.until(lambda: day.state.book.state == "active", 1000)
        assert working(day) == [("SL", "SELL", held.quantity)]
