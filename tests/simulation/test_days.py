"""Simulated days: they hold, the same seed gives the same day, and what fails is found, made small and played again."""

import json
import os
import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from itertools import count

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.testing.simulated import campaign
from riskcore_openalgo.testing.simulated.catalogue import CATALOGUE
from riskcore_openalgo.testing.simulated.lanes import FibreLanes
from riskcore_openalgo.testing.simulated.living import live_through, shrunk, total
from riskcore_openalgo.testing.simulated.script import SYMBOLS, Happening, script_of
from riskcore_openalgo.testing.timeline import Timeline
from tests.gateways.desks import leaving
from tests.simulation.planted import resend_on_timeout

LEAST = 400
"""So many things happen in a day at least."""
HELD = range(16)
"""The days that hold, by their seeds; the planted bugs are looked for on some of them too."""

HARMLESS = ("orders_twice", "orders_twice_older", "trades_twice", "positions_twice", "order_ids_respelled")
"""Kinds of faults that say nothing untrue: they must be without any effect."""


@pytest.mark.parametrize("first", HELD[::2])
def test_on_simulated_days_all_invariants_hold(first):
    outcomes = [live_through(script_of(seed)) for seed in (first, first + 1)]
    assert [(outcome.seed, outcome.what) for outcome in outcomes if outcome.broken] == []
    assert min(outcome.happened for outcome in outcomes) >= LEAST
    counted = total(outcomes)
    assert counted["entries approved"] * 100 >= campaign.LEAST_APPROVED_PCT * counted["entries asked for"]
    assert counted["fills"]


def test_a_simulated_day_over_a_real_journal_holds():
    seed = next(seed for seed in range(50) if "killed_after_append" in script_of(seed).faults())
    outcome = live_through(script_of(seed), sqlite=True)
    assert outcome.what == ""
    assert outcome.restarts


def test_the_same_seed_is_the_same_day():
    assert script_of(7) == script_of(7)
    assert live_through(script_of(7)) == live_through(script_of(7))


def test_another_process_lives_the_same_day_whatever_the_order_of_its_sets():
    asked = (
        "from riskcore_openalgo.testing.simulated.living import day_of; print(day_of(6, sqlite=False, contracts=False))"
    )
    found = [
        subprocess.run(
            [sys.executable, "-c", asked],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert found == [str(live_through(script_of(6)))] * 2


def test_every_day_has_a_fault_three_symbols_and_enough_that_happens():
    days = [script_of(seed) for seed in range(200)]
    assert all(next(day.faults()) for day in days)
    assert min(len(day.happenings) for day in days) >= LEAST
    assert {one.args[0] for one in days[0].happenings if one.kind == "price"} == set(SYMBOLS)
    assert {name for day in days for name in day.faults()} == {
        name for name, kind in CATALOGUE.items() if kind.varied is None
    }


def test_a_day_that_fails_is_made_small(monkeypatch):
    resend_on_timeout(monkeypatch)
    script = script_of(1)
    broken = live_through(script).broken
    small = shrunk(script, broken, within_s=40, monotonic=count().__next__)  # so many looks, however slow the machine
    assert len(small.happenings) < len(script.happenings) / 4
    assert live_through(small).broken == broken


def test_what_is_not_needed_is_left_out_one_by_one():
    """With a rule of its own for what fails: two things together."""
    script = script_of(3)
    wanted = {script.happenings[100], script.happenings[300]}
    small = shrunk(script, "both", fails=lambda day: "both" if wanted <= set(day.happenings) else "")
    assert set(small.happenings) == wanted
    assert all(isinstance(one, Happening) for one in small.happenings)


def test_days_that_are_done_are_not_lived_again(tmp_path, monkeypatch, capsys):
    options = ["--days", "2", "--jobs", "1", "--state", str(tmp_path)]
    assert campaign.main(options) == 0
    (state,) = tmp_path.iterdir()
    assert len(state.read_text().splitlines()) == 2
    state.write_text(state.read_text() + '{"seed": 2, "bro')
    monkeypatch.setattr(campaign, "live_through", lambda script, **_: pytest.fail(f"{script.seed} was lived again"))
    capsys.readouterr()
    assert campaign.main(options) == 0
    assert "of which 2 are done" in capsys.readouterr().out


def test_a_failing_day_is_told_with_the_command_that_plays_it_again(tmp_path, monkeypatch, capsys):
    resend_on_timeout(monkeypatch)
    assert campaign.main(["--days", "1", "--from", "1", "--jobs", "1", "--state", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "python3 tasks.py simulate --seed 1" in told
    (state,) = tmp_path.iterdir()
    assert json.loads(state.read_text())["broken"] == "one_placement_for_one_intent"


def test_a_campaign_that_approves_too_little_is_no_proof(capsys):
    outcomes = [campaign.Outcome(seed=0, happened=400, count={"entries asked for": 10, "entries approved": 2})]
    assert campaign.judged(outcomes) == 1
    assert "days that refuse all prove nothing" in capsys.readouterr().out


def test_days_may_have_one_kind_of_fault_alone(tmp_path, capsys):
    """In profiles that can have it, and kept apart from the days of all."""
    days = [script_of(seed, "squared_off_in_steps") for seed in range(12)]
    assert {name for day in days for name in day.faults()} == {"squared_off_in_steps"}
    assert not [day for day in days if day.profile.sandbox]
    options = ["--days", "1", "--jobs", "1", "--state", str(tmp_path), "--only", "thin_market"]
    assert campaign.main(options) == 0
    assert "fault thin_market" in capsys.readouterr().out
    assert [path.name.split("-")[1] for path in tmp_path.iterdir()] == ["thin_market"]
    with pytest.raises(SystemExit):
        campaign.main(["--only", "no_such_fault"])


@pytest.mark.parametrize("only", HARMLESS)
def test_rows_that_stand_twice_and_ids_written_otherwise_change_nothing_of_a_day(only):
    """The same fills, closings, refusals and alarms as on the day in which nothing goes wrong."""
    script = script_of(4, only)
    calm = script.only(tuple(one for one in script.happenings if one.kind != only))
    struck, spared = live_through(script).count, live_through(calm).count
    assert struck.pop(f"fault {only}")
    assert struck.pop("calls") >= spared.pop("calls")  # the room looks more often where something is wrong
    assert struck == spared


def test_while_the_disk_takes_seconds_for_each_commit_alerts_keep_coming_and_none_is_lost():
    outcomes = [live_through(script_of(seed, "journal_slow")) for seed in range(4)]
    assert [outcome.what for outcome in outcomes if outcome.broken] == []
    counted = total(outcomes)
    answered = counted["entries approved"] + sum(n for name, n in counted.items() if name.startswith("refused "))
    assert answered >= counted["entries asked for"] * 95 // 100


def test_a_process_that_is_killed_while_its_disk_is_slow_has_lost_what_was_not_durable_and_nothing_else():
    script = script_of(2, "journal_slow")
    (at_s, *_) = [one.at_s for one in script.happenings if one.kind == "journal_slow"]
    kills = [Happening(at_s + 0.7 * n, "killed_idle", ("INFY", 0.5)) for n in range(1, 12, 5)]
    outcome = live_through(script.only(tuple(sorted((*script.happenings, *kills), key=lambda one: one.at_s))))
    assert outcome.what == ""
    assert outcome.restarts


class Taking:
    """A gateway and evidence that take all at once."""

    def __init__(self, time):
        self.time = time

    def place(self, order, at):
        self.time.sleep(1)
        return (events.OrderReported(at, order.order_id, "working", 0, Decimal(0)),)


def test_simulated_lanes_do_not_send_what_has_ended_meanwhile_either():
    time, found, lost = Timeline(datetime(2026, 11, 23, 10, 30, tzinfo=rc.IST)), [], set()
    lanes = FibreLanes(Taking(time), Taking(time), time, look=lambda command: None, ended=lost.__contains__)
    orders = [leaving(quantity) for quantity in range(1, 7)]
    for order in orders:
        lanes.send(events.PlaceExit(order), time.now, found.append)
    lost |= {order.order_id for order in orders[4:5]}
    time.sleep(3)
    lanes.kill()
    told = {report.order_id: report.note for report in found if report.status == "rejected"}
    assert told == {orders[4].order_id: "not sent: it had ended before it could be sent"}
    assert len(found) == len(orders)
