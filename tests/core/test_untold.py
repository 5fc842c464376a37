"""A trade book that cannot be read, at a broker whose rows name no fill: rows and positions that agree are believed."""

import pytest
from attrs import evolve

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import at_broker, books, foreign, held, position, row, stop_of, trade
from tests.core.engine_days import INFY, SEEN


def entered(broker="sandbox", **policy):
    """An entry of 50 at 1,000 that works at the broker as E1."""
    day = at_broker(broker=broker, **policy)
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    return day, day.sent(rc.ApprovedEntry)[-1]


def read(day, clock, *rows, there, **more):
    """A read without the trade book."""
    return books(day, clock, **{"orders": (*rows, foreign()), "trades": None, "positions": there, **more})


def alarms(day):
    """Who was called for what."""
    return [fact.name for fact in day.facts if isinstance(fact, e.Alarmed)]


def test_an_entry_that_is_complete_and_held_gets_its_stop_within_the_stated_time():
    """It had none, and nobody was called, for as long as the trade book could not be read."""
    day, order = entered()
    shown = row(order, "E1", "complete")
    assert "Filled" not in read(day, "10:00:09", shown, there=(position(50),)), "it may yet be read"
    assert "Filled" in read(day, "10:00:10", shown, there=(position(50),))
    now = day.book.position(INFY.key)
    assert (now.quantity, now.average_price) == (50, order.limit)
    assert (stop_of(day).quantity, stop_of(day).trigger) == (50, 980)
    assert alarms(day) == ["presumed_filled"]
    why = "BUY 50 NSE:INFY taken for its fill: its row has ended, the positions show it, and the trade book cannot be "
    assert (day.last(e.Alarmed).why, day.book.order(order.order_id).status) == (f"{why}read", "filled")
    assert "Filled" not in read(day, "10:00:12", shown, there=(position(50),)), "once"


@pytest.mark.parametrize("there", [(position(50),), ()], ids=["shown", "not_even_positions"])
def test_where_errors_come_as_nothing_an_empty_trade_book_beside_a_complete_order_is_unread(there):
    """Fyers' plugin tells every error so: an entry had no stop, and nobody was called, until the book answered again.

    Where nothing is held in the read either, all of it may be such an answer.
    """
    day, order = entered("fyers")
    shown = row(order, "E1", "complete")
    assert "Filled" not in read(day, "10:00:09", shown, trades=(), there=there), "it may lag"
    assert ("Filled" in read(day, "10:00:10", shown, trades=(), there=there)) is bool(there)
    assert alarms(day) == ["presumed_filled"] * bool(there)


def test_the_trade_book_puts_the_price_right_and_ends_the_alarm():
    day, order = entered()
    read(day, "10:00:10", row(order, "E1", "complete"), there=(position(50),))
    rows = (row(order, "E1", "complete"), foreign())
    books(day, "10:00:20", orders=rows, trades=(trade("E1", "BUY", 50, 999),), positions=(position(50),))
    assert day.book.position(INFY.key).average_price == 999
    assert [fact.name for fact in day.facts if isinstance(fact, e.AlarmOver)] == ["presumed_filled"]


@pytest.mark.parametrize(
    ("status", "there", "more"),
    [
        ("complete", (position(49),), {}),
        ("complete", (position(50, key="NSE:TCS"),), {}),
        ("complete", (), {}),
        ("open", (position(50),), {}),
        ("complete", (position(50),), {"trades": ()}),
    ],
    ids=["another_quantity", "another_symbol", "no_row", "it_works", "trades_lag"],
)
def test_books_that_say_something_else_are_not_believed(status, there, more):
    day, order = entered()
    for clock in ("10:00:10", "10:00:20", "10:00:30"):
        assert "Filled" not in read(day, clock, row(order, "E1", status), there=there, **more)


def test_where_positions_cannot_be_read_either_a_complete_row_is_proof_of_all_it_asked_for():
    """Fifty shares without a stop for as long as two books are out would be worse."""
    day, order = entered()
    shown = row(order, "E1", "complete")
    assert "Filled" not in read(day, "10:00:09", shown, there=None)
    assert "Filled" in read(day, "10:00:10", shown, there=None)
    assert (stop_of(day).quantity, alarms(day)) == (50, ["presumed_filled"])
    assert "the positions cannot be read, and the trade book cannot be read" in day.last(e.Alarmed).why


@pytest.mark.parametrize("status", ["open", "cancelled"])
def test_a_row_that_is_not_complete_proves_nothing_by_itself(status):
    day, order = entered()
    for clock in ("10:00:10", "10:00:20", "10:00:30"):
        assert "Filled" not in read(day, clock, row(order, "E1", status), there=None)
    assert day.book.order(order.order_id).live


def test_nor_does_one_whose_word_may_be_that_of_the_row_before_it():
    day, order = entered(broker="zerodha")
    before = evolve(foreign(), status="complete")
    for clock in ("10:00:10", "10:00:20"):
        told = books(
            day, clock, orders=(before, row(order, "E1", "complete")), trades=None, positions=None
        )  # fmt: skip
        assert "Filled" not in told


@pytest.mark.parametrize(("part", "fate"), [(0, "cancelled"), (20, "cancelled"), (50, "filled")])
def test_an_entry_that_was_cancelled_has_filled_what_the_position_shows(part, fate):
    day, order = entered()
    read(day, "10:00:20", row(order, "E1", "cancelled"), there=(position(part),))
    known = day.book.order(order.order_id)
    assert (known.status, known.filled_quantity) == (fate, part)
    if fate == "cancelled":
        assert day.last(e.OrderMoved).note.startswith(f"BUY {part} NSE:INFY taken for its fill: its row has ended")
    assert (stop_of(day).quantity if part else 0) == part
    assert alarms(day) == ["presumed_filled"] * bool(part), "nobody looks for the price of nothing"


def test_an_exit_goes_when_the_stop_that_was_taken_back_for_it_is_gone():
    """Neither stop nor exit: the stop was cancelled at the broker, and its end was not believed."""
    day, _ = held()
    day.prices("10:10", last=1101)
    (entry,) = day.sent(rc.ApprovedEntry)
    rows = row(entry, "E1", "complete"), row(stop_of(day), "S1", "cancelled")
    read(day, "10:10:01", *rows, there=(position(50),))
    out = day.sent()[-1]
    assert (out.side, out.quantity, out.trigger) == ("SELL", 50, None)
    day.report("10:10:02", out.order_id, "working", broker_id="X9")
    rows = (*rows, row(out, "X9", "complete"))
    read(day, "10:10:20", *rows, there=(position(0),))
    assert day.book.position(INFY.key) is None
    assert day.last(e.PositionClosed).exit_price == 1101, "the last price, for want of a better one"


def test_a_stop_that_filled_closes_the_position_at_its_limit_at_worst():
    day, _ = held()
    (entry,) = day.sent(rc.ApprovedEntry)
    stop = stop_of(day)
    rows = row(entry, "E1", "complete"), row(stop, "S1", "complete")
    read(day, "10:20", *rows, there=(position(0),))
    assert day.book.position(INFY.key) is None
    assert day.last(e.PositionClosed).exit_price == 980, "what woke it: the last price, 1,000, cannot have"


def test_of_delivery_nothing_is_taken_where_the_holdings_cannot_be_read():
    """What left may have come out of them: the positions alone do not tell."""
    day, _ = held()
    carried = evolve(day.book.position(INFY.key), product="CNC")
    day.state = evolve(day.state, book=evolve(day.book, positions=(carried,)))
    day.take(e.OperatorExited(day.at("10:05"), "asha", "enough", INFY.key))
    day.report("10:05:01", stop_of(day).order_id, "cancelled")
    out = day.sent()[-1]
    day.report("10:05:02", out.order_id, "working", broker_id="X1")
    shown = evolve(position(0), product="CNC")
    for clock, holdings in (("10:05:20", None), ("10:05:30", ())):
        read(day, clock, row(out, "X1", "complete"), there=(shown,), holdings=holdings)
        assert (day.book.position(INFY.key) is None) is (holdings == ())


@pytest.mark.parametrize(
    ("broker", "asked", "before", "believed"),
    [
        ("zerodha", False, "cancelled", False),
        ("zerodha", False, "complete", True),
        ("zerodha", True, "cancelled", True),
        ("sandbox", False, "cancelled", True),
    ],
)
def test_an_end_that_may_be_the_row_befores_is_not_believed_unless_it_was_asked_for(broker, asked, before, believed):
    """A broker may show an order under a word it does not know with the status of the row before it."""
    day, order = entered(broker)
    if asked:
        day.signal("10:00:02", "SELL", kind="exit")
    rows = (evolve(foreign(), status=before), row(order, "E1", "cancelled"))
    books(day, "10:00:20", orders=rows, trades=None, positions=(position(0),))
    assert (day.book.order(order.order_id).status == "cancelled") == believed


@pytest.mark.parametrize(("clock", "there"), [("10:00:02", 0), ("10:00:20", 50)])
def test_a_row_that_tells_its_fill_needs_no_other_book(clock, there):
    """Nor one that agrees: it tells the price, which no position does."""
    day, order = entered()
    shown = row(order, "E1", "complete", filled_quantity=50, average_price=998)
    read(day, clock, shown, there=(position(there),))
    assert day.book.position(INFY.key).average_price == 998
    assert alarms(day) == []


@pytest.mark.parametrize(("last", "booked"), [(1010, 1020), (1025, 1025), (1040, None)])
def test_the_stop_of_a_short_position_is_booked_no_better_than_what_woke_it_and_at_its_limit_at_worst(last, booked):
    day = at_broker()
    entry = day.enter("10:00", "SELL", last=1000, stop=1020, target=900)
    day.report("10:00:01", entry, "working", broker_id="E1")
    day.fill("10:00:01", entry, price=1000)
    stop = stop_of(day)
    day.report("10:00:02", stop.order_id, "working", broker_id="S1")
    day.prices("10:05", last=last)
    rows = row(day.sent(rc.ApprovedEntry)[0], "E1", "complete"), row(stop, "S1", "complete")
    read(day, "10:20", *rows, there=(position(0),))
    assert day.last(e.PositionClosed).exit_price == (booked or stop.limit)
