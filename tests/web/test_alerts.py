"""What people send, and what is made of it: a signal, or a problem with a name."""

import json
from datetime import datetime
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore_openalgo.web.alerts import (
    BadAlert,
    ReadSignal,
    read_alert,
    same_secret,
    unauthorised,
)

RECEIVED = datetime(2026, 8, 18, 9, 20, 3, tzinfo=rc.IST)
QUARTER_PAST = datetime(2026, 8, 18, 9, 15, tzinfo=rc.IST)
MICROS = QUARTER_PAST.replace(microsecond=123_456)
TWENTY_PAST = datetime(2026, 8, 18, 9, 20, tzinfo=rc.IST)
BUY = {"symbol": "RELIANCE", "action": "buy"}


def read(content, *, secret=None, source="tv"):
    body = content if isinstance(content, bytes) else content.encode()
    return read_alert(body, source=source, received_at=RECEIVED, secret=secret)


def signal_of(fields, **kwargs):
    reading = read(json.dumps(fields), **kwargs)
    assert isinstance(reading, ReadSignal), reading
    assert reading.signal.receipt == reading.receipt_id
    return attrs.evolve(reading.signal, receipt="")


def problem_of(content, **kwargs):
    reading = read(content if isinstance(content, (str, bytes)) else json.dumps(content), **kwargs)
    assert isinstance(reading, BadAlert), reading
    return reading


def test_without_a_time_of_its_own_the_alert_is_as_old_as_its_arrival():
    """And has no bar time: that is not invented."""
    signal = signal_of(BUY)
    assert (signal.at, signal.bar_at) == (RECEIVED, None)


@pytest.mark.parametrize(
    ("levels", "taken"), [("2440 2475.5", (2440, Decimal("2475.5"))), (2440, (2440,)), ("", ()), (None, ())]
)
def test_levels_are_prices_with_spaces_between_them(levels, taken):
    """Support and resistance, for a policy whose stop goes by them; an exit reads none of them."""
    assert signal_of({**BUY, "levels": levels}).levels == taken
    assert signal_of({**BUY, "levels": "wrong", "close_position": True}).levels == ()


@pytest.mark.parametrize("levels", ["2,440", "2440, 2475", "near", True, "1 " * 21, "0", [2440]])
def test_levels_that_are_none_are_refused(levels):
    """A comma could be one of thousands: 2,440 must not become 2 and 440."""
    assert problem_of({**BUY, "levels": levels}).reason == "alert_levels_invalid"


@pytest.mark.parametrize(
    ("fields", "at", "bar_at"),
    [
        ({"time": "2026-08-18T03:45:00Z"}, QUARTER_PAST, QUARTER_PAST),
        ({"time": "2026-08-18T09:15:00+05:30"}, QUARTER_PAST, QUARTER_PAST),
        ({"time": "2026-08-18 09:15+05:30"}, QUARTER_PAST, QUARTER_PAST),
        ({"time": "2026-08-18T09:15:00+0530"}, QUARTER_PAST, QUARTER_PAST),
        ({"time": "2026-08-18T03:45:00.123456789Z"}, MICROS, MICROS),
        ({"timenow": "2026-08-18T03:45:00.123456+00:00"}, MICROS, None),
        ({"bar_time": "2026-08-18T03:45:00.000Z"}, RECEIVED, QUARTER_PAST),
        ({"time": "2026-08-18T03:50:00Z", "bar_time": "2026-08-18T03:45:00Z"}, TWENTY_PAST, QUARTER_PAST),
        ({"timenow": "2026-08-18T03:50:00Z", "time": "2026-08-18T03:45:00Z"}, TWENTY_PAST, QUARTER_PAST),
        ({"timenow": "2026-08-18T03:50:00Z"}, TWENTY_PAST, None),
        ({"time": "2026-08-18T03:45:00Z", "interval": "5"}, TWENTY_PAST, QUARTER_PAST),
        ({"bar_time": "2026-08-18T03:45:00Z", "interval": "5"}, TWENTY_PAST, QUARTER_PAST),
        ({"time": "2026-08-18T03:45:00Z", "interval": "D"}, RECEIVED, QUARTER_PAST),
    ],
)
def test_the_times_an_alert_may_bring(fields, at, bar_at):
    """`timenow` is when it was sent, `time` the bar's start, `bar_time` the bar where `time` is something else."""
    signal = signal_of({**BUY, **fields})
    assert (signal.at, signal.bar_at) == (at, bar_at)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-08-18T09:15:00", "alert_time_without_zone"),
        ("2026-08-18 09:15", "alert_time_without_zone"),
        ("18/08/2026 09:15 IST", "alert_time_invalid"),
        ("2026-02-30T09:15:00Z", "alert_time_invalid"),
        ("9999-12-31T23:59:59Z", "alert_time_invalid"),
        ("0001-01-01T00:00:00+14:00", "alert_time_invalid"),
        ("2026-08-18T09:15:00+99:99", "alert_time_invalid"),
        ("2026-W34-2T09:15:00Z", "alert_time_invalid"),
        ("\u0968026-08-18T09:15:00Z", "alert_time_invalid"),
        ("2026-08-18T09:15.5Z", "alert_time_invalid"),
        (1755488700, "alert_time_invalid"),
    ],
)
@pytest.mark.parametrize("name", ["time", "timenow", "bar_time"])
def test_a_time_that_is_none_is_refused(name, text, reason):
    """A local time without its zone could be any of two moments; the rest is no time at all."""
    found = problem_of({**BUY, name: text})
    assert (found.reason, ascii(str(text)[:20])[1:-1] in found.message) == (reason, True)


@pytest.mark.parametrize(
    ("symbol", "exchange", "expected"),
    [
        ("RELIANCE", None, "NSE:RELIANCE"),
        ("reliance", "nse", "NSE:RELIANCE"),
        ("BSE:RELIANCE", None, "BSE:RELIANCE"),
        ("RELIANCE", "BSE", "BSE:RELIANCE"),
        ("NSE:BAJAJ_AUTO", "NSE", "NSE:BAJAJ-AUTO"),
        ("M&M", "NSE", "NSE:M&M"),
        ("M_MFIN", "", "NSE:M&MFIN"),
        ("SBIN.NS", None, "NSE:SBIN"),
        ("SBIN.BO", None, "BSE:SBIN"),
        (" INFY ", None, "NSE:INFY"),
        ("NIFTY29DEC26FUT", "NFO", "NFO:NIFTY29DEC26FUT"),
        ("nfo:banknifty29dec2658000ce", None, "NFO:BANKNIFTY29DEC2658000CE"),
        ("CRUDEOIL17DEC26FUT", "mcx", "MCX:CRUDEOIL17DEC26FUT"),
    ],
)
@pytest.mark.parametrize("name", ["symbol", "ticker", "trading_symbol"])
def test_a_symbol_in_all_its_spellings(name, symbol, exchange, expected):
    """TradingView's underscores, prefixes, Yahoo's endings."""
    signal = signal_of({name: symbol, "exchange": exchange, "side": "Buy"})
    assert f"{signal.exchange}:{signal.symbol}" == expected


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"symbol": ""}, "alert_symbol_missing"),
        ({"symbol": None}, "alert_symbol_missing"),
        ({"symbol": 500325}, "alert_symbol_invalid"),
        ({"symbol": ["RELIANCE"]}, "alert_symbol_invalid"),
        ({"symbol": "RELIANCE INDUSTRIES"}, "alert_symbol_invalid"),
        ({"symbol": "R" * 60}, "alert_symbol_invalid"),
        ({"symbol": "R" * 70}, "alert_symbol_invalid"),
        ({"symbol": "\u0930\u093f\u0932"}, "alert_symbol_invalid"),
        ({"symbol": "NSE:"}, "alert_symbol_invalid"),
        ({"symbol": "NIFTY1!"}, "alert_symbol_invalid"),
        ({"symbol": "ABC_D"}, "alert_symbol_unknown"),
        ({"symbol": "RELIANCE,TCS"}, "alert_several_symbols"),
        ({"symbol": "{{ticker}}"}, "alert_placeholder_unfilled"),
        ({"ticker": "TCS"}, "alert_field_conflict"),
        ({"side": "sell"}, "alert_field_conflict"),
        ({"symbol": "NSE:RELIANCE", "exchange": "BSE"}, "alert_field_conflict"),
        ({"symbol": "SBIN.NS", "exchange": "BSE"}, "alert_field_conflict"),
        ({"symbol": "NSE_DLY:RELIANCE"}, "alert_delayed_feed"),
        ({"exchange": "BSE_DL"}, "alert_delayed_feed"),
        ({"exchange": "BINANCE"}, "alert_exchange_unknown"),
        ({"exchange": "MCX"}, "alert_exchange_unknown"),
        ({"symbol": "NIFTY29DEC26FUT"}, "alert_exchange_unknown"),
        ({"symbol": "NIFTY29DEC26FUT", "exchange": "NSE"}, "alert_exchange_unknown"),
        ({"symbol": "NFO:NIFTY29DEC26FUT", "exchange": "BFO"}, "alert_field_conflict"),
        ({"action": ""}, "alert_action_missing"),
        ({"action": "flat"}, "alert_action_unknown"),
        ({"action": "buy sell"}, "alert_action_unknown"),
        ({"action": True}, "alert_action_invalid"),
        ({"action": {"side": "buy"}}, "alert_action_invalid"),
        ({"action": "{{strategy.order.action}}"}, "alert_placeholder_unfilled"),
        ({"position_size": "{{strategy.position_size}}"}, "alert_placeholder_unfilled"),
        ({"position_size": "many"}, "alert_position_size_invalid"),
        ({"position_size": True}, "alert_position_size_invalid"),
        ({"position_size": "-5"}, "alert_partial_exit"),
        ({"market_position": "short"}, "alert_partial_exit"),
        ({"market_position": "sideways"}, "alert_market_position_invalid"),
        ({"close_position": "perhaps"}, "alert_close_position_invalid"),
        ({"product": "BO"}, "alert_product_invalid"),
        ({"strategy": "x" * 65}, "alert_strategy_invalid"),
        ({"strategy": "up \u2191"}, "alert_strategy_invalid"),
        ({"strategy": "line\nline"}, "alert_strategy_invalid"),
        ({"strategy": "\ud800"}, "alert_strategy_invalid"),
        ({"interval": "1M"}, "alert_interval_unknown"),
        ({"interval": "30S"}, "alert_interval_unknown"),
        ({"interval": "0"}, "alert_interval_unknown"),
        ({"interval": True}, "alert_interval_unknown"),
        ({"Symbol": "TCS"}, "alert_duplicate_key"),
    ],
)
def test_a_field_that_cannot_be_meant_is_refused(fields, reason):
    """Each with a reason of its own, and a message that is plain ASCII and short."""
    problem = problem_of({**BUY, **fields})
    assert (problem.status, problem.reason) == (400, reason)
    assert problem.message.isascii()
    assert len(problem.message) <= 250


@pytest.mark.parametrize("name", ["price", "stop", "target", "stop_loss"])
@pytest.mark.parametrize(
    "value",
    ["0", 0, -5, "-0", "1,250.5", "1e3", "abc", "\u0967\u0968", "NaN", "Infinity", True, ["1"], {"a": 1}],
)
def test_a_price_that_cannot_be_one_is_refused(name, value):
    """Zero, negative, with a comma, in words, in other digits, a truth value, a list."""
    wanted = "stop" if name == "stop_loss" else name
    assert problem_of({**BUY, name: value}).reason == f"alert_{wanted}_invalid"


def test_a_message_quotes_little_and_nothing_nested():
    """What is inside an object may be secret; what is long is cut."""
    assert "hidden" not in problem_of({**BUY, "price": {"a": "hidden"}}).message
    assert len(problem_of({**BUY, "price": "x" * 5000}).message) <= 200


def test_prices_are_taken_to_the_last_digit():
    """A JSON number is text too: it never becomes a binary float."""
    signal = read(
        '{"symbol":"TCS","action":"buy","price":2136.30000000000000000001,"stop":"2100.05","target":2.5e3}'
    ).signal
    assert signal.price == Decimal("2136.30000000000000000001")
    assert (signal.stop, signal.target) == (Decimal("2100.05"), 2500)


@pytest.mark.parametrize("extra", [{"sl": 1}, {"stoploss": 1}, {"stop_loss_percent": "0.5"}, {"tp": 0}, {"x": {}}])
def test_what_is_not_in_the_mapping_is_named_and_changes_nothing(extra):
    """`sl` may be points, percent or a price: it is not guessed, and not dropped in silence."""
    found = signal_of({**BUY, **extra})
    assert found.note == f"not read: {next(iter(extra))}"
    assert attrs.evolve(found, note="") == signal_of(BUY)


@pytest.mark.parametrize("name", ["quantity", "qty", "contracts"])
def test_F05_a_quantity_is_noted_and_changes_nothing_else(name):
    """It stands in the note and beside it; the signal is otherwise the same."""
    signal = signal_of({**BUY, name: "4000000"})
    assert (signal.note, signal.quantity) == (f"asked for {name} '4000000'", 4_000_000)
    assert attrs.evolve(signal, note="", quantity=None) == signal_of(BUY)


@pytest.mark.parametrize(
    ("fields", "quantity"),
    [
        ({}, None),
        ({"quantity": ""}, None),
        ({"quantity": 50}, 50),
        ({"quantity": "50.0"}, 50),
        ({"quantity": "1.9"}, 1),
        ({"quantity": 50, "contracts": "7"}, 7),
        ({"quantity": "all"}, 0),
        ({"quantity": "{{strategy.order.contracts}}"}, 0),
        ({"quantity": True}, 0),
        ({"quantity": [5]}, 0),
        ({"quantity": -5}, 0),
        ({"quantity": "1,000"}, 0),
        ({"quantity": 10**30}, 0),
    ],
)
def test_F05_of_several_quantities_the_least_is_asked_for_and_what_is_none_is_nothing(fields, quantity):
    """So that a cap by a quantity nobody understood buys nothing."""
    assert signal_of({**BUY, **fields}).quantity == quantity


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("sell", {"position_size": "0"}),
        ("buy", {"position_size": 0}),
        ("sell", {"position_size": "0.0"}),
        ("sell", {"position_size": "-0"}),
        ("sell", {"market_position": "flat"}),
        ("buy", {"market_position": "FLAT", "position_size": "50"}),
        ("sell", {"market_position": "long", "position_size": "0"}),
        ("sell", {"close_position": "true"}),
        ("sell", {"close_position": True}),
    ],
)
def test_flat_afterwards_is_an_exit(action, fields):
    """The side is the order's, as it was sent."""
    signal = signal_of({"symbol": "SBIN", "action": action, **fields})
    assert (signal.kind, signal.side) == (rc.EXIT, action.upper())


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("buy", {"position_size": "50"}),
        ("sell", {"position_size": "-50"}),
        ("sell", {"position_size": "50", "market_position": "short"}),
        ("sell", {"market_position": "short"}),
        ("buy", {"market_position": "long", "prev_market_position": "flat"}),
        ("buy", {"close_position": "False"}),
        ("sell", {}),
    ],
)
def test_a_position_on_the_orders_side_is_an_entry(action, fields):
    """TradingView's size is signed; where the side is told in words, the words decide."""
    assert signal_of({"symbol": "SBIN", "action": action, **fields}).kind == rc.ENTRY


@pytest.mark.parametrize("broken", [{"price": 0}, {"stop": "x"}, {"interval": "1W"}, {"target": "{{plot_0}}"}])
def test_an_exit_is_not_stopped_by_what_only_an_entry_needs(broken):
    """A broken price must not keep anybody in a position."""
    signal = signal_of({"symbol": "SBIN", "action": "sell", "position_size": "0", **broken})
    assert (signal.kind, signal.price, signal.stop, signal.interval) == (rc.EXIT, None, None, None)


@pytest.mark.parametrize(
    "broken",
    [
        {"timenow": 1755488700},
        {"time": "18/08/2026 09:15 IST"},
        {"bar_time": "2026-08-18T09:15:00"},
        {"timenow": "{{timenow}}"},
        {"strategy": "x" * 65},
        {"strategy": "\u090f\u0915"},
        {"strategy": "one", "strategy_name": "two"},
    ],
)
@pytest.mark.parametrize("kind", ["exit", "cancel"])
def test_an_exit_is_not_stopped_by_how_its_time_or_strategy_is_written(kind, broken):
    """What cannot be read counts as not given, and is noted; an entry is refused for it."""
    signal = signal_of({"symbol": "SBIN", "action": "sell", "kind": kind, **broken})
    assert (signal.kind, signal.at, signal.bar_at, signal.strategy) == (kind, RECEIVED, None, "")
    assert signal.note.startswith(f"not used: {next(iter(broken))} ")
    assert problem_of({**BUY, **broken}).status == 400


def test_what_can_be_read_of_an_exit_is_kept_beside_what_cannot():
    """A name too long does not cost the bar's time, by which a repetition is known."""
    told = {"symbol": "SBIN", "action": "sell", "kind": "exit", "time": "2026-08-18T03:45:00Z", "interval": "5"}
    signal = signal_of({**told, "strategy": "x" * 65})
    assert (signal.at, signal.bar_at, signal.strategy) == (TWENTY_PAST, QUARTER_PAST, "")


def test_a_bar_at_the_end_of_all_days_is_read_as_any():
    """No moment breaks the reading, whatever it is added to."""
    signal = signal_of({**BUY, "time": "9999-12-31T10:00:00Z", "interval": "D"})
    assert signal.at == signal.bar_at


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("1", "1m"),
        (1, "1m"),
        ("5", "5m"),
        ("45", "45m"),
        ("60", "1h"),
        ("90", "90m"),
        ("240", "4h"),
        ("5m", "5m"),
        ("15min", "15m"),
        ("1h", "1h"),
        ("1H", "1h"),
        ("D", "1D"),
        ("1D", "1D"),
        ("", None),
        (None, None),
    ],
)
def test_intervals_in_tradingviews_words_and_ours(sent, expected):
    """Minutes without a unit, full hours as hours; months and seconds are not known (see the refusals)."""
    assert signal_of({**BUY, "interval": sent}).interval == expected


def test_field_names_may_be_in_any_case():
    """As templates are typed by hand."""
    assert signal_of({"Symbol": "TCS", "ACTION": "Buy", "Price": "1"}).symbol == "TCS"


@pytest.mark.parametrize("name", ["secret", "key", "passphrase"])
def test_a_secret_in_the_body_opens(name):
    """Under any of its three names; what else is secret there does no harm."""
    assert signal_of({**BUY, name: "swordfish"}, secret="swordfish") == signal_of(BUY)
    assert signal_of({**BUY, name: "swordfish", "apikey": "other"}, secret="swordfish") == signal_of(BUY)


@pytest.mark.parametrize(
    "extra",
    [{}, {"secret": "swordfis"}, {"secret": ""}, {"secret": None}, {"secret": 5}, {"apikey": "swordfish"}],
)
def test_without_the_secret_there_is_one_answer(extra):
    """401, in the same words for a wrong and for a missing one, whatever else is wrong in the alert."""
    problem = problem_of({"symbol": "nonsense \u20b9", **extra}, secret="swordfish")
    assert (problem.status, problem.reason) == (401, "alert_unauthorised")
    assert problem.message == unauthorised(b"").message
    assert "swordfis" not in problem.safe_body


def test_secrets_of_any_characters_are_compared():
    """Also such as no Latin alphabet has, and such as UTF-8 has not."""
    assert same_secret("\u0930\u0939\u0938\u094d\u092f", "\u0930\u0939\u0938\u094d\u092f")
    assert same_secret("\ud800", "\ud800")
    assert not same_secret("", "x")


def test_the_clock_must_know_its_zone():
    """A naive time of arrival is the program's mistake, not the sender's."""
    with pytest.raises(ValueError, match="received_at must have a time zone"):
        read_alert(b"{}", source="tv", received_at=datetime(2026, 8, 18), secret=None)  # noqa: DTZ001
