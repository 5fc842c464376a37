"""What is looked at after an exit or a stop was taken back: where its fill may be told late, the positions as well."""

import pytest
from attrs import evolve

import riskcore as rc
from riskcore import events
from riskcore_openalgo.testing import LIVE, SANDBOX, Fault
from tests.gateways.desks import NOW, ROW, entry, leaving, live_desk


def stop_taken_back(desk, *faults):
    """What the look after the cancel of a stop brings, of which three shares fill just before."""
    _, report = desk.place(leaving(trigger=900, limit=890))
    desk.broker.script(Fault("cancelorder", "fills_first", fraction="0.3"), *faults)
    [seen] = desk.gateway.cancel(events.CancelOrder(report.order_id, report.broker_id, leaves=True), NOW)
    return seen.books


LAGS = Fault("tradebook", "lagging", times=9, seconds=20)


def test_after_the_cancel_of_an_exit_that_tells_no_fill_the_positions_are_read_as_well():
    """Its trades may come later: an exit sized by them alone sold more than was there."""
    with live_desk() as desk:
        desk.broker.hand_trade("NSE:INFY", 10, "1000")
        books = stop_taken_back(desk, LAGS)
        assert (len(books.trades), [row.quantity for row in books.positions]) == (0, [7])


def test_positions_that_cannot_be_read_are_left_out_of_the_looks_of_the_next_minute():
    """A call that hangs would keep every exit waiting."""
    with live_desk() as desk:
        desk.broker.hand_trade("NSE:INFY", 10, "1000")
        books = stop_taken_back(desk, LAGS, Fault("positionbook", "status", times=9))
        assert (books.positions, books.unread[0][0]) == (None, "positions")
        asked = desk.asked("positionbook")
        assert stop_taken_back(desk).positions is None
        assert desk.asked("positionbook") == asked
        desk.clock.passed += 61
        desk.broker.faults.clear()
        assert [row.quantity for row in stop_taken_back(desk).positions] == [1]


@pytest.mark.parametrize("fills_all", [True, False], ids=["the_trades", "the_row"])
def test_where_what_an_exit_filled_is_told_no_positions_are_read(fills_all):
    """By trades of all that it asked for; or by the sandbox's rows, which name their fills."""
    profile, mode = (LIVE, "live") if fills_all else (SANDBOX, "analyze")
    with live_desk(profile=profile, mode=mode) as desk:
        desk.place(entry())
        _, report = desk.place(leaving(trigger=900, limit=890))
        if fills_all:
            desk.broker.fill(report.broker_id)
        command = events.CancelOrder(report.order_id, report.broker_id, leaves=True)
        [seen] = desk.gateway.cancel(command, NOW)
        assert (seen.books.order(report.broker_id).working, seen.books.positions) == (False, None)


def shown_as_rejected(desk, report):
    """The order book from now on, where an order of ours is shown so."""
    rows = desk.client.orders()
    shown = tuple(evolve(row, status="rejected") if row.id == report.broker_id else row for row in rows)
    desk.client.readable_orders = lambda: (shown, ())


def asked_to_end(desk, report, *, again):
    command = events.CancelOrder(report.order_id, report.broker_id, leaves=True, again=again)
    return [type(told).__name__ for told in desk.gateway.cancel(command, desk.clock.wall())]


@pytest.mark.parametrize(("broker", "asked", "status"), [("hdfcsky", 1, "cancelled"), ("any", 0, "trigger pending")])
def test_a_cancel_that_was_refused_is_asked_again_where_the_order_is_shown_as_rejected_for_it(broker, asked, status):
    """It worked on, and no cancel was sent any more: the exit that waited for its end would have waited for good."""
    row = rc.capability(broker, on=NOW.date())
    with live_desk(row=row) as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        shown_as_rejected(desk, stop)
        assert asked_to_end(desk, stop, again=True) == ["BooksRead"]
        assert (desk.asked("cancelorder"), desk.order(stop).status) == (asked, status)


def test_one_that_is_shown_as_rejected_is_asked_to_end_once_each_time():
    """It is asked again as long as it is shown so, and cancels count among the orders of an hour."""
    with live_desk(row=evolve(ROW, shows_refusals=True)) as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        shown_as_rejected(desk, stop)
        desk.broker.script(Fault("cancelorder", "status", times=9))
        assert asked_to_end(desk, stop, again=True) == ["BooksRead"]
        assert desk.asked("cancelorder") == 1


def test_an_order_that_is_shown_as_rejected_before_any_cancel_of_it_was_asked_for_has_been():
    """A stop that the exchange refused just before it was to end: its exit waited for good for a stop that was none."""
    with live_desk(row=evolve(ROW, shows_refusals=True)) as desk:
        desk.place(entry())
        _, stop = desk.place(leaving(limit=970, trigger=980))
        shown = desk.client.readable_orders
        shown_as_rejected(desk, stop)
        assert asked_to_end(desk, stop, again=False) == ["BooksRead", "OrderReported"]
        assert desk.asked("cancelorder") == 0
        desk.client.readable_orders = shown
        desk.broker.script(Fault("cancelorder", "status", times=2))
        assert asked_to_end(desk, stop, again=False) == ["BooksRead"]
        shown_as_rejected(desk, stop)
        assert asked_to_end(desk, stop, again=False) == ["BooksRead"], "by now it may be that of the cancel"


@pytest.mark.parametrize("unread", ["orderbook", "tradebook"])
def test_one_book_that_can_be_read_after_a_cancel_shows_that_the_mode_is_the_other(monkeypatch, unread):
    """The switch is thrown just after the cancel; what the other mode's books say of our order is nothing."""
    with live_desk() as desk:
        _, report = desk.place(entry(limit=990))
        cancel = desk.client.cancel

        def and_then_the_switch(*order):
            outcome = cancel(*order)
            desk.broker.analyzer = True
            desk.broker.script(Fault(unread, "status", times=0))
            return outcome

        monkeypatch.setattr(desk.client, "cancel", and_then_the_switch)
        assert [event.name for event in desk.cancel(report)] == ["other_mode"]
