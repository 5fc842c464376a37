"""Inputs and facts as bytes, and back."""

import json
from datetime import date, datetime, time
from decimal import Decimal

import pytest
from attrs import evolve

import riskcore as rc
from riskcore import events
from riskcore.custody import Beside, Explained, Touch, Wanted
from riskcore.policy.breakers import BreakerRule, ConnectionTimers, ErrorLimit
from riskcore_openalgo.demo.day import demo_bars, demo_policy
from riskcore_openalgo.journal import CodecError, decode, encode
from riskcore_openalgo.journal.codec import LIFTS, VERSIONS
from riskcore_openalgo.lab.ema_cross import EmaCross
from tests.core.custody_days import held, position, ticks, true_books

NOW = datetime(2026, 11, 20, 10, 30, 0, 250_000, tzinfo=rc.IST)
PRICES = {"reference": Decimal(10), "limit": Decimal(10), "stop": Decimal(9), "target": Decimal(13), "risk": Decimal(5)}
ENTRY = rc.ApprovedEntry(
    order_id="id",
    signal_id="id",
    instrument=rc.Instrument(symbol="SBIN", tick="0.05"),
    side="BUY",
    quantity=5,
    product="MIS",
    strategy="",
    at=NOW,
    valid_until=NOW,
    book_version=1,
    **PRICES,
)
WITHHELD = events.EntryWithheld(NOW, rc.Signal("SBIN", "BUY", at=NOW), ENTRY, "risk_per_trade", (), "it only shadows")
BY_HAND = (
    events.OperatorEntered(NOW, "asha", "my view", rc.Signal("SBIN", "BUY", at=NOW, source="operator", stop=790)),
    events.OperatorExited(NOW, "asha", "news", "NSE:SBIN", 5),
    events.OperatorCancelled(NOW, "asha", "no more", "id"),
    events.OperatorSettled(NOW, "asha", "as MCX says", "MCX:CRUDEOIL18NOV26FUT", Decimal(5431)),
    events.OperatorTightened(NOW, "asha", "profit", "NSE:SBIN", Decimal("801.5")),
    events.OperatorSet(NOW, "asha", "calmer", rc.Policy(max_positions=2), "a" * 64, "CONFIRM"),
    events.EmergencyStopped(NOW, "asha", "enough", whole_account=True),
    events.OperatorSeen(NOW, "127.0.0.1", "login_refused", "wrong password"),
    events.ControlTaken(NOW, "exit", "NSE:SBIN", "asha", "news"),
    events.EmergencyOrdered(NOW, "asha", "enough", whole_account=False),
    events.EmergencyStaged(NOW, "stop_incomplete", NOW, 1, NOW, ("position BUY 5 NSE:SBIN",), ("order 7 works",)),
    events.ForeignCancelRequested(NOW, "7", "emergency_stop"),
    events.PolicyAdjusted(NOW, "asha", "calmer", (("max_positions", "3", "2"),), rc.Policy(max_positions=2), "a" * 64),
    events.PolicyScheduled(NOW, "asha", "bolder", (("max_positions", "3", "4"),), rc.Policy(max_positions=4)),
)
ACCEPTED = (
    events.DifferencesAccepted(NOW, "asha", "mine"),
    events.DifferencesTaken(NOW, "asha", "mine", (("NSE:INFY", 25),)),
    events.DifferencesTaken(NOW, "asha", "mine", (), (("NSE:INFY", -25), ("NSE:TCS", 5))),
    events.AcceptedMoved(NOW, "NSE:INFY", Beside("NSE:INFY", -25, 1), "not shown"),
    events.AcceptedMoved(NOW, "NSE:INFY", None, "gone"),
)
RARE = (
    events.AlertRefused(NOW, "tradingview", "alert_not_json", "told", '{"a": "\u0905"}'),
    events.AlertDropped(NOW, "tradingview", "alert_not_json"),
    events.TimePassed(NOW),
    events.TroubleSeen(NOW, "journal_unavailable", "database is locked"),
    events.TroubleOver(NOW, "journal_unavailable"),
    events.EquityRead(NOW, Decimal("1E+5"), derived=True),
    events.Latched(NOW, rc.Latch("journal_unavailable", "halted", NOW, "riskcore", "locked")),
    events.Lifted(NOW, "journal_unavailable", "riskcore"),
    events.ClockBackward(NOW, NOW),
    events.CancelRequested(NOW, "id", "entry_timeout_s"),
    events.StrayReport(NOW, "id", "no such order"),
    events.SignalRepeated(NOW, "id"),
    events.PolicyLoaded(NOW, rc.Policy(allowed_symbols=["M&M"], square_off_at="15:05", charges_as_of="2026-08-03")),
    events.EntryRefused(
        NOW, rc.Signal("SBIN", "SELL", at=NOW, stop=801.5), (rc.Finding("x", False, "y", 2, 3),), ("z",)
    ),
    events.TightenStop(NOW, "NSE:SBIN", Decimal("801.5"), "operator"),
    events.ContractExpired(NOW, "NFO:NIFTY24NOV26FUT", Decimal("26000.5"), "NSE:NIFTY"),
    events.ContractExpired(NOW, "NFO:NIFTY24NOV26FUT"),
    events.StopMoved(NOW, "NSE:SBIN", "id", None, Decimal("801.50"), "trail"),
    events.StopKept(NOW, "NSE:SBIN", Decimal(700), "operator", "stop_not_tighter"),
    events.PolicyLoaded(
        NOW,
        rc.Policy(
            breakers=[BreakerRule(name="max_drawdown", state="reducing", resets="after_s", after_s=900)],
            order_error_limits=[ErrorLimit(error="rate_limited", limit=2)],
            connection_timers=[ConnectionTimers(mode="paper", degraded_s=1, no_entries_s=2, action_s=3)],
        ),
    ),
    events.Latched(NOW, rc.Latch("max_drawdown", "halted", NOW, "riskcore", "10", "after_s", NOW, "NSE:M&M")),
    events.Lifted(NOW, "max_drawdown", "asha", "seen", "NSE:M&M", excused=True),
    events.OperatorHalted(NOW, "asha", "lunch", "locked"),
    events.OperatorResumed(NOW, "asha", "back", "max_drawdown", "CONFIRM"),
    events.LoginSeen(NOW, good=True, reconciled=False, by="shell", why="token renewed"),
    events.ConnectionSeen(NOW, connected=False, mode="live"),
    events.ClockSeen(NOW, Decimal("-1.25")),
    events.ControlRefused(NOW, "resume", "max_drawdown", "asha", "back", "still_at_limit"),
    events.OrderFailed(NOW, "id", "rate_limited", "429"),
    events.EndDoubted(NOW, "id", 1),
    events.SharesLacking(NOW, "NSE:INFY", 20),
    events.CancelRefused(NOW, "id", "not open"),
    events.CancelFailed(NOW, "id", "not open"),
    events.OrderShown(NOW, "id"),
    events.RowsAlike(NOW, "id", ("1", "2")),
    events.DriftMeasured(NOW, Decimal("-1.25")),
    events.ConnectionStaged(NOW, "lost", "live", NOW),
    events.Approaching(NOW, "max_positions", 4, Decimal("5.0"), Decimal("80.00")),
    events.Receded(NOW, "max_positions"),
    events.Rearmed(NOW, "max_drawdown"),
    events.TroubleSeen(NOW, "prices_stale", "silent for 90 s", "NSE:M&M"),
    events.PricesSeen(NOW, "NSE:SBIN", *map(Decimal, (801, 802, 800, 801)), NOW, ticks=3, sources=("poll", "stream")),
    events.EvidenceFailed(NOW, "id", "NSE:NOBODY is not known"),
    events.AlertRefused(NOW, "tradingview", "alert_empty", "told", "", "0f"),
    events.SignalTaken(NOW, rc.Signal("SBIN", "SELL", at=NOW, quantity=0, receipt="0f")),
    events.BarsShown(NOW, "NSE:M&M", "5m", (rc.Bar(at=NOW, open=10, high=12, low="9.95", close=11),), "ticks"),
    events.SignalArrived(NOW, rc.Signal("SBIN", "SELL", at=NOW, shadow=True)),
    events.ReversalBegun(NOW, "id", "NSE:SBIN"),
    events.ReversalDue(NOW, "id"),
    WITHHELD,
    events.SignalArrived(
        NOW, rc.Signal("SBIN", "SELL", at=NOW, kind="exit", reduce_pct="12.5", context={"why": "\u0905", "n": 3})
    ),
    events.SignalArrived(NOW, rc.Signal("SBIN", "SELL", at=NOW, kind="exit", reduce_by=5)),
    events.EntryRefused(NOW, rc.Signal("SBIN", "SELL", at=NOW, kind="reversal"), (), (), NOW),
    *BY_HAND,
    events.PolicyHeld(NOW, "ab" * 32, ("max_positions", "risk_per_trade")),
    events.PolicyConfirmed(NOW, "asha", "meant", "ab" * 32),
    events.ConfirmPolicy(NOW, "asha", "meant", "ab" * 6),
    events.NoticeGiven(NOW, "login_needed", "", "the token is dead"),
    events.Noticed(NOW, "login_needed", "", "the token is dead"),
    events.AcknowledgeAlarm(NOW, "asha", "on it", "unprotected"),
    events.AlarmAcknowledged(NOW, "asha", "on it", "unprotected", ""),
)


def every_event():
    """The facts of the demo day by simulation, and the rare ones."""
    bars = demo_bars()
    made = {i.key: EmaCross(symbol=i.symbol, interval="1m") for i in bars}
    day = rc.simulate(bars, lambda instrument, seen: made[instrument.key](seen), demo_policy())
    return (*day.facts, *RARE, *at_a_broker())


def at_a_broker():
    """One of each word of an order's life at a broker, from days told by hand."""
    at, order = NOW, "script:INFY"
    day, _ = held(trail="points", trail_by=20)
    day.prices("10:05", last=1020)
    ticks(day, "10:05:01", 1500)
    true_books(day, "10:05:05", positions=(position(25),))
    ticks(day, "10:05:06", 1001)
    held_now = day.book.positions[0]
    revision = day.last(events.RevisionRequested).revision
    mismatch = day.last(events.BooksDiffer).mismatches
    return (
        *day.inputs,
        *day.facts,
        events.RevisionReported(at, order, "taken"),
        events.RevisionRequested(at, order, revision, "moved"),
        events.RevisionSettled(at, order, taken=True),
        *ACCEPTED,
        events.FundsSeen(at, Decimal("1.5"), None, Decimal(0)),
        events.FundsCompared(at, Decimal(1), Decimal(2), Decimal(-1), (Explained("charges", Decimal("-0.5")),)),
        events.FundsMoved(at, "asha", "paid in", Decimal(5000)),
        events.FundsExplained(at, "asha", "paid in", Decimal(5000)),
        events.AnswersEmpty(at, funds=True, reads=2),
        events.LoginChanged(at, "good"),
        events.OrderAbsent(at, order, 2),
        events.RowsSeen(at, ("1", "2")),
        events.Revalued(at, order, Decimal("0.5"), Decimal("0.01")),
        events.TradeCorrected(at, order, "NSE:INFY", Decimal("0.5"), Decimal("0.01")),
        events.Overfilled(at, order, held_now, Decimal(5), None),
        events.Alarmed(at, "unprotected", "NSE:INFY", "3 s"),
        events.AlarmOver(at, "unprotected", "NSE:INFY"),
        events.Bared(at, "NSE:INFY"),
        events.Covered(at, "NSE:INFY", Decimal("0.250")),
        events.BooksDiffer(at, mismatch),
        events.Reconciled(at),
        events.PositionAdjusted(at, "NSE:INFY", held_now, "came", Decimal(1)),
        events.ExitWanted(at, Wanted(key="NSE:INFY", reason="stop", at=at)),
        events.StopTouched(at, Touch("NSE:INFY", at, Decimal(979), confirmed=True)),
        events.PriceDoubted(at, "NSE:INFY", Decimal(1500)),
    )


def test_every_event_comes_back_as_it_was():
    """decode(encode(x)) == x, and the bytes are the same again."""
    seen = set()
    for event in every_event():
        name = type(event).__name__
        text = encode(event)
        back = decode(name, VERSIONS[name], text)
        assert back == event
        assert encode(back) == text
        seen.add(name)
    missing = set(VERSIONS) - seen - {"SignalArrived", "EvidenceArrived", "PricesSeen", "OrderReported"}
    assert not missing


def test_a_mark_from_before_it_held_extremes_can_be_read():
    """They are not known then."""
    body = '{"at":"2026-11-20T10:30:00+05:30","key":"NSE:INFY","last":"1000"}'
    assert decode("Marked", 1, body).high is None


def test_what_was_accepted_before_shares_beside_ours_were_told_apart_is_read_and_written_as_it_was():
    """The broker's quantity alone."""
    body = '{"accepted":[["NSE:INFY",75]],"at":"2026-11-20T10:30:00+05:30","by":"asha","why":"mine"}'
    fact = decode("DifferencesTaken", 1, body)
    assert (fact.accepted, fact.beside) == ((("NSE:INFY", 75),), ())
    assert encode(fact) == body


def test_a_number_keeps_its_kind():
    """A Decimal in a finding comes back a Decimal, an int an int, a text a text."""
    fact = events.EntryRefused(
        NOW,
        rc.Signal("SBIN", "BUY", at=NOW, quantity=3, receipt="0f"),
        tuple(rc.Finding("r", False, "c", value, None) for value in (Decimal("1.50"), 2, "2", None)),
        (),
    )
    back = decode("EntryRefused", 1, encode(fact))
    assert [type(found.measured) for found in back.findings] == [Decimal, int, str, type(None)]


def test_an_old_version_is_lifted_step_by_step(monkeypatch):
    """Version 1 of a fact is read where version 3 is spoken, if both steps are known; else it is refused."""
    monkeypatch.setitem(VERSIONS, "Lifted", 3)
    monkeypatch.setitem(LIFTS, ("Lifted", 1), lambda body: body.replace('"who"', '"by"'))
    old = encode(RARE[7]).replace('"by"', '"who"')
    with pytest.raises(CodecError, match="version 2 cannot be read"):
        decode("Lifted", 1, old)
    monkeypatch.setitem(LIFTS, ("Lifted", 2), lambda body: body)
    assert decode("Lifted", 1, old) == RARE[7]


def test_the_text_is_canonical():
    """Keys sorted, no spaces, ASCII, Decimals in full, times with their offset."""
    text = encode(RARE[5])
    assert text == '{"at":"2026-11-20T10:30:00.250000+05:30","derived":true,"equity":"100000"}'
    assert encode(RARE[0]).isascii()
    loaded = next(event for event in RARE if isinstance(event, events.PolicyLoaded))
    assert time(15, 5) == decode("PolicyLoaded", 1, encode(loaded)).policy.square_off_at


@pytest.mark.parametrize(
    ("name", "version", "body", "said"),
    [
        ("Nonsense", 1, "{}", "is not an input or fact that this version knows"),
        ("Lifted", 2, encode(RARE[7]), "version 2 cannot be read"),
        ("Lifted", 1, "{", "cannot be read"),
        ("Lifted", 1, "{}", "cannot be read"),
        ("Lifted", 1, json.dumps({"at": "never", "name": "x", "by": "y"}), "cannot be read"),
        ("EquityRead", 1, json.dumps({"at": NOW.isoformat(), "equity": "much", "derived": False}), "cannot be read"),
        ("TimePassed", 1, json.dumps({"at": NOW.isoformat(), "more": 1}), "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named(name, version, body, said):
    """An unknown type, version or field refuses; nothing is guessed."""
    with pytest.raises(CodecError, match=said):
        decode(name, version, body)


def test_what_an_older_version_did_not_write_has_its_default():
    """Prices of before their ticks were counted, and trouble of before it could be one instrument's."""
    prices = events.PricesSeen(NOW, "NSE:SBIN", *map(Decimal, (801, 802, 800, 801)), NOW)
    trouble = events.TroubleSeen(NOW, "journal_unavailable", "database is locked")
    for event, later in ((prices, ("ticks", "sources")), (trouble, ("key",))):
        body = {name: value for name, value in json.loads(encode(event)).items() if name not in later}
        assert decode(type(event).__name__, 1, json.dumps(body)) == event


def test_a_signal_of_an_exchange_that_is_none_is_read_as_it_was_written():
    """It could be made once: a journal that has one is folded, and what is held is watched."""
    odd = rc.Signal("INFY", "SELL", at=datetime(2026, 11, 20, 10, tzinfo=rc.IST), kind=rc.EXIT)
    object.__setattr__(odd, "exchange", "NSX")
    written = events.SignalArrived(odd.at, odd)
    assert decode("SignalArrived", 1, encode(written)).signal == odd
    broken = json.loads(encode(written))
    broken["signal"]["side"] = "UP"
    with pytest.raises(CodecError, match="SignalArrived cannot be read"):
        decode("SignalArrived", 1, json.dumps(broken))


def test_what_a_broker_asks_for_a_lot_is_kept_and_is_not_in_rows_where_nobody_was_asked():
    """A journal of before there was such a question is replayed byte for byte."""
    thing = rc.Instrument(symbol="NIFTY29DEC26FUT", tick="0.1", exchange="NFO", segment="FUT", lot_size=65)
    plain = rc.Market(instrument=thing, at=datetime(2026, 11, 30, 10, tzinfo=rc.IST), last=26_000)
    asked = evolve(plain, margins=[(thing.key, "NRML", "BUY", 215_000)])
    for market in (plain, asked):
        event = events.EvidenceArrived(market.at, "a signal", market)
        assert decode("EvidenceArrived", 1, encode(event)) == event
    assert "margins" not in encode(events.EvidenceArrived(plain.at, "a signal", plain))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("paces_books", True),
        ("result_apart", True),
        ("calls_a_minute", 200),
        ("quotes_apart", True),
        ("holdings_fall", True),
        ("cancels_prove", True),
        ("carries", False),
        ("takes_nrml", False),
        ("in_halves", True),
        ("shows_refusals", True),
        ("changes_an_order", 25),
        ("trades_by_order", True),
        ("order_times", True),
        ("orders_an_hour", 1000),
        ("one_product", True),
        ("trade_prices", "paise"),
        ("positions_in_parts", True),
    ],
)
def test_what_was_added_to_a_brokers_row_is_written_where_it_says_something_alone(name, said):
    """A journal from before it was known is replayed byte for byte."""
    known = rc.capability("any", on=datetime(2026, 11, 30, tzinfo=rc.IST).date())
    plain = evolve(known, orders_an_hour=None)
    at, told = datetime(2026, 11, 30, 10, 0, tzinfo=rc.IST), evolve(plain, **{name: said})
    assert name not in encode(events.BrokerSeen(at, plain))
    assert decode("BrokerSeen", 1, encode(events.BrokerSeen(at, plain))).capability == plain
    assert getattr(decode("BrokerSeen", 1, encode(events.BrokerSeen(at, told))).capability, name) == said


def test_what_an_earlier_version_wrote_of_a_broker_and_nobody_read_is_read_over():
    """A journal that has it is folded; any other name is unknown still."""
    known = events.BrokerSeen(datetime(2026, 11, 30, 10, tzinfo=rc.IST), rc.capability("any", on=date(2026, 11, 30)))
    written = json.loads(encode(known))
    written["capability"]["fills_in_orders"] = True
    assert decode("BrokerSeen", 1, json.dumps(written)) == known
    written["capability"]["fills_in_trades"] = True
    with pytest.raises(CodecError, match="BrokerSeen cannot be read"):
        decode("BrokerSeen", 1, json.dumps(written))
