"""Equity inside the sessions of a backtest: that of every bar's end, however many bars were left out."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from decimal import Context, Decimal, localcontext, setcontext

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

import riskcore as rc
from riskcore import analytics
from riskcore.state import State, evolve
from riskcore_openalgo import lab
from riskcore_openalgo.lab.backtests import backtest
from riskcore_openalgo.lab.ema_cross import EmaCross
from riskcore_openalgo.lab.inside import deepest_inside
from riskcore_openalgo.lab.report import page
from riskcore_openalgo.lab.report.saved import study_of_run, study_of_saved_run
from riskcore_openalgo.lab.run import Run
from tests.report.pages import Elements

START = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
FIVE = timedelta(minutes=5)
INFY = rc.Instrument(symbol="INFY", tick="0.05", sector="IT")
RULES = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, entry_band_pct="0.5")
CALM = (1000, 1001, 999, 1000)
DEEP, BACK, END = (1000, 1000, 982, 982), (982, 1050, 982, 1050), (1050, 1050, 1049, 1050)


def bars(*rows):
    names = ("open", "high", "low", "close")
    return [rc.Bar(at=START + FIVE * n, **dict(zip(names, row, strict=True))) for n, row in enumerate(rows)]


def once(seen):
    """Buy 47 at the end of the first bar."""
    if len(seen) == 1:
        return rc.Signal("INFY", "BUY", at=START + FIVE, bar_at=START, stop=980, target=1100)
    return None


@pytest.fixture
def fallen():
    """A bar closes two rupees above the stop, and is left out: nothing acts on it."""
    run = backtest({INFY: bars(CALM, CALM, DEEP, BACK, END)}, once, RULES)
    assert run.jumped.left_out > 1
    return run


def test_a_bar_that_was_left_out_is_in_the_deepest_fall(fallen):
    """47 shares at 982 are Rs 846 below what they cost, and the entry's charges: what every bar's end shows."""
    slow = rc.simulate({INFY: bars(CALM, CALM, DEEP, BACK, END)}, lambda thing, seen: once(seen), RULES, interval="5m")
    quantity, charges = fallen.fills[0].quantity, fallen.fills[0].charges
    found = fallen.performance.intraday_drawdown
    assert found.value == 18 * quantity + charges
    assert rc.performance(slow.facts).intraday_drawdown.value == found.value


def account(facts):
    """The equity after the last fact of every moment."""
    state, told = State(), {}
    for fact in facts:
        state = evolve(state, fact)
        if state.book.opening_equity is not None:
            told[fact.at] = state.book.equity
    return told


def test_equity_inside_sessions_is_what_bar_by_bar_shows_at_every_moment(riskcore_data):
    """Real minutes of three shares held beside each other: the deepest fall between the ends of any two."""
    folder = riskcore_data / "intraday_1min_20200228"
    tables = {
        name: pd.read_csv(folder / f"{name}.csv", parse_dates=["timestamp"]) for name in ("INFY", "LT", "RELIANCE")
    }
    policy = attrs.evolve(RULES, charges_as_of="2026-04-02", max_trades_per_day=20, default_capital=200_000)
    run = backtest(tables, EmaCross, policy)
    own = {thing.key: EmaCross(symbol=thing.symbol, interval="1m") for thing in run.instruments}
    series = {
        thing: [columns.bar(place) for place in range(len(columns))]
        for thing, columns in zip(run.instruments, run.bars, strict=True)
    }
    slow = rc.simulate(series, lambda thing, seen: own[thing.key].on_bar(seen), run.policy, interval="1m")
    assert len(run.trades) > 5
    ends, equity = run.path()
    known = account(slow.facts)
    moments = sorted(known)
    stamps = [datetime.fromtimestamp(end / 10**9, timezone.utc) for end in ends.tolist()]
    shown = [known[moments[np.searchsorted(moments, stamp, side="right") - 1]] for stamp in stamps]
    assert equity == pytest.approx([float(level) for level in shown], abs=1e-6)
    spells = analytics.drawdowns([policy.default_capital, *shown])
    assert run.performance.intraday_drawdown.pct == pytest.approx(analytics.deepest(spells).pct, abs=Decimal("1e-6"))


@given(st.lists(st.integers(9_000_000, 11_000_000), max_size=30))
@settings(max_examples=60)
def test_the_deepest_fall_of_a_path_is_what_the_core_finds(paisa):
    """Among the spells of the same path, told as it changed: peak, low and places."""
    path = [Decimal(100_000), *(Decimal(one) / 100 for one in paisa)]
    changes = [level for before, level in zip([None, *path], path, strict=False) if level != before]
    expected = analytics.deepest(analytics.drawdowns(changes))
    assert deepest_inside(np.array([float(level) for level in path[1:]]), path[0]) == expected


def test_both_drawdowns_are_said_by_their_names(fallen):
    """Between the ends of sessions it never fell; inside them it did. The page says the same."""
    inside = fallen.performance.intraday_drawdown.pct
    assert f"deepest drawdown 0.00 %, inside sessions {inside:.2f} %" in fallen.explain()
    told = fallen.performance.explain()
    assert "deepest drawdown          none" in told
    assert f"deepest inside sessions   {inside:.2f} %" in told
    shown = Elements(page(study_of_run(fallen)))
    assert f"0.00 % deepest drawdown; inside sessions {inside:.2f} %" in shown.said
    assert ("svg", "aria-label", f"Deepest inside sessions {inside:.2f} %") in shown.attributes
    assert "Calmar ratio undefined" in shown.said  # it goes by the ends of sessions


def test_a_saved_run_keeps_what_its_bars_showed(fallen, tmp_path):
    """Its report and itself, loaded, say what the run said; saved again, they keep it."""
    again = Run.load(fallen.save(tmp_path / "one"))
    assert again.performance.intraday_drawdown == fallen.performance.intraday_drawdown
    assert again.explain() == fallen.explain()
    assert study_of_saved_run(tmp_path / "one").performance == again.performance
    third = Run.load(again.save(tmp_path / "two"))
    assert third.performance == again.performance


def test_a_run_that_never_fell_says_so_when_it_is_loaded(tmp_path):
    """Which is another thing than not to have been told."""
    run = backtest({INFY: bars(CALM, CALM)}, lambda seen: None, RULES, interval="5m")
    again = Run.load(run.save(tmp_path))
    assert (again.inside, again.performance.intraday_drawdown) == ((None,), None)
    assert run.performance.intraday_drawdown is None


def test_a_run_of_an_older_version_has_the_fall_of_its_marks(fallen, tmp_path):
    """Which is as deep as the bars that were looked at; what is no drawdown is refused by file."""
    about = json.loads((fallen.save(tmp_path) / "run.json").read_text("utf-8"))
    older = {name: told for name, told in about.items() if name != "inside_sessions"}
    (tmp_path / "run.json").write_text(json.dumps(older), "utf-8")
    again = Run.load(tmp_path)
    assert again.performance == rc.performance(fallen.facts)
    again.save(tmp_path)
    assert "inside_sessions" not in json.loads((tmp_path / "run.json").read_text("utf-8"))
    for wrong in ({"peak": "1"}, {**about["inside_sessions"], "peak": "much"}, [1]):
        (tmp_path / "run.json").write_text(json.dumps({**about, "inside_sessions": wrong}), "utf-8")
        for read in (Run.load, study_of_saved_run):
            with pytest.raises(ValueError, match=r"run\.json: not what a backtest wrote"):
                read(tmp_path)


class Bought:
    """Buys at the end of the first bar."""

    def __init__(self, *, symbol, interval, stop=980):
        self.stop = stop

    def on_bar(self, seen):
        """Once."""
        if len(seen) == 1:
            return rc.Signal("INFY", "BUY", at=START + FIVE, bar_at=START, stop=self.stop, target=1500)
        return None


def test_a_sweep_ranks_by_every_bar():
    """The deepest fall of a trial is that of its run."""
    given = {INFY: bars(CALM, CALM, DEEP, BACK, END)}
    with ThreadPoolExecutor(1) as executor:
        swept = lab.sweep(
            {"strategy.stop": [980, 900]}, given, Bought, RULES, interval="5m", executor=executor, progress=False
        )
    runs = [swept.job.made(trial.parameters) for trial in swept.trials]
    assert [trial.drawdown_pct for trial in swept.trials] == [
        float(run.performance.intraday_drawdown.pct) for run in runs
    ]
    assert swept.best("drawdown_pct") == swept.trials[1]  # the wider stop is held with fewer shares
    assert f"deepest inside sessions {swept.trials[1].drawdown_pct:.3f} %" in swept.explain("drawdown_pct")


def test_the_hosts_own_decimal_context_changes_nothing(fallen):
    """A host that rounds to six digits gets the same figures."""
    with localcontext() as host:
        host.prec = 6
        run = backtest({INFY: bars(CALM, CALM, DEEP, BACK, END)}, once, RULES)
        assert run.performance == fallen.performance


def test_what_a_run_is_told_as_does_not_hang_on_the_hosts_context(fallen):
    """Rs 10,141.46 stood as Rs 10,141.50, in the page of a run and in the table of a sweep too."""
    told, shown = fallen.explain(), page(study_of_run(fallen))
    with localcontext() as host:
        host.prec = 3
        run = backtest({INFY: bars(CALM, CALM, DEEP, BACK, END)}, once, RULES)
        assert run.explain() == told
        assert page(study_of_run(run)) == shown


def test_a_sweep_in_threads_that_reckon_in_three_digits_says_the_same():
    """Those of an executor of one's own."""
    found = []
    for digits in (28, 3):
        with ThreadPoolExecutor(1, initializer=lambda: setcontext(Context(prec=digits))) as executor:  # noqa: B023
            given = {INFY: bars(CALM, CALM, DEEP, BACK, END)}
            space = {"strategy.stop": [980, 900]}
            swept = lab.sweep(space, given, Bought, RULES, interval="5m", executor=executor, progress=False)
        found.append(swept.trials)
    assert found[0] == found[1]
