"""What an input may not hold: whatever its class takes, a step takes, and the rest is refused by name where it is made.

An input that raised within `step` stopped the turn it came in: a stop that had been reached waited with it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import engine, events as e
from riskcore.testing import Scenario
from tests.core.engine_days import SEEN

D = Decimal
NOW = datetime(2026, 11, 20, 10, 5, tzinfo=rc.IST)
NAIVE = datetime(2026, 11, 20, 10, 5)  # noqa: DTZ001 - without a zone on purpose
INFY, TCS, ABC = (rc.Instrument(symbol=name, tick="0.05") for name in ("INFY", "TCS", "ABC"))
WAITS, WORKS = (rc.Signal(name, "BUY", at=NOW - timedelta(seconds=5)) for name in ("TCS", "ABC"))
BAR = rc.Bar(at=NOW, open=1000, high=1001, low=999, close=1000)
SIGNAL = rc.Signal("INFY", "BUY", at=NOW)
BY_HAND = attrs.evolve(SIGNAL, source="operator")
MARKET = rc.Market(instrument=TCS, at=NOW, last=1000, atr=10)
ORDER = {"id": "7", "key": "NSE:INFY", "side": "BUY", "quantity": 5, "product": "MIS", "status": "open"}
BOOKS = rc.BrokerBooks(at=NOW, orders=(rc.BrokerOrder(**ORDER),), trades=(), positions=(), holdings=())
POLICY = rc.Policy(trail="points", trail_by=5, breakeven_at_r=1)
WORDS = {"by": "asha", "why": "a test"}
GOOD = {
    e.PolicyLoaded: {"policy": POLICY},
    e.EquityRead: {"equity": 100_000, "derived": False},
    e.SignalArrived: {"signal": SIGNAL},
    e.AlertRefused: {"source": "alert", "reason": "unreadable", "detail": "", "body": "{", "receipt": ""},
    e.EvidenceArrived: {"signal_id": WAITS.id, "market": MARKET},
    e.EvidenceFailed: {"signal_id": WAITS.id, "why": "nobody answers"},
    e.PricesSeen: {
        "key": "NSE:INFY", "first": 1000, "high": 1001, "low": 999, "last": 1000, "since": NOW, "atr": 10,
        "ticks": 2, "sources": ("stream",), "more": False,
    },
    e.BarsShown: {"key": "NSE:INFY", "interval": "1m", "bars": (BAR,), "made_of": "ticks"},
    e.TightenStop: {"key": "NSE:INFY", "stop": 990, "by": "asha"},
    e.ContractExpired: {"key": "NFO:NIFTY24NOV26FUT", "price": 26_000, "of": "NSE:NIFTY"},
    e.OrderReported: {
        "order_id": WORKS.id, "status": "working", "filled_quantity": 0, "filled_value": 0, "traded_at": NOW,
        "note": "", "error": "", "broker_id": "26",
    },
    e.TimePassed: {},
    e.TroubleSeen: {"name": "feed", "why": "silent", "key": "NSE:INFY"},
    e.TroubleOver: {"name": "feed", "key": "NSE:INFY"},
    e.OperatorHalted: {**WORDS, "state": "halted"},
    e.OperatorResumed: {**WORDS, "name": "feed", "word": ""},
    e.LoginSeen: {"good": True, "reconciled": True, **WORDS},
    e.ConnectionSeen: {"connected": True, "mode": "paper"},
    e.ClockSeen: {"drift_s": 1},
    e.BrokerSeen: {"capability": rc.capability("zerodha", on=NOW.date())},
    e.BooksRead: {"books": BOOKS, "instruments": (INFY,)},
    e.RevisionReported: {"order_id": "7", "outcome": "taken", "note": ""},
    e.CancelRefused: {"order_id": "7", "note": ""},
    e.DifferencesAccepted: WORDS,
    e.FundsSeen: {"available": 5, "used": 5, "realised": 5},
    e.OperatorEntered: {**WORDS, "signal": BY_HAND},
    e.OperatorExited: {**WORDS, "key": "NSE:INFY", "quantity": 1},
    e.OperatorCancelled: {**WORDS, "order_id": "7"},
    e.OperatorSettled: {**WORDS, "key": "NFO:NIFTY24NOV26FUT", "price": 26_000},
    e.OperatorTightened: {**WORDS, "key": "NSE:INFY", "stop": 990},
    e.OperatorSet: {**WORDS, "policy": POLICY, "base": "0" * 64, "word": ""},
    e.EmergencyStopped: {**WORDS, "whole_account": False},
    e.OperatorSeen: {"by": "asha", "act": "login", "detail": ""},
    e.ConfirmPolicy: {**WORDS, "policy_hash": "0" * 64},
    e.NoticeGiven: {"name": "login", "subject": "", "why": "it is needed"},
    e.AcknowledgeAlarm: {**WORDS, "name": "bare", "subject": "NSE:INFY"},
    e.FundsMoved: {**WORDS, "amount": 5},
}  # fmt: skip


@dataclass
class Junk:
    """Something of no class there is, and not even hashable."""


NONSENSE = (None, 5, -1.5, "x", "", b"x", float("nan"), True, [], [1], (1,), ("ab",), {}, NAIVE, NOW.date(), Junk())
CASES = [(kind, name, value) for kind, good in GOOD.items() for name in ("at", *good) for value in NONSENSE]


def held():
    """A day on which shares are held under a stop that trails, one entry works, and another waits for its evidence."""
    day = Scenario(POLICY, INFY, TCS, ABC, equity=100_000)
    day.fill("10:00:01", day.enter("10:00", **SEEN), price=1000)
    for signal in (WAITS, WORKS):
        day.take(e.SignalArrived(signal.at, signal))
    seen = rc.Market(instrument=ABC, at=WORKS.at, last=1000, atr=10)
    assert day.take(e.EvidenceArrived(seen.at, WORKS.id, seen)) == ("EntryApproved",)
    return day


def test_each_input_there_is_is_asked():
    assert set(GOOD) == set(e.INPUTS)
    assert all({"at", *GOOD[kind]} == {one.name for one in attrs.fields(kind)} for kind in e.INPUTS)


@pytest.mark.parametrize("kind", e.INPUTS, ids=lambda kind: kind.__name__)
def test_a_step_takes_whatever_its_input_could_be_made_of(kind):
    """One field after the other is nonsense: it is refused where it is made, by its name, or it is taken."""
    day, said = held(), []
    day.take(kind(at=NOW, **GOOD[kind]))
    for _, name, value in (case for case in CASES if case[0] is kind):
        try:
            event = kind(**{"at": NOW, **GOOD[kind], name: value})
        except ValueError as wrong:
            said.append((name, str(wrong)))
        else:
            engine.step(day.state, event, POLICY)
    assert len(said) >= 10
    assert [(name, wrong) for name, wrong in said if name not in wrong] == []


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: e.PricesSeen(NOW, "INFY", 9, 9, 9, 9, NOW), 'PricesSeen.key must be exchange and symbol such as "NSE'),
        (lambda: e.PricesSeen(NAIVE, "NSE:INFY", 9, 9, 9, 9, NOW), "PricesSeen.at must be a datetime with a time zone"),
        (lambda: e.PricesSeen(NOW, "NSE:INFY", 9, 9, 9, 9, None), "PricesSeen.since must be a datetime with a time"),
        (lambda: e.SignalArrived(NOW, None), r"SignalArrived.signal must be a riskcore.Signal, such as Signal\("),
        (lambda: e.EvidenceArrived(NOW, "x", None), r"EvidenceArrived.market must be a riskcore.Market, such as Mark"),
        (lambda: e.BrokerSeen(NOW, 5), r"BrokerSeen.capability must be a riskcore.Capability, such as capability\("),
        (lambda: e.BooksRead(NOW, 5), r"BooksRead.books must be a riskcore.BrokerBooks, such as BrokerBooks\(at"),
        (lambda: e.BooksRead(NOW, BOOKS, [5]), r"BooksRead.instruments must be a list of riskcore.Instrument"),
        (lambda: e.TroubleSeen(NOW, 5, "why"), "TroubleSeen.name must say something"),
        (lambda: e.TroubleSeen(NOW, "feed", "why", "INFY"), 'TroubleSeen.key must be exchange and symbol such as "NSE'),
        (lambda: e.OperatorSet(NOW, "asha", "why", 5, ""), r"OperatorSet.policy must be a riskcore.Policy, such as"),
        (lambda: e.PolicyLoaded(NOW, None), r"PolicyLoaded.policy must be a riskcore.Policy, such as Policy\("),
        (lambda: e.TimePassed(date(2026, 11, 20)), "TimePassed.at must be a datetime with a time zone, such as"),
        (lambda: e.LoginSeen(NOW, "no", True, "asha", "why"), "LoginSeen.good must be true or false, got 'no'"),
        (lambda: rc.BrokerBooks(at=NOW, orders=5), r"BrokerBooks.orders must be a list of riskcore.BrokerOrder"),
        (lambda: rc.BrokerBooks(at=NOW, positions=[5]), r"BrokerBooks.positions must be a list of riskcore.BrokerPos"),
        (lambda: rc.BrokerBooks(at=NOW, unread=[5]), r"BrokerBooks.unread must be pairs of a book and why it could"),
        (lambda: rc.BrokerOrder(**{**ORDER, "id": 5}), "BrokerOrder.id must be text, got 5"),
        (lambda: rc.BrokerOrder(**{**ORDER, "key": None}), "BrokerOrder.key must be text, got None"),
    ],
)  # fmt: skip
def test_what_an_input_cannot_hold_is_named(make, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        make()


def test_a_moment_is_in_india_whatever_zone_it_was_told_in():
    """The day in India may be another than that of its own zone."""
    told = datetime(2026, 11, 19, 20, 0, tzinfo=timezone(timedelta(hours=-5)))
    assert e.TimePassed(told).at == told
    assert e.TimePassed(told).at.date() == date(2026, 11, 20)
    assert e.PricesSeen(told, "NSE:INFY", 9, 9, 9, 9, told).since.tzinfo is rc.IST


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("bars", "a" * 150, "must be a list of riskcore.Bar, such as"),
        ("bars", (1,) * 150, "must be a list of riskcore.Bar, such as"),
        ("bars", 5, "must be a list of riskcore.Bar, such as"),
        ("atr_bars", "x", "must be a plain decimal number"),
        ("atr_bars", -1, "must be 0 or more"),
        ("atr_interval", 5, "must be text"),
        ("closes", 5, r'must be closes by instrument such as \{"NSE:INFY": \[1500, 1502.5\]\}'),
        ("closes", "NSE:INFY", "must be closes by instrument such as"),
        ("closes", {"NSE:INFY": 5}, "of NSE:INFY must be a list of prices"),
        ("closes", {"NSE:INFY": "15"}, "of NSE:INFY must be a list of prices"),
        ("closes", {"INFY": [5]}, "must be exchange and symbol such as"),
        ("closes", {"NSE:INFY": [0]}, "of NSE:INFY must be above 0"),
        ("recent_prices", [1], r"must be moments and prices, oldest first, such as \[\(at, 1500\)\], got \[1\]"),
        ("recent_prices", 5, "must be moments and prices"),
        ("recent_prices", "ab", "must be moments and prices"),
        ("recent_prices", [(NAIVE, 5)], "must be a datetime with a time zone"),
        ("cash_unknown", "no", "must be true or false"),
    ],
)
def test_a_market_holds_what_the_rules_can_read(field, value, said):
    """What was taken in silence raised in the middle of a decision."""
    with pytest.raises(ValueError, match=rf"^Market\.{field} {said}"):
        rc.Market(**{"instrument": INFY, "at": NOW, "last": 1000, "atr": 10, field: value})


def test_a_market_is_given_in_whatever_form_the_host_has_it():
    """A generator of bars, closes as lists, prices as floats."""
    seen = rc.Market(
        instrument=INFY, at=NOW, bars=(BAR for _ in range(2)), closes={"NSE:INFY": [1500.5]}, atr_bars="140",
        recent_prices=[(NOW, 1500)],
    )  # fmt: skip
    assert (seen.bars, seen.closes, seen.atr_bars) == ((BAR, BAR), (("NSE:INFY", (D("1500.5"),)),), 140)
    assert seen.recent_prices == ((NOW, D(1500)),)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sector": []}, r"Instrument\.sector must be text, got \[\]"),
        ({"series": 5}, r"Instrument\.series must be text, got 5"),
        ({"derivatives_listed": "no"}, r"Instrument\.derivatives_listed must be true or false, got 'no'"),
    ],
)
def test_so_does_an_instrument(wrong, said):
    with pytest.raises(ValueError, match=said):
        rc.Instrument(symbol="INFY", tick="0.05", **wrong)
