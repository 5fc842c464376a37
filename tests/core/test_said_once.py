"""What a broker's answers say twice, or under ids written otherwise: each thing counts once, under its own name."""

from decimal import Decimal

import pytest
from attrs import evolve

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import SEEN, at_broker, books, held, position, row, stop_of, trade
from tests.core.engine_days import INFY
from tests.core.test_carried import carried, holdings

BOUGHT = trade("E1", "BUY", 50, 1000)


def entry_row(day, status="complete", broker_id="E1"):
    return row(day.sent(rc.ApprovedEntry)[0], broker_id, status)


def live_row(day, status="open", broker_id="E1"):
    """As of a broker whose rows tell no fill."""
    return evolve(entry_row(day, status, broker_id), filled_quantity=None, average_price=None)


def twin(quantity, broker_id="E1", side="BUY", price=999):
    """A trade without an id of its own."""
    return evolve(trade(broker_id, side, quantity, price), id="")


def entered():
    """50 INFY ordered as E1; nothing has filled yet."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    return day, entry


# ---------------------------------------------------------------- the same row twice


def test_a_trade_book_in_which_every_row_stands_twice_is_no_order_that_somebody_made_larger():
    """It was taken for one: every entry was halted, by reports that contradicted what was ordered."""
    day, entry = entered()
    once = twin(50)
    books(day, "10:00:02", orders=(live_row(day, "complete"),), trades=(once, once), positions=(position(50),))
    assert day.book.order(entry).filled_quantity == 50
    assert day.book.latch("report_contradicts") is None


def test_a_position_book_in_which_every_row_stands_twice_holds_no_more_than_before():
    """It was compared as a difference: the symbol took no entries, and somebody was called."""
    day, _ = held()
    stop = row(stop_of(day), "S1", "trigger_pending")
    shown = {"orders": (entry_row(day), stop), "trades": (BOUGHT,), "positions": (position(50), position(50))}
    for second in (5, 6, 7):
        books(day, f"10:05:0{second}", **shown)
    assert day.state.custody.mismatches == ()
    assert not [fact for fact in day.facts if isinstance(fact, e.Alarmed)]


@pytest.mark.parametrize("first", [0, 1])
def test_of_a_stop_that_stands_beside_itself_as_it_was_before_the_one_counts_that_we_asked_for(first):
    """Its older row was taken for somebody's change, and the stop was moved once more."""
    day, _ = held()
    day.take(e.TightenStop(day.at("10:01"), INFY.key, Decimal(985), "asha"))
    before = stop_of(day)
    asked = day.last(e.ReviseOrder).revision
    day.take(e.RevisionReported(day.at("10:01:01"), before.order_id, "taken"))
    older = row(before, "S1", "trigger_pending")
    newer = evolve(older, price=asked.limit, trigger=asked.trigger)
    pair = (older, newer)[::-1] if first else (older, newer)
    facts = books(day, "10:01:09", orders=(entry_row(day), *pair), trades=(BOUGHT,), positions=(position(50),))
    assert "Alarmed" not in facts
    assert "RevisionRequested" not in facts


@pytest.mark.parametrize("first", [0, 1])
def test_of_a_stop_that_we_never_changed_the_row_that_is_otherwise_is_what_somebody_made_of_it(first):
    """As we ordered it, it was before: twice as many shares would have been sold as are held (two faults at once)."""
    day, _ = held()
    older = row(stop_of(day), "S1", "trigger_pending")
    pair = (older, evolve(older, quantity=100))
    facts = books(
        day,
        "10:05",
        orders=(entry_row(day), *(pair[::-1] if first else pair)),
        trades=(BOUGHT,),
        positions=(position(50),),
    )
    assert "RevisionRequested" in facts
    assert day.last(e.ReviseOrder).revision.quantity == 50


@pytest.mark.parametrize("first", [0, 1])
def test_a_cancelled_order_that_stands_beside_itself_as_it_worked_is_not_cancelled_again(first):
    day, entry = entered()
    books(day, "10:00:02", orders=(live_row(day, "cancelled"),), positions=(position(0),))
    assert day.book.order(entry).status == "cancelled"
    pair = (live_row(day, "cancelled"), live_row(day, "open"))
    facts = books(day, "10:00:20", orders=pair[::-1] if first else pair, positions=(position(0),))
    assert facts == ()


# ---------------------------------------------------------------- two trades that are alike


@pytest.mark.parametrize(("there", "filled"), [(4, 4), (2, 2)])
def test_of_two_trades_that_are_alike_the_position_tells_whether_they_are_one(there, filled):
    """A broker's trades may have no ids, and two of a second be equally large."""
    day, entry = entered()
    shown = {"orders": (live_row(day),), "trades": (twin(2), twin(2))}
    books(day, "10:00:02", **shown, positions=(position(there),))
    assert day.book.order(entry).filled_quantity == filled
    assert stop_of(day).quantity == filled


@pytest.mark.parametrize(("there", "filled"), [(4, 4), (2, 2)])
@pytest.mark.parametrize("status", ["open", "cancelled"])
def test_so_it_does_of_shares_for_delivery(there, filled, status):
    """They had a stop for half of what was bought, and the order never ended."""
    day = at_broker()
    entry = day.enter("10:00", product="CNC", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    one = evolve(twin(2), product="CNC")
    held_now = evolve(position(there), product="CNC")
    books(day, "10:00:02", orders=(live_row(day, status),), trades=(one, one), positions=(held_now,))
    assert day.book.order(entry).filled_quantity == filled
    assert day.book.order(entry).live is (status == "open")


@pytest.mark.parametrize("sold", [4, 2])
def test_so_it_does_of_an_exit_of_what_was_carried(sold):
    """The day's trades do not make what is left; what was held, and what the exit filled of it, does."""
    day = carried()
    stop = stop_of(day)
    day.report("09:15:01", stop.order_id, "working", broker_id="S2")
    one = evolve(twin(2, "S2", "SELL"), product="CNC")
    shown = {"orders": (row(stop, "S2"),), "trades": (one, one)}
    books(day, "09:16", **shown, positions=(evolve(position(-sold), product="CNC"),), holdings=holdings(50))
    assert day.book.positions[0].quantity == 50 - sold
    left = evolve(row(stop, "S2"), status="cancelled")
    books(day, "09:17", orders=(left,), trades=(one, one), holdings=holdings(50 - sold))
    assert day.book.positions[0].quantity == 50 - sold
    assert not day.book.order(stop.order_id).live


def test_two_trades_that_are_alike_are_two_where_the_order_they_fill_is_complete():
    day, entry = entered()
    books(day, "10:00:02", orders=(live_row(day, "complete"),), trades=(twin(25), twin(25)), positions=(position(0),))
    assert day.book.order(entry).filled_quantity == 50


def test_a_cancelled_order_of_which_nobody_can_tell_whether_two_trades_are_one_has_not_ended_yet():
    """What is shown after a cancel are orders and trades alone: an exit for all that is left would be for too much."""
    day, entry = entered()
    shown = {"orders": (live_row(day, "cancelled"),), "trades": (twin(2), twin(2))}
    books(day, "10:00:02", **shown, positions=None)
    assert (day.book.order(entry).status, day.book.order(entry).filled_quantity) == ("working", 2)
    books(day, "10:00:03", **shown, positions=(position(4),))
    assert (day.book.order(entry).status, day.book.order(entry).filled_quantity) == ("cancelled", 4)
    books(day, "10:00:04", **shown, positions=None)
    assert day.book.order(entry).filled_quantity == 4


def test_trades_with_ids_of_their_own_are_each_one():
    day, entry = entered()
    one = trade("E1", "BUY", 2, 999)
    two = (evolve(one, id="T1"), evolve(one, id="T2"), evolve(one, id="T1"))
    books(day, "10:00:02", orders=(live_row(day),), trades=two, positions=(position(9),))
    assert day.book.order(entry).filled_quantity == 4


def test_where_all_trades_stand_twice_those_that_are_alike_are_half_as_many():
    day, entry = entered()
    trades = (*[twin(2)] * 4, *[twin(3, price=998)] * 2)
    books(day, "10:00:02", orders=(live_row(day),), trades=trades, positions=(position(7),))
    assert day.book.order(entry).filled_quantity == 7


# ---------------------------------------------------------------- an id in another form


@pytest.mark.parametrize(
    ("known", "shown"), [("26112300042", "00026112300042"), ("00042", "42"), ("00N26Kq", "00n26kQ"), ("e1", "E1")]
)
def test_an_order_whose_id_is_written_otherwise_is_the_same_order(known, shown):
    """It was an order of somebody else's beside ours that was missing: an entry was absent, a stop had no row."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id=known)
    books(
        day,
        "10:00:02",
        orders=(live_row(day, "complete", shown),),
        trades=(twin(50, shown),),
        positions=(position(50),),
    )
    order = day.book.order(entry)
    assert (order.broker_id, order.filled_quantity, order.status) == (known, 50, "filled")
    assert day.state.custody.rows == frozenset()


def test_an_id_that_is_there_itself_is_no_other_form_of_another():
    day, entry = entered()
    other = evolve(live_row(day, "complete", "0E1"), quantity=20)
    books(day, "10:00:02", orders=(live_row(day), other), positions=(position(0),))
    assert day.book.order(entry).status == "working"
    assert day.state.custody.rows == {"0E1"}


def test_an_order_of_another_side_is_not_ours_whatever_its_id():
    day, entry = entered()
    books(day, "10:00:02", orders=(evolve(live_row(day, "complete", "e1"), side="SELL"),), positions=(position(0),))
    assert day.book.order(entry).status == "working"
    assert day.state.custody.rows == {"e1"}


@pytest.mark.parametrize("shown", ["00E1", "e1", "E1"])
def test_a_row_is_named_by_any_form_of_its_id(shown):
    order = entry_row(entered()[0], broker_id=shown)
    assert order.is_named("E1")
    assert not order.is_named("E10")


def test_of_trades_of_somebody_else_that_stand_twice_and_tell_nothing_each_counts_once():
    """Neither a row nor the position says how often they are meant, and no order of ours has filled by them."""
    day, _ = held()
    theirs = twin(7, broker_id="H1", side="SELL", price=1001)
    rows = (entry_row(day), row(stop_of(day), "S1", "trigger_pending"))
    facts = books(day, "10:05", orders=rows, trades=(BOUGHT, theirs, theirs), positions=(position(41),))
    assert "StrayReport" not in facts
    assert [mismatch.theirs for mismatch in day.state.custody.mismatches] == [41]
