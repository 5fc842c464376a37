"""Signals of every kind: reductions, reversals, cancels, the hours that refuse them, and what they bring along."""

from datetime import datetime, timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import given, settings, strategies as st

import riskcore as rc
from riskcore import events as e
from riskcore.engine import State, evolve, resume, step
from riskcore.states import HALTED, LOCKED, REDUCING, WAITING_FOR_LOGIN
from riskcore.testing import Scenario, days

POLICY = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, entry_band_pct=0, entry_timeout_s=600)
SIDES = st.sampled_from(["BUY", "SELL"])
OTHER = {"BUY": "SELL", "SELL": "BUY"}
SEEN = {"last": 1000, "atr": "13.333333"}


def thing(lot_size=1):
    return rc.Instrument(symbol="INFY", tick="0.05", lot_size=lot_size)


def holding(side="BUY", lot_size=1, policy=POLICY):
    """A day with a position of the largest size that the policy allows, opened at ten."""
    told = Scenario(policy, thing(lot_size))
    order_id = told.enter("10:00", side, **SEEN)
    told.fill("10:00:01", order_id, price=1000)
    return told


def reversed_day(side, clock="10:05"):
    told = holding(side)
    return told, told.signal(clock, OTHER[side], kind="reversal")


@given(SIDES, st.integers(1, 3), st.integers(1, 200), st.decimals("0.01", 100, places=2), st.booleans())
def test_SIG_1_a_reduction_takes_what_was_asked_up_to_whole_lots_and_never_more_than_is_held(side, lot, by, pct, whole):
    """As many as are held, or more, are all of them; the rest stays held, with its stop."""
    told = holding(side, lot)
    held = told.book.positions[0]
    asked = Decimal(by) if whole else held.quantity * pct / 100
    more = {"reduce_by": by} if whole else {"reduce_pct": pct}
    told.signal("10:05", OTHER[side], kind="exit", **more)
    (order,) = told.sent()
    assert min(asked, held.quantity) <= order.quantity <= held.quantity
    assert order.quantity % lot == 0
    assert order.quantity - asked < lot
    assert order.partial == (order.quantity < held.quantity)
    told.fill("10:05:01", order.order_id, price=1000)
    left = told.book.position("NSE:INFY")
    assert (left is None) == (order.quantity == held.quantity)
    assert left is None or (left.quantity, left.stop) == (held.quantity - order.quantity, held.stop)


@settings(max_examples=60)
@given(days(sessions=2))
def test_SIG_2_a_reversal_is_entered_only_when_its_symbol_is_flat(day):
    """Over any inputs: when it was approved nothing was held and nothing worked; evidence that came before is stray."""
    state = State()
    for event in day.inputs:
        waited = state.reversing
        taken = step(state, event, day.policy)
        for fact in taken.facts:
            if isinstance(fact, e.EntryApproved) and fact.signal.kind == "reversal" and not fact.order.of_quantity:
                key = fact.signal.key
                assert fact.signal.id not in state.reversing
                assert state.book.position(key) is None
                assert not state.book.live_orders(key)
            state = evolve(state, fact)
        state = taken.state
        assert state.reversing <= {signal.id for signal in state.pending}
        asked = {command.signal.id for command in taken.commands if isinstance(command, e.AskEvidence)}
        assert not asked & state.reversing
        assert not {c.signal.id for c in resume(state, day.policy) if isinstance(c, e.AskEvidence)} & state.reversing
        if isinstance(event, e.EvidenceArrived) and event.signal_id in waited:
            assert any(isinstance(fact, e.StrayReport) for fact in taken.facts)


@pytest.mark.smoke
@given(SIDES, st.sampled_from([None, REDUCING, HALTED, LOCKED, WAITING_FOR_LOGIN]))
def test_SIG_3_the_exit_of_a_reversal_passes_in_every_state_and_its_entry_meets_every_rule(side, state):
    """The exit is sent at once; the entry is decided on what is seen when it is over, by the rules of that moment."""
    told = holding(side)
    if state is not None:
        latch = rc.Latch("law", state, told.at("10:04"), "operator", "for the law")
        told.state = attrs.evolve(told.state, book=attrs.evolve(told.book, latches=(latch,)))
    signal = told.signal("10:05", OTHER[side], kind="reversal")
    (exit_,) = told.sent()
    assert exit_.quantity == told.book.positions[0].quantity
    told.look("10:05:01", signal, **SEEN)
    assert isinstance(told.facts[-1], e.StrayReport)
    told.fill("10:05:02", exit_.order_id, price=1000)
    assert told.last(e.AskEvidence).signal == signal
    told.look("10:05:03", signal, **SEEN)
    if state is None:
        entry = told.last(e.EntryApproved).order
        plain = attrs.evolve(signal, kind="entry")
        market = rc.Market(instrument=thing(), at=told.at("10:05:03"), **SEEN)
        again = rc.decide(plain, _before_the_last(told).book, market, POLICY)
        assert again.order.quantity == entry.quantity
        assert again.order.stop == entry.stop
    else:
        assert told.refusal()[0] in ("entries_stopped", "stopped_for_session", "stopped_for_now")


def _before_the_last(told):
    state = State()
    for event in told.inputs[:-1]:
        state = step(state, event, told.policy).state
    return state


@given(SIDES, st.integers(1, 300))
def test_SIG_4_a_reversal_whose_exit_does_not_end_in_time_lapses(side, late):
    """After `signal_max_age_s`; the exit goes on, and its end later enters nothing."""
    told, signal = reversed_day(side)
    (exit_,) = told.sent()
    ends = told.at("10:05") + timedelta(seconds=POLICY.signal_max_age_s)
    told.take(e.TimePassed(ends))
    assert told.state.pending == (signal,)
    told.take(e.TimePassed(ends + timedelta(seconds=late)))
    assert told.refusal() == ("reversal_lapsed",)
    assert not told.state.pending
    working = told.book.order(exit_.order_id)
    report = e.OrderReported(
        ends + timedelta(seconds=late + 1), exit_.order_id, "filled", exit_.quantity, exit_.quantity * Decimal(1000)
    )
    if working is not None and working.live:
        told.take(report)
        assert not told.book.positions
    assert len(told.sent(rc.ApprovedEntry)) == 1


@given(SIDES, SIDES, st.booleans())
def test_SIG_5_a_cancel_takes_back_entries_on_its_side_and_nothing_else(side, cancelled, pending):
    """Those that work and those that wait; without any it is refused. What is held stays, and nothing leaves."""
    told = holding("BUY", policy=attrs.evolve(POLICY, max_positions=5))
    other = rc.Instrument(symbol="TCS", tick="0.05")
    told.instruments["TCS"] = other
    made = told.signal("10:04", side, "TCS")
    if not pending:
        told.look("10:04", made, **SEEN)
    before = told.book.positions
    told.signal("10:05", cancelled, "TCS", kind="cancel")
    if side != cancelled:
        assert told.refusal() == ("nothing_to_cancel",)
    elif pending:
        assert told.refusal() == ("cancel_came_first",)
        assert not told.state.pending
    else:
        assert told.last(e.CancelOrder).order_id == made.id
    assert told.book.positions == before
    assert not told.sent()
    told.signal("10:06", "BUY", "INFY", kind="cancel")
    assert told.refusal() == ("nothing_to_cancel",)


@given(st.datetimes(datetime(2026, 11, 19), datetime(2026, 11, 26)), SIDES)  # noqa: DTZ001 - made IST below
def test_SIG_6_what_the_hour_refuses_is_told_until_when_and_never_queued(naive, side):
    """At that moment, and not a second before, no rule of the hour refuses; what was refused stays refused."""
    at = naive.replace(tzinfo=rc.IST)
    signal = rc.Signal("INFY", side, at=at)
    book = rc.Book(opening_equity=Decimal(100_000), session=at.date())
    hours = {"market_closed", "before_first_entry", "after_cut_off"}

    def decided(moment):
        wish = attrs.evolve(signal, at=moment)
        return rc.decide(wish, book, rc.Market(instrument=thing(), at=moment, **SEEN), POLICY)

    answer = decided(at)
    refused = not answer.approved and hours & {found.reason for found in answer.reasons}
    assert bool(refused) == (not answer.approved and answer.until is not None)
    if refused:
        assert answer.until > at
        then, before = decided(answer.until), decided(answer.until - timedelta(seconds=1))
        assert then.approved or not hours & {found.reason for found in then.reasons}
        assert hours & {found.reason for found in before.reasons}


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=20), SIDES)
def test_SIG_7_what_a_signal_brings_along_is_kept_and_changes_no_answer(context, side):
    """In the facts of its whole story; the same decision without it. More than the journal is to keep is refused."""
    plain, told = Scenario(POLICY, thing()), Scenario(POLICY, thing())
    bare, signal = plain.signal("10:00", side), told.signal("10:00", side, context=context)
    plain.look("10:00", bare, **SEEN)
    told.look("10:00", signal, **SEEN)
    assert told.last(e.EntryApproved).order == plain.last(e.EntryApproved).order
    assert dict(told.last(e.EntryApproved).signal.context) == context
    assert dict(told.last(e.SignalTaken).signal.context) == context
    for wrong in ({"x": "y" * 4096}, {str(n): "" for n in range(33)}):
        with pytest.raises(ValueError, match="may hold 32 entries and 4096 characters"):
            rc.Signal("INFY", side, at=told.at("10:00"), context=wrong)


@given(SIDES, st.booleans())
def test_SIG_8_what_is_withheld_is_decided_like_any_other_and_leaves_nothing_behind(side, shadow):
    """A signal that shadows, or a symbol outside `live_symbols`: the same order on record, none sent, none counted."""
    policy = POLICY if shadow else attrs.evolve(POLICY, live_symbols=["TCS"])
    plain, told = Scenario(POLICY, thing()), Scenario(policy, thing())
    sent, signal = plain.signal("10:00", side), told.signal("10:00", side, shadow=shadow)
    plain.look("10:00", sent, **SEEN)
    before = told.book
    told.look("10:00", signal, **SEEN)
    kept = told.last(e.EntryWithheld)
    assert kept.order == plain.last(e.EntryApproved).order
    assert kept.findings == plain.last(e.EntryApproved).findings
    assert told.book == before
    assert not told.state.pending
    assert not told.sent(rc.ApprovedEntry)


@given(SIDES, st.sampled_from(["exit", "reversal", "cancel"]))
def test_SIG_9_what_is_held_leaves_whatever_is_withheld_and_never_by_a_shadow(side, kind):
    """`live_symbols` blocks no exit; a signal that only shadows moves nothing that is really held."""
    for policy, shadow in ((attrs.evolve(POLICY, live_symbols=["TCS"]), False), (POLICY, True)):
        told = holding(side)
        told.policy = policy
        told.take(e.PolicyLoaded(told.at("10:04"), policy))
        told.signal("10:05", OTHER[side], kind=kind, shadow=shadow)
        assert bool(told.sent()) == (not shadow and kind != "cancel")
        if shadow and kind != "reversal":
            assert told.refusal() == ("shadow_only",)


def parts(told):
    """The orders of a reduction that may still fill."""
    return [order for order in told.book.live_orders("NSE:INFY", entries=False) if order.takes_part]


@given(SIDES, st.integers(1, 49), st.one_of(st.none(), st.integers(5, 30)), st.data())
def test_SIG_10_a_reduction_is_repeated_until_what_was_asked_has_left_and_never_more(side, asked, freeze, data):
    """Whatever is refused, does not arrive, is pressed or fills in part, in slices too; what stays held is the rest."""
    told = Scenario(POLICY, attrs.evolve(thing(), freeze_quantity=freeze))
    told.enter("10:00", side, **SEEN)
    for order in told.book.live_orders("NSE:INFY", entries=True):
        told.fill("10:00:01", order.id, price=1000)
    held = told.book.positions[0].quantity
    told.signal("10:05", OTHER[side], kind="exit", reduce_by=asked)
    rounds = data.draw(st.integers(0, 6))
    for minute in range(6, 6 + rounds + 1):
        for order in parts(told) if minute < 6 + rounds else ():
            if data.draw(st.booleans()):
                told.report(f"10:{minute:02}:00", order.id, "working")
        told.time(f"10:{minute:02}:05")  # what has worked for longer than exit_step_s is taken back
        for order in parts(told) if minute < 6 + rounds else ():
            filled = data.draw(st.integers(0, order.open_quantity))
            ends = "cancelled" if order.id in told.state.pressed else "rejected"
            ends = "filled" if filled == order.quantity else ends
            error = data.draw(st.sampled_from(["", "network", "no_funds"])) if ends == "rejected" else ""
            told.report(f"10:{minute:02}:06", order.id, ends, filled, 1000 * filled, error=error)
        left = told.book.positions[0].quantity
        told.time(f"10:{minute:02}:58")
        missing = asked - (held - left)
        assert 0 <= missing == sum(order.open_quantity for order in parts(told))
    for order in parts(told):
        told.fill(f"10:{minute:02}:59", order.id, price=1000)
    told.time(f"10:{minute + 5:02}:00")
    assert (told.book.positions[0].quantity, parts(told)) == (held - asked, [])


@given(SIDES, st.sampled_from(["exit", "reversal"]), st.lists(st.integers(1, 50), max_size=4), st.booleans())
def test_SIG_11_what_fills_of_an_entry_that_was_taken_back_for_an_exit_leaves_at_once(side, kind, fills, timed_out):
    """In parts, after its cancel was confirmed, after it had waited too long: nothing of it stays held."""
    told = Scenario(attrs.evolve(POLICY, entry_timeout_s=10), thing())
    entry = told.enter("10:00", side, **SEEN)
    told.report("10:00:01", entry, "working")
    if timed_out:
        assert told.time("10:00:15") == ("CancelRequested",)
    told.signal("10:00:16", OTHER[side], kind=kind)
    ordered, filled = told.book.order(entry).quantity, 0
    for second, more in enumerate(fills, 17):
        filled = min(filled + more, ordered)
        status = "filled" if filled == ordered else "cancelled"
        told.report(f"10:00:{second}", entry, status, filled, 1000 * filled)
        held = told.book.positions[0].quantity
        assert 0 < sum(order.open_quantity for order in told.book.leaving("NSE:INFY")) <= held
    for second in range(30, 40, 2):
        for order in told.book.live_orders("NSE:INFY", entries=False):
            told.fill(f"10:00:{second}", order.id, price=1000)
        told.time(f"10:00:{second + 1}")
    assert told.book.positions == ()
    assert told.book.realised == 0
    assert len([asked for asked in told.commands if isinstance(asked, e.CancelOrder)]) == 1 + timed_out
