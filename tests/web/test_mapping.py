"""Another mapping is a few lines of YAML: what a source calls things is read as it says."""

import json
from datetime import datetime
from pathlib import Path

import pytest

import riskcore as rc
from riskcore_openalgo.config import ConfigurationError, load_settings
from riskcore_openalgo.runner.receiving import sources_of
from riskcore_openalgo.web.alerts import read_alert
from riskcore_openalgo.web.mapping import FieldMap

NOW = datetime(2026, 8, 18, 9, 20, 3, tzinfo=rc.IST)
SECRETS = """
api_credentials:
  webhook:
    secrets: {scanner: "a-long-secret-of-the-scanner"}
    old_secrets:
      scanner: {secret: "the-one-before", until: "2026-08-19"}
"""
SYSTEM = """
system:
  sources:
    scanner:
      addresses: [198.51.100.0/24]
      per_minute: 30
      fields: {symbol: [order.instrument, scrip], action: direction, quantity: lots, strategy: order.tag,
               context: order.meta}
      actions: {long: buy, short: sell}
      symbols: {RELI: RELIANCE}
      given: {exchange: BSE, product: CNC, strategy: scan}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "api_credentials.yaml").write_text(SECRETS, encoding="utf-8")
    (tmp_path / "system_config.yaml").write_text(SYSTEM, encoding="utf-8")
    return tmp_path


def read(folder, content):
    rules = sources_of(load_settings(folder))["scanner"]
    body = json.dumps(content).encode()
    return read_alert(body, source="scanner", received_at=NOW, secret=None, by=rules.mapping)


def test_a_source_is_read_by_its_own_words(folder):
    """Names within objects, words for the sides, symbols, and what is not sent."""
    order = {"Instrument": "reli", "tag": "", "meta": {"setup": "gap"}}
    told = {"order": order, "direction": "Long", "lots": 5, "quantity": 99}
    signal = read(folder, told).signal
    assert (signal.symbol, signal.exchange, signal.side, signal.product) == ("RELIANCE", "BSE", "BUY", "CNC")
    assert (signal.quantity, signal.note, signal.strategy) == (5, "asked for lots '5'; not read: quantity", "scan")
    assert dict(signal.context) == {"setup": "gap"}


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"symbol": "TCS", "direction": "long"}, "alert_symbol_missing"),
        ({"scrip": "TCS", "action": "buy"}, "alert_action_missing"),
        ({"scrip": "TCS", "direction": "flat"}, "alert_action_unknown"),
        ({"scrip": "TCS", "order": {"instrument": "INFY"}, "direction": "buy"}, "alert_field_conflict"),
        ({"scrip": "TCS", "order": [1], "direction": "buy", "price": 0}, "alert_price_invalid"),
        ({"scrip": "TCS", "order": "x", "direction": "buy", "exchange": "MCX"}, "alert_exchange_unknown"),
    ],
)
def test_a_declared_field_has_its_declared_names_alone(folder, told, reason):
    """Else two readings of one alert would be right."""
    assert read(folder, told).reason == reason


@pytest.mark.parametrize("exchange", [None, "NSE", "NFO"])
def test_what_a_source_calls_a_contract_may_be_declared_with_its_exchange(exchange):
    """TradingView's continuous contract is NSE:NIFTY1!, and which month trades is the user's to say."""
    by = FieldMap(symbols={"NIFTY1!": "NFO:NIFTY29DEC26FUT"})
    body = json.dumps({"symbol": "NIFTY1!", "exchange": exchange, "action": "buy"}).encode()
    found = read_alert(body, source="tv", received_at=NOW, secret=None, by=by)
    assert found.signal.key == "NFO:NIFTY29DEC26FUT"


@pytest.mark.parametrize(("stocks", "reason"), [("SBIN", None), ("SBIN,TCS", "alert_several_symbols")])
def test_a_list_of_stocks_that_is_declared_to_be_the_symbol_may_hold_one(stocks, reason):
    """Chartink sends nothing else; one stock was several."""
    by = FieldMap(fields={"symbol": ("stocks",)}, given={"action": "buy"})
    body = json.dumps({"stocks": stocks, "trigger_prices": "1120", "triggered_at": "2:34 pm"}).encode()
    found = read_alert(body, source="scanner", received_at=NOW, secret=None, by=by)
    assert getattr(found, "reason", None) == reason
    assert reason or found.signal.symbol == "SBIN"


def test_secrets_addresses_and_rates_are_the_configurations(folder):
    rules = sources_of(load_settings(folder))["scanner"]
    assert rules.valid(NOW) == ("a-long-secret-of-the-scanner", "the-one-before")
    assert rules.valid(NOW.replace(day=19, hour=0, minute=0, second=0)) == ("a-long-secret-of-the-scanner",)
    assert (rules.per_minute, [str(found) for found in rules.addresses]) == (30, ["198.51.100.0/24"])
    assert "the-one-before" not in repr(load_settings(folder))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("fields: {ticket: x}", "the field ticket is not read; these are: action, "),
        ("fields: {symbol: []}", "symbol must be a name in the alert, or a list of them"),
        ("fields: {symbol: {a: b}}", "symbol must be a name in the alert, or a list of them"),
        ("actions: {long: hold}", "long must mean buy or sell"),
        ('symbols: {A: "RELIANCE INDUSTRIES"}', "symbol"),
        ("given: {exchange: [NSE]}", "exchange must be plain text"),
        ("given: {context: red}", "context is what an alert itself brings"),
        ("given: {colour: red}", "the field colour is not read"),
        ("addresses: [here]", "'here' is no address, nor a range such as 10.0.0.0/8"),
        ("per_minute: 0", "must be a whole number from 1 to 1000000"),
        ("per_hour: 5", "unknown key; delete it"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, line, says):
    (tmp_path / "system_config.yaml").write_text(f"system:\n  sources:\n    tv:\n      {line}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as wrong:
        load_settings(tmp_path)
    assert f"system_config.yaml:4: sources.tv.{line.partition(':')[0]}" in str(wrong.value)
    assert says in str(wrong.value)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("system_config.yaml", "system:\n  sources:\n    tv:\n      per_minute: 5\n"),
        (
            "api_credentials.yaml",
            'api_credentials:\n  webhook:\n    old_secrets:\n      tv: {secret: "x", until: "2026-12-01"}\n',
        ),
    ],
)
def test_a_source_without_a_secret_is_refused_at_the_start(tmp_path, file, text):
    """It would be lost in silence, or let in."""
    Path(tmp_path, file).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"webhook\.secrets\.tv: this source is described and has no secret"):
        sources_of(load_settings(tmp_path))


def test_a_key_of_the_certificate_needs_the_certificate(tmp_path):
    (tmp_path / "system_config.yaml").write_text("system:\n  intake:\n    ssl_keyfile: a.pem\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="a ssl_keyfile needs its ssl_certfile"):
        load_settings(tmp_path)
