"""Several resting stops of one position, of which the exchange takes no single one so large."""

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.brokers import capability
from tests.core.custody_days import books, foreign, position, row, trade
from tests.core.engine_days import SEEN, a_day
from tests.core.sliced_days import FROZEN, KEY, acknowledge, held, ordered, stops


def test_the_stops_of_a_position_add_up_to_what_is_held():
    day = held()
    assert stops(day) == [20, 20, 10]
    assert {order.approved.trigger for order in day.book.resting_stops(KEY)} == {980}
    assert day.state.custody.bare == ()


def test_they_grow_within_the_freeze_quantity_before_a_new_one_goes():
    """20 filled, then 5 of the next: a second stop for 5, which becomes one for 20."""
    day, (first, second, _) = ordered()
    day.fill("10:00:01", first.order_id, price=1000)
    acknowledge(day, "10:00:01.500")
    day.fill("10:00:02", second.order_id, price=1000, quantity=5)
    assert stops(day) == [20, 5]
    acknowledge(day, "10:00:02.500")
    day.fill("10:00:04", second.order_id, price=1000)
    assert day.last(e.ReviseOrder).revision.quantity == 20
    acknowledge(day, "10:00:05")
    assert stops(day) == [20, 20]


def test_a_trail_moves_each_of_them():
    day = held(trail="points", trail_by=20)
    day.prices("10:05", last=1020)
    asked = [c for c in day.commands if isinstance(c, e.ReviseOrder)]
    assert [(c.revision.quantity, c.revision.trigger) for c in asked] == [(20, 1000), (20, 1000), (10, 1000)]


def test_an_exit_waits_until_every_one_of_them_is_gone():
    day = held()
    resting = day.book.resting_stops(KEY)
    assert day.prices("10:10", last=1101).count("CancelRequested") == 3
    for order in resting[:2]:
        day.report("10:10:01", order.id, "cancelled")
        assert all(sent.trigger is not None for sent in day.sent())
    day.report("10:10:02", resting[2].id, "cancelled")
    assert [order.quantity for order in day.sent() if order.trigger is None] == [20, 20, 10]


def test_a_manual_sale_takes_the_shares_off_the_last_of_them():
    day = held()
    for clock in ("10:05", "10:05:03"):
        sold = (*(trade(f"E{n}", "BUY", q, 1000) for n, q in ((1, 20), (2, 20), (3, 10))), trade("H", "SELL", 25, 1010))
        books(day, clock, orders=(foreign(),), trades=sold, positions=(position(25),))
    assert day.book.positions[0].quantity == 25
    cancelled = [c.order_id for c in day.commands if isinstance(c, e.CancelOrder)]
    assert cancelled == [day.book.resting_stops(KEY)[2].id]
    assert day.last(e.ReviseOrder).revision.quantity == 5


def test_what_one_of_them_is_to_lose_is_taken_off_no_other_while_nobody_has_answered():
    """Found by a simulated day: each price before the answers took it off those that were to stay, and put it back."""
    day = held()
    day.signal("10:05", "SELL", kind=rc.EXIT, reduce_by=15)
    day.prices("10:05:00.050", last=1001)
    first, second, third = (order.id for order in day.book.resting_stops(KEY))
    changed = [(c.order_id, c.revision.quantity) for c in day.commands if isinstance(c, e.ReviseOrder)]
    assert changed == [(second, 15)]
    day.take(e.RevisionReported(day.at("10:05:00.100"), second, "taken"))
    day.report("10:05:00.200", third, "cancelled")
    assert day.sent()[-1].quantity == 15
    day.fill("10:05:00.300", day.sent()[-1].order_id, price=1001)
    assert [(order.id, order.open_quantity) for order in day.book.resting_stops(KEY)] == [(first, 20), (second, 15)]
    assert sum(isinstance(c, e.ReviseOrder) for c in day.commands) == 1


def test_F34_stops_that_vanish_together_are_put_back_once():
    day = held()
    for order in day.book.resting_stops(KEY):
        day.report("10:05", order.id, "cancelled")
    day.time("10:05:01")
    acknowledge(day, "10:05:02")
    assert stops(day) == [20, 20, 10]
    assert all(order.trigger is not None for order in day.sent())
    day.report("10:06", day.book.resting_stops(KEY)[0].id, "cancelled")
    assert [order.reason for order in day.sent() if order.trigger is None] == []
    assert "ExitWanted" in [type(fact).__name__ for fact in day.facts]
    assert day.state.custody.wanted_of(KEY).reason == "unprotected"


def test_F38_a_double_fill_of_one_of_them_is_flattened_once():
    """Target and one stop both traded: 20 short, bought back; what was left of the exits is taken back."""
    day = held()
    resting = day.book.resting_stops(KEY)
    day.prices("10:10", last=1101)
    for order in resting:
        day.report("10:10:01", order.id, "cancelled")
    out = [order for order in day.sent() if order.trigger is None]
    for order in out[:2]:
        day.fill("10:10:02", order.order_id, price=1100)
    day.report("10:10:03", resting[0].id, "filled", 20, 20 * 979)
    short = day.book.positions[0]
    assert (short.side, short.quantity) == ("SELL", 10)
    back = day.sent()[-1]
    assert (back.side, back.quantity, back.reason) == ("BUY", 10, "double_fill")
    assert day.last(e.CancelRequested).order_id == out[2].order_id
    day.report("10:10:04", out[2].order_id, "cancelled")
    day.fill("10:10:05", back.order_id, price=980)
    assert day.book.positions == ()


def test_a_restart_in_the_midst_of_slices_folds_them_back():
    day, entries = ordered()
    approvals = [fact for fact in day.facts if isinstance(fact, e.EntryApproved)]
    assert [fact.order for fact in approvals] == entries
    day.fill("10:00:01", entries[1].order_id, price=1000)
    before = day.state
    day.restart()
    assert (day.state.book, day.state.custody) == (before.book, before.custody)


@pytest.mark.parametrize("error", ["rate_limited", "network", ""])
def test_stops_that_fail_together_are_tried_again_together_after_the_pause(error):
    """One had failed while the last one was open yet: another went for it at once, as fast as answers came."""
    day, entries = ordered()
    for number, entry in enumerate(entries[:2], 1):
        day.report("10:00:01", entry.order_id, "working", broker_id=f"E{number}")
        day.fill("10:00:01", entry.order_id, price=1000)
    sent = []
    for second in (1, 2, 3):
        for stop in [order for order in day.book.live_orders(KEY) if order.rests]:
            day.report(f"10:00:0{second}.300", stop.id, "rejected", error=error or "not_sent")
        sent.append(len([order for order in day.sent() if order.trigger is not None]))
        day.time(f"10:00:0{second + 1}.200")
    assert sent == [2, 4, 6]


def test_a_broker_that_changes_no_order_gets_another_stop_for_shares_that_come():
    """Those that rest stay: taking one back to make it larger left its shares bare, and the next one had room again."""
    day = a_day(FROZEN)
    day.take(e.BrokerSeen(day.at("09:17"), attrs.evolve(capability("sandbox", on=day.day), revises=False)))
    day.enter("10:00", **SEEN)
    first = day.sent(rc.ApprovedEntry)[0]
    for second, more in enumerate((8, 7, 5), 1):
        day.fill(f"10:00:0{second}", first.order_id, price=1000, quantity=more)
        acknowledge(day, f"10:00:0{second}.500")
    assert [order.quantity for order in day.sent()] == [8, 7, 5]
    assert not any(isinstance(command, e.CancelOrder) for command in day.commands)


def test_a_stop_whose_move_was_refused_before_is_lost_to_no_other_one_either():
    """The first of them was made smaller by ten until the third was gone, and ten shares had no stop."""
    day = held(trail="points", trail_by=20)
    day.prices("10:05", last=1020)
    first, second, third = (order.id for order in day.book.resting_stops(KEY))
    for order_id, outcome in ((first, "taken"), (second, "taken"), (third, "refused")):
        day.take(e.RevisionReported(day.at("10:05:00.500"), order_id, outcome, "too many changes"))
    before = len(day.commands)
    day.signal("10:05:03", "SELL", kind=rc.EXIT, reduce_by=15)
    day.prices("10:05:03.050", last=1019)
    assert [command.order_id for command in day.commands[before:]] == [second, third]


def test_a_stop_that_cannot_be_taken_back_stays_and_another_makes_way_for_the_exit():
    """The exit would wait for good, or as many would rest beside it as are held."""
    day = held()
    day.signal("10:05", "SELL", kind=rc.EXIT, reduce_by=10)
    acknowledge(day, "10:05:00.100")
    assert stops(day) == [20, 20, 10]
    bought = tuple(trade(f"E{n}", "BUY", q, 1000) for n, q in ((1, 20), (2, 20), (3, 10)))
    for clock in ("10:05:03", "10:05:06", "10:05:09", "10:05:12", "10:05:15"):
        resting = day.book.resting_stops(KEY)
        rows = [row(one.approved, one.broker_id, "trigger_pending", quantity=one.quantity) for one in resting]
        books(day, clock, orders=(*rows, foreign()), trades=bought, positions=(position(50),))
        acknowledge(day, clock)
    assert ("cancel_in_vain", day.book.resting_stops(KEY)[2].id) in day.state.custody.told
    assert stops(day) == [20, 10, 10]
    assert [order.quantity for order in day.sent() if order.trigger is None] == [10]
