"""What each rule of a backtest cost or saved: the same bars and strategy once more, with one rule off.

found = lab.rules_off({"INFY": frame}, EmaCross, rc.Policy(), capital=100_000)
print(found.explain())
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from decimal import Decimal
from typing import Any

import riskcore as rc
from riskcore_openalgo.lab.backtests import backtest
from riskcore_openalgo.lab.report.counterfactual import Counterfactual, RuleOff, at_work_in, without
from riskcore_openalgo.lab.run import Run
from riskcore_openalgo.lab.strategy import StrategyError

WHAT = "The same bars and signals once more"


def rules_off(
    bars: Any,
    strategy: Any,
    policy: rc.Policy,
    *,
    rules: Iterable[str] = (),
    run: Run | None = None,
    watch: Callable[[Sequence[str]], Iterable[str]] = iter,
    **how: Any,
) -> Counterfactual:
    """Run a backtest once more for each rule, with that rule off or at its laxest, and everything else as it was.

    `rules` are their names; without any it is all that refused an entry or set a size. `run` is the backtest itself,
    where it was made already; `how` is what `lab.backtest` takes beside. A strategy that is given as an object is
    copied for each. `watch` is given the names and hands them on, for a progress bar. One rule is off at a time: what
    they saved does not add up. Raises as `lab.backtest` does.
    """
    base = run or backtest(bars, _fresh(strategy), policy, **how)
    refused, at_work = at_work_in(base.facts)
    offs = []
    for name in watch(list(rules) or at_work):
        try:
            changed = without(policy, name)
        except ValueError as problem:
            offs.append(RuleOff(name, refused.get(name, 0), None, None, str(problem)))
            continue
        found = backtest(bars, _fresh(strategy), changed, **how)
        offs.append(RuleOff(name, refused.get(name, 0), _net(found), len(found.trades)))
    return Counterfactual(_net(base), len(base.trades), tuple(offs))


def _fresh(strategy: Any) -> Any:
    """A copy of what remembers; classes and functions are themselves."""
    try:
        return deepcopy(strategy)
    except Exception as problem:  # somebody's class says whether, and how, it can be copied
        raise StrategyError(f"each run needs a copy of {strategy!r:.60}: give its class ({problem})") from problem


def _net(run: Run) -> Decimal:
    """What the account made, open positions at their last price."""
    capital = run.policy.default_capital
    return Decimal(0) if run.equity is None else run.equity - capital
