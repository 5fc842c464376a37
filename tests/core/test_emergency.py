"""The emergency stop: latched, entries taken back, positions left, flat only after two readings of the books."""

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.control import FLAT, INCOMPLETE, PENDING, STOPPING
from riskcore.engine import fold
from tests.core.custody_days import at_broker, books, foreign, held, position, row, stop_of, trade
from tests.core.engine_days import SEEN

TCS = rc.Instrument(symbol="TCS", tick="0.05")


def press(day, clock, **more):
    """The stop is pressed."""
    return day.take(e.EmergencyStopped(day.at(clock), "asha", "enough", **more))


def stage(day):
    """How far it has come."""
    emergency = day.state.control.emergency
    return None if emergency is None else emergency.stage


def rearm(day, clock, word="UNLOCK"):
    """A hand re-arms; the reason it is refused for, or ""."""
    names = day.take(e.OperatorResumed(day.at(clock), "asha", "looked at it", "emergency_stop", word))
    return day.last(e.ControlRefused).reason if "ControlRefused" in names else ""


def sold(day, clock, *, price=1000):
    """The stop is known to be gone, and the exit that follows fills."""
    day.report(clock, stop_of(day).order_id, "cancelled")
    exit_ = day.sent()[-1]
    assert exit_.trigger is None
    day.report(clock, exit_.order_id, "working", broker_id="X1")
    day.fill(clock, exit_.order_id, price=price)
    return exit_


def flat_books(day, clock, exit_, **more):
    """The broker's books when all is sold."""
    rows = _rows(day, exit_)
    trades = (trade("E1", "BUY", 50, 1000), trade("X1", "SELL", 50, 1000))
    return books(day, clock, **{"orders": rows, "trades": trades, "positions": (position(0),), **more})


def test_the_stop_is_taken_back_before_the_position_leaves():
    """Latched at once; two orders for the same shares never live at a time; the exit says why it went."""
    day, _ = held()
    names = press(day, "10:05")
    assert names[:2] == ("EmergencyOrdered", "Latched")
    assert day.book.state == "locked"
    assert day.last(e.CancelOrder).broker_id == "S1"
    assert day.sent()[-1].trigger is not None
    exit_ = sold(day, "10:05:01")
    assert (exit_.reason, exit_.quantity, stage(day)) == ("emergency_stop", 50, STOPPING)
    assert day.last(e.PositionClosed).reason == "emergency_stop"


def test_flat_is_said_only_after_two_readings_that_can_prove_it():
    """An empty reading, a part of the books and the same reading again prove nothing."""
    day, _ = held()
    press(day, "10:05")
    exit_ = sold(day, "10:05:01")
    books(day, "10:05:02")
    books(day, "10:05:03", orders=(row(exit_, "X1", "complete"),), positions=None)
    assert (stage(day), day.state.control.emergency.readings) == (STOPPING, 0)
    flat_books(day, "10:05:04", exit_)
    flat_books(day, "10:05:04", exit_)
    assert (stage(day), day.state.control.emergency.readings) == (STOPPING, 1)
    flat_books(day, "10:05:05", exit_)
    assert (stage(day), day.last(e.EmergencyStaged).left) == (FLAT, ())
    assert "EmergencyStaged" not in flat_books(day, "10:05:06", exit_)


def test_a_second_press_changes_nothing_and_says_so():
    """Idempotent: no second exit, no second latch."""
    day, _ = held()
    press(day, "10:05")
    before = len(day.sent()), day.book.latches, day.state.control
    assert press(day, "10:05:01") == ("ControlRefused",)
    assert day.last(e.ControlRefused).reason == "already_stopped"
    assert (len(day.sent()), day.book.latches, day.state.control) == before


def test_it_survives_a_restart_latched_and_goes_on():
    """Folded from the facts it is where it was; the books then end it."""
    day, _ = held()
    press(day, "10:05")
    day.restart()
    assert (day.book.state, stage(day)) == ("locked", STOPPING)
    exit_ = sold(day, "10:05:02")
    day.restart()
    flat_books(day, "10:05:04", exit_)
    day.restart()
    flat_books(day, "10:05:05", exit_)
    assert stage(day) == FLAT
    assert fold(day.facts).control == day.state.control


def test_F56_a_cancel_that_fails_ends_incomplete_with_the_list_and_goes_on():
    """The stop still rests: nothing is sold beside it; it is asked to end again, and what is left is named."""
    day, _ = held()
    press(day, "10:05")
    (entry,) = day.sent(rc.ApprovedEntry)
    shown = (row(entry, "E1", "complete"), row(stop_of(day), "S1", "trigger_pending"))
    seen = {"orders": shown, "trades": (trade("E1", "BUY", 50, 1000),), "positions": (position(50),)}
    for second in (2, 4, 6):
        books(day, f"10:05:0{second}", **seen)
    asked = [c for c in day.commands if isinstance(c, e.CancelOrder) and c.broker_id == "S1"]
    assert len(asked) == 4
    day.time("10:05:59")
    assert stage(day) == STOPPING
    day.time("10:06")
    assert stage(day) == INCOMPLETE
    left = day.last(e.EmergencyStaged).left
    assert left[0] == "position BUY 50 NSE:INFY"
    assert left[1].startswith("stop script:INFY")
    assert day.last(e.Alarmed).name == INCOMPLETE
    assert all(order.trigger is not None for order in day.sent())
    exit_ = sold(day, "10:06:01")
    flat_books(day, "10:06:02", exit_)
    flat_books(day, "10:06:03", exit_)
    assert stage(day) == FLAT
    assert day.last(e.AlarmOver).name == INCOMPLETE


def test_F56_readings_that_fail_end_incomplete_and_never_flat():
    """Our own book is flat, and nobody bears that out."""
    day, _ = held()
    press(day, "10:05")
    sold(day, "10:05:01")
    books(day, "10:05:30", orders=None, trades=None, positions=None)
    day.time("10:06")
    assert stage(day) == INCOMPLETE
    assert day.last(e.EmergencyStaged).left == ("0 of 2 readings of the broker's books have shown it flat",)


def test_F56_an_entry_of_unknown_outcome_is_waited_for_and_what_it_filled_is_left():
    """It keeps the stop open until the books settle it; a late fill leaves like any other position."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "unknown")
    press(day, "10:00:02")
    day.time("10:01:02")
    assert (stage(day), day.last(e.EmergencyStaged).left) == (
        INCOMPLETE,
        (f"entry {entry}: unknown, 50 may still fill",),
    )
    (sent,) = day.sent(rc.ApprovedEntry)
    seen = {"orders": (row(sent, "E1", "complete"),), "trades": (trade("E1", "BUY", 50, 1000),)}
    books(day, "10:01:03", **seen, positions=(position(50),))
    exit_ = day.sent()[-1]
    assert (exit_.reason, exit_.quantity, exit_.trigger) == ("emergency_stop", 50, None)


def test_F56_a_late_fill_after_flat_begins_the_stop_again():
    """It stays latched, so what comes late is taken off too."""
    day, _ = held(max_position_size_percent="100", max_sector_exposure="100")
    day.instruments["TCS"] = TCS
    late = day.enter("10:01", symbol="TCS", **SEEN)
    press(day, "10:05")
    day.report("10:05:01", late, "cancelled")
    exit_ = sold(day, "10:05:01")
    flat_books(day, "10:05:04", exit_)
    flat_books(day, "10:05:05", exit_)
    assert stage(day) == FLAT
    day.report("10:05:08", late, "cancelled", 5, 5_000)
    assert stage(day) == STOPPING
    assert (day.sent()[-1].reason, day.sent()[-1].quantity) == ("emergency_stop", 5)
    assert day.state.control.emergency.since == day.at("10:05:08")


def _rows(day, exit_):
    entry = day.sent(rc.ApprovedEntry)[0]
    return (row(entry, "E1", "complete"), row(stop_of(day), "S1", "cancelled"), row(exit_, "X1", "complete"))


def test_outside_the_session_it_is_pending_and_leaves_at_the_open():
    """Latched at once, nothing is sent into a shut market; the next session begins with the exit."""
    day = at_broker()
    entry = day.enter("10:00", product="CNC", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    day.fill("10:00:01", entry, price=1000)
    names = press(day, "16:00")
    assert "ExitApproved" not in names
    assert (stage(day), day.book.state) == (PENDING, "locked")
    assert day.last(e.EmergencyStaged).left[0] == "position BUY 50 NSE:INFY (its market is shut)"
    day.next_day(3)
    day.time("09:14:59")
    assert stage(day) == PENDING
    day.time("09:15:01")
    assert (stage(day), day.sent()[-1].reason) == (STOPPING, "emergency_stop")


def test_it_is_rearmed_by_a_typed_word_when_it_has_ended():
    """Not while it works, not with another word; a position that was kept then has its stop again."""
    day, _ = held()
    press(day, "10:05")
    assert rearm(day, "10:05:01") == "stop_not_over"
    exit_ = sold(day, "10:05:02")
    flat_books(day, "10:05:04", exit_)
    flat_books(day, "10:05:05", exit_)
    assert rearm(day, "10:06", "unlock") == "locked"
    assert rearm(day, "10:06:01") == ""
    assert (day.book.state, day.state.control.emergency) == ("active", None)
    assert day.last(e.Lifted).by == "asha"


def test_our_positions_alone_by_default():
    """What others hold and order is left alone, and does not keep the account from being flat."""
    day, _ = held()
    press(day, "10:05")
    exit_ = sold(day, "10:05:01")
    others = {"orders": (*_rows(day, exit_), attrs.evolve(foreign("F1"), status="open"))}
    positions = (position(0), position(7, key="NSE:TCS"))
    flat_books(day, "10:05:04", exit_, positions=positions, **others)
    flat_books(day, "10:05:05", exit_, positions=positions, **others)
    assert stage(day) == FLAT
    assert not any(isinstance(fact, e.ForeignCancelRequested) for fact in day.facts)


@pytest.mark.parametrize("manual_trades", ["freeze", "ignore", "adopt"])
def test_the_whole_account_takes_what_others_hold_and_ordered(manual_trades):
    """Whatever the policy says of manual trades: orders are asked to end, shares are adopted, and left."""
    day = at_broker(manual_trades=manual_trades)
    press(day, "10:05", whole_account=True)
    working = attrs.evolve(foreign(), status="open")
    bought = trade("H1", "BUY", 7, 1000, key="NSE:TCS")
    shown = {"positions": (position(7, key="NSE:TCS"),), "instruments": (TCS,)}
    seen = {"orders": (working,), "trades": (bought,), **shown}
    for second in (1, 2, 3):
        books(day, f"10:05:0{second}", **seen)
    cancels = [command for command in day.commands if isinstance(command, e.CancelOrder)]
    assert {command.broker_id for command in cancels} == {"X1"}
    exit_ = day.sent()[-1]
    assert (exit_.instrument.key, exit_.side, exit_.quantity, exit_.reason) == ("NSE:TCS", "SELL", 7, "emergency_stop")
    day.report("10:05:04", exit_.order_id, "working", broker_id="Y1")
    day.fill("10:05:04", exit_.order_id, price=1000)
    flat = {"orders": (foreign(), row(exit_, "Y1", "complete")), "positions": (position(0, key="NSE:TCS"),)}
    flat["trades"] = (bought, trade("Y1", "SELL", 7, 1000, key="NSE:TCS"))
    books(day, "10:05:06", **flat)
    books(day, "10:05:07", **flat)
    assert stage(day) == FLAT


def _closed(product):
    """A position of which all was sold a second after the stop of the whole account; the broker's rows of all that."""
    day = at_broker()
    day.report("10:00:01", day.enter("10:00", product=product, **SEEN), "working", broker_id="E1")
    day.fill("10:00:01", day.sent(rc.ApprovedEntry)[0].order_id, price=1000)
    day.report("10:00:02", day.sent()[-1].order_id, "working", broker_id="S1")
    press(day, "10:05", whole_account=True)
    exit_ = sold(day, "10:05:01")
    rows = (trade("E1", "BUY", 50, 1000), trade("X1", "SELL", 50, 1000))
    seen = {"orders": _rows(day, exit_), "trades": tuple(attrs.evolve(one, product=product) for one in rows)}
    return day, {**seen, "instruments": (exit_.instrument,)}


@pytest.mark.parametrize("product", ["MIS", "CNC"])
def test_positions_of_before_our_exit_are_sold_once_though_the_whole_account_is_to_leave(product):
    """The trades tell that all is sold; the position book is of some seconds ago, and shows it still."""
    day, seen = _closed(product)
    still = attrs.evolve(position(50), product=product)
    for second in range(2, 12):
        books(day, f"10:05:{second:02}", **seen, positions=(still,))
    assert [order.quantity for order in day.sent() if order.trigger is None] == [50]
    assert stage(day) == STOPPING
    for second in (12, 13):
        books(day, f"10:05:{second}", **seen, positions=(attrs.evolve(position(0), product=product),))
    assert stage(day) == FLAT


def test_positions_of_before_our_exit_are_sold_once_where_no_trade_book_is_read_either():
    """That we have sold is known; nothing in such a read tells that others bought as many again."""
    day, seen = _closed("MIS")
    for second in range(2, 12):
        books(day, f"10:05:{second:02}", **{**seen, "trades": None}, positions=(position(50),))
    assert [order.quantity for order in day.sent() if order.trigger is None] == [50]


def test_shares_that_come_again_after_they_were_adopted_stand_as_long_as_the_first():
    """A hand buys 7, which are left; and 7 more at once: the first read of them moves nothing."""
    day = at_broker()
    press(day, "10:05", whole_account=True)
    bought = tuple(trade(f"H{number}", "BUY", 7, 1000, key="NSE:TCS") for number in (1, 2))
    seen = {"orders": (foreign(),), "positions": (position(7, key="NSE:TCS"),), "instruments": (TCS,)}
    for second in (1, 2):
        books(day, f"10:05:0{second}", **seen, trades=bought[:1])
    (exit_,) = day.sent()
    day.report("10:05:03", exit_.order_id, "working", broker_id="Y1")
    day.fill("10:05:03", exit_.order_id, price=1000)
    seen["orders"], traded = (foreign(), row(exit_, "Y1", "complete")), trade("Y1", "SELL", 7, 1000, key="NSE:TCS")
    books(day, "10:05:04", **seen, trades=(*bought, traded))
    assert len(day.sent()) == 1
    books(day, "10:05:05", **seen, trades=(*bought, traded))
    assert len(day.sent()) == 2


def test_a_stop_can_be_widened_to_the_whole_account_and_not_narrowed():
    """The wider press is noted; the narrower one is refused as already standing."""
    day = at_broker()
    press(day, "10:05")
    assert "EmergencyOrdered" in press(day, "10:06", whole_account=True)
    assert day.state.control.emergency.whole_account
    assert press(day, "10:06:10") == ("ControlRefused",)


def test_no_entry_passes_while_it_stands():
    """Neither one that was on its way nor a new one."""
    day = at_broker()
    waiting = day.enter("10:00", **SEEN)
    press(day, "10:00:02")
    assert day.last(e.CancelOrder).order_id == waiting
    day.instruments["TCS"] = TCS
    day.enter("10:01", symbol="TCS", **SEEN)
    assert day.refusal() == ("entries_stopped",)


def test_each_stop_that_is_incomplete_calls_somebody_anew():
    """One that was re-armed, and one that was widened, are over: the next calls as the first did."""
    day, _ = held()
    for clock, whole in (("10:05", False), ("10:07", True)):
        press(day, clock, whole_account=whole)
        day.time(f"{clock[:-1]}{int(clock[-1]) + 1}:01")
    assert rearm(day, "10:09") == ""
    press(day, "10:10")
    day.time("10:11:01")
    called = [
        type(fact) for fact in day.facts if isinstance(fact, (e.Alarmed, e.AlarmOver)) and fact.name == INCOMPLETE
    ]
    assert called == [e.Alarmed, e.AlarmOver, e.Alarmed, e.AlarmOver, e.Alarmed]
