"""Alerts as people were seen to send them: each recorded body with its expected outcome."""

import json
from datetime import datetime, timedelta

import pytest
from attrs import evolve

import riskcore as rc
from riskcore_openalgo.web.alerts import BadAlert, read_alert

RECEIVED = datetime(2026, 8, 18, 9, 20, 3, tzinfo=rc.IST)
QUARTER_PAST = datetime(2026, 8, 18, 9, 15, tzinfo=rc.IST)


def read(content, *, secret=None, source="tv"):
    return read_alert(content.encode(), source=source, received_at=RECEIVED, secret=secret)


def problem_of(content):
    reading = read(content)
    assert isinstance(reading, BadAlert), reading
    return reading


SIGNAL_CASES = {
    "oa_strategy_alert_entry": ("NSE:RELIANCE", "BUY", "entry", None, "TradingView Strategy"),
    "oa_strategy_alert_exit": ("NSE:RELIANCE", "SELL", "exit", None, "TradingView Strategy"),
    "oa_line_alert": ("NSE:NHPC", "BUY", "entry", None, "TradingView Line Alert"),
    "oa_unquoted_quantity": ("NSE:SBIN", "BUY", "entry", None, ""),
    "oa_limit_with_price": ("NSE:TCS", "BUY", "entry", "2136.3", "TVLimit"),
    "oa_strategy_module_both_exit": ("NSE:RELIANCE", "SELL", "exit", None, ""),
    "oa_strategy_module_min": ("NSE:RELIANCE", "BUY", "entry", None, ""),
    "spec_minimal": ("NSE:RELIANCE", "BUY", "entry", "2500", ""),
    "full_strategy_payload": ("NSE:RELIANCE", "BUY", "entry", "1311.6", ""),
    "pine_alert_message": ("NSE:RELIANCE", "BUY", "entry", "1311.6", ""),
    "india_cli_payload": ("NSE:RELIANCE", "BUY", "entry", "2450.5", "EMA Crossover"),
    "ticker_underscore_mm": ("NSE:M&M", "BUY", "entry", None, ""),
    "ticker_prefixed": ("NSE:RELIANCE", "BUY", "entry", "1311.6", ""),
    "crypto_style_all_strings": ("NSE:SBIN", "BUY", "entry", "1120", ""),
    "bad_missing_stop_key": ("NSE:SBIN", "BUY", "entry", None, ""),
}
REFUSED_CASES = {
    "ohlcv_nested_payload": "alert_action_missing",
    "delayed_feed_exchange": "alert_delayed_feed",
    "chartink_multi": "alert_several_symbols",
    "text_only_json": "alert_action_missing",
    "bad_missing_comma_and_quote": "alert_not_json",
    "bad_no_braces": "alert_not_json",
    "bad_key_value_crlf": "alert_not_json",
    "bad_python_repr": "alert_not_json",
    "bad_empty_body": "alert_empty",
    "bad_plain_sentence": "alert_not_json",
    "bad_nan_plot": "alert_number_invalid",
    "bad_unfilled_placeholders": "alert_placeholder_unfilled",
    "bad_smart_quotes": "alert_not_json",
    "bad_trailing_comma": "alert_not_json",
    "bad_action_word": "alert_action_unknown",
}
SEQUENCES = {"two_partial_closes_out_of_order", "same_alert_twice"}


@pytest.fixture
def bodies(riskcore_data):
    cases = json.loads((riskcore_data / "webhooks/alerts.json").read_text(encoding="utf-8"))["cases"]
    return {case["id"]: case["body"] if case["body"] is not None else case["sequence"] for case in cases}


def test_every_recorded_alert_has_its_row(bodies):
    """A new case in the collection needs a decision here."""
    assert set(bodies) == set(SIGNAL_CASES) | set(REFUSED_CASES) | SEQUENCES


@pytest.mark.parametrize(("case", "expected"), SIGNAL_CASES.items())
def test_recorded_alerts_that_are_signals(bodies, case, expected):
    """Exchange and symbol, side, kind, price and strategy, as the sender meant them."""
    signal = read(bodies[case]).signal
    price = None if signal.price is None else str(signal.price)
    found = (f"{signal.exchange}:{signal.symbol}", signal.side, signal.kind, price, signal.strategy)
    assert found == expected
    assert (signal.source, signal.product) == ("alert:tv", "MIS")


@pytest.mark.parametrize(("case", "reason"), REFUSED_CASES.items())
def test_recorded_alerts_that_are_not(bodies, case, reason):
    """400, and the reason by name."""
    problem = problem_of(bodies[case])
    assert (problem.status, problem.reason) == (400, reason)
    assert problem.message


def test_the_partial_close_that_opened_a_position_elsewhere_is_no_entry(bodies):
    """Two closing orders arrive reversed: the exit is an exit, the earlier one is that part of it, and no short."""
    last, first = (read(body).signal for body in bodies["two_partial_closes_out_of_order"])
    assert (last.kind, last.reduces) == (rc.EXIT, False)
    assert (first.kind, float(first.reduce_pct)) == (rc.EXIT, pytest.approx(100 * 1539 / 3540, abs=1e-4))


def test_the_same_alert_twice_has_one_receipt_id(bodies):
    """The same content from the same source; another source is another receipt."""
    first, second = bodies["same_alert_twice"]
    assert read(first).receipt_id == read(second).receipt_id
    assert len(read(first).receipt_id) == 16
    assert read(first, source="other").receipt_id != read(first).receipt_id
    assert read(f" {first} ").receipt_id == read(first).receipt_id
    assert read(first.replace("SBIN", "TCS")).receipt_id != read(first).receipt_id


def test_a_receipt_tells_nothing_of_the_secret(bodies):
    """It stands in the journal: whoever guesses secrets must find no answer to check them by."""
    body = bodies["full_strategy_payload"]
    before = read(body, secret="YOUR_SECRET_KEY_HERE").receipt_id
    assert read(body.replace("YOUR_SECRET_KEY_HERE", "another"), secret="another").receipt_id == before


def test_the_full_payload_in_full(bodies):
    """03:45Z is 09:15 in India, that bar ends at 09:20, interval "5" is 5m; the contracts are noted, no more."""
    reading = read(bodies["full_strategy_payload"], secret="YOUR_SECRET_KEY_HERE")
    assert evolve(reading.signal, receipt="RECEIPT") == rc.Signal(
        "RELIANCE",
        "BUY",
        at=QUARTER_PAST + timedelta(minutes=5),
        price="1311.6",
        source="alert:tv",
        interval="5m",
        bar_at=QUARTER_PAST,
        note="asked for contracts '50'; not read: order_id",
        quantity=50,
        receipt="RECEIPT",
    )
