"""`riskcore margins`: what the broker asks of futures, as a table that the next day reads."""

import json
from argparse import Namespace
from datetime import date, datetime
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.cli.margins import run
from riskcore_openalgo.client import Client, MarginNeeded
from riskcore_openalgo.config import load_settings
from riskcore_openalgo.testing import LIVE, FakeBroker, FakeOpenAlgo

NOW = datetime(2026, 11, 30, 10, 30, tzinfo=rc.IST)
FUTURES = ("NFO:NIFTY29DEC26FUT", "NFO:NIFTY26JAN27FUT")
KEY = "api_credentials:\n  openalgo:\n    api_key: a-key-of-the-tests\n    host: "


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A configuration that watches a share and a future."""
    monkeypatch.delenv("OPENALGO_API_KEY", raising=False)
    broker = FakeBroker(clock=lambda: NOW, cash=10_000_000, profile=LIVE)
    broker.contract("NSE:INFY", tick="0.05")
    broker.quote("NSE:INFY", last=1500)
    for place, key in enumerate(FUTURES):
        broker.contract(key, tick="0.1", lot=65)
        broker.quote(key, last=26_000 + 100 * place)
    (tmp_path / "tables").mkdir()
    system = f"system:\n  watch: [INFY, {FUTURES[0]}]\n  tables: tables\n"
    (tmp_path / "system_config.yaml").write_text(system, encoding="utf-8")
    with FakeOpenAlgo(broker, key="a-key-of-the-tests") as server:
        (tmp_path / "api_credentials.yaml").write_text(f"{KEY}{server.host}\n", encoding="utf-8")
        yield tmp_path


def printed(capsys, folder, *keys, as_json=False):
    assert run(Namespace(config=folder, keys=list(keys), json=as_json), clock=lambda: NOW) == 0
    return capsys.readouterr().out


def test_what_is_printed_is_a_table_that_the_policy_reads(folder, capsys):
    table = printed(capsys, folder)
    assert len(table.splitlines()) == 3  # a line of names, and one for each product
    (folder / "tables" / "margins.csv").write_text(table, encoding="utf-8")
    tables = load_settings(folder).policy.tables
    other_month = rc.future("NIFTY", expiry=date(2027, 1, 26), on=NOW.date(), tick="0.1")
    for product in ("MIS", "NRML"):
        assert rc.margin_pct(other_month, product, on=NOW.date(), tables=tables) == 10
    assert rc.margin_pct(other_month, "NRML", on=date(2026, 11, 29), tables=tables) is None


def test_a_margin_of_nothing_makes_no_table(folder, monkeypatch):
    """A plugin that found nothing says 0; the table would have been refused later, with its line."""
    monkeypatch.setattr(Client, "margin", lambda client, wanted: MarginNeeded(Decimal(0), None, None))
    with pytest.raises(ValueError, match=r"NFO:NIFTY29DEC26FUT: OpenAlgo told a margin of 0"):
        run(Namespace(config=folder, keys=[], json=False), clock=lambda: NOW)


def test_of_several_months_the_one_that_asks_most_counts_and_a_part_is_rounded_up(folder, capsys, monkeypatch):
    def told(client, wanted):
        [one] = wanted
        share = {"BUY": "0.12", "SELL": "0.130001"}[one.side] if one.symbol.startswith("NIFTY26JAN") else "0.11"
        return MarginNeeded(Decimal(share) * one.price * one.quantity, None, None)

    monkeypatch.setattr(Client, "margin", told)
    rows = json.loads(printed(capsys, folder, *FUTURES, as_json=True))["margins"]
    found = [(row["product"], row["symbol"], row["margin_pct"]) for row in rows]
    assert found == [("MIS", "NIFTY", "13.01"), ("NRML", "NIFTY", "13.01")]
    assert "NIFTY26JAN27FUT at 26100" in rows[0]["source"]


@pytest.mark.parametrize(
    ("key", "says"),
    [("NSE:INFY", "NSE:INFY is no future"), ("NFO:NOSUCH29DEC26FUT", "NOSUCH29DEC26FUT"), ("nonsense", "nonsense")],
)
def test_what_is_no_future_is_named(folder, capsys, key, says):
    assert main(["margins", key, "--config", str(folder)]) == 1
    said = capsys.readouterr().err
    assert (says in said, "Traceback" in said) == (True, False)


def test_without_a_future_to_ask_for_or_a_key_it_says_so(folder, capsys):
    (folder / "system_config.yaml").write_text("system:\n  watch: [INFY]\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no future is watched"):
        printed(capsys, folder)
    (folder / "api_credentials.yaml").unlink()
    with pytest.raises(ValueError, match="there is no API key"):
        printed(capsys, folder)
