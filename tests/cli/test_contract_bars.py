"""Bars of futures and options under their names alone, as OpenAlgo spells them: in a backtest and on paper."""

import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.feed import read_bars
from riskcore_openalgo.journal import Reader

OPEN = datetime(2026, 11, 20, 9, 15, tzinfo=rc.IST)
CALL, FUTURE = "NIFTY24NOV2626000CE", "NIFTY24NOV26FUT"
RULES = ("atr_warmup_bars=20", "max_quantity=1300", "max_position_size_percent=100", "max_sector_exposure=100")
WIDE = [word for rule in RULES for word in ("--set", rule)]


def bars(folder, symbol, level, *, step=1.0, opens=OPEN, count=77):
    """A day of bars of five minutes that rise and fall in turns, each of five."""
    lines = ["timestamp,open,high,low,close,volume"]
    price = level
    for number in range(count):
        begins, price = price, price + (step if number // 5 % 2 else -step)
        low, high = min(begins, price), max(begins, price)
        at = opens + timedelta(minutes=5 * number)
        lines.append(f"{at.isoformat()},{begins:.2f},{high + step:.2f},{low - step:.2f},{price:.2f},100")
    (folder / f"{symbol}.csv").write_text("\n".join(lines) + "\n", "utf-8")


def asked(verb, folder, *more):
    cross = ("--strategy", "ema_cross", "--parameter", "fast=2", "--parameter", "slow=5")
    return main([verb, "--bars", str(folder), "--interval", "5m", *cross, *WIDE, *more])


def test_an_option_is_one_by_its_name_in_a_backtest_and_on_paper(tmp_path, capsys):
    """Its lot, tick and expiry, the charges of an option; bars until 15:40, for the underlying's auction ends then."""
    bars(tmp_path, CALL, 100)
    assert asked("backtest", tmp_path, "--capital", "1000000", "--json", "--out", str(tmp_path / "out")) == 0
    told = json.loads(capsys.readouterr().out)
    trades = told["trades"]
    assert trades
    assert {trade["key"] for trade in trades} == {f"NFO:{CALL}"}
    assert not [trade for trade in trades if trade["quantity"] % 65]
    assert "split" not in " ".join(told["notes"])
    for trade in trades:
        bought, sold = (Decimal(trade[name]) * trade["quantity"] for name in ("entry_price", "exit_price"))
        of_the_exchange = (bought + sold) * Decimal("0.0003553") + (bought + sold) / 1_000_000
        paid = (
            40 + of_the_exchange + bought * 3 / 100_000 + sold * Decimal("0.0015") + (40 + of_the_exchange) * 18 / 100
        )
        assert abs(Decimal(trade["charges"]) - paid) < Decimal("0.02")
    more = ("--set", "default_capital=1000000", "--journal", str(tmp_path / "paper.db"))
    assert asked("paper", tmp_path, *more, "--symbols", f"NFO:{CALL}") == 0
    with Reader(tmp_path / "paper.db") as journal:
        closed = [row.event for row in journal.rows("fact", types=["PositionClosed"])]
        [found] = {row.event.order.instrument for row in journal.rows("fact", types=["EntryApproved"])}
    assert [(str(one.gross), str(one.charges)) for one in closed] == [(t["gross"], t["charges"]) for t in trades]
    made = rc.option("NIFTY", expiry=OPEN.date() + timedelta(days=4), strike=26000, right="CE", on=OPEN.date())
    assert found == made


def test_a_future_has_the_tick_of_its_level_and_an_index_of_bse_its_exchange(tmp_path, capsys):
    """Its margin no shipped table has, nor the tick of one at BSE."""
    bars(tmp_path, FUTURE, 26_000, step=5)
    assert asked("backtest", tmp_path, "--capital", "10000000") == 0
    told = capsys.readouterr().out
    assert "no margin for" in told
    rows = ["exchange,segment,product,symbol,margin_pct,since"]
    rows += [f"{exchange},FUT,MIS,{name},12,2026-01-01" for exchange, name in (("NFO", "NIFTY"), ("BFO", "SENSEX"))]
    (tmp_path / "config" / "tables").mkdir(parents=True)
    (tmp_path / "config" / "tables" / "margins.csv").write_text("\n".join(rows) + "\n", "utf-8")
    given = "  instruments:\n    SENSEX26NOV26FUT:\n      tick: 0.05\n"
    (tmp_path / "config" / "system_config.yaml").write_text(f"system:\n  tables: tables\n{given}", "utf-8")
    bars(tmp_path, "SENSEX26NOV26FUT", 85_000, step=15)
    assert asked("backtest", tmp_path) == 1
    assert "no tick table for BFO FUT (index) on 2026-11-20; write its tick or lot_size" in capsys.readouterr().err
    more = ("--set", "position_size_basis=margin", "--config", str(tmp_path / "config"), "--json")
    assert asked("backtest", tmp_path, "--capital", "10000000", *more) == 0
    keys = {trade["key"]: trade["quantity"] for trade in json.loads(capsys.readouterr().out)["trades"]}
    assert set(keys) == {f"NFO:{FUTURE}", "BFO:SENSEX26NOV26FUT"}
    assert (keys[f"NFO:{FUTURE}"] % 65, keys["BFO:SENSEX26NOV26FUT"] % 20) == (0, 0)


def test_an_index_beside_its_contracts_is_there_for_its_close_alone(tmp_path, capsys):
    bars(tmp_path, "NIFTY", 26_000, step=5, count=72)
    bars(tmp_path, CALL, 100)
    assert asked("backtest", tmp_path, "--capital", "1000000", "--json") == 0
    assert {trade["key"] for trade in json.loads(capsys.readouterr().out)["trades"]} == {f"NFO:{CALL}"}


@pytest.mark.parametrize(
    ("symbol", "says"),
    [
        ("CRUDEOIL19NOV26FUT", "expired before 2026-11-20"),
        ("CRUDEOIL18DEC26FUT", "no table has the lot; write its tick or lot_size in system_config.yaml"),
        ("INFY29DEC26FUT", "no table has the lot; write its tick or lot_size in system_config.yaml"),
        ("NIFTY26NOVFUT", "is no contract as OpenAlgo spells it: NIFTY29DEC26FUT"),
        ("NIFTY31FEB2726000CE", "is no contract as OpenAlgo spells it: NIFTY29DEC26FUT"),
    ],
)
def test_a_contract_that_cannot_be_known_by_its_name_is_refused(tmp_path, capsys, symbol, says):
    bars(tmp_path, symbol, 1000, count=70)
    assert asked("backtest", tmp_path) == 1
    assert says in capsys.readouterr().err


def test_the_lot_of_a_contract_on_a_share_is_what_the_configuration_says(tmp_path, capsys):
    """One on what NSE lists no contracts on stays refused: the charges and the hours would be another exchange's."""
    config = tmp_path / "config"
    config.mkdir()
    given = (
        "  instruments:\n    INFY29DEC2615000CE:\n      lot_size: 400\n    CRUDEOIL18DEC26FUT:\n      lot_size: 100\n"
    )
    (config / "system_config.yaml").write_text(f"system:\n{given}", "utf-8")
    folder = tmp_path / "bars"
    folder.mkdir()
    bars(folder, "INFY29DEC2615000CE", 40)
    more = ("--config", str(config), "--json", "--capital", "1000000")
    assert asked("backtest", folder, *more) == 0
    assert {trade["quantity"] % 400 for trade in json.loads(capsys.readouterr().out)["trades"]} == {0}
    bars(folder, "CRUDEOIL18DEC26FUT", 5000)
    assert asked("backtest", folder, *more) == 1
    assert "no contracts on CRUDEOIL are known at NSE" in capsys.readouterr().err


def test_a_premium_may_double_from_bar_to_bar(tmp_path):
    """What is another company's price of a share is an hour of an option on its last day."""
    rows = ["timestamp,open,high,low,close,volume", f"{OPEN.isoformat()},1,1.2,0.4,0.4,9"]
    rows.append(f"{(OPEN + timedelta(minutes=5)).isoformat()},1.5,4,1.5,4,9")
    path = tmp_path / f"{CALL}.csv"
    path.write_text("\n".join(rows) + "\n", "utf-8")
    assert len(read_bars(path, symbol=CALL, interval="5m").bars) == 2
