"""Orders whose row at the broker cannot be told: by a clock that is wrong, or by two rows that are alike."""

from datetime import timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.reconcile import Seen
from tests.core.custody_days import (
    at_broker,
    books,
    exit_unknown,
    foreign,
    position,
    row,
    stop_of,
    trade,
    true_books,
)
from tests.core.engine_days import INFY, SEEN

D = Decimal
BEHIND = timedelta(minutes=-3)


def unknown(day=None, clock="10:00", **policy):
    """An entry that timed out: nobody knows."""
    day = day or at_broker(**policy)
    entry = day.enter(clock, **SEEN)
    day.report(f"{clock}:05", entry, "unknown", note="timeout")
    return day, day.sent(rc.ApprovedEntry)[-1]


def behind(order, broker_id, status="complete"):
    """The row of an order at a broker whose clock is three minutes behind ours."""
    return row(order, broker_id, status, placed_at=order.at + BEHIND)


def executed(order, **more):
    """What such a broker shows of an order that it executed."""
    fields = {"orders": (behind(order, "E9"), foreign()), "positions": (position(order.quantity),), **more}
    return {"trades": (trade("E9", "BUY", order.quantity, 999),), **fields}


@pytest.mark.parametrize("placed_at", [None, "09:59:50"])
def test_a_row_that_stood_in_the_book_before_the_order_was_approved_is_not_it_however_alike(placed_at):
    """Somebody's own: one for as many at the same price, of a broker that tells no time, or ten seconds before ours."""
    alike = unknown()[1]
    day = at_broker()
    at = placed_at and day.at(placed_at)
    own = row(alike, "X7", placed_at=at)
    later, _ = unknown()
    books(day, "09:59:55", orders=(own,))
    day, order = unknown(day)
    assert order == alike
    for clock in ("10:00:30", "10:00:40", "10:00:50", "10:01"):
        assert "Acknowledged" not in books(day, clock, orders=(own, foreign()))
    assert day.book.order(order.order_id).status == "rejected"
    assert day.state.custody.lost == {order.order_id}
    assert "Acknowledged" in books(later, "10:00:30", orders=(own, foreign()))


def test_a_row_that_was_first_seen_in_the_moment_of_the_approval_may_be_the_order():
    day, order = unknown()
    own = row(order, "X7", placed_at=None)
    seen = Seen(frozenset({"X7"}), None, first=((order.at, frozenset({"X7"})),))
    assert (seen.proves_older(own, day.book.order(order.order_id)), order.at) == (False, day.at("10:00"))


# ---------------------------------------------------------------- a clock that is wrong


@pytest.mark.parametrize(("before", "clock"), [("09:59", "10:00:08"), ("10:00", "10:00:08"), ("09:59", "10:00:30")])
def test_F20_a_row_that_no_read_showed_before_is_the_order_whatever_the_brokers_clock_says(before, clock):
    """Else its shares would stay without a stop for as long as the two clocks differ.

    Before is up to the moment the order was approved; it may be found so for thirty seconds.
    """
    day = at_broker()
    books(day, before, orders=(foreign(),))
    day, order = unknown(day)
    assert books(day, clock, **executed(order))[:2] == ("Acknowledged", "Filled")
    assert stop_of(day).quantity == 50


@pytest.mark.parametrize(
    ("before", "shown", "clock"), [(None, False, "10:00:08"), ("09:59", True, "10:00:08"), ("09:59", False, "10:00:31")]
)
def test_a_row_of_another_time_that_may_have_been_there_before_is_no_order_of_ours(before, shown, clock):
    """No read before the order was sent; one that showed the row already; a row that came long after."""
    _, order = unknown()
    day = at_broker()
    if before is not None:
        books(day, before, orders=executed(order)["orders"] if shown else (foreign(),))
    day, order = unknown(day)
    assert "Acknowledged" not in books(day, clock, **executed(order))
    assert day.book.order(order.order_id).broker_id == ""


def traded_before(day):
    """An order of the morning whose row the broker stamped with its own clock; the trade is over."""
    entry = day.enter("09:30", **SEEN)
    day.report("09:30:01", entry, "working", broker_id="E1")
    day.fill("09:30:02", entry, price=1000)
    day.report("09:30:03", stop_of(day).order_id, "working", broker_id="S1")
    day.fill("09:40", stop_of(day).order_id, price=980)
    return day, day.sent(rc.ApprovedEntry)[0]


def test_F20_after_a_long_crash_the_difference_of_the_clocks_is_read_off_an_order_known_by_name():
    """Ten minutes down, the broker's clock three minutes behind: the row is named at the first look, and protected."""
    day, first = traded_before(at_broker(max_trades_per_day=5))
    day, order = unknown(day)
    day.restart()
    shown = {"orders": (behind(order, "E9"), behind(first, "E1"))}
    shown["trades"] = trade("E9", "BUY", order.quantity, 999), trade("E1", "BUY", 50, 1000)
    assert books(day, "10:10", **executed(order, **shown))[:2] == ("Acknowledged", "Filled")
    assert stop_of(day).quantity == order.quantity
    assert day.last(e.AlarmOver).name == "outcome_unknown"


@pytest.mark.parametrize(("drift", "found"), [(D(180), True), (D(-180), False), (D(0), False)])
def test_F20_where_no_order_is_known_by_name_the_drift_that_the_servers_answers_tell_serves(drift, found):
    """Our clock was measured three minutes ahead."""
    day = at_broker()
    day.take(e.ClockSeen(day.at("09:30"), drift))
    day, order = unknown(day)
    day.restart()
    assert ("Acknowledged" in books(day, "10:10", **executed(order))) == found


def test_a_stop_that_was_changed_tells_nothing_of_the_clocks():
    """Its row may bear the time of the change; without another that is known, its own time decides."""
    day, _ = traded_before(at_broker())
    day, order = unknown(day)
    stop = behind(day.sent()[0], "S1")
    assert "Acknowledged" not in books(day, "10:10", **executed(order, orders=(behind(order, "E9"), stop)))


# ---------------------------------------------------------------- two rows that are alike


def alike(order, *statuses):
    """Two rows of the broker's book that may both be the order, and one that is known before."""
    return (*(row(order, f"E{n}", status) for n, status in enumerate(statuses, 8)), foreign())


def test_two_rows_that_fit_leave_it_unknown():
    day, order = unknown()
    books(day, "10:00:08", orders=alike(order, "open", "open"))
    assert day.book.order(order.order_id).status == "unknown"
    assert day.book.order(order.order_id).broker_id == ""


def test_F20_it_is_not_absent_while_the_position_has_moved_and_what_came_is_protected_in_time():
    """No row, two rows: in two reads after `protect_flatten_s` the 50 that came are its own, and get its stop."""
    day, order = unknown()
    for second in range(6, 10):
        assert "Filled" not in books(day, f"10:00:0{second}", orders=(foreign(),), positions=(position(50),))
    assert day.book.order(order.order_id).status == "unknown"
    assert "Filled" in books(day, "10:00:10", orders=(foreign(),), positions=(position(50),))
    assert (stop_of(day).quantity, stop_of(day).trigger) == (50, 980)
    assert day.last(e.Alarmed).name == "presumed_filled"
    assert len(day.sent(rc.ApprovedEntry)) == 1
    assert day.book.trades_today == 1


def test_F20_of_two_rows_that_fit_the_shares_that_came_are_booked_at_what_these_rows_traded():
    """One filled at 999, the other works on: that is said, and the order is never sent again."""
    day, order = unknown()
    shown = {"orders": alike(order, "complete", "open"), "positions": (position(50),)}
    for second in (9, 10, 11, 12):
        books(day, f"10:00:{second:02}", trades=(trade("E8", "BUY", 50, 999),), **shown)
    held_now = day.book.position(INFY.key)
    assert (held_now.quantity, held_now.average_price, held_now.stop) == (50, 999, 980)
    told = next(fact for fact in day.facts if isinstance(fact, e.Alarmed) and fact.name == "presumed_filled")
    assert "; E9 may still fill" in told.why
    assert len(day.sent(rc.ApprovedEntry)) == 1


def test_F20_a_part_that_came_is_protected_and_the_rest_when_it_comes():
    day, order = unknown()
    for clock, there in (("10:00:10", 20), ("10:00:11", 20), ("10:00:12", 50), ("10:00:13", 50)):
        books(day, clock, orders=alike(order, "open", "open"), positions=(position(there),))
        if clock == "10:00:11":
            assert (stop_of(day).quantity, day.book.order(order.order_id).status) == (20, "unknown")
            day.report("10:00:11.500", stop_of(day).order_id, "working", broker_id="S1")
    assert day.book.position(INFY.key).quantity == 50
    assert day.last(e.ReviseOrder).revision.quantity == 50


def test_F20_shares_beyond_what_the_order_may_have_filled_are_a_difference_like_any_other():
    day, order = unknown()
    for second in range(10, 14):
        books(day, f"10:00:{second}", orders=alike(order, "complete", "complete"), positions=(position(100),))
        if second == 11:
            day.report("10:00:11.500", stop_of(day).order_id, "working", broker_id="S1")
    assert stop_of(day).quantity == 50
    assert day.book.latch("positions_differ", INFY.key) is not None


@pytest.mark.parametrize("there", [-50, 0])
def test_shares_that_went_the_other_way_are_not_the_orders(there):
    day, order = unknown()
    for second in range(10, 14):
        books(day, f"10:00:{second}", orders=alike(order, "open", "open"), positions=(position(there),))
    assert day.book.order(order.order_id).filled_quantity == 0
    assert day.book.positions == ()


def test_F20_two_rows_that_ended_unfilled_are_as_good_as_none():
    """Whichever of them it is, it fills nothing more: after three clean reads it is settled."""
    day, order = unknown()
    for second in (6, 7, 8, 9):
        books(day, f"10:00:0{second}", orders=alike(order, "cancelled", "rejected"))
    assert day.book.order(order.order_id).status == "rejected"
    assert day.book.trades_today == 0


@pytest.mark.parametrize("statuses", [("open", "open"), ("cancelled", "open")])
def test_F20_two_rows_of_which_one_works_may_still_fill_and_are_not_as_good_as_none(statuses):
    """However often that is read: the order is not given up, and no other takes its slot."""
    day, order = unknown()
    for second in range(6, 16):
        books(day, f"10:00:{second:02}", orders=alike(order, *statuses))
    assert day.book.order(order.order_id).status == "unknown"
    assert day.book.trades_today == 1


def test_F20_a_row_that_tells_a_fill_before_its_end_is_not_as_good_as_none():
    """The trade book shows it not yet."""
    day, order = unknown()
    part = row(order, "E8", "cancelled", filled_quantity=5, average_price=999)
    for second in range(6, 16):
        books(day, f"10:00:{second:02}", orders=(part, row(order, "E9", "cancelled"), foreign()))
    assert day.book.order(order.order_id).status == "unknown"


def test_F20_two_rows_of_which_one_traded_before_it_ended_are_not_as_good_as_none():
    day, order = unknown()
    for second in (6, 7, 8, 9):
        shown = alike(order, "cancelled", "rejected")
        books(day, f"10:00:0{second}", orders=shown, trades=(trade("E8", "BUY", 5, 999),))
    assert day.book.order(order.order_id).status == "unknown"


def test_F20_an_exit_without_a_name_that_took_the_shares_off_is_booked_as_that():
    """The target is taken, the exit times out, two rows fit, the shares are gone: nothing more is sold."""
    day, out = exit_unknown(note="timeout")
    (entry,) = day.sent(rc.ApprovedEntry)
    rows = (row(entry, "E1", "complete"), *(row(out, name, "complete") for name in ("X8", "X9")))
    trades = (trade("E1", "BUY", 50, 1000), trade("X8", "SELL", 50, 1100))
    for second in (11, 12, 13):
        true_books(day, f"10:10:{second}", orders=rows, trades=trades, positions=(position(0),))
    assert day.book.positions == ()
    assert day.last(e.PositionClosed).exit_price == 1100
    assert day.sent()[-1] == out


@pytest.mark.parametrize("status", ["unknown", "awaiting_approval"])
@pytest.mark.parametrize("shown", ["nothing", "orders and trades"])
def test_F47_an_exit_without_a_name_is_not_filled_by_books_that_show_no_position(status, shown):
    """Empty books are no fill: the position would be taken for closed, and nothing would watch it any more."""
    day, out = exit_unknown(status)
    (entry,) = day.sent(rc.ApprovedEntry)
    known = {"orders": (row(entry, "E1", "complete"),), "trades": (trade("E1", "BUY", 50, 1000),)}
    for second in range(12, 40, 3):
        books(day, f"10:10:{second}", **({} if shown == "nothing" else known))
    assert day.book.position(INFY.key).quantity == 50
    assert day.book.order(out.order_id).status == status
    books(day, "10:10:41", **{**known, "trades": (*known["trades"], trade("X8", "SELL", 50, 1100))})
    books(day, "10:10:44", **{**known, "trades": (*known["trades"], trade("X8", "SELL", 50, 1100))})
    assert day.book.positions == ()  # a trade of that read took it off
    assert day.last(e.PositionClosed).exit_price == out.limit  # no row can be told to be it


def test_what_an_operator_accepts_leaves_out_shares_that_may_be_ours():
    """They get their stop all the same."""
    day, order = unknown()
    books(day, "10:00:06", orders=alike(order, "open", "open"), positions=(position(50),))
    assert day.state.custody.mismatches[0].kind == "unnamed"
    day.take(e.DifferencesAccepted(day.at("10:00:07"), "asha", "mine"))
    assert day.state.custody.accepted == ()
    for second in (10, 11):
        books(day, f"10:00:{second}", orders=alike(order, "open", "open"), positions=(position(50),))
    assert stop_of(day).quantity == 50


# ---------------------------------------------------------------- neither orders nor trades can be read


def blind(day, clock, there):
    """A read of the positions alone."""
    return books(day, clock, orders=None, trades=None, positions=(position(there),))


def begun(filled=20):
    """An entry of 50 of which some have filled; their stop rests."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    day.fill("10:00:02", entry, price=1000, quantity=filled)
    day.report("10:00:03", stop_of(day).order_id, "working", broker_id="S1")
    return day


def test_what_an_entry_fills_unread_beside_the_stop_of_its_first_part_is_protected_too():
    """That stop can only make the position smaller: it explains none of what came."""
    day = begun()
    for second in (6, 12, 14, 16):
        blind(day, f"10:00:{second:02}", 50)
    assert day.book.position(INFY.key).quantity == 50
    assert day.last(e.RevisionRequested).revision.quantity == 50
    assert ("presumed_filled", day.book.orders[0].id) in day.state.custody.told


def test_what_left_unread_may_have_left_by_the_stop():
    day = begun(50)
    for second in (6, 12, 14, 16, 40):
        assert "PositionAdjusted" not in blind(day, f"10:00:{second:02}", 0)
    assert day.book.position(INFY.key).quantity == 50


def test_shares_that_no_order_of_ours_can_have_brought_are_told_though_nothing_tells_what_filled():
    day = begun(50)
    for second in (6, 12, 14):
        blind(day, f"10:00:{second:02}", 80)
    assert [(one.kind, one.ours, one.theirs) for one in day.state.custody.mismatches] == [("more", 50, 80)]
    assert ("positions_differ", INFY.key) in day.state.custody.told


def test_an_exit_that_was_to_end_is_asked_to_again_while_no_order_book_can_be_read():
    day = begun(50)
    day.signal("10:01", "SELL", kind=rc.EXIT)
    asked = [one for one in day.facts if isinstance(one, e.CancelRequested)]
    assert [(one.order_id, one.leaves) for one in day.commands if isinstance(one, e.CancelOrder)] == [
        (stop_of(day).order_id, True)
    ]
    blind(day, "10:01:09", 50)
    assert [one for one in day.facts if isinstance(one, e.CancelRequested)] == asked
    blind(day, "10:01:10", 50)
    assert len([one for one in day.facts if isinstance(one, e.CancelRequested)]) == len(asked) + 1
    day.report("10:01:11", stop_of(day).order_id, "cancelled")
    assert day.sent()[-1].reason == "signal"
