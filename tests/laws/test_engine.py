"""Invariants 1, 9 and 10: exits always pass, counters belong to the session date, `step` is total and deterministic."""

from collections import Counter
from datetime import date, datetime, timedelta, timezone

import attrs
import pytest
from hypothesis import given, settings, strategies as st

import riskcore as rc
from riskcore import engine, events as e
from riskcore.engine import State, evolve, fold, react, step
from riskcore.orders import STOP_HIT, TARGET_HIT, ApprovedEntry
from riskcore.states import HALTED, LOCKED, REDUCING, WAITING_FOR_LOGIN, Latch
from riskcore.testing import Scenario, days, policies

THING = rc.Instrument(symbol="INFY", tick="0.05")
LATCHES = [
    Latch(f"latch {state}", state, datetime(2026, 11, 20, 9, 16, tzinfo=rc.IST), "operator", "for the law")
    for state in (REDUCING, HALTED, LOCKED, WAITING_FOR_LOGIN)
]


DECIDED = ("entry", "reversal")


def steps(day):
    """(state before, input, step taken) for each input of a day."""
    state = State()
    for event in day.inputs:
        taken = step(state, event, day.policy)
        yield state, event, taken
        state = taken.state


@settings(max_examples=40)
@given(days(sessions=2))
def test_ENG_1_any_sequence_of_inputs_is_taken(day):
    """Nothing raises; the number of inputs is counted; time never runs back."""
    for before, event, taken in steps(day):
        assert taken.state.number == before.number + 1
        claimed = event.at.astimezone(rc.IST)
        assert taken.state.now == (claimed if before.now is None else max(claimed, before.now))
        assert all(fact.at == taken.state.now for fact in taken.facts)
        backward = [fact for fact in taken.facts if isinstance(fact, e.ClockBackward)]
        assert bool(backward) == (before.now is not None and claimed < before.now)


@settings(max_examples=30)
@given(days(sessions=2))
def test_ENG_2_the_same_inputs_give_the_same_facts_and_commands(day):
    """Every digit of them; `react` says what `step` says."""
    first, second = ([(t.facts, t.commands) for _, _, t in steps(day)] for _ in range(2))
    assert repr(first) == repr(second)
    for before, event, taken in steps(day):
        assert react(before, event, day.policy) == (taken.facts, taken.commands)


@pytest.mark.smoke
@settings(max_examples=50)
@given(days(sessions=2))
def test_ENG_3_folding_the_facts_gives_the_state_back(day):
    """A restart runs no rule. `number` counts inputs, which are no facts; `now` may lag where an input led to none."""
    state, facts = State(), []
    for _, _, taken in steps(day):
        state = taken.state
        facts += taken.facts
    folded = fold(facts)
    assert attrs.evolve(folded, number=state.number, now=state.now) == state
    assert folded.now <= state.now
    assert fold(facts[len(facts) // 2 :], fold(facts[: len(facts) // 2])) == folded


@settings(max_examples=40)
@given(days())
def test_ENG_4_no_two_live_exits_and_never_more_than_is_held(day):
    """One exit of the whole and one of a part at most (with its slices), never more than is held; or it is ending.

    One that a double fill turned round, so that it would add to what is held, is being cancelled.
    """
    for before, _, taken in steps(day):
        book = taken.state.book
        live = book.live_orders(entries=False)
        exits = [order for order in live if order in book.leaving(order.approved.instrument.key)]
        assert {order.id for order in live if order not in exits} <= taken.state.cancelling
        wishes = {(o.approved.instrument.key, o.takes_part, o.approved.at) for o in exits}
        assert len(wishes) == len({(key, part) for key, part, _ in wishes})
        sent = [fact.order for fact in taken.facts if isinstance(fact, e.ExitApproved)]
        for key in {order.instrument.key for order in sent}:
            held = book.position(key) or before.book.position(key)
            parts = [o for o in before.book.live_orders(key, entries=False) if o.takes_part]
            rest = held.quantity - sum(order.open_quantity for order in parts)
            mine = [order for order in sent if order.instrument.key == key]
            total = sum(order.quantity for order in mine)
            assert 0 < total <= held.quantity
            assert mine[0].partial or total == rest
            assert all(order.side != held.side for order in mine)
        for key in {key for key, _, _ in wishes}:
            leaving = book.leaving(key)
            held = book.position(key)
            fits = held is not None and sum(order.open_quantity for order in leaving) <= held.quantity
            assert fits or any(order.id in taken.state.cancelling for order in leaving)
            kinds = {(o.takes_part, o.approved.at) for o in leaving}
            assert len(kinds) == 1 or any(o.takes_part and o.id in taken.state.cancelling for o in leaving)


@settings(max_examples=40)
@given(days())
def test_ENG_5_every_intent_is_a_fact_first(day):
    """Each order or cancel to be sent has its fact in the same step, and each such fact its command.

    A cancel that two rules ask for in one step, the second for a graver reason, is sent once.
    """
    for _, _, taken in steps(day):
        wanted = [f.order for f in taken.facts if isinstance(f, (e.EntryApproved, e.ExitApproved))]
        sent = [c.order for c in taken.commands if isinstance(c, (e.PlaceEntry, e.PlaceExit))]
        assert wanted == sent
        ended = [f.order_id for f in taken.facts if isinstance(f, e.CancelRequested)]
        assert list(dict.fromkeys(ended)) == [c.order_id for c in taken.commands if isinstance(c, e.CancelOrder)]
        assert all(taken.state.book.order(order.order_id) is not None for order in wanted)


@settings(max_examples=40)
@given(days())
def test_ENG_6_an_entry_is_approved_only_where_there_was_room(day):
    """No latch, fewer positions and trades than the limits, when it was decided; its further slices belong to it."""
    for before, _, taken in steps(day):
        state = before
        for fact in taken.facts:
            earlier, state = state, evolve(state, fact)
            if isinstance(fact, e.EntryApproved) and _answers(fact):
                book, key = earlier.book, fact.order.instrument.key
                others = {p.instrument.key for p in book.positions}
                others |= {o.approved.instrument.key for o in book.live_orders(entries=True)}
                assert book.state == "active"
                assert all(latch.key not in ("", key) for latch in book.latches)
                assert key in others or len(others) < day.policy.max_positions
                assert book.trades_today < day.policy.max_trades_per_day


@settings(max_examples=40)
@given(days(sessions=2))
def test_ENG_7_todays_trades_are_the_entries_not_refused_unfilled(day):
    """Counted again from the session's orders after every input."""
    for _, _, taken in steps(day):
        book = taken.state.book
        entries = [order for order in book.orders if isinstance(order.approved, ApprovedEntry)]
        counted = [o for o in entries if not (o.status == "rejected" and o.filled_quantity == 0)]
        today = [o for o in counted if o.approved.at.date() == book.session]
        assert book.trades_today == len({order.approved.signal_id for order in today})


@pytest.mark.smoke
@given(
    st.lists(st.sampled_from(LATCHES), unique=True),
    st.sampled_from(["BUY", "SELL"]),
    st.sampled_from([STOP_HIT, TARGET_HIT, "signal", "square_off"]),
    policies(
        max_positions=1,
        max_trades_per_day=1,
        max_position_size_percent=100,
        max_sector_exposure=100,
        signal_stop="use",
    ),
    st.booleans(),
)
def test_EXI_1_no_latch_limit_or_trading_state_ever_blocks_an_exit(latches, side, reason, policy, broke):
    """With every latch, every slot and trade used, the equity gone: the whole position is to be sent off."""
    sign = 1 if side == "BUY" else -1
    day = Scenario(policy, THING, equity=1_000_000)
    entry = day.enter("10:00", side, last=1000, stop=1000 - 20 * sign, target=1000 + 100 * sign, atr=10)
    day.fill("10:00:01", entry, price=1000)
    held = day.book.positions[0].quantity
    lost = {"realised": -900_000} if broke else {}
    day.state = attrs.evolve(day.state, book=attrs.evolve(day.book, latches=tuple(latches), **lost))
    if reason in (STOP_HIT, TARGET_HIT):
        day.prices("10:05", last=1000 + (-20 if reason == STOP_HIT else 100) * sign)
    elif reason == "signal":
        day.signal("10:05", "SELL" if side == "BUY" else "BUY", kind="exit")
    else:
        day.time("15:10")
    (order,) = day.sent()
    assert (order.quantity, order.reason) == (held, reason)
    assert order.side != side


@pytest.mark.smoke
@given(st.integers(0, 364 * 24 * 60), st.integers(-12 * 60, 14 * 60))
def test_CNT_2_the_session_is_the_date_in_india(minutes, offset):
    """Wherever the clock that stamped the input stands."""
    india = datetime(2026, 1, 1, tzinfo=rc.IST) + timedelta(minutes=minutes)
    elsewhere = india.astimezone(timezone(timedelta(minutes=offset)))
    taken = step(State(), e.TimePassed(elsewhere), rc.Policy())
    assert taken.state.book.session == india.date() == rc.session_date(elsewhere)


@pytest.mark.smoke
def test_CNT_3_an_evening_in_greenwich_is_the_next_day_in_india():
    """2026-11-19 at 20:00 UTC is half past one on the 20th."""
    at = datetime(2026, 11, 19, 20, 0, tzinfo=timezone.utc)
    taken = step(State(), e.TimePassed(at), rc.Policy())
    assert taken.state.book.session == date(2026, 11, 20)


@settings(max_examples=40)
@given(days(sessions=3))
def test_CNT_4_counters_start_again_with_a_new_date_and_not_otherwise(day):
    """At its first input equity is unknown and everything of the day is nought; between, nothing is lost."""
    for before, _, taken in steps(day):
        opened = [fact for fact in taken.facts if isinstance(fact, e.SessionOpened)]
        old, new = before.book, taken.state.book
        assert bool(opened) == (old.session is None or taken.state.now.date() > old.session)
        if opened:
            assert opened[0].session == new.session == taken.state.now.date()
            morning = evolve(before, opened[0]).book  # what the same input then fills belongs to the new day
            assert (morning.realised, morning.charges, morning.trades_today) == (0, 0, 0)
            assert morning.positions == old.positions
            lifted = {fact.name for fact in taken.facts if isinstance(fact, e.Lifted)}
            assert {latch.name for latch in new.latches} >= {latch.name for latch in old.latches} - lifted
        else:
            assert new.charges >= old.charges
            assert new.trades_today >= old.trades_today - 1
            assert old.opening_equity is None or new.opening_equity == old.opening_equity


@pytest.mark.smoke
def test_ENG_8_a_state_keeps_its_time_in_ist_whoever_takes_an_input():
    """A restart folds inputs as they were told, in UTC too: what it then writes down is the same, to the letter."""
    at = datetime(2026, 11, 20, 4, 30, tzinfo=timezone.utc)
    assert engine.taken(State(), at).now.isoformat() == "2026-11-20T10:00:00+05:30"


@settings(max_examples=60)
@given(days(sessions=2))
def test_DEC_7_every_entry_signal_has_one_answer_or_still_waits(day):
    """Over any inputs and nights: taken as often as answered, what is pending aside."""
    state, taken, answered = State(), Counter(), Counter()
    for event in day.inputs:
        made = step(state, event, day.policy)
        state = made.state
        signals = [fact.signal for fact in made.facts if isinstance(fact, e.SignalTaken)]
        taken.update(signal.id for signal in signals if signal.kind in DECIDED)
        answered.update(fact.signal.id for fact in made.facts if _answers(fact))
    assert taken == answered + Counter(signal.id for signal in state.pending)


def _answers(fact):
    """Whether a fact is the answer to an entry signal: of one in slices the first approval is."""
    if isinstance(fact, e.EntryApproved):
        return fact.order.order_id == fact.signal.id
    return isinstance(fact, (e.EntryRefused, e.EntryWithheld)) and fact.signal.kind in DECIDED
