"""A trade book whose rows show the quantity of their orders: what was traded is told by the rest of what was read."""

from decimal import Decimal

import pytest
from attrs import evolve

import riskcore as rc
from riskcore import events as e
from riskcore.brokers import capability
from riskcore.trade_rows import traded
from tests.core.custody_days import at_broker, books, foreign, held, position, row, stop_of, trade
from tests.core.engine_days import INFY, SEEN

WHOLE = ("shoonya", "flattrade", "zebu", "tradesmart", "definedge", "iifl", "jainamxts", "wisdom")


def entered(broker="shoonya"):
    """An entry of 50 at 1,000 that works at the broker as E1."""
    day = at_broker(broker=broker)
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    return day, day.sent(rc.ApprovedEntry)[-1]


def read(day, clock, *rows, traded, there, **more):
    return books(day, clock, orders=(*rows, foreign()), trades=traded, positions=there, **more)


def latches(day):
    return [latch.name for latch in day.book.latches]


def protected(day):
    """Shares held, and for how many of them a stop was sent."""
    now = day.book.position(INFY.key)
    return (now.quantity if now else 0, stop_of(day).quantity if now else 0)


FIFTY = trade("E1", "BUY", 50, 999)


@pytest.mark.parametrize(("broker", "left"), [("kotak", "12:00:01"), ("upstox", "10:00:02")])
def test_a_trade_that_bears_the_time_of_its_order_is_of_when_it_was_seen(broker, left):
    """A stop that had rested for two hours had filled two hours ago: a pause after a loss was over before it began."""
    day, _ = held(broker=broker, cooldown_s=900)
    rows = row(day.sent(rc.ApprovedEntry)[0], "E1", "complete"), row(stop_of(day), "S1", "complete")
    sold = evolve(trade("S1", "SELL", 50, 979), traded_at=day.at("10:00:02"))
    read(day, "12:00:01", *rows, traded=(trade("E1", "BUY", 50, 1000), sold), there=(position(0),))
    assert day.last(e.PositionClosed).closed_at == day.at(left)
    day.prices("12:05", last=1000)
    day.enter("12:05", **SEEN)
    assert len(day.sent(rc.ApprovedEntry)) == (1 if broker == "kotak" else 2)


@pytest.mark.parametrize("broker", WHOLE)
def test_two_parts_of_an_order_are_the_order_and_not_twice_the_order(broker):
    day, order = entered(broker)
    parts = (evolve(FIFTY, price=998), FIFTY)
    read(day, "10:00:02", row(order, "E1", "complete"), traded=parts, there=(position(50),))
    assert protected(day) == (50, 50)
    assert day.book.position(INFY.key).average_price == 999, "of the latest row"
    assert latches(day) == []


@pytest.mark.parametrize("status", ["open", "cancelled"])
@pytest.mark.parametrize("part", [1, 20, 49])
def test_of_an_order_that_filled_in_part_so_much_is_protected_as_the_position_shows(status, part):
    """It was taken for whole: a stop for fifty sold what was not there, and an exit had left the rest."""
    day, order = entered()
    read(day, "10:00:02", row(order, "E1", status), traded=(FIFTY,), there=(position(part),))
    assert protected(day) == (part, part)
    assert latches(day) == []
    assert day.book.order(order.order_id).live == (status == "open")


def test_what_came_later_is_added_and_what_has_ended_stays_known():
    day, order = entered()
    read(day, "10:00:02", row(order, "E1"), traded=(FIFTY,), there=(position(20),))
    read(day, "10:00:03", row(order, "E1", "cancelled"), traded=(FIFTY, FIFTY), there=(position(30),))
    assert (day.book.position(INFY.key).quantity, day.book.order(order.order_id).status) == (30, "cancelled")
    stop = evolve(stop_of(day), quantity=30)
    for clock in ("10:00:05", "10:05", "11:00"):
        shown = (row(order, "E1", "cancelled"), row(stop, "S1", "trigger_pending"))
        read(day, clock, *shown, traded=(FIFTY, FIFTY), there=(position(30),))
    assert day.book.position(INFY.key).quantity == 30
    assert latches(day) == []


@pytest.mark.parametrize(
    ("there", "more"),
    [
        ((position(0),), ()),
        ((position(51),), ()),
        (None, ()),
        ((position(20),), (trade("H1", "BUY", 10, 999),)),
    ],
    ids=["positions_lag", "more_than_it_can_be", "positions_unread", "another_order_in_part"],
)
def test_where_nothing_tells_how_much_the_trades_are_as_good_as_unread(there, more):
    day, order = entered()
    hand = rc.BrokerOrder(id="H1", key="NSE:INFY", side="BUY", quantity=10, product="MIS", status="cancelled")
    read(day, "10:00:02", row(order, "E1"), hand, traded=(FIFTY, *more), there=there)
    assert day.book.position(INFY.key) is None
    assert day.book.order(order.order_id).live
    assert latches(day) == []


def test_an_order_beside_that_may_trade_amid_the_read_leaves_it_untold():
    day, order = entered()
    hand = rc.BrokerOrder(id="H1", key="NSE:INFY", side="BUY", quantity=10, product="MIS", status="open")
    read(day, "10:00:02", row(order, "E1"), hand, traded=(FIFTY,), there=(position(20),))
    assert day.book.position(INFY.key) is None


@pytest.mark.parametrize("manual_trades", ["freeze", "adopt", "ignore"])
def test_two_orders_that_work_and_have_traded_untold_parts_are_no_shares_of_somebody_elses(manual_trades):
    """What the position showed of them was adopted, and counted once more when the orders had filled."""
    day = at_broker(broker="shoonya", manual_trades=manual_trades)
    frozen = evolve(INFY, freeze_quantity=30)
    day.instruments[INFY.symbol] = frozen
    day.enter("10:00", **SEEN)
    orders = day.sent(rc.ApprovedEntry)
    assert [order.quantity for order in orders] == [30, 20]
    for number, order in enumerate(orders, 1):
        day.report("10:00:01", order.order_id, "working", broker_id=f"E{number}")
    trades = (trade("E1", "BUY", 30, 999), trade("E2", "BUY", 20, 999))
    working = [row(order, f"E{number}") for number, order in enumerate(orders, 1)]
    for clock in ("10:00:02", "10:00:05", "10:00:08"):
        read(day, clock, *working, traded=trades, there=(position(24),))
    assert (day.book.positions, latches(day), day.state.custody.mismatches) == ((), [], ())
    filled = [row(order, f"E{number}", "complete") for number, order in enumerate(orders, 1)]
    read(day, "10:00:09", *filled, traded=trades, there=(position(50),))
    assert (day.book.position(INFY.key).quantity, latches(day)) == (50, [])
    assert sum(order.quantity for order in day.sent() if order.trigger is not None) == 50


def test_a_part_that_is_untold_is_told_by_the_position_after_its_end_as_with_any_unread_trade_book():
    day, order = entered()
    hand = rc.BrokerOrder(id="H1", key="NSE:INFY", side="BUY", quantity=10, product="MIS", status="open")
    for clock in ("10:00:05", "10:00:20"):
        read(day, clock, row(order, "E1", "cancelled"), hand, traded=(FIFTY,), there=(position(20),))
    assert protected(day) == (20, 20)


def test_a_part_that_is_untold_hides_no_other_order_while_it_works():
    """Two slices: one is whole, of the other only a part came. What is known gets its stop (a simulated day)."""
    day, order = entered()
    hand = rc.BrokerOrder(id="H1", key="NSE:INFY", side="BUY", quantity=10, product="MIS", status="open")
    more = evolve(hand, id="H2")
    told = (FIFTY, trade("H1", "BUY", 10, 999))
    read(day, "10:00:02", row(order, "E1", "complete"), hand, more, traded=told, there=(position(54),))
    assert protected(day) == (50, 50)


@pytest.mark.parametrize("there", [None, (), (position(0, "NSE:TCS"),)], ids=["unread", "empty", "lacks_it"])
def test_a_stop_that_ended_in_part_is_not_whole_where_no_position_is_shown(there):
    """After a cancel orders and trades are read alone: all fifty were believed sold (a simulated day)."""
    day, _ = held(broker="shoonya")
    (entry,) = day.sent(rc.ApprovedEntry)
    rows = (row(entry, "E1", "complete"), row(stop_of(day), "S1", "cancelled"))
    told = (evolve(FIFTY, price=1000), trade("S1", "SELL", 50, 980))
    read(day, "10:05", *rows, traded=told, there=there)
    assert day.book.position(INFY.key).quantity == 50
    read(day, "10:05:01", *rows, traded=told, there=(position(30),))
    assert day.book.position(INFY.key).quantity == 30


def test_an_exit_in_part_leaves_the_rest_in_the_book():
    """All was believed out, and thirty shares had neither stop nor exit."""
    day, _ = held(broker="shoonya")
    day.prices("10:10", last=1101)
    (entry,) = day.sent(rc.ApprovedEntry)
    day.report("10:10:01", stop_of(day).order_id, "cancelled")
    out = day.sent()[-1]
    day.report("10:10:02", out.order_id, "working", broker_id="X9")
    rows = (row(entry, "E1", "complete"), row(out, "X9"))
    sold = trade("X9", "SELL", 50, 1101)
    read(day, "10:10:03", *rows, traded=(evolve(FIFTY, price=1000), sold), there=(position(30),))
    assert day.book.position(INFY.key).quantity == 30
    rows = (row(entry, "E1", "complete"), row(out, "X9", "complete"))
    read(day, "10:10:04", *rows, traded=(evolve(FIFTY, price=1000), sold, sold), there=(position(0),))
    assert day.book.position(INFY.key) is None


def test_of_shares_that_may_have_been_carried_it_is_what_ours_have_moved():
    day = at_broker(broker="shoonya")
    entry = day.enter("10:00", product="CNC", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    order = day.sent(rc.ApprovedEntry)[-1]
    there = (rc.BrokerPosition(key="NSE:INFY", product="CNC", quantity=20, average_price=999),)
    cnc = evolve(FIFTY, product="CNC")
    books(day, "10:00:02", orders=(row(order, "E1"), foreign()), trades=(cnc,), positions=there)
    assert day.book.position(INFY.key).quantity == 20


def test_elsewhere_a_row_is_a_trade():
    day, order = entered("sandbox")
    parts = (trade("E1", "BUY", 20, 998), trade("E1", "BUY", 30, 999))
    read(day, "10:00:02", row(order, "E1", "complete"), traded=parts, there=(position(50),))
    assert protected(day) == (50, 50)
    assert day.book.position(INFY.key).average_price == Decimal("998.6")


def unpriced(order_id):
    return rc.UnreadRow(book="trades", id=order_id, key="NSE:INFY", why="tradebook: average_price is missing")


def test_where_the_orders_stand_in_the_place_of_the_trades_those_without_a_price_traded_nothing():
    """Paytm: each order that works, was refused or cancelled made the whole trade book unread."""
    day, order = entered("paytm")
    shown = rc.BrokerBooks(
        at=day.at("10:00:02"),
        orders=(row(order, "E1", "complete"), row(order, "R1", "rejected"), row(order, "O1", "open")),
        trades=(FIFTY,),
        positions=(position(50),),
        holdings=(),
        unread_rows=(unpriced("R1"), unpriced("O1")),
    )
    day.take(e.BooksRead(day.at("10:00:02"), shown, ()))
    assert day.book.position(INFY.key).quantity == 50


def test_but_one_that_is_complete_traded_something():
    day, order = entered("paytm")
    shown = rc.BrokerBooks(
        at=day.at("10:00:02"),
        orders=(row(order, "E1", "complete"),),
        trades=(),
        positions=(position(50),),
        holdings=(),
        unread_rows=(unpriced("E1"),),
    )
    assert "Filled" not in day.take(e.BooksRead(day.at("10:00:02"), shown, ())), "it may yet be read"
    later = evolve(shown, at=day.at("10:00:12"))
    day.take(e.BooksRead(day.at("10:00:12"), later, ()))
    assert day.book.position(INFY.key).quantity == 50


# ---------------------------------------------------------------- trades under the exchange's name of their order


def at_exchange(name, quantity, price=999, side="BUY"):
    return trade(name, side, quantity, price)


@pytest.mark.parametrize("status", ["open", "complete", "cancelled"])
def test_trades_under_the_exchanges_name_are_of_the_one_order_that_they_may_be_of(status):
    """5paisa: no fill of any order was ever known, and what came had no stop."""
    day, order = entered("fivepaisa")
    shares = 50 if status == "complete" else 20
    parts = (at_exchange("11000", shares - 10, 998), at_exchange("11000", 10))
    read(day, "10:00:02", row(order, "E1", status), traded=parts, there=(position(shares),))
    assert protected(day) == (shares, shares)
    assert day.book.order(order.order_id).filled_value == (shares - 10) * 998 + 10 * 999
    assert latches(day) == []


def test_of_two_orders_each_has_the_trades_that_make_it_whole():
    day, order = entered("fivepaisa")
    hand = rc.BrokerOrder(id="H1", key="NSE:INFY", side="BUY", quantity=10, product="MIS", status="complete")
    told = (at_exchange("11001", 10), at_exchange("11000", 50))
    read(day, "10:00:02", hand, row(order, "E1", "complete"), traded=told, there=(position(60),))
    assert day.book.order(order.order_id).filled_quantity == 50


def test_what_an_ended_order_is_known_to_have_filled_names_its_trades():
    """A second order of the side is still on its way: the first one's part is none of it."""
    day, order = entered("fivepaisa")
    first, there = (at_exchange("11000", 20),), (position(20),)
    read(day, "10:00:02", row(order, "E1", "cancelled"), traded=first, there=there)
    hand = rc.BrokerOrder(id="H1", key="NSE:INFY", side="BUY", quantity=50, product="MIS", status="open")
    shown = (row(order, "E1", "cancelled"), hand, row(stop_of(day), "S1", "trigger_pending"))
    for clock in ("10:00:05", "10:01"):
        read(day, clock, *shown, traded=first, there=there)
    assert protected(day) == (20, 20)
    assert latches(day) == []


def test_trades_that_may_be_of_two_orders_are_as_good_as_unread():
    day, order = entered("fivepaisa")
    hand = rc.BrokerOrder(id="H1", key="NSE:INFY", side="BUY", quantity=40, product="MIS", status="open")
    read(day, "10:00:02", row(order, "E1"), hand, traded=(at_exchange("11000", 20),), there=(position(20),))
    assert day.book.position(INFY.key) is None
    assert day.book.order(order.order_id).live


def test_trades_of_no_order_that_is_shown_stay_as_they_are():
    day, order = entered("fivepaisa")
    sold = (at_exchange("11000", 50), at_exchange("22000", 7, side="SELL"))
    read(day, "10:00:02", row(order, "E1", "complete"), traded=sold, there=(position(43),))
    assert day.book.order(order.order_id).filled_quantity == 50


def test_what_the_table_says_of_a_broker():
    day = at_broker().day
    assert {name: capability(name, on=day).trades for name in ("zerodha", "angel", "any", "sandbox", "paytm")} == {
        **dict.fromkeys(("zerodha", "angel", "any", "sandbox"), "each"),
        "paytm": "orders",
    }
    assert capability("paytm", on=day).borrows_status
    assert capability("paytm", on=day).resting == "none", "its SL is a market order"
    xts = ("iifl", "jainamxts", "compositedge", "fivepaisaxts", "ibulls", "rmoney", "wisdom")
    assert {(row.trades, row.paces_books) for row in (capability(name, on=day) for name in xts)} == {("whole", True)}
    assert [capability(name, on=day).revises for name in ("angel", "hdfcsky", "dhan")] == [False, False, True]


def several(there, *statuses):
    """What is told of two orders of 50 and of 30 that bought, each with a row of its whole, beside a position."""
    rows = [
        rc.BrokerOrder(id=name, key=INFY.key, side="BUY", quantity=quantity, product="MIS", status=status)
        for (name, quantity), status in zip((("F1", 50), ("F2", 30)), statuses, strict=True)
        if status
    ]
    shown = (trade("F1", "BUY", 50, 999), trade("F2", "BUY", 30, 1001))
    day = at_broker(broker="shoonya")
    told = rc.BrokerBooks(at=day.at("10:00"), orders=tuple(rows), trades=shown, positions=(position(there),))
    found = traded(told, day.book, capability("shoonya", on=day.day))
    return {one.order_id: one.quantity for one in found.trades}, [row.id for row in found.unread_rows]


@pytest.mark.parametrize(
    ("there", "parts"), [(2, {"F1": 1, "F2": 1}), (51, {"F1": 50, "F2": 1}), (60, {"F1": 50, "F2": 10})]
)
def test_of_several_that_ended_after_a_part_the_earliest_is_taken_to_have_filled_first(there, parts):
    """Two slices of an exit that was taken back: nothing told which had sold how much, and the rest never left."""
    assert several(there, "cancelled", "cancelled") == (parts, [])


@pytest.mark.parametrize("there", [0, 1, 81, -60])
def test_what_several_cannot_have_traded_is_told_by_nothing(there):
    assert several(there, "cancelled", "cancelled") == ({}, ["F1", "F2"])


def test_while_one_of_several_works_nothing_is_told_of_those_that_have_ended():
    assert several(60, "cancelled", "open") == ({}, ["F1"])
    assert several(60, "complete", "cancelled") == ({"F1": 50, "F2": 10}, [])


def test_of_several_of_which_one_has_no_row_yet_nothing_is_told():
    """It was placed after the order book was read, and may fill on: two exits of 600 were both taken for whole."""
    assert several(60, "cancelled", None) == ({}, ["F1", "F2"])
    assert several(60, None, None) == ({}, ["F1", "F2"])
    assert several(60, "complete", None) == ({"F1": 50, "F2": 10}, [])


@pytest.mark.parametrize("shows", ["each", "whole", "orders", "unnamed"])
def test_the_time_of_its_order_is_no_trades_own_whatever_the_rows_show(shows):
    """Where rows show whole orders it was taken for the trade's: of two facts that hold at once one was forgotten."""
    day, order = entered()
    seen = (evolve(FIFTY, traded_at=day.at("09:20")),)
    read = rc.BrokerBooks(at=day.at("10:00:02"), orders=(row(order, "E1", "complete"),), trades=seen)
    known = evolve(capability("mstock", on=day.day), trades=shows)
    assert [one.traded_at for one in traded(read, day.book, known).trades] == [None]
