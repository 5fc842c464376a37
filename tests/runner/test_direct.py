"""The emergency stop past a runner that hangs: whose lock is waited for, and when the stop itself has ended."""

from datetime import datetime
from types import SimpleNamespace

import pytest

import riskcore as rc
from riskcore import engine, events
from riskcore.control import FLAT, INCOMPLETE, PENDING, STOPPING, Control, Emergency
from riskcore.custody import Custody
from riskcore_openalgo.runner import direct
from riskcore_openalgo.runner.direct import stop_now, take_over, warm_up
from tests.core.custody_days import SANDBOX, held

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=rc.IST)


class Seconds:
    """A clock that goes on while somebody sleeps, and in no other way."""

    def __init__(self):
        self.passed = 0.0

    def sleep(self, seconds):
        self.passed += seconds

    def monotonic(self):
        return self.passed


@pytest.fixture(autouse=True)
def _no_other_clock(monkeypatch):
    monkeypatch.setattr(direct, "time", Seconds())


def from_nought():
    """That clock, for one more beginning."""
    direct.time.passed = 0.0
    return direct.time


class Turned:
    """A runner whose state is the next of these at each turn, and the last of them from then on."""

    def __init__(self, *states):
        self.state, self.turns, self._states = engine.State(), 0, states

    def turn(self):
        self.state = self._states[min(self.turns, len(self._states) - 1)]
        self.turns += 1
        return 0


# ---------------------------------------------------------------- the lock


class Lock:
    """A writer's lock that is free after so many seconds."""

    where = "live.db"

    def __init__(self, time, until, holder="process 4711 on another-machine"):
        self._time, self._until, self._name, self.broken = time, until, holder, False

    def holder(self):
        return None if self.broken or self._time.passed >= self._until else self._name

    def break_lock(self):
        self.broken = True


def test_a_holder_that_ends_within_its_time_is_let_end():
    time = from_nought()
    lock = Lock(time, until=2)
    take_over(lock, tell=pytest.fail, grace_s=3)
    assert (lock.broken, round(time.passed)) == (False, 2)


def test_one_that_ends_when_it_is_told_to_keeps_its_lock_whole(monkeypatch):
    time, said, ended = from_nought(), [], []
    lock = Lock(time, until=4)
    monkeypatch.setattr(direct, "process_here", lambda holder: 4711)
    monkeypatch.setattr(direct, "_end", ended.append)
    take_over(lock, tell=said.append, grace_s=3, ends_s=5)
    assert (lock.broken, ended) == (False, [4711])
    assert said == ["process 4711 on another-machine does not end by itself: it is ended"]


def test_one_of_another_machine_is_waited_for_and_its_lock_is_broken():
    time, said = from_nought(), []
    lock = Lock(time, until=1000)
    take_over(lock, tell=said.append, grace_s=3)
    assert (lock.broken, round(time.passed)) == (True, 3)
    assert said == ["process 4711 on another-machine keeps the writer's lock: it is broken"]


def test_a_lock_that_does_not_say_whose_it_is_is_broken_too():
    time, said = from_nought(), []
    take_over(Lock(time, until=1000, holder=""), tell=said.append, grace_s=3)
    assert said == ["another process keeps the writer's lock: it is broken"]


# ---------------------------------------------------------------- the stop


def at(stage):
    """A state whose emergency stop has come that far."""
    return engine.State(control=Control(emergency=Emergency(at=NOW, by="asha", why="hung", since=NOW, stage=stage)))


def stopped(*stages, fences=(), within_s=10):
    """A stop that comes to these stages turn by turn; what it came to, was told, and the inputs and turns it took."""
    time, told, offered = from_nought(), [], []
    live, raised = Turned(*(at(stage) for stage in stages)), iter(fences)
    found = stop_now(
        live,
        offered.append,
        lambda: NOW,
        by="asha",
        why="hung",
        whole_account=True,
        fence=SimpleNamespace(shut=lambda: next(raised, "")),
        within_s=within_s,
        tell=told.append,
    )
    assert offered == [events.EmergencyStopped(NOW, "asha", "hung", True)]
    return found.stage if found else None, told, live.turns, round(time.passed, 2)


@pytest.mark.parametrize("end", [FLAT, PENDING])
def test_a_stop_is_turned_until_it_has_ended_and_each_stage_is_told_once(end):
    assert stopped(STOPPING, STOPPING, end, "never") == (end, [STOPPING, end], 3, 0.1)


def test_one_that_is_incomplete_goes_on_until_its_time_is_up():
    assert stopped(STOPPING, INCOMPLETE, within_s=1) == (INCOMPLETE, [STOPPING, INCOMPLETE], 20, 1)
    assert stopped(STOPPING, INCOMPLETE, FLAT, within_s=1) == (FLAT, [STOPPING, INCOMPLETE, FLAT], 3, 0.1)


def test_one_that_somebody_else_takes_over_ends_where_it_is():
    """Two that stop one account at once would each send its exits."""
    assert stopped(STOPPING, FLAT, fences=("", "ben has taken this account over")) == (STOPPING, [STOPPING], 1, 0.05)
    assert stopped(FLAT, fences=("ben has taken this account over",)) == (None, [], 0, 0)


# ---------------------------------------------------------------- prices, before it


def warmed(*states, known=lambda key: True):
    """How many turns were taken until the market was known, or `PRICES_S` had passed."""
    time, live = from_nought(), Turned(*states)
    warm_up(live, known)
    return live.turns, round(time.passed, 2)


def test_what_is_held_is_stopped_with_a_price_where_one_comes_and_with_the_broker_known():
    day, _ = held()
    ready, nobody = day.state, engine.State(book=day.book)
    assert warmed(nobody, ready) == (2, 0.05)
    assert warmed(nobody, engine.State(custody=Custody(capability=SANDBOX))) == (2, 0.05), "nothing is held"
    priced = iter((False, False, True))
    assert warmed(ready, known=lambda key: next(priced)) == (3, 0.1)


def test_no_stop_waits_longer_for_a_price_than_three_seconds():
    day, _ = held()
    assert warmed(day.state, known=lambda key: False)[1] == pytest.approx(3, abs=0.06)
