"""Sweeps that are killed, watched and judged: the same rows after all, the time left, no look ahead, known answers."""

import math
import os
import re
import subprocess
import sys
import time
from datetime import date
from functools import partial
from pathlib import Path

import attrs
import pandas as pd
import pytest
from hypothesis import given, strategies as st

import riskcore as rc
from riskcore_openalgo import lab
from riskcore_openalgo.lab.sweeps import Sweep, Trial, deflated_sharpe, simulated
from tests.sweeps.killed import SPACE
from tests.sweeps.made import POLICY, Cross, crosses, series, week

ROOT = Path(__file__).resolve().parents[2]
HOW = {"interval": "1m", "run": simulated}
RATE = st.sampled_from([-0.02, -0.01, 0.0, 0.005, 0.01, 0.03])


@pytest.fixture(scope="module")
def whole():
    """The sweep nobody killed."""
    return lab.sweep(SPACE, week(), Cross, POLICY, workers=1, progress=False, **HOW)


def test_killed_half_way_it_goes_on_to_the_same_frame(tmp_path, whole):
    """Kill -9 with three trials kept; the rest is run, those three are not, and the DataFrames are equal."""
    path = tmp_path / "sweep.jsonl"
    paths = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.sweeps.killed", str(path)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
        text=True,
    )
    assert child.stdout.readline() == "kept\n"
    child.kill()
    child.wait()
    child.stdout.close()
    assert len(path.read_text("utf-8").splitlines()) == 4
    counted = []
    again = lab.sweep(
        SPACE, week(), Cross, POLICY, workers=2, resume=path, progress=lambda *told: counted.append(told), **HOW
    )
    assert counted == [(done, 8) for done in range(4, 9)]
    assert again.trials == whole.trials
    pd.testing.assert_frame_equal(again.frame(), whole.frame())


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked for in /proc")
def test_a_killed_sweep_leaves_no_process_behind(tmp_path):
    """Its workers notice, and go: nobody finds two of them at full tilt in the morning."""
    marked = str(tmp_path / "orphans.jsonl")
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.sweeps.killed", marked],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]), "MARK": marked},
    )
    child.stdout.readline()
    assert len(_marked(marked)) == 3
    child.kill()
    child.wait()
    child.stdout.close()
    ends = time.monotonic() + 60
    while _marked(marked) and time.monotonic() < ends:
        time.sleep(0.05)
    assert _marked(marked) == []


def _marked(mark):
    """The living processes that were started with this mark."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            alive = path.with_name("stat").read_text().rpartition(")")[2].split()[0] != "Z"
            found += [path] if alive and f"MARK={mark}".encode() in path.read_bytes() else []
        except OSError:
            continue
    return found


def test_the_bar_shows_how_many_and_the_time_left(monkeypatch, capsys):
    """On a terminal: done of all, and a clock that ends at nought; where nobody watches, nothing."""
    lab.sweep(SPACE, week(), Cross, POLICY, workers=1, **HOW)
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("FORCE_COLOR", "1")
    lab.sweep(SPACE, week(), Cross, POLICY, workers=1, **HOW)
    said = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err)
    assert re.search(r"sweep 8/8 \d:\d\d:\d\d left 0:00:00", said)
    assert re.search(r"sweep [1-7]/8 \d:\d\d:\d\d left \d:\d\d:\d\d", said)


@pytest.mark.parametrize(("what", "count"), [("workers", 0), ("batch", 0), ("workers", -1)])
def test_no_worker_is_no_sweep(what, count):
    """A number that makes no sense is named."""
    with pytest.raises(ValueError, match=f"{what} must be at least 1, got {count}"):
        lab.sweep({"max_positions": [1]}, week(), Cross, POLICY, progress=False, **{what: count}, **HOW)


@pytest.mark.parametrize("run", [None, simulated])
def test_a_function_that_makes_strategies_is_as_good_as_a_class(run):
    """Over two symbols, by name or itself, in the fast backtest and bar by bar: the same trials."""
    infy, bars = next(iter(week().items()))
    two = {infy: bars, rc.nse_equity("TCS", on=date(2026, 11, 16), tick="0.1"): series(3000, 16)}
    policy = attrs.evolve(POLICY, charges_as_of=date(2026, 8, 3))
    space = {"max_positions": [1, 2], "strategy.slow": [8, 13]}
    found = [
        lab.sweep(space, two, strategy, policy, run=run, workers=1, progress=False).trials
        for strategy in (Cross, crosses, "tests.sweeps.made:crosses", partial(crosses, fast=3))
    ]
    assert [trial.error for trial in found[0]] == [""] * 4
    assert all(trial.trades > 5 for trial in found[0])
    assert found[0] == found[1] == found[2] == found[3]


@given(
    rates=st.lists(st.lists(RATE, min_size=10, max_size=10), min_size=2, max_size=5),
    other=st.lists(st.lists(RATE, min_size=10, max_size=10), min_size=5, max_size=5),
    train=st.integers(2, 6),
    test=st.integers(1, 3),
)
def test_what_comes_after_a_choice_never_changes_it(whole, rates, other, train, test):
    """Whatever the tested sessions and all after them bring, the combination chosen before them is the same."""
    windows = _sweep(whole, rates).walk_forward(train=train, test=test)
    for window in windows:
        known = int(window.first)
        changed = [one[:known] + two[known:] for one, two in zip(rates, other, strict=False)]
        again = next(
            one for one in _sweep(whole, changed).walk_forward(train=train, test=test) if one.first == window.first
        )
        assert (again.chosen.parameters, again.trained) == (window.chosen.parameters, window.trained)
        assert window.rates == tuple(rates[window.chosen.parameters[0][1]][known : known + test])


def _sweep(whole, rates):
    """A sweep whose trials brought these rates, session by session."""
    trials = tuple(
        Trial(parameters=(("x", place),), rates=tuple((f"{day:02}", rate) for day, rate in enumerate(row)))
        for place, row in enumerate(rates)
    )
    return Sweep(job=whole.job, trials=trials)


def test_moments_by_hand():
    """3 % and -1 % in turn: ratio 0.01 / sqrt(0.0016 / 3), no skew, kurtosis 1, so DSR = F(0.75) against nought."""
    assert deflated_sharpe([0.03, -0.01, 0.03, -0.01], 0.0) == pytest.approx(0.7733726476)
    ratio = 0.01 / math.sqrt(0.0016 / 3)
    assert deflated_sharpe([0.03, -0.01, 0.03, -0.01], ratio) == pytest.approx(0.5)
    assert deflated_sharpe([-0.03, 0.01, -0.03, 0.01], 0.0) == pytest.approx(1 - 0.7733726476)
