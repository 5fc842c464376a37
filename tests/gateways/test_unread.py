"""Cancels while no order book can be read: by name, and what that says of the order."""

import pytest
from attrs import evolve

import riskcore as rc
from riskcore import events
from riskcore_openalgo.testing import Fault
from tests.gateways.desks import NOW, ROW, entry, leaving, live_desk


def unread(desk, report, *, leaves, books=("orderbook",), how="status"):
    """A cancel while books cannot be read, or come otherwise than they should."""
    faults = [Fault(book, how, times=0) for book in books]
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
        assert (ended.order_id, ended.status) == (stop.order_id, "cancelled")
        assert (ended.filled_quantity, ended.filled_value) == (0, 0), "what it filled is for the trades to say"
        assert desk.order(stop).status == "cancelled"
        assert len(unread(desk, stop, leaves=True)) == 2
        assert desk.asked("cancelorder") == 1, "what the broker took is not sent again"


@pytest.mark.parametrize("row", [evolve(ROW, cancels_prove=False), None])
def test_where_a_success_proves_no_cancel_an_exit_has_ended_when_the_stream_says_so_and_is_cancelled_until_then(row):
    """Dhan's plugin calls every answer a success: the stop rested on, beside an exit of all that was held."""
    told = []
    with live_desk(row=row, ended=told.__contains__) as desk:
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
def test_what_a_cancel_proves_is_a_fact_of_the_broker(broker, proves):
    assert rc.capability(broker, on=NOW.date()).cancels_prove is proves


@pytest.mark.parametrize(("halves", "asked"), [(True, 1), (False, 0)])
def test_where_the_half_of_the_orders_that_work_may_be_missing_a_cancel_goes_by_name(halves, asked):
    """At HDFC Sky and Pocketful: no cancel went while that half failed, and the exit waited behind the stop."""
    with live_desk(row=evolve(ROW, in_halves=halves)) as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        desk.broker.venue.account.unlisted.add(stop.broker_id)
        told = list(desk.gateway.cancel(events.CancelOrder(stop.order_id, stop.broker_id, leaves=True), NOW))
        assert (desk.asked("cancelorder"), desk.order(stop).status == "cancelled") == (asked, halves)
        reports = [event for event in told if isinstance(event, events.OrderReported)]
        assert [(one.order_id, one.status) for one in reports] == [(stop.order_id, "cancelled")] * asked


def test_a_book_that_shows_another_order_at_work_is_whole():
    with live_desk(row=evolve(ROW, in_halves=True)) as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        _, other = desk.place(leaving(limit=960, trigger=970, quantity=5))
        desk.broker.venue.account.unlisted.add(stop.broker_id)
        list(desk.gateway.cancel(events.CancelOrder(stop.order_id, stop.broker_id, leaves=True), NOW))
        assert (desk.asked("cancelorder"), desk.order(other).status) == (0, "trigger pending")


@pytest.mark.parametrize(("broker", "halves"), [("hdfcsky", True), ("pocketful", True), ("zerodha", False)])
def test_that_an_order_book_comes_in_halves_is_a_fact_of_the_broker(broker, halves):
    assert rc.capability(broker, on=NOW.date()).in_halves is halves


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


def test_what_was_taken_back_has_ended_only_when_trades_can_be_read_after_it_too():
    """It may have filled in part just before it was cancelled."""
    with live_desk() as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        late = Fault("tradebook", "status", times=0, after=1)
        desk.broker.script(late)
        assert [type(event) for event in unread(desk, stop, leaves=True)] == [events.BooksRead]
        assert desk.order(stop).status == "cancelled"
        desk.broker.faults.end(late)
        _, ended = unread(desk, stop, leaves=True)
        assert (ended.order_id, ended.status, desk.asked("cancelorder")) == (stop.order_id, "cancelled", 1)


@pytest.mark.parametrize("leaves", [True, False])
def test_the_positions_are_read_after_an_exit_was_taken_back_by_name_and_not_after_an_entry(leaves):
    """No row tells what it filled, and its trades may come later; nobody waits for what an entry filled."""
    with live_desk() as desk:
        _, stop = desk.place(leaving(limit=970, trigger=980))
        read, *_ = unread(desk, stop, leaves=leaves)
        assert (read.books.positions is not None) is leaves


def test_an_order_whose_row_cannot_be_read_is_cancelled_by_name_and_no_other_is(monkeypatch):
    """The row of an order stands there, and says nothing of it: its book is as good as unread, for it alone."""
    with live_desk() as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        _, other = desk.place(leaving(4, limit=970, trigger=980))
        read = desk.client._data

        def spoilt(what, method, **arguments):
            data = read(what, method, **arguments)
            for row in data["orders"] if method == "orderbook" else ():
                row["quantity"] = None if row["orderid"] == stop.broker_id else row["quantity"]
            return data

        monkeypatch.setattr(desk.client, "_data", spoilt)
        told = desk.gateway.cancel(events.CancelOrder(stop.order_id, stop.broker_id, leaves=True), NOW)
        assert [type(event) for event in told] == [events.BooksRead, events.OrderReported]
        assert (told[1].order_id, told[1].status, desk.order(stop).status) == (stop.order_id, "cancelled", "cancelled")
        [seen] = desk.gateway.cancel(events.CancelOrder(other.order_id, other.broker_id, leaves=True), NOW)
        assert seen.books.order(other.broker_id).status == "cancelled"


# ---------------------------------------------------------------- an order book that came with nothing in it


def emptied(desk, report, *books):
    """A cancel of an exit while books come with nothing in them."""
    return unread(desk, report, leaves=True, books=books, how="empty")


def test_where_the_order_book_comes_with_nothing_in_it_a_stop_has_ended_only_beside_trades():
    """An error may be told as nothing, and then so may the trades be: what the stop had filled would not be known."""
    with live_desk() as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        assert [type(event) for event in emptied(desk, stop, "orderbook", "tradebook")] == [events.BooksRead]
        assert (desk.asked("cancelorder"), desk.order(stop).status) == (0, "trigger pending")
        read, ended = emptied(desk, stop, "orderbook")
        assert (read.books.orders, len(read.books.trades)) == ((), 1)
        assert (ended.order_id, ended.status, ended.filled_quantity) == (stop.order_id, "cancelled", 0)
        assert desk.order(stop).status == "cancelled"


def test_a_book_of_which_no_row_can_be_read_is_none_with_nothing_in_it(monkeypatch):
    """It shows that there are orders, and that the one which is asked for is not among them."""
    with live_desk() as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        anothers = rc.UnreadRow(book="orders", id="X7", key="", why="quantity must be a whole number, got None")
        monkeypatch.setattr(desk.client, "readable_orders", lambda: ((), (anothers,)))
        told = desk.gateway.cancel(events.CancelOrder(stop.order_id, stop.broker_id, leaves=True), NOW)
        assert ([type(event) for event in told], desk.asked("cancelorder")) == ([events.BooksRead], 0)


def test_a_trade_book_that_is_read_may_be_empty_where_the_order_book_cannot_be_read():
    """Of shares that were bought on a day before nothing has traded today."""
    with live_desk() as desk:
        _, stop = desk.place(leaving(limit=970, trigger=980))
        read, ended = unread(desk, stop, leaves=True)
        assert (read.books.orders, read.books.trades) == (None, ())
        assert (ended.order_id, ended.status) == (stop.order_id, "cancelled")


# ---------------------------------------------------------------- what is not cancelled by name, and what is again


def test_where_somebody_else_has_the_account_nothing_is_cancelled_by_name():
    fenced = []
    with live_desk(fence=lambda: next(iter(fenced), "")) as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        fenced.append("another desk has the account")
        for leaves in (True, False):
            assert [type(event) for event in unread(desk, stop, leaves=leaves)] == [events.BooksRead]
        assert (desk.asked("cancelorder"), desk.order(stop).status) == (0, "trigger pending")


def test_an_exit_that_was_found_absent_is_cancelled_whatever_can_be_read_and_nothing_is_told_of_it():
    """It has ended for us: that it might be there after all is the only reason to ask."""
    with live_desk() as desk:
        _, stop = desk.place(leaving(limit=970, trigger=980))
        desk.broker.script(Fault("orderbook", "status", times=0), Fault("tradebook", "status", times=0))
        command = events.CancelOrder(stop.order_id, stop.broker_id, absent=True, leaves=True)
        assert [type(event) for event in desk.gateway.cancel(command, NOW)] == [events.BooksRead]
        assert desk.order(stop).status == "cancelled"


def test_what_the_broker_took_yesterday_is_not_what_bears_the_same_id_today():
    """Brokers begin to count anew in the morning."""
    with live_desk() as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        unread(desk, stop, leaves=True)
        desk.clock.passed += 24 * 3600
        unread(desk, stop, leaves=True)
        assert desk.asked("cancelorder") > 1
