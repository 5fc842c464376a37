"""Cancels while no order book can be read: by name, and what that says of the order."""

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.gateways.openalgo import in_halves, proves_cancels
from riskcore_openalgo.testing import Fault
from tests.gateways.desks import NOW, entry, leaving, live_desk


def unread(desk, report, *, leaves, books=("orderbook",)):
    """A cancel while books cannot be read."""
    faults = [Fault(book, "status", times=0) for book in books]
    desk.broker.script(*faults)
    told = list(desk.gateway.cancel(events.CancelOrder(report.order_id, report.broker_id, leaves=leaves), NOW))
    desk.broker.faults.end(*faults)
    return told


def test_where_no_order_book_can_be_read_an_exit_that_the_broker_took_back_has_ended_after_what_it_filled():
    with live_desk() as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        read, ended = unread(desk, stop, leaves=True)
        assert (read.books.orders, len(read.books.trades)) == (None, 1)
        assert (ended.order_id, ended.status, ended.filled_quantity) == (stop.order_id, "cancelled", 0)
        assert desk.order(stop).status == "cancelled"
        assert len(unread(desk, stop, leaves=True)) == 2
        assert desk.asked("cancelorder") == 1, "what the broker took is not sent again"


def test_where_a_success_proves_no_cancel_an_exit_has_ended_when_the_stream_says_so_and_is_cancelled_until_then():
    """Dhan's plugin calls every answer a success: the stop rested on, beside an exit of all that was held."""
    told = []
    with live_desk(proves=lambda: False, ended=told.__contains__) as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        desk.broker.script(Fault("cancelorder", "unheeded", times=2))
        for asked in (1, 2):
            assert [type(event) for event in unread(desk, stop, leaves=True)] == [events.BooksRead]
            assert desk.asked("cancelorder") == asked, "what may not have been taken is sent again"
        assert desk.order(stop).status == "trigger pending"
        told.append(stop.broker_id)
        _, ended = unread(desk, stop, leaves=True)
        assert (ended.order_id, ended.status) == (stop.order_id, "cancelled")
        assert ended.note == "the order book cannot be read, and the stream of orders told its end"


@pytest.mark.parametrize(("broker", "proves"), [("sandbox", True), ("zerodha", True), ("dhan", False), ("any", False)])
def test_what_a_cancel_proves_is_a_fact_of_the_broker_and_nothing_where_no_row_is_known(broker, proves):
    assert proves_cancels(rc.capability(broker, on=NOW.date())) is proves
    assert proves_cancels(None) is False


@pytest.mark.parametrize(("halves", "asked"), [(True, 1), (False, 0)])
def test_where_the_half_of_the_orders_that_work_may_be_missing_a_cancel_goes_by_name(halves, asked):
    """At HDFC Sky and Pocketful: no cancel went while that half failed, and the exit waited behind the stop."""
    with live_desk(halves=lambda: halves) as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        desk.broker.venue.account.unlisted.add(stop.broker_id)
        told = list(desk.gateway.cancel(events.CancelOrder(stop.order_id, stop.broker_id, leaves=True), NOW))
        assert (desk.asked("cancelorder"), desk.order(stop).status == "cancelled") == (asked, halves)
        reports = [event for event in told if isinstance(event, events.OrderReported)]
        assert [(one.order_id, one.status) for one in reports] == [(stop.order_id, "cancelled")] * asked


def test_a_book_that_shows_another_order_at_work_is_whole():
    with live_desk(halves=lambda: True) as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        _, other = desk.place(leaving(limit=960, trigger=970, quantity=5))
        desk.broker.venue.account.unlisted.add(stop.broker_id)
        list(desk.gateway.cancel(events.CancelOrder(stop.order_id, stop.broker_id, leaves=True), NOW))
        assert (desk.asked("cancelorder"), desk.order(other).status) == (0, "trigger pending")


@pytest.mark.parametrize(("broker", "halves"), [("hdfcsky", True), ("pocketful", True), ("zerodha", False)])
def test_that_an_order_book_comes_in_halves_is_a_fact_of_the_broker(broker, halves):
    assert in_halves(rc.capability(broker, on=NOW.date())) is halves
    assert in_halves(None) is False


def test_where_trades_cannot_be_read_either_a_stop_stays():
    with live_desk() as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        assert [type(event) for event in unread(desk, stop, leaves=True, books=("orderbook", "tradebook"))] == [
            events.BooksRead
        ]
        assert (desk.asked("cancelorder"), desk.order(stop).status) == (0, "trigger pending")


def test_a_cancel_that_the_broker_did_not_take_ends_nothing():
    with live_desk() as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        desk.broker.script(Fault("cancelorder", "status", times=2))
        assert [type(event) for event in unread(desk, stop, leaves=True)] == [events.BooksRead]
        assert (desk.asked("cancelorder"), desk.order(stop).status) == (2, "trigger pending")


def test_that_the_broker_refuses_a_cancel_is_told_after_what_the_order_filled():
    """It was carried out, say, and the answer was lost, or the process ended before it came."""
    with live_desk() as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        desk.broker.cancel_by_broker(stop.broker_id)
        read, refused = unread(desk, stop, leaves=True)
        assert (read.books.orders, len(read.books.trades)) == (None, 1)
        assert (type(refused), refused.order_id) == (events.CancelRefused, stop.order_id)
        assert "not open" in refused.note
        assert len(unread(desk, stop, leaves=True, books=("orderbook", "tradebook"))) == 1
        assert len(unread(desk, stop, leaves=False)) == 1


def test_where_no_answer_to_a_cancel_comes_the_stream_of_orders_may_have_told_its_end():
    """Each of them was lost, and the exit waited behind its alarm for as long as the order book was out."""
    told = set()
    with live_desk(ended=told.__contains__) as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        desk.broker.script(Fault("cancelorder", "drop", executed=True, times=0))
        assert [type(event) for event in unread(desk, stop, leaves=True)] == [events.BooksRead]
        told.add(stop.broker_id)
        asked = desk.asked("cancelorder")
        read, ended = unread(desk, stop, leaves=True)
        assert (read.books.orders, len(read.books.trades)) == (None, 1)
        assert (ended.order_id, ended.status, ended.filled_quantity) == (stop.order_id, "cancelled", 0)
        assert "the stream of orders told its end" in ended.note
        assert desk.asked("cancelorder") == asked, "it has ended: nothing is to be cancelled any more"
        [blind] = unread(desk, stop, leaves=True, books=("orderbook", "tradebook"))
        assert isinstance(blind, events.BooksRead), "what it filled comes first"


@pytest.mark.parametrize("status", [401, 429])
def test_a_refusal_for_another_reason_than_the_order_says_nothing_of_it(status):
    with live_desk() as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        desk.broker.script(Fault("cancelorder", "status", status=status, times=2))
        assert [type(event) for event in unread(desk, stop, leaves=True)] == [events.BooksRead]


def test_an_entry_is_taken_back_whatever_can_be_read_and_what_it_filled_is_for_the_books_to_say():
    with live_desk() as desk:
        _, report = desk.place(entry(limit=990))
        told = unread(desk, report, leaves=False, books=("orderbook", "tradebook"))
        assert [type(event) for event in told] == [events.BooksRead]
        assert desk.order(report).status == "cancelled"
