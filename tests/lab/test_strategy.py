"""What a strategy is, how a name becomes one, and that the shipped checks catch those that cheat."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from decimal import Decimal
from types import ModuleType

import pytest
from attrs import evolve

import riskcore as rc
from riskcore import events
from riskcore_openalgo.lab.ema_cross import EmaCross
from riskcore_openalgo.lab.strategy import (
    Strategy,
    StrategyError,
    assert_causal,
    assert_vectorised_equal,
    load_strategy,
    newer,
    on_bar_of,
    own_strategy,
    refuse_unequal,
)

OPENS = datetime(2026, 8, 4, 9, 15, tzinfo=rc.IST)
MINUTE = timedelta(minutes=1)


def bars_of(closes):
    """One-minute bars with these closes."""
    return [
        rc.Bar(at=OPENS + n * MINUTE, open=close, high=close + 1, low=close - 1, close=close, volume=100 + n)
        for n, close in enumerate(closes)
    ]


WAVE = bars_of([1000 + 8 * (n % 30 if n % 60 < 30 else 30 - n % 30) for n in range(180)])


def cross():
    return EmaCross(symbol="INFY", interval="1m", fast=3, slow=8)


def buy(bar, *, at=None):
    return rc.Signal("INFY", "BUY", at=at or bar.at + MINUTE, bar_at=bar.at)


def dips(bars, *, symbol, interval, by=5):
    """A plain function: buy what closed lower than the bar before by so much."""
    if len(bars) > 1 and bars[-2].close - bars[-1].close >= by:
        return rc.Signal(symbol, "BUY", at=bars[-1].at + rc.interval_length(interval), bar_at=bars[-1].at)
    return None


@pytest.fixture
def named_module():
    made = ModuleType("made_strategies")
    made.dips, made.nothing, made.late = dips, lambda **_: 7, type("Late", (), {"warm_up": -1, "on_bar": dips})
    sys.modules["made_strategies"] = made
    yield made
    del sys.modules["made_strategies"]


def test_the_example_is_causal_and_says_the_same_at_once():
    assert_causal(cross, WAVE)
    assert_vectorised_equal(cross, WAVE)
    assert isinstance(cross(), Strategy)


def test_a_plain_function_is_given_its_symbol_by_name(named_module):
    own = own_strategy("dip", "made_strategies:dips", symbol="INFY", interval="1m", parameters={"by": 8})
    told = [signal for signal in own.signals(WAVE) if signal is not None]
    assert told
    assert {(signal.symbol, signal.strategy) for signal in told} == {("INFY", "dip")}
    assert not own.ticks
    assert not own.vectorised


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("made_strategies:dips", {"depth": 3}, r"unexpected keyword argument 'depth' \(it was given depth=3\)"),
        ("ema_cross", {"fast": "abc"}, r"not supported .* \(it was given fast='abc'\)"),
        ("made_strategies:nothing", {}, "must return a function on_bar"),
        ("made_strategies:absent", {}, "has no absent"),
        ("ema_cross", {"fast": 9, "slow": 9}, "fast must be at least 1 and below slow"),
    ],
)
def test_what_makes_no_strategy_is_named(named_module, name, parameters, said):
    with pytest.raises(StrategyError, match=said):
        load_strategy(name, symbol="INFY", interval="1m", parameters=parameters)


def test_a_warm_up_that_is_no_count_of_bars_is_refused(named_module):
    named_module.make = lambda symbol, interval: named_module.late()
    with pytest.raises(StrategyError, match="warm_up must be a whole number"):
        own_strategy("late", "made_strategies:make", symbol="INFY", interval="1m", parameters={})


class Wrong:
    """A strategy of the user's own that goes wrong in one way or another."""

    def __init__(self, *, symbol, interval, how):
        self.symbol, self.how = symbol, how

    def on_bar(self, bars):
        return self.answer(bars) if len(bars) == 3 else None

    def on_tick(self, prices):
        return self.answer([])

    def answer(self, bars):
        if self.how == "raises":
            return bars[99]
        return {"text": "BUY", "list": [buy(WAVE[0])], "true": True}[self.how]


def wrong(how):
    return own_strategy("mine", f"{__name__}:Wrong", symbol="INFY", interval="1m", parameters={"how": how})


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("raises", r"IndexError: .*\(test_strategy.py, line \d+\)"),
        ("text", "it answered 'BUY', not a Signal or None"),
        ("list", r"it answered \[Signal\(.*, not a Signal or None"),
        ("true", "it answered True, not a Signal or None"),
    ],
)
def test_what_goes_wrong_in_a_strategy_is_told_with_its_name_bar_and_line(how, said):
    with pytest.raises(StrategyError, match=rf"^strategy mine for INFY, bar of 2026-08-04 09:17: {said}"):
        wrong(how).signals(WAVE)
    seen = events.PricesSeen(OPENS, "NSE:INFY", *[Decimal(9)] * 4, OPENS, ticks=1)
    with pytest.raises(StrategyError, match=rf"^strategy mine for INFY, prices of 2026-08-04 09:15:00: {said}"):
        wrong(how).on_tick(seen)


class AtOnce:
    """A strategy that answers all bars at once, as it is told to."""

    def __init__(self, *, symbol, interval, answers):
        self.answers = answers

    def on_bar(self, bars):
        return buy(bars[-1]) if len(bars) == 3 else None

    def signals(self, bars):
        return self.answers(bars)


def at_once(answers):
    return own_strategy("mine", f"{__name__}:AtOnce", symbol="INFY", interval="1m", parameters={"answers": answers})


def test_answers_by_the_number_of_their_bar_are_as_good_as_one_for_each():
    """What a backtest takes, `Own` and the shipped checks take too."""
    told = at_once(lambda bars: {2: buy(bars[2])}).signals(WAVE)
    assert [place for place, signal in enumerate(told) if signal] == [2]
    assert told[2].strategy == "mine"
    assert_vectorised_equal(lambda: AtOnce(symbol="INFY", interval="1m", answers=lambda bars: {2: buy(bars[2])}), WAVE)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (lambda bars: {999: None}, "answers bar number 999 of 180 bars"),
        (lambda bars: [], "180 bars, 0 answers"),
        (lambda bars: None, "180 bars, it answered None"),
        (lambda bars: "BUY" * 60, "180 bars, it answered 'BUYBUY"),
        (lambda bars: [True] * 180, "bar of 2026-08-04 09:15: it answered True"),
    ],
)
def test_answers_at_once_that_fit_no_bar_are_told(answers, said):
    with pytest.raises(StrategyError, match=f"^strategy mine for INFY.*{said}"):
        at_once(answers).signals(WAVE)


def test_a_backtest_of_a_strategy_whose_two_answers_differ_is_refused():
    """The law at work: what is said at once must be what is said bar by bar."""
    equal, late = (lambda bars: {2: buy(bars[2])}), (lambda bars: {3: buy(bars[3])})
    refuse_unequal(at_once(equal), at_once(equal), WAVE)
    with pytest.raises(
        StrategyError, match=r"bar of 2026-08-04 09:17: signals\(bars\) says nothing, on_bar\(bars\) entry"
    ):
        refuse_unequal(at_once(late), at_once(late), WAVE)


def test_it_is_compared_over_columns_as_a_backtest_shows_them():
    """`bars.close` and the like are arrays there; a strategy that reads them was refused for it by the commands."""
    read = at_once(lambda bars: {2: buy(bars[2])} if bars.close.max() else {})
    refuse_unequal(read, read, WAVE)


def test_those_that_come_with_the_library_are_not_asked_twice():
    """Their tests hold them equal; a user waits for nothing."""

    class Counting(EmaCross):
        asked = 0

        def on_bar(self, bars):
            Counting.asked += 1
            return super().on_bar(bars)

    own = own_strategy("mine", "ema_cross", symbol="INFY", interval="1m", parameters={})
    Counting.__module__ = EmaCross.__module__
    counted = evolve(own, made=Counting(symbol="INFY", interval="1m"))
    refuse_unequal(counted, counted, WAVE)
    assert Counting.asked == 0


def test_a_strategy_that_dates_its_signal_back_is_caught():
    """A swing low is known a bar later: who says it of the bar itself has seen the future."""

    def swing(bars):
        if len(bars) > 2 and bars[-3].low > bars[-2].low < bars[-1].low:
            return buy(bars[-2])
        return None

    with pytest.raises(AssertionError, match="raised a signal of an earlier one"):
        assert_causal(lambda: swing, WAVE)


def test_a_strategy_that_knows_the_whole_day_is_caught():
    class Peeping:
        def on_bar(self, bars):
            return buy(bars[-1]) if bars[-1].close == self.lowest else None

        def signals(self, bars):
            lowest = min(bar.close for bar in bars)
            return [buy(bar) if bar.close == lowest else None for bar in bars]

        lowest = min(bar.close for bar in WAVE)

    with pytest.raises(AssertionError, match=r"signals\(bars\), cut or changed"):
        assert_causal(Peeping, WAVE)


def test_a_vectorised_answer_that_differs_is_caught():
    class Shifted:
        def on_bar(self, bars):
            return buy(bars[-1]) if len(bars) % 10 == 0 else None

        def signals(self, bars):
            return [buy(bar) if count % 10 == 0 else None for count, bar in enumerate(bars)]

    with pytest.raises(AssertionError, match=r"signals\(bars\): the bar of .*09:15:00"):
        assert_vectorised_equal(Shifted, WAVE)


def test_a_strategy_that_never_answers_proves_nothing():
    with pytest.raises(AssertionError, match="no signal over"):
        assert_causal(lambda: lambda bars: None, WAVE)


def test_a_strategy_that_remembers_goes_on_when_the_first_bars_are_shown_no_more():
    whole, short = cross(), on_bar_of(cross())
    told = [whole.on_bar(WAVE[: count + 1]) for count in range(len(WAVE))]
    assert [short(WAVE[max(0, count - 20) : count + 1]) for count in range(len(WAVE))] == told
    assert any(told)


def test_bars_newer_than_the_last_are_found_from_the_end():
    assert newer(WAVE, None) == WAVE
    assert newer(WAVE, WAVE[-3].at) == WAVE[-2:]
    assert newer(WAVE, WAVE[-1].at) == []
