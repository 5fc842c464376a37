"""Candles that a policy counts, over bars that are longer than they are."""

from datetime import datetime, timedelta

import pytest

import riskcore as rc
from riskcore_openalgo.lab.backtests import backtest

START = datetime(2026, 11, 20, 9, 15, tzinfo=rc.IST)
QUARTER = timedelta(minutes=15)


def run_of(**rules):
    policy = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, **rules)
    bars = [rc.Bar(at=START + n * QUARTER, open=1000, high=1001, low=999, close=1000) for n in range(12)]
    return backtest({rc.Instrument(symbol="INFY", tick="0.05"): bars}, once, policy, interval="15m")


def once(seen):
    """Buy at the end of the first bar."""
    if len(seen) > 1:
        return None
    return rc.Signal("INFY", "BUY", at=START + QUARTER, bar_at=START, stop=980, target=1100)


def test_a_time_stop_in_candles_shorter_than_the_bars_is_told():
    """Four candles of the usual 5m are over within two bars of a quarter of an hour: who wants four bars says so."""
    run = run_of(time_stop_bars=4)
    (note,) = run.notes
    assert note.startswith("time_stop_bars 4: candles are those of trail_interval, 5m, and not these longer bars")
    assert [trade.closed_at - trade.opened_at for trade in run.trades] == [2 * QUARTER]

    meant = run_of(time_stop_bars=4, trail_interval="15m")
    assert meant.notes == ()
    assert [trade.closed_at - trade.opened_at for trade in meant.trades] == [4 * QUARTER]


@pytest.mark.parametrize("interval", ["1m", "5m"])
def test_so_is_a_trail_that_moves_at_their_ends(interval):
    rules = {"trail": "percent", "trail_by": 1, "trail_on": "bar", "trail_interval": interval}
    (note,) = run_of(**rules).notes
    assert note.startswith(f"trail_on bar: candles are those of trail_interval, {interval},")


def test_where_no_candle_is_counted_nothing_is_told():
    assert run_of(trail="percent", trail_by=1).notes == ()
    assert run_of(trail_on="bar").notes == ()
