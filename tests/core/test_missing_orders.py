"""Orders that a read of the broker's books does not show, or not surely: looked for, counted, settled, taken back."""

from datetime import timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import at_broker, books, foreign, held, position, row, stop_of, trade, true_books
from tests.core.engine_days import INFY, SEEN


def entry_of(day):
    """The one entry of the day, as it was sent."""
    (entry,) = day.sent(rc.ApprovedEntry)
    return entry


def nameless(day=None):
    """An entry of ten o'clock that timed out: nobody knows."""
    day = day or at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:05", entry, "unknown", note="timeout")
    return day, entry_of(day)


def words(day, kind):
    """The latest fact of a kind, as the journal keeps it."""
    fact = day.last(kind)
    return getattr(fact, "why", None) or fact.note


# ---------------------------------------------------------------- an order that is not in the books any more


def missing(day, *seconds):
    """Clean reads that show the entry and no stop."""
    for second in seconds:
        true_books(day, f"10:05:{second:02}", orders=(row(entry_of(day), "E1", "complete"),))


def test_a_stop_that_the_broker_named_and_shows_no_more_was_taken_off_there_and_is_put_back():
    """It is no refusal: nothing is sold."""
    day, _ = held()
    stop = stop_of(day)
    missing(day, 0, 1)
    assert (day.book.order(stop.order_id).status, day.state.custody.reads_without(stop.order_id)) == ("working", 2)
    assert [fact for fact in day.facts if isinstance(fact, e.Alarmed)] == []
    missing(day, 2)
    assert day.book.order(stop.order_id).status == "cancelled"
    assert words(day, e.OrderMoved) == "not in 3 clean reads in a row"
    assert day.state.custody.absent == ()
    day.time("10:05:04")
    assert (stop_of(day).trigger, stop_of(day).quantity) == (980, 50)
    assert stop_of(day).order_id != stop.order_id
    assert [order for order in day.sent() if order.trigger is None] == []


def cancels(day):
    """The cancels that were asked for, in order: whose, under which name, and whether no row of it is known."""
    return [(c.order_id, c.broker_id, c.absent) for c in day.commands if isinstance(c, e.CancelOrder)]


def test_what_is_taken_for_gone_is_taken_off_by_its_name_before_another_can_fill_beside_it():
    """The book may lack it, and the broker work it all the same."""
    day, _ = held()
    stop = stop_of(day)
    missing(day, 0, 1)
    assert cancels(day) == []
    missing(day, 2)
    assert cancels(day) == [(stop.order_id, "S1", True)]
    assert words(day, e.CancelRequested) == "the broker's book does not show it, so it is taken off by name"
    assert ("stop_vanished", stop.order_id) in day.state.custody.told
    missing(day, 3)
    assert len(cancels(day)) == 1


def test_an_order_that_the_broker_never_named_cannot_be_taken_off():
    day, order = nameless()
    for second in (6, 7, 8, 9):
        books(day, f"10:00:{second:02}", orders=(foreign(),))
    assert day.book.order(order.order_id).status == "rejected"
    assert cancels(day) == []


def test_F34_a_stop_that_a_read_shows_again_has_been_absent_from_none():
    """Four reads without it, one with it between them: it works, and no second one is placed."""
    day, _ = held()
    first = stop_of(day)
    missing(day, 0, 1)
    assert "OrderShown" in true_books(day, "10:05:02")
    assert "OrderShown" not in true_books(day, "10:05:03")
    missing(day, 4, 5)
    assert day.book.order(first.order_id).status == "working"
    assert stop_of(day) is first
    missing(day, 6)
    assert day.book.order(first.order_id).status == "cancelled"


def test_F20_an_entry_without_a_name_that_a_row_may_be_has_been_absent_from_no_read():
    """Two rows fit, and neither can be told; the next reads show neither: three of them in a row settle it."""
    day, order = nameless()
    entry = order.order_id
    alike = tuple(row(order, name) for name in ("E8", "E9"))
    for second, rows in ((6, ()), (7, ()), (8, ()), (9, alike), (10, ()), (11, ())):
        facts = books(day, f"10:00:{second:02}", orders=(foreign(), *rows))
        assert ("OrderShown" in facts) == bool(rows)
    assert day.book.order(entry).status == "unknown"
    books(day, "10:00:12", orders=(foreign(),))
    assert day.book.order(entry).status == "rejected"


def test_F20_an_entry_without_a_name_is_not_absent_from_a_read_that_shows_its_shares():
    """They were there for one read; the count begins anew after it."""
    day, order = nameless()
    entry = order.order_id
    for second, there in ((6, 0), (7, 0), (8, 0), (9, 20), (10, 0), (11, 0)):
        books(day, f"10:00:{second:02}", orders=(foreign(),), positions=(position(there),))
    assert day.book.order(entry).status == "unknown"
    books(day, "10:00:12", orders=(foreign(),))
    assert day.book.order(entry).status == "rejected"


def test_an_entry_that_the_broker_named_and_shows_no_more_was_a_trade_of_the_day():
    """It worked there: it does not give its slot back, as one that never arrived does."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    for second in (5, 6, 7, 8):
        books(day, f"10:00:{second:02}", orders=(foreign(),))
    assert day.book.order(entry).status == "cancelled"
    assert day.book.trades_today == 1


def test_an_order_of_yesterday_that_is_not_in_todays_book_is_settled_at_once():
    """Day orders end with their session; of an empty book too."""
    day, order = nameless()
    day.next_day(3)
    books(day, "09:20")
    assert day.book.order(order.order_id).status == "rejected"
    assert words(day, e.OrderMoved) == "an order of an earlier session is not in today's book"


def test_an_order_is_looked_for_from_unknown_settle_s_on():
    """Five seconds: until then the book may be older than the order."""
    day = at_broker()
    day.enter("10:00", **SEEN)
    assert "Alarmed" not in books(day, "10:00:04.999")
    assert "Alarmed" in books(day, "10:00:05")
    assert day.last(e.Alarmed).why == "nobody said what became of it, and the book does not show it"


def two_by_a_wrong_clock():
    """Two new rows that both fit, three minutes behind, and an order that nobody named."""
    day = at_broker()
    books(day, "09:59", orders=(foreign(),))
    day, order = nameless(day)
    return day, order, [row(order, name, placed_at=order.at - timedelta(minutes=3)) for name in ("E8", "E9")]


def test_F20_two_new_rows_by_a_clock_that_is_wrong_may_be_the_order_in_every_read():
    """They were new in one read only: to those after it they are no strangers, and it is never taken for lost."""
    day, order, rows = two_by_a_wrong_clock()
    for second in (6, 7, 8, 20, 40, 50, 59):
        facts = books(day, f"10:00:{second:02}", orders=(foreign(), *rows))
        assert ("RowsAlike" in facts, "OrderAbsent" in facts) == (second == 6, False)
    assert day.last(e.RowsAlike).ids == ("E8", "E9")
    day.restart()
    books(day, "10:01:10", orders=(foreign(), *rows))
    assert day.book.order(order.order_id).status == "unknown"
    assert ("outcome_unknown", order.order_id) in day.state.custody.told


def test_F20_the_shares_that_one_of_two_such_rows_brings_are_protected():
    day, _, rows = two_by_a_wrong_clock()
    for second in (6, 20, 40):
        books(day, f"10:00:{second:02}", orders=(foreign(), *rows))
    for second in (50, 51):
        sold = (trade("E8", "BUY", 50, 999),)
        books(day, f"10:00:{second}", orders=(foreign(), *rows), trades=sold, positions=(position(50),))
    assert (stop_of(day).quantity, stop_of(day).trigger) == (50, 980)
    assert day.book.positions[0].average_price == 999
    day.next_day(3)
    day.time("09:20")
    assert day.state.custody.alike == ()


def test_F20_the_one_of_two_such_rows_that_is_left_is_the_order():
    day, order, rows = two_by_a_wrong_clock()
    books(day, "10:00:06", orders=(foreign(), *rows))
    assert "Acknowledged" in books(day, "10:00:40", orders=(foreign(), rows[1]))
    assert day.book.order(order.order_id).broker_id == "E9"
    assert day.state.custody.alike == ()


def test_a_row_that_is_like_an_order_known_by_another_name_is_not_that_order():
    """Somebody else placed the same stop: ours is gone all the same, and is put back."""
    day, _ = held()
    stop = stop_of(day)
    rows = (row(entry_of(day), "E1", "complete"), row(stop, "S7", "trigger_pending"))
    for second in range(3):
        true_books(day, f"10:05:{second:02}", orders=rows)
    assert day.book.order(stop.order_id).status == "cancelled"


def test_the_call_for_an_order_of_unknown_outcome_stays_until_it_has_a_name():
    """A row by a word that nobody knows names it; what became of it is still not known."""
    day, order = nameless()
    books(day, "10:00:06", orders=(foreign(),))
    assert ("outcome_unknown", order.order_id) in day.state.custody.told
    books(day, "10:00:07", orders=(foreign(), row(order, "E9", "other")))
    assert day.book.order(order.order_id).status == "unknown"
    assert ("outcome_unknown", order.order_id) not in day.state.custody.told


def test_an_order_that_was_taken_for_lost_says_under_which_name_it_arrived():
    day, order = nameless()
    for second in (6, 7, 8, 9):
        books(day, f"10:00:{second:02}", orders=(foreign(),))
    assert [fact.reads for fact in day.facts if isinstance(fact, e.OrderAbsent)] == [1, 2, 0]
    books(day, "10:00:12", orders=(foreign(), row(order, "E9")))
    call = day.last(e.Alarmed)
    assert (call.name, call.subject) == ("arrived_late", order.order_id)
    assert call.why == "it was taken for lost, and is at the broker as E9: it is taken back"


def test_what_the_books_tell_of_an_order_has_the_brokers_time_and_words():
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    order, at = entry_of(day), day.at("10:00:02.500")
    told = rc.BrokerTrade(order_id="E1", key=INFY.key, side="BUY", quantity=20, price=999, product="MIS", traded_at=at)
    shown = row(order, "E1", "cancelled", note="band")
    books(day, "10:00:03", orders=(shown,), trades=(told,), positions=(position(20),))
    assert (day.last(e.Filled).traded_at, day.last(e.Filled).quantity) == (at, 20)
    assert words(day, e.OrderMoved) == "band"


def test_trades_of_a_stop_that_is_to_end_are_booked_though_its_row_is_missing():
    """The order book lags behind the trade book: what is left of it is still awaited."""
    day, _ = held()
    day.prices("10:10", last=1101)
    trades = (trade("E1", "BUY", 50, 1000), trade("S1", "SELL", 20, 980))
    true_books(
        day, "10:10:02", orders=(row(entry_of(day), "E1", "complete"),), trades=trades, positions=(position(30),)
    )
    assert day.book.positions[0].quantity == 30
    assert day.book.order(stop_of(day).order_id).status == "working"


# ---------------------------------------------------------------- a row that shows its average in place of its limit


def averaged(day, entry, price, *, broker_id="E1", seconds=(1, 2, 6, 7, 8)):
    """Reads that show a row like the entry, which has filled at an average price that stands where its limit stood."""
    for second in seconds:
        shown = row(entry, broker_id, "complete", price=price)
        filled = trade(broker_id, entry.side, entry.quantity, price)
        books(day, f"10:00:{second:02}", orders=(shown,), trades=(filled,), positions=(position(entry.quantity),))


@pytest.mark.parametrize("broker", ["angel", "kotak", "motilal"])
def test_an_order_whose_answer_is_late_is_found_by_a_row_that_shows_what_it_filled_at(broker):
    """It was taken for refused, and its shares for somebody else's: they stood without a stop."""
    day = at_broker(broker=broker)
    day.enter("10:00", **SEEN)
    entry = entry_of(day)
    averaged(day, entry, entry.limit - 1)
    known = day.book.order(entry.order_id)
    assert (known.broker_id, known.filled_quantity) == ("E1", entry.quantity)
    assert known.filled_value == (entry.limit - 1) * entry.quantity
    assert stop_of(day).quantity == entry.quantity


@pytest.mark.parametrize(("broker", "unit"), [("kotak", 1), ("motilal", 100)])
def test_what_its_row_tells_of_its_average_beside_that_is_what_it_filled_at(broker, unit):
    """The price that stands there may be rounded: it had taken the place of the average."""
    day = at_broker(broker=broker)
    name = day.enter("10:00", **SEEN)
    day.report("10:00:01", name, "working", broker_id="E1")
    entry = entry_of(day)
    average = entry.limit - Decimal("1.125")
    told = {"price": (entry.limit - 1) * unit, "average_price": average * unit, "filled_quantity": entry.quantity}
    read = rc.BrokerBooks(at=day.at("10:00:02"), orders=(row(entry, "E1", "complete", **told),), positions=())
    day.take(e.BooksRead(day.at("10:00:02"), read))
    assert day.book.order(entry.order_id).filled_value == average * entry.quantity


def test_but_not_by_one_that_filled_beyond_its_limit_nor_where_rows_keep_their_limit():
    for broker, off in (("angel", 1), ("zerodha", -1), ("shoonya", -1)):
        day = at_broker(broker=broker)
        day.enter("10:00", **SEEN)
        entry = entry_of(day)
        averaged(day, entry, entry.limit + off, seconds=(1, 2))
        assert day.book.order(entry.order_id).broker_id == "", broker


def test_a_stop_that_has_filled_in_part_is_not_told_as_changed_for_the_price_that_its_row_shows():
    day, _ = held(broker="angel")
    stop, entry = stop_of(day), entry_of(day)
    bought, sold = trade("E1", "BUY", 50, 1000), trade("S1", "SELL", 20, 979)
    rows = (row(entry, "E1", "complete", price=1000), row(stop, "S1", "open", price=979))
    for second in (0, 2, 4):
        books(day, f"10:05:{second:02}", orders=rows, trades=(bought, sold), positions=(position(30),))
    assert day.book.positions[0].quantity == 30
    assert [fact for fact in day.facts if isinstance(fact, e.Alarmed)] == []
