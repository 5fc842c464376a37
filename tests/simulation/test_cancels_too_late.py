"""Days on which every cancel comes too late: the order has filled, whole or in part, just before it arrives."""

import random

import pytest

from riskcore_openalgo.testing.broker import FakeBroker
from riskcore_openalgo.testing.simulated.living import live_through, total
from riskcore_openalgo.testing.simulated.script import script_of

DAYS = range(6)


@pytest.fixture
def fills_first(monkeypatch):
    """How many orders filled when their cancel came."""
    filled, cancel = [], FakeBroker.cancel

    def too_late(broker, order_id):
        order = broker.venue.account.orders.get(order_id)
        if order is not None and order.working:
            part = random.Random(order_id).choice((1, 1, 3)) if broker.profile.partials else 1  # noqa: S311 - a day's own
            broker.fill(order_id, max(order.left // part, 1))
            filled.append(order_id)
        return cancel(broker, order_id)

    monkeypatch.setattr(FakeBroker, "cancel", too_late)
    return filled


@pytest.mark.parametrize("first", DAYS[::2])
def test_all_invariants_hold_where_every_cancel_comes_too_late(fills_first, first):
    """A stop that fills while its exit waits for it, a reduction, an entry that an exit takes back."""
    outcomes = [live_through(script_of(seed)) for seed in (first, first + 1)]
    assert [(outcome.seed, outcome.what) for outcome in outcomes if outcome.broken] == []
    assert fills_first
    assert total(outcomes)["positions closed"]
