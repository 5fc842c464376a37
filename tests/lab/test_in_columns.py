"""What the shipped strategies say of columns is what they say bar by bar, to the last signal: a law, and a long run."""

from datetime import datetime, timedelta
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import riskcore as rc
from riskcore_openalgo.lab.columns import Columns
from riskcore_openalgo.lab.strategy import SHORT_NAMES, load_strategy, on_bar_of

PARAMETERS = {
    "ema_cross": [{"fast": 1, "slow": 2}, {"fast": 3, "slow": 8}],
    "opening_range": [{"minutes": 1}, {"minutes": 5}],
    "donchian": [{"bars": 1}, {"bars": 4}],
    "rsi_pullback": [{"period": 2, "trend": 2, "low": 49}, {"period": 3, "trend": 5, "low": 45}],
    "bollinger": [{"length": 4, "width": 0.8}],
    "supertrend": [{"period": 3, "multiplier": 1.0}],
    "macd": [{"fast": 2, "slow": 4, "smooth": 2}],
}
CASES = [(name, given) for name, all_given in sorted(PARAMETERS.items()) for given in all_given]
OWN = [(name, given) for name, given in CASES if name in {"ema_cross", "opening_range", "donchian", "rsi_pullback"}]
MINUTE = 60 * 10**9
OPENS = int(datetime(2026, 8, 3, 9, 15, tzinfo=rc.IST).timestamp()) * 10**9
STEP = st.sampled_from([0.0, 0.0, 0.05, -0.05, 1.0, -1.0, 0.1234567, -7.5, 12.05])


@st.composite
def columns(draw):
    """A few days of minutes with holes: flat stretches, jumps, and prices with more digits than are read."""
    steps = draw(st.lists(st.tuples(STEP, st.sampled_from([1, 1, 1, 2, 7, 1000])), min_size=1, max_size=60))
    close = 500 + np.cumsum([step for step, _ in steps])
    opens = np.concatenate((close[:1], close[:-1]))
    wick = draw(st.sampled_from([0.0, 0.05, 0.0000004, 3.0]))
    at = OPENS + np.cumsum([minutes for _, minutes in steps]) * MINUTE
    prices = {
        "open": opens,
        "high": np.maximum(opens, close) + wick,
        "low": np.minimum(opens, close) - wick,
        "close": close,
    }
    return Columns(at.astype(np.int64), prices, np.full(len(close), 100.0), "INFY")


def made(name, parameters):
    return partial(load_strategy, name, symbol="INFY", interval="1m", parameters=parameters)


@pytest.mark.parametrize(("name", "parameters"), CASES)
@settings(max_examples=60)
@given(bars=columns())
def test_columns_bars_and_bar_by_bar_say_the_same(name, parameters, bars):
    """`signals` of columns, `signals` of the bars they make, and `on_bar` shown one more each time."""
    make = made(name, parameters)
    whole = tuple(bars)
    told = make().signals(bars)
    assert told == make().signals(whole)
    on_bar = on_bar_of(make())
    assert told == tuple(on_bar(whole[: count + 1]) for count in range(len(whole)))


@pytest.mark.parametrize(("name", "parameters"), OWN)
def test_a_long_run_raises_many_signals_and_makes_few_bars(name, parameters, monkeypatch):
    """Five thousand bars: the same signals as in a loop, and no bar is made but for a signal."""
    draw = np.random.default_rng(7)
    close = np.round(np.round((1000 + np.cumsum(draw.normal(0, 1, 5000))) / 0.05) * 0.05, 2)
    opens = np.concatenate((close[:1], close[:-1]))
    days, minutes = np.divmod(np.arange(5000), 375)
    prices = {"open": opens, "high": np.maximum(opens, close), "low": np.minimum(opens, close), "close": close}
    bars = Columns(OPENS + (days * 1440 + minutes) * MINUTE, prices, np.full(5000, 100.0), "INFY")
    looked_at = []
    bar = Columns.bar
    monkeypatch.setattr(Columns, "bar", lambda self, place: looked_at.append(place) or bar(self, place))
    told = made(name, parameters)().signals(bars)
    signals = [place for place, signal in enumerate(told) if signal is not None]
    assert sorted(looked_at) == signals
    assert 10 < len(signals) < 4000
    assert told == made(name, parameters)().signals(tuple(bars))


def test_floats_are_what_the_exact_bars_hold():
    """With more digits than are read, and with exact bars that were given."""
    values = np.array([0.1234565, 0.1234575, 2450.35, 1e8 + 0.1, 99999.9999995, 1e-6])
    flat = dict.fromkeys(("open", "high", "low", "close"), values)
    lazy = Columns(OPENS + np.arange(len(values)) * MINUTE, flat, np.zeros(len(values)), "X")
    assert lazy.floats("close").tolist() == [float(bar.close) for bar in lazy]
    assert lazy.lazy
    opens = datetime(2026, 8, 3, 9, 15, tzinfo=rc.IST)
    exact = [
        rc.Bar(at=opens + n * timedelta(minutes=1), open=p, high=p, low=p, close=p)
        for n, p in enumerate(("100.05", "99.123456789"))
    ]
    given = Columns.of(exact)
    assert not given.lazy
    assert given.floats("close").tolist() == [float(bar.close) for bar in exact]


def test_every_strategy_of_the_library_is_among_them():
    """A new one must be held to the law too."""
    assert set(PARAMETERS) == set(SHORT_NAMES)
