"""A sweep: every combination once, the same in any executor, resumable, and its best one told from luck."""

import json
import math
import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date

import attrs
import pandas as pd
import pytest

import riskcore as rc
from riskcore.events import EntryRefused
from riskcore_openalgo import lab
from riskcore_openalgo.lab.sweeps import Sweep, Trial, combinations, deflated_sharpe, expected_best, simulated
from riskcore_openalgo.lab.sweeps.deflated import sharpe
from riskcore_openalgo.lab.sweeps.result import walked
from riskcore_openalgo.lab.sweeps.trial import FIGURES
from tests.report.pages import Elements
from tests.sweeps.made import POLICY, Cross, series, week

SPACE = {"max_positions": [1, 2], "strategy.fast": [3, 5], "strategy.slow": [8, 4]}
HOW = {"interval": "1m", "run": simulated, "progress": False}


@pytest.fixture(scope="module")
def swept():
    """Eight combinations, two of which no cross can have (fast above slow)."""
    with ThreadPoolExecutor(1) as executor:
        return lab.sweep(SPACE, week(), Cross, POLICY, executor=executor, **HOW)


def test_each_trial_is_the_backtest_of_its_settings(swept):
    """By hand: the same policy, the same strategy, the same figures."""
    parameters = (("policy.max_positions", 2), ("strategy.fast", 3), ("strategy.slow", 4))
    trial = next(one for one in swept.trials if one.parameters == parameters)
    made = Cross(symbol="INFY", interval="1m", fast=3, slow=4)
    run = rc.simulate(week(), lambda thing, seen: made(seen), attrs.evolve(POLICY, max_positions=2))
    found = rc.performance(run.facts)
    assert (trial.trades, trial.net, trial.charges) == (len(found.trades), found.net, found.charges)
    assert trial.trades > 5
    assert trial.refused == sum(isinstance(fact, EntryRefused) for fact in run.facts) > 0
    assert trial.sharpe * math.sqrt(252) == pytest.approx(float(found.sharpe))
    assert len(trial.rates) == 8


def test_the_grid_is_whole_and_what_cannot_be_says_why(swept):
    """In the order of the space; a combination that the strategy refuses is a row with its reason."""
    assert [trial.parameters for trial in swept.trials] == list(combinations(SPACE))
    failed = [trial for trial in swept.trials if trial.error]
    assert len(failed) == 2
    assert all("fast must be at least 1 and below slow" in trial.error for trial in failed)
    assert all(trial.net is None for trial in failed)


def test_processes_give_the_same_trials(swept):
    """Our own pool, and one that is given: the same values."""
    small = {"max_positions": [1, 2], "strategy.slow": [8]}
    ours = lab.sweep(small, week(), Cross, POLICY, **HOW)
    with ProcessPoolExecutor(1) as executor:
        given = lab.sweep(small, week(), Cross, POLICY, executor=executor, batch=1, **HOW)
    assert ours.trials == given.trials
    same = {dict(trial.parameters)["policy.max_positions"]: trial.net for trial in ours.trials}
    threads = [
        t for t in swept.trials if dict(t.parameters)["strategy.fast"] == 3 and dict(t.parameters)["strategy.slow"] == 8
    ]
    assert same == {dict(trial.parameters)["policy.max_positions"]: trial.net for trial in threads}


@pytest.mark.parametrize("bars", ["by instrument", "DataFrames"])
def test_without_a_word_it_is_the_fast_backtest_in_processes(bars):
    """The defaults of a user: `lab.backtest`, a process a core; the same trials as bar by bar."""
    given, space = week(), {"max_positions": [1, 2], "strategy.slow": [8, 13]}
    policy = attrs.evolve(POLICY, charges_as_of=date(2026, 8, 3))
    slow = lab.sweep(space, given, Cross, policy, **HOW)
    if bars == "DataFrames":
        names = ("at", "open", "high", "low", "close")
        given = {
            thing.symbol: pd.DataFrame([[getattr(bar, name) for name in names] for bar in series], columns=names)
            .astype(dict.fromkeys(names[1:], float))
            .set_index("at")
            for thing, series in given.items()
        }
    fast = lab.sweep(space, given, Cross, policy, interval="1m", progress=False)
    assert fast.job.run is lab.backtest
    figures = [name for name in FIGURES if name != "drawdown_pct"]  # by marks, fills between the bars among them
    assert [[t.value(name) for name in figures] for t in fast.trials] == [
        [t.value(name) for name in figures] for t in slow.trials
    ]
    assert all(trial.trades > 5 for trial in fast.trials)
    assert (
        lab.sweep(space, given, "tests.sweeps.made:Cross", policy, interval="1m", progress=False).trials == fast.trials
    )


def test_dask_gives_the_same_trials(swept):
    """A cluster of this machine, through the executor of its client."""
    if not os.environ.get("CI"):
        pytest.importorskip("distributed", reason='a cluster needs dask: pip install "riskcore[cluster]"')
    from distributed import Client, LocalCluster  # noqa: PLC0415

    small = {"max_positions": [1, 2]}
    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        found = lab.sweep(small, week(), Cross, POLICY, executor=client.get_executor(), **HOW)
    assert found.trials == lab.sweep(small, week(), Cross, POLICY, **HOW).trials


def test_a_sweep_goes_on_where_it_was_ended(tmp_path, swept):
    """A file that lost its last lines, the last of them half: only what is missing is run, to the same result."""
    path, calls = tmp_path / "sweep.jsonl", []
    with ThreadPoolExecutor(1) as executor:
        how = {**HOW, "executor": executor, "resume": path, "batch": 1}
        lab.sweep(SPACE, week(), Cross, POLICY, **how)
        whole = path.read_text("utf-8").splitlines(keepends=True)
        assert len(whole) == 9
        path.write_text("".join(whole[:6]) + whole[6][:20], "utf-8")
        again = lab.sweep(
            SPACE, week(), Cross, POLICY, **{**how, "progress": lambda done, total: calls.append((done, total))}
        )
    assert again.trials == swept.trials
    assert calls == [(6, 8), (7, 8), (8, 8)]
    assert len(path.read_text("utf-8").splitlines()) == 9


def test_another_sweeps_file_is_refused(tmp_path):
    """Other settings, and files that are none: said, and nothing is written."""
    path = tmp_path / "sweep.jsonl"
    with ThreadPoolExecutor(1) as executor:
        how = {**HOW, "executor": executor, "resume": path}
        lab.sweep({"max_positions": [1]}, week(), Cross, POLICY, **how)
        kept = path.read_text("utf-8")
        with pytest.raises(ValueError, match="this is another sweep"):
            lab.sweep({"max_positions": [1]}, week(), Cross, attrs.evolve(POLICY, max_trades_per_day=2), **how)
        assert path.read_text("utf-8") == kept
        path.write_text("my notes\n", "utf-8")
        with pytest.raises(ValueError, match="this is no sweep"):
            lab.sweep({"max_positions": [1]}, week(), Cross, POLICY, **how)
        assert path.read_text("utf-8") == "my notes\n"


def test_a_draw_is_a_part_of_the_grid():
    """The same seed, the same draw; none twice; in the order of the grid; all of it where it asks for more."""
    space = {"max_positions": [*range(1, 11)], "strategy.fast": [*range(1, 11)]}
    grid = combinations(space)
    drawn = combinations(space, samples=17, seed=5)
    assert drawn == combinations(space, samples=17, seed=5) != combinations(space, samples=17, seed=6)
    assert len(set(drawn)) == 17
    assert [one for one in grid if one in set(drawn)] == list(drawn)
    assert combinations(space, samples=1000) == grid


@pytest.mark.parametrize(
    ("space", "why"),
    [
        ({}, "the space is empty"),
        ({"fast": [1]}, "'fast' is no field of the policy; a parameter of the strategy is written strategy.fast"),
        ({"max_positions": 3}, "give a list of values"),
        ({"max_positions": []}, "give a list of values"),
        ({"max_positions": [1, 1]}, "a value is there twice"),
        ({"max_positions": [1], "policy.max_positions": [2]}, "a setting is there twice"),
    ],
)
def test_a_space_that_cannot_be_is_told(space, why):
    """The setting and the remedy."""
    with pytest.raises(ValueError, match=why):
        combinations(space)


@pytest.mark.parametrize(
    ("own", "why"),
    [
        (
            {"strategy.fst": [3]},
            "strategy Cross: got an unexpected keyword argument 'fst'; it is given symbol, interval",
        ),
        ({"max_positions": [1]}, "strategy needs_fast: missing a required argument: 'fast'"),
        ({"strategy.lookback": [5]}, "strategy HandsOn: .*unexpected keyword argument 'lookback'; it is given symbol"),
    ],
)
def test_parameters_that_the_strategy_does_not_take_are_told_before_any_trial(own, why):
    """They ended the sweep in a worker, with the lines of a library."""

    def needs_fast(symbol, interval, fast):
        raise AssertionError("made all the same")

    class HandsOn(Cross):
        def __init__(self, **told):
            super().__init__(**told)

    strategy = needs_fast if "needs_fast" in why else HandsOn if "HandsOn" in why else Cross
    with pytest.raises(ValueError, match=why), ThreadPoolExecutor(1) as executor:
        lab.sweep(own, week(), strategy, POLICY, executor=executor, **HOW)


def test_a_strategy_that_cannot_travel_is_told():
    """A function inside of another has no name that a process could import."""
    with pytest.raises(ValueError, match="go to other processes, and cannot"):
        lab.sweep({"max_positions": [1]}, week(), lambda **how: None, POLICY, **HOW)
    with pytest.raises(ValueError, match="write package"):
        lab.sweep({"max_positions": [1]}, week(), "no.such:Thing", POLICY, **HOW)


def test_a_frame_has_a_row_a_trial(swept):
    """Settings and figures as columns."""
    frame = swept.frame()
    assert len(frame) == 8
    assert set(frame.columns) >= {"policy.max_positions", "strategy.fast", "net", "sharpe", "deflated_sharpe", "error"}
    assert frame["net"].notna().sum() == 6


def test_the_best_by_any_figure(swept):
    """The most of it, of a drawdown the least."""
    assert swept.best("net").net == max(trial.net for trial in swept.ran)
    assert swept.best("drawdown_pct").drawdown_pct == min(trial.drawdown_pct for trial in swept.ran)
    with pytest.raises(ValueError, match="by must be one of"):
        swept.best("luck")


def rated(*rates, error=""):
    """A trial of these sessions."""
    told = tuple((f"2026-11-{16 + n:02}", rate) for n, rate in enumerate(rates))
    return Trial(parameters=(("policy.max_positions", len(told)), ("x", rates)), rates=told, error=error)


def test_a_walk_forward_never_looks_ahead(swept):
    """By hand: the first is best on two sessions and chosen for the third; then the second one, for the fourth."""
    one, two = rated(0.02, 0.01, 0.5, -0.3), rated(-0.01, 0.02, 0.019, 0.021)
    found = Sweep(job=swept.job, trials=(one, two)).walk_forward(train=2, test=1)
    assert [window.chosen for window in found] == [one, two]
    assert [window.rates for window in found] == [(0.5,), (0.021,)]
    assert [(window.first, window.last) for window in found] == [
        ("2026-11-18", "2026-11-18"),
        ("2026-11-19", "2026-11-19"),
    ]
    assert "Sharpe of all 2 of them" in walked(found).about
    together = Sweep(job=swept.job, trials=(one,)).walk_forward(train=2, test=2)
    assert walked(together).rows[0][-1] == "5.000"  # 50 % up and 30 % of that down, and not their sum


def test_windows_cover_the_sessions_once(swept):
    """Eight sessions, three to train, two to test: two windows, one after the other."""
    found = swept.walk_forward(train=3, test=2)
    assert [len(window.rates) for window in found] == [2, 2]
    assert found[0].last < found[1].first
    with pytest.raises(ValueError, match="together at most 8, the sessions there are; got 8 and 1"):
        swept.walk_forward(train=8, test=1)


def test_the_papers_example():
    """Bailey and Lopez de Prado 2014, numerical example: 100 trials, SR0 0.1132 a day; the best one has DSR 0.9004."""
    from riskcore_openalgo.lab.sweeps.deflated import best_of, from_moments  # noqa: PLC0415

    luck = math.sqrt(0.5 / 250) * best_of(100)
    assert round(luck, 4) == 0.1132
    assert round(from_moments(2.5 / math.sqrt(250), luck, periods=1250, skew=-3, kurtosis=10), 4) == 0.9004


def test_more_trials_deflate_more():
    """The same returns are less sure the more were tried; one trial is compared with nought; flat returns have none."""
    rates = [0.01, -0.005, 0.008, 0.002, -0.001, 0.004]
    spread = [0.1, 0.2, 0.3]
    assert expected_best([0.3]) == 0
    lone = deflated_sharpe(rates, 0.0)
    few, many = (deflated_sharpe(rates, expected_best(spread * times)) for times in (1, 20))
    assert 0 < many < few < lone < 1
    assert deflated_sharpe([0.01] * 5, 0.0) is None
    assert sharpe([0.1] * 6) is None  # whose mean, in floats, is not 0.1
    assert deflated_sharpe([0.01, 0.02], 0.0) is None


def test_the_report_has_the_heat_map(tmp_path, swept):
    """The best trial's page, with the trials, the map of the two settings and the walk-forward."""
    path = swept.save_html(tmp_path / "sweep.html", by="net", walk=(3, 2))
    found = Elements(path.read_text("utf-8"))
    assert found.faults == []
    assert {"Trials", "Walk-forward", "net by max_positions and fast"} <= set(found.text)
    table = swept.heat_map("strategy.fast", "strategy.slow", "net")
    best = {row[0]: row[1:] for row in table.rows}
    assert best["4"][1] is None  # fast 5 over slow 4 cannot be
    most = max(t.net for t in swept.ran if dict(t.parameters)["strategy.slow"] == 8)
    assert max(float(cell) for cell in best["8"]) == pytest.approx(float(most), abs=0.001)
    with pytest.raises(ValueError, match="is not in this sweep"):
        swept.heat_map("strategy.fast", "max_trades_per_day")


def test_the_file_is_json_lines(tmp_path):
    """One object a trial, to be read by anybody."""
    path = tmp_path / "deep" / "sweep.jsonl"
    with ThreadPoolExecutor(1) as executor:
        lab.sweep({"max_positions": [1]}, week(), Cross, POLICY, executor=executor, resume=path, **HOW)
    header, row = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    assert list(header) == ["riskcore_sweep"]
    assert row["parameters"] == {"policy.max_positions": "1"}


def test_the_interval_is_that_of_the_bars():
    """Five-minute bars without a word: the trials of 5m, where they were once taken for bars of a minute."""
    infy = rc.nse_equity("INFY", on=date(2026, 11, 16), tick="0.1")
    bars = {
        infy: [attrs.evolve(bar, at=bar.at + 4 * (bar.at - series(1500, 16)[0].at)) for bar in series(1500, 16, 70)]
    }
    how = {"run": simulated, "progress": False}
    with ThreadPoolExecutor(1) as executor:
        found, told = (
            lab.sweep({"max_positions": [1]}, bars, Cross, POLICY, executor=executor, **how, **more)
            for more in ({}, {"interval": "5m"})
        )
        with pytest.raises(ValueError, match="interval must be like"):
            lab.sweep({"max_positions": [1]}, bars, Cross, POLICY, executor=executor, interval="five", **how)
        with pytest.raises(ValueError, match="bars are a mapping"):
            lab.sweep({"max_positions": [1]}, bars[infy], Cross, POLICY, executor=executor, **how)
    assert found.job.interval == "5m"
    assert found.trials == told.trials
    assert found.trials[0].trades > 0


def test_the_best_drawdown_of_a_cell_is_the_least(swept):
    """Of all trials that share two settings, as in `best`."""
    shown = swept.heat_map("strategy.fast", "max_positions", "drawdown_pct")
    per_row = [
        [
            t.drawdown_pct
            for t in swept.ran
            if (dict(t.parameters)["policy.max_positions"], dict(t.parameters)["strategy.fast"]) == (row, 3)
        ]
        for row in (1, 2)
    ]
    assert [row[1] for row in shown.rows] == [f"{min(values):.3f}" for values in per_row]
    assert any(min(values) < max(values) for values in per_row)
    with pytest.raises(ValueError, match="by must be one of"):
        swept.heat_map("strategy.fast", "max_positions", "luck")


@pytest.mark.parametrize("line", ['{"parameters": {"pol', "[1]", '{"parameters": 3, "rates": 1}x'])
def test_a_line_of_the_file_that_is_no_trial_is_named(tmp_path, line):
    """Not the last one, which a killed sweep may have cut: one that somebody or something else wrote into it."""
    file = tmp_path / "kept.jsonl"
    space = {"max_positions": [1, 2]}
    with ThreadPoolExecutor(1) as executor:
        lab.sweep(space, week(), Cross, POLICY, executor=executor, resume=file, **HOW)
        head, _, last = file.read_text("utf-8").splitlines()
        file.write_text(f"{head}\n{line}\n{last}\n", "utf-8")
        with pytest.raises(ValueError, match=r"kept\.jsonl:2: no trial of a sweep .*take the line out"):
            lab.sweep(space, week(), Cross, POLICY, executor=executor, resume=file, **HOW)
