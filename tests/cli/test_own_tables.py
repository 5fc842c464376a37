"""What the command line makes of bars follows the tables of the configuration."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore_openalgo.cli import bars as cli
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.config import load_settings

LATER = {"2026-11-01": ("2026-11-30", "0.25"), "2026-12-01": ("2099-12-31", "2")}


class File:
    """As much of a file of bars as an instrument is made from."""

    def __init__(self):
        start = datetime(2026, 11, 20, 9, 15, tzinfo=rc.IST)
        self.bars = [rc.Bar(at=start + timedelta(minutes=n), open=100, high=101, low=99, close=100) for n in range(2)]


def test_tick_and_sector_come_from_the_users_tables(tmp_path):
    """And what the configuration says of the symbol itself goes before both."""
    own = tmp_path / "mine"
    own.mkdir()
    (own / "sectors.csv").write_text("symbol,sector\nSMALL,Chemicals\n", encoding="ascii")
    (own / "ticks.yaml").write_text(
        "- {since: 2026-11-01, exchange: NSE, segment: EQ, bands: [{tick: 0.25}]}\n", encoding="ascii"
    )
    (tmp_path / "system_config.yaml").write_text("system:\n  tables: mine\n", encoding="ascii")
    made = cli._instrument("SMALL", File(), load_settings(tmp_path), None)
    assert (made.tick, made.sector) == (Decimal("0.25"), "Chemicals")
    text = "system:\n  tables: mine\n  instruments:\n    SMALL:\n      tick: 0.05\n      sector: Mine\n"
    (tmp_path / "system_config.yaml").write_text(text, encoding="ascii")
    made = cli._instrument("SMALL", File(), load_settings(tmp_path), None)
    assert (made.tick, made.sector) == (Decimal("0.05"), "Mine")


def test_bars_of_a_fund_are_of_one_where_the_configuration_says_so(tmp_path):
    text = "system:\n  instruments:\n    NIFTYBEES:\n      kind: etf\n"
    (tmp_path / "system_config.yaml").write_text(text, encoding="ascii")
    with pytest.raises(ValueError, match="write its tick in"):
        cli._instrument("NIFTYBEES", File(), load_settings(tmp_path), None)
    (tmp_path / "system_config.yaml").write_text(f"{text}      tick: 0.01\n", encoding="ascii")
    made = cli._instrument("NIFTYBEES", File(), load_settings(tmp_path), None)
    assert (made.kind, made.tick) == ("etf", Decimal("0.01"))


def test_the_tick_of_a_later_day_is_that_of_the_tables_unless_the_configuration_has_one(tmp_path):
    (tmp_path / "mine").mkdir()
    about = "exchange: NSE, segment: EQ, bands: [{tick: %s}]"
    rows = [f"- {{since: {day}, until: {last}, {about % tick}}}\n" for day, (last, tick) in LATER.items()]
    (tmp_path / "mine" / "ticks.yaml").write_text("".join(rows), encoding="ascii")
    for more, ticks in (("", ["0.25", "2"]), ("  instruments:\n    SMALL:\n      tick: 0.05\n", ["0.05", "0.05"])):
        (tmp_path / "system_config.yaml").write_text(f"system:\n  tables: mine\n{more}", encoding="ascii")
        settings = load_settings(tmp_path)
        thing = cli._instrument("SMALL", File(), settings, None)
        listed = cli.listed_of({thing: File().bars}, settings)
        days = map(date.fromisoformat, LATER)
        assert [listed(thing, day).tick for day in days] == [Decimal(tick) for tick in ticks]


def test_bars_of_a_special_session_of_the_users_own_are_read(tmp_path, capsys):
    """By a backtest, and by the verb that takes a file over; without that calendar the exchange was closed."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "days.csv").write_text(
        "day,kind,open,close\n2026-02-07,special,09:15,11:15\n", encoding="ascii"
    )
    (tmp_path / "system_config.yaml").write_text("system:\n  tables: mine\n", encoding="ascii")
    start = datetime(2026, 2, 7, 9, 15, tzinfo=rc.IST)
    rows = [f"{start + timedelta(minutes=n):%Y-%m-%d %H:%M},100,101,99,100,10" for n in range(120)]
    (tmp_path / "INFY.csv").write_text("\n".join(["date,open,high,low,close,volume", *rows]), encoding="ascii")
    folder, config = str(tmp_path / "bars"), ("--config", str(tmp_path))
    over = ("bars", str(tmp_path / "INFY.csv"), "--to", folder, "--overwrite")
    assert main([*over]) == 1
    assert "closed_day: the exchange was closed on 2026-02-07" in capsys.readouterr().err
    assert main([*over, *config]) == 0
    assert main(["backtest", "--bars", folder, "--strategy", "ema_cross", *config]) == 0
    assert "closed_day" not in capsys.readouterr().err
