"""The trading states: exits pass in all of them, the gravest latch holds, a latch lifts only as it says."""

from datetime import date, datetime, timedelta
from itertools import combinations

import attrs
import pytest
from hypothesis import given, settings, strategies as st

import riskcore as rc
from riskcore import events as e, states
from riskcore.book import Book, Latch
from riskcore.engine import State, evolve, fold, step
from riskcore.orders import STOP_HIT
from riskcore.policy.breakers import NAMES
from riskcore.states import ACTS, MATRIX, RESETS, SEVERITY, allows, reduces
from riskcore.testing import Scenario, days

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
TRADED = {"traded_at": NOON - timedelta(hours=1)}
INFY = rc.Instrument(symbol="INFY", tick="0.05")
TCS = rc.Instrument(symbol="TCS", tick="0.05")
LATCHES = st.builds(
    Latch,
    name=st.sampled_from((*NAMES, "report_contradicts", "operator_halted")),
    state=st.sampled_from(SEVERITY[1:]),
    at=st.just(NOON - timedelta(minutes=5)),
    by=st.just("asha"),
    why=st.just("for the law"),
    resets=st.sampled_from(RESETS),
    until=st.sampled_from((None, NOON + timedelta(hours=1))),
    key=st.sampled_from(("", "NSE:INFY", "NSE:TCS")),
)


def steps(day):
    state = State()
    for event in day.inputs:
        taken = step(state, event, day.policy)
        yield state, event, taken
        state = taken.state


@pytest.mark.smoke
def test_STA_1_the_matrix_is_that_of_the_design():
    """Everything while active; an exit, a cancel and a tighter stop always; a re-arm down to reducing."""
    assert tuple(MATRIX) == SEVERITY
    assert MATRIX["active"] == set(ACTS)
    assert MATRIX["reducing"] == {"exit", "cancel", "tighten", "rearm"}
    for grave in ("halted", "locked", "waiting_for_login"):
        assert MATRIX[grave] == {"exit", "cancel", "tighten"}
    assert tuple(states.LIFTED_BY) == SEVERITY


@pytest.mark.smoke
@given(st.lists(LATCHES, max_size=5), st.sampled_from(("NSE:INFY", "NSE:TCS", "NSE:SBIN")))
def test_STA_2_the_state_is_the_gravest_latch(latches, key):
    """In any order of setting; a latch of one instrument stops that one alone."""
    book = Book(100_000, latches=latches)
    own = [SEVERITY.index(latch.state) for latch in latches if latch.key == key]
    account = [SEVERITY.index(latch.state) for latch in latches if not latch.key]
    assert SEVERITY.index(book.state) == max([0, *account])
    assert SEVERITY.index(book.state_of(key)) == max([0, *account, *own])
    assert Book(100_000, latches=latches[::-1]).state_of(key) == book.state_of(key)


@pytest.mark.smoke
@given(st.lists(LATCHES, max_size=4))
def test_STA_3_an_entry_passes_just_where_the_matrix_allows_it(latches):
    """Nothing else is wrong with it, so that only the state can refuse it; the reason names what lifts."""
    signal = rc.Signal("INFY", "BUY", at=NOON)
    market = rc.Market(instrument=INFY, at=NOON, last=1000, atr=10)
    book = Book(100_000, session=NOON.date(), latches=latches)
    decision = rc.decide(signal, book, market, rc.Policy())
    assert decision.approved == allows(book.state_of("NSE:INFY"), "entry")
    if not decision.approved:
        (found,) = decision.reasons
        assert found.rule == "state"
        assert found.reason in ("entries_stopped", "stopped_for_session", "stopped_for_now")


@given(
    st.lists(LATCHES, max_size=6),
    st.sampled_from(("stop", "signal", "square_off", "connection_lost")),
    st.sampled_from(("BUY", "SELL")),
)
def test_STA_4_every_state_lets_every_exit_pass(latches, reason, side):
    """With every breaker tripped on top: each at the smallest limit there is, and the money gone."""
    policy = rc.Policy(
        position_size_basis="notional",
        max_position_size_percent=100,
        max_sector_exposure=100,
        max_drawdown="0.05",
        max_loss_streak=1,
        max_loss_streak_r="0.01",
        max_order_errors=1,
        max_orders_per_s=1,
        order_tokens_for_exits=0,
        stale_after_s=1,
        max_clock_drift_s="0.01",
        connection_timers=[
            rc.ConnectionTimers(mode="live", degraded_s=1, no_entries_s=1, action_s=1, action="flatten")
        ],
    )
    sign = 1 if side == "BUY" else -1
    day = Scenario(policy, INFY, equity=1_000_000)
    entry = day.enter("11:00", side, last=1000, stop=1000 - 20 * sign, target=1000 + 100 * sign, seen=TRADED)
    day.fill("11:00:01", entry, price=1000)
    held = day.book.positions[0].quantity
    broke = attrs.evolve(
        day.book, latches=tuple(latches), realised=-900_000, sent_second=day.at("11:05"), sent_in_second=9
    )
    day.state = attrs.evolve(day.state, book=broke)
    day.take(e.ClockSeen(day.at("11:04"), rc.Policy().max_daily_loss))
    if reason == STOP_HIT:
        day.prices("11:05", last=1000 - 20 * sign)
    elif reason == "signal":
        day.signal("11:05", "SELL" if side == "BUY" else "BUY", kind="exit")
    elif reason == "square_off":
        day.time("15:10")
    else:
        day.take(e.ConnectionSeen(day.at("11:05"), connected=False, mode="live"))
        day.time("11:05:01")
    (order,) = day.sent()
    assert (order.quantity, order.reason) == (held, reason)


@pytest.mark.smoke
@given(st.integers(-6, 6), st.lists(st.integers(-6, 6), max_size=3), st.integers(-12, 12))
def test_STA_5_a_reduction_holds_in_every_order_of_fills(held, working, order):
    """Just then: whichever of the others fill before it, the position is not turned round, and was there to reduce."""
    ahead = [chosen for count in range(len(working) + 1) for chosen in combinations(working, count)]
    never_turned = all((held + sum(chosen) + order) * held >= 0 for chosen in ahead)
    assert reduces(held, working, order) == (held * order < 0 and never_turned)


@settings(max_examples=40)
@given(days(sessions=2))
def test_STA_6_every_exit_of_a_day_reduces(day):
    """Against the book at its moment, all other live orders of the instrument beside it."""
    for before, _, taken in steps(day):
        state = before
        for fact in taken.facts:
            earlier, state = state, evolve(state, fact)
            if isinstance(fact, e.ExitApproved):
                key = fact.order.instrument.key
                position = earlier.book.position(key)
                sign = 1 if position.side == "BUY" else -1
                others = [
                    order.open_quantity * (1 if order.approved.side == "BUY" else -1)
                    for order in earlier.book.live_orders(key)
                ]
                assert reduces(position.quantity * sign, others, -fact.order.quantity * sign)


@settings(max_examples=40)
@given(days(sessions=2))
def test_STA_7_who_when_and_why_stands_on_every_change_of_state(day):
    """A state changes by `Latched` and `Lifted` alone; a latch is set once, and lifted by what it says."""
    for before, event, taken in steps(day):
        state = before
        for fact in taken.facts:
            earlier, state = state, evolve(state, fact)
            if isinstance(fact, e.Latched):
                assert fact.latch.by
                assert fact.latch.why
                assert fact.latch.at == fact.at
                assert earlier.book.latch(fact.latch.name, fact.latch.key) is None
            elif isinstance(fact, e.Lifted):
                latch = earlier.book.latch(fact.name, fact.key)
                assert fact.by
                assert fact.why
                if latch.resets == "operator" and latch.name != "charges_unknown":
                    assert isinstance(event, e.OperatorResumed)
                if fact.by == "riskcore" and latch.resets == "next_session":
                    assert earlier.book.session > latch.at.date()
                if fact.by == "riskcore" and latch.resets == "after_s":
                    assert taken.state.now >= latch.until
                if latch.state == "locked":
                    assert event.word == "UNLOCK"
            else:
                assert earlier.book.latches == state.book.latches


@settings(max_examples=40)
@given(days(sessions=2))
def test_STA_8_latches_excuses_and_observations_survive_a_restart(day):
    """Folding the facts gives all of them back, at every moment of the day."""
    facts = []
    for _, _, taken in steps(day):
        facts += taken.facts
        if taken.facts:
            folded = fold(facts)
            assert folded.book == taken.state.book
            assert folded.observed == taken.state.observed


@settings(max_examples=40)
@given(days(sessions=2))
def test_STA_9_no_entry_works_on_after_entries_were_stopped(day):
    """The entries that a latch stops are being cancelled from the moment it is set."""
    for _, _, taken in steps(day):
        for fact in taken.facts:
            if isinstance(fact, e.Latched) and fact.latch.state != "waiting_for_login":
                live = taken.state.book.live_orders(fact.latch.key or None, entries=True)
                still = {latch.name for latch in taken.state.book.latches}
                assert fact.latch.name not in still or all(order.id in taken.state.cancelling for order in live)


@pytest.mark.smoke
@given(st.integers(0, 40))
def test_STA_10_a_latch_of_the_session_lifts_with_the_next_date_and_not_before(minutes):
    """At the first input of it, whatever that is, and before anything is decided."""
    day = Scenario(rc.Policy(), INFY)
    latch = Latch("max_daily_loss", "reducing", day.at("10:00"), "riskcore", "at its limit", "next_session")
    day.state = attrs.evolve(day.state, book=attrs.evolve(day.book, latches=(latch,)))
    late = datetime(2026, 11, 20, 23, 59, 59, tzinfo=rc.IST)
    assert step(day.state, e.TimePassed(late), day.policy).state.book.latches == (latch,)
    morning = datetime(2026, 11, 21, tzinfo=rc.IST) + timedelta(minutes=minutes)
    taken = step(day.state, e.TimePassed(morning), day.policy)
    assert taken.state.book.latches == ()
    assert [type(fact) for fact in taken.facts] == [e.SessionOpened, e.Lifted]
    assert taken.state.book.session == date(2026, 11, 21)
