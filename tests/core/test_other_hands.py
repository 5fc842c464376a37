"""What other hands do to orders and shares of ours: a user at the same account, and the broker's own risk desk."""

from datetime import timedelta

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.account import is_unmoved
from riskcore.custody import Custody
from riskcore.orders import Revision
from tests.core import by_hand
from tests.core.custody_days import SEEN, at_broker, books, held, leaving, position, row, stop_of, ticks, trade
from tests.core.engine_days import INFY

BOUGHT = trade("E1", "BUY", 50, 1000)


def entry_row(day):
    (entry,) = day.sent(rc.ApprovedEntry)
    return row(entry, "E1", "complete")


def resized(quantity, **more):
    """50 INFY, whose resting stop somebody gave another size at the broker; it filled so, and both are shown."""
    day, _ = held()
    stop = stop_of(day)
    shown = row(stop, "S1", "complete", quantity=quantity)
    sold = trade("S1", "SELL", quantity, 979)
    left = (position(50 - quantity),)
    return day, books(day, "10:05", orders=(entry_row(day), shown), trades=(BOUGHT, sold), positions=left)


def hand(quantity, broker_id="H1", **more):
    """The row of somebody's sale at the market, and its trade."""
    fields = {"id": broker_id, "key": INFY.key, "side": "SELL", "quantity": quantity, "product": "MIS"}
    return rc.BrokerOrder(**{**fields, "status": "complete", "price_type": "MARKET", **more}), trade(
        broker_id, "SELL", quantity, 975
    )


# ---------------------------------------------------------------- a stop of another size


def test_a_stop_that_somebody_made_larger_closes_the_position_and_what_it_sold_beyond_is_bought_back():
    """It was no report of ours that could be true, and was set aside: the short stood without a stop."""
    day, facts = resized(100)
    assert "PositionClosed" in facts
    assert "Overfilled" in facts
    out = day.sent()[-1]
    assert (out.side, out.quantity, out.trigger) == ("BUY", 50, None)
    stop = stop_of(day)
    assert day.last(e.RevisionRequested).revision == Revision(100, stop.limit, stop.trigger)
    assert day.last(e.RevisionRequested).why == "somebody else made it larger, and it filled"
    settled = day.last(e.RevisionSettled)
    assert (settled.order_id, settled.note) == (stop.order_id, "the broker's book shows it")
    (alarm,) = [fact for fact in day.facts if isinstance(fact, e.Alarmed) and fact.name == "stop_changed"]
    assert (alarm.subject, alarm.why) == (stop.order_id, "somebody changed the resting stop: 100 for 50")
    assert ("stop_changed", stop.order_id) in day.state.custody.told


def test_a_stop_that_somebody_made_smaller_has_ended_when_it_filled_and_the_rest_gets_another():
    """It counted as working until 50 had filled: the shares left stood without a stop, and an exit waited for it."""
    day, facts = resized(20)
    assert facts[:2] == ("Filled", "OrderMoved")
    assert day.book.positions[0].quantity == 30
    stop = stop_of(day)
    assert (stop.quantity, stop.trigger) == (30, 980)


# ---------------------------------------------------------------- shares that leave beside an exit of ours


@pytest.mark.parametrize("gone", [50, 30])
def test_an_exit_for_more_than_a_hand_has_left_is_taken_back(gone):
    """It worked on without a position, and would have opened one the other way."""
    day, exit_ = leaving_live()
    by_hand, sold = hand(gone)
    rows = (entry_row(day), row(exit_, "X1", "open"), by_hand)
    for second in (3, 4):
        facts = books(day, f"10:10:0{second}", orders=rows, trades=(BOUGHT, sold), positions=(position(50 - gone),))
    assert "PositionAdjusted" in facts
    assert exit_.order_id in day.state.cancelling


def leaving_live(status="working"):
    """50 INFY whose target was reached at 10:10: the stop is gone, and an exit of all works as X1."""
    day, _ = held()
    day.prices("10:10", last=1101)
    day.report("10:10:01", stop_of(day).order_id, "cancelled")
    exit_ = day.sent()[-1]
    if status:
        day.report("10:10:02", exit_.order_id, status, broker_id="X1")
    return day, exit_


def test_an_exit_to_which_an_answer_may_still_come_is_not_named_by_a_row_that_is_like_it():
    """A hand that leaves at the same moment was taken for it: its trades were booked as the exit's, which sold too."""
    day, exit_ = leaving_live(status="")
    by_hand, sold = hand(50, placed_at=exit_.at)
    shown = {"orders": (entry_row(day), by_hand), "trades": (BOUGHT, sold), "positions": (position(0),)}
    assert "Acknowledged" not in books(day, "10:10:02", **shown)
    day.report("10:10:03", exit_.order_id, "working", broker_id="X1")
    assert day.book.order(exit_.order_id).broker_id == "X1"
    assert day.book.order(exit_.order_id).filled_quantity == 0


def test_an_exit_that_nobody_answered_for_is_named_by_its_row_after_a_while():
    day, exit_ = leaving_live(status="")
    (_, sold), ours = hand(50, "X1"), row(exit_, "X1", "complete")
    shown = {"orders": (entry_row(day), ours), "trades": (BOUGHT, sold), "positions": (position(0),)}
    assert "Acknowledged" not in books(day, "10:10:05.999", **shown)
    assert "Acknowledged" in books(day, "10:10:06.001", **shown)


def test_shares_of_two_products_are_not_netted_where_nothing_is_ours():
    """The owner moved the shares to delivery, and our stop sold intraday ones: the two make nought, and are two."""
    day, _ = held()
    stop, moved = stop_of(day), rc.BrokerPosition(key=INFY.key, product="CNC", quantity=50, average_price=1000)
    rows, trades = (entry_row(day), row(stop, "S1", "complete")), (BOUGHT, trade("S1", "SELL", 50, 979))
    for second in (5, 6):
        books(day, f"10:05:0{second}", orders=rows, trades=trades, positions=(moved, position(-50)))
    assert ("positions_differ", INFY.key) in day.state.custody.told
    (mismatch,) = day.state.custody.mismatches
    assert (mismatch.kind, mismatch.ours, mismatch.theirs) == ("foreign", 0, -50)


# ---------------------------------------------------------------- a broker that refuses everything


def test_F36_where_stops_and_exits_are_refused_both_are_tried_ever_more_slowly():
    """A risk desk that squares off takes no order: one a second, stop and exit in turn, were some thirty a minute."""
    day, _ = held()
    day.report("10:05", stop_of(day).order_id, "cancelled")
    refused = set()
    at = day.at("10:05")
    for _ in range(600):
        at += timedelta(seconds=1)
        clock = at.strftime("%H:%M:%S")
        day.time(clock)
        for order in day.sent():
            if day.book.order(order.order_id).live:
                day.report(clock, order.order_id, "rejected", note="RMS: auto square off")
                refused.add(order.order_id)
    assert 10 <= len(refused) <= 40
    assert ("held_no_exit", INFY.key) in day.state.custody.told


# ---------------------------------------------------------------- a machine that slept over the end of the day


def test_an_intraday_position_that_is_held_past_the_close_is_told_until_it_is_gone():
    day, _ = held()
    assert "Alarmed" not in day.time("15:14")
    assert "Alarmed" in day.time("15:16")
    assert ("held_past_close", INFY.key) in day.state.custody.told
    why = "50 intraday shares are held, and the market is shut: the broker ends them, or a hand"
    assert day.last(e.Alarmed).why == why
    day.fill("15:17", day.sent()[-1].order_id, price=990)
    day.time("15:17:01")
    assert ("held_past_close", INFY.key) not in day.state.custody.told


@pytest.mark.parametrize("broker", ["zerodha", "paper"])
@pytest.mark.parametrize("product", ["MIS", "CNC"])
def test_nothing_is_sent_into_a_market_that_has_shut_neither_by_the_clock_nor_by_a_price(broker, product):
    """Brokers refuse such an exit, or keep it for the next open; and its stop had been taken back for it."""
    day = at_broker(broker=broker)
    entry = day.enter("10:00", product=product, **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    day.fill("10:00:01", entry, price=1000)
    if broker != "paper":
        day.report("10:00:02", stop_of(day).order_id, "working", broker_id="S1")
    ticks(day, "15:05", 1000)
    asked = len(day.commands)
    ticks(day, "15:36", 979, 978)
    ticks(day, "15:37", 978)
    ticks(day, "15:41", 977, 977)
    day.time("15:42")
    day.time("20:00")
    assert day.commands[asked:] == []
    assert (day.book.position(INFY.key).last, day.state.custody.touches) == (977, ())
    day.next_day(3)
    day.time("09:14:59")
    ticks(day, "09:15:01", 979, 978)
    day.time("09:15:05")
    assert day.state.book.leaving(INFY.key), "its next open decides"


def test_an_exit_that_works_when_the_market_has_shut_is_not_taken_back_for_its_price():
    """Nothing could go in its stead."""
    day, _ = leaving()
    assert "CancelRequested" not in day.prices("15:16", last=940)


def test_a_stop_that_filled_as_small_as_we_asked_for_has_not_lost_its_rest():
    """Our own change was taken, though its answer is on the way: nothing has vanished."""
    day, _ = held()
    day.take(e.OperatorExited(day.at("10:10"), "asha", "less", INFY.key, 20))
    asked = day.last(e.ReviseOrder).revision
    assert asked.quantity == 30
    shown = row(stop_of(day), "S1", "complete", quantity=30)
    sold = trade("S1", "SELL", 30, 979)
    books(day, "10:10:02", orders=(entry_row(day), shown), trades=(BOUGHT, sold), positions=(position(20),))
    assert day.book.order(stop_of(day).order_id).status == "filled"
    assert not [fact for fact in day.facts if isinstance(fact, e.Alarmed) and fact.name == "stop_vanished"]


@pytest.mark.parametrize(("clock", "gone"), [("10:05:09.999", False), ("10:05:10", True)])
def test_a_stop_that_cannot_be_made_smaller_is_taken_back_for_the_exit_of_a_part_waits_for_it(clock, gone):
    """It waited for good at a broker that takes no more changes of the order."""
    day, _ = held()
    day.signal("10:05", "SELL", kind=rc.EXIT, reduce_by=20)
    stop = stop_of(day)
    assert day.last(e.ReviseOrder).revision.quantity == 30
    day.take(e.RevisionReported(day.at("10:05:00.050"), stop.order_id, "refused", "no more changes"))
    day.time(clock)
    assert [one.order_id for one in day.commands if isinstance(one, e.CancelOrder)] == [stop.order_id] * gone
    assert (("revision_refused", stop.order_id) in day.state.custody.told) != gone
    if gone:
        day.report("10:05:10.500", stop.order_id, "cancelled")
        assert sorted(order.quantity for order in day.sent()[-2:]) == [20, 30]


# ---------------------------------------------------------------- an entry of another size


@pytest.mark.parametrize("status", ["complete", "open"])
def test_an_entry_that_somebody_made_larger_has_filled_for_us_what_we_ordered_and_that_is_protected(status):
    """What it filled beyond is somebody else's. It was set aside as no true report, and nothing protected a share."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    larger = row(day.sent(rc.ApprovedEntry)[0], "E1", status, quantity=120)
    shown = {"orders": (larger,), "trades": (trade("E1", "BUY", 120, 999),), "positions": (position(120),)}
    assert "Filled" in books(day, "10:00:05", **shown)
    (ours,) = day.book.positions
    assert (ours.quantity, ours.average_price, ours.charges) == (50, 999, day.last(e.Filled).charges)
    assert (day.book.order(entry).status, stop_of(day).quantity) == ("filled", 50)
    assert day.book.latch("report_contradicts").why == f"order {entry}: 120 filled of 50 ordered"
    day.take(e.OperatorResumed(day.at("10:00:06"), "asha", "seen to", "report_contradicts", "CONFIRM"))
    stop = row(stop_of(day), "S1", "trigger_pending")
    day.report("10:00:06", stop_of(day).order_id, "working", broker_id="S1")
    for second in (8, 10):
        facts = books(day, f"10:00:{second:02}", **{**shown, "orders": (larger, stop)})
        assert "Filled" not in facts
    assert day.book.latch("report_contradicts") is None
    found = [(one.ours, one.theirs) for one in day.state.custody.mismatches]
    assert found == [(50, 120)]
    assert ("positions_differ", INFY.key) in day.state.custody.told


@pytest.mark.parametrize(
    ("more", "again"),
    [
        ({}, True),
        ({"trades": (trade("E1", "BUY", 70, 999), trade("Z9", "BUY", 50, 999))}, False),  # of an order no row is of
        ({"positions": (position(90),)}, False),  # of another moment than the trades
        ({"trades": None}, False),
    ],
    ids=["told", "a_trade_of_nobody", "two_moments", "trades_unread"],
)
def test_a_stop_of_which_nobody_heard_is_proven_absent_beside_the_shares_of_a_hand(more, again):
    """The entry was made larger, and its stop was lost on the way: our shares had none for as long as that was so."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    larger = row(day.sent(rc.ApprovedEntry)[0], "E1", "complete", quantity=120)
    shown = {"orders": (larger,), "trades": (trade("E1", "BUY", 120, 999),), "positions": (position(120),)}
    books(day, "10:00:05", **shown)
    first = stop_of(day)
    day.report("10:00:06", first.order_id, "unknown")
    for second in (12, 14, 16, 18):
        books(day, f"10:00:{second}", **{**shown, **more})
    assert len(day.sent(rc.ApprovedExit)) == 1 + again
    assert day.book.order(first.order_id).live is not again


def lost_beside(product, *, carried=0, made=None, there=None, side="BUY"):
    """50 INFY of ours whose stop was lost, and 5 that a hand added since; whether the stop is proven absent."""
    way = 1 if side == "BUY" else -1
    ours = by_hand.entry(product=product, side=side, at=by_hand.TEN - timedelta(days=1 if carried else 0))
    stop = by_hand.leaving(product=product, side="SELL" if way > 0 else "BUY", trigger=980)
    bought = by_hand.order(ours, "filled", 50, 50_000, broker_id="E1")
    lost, holds = by_hand.order(stop, "unknown"), by_hand.held(product=product, side=side, opened_at=ours.at)
    known = [row(ours, "E1", "complete")] if not carried else []
    theirs = [hand(5, "H1", side=side, product=product)[0]]
    traded = [*([] if carried else [("E1", 50)]), ("H1", 5)] if made is None else made
    read = rc.BrokerBooks(
        at=by_hand.TEN + timedelta(minutes=5),
        orders=(*known, *theirs),
        trades=tuple(attrs.evolve(trade(name, side, shares, 1000), product=product) for name, shares in traded),
        positions=(attrs.evolve(position(way * (55 if there is None else there)), product=product),),
        holdings=(),
    )
    book = by_hand.book(bought, lost, positions=(holds,))
    return is_unmoved(lost, book, read, Custody(), rc.Policy())


@pytest.mark.parametrize("side", ["BUY", "SELL"])
@pytest.mark.parametrize("product", ["MIS", "NRML", "CNC"])
def test_it_is_so_in_every_product_where_the_trades_of_the_read_make_its_position(product, side):
    """Of a future, or of shares bought for delivery today, nothing was ever proven: no stop came again."""
    if (product, side) == ("CNC", "SELL"):
        return  # nobody is short for delivery
    assert lost_beside(product, side=side)
    assert not lost_beside(product, side=side, made=[("E1", 50), ("H1", 5), ("Z9", 50)]), "a trade of nobody's order"
    assert not lost_beside(product, side=side, there=105), "of another moment than the trades"
    assert not lost_beside(product, side=side, made=[("H1", 5)]), "our own fill is not told"


def test_of_a_contract_that_was_carried_the_position_is_that_of_the_night_and_the_trades():
    assert lost_beside("NRML", carried=50)
    assert not lost_beside("NRML", carried=50, there=60)
    assert not lost_beside("NRML", carried=50, made=[])


@pytest.mark.parametrize("filled", [0, 20])
def test_an_entry_that_somebody_makes_larger_while_it_works_is_taken_back_and_what_filled_is_protected(filled):
    """It worked on for as many as somebody wished, until its time was over: risk was measured for 50."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    larger = row(day.sent(rc.ApprovedEntry)[0], "E1", "open", quantity=120)
    trades = (trade("E1", "BUY", filled, 999),) if filled else ()
    facts = books(day, "10:00:05", orders=(larger,), trades=trades, positions=(position(filled),))
    assert "CancelRequested" in facts
    assert day.last(e.CancelRequested).why == "somebody made it larger: 120 for 50"
    assert day.last(e.CancelOrder).broker_id == "E1"
    assert [one.quantity for one in day.sent(rc.ApprovedExit)] == [filled] * bool(filled)


def test_an_entry_that_nobody_made_larger_works_on():
    day = at_broker()
    day.report("10:00:01", day.enter("10:00", **SEEN), "working", broker_id="E1")
    same = row(day.sent(rc.ApprovedEntry)[0], "E1", "open")
    assert "CancelRequested" not in books(day, "10:00:05", orders=(same,), positions=(position(0),))


def test_an_entry_that_has_filled_and_whose_row_is_late_is_not_taken_back():
    day, _ = held()
    late = row(day.sent(rc.ApprovedEntry)[0], "E1", "open")
    stop = row(stop_of(day), "S1", "trigger_pending")
    shown = {"trades": (trade("E1", "BUY", 50, 1000),), "positions": (position(50),)}
    for second in (5, 8):
        assert "CancelRequested" not in books(day, f"10:00:{second:02}", orders=(late, stop), **shown)


def test_an_entry_that_somebody_made_larger_and_that_works_on_when_ours_has_filled_is_taken_back():
    """It had ended for us, and nobody looked at what it bought beyond."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    larger = row(day.sent(rc.ApprovedEntry)[0], "E1", "open", quantity=120)
    shown = {"orders": (larger,), "trades": (trade("E1", "BUY", 50, 999),), "positions": (position(50),)}
    books(day, "10:00:05", **shown)
    assert day.book.order(entry).status == "filled"
    books(day, "10:00:06", **shown)
    assert day.last(e.CancelOrder).order_id == entry
    assert ("works_after_its_end", entry) in day.state.custody.told
    asked = len([one for one in day.commands if isinstance(one, e.CancelOrder)])
    books(day, "10:00:06.500", **shown)
    assert len([one for one in day.commands if isinstance(one, e.CancelOrder)]) == asked


@pytest.mark.parametrize(("price", "named"), [(1000, True), ("999.9", False), (None, False)])
def test_an_entry_of_unknown_outcome_that_somebody_made_larger_is_the_row_for_more_at_its_very_limit(price, named):
    """Nobody could name it: what it filled was presumed, and it worked on, unseen, for what was added to it."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:02", entry, "unknown")
    (ordered,) = day.sent(rc.ApprovedEntry)
    assert ordered.limit == 1000
    larger = row(ordered, "E1", "open", quantity=120, price=price)
    books(day, "10:00:05", orders=(larger,), positions=(position(0),))
    assert day.book.order(entry).broker_id == "E1" * named
    assert bool([one for one in day.commands if isinstance(one, e.CancelOrder)]) == named
