"""The table: each trigger says what it must, and the page says the same."""

import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import get_args

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.custody import TO_COMPARE, Mismatch
from riskcore_openalgo.alarms import CRITICAL, DETAIL, INFO, WARNING, told
from riskcore_openalgo.alarms.table import NOTICES, STARTING, TABLE
from riskcore_openalgo.following import following, signal_of
from tests.core.custody_days import held
from tests.journal.test_codec import every_event

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=rc.IST)
KEY = "NSE:INFY"
PAGE = Path(__file__).parents[2] / "docs/alerts.md"


def latched(name, state="halted", by="riskcore", key=""):
    return e.Latched(NOW, rc.Latch(name, state, NOW, by, "why", key=key))


def closed(reason):
    d = Decimal
    return e.PositionClosed(
        NOW, "id", KEY, "BUY", 10, "s", NOW, NOW, d(100), d(98), reason, d(-20), d(1), None
    )  # fmt: skip


def refused(rule):
    finding = rc.Finding(rule, False, "x", Decimal(9), Decimal(3))
    return e.EntryRefused(NOW, rc.Signal("INFY", "BUY", at=NOW), (finding,), ())


def withheld():
    day, _ = held()
    approved = next(fact for fact in day.facts if isinstance(fact, e.EntryApproved))
    return e.EntryWithheld(NOW, approved.signal, approved.order, "risk", (), "shadow")


def staged(stage, since=NOW):
    return e.EmergencyStaged(NOW, stage, since, 0, None, ("position BUY 50 NSE:INFY",))


SET = ((("max_positions", "3", "2"),), rc.Policy(max_positions=2))

TRIGGERS = {
    "trade executed": (
        e.Filled(NOW, "id", KEY, "BUY", 10, Decimal(100), None, NOW, Decimal(1000)),
        INFO,
        "TRADE EXECUTED",
    ),
    "stop hit": (closed("stop"), WARNING, "STOP HIT"),
    "target hit": (closed("target"), INFO, "TARGET HIT"),
    "daily loss approaching": (
        e.Approaching(NOW, "max_daily_loss", 2400, 3000, Decimal(80)),
        WARNING,
        "DAILY LOSS NEAR",
    ),
    "another limit approaching": (e.Approaching(NOW, "max_positions", 4, 5, Decimal(80)), WARNING, "LIMIT NEAR"),
    "system error": (e.Noticed(NOW, "system_error", "", "a lane failed"), CRITICAL, "SYSTEM ERROR"),
    "strategy failed": (e.Noticed(NOW, "strategy_failed", "mine", "it raised"), CRITICAL, "STRATEGY FAILED"),
    "strategy not asked": (e.Noticed(NOW, "strategy_waits", "mine", "no bars"), WARNING, "STRATEGY NOT ASKED"),
    "a watched symbol is unknown": (e.Noticed(NOW, "symbol_unknown", KEY, "not found"), WARNING, "SYMBOL UNKNOWN"),
    "strategy slow": (e.Noticed(NOW, "strategy_slow", "mine", "3 s"), WARNING, "STRATEGY SLOW"),
    "journal cannot be written": (latched("journal_unavailable"), CRITICAL, "SYSTEM ERROR"),
    "connection lost": (e.ConnectionStaged(NOW, "lost", "live", NOW), WARNING, "CONNECTION LOST"),
    "connection lost for long": (e.ConnectionStaged(NOW, "no_entries", "live", NOW), CRITICAL, "CONNECTION LOST"),
    "unusual market": (refused("unusual_move_atr"), WARNING, "UNUSUAL MARKET"),
    "signal refused": (refused("max_positions"), DETAIL, "SIGNAL REFUSED"),
    "entry withheld": (withheld(), INFO, "ENTRY WITHHELD"),
    "signal again": (e.SignalRepeated(NOW, "id"), DETAIL, "SIGNAL REPEATED"),
    "an alert that cannot be read": (
        e.AlertDropped(NOW, "tradingview", "alert_not_json"),
        WARNING,
        "ALERT NOT READ",
    ),
    "an alert without the secret": (e.AlertDropped(NOW, "web", "alert_unauthorised"), DETAIL, "ALERT NOT READ"),
    "a reversal begins": (e.ReversalBegun(NOW, "id", KEY), DETAIL, "REVERSING"),
    "shares may have left untold": (e.SharesLacking(NOW, KEY, 20), DETAIL, "SHARES MAY HAVE LEFT"),
    "a stop moves": (e.StopMoved(NOW, KEY, "id", Decimal(98), Decimal(99), "trail"), DETAIL, "STOP MOVED"),
    "an order is taken back": (e.CancelRequested(NOW, "id", "entry_timeout_s"), DETAIL, "CANCELLING"),
    "order cancelled": (e.OrderMoved(NOW, "id", "cancelled", ""), DETAIL, "ORDER CANCELLED"),
    "a price that is not believed": (e.PriceDoubted(NOW, KEY, Decimal(1500)), WARNING, "UNUSUAL MARKET"),
    "unprotected position": (e.Alarmed(NOW, "unprotected", KEY, "3 s"), CRITICAL, "UNPROTECTED POSITION"),
    "unknown order": (e.Alarmed(NOW, "outcome_unknown", "id", "nobody knows"), CRITICAL, "UNKNOWN ORDER"),
    "an order that does not end": (e.Alarmed(NOW, "cancel_in_vain", "id", "it works"), CRITICAL, "ORDER DOES NOT END"),
    "a contract beyond its expiry, on paper": (
        e.Alarmed(NOW, "held_past_expiry", KEY, "it ends in delivery"),
        WARNING,
        "HELD PAST ITS EXPIRY",
    ),
    "difference at reconciliation": (e.Alarmed(NOW, "positions_differ", KEY, "5"), CRITICAL, "BOOKS DIFFER"),
    "breaker tripped": (latched("max_drawdown"), CRITICAL, "BREAKER TRIPPED"),
    "daily loss reached": (latched("max_daily_loss", "reducing"), WARNING, "BREAKER TRIPPED"),
    "login needed": (latched("login", "waiting_for_login"), CRITICAL, "LOGIN NEEDED"),
    "login needed in the morning": (e.Noticed(NOW, "login_needed", "", "log in"), CRITICAL, "LOGIN NEEDED"),
    "another sends for the account": (
        e.Noticed(NOW, "taken_over", "", "beta sends"),
        CRITICAL,
        "ANOTHER SENDS FOR THE ACCOUNT",
    ),
    "the last sender did not end in order": (
        e.Noticed(NOW, "sender_not_ended", "", "beta sent"),
        CRITICAL,
        "ANOTHER MAY STILL SEND",
    ),
    "the machine's clock was set back": (
        e.Noticed(NOW, "clock_back", "", "10:02"),
        CRITICAL,
        "CLOCK WENT BACK",
    ),
    "calendar ending": (e.Noticed(NOW, "calendar_ending", "", "soon"), WARNING, "CALENDAR ENDING"),
    "day summary": (e.Noticed(NOW, "day_summary", "", "3 entries"), INFO, "DAY SUMMARY"),
    "a pause by hand": (latched("operator_halted", by="asha"), CRITICAL, "ENTRIES STOPPED"),
    "an act by hand": (e.ControlTaken(NOW, "tighten", KEY, "asha", "nearer"), INFO, "BY HAND"),
    "the emergency stop at work": (staged(e.STOPPING), WARNING, "EMERGENCY STOP AT WORK"),
    "the emergency stop outside the session": (staged(e.PENDING), WARNING, "EMERGENCY STOP PENDING"),
    "the emergency stop incomplete": (
        e.Alarmed(NOW, e.INCOMPLETE, e.EMERGENCY_LATCH, "the stop rests"),
        CRITICAL,
        "EMERGENCY STOP INCOMPLETE",
    ),
    "the emergency stop has ended flat": (staged(e.FLAT), INFO, "EMERGENCY STOP FLAT"),
    "a setting by hand": (e.PolicyAdjusted(NOW, "asha", "calmer", *SET, "ab" * 32), INFO, "SETTING CHANGED"),
    "a looser one by hand, in loss": (e.PolicyScheduled(NOW, "asha", "x", *SET), WARNING, "LOOSER NEXT SESSION"),
    "order refused": (e.OrderMoved(NOW, "id", "rejected", "no money"), WARNING, "ORDER REFUSED"),
    "looser policy kept back": (e.PolicyHeld(NOW, "ab" * 32, ("max_positions",)), WARNING, "CONFIRMATION NEEDED"),
    "a looser policy confirmed": (e.PolicyConfirmed(NOW, "asha", "x", "ab" * 32), WARNING, "LOOSER NEXT SESSION"),
    "configuration refused": (e.Noticed(NOW, "configuration_refused", "", "x"), WARNING, "CONFIGURATION REFUSED"),
    "alert channel down": (e.Noticed(NOW, "channel_down", "phone", "x"), WARNING, "ALERT CHANNEL DOWN"),
    "control page locked": (e.Noticed(NOW, "page_locked", "10.0.0.7", "x"), WARNING, "CONTROL PAGE LOCKED"),
}


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_trigger_says_what_it_must(trigger):
    fact, severity, title = TRIGGERS[trigger]
    said = told(fact)
    assert (said.severity, said.title) == (severity, title)
    assert said.line.startswith(f"{title}: ")


def test_the_page_has_every_trigger_with_its_severity_and_title():
    rows = re.findall(
        r"^\| (.+?) \| (critical|warning|info|detail) \| `(.+?)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert rows == [(name, severity, title) for name, (_, severity, title) in TRIGGERS.items()]


def test_everything_that_can_be_told_is_one_line_of_ascii():
    """Of the facts of a day and of one of each kind."""
    lines = [said for said in map(told, every_event()) if said is not None]
    assert len(lines) > 50
    assert all(said.line.isascii() and "\n" not in said.line for said in lines)
    assert {type(fact) for fact in every_event() if told(fact)} | {
        e.EntryRefused,
        e.OrderMoved,
        e.EmergencyStaged,
        e.BooksDiffer,
    } >= set(TABLE)


def test_what_is_nobodys_business_is_not_told():
    day, _ = held()
    assert told(e.TimePassed(NOW)) is None
    assert told(e.OrderMoved(NOW, "id", "working", "")) is None
    assert told(e.BooksDiffer(NOW, ())) is None
    assert told(e.LoginChanged(NOW, "bad")) is None
    assert told(e.SharesLacking(NOW, KEY, 0)) is None
    assert [said.title for said in map(told, day.facts) if said][:3] == ["POLICY", "ENTRY SENT", "TRADE EXECUTED"]


def test_a_refusal_tells_the_wish_every_reason_and_when_to_ask_again():
    """Nobody should have to look into the journal for what became of an alert."""
    late = rc.Finding("no_entry_after", False, "after_cut_off", "14:50", "14:45")
    full = rc.Finding("max_positions", False, "too_many_positions", 3, 3)
    passed = rc.Finding("cash", True, "enough", 1, 1)
    again = NOW.replace(day=24, hour=9, minute=20)
    said = told(
        e.EntryRefused(NOW, rc.Signal("INFY", "BUY", at=NOW), (passed, late, full), ("max_correlation",), again)
    )
    assert said.text == (
        f"BUY NSE:INFY: no_entry_after: {late.text}; max_positions: {full.text}; max_correlation: not measured; "
        "entries are next taken at 2026-11-24 09:20"
    )
    leaves = rc.Signal("INFY", "SELL", at=NOW, kind="exit")
    nothing = rc.Finding("position", False, "exit_without_position", "INFY")
    said = told(e.EntryRefused(NOW, leaves, (nothing,), ()))
    assert said.text == f"exit SELL NSE:INFY: position: {nothing.text}"


def test_books_that_differ_are_told_from_the_second_read_on():
    """The first may have begun before a fill and ended after it."""
    fresh, standing = (Mismatch("gone", key, 50, 0, times) for key, times in ((KEY, 1), ("NSE:TCS", 2)))
    assert told(e.BooksDiffer(NOW, (fresh,))) is None
    assert told(e.BooksDiffer(NOW, (fresh, standing))).line == "BOOKS DIFFER: NSE:TCS gone: ours 50, the broker's 0"


def test_a_start_calls_nobody():
    """Entries are kept back until the books were compared: that is said, and is no alarm; a bad key is one."""
    latch = rc.Latch("login", "waiting_for_login", NOW, "riskcore", STARTING)
    said = told(e.Latched(NOW, latch))
    assert (said.severity, said.title) == (INFO, "STARTING")
    old = "the runner has started, and the broker's books were not compared yet"
    assert told(e.Latched(NOW, attrs.evolve(latch, why=old))).title == "STARTING"
    key = told(e.Latched(NOW, attrs.evolve(latch, why="Invalid openalgo apikey")))
    assert (key.severity, key.title, key.key == said.key) == (CRITICAL, "LOGIN NEEDED", False)
    assert told(e.Latched(NOW, attrs.evolve(latch, why=TO_COMPARE))) is None
    assert told(e.ControlRefused(NOW, "login", "login", "riskcore", "x", "not_reconciled")) is None
    assert told(e.ControlRefused(NOW, "resume", "x", "asha", "x", "still_at_limit")).title == "NOT DONE"


def test_a_notice_without_a_row_is_a_warning():
    said = told(e.Noticed(NOW, "something_new", "x", "look"))
    assert (said.severity, said.title) == (WARNING, "SOMETHING NEW")
    assert all(severity in (INFO, WARNING, CRITICAL) for severity, _ in NOTICES.values())


def test_what_a_fact_is_about_is_the_signal_it_began_with():
    day, _ = held()
    wanted = next(fact.signal.id for fact in day.facts if isinstance(fact, e.SignalTaken))
    kinds = (e.SignalTaken, e.EntryApproved, e.OrderMoved, e.Filled, e.ExitApproved)
    found = {signal_of(fact) for fact in day.facts if isinstance(fact, kinds)}
    assert found == {wanted}
    assert signal_of(e.TimePassed(NOW)) == ""
    with following(""):
        assert signal_of(None) == ""


def test_an_exit_signal_is_told_by_its_whole_id():
    """What stands on its lines of the log is what `riskcore journal signal` finds."""
    day, _ = held()
    leaves = rc.Signal("INFY", "SELL", at=day.at("10:05"), kind="exit")
    day.take(e.SignalArrived(day.at("10:05"), leaves))
    assert ":exit:" in leaves.id
    assert {signal_of(fact) for fact in day.facts if isinstance(fact, e.SignalTaken)} == {
        leaves.id,
        day.book.positions[0].id,
    }


def test_the_emergency_stop_is_told_at_each_turn_once():
    """Readings that are counted are no news; one that begins again after flat is; incomplete is an alarm's word."""
    again = staged(e.STOPPING, NOW.replace(minute=40))
    assert told(staged(e.STOPPING)).key == told(staged(e.STOPPING)).key != told(again).key
    assert told(staged(e.INCOMPLETE)) is None
    assert told(staged(e.FLAT)).line == "EMERGENCY STOP FLAT: left: position BUY 50 NSE:INFY"


def test_a_setting_by_hand_says_what_who_and_why():
    fact = TRIGGERS["a setting by hand"][0]
    assert told(fact).text == "max_positions 3 -> 2 by asha: calmer"


QUIET = {
    "AcceptedMoved", "Acknowledged", "AnswersEmpty", "Bared", "BrokerKnown", "CancelFailed",
    "ClockBackward", "Covered", "DifferencesTaken", "DriftMeasured", "EmergencyOrdered",
    "EndDoubted", "EquityKnown", "ExitWanted", "ForeignCancelRequested", "Marked", "OrderAbsent",
    "OrderFailed", "OrderShown", "Overfilled", "Rearmed", "Receded", "Revalued", "ReversalDue",
    "RevisionRequested", "RevisionSettled", "RowsAlike", "RowsSeen", "SessionOpened", "SignalTaken",
    "StopKept", "StopTouched", "StrayReport", "TradeCorrected",
}  # fmt: skip
"""What the journal has and nobody is told: another fact says it, or it is the day's ordinary work."""


def test_every_kind_of_fact_is_told_or_is_nobodys_business_by_name():
    """A new fact must be put into one of the two."""
    assert {kind.__name__ for kind in get_args(e.Fact)} - {kind.__name__ for kind in TABLE} == QUIET


def test_slices_of_an_entry_are_told_of_as_the_whole_and_once():
    day, _ = held()
    approved = next(fact for fact in day.facts if isinstance(fact, e.EntryApproved))
    slices = [
        attrs.evolve(approved, order=attrs.evolve(approved.order, order_id=name, quantity=quantity, of_quantity=50))
        for name, quantity in ((approved.signal.id, 20), ("a:2", 20), ("a:3", 10))
    ]
    (said,) = [one for one in map(told, slices) if one is not None]
    assert said.text.startswith("BUY 50 NSE:INFY to ")
