"""What a sweep says of itself, draws, and leaves behind where it is ended."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import attrs
import numpy as np
import pandas as pd
import pytest

from riskcore_openalgo import lab
from riskcore_openalgo.lab.backtests import backtest
from riskcore_openalgo.lab.report.figures import said
from riskcore_openalgo.lab.strategy import StrategyError
from riskcore_openalgo.lab.sweeps import combinations, simulated
from tests.sweeps.made import POLICY, Cross, week

SPACE = {"max_positions": [1, 2], "strategy.fast": [3, 5], "strategy.slow": [8, 4]}
ROOT = Path(__file__).resolve().parents[2]
HOW = {"interval": "1m", "run": simulated, "progress": False}


@pytest.fixture(scope="module")
def swept():
    """Eight combinations, two of which no cross can have (fast above slow)."""
    with ThreadPoolExecutor(1) as executor:
        return lab.sweep(SPACE, week(), Cross, POLICY, executor=executor, **HOW)


def test_a_sweep_that_is_killed_as_it_goes_on_keeps_its_trials(tmp_path, monkeypatch):
    """What stood in the file is there until all of it stands in the new one."""
    path = tmp_path / "sweep.jsonl"
    with ThreadPoolExecutor(1) as executor:
        how = {**HOW, "executor": executor, "resume": path}
        lab.sweep({"max_positions": [1]}, week(), Cross, POLICY, **how)
        before = path.read_text("utf-8")

        def killed(self, target):
            raise KeyboardInterrupt

        monkeypatch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            lab.sweep({"max_positions": [1, 2]}, week(), Cross, POLICY, **how)
    assert path.read_text("utf-8") == before


def test_a_sweep_explains_itself(swept):
    """The best, and what luck would have done; a combination that cannot be is counted."""
    best = swept.best("net")
    told = swept.explain("net").splitlines()
    assert told[0] == "8 trials, of which 2 could not be run"
    assert told[1] == "the best by net: " + ", ".join(f"{n.split('.')[1]} {value}" for n, value in best.parameters)
    assert told[2].startswith(f"  {best.trades} trades, net {said(best.net, 'Rs')}, deepest inside sessions ")
    assert f"the luckiest of 6 with such a ratio would have {swept.luck:.3f}" in told[3]
    assert told[4] == f"  chance that it is more than luck: {swept.deflated_sharpe(best):.1%}"


def test_the_luckiest_is_said_to_be_one_of_those_that_were_counted(swept):
    """Two could not be run, and one that never traded has no ratio: five of eight are what luck had."""
    idle = attrs.evolve(swept.ran[0], sharpe=None)
    fewer = attrs.evolve(swept, trials=(idle, *(t for t in swept.trials if t.parameters != idle.parameters)))
    assert f"the luckiest of 5 with such a ratio would have {fewer.luck:.3f}" in fewer.explain("net")
    about = fewer.table("net").about
    assert "of 8 trials by net; 2 could not be run" in about
    assert f"by luck alone the best of the 5 that have one would have {fewer.luck:.3f}" in about


def test_a_sweep_of_which_nothing_ran_says_why(swept):
    """One line, and no error of Python's."""
    nothing = attrs.evolve(swept, trials=tuple(trial for trial in swept.trials if trial.error))
    first, second = nothing.explain().splitlines()
    assert first == "2 trials, of which 2 could not be run"
    assert "no trial has a sharpe: fast must be at least 1 and below slow" in second


def test_a_trial_is_shown_in_a_line(swept):
    """Without the results of its sessions, which are thousands; counts are whole numbers."""
    assert "rates" not in repr(swept.best())
    assert "rates=" not in repr(swept.walk_forward(train=3, test=2)[0])
    assert str(swept.frame()["refused"].dtype) == "int64"


def test_the_report_draws_the_best_trials_bars():
    """As that of a backtest does; it had the levels of its trades alone."""
    with ThreadPoolExecutor(1) as executor:
        how = {"interval": "1m", "executor": executor, "progress": False}
        found = lab.sweep({"strategy.fast": [3]}, week(), Cross, POLICY, **how)
    study = found.study("net")
    assert study.source == "sweep"
    assert study.stories
    assert all(story.prices for story in study.stories)
    assert any("could change nothing" in line for line in study.remarks)


class Broken(Cross):
    """Fails at its first bar, whatever its settings."""

    def signals(self, bars):
        return bars.nowhere


def test_a_strategy_that_is_broken_ends_the_sweep():
    """It was an error of each trial, of thousands, where its name was given as text."""
    with ThreadPoolExecutor(1) as executor, pytest.raises(StrategyError, match="AttributeError"):
        lab.sweep({"strategy.fast": [3, 5]}, week(), Broken, POLICY, interval="1m", executor=executor, progress=False)


@pytest.mark.parametrize("values", [np.arange(3, 5), pd.Series([3, 4]), range(3, 5)])
def test_values_may_be_an_array(values):
    """They are made with NumPy more often than not; what a trial is given are plain numbers."""
    assert combinations({"strategy.fast": values}) == ((("strategy.fast", 3),), (("strategy.fast", 4),))
    assert {type(value) for ((_, value),) in combinations({"strategy.fast": values})} == {int}


@pytest.mark.parametrize(
    ("space", "bars", "why"),
    [
        (None, {"INFY": []}, "the space is a mapping from settings to lists of values, got None"),
        ({"max_positions": [1]}, {}, "bars are a mapping from symbols or instruments to theirs"),
    ],
)
def test_what_is_no_space_and_no_bars_is_told(space, bars, why):
    with pytest.raises(ValueError, match=why):
        lab.sweep(space, bars, Cross, POLICY)


def test_a_sweep_of_a_partial_goes_on_in_another_process(tmp_path):
    """Its text holds an address, by which a sweep that was killed was taken for another one's."""
    path, space = tmp_path / "sweep.jsonl", {"strategy.slow": [8]}
    run, other = partial(backtest, first="2026-11-18"), partial(backtest, first="2026-11-19")
    with ThreadPoolExecutor(1) as executor:
        how = {"interval": "1m", "progress": False, "executor": executor, "resume": path}
        lab.sweep(space, week(), partial(Cross, fast=4), POLICY, run=run, **how)
        with pytest.raises(ValueError, match="this is another sweep"):
            lab.sweep(space, week(), partial(Cross, fast=4), POLICY, run=other, **how)
    script = """
import sys
from functools import partial
from riskcore_openalgo import lab
from riskcore_openalgo.lab.backtests import backtest
from tests.sweeps.made import POLICY, Cross, week
run, calls = partial(backtest, first="2026-11-18"), []
how = {"interval": "1m", "progress": lambda *done: calls.append(done), "workers": 1, "resume": sys.argv[1]}
lab.sweep({"strategy.slow": [8]}, week(), partial(Cross, fast=4), POLICY, run=run, **how)
print(len(calls))
"""
    ended = subprocess.run(
        [sys.executable, "-c", script, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.returncode) == ("0\n", 0), ended.stderr
