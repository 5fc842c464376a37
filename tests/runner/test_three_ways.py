"""Under the ideal profile, on a tape of ticks: backtest, paper and live on the fake decide, trade and earn the same."""

import attrs
import pytest

from riskcore import events
from riskcore_openalgo.demo.day import demo_bars, demo_policy
from tests.runner.three_ways import backtested, jumped, live_on_the_fake, on_paper, ticks_of

POLICIES = {
    "as the demo": {},
    "many trades": {"max_trades_per_day": 30, "max_positions": 3},
    "a trail": {"max_trades_per_day": 20, "trail": "percent", "trail_by": "0.2", "breakeven_at_r": 1},
}


def decisions(facts):
    """Each answer to a signal, with every finding and the whole order."""
    kinds = (events.EntryApproved, events.EntryRefused)
    return [_without_the_state(fact) for fact in facts if isinstance(fact, kinds)]


def _without_the_state(fact):
    """The number of the state counts the readings of an account too, which only a live day has."""
    if isinstance(fact, events.EntryRefused):
        return fact
    return attrs.evolve(fact, order=attrs.evolve(fact.order, book_version=0))


def trades(facts):
    """Each finished trade, but for the second in which a broker's book dates its fills."""
    undated = {"at": None, "opened_at": None, "closed_at": None}
    return [attrs.evolve(fact, **undated) for fact in facts if isinstance(fact, events.PositionClosed)]


@pytest.mark.parametrize("changes", POLICIES.values(), ids=POLICIES)
def test_three_ways_one_day(tmp_path, changes):
    """The same findings, the same orders, the same trades to the paisa; and the broker's own account agrees."""
    tape, policy = ticks_of(demo_bars()), attrs.evolve(demo_policy(), **changes)
    simulated, fast = backtested(tape, policy), jumped(tape, policy)
    paper = on_paper(tape, policy, tmp_path / "paper.db")
    live, truth = live_on_the_fake(tape, policy, tmp_path / "live.db")
    assert paper == simulated
    assert decisions(fast) == decisions(simulated)
    assert trades(fast) == trades(simulated)
    assert decisions(live) == decisions(simulated)
    assert trades(live) == trades(simulated)
    assert len(trades(simulated)) >= 3
    assert sum(isinstance(fact, events.EntryRefused) for fact in simulated) >= 10
    earned = sum((-1 if trade.side == "BUY" else 1) * trade.quantity * trade.price for trade in truth.trades)
    assert earned == sum(trade.gross for trade in trades(simulated))
