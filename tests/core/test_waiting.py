"""Entry signals that wait for evidence: each ends with an answer, whatever comes instead of it."""

from datetime import date

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.engine_days import INFY, TCS, a_day, holding

LOOK = {"last": 1000, "atr": 10}


def found(day):
    """What speaks against the entry that was refused last: the rule, what was found and its bounds."""
    (one,) = day.last(e.EntryRefused).findings
    assert one.passed is False
    return one.rule, one.reason, one.measured, one.limit


def refused(day):
    """The reasons of every refusal so far, with the signal."""
    answers = [fact for fact in day.facts if isinstance(fact, e.EntryRefused)]
    return [(fact.signal.id, fact.findings[-1].reason) for fact in answers]


def test_an_exit_signal_takes_back_an_entry_of_its_symbol_that_still_waits():
    """And no other's; its evidence, when it comes, finds nobody."""
    day = a_day(INFY, TCS)
    entry, other = day.signal("10:00"), day.signal("10:00", symbol="TCS")
    out = day.signal("10:00:01", "SELL", kind="exit")
    assert refused(day) == [(entry.id, "exit_came_first"), (out.id, "exit_without_position")]
    assert day.state.pending == (other,)
    assert day.look("10:00:02", entry, **LOOK) == ("StrayReport",)
    assert "EntryApproved" in day.look("10:00:02", other, **LOOK)


def test_where_something_is_held_too_it_leaves_and_what_waits_is_taken_back():
    day, _ = holding(one_position_per_symbol=False)
    more = day.signal("10:05", strategy="second")
    out = day.signal("10:05:01", "SELL", kind="exit")
    assert refused(day) == [(more.id, "exit_came_first")]
    assert day.sent()[-1].reason == "signal"
    assert found(day) == ("position", "exit_came_first", "INFY", out.id)
    assert day.last(e.EntryRefused).findings[0].text == "an exit signal of INFY came before its entry was decided"


def test_at_midnight_what_still_waits_is_refused_by_name_in_its_own_session():
    day = a_day(signal_max_age_s=90_000)
    entry = day.signal("14:40")
    day.next_day(3)
    assert day.time("09:15")[:2] == ("EntryRefused", "SessionOpened")
    assert refused(day) == [(entry.id, "undecided_at_close")]
    assert found(day) == ("session", "undecided_at_close", "INFY", None)
    assert day.last(e.EntryRefused).unmeasured == ()
    assert day.state.pending == ()


@pytest.mark.parametrize(("clock", "reasons"), [("14:44:59", []), ("14:45", ["after_cut_off"])])
def test_what_waits_until_the_last_entry_of_its_session_is_refused(clock, reasons):
    day = a_day(signal_max_age_s=9000)
    day.signal("14:40")
    day.time(clock)
    assert [reason for _, reason in refused(day)] == reasons


def test_a_last_entry_of_ones_own_counts():
    day = a_day(signal_max_age_s=9000, no_entry_after="14:00")
    day.signal("13:50")
    day.time("14:00")
    assert refused(day)[0][1] == "after_cut_off"
    assert found(day) == ("no_entry_after", "after_cut_off", "14:00:00", "14:00:00")


@pytest.mark.parametrize("clock", ["14:45", "14:50"])
def test_one_that_comes_after_the_last_entry_is_left_to_its_evidence_which_says_all(clock):
    day = a_day()
    signal = day.signal(f"{clock}:00")
    assert day.time(f"{clock}:01") == ()
    day.look(f"{clock}:02", signal, last=1000, atr=10)
    assert day.refusal() == ("after_cut_off",)


def test_one_that_is_too_old_is_refused_for_its_age():
    day = a_day()
    entry = day.signal("10:00")
    assert day.time("10:01") == ()
    day.time("10:01:01")
    assert refused(day) == [(entry.id, "signal_stale")]
    assert found(day) == ("signal_max_age_s", "signal_stale", 61, 60)


def test_where_no_calendar_tells_its_age_ends_it():
    day = a_day(day=date(2027, 1, 4))
    day.signal("14:44:30")
    day.time("14:45:10")
    assert refused(day) == []
    day.time("14:45:31")
    assert refused(day)[0][1] == "signal_stale"


def test_a_future_waits_by_the_hours_of_its_exchange():
    thing = rc.future("NIFTY", expiry=date(2026, 12, 29), on=date(2026, 11, 20), last_month_close=25_900)
    day = a_day(thing, signal_max_age_s=9000, allowed_products=("NRML",))
    day.signal("14:40", symbol=thing.symbol, exchange="NFO", product="NRML")
    day.time("14:45")
    assert refused(day)[0][1] == "after_cut_off"


def test_a_cancel_signal_takes_back_what_waits_to_enter_on_its_side_and_says_which_it_was():
    """And nothing of the other side, nor of another symbol."""
    day = a_day(INFY, TCS)
    entry, other, against = day.signal("10:00"), day.signal("10:00", symbol="TCS"), day.signal("10:00", "SELL")
    back = day.signal("10:00:01", kind="cancel")
    assert refused(day) == [(entry.id, "cancel_came_first")]
    assert found(day) == ("orders", "cancel_came_first", "INFY", back.id)
    assert day.state.pending == (other, against)


def test_a_reversal_whose_exit_takes_too_long_is_refused_for_that():
    """The exit goes on."""
    day, _ = holding()
    turned = day.signal("10:05", "SELL", kind="reversal", stop=1020)
    day.report("10:05:01", day.sent()[-1].order_id, "working")
    day.time("10:06:01")
    assert refused(day) == [(turned.id, "reversal_lapsed")]
    assert found(day) == ("signal_max_age_s", "reversal_lapsed", "INFY", 60)
