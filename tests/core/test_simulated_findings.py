"""What simulated days found, told by hand as small as it will go."""

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import at_broker, books, foreign, held, position, row, stop_of, trade, true_books
from tests.core.engine_days import SEEN


def test_F47_books_that_show_none_of_what_we_traded_today_prove_nothing():
    """Even at a broker whose empty answers are true: our own orders of today are not in them."""
    day, _ = held(broker="zerodha")
    for second in range(5):
        books(day, f"10:05:0{second}")
    assert day.book.position("NSE:INFY").quantity == 50
    assert day.book.resting("NSE:INFY").status == "working"
    assert day.book.latch("positions_differ", "NSE:INFY") is not None


def test_F47_a_position_book_without_its_row_is_wrong_where_the_trades_of_the_same_read_leave_the_shares():
    day, _ = held(broker="zerodha")
    for second in range(5):
        true_books(day, f"10:05:0{second}", positions=())
    assert day.book.position("NSE:INFY").quantity == 50
    assert day.book.resting("NSE:INFY").status == "working"
    true_books(day, "10:06")
    assert day.book.latch("positions_differ", "NSE:INFY") is None


def test_shares_that_stand_under_another_product_were_converted_and_are_gone_from_ours():
    day, _ = held(broker="zerodha")
    for second in range(2):
        moved = rc.BrokerPosition(key="NSE:INFY", product="CNC", quantity=50, average_price=1000)
        true_books(day, f"10:05:0{second}", positions=(position(0), moved))
    assert day.book.positions == ()


def test_shares_that_somebody_else_sold_are_gone_although_no_row_is_left():
    day, _ = held(broker="zerodha")
    sold = trade("X1", "SELL", 50, 990)
    for second in range(2):
        true_books(
            day,
            f"10:05:0{second}",
            orders=(row(day.sent()[0], "E1", "complete"), row(stop_of(day), "S1", "trigger_pending"), foreign()),
            trades=(trade("E1", "BUY", 50, 1000), sold),
            positions=(),
        )
    assert day.book.positions == ()


def test_F27_an_exit_that_stands_at_the_price_after_a_refusal_calls_somebody_when_it_does_not_fill():
    day, _ = held(broker="paper", rests=False)
    day.prices("10:05", last=979)
    day.report("10:05:01", day.sent()[-1].order_id, "rejected", note="not in 3 clean reads in a row")
    day.time("10:05:03")
    again = day.sent()[-1]
    assert again.limit == 979
    day.report("10:05:03.100", again.order_id, "working", broker_id="X2")
    assert day.time("10:05:05") == ()
    assert day.time("10:05:07") == ("Alarmed",)
    assert ("exit_rests", again.order_id) in day.state.custody.told
    day.report("10:06", again.order_id, "filled", 50, 979)
    assert (day.last(e.AlarmOver).name, day.last(e.AlarmOver).subject) == ("exit_rests", again.order_id)


def test_the_alarm_of_a_refused_move_ends_with_the_stop_that_it_is_about():
    """It was critical, and was told again every five minutes though the stop had filled and nothing was held."""
    day, _ = held(trail="points", trail_by=20)
    day.prices("10:05", last=1020)
    stop = stop_of(day)
    day.take(e.RevisionReported(day.at("10:05:00.050"), stop.order_id, "refused", "no"))
    day.report("10:06", stop.order_id, "filled", 50, 980)
    over = [(fact.name, fact.subject) for fact in day.facts if isinstance(fact, e.AlarmOver)]
    assert over == [("revision_refused", stop.order_id)]
    assert day.state.custody.told == frozenset()


def test_books_whose_reading_began_before_a_change_was_taken_do_not_show_that_somebody_changed_it_back():
    day, _ = held(trail="percent", trail_by="1.5")
    day.prices("10:05", last=1010)
    changed = day.state.custody.told
    stop = stop_of(day)
    day.take(e.RevisionReported(day.at("10:05:01"), stop.order_id, e.TAKEN))
    late = rc.BrokerBooks(
        at=day.at("10:04:59"),
        orders=(row(day.sent()[0], "E1", "complete"), row(stop, "S1", "trigger_pending")),
        trades=(trade("E1", "BUY", 50, 1000),),
        positions=(position(50),),
        holdings=(),
    )
    assert "RevisionRequested" not in day.take(e.BooksRead(day.at("10:05:03"), late))
    assert day.state.custody.told == changed
    assert day.book.resting("NSE:INFY").approved.trigger > stop.trigger


def test_shares_that_a_stop_took_whose_trades_cannot_be_read_yet_did_not_leave_without_us():
    """The order book says complete and not how much, the trade book says nothing: it was our own stop."""
    day, _ = held(broker="zerodha")
    orders = (row(day.sent()[0], "E1", "complete"), row(stop_of(day), "S1", "complete"))
    for second in range(5):
        books(day, f"10:05:0{second}", orders=orders, positions=(position(0),))
    assert day.book.position("NSE:INFY").quantity == 50
    sold = trade("S1", "SELL", 50, 979)
    books(day, "10:06", orders=orders, trades=(trade("E1", "BUY", 50, 1000), sold), positions=(position(0),))
    assert day.book.positions == ()
    assert day.book.realised == -50 * 21


@pytest.mark.parametrize(("by_hand", "side", "refused"), [(5, "SELL", True), (5, "BUY", False), (-5, "BUY", True)])
def test_F48_no_entry_goes_against_shares_that_the_account_holds_without_us(by_hand, side, refused):
    """The broker nets the two: of 49 sold beside 5 bought by hand only 44 are short, and a stop over 49 turns them."""
    day = at_broker(manual_trades="ignore")
    for clock in ("09:30", "09:30:03"):
        books(day, clock, orders=(foreign(),), positions=(position(by_hand),))
    levels = SEEN if side == "BUY" else {"last": 1000, "stop": 1020, "target": 900}
    day.enter("10:00", side=side, **levels)
    assert len(day.sent(rc.ApprovedEntry)) == (0 if refused else 1)
    if refused:
        assert day.refusal() == ("held_against",)
        books(day, "10:01", orders=(foreign(),))
        day.enter("10:02", side=side, **levels)
        assert len(day.sent(rc.ApprovedEntry)) == 1


def test_an_exit_goes_although_entries_are_halted():
    day, _ = held(broker="paper", rests=False)
    day.take(e.OperatorHalted(day.at("10:04"), "asha", "lunch"))
    day.prices("10:05", last=979)
    assert [order.reason for order in day.sent()] == ["stop"]
