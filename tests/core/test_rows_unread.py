"""Rows of the order book that cannot be read: those of another program stop nothing, one that may be ours hides it."""

from datetime import datetime, timedelta

import attrs
import pytest

import riskcore as rc
from riskcore import engine, events as e
from riskcore.engine.ended import is_borrowed
from riskcore.reconcile import without_doubt
from tests.core.custody_days import at_broker, books, foreign, held, position, row, stop_of, trade
from tests.core.engine_days import SEEN

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)


def read(day, clock, *ids, orders=None, untraded=(), **more):
    """Take a read with rows that cannot be read; whether its order book was taken for read."""
    if orders is None:
        (entry,) = day.sent(rc.ApprovedEntry)
        orders = (row(entry, "E1", "complete"), row(stop_of(day), "S1", "trigger_pending"))
        more = {"trades": (trade("E1", "BUY", 50, 1000),), "positions": (position(50),), **more}
    fields = {"trades": (), "positions": (), "holdings": (), **more}
    unread = tuple(rc.UnreadRow(book="orders", id=one, key="NSE:TCS", why=f"{one} cannot be read") for one in ids)
    unread += tuple(untraded)
    made = rc.BrokerBooks(at=day.at(clock), orders=orders, unread_rows=unread, **fields)
    kept = without_doubt(made, day.state.book, day.state.custody)
    day.take(e.BooksRead(day.at(clock), made, ()))
    assert kept.orders is not None or dict(kept.unread)["orders"].endswith("cannot be read")
    return kept.trades is not None if untraded else kept.orders is not None


def test_a_row_of_another_programs_leaves_the_book_read_and_opens_the_gate():
    """It stood in the book for the rest of the day, and no entry went for as long."""
    day = at_broker()
    day.take(e.LoginSeen(day.at("09:18"), good=False, reconciled=False, by="riskcore", why="start"))
    day.take(e.LoginSeen(day.at("09:18:01"), good=True, reconciled=False, by="riskcore", why="books"))
    assert day.book.latch("login") is not None
    assert read(day, "09:20", "X5", orders=(foreign(),))
    assert day.book.latch("login") is None
    day.enter("10:00", **SEEN)


@pytest.mark.parametrize("ours", ["E1", "S1", "s1", "00S1"])
def test_a_row_that_has_the_id_of_an_order_of_ours_hides_the_book(ours):
    day, _ = held()
    assert read(day, "10:10", "X5")
    assert not read(day, "10:11", "X5", ours)


def test_while_an_order_of_ours_has_no_name_there_a_row_may_be_it_unless_it_is_older():
    day = at_broker()
    assert read(day, "09:30", "X5", orders=(foreign(),))
    day, order = unknown_after(day)
    assert read(day, "10:00:20", "X5", orders=(foreign(),))
    for clock in ("10:00:30", "10:00:40", "10:00:50", "10:01:00"):
        assert not read(day, clock, "X5", "X6", orders=(foreign(),))
    assert day.book.order(order.order_id).status == "unknown", "what cannot be read proves no absence"
    assert day.book.order(order.order_id).live
    for clock in ("10:02", "10:02:10", "10:02:20"):
        assert read(day, clock, "X5", orders=(foreign(),))
    assert day.book.order(order.order_id).status == "rejected"
    assert not read(day, "10:03", "X5", "X6", orders=(foreign(),)), "it may come late"


def unknown_after(day):
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:05", entry, "unknown", note="timeout")
    return day, day.sent(rc.ApprovedEntry)[-1]


def test_what_follows_from_a_read_is_the_same_with_such_a_row_and_without_it():
    plain, odd = held()[0], held()[0]
    shown = {"orders": (), "trades": (trade("E1", "BUY", 50, 1000), trade("S1", "SELL", 50, 980))}
    for day, ids in ((plain, ()), (odd, ("X5",))):
        rows = (row(day.sent(rc.ApprovedEntry)[0], "E1", "complete"), row(stop_of(day), "S1", "complete"))
        assert read(day, "10:10", *ids, **{**shown, "orders": rows, "positions": (position(0),)})
    assert plain.book == odd.book
    assert plain.book.positions == ()


def test_an_emergency_stop_of_the_whole_account_is_incomplete_beside_an_order_that_cannot_be_read():
    day = at_broker()
    books(day, "10:00", orders=(foreign(),))
    day.take(e.EmergencyStopped(day.at("10:01"), "asha", "out", whole_account=True))
    for clock in ("10:01:05", "10:01:10", "10:01:15"):
        assert read(day, clock, "X5", orders=(foreign(),))
    emergency = day.state.control.emergency
    assert any("X5" in words for words in emergency.contrary)


def untraded(broker_id="X5", key="NSE:TCS"):
    """A trade that could not be read."""
    return rc.UnreadRow(book="trades", id=broker_id, key=key, why="action is missing")


@pytest.mark.parametrize(
    ("row", "is_read"),
    [
        (untraded(), True),
        (untraded(key="NSE:INFY"), False),
        (untraded(key=""), False),
        (untraded("e1"), False),
    ],
)
def test_a_trade_that_cannot_be_read_hides_the_trade_book_only_where_it_may_tell_of_ours(row, is_read):
    """A trade of somebody else's in what we hold tells what became of that; in another instrument it tells nothing."""
    day, _ = held()
    assert read(day, "10:10", untraded=(row,)) == is_read
    assert day.book.position("NSE:INFY").quantity == 50


def test_a_trade_that_cannot_be_read_of_shares_that_differ_from_ours_hides_the_trade_book():
    day, _ = held()
    tcs = {"positions": (position(50), position(5, key="NSE:TCS"))}
    assert read(day, "10:10", untraded=(untraded(),), **tcs)
    assert not read(day, "10:10:03", untraded=(untraded(),), **tcs)


@pytest.mark.parametrize("unread", [("orders", "S1"), ("trades", "S1")])
def test_a_reading_with_a_row_of_ours_that_cannot_be_read_bears_no_emergency_stop_out(unread):
    day, _ = held()
    day.take(e.EmergencyStopped(day.at("10:05"), "asha", "out"))
    day.fill("10:05:01", stop_of(day).order_id, price=980)
    (entry,) = day.sent(rc.ApprovedEntry)
    orders = (row(entry, "E1", "complete"), row(stop_of(day), "S1", "complete"))
    trades = (trade("E1", "BUY", 50, 1000), trade("S1", "SELL", 50, 980))
    rows = tuple(rc.UnreadRow(book=book, id=name, key="", why="no side") for book, name in (unread,))
    for clock, unread_rows in (("10:05:02", rows), ("10:05:03", rows), ("10:05:04", ()), ("10:05:05", ())):
        shown = {"orders": orders, "trades": trades, "positions": (position(0),), "holdings": ()}
        made = rc.BrokerBooks(at=day.at(clock), unread_rows=unread_rows, **shown)
        day.take(e.BooksRead(day.at(clock), made, ()))
        emergency = day.state.control.emergency
        assert (emergency.stage == "flat") == (clock == "10:05:05"), clock


# ---------------------------------------------------------------- what the shell asks of a read


def unread(*rows, **shown):
    """A read with rows that could not be read: (book, id, key)."""
    given = tuple(rc.UnreadRow(book=book, id=one, key=key, why=f"{one} is odd") for book, one, key in rows)
    fields = {"orders": (foreign(),), "trades": (), "positions": (), "holdings": (), **shown}
    return rc.BrokerBooks(at=NOON, unread_rows=given, **fields)


def test_one_book_that_is_hidden_leaves_the_rows_of_the_other_that_could_not_be_read():
    day, _ = held()
    kept = engine.undoubted(unread(("orders", "X5", "NSE:TCS"), ("trades", "E1", "NSE:INFY")), day.state)
    assert (kept.orders is None, kept.trades, dict(kept.unread)) == (False, None, {"trades": "E1 is odd"})
    assert [(row.book, row.id) for row in kept.unread_rows] == [("orders", "X5")]


def test_a_row_that_came_with_an_order_of_no_name_may_be_it_and_one_that_was_there_before_is_not():
    """Seen in the very moment in which the order was approved, too."""
    day, order = unknown_after(at_broker())
    rows = unread(("orders", "X5", "NSE:TCS"))
    for seen, kept in ((order.at - timedelta(seconds=1), True), (order.at, False)):
        custody = attrs.evolve(day.state.custody, first_seen=((seen, frozenset({"X5"})),))
        assert (without_doubt(rows, day.book, custody).orders is not None) == kept


def test_an_order_that_filled_and_has_no_name_there_may_be_a_row_too_and_one_that_ended_is_not():
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    for status, kept in (("filled", False), ("rejected", True)):
        order = attrs.evolve(day.book.order(entry), status=status)
        book = attrs.evolve(day.book, orders=(order,))
        made = without_doubt(unread(("orders", "X5", "NSE:TCS")), book, day.state.custody)
        assert (made.orders is not None) == kept


def test_a_trade_that_could_not_be_read_hides_the_book_in_what_is_held_and_in_what_was_ordered():
    day, _ = held()
    assert engine.undoubted(unread(("trades", "X5", "NSE:INFY")), day.state).trades is None
    ordered = attrs.evolve(day.state, book=attrs.evolve(day.book, positions=()))
    assert engine.undoubted(unread(("trades", "X5", "NSE:INFY")), ordered).trades is None
    assert engine.undoubted(unread(("trades", "X5", "NSE:TCS")), ordered).trades is not None


def test_so_it_does_where_entries_of_the_instrument_are_stopped_and_a_row_of_the_order_book_does_not():
    day, _ = held()
    day.take(e.TroubleSeen(day.at("10:05"), "feed_quiet", "no price", "NSE:TCS"))
    assert day.book.latch("feed_quiet", "NSE:TCS") is not None
    assert engine.undoubted(unread(("trades", "X5", "NSE:TCS")), day.state).trades is None
    assert (
        engine.undoubted(unread(("orders", "X5", "NSE:TCS"), ("orders", "X6", "NSE:INFY")), day.state).orders
        is not None
    )


def test_a_read_is_complete_without_holdings_where_nothing_is_for_delivery():
    day, _ = held()
    assert engine.is_complete(unread(), day.state)
    assert engine.is_complete(unread(holdings=None), day.state)
    for name in ("orders", "trades", "positions"):
        assert not engine.is_complete(unread(**{name: None}), day.state)
    (carried,) = (attrs.evolve(one, product="CNC") for one in day.book.positions)
    carrying = attrs.evolve(day.state, book=attrs.evolve(day.book, positions=(carried,)))
    assert not engine.is_complete(unread(holdings=None), carrying)


def test_a_book_hides_an_order_in_whatever_form_its_name_is_written():
    books = unread(("orders", "00x5", ""), ("trades", "7", ""))
    assert (books.hides("X5"), books.hides("7"), books.hides("7", "trades")) == (True, False, True)
    assert is_borrowed("F0", books), "a row before it may have been left out"
    assert not is_borrowed("F0", unread(("trades", "7", "")))


# ---------------------------------------------------------------- brokers that tell an error as nothing


def emptied(day, *orders, **shown):
    """A read at Fyers that shows all that is held, while these are our orders: the books that count as unread."""
    book = attrs.evolve(day.book, orders=orders)
    kept = without_doubt(unread(positions=(position(50),), **shown), book, day.state.custody)
    return [name for name in ("orders", "trades") if getattr(kept, name) is None]


def test_where_errors_come_as_nothing_an_empty_order_book_lacks_a_named_order_of_today_alone():
    """An account that ordered nothing today shows none: else its entries would be stopped for as long."""
    day, entry = held(broker="fyers")
    known = attrs.evolve(day.book.order(entry), status="cancelled", filled_quantity=0)
    before = attrs.evolve(known, approved=attrs.evolve(known.approved, at=known.approved.at - timedelta(days=1)))
    assert emptied(day, orders=()) == []
    assert emptied(day, known, orders=()) == ["orders"]
    assert emptied(day, attrs.evolve(known, broker_id=""), orders=()) == []
    assert emptied(day, before, orders=()) == []


def test_and_an_empty_trade_book_lacks_the_trades_of_a_complete_row_or_of_what_filled_here():
    day, entry = held(broker="fyers")
    filled = day.book.order(entry)
    cut = attrs.evolve(filled, status="cancelled", filled_quantity=0)
    ended, complete = attrs.evolve(foreign("X2"), status="cancelled"), foreign()
    assert emptied(day, cut, orders=(ended,)) == []
    assert emptied(day, cut, orders=(ended, complete)) == ["trades"]
    assert emptied(day, cut, filled, orders=(ended,)) == ["trades"]
    assert emptied(day, filled, orders=(ended,), trades=(trade("E1", "BUY", 50, 1000),)) == []
