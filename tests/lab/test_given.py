"""What a backtest is given that is something else than it looks: told apart, told, or refused with the remedy."""

from datetime import datetime, time, timedelta
from functools import partial

import numpy as np
import pandas as pd
import pytest

import riskcore as rc
from riskcore_openalgo.feed import read_bars
from riskcore_openalgo.lab.backtests import backtest
from riskcore_openalgo.lab.columns import Columns, ColumnsError
from riskcore_openalgo.lab.ema_cross import EmaCross
from riskcore_openalgo.lab.strategy import StrategyError

RULES = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, charges_as_of="2026-04-02")
START = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
MINUTE = timedelta(minutes=1)


def table(count=12, start=START):
    """Bars of one price, a minute apart, at Indian times without a zone."""
    index = pd.DatetimeIndex([start.replace(tzinfo=None) + n * MINUTE for n in range(count)])
    return pd.DataFrame({"open": 1000.0, "high": 1001.0, "low": 999.0, "close": 1000.0, "volume": 10}, index=index)


def once(bars):
    """Buys after the second bar."""
    if len(bars) == 2:
        return rc.Signal("INFY", "BUY", at=bars[-1].at + MINUTE, bar_at=bars[-1].at, stop=990, target=1300)
    return None


# ------------------------------------------------------------ the closing auction


def test_bars_of_the_closing_auction_are_left_out_as_a_file_leaves_them_out(tmp_path):
    """A stop was met at 15:20 by a price at which nobody of ours could trade; the file of the same bars had no such."""
    given = table(40, START.replace(hour=14, minute=50))
    late = given.index.time >= time(15, 15)
    given.loc[late, ["open", "high", "low", "close"]] = 900.0
    given.loc[late, "volume"] = 0
    given.tz_localize("Asia/Kolkata").rename_axis("timestamp").to_csv(tmp_path / "INFY.csv")
    read = read_bars(tmp_path / "INFY.csv", symbol="INFY", interval="1m").bars
    rules = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, no_entry_after="15:05")
    frame, file = (backtest({"INFY": bars}, once, rules) for bars in (given, read))
    assert (frame.jumped.bars, frame.equity) == (25, file.equity)
    assert [len(bars) for bars in frame.bars] == [25]
    assert frame.trades == file.trades
    told = "15 bars of the closing auction, the first NSE:INFY 2026-11-20 15:15, are left out: nothing trades"
    assert frame.notes[0].startswith(told)
    assert not any("auction" in note for note in file.notes)


def test_bars_of_a_share_without_such_an_auction_stay():
    thing = rc.Instrument(symbol="INFY", tick="0.1", derivatives_listed=False)
    run = backtest({thing: table(40, START.replace(hour=14, minute=50))}, once, RULES)
    assert (run.jumped.bars, run.notes) == (40, ())
    before = backtest({"INFY": table(40, datetime(2026, 7, 20, 14, 50, tzinfo=rc.IST))}, once, RULES)
    assert before.jumped.bars == 40


def test_each_symbols_auctions_are_left_out_whatever_the_others_are_and_the_days_they_have():
    """The hours of a day are asked for once for all shares alike: never for one without derivatives among them."""
    late = START.replace(hour=14, minute=50)
    days = {"INFY": (late,), "TCS": (late - timedelta(days=1), late), "LT": (late - timedelta(days=1),), "ITC": (late,)}
    bars = {
        rc.Instrument(symbol=name, tick="0.1", derivatives_listed=name != "ITC"): pd.concat(
            [table(40, at) for at in each]
        )
        for name, each in days.items()
    }
    run = backtest(bars, {name: lambda seen: None for name in days}, RULES)
    assert [len(each) for each in run.bars] == [25, 50, 25, 40]
    assert run.notes[0].startswith("60 bars of the closing auction, the first NSE:INFY 2026-11-20 15:15")


# ------------------------------------------------------------ columns


def test_a_column_twice_but_for_capitals_is_refused():
    """Adjusted closes beside plain ones, say: which of them is traded at was not told."""
    with pytest.raises(ColumnsError, match=r"INFY: 'close' and 'Close' are one column .*drop\(columns=\['Close'\]\)"):
        Columns.of(table().assign(Close=990.0), "INFY")
    arrays = {"at": [START], "At": [START], **{name: [1.0] for name in ("open", "high", "low", "close")}}
    with pytest.raises(ColumnsError, match="'at' and 'At' are one column"):
        Columns.of(arrays, "INFY")
    assert len(Columns.of(table().assign(Signal=1, signal=2))) == 12  # nobody reads those


def test_an_index_of_times_goes_before_columns_that_help():
    """A day and a time of day that were worked out of it."""
    given = table()
    wanted = Columns.of(given).at
    for helped in (
        given.assign(date=given.index.date),
        given.assign(time=given.index.time),
        given.assign(Date=given.index.strftime("%d-%m-%Y"), Time=given.index.strftime("%H:%M")),
        given.assign(date=given.index.normalize(), time=given.index.time),
    ):
        assert (Columns.of(helped).at == wanted).all()


@pytest.mark.parametrize(
    ("day", "clock"),
    [
        ("%Y-%m-%d", "%H:%M"),
        ("%Y-%m-%d", "%H:%M:%S"),
        (None, None),
        ("%Y-%m-%d", None),
    ],
)
def test_a_date_and_a_time_in_two_columns_are_one(day, clock):
    given = table(12, START.replace(hour=9, minute=55))
    dates = given.index.normalize() if day is None else given.index.strftime(day)
    clocks = given.index.time if clock is None else given.index.strftime(clock)
    two = given.reset_index(drop=True).assign(date=dates, time=clocks)
    assert (Columns.of(two).at == Columns.of(given).at).all()
    assert (
        Columns.of(two.assign(time=[str(one).removeprefix("0") for one in clocks])).at == Columns.of(given).at
    ).all()


def test_times_of_day_alone_are_no_times():
    with pytest.raises(ColumnsError, match="INFY: the column time holds times of day alone: give their dates too"):
        Columns.of(table().reset_index(drop=True).assign(time=table().index.time), "INFY")
    stamped = table().reset_index(drop=True).assign(time=table().index, date=table().index.date)
    assert (Columns.of(stamped).at == Columns.of(table()).at).all()


@pytest.mark.parametrize(("unit", "told"), [("s", "s"), ("ms", "ms"), ("us", "us")])
def test_numbers_that_count_something_else_say_which(unit, told):
    numbers = table().index.as_unit(unit).asi8
    with pytest.raises(ColumnsError, match=f"pandas.to_datetime.numbers, unit='{told}', utc=True"):
        Columns.of(table().set_axis(numbers), "INFY")


@pytest.mark.parametrize("level", [0, 1])
def test_columns_of_several_levels_say_how_one_symbol_is_taken(level):
    """Whichever way round the levels are: what it says to do gives a table that is taken."""
    several = pd.concat({"INFY.NS": table()}, axis=1)
    several = several.swaplevel(axis=1) if level else several
    with pytest.raises(ColumnsError, match=rf"INFY: its columns have several levels, .*droplevel\({level}, axis=1\)"):
        Columns.of(several, "INFY")
    assert len(Columns.of(several.droplevel(level, axis=1), "INFY")) == len(table())


# ------------------------------------------------------------ what is no share


@pytest.mark.parametrize("name", ["NIFTY24NOV26FUT", "NIFTY24NOV2626000CE", "BANKNIFTY2411450000PE", "NIFTY-26-FUT"])
def test_a_contract_under_a_name_alone_is_refused(name):
    """It was a share at NSE, with a lot of one and a share's charges."""
    with pytest.raises(ColumnsError, match=f"{name} is the name of a future or an option, .*instruments="):
        backtest({name: table()}, once, RULES)
    thing = rc.Instrument(symbol=name, segment="FUT", exchange="NFO", tick="0.1", lot_size=65, expiry="2026-11-24")
    assert backtest({thing: table()}, lambda bars: None, RULES).instruments == (thing,)


@pytest.mark.parametrize("name", ["SALASAR", "ICICI500", "PE", "FUT", "ACE", "20MICRONS", "NIFTYBEES", "360ONE"])
def test_names_of_shares_are_not(name):
    thing = {name: table()}
    assert backtest(thing, lambda bars: None, RULES, instruments=[rc.Instrument(symbol=name, tick="0.1")]).notes == ()
    assert backtest(thing, lambda bars: None, RULES).notes == ()


def test_an_index_that_was_traded_is_told():
    """One that is only looked at is not; nor is a share whose bars never said a volume."""
    buys = {
        "NIFTY": lambda bars: one if (one := once(bars)) is None else rc.Signal("NIFTY", "BUY", at=one.at, stop=990)
    }
    run = backtest({"NIFTY": table()}, buys, RULES)
    assert run.approved
    assert run.notes[0].startswith("NSE:NIFTY is an index: nobody can buy it")
    assert backtest({"NIFTY": table(), "INFY": table()}, {"INFY": once}, RULES).notes == ()
    (told,) = backtest({"INFY": table().assign(volume=0)}, once, RULES).notes
    assert told.startswith("NSE:INFY has no volume in any bar")
    assert backtest({"INFY": table().drop(columns="volume")}, once, RULES).notes == ()


@pytest.mark.parametrize("name", ["HDFCBANK.NS", "HDFCBANK-EQ", "HDFCBANK.BO"])
def test_a_share_under_another_programs_name_is_told(name):
    """It was in no sector, so that three banks were three buckets. What the tables call so themselves is not told."""
    (told,) = backtest({name: table()}, lambda bars: None, RULES).notes
    assert told.startswith(f"1 names are another program's, the first NSE:{name}: the tables know it as HDFCBANK;")
    own = rc.Instrument(symbol=name, tick="0.05", sector="Financial Services")
    for things in ({"HDFCBANK": table()}, {"BAJAJ-AUTO": table()}, {"NOBODYS-EQ": table()}, {own: table()}):
        assert backtest(things, lambda bars: None, RULES).notes == ()


# ------------------------------------------------------------ strategies


class Told:
    """Answers what it is given."""

    def __init__(self, answers):
        self.answers = answers

    def signals(self, bars):
        return self.answers


@pytest.mark.parametrize("place", [START, 1.7, "1", None])
def test_keys_that_are_no_numbers_of_bars_are_refused(place):
    """A moment was an error of Python's, and 1.7 the bar number 1."""
    signal = rc.Signal("INFY", "BUY", at=START + 2 * MINUTE, stop=990)
    with pytest.raises(StrategyError, match="its keys are bar numbers, from 0 on; it answered "):
        backtest({"INFY": table()}, Told({3: signal, place: signal}), RULES)
    assert backtest({"INFY": table()}, Told({np.int64(1): signal}), RULES).approved


class Needs:
    """Cannot be made by symbol and interval alone."""

    def __init__(self, *, symbol, interval, fast):
        if fast < 1:
            raise ValueError("fast must be 1 or more")

    def on_bar(self, bars):
        return None


def test_a_class_that_refuses_what_it_is_given_names_itself_and_the_symbol():
    with pytest.raises(StrategyError, match=r"strategy Needs for INFY: TypeError: .*'fast'.*functools\.partial"):
        backtest({"INFY": table()}, Needs, RULES)
    with pytest.raises(StrategyError, match=r"strategy Needs for INFY: fast must be 1 or more$"):
        backtest({"INFY": table()}, partial(Needs, fast=0), RULES)


def crosses(symbol, interval, fast=9):
    """Makes a strategy, as a sweep takes it."""
    return EmaCross(symbol=symbol, interval=interval, fast=fast, slow=21)


def test_a_function_that_makes_strategies_makes_them():
    """As a class does, for several symbols too; a function of bars stays one, whatever it takes beside."""
    bars = {"INFY": table(60), "TCS": table(60)}
    made = backtest(bars, partial(crosses, fast=3), RULES)
    plain = backtest(bars, partial(EmaCross, fast=3, slow=21), RULES)
    assert [fact.signal for fact in made.facts if hasattr(fact, "signal")] == [
        fact.signal for fact in plain.facts if hasattr(fact, "signal")
    ]
    assert backtest({"INFY": table()}, lambda bars, symbol="INFY", interval="1m": once(bars), RULES).approved


def test_a_symbol_without_bars_is_refused_though_others_have_some():
    """A slip of the pen traded a part of the portfolio, and nothing told."""
    bars = {"INFY": table(), "TCS": table()}
    with pytest.raises(StrategyError, match="strategies for TSC; the bars are of INFY, TCS"):
        backtest(bars, {"INFY": once, "TSC": once}, RULES)
    assert backtest(bars, {"NSE:INFY": once}, RULES).approved


def test_finer_bars_of_no_symbol_are_refused():
    about = {"intrabar": "lower_timeframe", "interval": "5m"}
    five = {"INFY": table(60).resample("5min").agg({"open": "first", "high": "max", "low": "min", "close": "last"})}
    with pytest.raises(ColumnsError, match="finer bars of INFI, of which there are no others in this run"):
        backtest(five, once, RULES, finer={"INFY": table(60), "INFI": table(60)}, **about)
    for nothing in (None, {}):
        with pytest.raises(ColumnsError, match="intrabar='lower_timeframe' needs finer bars"):
            backtest(five, once, RULES, finer=nothing, **about)


# ------------------------------------------------------------ bars of a day


@pytest.mark.parametrize("interval", [None, "1D"])
@pytest.mark.parametrize("hours", [1, 12])
def test_a_day_that_is_there_twice_is_named(interval, hours):
    """It was "give interval='720m' if they are that long", or bars of an hour."""
    days = pd.bdate_range("2026-09-01", "2026-09-30", tz="Asia/Kolkata")
    twice = days.insert(8, days[7] + pd.Timedelta(hours=hours))
    given = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), 1000.0), index=twice)
    told = (
        rf"INFY: bars {hours}:00:00 apart, those of 2026-09-10 00:00 and 2026-09-10 {hours:02}:00 .*a day has one bar"
    )
    with pytest.raises(ColumnsError, match=told):
        backtest({"INFY": given}, once, RULES, interval=interval)
