"""What the command line makes of bars follows the tables of the configuration."""

from datetime import datetime, timedelta
from decimal import Decimal

import riskcore as rc
from riskcore_openalgo.cli import bars as cli
from riskcore_openalgo.config import load_settings


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
