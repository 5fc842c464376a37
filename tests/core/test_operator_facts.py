"""What is journalled of an act by hand, to the letter: who did it, why, and what it was refused for."""

import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.custody import TO_COMPARE
from riskcore.policy.breakers import BreakerRule
from tests.core.custody_days import at_broker, held, stop_of
from tests.core.engine_days import SEEN, TCS, a_day

WHO = ("asha", "looked at it")


def resume(day, clock, name="", word=""):
    return day.take(e.OperatorResumed(day.at(clock), *WHO, name, word))


def press(day, clock):
    return day.take(e.EmergencyStopped(day.at(clock), "asha", "enough"))


def needed(day, clock, **more):
    return e.LoginSeen(day.at(clock), **{"good": False, "reconciled": False, "by": "shell", "why": "expired", **more})


# ---------------------------------------------------------------- a stop by hand, and its end


def test_a_stop_by_hand_is_dated_and_signed():
    day = a_day()
    day.take(e.OperatorHalted(day.at("10:00"), "asha", "lunch"))
    assert day.book.latches == (rc.Latch("operator_halted", "halted", day.at("10:00"), "asha", "lunch"),)


@pytest.mark.parametrize("name", ["", "no_such_thing"])
def test_a_resume_of_what_does_not_stand_is_refused_by_its_name(name):
    day = a_day()
    assert resume(day, "10:01", name) == ("ControlRefused",)
    assert day.last(e.ControlRefused) == e.ControlRefused(day.at("10:01"), "resume", name, *WHO, "no_such_latch")


def test_a_resume_that_is_refused_names_the_latch_that_stays():
    """Nothing was named: the latch is."""
    day = a_day()
    day.take(e.OperatorHalted(day.at("10:00"), "asha", "something is wrong", "locked"))
    resume(day, "10:01")
    assert day.last(e.ControlRefused) == e.ControlRefused(day.at("10:01"), "resume", "operator_locked", *WHO, "locked")


def test_a_latch_of_one_symbol_is_not_lifted_while_that_symbol_is_at_the_limit():
    """Prices that stopped, with `resets: operator`: each instrument has its own measure."""
    rule = BreakerRule(name="stale_after_s", state="halted", resets="operator")
    day = a_day(stale_after_s=30, breakers=[rule])
    day.fill("10:00:01", day.enter("10:00", seen={"traded_at": day.at("10:00")}, **SEEN), price=1000)
    day.time("10:01")
    resume(day, "10:02", "stale_after_s")
    assert day.last(e.ControlRefused).reason == "still_at_limit"
    day.prices("10:03", last=1000)
    assert resume(day, "10:03:01", "stale_after_s")[0] == "Lifted"


def test_the_call_of_an_emergency_stop_that_is_incomplete_ends_with_its_re_arm():
    """And not with that of another latch."""
    day, _ = held()
    press(day, "10:05")
    day.take(e.OperatorHalted(day.at("10:05:30"), "asha", "and no entries after it", "locked"))
    day.time("10:06:10")
    assert day.last(e.Alarmed).name == "stop_incomplete"
    assert resume(day, "10:07", "operator_locked", "UNLOCK") == ("Lifted",)
    assert resume(day, "10:08", "emergency_stop", "UNLOCK")[:2] == ("Lifted", "AlarmOver")
    assert (day.last(e.AlarmOver).name, day.last(e.AlarmOver).subject) == ("stop_incomplete", "emergency_stop")


# ---------------------------------------------------------------- a login


def test_a_login_that_is_needed_is_latched_until_it_is_good():
    day = a_day()
    day.take(needed(day, "09:17"))
    assert day.book.latches == (
        rc.Latch("login", "waiting_for_login", day.at("09:17"), "shell", "expired", "condition"),
    )


def test_a_good_login_says_who_saw_it_and_what_is_missing():
    day = a_day()
    day.take(needed(day, "09:17"))
    day.take(needed(day, "09:18", good=True, why="logged in"))
    said = ("login", "login", "shell", "logged in")
    assert day.last(e.ControlRefused) == e.ControlRefused(day.at("09:18"), *said, "not_reconciled")
    assert day.book.latch("login").why == TO_COMPARE
    day.take(needed(day, "09:18:10", good=True, why="logged in"))
    assert sum(isinstance(fact, e.Latched) for fact in day.facts) == 2
    day.take(needed(day, "09:19", good=True, reconciled=True, why="books agree"))
    assert day.last(e.Lifted) == e.Lifted(day.at("09:19"), "login", "shell", "books agree")


def test_the_call_for_a_login_names_each_stop_that_rests():
    day = at_broker()
    day.instruments["TCS"] = TCS
    for symbol, clock in (("INFY", "10:00"), ("TCS", "10:01")):
        entry = day.enter(clock, symbol=symbol, last=1000, stop=980, target=1100, quantity=10)
        day.report(f"{clock}:01", entry, "working", broker_id=f"E{symbol}")
        day.fill(f"{clock}:01", entry, price=1000, quantity=10)
        day.report(f"{clock}:02", entry, "cancelled", 10, 10_000)
        day.report(f"{clock}:02", stop_of(day).order_id, "working", broker_id=f"S{symbol}")
    day.take(needed(day, "11:00"))
    assert day.book.latch("login").why == (
        "expired; at that time still resting at the broker: SELL 10 NSE:INFY at 980.00, SELL 10 NSE:TCS at 980.00"
    )
