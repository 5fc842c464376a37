"""The machine of a simulated day: while its lid is shut nothing of the process goes on, nor does its own clock."""

from datetime import datetime, timedelta

import riskcore as rc
from riskcore_openalgo.testing.simulated.laptop import Laptop
from riskcore_openalgo.testing.simulated.room import Room
from riskcore_openalgo.testing.simulated.script import Happening, script_of
from riskcore_openalgo.testing.timeline import Timeline

OPENS = datetime(2026, 11, 23, 9, 0, tzinfo=rc.IST)


def test_the_monotonic_clock_stands_still_while_it_sleeps_and_the_walls_does_not():
    time = Timeline(OPENS)
    laptop = Laptop(time)
    time.sleep(10)
    laptop.suspend(60)
    time.sleep(20)
    assert (laptop.asleep_s, laptop.monotonic()) == (40, 10)
    laptop.suspend(1000)  # it is shut already
    time.sleep(45)
    assert (laptop.asleep_s, laptop.monotonic()) == (0, 15)
    laptop.suspend(100)
    time.sleep(101)
    assert (laptop.monotonic(), time.monotonic()) == (16, 176)


def test_a_process_on_a_laptop_that_is_shut_takes_no_turn_and_sends_no_call_until_it_is_open():
    script = script_of(3)
    shut = Happening(1500.0, "suspended", ("INFY", 0.5))
    room = Room(script.only((shut, Happening(1700.0, "entry", ("INFY", rc.BUY, "0.6")))))
    seen, last = [], 5 + 3000 * 0.5**3
    room.wire.latency = lambda name: seen.append(room.time.now) or 0.01
    room.run()
    began = OPENS.replace(year=script.day.year, month=script.day.month, day=script.day.day) + timedelta(seconds=1500)
    ends = began + timedelta(seconds=last)
    assert [at for at in seen if began + timedelta(seconds=1) < at < ends] == []
    assert [at for at in seen if at >= ends]
    assert room.checks.count["entries asked for"] == 0
