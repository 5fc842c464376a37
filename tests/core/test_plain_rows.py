"""Rows that a plugin tells in other words: a trade's instrument and product, contracts under one product, paise."""

from datetime import date
from decimal import Decimal

import pytest
from attrs import evolve

import riskcore as rc
from riskcore import engine, events as e
from riskcore.brokers import capability
from riskcore.testing import Scenario
from tests.core.custody_days import at_broker, books, foreign, held, position, row, stop_of, trade, true_books
from tests.core.engine_days import INFY, SEEN, WIDE
from tests.core.test_carried_results import FUTURE, MARGINS


def entered(broker):
    """An entry of 50 at 1,000 that works at the broker as E1."""
    day = at_broker(broker=broker)
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    return day, day.sent(rc.ApprovedEntry)[-1]


# ---------------------------------------------------------------- paise


@pytest.mark.parametrize(("told", "was"), [(99_950, Decimal("999.5")), (Decimal("999.5"), Decimal("999.5"))])
def test_a_trade_in_paise_is_at_its_price_in_rupees(told, was):
    """The position was held at a hundred times its price: it was left at once, and its loss was made up."""
    day, entry = entered("motilal")
    shown = (row(entry, "E1", "complete", price=told), foreign())
    books(day, "10:00:02", orders=shown, trades=(trade("E1", "BUY", 50, told),), positions=(position(50),))
    assert day.book.position(INFY.key).average_price == was
    assert stop_of(day).trigger == 980
    assert day.book.latches == ()


def test_trades_of_others_and_of_other_brokers_are_at_what_they_are_told():
    day, entry = entered("any")
    shown = (row(entry, "E1", "complete"), foreign())
    books(day, "10:00:02", orders=shown, trades=(trade("E1", "BUY", 50, 99_950),), positions=(position(50),))
    assert day.book.position(INFY.key).average_price == 99_950
    day, _ = held(broker="motilal")
    tcs = trade("X1", "BUY", 1, 300_000, key="NSE:TCS")
    true_books(day, "10:00:05", trades=(trade("E1", "BUY", 50, 100_000), tcs))
    assert day.book.position(INFY.key).average_price == 1000
    assert day.book.latches == ()


def test_what_somebody_else_sold_of_ours_went_at_its_price_in_rupees():
    """Fifty that were sold by hand for a rupee more each had made five million."""
    day, _ = held(broker="motilal", manual_trades="adopt")
    (entry,) = day.sent(rc.ApprovedEntry)
    hand = rc.BrokerOrder(
        id="H1", key=INFY.key, side="SELL", quantity=50, product="MIS", status="complete", price=100_100
    )
    shown = (row(entry, "E1", "complete"), row(stop_of(day), "S1", "trigger_pending"), hand)
    both = (trade("E1", "BUY", 50, 100_000), trade("H1", "SELL", 50, 100_100))
    for clock in ("10:01:05", "10:01:08", "10:01:11"):
        books(day, clock, orders=shown, trades=both, positions=(position(0),))
    assert day.book.positions == ()
    assert day.book.outcomes[-1].gross == 50


# ---------------------------------------------------------------- one product for contracts


def future(broker):
    """A future that was bought as NRML, and its stop; and a reading of books that show all of it under MIS."""
    rules = {"allowed_products": ["NRML"], "tables": rc.Tables(margins=MARGINS), "max_quantity": 100}
    day = Scenario(rc.Policy(**{**WIDE, **rules}), FUTURE, day=date(2026, 11, 20), equity=200_000)
    day.take(e.BrokerSeen(day.at("09:17"), capability(broker, on=day.day)))
    day.enter("10:00", "BUY", exchange="NFO", product="NRML", last=1000, stop=970, target=1300)
    entry = day.sent(rc.ApprovedEntry)[-1]
    day.report("10:00:01", entry.order_id, "working", broker_id="E1")
    bought, there = trade("E1", "BUY", entry.quantity, 1000, key=FUTURE.key), position(entry.quantity, key=FUTURE.key)

    def read(clock, *rows):
        shown = (row(entry, "E1", "complete", product="MIS"), *rows)
        books(day, clock, orders=shown, trades=(bought,), positions=(there,))

    read("10:00:02")
    return day, read


def test_a_contract_that_is_shown_under_the_one_product_is_ours():
    """It looked gone: the book dropped it, its stop was taken back, and it was held without one."""
    day, read = future("motilal")
    stop = stop_of(day)
    day.report("10:00:03", stop.order_id, "working", broker_id="S1")
    for clock in ("10:00:04", "10:00:07", "10:05"):
        read(clock, row(stop, "S1", "trigger_pending", product="MIS"))
    now = day.book.position(FUTURE.key)
    assert (now.quantity, now.product) == (stop.quantity, "NRML")
    assert day.book.latches == ()


def test_elsewhere_another_product_is_another_position():
    day, read = future("any")
    day.report("10:00:03", stop_of(day).order_id, "working", broker_id="S1")
    for clock in ("10:00:04", "10:00:07", "10:00:10"):
        read(clock, row(stop_of(day), "S1", "trigger_pending", product="MIS"))
    assert day.book.position(FUTURE.key) is None


def test_shares_are_in_the_product_in_which_they_are_shown():
    day, entry = entered("motilal")
    shown = (row(entry, "E1", "complete"), foreign())
    delivered = evolve(position(7), product="CNC")
    books(day, "10:00:02", orders=shown, trades=(trade("E1", "BUY", 50, 1000),), positions=(position(50), delivered))
    assert day.book.position(INFY.key).quantity == 50


# ---------------------------------------------------------------- whose a row is


@pytest.mark.parametrize(
    "named", [{"key": "NSE:Infosys Limited"}, {"product": "VALUEPLUS"}, {"key": "", "product": "?"}]
)
def test_a_trade_is_of_the_instrument_and_in_the_product_of_its_order(named):
    """Beside it, books looked as if they contradicted each other: shares sold by hand stayed ours, and in the stop."""
    day, _ = held(broker="any")
    (entry,) = day.sent(rc.ApprovedEntry)
    bought, sold = evolve(trade("E1", "BUY", 50, 1000), **named), trade("H1", "SELL", 30, 1001)
    stop = stop_of(day)
    hand = rc.BrokerOrder(id="H1", key=INFY.key, side="SELL", quantity=30, product="MIS", status="complete")
    shown = (row(entry, "E1", "complete"), row(stop, "S1", "trigger_pending"), hand)
    for clock in ("10:00:05", "10:00:08", "10:00:11"):
        books(day, clock, orders=shown, trades=(bought, sold), positions=(position(20),))
    assert day.book.position(INFY.key).quantity == 20


def test_a_row_without_a_symbol_is_of_the_order_whose_id_it_bears():
    day, entry = entered("any")
    shown = (row(entry, "E1", "complete", key=""), foreign())
    unnamed = trade("E1", "BUY", 50, 1000, key="NSE:Infosys Limited")
    books(day, "10:00:02", orders=shown, trades=(unnamed,), positions=(position(50),))
    assert day.book.position(INFY.key).quantity == 50
    assert day.state.custody.mismatches == ()


def test_an_order_of_unknown_outcome_may_be_a_row_that_names_no_symbol():
    """It was taken for absent: another exit went, and both could fill."""
    day, _ = held(broker="any")
    day.prices("10:10", last=1101)
    day.report("10:10:01", stop_of(day).order_id, "cancelled")
    out = day.sent()[-1]
    day.report("10:10:02", out.order_id, "unknown")
    (entry,) = day.sent(rc.ApprovedEntry)
    shown = (row(entry, "E1", "complete"), row(out, "N1", key=""))
    books(day, "10:10:12", orders=shown, trades=(trade("E1", "BUY", 50, 1000),), positions=(position(50),))
    assert day.book.order(out.order_id).broker_id == "N1"
    assert day.sent()[-1] == out


@pytest.mark.parametrize("status", ["open", "cancelled"])
def test_what_a_runner_takes_has_each_trade_of_its_order_before_it_is_told_how_much_was_traded(status):
    """A runner looks at the rows first: by another name nothing told of a part that had filled, and it had no stop."""
    day, entry = entered("aliceblue")
    shown = (row(entry, "E1", status, key=""), foreign())
    told = evolve(trade("E1", "BUY", 50, 999), key="NSE:INFOSYS LTD")
    at = day.at("10:00:02")
    read = rc.BrokerBooks(at=at, orders=shown, trades=(told,), positions=(position(20),), holdings=())
    day.take(e.BooksRead(at, engine.undoubted(read, day.state)))
    assert ([one.quantity for one in day.book.positions], stop_of(day).quantity) == ([20], 20)
