"""Brokers that show the refusal of a cancel, or of a change, as that of the order."""

import attrs
import pytest

from riskcore import events as e
from riskcore.brokers import capability
from riskcore.control import FLAT, INCOMPLETE
from tests.core.by_hand import TEN
from tests.core.custody_days import at_broker, books, foreign, held, position, row, stop_of, trade
from tests.core.test_missing_orders import entry_of


def leaving(broker, status, *trades, left=50):
    """The target is reached, the stop asked to end; two reads show it under another status."""
    day, _ = held(broker=broker)
    stop = stop_of(day)
    day.prices("10:10", last=1101)
    assert e.CancelOrder in {type(asked) for asked in day.commands}
    bought = trade("E1", "BUY", 50, 1000)
    for clock in ("10:10:02", "10:10:05"):
        rows = (row(entry_of(day), "E1", "complete"), row(stop, "S1", status))
        books(day, clock, orders=rows, trades=(bought, *trades), positions=(position(left),))
    return day, stop


def out(day):
    return [order for order in day.sent() if getattr(order, "trigger", 1) is None]


@pytest.mark.parametrize("broker", ["hdfcsky", "hdfcsecurities", "pocketful"])
def test_nothing_leaves_beside_a_stop_whose_cancel_was_refused(broker):
    """It works on: the exit had gone beside it, and both could sell the same 50."""
    day, stop = leaving(broker, "rejected")
    assert (day.book.order(stop.order_id).status, out(day)) == ("working", [])


@pytest.mark.parametrize(("broker", "status"), [("hdfcsky", "cancelled"), ("any", "rejected")])
def test_an_end_that_is_one_lets_the_exit_go(broker, status):
    day, _ = leaving(broker, status)
    assert len(out(day)) == 1


def test_one_that_had_filled_has_filled():
    day, stop = leaving("hdfcsky", "rejected", trade("S1", "SELL", 50, 979), left=0)
    assert (day.book.order(stop.order_id).status, day.book.positions, out(day)) == ("filled", (), [])


def test_whether_an_order_was_asked_to_end_before_is_known_after_a_restart_too():
    day, stop = leaving("hdfcsky", "rejected")
    asked = [one for one in day.commands if isinstance(one, e.CancelOrder)]
    assert [one.again for one in asked] == [False, True, True]
    day.restart()
    assert stop.order_id in day.state.cancelling


def test_a_stop_whose_change_was_refused_is_told_as_asked_for_before_when_it_is_to_end():
    """Shown as rejected for that, it was taken for ended as soon as an exit was wanted, which went beside it."""
    row_of = attrs.evolve(capability("hdfcsky", on=TEN.date()), revises=True)
    day, _ = held(broker="hdfcsky", trail="points", trail_by=20)
    day.take(e.BrokerSeen(day.at("10:01"), row_of))
    day.prices("10:05", last=1020)
    day.take(e.RevisionReported(day.at("10:05:01"), day.last(e.ReviseOrder).order_id, e.REFUSED))
    day.prices("10:10", last=1101)
    asked = [one for one in day.commands if isinstance(one, e.CancelOrder)]
    assert [one.again for one in asked] == [True]


def test_an_exit_goes_where_the_gateway_tells_that_its_stop_was_refused_before_it_was_to_end():
    day, stop = leaving("hdfcsky", "rejected")
    day.report("10:10:06", stop.order_id, "rejected")
    assert len(out(day)) == 1


@pytest.mark.parametrize(("broker", "stage"), [("hdfcsky", INCOMPLETE), ("any", FLAT)])
def test_an_account_is_not_flat_while_an_order_of_others_may_work_whose_cancel_was_refused(broker, stage):
    """It was called flat, and the order that worked on could fill. It is asked again, and less often after a while."""
    day = at_broker(broker=broker)
    day.take(e.EmergencyStopped(day.at("10:05"), "asha", "enough", whole_account=True))
    theirs = attrs.evolve(foreign(), status="open")
    books(day, "10:05:01", orders=(theirs,), positions=(position(0),))
    assert [one.broker_id for one in day.commands if isinstance(one, e.CancelOrder)] == ["X1"]
    for minute, second in ((m, s) for m in (5, 6) for s in range(2, 60)):
        rows = (attrs.evolve(theirs, status="rejected"),)
        books(day, f"10:{minute:02}:{second:02}", orders=rows, positions=(position(0),))
    assert day.state.control.emergency.stage == stage
    asked = sum(isinstance(one, e.CancelOrder) for one in day.commands)
    assert (asked == 1) if stage == FLAT else (10 < asked < 80)
