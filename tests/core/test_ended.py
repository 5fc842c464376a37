"""Ends that are another row's, and orders that work at the broker though they had ended for us."""

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import at_broker, books, foreign, held, position, row, stop_of, trade
from tests.core.engine_days import INFY, SEEN


def borrowing(status, before="X1", **policy):
    """50 INFY at Zerodha; the row of the stop comes after one of somebody else's and shows the same status."""
    day, _ = held(broker="zerodha", **policy)
    (entry,) = day.sent(rc.ApprovedEntry)
    other = attrs.evolve(foreign(before), status=status)

    def read(clock, stop=status):
        rows = (row(entry, "E1", "complete"), other, row(stop_of(day), "S1", stop))
        shown = {"trades": (trade("E1", "BUY", 50, 1000),), "positions": (position(50),)}
        return books(day, clock, orders=rows, **shown)

    return day, read


@pytest.mark.parametrize("status", ["cancelled", "rejected"])
def test_F34_a_stop_that_shows_the_end_of_the_row_before_it_rests_still(status):
    """The plugin shows a status word that it does not know as that of the row before: two reads prove nothing."""
    day, read = borrowing(status)
    for second in (10, 11):
        told = read(f"10:00:{second}")
        assert ("EndDoubted" in told, "StrayReport" in told) == (True, False)
    assert day.state.custody.reads_ended(stop_of(day).order_id) == 2
    assert "EndDoubted" in read("10:00:12", "trigger_pending")
    assert day.last(e.EndDoubted).reads == 0
    assert day.state.custody.doubted == ()
    assert day.book.resting(INFY.key).status == "working"
    assert len([order for order in day.sent() if getattr(order, "trigger", None)]) == 1


def test_F34_an_end_that_three_reads_in_a_row_show_is_one():
    day, read = borrowing("cancelled")
    read("10:00:10"), read("10:00:11")
    assert "OrderMoved" in read("10:00:12")
    assert day.last(e.Alarmed).name == "stop_vanished"
    assert day.state.custody.doubted == ()


@pytest.mark.parametrize(
    ("broker", "others"), [("sandbox", "cancelled"), ("zerodha", "complete")], ids=["broker", "row before"]
)
def test_F34_an_end_that_is_the_rows_own_is_believed_at_once(broker, others):
    day, _ = held(broker=broker)
    (entry,) = day.sent(rc.ApprovedEntry)
    rows = (row(entry, "E1", "complete"), attrs.evolve(foreign(), status=others), row(stop_of(day), "S1", "cancelled"))
    shown = {"trades": (trade("E1", "BUY", 50, 1000),), "positions": (position(50),)}
    assert "OrderMoved" in books(day, "10:00:10", orders=rows, **shown)


def test_an_order_that_was_asked_to_end_is_believed_to_have_ended():
    """The exit waits for it."""
    day, read = borrowing("cancelled")
    day.look("10:00:09", day.signal("10:00:09", "SELL", kind=rc.EXIT))
    assert day.state.custody.wanted
    assert "OrderMoved" in read("10:00:12")
    assert day.sent()[-1].reason == "signal"


def vanished():
    """A stop that a whole read showed as cancelled at 10:00:10: another went in its stead, and rests as S2."""
    day, _ = held()
    stop = stop_of(day)
    (entry,) = day.sent(rc.ApprovedEntry)
    shown = {"trades": (trade("E1", "BUY", 50, 1000),), "positions": (position(50),)}

    def read(clock, status, **more):
        rows = [row(entry, "E1", "complete"), row(stop, "S1", status)]
        if stop_of(day) is not stop:
            rows.append(row(stop_of(day), "S2", "trigger_pending"))
        return books(day, clock, orders=tuple(rows), **shown)

    read("10:00:10", "cancelled")
    day.time("10:00:11")
    assert stop_of(day) is not stop
    day.report("10:00:12", stop_of(day).order_id, "working", broker_id="S2")
    return day, stop, read


def test_F34_a_stop_that_had_ended_and_works_is_taken_back():
    """Another rests in its stead: both could fill."""
    day, stop, read = vanished()
    facts = read("10:00:13", "trigger_pending")
    assert "CancelRequested" in facts
    assert (day.last(e.CancelOrder).order_id, day.last(e.CancelOrder).broker_id) == (stop.order_id, "S1")
    assert ("works_after_its_end", stop.order_id) in day.state.custody.told
    assert day.last(e.Alarmed).why == (
        "it had ended (cancelled), and the broker's book shows it trigger_pending: it is taken back"
    )
    assert day.last(e.CancelRequested).why == "it works at the broker, and had ended here: cancelled"
    assert day.book.resting(INFY.key).broker_id == "S2"
    assert "CancelRequested" not in read("10:00:13.500", "trigger_pending")  # it was asked for just now
    assert "CancelRequested" in read("10:00:15", "trigger_pending")
    assert "CancelRequested" not in read("10:00:17", "cancelled")


def test_a_read_that_began_before_an_order_ended_does_not_show_it_working():
    day, stop, _ = vanished()
    rows = (row(stop, "S1", "trigger_pending"),)
    stale = rc.BrokerBooks(at=day.at("10:00:10.500"), orders=rows, trades=(), positions=(position(50),), holdings=())
    assert "CancelRequested" not in day.take(e.BooksRead(day.at("10:00:14"), stale, ()))


def test_an_entry_that_had_ended_and_works_is_taken_back_and_what_it_fills_is_protected():
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "rejected", broker_id="E1", error="rejected")
    (order,) = day.sent(rc.ApprovedEntry)
    assert "CancelRequested" in books(day, "10:00:05", orders=(row(order, "E1", "open"),))
    rows = (row(order, "E1", "cancelled"),)
    books(day, "10:00:07", orders=rows, trades=(trade("E1", "BUY", 20, 999),), positions=(position(20),))
    assert day.book.position(INFY.key).quantity == 20
    assert stop_of(day).quantity == 20
    assert day.book.trades_today == 1


def test_F34_of_an_order_that_had_ended_and_works_nothing_else_is_asked_than_to_end():
    """Its row tells another trigger than ours: it is no stop of ours any more that somebody moved."""
    day, stop, _ = vanished()
    rows = (row(stop, "S1", "trigger_pending", trigger=900), row(stop_of(day), "S2", "trigger_pending"))
    shown = {"trades": (trade("E1", "BUY", 50, 1000),), "positions": (position(50),)}
    books(day, "10:00:13", orders=rows, **shown)
    assert [command for command in day.commands if isinstance(command, e.ReviseOrder)] == []
    assert day.last(e.Alarmed).name == "works_after_its_end"
