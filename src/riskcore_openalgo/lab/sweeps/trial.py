"""One trial of a sweep: a combination of settings, and what its backtest came to."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, Protocol, TypeAlias

import attrs
from attrs import field, frozen

import riskcore as rc
from riskcore import engine, events
from riskcore.analytics.explaining import fallen_pct
from riskcore_openalgo.lab.columns import ColumnsError
from riskcore_openalgo.lab.run import Run
from riskcore_openalgo.lab.strategy import StrategyError
from riskcore_openalgo.lab.sweeps.deflated import sharpe
from riskcore_openalgo.lab.sweeps.space import Parameters, split

Bars: TypeAlias = Any
Factory: TypeAlias = Callable[..., Any]


class HasFacts(Protocol):
    """What a backtest returns: a `Run`, a `Simulation`."""

    @property
    def facts(self) -> Sequence[events.Fact]:
        """Every fact in order."""


class Backtest(Protocol):
    """A backtest: `riskcore_openalgo.lab.backtests.backtest`, `simulated`, or one's own, importable by its name."""

    def __call__(self, bars: Bars, strategy: Factory, policy: rc.Policy, *, interval: str) -> HasFacts:
        """Run a strategy (made for each symbol by `strategy(symbol=..., interval=...)`) over bars."""


@frozen(kw_only=True)
class Trial:
    """What one combination came to. `error` says why it could not be run; all figures are None then.

    `net` and `charges` are rupees, `return_pct` and `drawdown_pct` (the deepest inside sessions: of a `Run` at the end
    of every bar, of other facts at their marks) percent of equity, `sharpe` a session's, not annualised; `refused`
    counts the entries that were refused. `rates` are the sessions' returns as shares, each with its date.
    """

    parameters: Parameters
    trades: int = 0
    net: Decimal | None = None
    charges: Decimal | None = None
    return_pct: float | None = None
    drawdown_pct: float | None = None
    sharpe: float | None = None
    profit_factor: float | None = None
    expectancy_r: float | None = None
    win_rate: float | None = None
    refused: int = 0
    rates: tuple[tuple[str, float], ...] = field(default=(), repr=False)
    error: str = ""

    def value(self, name: str) -> float | None:
        """A figure by its name, as a float."""
        found = getattr(self, name)
        return None if found is None else float(found)


FIGURES = (
    *("trades", "net", "charges", "return_pct", "drawdown_pct", "sharpe", "profit_factor", "expectancy_r", "win_rate"),
    "refused",
)


def simulated(bars: Bars, strategy: Factory, policy: rc.Policy, *, interval: str) -> rc.Simulation:
    """The core's bar-by-bar simulation as a backtest of a sweep: `bars` by instrument."""
    made = {thing.key: strategy(symbol=thing.symbol, interval=interval) for thing in bars}

    def on_bar(thing: rc.Instrument, seen: Sequence[rc.Bar]) -> rc.Signal | None:
        own = made[thing.key]
        asked: Callable[[Sequence[rc.Bar]], rc.Signal | None] = getattr(own, "on_bar", own)
        return asked(seen)

    return rc.simulate(bars, on_bar, policy, interval=interval)


class _Made:
    """A factory in the form of a class: a backtest takes a plain function for a strategy, not for its maker."""

    def __new__(cls, factory: Factory, **given: Any) -> Any:
        return factory(**given)


@frozen(kw_only=True)
class Job:
    """What all trials of a sweep have in common."""

    bars: Bars
    strategy: Factory
    policy: rc.Policy
    interval: str
    run: Backtest

    def made(self, parameters: Parameters) -> HasFacts:
        """The backtest of one combination."""
        settings, own = split(parameters)
        policy = attrs.evolve(self.policy, **settings)
        factory = self.strategy if inspect.isclass(self.strategy) else partial(_Made, self.strategy)
        factory = partial(factory, **own) if own else factory
        return self.run(self.bars, factory, policy, interval=self.interval)

    def tried(self, parameters: Parameters) -> Trial:
        """One trial. Settings that contradict each other are told in it; any other error ends the sweep.

        So do bars that cannot be traded on, and a strategy that raises or answers what is no signal: they are so in
        every trial.
        """
        try:
            made = self.made(parameters)
            facts = made.facts
            found = made.performance if isinstance(made, Run) else rc.performance(facts)
        except ColumnsError:
            raise
        except ValueError as problem:
            if isinstance(problem, StrategyError) and not isinstance(problem.__cause__, ValueError):
                raise
            return Trial(parameters=parameters, error=str(problem))
        rates = tuple(
            (day.session.isoformat(), float(rate)) for day in found.curve.days if (rate := day.rate) is not None
        )
        return Trial(
            parameters=parameters,
            trades=len(found.trades),
            net=found.net,
            charges=found.charges,
            return_pct=_float(found.cumulative_return, 100),
            drawdown_pct=_float(fallen_pct(found, inside=True)),
            sharpe=sharpe([rate for _, rate in rates]),
            profit_factor=_float(found.profit_factor),
            expectancy_r=_float(found.expectancy_r),
            win_rate=_float(found.win_rate),
            refused=sum(isinstance(fact, events.EntryRefused) for fact in facts),
            rates=rates,
        )


@engine.exact
def _float(value: Decimal | None, times: int = 1) -> float | None:
    return None if value is None else float(value * times)


def as_row(trial: Trial) -> dict[str, Any]:
    """A trial as a JSON row; its parameters as text, for they may be of any kind."""
    row = attrs.asdict(trial)
    row["parameters"] = {name: repr(value) for name, value in trial.parameters}
    row["net"], row["charges"] = (None if v is None else str(v) for v in (trial.net, trial.charges))
    return row


def of_row(row: Mapping[str, Any], parameters: Parameters) -> Trial:
    """The trial of a JSON row, with the parameters it was made of."""
    told = {**row, "parameters": parameters, "rates": tuple((day, rate) for day, rate in row["rates"])}
    for name in ("net", "charges"):
        told[name] = None if row[name] is None else Decimal(row[name])
    return Trial(**told)
