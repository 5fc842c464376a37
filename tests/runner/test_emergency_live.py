"""The emergency stop against the fake OpenAlgo: under faults, and past a runner that is dead or hung."""

import argparse
import json
import signal
import subprocess
import sys
import time

import attrs
import pytest

from riskcore import events
from riskcore.control import FLAT, STOPPING
from riskcore_openalgo.cli.direct import stop as stop_directly
from riskcore_openalgo.client import OrderWanted
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.journal.places import place_of
from riskcore_openalgo.journal.replay import replay
from riskcore_openalgo.runner.fence import standing
from riskcore_openalgo.runner.inbox import Inbox, folder_of
from riskcore_openalgo.testing import Fault
from tests.runner.live_days import KEY, live_day


def press(day, **more):
    """The stop is pressed in the running day."""
    runner = day.day.live.runner
    runner.offer(events.EmergencyStopped(day.clock(), "asha", "enough", **more))


def stage(day):
    """How far it has come."""
    emergency = day.state.control.emergency
    return None if emergency is None else emergency.stage


def flat(day, *prices):
    """Wait until it is flat, and the broker holds nothing."""
    day.until(lambda: stage(day) == FLAT, *(prices or (1000, 1001)))
    assert day.broker.truth().position("NSE:INFY") == 0
    assert not [order for order in day.broker.truth().orders if order.status in ("open", "trigger pending")]


@pytest.mark.parametrize(
    "faults",
    [
        (),
        (Fault("cancelorder", "status", status=500, times=2),),
        (Fault("cancelorder", "timeout", executed=True),),
        (Fault("positionbook", "status", times=3), Fault("tradebook", "drop", times=2)),
        (Fault("orderbook", "empty", times=3), Fault("positionbook", "empty", times=2)),
        (Fault("placeorder", "status", status=400, message="margin", where={"pricetype": "LIMIT"}),),
        (Fault("placeorder", "timeout", executed=True, where={"pricetype": "LIMIT"}),),
    ],
    ids=["none", "cancel_fails", "cancel_unanswered", "positions_fail", "books_empty", "exit_refused", "exit_unknown"],
)
def test_F56_the_stop_ends_flat_under_faults(tmp_path, faults):
    """A cancel fails, the position query fails, an exit is refused or unknown: it goes on until it is flat."""
    with live_day(tmp_path / "live.db") as day:
        day.entered()
        day.broker.script(*faults)
        press(day)
        flat(day)
        assert day.broker.faults.left == ()
        day.stop()
        with Reader(tmp_path / "live.db") as journal:
            assert replay(journal).same


def test_F56_an_entry_of_unknown_outcome_that_fills_late_is_left(tmp_path):
    """The call hangs, the order arrives after it was given up, and fills while the stop is at work."""
    with live_day(tmp_path / "live.db") as day:
        day.ready()
        day.broker.script(Fault("placeorder", "delay", seconds=1.5, executed=False))
        day.signal()
        day.until(lambda: day.state.book.live_orders(entries=True))
        press(day)
        day.until(lambda: day.broker.truth().orders, 1000)
        flat(day)
        assert day.facts(events.PositionClosed)[-1].reason == "emergency_stop"


def test_F56_pressed_twice_and_over_a_restart_it_is_one_stop(tmp_path):
    """The second press is refused by name; a runner that starts again goes on where it was, latched."""
    with live_day(tmp_path / "live.db") as day:
        day.entered()
        day.broker.script(Fault("cancelorder", "status", status=500, times=0))
        press(day)
        press(day)
        day.until(lambda: day.facts(events.ControlRefused)[-1:] and _last(day) == "already_stopped", 1000)
        day.stop()
        day.broker.faults.clear()
        day.start()
        assert (day.state.book.latch("emergency_stop").by, stage(day)) == ("asha", STOPPING)
        flat(day)
        assert len(day.facts(events.EmergencyOrdered)) == 1


def _last(day):
    return day.facts(events.ControlRefused)[-1].reason


def test_the_whole_account_takes_what_is_not_ours(tmp_path):
    """Shares and orders of somebody else's, whatever the policy says of them."""
    with live_day(tmp_path / "live.db") as day:
        day.ready()
        day.client.place(_wanted(7))
        day.until(lambda: day.broker.truth().position("NSE:INFY") == 7, 1000)
        press(day, whole_account=True)
        flat(day)


def _wanted(quantity):
    return OrderWanted(
        exchange="NSE", symbol="INFY", side="BUY", quantity=quantity, product="MIS", price_type="LIMIT", price=1001
    )


# ---------------------------------------------------------------- past the runner


def arguments(path, **more):
    """`riskcore stop --direct` as it is typed."""
    given = {"journal": path, "analyzer": False, "whole_account": False, "json": True, "wait": 30.0, **more}
    return argparse.Namespace(**given)


def settings_of(day):
    """The day's settings, as from a folder."""
    return attrs.evolve(day._settings, system=attrs.evolve(day._settings.system, mode="live"))


def test_F56_a_dead_runner_needs_no_runner(tmp_path, capsys):
    """It holds shares when it dies: the stop takes its place, reads the books, leaves, and says so as JSON."""
    path = tmp_path / "live.db"
    with live_day(path) as day:
        day.entered()
        day.stop()
        assert stop_directly(settings_of(day), arguments(path), day.clock) == 0
        said = json.loads(capsys.readouterr().out)
        assert said == {"done": True, "stage": "flat", "left": []}
        assert day.broker.truth().position("NSE:INFY") == 0
        day.start()
        assert day.state.book.state in ("locked", "waiting_for_login")
        assert day.day.fence.shut() == ""


RUN = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
import argparse, time
import riskcore as rc
from riskcore_openalgo.cli.live import run
from riskcore_openalgo.config import OpenAlgoAccess, Credentials, Settings, System

host, ws, path, starts = sys.argv[1:5]
began, first = time.time(), datetime.fromisoformat(starts)
settings = Settings(
    policy=rc.Policy(position_size_basis="margin", risk_per_trade="0.1"),
    credentials=Credentials(openalgo=OpenAlgoAccess(host=host, api_key=sys.argv[5], ws_url=ws)),
    system=System(watch=["INFY"], mode="live"),
)
arguments = argparse.Namespace(config=None, journal=Path(path), flatten=False)
clock = lambda: first + timedelta(seconds=time.time() - began)
sys.exit(run(settings, arguments, mode="live", analyzer=False, clock=clock))
"""


def test_F56_a_runner_that_hangs_is_fenced_off_and_ended(tmp_path, capsys):
    """A process that was stopped in its tracks: it never answers, and what it held is left all the same."""
    path = tmp_path / "live.db"
    with live_day(path) as day:
        day.entered()
        day.stop()
        command = [sys.executable, "-c", RUN, day.server.host, day.server.ws_url, str(path)]
        with subprocess.Popen([*command, day.clock().isoformat(), KEY], stdout=subprocess.DEVNULL) as child:
            try:
                _wait(lambda: place_of(path).holder() is not None)
                time.sleep(1)
                child.send_signal(signal.SIGSTOP)
                Inbox(folder_of(path)).put_stop(at=day.clock(), by="asha")  # `riskcore stop`, in vain
                assert stop_directly(settings_of(day), arguments(path), day.clock) == 0
                assert child.wait(timeout=60) == -signal.SIGKILL
            finally:
                child.kill()
        assert "it is ended" in capsys.readouterr().err
        assert Inbox(folder_of(path)).stop_request() is None, "the next start would end at once"
        assert day.broker.truth().position("NSE:INFY") == 0
        assert standing(path.with_name("live.db.fence")).why == "emergency stop, directly"


def test_F56_a_runner_that_wakes_behind_the_fence_sends_nothing(tmp_path):
    """In one process, where nobody can be ended: the old runner still turns, and not one order of it goes out."""
    path = tmp_path / "live.db"
    with live_day(path) as day:
        day.entered()
        assert stop_directly(settings_of(day), arguments(path), day.clock) == 0
        assert day.broker.truth().position("NSE:INFY") == 0
        sent = len(day.broker.truth().orders)
        assert "has taken this account over" in day.day.fence.shut()
        day.signal("SELL")
        time.sleep(1.5)
        assert len(day.broker.truth().orders) == sent
        assert day.broker.truth().position("NSE:INFY") == 0


def _wait(condition, patience_s=60.0):
    ends = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)
