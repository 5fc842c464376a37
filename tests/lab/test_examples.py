"""The strategies that come with the library: causal, the same at once, and each saying what its page says."""

import random
import sys
from datetime import datetime, timedelta
from functools import partial
from importlib.util import find_spec
from itertools import accumulate, pairwise
from statistics import fmean, pstdev

import pytest

import riskcore as rc
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.lab.bollinger_pandas_ta import LIBRARIES
from riskcore_openalgo.lab.donchian import Donchian
from riskcore_openalgo.lab.opening_range import OpeningRange
from riskcore_openalgo.lab.rsi_pullback import RsiPullback
from riskcore_openalgo.lab.strategy import (
    SHORT_NAMES,
    StrategyError,
    assert_causal,
    assert_vectorised_equal,
    load_strategy,
    own_strategy,
)
from riskcore_openalgo.runner.player import BarPlayer

MINUTE = timedelta(minutes=1)
OPENS = datetime(2026, 8, 4, 9, 15, tzinfo=rc.IST)
QUICK = {
    "ema_cross": {"fast": 3, "slow": 8},
    "opening_range": {"minutes": 5},
    "donchian": {"bars": 5},
    "rsi_pullback": {"period": 3, "trend": 30},
    "bollinger": {"length": 8, "width": 1.2},
    "supertrend": {"period": 5, "multiplier": 1.5},
    "macd": {"fast": 4, "slow": 9, "smooth": 3},
}


def bars_of(closes, opens=OPENS):
    return [
        rc.Bar(at=opens + n * MINUTE, open=close, high=close + 1, low=close - 1, close=close, volume=100 + n)
        for n, close in enumerate(closes)
    ]


def wave():
    """Two days that rise in waves, then fall in waves, with odd steps between."""
    days = []
    for day, drift in ((0, 1), (1, -1)):
        closes = [1000 + drift * n + 6 * (n % 14 if n % 28 < 14 else 14 - n % 14) + n * 7 % 5 for n in range(90)]
        days += bars_of(closes, OPENS + timedelta(days=day))
    return days


def made(name, **parameters):
    return partial(load_strategy, name, symbol="INFY", interval="1m", parameters={**QUICK[name], **parameters})


@pytest.mark.parametrize("name", sorted(SHORT_NAMES))
def test_each_is_causal_and_says_the_same_bar_by_bar_and_at_once(name):
    assert_causal(made(name), wave())
    assert_vectorised_equal(made(name), wave())


@pytest.mark.parametrize("name", sorted(SHORT_NAMES))
def test_each_says_what_it_needs_and_can_reverse(name):
    strategy = made(name, kind="reversal")()
    assert getattr(strategy, "warm_up", 0) < len(wave())
    told = [signal for signal in strategy.signals(wave()) if signal is not None]
    assert {signal.kind for signal in told} == {"reversal"}
    with pytest.raises(StrategyError, match="kind must be one of entry, reversal"):
        made(name, kind="exit")()


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("opening_range", {"minutes": 0}, "minutes must hold one bar or more"),
        ("donchian", {"bars": 0}, "bars must be at least 1"),
        ("rsi_pullback", {"low": 50}, "low from 0 to 50"),
        ("bollinger", {"width": 0}, "width above 0"),
        ("supertrend", {"multiplier": 0}, "multiplier above 0"),
        ("macd", {"fast": 9, "slow": 9}, "below slow"),
        ("macd", {"depth": 9}, "unexpected keyword argument 'depth'"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(name, wrong, said):
    with pytest.raises(StrategyError, match=said):
        made(name, **wrong)()


@pytest.mark.parametrize(
    ("name", "hidden", "said"),
    [
        ("bollinger", ("pandas_ta_classic", "pandas_ta"), r'pip install "riskcore\[openalgo\]"'),
        ("supertrend", ("openalgo",), r'pip install "riskcore\[openalgo\]"'),
        ("macd", ("talib",), r'pip install "riskcore\[talib\]"'),
    ],
)
def test_without_its_package_the_remedy_is_told(name, hidden, said, monkeypatch):
    for module in hidden:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(StrategyError, match=said):
        made(name)()


def test_the_opening_range_is_broken_once_a_side_and_day():
    day = [100, 101, 102, 103, 102, 104, 106, 103, 98, 97, 107, 96]
    told = OpeningRange(symbol="INFY", interval="1m", minutes=5).signals(bars_of(day))
    assert [(place, signal.side) for place, signal in enumerate(told) if signal] == [(6, "BUY"), (8, "SELL")]
    again = OpeningRange(symbol="INFY", interval="1m", minutes=5)
    both = [*bars_of(day), *bars_of(day, OPENS + timedelta(days=1))]
    assert sum(signal is not None for signal in again.signals(both)) == 4


def test_donchian_breaks_the_channel_of_the_bars_before_and_says_it_once():
    told = Donchian(symbol="INFY", interval="1m", bars=3).signals(bars_of([10, 11, 10, 12, 14, 17, 12, 9]))
    assert [signal.side if signal else None for signal in told] == [None] * 4 + ["BUY", None, None, "SELL"]


def test_the_rsi_is_wilders():
    """Worked by hand: rises 2, 0, 0 and falls 0, 1, 1; then + (0 - 2/3)/3 and + (1 - 2/3)/3."""
    judge = RsiPullback(symbol="INFY", interval="1m", period=3, trend=2).judge()
    found = []
    for bar in bars_of([10, 12, 11, 10, 9]):
        judge(bar)
        found.append(judge._rsi)
    assert found[:3] == [None, None, None]
    assert found[3] == pytest.approx(50)
    assert found[4] == pytest.approx(100 * (4 / 9) / (4 / 9 + 7 / 9))


@pytest.mark.parametrize("library", [name for name in LIBRARIES if find_spec(name)])
@pytest.mark.parametrize("width", [0.9, 1.2, 2.0])
def test_the_bands_are_as_wide_as_they_were_asked_to_be(library, width, monkeypatch):
    """By hand, with each library there is: one that did not know the name of the width would take its own."""
    for other in set(LIBRARIES) - {library}:
        monkeypatch.setitem(sys.modules, other, None)
    bars, length = wave(), 8
    closes = [float(bar.close) for bar in bars]
    bands = [
        (fmean(closes[end - length : end]), width * pstdev(closes[end - length : end]))
        for end in range(length, len(closes) + 1)
    ]
    expected = [None] * length
    for (was, now), (mean, wide), (new_mean, new_wide) in zip(
        pairwise(closes[length - 1 :]), bands, bands[1:], strict=False
    ):
        up, down = was < mean - wide and now >= new_mean - new_wide, was > mean + wide and now <= new_mean + new_wide
        expected.append("BUY" if up else "SELL" if down else None)
    told = made("bollinger", length=length, width=width)().signals(bars)
    assert [signal.side if signal else None for signal in told] == expected
    assert any(expected)


def test_a_close_at_its_band_is_told_alike_by_a_few_bars_and_by_all():
    """Ties are common on ticks; a live run shows the last bars, a backtest all of them."""
    steps = random.Random(7).choices([0, 0, 0.05, -0.05, 0.1, -0.1], k=300)  # noqa: S311 - any bars will do
    bars = bars_of([round(price, 2) for price in accumulate(steps, initial=500)])
    bands = made("bollinger", length=4, width=1.0)()
    told = bands.signals(bars)
    assert [bands.signals(bars[max(0, end - 5) : end])[-1] for end in range(1, len(bars) + 1)] == list(told)
    assert len([one for one in told if one]) > 20


@pytest.mark.parametrize("name", sorted(SHORT_NAMES))
def test_the_same_object_runs_in_a_backtest_and_on_paper(name, tmp_path):
    """What the backtest decides the paper day decides."""
    stock = rc.nse_equity("INFY", on=OPENS.date(), tick="0.05")
    policy = rc.Policy(atr_interval="1m", atr_warmup_bars=14, max_trades_per_day=50)
    bars = {stock: wave()}
    own = partial(own_strategy, name, SHORT_NAMES[name], symbol="INFY", interval="1m", parameters=QUICK[name])
    strategy = own()
    run = rc.simulate(bars, lambda instrument, seen: strategy(seen), policy, interval="1m")
    with Journal(tmp_path / "paper.db") as journal:
        player = BarPlayer(journal, policy, bars, {stock.key: [own()]}, interval="1m")
        list(player.play())
        assert player.runner.state.book.outcomes == run.state.book.outcomes
        assert player.runner.state.seen == run.state.seen
