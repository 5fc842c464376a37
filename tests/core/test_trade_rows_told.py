"""What is told of single rows of a trade book that shows other things than trades: each as it is read, by itself."""

import pytest
from attrs import evolve

import riskcore as rc
from riskcore.brokers import capability
from riskcore.trade_rows import traded
from tests.core.custody_days import at_broker, books, foreign, position, row, stop_of, trade
from tests.core.engine_days import INFY, SEEN


def told(day, broker, *rows, trades, there=(), **more):
    """Shares of each order that traded, the orders of which it cannot be read, and those that will tell it yet."""
    shown = rc.BrokerBooks(at=day.at("10:00:05"), orders=rows, trades=tuple(trades), positions=there, **more)
    found = traded(shown, day.book, capability(broker, on=day.day))
    return {one.order_id: one.quantity for one in found.trades}, [row.id for row in found.unread_rows], found.untold


def order_row(name, quantity, status="open", **more):
    """A row of somebody else's order of INFY."""
    fields = {"id": name, "key": INFY.key, "side": "BUY", "quantity": quantity, "product": "MIS", "status": status}
    return rc.BrokerOrder(**{**fields, **more})


def part_of_fifty(broker="shoonya", product="MIS"):
    """An entry of 50 that works as E1, and of which 20 have filled for all that is known."""
    day = at_broker(broker=broker)
    entry = day.enter("10:00", product=product, **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    order = day.sent(rc.ApprovedEntry)[-1]
    rows, there = (row(order, "E1"), foreign()), (evolve(position(20), product=product),)
    books(day, "10:00:02", orders=rows, trades=(evolve(trade("E1", "BUY", 50, 999), product=product),), positions=there)
    assert day.book.position(INFY.key).quantity == 20
    return day, order


FIFTY = trade("E1", "BUY", 50, 999)


# ---------------------------------------------------------------- rows that show whole orders


def test_an_order_that_works_has_traded_what_was_known_where_nothing_tells_more():
    day, order = part_of_fifty()
    assert told(day, "shoonya", row(order, "E1"), trades=[FIFTY], there=None) == ({"E1": 20}, [], ("E1",))
    assert told(day, "shoonya", row(order, "E1"), trades=[FIFTY], there=(position(35),)) == ({"E1": 35}, [], ())


def test_what_an_ended_order_has_filled_stays_so_whatever_the_position_shows_by_then():
    """Its shares were sold by a hand since, say: of the order that tells nothing."""
    day, order = part_of_fifty()
    ended = row(order, "E1", "cancelled")
    books(day, "10:00:03", orders=(ended, foreign()), trades=(FIFTY,), positions=(position(20),))
    assert told(day, "shoonya", ended, trades=[FIFTY], there=(position(0),)) == ({"E1": 20}, [], ())


def test_of_several_that_ended_one_of_ours_has_traded_no_less_than_was_known():
    day, order = part_of_fifty()
    rows = (order_row("H1", 30, "cancelled"), row(order, "E1", "cancelled"))
    shown = [trade("H1", "BUY", 30, 999), FIFTY]
    assert told(day, "shoonya", *rows, trades=shown, there=(position(30),)) == ({"H1": 10, "E1": 20}, [], ())
    assert told(day, "shoonya", *rows, trades=shown, there=(position(80),)) == ({"H1": 30, "E1": 50}, [], ())


def test_beside_an_untold_order_of_the_other_side_the_position_tells_of_neither():
    day = at_broker(broker="shoonya")
    rows = (order_row("H1", 50, "cancelled"), order_row("H2", 30, "cancelled", side="SELL"))
    shown = [trade("H1", "BUY", 50, 999), trade("H2", "SELL", 30, 999)]
    assert told(day, "shoonya", *rows, trades=shown, there=(position(20),))[:2] == ({}, ["H1", "H2"])


def test_orders_of_another_instrument_or_product_tell_nothing_of_these_and_hide_nothing():
    day = at_broker(broker="shoonya")
    elsewhere = (
        order_row("T1", 7, key="NSE:TCS"),
        order_row("T2", 7, "cancelled", key="NSE:TCS"),
        order_row("T3", 40, "complete", product="CNC"),
    )
    more = [trade("T2", "BUY", 7, 999, key="NSE:TCS"), evolve(trade("T3", "BUY", 40, 999), product="CNC")]
    shown = [trade("H1", "BUY", 50, 999), *more]
    rows = (order_row("H1", 50, "cancelled"), *elsewhere)
    assert told(day, "shoonya", *rows, trades=shown, there=(position(20),))[0] == {"H1": 20, "T3": 40}


def test_what_one_carried_order_of_ours_has_traded_since_is_what_came_to_what_is_held():
    day, order = part_of_fifty(product="CNC")
    cnc, there = evolve(FIFTY, product="CNC"), evolve(position(35), product="CNC")
    found = told(day, "shoonya", row(order, "E1"), trades=[cnc], there=(there,), holdings=())
    assert found == ({"E1": 35}, [], ())
    assert told(day, "shoonya", row(order, "E1"), trades=[cnc], there=(there,)) == ({"E1": 20}, [], ("E1",))


def test_what_an_exit_of_carried_shares_sold_is_what_is_gone_whether_or_not_the_entry_is_of_today():
    """The trade book shows the entry of today; of one of a day before the book alone knows."""
    day = at_broker(broker="shoonya")
    entry = day.enter("10:00", product="CNC", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    day.fill("10:00:01", entry, price=1000)
    day.report("10:00:02", stop_of(day).order_id, "working", broker_id="S1")
    rows = (row(day.sent(rc.ApprovedEntry)[-1], "E1", "complete"), row(stop_of(day), "S1", "cancelled"))
    bought, sold = (evolve(trade(*one), product="CNC") for one in (("E1", "BUY", 50, 1000), ("S1", "SELL", 50, 980)))
    seen = {"there": (evolve(position(30), product="CNC"),), "holdings": ()}
    assert told(day, "shoonya", *rows, trades=[bought, sold], **seen)[0] == {"E1": 50, "S1": 20}
    assert told(day, "shoonya", *rows, trades=[sold], **seen)[0] == {"S1": 20}


def test_beside_somebody_elses_trade_of_carried_shares_nothing_more_is_told_of_ours():
    day, order = part_of_fifty(product="CNC")
    rows = (row(order, "E1"), order_row("H1", 10, "complete", product="CNC"))
    shown = [evolve(trade(*one), product="CNC") for one in (("E1", "BUY", 50, 999), ("H1", "BUY", 10, 999))]
    seen = {"there": (evolve(position(45), product="CNC"),), "holdings": ()}
    assert told(day, "shoonya", *rows, trades=shown, **seen) == ({"H1": 10, "E1": 20}, [], ("E1",))


def test_of_carried_shares_nothing_tells_what_somebody_elses_order_traded():
    """What was there before is not known of shares that are not ours."""
    day = at_broker(broker="shoonya")
    bought, there = evolve(trade("H1", "BUY", 50, 999), product="CNC"), evolve(position(20), product="CNC")
    asked = order_row("H1", 50, "cancelled", product="CNC")
    assert told(day, "shoonya", asked, trades=[bought], there=(there,))[:2] == ({}, ["H1"])


# ---------------------------------------------------------------- orders in the place of trades


def unread(name, why="tradebook: average_price is missing", book="trades"):
    return rc.UnreadRow(book=book, id=name, key=INFY.key, why=why)


@pytest.mark.parametrize(("broker", "left"), [("paytm", ["C1", "N1", "Q1", "O1"]), ("shoonya", None)])
def test_only_orders_that_have_not_traded_are_no_trades_where_they_stand_in_their_place(broker, left):
    """One that is complete, or that no order book shows, has traded; so may one whose row lacks something else."""
    day = at_broker(broker=broker)
    rows = [order_row(name, 5, "complete" if name == "C1" else "rejected") for name in ("R1", "C1", "Q1", "O1")]
    rows_unread = (unread("R1"), unread("C1"), unread("N1"), unread("Q1", "quantity is 0"), unread("O1", book="orders"))
    _, found, _ = told(day, broker, *rows, trades=(), unread_rows=rows_unread)
    assert found == (left or ["R1", "C1", "N1", "Q1", "O1"])


# ---------------------------------------------------------------- trades under the exchange's name of their order


def named(*rows, trades, day=None):
    """Whose the trades are at 5paisa, and those that may be of several orders."""
    day = day or at_broker(broker="fivepaisa")
    shown = [trade(name, "BUY", quantity, 999) for name, quantity in trades]
    found, doubted, _ = told(day, "fivepaisa", *rows, trades=shown)
    return found, doubted


def test_trades_that_may_be_of_two_orders_are_left_out_and_told_as_unread():
    assert named(order_row("E1", 50), order_row("H1", 40), trades=[("11000", 20)]) == ({}, ["11000"])
    assert named(order_row("E1", 50), order_row("H1", 20), trades=[("11000", 20)]) == ({}, ["11000"])


def test_trades_are_of_no_order_that_is_smaller_was_refused_or_is_another_things():
    rows = [
        order_row("E1", 50),
        order_row("H1", 10),
        order_row("R1", 50, "rejected"),
        order_row("S1", 50, side="SELL"),
        order_row("T1", 50, key="NSE:TCS"),
        order_row("C1", 50, product="CNC"),
    ]
    for shares in (11, 50):
        assert named(*rows, trades=[("11000", shares)]) == ({"E1": shares}, [])


def test_trades_that_bear_the_name_of_their_order_stay_its_and_no_others_are_of_it():
    assert named(order_row("E1", 50), order_row("H1", 40), trades=[("E1", 20), ("11000", 10)]) == (
        {"E1": 20, "H1": 10},
        [],
    )


def test_each_of_two_equal_orders_that_are_complete_has_the_trades_of_one():
    rows = (order_row("E1", 50, "complete"), order_row("E2", 50, "complete"))
    assert named(*rows, trades=[("11000", 50), ("11001", 50)]) == ({"E1": 50, "E2": 50}, [])


def test_trades_of_an_order_that_is_whole_are_no_rivals_of_those_that_are_left():
    rows = (order_row("E1", 50, "complete"), order_row("H1", 40))
    assert named(*rows, trades=[("11000", 50), ("11001", 20)]) == ({"E1": 50, "H1": 20}, [])


def test_trades_of_another_instrument_are_no_rivals():
    day = at_broker(broker="fivepaisa")
    shown = [trade("11000", "BUY", 20, 999), trade("22000", "BUY", 5, 3000, key="NSE:TCS")]
    rows = (order_row("E1", 50), order_row("T1", 9, key="NSE:TCS"))
    assert told(day, "fivepaisa", *rows, trades=shown)[:2] == ({"E1": 20, "T1": 5}, [])


def test_what_an_order_that_works_had_filled_by_the_last_look_says_nothing_of_new_trades():
    """It has filled on since, and another's trades come to what it had."""
    day = at_broker(broker="fivepaisa")
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    order = day.sent(rc.ApprovedEntry)[-1]
    first = {"orders": (row(order, "E1"), foreign()), "trades": (trade("11000", "BUY", 20, 999),)}
    books(day, "10:00:02", **first, positions=(position(20),))
    assert day.book.order(order.order_id).filled_quantity == 20
    rows = (row(order, "E1", "complete"), order_row("H1", 40))
    assert named(*rows, trades=[("11001", 20), ("11000", 50)], day=day) == ({"H1": 20, "E1": 50}, [])


def test_two_groups_of_trades_that_may_be_of_one_order_are_both_doubted():
    assert named(order_row("E1", 50), trades=[("11000", 20), ("11001", 10)]) == ({}, ["11000", "11001"])


def test_what_an_ended_order_is_known_to_have_filled_is_its_beside_one_that_may_have_filled_as_much():
    day, order = ended_after_twenty()
    rows = (row(order, "E1", "cancelled"), order_row("H1", 50))
    assert named(*rows, trades=[("11000", 20)], day=day) == ({"E1": 20}, [])


def ended_after_twenty():
    """An entry of 50 at 5paisa, cancelled after 20."""
    day = at_broker(broker="fivepaisa")
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    order = day.sent(rc.ApprovedEntry)[-1]
    shown = (row(order, "E1", "cancelled"), foreign())
    books(day, "10:00:02", orders=shown, trades=(trade("11000", "BUY", 20, 999),), positions=(position(20),))
    assert day.book.position(INFY.key).quantity == 20
    return day, order
