"""A backtest in one call: what it takes, what it refuses, what it says, and what it writes."""

import gc
import json
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from attrs import evolve

import riskcore as rc
from riskcore import events as e
from riskcore_openalgo import lab
from riskcore_openalgo.lab.averages import ema, wilder_atr
from riskcore_openalgo.lab.backtests import backtest, uncollected
from riskcore_openalgo.lab.columns import Columns, ColumnsError
from riskcore_openalgo.lab.ema_cross import EmaCross
from riskcore_openalgo.lab.run import Run
from riskcore_openalgo.lab.strategy import StrategyError

START = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
RULES = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, entry_band_pct="0.1")
CALM = (1000, 1001, 999, 1000)
BOTH = (1000, 1101, 979, 1000)
INFY = rc.Instrument(symbol="INFY", tick="0.05")


def bars(*rows, step=timedelta(minutes=1), start=START):
    names = ("open", "high", "low", "close")
    return [rc.Bar(at=start + step * n, **dict(zip(names, row, strict=True))) for n, row in enumerate(rows)]


def frame(series):
    """As `client.history` returns it: sorted columns, an index of times in India."""
    table = pd.DataFrame(
        {name: [float(getattr(bar, name)) for bar in series] for name in ("close", "high", "low", "open")}
    )
    table["volume"] = 100
    table.index = pd.DatetimeIndex([bar.at for bar in series]).tz_convert("Asia/Kolkata")
    return table


def once(seen):
    """Buy at the end of the first bar."""
    if len(seen) > 1:
        return None
    bar = seen[-1]
    return rc.Signal("INFY", "BUY", at=bar.at + timedelta(minutes=1), bar_at=bar.at, stop=980, target=1100)


def fills(run):
    return [(fill.side, fill.price) for fill in run.fills]


@pytest.mark.parametrize("given", ["bars", "frame", "arrays", "mapping"])
def test_bars_come_in_any_form(given):
    """DataFrames, arrays and bars of the same prices give the same trades."""
    series = bars(CALM, CALM, CALM, (1000, 1101, 1000, 1100))
    table = frame(series)
    forms = {
        "bars": {INFY: series},
        "frame": {INFY: table},
        "arrays": {INFY: {"at": table.index, **{name: table[name].to_numpy() for name in table.columns}}},
        "mapping": {"INFY": table},
    }
    run = backtest(forms[given], once, RULES, interval="1m", instruments=[INFY])
    assert fills(run) == [("BUY", 1000), ("SELL", 1100)]
    assert [trade.reason for trade in run.trades] == ["target"]


@pytest.mark.parametrize(
    ("how", "rows", "expected"),
    [
        (rc.Intrabar.STOP_FIRST, [CALM, CALM, BOTH], 980),
        (rc.Intrabar.TARGET_FIRST, [CALM, CALM, BOTH], 1100),
        (rc.Intrabar.NEAREST_EXTREME, [CALM, CALM, BOTH], 980),
        (rc.Intrabar.NEAREST_EXTREME, [CALM, CALM, (1090, 1101, 979, 1000)], 1100),
        (rc.Intrabar.SKIP, [CALM, CALM, BOTH], None),
        (rc.Intrabar.SKIP, [CALM, CALM, (1000, 1101, 970, 975)], 975),
        (rc.Intrabar.TARGET_FIRST, [CALM, CALM, (970, 1101, 960, 1000)], 970),
    ],
)
def test_a_bar_that_reaches_stop_and_target_is_taken_as_asked(how, rows, expected):
    """And a gap through the stop leaves at the open, whatever is asked; both paths say the same."""
    series = bars(*rows)
    run = backtest({INFY: series}, once, RULES, interval="1m", intrabar=how)
    slow = rc.simulate({INFY: series}, lambda thing, seen: once(seen), RULES, intrabar=how)
    assert fills(run) == [("BUY", 1000)] + ([] if expected is None else [("SELL", expected)])
    assert [(fact.side, fact.price) for fact in slow.facts if isinstance(fact, e.Filled)] == fills(run)
    assert run.in_doubt.bars == len(slow.ambiguous) == (0 if rows[-1][0] == 970 else 1)


def test_finer_bars_tell_which_came_first():
    """The minutes within a doubtful five-minute bar: here the target."""
    five = timedelta(minutes=5)
    series = bars(CALM, CALM, BOTH, step=five)
    finer = bars((1000, 1101, 1000, 1050), (1050, 1050, 979, 1000), start=START + 2 * five)
    about = {"interval": "5m", "intrabar": rc.Intrabar.LOWER_TIMEFRAME}
    asked = {
        "signals": lambda bars: {0: rc.Signal("INFY", "BUY", at=START + five, bar_at=START, stop=980, target=1100)}
    }
    strategy = type("Given", (), {"signals": staticmethod(asked["signals"])})()
    run = backtest({INFY: series}, strategy, RULES, finer={"INFY": finer}, **about)
    assert [trade.exit_price for trade in run.trades] == [1100]
    assert run.simulation.ambiguous[0].told
    assert run.in_doubt.told == 1
    assert "1 trades, 100.00 % P&L; finer bars told of 1" in run.explain()
    elsewhere = bars(CALM, start=START - timedelta(days=1))
    without = backtest({INFY: series}, strategy, RULES, finer={"INFY": elsewhere}, **about)
    assert [trade.exit_price for trade in without.trades] == [980]
    assert without.in_doubt.share_pct == 100
    assert "finer bars told of 0" in without.explain()


def test_a_trade_that_was_held_on_through_a_bar_in_doubt_hangs_on_it():
    """Skipped, that bar ends nothing; the trade ends at its target later, and all its money is in doubt."""
    later = (1000, 1101, 1000, 1100)
    run = backtest({INFY: bars(CALM, CALM, BOTH, CALM, later)}, once, RULES, interval="1m", intrabar=rc.Intrabar.SKIP)
    assert [trade.reason for trade in run.trades] == ["target"]
    assert run.in_doubt == (1, 1, 100, 0)


def test_an_entry_may_trade_at_the_close_it_was_decided_on():
    """Which no live order can; the default is the next open."""
    series = bars(CALM, (1001, 1002, 1000, 1001))
    at_close = backtest({INFY: series}, once, RULES, interval="1m", entries=rc.Entries.AT_CLOSE)
    assert (fills(at_close), fills(backtest({INFY: series}, once, RULES, interval="1m"))) == (
        [("BUY", 1000)],
        [("BUY", 1001)],
    )


def flat(price):
    """Columns of one bar, of one price."""
    return {"at": [START], "open": [price], "high": [price], "low": [price], "close": [price]}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"INFY": bars(CALM, CALM)[::-1]}, "does not come after"),
        ({"INFY": {"at": [START], "open": [1.0], "high": [1.0], "low": [1.0]}}, "no column close"),
        ({"INFY": {"at": [START], "open": [9.0], "high": [8.0], "low": [7.0], "close": [7.5]}}, "must enclose"),
        ({"INFY": {"at": [START], "open": [9.0], "high": [np.nan], "low": [7.0], "close": [7.5]}}, "no finite number"),
        ({"INFY": flat(1e15)}, "is not below 1,000,0"),
        ({"INFY": flat(1e-7)}, "is not above 0"),
        ({"INFY": {"at": ["noon"], "open": [9.0], "high": [9.0], "low": [7.0], "close": [7.5]}}, "ISO 8601"),
        ({"INFY": [1, 2]}, "riskcore bars"),
        ({}, "no bars at all"),
        (bars(CALM), "symbol="),
    ],
)
def test_bars_that_cannot_be_traded_on_are_refused_by_place(wrong, told):
    """Each message says of what, and what to do."""
    with pytest.raises(ColumnsError, match=told):
        backtest(wrong, once, RULES, interval="1m")


def test_a_strategy_that_cannot_serve_is_refused():
    """One object for several symbols; answers beyond the bars; a name that leads nowhere."""
    two = {INFY: bars(CALM, CALM), rc.Instrument(symbol="TCS", tick="0.05"): bars(CALM, CALM)}
    beyond = type("Beyond", (), {"signals": lambda self, seen: {9: None}})()
    for strategy, told in ((once, "several symbols"), (beyond, "several"), ("no.such:thing", "no")):
        with pytest.raises(StrategyError, match=told):
            backtest(two, strategy, RULES, interval="1m")
    with pytest.raises(StrategyError, match="bar number 9 of 2"):
        backtest({INFY: bars(CALM, CALM)}, beyond, RULES, interval="1m")


def test_a_class_is_made_for_each_symbol_and_the_interval_found(riskcore_data):
    """Real minutes of one day, three symbols; most bars are left out, and a gap over night would be told."""
    folder = riskcore_data / "intraday_1min_20200228"
    tables = {path.stem: pd.read_csv(path, parse_dates=["timestamp"]) for path in sorted(folder.glob("*.csv"))}
    policy = rc.Policy(max_position_size_percent=50, charges_as_of=date(2026, 4, 2))
    run = backtest(tables, EmaCross, policy, capital=200_000)
    assert run.interval == "1m"
    assert run.policy.default_capital == 200_000
    assert run.approved
    assert run.refused
    assert run.jumped.share_pct > 50
    ends, equity = run.path()
    assert len(ends) == len(equity)
    assert equity[-1] == pytest.approx(float(run.equity))


def test_daily_bars_are_acted_on_within_their_session(riskcore_data):
    """Ten years of days for delivery; a split shows as a gap over night, which is told."""
    table = pd.read_csv(riskcore_data / "daily_nse_raw" / "INFY.csv", parse_dates=["timestamp"])

    class Daily(EmaCross):
        def signals(self, seen):
            """Purchases for delivery alone."""
            return [
                None
                if signal is None or signal.side == "SELL"
                else rc.Signal("INFY", "BUY", at=signal.at, bar_at=signal.bar_at, product="CNC", interval="1D")
                for signal in super().signals(seen)
            ]

    policy = rc.Policy(charges_as_of=date(2026, 4, 2), entry_band_pct=5, max_position_size_percent=50)
    run = backtest({"INFY": table}, Daily, policy, capital=1_000_000)
    assert run.interval == "1D"
    assert len(run.trades) > 5
    assert any(trade.opened_at.date() < trade.closed_at.date() for trade in run.trades)
    assert any("2018-09-04" in note for note in run.notes)


def test_dirty_days_in_a_table_are_told(riskcore_data):
    """A vendor's copies on holidays: a file of them is refused; in a DataFrame, which no line names, they are told."""
    table = pd.read_csv(riskcore_data / "daily_dirty_as_found" / "RELIANCE.csv", parse_dates=["timestamp"])
    asked = {"bars": {"RELIANCE": table}, "strategy": EmaCross, "policy": rc.Policy(charges_as_of=date(2026, 4, 2))}
    run = backtest(**asked, first=date(2019, 10, 1), last=date(2019, 11, 30))
    (told,) = [note for note in run.notes if "closed" in note]
    assert told.startswith("bars on 5 days on which the exchange was closed, the first NSE:RELIANCE 2019-10-02")


def test_an_intraday_position_that_daily_bars_carry_over_a_night_is_told():
    """MIS on bars of a day leaves a day late, and CNC is what was meant."""
    series = bars(CALM, CALM, CALM, CALM, CALM, step=timedelta(days=1), start=datetime(2026, 11, 16, tzinfo=rc.IST))

    def monday(product):
        about = {"at": series[0].at + timedelta(hours=15), "bar_at": series[0].at, "stop": 980, "target": 1100}
        return lambda seen: rc.Signal("INFY", "BUY", product=product, **about) if len(seen) == 1 else None

    intraday, delivery = (
        backtest({INFY: series}, monday(product), evolve(RULES, entry_band_pct=1), interval="1D")
        for product in ("MIS", "CNC")
    )
    assert [(trade.reason, trade.opened_at.date() < trade.closed_at.date()) for trade in intraday.trades] == [
        ("square_off", True)
    ]
    assert [note.partition(" and")[0] for note in intraday.notes] == ["1 of 1 trades are intraday (MIS)"]
    assert (len(delivery.approved), delivery.notes) == (1, ())


def test_bars_older_than_the_tables_are_refused_with_the_remedy(riskcore_data):
    """An index from 2007 on has no tick in the tables: the message says how to give it."""
    table = pd.read_csv(riskcore_data / "daily_index" / "NIFTY50.csv", parse_dates=["timestamp"])
    with pytest.raises(ColumnsError, match=r"NIFTY50: no tick table .* 2007-09-17; .*first=.*instruments="):
        backtest({"NIFTY50": table}, EmaCross, RULES)
    later = backtest({"NIFTY50": table}, EmaCross, RULES, instruments=[rc.Instrument(symbol="NIFTY50", tick="0.05")])
    assert later.jumped.bars == len(table)


def test_only_the_days_asked_for_are_traded():
    """A date counts whole."""
    days = [START + timedelta(days=n) for n in (0, 3, 4)]
    series = [bar for day in days for bar in bars(CALM, CALM, start=day)]
    run = backtest({INFY: series}, once, RULES, first=date(2026, 11, 23), last=date(2026, 11, 23))
    assert run.jumped.bars == 2


def test_a_saved_run_is_read_back_whole(tmp_path):
    """Facts, trades and doubts; and tables for people beside them."""
    run = backtest({INFY: bars(CALM, CALM, BOTH)}, once, RULES, interval="1m", notes=["a note"])
    assert lab.Run is Run
    again = lab.Run.load(run.save(tmp_path / "out"))
    assert (again.facts, again.trades, again.policy) == (run.facts, run.trades, run.policy)
    assert (again.in_doubt, again.jumped, again.notes, again.explain()) == (
        *(run.in_doubt, run.jumped, run.notes, run.explain()),
    )
    assert again.performance.net == run.performance.net
    rows = (tmp_path / "out" / "trades.csv").read_text().splitlines()
    assert len(rows) == 2
    assert "stop" in rows[1]
    with pytest.raises(ValueError, match="run the backtest again"):
        again.path()


def test_a_run_that_is_written_over_another_is_not_whole_before_its_end(tmp_path):
    """Killed between two files: run.json of the run before would vouch for facts that are not its own."""
    run = backtest({INFY: bars(CALM, CALM)}, once, RULES, interval="1m")
    run.save(tmp_path)
    (tmp_path / "trades.csv").unlink()
    (tmp_path / "trades.csv").mkdir()
    with pytest.raises(OSError, match="trades"):
        run.save(tmp_path)
    assert not (tmp_path / "run.json").exists()


def test_a_folder_that_holds_no_whole_run_is_refused(tmp_path):
    """Missing, of another version, or cut off."""
    with pytest.raises(ValueError, match="holds no run"):
        Run.load(tmp_path)
    folder = backtest({INFY: bars(CALM, CALM)}, once, RULES, interval="1m").save(tmp_path)
    facts = (folder / "facts.jsonl").read_text()
    (folder / "facts.jsonl").write_text("\n".join(facts.splitlines()[:-1]))
    with pytest.raises(ValueError, match="cut off"):
        Run.load(folder)
    about = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**about, "version": 99}))
    with pytest.raises(ValueError, match="version 99"):
        Run.load(folder)


def test_averages_of_whole_series_are_those_of_one_step_after_another():
    """Blocks of 64 against the plain recursion, and Wilder's ATR against the exact one."""
    closes = 1000 + np.cumsum(np.sin(np.arange(500)) * 3)
    value, told = closes[0], []
    for close in closes:
        value += 2 / 21 * (close - value)
        told.append(value)
    assert np.allclose(ema(closes, 20), told, rtol=0, atol=1e-9)
    series = bars(*((c, c + 2 + n % 3, c - 1 - n % 5, c) for n, c in enumerate(map(int, closes))))
    columns = Columns.of(series)
    fast = wilder_atr(columns.high, columns.low, columns.close, 14)
    assert np.isnan(fast[12])
    assert fast[13] == pytest.approx(float(rc.atr(series[:14], 14)), abs=1e-9)
    assert fast[-1] == pytest.approx(float(rc.atr(series, 14)), abs=1e-9)


def test_a_signal_said_twice_at_one_bar_is_refused_once_and_then_a_repetition():
    """Also where the book alone refuses it, and its decision is put off."""

    def again(seen):
        if len(seen) not in (1, 3):
            return None
        bar = seen[-1]
        return rc.Signal("INFY", "BUY", at=bar.at + timedelta(minutes=1), bar_at=bar.at, stop=980, target=1100)

    run = backtest({INFY: bars(*[CALM] * 6)}, {"INFY": [again, again]}, RULES, interval="1m")
    assert [type(fact).__name__ for fact in run.facts if isinstance(fact, (e.EntryRefused, e.SignalRepeated))] == [
        "SignalRepeated",
        "EntryRefused",
        "SignalRepeated",
    ]
    assert [found.reason for found in run.refused[0].reasons] == ["symbol_held"]


def test_the_collector_is_as_it_was_after_a_backtest():
    """Also after one that failed; where it was off, it stays off."""
    for on in (True, False):
        (gc.enable if on else gc.disable)()
        try:
            backtest({INFY: bars(CALM, CALM)}, once, RULES, interval="1m")
            with uncollected():
                assert not gc.isenabled()
            assert gc.isenabled() is on
            with pytest.raises(ZeroDivisionError), uncollected():
                1 / 0  # noqa: B018
            assert gc.isenabled() is on
        finally:
            gc.enable()


def test_a_run_says_what_people_look_for_first(tmp_path):
    """Win rate, factor, Sharpe, drawdown, how long it was held, and what the bars made by themselves."""
    run = backtest({INFY: bars(CALM, CALM, CALM, (1000, 1101, 1000, 1100))}, once, RULES)
    told = run.explain()
    assert "win rate 100.00 %, profit factor undefined, expectancy" in told
    assert "held 2 min on average" in told
    assert "Sharpe undefined, deepest drawdown undefined" not in told
    assert "bought in equal parts at the start and kept: +10.00 %, without charges" in told
    assert Run.load(run.save(tmp_path / "out")).buy_and_hold_pct == run.buy_and_hold_pct == pytest.approx(10)
    page = run.save_html(tmp_path / "run.html", title="my run").read_text("utf-8")
    assert "my run" in page
    assert "bought in equal parts" in page.lower()


def test_a_run_is_shown_in_a_line():
    """A notebook shows what is named last: of forty symbols it was a page of their ticks and lots."""
    run = backtest({INFY: bars(CALM, CALM)}, lambda seen: None, RULES)
    assert repr(run).startswith("Run(interval='1m', intrabar=")
    assert "instruments=NSE:INFY, jumped" in repr(run)


def test_a_run_without_a_trade_says_no_figures_of_trades():
    """And nothing of what it is worth fails."""
    run = backtest({INFY: bars(CALM, CALM)}, lambda seen: None, RULES)
    assert run.explain().splitlines()[:2] == [
        "0 trades, 0 entries approved, 0 refused",
        "equity Rs 1,00,000.00 -> Rs 1,00,000.00",
    ]
    assert "deepest drawdown 0.00 %" in run.explain()  # it never fell: that is known


@pytest.mark.parametrize("table", ["trades", "decisions", "fills", "stops", "equity"])
def test_the_tables_of_a_run_are_frames_too(tmp_path, table):
    """The columns of the files; numbers that pandas can reckon with."""
    run = backtest({INFY: bars(CALM, CALM, CALM, (1000, 1101, 1000, 1100))}, once, RULES)
    frame = run.frame(table)
    saved = pd.read_csv(run.save(tmp_path / "out") / f"{table}.csv")
    assert list(frame.columns) == list(saved.columns)
    assert len(frame) == len(saved) > 0
    if table == "trades":
        assert frame["net"].sum() == float(run.performance.net)
        assert frame["opened_at"].dt.tz is not None
    with pytest.raises(ValueError, match="table must be one of trades, decisions, fills, stops, equity, got 'all'"):
        run.frame("all")
