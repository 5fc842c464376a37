"""Reductions that are refused, or pressed: tried again as an exit of the whole is, for what of them did not leave."""

from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.orders import STILL_PRESSED
from tests.core.custody_days import at_broker, held, row, true_books
from tests.core.engine_days import SEEN
from tests.core.test_hands import KEY, cancelled, exited


def refused(day, clock, order_id, filled=0, error=""):
    """The broker refuses an order, of which so many shares had traded at 1,000."""
    day.report(clock, order_id, "rejected", filled, Decimal(1000 * filled), error=error)


def sent_parts(day):
    """The orders of reductions so far: their quantities."""
    return [order.quantity for order in day.sent() if order.partial]


def on_paper(**policy):
    """50 INFY where no stop rests."""
    return held(broker="paper", rests=False, **policy)[0]


def pressed_part():
    """A day on which 20 of 50 were to leave, and their exit was pressed; the stop, and that exit."""
    day, _ = held()
    day.signal("10:05", "SELL", kind="exit", reduce_by=20)
    stop = day.sent()[0]
    day.take(e.RevisionReported(day.at("10:05:00.100"), stop.order_id, e.TAKEN))
    out = day.sent()[-1]
    day.report("10:05:00.200", out.order_id, "working", broker_id="X1")
    day.prices("10:05:02", last=990)
    day.time("10:05:03.500")
    return day, stop, out


def test_a_reduction_that_the_broker_refuses_is_tried_again_as_an_exit_is():
    """After 1, 2 and 4 seconds, for what of it did not leave, until it has; then no more."""
    day = on_paper()
    assert exited(day, "10:05", 20) == ""
    refused(day, "10:05:00.500", day.sent()[-1].order_id, 5)
    day.time("10:05:00.900")
    assert sent_parts(day) == [20]
    day.time("10:05:01")
    assert sent_parts(day) == [20, 15]
    refused(day, "10:05:01.100", day.sent()[-1].order_id)
    day.time("10:05:02.900")
    assert sent_parts(day) == [20, 15]
    day.time("10:05:03")
    again = day.sent()[-1]
    assert (sent_parts(day), again.reason, again.limit) == ([20, 15, 15], "operator", 1000)
    day.fill("10:05:04", again.order_id, price=1000)
    day.time("10:09")
    assert (sent_parts(day), day.book.position(KEY).quantity) == ([20, 15, 15], 30)


def test_one_of_a_signal_that_did_not_arrive_is_tried_again_whatever_rests_for_its_shares():
    """The stop lets go of them for each try and covers them between two; never more is on offer than is held."""
    day, _ = held()
    day.signal("10:05", "SELL", kind="exit", reduce_by=20)
    for half in range(20):
        clock = f"10:05:{half // 2 + 1:02}.{5 * (half % 2)}"
        for order in day.book.live_orders(KEY, entries=False):
            if order.revision is not None:
                day.take(e.RevisionReported(day.at(clock), order.id, e.TAKEN))
            elif order.takes_part and len(sent_parts(day)) < 3:
                refused(day, clock, order.id, error="network")
        day.time(clock)
        assert sum(order.open_quantity for order in day.book.live_orders(KEY, entries=False)) <= 50
    assert sent_parts(day) == [20, 20, 20]
    day.fill("10:05:12", next(order.order_id for order in reversed(day.sent()) if order.partial), price=1000)
    day.time("10:05:15")
    assert day.book.position(KEY).quantity == day.book.resting(KEY).open_quantity == 30


def test_a_refused_reduction_is_taken_back_by_hand():
    """By the name of the order that was refused; and a later one takes its place."""
    day = on_paper()
    exited(day, "10:05", 20)
    first = day.sent()[-1].order_id
    refused(day, "10:05:00.500", first)
    assert cancelled(day, "10:05:00.600", first) == ""
    assert cancelled(day, "10:05:00.700", first) == "no_such_order"
    day.time("10:06")
    assert sent_parts(day) == [20]
    exited(day, "10:07", 20)
    refused(day, "10:07:00.500", day.sent()[-1].order_id)
    assert exited(day, "10:07:00.600", 10) == ""
    day.fill("10:07:01", day.sent()[-1].order_id, price=1000)
    day.time("10:08")
    assert (sent_parts(day), day.book.position(KEY).quantity) == ([20, 20, 10], 40)


def pressed(day, filled=0):
    """A reduction of 20 at five past ten that works, is taken back by the ladder, and ended with so many filled."""
    exited(day, "10:05", 20)
    out = day.sent()[-1]
    day.report("10:05:00.500", out.order_id, "working")
    assert day.time("10:05:02.900") == ()
    assert day.time("10:05:04") == ("CancelRequested",)
    if filled is not None:
        day.report("10:05:04.500", out.order_id, "cancelled", filled, Decimal(1000 * filled))
    return out


def test_a_reduction_that_did_not_fill_is_tried_again_further_beyond_the_price():
    """For what of it did not fill."""
    day = on_paper()
    out = pressed(day, filled=8)
    day.time("10:05:06")
    again = day.sent()[-1]
    assert (sent_parts(day), out.limit, again.limit) == ([20, 12], 995, 990)


def test_so_is_one_that_the_price_has_run_away_from_until_it_has_left():
    day = on_paper()
    pressed(day)
    day.time("10:05:06")
    again = day.sent()[-1]
    assert (sent_parts(day), again.limit) == ([20, 20], 990)
    day.report("10:05:06.500", again.order_id, "working")
    assert "CancelRequested" in day.prices("10:05:08", last=985)
    day.report("10:05:08.500", again.order_id, "cancelled")
    day.time("10:05:10")
    assert (sent_parts(day), day.sent()[-1].limit) == ([20, 20, 20], Decimal("965.30"))
    day.fill("10:05:11", day.sent()[-1].order_id, price=985)
    day.time("10:09")
    assert (sent_parts(day), day.book.position(KEY).quantity) == ([20, 20, 20], 30)


@pytest.mark.parametrize("confirmed", [True, False])
def test_one_that_was_pressed_is_taken_back_for_good_by_hand(confirmed):
    """Before the broker has ended it, and after."""
    day = on_paper()
    out = pressed(day, filled=0 if confirmed else None)
    assert cancelled(day, "10:05:04.600", out.order_id) == ""
    day.report("10:05:04.700", out.order_id, "cancelled")
    assert cancelled(day, "10:05:04.800", out.order_id) == "no_such_order"
    day.time("10:09")
    assert sent_parts(day) == [20]
    assert [asked.order_id for asked in day.commands if isinstance(asked, e.CancelOrder)] == [out.order_id] * 2
    assert [fact.why for fact in day.facts if isinstance(fact, e.CancelRequested)] == ["exit_step_s", "by hand: asha"]


def test_all_of_it_may_leave_meanwhile_and_nothing_is_repeated_then():
    day = on_paper()
    out = pressed(day, filled=None)
    assert exited(day, "10:05:04.600") == ""
    assert [order.quantity for order in day.sent()] == [20, 30]
    day.report("10:05:04.700", out.order_id, "cancelled")
    day.fill("10:05:05", day.sent()[1].order_id, price=1000)
    day.time("10:05:08")
    assert [order.quantity for order in day.sent()] == [20, 30, 20]
    assert not day.sent()[-1].partial


def test_a_pressed_one_whose_cancel_has_to_be_asked_for_again_is_still_sent_again():
    """The cancel was lost, and the broker's book shows the order working; so does a book after its end."""
    day, stop, out = pressed_part()
    bought, rests = (
        row(day.sent(rc.ApprovedEntry)[0], "E1", "complete"),
        row(stop, "S1", "trigger_pending", quantity=30),
    )
    true_books(day, "10:05:05", orders=(bought, rests, row(out, "X1")))
    assert day.last(e.CancelRequested).why == STILL_PRESSED
    day.report("10:05:05.500", out.order_id, "cancelled")
    true_books(day, "10:05:06.900", orders=(bought, rests, row(out, "X1")))
    assert day.last(e.CancelRequested).at == day.at("10:05:06.900")
    assert out.order_id in day.state.pressed
    day.time("10:05:07.500")
    assert day.state.custody.wanted_of(KEY).part == 20


def test_a_session_that_ends_ends_the_pressing_of_its_orders():
    """What they were to take off waits for the next one (`test_over_the_night.py`)."""
    day = on_paper()
    pressed(day)
    assert day.state.pressed
    day.next_day(3)
    day.time("09:16")
    assert not day.state.pressed


def test_a_reduction_that_was_taken_back_or_has_no_market_is_not_tried_again():
    """An order that the broker ended is none that it refused; and when it shuts, nothing could be sold."""
    day = on_paper()
    exited(day, "10:05", 20)
    day.report("10:05:01", day.sent()[-1].order_id, "cancelled")
    day.time("10:09")
    assert sent_parts(day) == [20]
    shut = at_broker(broker="paper")
    shut.fill("10:00:01", shut.enter("10:00", product="CNC", **SEEN), price=1000)
    exited(shut, "15:14:58", 20)
    refused(shut, "15:14:59.500", shut.sent()[-1].order_id)
    shut.time("15:15")
    assert sent_parts(shut) == [20]


def test_where_less_is_held_by_then_a_repeated_reduction_takes_that_and_no_more():
    """Shares had left at a leg of the target meanwhile: as they would have, had nothing been refused."""
    day = at_broker(broker="paper", target_legs=["80% at 1R", "20% at 9R"])
    day.fill("10:00:01", day.enter("10:00", last=1000, stop=980), price=1000)
    exited(day, "10:05", 20)
    refused(day, "10:05:00.500", day.sent()[-1].order_id)
    day.prices("10:05:01", last=1021)
    leg = day.sent()[-1]
    assert leg.level is not None
    day.fill("10:05:01.300", leg.order_id, price=1021)
    left = day.book.position(KEY).quantity
    assert 0 < left < 20
    day.time("10:05:01.700")
    assert sent_parts(day)[-1] == left


def test_a_read_from_before_a_change_was_asked_for_does_not_settle_it():
    """The stop was for 30, is for 50 again, and is to be for 30: a read that began before shows the first 30."""
    day, stop, out = pressed_part()
    day.report("10:05:04", out.order_id, "cancelled")
    day.take(e.RevisionReported(day.at("10:05:04.200"), stop.order_id, e.TAKEN))
    day.time("10:05:05.300")
    assert day.book.order(stop.order_id).revision.quantity == 30
    bought = row(day.sent(rc.ApprovedEntry)[0], "E1", "complete")
    rests = row(stop, "S1", "trigger_pending", quantity=30)
    true_books(day, "10:05:05.200", orders=(bought, rests))
    assert (day.book.order(stop.order_id).revision.quantity, sent_parts(day)) == (30, [20])
    true_books(day, "10:05:05.400", orders=(bought, rests))
    assert (day.book.order(stop.order_id).revision, sent_parts(day)) == (None, [20, 20])
