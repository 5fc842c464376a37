"""What the gateway says of our orders, and what must follow: who is called, what is booked, what is taken back."""

from datetime import timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import at_broker, books, foreign, held, leaving, position, row, stop_of, trade, true_books
from tests.core.engine_days import INFY, SEEN, TCS, a_day

D = Decimal


def call(day):
    """The latest call for somebody: name, subject, words."""
    fact = day.last(e.Alarmed)
    return fact.name, fact.subject, fact.why


# ---------------------------------------------------------------- an order that nobody knows of


@pytest.mark.parametrize(("note", "why"), [("timeout", "timeout"), ("", "nobody knows whether the broker took it")])
def test_F20_an_order_of_unknown_outcome_calls_somebody_until_its_outcome_is_known(note, why):
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:05", entry, "unknown", note=note)
    assert call(day) == ("outcome_unknown", entry, why)
    assert day.report("10:00:06", entry, "working", broker_id="E1")[-1] == "AlarmOver"
    assert (day.last(e.AlarmOver).name, day.last(e.AlarmOver).subject) == ("outcome_unknown", entry)


def test_F23_an_order_that_waits_for_a_hand_calls_somebody_and_says_why_entries_stop():
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "awaiting_approval")
    assert call(day) == ("approval_needed", entry, "OpenAlgo keeps the order until somebody approves it")
    (latch,) = day.book.latches
    assert (latch.name, latch.why) == (
        "approval_needed",
        "OpenAlgo's order mode is semi-automatic: stops and exits would wait for a hand",
    )


@pytest.mark.parametrize("status", ["working", "rejected"])
def test_the_alarm_of_an_order_that_waits_for_a_hand_ends_when_it_waits_no_more(status):
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "awaiting_approval")
    day.report("10:01", entry, status)
    assert (day.last(e.AlarmOver).name, day.last(e.AlarmOver).subject) == ("approval_needed", entry)


@pytest.mark.parametrize(
    ("status", "error", "kept"),
    [("rejected", "network", "network"), ("cancelled", "network", ""), ("rejected", "", "")],
)
def test_what_went_wrong_is_kept_of_an_order_that_went_wrong(status, error, kept):
    """One that was taken back went the way it was to go."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, status, error=error)
    assert day.book.order(entry).error == kept


def test_an_order_error_is_counted_under_the_orders_name():
    day = at_broker(max_order_errors=5)
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "rejected", error="network", note="down")
    failed = day.last(e.OrderFailed)
    assert (failed.order_id, failed.error, failed.why) == (entry, "network", "down")


def against():
    """An entry of 50 works when somebody's own 10 short are found in the account, and adopted."""
    day = at_broker(manual_trades="adopt")
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    (order,) = day.sent(rc.ApprovedEntry)
    for second in (3, 6):
        shown = {"orders": (row(order, "E1"),), "trades": (trade("H1", "SELL", 10, 1000),)}
        books(day, f"10:00:0{second}", **shown, positions=(position(-10),), instruments=(INFY,))
    assert [(p.side, p.quantity) for p in day.book.positions] == [("SELL", 10)]
    return day, entry


def test_an_entry_that_fills_against_what_is_held_takes_it_off_and_stops_entries():
    """The broker nets the two: what is left of the 10 short is 9, bought at what the fill cost."""
    day, entry = against()
    assert day.report("10:00:07", entry, "working", 1, 990)[:3] == ("Filled", "Latched", "CancelRequested")
    assert [(p.side, p.quantity) for p in day.book.positions] == [("SELL", 9)]
    assert (day.book.order(entry).filled_quantity, day.book.realised) == (1, 10)
    assert day.last(e.Latched).latch.why == f"entry {entry} filled against what was held"
    assert not any(isinstance(fact, e.StrayReport) for fact in day.facts)


def test_a_trade_that_an_entry_of_the_other_side_ends_is_a_trade():
    day, entry = against()
    assert day.report("10:00:07", entry, "working", 10, 9900)[:2] == ("Filled", "PositionClosed")
    closed = day.last(e.PositionClosed)
    assert (closed.reason, closed.rule, closed.gross, closed.exit_price) == ("netted", "", 100, 990)
    assert [done.reason for done in day.book.outcomes] == ["netted"]
    assert day.book.positions == ()


def test_what_an_entry_fills_beyond_what_was_held_leaves_at_once():
    day, entry = against()
    names = day.report("10:00:07", entry, "working", 20, 19800)
    assert [name for name in names if name in ("PositionClosed", "Overfilled", "ExitApproved")] == [
        "PositionClosed",
        "Overfilled",
        "ExitApproved",
    ]
    (out,) = day.sent(rc.ApprovedExit)
    assert (out.side, out.quantity, out.reason) == ("SELL", 10, "double_fill")
    day.fill("10:00:08", out.order_id, price=990)
    assert (day.book.positions, day.book.order(entry).filled_quantity) == ((), 20)


def taken_for_lost(day):
    """An entry of 50 that the broker took, and that three reads did not show."""
    lost = day.enter("10:00", **SEEN)
    day.report("10:00:01", lost, "working", broker_id="E1")
    for second in (5, 6, 7, 8):
        books(day, f"10:00:{second:02}", orders=(foreign(),))
    assert day.book.order(lost).status == "cancelled"
    return lost


def test_an_entry_that_was_taken_for_lost_and_fills_against_the_next_one_is_booked_once():
    """What it took off is gone; it opens nothing when the other position has ended."""
    day = at_broker()
    lost = taken_for_lost(day)
    day.enter("10:01", "SELL", last=1000, stop=1020, target=900)
    short = day.sent(rc.ApprovedEntry)[-1]
    day.report("10:01:01", short.order_id, "working", broker_id="E2")
    day.fill("10:01:01", short.order_id, price=1000)
    day.report("10:01:02", stop_of(day).order_id, "working", broker_id="S2")
    day.report("10:01:03", lost, "filled", 40, 40000)
    assert [(p.side, p.quantity) for p in day.book.positions] == [("SELL", 10)]
    assert [c.revision.quantity for c in day.commands if isinstance(c, e.ReviseOrder)] == [10]
    for second in (5, 6, 7):
        day.report(f"10:01:{second:02}", lost, "filled", 40, 40000)
    day.fill("10:02", stop_of(day).order_id, price=1020, quantity=10)
    assert day.book.positions == ()
    assert "Filled" not in day.report("10:02:01", lost, "filled", 40, 40000)


def test_an_entry_against_what_is_held_that_ends_unfilled_has_ended():
    day, entry = against()
    assert day.report("10:00:07", entry, "cancelled", note="by hand")[0] == "OrderMoved"
    assert day.last(e.OrderMoved).note == "by hand"


# ---------------------------------------------------------------- exits that do not go


def third(**refused):
    """An exit whose first, second and third try end as given; how many were told of after each."""
    day, _ = leaving()
    told = []
    for second in (1, 3, 6):
        day.time(f"10:05:{second - 1:02}.500")
        day.report(f"10:05:{second:02}.000", day.sent()[-1].order_id, "rejected", **refused)
        told.append(len([fact for fact in day.facts if isinstance(fact, e.Alarmed)]))
        day.time(f"10:05:{second + 1:02}.600")
        day.time(f"10:05:{second + 2:02}.400")
    return day, told


@pytest.mark.parametrize(
    ("refused", "name", "why"),
    [
        (
            {"note": "lower circuit"},
            "held_no_exit",
            "3 exits in a row were refused; it is tried again at longer intervals",
        ),
        (
            {"error": "network"},
            "exit_not_sent",
            "3 exits in a row did not get to the broker (network); it is tried again every second",
        ),
    ],
)
def test_F36_the_third_exit_in_a_row_that_is_refused_or_does_not_arrive_calls_somebody(refused, name, why):
    day, told = third(**refused)
    assert told == [0, 0, 1]
    assert call(day) == (name, INFY.key, why)


def test_F36_the_call_for_an_exit_that_is_refused_is_over_with_its_first_fill():
    day, _ = third(note="lower circuit")
    for second in range(10, 20):
        day.time(f"10:05:{second}")
    assert "AlarmOver" in day.fill("10:05:20", day.sent()[-1].order_id, price=970, quantity=10)
    assert (day.last(e.AlarmOver).name, day.last(e.AlarmOver).subject) == ("held_no_exit", INFY.key)


def test_F32_a_stop_that_fills_as_what_it_was_asked_to_become_may_still_be_told_to_work():
    """20 are covered, 50 are held, and the larger stop fills before anybody says that the change was taken."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.fill("10:00:01", entry, price=1000, quantity=20)
    stop = stop_of(day).order_id
    day.report("10:00:02", stop, "working", broker_id="S1")
    day.fill("10:00:03", entry, price=1000)
    assert day.book.order(stop).revision.quantity == 50
    for _ in range(2):
        day.report("10:05", stop, "working", 50, 50 * 980)
    assert (day.book.order(stop).status, day.book.positions) == ("filled", ())
    assert day.last(e.PositionClosed).quantity == 50


# ---------------------------------------------------------------- more traded than was held


def sold_twice(**more):
    """Target and stop both traded: 50 sold at 1,100, then the stop tells of as many as are given."""
    day, _ = held()
    stop = stop_of(day)
    day.prices("10:10", last=1101)
    day.report("10:10:01", stop.order_id, "cancelled")
    day.report("10:10:02", day.sent()[-1].order_id, "filled", 50, 50 * 1100, broker_id="T1")
    return day, stop


def test_F38_shares_that_traded_twice_are_told_of_dated_and_charged():
    day, stop = sold_twice()
    before, seen = day.book.charges, day.at("10:10:01") - timedelta(milliseconds=500)
    day.report("10:10:03", stop.order_id, "filled", 50, 50 * 979, traded_at=seen)
    over = day.last(e.Overfilled)
    assert (over.at, over.order_id, over.position.opened_at) == (day.at("10:10:03"), stop.order_id, seen)
    assert day.book.charges - before == over.charges == over.position.charges == day.book.positions[0].charges > 0
    assert call(day)[:2] == ("double_fill", stop.order_id)
    assert call(day)[2] == "50 more NSE:INFY traded than were held; they are taken off again"
    latch = day.book.latch("report_contradicts")
    assert latch.why == f"order {stop.order_id} traded 50 more than was held"


def test_F38_a_double_fill_that_is_told_in_parts_is_one_position_that_leaves():
    """30 more, then 20: fifty are short, and what leaves follows."""
    day, stop = sold_twice()
    day.report("10:10:03", stop.order_id, "cancelled", 30, 30 * 979)
    assert (day.book.positions[0].quantity, day.sent()[-1].quantity) == (30, 30)
    day.report("10:10:04", stop.order_id, "filled", 50, 50 * 979)
    assert [(p.side, p.quantity, p.average_price) for p in day.book.positions] == [("SELL", 50, 979)]
    day.fill("10:10:05", day.sent()[-1].order_id, price=980)
    day.time("10:10:06")
    day.fill("10:10:07", day.sent()[-1].order_id, price=980)
    assert day.book.positions == ()
    assert "StrayReport" not in [type(fact).__name__ for fact in day.facts]


def test_F38_a_double_fill_leaves_at_the_price_of_now():
    day, stop = sold_twice()
    day.report("10:10:03", stop.order_id, "cancelled", 20, 20 * 979)
    day.prices("10:10:04", last=985)
    day.report("10:10:04.500", day.sent()[-1].order_id, "cancelled")
    day.report("10:10:05", stop.order_id, "filled", 50, 50 * 979)
    assert day.book.positions[0].quantity == 50


def test_F38_of_a_fill_that_is_larger_than_what_is_held_each_share_is_booked_at_its_price():
    """25 were sold by hand; the stop, not yet made smaller, sells all fifty at 970: 25 close, 25 are short at 970."""
    day, _ = held()
    (entry,) = day.sent(rc.ApprovedEntry)
    stop = stop_of(day)
    rows = (row(entry, "E1", "complete"), row(stop, "S1", "trigger_pending"))
    sold = {"trades": (trade("E1", "BUY", 50, 1000), trade("H1", "SELL", 25, 1010)), "positions": (position(25),)}
    for clock in ("10:05", "10:05:03"):
        true_books(day, clock, orders=rows, **sold)
    day.report("10:05:04", stop.order_id, "filled", 50, 50 * 970)
    assert (day.last(e.Filled).quantity, day.last(e.Filled).price, day.last(e.Filled).value) == (25, 970, 25 * 970)
    assert day.book.realised == 25 * 10 - 25 * 30
    assert [(p.side, p.quantity, p.average_price) for p in day.book.positions] == [("SELL", 25, 970)]


# ---------------------------------------------------------------- exits that would sell too many


def two_tries(quantity, *instruments):
    """An exit of all that is held was taken back, and a second one works; more of the first may turn out filled."""
    day = a_day(*instruments)
    day.enter("10:00", **SEEN)
    for order in day.sent(rc.ApprovedEntry):
        part = min(quantity, order.quantity)
        day.report("10:00:01", order.order_id, "cancelled", part, part * 1000)
    day.prices("10:05", last=979)
    first = day.sent()
    for order in first:
        day.report("10:05:01", order.order_id, "cancelled")
    day.time("10:05:02")
    return day, first, day.sent()[len(first) :]


def test_F32_an_exit_of_a_single_share_is_taken_back_when_that_share_has_left_already():
    day, (first,), (second,) = two_tries(1)
    day.report("10:05:03", first.order_id, "filled", 1, 979)
    assert day.book.positions == ()
    asked = day.last(e.CancelRequested)
    assert (asked.order_id, asked.why) == (second.order_id, "more than is held")


def test_F32_of_the_slices_of_an_exit_those_stay_that_together_sell_no_more_than_is_held():
    """30 and 20 of fifty; ten of the first try turn out sold: the 30 stay, the 20 are taken back and repeated as 10."""
    share = rc.Instrument(symbol="INFY", tick="0.05", sector="IT", freeze_quantity=30)
    day, first, second = two_tries(50, share)
    assert [order.quantity for order in second] == [30, 20]
    day.report("10:05:03", first[0].order_id, "cancelled", 10, 9_790)
    asked = [fact.order_id for fact in day.facts if isinstance(fact, e.CancelRequested)]
    assert asked == [second[1].order_id]


def test_F32_a_fill_of_one_position_takes_back_no_exit_of_another():
    """Long INFY and short TCS are both leaving: what buys TCS back has nothing to do with what INFY has left."""
    day = a_day(INFY, TCS)
    day.fill("10:00:01", day.enter("10:00", **SEEN), price=1000)
    short = day.enter("10:00:02", "SELL", "TCS", last=1000, stop=1020, target=900)
    day.fill("10:00:03", short, price=1000)
    day.signal("10:05", "BUY", "TCS", kind=rc.EXIT)
    day.signal("10:05", "SELL", "INFY", kind=rc.EXIT)
    back, out = day.sent()
    day.fill("10:05:01", out.order_id, price=1000, quantity=20)
    assert [fact for fact in day.facts if isinstance(fact, e.CancelRequested)] == []
    assert day.book.order(back.order_id).live


def test_F38_an_exit_that_would_add_to_what_a_double_fill_made_is_taken_back():
    """A second exit works when the first turns out to have sold it all, and more: short, it would sell still more."""
    day, (first,), (second,) = two_tries(50)
    day.fill("10:05:03", second.order_id, price=978, quantity=20)
    day.report("10:05:04", first.order_id, "filled", 50, 50 * 979)
    assert [(p.side, p.quantity) for p in day.book.positions] == [("SELL", 20)]
    words = [(f.order_id, f.why) for f in day.facts if isinstance(f, e.CancelRequested)]
    assert (second.order_id, "the position has turned round") in words
