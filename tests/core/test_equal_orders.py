"""Orders of ours that are alike in all that a row of the broker's book shows: slices, and stops of several moments."""

import pytest

import riskcore as rc
from tests.core.custody_days import books, foreign, position, row, trade
from tests.core.sliced_days import KEY, held, ordered


def _one_lost_and_one_in_flight():
    """50 leave in three: of the first nobody knows, of the second the answer is late, and the third has filled."""
    day = held(broker="sandbox")
    day.prices("10:05", last=1101)
    for order in day.book.resting_stops(KEY):
        day.report("10:05:01", order.id, "cancelled")
    first, second, third = (order for order in day.sent() if order.trigger is None)
    day.report("10:05:01.500", first.order_id, "unknown")
    day.report("10:05:01.500", third.order_id, "working", broker_id="X3")
    entries = day.sent(rc.ApprovedEntry)
    rows = [row(entry, f"E{n}", "complete") for n, entry in enumerate(entries, 1)]
    rows += [row(second, "X2", "complete"), row(third, "X3", "complete")]
    trades = [trade(f"E{n}", "BUY", entry.quantity, 1000) for n, entry in enumerate(entries, 1)]
    trades += [trade("X2", "SELL", 20, 1100), trade("X3", "SELL", 10, 1100)]
    return day, (first, second), {"orders": (*rows, foreign()), "trades": tuple(trades), "positions": (position(20),)}


@pytest.mark.parametrize("answered", ["10:05:04", "10:05:20"])
def test_F20_a_slice_whose_answer_is_late_and_its_lost_equal_are_one_row_and_one_fill(answered):
    """Whichever is named: 30 have left, 20 are held, and are sold when the other slice is proven absent."""
    day, (first, second), shown = _one_lost_and_one_in_flight()
    for at in ("10:05:02", "10:05:03", answered, "10:05:22", "10:05:24", "10:05:26", "10:05:28"):
        if at == answered:
            day.report(at, second.order_id, "working", broker_id="X2")
        books(day, at, **shown)
    assert day.book.positions[0].quantity == 20
    assert [order.broker_id for order in day.book.orders].count("X2") == 1
    assert sorted(day.book.order(order.order_id).status for order in (first, second)) == ["filled", "rejected"]


def test_F20_equal_stops_of_two_moments_that_lost_their_answers_are_named_and_taken_back_for_an_exit():
    """Nobody could tell which was which, so that none could be cancelled, and no exit ever went."""
    day, (first, second, _) = ordered()
    for at, entry in (("10:00:01", first), ("10:00:02", second)):
        day.fill(at, entry.order_id, price=1000)
        day.report(f"{at}.500", day.sent()[-1].order_id, "unknown")
    rows = [row(stop, f"S{n}", "trigger_pending") for n, stop in enumerate(day.sent(), 1)]
    trades = (trade("E1", "BUY", 20, 1000), trade("E2", "BUY", 20, 1000))
    books(day, "10:00:04", orders=(*rows, foreign()), trades=trades, positions=(position(40),))
    assert [stop.broker_id for stop in day.book.resting_stops(KEY)] == ["S1", "S2"]
    assert day.prices("10:10", last=1101).count("CancelRequested") == 3
    for stop in day.book.resting_stops(KEY):
        day.report("10:10:01", stop.id, "cancelled")
    assert [order.quantity for order in day.sent() if order.trigger is None] == [20, 20]
