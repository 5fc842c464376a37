"""Reductions, reversals and cancels with a broker behind them: a stop rests for the same shares, answers are late."""

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import held, stop_of
from tests.core.engine_days import SEEN

KEY = "NSE:INFY"


def bound(day):
    """Shares that live exits and stops could still sell."""
    return sum(order.open_quantity for order in day.book.live_orders(KEY, entries=False))


def test_a_reduction_waits_until_the_resting_stop_has_let_go_of_its_shares():
    """Never more shares on offer than are held; what stays has its stop again."""
    day, _ = held()
    day.signal("10:05", "SELL", kind="exit", reduce_by=20)
    stop = stop_of(day)
    assert day.state.custody.wanted_of(KEY).part == 20
    assert bound(day) == 50
    revised = [c for c in day.commands if isinstance(c, (e.ReviseOrder, e.CancelOrder))][-1]
    if isinstance(revised, e.ReviseOrder):
        day.take(e.RevisionReported(day.at("10:05:01"), stop.order_id, "taken"))
    else:
        day.report("10:05:01", stop.order_id, "cancelled")
    reduced = next(order for order in day.sent() if order.partial)
    assert reduced.quantity == 20
    assert bound(day) <= 50
    day.fill("10:05:02", reduced.order_id, price=1001)
    assert day.book.position(KEY).quantity == 30
    day.time("10:05:05")
    assert sum(order.open_quantity for order in day.book.resting_stops(KEY)) == 30


def test_a_second_reduction_waits_for_nobody_and_is_refused_while_the_first_waits():
    day, _ = held()
    day.signal("10:05", "SELL", kind="exit", reduce_by=20)
    day.signal("10:05:01", "SELL", kind="exit", reduce_by=20)
    assert day.refusal() == ("exit_working",)


def test_a_reversal_waits_for_the_stop_to_be_gone_and_for_the_exit_to_fill():
    day, _ = held()
    signal = day.signal("10:05", "SELL", kind="reversal")
    assert day.state.reversing == {signal.id}
    day.report("10:05:01", stop_of(day).order_id, "cancelled")
    leaving = day.sent()[-1]
    assert (leaving.trigger, leaving.quantity) == (None, 50)
    assert not [c for c in day.commands if isinstance(c, e.AskEvidence) and c.signal == signal]
    day.fill("10:05:02", leaving.order_id, price=999)
    assert [c for c in day.commands if isinstance(c, e.AskEvidence) and c.signal == signal]
    day.look("10:05:03", signal, last=1000, atr=10)
    assert day.last(e.EntryApproved).order.side == "SELL"


def test_an_exit_of_unknown_outcome_keeps_a_reversal_from_entering_until_it_lapses():
    """Nobody knows what the exit sold: an entry the other way could come on top of it."""
    day, _ = held()
    signal = day.signal("10:05", "SELL", kind="reversal")
    day.report("10:05:01", stop_of(day).order_id, "cancelled")
    day.report("10:05:02", day.sent()[-1].order_id, "unknown")
    day.time("10:06:01")
    assert day.refusal() == ("reversal_lapsed",)
    assert not [c for c in day.commands if isinstance(c, e.AskEvidence) and c.signal == signal]


def test_a_restart_between_exit_and_entry_goes_on_where_it_was():
    day, _ = held()
    signal = day.signal("10:05", "SELL", kind="reversal")
    day.restart()
    assert day.state.reversing == {signal.id}
    day.report("10:05:01", stop_of(day).order_id, "cancelled")
    day.fill("10:05:02", day.sent()[-1].order_id, price=999)
    day.restart()
    assert day.state.reversing == frozenset()
    assert day.state.pending == (signal,)


def test_a_reversal_takes_back_what_works_to_enter_the_other_way():
    day, _ = held(one_position_per_symbol=False, max_position_size_percent=100)
    more = day.enter("10:04", **SEEN)
    assert day.book.order(more).live
    day.signal("10:05", "SELL", kind="reversal")
    assert day.last(e.CancelRequested).why in ("reversal signal", "the position is leaving")
    assert more in {fact.order_id for fact in day.facts if isinstance(fact, e.CancelRequested)}


@pytest.mark.parametrize("kind", ["entry", "reversal"])
def test_a_reversal_adds_to_nothing_where_an_entry_does(kind):
    day, _ = held(one_position_per_symbol=False, max_position_size_percent=100)
    more = day.signal("10:05", "BUY", kind=kind)
    day.look("10:05:01", more, last=1000, atr=10)
    assert bool(day.book.live_orders(KEY, entries=True)) == (kind == "entry")
    assert kind == "entry" or day.refusal() == ("not_flat",)
    assert not day.state.pending


def test_an_exit_signal_takes_back_a_reversal_that_waits():
    day, _ = held()
    day.signal("10:05", "SELL", kind="reversal")
    day.signal("10:05:01", "SELL", kind="exit")
    refused = [fact for fact in day.facts if isinstance(fact, e.EntryRefused)]
    assert refused[0].findings[0].reason == "exit_came_first"
    assert not day.state.pending
    assert not day.state.reversing


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "flip"}, "must be one of entry, exit, reversal, cancel, got 'flip'"),
        ({"kind": "entry", "reduce_by": 5}, "belongs to a signal of kind 'exit'"),
        ({"kind": "exit", "reduce_by": 5, "reduce_pct": 5}, "one of the two"),
        ({"kind": "exit", "reduce_pct": 101}, "must be at most 100"),
        ({"kind": "exit", "reduce_pct": 0}, "reduce_pct"),
        ({"kind": "exit", "reduce_by": 0}, "reduce_by"),
        ({"context": [("a", 1), ("a", 2)]}, "each name once"),
    ],
)
def test_a_signal_that_contradicts_itself_is_refused_by_name(given, said):
    day, _ = held()
    with pytest.raises(ValueError, match=said):
        rc.Signal("INFY", "BUY", at=day.at("10:00"), **given)
