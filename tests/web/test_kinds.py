"""What an alert may ask for beside an entry: a part of an exit, a reversal, a cancel; and what it is to be found by."""

import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.web.alerts import BadAlert, read_alert
from tests.runner.test_runner import Bench
from tests.web.senders import post, taking
from tests.web.test_faults import reasons, stamp

RECEIVED = datetime(2026, 8, 18, 9, 20, 3, tzinfo=rc.IST)
SELL = {"symbol": "SBIN", "action": "sell"}
PATH = "/webhook/tv"


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path / "journal.db")
    yield made
    made.journal.close()


def read(fields, secret=None):
    body = json.dumps({**SELL, **fields}).encode()
    return read_alert(body, source="tv", received_at=RECEIVED, secret=None, hidden=secret)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"kind": "entry"}, "entry"),
        ({"kind": "Exit"}, "exit"),
        ({"kind": "reversal"}, "reversal"),
        ({"kind": "cancel"}, "cancel"),
        ({"market_position": "short", "prev_market_position": "long"}, "reversal"),
        ({"position_size": -50, "prev_market_position": "long"}, "reversal"),
        ({"market_position": "short", "prev_market_position": "flat"}, "entry"),
        ({"market_position": "short", "prev_market_position": "short"}, "entry"),
        ({"kind": "entry", "market_position": "short", "prev_market_position": "long"}, "entry"),
        ({"quantity": "1248", "position_size": "-624"}, "reversal"),
        ({"quantity": "1248", "contracts": "1248", "position_size": "-624"}, "reversal"),
        ({"quantity": 1248, "contracts": "1248.0", "position_size": "-624"}, "reversal"),
        ({"quantity": "624", "position_size": "-624"}, "entry"),
        ({"quantity": "624", "contracts": "624", "position_size": "-624"}, "entry"),
        ({"quantity": "624", "position_size": "-1248"}, "entry"),
        ({"quantity": "1248", "position_size": "-624", "prev_market_position": "flat"}, "entry"),
        ({"prev_market_position": "long"}, "exit"),
        ({"position_size": 0.00000000, "quantity": 5}, "exit"),
        ({"market_position": "flat", "prev_market_position": "long"}, "exit"),
        ({"kind": "exit", "position_size": "0"}, "exit"),
    ],
)
def test_the_kind_is_as_it_is_said_or_as_the_positions_tell(fields, kind):
    """TradingView tells the position before and after an order: from long to short is a reversal."""
    signal = read(fields).signal
    assert (signal.kind, signal.reduces) == (kind, False)


@pytest.mark.parametrize(
    ("fields", "by", "pct"),
    [
        ({"reduce_by": "20"}, 20, None),
        ({"kind": "exit", "reduce_pct": 12.5}, None, Decimal("12.5")),
        ({"position_size": "50", "contracts": "50"}, None, 50),
        ({"position_size": "50", "contracts": "50", "quantity": 50, "qty": "50.0"}, None, 50),
        ({"position_size": "2001", "quantity": "1539"}, None, Decimal("43.4745")),
        ({"market_position": "long", "position_size": "1", "qty": 1}, None, 50),
        ({"position_size": "9" * 18, "quantity": 1}, None, Decimal("0.0001")),
        ({"position_size": 1, "quantity": 2}, None, Decimal("66.6666")),
    ],
)
def test_a_part_of_an_exit_is_a_part_of_what_we_hold(fields, by, pct):
    """By its own words; else the part that the order was of the sender's position. His shares are never ours."""
    signal = read(fields).signal
    assert (signal.kind, signal.reduce_by, signal.reduce_pct) == ("exit", by, pct)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kind": "flip"}, "alert_kind_invalid"),
        ({"kind": "entry", "position_size": 0}, "alert_field_conflict"),
        ({"kind": "cancel", "close_position": True}, "alert_field_conflict"),
        ({"kind": "reversal", "market_position": "long"}, "alert_field_conflict"),
        ({"kind": "entry", "reduce_by": 5}, "alert_field_conflict"),
        ({"reduce_by": 5, "reduce_pct": 5}, "alert_reduce_by_invalid"),
        ({"reduce_by": "1.5"}, "alert_reduce_by_invalid"),
        ({"reduce_pct": "half"}, "alert_reduce_pct_invalid"),
        ({"reduce_pct": 101}, "alert_reduce_pct_invalid"),
        ({"market_position": "long"}, "alert_partial_exit"),
        ({"market_position": "long", "quantity": 5}, "alert_partial_exit"),
        ({"position_size": 5, "quantity": "all"}, "alert_partial_exit"),
        ({"position_size": 5, "quantity": 5, "contracts": 6}, "alert_partial_exit"),
        ({"position_size": 5, "quantity": 5, "contracts": "all"}, "alert_partial_exit"),
        ({"prev_market_position": "sideways"}, "alert_prev_market_position_invalid"),
        ({"context": "x"}, "alert_context_invalid"),
        ({"context": {"a": {"b": 1}}}, "alert_context_invalid"),
        ({"context": {"a": "\ud800"}}, "alert_context_invalid"),
        ({"context": {"a": "x" * 4096}}, "alert_context_invalid"),
        ({"context": dict.fromkeys(map(str, range(33)), 1)}, "alert_context_invalid"),
    ],
)
def test_what_contradicts_itself_is_refused_by_name(fields, reason):
    problem = read(fields)
    assert isinstance(problem, BadAlert)
    assert (problem.status, problem.reason) == (400, reason)


def test_a_context_is_kept_as_texts_and_no_secret_in_it():
    """Numbers as they were written; and it keeps nobody in: an exit leaves a broken one out."""
    signal = read({"context": {"setup": "gap", "score": 1.50, "why": "by sw0rdf1sh"}}, "sw0rdf1sh").signal
    assert dict(signal.context) == {"setup": "gap", "score": "1.5", "why": "by ***"}
    assert read({"context": {"one": 1, "two": 2}}, ("one", "two")).signal.context == (("***", "2"),)
    assert dict(read({"position_size": 0, "context": {"why": "late"}}).signal.context) == {"why": "late"}
    for broken in ([1], {"why": "x" * 5000}):
        exits = read({"position_size": 0, "context": broken}).signal
        assert (exits.kind, exits.context) == ("exit", ())


@pytest.mark.parametrize("written", ["0.00000000", "0e0", "-0.0", "0E-8"])
def test_nought_is_nought_however_it_is_written(written):
    body = f'{{"symbol": "SBIN", "action": "sell", "position_size": {written}}}'.encode()
    assert read_alert(body, source="tv", received_at=RECEIVED, secret=None).signal.kind == "exit"


@pytest.mark.parametrize(("written", "shares"), [("5e1", 50), ("1e999999", None), ("1E-999999", None)])
def test_a_number_with_an_exponent_is_taken_in_usual_sizes(written, shares):
    body = f'{{"symbol": "SBIN", "action": "sell", "reduce_by": {written}}}'.encode()
    found = read_alert(body, source="tv", received_at=RECEIVED, secret=None)
    assert isinstance(found, BadAlert) if shares is None else found.signal.reduce_by == shares


def bought(bench):
    """Shares held after a purchase."""
    bench.signal()
    bench.prices(800, 800)
    return bench.runner.state.book.position("NSE:SBIN").quantity


def test_a_reversal_of_tradingview_leaves_the_long_and_enters_the_other_way(bench):
    """What it would be as a plain sale: refused, with the long still there."""
    bought(bench)
    with taking(bench) as server:
        answer = post(server, PATH, {**SELL, "market_position": "short", "prev_market_position": "long"})[1]
    bench.prices(800, 800)
    [closed] = bench.sent(events.PositionClosed)
    assert closed.reason == "signal"
    assert bench.runner.fate(answer["signal"]).order.side == "SELL"


def test_two_parts_and_the_rest_within_one_bar_are_three_signals(bench):
    """Each with the same bar time; one of them sent again is the same one."""
    held, bar_time = bought(bench), stamp(bench.now - timedelta(minutes=1))
    left = []
    for fields in ({"reduce_pct": 25}, {"reduce_pct": 25}, {"reduce_pct": 50}, {"position_size": 0}):
        with taking(bench) as server:
            assert post(server, PATH, {**SELL, **fields, "timenow": stamp(bench.now), "bar_time": bar_time})[0] == 200
        bench.prices(800, 800)
        position = bench.runner.state.book.position("NSE:SBIN")
        left.append(0 if position is None else position.quantity)
    quarter = -(-held // 4)
    assert left[:2] == [held - quarter] * 2
    assert left[2:] == [left[0] - -(-left[0] // 2), 0]
    assert len(bench.sent(events.SignalRepeated)) == 1


def test_F06_a_part_of_an_exit_with_nothing_held_opens_no_short(bench):
    """Two closing alerts that arrive reversed: the second one finds nothing."""
    bought(bench)
    with taking(bench) as server:
        post(server, PATH, {**SELL, "position_size": "0", "quantity": "2001"})
    bench.prices(800, 800)
    with taking(bench) as server:
        answer = post(server, PATH, {**SELL, "position_size": "2001", "quantity": "1539"})[1]
    assert reasons(bench, answer) == ["exit_without_position"]
    assert bench.runner.state.book.positions == ()
    assert len(bench.sent(events.EntryApproved)) == 1


def test_what_is_not_read_is_named_and_never_dropped_in_silence():
    """The stop in per cent of other bots means nothing here: whoever counts on it must see that."""
    told = {"qty": "10", "Stop_Loss_Percent": "1.5", "type": "Market", "apikey": "k", "\u20b9": 1}
    assert read(told).signal.note == "asked for qty '10'; not read: stop_loss_percent, type, \\u20b9"
    assert read({}).signal.note == ""
    many = read({f"plot_{n}": n for n in range(20)}).signal.note
    assert many.startswith("not read: plot_0, plot_1, ")
    assert many.endswith("plot_11 and 8 more")
    assert read({"sw0rdf1sh": 1}, "sw0rdf1sh").signal.note == "not read: ***"
