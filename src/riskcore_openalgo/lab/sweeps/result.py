"""What a sweep came to: the trials, the best of them, how much of it is luck, and the way there as a report."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
from attrs import field, frozen

from riskcore_openalgo.lab.report import Extra, Study, page
from riskcore_openalgo.lab.report.charts import heat
from riskcore_openalgo.lab.report.figures import said
from riskcore_openalgo.lab.report.saved import study_of_run
from riskcore_openalgo.lab.report.study import Cell
from riskcore_openalgo.lab.sweeps.deflated import deflated_sharpe, expected_best, sharpe
from riskcore_openalgo.lab.sweeps.space import full, split
from riskcore_openalgo.lab.sweeps.trial import FIGURES, Job, Trial

if TYPE_CHECKING:
    import pandas as pd

LISTED: Final = 50
COUNTS: Final = ("trades", "refused")


@frozen(kw_only=True)
class Window:
    """One step of a walk-forward: the combination that was best over the sessions trained on, and what came after.

    `first` and `last` are the sessions it was tested on; `trained` and `tested` the Sharpe ratios (a session's).
    """

    first: str
    last: str
    chosen: Trial
    trained: float
    tested: float | None
    rates: tuple[float, ...] = field(repr=False)


@frozen(kw_only=True)
class Sweep:
    """All trials of a sweep, in the order of the grid."""

    job: Job = field(repr=False)
    trials: tuple[Trial, ...] = field(repr=False)

    @property
    def ran(self) -> tuple[Trial, ...]:
        """The trials that could be run."""
        return tuple(trial for trial in self.trials if not trial.error)

    def best(self, by: str = "sharpe") -> Trial:
        """The trial with the most of a figure (`drawdown_pct`: the least), the first of equals.

        Raises `ValueError` where no trial has it.
        """
        if by not in FIGURES:
            raise ValueError(f"by must be one of {', '.join(FIGURES)}, got {by!r}")
        known = [trial for trial in self.ran if trial.value(by) is not None]
        if not known:
            why = next((trial.error for trial in self.trials if trial.error), "none has the figure")
            raise ValueError(f"no trial has a {by}: {why}")
        way = -1 if by == "drawdown_pct" else 1
        return max(known, key=lambda trial: way * (trial.value(by) or 0.0))

    @cached_property
    def _ratios(self) -> list[float]:
        """The Sharpe ratios there are: a trial that never traded has none, and luck cannot choose it."""
        return [trial.sharpe for trial in self.ran if trial.sharpe is not None]

    @cached_property
    def luck(self) -> float:
        """The Sharpe ratio (a session's) that the best of as many as have one has by luck alone: `expected_best`."""
        return expected_best(self._ratios)

    def deflated_sharpe(self, trial: Trial | None = None) -> float | None:
        """The probability that a trial (the best one) is more than the luckiest of them: `deflated_sharpe`."""
        chosen = trial or self.best()
        return deflated_sharpe([rate for _, rate in chosen.rates], self.luck)

    def frame(self) -> pd.DataFrame:
        """A DataFrame, one row a trial: a column a setting, one a figure, `deflated_sharpe`, `error`."""
        import pandas as pd

        return pd.DataFrame([self._row(trial) for trial in self.trials])

    def _row(self, trial: Trial) -> dict[str, Any]:
        figures = {name: getattr(trial, name) if name in COUNTS else trial.value(name) for name in FIGURES}
        chance = None if trial.error else self.deflated_sharpe(trial)
        return {**dict(trial.parameters), **figures, "deflated_sharpe": chance, "error": trial.error}

    def explain(self, by: str = "sharpe") -> str:
        """What came of it in a few lines of ASCII text: the best trial, and how much of it luck alone would explain."""
        failed = len(self.trials) - len(self.ran)
        count, lost = len(self.trials), f", of which {failed} could not be run" if failed else ""
        lines = [f"{count} {'trial' if count == 1 else 'trials'}{lost}"]
        try:
            best = self.best(by)
        except ValueError as nothing:
            return "\n".join([*lines, str(nothing)])
        drawdown, ratio, chance = _told(best.drawdown_pct), _told(best.sharpe), self.deflated_sharpe(best)
        settings = ", ".join(f"{_short(name)} {value}" for name, value in best.parameters)
        net = said(best.net, "Rs")
        luckiest = f"the luckiest of {len(self._ratios)} with such a ratio would have {self.luck:.3f}"
        return "\n".join(
            [
                *lines,
                f"the best by {by}: {settings}",
                f"  {best.trades} trades, net {net}, deepest inside sessions {drawdown or 'undefined'} %",
                f"  Sharpe of a session {ratio or 'undefined'}; {luckiest}",
                f"  chance that it is more than luck: {'undefined' if chance is None else f'{chance:.1%}'}",
            ]
        )

    def walk_forward(self, *, train: int, test: int) -> tuple[Window, ...]:
        """Choose on `train` sessions by the Sharpe ratio, look at the `test` sessions after them; then `test` later.

        Every combination was run once over all bars, and the windows are sessions of that run: averages are warm, and
        what was held overnight stays held. Windows in which no combination has a Sharpe ratio are left out.
        Raises `ValueError` where the bars have too few sessions for one window.
        """
        sessions = sorted({day for trial in self.ran for day, _ in trial.rates})
        if train < 2 or test < 1 or len(sessions) < train + test:
            raise ValueError(
                f"train must be 2 or more and test 1 or more, together at most {len(sessions)}, the sessions there are"
                f"; got {train} and {test}"
            )
        found = []
        for start in range(0, len(sessions) - train - test + 1, test):
            window = self._window(sessions[start : start + train], sessions[start + train : start + train + test])
            if window is not None:
                found.append(window)
        return tuple(found)

    def _window(self, trained: Sequence[str], tested: Sequence[str]) -> Window | None:
        known = [(ratio, t) for t in self.ran if (ratio := sharpe(_rates(t, trained))) is not None]
        if not known:
            return None
        ratio, chosen = max(known, key=lambda one: one[0])
        rates = _rates(chosen, tested)
        return Window(
            first=tested[0], last=tested[-1], chosen=chosen, trained=ratio, tested=sharpe(rates), rates=tuple(rates)
        )

    def heat_map(self, across: str, down: str, by: str = "sharpe") -> Extra:
        """Two settings and a figure, the best of all that share them in each cell; as a table with its drawing."""
        if by not in FIGURES:
            raise ValueError(f"by must be one of {', '.join(FIGURES)}, got {by!r}")
        x, y = full(across), full(down)
        columns, rows = self._axis(x), self._axis(y)
        cells: dict[tuple[str, str], float] = {}
        better = min if by == "drawdown_pct" else max
        for trial in self.ran:
            told, value = {name: str(one) for name, one in trial.parameters}, trial.value(by)
            if value is not None:
                place = told[y], told[x]
                cells[place] = better(value, cells.get(place, value))
        values = [[cells.get((row, column)) for column in columns] for row in rows]
        about = f"{by}: {_short(y)} downwards, {_short(x)} across; the best of all trials that share the two."
        shown = tuple((row, *(_told(value) for value in line)) for row, line in zip(rows, values, strict=True))
        drawn = '<div class="card">' + heat(rows, columns, values, about, _short(x)) + "</div>"
        return Extra(f"{by} by {_short(x)} and {_short(y)}", about, (_short(y), *columns), shown, drawn)

    def _axis(self, name: str) -> list[str]:
        found = list(dict.fromkeys(str(v) for t in self.trials for n, v in t.parameters if n == name))
        if not found:
            raise ValueError(f"{name} is not in this sweep, which has {', '.join(dict(self.trials[0].parameters))}")
        return found

    def table(self, by: str = "sharpe") -> Extra:
        """The best trials as a table, with the chance that each is more than luck."""
        way = -1 if by == "drawdown_pct" else 1
        ranked = sorted(self.ran, key=lambda t: (t.value(by) is None, -way * (t.value(by) or 0.0)))[:LISTED]
        names = [_short(name) for name, _ in self.trials[0].parameters]
        columns = (*names, "trades", "net", "return %", "drawdown %", "Sharpe", "deflated")
        rows = tuple((*(str(v) for _, v in t.parameters), *self._figures(t)) for t in ranked)
        failed = len(self.trials) - len(self.ran)
        about = (
            f"The best {len(ranked)} of {len(self.trials)} trials by {by}; {failed} could not be run. Sharpe is a "
            f"session's: by luck alone the best of the {len(self._ratios)} that have one would have {self.luck:.3f}. "
            "Deflated: the chance to be more. Drawdown: the deepest inside sessions."
        )
        return Extra("Trials", about, columns, rows)

    def _figures(self, trial: Trial) -> tuple[Cell, ...]:
        chance = self.deflated_sharpe(trial)
        told = (trial.return_pct, trial.drawdown_pct, trial.sharpe)
        return (trial.trades, trial.net, *(_told(value) for value in told), None if chance is None else f"{chance:.1%}")

    def study(self, by: str = "sharpe", *, title: str = "", walk: tuple[int, int] | None = None) -> Study:
        """A report of the best trial, run once more for its facts, with the trials, a heat map and the walk-forward.

        The heat map has the first two settings that take several values; `walk` is (train, test) in sessions.
        """
        chosen = self.best(by)
        settings, _ = split(chosen.parameters)
        told = ", ".join(f"{_short(name)} {value}" for name, value in chosen.parameters)
        policy = attrs.evolve(self.job.policy, **settings)
        made = study_of_run(self.job.made(chosen.parameters), title=title or f"The best by {by}: {told}")
        several = [name for name, _ in chosen.parameters if len(self._axis(name)) > 1]
        extras = [self.table(by)]
        if len(several) > 1:
            extras.append(self.heat_map(several[0], several[1], by))
        if walk is not None:
            extras.append(walked(self.walk_forward(train=walk[0], test=walk[1])))
        return attrs.evolve(made, source="sweep", policy=policy, extras=tuple(extras))

    def save_html(self, path: Path | str, by: str = "sharpe", **more: Any) -> Path:
        """The report as a page; `more` goes to `study`."""
        Path(path).write_text(page(self.study(by, **more)), encoding="utf-8", newline="\n")
        return Path(path)


def walked(windows: Sequence[Window]) -> Extra:
    """A walk-forward as a table of a report, with the Sharpe ratio of all tested sessions together."""
    rates = [rate for window in windows for rate in window.rates]
    whole = sharpe(rates)
    rows = tuple(
        (
            f"{w.first} to {w.last}",
            ", ".join(f"{_short(name)} {value}" for name, value in w.chosen.parameters),
            _told(w.trained),
            _told(w.tested),
            _told((prod(1 + rate for rate in w.rates) - 1) * 100),
        )
        for w in windows
    )
    together = "undefined" if whole is None else f"{whole:.3f}"
    about = f"Chosen on the sessions before, looked at on these. Sharpe of all {len(rates)} of them: {together}."
    return Extra("Walk-forward", about, ("tested on", "chosen", "trained", "tested", "return %"), rows)


def _rates(trial: Trial, sessions: Sequence[str]) -> list[float]:
    wanted = set(sessions)
    return [rate for day, rate in trial.rates if day in wanted]


def _short(name: str) -> str:
    return name.partition(".")[2]


def _told(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"
