"""What a hand may do to the trading state, and what a policy may say of its breakers."""

from datetime import datetime

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.engine import evolve, fold
from riskcore.policy.breakers import BreakerRule, ConnectionTimers, ErrorLimit
from riskcore.testing import Scenario

INFY = rc.Instrument(symbol="INFY", tick="0.05", sector="IT")
TCS = rc.Instrument(symbol="TCS", tick="0.05", sector="Power")
SEEN = {"last": 1000, "stop": 980, "target": 1100}
LIVE = ConnectionTimers(mode="live", degraded_s=5, no_entries_s=15, action_s=60, action="flatten")


def a_day(**settings):
    return Scenario(rc.Policy(**settings), INFY, TCS)


def latches(day):
    return [latch.name for latch in day.book.latches]


def resume(day, clock, name="", word=""):
    """A hand lifts a latch; the reason it is refused for, or ""."""
    facts = day.take(e.OperatorResumed(day.at(clock), "asha", "looked at it", name, word))
    return day.last(e.ControlRefused).reason if "ControlRefused" in facts else ""


# ---------------------------------------------------------------- the operator


def test_a_pause_is_lifted_by_hand_and_cancels_what_works_to_enter():
    """Who and why stands on both; a second pause changes nothing."""
    day = a_day()
    entry = day.enter("10:00", **SEEN)
    pause = e.OperatorHalted(day.at("10:00:02"), "asha", "lunch")
    assert day.take(pause) == ("Latched", "CancelRequested")
    assert day.take(pause) == ()
    assert (day.book.state, day.last(e.Latched).latch.by, day.last(e.Latched).latch.why) == ("halted", "asha", "lunch")
    assert day.last(e.CancelRequested).order_id == entry
    day.enter("10:01", symbol="TCS", **SEEN)
    assert day.refusal() == ("entries_stopped",)
    assert resume(day, "10:02") == ""
    assert (day.last(e.Lifted).by, day.last(e.Lifted).why) == ("asha", "looked at it")
    assert resume(day, "10:03") == "no_such_latch"


def test_a_locked_state_wants_the_typed_word():
    """A plain resume does not lift it, and nothing milder is re-armed below it."""
    day = a_day()
    day.take(e.OperatorHalted(day.at("10:00"), "asha", "going home", "reducing"))
    day.take(e.OperatorHalted(day.at("10:01"), "asha", "something is wrong", "locked"))
    assert resume(day, "10:02") == "graver_stands"
    assert [f.reason for f in day.facts if isinstance(f, e.ControlRefused)] == ["locked", "graver_stands"]
    assert resume(day, "10:03", "operator_locked", "unlock") == "locked"
    assert resume(day, "10:04", "operator_locked", "UNLOCK") == ""
    assert day.book.state == "reducing"
    assert resume(day, "10:05") == ""
    assert day.book.state == "active"


def test_a_book_that_differs_is_lifted_by_name():
    """It was the latch that nobody could lift."""
    day = a_day()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "filled", 10_000, 10_000_000)
    assert latches(day) == ["report_contradicts"]
    assert resume(day, "10:01") == "no_such_latch"
    assert resume(day, "10:02", "report_contradicts") == ""
    assert latches(day) == []


def test_a_trouble_is_not_lifted_by_hand():
    """Its cause must pass."""
    day = a_day()
    day.take(e.TroubleSeen(day.at("10:00"), "journal_unavailable", "disk full"))
    assert resume(day, "10:01", "journal_unavailable", "UNLOCK") == "condition_stands"
    day.take(e.TroubleOver(day.at("10:02"), "journal_unavailable"))
    assert latches(day) == []


def test_a_login_is_waited_for_until_it_is_good_and_the_books_agree():
    """No hand lifts it."""
    day = a_day()
    needed = e.LoginSeen(day.at("09:17"), good=False, reconciled=False, by="shell", why="token expired")
    assert day.take(needed) == ("LoginChanged", "Latched")
    assert day.book.state == "waiting_for_login"
    assert day.take(needed) == ()
    assert day.take(attrs.evolve(needed, why="Invalid openalgo apikey")) == ("Latched",)
    assert [latch.why for latch in day.book.latches] == ["Invalid openalgo apikey"]
    assert resume(day, "09:18", "login", "UNLOCK") == "login_first"
    good = attrs.evolve(needed, at=day.at("09:19"), good=True)
    assert day.take(good) == ("LoginChanged", "Latched", "ControlRefused")
    assert day.last(e.ControlRefused).reason == "not_reconciled"
    assert day.take(attrs.evolve(good, reconciled=True)) == ("Lifted",)
    assert day.book.state == "active"


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda at: e.OperatorHalted(at, "", "lunch"), "by"),
        (lambda at: e.OperatorHalted(at, "asha", " "), "why"),
        (lambda at: e.OperatorHalted(at, "asha", "lunch", "active"), "state"),
        (lambda at: e.OperatorResumed(at, "asha", ""), "why"),
        (lambda at: e.ConnectionSeen(at, connected=True, mode="demo"), "mode"),
        (lambda at: e.ClockSeen(at, "soon"), "drift_s"),
    ],
)
def test_an_act_without_a_name_or_a_reason_is_no_input(make, name):
    """It is refused where it is made, by the name of the field."""
    with pytest.raises(ValueError, match=name):
        make(a_day().at("10:00"))


# ---------------------------------------------------------------- the policy


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"breakers": [BreakerRule(name="max_drawdown", state="halted", resets="after_s")]}, "needs after_s"),
        (
            {"breakers": [BreakerRule(name="max_drawdown", state="halted", resets="operator", after_s=5)]},
            "write resets: after_s",
        ),
        ({"breakers": [BreakerRule(name="max_drawdown", state="halted", resets="operator")] * 2}, "twice"),
        ({"breakers": [BreakerRule(name="max_drawdown", state="locked", resets="condition")]}, "resets: operator"),
        ({"connection_timers": [attrs.evolve(LIVE, degraded_s=16)]}, "degraded_s <= no_entries_s"),
        ({"connection_timers": [LIVE, LIVE]}, "live twice"),
        ({"order_error_limits": [ErrorLimit(error="unknown", limit=1)] * 2}, "unknown twice"),
        ({"max_orders_per_s": 3, "order_tokens_for_exits": 3}, "no entry would ever pass"),
        ({"drawdown_basis": "weekly"}, "session, rolling or all_time"),
        ({"breakers": ["max_drawdown"]}, "list of BreakerRule"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(settings, message):
    """With the field and what to write."""
    with pytest.raises(ValueError, match=message):
        rc.Policy(**settings)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"name": "max_heat"}, "name"), ({"state": "active"}, "state"), ({"resets": "never"}, "resets")],
)
def test_a_breaker_rule_names_what_there_is(wrong, message):
    """A breaker, a state that stops entries, a reset."""
    with pytest.raises(ValueError, match=f"BreakerRule.{message}"):
        BreakerRule(**{"name": "max_drawdown", "state": "halted", "resets": "operator", **wrong})


@pytest.mark.parametrize(
    ("then", "now"), [("book_differs", "report_contradicts"), ("books_differ", "positions_differ")]
)
def test_a_latch_of_an_older_journal_is_known_and_lifted_under_todays_name(then, now):
    """Folded, it has today's name; a hand lifts it by either, and an older lift of it is one too."""
    at = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
    old = e.Latched(at, rc.Latch(then, "halted", at, "riskcore", "then"))
    for name in (then, now):
        day = a_day()
        day.facts.append(old)
        day.restart()
        assert latches(day) == [now]
        assert resume(day, "10:02", name) == ""
        assert latches(day) == []
    assert fold([old, e.Lifted(at, then, "asha")]).book.latches == ()
    told = fold([e.Alarmed(at, then, "NSE:INFY", "then")])
    assert told.custody.told == {(now, "NSE:INFY")}
    assert evolve(told, e.AlarmOver(at, then, "NSE:INFY")).custody.told == frozenset()
