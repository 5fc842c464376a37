"""What the signals of a strategy in a script are called."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from attrs import evolve

import riskcore as rc
from riskcore_openalgo.lab.backtests import backtest

START = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
RULES = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, entry_band_pct="0.1")
BARS = [rc.Bar(at=START + timedelta(minutes=n), open=1000, high=1001, low=999, close=1000) for n in range(4)]


def once(seen, strategy=""):
    """Buy at the end of the first bar."""
    if len(seen) > 1:
        return None
    ends = seen[-1].at + timedelta(minutes=1)
    return rc.Signal("INFY", "BUY", at=ends, bar_at=seen[-1].at, stop=980, target=1100, strategy=strategy)


class Once:
    """`once` as a class, with or without a name of its own."""

    def __init__(self, *, symbol, interval, called=""):
        self.called = called

    def on_bar(self, seen):
        return once(seen, strategy=self.called)

    def signals(self, seen):
        return {0: self.on_bar(seen[:1])}


@pytest.mark.parametrize(
    ("strategy", "name"), [(Once, "Once"), (partial(Once, called="mine"), "mine"), (once, ""), ({"INFY": Once}, "Once")]
)
def test_signals_of_a_class_bear_its_name_and_come_under_the_limits_of_it(strategy, name):
    """What no class is has no name that somebody gave, and is not named after a function."""
    limit = rc.Limit(scope="strategy", name=name or "Once", max_quantity=7)
    run = backtest({"INFY": BARS}, strategy, evolve(RULES, limits=(limit,)))
    assert [trade.strategy for trade in run.simulation.state.book.positions] == [name]
    assert (run.simulation.state.book.positions[0].quantity == 7) is bool(name)
