"""A stop that was changed as often as its broker changes an order: another takes its place."""

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import held, row, stop_of, true_books
from tests.core.engine_days import INFY


def moved(day, number):
    """The price rises by a rupee, and the stop with it; what was asked for, once the broker has done it."""
    at, asked = 10 * number, len(day.commands)
    clock = f"10:{5 + at // 60:02}:{at % 60:02}"
    day.prices(clock, last=1010 + number)
    stop = stop_of(day)
    (wish,) = [one for one in day.commands[asked:] if isinstance(one, (e.ReviseOrder, e.CancelOrder))]
    if isinstance(wish, e.ReviseOrder):
        day.take(e.RevisionReported(day.at(f"{clock}.200"), stop.order_id, "taken"))
    else:
        day.report(f"{clock}.200", stop.order_id, "cancelled")
        day.report(f"{clock}.400", stop_of(day).order_id, "working", broker_id="S2")
    return type(wish)


@pytest.mark.parametrize(("broker", "most"), [("zerodha", 25), ("dhan", 25), ("upstox", None)])
def test_a_stop_that_was_changed_as_often_as_its_broker_takes_is_followed_by_another(broker, most):
    """The 26th change was asked for every ten seconds for good, and the stop at the broker stayed where it was."""
    day, _ = held(broker=broker, trail="points", trail_by=20)
    asked = [moved(day, number) for number in range(1, 30)]
    assert asked.count(e.CancelOrder) == (0 if most is None else 1)
    if most is not None:
        assert asked.index(e.CancelOrder) == most
        assert stop_of(day).order_id.endswith("stop:20261120.2")
    resting = day.book.resting(INFY.key)
    assert (resting.approved.trigger, resting.changes) == (1019, 29 if most is None else 3)
    assert day.book.position(INFY.key).quantity == resting.quantity == 50
    assert not day.state.custody.told


def test_a_change_that_was_refused_is_none():
    day, _ = held(broker="zerodha", trail="points", trail_by=20)
    day.prices("10:05", last=1020)
    day.take(e.RevisionReported(day.at("10:05:01"), stop_of(day).order_id, "refused", "no"))
    assert day.book.resting(INFY.key).changes == 0
    assert rc.capability("any", on=day.day).changes_an_order is None


def test_where_a_broker_takes_few_calls_a_change_waits_its_turn_and_a_book_of_before_says_nothing_of_it():
    """It went after the reading that brought the book: it was asked twice, and somebody called, while it moved."""
    day, _ = held(broker="shoonya", trail="points", trail_by=20)
    day.prices("10:05", last=1020)
    (entry,) = day.sent(rc.ApprovedEntry)
    rows = row(entry, "E1", "complete"), row(stop_of(day), "S1", "trigger_pending")
    facts = [true_books(day, clock, orders=rows) for clock in ("10:05:09", "10:05:10")]
    assert [("RevisionSettled" in told) for told in facts] == [False, True]
