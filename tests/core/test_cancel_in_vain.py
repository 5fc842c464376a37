"""Orders that are asked to end and go on working: a plugin may tell as taken what the broker refused."""

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import at_broker, books, foreign, held, leaving, position, row, stop_of, trade
from tests.core.engine_days import INFY, SEEN


def told(day):
    return [(one.name, one.subject) for one in day.facts if isinstance(one, e.Alarmed)]


def asked(day):
    return sum(isinstance(one, e.CancelOrder) for one in day.commands)


def unfilled():
    """An entry whose time is over at 10:00:10, and that works on."""
    day = at_broker(broker="groww")
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    (order,) = day.sent(rc.ApprovedEntry)
    day.time("10:00:10.500")
    return day, order


def test_somebody_is_called_for_an_entry_that_does_not_end_and_it_is_asked_less_often():
    """It was asked each second for good, and nobody knew that it could still fill."""
    day, order = unfilled()
    again = []
    for second in range(12, 59):
        before = asked(day)
        books(day, f"10:00:{second}", orders=(row(order, "E1"), foreign()))
        again += [second] * (asked(day) - before)
        called = ("cancel_in_vain", order.order_id) in told(day)
        assert called == (second >= 21), second
    assert again == [*range(12, 21), 30, 40, 50]
    assert told(day).count(("cancel_in_vain", order.order_id)) == 1
    books(day, "10:01:10", orders=(row(order, "E1", "cancelled"), foreign()))
    assert day.book.order(order.order_id).status == "cancelled"
    assert not day.state.custody.told


@pytest.mark.parametrize("broker", ["angel", "hdfcsky"])
def test_a_stop_that_does_not_end_for_another_to_come_calls_somebody_and_is_asked_less_often(broker):
    """No exit waits for it: its cancel was asked for with each read for good, until no exit was taken any more."""
    day, _ = held(broker=broker, trail="points", trail_by=20)
    (entry,) = day.sent(rc.ApprovedEntry)
    stop = stop_of(day)
    day.prices("10:05", last=1020)
    rows = (row(entry, "E1", "complete"), row(stop, "S1", "rejected" if broker == "hdfcsky" else "trigger_pending"))
    for second in range(1, 60):
        shown = {"trades": (trade("E1", "BUY", 50, 1000),), "positions": (position(50),)}
        books(day, f"10:05:{second:02}", orders=rows, **shown)
    assert ("cancel_in_vain", stop.order_id) in told(day)
    assert asked(day) <= 1 + 10 + 5


def test_an_order_that_works_after_its_end_is_asked_less_often_after_a_while():
    day, order = unfilled()
    books(day, "10:00:12", orders=(row(order, "E1", "cancelled"), foreign()))
    for second in range(14, 60):
        books(day, f"10:00:{second}", orders=(row(order, "E1"), foreign()))
    assert asked(day) <= 1 + 10 + 4


def test_nobody_is_called_for_an_order_that_ends_in_time():
    day, order = unfilled()
    for second in (12, 14, 16, 18):
        books(day, f"10:00:{second}", orders=(row(order, "E1"), foreign()))
    books(day, "10:00:19", orders=(row(order, "E1", "cancelled"), foreign()))
    assert told(day) == []


def test_somebody_is_called_where_an_exit_waits_for_a_stop_that_does_not_end():
    day, _ = held()
    (entry,) = day.sent(rc.ApprovedEntry)
    stop = stop_of(day)
    day.prices("10:10", last=1101)
    for second in range(2, 30, 2):
        rows = (row(entry, "E1", "complete"), row(stop, "S1", "trigger_pending"))
        shown = {"trades": (trade("E1", "BUY", 50, 1000),), "positions": (position(50),)}
        books(day, f"10:10:{second:02}", orders=rows, **shown)
        assert (("cancel_in_vain", stop.order_id) in told(day)) == (second >= 10), second
    assert day.book.position(INFY.key).quantity == 50


def test_somebody_is_called_where_an_exit_cannot_be_priced_again():
    day, exit_ = leaving()
    for second in range(4, 30, 2):
        day.time(f"10:05:{second:02}")
        books(day, f"10:05:{second:02}.500", orders=(row(exit_, "X1"), foreign()), positions=(position(50),))
    assert ("cancel_in_vain", exit_.order_id) in told(day)
