"""A machine's clock that is set back in a running day: somebody is called, once."""

from datetime import timedelta

from riskcore import events
from riskcore_openalgo.runner.clock_back import NAME, ClockBack
from tests.runner.live_days import MORNING, live_day


def told_of(day):
    return [fact.why for fact in day.facts(events.Noticed) if fact.name == NAME]


def test_a_clock_that_is_set_back_is_told_once_for_time_stands_still_until_it_has_caught_up(tmp_path):
    with live_day(tmp_path / "live.db") as day:
        day.ready()
        day.skip_to(MORNING + timedelta(minutes=30))
        day.until(lambda: day.state.now >= MORNING + timedelta(minutes=30), "1000.1", 1000)
        day.skip_to(MORNING + timedelta(minutes=2))
        day.until(lambda: day.facts(events.ClockBackward), "1000.1", 1000)
        day.until(lambda: told_of(day))
        (why,) = told_of(day)
        assert "says 10:32:0" in why
        assert "the journal has come to 11:00:0" in why
        day.skip_to(MORNING + timedelta(minutes=40))
        day.until(lambda: day.state.now >= MORNING + timedelta(minutes=40), "1000.1", 1000)
        day.skip_to(MORNING + timedelta(minutes=10))
        day.until(lambda: len(told_of(day)) == 2, "1000.1", 1000)


def test_a_clock_that_is_drawn_back_a_little_calls_nobody():
    told = []
    watch = ClockBack(told.append).watch
    watch(events.ClockBackward(MORNING, MORNING - timedelta(seconds=3)))
    watch(events.SessionOpened(MORNING, MORNING.date()))
    assert told == []
    watch(events.ClockBackward(MORNING, MORNING - timedelta(seconds=5)))
    assert len(told) == 1
