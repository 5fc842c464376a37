"""Bars of one moment: what a stop or target takes in them comes before the clock, whichever instrument comes first."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from hypothesis import given, settings, strategies as st

import riskcore as rc
from riskcore import events as e
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.lab import backtest
from riskcore_openalgo.runner.player import BarPlayer

TEN = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
FIVE = timedelta(minutes=5)
THINGS = tuple(rc.Instrument(symbol=name, tick="0.05", sector=name) for name in ("INFY", "LT", "TCS"))
ROOMY = {"max_position_size_percent": 20, "max_sector_exposure": 100, "entry_band_pct": 1}


def series(rows):
    """Bars of five minutes from ten on; a row is open, high, low and close, and none is a bar that is missing."""
    names = ("open", "high", "low", "close")
    return [
        rc.Bar(at=TEN + n * FIVE, **dict(zip(names, row, strict=True))) for n, row in enumerate(rows) if row is not None
    ]


def bought(thing, seen):
    """Buy each at its first bar's end."""
    if len(seen) > 1:
        return None
    about = {"at": seen[0].at + FIVE, "bar_at": seen[0].at, "stop": 98, "target": 105}
    return rc.Signal(thing.symbol, "BUY", **about)


def trades(closed):
    return sorted((one.key, one.reason, one.exit_price, one.closed_at) for one in closed)


def by_steps(bars, policy):
    return trades(rc.simulate(bars, bought, policy, interval="5m").trades)


def at_once(bars, policy):
    each = {thing.symbol: partial(bought, thing) for thing in bars}
    return trades(backtest(bars, each, policy, interval="5m").simulation.trades)


def on_paper(bars, policy, path):
    with Journal(path) as journal:
        player = BarPlayer(journal, policy, bars, {t.key: [partial(bought, t)] for t in bars}, interval="5m")
        list(player.play())
        return trades(row.event for row in journal.rows("fact", types=[e.PositionClosed.__name__]))


FLAT = (100, 100.5, 99.5, 100)
DOWN, UP = (100, 100.5, 97, 97.5), (100, 106, 99.5, 101)
CROSSED = (
    ({"time_stop_min": 15}, [FLAT, FLAT, FLAT, UP, FLAT, FLAT], "target"),
    ({"square_off_at": "10:20"}, [FLAT, FLAT, FLAT, DOWN, FLAT, FLAT], "stop"),
)


@pytest.mark.parametrize("order", [(0, 2), (2, 0)])
@pytest.mark.parametrize(("policy", "rows", "reason"), CROSSED)
def test_a_level_in_the_bar_in_which_the_clock_acts_is_met_whoever_comes_first(order, policy, rows, reason, tmp_path):
    """The other instrument's bar moved the clock, and the exit by time went before the bar with the stop was seen."""
    rules = rc.Policy(**ROOMY, **policy)
    bars = {THINGS[place]: series(rows if place == 2 else [None, *[FLAT] * 5]) for place in order}
    found = [each for each in by_steps(bars, rules) if each[0] == "NSE:TCS"]
    assert [each[1] for each in found] == [reason]
    assert [each for each in at_once(bars, rules) if each[0] == "NSE:TCS"] == found
    assert [each for each in on_paper(bars, rules, tmp_path / "paper.db") if each[0] == "NSE:TCS"] == found


PRICE = st.sampled_from([96.0, 98.0, 98.5, 99.5, 100.0, 101.0, 104.5, 105.0, 107.0])
ROW = st.none() | st.tuples(PRICE, PRICE, PRICE, PRICE).map(lambda row: (row[0], max(row), min(row), row[3]))
CLOCKS = st.sampled_from([{}, {"time_stop_min": 10}, {"square_off_at": "10:25"}, {"time_stop_min": 15}])


@settings(max_examples=60)
@given(st.lists(st.lists(ROW, min_size=5, max_size=9), min_size=2, max_size=3), CLOCKS, st.permutations(range(3)))
def test_BAR_10_trades_do_not_depend_on_the_order_of_the_instruments(rows, clock, order):
    """Where there is room for all: each instrument's trades are those it has whoever comes first, on both paths."""
    policy = rc.Policy(**ROOMY, **clock, max_daily_loss=100, max_trades_per_day=9, risk_per_trade=1)
    bars = {thing: series([FLAT, FLAT, *each]) for thing, each in zip(THINGS, rows, strict=False)}
    turned = {THINGS[place]: bars[THINGS[place]] for place in order if THINGS[place] in bars}
    assert by_steps(turned, policy) == by_steps(bars, policy) == at_once(bars, policy) == at_once(turned, policy)


def test_an_exit_that_is_pressed_goes_again_within_its_moment_whoever_comes_first():
    """The next one waited for another input: of another instrument's bar, or of a bar in which the stop came first."""
    low = (96.0,) * 4
    rows = ([FLAT, FLAT, None, None, low, None, low], [FLAT, FLAT, None, low, low, None, None])
    policy = rc.Policy(**ROOMY, time_stop_min=10, max_daily_loss=100, max_trades_per_day=9, risk_per_trade=1)
    bars = {thing: series(each) for thing, each in zip(THINGS, rows, strict=False)}
    turned = dict(reversed(bars.items()))
    assert by_steps(turned, policy) == by_steps(bars, policy) == at_once(bars, policy) == at_once(turned, policy)
    assert [(key, reason) for key, reason, *_ in by_steps(bars, policy)] == [
        ("NSE:INFY", "time_stop"),
        ("NSE:LT", "stop"),
    ]
