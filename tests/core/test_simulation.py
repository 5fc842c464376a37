"""The simulated broker and the loop over bars: what a bar can and cannot show."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e

pytestmark = pytest.mark.smoke

INFY = rc.Instrument(symbol="INFY", tick="0.05")
START = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
RULES = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, entry_band_pct="0.1")
CALM = (1000, 1001, 999, 1000)


def bars(*rows):
    return [
        rc.Bar(at=START + timedelta(minutes=n), open=first, high=high, low=low, close=last)
        for n, (first, high, low, last) in enumerate(rows)
    ]


def bought_once(series, side="BUY"):
    """One signal at the close of the first bar, stop and target 20 and 100 away."""
    way = 1 if side == "BUY" else -1

    def strategy(instrument, seen):
        if len(seen) > 1:
            return None
        at = seen[-1].at + timedelta(minutes=1)
        return rc.Signal(instrument.symbol, side, at=at, stop=1000 - 20 * way, target=1000 + 100 * way)

    return rc.simulate({INFY: series}, strategy, RULES)


def fills(run):
    return [(fact.side, fact.price) for fact in run.facts if isinstance(fact, e.Filled)]


@pytest.mark.parametrize(
    ("side", "rows", "expected"),
    [
        ("BUY", [CALM, CALM], [("BUY", 1000)]),
        ("BUY", [CALM, (1001, 1002, 1000, 1001)], [("BUY", 1001)]),
        ("BUY", [CALM, ("1001.05", 1002, 999, 1000), CALM], []),
        ("SELL", [CALM, (999, 1001, 998, 1000)], [("SELL", 999)]),
        ("SELL", [CALM, ("998.95", 1001, 998, 1000), CALM], []),
        ("BUY", [CALM, (1000, 1001, 979, 990)], [("BUY", 1000), ("SELL", 980)]),
        ("BUY", [CALM, CALM, (970, 975, 960, 970)], [("BUY", 1000), ("SELL", 970)]),
        ("BUY", [CALM, CALM, (1000, 1101, 979, 1000)], [("BUY", 1000), ("SELL", 980)]),
        ("BUY", [CALM, CALM, (1110, 1120, 1105, 1110)], [("BUY", 1000), ("SELL", 1110)]),
        ("SELL", [CALM, CALM, (1000, 1020, 999, 1000)], [("SELL", 1000), ("BUY", 1020)]),
        ("SELL", [CALM, CALM, (1000, 1001, 900, 950)], [("SELL", 1000), ("BUY", 900)]),
    ],
)
def test_what_trades_in_a_bar_and_at_which_price(side, rows, expected):
    """Entries at the next first price within the limit or not at all; levels at the level, gaps at the first price."""
    assert fills(bought_once(bars(*rows), side)) == [(way, Decimal(price)) for way, price in expected]


def test_the_last_bar_can_be_decided_on_and_not_traded():
    """There is no price after it."""
    run = bought_once(bars(CALM))
    assert fills(run) == []
    assert len(run.broker.working) == 1


def test_the_equity_at_the_end_counts_what_is_open():
    """Opening equity, less charges, with the position at its last price."""
    run = bought_once(bars(CALM, CALM, (1000, 1006, 1000, 1005)))
    held = run.state.book.positions[0]
    assert run.equity == 100_000 - run.state.book.charges + 5 * held.quantity
    assert run.trades == ()


def test_bars_out_of_order_are_the_callers_mistake():
    """Named by instrument and time."""
    series = bars(CALM, CALM)
    for wrong in (series[::-1], [series[0], series[0]]):
        with pytest.raises(ValueError, match=r"NSE:INFY: the bar at .* does not come after"):
            bought_once(wrong)


def test_a_mistaken_bar_cannot_exist():
    """High below the close, a price of nought, no time zone."""
    for wrong in ({"high": 999}, {"low": 1001}, {"low": 0}, {"at": START.replace(tzinfo=None)}):
        with pytest.raises(ValueError, match="Bar"):
            rc.Bar(**{"at": START, "open": 1000, "high": 1000, "low": 1000, "close": 1000, **wrong})


@pytest.mark.parametrize(
    ("text", "minutes"), [("1m", 1), ("5m", 5), ("1h", 60), ("1D", 1440), ("", 0), ("m", 0), ("0m", 0), ("1w", 0)]
)
def test_intervals(text, minutes):
    """Minutes, hours, days; anything else is an error."""
    if minutes:
        assert rc.interval_length(text) == timedelta(minutes=minutes)
    else:
        with pytest.raises(ValueError, match="interval must be like"):
            rc.interval_length(text)
