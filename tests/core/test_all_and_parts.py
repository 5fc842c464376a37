"""All of a position that waits to leave, and parts of it that are asked for meanwhile: they are in it already."""

import pytest

from tests.core.custody_days import held, stop_of, ticks
from tests.core.sliced_days import KEY, acknowledge, held as in_slices
from tests.core.test_hands import exited


def wholes(day):
    """The exits of all that is held: reason and quantity."""
    return [(order.reason, order.quantity) for order in day.sent() if order.trigger is None and not order.partial]


def test_a_reduction_that_is_tried_again_does_not_take_the_place_of_the_whole_that_waits():
    """One of three stops is gone, so that the part could go; the exit signal was forgotten with it."""
    day = in_slices()
    assert exited(day, "10:05", 20) == ""
    acknowledge(day, "10:05:01")
    gone = [order for order in day.book.resting_stops(KEY) if order.id in day.state.cancelling]
    for order in gone:
        day.report("10:05:01.500", order.id, "cancelled")
    acknowledge(day, "10:05:02")
    (part,) = [order for order in day.book.live_orders(KEY, entries=False) if order.takes_part]
    day.report("10:05:02.500", part.id, "rejected", error="network")
    acknowledge(day, "10:05:03")
    day.signal("10:05:04", "SELL", kind="exit")
    first, *others = day.book.resting_stops(KEY)
    for order in others:
        day.report("10:05:04.500", order.id, "cancelled")
    day.time("10:05:06")
    assert day.state.custody.wanted_of(KEY).part is None
    day.report("10:05:07", first.id, "cancelled")
    assert sum(quantity for _, quantity in wholes(day)) == 50


@pytest.mark.parametrize("by", ["signal", "hand"])
@pytest.mark.parametrize("prices", [(979, 978), (979,)])
def test_once_its_stop_was_reached_a_reduction_changes_nothing(by, prices):
    """All of it leaves when the resting stop has had its time, though the price has come back meanwhile."""
    day, _ = held()
    ticks(day, "10:04", 985)
    ticks(day, "10:05", *prices)
    if by == "signal":
        day.signal("10:05:00.500", "SELL", kind="exit", reduce_by=20)
        assert day.refusal() == ("exit_working",)
    else:
        assert exited(day, "10:05:00.500", 20) == "exit_working"
    ticks(day, "10:05:01", 995)
    day.time("10:05:02")
    day.report("10:05:02.500", stop_of(day).order_id, "cancelled")
    assert wholes(day) == [("stop", 50)]


def test_a_leg_of_the_target_changes_nothing_of_it_either():
    """A look that reached the leg, while the stop's time runs."""
    day, _ = held(target_legs=["50% at 1R", "50% at 4R"], rests=True)
    ticks(day, "10:04", 985)
    ticks(day, "10:05", 979, 978)
    ticks(day, "10:05:01", 990, 1000)
    ticks(day, "10:05:01.200", 1010, 1021)
    assert [order for order in day.sent() if order.trigger is None] == []
    day.time("10:05:02")
    day.report("10:05:02.500", stop_of(day).order_id, "cancelled")
    assert wholes(day) == [("stop", 50)]


def test_a_stop_that_is_hit_while_a_part_waits_to_be_tried_again_takes_all_off_at_once():
    """The pause is the part's: behind it fifty shares would fall further."""
    day, _ = held(broker="paper", rests=False)
    day.signal("10:05", "SELL", kind="exit", reduce_by=20)
    day.report("10:05:00.300", day.sent()[-1].order_id, "rejected", note="not now")
    day.prices("10:05:00.500", last=979)
    out = day.sent()[-1]
    assert (out.reason, out.quantity, out.at) == ("stop", 50, day.at("10:05:00.500"))
