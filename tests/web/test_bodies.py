"""Hostile bodies: bounded, refused by name, quickly; and nothing secret is kept of any."""

import json
from datetime import datetime

import pytest
from hypothesis import given, strategies as st

import riskcore as rc
from riskcore_openalgo.web.alerts import BadAlert, ReadSignal, read_alert
from riskcore_openalgo.web.body import MAX_BYTES, SAFE_LENGTH, safe_text, strict_object

RECEIVED = datetime(2026, 8, 18, 9, 20, 3, tzinfo=rc.IST)
SECRET = "sw0rdf1sh"


def read(body, secret=None):
    return read_alert(body, source="tv", received_at=RECEIVED, secret=secret)


def with_price(text):
    return f'{{"symbol":"TCS","action":"buy","price":{text}}}'.encode()


HOSTILE = [
    (b"", 400, "alert_empty"),
    (b" \r\n\t ", 400, "alert_empty"),
    (b"\xef\xbb\xbf", 400, "alert_empty"),
    (b"\xff\xfe{}", 400, "alert_not_utf8"),
    ('{"symbol":"TCS"}'.encode("utf-16"), 400, "alert_not_utf8"),
    (b"null", 400, "alert_not_an_object"),
    (b"[]", 400, "alert_not_an_object"),
    (b'"buy"', 400, "alert_not_an_object"),
    (b"12", 400, "alert_not_an_object"),
    (b"{", 400, "alert_not_json"),
    (b"{}{}", 400, "alert_not_json"),
    (b'{"a":1}\x00', 400, "alert_not_json"),
    (b'{"a":"\x01"}', 400, "alert_not_json"),
    ("{\u201csymbol\u201d: 1}".encode(), 400, "alert_not_json"),
    (b"symbol=TCS&action=buy", 400, "alert_not_json"),
    (b'{"a":' * 21 + b"1" + b"}" * 21, 400, "alert_too_deep"),
    (b"[" * 60_000, 400, "alert_too_deep"),
    (b'{"a":' * 10_000, 400, "alert_too_deep"),
    (b'{"a":1,"a":2}', 400, "alert_duplicate_key"),
    (b'{"x":{"a":1,"a":1}}', 400, "alert_duplicate_key"),
    (b'{"symbol":"TCS","\\u0073ymbol":"INFY","action":"buy"}', 400, "alert_duplicate_key"),
    (with_price("NaN"), 400, "alert_number_invalid"),
    (with_price("Infinity"), 400, "alert_number_invalid"),
    (with_price("-Infinity"), 400, "alert_number_invalid"),
    (with_price("1e999"), 400, "alert_number_invalid"),
    (with_price("1E-400"), 400, "alert_number_invalid"),
    (with_price("9" * 5000), 400, "alert_number_invalid"),
    (with_price("0." + "9" * 5000), 400, "alert_number_invalid"),
    (with_price("-0"), 400, "alert_price_invalid"),
    (with_price("-0.0"), 400, "alert_price_invalid"),
    (with_price("01"), 400, "alert_not_json"),
    (with_price("+1"), 400, "alert_not_json"),
    (with_price("0x10"), 400, "alert_not_json"),
    (with_price("\u0967"), 400, "alert_not_json"),
    (with_price('"\u0967"'), 400, "alert_price_invalid"),
    (b"x" * (MAX_BYTES + 1), 413, "alert_too_large"),
    (b"\xff" * 2_000_000, 413, "alert_too_large"),
]


@pytest.mark.parametrize(("body", "status", "reason"), HOSTILE)
def test_a_hostile_body_is_refused_by_name(body, status, reason):
    """Never an exception."""
    problem = read(body)
    assert isinstance(problem, BadAlert)
    assert (problem.status, problem.reason) == (status, reason)


def test_what_is_just_within_the_bounds_is_read():
    """64 KiB, and twenty levels."""
    body = b'{"symbol":"TCS","action":"buy"}'
    assert isinstance(read(body + b" " * (MAX_BYTES - len(body))), ReadSignal)
    assert isinstance(strict_object('{"a":' * 20 + "1" + "}" * 20), dict)
    assert isinstance(read(b'{"symbol":"TCS","action":"buy","note":"' + b"[{" * 500 + b'"}'), ReadSignal)


SLOW_TO_SEARCH = [
    b'"' * MAX_BYTES,
    b"\\" * MAX_BYTES,
    b'"\\' * (MAX_BYTES // 2),
    b"secret" * (MAX_BYTES // 6),
    b"secret-" * (MAX_BYTES // 7),
    b"key " * (MAX_BYTES // 4),
    b"key=[" * (MAX_BYTES // 5),
    b"key='" * (MAX_BYTES // 5),
    b'"key":"' * (MAX_BYTES // 7),
    b"key" + b" " * (MAX_BYTES - 3),
    b"\\u0041" * (MAX_BYTES // 6),
    b"{{" * (MAX_BYTES // 2),
    b'{"action":"' + b"{{" * 30_000 + b'"}',
]


@pytest.mark.parametrize("body", SLOW_TO_SEARCH)
def test_F03_a_body_made_to_be_slow_to_search_is_refused(body):
    """What that takes is measured by `benchmarks/bench_bodies.py`."""
    assert isinstance(read(body, SECRET), BadAlert)


@pytest.mark.parametrize(
    "body",
    [
        '{"secret": "sw0rdf1sh", "symbol": "TCS"}',
        '{"KEY": "sw0rdf1sh"}',
        '{"a": [{"Api-Key": "sw0rdf1sh"}]}',
        '{"api_key": {"b": ["sw0rdf1sh"]}}',
        '{"access_token": 12345, "password": "sw0rdf1sh"}',
        '{"note": "the sw0rdf1sh stands elsewhere", "sw0rdf1sh": 1}',
        '{"note": "sw0rdf1s\\u0068"}',
        '{"action": "sw0rdf1sh"}',
        "{'secret': 'sw0rdf1sh', 'symbol': 'TCS'}",
        '{"secret": "sw0rdf1sh", "a": 1, "a": 2}',
        '{"secr\\u0065t": "sw0rdf1sh",}',
        '{"secret": {"x": "sw0rdf1sh"},}',
        '{"secret": "sw0rdf1sh',
        "secret=sw0rdf1sh;SYMBOL=TCS",
        "token : sw0rdf1sh, and more",
        "{\u201cpassphrase\u201d: \u201csw0rdf1sh\u201d}",
        'Authorization token="sw0rdf1sh"',
    ],
)
@pytest.mark.parametrize("secret", [None, SECRET])
def test_nothing_secret_is_kept(body, secret):
    """By the field's name where the secret is not known, and the secret itself wherever it stands."""
    by_name_only = secret is None and ("note" in body or "action" in body)
    kept = safe_text(body.encode(), secret)
    assert by_name_only or (SECRET not in kept and "***" in kept)
    reading = read(body.encode(), secret or "another")
    assert by_name_only or SECRET not in reading.safe_body + reading.message


def test_a_quoted_secret_with_quotes_in_it_is_blanked():
    """As JSON writes it."""
    secret = 'sw"ord\\fish'
    assert secret not in safe_text(json.dumps({"note": f"a {secret} b"}).encode(), secret)
    assert "fish" not in safe_text(('{"note": ' + json.dumps(f"a {secret} b") + ",}").encode(), secret)


def test_what_is_kept_can_be_kept():
    """At most 2,000 characters, printable or a line's end, bytes that are no text replaced."""
    kept = safe_text(b"\xff\x00\x1b[31m" + b"x" * 5000)
    assert len(kept) == SAFE_LENGTH
    assert kept.startswith("\ufffd\ufffd\ufffd[31mx")


def test_what_is_no_secret_is_kept_as_it_was():
    """Or nobody could say afterwards what had been sent."""
    body = '{"symbol": "TCS", "action": "long", "price": 1311.6, "monkey": "x", "n": null}'
    assert safe_text(body.encode()) == body
    assert safe_text(b"EXCHANGE=NSE;\r\nSYMBOL=SBIN;") == "EXCHANGE=NSE;\r\nSYMBOL=SBIN;"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["buy", "SELL", "NSE:TCS", "M_M", "0", "{{x}}", "flat", "2026-08-18T03:45:00Z", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [
        "symbol",
        "ticker",
        "action",
        "side",
        "exchange",
        "price",
        "stop",
        "target",
        "time",
        "timenow",
        "bar_time",
        "interval",
        "position_size",
        "market_position",
        "prev_market_position",
        "kind",
        "reduce_by",
        "reduce_pct",
        "context",
        "close_position",
        "product",
        "strategy",
        "quantity",
        "secret",
        "key",
        "Symbol",
        "stocks",
    ]
)
OBJECTS = st.dictionaries(NAMES | st.text(max_size=4), VALUES, max_size=8)


def is_sound(reading):
    if isinstance(reading, ReadSignal):
        return len(reading.receipt_id) == 16 and isinstance(reading.signal, rc.Signal)
    kept = reading.safe_body.encode()  # what is kept can be written down
    return (
        reading.status in (400, 401, 413)
        and reading.reason.startswith("alert_")
        and len(reading.safe_body) <= SAFE_LENGTH
        and b"\x00" not in kept
        and reading.message.isascii()
    )


@given(body=st.binary(max_size=300) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_read_or_refused(body):
    """Never an exception, with a secret or without."""
    assert is_sound(read(body))
    assert is_sound(read(body, SECRET))


@given(fields=OBJECTS, secret=st.none() | st.just(SECRET))
def test_any_object_is_read_or_refused(fields, secret):
    """Objects that look like alerts go further in, and come out as soundly."""
    assert is_sound(read(json.dumps(fields).encode(), secret))


@pytest.mark.parametrize(("other", "reason"), [("1480.00", None), (1480, None), ("1480.05", "alert_field_conflict")])
def test_two_names_of_a_field_may_write_one_number_in_two_ways(other, reason):
    """`"1480"` and `"1480.00"` were said to be different things."""
    told = {"symbol": "TCS", "action": "buy", "stop": "1480", "stop_loss": other}
    assert getattr(read(json.dumps(told).encode()), "reason", None) == reason


@given(fields=OBJECTS)
def test_a_good_core_with_anything_around_it_is_read_or_refused(fields):
    """With symbol and action in place the odd fields are reached."""
    assert is_sound(read(json.dumps({**fields, "symbol": "TCS", "action": "buy"}).encode()))


@given(fields=OBJECTS, cut=st.integers(0, 40), name=st.sampled_from(["secret", "key", "apikey", "token"]))
def test_the_secret_is_in_nothing_that_is_kept(fields, cut, name):
    """Whole bodies and bodies that broke off."""
    text = json.dumps({name: SECRET, **{key: value for key, value in fields.items() if key != name}})
    reading = read(text[: len(text) - cut].encode(), "another")
    assert isinstance(reading, BadAlert)
    assert SECRET not in reading.safe_body
    assert SECRET not in reading.message
