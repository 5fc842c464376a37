"""Slippage is that of a stop which took shares off: from where it stood then, and of nothing else."""

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import held, stop_of


def trade(day):
    (found,) = rc.trades_of(day.facts)
    return found


def test_an_exit_by_signal_has_none_though_a_stop_rested():
    day, _ = held()
    day.prices("10:04", last=1050)
    day.signal("10:05", "SELL", kind=rc.EXIT)
    day.report("10:05:01", stop_of(day).order_id, "cancelled")
    day.fill("10:05:02", day.sent()[-1].order_id, price=1050)
    assert (trade(day).reason, trade(day).stop_slippage) == ("signal", None)


@pytest.mark.parametrize(("taken", "slipped"), [("taken", 50), ("refused", -2450)])
def test_a_stop_that_was_moved_slips_from_where_it_stood(taken, slipped):
    """From 980 to 1,030, and filled at 1,029; where the broker did not take that, from 980."""
    day, _ = held(trail="points", trail_by=20)
    day.prices("10:05", last=1050)
    resting = stop_of(day)
    assert day.last(e.RevisionRequested).revision.trigger == 1030
    day.take(e.RevisionReported(day.at("10:05:01"), resting.order_id, taken))
    day.fill("10:06", resting.order_id, price=1029)
    assert (trade(day).reason, trade(day).stop_slippage) == ("stop", slipped)
