"""What a backtest is given that cannot be meant: refused with the place and the remedy, or told in its notes."""

from datetime import datetime, timedelta
from functools import partial
from threading import Lock

import numpy as np
import pandas as pd
import pytest
from attrs import evolve

import riskcore as rc
from riskcore_openalgo.lab.backtests import backtest
from riskcore_openalgo.lab.columns import Columns, ColumnsError
from riskcore_openalgo.lab.ema_cross import EmaCross
from riskcore_openalgo.lab.strategy import StrategyError

RULES = rc.Policy(max_position_size_percent=100, max_sector_exposure=100)
START = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)


def table(count=12, minutes=1, start=START):
    """Bars of one price, so many minutes apart."""
    index = pd.DatetimeIndex([start + timedelta(minutes=minutes) * n for n in range(count)]).tz_convert("Asia/Kolkata")
    return pd.DataFrame({"open": 1000.0, "high": 1001.0, "low": 999.0, "close": 1000.0, "volume": 10}, index=index)


def without(place):
    """The times of a table, one of them missing."""
    times = table().index.tz_localize(None)
    return times.where(np.arange(len(times)) != place)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (table().reset_index(drop=True), "whole numbers are nanoseconds since 1970, got 0; give datetimes"),
        (table().set_axis(table().index.as_unit("s").asi8), r"got 1795149000; .*unit='s'"),
        (table().set_axis(without(5)), "the time of bar number 5 is missing"),
        (table().set_axis(without(0).tz_localize("UTC")), "the time of bar number 0 is missing"),
        (table().set_axis(np.array(list(without(0)), dtype=object)), "missing"),
        ({"at": [START, pd.NaT], **{name: [1.0, 1.0] for name in ("open", "high", "low", "close")}}, "give datetimes"),
        (table().assign(volume=np.inf), "the volume is negative, or no number"),
        (table().assign(open=True), "open must be numbers: got True and False"),
        (pd.concat([table(), table()[["close"]]], axis=1), "close is there 2 times"),
    ],
)
def test_columns_that_are_none_are_refused_by_place(given, told):
    """Seconds for nanoseconds, a row without a time, a volume without end, a column twice."""
    with pytest.raises(ColumnsError, match=told):
        Columns.of(given, "INFY")


@pytest.mark.parametrize(
    ("bars", "interval", "told"),
    [
        (
            {"INFY": table(minutes=5)},
            "1m",
            "INFY: all bars are 0:05:00 apart, .* no bars of 1m",
        ),
        ({"INFY": table(minutes=5)}, "15m", "INFY: bars 0:05:00 apart are no bars of 15m"),
        ({"INFY": table(minutes=5)}, "1D", "INFY: bars 0:05:00 apart are no bars of 1D"),
        ({"INFY": table(minutes=5), "TCS": table(minutes=15)}, None, "TCS: all bars are 0:15:00 apart"),
        ({"INFY": table(minutes=1440, start=START.replace(hour=0))}, "5m", "INFY: these are bars of a day"),
        (
            {"INFY": table(minutes=7 * 1440, start=START.replace(hour=0))},
            None,
            "INFY: all bars are 7 days, 0:00:00 or more",
        ),
    ],
)
def test_bars_of_another_interval_are_refused(bars, interval, told):
    """Five-minute bars taken for those of a minute would tell their close four minutes before it was."""
    with pytest.raises(ColumnsError, match=told):
        backtest(bars, EmaCross, RULES, interval=interval)


def test_the_interval_that_cannot_be_guessed_is_named():
    """Bars of 45 minutes are traded, once somebody says that they are."""
    with pytest.raises(ColumnsError, match=r"INFY: bars 0:45:00 apart, those of .*: give interval='45m' if"):
        backtest({"INFY": table(4, minutes=45)}, EmaCross, RULES)
    assert backtest({"INFY": table(4, minutes=45)}, EmaCross, RULES, interval="45m").interval == "45m"


def test_finer_bars_that_are_not_finer_are_refused():
    """They could tell nothing."""
    for minutes in (5, 15):
        with pytest.raises(ColumnsError, match=r"INFY: the finer bars are .* apart: they are no shorter"):
            backtest({"INFY": table(minutes=5)}, EmaCross, RULES, finer={"INFY": table(minutes=minutes)})


def test_bars_of_a_day_stand_at_any_hour_of_it():
    """At its close, say, where others stand at its midnight: no note tells of hours."""
    days = table(4, minutes=1440, start=datetime(2026, 11, 16, 15, 30, tzinfo=rc.IST))
    assert backtest({"INFY": days}, EmaCross, RULES).notes == ()


def test_bars_with_gaps_are_still_bars_of_their_interval():
    """Every other minute is missing here and there: the shortest step counts, and few steps tell nothing."""
    gaps = table(30).iloc[[0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 23]]
    assert backtest({"INFY": gaps}, EmaCross, RULES, interval="1m").interval == "1m"
    assert backtest({"INFY": table(30).iloc[:9:2]}, EmaCross, RULES, interval="1m").interval == "1m"


def asked_once(answer):
    """A strategy that answers once, after the third bar."""
    return lambda seen: answer(seen) if len(seen) == 3 else None


class Column:
    """One that answers all bars at once."""

    def __init__(self, answer):
        self.answer = answer

    def signals(self, seen):
        return {2: self.answer(seen[:3])}


@pytest.mark.parametrize("shape", [asked_once, Column])
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda seen: [rc.Signal("INFY", "BUY", at=START)], r"it answered \[Signal\(.*, not a Signal or None"),
        (lambda seen: "BUY", "it answered 'BUY', not a Signal or None"),
        (lambda seen: True, "it answered True"),
        (lambda seen: rc.Signal("TCS", "BUY", at=START), "a signal of NSE:TCS, whose bars are not in this run"),
    ],
)
def test_an_answer_that_is_no_signal_names_strategy_and_bar(shape, answer, told):
    """And a signal of something whose bars nobody gave."""
    with pytest.raises(StrategyError, match=f"strategy (of|Column for) INFY, bar of 2026-11-20 10:02: {told}"):
        backtest({"INFY": table()}, shape(answer), RULES)


def test_strategies_for_symbols_without_bars_are_refused():
    """A slip in the symbol would be a run in which nothing trades."""
    with pytest.raises(StrategyError, match="strategies for INFI; the bars are of INFY"):
        backtest({"INFY": table()}, {"INFI": EmaCross}, RULES)


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"intrabar": "luck"}, "intrabar is one of stop_first, .*, got 'luck'"),
        ({"entries": "never"}, "entries is one of next_open, at_close, got 'never'"),
        ({"first": "20-11-2026"}, "first and last are days such as 2026-11-20, or moments, got '20-11-2026'"),
        ({"last": 20261120}, "first and last are a date or a datetime, got 20261120"),
        ({"policy": {}}, "policy must be a riskcore.Policy"),
    ],
)
def test_what_is_no_choice_is_refused(how, told):
    """It was taken for the default, and nobody told."""
    with pytest.raises(ValueError, match=told):
        backtest(**{"bars": {"INFY": table()}, "strategy": EmaCross, "policy": RULES, **how})


def test_a_choice_may_be_given_by_its_name():
    """As on the command line; it counts, and is saved."""
    run = backtest({"INFY": table()}, EmaCross, RULES, intrabar="target_first", entries="at_close")
    assert (run.intrabar, run.entries) == (rc.Intrabar.TARGET_FIRST, rc.Entries.AT_CLOSE)


def test_an_instrument_that_is_there_twice_is_refused():
    """By its symbol and as an instrument: one of the two would be lost."""
    infy = rc.nse_equity("INFY", on=START.date(), last_month_close=1000)
    with pytest.raises(ColumnsError, match="an instrument is there twice: INFY, INFY"):
        backtest({"INFY": table(), infy: table()}, EmaCross, RULES)


def test_bars_outside_the_hours_of_trading_are_told():
    """Times of London taken for Indian ones, as where the zone was dropped."""
    run = backtest({"INFY": table().tz_convert("UTC").tz_localize(None)}, EmaCross, RULES)
    (told,) = run.notes
    assert told.startswith("12 bars begin outside the hours of trading, the first NSE:INFY 2026-11-20 04:30")
    assert backtest({"INFY": table().tz_localize(None)}, EmaCross, RULES).notes == ()


class Twofold:
    """One that answers in both ways, and remembers how often it was asked; `late`: the two differ by a bar."""

    def __init__(self, *, symbol, interval, late=0):
        self.symbol, self.late, self.asked = symbol, late, 0

    def _bought(self, bar):
        return rc.Signal(self.symbol, "BUY", at=bar.at + timedelta(minutes=1), bar_at=bar.at, stop=900)

    def on_bar(self, seen):
        self.asked += 1
        return self._bought(seen[-1]) if self.asked == 3 else None

    def signals(self, seen):
        place = 2 + self.late
        return {place: self._bought(seen[place])} if seen.close.max() > 0 else {}


late = partial(Twofold, late=1)


@pytest.mark.parametrize("given", [late, late(symbol="INFY", interval="1m"), {"INFY": late}])
def test_what_is_said_at_once_is_compared_with_what_is_said_bar_by_bar_where_asked(given):
    """Not without being asked, for it costs calls; and the object that is given is asked nothing more for it."""
    bars = {"INFY": table()}
    with pytest.raises(StrategyError, match=r"Twofold for INFY, bar of 2026-11-20 10:02: signals\(bars\) says nothing"):
        backtest(bars, given, RULES, check=True)
    assert backtest(bars, given, RULES).approved
    assert getattr(given, "asked", 0) == 0


def test_a_comparison_that_finds_no_difference_changes_nothing_of_the_run():
    """For classes, objects and names; a function of bars has one answer alone."""
    third = asked_once(lambda seen: Twofold(symbol="INFY", interval="1m")._bought(seen[-1]))
    for given in (Twofold, Twofold(symbol="INFY", interval="1m"), "ema_cross", third):
        runs = [backtest({"INFY": table()}, given, RULES, check=check) for check in (False, True)]
        assert runs[0].facts == runs[1].facts


def test_every_symbol_is_compared():
    """The second of two, too: a strategy may be wrong about one alone."""
    tables = {"INFY": table(), "TCS": table()}
    with pytest.raises(StrategyError, match="Twofold for TCS"):
        backtest(tables, {"INFY": Twofold, "TCS": late}, RULES, check=True)


def test_what_cannot_be_compared_is_told_where_it_was_asked_for():
    """No `on_bar` to compare with, and an object of which there is no copy."""
    with pytest.raises(StrategyError, match=r"Column for INFY: it has no on_bar\(bars\) to compare"):
        backtest({"INFY": table()}, Column(lambda seen: None), RULES, check=True)
    held = Twofold(symbol="INFY", interval="1m")
    held.lock = Lock()
    with pytest.raises(StrategyError, match=r"check=True needs copies of .*: give its class \(cannot pickle"):
        backtest({"INFY": table()}, held, RULES, check=True)


def never(bars):
    """A strategy that wants nothing."""


def test_days_may_be_given_as_text():
    """As the command takes them; a moment too."""
    days = pd.concat([table(), table(start=START + timedelta(days=3))])
    assert backtest({"INFY": days}, EmaCross, RULES, first="2026-11-21").jumped.bars == 12
    assert backtest({"INFY": days}, EmaCross, RULES, last="2026-11-20").jumped.bars == 12
    assert backtest({"INFY": days}, EmaCross, RULES, first="2026-11-20T10:06").jumped.bars == 18


def test_a_symbol_may_bear_its_exchange():
    """`NSE:INFY` was a share of that name, in no sector, whose key was NSE:NSE:INFY."""
    run = backtest({"NSE:INFY": table()}, EmaCross, RULES)
    assert [(thing.key, thing.sector) for thing in run.instruments] == [("NSE:INFY", "Information Technology")]
    assert backtest(table(), never, RULES, symbol="NSE:INFY").instruments == run.instruments
    with pytest.raises(ColumnsError, match="there twice"):
        backtest({"NSE:INFY": table(), "INFY": table()}, EmaCross, RULES)


def test_a_name_at_another_exchange_is_no_share_at_nse():
    """It was traded as one, at NSE's charges and hours."""
    with pytest.raises(ColumnsError, match=r"BSE:INFY: .*rc.Instrument\(symbol='INFY', exchange='BSE', tick=...\)"):
        backtest({"BSE:INFY": table()}, EmaCross, RULES)


@pytest.mark.parametrize(
    ("bars", "told"),
    [
        ({"status": "error", "message": "Invalid openalgo apikey"}, "^these are no bars, .*: Invalid openalgo apikey"),
        ({"INFY": {"status": "error", "message": "no data"}}, "^INFY: these are no bars, .*: no data"),
        (None, "INFY: give a DataFrame"),
    ],
)
def test_what_openalgo_answers_in_the_place_of_bars_is_told(bars, told):
    """`client.history` answers a dict where it has none."""
    with pytest.raises(ColumnsError, match=told):
        backtest(bars, never, RULES, symbol="INFY")


def test_bars_that_are_missing_amid_a_day_are_told():
    """Of a table nobody told it; what follows after a night, or on a day of odd hours, is no hole."""
    whole = pd.concat([table(), table(start=START + timedelta(days=3))])
    assert backtest({"INFY": whole}, EmaCross, RULES).notes == ()
    run = backtest({"INFY": whole.drop(whole.index[[4, 5, 15]]), "TCS": whole}, EmaCross, RULES)
    (note,) = run.notes
    assert note.startswith("3 bars are missing amid their days, the first NSE:INFY 2026-11-20 10:04: nothing is seen")
    odd = table(start=datetime(2024, 3, 2, 9, 20, tzinfo=rc.IST)).drop(table().index[[0]], errors="ignore")
    odd = odd.drop(odd.index[[4, 5]])
    things = [rc.Instrument(symbol="INFY", tick="0.05")]
    assert not any("missing" in note for note in backtest({"INFY": odd}, EmaCross, RULES, instruments=things).notes)


class Broken:
    """Fails at its third bar."""

    def __init__(self, *, symbol, interval):
        self.seen = 0

    def on_bar(self, bars):
        return 1 / (3 - len(bars)) and None


class BrokenAtOnce(Broken):
    """Fails where it is asked for everything."""

    def signals(self, bars):
        return [bars.nowhere]


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        (Broken, r"strategy Broken for INFY, bar of 2026-11-20 10:02: ZeroDivisionError: .* \(test_.*py, line \d+\)"),
        (BrokenAtOnce, r"strategy BrokenAtOnce for INFY, signals\(bars\): AttributeError: .* \(test_.*py, line \d+\)"),
    ],
)
def test_a_strategy_that_fails_is_named_with_its_bar(strategy, told):
    """It was an error without the symbol or the bar; what it was stays in front of it."""
    with pytest.raises(StrategyError, match=told) as raised:
        backtest({"INFY": table()}, strategy, RULES)
    assert isinstance(raised.value.__cause__, ZeroDivisionError | AttributeError)


def test_a_halt_that_nobody_lifts_is_told():
    """After a bonus the symbol of a position takes no entry any more, for years: the run says so, and since when."""
    days = [START.replace(hour=0) + timedelta(days=n) for n in range(5)]  # Friday, then a bonus before Tuesday
    prices = [1000.0, 1000.0, 500.0]
    bars = {"at": [days[0], days[3], days[4]], **dict.fromkeys(("open", "high", "low", "close"), prices)}

    def buys(seen):
        ends = seen[-1].at + timedelta(days=1)
        return rc.Signal("INFY", "BUY", at=ends, bar_at=seen[-1].at, interval="1D", product="CNC", stop=400)

    run = backtest(bars, buys, RULES, symbol="INFY", interval="1D")
    assert run.notes[0] == (
        "NSE:INFY: no entry from 2026-11-24 to the end, stopped by overnight_price (1000.0 before the night, 500.0 "
        "after it: a bonus, a split, or a gap of that size); somebody has to lift it, and nobody does in a backtest: "
        "correct the bars, or set overnight_move_pct: null"
    )
    free = backtest(bars, buys, evolve(RULES, overnight_move_pct=None), symbol="INFY", interval="1D")
    assert not any("no entry" in note for note in free.notes)


def test_prices_at_which_no_share_trades_are_told():
    """Adjusted prices, or floats of half the length; a future's may be anything its tick allows."""
    odd = table().assign(close=[1000.0] * 4 + [1000.3333, 999.9999] + [1000.45] * 6)
    (note,) = backtest({"INFY": odd}, EmaCross, RULES).notes
    assert note.startswith("2 bars close at fractions of a paisa, the first NSE:INFY 2026-11-20 10:04 at 1000.3333: ")
    assert backtest({"INFY": table().assign(close=1000.45)}, EmaCross, RULES).notes == ()
    halved = table().assign(close=1000.45).astype("float32")
    assert "12 bars close at fractions of a paisa" in backtest({"INFY": halved}, EmaCross, RULES).notes[0]
    dollar = rc.Instrument(symbol="USDINR27NOV26FUT", exchange="CDS", segment="FUT", tick="0.0025")
    assert not any("paisa" in note for note in backtest({dollar: odd}, EmaCross, RULES).notes)
