"""What stands between a position and a loss without end: its resting stop, and what is done where there is none."""

from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import SANDBOX, at_broker, books, held, position, row, stop_of, ticks, trade, true_books
from tests.core.engine_days import INFY, SEEN, TCS, a_day

D = Decimal


def stops(day, symbol="INFY"):
    """Every stop of a symbol that was sent, in order."""
    return [order for order in day.sent() if order.trigger is not None and order.instrument.symbol == symbol]


def exits(day, symbol="INFY"):
    """Every other exit of it."""
    return [order for order in day.sent() if order.trigger is None and order.instrument.symbol == symbol]


def revisions(day):
    return [command for command in day.commands if isinstance(command, e.ReviseOrder)]


def both(**policy):
    """50 INFY and 49 TCS (less by the charges of INFY) from ten o'clock, each with its stop at the broker: S1, S2."""
    day = a_day(INFY, TCS, **policy)
    day.take(e.BrokerSeen(day.at("09:17"), SANDBOX))
    for number, symbol in enumerate(("INFY", "TCS"), 1):
        entry = day.enter("10:00", symbol=symbol, **SEEN)
        day.fill("10:00:01", entry, price=1000)
        day.report("10:00:02", stops(day, symbol)[0].order_id, "working", broker_id=f"S{number}")
    return day


# ---------------------------------------------------------------- a stop for just what is held


def test_each_of_two_positions_has_a_stop_of_its_own_for_all_of_it():
    day = both()
    assert [(stop.quantity, stop.trigger) for stop in (*stops(day), *stops(day, "TCS"))] == [(50, 980), (49, 980)]
    held_now = {p.instrument.symbol: p.id for p in day.book.positions}
    names = [stops(day, symbol)[0].order_id for symbol in ("INFY", "TCS")]
    assert names == [f"{held_now[symbol]}:stop:20261120.1" for symbol in ("INFY", "TCS")]


def test_a_single_share_has_its_stop():
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.fill("10:00:01", entry, price=1000, quantity=1)
    assert [(stop.quantity, stop.trigger) for stop in stops(day)] == [(1, 980)]


def reduced(by):
    """A signal takes some of the fifty off; what became of the stop."""
    day, _ = held()
    day.signal("10:05", "SELL", kind=rc.EXIT, reduce_by=by)
    return day


def test_the_share_that_a_reduction_leaves_keeps_its_stop():
    """49 of 50 leave: the stop becomes one for a single share, and is not taken back."""
    day = reduced(49)
    assert [asked.revision.quantity for asked in revisions(day)] == [1]
    assert day.last(e.RevisionRequested).why == "the position or its stop has changed"
    assert exits(day) == []
    day.take(e.RevisionReported(day.at("10:05:01"), stops(day)[0].order_id, "taken"))
    assert [(order.quantity, order.reason) for order in exits(day)] == [(49, "signal")]


def test_a_stop_that_was_put_back_has_the_next_number():
    day, _ = held()
    day.report("10:05", stops(day)[0].order_id, "cancelled")
    assert [stop.order_id.rpartition(":")[2] for stop in stops(day)] == ["20261120.1", "20261120.2"]


# ---------------------------------------------------------------- a change of the stop


@pytest.mark.parametrize(("clock", "asked"), [("10:05:09.999", 1), ("10:05:10", 2)])
def test_a_move_that_the_broker_refuses_is_asked_again_after_the_time_without_a_stop_and_not_before(clock, asked):
    """Brokers count the changes of an order. The level is watched meanwhile."""
    day, _ = held(trail="points", trail_by=20)
    day.prices("10:05", last=1020)
    day.take(e.RevisionReported(day.at("10:05:00.050"), stop_of(day).order_id, "refused", "no"))
    assert len(revisions(day)) == 1
    day.time(clock)
    assert len(revisions(day)) == asked


def test_however_often_a_move_is_refused_it_is_asked_once_in_ten_seconds_until_one_is_taken():
    day, _ = held(trail="points", trail_by=20)
    day.prices("10:05", last=1020)
    for clock in (f"10:05:{tenth // 10:02}.{tenth % 10}00" for tenth in range(1, 300)):
        day.take(e.RevisionReported(day.at(clock), stop_of(day).order_id, "refused", "no"))
        day.time(clock)
    assert len(revisions(day)) == 3
    assert ("revision_refused", stop_of(day).order_id) in day.state.custody.told
    day.time("10:05:30.500")
    day.take(e.RevisionReported(day.at("10:05:31"), stop_of(day).order_id, "taken"))
    assert day.last(e.AlarmOver).name == "revision_refused"


def test_the_alarm_of_a_refused_move_ends_with_the_book_that_shows_the_next_one_taken():
    day, _ = held(trail="points", trail_by=20)
    day.prices("10:05", last=1020)
    stop = stop_of(day)
    day.take(e.RevisionReported(day.at("10:05:00.050"), stop.order_id, "refused", "no"))
    day.time("10:05:10")
    theirs = day.last(e.ReviseOrder).revision
    moved = row(stop, "S1", "trigger_pending", trigger=theirs.trigger, price=theirs.limit)
    true_books(day, "10:05:12", orders=(row(day.sent(rc.ApprovedEntry)[0], "E1", "complete"), moved))
    assert day.book.resting(INFY.key).approved.trigger == 1000
    assert ("revision_refused", stop.order_id) not in day.state.custody.told


def test_where_a_change_that_would_cover_more_shares_is_refused_another_stop_covers_them():
    """20 of 50 are covered, and the broker refused a stop for all of them: it was asked again each second, for good."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.fill("10:00:01", entry, price=1000, quantity=20)
    day.report("10:00:02", stop_of(day).order_id, "working", broker_id="S1")
    day.fill("10:00:03", entry, price=1000)
    day.take(e.RevisionReported(day.at("10:00:03.050"), stop_of(day).order_id, "refused", "no"))
    day.time("10:00:10")
    assert [one.revision.quantity for one in revisions(day)] == [50]
    assert [order.quantity for order in day.sent(rc.ApprovedExit)] == [20, 30]


def test_a_change_that_was_taken_is_followed_by_the_next_one_at_once():
    """The price runs on: the stop does not wait."""
    day, _ = held(trail="points", trail_by=20)
    day.prices("10:05", last=1020)
    day.prices("10:05:00.100", last=1030)
    day.take(e.RevisionReported(day.at("10:05:00.200"), stop_of(day).order_id, "taken"))
    assert [asked.revision.trigger for asked in revisions(day)] == [1000, 1010]


def test_where_a_broker_changes_nothing_in_place_the_stop_is_taken_back_and_another_comes():
    day, _ = held(trail="points", trail_by=20)
    day.take(e.BrokerSeen(day.at("10:04"), attrs.evolve(SANDBOX, revises=False)))
    first = stop_of(day)
    day.prices("10:05", last=1020)
    asked, why = day.last(e.CancelOrder), day.last(e.CancelRequested).why
    assert (asked.order_id, asked.broker_id, why) == (first.order_id, "S1", "the position or its stop has changed")
    assert revisions(day) == []
    day.report("10:05:00.200", first.order_id, "cancelled")
    assert [(stop.trigger, stop.quantity) for stop in stops(day)] == [(980, 50), (1000, 50)]
    assert exits(day) == []


# ---------------------------------------------------------------- an exit that waited for the stop to be gone


def test_an_exit_that_waited_goes_at_the_price_of_now_with_the_level_it_was_for():
    day, _ = held()
    day.prices("10:10", last=1101)
    assert day.last(e.CancelRequested).why == "the position is leaving"
    day.prices("10:10:00.500", last=1105)
    day.report("10:10:01", stop_of(day).order_id, "cancelled")
    (out,) = exits(day)
    assert (out.reason, out.level, out.reference) == ("target", 1100, 1105)


def test_an_exit_signal_that_waited_is_on_record_with_its_exit():
    day, _ = held()
    signal = day.signal("10:10", "SELL", kind=rc.EXIT)
    day.report("10:10:01", stop_of(day).order_id, "cancelled")
    assert day.last(e.ExitApproved).signal_id == signal.id
    assert exits(day)[0].reason == "signal"


def test_a_trailed_stop_that_waited_says_which_rule_had_moved_it():
    """The one at the broker has two seconds to fill, and does not."""
    day, _ = held(trail="points", trail_by=20)
    day.prices("10:05", last=1020)
    day.take(e.RevisionReported(day.at("10:05:00.200"), stop_of(day).order_id, "taken"))
    rule = day.book.positions[0].trail.rule
    assert rule
    ticks(day, "10:06", 999, 998)
    day.time("10:06:02")
    day.report("10:06:02.500", stop_of(day).order_id, "cancelled")
    (out,) = exits(day)
    assert (out.reason, out.level, out.rule) == ("stop", 1000, rule)


def test_the_exit_of_one_position_waits_for_no_stop_and_no_exit_of_another():
    day = both()
    for symbol in ("TCS", "INFY"):
        day.signal("10:05", "SELL", symbol, kind=rc.EXIT)
    for symbol, quantity in (("TCS", 49), ("INFY", 50)):
        day.report("10:05:01", stops(day, symbol)[0].order_id, "cancelled")
        assert [order.quantity for order in exits(day, symbol)] == [quantity]


def test_while_one_position_leaves_the_stop_of_another_stays_and_is_put_back():
    day = both()
    day.signal("10:05", "SELL", "TCS", kind=rc.EXIT)
    day.report("10:05:01", stops(day, "TCS")[0].order_id, "cancelled")
    day.report("10:05:01.100", exits(day, "TCS")[0].order_id, "working")
    assert day.book.resting(INFY.key).open_quantity == 50
    day.report("10:05:02", stops(day)[0].order_id, "cancelled")
    assert [stop.quantity for stop in stops(day)] == [50, 50]


def test_after_an_exit_that_was_refused_the_stop_rests_again_at_once():
    """The next exit is a pause away, and the shares are bare meanwhile."""
    day, _ = held()
    day.signal("10:10", "SELL", kind=rc.EXIT)
    day.report("10:10:01", stop_of(day).order_id, "cancelled")
    day.report("10:10:01.200", exits(day)[0].order_id, "rejected", note="circuit")
    assert len(stops(day)) == 2


# ---------------------------------------------------------------- where no stop rests


def test_a_stop_that_did_not_get_to_the_broker_is_tried_again_after_a_second():
    day, _ = held(rests=False)
    day.report("10:00:01.200", stop_of(day).order_id, "rejected", error="network")
    day.time("10:00:01.900")
    assert len(stops(day)) == 1
    day.time("10:00:02")
    assert len(stops(day)) == 2


def test_once_the_price_has_reached_the_stop_no_other_is_placed_behind_it():
    """One tick alone: a second one, or a second more, and it leaves."""
    day, _ = held(rests=False)
    day.report("10:00:01.200", stop_of(day).order_id, "rejected", error="network")
    ticks(day, "10:00:01.300", 985)
    assert ticks(day, "10:00:01.500", 979)[-1] == "StopTouched"
    day.time("10:00:02.100")
    assert (len(stops(day)), exits(day)) == (1, [])
    day.time("10:00:02.500")
    assert [order.reason for order in exits(day)] == ["stop"]


def test_how_long_shares_were_bare_is_told_in_whole_thousandths_of_a_second():
    day, _ = held(rests=False)
    day.time("10:00:04")
    assert day.last(e.Alarmed).why == "50 shares have had no stop at the broker for 3 s"
    day.report("10:00:06.000500", stop_of(day).order_id, "working", broker_id="S1")
    assert day.last(e.Covered).seconds == 5


def test_an_entry_that_still_works_covers_nothing():
    """20 of 50 are here, and their stop is not answered."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    day.fill("10:00:01", entry, price=1000, quantity=20)
    assert "Alarmed" in day.time("10:00:04")
    assert day.last(e.Alarmed).name == "unprotected"


def one_bare():
    """50 INFY with their stop at the broker, and 49 TCS whose stop nobody answered, from 10:05 on."""
    day = a_day(INFY, TCS)
    day.take(e.BrokerSeen(day.at("09:17"), SANDBOX))
    day.fill("10:00:01", day.enter("10:00", **SEEN), price=1000)
    day.report("10:00:02", stops(day)[0].order_id, "working", broker_id="S1")
    day.fill("10:05", day.enter("10:04:59", symbol="TCS", **SEEN), price=1000)
    return day


def test_the_stop_of_one_position_covers_no_other():
    day = one_bare()
    day.time("10:05:03")
    assert (day.last(e.Alarmed).name, day.last(e.Alarmed).subject) == ("unprotected", TCS.key)


def test_shares_that_stay_bare_are_sold_at_the_price_of_now_whatever_else_leaves():
    day = one_bare()
    day.signal("10:05:01", "SELL", "INFY", kind=rc.EXIT)
    day.report("10:05:01.500", stops(day)[0].order_id, "cancelled")
    day.report("10:05:01.600", exits(day)[0].order_id, "working")
    day.prices("10:05:05", "TCS", last=1004)
    day.time("10:05:10")
    day.report("10:05:10.100", stops(day, "TCS")[0].order_id, "cancelled")
    (out,) = exits(day, "TCS")
    assert (out.reason, out.quantity, out.reference) == ("unprotected", 49, 1004)


# ---------------------------------------------------------------- a stop that ended


def test_F33_a_stop_that_the_broker_refuses_leaves_at_the_price_of_now_and_says_so():
    day, _ = held(rests=False)
    day.prices("10:00:01.500", last=990)
    day.report("10:00:02", stop_of(day).order_id, "rejected", note="trigger above the last price")
    call, (out,) = day.last(e.Alarmed), exits(day)
    assert (call.name, call.subject) == ("stop_refused", stop_of(day).order_id)
    assert call.why == "the broker refused the stop: it counts as hit"
    assert (out.reason, out.level, out.reference) == ("stop", 980, 990)


def test_F34_a_stop_that_vanished_is_told_of_by_its_name():
    day, _ = held()
    first = stop_of(day)
    day.prices("10:04", last=995)
    day.report("10:05", first.order_id, "cancelled")
    call = day.last(e.Alarmed)
    assert (call.name, call.subject) == ("stop_vanished", first.order_id)
    assert call.why == "the resting stop is gone from the broker, and not by us"
    day.report("10:05:01", stop_of(day).order_id, "working", broker_id="S2")
    day.report("10:05:05", stop_of(day).order_id, "cancelled")
    (out,) = exits(day)
    assert (out.reason, out.reference) == ("unprotected", 995)


def again(day):
    """The first trade is over by a signal at 10:10; another 50 are bought at 10:20, and their stop is S2."""
    day.signal("10:10", "SELL", kind=rc.EXIT)
    first = stop_of(day)
    day.report("10:10:01", first.order_id, "cancelled")
    day.fill("10:10:02", exits(day)[0].order_id, price=1000)
    day.fill("10:20", day.enter("10:19:59", **SEEN), price=1000)
    day.report("10:20:01", stop_of(day).order_id, "working", broker_id="S2")
    return first


def test_F34_the_stop_of_an_earlier_trade_is_not_counted_when_one_of_this_vanishes():
    """That was taken back by us: the first to vanish is put back."""
    day, _ = held(max_trades_per_day=5)
    again(day)
    day.report("10:25", stop_of(day).order_id, "cancelled")
    assert (len(stops(day)), len(exits(day))) == (3, 1)


def test_what_is_heard_of_the_stop_of_an_earlier_trade_moves_nothing_of_this_one():
    """The first trade was closed by hand at the broker; its stop ends when another is held.

    Until then none is placed beside it, for both could fill.
    """
    day, _ = held(max_trades_per_day=5, one_position_per_symbol=False)
    first = stop_of(day)
    (entry,) = day.sent(rc.ApprovedEntry)
    sold = {"trades": (trade("E1", "BUY", 50, 1000), trade("H1", "SELL", 50, 1010)), "positions": (position(0),)}
    rows = (row(entry, "E1", "complete"), row(first, "S1", "trigger_pending"))
    for clock in ("10:05", "10:05:03", "10:05:06"):
        books(day, clock, orders=rows, **sold)
    assert day.book.positions == ()
    day.fill("10:20", day.enter("10:19:59", **SEEN), price=1000)
    assert len(stops(day)) == 1
    day.report("10:20:02", first.order_id, "rejected")
    assert exits(day) == []
    assert stops(day)[-1].position_id == day.book.positions[0].id != first.position_id


def test_a_stop_that_ends_when_nothing_is_held_any_more_moves_nothing():
    day, _ = held()
    sold = (trade("E1", "BUY", 50, 1000), trade("H1", "SELL", 50, 1010))
    for clock in ("10:05", "10:05:03"):
        true_books(day, clock, positions=(position(0),), trades=sold)
    assert day.report("10:05:04", stop_of(day).order_id, "cancelled") == ("OrderMoved",)
    assert (len(stops(day)), exits(day)) == (1, [])


# ---------------------------------------------------------------- exits that wait for the stop


def test_a_change_is_asked_under_the_name_that_the_broker_knows():
    day = reduced(20)
    assert (revisions(day)[0].order_id, revisions(day)[0].broker_id) == (stops(day)[0].order_id, "S1")


def test_all_of_it_takes_the_place_of_a_part_that_waits_and_no_part_takes_its_place():
    """20 wait for the stop to be smaller; then all of it is wanted, and then 10."""
    day = reduced(20)
    day.signal("10:05:00.200", "SELL", kind=rc.EXIT)
    assert day.state.custody.wanted_of(INFY.key).part is None
    day.signal("10:05:00.300", "SELL", kind=rc.EXIT, reduce_by=10)
    assert day.state.custody.wanted_of(INFY.key).part is None
    day.report("10:05:01", stops(day)[0].order_id, "cancelled")
    assert [order.quantity for order in exits(day)] == [50]


def test_a_second_part_waits_for_its_turn_and_changes_nothing_of_the_first():
    day = reduced(20)
    day.signal("10:05:00.200", "SELL", kind=rc.EXIT, reduce_by=10)
    assert day.state.custody.wanted_of(INFY.key).part == 20


def test_a_stop_that_was_reached_waits_for_the_one_at_the_broker_and_not_for_that_of_another_symbol():
    """INFY has none at the broker: a second after the lone tick it leaves, though TCS has its stop."""
    day = both()
    for clock in ("10:04", "10:04:00.050"):
        day.report(clock, stops(day)[-1].order_id, "rejected", error="network")
    ticks(day, "10:04:00.100", 985)
    ticks(day, "10:04:00.200", 979)
    day.prices("10:04:00.300", "TCS", last=1000)
    day.time("10:04:01.200")
    assert [(order.reason, order.reference) for order in exits(day)] == [("stop", 979)]
