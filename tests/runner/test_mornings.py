"""A login that is needed: when somebody is called, and what is said."""

from datetime import datetime, timedelta

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.config.settings import MORNING
from riskcore_openalgo.runner.mornings import Mornings
from tests.core.custody_days import at_broker, held, position


def waiting(at):
    """A state that waits for a login since `at`."""
    state = engine.step(engine.State(), events.TimePassed(at), rc.Policy()).state
    seen = events.LoginSeen(at, good=False, reconciled=False, by="riskcore", why="the token is dead")
    return engine.step(state, seen, rc.Policy()).state


def test_a_login_that_is_needed_is_said_at_each_time_of_a_trading_morning_once():
    night = datetime(2026, 11, 23, 3, 5, tzinfo=rc.IST)
    state, mornings = waiting(night), Mornings(MORNING)
    told_at = [
        clock.strftime("%H:%M")
        for clock in (night + timedelta(minutes=n) for n in range(0, 8 * 60, 1))
        if mornings.due(clock, state)
    ]
    assert told_at == ["08:45", "09:00", "09:10"]


def test_nobody_is_woken_on_a_holiday_or_while_the_login_is_good_or_by_a_runner_that_has_just_started():
    sunday = datetime(2026, 11, 22, 9, 0, tzinfo=rc.IST)
    assert Mornings(MORNING).due(sunday, waiting(sunday - timedelta(hours=6))) == ""
    monday = datetime(2026, 11, 23, 9, 0, tzinfo=rc.IST)
    assert Mornings(MORNING).due(monday, engine.State()) == ""
    mornings, started = Mornings(MORNING), waiting(monday)
    assert mornings.due(monday + timedelta(seconds=10), started) == ""
    assert "Log in on OpenAlgo" in mornings.due(monday + timedelta(seconds=40), started)


def test_nobody_is_asked_to_log_in_where_the_login_is_good_and_something_differs():
    """The difference was told, and keeps entries back: another login mends nothing."""
    day = at_broker()
    day.take(events.LoginSeen(day.at("10:00"), good=False, reconciled=False, by="riskcore", why="begun"))
    day.take(events.LoginSeen(day.at("10:00:10"), good=True, reconciled=False, by="riskcore", why="seen"))
    mornings = Mornings(MORNING)
    assert mornings.due(day.at("10:01"), day.state) == ""
    assert mornings.due(day.at("10:02"), day.state).endswith("Log in on OpenAlgo's page"), "no book was read yet"
    for at in ("10:03", "10:04"):
        shares = (position(50, key="NSE:SBIN"),)
        day.take(events.BooksRead(day.at(at), rc.BrokerBooks(at=day.at(at), orders=(), trades=(), positions=shares)))
    assert day.book.latch("login") is not None
    assert day.state.custody.mismatches
    mornings = Mornings(MORNING)
    assert [mornings.due(day.at(at), day.state) for at in ("10:05", "10:06")] == ["", ""]


def test_a_watch_of_a_script_calls_for_no_login_before_it_has_read_anything():
    """Its desk had begun to wait a minute before: "carried without a stop" was said of a stop that rested."""
    day, _ = held()
    day.take(events.LoginSeen(day.at("10:00:30"), good=False, reconciled=False, by="riskcore", why="begun"))
    mornings = Mornings(MORNING)
    assert mornings.due(day.at("10:02"), day.state) == ""
    assert mornings.due(day.at("10:02:30"), day.state).endswith("Log in on OpenAlgo's page")
    bare, _ = held(rests=False)
    bare.take(events.LoginSeen(bare.at("10:00:30"), good=False, reconciled=False, by="riskcore", why="begun"))
    mornings = Mornings(MORNING)
    assert mornings.due(bare.at("10:02"), bare.state) == ""
    said = mornings.due(bare.at("10:02:30"), bare.state)
    assert said.endswith("; 1 of 1 positions have no stop at the broker")
