"""The emergency stop to the letter: what it says of itself, and what of a reading keeps it from being over."""

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.control import FLAT, INCOMPLETE, STOPPING
from tests.core.custody_days import at_broker, books, foreign, held, position, row, stop_of, trade
from tests.core.engine_days import INFY, SEEN, TCS, holding

WHO = ("asha", "enough")


def press(day, clock, **more):
    return day.take(e.EmergencyStopped(day.at(clock), *WHO, **more))


def emergency(day):
    return day.state.control.emergency


def sold(day, clock):
    """The stop is known to be gone, and the exit that follows fills."""
    day.report(clock, stop_of(day).order_id, "cancelled")
    exit_ = day.sent()[-1]
    day.report(clock, exit_.order_id, "working", broker_id="X1")
    day.fill(clock, exit_.order_id, price=1000)
    return exit_


def shown(day, clock, exit_, **more):
    """The broker's books when all of ours is sold."""
    entry = day.sent(rc.ApprovedEntry)[0]
    rows = (row(entry, "E1", "complete"), row(stop_of(day), "S1", "cancelled"), row(exit_, "X1", "complete"))
    trades = (trade("E1", "BUY", 50, 1000), trade("X1", "SELL", 50, 1000))
    return books(day, clock, **{"orders": rows, "trades": trades, "positions": (position(0),), **more})


def all_sold(**policy):
    """A stop that was pressed, and what we held is gone; no reading has borne that out."""
    day, _ = held(**policy)
    press(day, "10:05")
    return day, sold(day, "10:05:01")


def cancels(day):
    return [command for command in day.commands if isinstance(command, e.CancelOrder)]


# ---------------------------------------------------------------- what it says of itself


def test_the_press_is_signed_and_dated_in_each_of_its_facts():
    day, _ = held()
    press(day, "10:05")
    assert day.last(e.EmergencyOrdered) == e.EmergencyOrdered(day.at("10:05"), *WHO, False)
    assert day.last(e.Latched).latch == rc.Latch("emergency_stop", "locked", day.at("10:05"), *WHO)
    press(day, "10:05:01")
    said = ("stop", "emergency_stop", *WHO, "already_stopped")
    assert day.last(e.ControlRefused) == e.ControlRefused(day.at("10:05:01"), *said)


def test_an_entry_that_lives_on_into_another_session_is_asked_to_end_anew_in_its_name():
    """What was asked for yesterday is not asked for any more; the latch, which asked first, is long set."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    press(day, "10:00:01")
    day.next_day(3)
    assert "CancelRequested" in day.take(e.EquityRead(day.at("09:16"), 100_000))
    assert day.last(e.CancelRequested) == e.CancelRequested(day.at("09:16"), entry, "emergency_stop")


def test_the_call_of_one_that_is_incomplete_names_all_that_is_left():
    """Once, at its end; a stop that has not ended yet calls nobody."""
    day, _ = held()
    assert "Alarmed" not in press(day, "10:05")
    day.time("10:06:01")
    alarm, left = day.last(e.Alarmed), day.last(e.EmergencyStaged).left
    assert (len(left), alarm.name, alarm.subject) == (2, INCOMPLETE, "emergency_stop")
    assert alarm.why == f"the emergency stop is incomplete: {left[0]}; {left[1]}"
    day.fill("10:06:05", stop_of(day).order_id, price=980, quantity=20)
    assert len([fact for fact in day.facts if isinstance(fact, e.Alarmed) and fact.name == INCOMPLETE]) == 1
    assert not [fact for fact in day.facts if isinstance(fact, e.AlarmOver)]


@pytest.mark.parametrize("gone", [False, True])
def test_what_is_left_tells_an_exit_from_a_stop(gone):
    day, _ = held()
    press(day, "10:05")
    if gone:
        day.report("10:05:01", stop_of(day).order_id, "cancelled")
    day.time("10:06")
    last = day.sent()[-1]
    what = f"exit {last.order_id}: intended" if gone else f"stop {last.order_id}: working"
    assert day.last(e.EmergencyStaged).left == ("position BUY 50 NSE:INFY", f"{what}, 50 may still fill")


def test_the_call_of_one_that_is_incomplete_is_over_when_it_is_flat_and_not_before():
    day, exit_ = all_sold()
    day.time("10:06")
    assert day.last(e.Alarmed).name == INCOMPLETE
    assert "AlarmOver" not in shown(day, "10:06:04", exit_)
    assert (emergency(day).stage, emergency(day).readings) == (INCOMPLETE, 1)
    assert shown(day, "10:06:05", exit_)[-2:] == ("EmergencyStaged", "AlarmOver")


# ---------------------------------------------------------------- without books to read


def test_on_paper_what_we_hold_is_all_there_is_and_flat_is_flat_at_once():
    """No reading will come: our own book decides, and is not asked twice."""
    day, _ = held(broker="paper", rests=False)
    press(day, "10:05")
    assert (emergency(day).stage, emergency(day).readings) == (STOPPING, 0)
    day.fill("10:05:01", day.sent()[-1].order_id, price=1000)
    assert (emergency(day).stage, emergency(day).readings) == (FLAT, 2)
    assert day.last(e.EmergencyStaged).left == ()


def test_on_paper_a_position_whose_exit_failed_and_an_order_alone_are_both_something_left():
    day, _ = held(broker="paper", rests=False)
    press(day, "10:05")
    day.report("10:05:00.100", day.sent()[-1].order_id, "rejected")
    assert (day.book.live_orders(), emergency(day).readings) == ((), 0)
    other = at_broker(broker="paper")
    other.enter("10:00", **SEEN)
    press(other, "10:00:01")
    assert (other.book.positions, emergency(other).readings) == ((), 0)


def test_a_broker_that_is_not_known_is_taken_to_have_books():
    day, _ = holding()
    press(day, "10:05")
    day.fill("10:05:01", day.sent()[-1].order_id, price=1000)
    assert (emergency(day).stage, emergency(day).readings) == (STOPPING, 0)


# ---------------------------------------------------------------- what a reading proves


@pytest.mark.parametrize("missing", ["orders", "trades", "positions"])
def test_a_reading_without_one_of_the_three_books_proves_nothing(missing):
    day, exit_ = all_sold()
    shown(day, "10:05:04", exit_)
    shown(day, "10:05:05", exit_, **{missing: None})
    assert (emergency(day).stage, emergency(day).readings) == (STOPPING, 1)


@pytest.mark.parametrize("missing", ["orders", "trades", "positions"])
def test_where_nothing_was_ever_ordered_a_reading_must_be_whole_too(missing):
    day = at_broker()
    press(day, "10:05")
    for clock in ("10:05:01", "10:05:02"):
        books(day, clock, **{missing: None})
    assert (emergency(day).stage, emergency(day).readings) == (STOPPING, 0)


def test_two_readings_must_stand_on_end():
    """A fill that comes late makes the book ours again, and the count begins anew with what it led to."""
    day, exit_ = all_sold()
    shown(day, "10:05:04", exit_)
    late = attrs.evolve(foreign("F1"), key=INFY.key, status="open")
    shown(day, "10:05:05", exit_, positions=(position(9),))
    assert emergency(day).readings == 0
    assert emergency(day).contrary == ("NSE:INFY: 9 shares at the broker, 0 in our book",)
    assert day.last(e.EmergencyStaged).contrary == emergency(day).contrary
    assert day.last(e.EmergencyStaged).left == emergency(day).contrary
    assert not [fact for fact in day.facts if isinstance(fact, e.Alarmed) and fact.name == INCOMPLETE]
    shown(day, "10:05:06", exit_, orders=(*day.inputs[-1].books.orders, late))
    assert (emergency(day).stage, emergency(day).readings) == (STOPPING, 1)
    shown(day, "10:05:07", exit_)
    assert emergency(day).stage == FLAT


def test_what_we_hold_ourselves_sets_the_count_of_readings_back():
    """An entry that was cancelled fills late, between two readings."""
    day, _ = held()
    day.instruments["TCS"] = TCS
    late = day.enter("10:01", symbol="TCS", **SEEN)
    press(day, "10:05")
    day.report("10:05:01", late, "cancelled")
    exit_ = sold(day, "10:05:01")
    shown(day, "10:05:04", exit_)
    assert emergency(day).readings == 1
    day.report("10:05:05", late, "cancelled", 5, 5_000)
    assert emergency(day).readings == 0


def test_an_order_of_ours_that_works_at_the_broker_keeps_it_open():
    """We take it to be gone; the book shows it."""
    day, exit_ = all_sold()
    entry = day.sent(rc.ApprovedEntry)[0]
    rows = (row(entry, "E1", "complete"), row(stop_of(day), "S1", "trigger_pending"), row(exit_, "X1", "complete"))
    shown(day, "10:05:04", exit_, orders=rows)
    shown(day, "10:05:06", exit_, orders=rows)
    assert (emergency(day).stage, emergency(day).readings) == (STOPPING, 0)
    assert "order S1 of NSE:INFY works at the broker" in emergency(day).contrary


@pytest.mark.parametrize(("manual_trades", "ours"), [("freeze", True), ("ignore", False)])
def test_shares_of_others_count_in_what_we_have_traded_unless_the_policy_ignores_them(manual_trades, ours):
    day, exit_ = all_sold(manual_trades=manual_trades)
    shown(day, "10:05:04", exit_, positions=(position(-9),))
    assert bool(emergency(day).contrary) == ours


def test_a_difference_that_somebody_has_accepted_keeps_nothing_open():
    """And another number of shares than was accepted does."""
    day, exit_ = all_sold()
    for clock in ("10:05:04", "10:05:06", "10:05:08"):
        shown(day, clock, exit_, positions=(position(9),))
    day.take(e.DifferencesAccepted(day.at("10:05:10"), *WHO))
    assert day.state.custody.beside_of(INFY.key) == 9
    shown(day, "10:05:12", exit_, positions=(position(8),))
    assert emergency(day).contrary == ("NSE:INFY: 8 shares at the broker, 0 in our book",)
    shown(day, "10:05:14", exit_, positions=(position(9),))
    assert emergency(day).contrary == ()


# ---------------------------------------------------------------- the whole account


def test_orders_of_others_are_asked_to_end_once_a_second_while_they_work():
    """By the broker's id alone, for we have none of our own; what has ended is left alone, and ours are ours."""
    day, _ = held()
    (entry,) = day.sent(rc.ApprovedEntry)
    press(day, "10:05", whole_account=True)
    before = len(cancels(day))
    rows = (row(entry, "E1", "complete"), row(stop_of(day), "S1", "trigger_pending"))
    working, over = attrs.evolve(foreign("F1"), status="open"), foreign("F2")
    seen = {"trades": (trade("E1", "BUY", 50, 1000),), "positions": (position(50),)}
    told = [
        books(day, clock, orders=(*rows, working, over), **seen) for clock in ("10:05:04", "10:05:04.999", "10:05:05")
    ]
    assert ["EmergencyStaged" in names for names in told] == [True, False, False]
    asked = [command for command in cancels(day)[before:] if command.broker_id != "S1"]
    assert asked == [e.CancelOrder("", "F1"), e.CancelOrder("", "F1")]
    facts = [fact for fact in day.facts if isinstance(fact, e.ForeignCancelRequested)]
    assert facts == [
        e.ForeignCancelRequested(day.at(clock), "F1", "emergency_stop") for clock in ("10:05:04", "10:05:05")
    ]
    assert dict(emergency(day).asked) == {"F1": day.at("10:05:05")}
    assert "order F1 of NSE:TCS works at the broker" in emergency(day).contrary


def test_shares_of_others_keep_the_stop_of_the_whole_account_open():
    day = at_broker(manual_trades="ignore")
    press(day, "10:05", whole_account=True)
    books(day, "10:05:01", positions=(position(7, key="NSE:TCS"),))
    assert emergency(day).contrary == ("NSE:TCS: 7 shares at the broker, 0 in our book",)
