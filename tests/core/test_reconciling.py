"""Our book held against the broker's: unknown orders, double fills, positions that differ, a balance unexplained."""

from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import (
    at_broker,
    books,
    foreign,
    held,
    position,
    row,
    stop_of,
    ticks,
    trade,
    true_books,
)
from tests.core.engine_days import INFY, SEEN, TCS

D = Decimal


# ---------------------------------------------------------------- orders of unknown outcome


def unknown(**policy):
    """An entry that timed out: nobody knows."""
    day = at_broker(**policy)
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:05", entry, "unknown", note="timeout")
    return day, day.sent(rc.ApprovedEntry)[0]


def test_F20_an_entry_that_timed_out_is_found_by_its_fingerprint_and_protected():
    day, order = unknown()
    assert ("outcome_unknown", order.order_id) in day.state.custody.told
    read = {"orders": (row(order, "E9", "complete"), foreign()), "positions": (position(50),)}
    facts = books(day, "10:00:08", trades=(trade("E9", "BUY", 50, 999),), **read)
    assert facts[:2] == ("Acknowledged", "Filled")
    assert day.book.positions[0].average_price == 999
    assert stop_of(day).quantity == 50
    assert len(day.sent(rc.ApprovedEntry)) == 1


def test_absence_counts_only_in_reads_that_show_an_order_known_before():
    """Three of them settle it; an empty book, however often, never does."""
    day, order = unknown()
    for second in range(10, 20):
        books(day, f"10:00:{second}", orders=())
    assert day.book.order(order.order_id).status == "unknown"
    books(day, "10:01", orders=(foreign(),))
    for second in (1, 2):
        assert books(day, f"10:01:0{second}", orders=(foreign(),))[0] == "OrderAbsent"
    books(day, "10:01:03", orders=(foreign(),))
    assert day.book.order(order.order_id).status == "rejected"
    assert day.book.trades_today == 0


def test_an_order_of_which_nobody_said_anything_is_told_of():
    """As after a crash between writing an order and sending it: entries wait, and somebody must know why."""
    day = at_broker()
    day.enter("10:00", **SEEN)
    assert "Alarmed" not in books(day, "10:00:04")
    assert "Alarmed" in books(day, "10:00:06")
    for second in (7, 8, 9):
        assert "OrderMoved" not in books(day, f"10:00:0{second}")
    books(day, "10:00:10", orders=(foreign(),))
    for second in (11, 12, 13):
        books(day, f"10:00:{second}", orders=(foreign(),))
    assert day.last(e.OrderMoved).status == "rejected"
    assert day.last(e.AlarmOver).name == "outcome_unknown"


def lost_stop():
    """50 INFY held, whose stop was written and never arrived; it is known since 10:00:09."""
    day, _ = held(rests=False)
    (entry,) = day.sent(rc.ApprovedEntry)
    shown = {
        "orders": (row(entry, "E1", "complete"),),
        "trades": (trade("E1", "BUY", 50, 1000),),
        "positions": (position(50),),
    }
    stop = stop_of(day)
    for second in (7, 8, 9):
        books(day, f"10:00:0{second}", **shown)
    return day, stop, shown


def test_F20_a_stop_that_never_arrived_is_placed_again_and_counts_as_no_hit():
    day, stop, _ = lost_stop()
    assert day.book.order(stop.order_id).status == "rejected"
    again = day.sent()[-1]
    assert (again.trigger, again.quantity) == (980, 50)
    assert again.order_id != stop.order_id


def test_F20_a_stop_that_was_taken_for_lost_and_arrives_late_is_taken_back():
    """The one that was placed in its stead rests: two could sell twice."""
    day, stop, shown = lost_stop()
    day.report("10:00:10", stop_of(day).order_id, "working", broker_id="S2")
    rows = (*shown["orders"], row(stop_of(day), "S2", "trigger_pending"))
    for second in (12, 13):
        facts = books(day, f"10:00:{second}", **{**shown, "orders": (*rows, row(stop, "S1", "trigger_pending"))})
        assert "CancelRequested" in facts
        assert (day.last(e.CancelOrder).order_id, day.last(e.CancelOrder).broker_id) == (stop.order_id, "S1")
    assert day.last(e.Alarmed).name == "arrived_late"
    assert "CancelRequested" not in books(day, "10:00:15", **{**shown, "orders": (*rows, row(stop, "S1", "cancelled"))})
    assert day.book.resting(INFY.key).broker_id == "S2"


def test_F21_an_entry_that_was_taken_for_lost_and_filled_late_is_ours_and_protected():
    day, order = unknown()
    for second in (6, 7, 8, 9):
        books(day, f"10:00:0{second}", orders=(foreign(),))
    assert day.book.order(order.order_id).status == "rejected"
    late = {"orders": (foreign(), row(order, "E9", "complete")), "trades": (trade("E9", "BUY", 50, 1000),)}
    books(day, "10:00:12", **late, positions=(position(50),))
    assert day.book.position(INFY.key).quantity == 50
    assert day.book.trades_today == 1
    assert stop_of(day).quantity == 50


def test_F23_an_order_that_waits_for_approval_stops_entries_and_is_no_fill():
    """It is never settled by absence; it ends with its session."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "awaiting_approval")
    assert day.book.state == "halted"
    for second in range(10, 20):
        books(day, f"10:00:{second}", orders=(foreign(),))
    assert day.book.order(entry).status == "awaiting_approval"
    day.next_day(3)
    day.time("09:16")
    assert day.last(e.OrderMoved).status == "rejected"


def test_a_cancel_that_got_lost_is_asked_again_when_the_book_shows_the_order_open():
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    day.time("10:00:10")
    order = day.sent(rc.ApprovedEntry)[0]
    assert "CancelRequested" not in books(day, "10:00:10.500", orders=(row(order, "E1"),))
    assert "CancelRequested" in books(day, "10:00:12", orders=(row(order, "E1"),))


def test_a_fill_told_at_a_rounded_average_is_booked_at_what_the_trades_say():
    """To the paisa, in the average price."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    order = day.sent(rc.ApprovedEntry)[0]
    day.report("10:00:01", entry, "filled", 50, 50 * D("999.3"), broker_id="E1")
    (stop,) = [order for order in day.sent() if order.trigger is not None]
    day.report("10:00:02", stop.order_id, "working", broker_id="S1")
    told = (trade("E1", "BUY", 20, 999), trade("E1", "BUY", 30, "999.55"))
    facts = books(day, "10:00:03", orders=(row(order, "E1", "complete"),), trades=told, positions=(position(50),))
    assert "Revalued" in facts
    assert day.book.order(entry).filled_value == 20 * 999 + 30 * D("999.55")
    assert day.book.positions[0].value == day.book.order(entry).filled_value


# ---------------------------------------------------------------- double fills, and entries looked at again


def test_F38_a_double_fill_is_flattened_once():
    """Stop and target both traded: the second is a short of 50 that is bought back, and entries stop."""
    day, _ = held()
    stop = stop_of(day)
    day.prices("10:10", last=1101)
    day.report("10:10:01", stop.order_id, "cancelled")
    out = day.sent()[-1]
    day.report("10:10:02", out.order_id, "filled", 50, 50 * 1100, broker_id="T1")
    assert day.book.positions == ()
    day.report("10:10:03", stop.order_id, "filled", 50, 50 * 979)
    short = day.book.positions[0]
    assert (short.side, short.quantity, short.average_price) == ("SELL", 50, 979)
    back = day.sent()[-1]
    assert (back.side, back.quantity, back.reason) == ("BUY", 50, "double_fill")
    day.report("10:10:04", stop.order_id, "filled", 50, 50 * 979)
    assert day.sent()[-1] == back
    day.fill("10:10:05", back.order_id, price=980)
    assert day.book.positions == ()
    assert day.book.realised == 50 * 100 - 50


def test_fills_beyond_the_limit_are_told_and_the_risk_they_bring_too_much_is_taken_off():
    """Bought at 1,010 against a limit of 1,000: 50 x 30 risked, 1,000 approved; 17 leave."""
    day = at_broker(broker="paper")
    entry = day.enter("10:00", **SEEN)
    day.fill("10:00:01", entry, price=1010)
    assert [fact.name for fact in day.facts if isinstance(fact, e.Alarmed)] == ["fill_beyond_limit", "over_risk"]
    assert (day.sent()[-1].quantity, day.sent()[-1].reason) == (17, "over_risk")


# ---------------------------------------------------------------- positions against the broker's


def test_books_that_agree_open_the_gate_and_nothing_else_does():
    day, _ = held()
    why = {"by": "shell", "why": "start"}
    day.take(e.LoginSeen(day.at("10:01"), good=False, reconciled=False, **why))
    assert true_books(day, "10:01:30") == ("Reconciled",)
    assert day.book.state == "waiting_for_login"
    day.take(e.LoginSeen(day.at("10:02"), good=True, reconciled=False, **why))
    assert day.book.state == "waiting_for_login"
    true_books(day, "10:03", positions=(position(40),))
    assert day.book.state == "waiting_for_login"
    assert true_books(day, "10:04") == ("SharesLacking", "BooksDiffer", "Reconciled", "Lifted")
    assert day.book.state == "active"


def waiting_for_a_look(day):
    """A login that is good again, and whose books were not compared yet."""
    for second, good in enumerate((False, True)):
        day.take(e.LoginSeen(day.at(f"10:00:0{7 + second}"), good=good, reconciled=False, by="shell", why="start"))
    return day


def test_the_gate_stays_shut_while_an_order_of_ours_has_no_name_at_the_broker():
    """The positions agree, for what it fills is not there yet: the gate opens with the read that proves it absent."""
    day, order = unknown()
    waiting_for_a_look(day)
    states = []
    for second in range(10, 15):
        books(day, f"10:00:{second}", orders=(foreign(),))
        states.append((day.book.order(order.order_id).status, day.book.state))
    waits, opens = ("unknown", "waiting_for_login"), ("rejected", "active")
    assert states == [waits, waits, waits, opens, opens]


@pytest.mark.parametrize("unread", ["orders", "trades", "positions"])
def test_the_gate_stays_shut_while_one_of_the_books_cannot_be_read(unread):
    day, _ = held()
    waiting_for_a_look(day)
    true_books(day, "10:03", **{unread: None})
    assert day.book.state == "waiting_for_login"
    true_books(day, "10:04")
    assert day.book.state == "active"


def test_F48_a_manual_sale_makes_the_position_and_its_stop_smaller():
    """Half is sold by hand at 1,010: twice seen, then followed; the stop covers what is left."""
    day, _ = held()
    (entry,) = day.sent(rc.ApprovedEntry)
    rows = (row(entry, "E1", "complete"), row(stop_of(day), "S1", "trigger_pending"))
    sold = {"trades": (trade("E1", "BUY", 50, 1000), trade("H1", "SELL", 25, 1010)), "positions": (position(25),)}
    assert "PositionAdjusted" not in true_books(day, "10:05", orders=rows, **sold)
    true_books(day, "10:05:03", orders=rows, **sold)
    assert day.book.positions[0].quantity == 25
    assert day.book.realised == 250
    assert day.last(e.ReviseOrder).revision.quantity == 25


def test_F48_shares_that_our_own_exit_may_have_sold_are_not_taken_for_sold_by_hand():
    """The trade book cannot be read and the row tells no fill: else they would leave twice, once more as an order."""
    day, _ = held()
    for second in range(10, 20):
        true_books(day, f"10:05:{second}", trades=None, positions=(position(30),))
    assert day.book.positions[0].quantity == 50
    true_books(
        day, "10:05:20", trades=(trade("E1", "BUY", 50, 1000), trade("S1", "SELL", 20, 980)), positions=(position(30),)
    )
    assert day.book.positions[0].quantity == 30
    assert day.book.order(stop_of(day).order_id).filled_quantity == 20


@pytest.mark.parametrize(
    ("what", "quantity", "frozen"), [("freeze", 50, True), ("ignore", 50, False), ("adopt", 75, False)]
)
def test_F48_a_manual_purchase_is_adopted_ignored_or_freezes_the_symbol(what, quantity, frozen):
    day, _ = held(manual_trades=what)
    bought = (trade("E1", "BUY", 50, 1000), trade("H1", "BUY", 25, 1000))
    for clock in ("10:05", "10:05:03"):
        true_books(day, clock, trades=bought, positions=(position(75),))
    assert day.book.positions[0].quantity == quantity
    assert (day.book.latch("positions_differ", INFY.key) is not None) == frozen
    true_books(day, "10:06", positions=(position(quantity),))
    assert day.book.latch("positions_differ", INFY.key) is None


def test_F47_an_empty_position_book_proves_nothing_where_errors_come_as_nothing():
    """At Shoonya the position stays ours however often; with the trades to explain it, it is closed elsewhere."""
    day, _ = held(broker="shoonya")
    for second in range(10, 20):
        true_books(day, f"10:05:{second}", positions=())
    assert day.book.positions[0].quantity == 50
    sold = (trade("E1", "BUY", 50, 1000), trade("H1", "SELL", 50, 1010))
    by_hand = rc.BrokerOrder(id="H1", key=INFY.key, side="SELL", quantity=50, product="MIS", status="complete")
    (entry,) = day.sent(rc.ApprovedEntry)
    rows = (row(entry, "E1", "complete"), row(stop_of(day), "S1", "trigger_pending"), by_hand)
    for second in (1, 4):
        true_books(day, f"10:06:0{second}", orders=rows, positions=(), trades=sold)
    assert day.book.positions == ()
    assert day.book.outcomes[-1].reason == "closed_elsewhere"
    assert day.book.realised == 500


@pytest.mark.parametrize("what", ["adopt", "ignore", "freeze"])
def test_F47_a_read_that_hides_what_we_hold_forgets_no_shares_of_somebody_else(what):
    """The account is 5 TCS short without us. Empty books are no true read: an entry against them is still refused."""
    day, _ = held(broker="shoonya", manual_trades=what, differing_reads=3)
    day.instruments["TCS"] = TCS
    short = position(-5, key=TCS.key)
    true_books(day, "10:05", positions=(position(50), short))
    for second in range(1, 6):
        true_books(day, f"10:05:0{second}", orders=(), trades=(), positions=())
    assert day.state.custody.held_without_us(TCS.key) == -5
    assert day.book.position(TCS.key) is None
    day.enter("10:05:30", symbol="TCS", **SEEN)
    assert day.refusal() == ("held_against",)
    true_books(day, "10:06")
    assert day.state.custody.held_without_us(TCS.key) == 0
    day.restart()
    assert day.state.custody.mismatches == ()


@pytest.mark.parametrize("reads", [1, 2, 4])
def test_a_difference_that_stands_is_a_fact_until_it_is_acted_on_and_then_only_when_it_changes(reads):
    """Twenty reads that show the same; over a restart it goes on counting where it was."""
    day, _ = held(differing_reads=reads)
    for second in range(20):
        if second == 1:
            day.restart()
        told = true_books(day, f"10:05:{second:02}", positions=(position(75),))
        assert ("BooksDiffer" in told) == (second < reads)
        assert ("Latched" in told) == (second == reads - 1)
    assert "BooksDiffer" in true_books(day, "10:06", positions=(position(80),))
    assert day.last(e.BooksDiffer).mismatches[0].times == 1
    assert "BooksDiffer" in true_books(day, "10:06:03")
    assert day.last(e.BooksDiffer).mismatches == ()
    assert "BooksDiffer" not in true_books(day, "10:06:06")


def test_the_alarm_of_a_difference_is_over_when_the_books_agree_and_rings_again():
    day, _ = held()
    for clock in ("10:05", "10:05:03"):
        true_books(day, clock, positions=(position(75),))
    assert ("positions_differ", INFY.key) in day.state.custody.told
    assert "AlarmOver" in true_books(day, "10:06")
    for clock in ("10:07", "10:07:03"):
        true_books(day, clock, positions=(position(75),))
    assert ("positions_differ", INFY.key) in day.state.custody.told


def test_a_foreign_position_is_adopted_with_its_instrument_and_without_a_stop():
    day, _ = held(manual_trades="adopt")
    tcs = rc.Instrument(symbol="TCS", tick="0.05")
    shown, sold = (position(50), position(-10, "NSE:TCS")), (trade("H1", "SELL", 10, 3000, "NSE:TCS"),)
    for clock in ("10:05", "10:05:03"):
        day.take(
            e.BooksRead(
                day.at(clock),
                rc.BrokerBooks(at=day.at(clock), orders=(), trades=sold, positions=shown, holdings=()),
                (tcs,),
            )
        )
    adopted = day.book.position("NSE:TCS")
    assert (adopted.side, adopted.quantity, adopted.stop) == ("SELL", 10, None)


def test_an_operator_takes_the_differences_as_they_are():
    day, _ = held()
    for clock in ("10:05", "10:05:03"):
        true_books(day, clock, positions=(position(75),))
    day.take(e.DifferencesAccepted(day.at("10:06"), "asha", "bought 25 by hand"))
    assert day.book.latch("positions_differ", INFY.key) is None
    day.restart()
    for second in range(5):
        assert "BooksDiffer" not in true_books(day, f"10:07:0{second}", positions=(position(75),))
    assert (day.book.positions[0].quantity, day.book.latch("positions_differ", INFY.key)) == (50, None)
    for second in range(5):
        true_books(day, f"10:08:0{second}", positions=(position(80),))
    assert day.book.latch("positions_differ", INFY.key).why == "more: we hold 50, the broker 80"


def test_shares_sold_from_the_demat_account_are_no_short():
    day = at_broker()
    sold = rc.BrokerPosition(key="NSE:TCS", product="CNC", quantity=-10)
    covered = rc.BrokerHolding(key="NSE:TCS", quantity=10)
    assert "BooksDiffer" not in books(day, "10:00", positions=(sold,), holdings=(covered,))


def test_every_fact_of_the_brokers_side_is_folded_back_by_a_restart():
    """The state of a day with all of them is its facts folded."""
    day, _ = held(trail="points", trail_by=20)
    day.prices("10:05", last=1020)
    ticks(day, "10:05:01", 1500)
    true_books(day, "10:05:05", positions=(position(25),))
    ticks(day, "10:05:06", 1001)
    before = day.state
    day.restart()
    assert attrs.evolve(day.state, number=before.number, now=before.now) == before
