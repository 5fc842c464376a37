"""Circuit breakers: each trips at its limit and not below, tells before it trips, and stays until its reset."""

from datetime import datetime, timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import given, settings, strategies as st

import riskcore as rc
from riskcore import events as e
from riskcore.book import Book, Outcome
from riskcore.breakers.approach import LEVELS, RECEDED, levels
from riskcore.breakers.data import connection_stage
from riskcore.breakers.drawdown import drawdown_peak
from riskcore.breakers.measure import STAGES, Observations, rule_of
from riskcore.breakers.sending import order_rate
from riskcore.breakers.table import BREAKERS, measures
from riskcore.engine import State, evolve, in_force, step
from riskcore.engine.breakers import watch_breakers
from riskcore.engine.turn import Turn
from riskcore.outcomes import DayResult
from riskcore.policy.breakers import DEFAULTS, NAMES
from riskcore.testing import days

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
INFY = rc.Instrument(symbol="INFY", tick="0.05")
TIMERS = rc.ConnectionTimers(mode="live", degraded_s=5, no_entries_s=15, action_s=60)


def steps(day):
    state = State()
    for event in day.inputs:
        taken = step(state, event, day.policy)
        yield state, event, taken
        state = taken.state


def facts_of(day):
    """(state before the fact, fact, state after) of a whole day."""
    for before, _, taken in steps(day):
        state = before
        for fact in taken.facts:
            earlier, state = state, evolve(state, fact)
            yield earlier, fact, state


def ended(net, r=-1, minutes=30):
    """A finished trade."""
    return Outcome(
        key="NSE:A",
        side="BUY",
        session=NOON.date(),
        closed_at=NOON - timedelta(minutes=minutes),
        quantity=1,
        gross=Decimal(net),
        charges=Decimal(0),
        r_multiple=None if r is None else Decimal(r),
    )


def held_since(seconds):
    """A position that opened that many seconds ago."""
    return rc.Position(
        instrument=INFY, side="BUY", quantity=1, average_price=1000, opened_at=NOON - timedelta(seconds=seconds)
    )


SITUATIONS = {
    "max_daily_loss": lambda n: ({"max_daily_loss": 3}, Book(1000, realised=-n), {}, n >= 30),
    "max_give_back_pct": lambda n: (
        {"max_give_back_pct": 50},
        Book(1000, session_peak=1040, realised=40 - n),
        {},
        n >= 20,
    ),
    "max_drawdown": lambda n: ({"max_drawdown": 4}, Book(1000, peak_equity=1000, realised=-n), {}, n >= 40),
    "max_loss_streak": lambda n: ({"max_loss_streak": 25}, Book(1000, outcomes=[ended(-1)] * n), {}, n >= 25),
    "max_loss_streak_r": lambda n: (
        {"max_loss_streak_r": "12.5"},
        Book(1000, outcomes=[ended(-1, "-0.5")] * n),
        {},
        n >= 25,
    ),
    "max_order_errors": lambda n: (
        {"order_error_limits": [rc.ErrorLimit(error="unknown", limit=25)]},
        Book(1000),
        {"errors": (("rejected", n), ("unknown", n))},
        n >= 25,
    ),
    "stale_after_s": lambda n: ({"stale_after_s": 25}, Book(1000, positions=[held_since(n)]), {}, n >= 25),
    "max_clock_drift_s": lambda n: ({"max_clock_drift_s": "2.5"}, Book(1000), {"drift_s": Decimal(-n) / 10}, n >= 25),
    "connection_timers": lambda n: (
        {"connection_timers": [TIMERS]},
        Book(1000),
        {"lost_at": NOON - timedelta(seconds=n), "mode": "live"},
        n >= 15,
    ),
}
"""Breaker -> what it is, for a measured quantity n: (policy, book, observations, whether it must trip)."""


def measured(name, n, **policy):
    made, book, seen, trips = SITUATIONS[name](n)
    found = measures(book, Observations(**seen), rc.Policy(**{**made, **policy}), NOON)
    return [one for one in found if one.rule == name], trips


@pytest.mark.smoke
def test_BRK_1_every_breaker_has_a_row_a_default_and_a_situation_here():
    """Under the same names, in the same order."""
    assert tuple(rule.name for rule in DEFAULTS) == NAMES
    assert {breaker.name for breaker in BREAKERS} | {"stale_after_s"} == set(NAMES) == set(SITUATIONS)
    assert all(rule_of(rc.Policy(), name) in DEFAULTS for name in NAMES)


@pytest.mark.smoke
@given(st.sampled_from(NAMES), st.integers(0, 60))
def test_BRK_2_a_breaker_trips_exactly_at_its_limit(name, n):
    """Reached is tripped, one unit below is not; the latch would say both numbers."""
    (found,), trips = measured(name, n)
    assert found.tripped == trips == (found.measured >= found.limit)
    assert "limit" in found.why


@pytest.mark.smoke
@given(st.sampled_from(NAMES), st.integers(0, 60))
def test_BRK_3_more_never_trips_less(name, n):
    """What trips at n trips at n + 1; what it measures does not fall."""
    (less,), _ = measured(name, n)
    (more,), _ = measured(name, n + 1)
    assert more.measured >= less.measured
    assert more.limit == less.limit


@pytest.mark.smoke
@given(
    st.sampled_from(["max_daily_loss", "max_drawdown", "max_give_back_pct", "max_loss_streak", "max_loss_streak_r"]),
    st.integers(0, 60),
    st.integers(1, 50),
    st.integers(1, 50),
)
def test_BRK_4_a_looser_limit_never_trips_what_a_tighter_lets_pass(name, n, one, other):
    """Monotone in the limit."""
    tight, loose = sorted((one, other))
    (first,), _ = measured(name, n, **{name: tight})
    (second,), _ = measured(name, n, **{name: loose})
    assert first.tripped or not second.tripped


@pytest.mark.smoke
@given(st.sampled_from(sorted(set(NAMES) - {"max_daily_loss"})))
def test_BRK_5_what_is_off_measures_nothing(name):
    """Without its limit there is no reading, and no latch can follow."""
    off = {key: () if isinstance(value, list) else None for key, value in SITUATIONS[name](60)[0].items()}
    assert measured(name, 60, **off)[0] == []


@pytest.mark.smoke
@given(st.lists(st.sampled_from((-3, -1, 0, 2)), max_size=8), st.integers(0, 8))
def test_BRK_6_a_streak_ends_at_a_gain_and_at_its_last_lift(results, lifted):
    """A trade of exactly nought neither counts nor ends it; trades closed before the lift are forgotten."""
    trades = [ended(net, net, minutes=60 - n) for n, net in enumerate(results)]
    since = NOON - timedelta(minutes=61 - lifted)
    lost = []
    for trade in reversed([trade for trade in trades if trade.closed_at > since]):
        if trade.net > 0:
            break
        lost += [-trade.net] if trade.net else []
    book = Book(1000, outcomes=trades, counted_from=(("max_loss_streak", since), ("max_loss_streak_r", since)))
    found = measures(book, Observations(), rc.Policy(max_loss_streak=1, max_loss_streak_r=1), NOON)
    by_name = {one.rule: one.measured for one in found}
    assert by_name["max_loss_streak"] == len(lost)
    assert by_name["max_loss_streak_r"] == sum(lost)


@pytest.mark.smoke
@given(st.lists(st.integers(900, 1100), min_size=1, max_size=6), st.integers(900, 1100), st.integers(1, 8))
def test_BRK_7_a_wider_basis_has_a_peak_at_least_as_high(earlier, today, sessions):
    """At least: session <= rolling <= all_time. A rolling window takes in what its number of sessions says."""
    past = tuple(DayResult(NOON.date(), Decimal(1000), Decimal(0), Decimal(peak)) for peak in earlier)
    top = Decimal(max(*earlier, today))
    book = Book(1000, days=past, session_peak=today, peak_equity=top)
    session, all_time = (drawdown_peak(book, rc.Policy(drawdown_basis=name)) for name in ("session", "all_time"))
    rolling = drawdown_peak(book, rc.Policy(drawdown_basis="rolling", drawdown_sessions=sessions))
    assert session == today <= rolling <= all_time == top
    kept = earlier[-(sessions - 1) :] if sessions > 1 else []
    assert rolling == max([today, *kept])


@settings(max_examples=40)
@given(days(sessions=2))
def test_BRK_8_a_peak_never_falls_within_its_basis(day):
    """The session's within the session, that of all time never; and equity never stands above either."""
    for before, _, taken in steps(day):
        old, new = before.book, taken.state.book
        assert old.peak_equity is None or new.peak_equity >= old.peak_equity
        if old.session == new.session and old.session_peak is not None:
            assert new.session_peak >= old.session_peak
        if new.equity is not None:
            assert new.equity <= new.session_peak <= new.peak_equity


@settings(max_examples=40)
@given(days(sessions=2))
def test_BRK_9_an_approach_is_told_before_the_trip(day):
    """In the same input at the latest."""
    told = {"max_daily_loss", "max_drawdown"}
    for earlier, fact, _ in facts_of(day):
        if isinstance(fact, e.Latched) and fact.latch.name in told and day.policy.approaching_pct is not None:
            assert fact.latch.name in earlier.observed.near


@settings(max_examples=40)
@given(days(sessions=2))
def test_BRK_10_an_approach_is_told_once_until_it_receded_or_the_session_ended(day):
    """And it is true: what is told stands at or above the level, what receded below nine tenths of it."""
    pct = day.policy.approaching_pct
    told = set()
    for earlier, fact, _ in facts_of(day):
        if isinstance(fact, e.SessionOpened):
            told.clear()
        elif isinstance(fact, e.Approaching):
            assert fact.rule not in told
            assert fact.measured * 100 >= pct * fact.limit
            told.add(fact.rule)
        elif isinstance(fact, e.Receded):
            now = levels(earlier.book, earlier.observed, day.policy, fact.at)
            (found,) = [one for one in now if one.rule == fact.rule]
            assert found.measured * 100 < pct * found.limit * RECEDED
            told.remove(fact.rule)
        assert set(earlier.observed.near) <= told | {getattr(fact, "rule", "")} or isinstance(fact, e.SessionOpened)


@settings(max_examples=40)
@given(days(sessions=2))
def test_BRK_11_a_breaker_trips_at_its_limit_and_is_latched_as_its_policy_says(day):
    """After every input, each breaker that is at its limit stands latched, unless a hand excused it."""
    for _, _, taken in steps(day):
        book = taken.state.book
        for found in measures(book, taken.state.observed, day.policy, taken.state.now):
            if found.tripped:
                assert book.latch(found.rule, found.key) is not None or found.rule in book.excused
        for fact in taken.facts:
            if isinstance(fact, e.Latched) and fact.latch.name in NAMES:
                rule = rule_of(day.policy, fact.latch.name)
                assert (fact.latch.state, fact.latch.resets) == (rule.state, rule.resets)
                assert (fact.latch.until is None) == (rule.after_s is None)


@settings(max_examples=40)
@given(days(sessions=2))
def test_BRK_12_what_a_hand_excused_trips_again_only_when_it_was_below_or_the_next_session(day):
    """An excused breaker has no new latch before `Rearmed` or a new date."""
    excused = set()
    for _, fact, after in facts_of(day):
        if isinstance(fact, e.SessionOpened):
            excused.clear()
        elif isinstance(fact, e.Lifted) and fact.excused:
            excused.add(fact.name)
        elif isinstance(fact, e.Rearmed):
            excused.remove(fact.name)
        elif isinstance(fact, e.Latched):
            assert fact.latch.name not in excused
        assert set(after.book.excused) == excused


@settings(max_examples=40)
@given(days(sessions=2))
def test_BRK_13_the_orders_of_a_second_are_those_of_its_facts(day):
    """Entries, exits and cancels of a calendar second; an entry was approved only while tokens for exits were left."""
    sent = {}
    most, kept = day.policy.max_orders_per_s, day.policy.order_tokens_for_exits
    for earlier, fact, after in facts_of(day):
        if isinstance(fact, (e.EntryApproved, e.ExitApproved, e.CancelRequested)):
            second = fact.at.replace(microsecond=0)
            if isinstance(fact, e.EntryApproved) and most is not None:
                assert sent.get(second, 0) < most - kept
                assert not order_rate(earlier.book, day.policy, fact.at).tripped
            sent[second] = sent.get(second, 0) + 1
            assert after.book.orders_in(fact.at) == sent[second]


@pytest.mark.smoke
@given(st.integers(0, 200), st.integers(0, 200), st.sampled_from(("live", "paper")))
def test_BRK_14_a_lost_connection_only_moves_on(first, later, mode):
    """Its stages come in order with time; each mode has timers of its own, or none."""
    timers = (TIMERS, attrs.evolve(TIMERS, mode="paper", degraded_s=50, no_entries_s=60, action_s=70))
    observed = Observations(lost_at=NOON, mode=mode)
    policy = rc.Policy(connection_timers=timers)
    early, late = sorted((first, later))
    one, two = (connection_stage(observed, policy, NOON + timedelta(seconds=s)) for s in (early, late))
    assert STAGES.index("lost") <= STAGES.index(one) <= STAGES.index(two)
    row = next(row for row in timers if row.mode == mode)
    assert (two == "action") == (late >= row.action_s)
    assert (one in ("no_entries", "action")) == (early >= row.no_entries_s)
    assert connection_stage(Observations(), policy, NOON) == "connected"


@pytest.mark.smoke
@given(st.lists(st.tuples(st.integers(0, 120), st.integers(990, 1010)), max_size=6), st.integers(1, 90))
def test_BRK_15_the_recent_range_is_that_of_the_window(prices, within):
    """Both ends of the window included; none seen in it is None."""
    series = [(NOON - timedelta(seconds=ago), Decimal(price)) for ago, price in prices]
    inside = [price for ago, price in prices if ago <= within]
    expected = (max(inside), min(inside)) if inside else None
    assert rc.recent_range(series, NOON, within) == expected


@pytest.mark.smoke
@given(st.integers(0, 10), st.integers(1, 10), st.sampled_from((50, 80, 100)))
def test_BRK_16_a_count_is_near_from_its_level_on(trades, limit, pct):
    """At least pct per cent of the limit; a limit of one is used or free, and never near."""
    policy = rc.Policy(max_trades_per_day=limit, approaching_pct=pct)
    day = [e.PolicyLoaded(NOON, policy)]
    state = step(State(), day[0], policy).state
    state = attrs.evolve(state, book=attrs.evolve(state.book, trades_today=trades))
    facts = step(state, e.TimePassed(NOON), policy).facts
    near = [fact.rule for fact in facts if isinstance(fact, e.Approaching)]
    assert near == (["max_trades_per_day"] if limit > 1 and trades * 100 >= pct * limit else [])
    assert len(LEVELS) >= 4


@settings(max_examples=120, deadline=None)
@given(days())
def test_BRK_17_a_breaker_that_was_not_asked_had_nothing_to_say(day):
    """Asked once more after each input, they say nothing new."""
    for _, event, taken in steps(day):
        again = Turn(taken.state, in_force(taken.state, day.policy, event), taken.state.now)
        watch_breakers(again)
        assert again.facts == []
