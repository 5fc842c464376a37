"""The previous close that a rule of the gap goes by, as plugins of OpenAlgo 2.0.2.1 tell it, right or not."""

from datetime import timedelta
from decimal import Decimal

import pytest
from attrs import evolve

from riskcore_openalgo.live_feed.ticks import STREAM, Tick
from tests.gateways.desks import NOW, live_desk
from tests.runner.live_days import flat_bars
from tests.runner.test_evidence import Bench

PRICES = ("open", "high", "low", "close")
CLOSE = Decimal(950)
"""The close of the last bar of the session before."""


def bars():
    """Bars at 1,000 today, which closed at 950 the day before."""
    yesterday = NOW.date() - timedelta(days=3)
    down = dict.fromkeys(PRICES, CLOSE)
    return [evolve(bar, **down) if bar.at.date() <= yesterday else bar for bar in flat_bars(NOW)]


def seen(tick=None, *, with_bars=True, **quoted):
    """What is seen of INFY where a quote, or the stream, tells this."""
    with live_desk() as desk:
        bench = Bench(desk, max_gap_pct="3")
        desk.broker.bars("NSE:INFY", "5m", bars() if with_bars else [])
        desk.broker.quote("NSE:INFY", **{"last": 1000, "open": 990, **quoted})
        if tick is not None:
            bench.feed.tick = Tick("NSE:INFY", Decimal(1000), STREAM, NOW, 0.0, previous_close=Decimal(tick))
        return bench.look().previous_close


@pytest.mark.parametrize("told", ["990", "1000", "1000.1"])
def test_a_price_of_today_that_is_told_again_is_no_previous_close(told):
    """The day's open (Definedge), the last price (Upstox), a tick from it: a gap of 5 % was none."""
    assert seen(prev_close=told) == CLOSE


def test_so_it_is_of_the_stream():
    assert seen(tick="1000") == CLOSE
    assert seen(tick="952") == 952


def test_what_is_told_otherwise_counts_and_so_does_it_where_no_bar_tells():
    assert seen(prev_close="952") == 952
    assert seen(prev_close="990", with_bars=False) == 990
