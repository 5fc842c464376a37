"""The moments of a day: what the scheduler wakes the runner for, and that it only enqueues time."""

import sys
import threading
from datetime import date, datetime, time, timedelta

import pytest
from apscheduler.triggers.date import DateTrigger

import riskcore as rc
from riskcore import events
from riskcore_openalgo.runner.schedule import Schedule

MONDAY = date(2026, 11, 23)


def at(text, day=MONDAY):
    return datetime.combine(day, time.fromisoformat(text), rc.IST)


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


def schedule(now="08:00", intervals=("1h",), **policy):
    clock = Clock(at(now))
    return clock, Schedule(clock, lambda: rc.Policy(**policy), intervals, (time(8, 45),))


def named(made, name, day=MONDAY):
    return [f"{moment.at:%H:%M}" for moment in made.moments(day) if moment.name == name]


def test_the_moments_of_a_day_are_those_of_both_kinds_of_shares():
    """Shares with derivatives leave continuous trading at 15:15, the others at 15:30."""
    _, made = schedule()
    assert named(made, "token_check") == ["08:45"]
    assert named(made, "pre_open") == ["09:00"]
    assert named(made, "bar_close") == ["10:15", "11:15", "12:15", "13:15", "14:15", "15:15", "15:30"]
    assert named(made, "square_off") == ["15:10"]
    assert named(made, "end_of_day") == ["15:15", "15:30"]
    assert made.moments(MONDAY) == sorted(set(made.moments(MONDAY)))


def test_the_policy_in_force_says_when_positions_leave():
    _, made = schedule(square_off_at="14:55")
    assert named(made, "square_off") == ["14:55"]


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2026, 11, 24), date(2031, 1, 6)])
def test_a_day_without_trading_or_beyond_the_calendar_has_none(day):
    _, made = schedule()
    assert made.moments(day) == []


def test_a_days_bar_is_looked_at_while_entries_for_delivery_go():
    _, made = schedule(intervals=("1D",))
    assert named(made, "bar_close") == ["14:44"]


def test_what_has_passed_is_not_planned():
    clock, made = schedule("15:10")
    assert {moment.name for moment in made.planned()} == {"bar_close", "end_of_day"}
    clock.now = at("15:30")
    assert made.planned() == []


def test_a_moment_enqueues_time_by_the_runners_clock_and_nothing_else():
    clock, made = schedule("08:44:59.900000")
    taken, checked, came = [], [], threading.Event()

    def offer(event):
        taken.append(event)
        came.set()

    made.start(offer, lambda: checked.append(clock()))
    try:
        assert came.wait(20)
    finally:
        made.stop()
    assert taken == [events.TimePassed(clock())]
    assert checked == [clock()]


def test_stopped_while_it_takes_a_job_its_thread_ends_without_a_traceback(monkeypatch):
    """Between the start of a job and its removal from the plan the scheduler asks when it comes next: stopped there."""
    asked, next_time = threading.Event(), DateTrigger.get_next_fire_time

    def slowly(self, previous, now):
        if previous is not None:
            asked.set()
            threading.Event().wait(0.2)
        return next_time(self, previous, now)

    broken = []
    monkeypatch.setattr(DateTrigger, "get_next_fire_time", slowly)
    monkeypatch.setattr(threading, "excepthook", broken.append)
    _, made = schedule("08:44:59.900000")
    made.start(lambda event: None, lambda: None)
    [thread] = [each for each in threading.enumerate() if each.name == "APScheduler"]
    try:
        assert asked.wait(20)
    finally:
        made.stop()
    thread.join(20)
    assert not thread.is_alive()
    assert broken == []


def test_the_books_are_read_for_a_check_of_the_token_alone():
    clock, made = schedule()
    made._offer, checked = lambda event: None, []
    made._check = lambda: checked.append(clock())
    for moment in made.moments(MONDAY):
        made.come(moment)
    assert len(checked) == 1


def test_the_next_day_is_planned_in_the_night(monkeypatch):
    clock, made = schedule("16:00")
    jobs = []
    monkeypatch.setattr(made.__class__, "_at", lambda self, wait, job, *about: jobs.append((wait, job, about)))
    made._plan()
    [(wait, job, _)] = jobs
    assert wait == timedelta(hours=8, seconds=5)
    clock.now = at("00:00:05", MONDAY + timedelta(days=2))
    jobs.clear()
    job()
    assert len(jobs) > 10


def test_without_the_package_the_remedy_is_told(monkeypatch):
    _, made = schedule()
    monkeypatch.setitem(sys.modules, "apscheduler.schedulers.background", None)
    with pytest.raises(ImportError, match=r'pip install "riskcore\[runner\]"'):
        made.start(lambda event: None, lambda: None)
