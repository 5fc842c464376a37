"""Whose trials a file holds: those of the same bars, instruments, strategy and backtest, and of no others."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import attrs
import numpy as np
import pandas as pd
import pytest

import riskcore as rc
from riskcore_openalgo import lab
from riskcore_openalgo.lab.backtests import backtest
from riskcore_openalgo.lab.columns import ColumnsError
from riskcore_openalgo.lab.strategy import StrategyError
from riskcore_openalgo.lab.sweeps import combinations
from tests.sweeps.made import POLICY, Cross, series, week

SPACE = {"strategy.slow": [8]}
INFY = rc.Instrument(symbol="INFY", tick="0.1")


def frame():
    """Two days as a DataFrame."""
    bars = [bar for day in (16, 17) for bar in series(1500, day)]
    table = {name: [float(getattr(bar, name)) for bar in bars] for name in ("open", "high", "low", "close")}
    return pd.DataFrame(table, index=pd.DatetimeIndex([bar.at for bar in bars]))


def runs(path, bars, strategy=Cross, run=backtest):
    """How many trials were run, and not found in the file."""
    told = []
    with ThreadPoolExecutor(1) as executor:
        how = {"interval": "1m", "executor": executor, "resume": path, "progress": lambda *done: told.append(done)}
        lab.sweep(SPACE, bars, strategy, POLICY, run=run, **how)
    return len(told)


@pytest.mark.parametrize("other", [{"tick": "5"}, {"lot_size": 5}, {"sector": "Power"}])
def test_another_instrument_of_the_same_name_is_another_sweep(tmp_path, other):
    """Its stops stand elsewhere, its sizes are others: trials of the first were taken for its own."""
    path = tmp_path / "sweep.jsonl"
    assert runs(path, {INFY: frame()}) == 1
    assert runs(path, {INFY: frame()}) == 0
    with pytest.raises(ValueError, match="this is another sweep"):
        runs(path, {attrs.evolve(INFY, **other): frame()})


def test_the_same_bars_are_the_same_however_they_lie_in_memory(tmp_path):
    """A copy, one column after the other, bars as values: all of them go on; another price does not."""
    path, bars = tmp_path / "sweep.jsonl", frame()
    assert runs(path, {INFY: bars}) == 1
    by_column = pd.DataFrame({name: bars[name].to_numpy().copy() for name in bars}, index=bars.index)
    values = [bar for day in (16, 17) for bar in series(1500, day)]
    for same in (bars.copy(), bars.iloc[:], bars.astype(object).astype(float), by_column, values):
        assert runs(path, {INFY: same}) == 0
    bars.iloc[7, bars.columns.get_loc("high")] += 0.1
    with pytest.raises(ValueError, match="this is another sweep"):
        runs(path, {INFY: bars})


def within(first):
    """A backtest that takes a value along from here."""

    def run(bars, strategy, policy, *, interval):
        return backtest(bars, strategy, policy, interval=interval, first=first)

    return run


class Maker:
    """Makes strategies, by what it holds."""

    def __init__(self, fast):
        self.fast = fast

    def make(self, *, symbol, interval, slow):
        return Cross(symbol=symbol, interval=interval, fast=self.fast, slow=slow)


def test_what_was_made_inside_a_function_is_not_resumed(tmp_path):
    """Of all that it makes, each has the same name: the trials of one were taken for another's."""
    path = tmp_path / "sweep.jsonl"
    for about in ({"run": within(None)}, {"strategy": lambda **given: Cross(**given, fast=4)}):
        with pytest.raises(ValueError, match=r"resume: .*<.*define it at the top of a module"):
            runs(path, week(), **about)
    assert not path.exists()
    assert runs(path, week(), partial(Cross, fast=4)) == 1


def test_a_method_is_told_by_what_its_object_holds(tmp_path):
    path = tmp_path / "sweep.jsonl"
    assert runs(path, week(), Maker(3).make) == 1
    assert runs(path, week(), Maker(3).make) == 0
    with pytest.raises(ValueError, match="this is another sweep"):
        runs(path, week(), Maker(4).make)


class Wrong(Cross):
    """Answers what is no signal."""

    def signals(self, bars):
        return ["BUY"] * len(bars)


def test_what_is_wrong_in_every_trial_ends_the_sweep(tmp_path):
    """Bars that no market can have made, and answers that are none: once, and not as the error of each trial."""
    bars = frame()
    bars.iloc[7, bars.columns.get_loc("high")] = 1.0
    with pytest.raises(ColumnsError, match="high and low must enclose"):
        runs(tmp_path / "bars.jsonl", {INFY: bars})
    with pytest.raises(StrategyError, match="it answered 'BUY', not a Signal"):
        runs(tmp_path / "answers.jsonl", {INFY: frame()}, Wrong)


@pytest.mark.parametrize("samples", [1.5, 0, "3"])
def test_a_draw_is_of_so_many(samples):
    with pytest.raises(ValueError, match="samples must be a whole number, 1 or more, got"):
        combinations({"max_positions": [1, 2, 3]}, samples=samples)
    assert len(combinations({"max_positions": [1, 2, 3]}, samples=np.int64(2))) == 2


def test_a_value_may_be_a_list_and_equal_values_are_two(tmp_path):
    """Legs, methods, windows are lists; 8 and 8.0 are two combinations, and each is told as it was asked for."""
    path, told = tmp_path / "sweep.jsonl", []

    def count(done, total):
        told.append((done, total))

    legs = [["50% at 1.5R", "50% at 4R"], ["100% at 3R"]]
    space = {"target_legs": legs, "strategy.slow": [8, 8.0]}
    for workers in (1, 2):
        swept = lab.sweep(space, week(), Cross, POLICY, interval="1m", workers=workers, resume=path, progress=count)
        assert [repr(dict(trial.parameters)) for trial in swept.trials] == [
            repr({"policy.target_legs": one, "strategy.slow": slow}) for one in legs for slow in space["strategy.slow"]
        ]
        assert [trial.error for trial in swept.trials] == [""] * 4
        assert swept.trials[0].net == swept.trials[1].net != swept.trials[2].net
    assert len(told) == 4
    assert len(swept.frame()) == 4
    assert "50% at 1.5R" in swept.save_html(tmp_path / "sweep.html", by="net").read_text("utf-8")
