"""Entries that the book alone refuses: where, within which hours, and what is said only when somebody reads it."""

from datetime import date, datetime, timedelta

import attrs
import pytest

import riskcore as rc
from riskcore import engine, events as e
from riskcore.rules.signal import entries_next
from riskcore.states import AFTER_S, CONDITION, HALTED, NEXT_SESSION, OPERATOR, Latch
from riskcore.table_rows import CalendarDay
from riskcore.testing import Scenario

INFY, TCS = rc.Instrument(symbol="INFY", tick="0.05"), rc.Instrument(symbol="TCS", tick="0.05")
OPEN = {"max_position_size_percent": 100, "max_sector_exposure": 100}


def a_day(**policy):
    """INFY is held; TCS is free."""
    day = Scenario(rc.Policy(**{**OPEN, **policy}), INFY, TCS)
    day.fill("10:00:01", day.enter("10:00", last=1500, atr=10), price=1500)
    return day


def closed_to(day, thing):
    return engine.closed(day.state, day.policy).to(thing.key)


@pytest.mark.parametrize(
    ("policy", "held", "free"),
    [
        ({}, True, False),
        ({"one_position_per_symbol": False}, False, False),
        ({"max_positions": 1}, True, True),
        ({"max_positions": 1, "one_position_per_symbol": False}, False, True),
        ({"max_trades_per_day": 1, "one_position_per_symbol": False}, True, True),
    ],
)
def test_where_a_book_takes_no_entry(policy, held, free):
    """And `decide` refuses just there."""
    day = a_day(**policy)
    assert (closed_to(day, INFY), closed_to(day, TCS)) == (held, free)
    for thing, shut in ((INFY, held), (TCS, free)):
        day.enter("10:05", symbol=thing.symbol, last=1500, atr=10)
        answer = day.facts[-1]
        assert isinstance(answer, e.EntryRefused) is shut, answer


@pytest.mark.parametrize(
    ("resets", "shut"), [(NEXT_SESSION, True), (OPERATOR, True), (AFTER_S, False), (CONDITION, False)]
)
def test_nothing_is_said_where_a_latch_may_lift_by_itself(resets, shut):
    """The next input may be the one that lifts it."""
    day = a_day(max_positions=2)
    latch = Latch("mine", HALTED, day.at("10:01"), "riskcore", "a test", resets, day.at("10:30"))
    day.state = attrs.evolve(day.state, book=attrs.evolve(day.state.book, latches=(latch,)))
    assert closed_to(day, TCS) is shut
    excused = attrs.evolve(day.state, book=attrs.evolve(day.state.book, excused=("max_daily_loss",)))
    assert not engine.closed(excused, day.policy).to(INFY.key)


def test_a_signal_is_refused_for_certain_once_and_within_its_hours():
    """One taken before, one that may be a repetition by its text, an exit, and what the hour refuses are left alone."""
    day = a_day(max_positions=1)
    shut = engine.closed(day.state, day.policy)
    wish = rc.Signal("TCS", "BUY", at=day.at("10:05"))

    def certain(signal, at="10:05", state=day.state):
        return engine.refuses(shut, signal, day.at(at), TCS, state, day.policy)

    assert all(certain(wish, at) for at in ("10:05", "09:20", "14:44:59"))
    assert not certain(wish, state=attrs.evolve(day.state, seen=day.state.seen | {wish.id}))
    assert not certain(attrs.evolve(wish, receipt="the same words"))
    assert not certain(attrs.evolve(wish, kind="exit"))
    assert not certain(attrs.evolve(wish, kind="reversal"))
    assert not any(certain(wish, at) for at in ("09:00", "09:16", "14:45", "15:29", "15:31"))
    assert not engine.refuses(shut, wish, day.at("10:05") + timedelta(days=1), TCS, day.state, day.policy)
    assert not engine.refuses(shut, wish, day.at("10:05").replace(year=2090), TCS, day.state, day.policy)


def test_what_is_put_off_is_decided_once_when_it_is_read():
    """The facts and the state are those of signals that were taken and refused."""
    day = a_day(max_positions=1)
    wishes, asked = [rc.Signal("TCS", "BUY", at=day.at(clock)) for clock in ("10:05", "10:06")], []
    stood = day.state

    def decide():
        asked.append(len(wishes))
        other = Scenario(day.policy, INFY, TCS)
        other.state = stood
        for wish in wishes:
            other.enter(f"{wish.at:%H:%M}", symbol="TCS", last=1500, atr=10)
        return [fact for fact in other.facts if isinstance(fact, e.EntryRefused)]

    rows, ids = [(wish.at, wish) for wish in wishes], [wish.id for wish in wishes]
    after, facts = engine.put_off(stood, ids, wishes[-1].at, lambda: iter(rows), decide)
    assert facts.waits
    assert not asked
    before = len(day.facts)
    for wish in wishes:
        day.enter(f"{wish.at:%H:%M}", symbol="TCS", last=1500, atr=10)
    assert facts == tuple(day.facts[before:])
    assert ([fact.unmeasured for fact in facts[1::2]], asked) == ([(), ()], [2])
    assert after == day.state


@pytest.mark.parametrize(
    ("policy", "product", "first", "last"),
    [
        ({}, "MIS", "09:20", "14:45"),
        ({}, "CNC", "09:20", "14:45"),
        ({"no_entry_before": "09:00", "no_entry_after": "23:00"}, "MIS", "09:15", "15:10"),
        ({"no_entry_before": "09:00", "no_entry_after": "23:00"}, "CNC", "09:15", "15:15"),
    ],
)
def test_the_hours_of_entries_lie_within_the_session_and_the_policys_own(policy, product, first, last):
    """What is squared off is not entered from then on, the rest is up to the close; and `refuses` goes by them."""
    day = a_day()
    policy = rc.Policy(**policy)
    hours = engine.entry_hours(day.day, TCS, product, policy)
    assert hours == (day.at(first), day.at(last))
    shut = engine.Closed(frozenset(), there=True, elsewhere=True)
    wish = rc.Signal("TCS", "BUY", at=day.at("10:05"), product=product)
    second = timedelta(seconds=1)
    around = [(hours[0] - second, False), (hours[0], True), (hours[1] - second, True), (hours[1], False)]
    assert [engine.refuses(shut, wish, at, TCS, day.state, policy) for at, _ in around] == [told for _, told in around]


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2090, 11, 20)])
def test_a_day_without_a_session_and_one_no_calendar_reaches_have_no_hours_of_entries(day):
    assert engine.entry_hours(day, TCS, "MIS", rc.Policy()) is None


SHUT = rc.Tables(days=(CalendarDay(day="2026-11-23", kind="closed"),))


@pytest.mark.parametrize(
    ("clock", "tables", "day", "then"),
    [
        ("09:00", None, 20, "09:20"),
        ("09:20", None, 23, "09:20"),
        ("16:00", None, 23, "09:20"),
        ("16:00", SHUT, 25, "09:20"),
    ],
)
def test_entries_are_next_taken_later_today_or_in_the_next_session(clock, tables, day, then):
    """From Friday on; by the policy's own calendar a Monday may be a holiday, and the Tuesday is one."""
    told = Scenario(rc.Policy(tables=tables) if tables else rc.Policy(), TCS)
    found = entries_next(told.at(clock), TCS, "MIS", told.policy)
    assert f"{found:%d %H:%M}" == f"{day} {then}"


def test_where_the_calendar_ends_nobody_says_when_entries_are_next_taken():
    last = datetime(2026, 12, 31, 16, 0, tzinfo=rc.IST)
    assert entries_next(last, TCS, "MIS", rc.Policy()) is None
