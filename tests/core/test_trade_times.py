"""The best and the worst of trades, and how long they were held."""

from datetime import timedelta

import pytest

import riskcore as rc
from riskcore import analytics as an
from tests.core.finished_trades import START, a_trade, results

pytestmark = pytest.mark.smoke


def test_the_best_and_the_worst_are_after_charges():
    """The least may still be a gain."""
    assert (an.best_trade(results(3, -2, 5)), an.worst_trade(results(3, -2, 5))) == (5, -2)
    assert an.worst_trade(results(3, 5)) == 3
    assert (an.best_trade([]), an.worst_trade([])) == (None, None)


def test_a_trade_is_held_by_the_clock():
    """Nights and closed days count, as for whoever looks at how long money was bound."""
    trades = [a_trade(closed_at=START + timedelta(**span)) for span in ({"minutes": 30}, {"days": 3}, {"minutes": 0})]
    assert an.holding(trades) == an.Holding(timedelta(days=1, minutes=10), timedelta(0), timedelta(days=3))
    assert an.holding([]) is None
    page = rc.performance_of(trades).explain()
    assert "held, at most             1 d 0 h, 3 d 0 h" in page
    assert "best, worst trade         Rs 100.00, Rs 100.00" in page
    assert "held, at most             undefined" in rc.performance_of([]).explain()
