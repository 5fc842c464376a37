"""Signals told as arrays: each is what it would be alone, and what is refused for certain is made when it is read."""

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from attrs import evolve

import riskcore as rc
from riskcore import events as e
from riskcore.values import Later
from riskcore_openalgo.lab.backtests import backtest
from riskcore_openalgo.lab.columns import Columns, ColumnsError
from riskcore_openalgo.lab.signals_at import SignalsAt
from riskcore_openalgo.lab.strategy import Own, StrategyError, assert_vectorised_equal
from tests.laws.tapes import AsArrays, tape

MINUTE = timedelta(minutes=1)


def minutes(count=30, first="2026-11-20 09:30"):
    """So many bars of a quiet morning at 1,000 rupees."""
    at = np.datetime64(first) + np.arange(count) * np.timedelta64(1, "m")
    flat = np.full(count, 1000.0)
    return Columns.of({"at": at, "open": flat, "high": flat + 1, "low": flat - 1, "close": flat}, "INFY")


def test_each_is_the_signal_that_would_have_been_told_alone():
    bars = minutes()
    drawn = SignalsAt(
        bars, [2, 7], "INFY", ["BUY", "SELL"], interval="1m", stop=[990.05, 1010], target=None, price=1000.1, note="up"
    )
    at = bars.moment(2)
    about = {"price": Decimal("1000.1"), "note": "up", "interval": "1m"}
    alone = rc.Signal("INFY", "BUY", at=at + MINUTE, bar_at=at, stop="990.05", **about)
    at = bars.moment(7)
    other = rc.Signal("INFY", "SELL", at=at + MINUTE, bar_at=at, stop=1010, **about)
    assert dict(drawn) == {2: alone, 7: other}
    assert drawn.ids == [alone.id, other.id] == [one.id for one in drawn.values()]
    assert drawn[2] is drawn[2]
    assert len(drawn) == 2
    assert 3 not in drawn
    assert (drawn.get(7), drawn.get(3), drawn.get(3, alone)) == (other, None, alone)
    with pytest.raises(KeyError, match="3"):
        drawn[3]


@pytest.mark.parametrize("seed", range(12))
def test_ids_are_those_of_the_signals(seed):
    """By day and night, of both sides, of bars of any length."""
    made = tape(seed)
    for thing, series in made.bars.items():
        drawn = AsArrays(made.answers[thing.symbol].known, made.interval)
        answers = drawn.signals(series)
        if answers:
            assert answers.ids == [one.id for one in answers.values()] == [evolve(one).id for one in answers.values()]
            assert dict(answers) == drawn.known


def test_an_empty_column_answers_nothing():
    bars = minutes()
    drawn = SignalsAt(bars, np.flatnonzero(bars.close > 2000), "INFY", "BUY", interval="1m", stop=990)
    assert dict(drawn) == {}
    assert backtest({"INFY": bars}, {"INFY": Told(drawn)}, rc.Policy()).simulation.trades == ()


@pytest.mark.parametrize(
    ("places", "more", "said"),
    [
        ([2, 2], {}, "places must rise from 0 on to below 30"),
        ([30], {}, "places must rise from 0 on to below 30"),
        ([-1, 3], {}, "places must rise from 0 on to below 30"),
        ([True, False], {}, "numpy.flatnonzero gives them"),
        ([1.0], {}, "places are the numbers of bars"),
        ([1, 2], {"stop": [990.0]}, "1 prices for 2 places; give one, or as many"),
        ([1, 2], {"stop": [990.0, float("nan")]}, "INFY: stop: nan is no price (number 1 of 2)"),
        ([1, 2], {"target": 0}, "INFY: target: 0.0 is no price"),
        ([1, 2], {"price": "dear"}, "INFY: price: prices must be numbers"),
        ([1, 2], {"sides": ["BUY"]}, "1 sides for 2 places; give one, or as many"),
    ],
)
def test_what_no_signal_can_be_is_told_at_once(places, more, said):
    sides = more.pop("sides", "BUY") if "sides" in more else "BUY"
    with pytest.raises(ColumnsError) as refused:
        SignalsAt(minutes(), places, "INFY", sides, interval="1m", **more)
    assert said in str(refused.value)


@pytest.mark.parametrize(("more", "said"), [({"side": "UP"}, "BUY, SELL"), ({"product": "X"}, "product")])
def test_what_no_signal_may_have_is_told_when_the_column_is_made(more, said):
    side = more.pop("side", "BUY") if "side" in more else "BUY"
    with pytest.raises(ValueError, match=said):
        SignalsAt(minutes(), [1], "INFY", side, interval="1m", **more)


class Told:
    """A strategy of answers that stand already."""

    def __init__(self, answers):
        self.answers = answers

    def on_bar(self, bars):
        return self.answers.get(len(bars) - 1)

    def signals(self, bars):
        return self.answers


def test_bars_that_are_fewer_than_the_places_are_refused_by_name():
    drawn = SignalsAt(minutes(), [29], "INFY", "BUY", interval="1m", stop=990)
    with pytest.raises(StrategyError, match="bar number 29 of 20 bars"):
        backtest({"INFY": minutes(20)}, {"INFY": Told(drawn)}, rc.Policy())


def test_a_strategy_of_a_name_names_each_of_them():
    bars = minutes()
    made = Told(SignalsAt(bars, [1, 3], "INFY", "BUY", interval="1m", stop=990))
    own = Own(name="mine", symbol="INFY", interval="1m", made=made, shadow=True)
    answers = own.at_once(bars)
    assert isinstance(answers, SignalsAt)
    assert {(one.strategy, one.shadow, one.stop) for one in answers.values()} == {("mine", True, 990)}
    assert own.signals(bars)[3] == answers[3]
    assert own.signals(bars)[2] is None
    assert_vectorised_equal(lambda: made, bars)


WIDE = {"max_position_size_percent": 100, "max_sector_exposure": 100, "atr_warmup_bars": 5, "atr_period": 5}


def unread(limits, made, arrays):
    """A run of bars and answers of a seed, of which nobody has read a fact."""
    return backtest(made.bars, arrays, rc.Policy(**WIDE, **limits), interval=made.interval, finer=made.finer)


def test_what_is_refused_for_certain_is_made_when_somebody_reads_it():
    """And then all of it stands in its place, findings too."""
    waited, refused = 0, 0
    for seed in range(40):
        made = tape(seed)
        arrays = {symbol: AsArrays(answers.known, made.interval) for symbol, answers in made.answers.items()}
        run = unread({"max_trades_per_day": 1 + seed % 2}, made, arrays)
        later = run.simulation.facts
        trades = run.simulation.trades
        if type(later) is Later and later.waits:
            waited += 1
            answers = [fact for fact in run.facts if isinstance(fact, e.EntryRefused)]
            refused += sum(type(fact.findings) is Later for fact in answers)
            assert not later.waits
            # of marks of several positions at once what lowers equity comes first
            moments = [fact.at for fact in run.facts if not isinstance(fact, e.Marked)]
            assert moments == sorted(moments)
        assert trades == tuple(fact for fact in run.facts if isinstance(fact, e.PositionClosed))
    assert waited > 8
    assert refused > 15


def test_two_exchanges_with_one_symbol_raise_one_signal():
    """Its id names no exchange: the second of a moment is a repetition, drawn or not."""
    bars = minutes()
    things = [rc.Instrument(symbol="INFY", exchange=where, tick="0.05") for where in ("NSE", "BSE")]
    drawn = {
        thing.key: Told(
            SignalsAt(bars, [1, 5, 9], "INFY", "BUY", interval="1m", stop=990, product="CNC", exchange=thing.exchange)
        )
        for thing in things
    }
    policy = rc.Policy(**WIDE, max_trades_per_day=1)
    fast = backtest(dict.fromkeys(things, bars), drawn, policy)
    read = {thing: tuple(bars) for thing in things}
    slow = rc.simulate(read, lambda thing, seen: drawn[thing.key].on_bar(seen), policy, interval="1m")
    assert fast.simulation.state.seen == slow.state.seen
    assert [type(fact).__name__ for fact in fast.facts if not isinstance(fact, e.Marked)] == [
        type(fact).__name__ for fact in slow.facts if not isinstance(fact, e.Marked)
    ]


@pytest.mark.parametrize("first", ["2026-11-20 09:10", "2026-11-20 14:40", "2024-03-02 09:10"])
def test_hours_that_refuse_are_asked_of_the_engine(first):
    """Before the first entry, after the last, and about a pause: reasons and order are those of the bar-by-bar run."""
    bars = minutes(75, first)
    thing = rc.Instrument(symbol="INFY", tick="0.05", derivatives_listed=False)  # without a closing auction
    drawn = Told(SignalsAt(bars, range(0, 75, 2), "INFY", "BUY", interval="1m", stop=990, target=1100))
    policy = rc.Policy(**WIDE, max_trades_per_day=1)
    fast = backtest({thing: bars}, drawn, policy)
    slow = rc.simulate({thing: tuple(bars)}, lambda _, seen: drawn.on_bar(seen), policy, interval="1m")
    answers = [
        [
            (fact.at, fact.signal.id, fact.until, tuple(fact.findings))
            for fact in run
            if isinstance(fact, e.EntryRefused)
        ]
        for run in (fast.facts, slow.facts)
    ]
    assert answers[0] == answers[1]
    assert answers[0]


def test_exits_are_none_that_the_book_could_refuse():
    """Nor are signals of a receipt: one of them is asked of the engine each."""
    bars, things = minutes(), [rc.Instrument(symbol=symbol, tick="0.05") for symbol in ("INFY", "TCS")]
    about = {"interval": "1m", "product": "CNC"}
    told = {
        "INFY": Told(SignalsAt(bars, [1, 2], "INFY", "BUY", stop=990, **about)),
        "TCS": Told(SignalsAt(bars, [3, 4, 5], "TCS", "SELL", kind="exit", **about)),
    }
    policy = rc.Policy(**WIDE, max_trades_per_day=1)
    fast = backtest(dict.fromkeys(things, bars), told, policy)
    slow = rc.simulate(
        {one: tuple(bars) for one in things}, lambda one, s: told[one.symbol].on_bar(s), policy, interval="1m"
    )
    kept = (e.Marked, e.EntryApproved)
    told_of = [[fact for fact in run if not isinstance(fact, kept)] for run in (fast.facts, slow.facts)]
    assert told_of[0] == told_of[1]
    assert not SignalsAt(bars, [1], "INFY", "BUY", receipt="0f", **about).plain


def test_facts_that_are_made_later_stand_among_marks_in_their_order():
    """The peak of equity is marked between them."""
    count = 60
    tent = 1000 + np.concatenate((np.zeros(5), 0.2 * np.arange(30), 6 - 0.2 * np.arange(25)))
    at = np.datetime64("2026-11-20 09:30") + np.arange(count) * np.timedelta64(1, "m")
    bars = Columns.of({"at": at, "open": tent, "high": tent + 1, "low": tent - 1, "close": tent}, "INFY")
    thing = rc.Instrument(symbol="INFY", tick="0.05")
    drawn = Told(SignalsAt(bars, range(2, count, 3), "INFY", "BUY", interval="1m", stop=900, target=2000))
    run = backtest({thing: bars}, drawn, rc.Policy(**WIDE, max_trades_per_day=1))
    moments = [fact.at for fact in run.facts]
    assert moments == sorted(moments)
    assert sum(isinstance(fact, e.EntryRefused) for fact in run.facts) > 10
    slow = rc.simulate(
        {thing: tuple(bars)},
        lambda _, seen: drawn.on_bar(seen),
        rc.Policy(**WIDE, max_trades_per_day=1),
        interval="1m",
    )
    assert run.simulation.state.book.session_peak == slow.state.book.session_peak
