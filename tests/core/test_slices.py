"""Orders above the freeze quantity: several that are one trade, one position and one risk."""

from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.exchange_limits import cut
from riskcore.exits.ladder import tries
from riskcore.orders import sliced_entry
from tests.core.custody_days import books, foreign, position, row, trade
from tests.core.engine_days import SEEN, a_day
from tests.core.sliced_days import KEY, at_broker, held, ordered, stops

D = Decimal


# ---------------------------------------------------------------- the pieces


@pytest.mark.parametrize(
    ("quantity", "lot", "freeze", "parts"),
    [
        (50, 1, 20, (20, 20, 10)),
        (20, 1, 20, (20,)),
        (21, 1, 20, (20, 1)),
        (3575, 65, 1800, (1755, 1755, 65)),
        (7, 2, 5, (4, 3)),
        (500, 1, 20, (20,) * 25),
        (50, 1, None, (50,)),
        (50, 65, 20, (50,)),
    ],
)
def test_what_is_held_leaves_in_pieces_whatever_it_is(quantity, lot, freeze, parts):
    thing = rc.Instrument(symbol="X", tick=1, lot_size=lot, freeze_quantity=freeze)
    assert cut(quantity, thing) == parts


# ---------------------------------------------------------------- entries


def test_an_entry_above_the_freeze_quantity_is_several_orders_and_one_trade():
    day, entries = ordered()
    assert [entry.quantity for entry in entries] == [20, 20, 10]
    signal = entries[0].signal_id
    assert [entry.order_id for entry in entries] == [signal, f"{signal}:2", f"{signal}:3"]
    assert sum(entry.risk for entry in entries) == 1000
    assert {entry.of_quantity for entry in entries} == {entry.whole for entry in entries} == {50}
    assert [entry.is_first for entry in entries] == [True, False, False]
    assert day.book.trades_today == 1
    facts = [fact for fact in day.facts if isinstance(fact, e.EntryApproved)]
    assert [bool(fact.findings) for fact in facts] == [True, False, False]


def test_one_that_the_exchange_takes_whole_stays_as_it_is():
    day = at_broker(max_quantity=20)
    day.enter("10:00", **SEEN)
    (entry,) = day.sent(rc.ApprovedEntry)
    assert (entry.quantity, entry.of_quantity, entry.whole, entry.is_first) == (20, 0, 20, True)
    assert sliced_entry(entry) == (entry,)


def test_F28_a_freeze_quantity_of_1800_and_an_order_of_3600_is_three_orders_in_whole_lots():
    nifty = rc.Instrument(symbol="X", tick="0.05", lot_size=65, freeze_quantity=1800, sector="X")
    day = a_day(nifty, equity=10_000_000)
    day.enter("10:00", last=1000, stop=972, target=1100)
    quantities = [entry.quantity for entry in day.sent(rc.ApprovedEntry)]
    assert sum(quantities) == 3510
    assert quantities == [1755, 1755]


def test_a_slice_that_is_refused_does_not_hurt_the_others_and_the_trade_counts_while_one_does():
    day, (first, second, third) = ordered()
    day.report("10:00:01", first.order_id, "rejected", note="margin")
    assert day.book.trades_today == 1
    day.fill("10:00:02", second.order_id, price=1000)
    day.fill("10:00:02", third.order_id, price=1000)
    held = day.book.positions[0]
    assert (held.quantity, held.signal_id, held.average_price) == (30, first.signal_id, 1000)
    assert day.book.trades_today == 1
    assert stops(day) == [20, 10]


def test_where_all_slices_are_refused_there_was_no_trade():
    day, entries = ordered()
    for entry in entries:
        day.report("10:00:01", entry.order_id, "rejected")
    assert day.book.trades_today == 0
    assert day.book.live_orders() == ()


def test_an_entry_has_no_more_slices_than_the_second_has_orders_left():
    """Five a second, three kept for exits: two of 20 each."""
    day, entries = ordered(max_orders_per_s=5, order_tokens_for_exits=3)
    assert [entry.quantity for entry in entries] == [20, 20]
    assert day.last(e.EntryApproved).bound_by == "max_orders_per_s"


def test_limits_that_count_entries_count_one():
    day, entries = ordered(max_entries_per_symbol=2, one_position_per_symbol=False, max_quantity=50)
    for entry in entries:
        day.report("10:00:01", entry.order_id, "cancelled")
    day.enter("10:05", **SEEN)
    assert len(day.sent(rc.ApprovedEntry)) == 6
    assert day.book.trades_today == 2
    for entry in day.sent(rc.ApprovedEntry)[3:]:
        day.report("10:05:01", entry.order_id, "cancelled")
    day.enter("10:10", **SEEN)
    assert day.refusal() == ("too_many_entries",)


def test_fills_beyond_the_limit_are_held_against_the_risk_of_all_slices():
    """Ten rupees too dear, the stop 30 away: 20 shares risk 600 of the 1,000 approved; 40 risk 1,200, and 7 leave."""
    day, entries = ordered(broker="paper")
    day.fill("10:00:02", entries[0].order_id, price=1010)
    assert day.sent() == []
    day.fill("10:00:03", entries[1].order_id, price=1010)
    assert [(order.quantity, order.reason) for order in day.sent()] == [(7, "over_risk")]
    assert day.last(e.CancelRequested).order_id == entries[2].order_id


def test_a_slice_of_unknown_outcome_blocks_the_symbol():
    day, entries = ordered(one_position_per_symbol=True)
    day.report("10:00:01", entries[0].order_id, "cancelled")
    day.report("10:00:01", entries[1].order_id, "unknown")
    day.report("10:00:01", entries[2].order_id, "cancelled")
    day.enter("10:05", strategy="other", **SEEN)
    assert "symbol_working" in day.refusal()


def test_F20_equal_slices_that_timed_out_are_named_by_as_many_rows_as_there_are():
    """They are alike in everything, so any row may be any of them; a third row would leave all unknown."""
    day, entries = ordered()
    for entry in entries:
        day.report("10:00:05", entry.order_id, "unknown")
    rows = [row(entry, f"X{n}", "open") for n, entry in enumerate(entries)]
    books(day, "10:00:08", orders=(*rows, row(entries[0], "X9"), foreign()))
    assert [day.book.order(entry.order_id).broker_id for entry in entries] == ["", "", "X2"]
    books(day, "10:00:09", orders=(*rows, foreign()))
    assert [day.book.order(entry.order_id).broker_id for entry in entries] == ["X0", "X1", "X2"]


def test_what_came_unread_is_of_the_slices_that_the_broker_took_before_it_is_of_the_one_that_nobody_answered_for():
    """The first was lost on its way; orders and trades cannot be read, the positions show the 30 of the two others."""
    day, entries = ordered()
    day.report("10:00:01", entries[0].order_id, "unknown")
    for number, entry in enumerate(entries[1:], 2):
        day.report("10:00:01", entry.order_id, "working", broker_id=f"E{number}")
    for second in range(10, 20):
        books(day, f"10:00:{second}", orders=None, trades=None, positions=(position(30),))
    assert [day.book.order(entry.order_id).filled_quantity for entry in entries] == [0, 20, 10]
    rows = [row(entry, f"E{number}", "complete") for number, entry in enumerate(entries[1:], 2)]
    traded = (trade("E2", "BUY", 20, 1000), trade("E3", "BUY", 10, 1000))
    books(day, "10:00:20", orders=rows, trades=traded, positions=(position(30),))
    assert day.book.positions[0].quantity == 30


def test_F28_the_row_of_one_slice_is_not_taken_for_a_smaller_one_that_somebody_made_larger():
    """Killed amid the slices: 20 arrived and filled, the last 10 were never sent. 20 are held, and protected."""
    day, (first, *_) = ordered()
    day.restart()
    shown = {"orders": (row(first, "E1", "complete"), foreign()), "positions": (position(20),)}
    for second in range(2, 24):
        books(day, f"10:00:{second:02}", trades=(trade("E1", "BUY", 20, 1000),), **shown)
        for stop in [order for order in day.book.resting_stops(KEY) if not order.broker_id]:
            day.report(f"10:00:{second:02}.500", stop.id, "working", broker_id="S1")
            shown["orders"] += (row(stop.approved, "S1", "trigger_pending"),)
    assert [order.status for order in day.book.orders if order.is_entry] == ["filled", "rejected", "rejected"]
    assert (day.book.positions[0].quantity, stops(day)) == (20, [20])


# ---------------------------------------------------------------- exits


def test_an_exit_above_the_freeze_quantity_is_several_at_once_each_a_fact_first():
    day = held(broker="paper")
    facts = day.prices("10:05", last=979)
    assert facts == ("Marked", "ExitApproved", "ExitApproved", "ExitApproved")
    assert [order.quantity for order in day.sent()] == [20, 20, 10]
    exits = [order.order_id.rpartition(":exit:")[2] for order in day.sent()]
    assert exits == ["20261120.1", "20261120.2", "20261120.3"]
    for order in day.sent():
        day.fill("10:05:01", order.order_id, price=978)
    assert day.book.positions == ()
    closed = day.last(e.PositionClosed)
    assert (closed.quantity, closed.gross) == (50, -1100)


def test_a_slice_of_an_exit_that_is_refused_is_sent_again_when_the_others_have_ended():
    day = held(broker="paper")
    day.prices("10:05", last=979)
    first, second, third = day.sent()
    day.report("10:05:01", first.order_id, "rejected")
    day.fill("10:05:01", second.order_id, price=978)
    assert day.time("10:05:02") == ()
    day.fill("10:05:02", third.order_id, price=978)
    day.time("10:05:03")
    assert [order.quantity for order in day.sent()[3:]] == [20]
    assert day.book.positions[0].quantity == 20


def test_the_slices_of_one_exit_are_one_step_of_the_ladder():
    day = held(broker="paper")
    day.prices("10:05", last=979)
    for order in day.sent():
        day.report("10:05:01", order.order_id, "working")
    day.time("10:05:03")
    for order in day.sent():
        day.report("10:05:03", order.order_id, "cancelled")
    assert len(tries(day.book, day.book.positions[0])) == 1
    day.time("10:05:04")
    assert {order.limit for order in day.sent()[3:]} == {D("969.20")}


def test_a_part_of_a_target_above_it_goes_in_slices_too_and_the_rest_stays():
    day = at_broker(broker="paper", target_legs=("60% at 2R", "40% at 4R"))
    day.enter("10:00", last=1000, stop=980)
    for entry in day.sent(rc.ApprovedEntry):
        day.fill("10:00:01", entry.order_id, price=1000)
    assert sum(leg.quantity for leg in day.book.positions[0].legs) == 50
    day.prices("10:05", last=1045)
    assert all(order.partial for order in day.sent())
    assert sum(order.quantity for order in day.sent()) == 30
    assert [order.quantity for order in day.sent()] == [20, 10]
