"""`Intrabar.LOWER_TIMEFRAME`: which finer bars tell what a bar reached first, and which tell nothing."""

from datetime import datetime, timedelta

import pytest

import riskcore as rc
from riskcore_openalgo.lab.backtests import backtest

START = datetime(2026, 11, 17, tzinfo=rc.IST)
RULES = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, entry_band_pct="0.1")
INFY = rc.Instrument(symbol="INFY", tick="0.05")
CALM, BOTH = (1000, 1001, 999, 1000), (1000, 1101, 979, 1000)
TARGET, STOP = (1000, 1101, 1000, 1050), (1050, 1050, 979, 1000)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def bars(start, step, *rows):
    names = ("open", "high", "low", "close")
    return [rc.Bar(at=start + step * n, **dict(zip(names, row, strict=True))) for n, row in enumerate(rows)]


def delivery(bar):
    """Buy for delivery at the end of a day's bar."""
    return rc.Signal("INFY", "BUY", at=bar.at + DAY, bar_at=bar.at, product="CNC", stop=980, target=1100)


def one_trade(series, finer, interval, signal):
    """One long from the second bar on: what it left at, and whether finer bars told why."""
    how = {"interval": interval, "intrabar": rc.Intrabar.LOWER_TIMEFRAME, "finer": {"INFY": finer}}
    run = backtest({INFY: series}, lambda seen: signal if len(seen) == 1 else None, RULES, **how)
    (trade,), (doubt,) = run.trades, run.simulation.ambiguous
    return trade.exit_price, doubt.told


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        ((TARGET, STOP), (1100, True)),
        ((TARGET,), (980, False)),  # the minute of the stop is missing: the bar reached it all the same
        (((1000, 1090, 1000, 1050), STOP), (980, False)),
        (((500, 551, 489, 500), (500, 501, 499, 500)), (980, False)),  # of another adjustment
        ((TARGET, (1050, 1050, 970, 1000)), (980, False)),
    ],
)
def test_finer_bars_tell_only_where_they_reach_both_levels_inside_the_bar(within, expected):
    """Else the stop is assumed: an exit at a price that the bar never saw would be the worst of all."""
    ten = START + timedelta(hours=10)
    signal = rc.Signal("INFY", "BUY", at=ten + 5 * MINUTE, bar_at=ten, stop=980, target=1100)
    series = bars(ten, 5 * MINUTE, CALM, CALM, BOTH)
    assert one_trade(series, bars(ten + 10 * MINUTE, MINUTE, *within), "5m", signal) == expected


@pytest.mark.parametrize("hour", [0, 9, 16])
def test_the_finer_bars_of_a_day_are_those_of_its_date_at_whatever_hour_it_stands(hour):
    """A bar stamped at the close would be told by the minutes of the next day, which nobody had seen."""
    series = bars(START + timedelta(hours=hour), DAY, CALM, CALM, BOTH)
    third = START + 2 * DAY + timedelta(hours=10)
    finer = bars(third, MINUTE, STOP, TARGET) + bars(third + DAY, MINUTE, TARGET, STOP)
    assert one_trade(series, finer, "1D", delivery(bars(START, DAY, CALM)[0])) == (980, True)


@pytest.mark.parametrize("hour", [5, 9, 16])
def test_a_bar_of_a_day_is_one_from_midnight_whatever_hour_it_is_stamped_with(hour):
    """Stamped with the close of a day on which trading ended earlier, no entry of it could be taken."""
    rows = (CALM, CALM, CALM, TARGET)
    buy = lambda seen: delivery(seen[-1]) if len(seen) == 2 else None  # noqa: E731
    run, plain = (
        backtest({INFY: bars(START + timedelta(hours=at), DAY, *rows)}, buy, RULES, interval="1D") for at in (hour, 0)
    )
    assert run.trades == plain.trades
    assert [trade.reason for trade in run.trades] == ["target"]
    slow = rc.simulate(
        {INFY: bars(START + timedelta(hours=hour), DAY, *rows)}, lambda thing, seen: buy(seen), RULES, interval="1D"
    )
    assert slow.trades == tuple(run.simulation.trades)
