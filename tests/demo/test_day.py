"""The demo day: every decision by its name, and the result from raw fills in plain SQL."""

import csv
import sqlite3
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from riskcore_openalgo.cli import tables
from riskcore_openalgo.demo.day import Day, finished, next_journal
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.journal.replay import replay
from riskcore_openalgo.lab.strategy import SHORT_NAMES

SHEET = Path(__file__).with_name("charge_sheet.csv")
APPROVED = {
    "11:40 SELL NSE:INFY": (54, "743.90", "745.75", "741.70"),
    "11:56 SELL NSE:LT": (38, "1174.15", "1176.75", "1171.65"),
    "11:57 SELL NSE:INFY": (39, "740.00", "742.50", "736.20"),
    "12:23 BUY NSE:RELIANCE": (36, "1345.25", "1342.50", "1347.60"),
    "12:30 BUY NSE:LT": (31, "1175.65", "1172.45", "1179.65"),
}
WARM_UP = (
    "09:48 BUY NSE:RELIANCE, 09:50 SELL NSE:RELIANCE, 10:00 BUY NSE:RELIANCE, 10:01 BUY NSE:INFY, "
    "10:15 SELL NSE:RELIANCE, 10:18 BUY NSE:RELIANCE, 10:21 BUY NSE:LT, 10:26 SELL NSE:RELIANCE, "
    "10:27 BUY NSE:RELIANCE, 10:32 SELL NSE:INFY, 10:33 BUY NSE:INFY, 10:50 SELL NSE:RELIANCE, "
    "10:52 SELL NSE:INFY, 11:05 SELL NSE:LT, 11:07 BUY NSE:LT, 11:10 SELL NSE:LT, 11:18 BUY NSE:LT, "
    "11:19 BUY NSE:INFY, 11:26 BUY NSE:RELIANCE"
)
NO_TRADE_LEFT = (
    "12:42 BUY NSE:INFY, 12:50 SELL NSE:INFY, 13:02 BUY NSE:INFY, 13:06 SELL NSE:LT, 13:11 SELL NSE:RELIANCE, "
    "13:19 BUY NSE:LT, 13:23 SELL NSE:INFY, 13:33 BUY NSE:INFY, 13:45 BUY NSE:RELIANCE, 14:01 SELL NSE:RELIANCE, "
    "14:05 SELL NSE:INFY, 14:08 SELL NSE:LT, 14:22 BUY NSE:LT, 14:29 BUY NSE:INFY, 14:43 SELL NSE:LT"
)
CUT_OFF = "14:47 SELL NSE:INFY, 14:49 BUY NSE:RELIANCE, 14:51 SELL NSE:RELIANCE, 15:11 BUY NSE:LT, 15:18 BUY NSE:INFY"
REFUSED = {
    **dict.fromkeys(WARM_UP.split(", "), "atr_not_ready"),
    "11:51 BUY NSE:INFY": "symbol_held",
    "11:58 SELL NSE:RELIANCE": "too_many_positions",
    **dict.fromkeys(NO_TRADE_LEFT.split(", "), "too_many_trades"),
    **dict.fromkeys(CUT_OFF.split(", "), "after_cut_off,too_many_trades"),
    "15:30 SELL NSE:INFY": "market_closed,after_cut_off,too_many_trades",
}


def sql(journal, query):
    """Plain SQL on the journal's file, past all code of ours."""
    with sqlite3.connect(journal.path) as connection:
        return connection.execute(query).fetchall()


def decided(journal):
    """What was decided, by its name: minute, side, symbol."""
    rows = sql(journal, "SELECT substr(at, 12, 5) || ' ' || side || ' ' || key, * FROM decisions")
    return {row[0]: row[1:] for row in rows}


@pytest.mark.parametrize("name", APPROVED)
def test_an_approved_decision_of_the_day(demo_day, name):
    """Quantity, limit, stop and target of an approval are what they were."""
    query = "SELECT substr(at, 12, 5) || ' ' || side || ' ' || key, quantity, limit_e4, stop_e4, target_e4"
    found = {row[0]: row[1:] for row in sql(demo_day, query + " FROM decisions WHERE approved")}
    quantity, *prices = APPROVED[name]
    assert found[name] == (quantity, *(int(Decimal(price) * 10_000) for price in prices))


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_decision_of_the_day(demo_day, name):
    """Every reason of a refusal is what it was."""
    query = "SELECT substr(at, 12, 5) || ' ' || side || ' ' || key, reason FROM decisions WHERE NOT approved"
    assert dict(sql(demo_day, query))[name] == REFUSED[name]


def test_no_other_decision_was_made(demo_day):
    """The named decisions are all there are."""
    assert set(decided(demo_day)) == {*APPROVED, *REFUSED}


def test_three_targets_and_two_stops(demo_day):
    """What the bars and the policy made of it."""
    assert Counter(sql(demo_day, "SELECT reason FROM trades")) == {("target",): 3, ("stop",): 2}


def test_alerts_and_own_signals_both_arrive(demo_day):
    """RELIANCE comes over HTTP, INFY and LT from the own strategy."""
    found = set(sql(demo_day, "SELECT DISTINCT key, source FROM decisions"))
    assert found == {("NSE:RELIANCE", "alert:tradingview"), ("NSE:INFY", "own"), ("NSE:LT", "own")}
    assert sql(demo_day, "SELECT count(*) FROM alerts WHERE outcome = 'accepted'") == [(16,)]


@pytest.mark.smoke
def test_the_result_is_that_of_the_raw_fills_and_the_charge_sheet(demo_day):
    """Sum of sales less purchases from raw fills, less a charge sheet worked out by hand: to the paisa."""
    turnover = "SELECT sum(CASE side WHEN 'SELL' THEN 1 ELSE -1 END * quantity * price_e4) FROM fills"
    gross_e4 = sql(demo_day, turnover)[0][0]
    with SHEET.open(encoding="utf-8") as file:
        charges = sum(Decimal(row["total"]) for row in csv.DictReader(file))
    booked = sql(demo_day, "SELECT sum(gross_paise), sum(charges_paise) FROM trades")[0]
    assert Decimal(gross_e4) / 10_000 == Decimal("324.00") == Decimal(booked[0]) / 100
    assert charges == Decimal("211.22") == Decimal(booked[1]) / 100
    assert "= net Rs 112.78" in tables.result(demo_day)


def test_each_fill_was_charged_as_the_sheet_says(demo_day):
    """Fill by fill: price, quantity and charges; and each line of the sheet adds up."""
    fills = sql(demo_day, "SELECT key, side, quantity, price_e4, charges_paise FROM fills ORDER BY seq")
    with SHEET.open(encoding="utf-8") as file:
        sheet = list(csv.DictReader(file))
    assert len(fills) == len(sheet) == 10
    for (key, side, quantity, price_e4, charged), line in zip(fills, sheet, strict=True):
        assert (key, side, quantity) == (f"NSE:{line['symbol']}", line["side"], int(line["quantity"]))
        assert Decimal(price_e4) / 10_000 == Decimal(line["price"])
        assert Decimal(charged) / 100 == Decimal(line["total"])
        parts = ("brokerage", "stt", "exchange", "sebi", "stamp", "gst")
        assert abs(sum(Decimal(line[part]) for part in parts) - Decimal(line["total"])) < Decimal("0.006")


@pytest.mark.parametrize("strategy", sorted({*SHORT_NAMES} - {"ema_cross"}))
def test_every_strategy_of_the_library_plays_the_day(strategy, tmp_path):
    """Run here on two symbols, and as a chart's alerts on the third; a signal of each kind is in the journal."""
    with Journal(tmp_path / "day.db") as journal:
        for _ in Day(journal, strategy=strategy).play():
            pass
        found = set(sql(journal, "SELECT DISTINCT source, strategy FROM decisions"))
        assert found == {("alert:tradingview", strategy), ("own", strategy)}
        [(alerts,)] = sql(journal, "SELECT count(*) FROM alerts WHERE outcome = 'accepted'")
        [(asked,)] = sql(journal, "SELECT count(*) FROM decisions WHERE source = 'alert:tradingview'")
        assert alerts == asked > 0


def test_each_strategy_has_journals_of_its_own(tmp_path):
    assert next_journal(tmp_path).name == "day-0001.db"
    assert next_journal(tmp_path, "rsi_pullback").name == "rsi-pullback-0001.db"
    assert next_journal(tmp_path, "my_dips:dips").name == "my-dips-dips-0001.db"


def test_the_journal_of_the_day_replays_byte_for_byte(demo_day):
    """The recorded inputs give the recorded facts again."""
    assert str(replay(demo_day)).endswith("the same facts, byte for byte")
    assert replay(demo_day).inputs > 1_000


def test_the_chain_of_the_day_holds(demo_day):
    """No row is missing or changed."""
    assert demo_day.first_bad_row() is None


def test_a_demo_that_died_while_its_journal_was_made_goes_on_with_it(tmp_path):
    """The file was there, and nothing in it: the next demo was told that it is no journal."""
    begun = tmp_path / "day-0001.db"
    begun.touch()
    assert next_journal(tmp_path) == begun
    assert not finished(begun)
