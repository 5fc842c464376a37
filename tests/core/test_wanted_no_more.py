"""Entries that were taken back by who wants to be out, and fill all the same: what they fill leaves at once."""

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import at_broker, held, stop_of
from tests.core.engine_days import SEEN, TCS

KEY = "NSE:INFY"


def working(**policy):
    """An entry of 50 INFY that works at the broker; nothing is held."""
    day = at_broker(**policy)
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    return day, entry


def reasons(day, order_id):
    """Why an order was asked to be cancelled, each time that it is on record."""
    return [fact.why for fact in day.facts if isinstance(fact, e.CancelRequested) and fact.order_id == order_id]


@pytest.mark.parametrize("kind", ["exit", "reversal"])
def test_what_fills_after_an_exit_or_a_reversal_leaves_without_a_stop_being_placed_first(kind):
    day, entry = working()
    day.signal("10:00:02", "SELL", kind=kind)
    assert reasons(day, entry) == [f"{kind} signal"]
    assert [c for c in day.commands if isinstance(c, e.CancelOrder)] == [e.CancelOrder(entry, "E1")]
    assert day.fill("10:00:03", entry, price=1000)[:2] == ("Filled", "ExitApproved")
    (out,) = day.sent()
    assert (out.reason, out.quantity, out.trigger) == ("signal", 50, None)
    day.fill("10:00:04", out.order_id, price=999)
    assert day.book.positions == ()


def test_a_reversal_enters_when_what_was_filled_late_is_gone():
    day, entry = working()
    signal = day.signal("10:00:02", "SELL", kind="reversal")
    day.fill("10:00:03", entry, price=1000)
    assert not [asked for asked in day.commands if isinstance(asked, e.AskEvidence) and asked.signal == signal]
    day.fill("10:00:04", day.sent()[-1].order_id, price=999)
    day.look("10:00:05", signal, last=1000, atr=10)
    assert day.last(e.EntryApproved).order.side == "SELL"


def test_so_does_what_fills_of_one_that_was_only_late_before():
    """The cancel is asked for once more, and no third time; each reason is on record."""
    day, entry = working()
    assert day.time("10:00:12") == ("CancelRequested",)
    day.signal("10:00:13", "SELL", kind="exit")
    day.signal("10:00:14", "SELL", kind="exit", reduce_by=5)
    assert reasons(day, entry) == ["entry_timeout_s", "exit signal"]
    assert len([asked for asked in day.commands if isinstance(asked, e.CancelOrder)]) == 2
    day.restart()
    assert "ExitApproved" in day.fill("10:00:15", entry, price=1000)


@pytest.mark.parametrize("by", ["time", "hand", "cancel"])
def test_one_that_was_taken_back_for_another_reason_is_held_as_it_was_approved(by):
    day, entry = working()
    if by == "time":
        day.time("10:00:12")
    elif by == "hand":
        day.take(e.OperatorCancelled(day.at("10:00:12"), "asha", "no more", entry))
    else:
        day.signal("10:00:12", "BUY", kind="cancel")
    assert len(reasons(day, entry)) == 1
    day.fill("10:00:13", entry, price=1000)
    assert [order.trigger is not None for order in day.sent()] == [True]
    assert day.book.position(KEY).quantity == 50


def test_every_slice_of_it_leaves_and_the_next_trade_of_the_symbol_is_left_alone():
    thing = rc.Instrument(symbol="INFY", tick="0.05", sector="IT", freeze_quantity=30)
    day = at_broker(broker="paper", max_trades_per_day=9)
    day.instruments["INFY"] = thing
    entry = day.enter("10:00", **SEEN)
    first, second = (order.id for order in day.book.live_orders(KEY))
    assert first == entry
    day.signal("10:00:02", "SELL", kind="exit")
    day.report("10:00:03", first, "cancelled")
    day.fill("10:00:04", second, price=1000)
    (out,) = day.sent()
    day.fill("10:00:05", out.order_id, price=1000)
    assert day.book.positions == ()
    later = day.enter("10:10", **SEEN)
    for order in day.book.live_orders(KEY, entries=True):
        day.fill("10:10:01", order.id, price=1000)
    assert later != entry
    day.time("10:11")
    assert (day.sent(), day.book.position(KEY).id) == ([out], later)


def test_the_exit_that_failed_is_tried_again_by_the_clock_and_not_at_once():
    day, entry = working(broker="paper")
    day.signal("10:00:02", "SELL", kind="exit")
    day.fill("10:00:03", entry, price=1000)
    day.report("10:00:03.100", day.sent()[-1].order_id, "rejected")
    assert len(day.sent()) == 1
    day.time("10:00:04.200")
    assert [order.quantity for order in day.sent()] == [50, 50]


def test_what_waits_or_is_on_its_way_is_not_sent_twice():
    """The position left at its stop while another entry of the symbol still worked, which filled later."""
    day = at_broker(broker="paper", one_position_per_symbol=False, max_trades_per_day=9, max_quantity=10)
    day.fill("10:00:01", day.enter("10:00", **SEEN), price=1000)
    more = day.enter("10:01", **SEEN)
    day.report("10:01:01", more, "working")
    day.prices("10:02", last=979)
    (out,) = day.sent()
    assert reasons(day, more) == ["the position is leaving"]
    day.fill("10:02:01", out.order_id, price=979)
    day.fill("10:02:02", more, price=979)
    assert [order.reason for order in day.sent()] == ["stop", "signal"]
    day.time("10:02:02.500")
    assert len(day.sent()) == 2


@pytest.mark.parametrize("part", [5, None])
def test_what_an_entry_has_filled_stays_where_only_a_part_of_it_is_to_leave(part):
    """The rest of the entry is taken back all the same; what it fills then stays with what was meant to."""
    day, entry = working(broker="paper")
    day.report("10:00:02", entry, "working", 20, 20_000)
    day.signal("10:00:03", "SELL", kind="exit", reduce_by=part)
    assert reasons(day, entry) == ["a part of the position is leaving" if part else "exit signal"]
    (out,) = day.sent()
    day.fill("10:00:04", out.order_id, price=1000)
    day.report("10:00:05", entry, "filled", 50, 50_000)
    for second in (6, 8, 10):
        day.time(f"10:00:{second:02}")
    assert [order.quantity for order in day.sent()] == ([5] if part else [20, 30])
    assert day.book.position(KEY).quantity == (45 if part else 30)


def test_a_cancel_takes_back_the_entries_of_its_own_symbol_alone():
    day = at_broker(broker="paper", max_positions=3)
    day.instruments["TCS"] = TCS
    mine, other = (day.enter("10:00", symbol=symbol, **SEEN) for symbol in ("INFY", "TCS"))
    assert {order.id for order in day.book.live_orders()} == {mine, other}
    day.signal("10:00:02", "BUY", kind="cancel")
    assert (reasons(day, mine), reasons(day, other)) == (["cancel signal"], [])


def test_a_stop_that_is_taken_back_for_an_exit_is_none_of_them():
    day, _ = held()
    day.signal("10:05", "SELL", kind="exit")
    assert reasons(day, stop_of(day).order_id) == ["the position is leaving"]
    assert not day.state.unwanted


def test_a_session_that_ends_forgets_it():
    day, entry = working()
    day.signal("10:00:02", "SELL", kind="exit")
    assert day.state.unwanted == {entry}
    day.next_day(3)
    day.time("09:16")
    assert not day.state.unwanted


@pytest.mark.parametrize("filled", [10, 20])
def test_a_stop_that_trades_at_the_broker_takes_back_what_of_its_entry_still_works(filled):
    """It is an exit as any other: what the entry bought after it was held anew, beyond its stop."""
    day, entry = working()
    day.fill("10:00:02", entry, price=1000, quantity=20)
    stop = stop_of(day)
    day.report("10:00:02.100", stop.order_id, "working", broker_id="S1")
    day.report("10:00:03", stop.order_id, "working", filled, 979 * filled)
    assert reasons(day, entry) == ["the position is leaving"]
    day.report("10:00:03.500", stop.order_id, "filled", 20, 979 * 20)
    day.fill("10:00:04", entry, price=1000)
    out = day.sent()[-1]
    assert (out.trigger, out.quantity, out.reason) == (None, 30, "signal")
