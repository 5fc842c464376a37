"""What a backtest came to: its trades and decisions, the path of stops and equity, and how sure of it one can be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np
from attrs import field, frozen

import riskcore as rc
from riskcore import events as e
from riskcore_openalgo.lab.averages import Floats
from riskcore_openalgo.lab.columns import Columns
from riskcore_openalgo.lab.inside import deepest_inside
from riskcore_openalgo.lab.saved_run import Inside, measured
from riskcore_openalgo.lab.timeline import Timeline

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

"""The version of what is saved: `Run.load` refuses those it does not know."""
REASONS_SHOWN: Final = 3
_Moving: TypeAlias = e.Filled | e.PositionAdjusted


class Jumped(NamedTuple):
    """How many bars there were, how many were left out, and why the others were looked at, most frequent first."""

    bars: int
    left_out: int
    reasons: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Jumped:
        """As it stands in a saved run."""
        return cls(kept["bars"], kept["left_out"], tuple((why, times) for why, times in kept["reasons"]))

    @property
    def share_pct(self) -> float:
        """The part that was left out, in per cent."""
        return 100 * self.left_out / self.bars if self.bars else 0.0


class InDoubt(NamedTuple):
    """Bars that reached stop and target both: how many, and their trades' part of all money made and lost (%).

    `told` is of how many of them finer bars told what came first.
    """

    bars: int
    trades: int
    share_pct: Decimal
    told: int = 0


class Refusal(NamedTuple):
    """An entry that was refused: the fact, and its failed findings, the first to be reported in front."""

    fact: e.EntryRefused
    reasons: tuple[rc.Finding, ...]


@frozen(kw_only=True)
class Run:
    """A backtest that has ended. Everything in it follows from `simulation.facts`, which `save` writes in full.

    `bars` are the columns it ran on; a run that was loaded has none, and no `path`, but the deepest drawdown that they
    showed inside sessions (`inside`: that one, or None for none; () where it was not kept). `buy_and_hold_pct` is what
    they made by themselves (`kept_pct`); None where nobody told.
    """

    policy: rc.Policy = field(repr=False)
    interval: str
    intrabar: rc.Intrabar
    entries: rc.Entries
    instruments: tuple[rc.Instrument, ...] = field(repr=lambda things: ", ".join(thing.key for thing in things))
    simulation: rc.Simulation = field(repr=False)
    jumped: Jumped
    bars: tuple[Columns, ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = ()
    buy_and_hold_pct: float | None = None
    inside: Inside = field(default=(), repr=False)

    @property
    def facts(self) -> Sequence[e.Fact]:
        """Every fact in order; marks of what was held are as few as tell the same."""
        return self.simulation.facts

    @property
    def equity(self) -> Decimal | None:
        """Equity at the end, open positions at their last price."""
        return self.simulation.equity

    @cached_property
    def trades(self) -> tuple[rc.Trade, ...]:
        """The finished trades, in the order they ended, with R, charges and the best and worst price of each."""
        return rc.trades_of(self.facts)

    @cached_property
    def performance(self) -> rc.Performance:
        """Every measure of `riskcore.performance`; how deep it fell inside sessions is told by the bars (`path`)."""
        known = (deepest_inside(self.path()[1], self.policy.default_capital),) if self.bars else self.inside
        return measured(self.facts, known)

    @cached_property
    def approved(self) -> tuple[e.EntryApproved, ...]:
        """The entries that were approved; of one with slices each slice."""
        return tuple(fact for fact in self.facts if isinstance(fact, e.EntryApproved))

    @cached_property
    def refused(self) -> tuple[Refusal, ...]:
        """The entries that were refused, with the reasons."""
        return tuple(Refusal(fact, _failed(fact)) for fact in self.facts if isinstance(fact, e.EntryRefused))

    @cached_property
    def fills(self) -> tuple[e.Filled, ...]:
        """What traded."""
        return tuple(fact for fact in self.facts if isinstance(fact, e.Filled))

    @property
    def stops(self) -> Iterator[tuple[str, str, object, Decimal, str]]:
        """The path of every stop: signal, instrument, moment, price, and what placed it there ("" the entry itself)."""
        for fact in self.facts:
            if isinstance(fact, e.EntryApproved):
                yield fact.order.signal_id, fact.order.instrument.key, fact.at, fact.order.stop, ""
            elif isinstance(fact, e.StopMoved):
                yield fact.position_id, fact.key, fact.at, fact.after, fact.rule

    @cached_property
    def in_doubt(self) -> InDoubt:
        """The bars that could not tell whether stop or target came first, and what hung on them."""
        found = self.simulation.ambiguous
        ids = {one.position_id for one in found}  # one that was held on through a bar in doubt hangs on it as well
        nets = [(closed.net, (closed.signal_id or closed.key) in ids) for closed in self.simulation.trades]
        doubtful = [abs(net) for net, is_one in nets if is_one]
        total = sum((abs(net) for net, _ in nets), Decimal(0))
        share = sum(doubtful, Decimal(0)) * 100 / total if total else Decimal(0)
        return InDoubt(len(found), len(doubtful), round(share, 2), sum(one.told for one in found))

    def path(self) -> tuple[npt.NDArray[np.int64], Floats]:
        """The end of every moment in ns (UTC) and the equity then, for drawing; `ValueError` for a loaded run."""
        if not self.bars:
            raise ValueError("a run that was loaded has no bars: run the backtest again to draw its path")
        line = Timeline(self.bars, rc.interval_length(self.interval))
        ends = line.starts + (0 if line.daily else line.length)
        equity = np.full(len(line), float(self.policy.default_capital))
        moved: dict[str, list[_Moving]] = {}
        for fact in self.facts:
            if isinstance(fact, (e.Filled, e.PositionAdjusted)):
                moved.setdefault(fact.key, []).append(fact)
        for thing, columns in zip(self.instruments, self.bars, strict=True):
            if thing.key in moved:
                equity += _result(columns, moved[thing.key], line)
        return ends, equity

    def frame(self, table: str = "trades") -> pd.DataFrame:
        """A table of the run as a DataFrame, in floats: trades, decisions, fills, stops or equity (its sessions).

        The columns are those of the CSV files (docs/backtest.md). `ValueError` for another name.
        """
        from riskcore_openalgo.lab.run_files import frame

        return frame(self, table)

    def save_html(self, path: Path | str, *, title: str = "backtest") -> Path:
        """The run as a report: one page of HTML (docs/reports.md)."""
        from riskcore_openalgo.lab.report.page import page
        from riskcore_openalgo.lab.report.saved import study_of_run

        Path(path).write_text(page(study_of_run(self, title=title)), encoding="utf-8", newline="\n")
        return Path(path)

    @property
    def remarks(self) -> tuple[str, ...]:
        """How sure one can be of it, in sentences: what was left out and why not more, what was in doubt, the notes."""
        return remarks(self.jumped, self.in_doubt, self.intrabar.value, self.notes, self.buy_and_hold_pct)

    def explain(self) -> str:
        """The run as a page of ASCII text."""
        failed = sum(isinstance(fact, e.EntryRefused) for fact in self.facts)
        first = f"{len(self.trades)} trades, {len(self.approved)} entries approved, {failed} refused"
        return "\n".join([first, *self.results, *self.remarks])

    @property
    def results(self) -> tuple[str, ...]:
        """What it came to, in three lines: its trades, the account, and what the account did on the way there."""
        from riskcore_openalgo.lab.report.figures import figures

        told = {figure.name: figure.said for figure in figures(self.performance)}
        equity = "unknown" if self.equity is None else f"Rs {rc.grouped(self.equity)}"
        trades = (
            f"win rate {told['Win rate']}, profit factor {told['Profit factor']}, expectancy {told['Expectancy in R']}",
            f"best {told['Best trade']}, worst {told['Worst trade']}, held {told['Held on average']} on average",
        )
        account = (
            f"return {told['Return']}, a year {told['Return a year']}, Sharpe {told['Sharpe ratio']}",
            f"deepest drawdown {told['Deepest drawdown']}",
            f"inside sessions {told['Deepest inside sessions']}",
        )
        return (
            *((", ".join(trades),) if self.trades else ()),
            f"equity Rs {rc.grouped(self.policy.default_capital)} -> {equity}",
            ", ".join(account),
        )

    def save(self, folder: Path | str) -> Path:
        """Write the run to a folder: run.json, facts.jsonl and tables for people as CSV (docs/backtest.md)."""
        from riskcore_openalgo.lab.run_files import save

        return save(self, Path(folder))

    @classmethod
    def load(cls, folder: Path | str) -> Run:
        """A run that was saved; `ValueError` for what is none, or of a version that is not known here."""
        from riskcore_openalgo.lab.run_files import load

        return load(Path(folder))


def kept_pct(series: Iterable[Columns]) -> float:
    """What the symbols make without any trading: bought in equal parts at their first open, kept to their last close.

    In per cent, without charges, on the bars as they are: a split that is not taken out of them looks like a loss.
    """
    return float(np.mean([100 * (table.close[-1] / table.open[0] - 1) for table in series]))


def remarks(
    jumped: Jumped, doubt: InDoubt, intrabar: str, notes: Sequence[str], kept: float | None = None
) -> tuple[str, ...]:
    """What is to be known about a run before its figures are believed, of one in hand and of a saved one."""
    why = ", ".join(f"{reason} ({rc.grouped(times, 0)})" for reason, times in jumped.reasons[:REASONS_SHOWN])
    looked = f"; looked at most for: {why}" if why else ""
    bars = rc.grouped(jumped.bars, 0)
    finer = f"; finer bars told of {doubt.told}" if intrabar == rc.Intrabar.LOWER_TIMEFRAME.value else ""
    return (
        f"bars {bars}, of which {jumped.share_pct:.1f} % could change nothing and were left out{looked}",
        f"in doubt ({intrabar}): {doubt.bars} bars, {doubt.trades} trades, {doubt.share_pct} % P&L{finer}",
        *(() if kept is None else (f"bought in equal parts at the start and kept: {kept:+.2f} %, without charges",)),
        *notes,
    )


def _failed(fact: e.EntryRefused) -> tuple[rc.Finding, ...]:
    failed = [found for found in fact.findings if not found.passed]
    order = {reason.code: place for place, reason in enumerate(rc.CATALOGUE)}
    return tuple(sorted(failed, key=lambda found: order.get(found.reason, len(order))))


def _result(columns: Columns, moved: Iterable[_Moving], line: Timeline) -> Floats:
    """What one instrument had made at each moment: cash from its fills, and what is held at the last close.

    A contract that is settled at its expiry is no fill, and leaves nothing held.
    """
    cash, held, signed = np.zeros(len(line) + 1), np.zeros(len(line) + 1), 0
    for fact in moved:
        if isinstance(fact, e.PositionAdjusted):
            came, paid = -signed, -signed * float(fact.price or 0)
        else:
            way = 1 if fact.side == rc.BUY else -1
            came, paid = way * fact.quantity, way * float(fact.value)
        moment = min(line.from_moment(fact.at) // line.width, len(line))
        cash[moment] -= paid + float(fact.charges or 0)
        held[moment] += came
        signed += came
    places = np.searchsorted(columns.at, line.starts, side="right") - 1
    closes = np.where(places >= 0, columns.close[np.maximum(places, 0)], 0.0)
    told: Floats = np.cumsum(cash[:-1]) + np.cumsum(held[:-1]) * closes
    return told
