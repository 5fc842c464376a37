"""What `said_once` makes of books, by itself: ids, rows, trades; what is there once stays as it is."""

from decimal import Decimal

import pytest
from attrs import evolve

import riskcore as rc
from riskcore import events as e
from riskcore.said_once import said_once
from tests.core.custody_days import at_broker, foreign, held, position, row, stop_of, trade
from tests.core.engine_days import INFY, SEEN
from tests.core.test_said_once import twin

OURS, SHOWN = "00042", "42"


def ordered(broker_id=OURS, filled=0):
    """50 INFY ordered under an id, of which so many have filled; the day, and the entry as it was sent."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", filled, 999 * filled, broker_id=broker_id)
    return day, day.sent(rc.ApprovedEntry)[0]


def once(day, **shown):
    """Books with that in them, each thing said once."""
    given = {"orders": (), "trades": (), "positions": (), "holdings": (), **shown}
    return said_once(rc.BrokerBooks(at=day.at("10:00:02"), **given), day.book, day.state.custody)


def ids(rows):
    return [row.id for row in rows]


# ---------------------------------------------------------------- ids


def test_rows_and_trades_of_an_order_bear_the_id_that_we_know_it_by_and_others_keep_theirs():
    """Two fills that are alike are two where its row, under the other id, is complete."""
    day, entry = ordered()
    fills = (twin(25, SHOWN), twin(25, SHOWN), trade("X1", "BUY", 1, 5, key="NSE:TCS"))
    found = once(day, orders=(row(entry, SHOWN, "complete"), foreign("X1")), trades=fills)
    assert ids(found.orders) == [OURS, "X1"]
    assert [(fill.order_id, fill.quantity) for fill in found.trades] == [(OURS, 25), (OURS, 25), ("X1", 1)]


@pytest.mark.parametrize("unread", ["orders", "trades"])
def test_a_book_that_could_not_be_read_stays_unread_whatever_the_ids(unread):
    day, entry = ordered()
    shown = {"orders": (row(entry, SHOWN),), "trades": (trade(SHOWN, "BUY", 2, 999),), unread: None}
    found = once(day, **shown)
    assert getattr(found, unread) is None
    assert [*ids(found.orders or ()), *(one.order_id for one in found.trades or ())] == [OURS]


def test_a_row_of_somebody_else_bears_the_id_that_it_had_when_it_was_first_seen():
    day, _ = ordered()
    day.take(e.BooksRead(day.at("10:00:02"), rc.BrokerBooks(at=day.at("10:00:02"), orders=(foreign("00077"),))))
    assert ids(once(day, orders=(foreign("77"),)).orders) == ["00077"]


# ---------------------------------------------------------------- rows


def test_holdings_and_positions_are_counted_once():
    day, _ = ordered()
    share = rc.BrokerHolding(key=INFY.key, quantity=7, average_price=900)
    found = once(day, holdings=(share, share), positions=(position(4), position(4)))
    assert (found.holdings, found.positions) == ((share,), (position(4),))


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"status": "open", "filled_quantity": 2}, {"status": "open", "filled_quantity": 0}),
        ({"status": "open", "filled_quantity": 1}, {"status": "open", "filled_quantity": None}),
        ({"status": "open"}, {"status": "other"}),
        ({"status": "cancelled"}, {"status": "open", "filled_quantity": 2}),
        ({"status": "open", "quantity": 100}, {"status": "open", "quantity": 50}),
    ],
)
def test_of_two_rows_of_an_order_the_one_that_is_further_on_counts(one, other, turned):
    """It has ended, it works, it has filled more; an entry is never changed by us, so the other quantity is news."""
    day, entry = ordered()
    rows = [evolve(row(entry, OURS), **fields) for fields in (one, other)]
    assert once(day, orders=tuple(rows[::-1] if turned else rows)).orders == (rows[0],)


@pytest.mark.parametrize("turned", [False, True])
def test_of_a_stop_whose_change_nobody_answered_the_row_counts_that_is_as_we_asked(turned):
    day, _ = held()
    before = stop_of(day)
    day.take(e.TightenStop(day.at("10:01"), INFY.key, Decimal(985), "asha"))
    asked = day.last(e.ReviseOrder).revision
    older = row(before, "S1", "trigger_pending")
    newer = evolve(older, price=asked.limit, trigger=asked.trigger)
    assert once(day, orders=(newer, older) if turned else (older, newer)).orders == (newer,)


# ---------------------------------------------------------------- trades


@pytest.mark.parametrize(
    ("copies", "row_filled", "left"), [(2, 4, 2), (2, 2, 1), (3, 1, 1), (4, 0, 1), (4, 4, 2), (4, 8, 4)]
)
def test_what_a_row_has_filled_tells_how_many_of_its_trades_are_copies(copies, row_filled, left):
    """All, each twice, or one many times: the most that the row allows; and the trade of another order stays."""
    day, entry = ordered()
    shown = evolve(row(entry, OURS), filled_quantity=row_filled)
    fills = (*[twin(2, OURS)] * copies, trade("X1", "SELL", 1, 5))
    found = once(day, orders=(shown,), trades=fills)
    assert found.trades == (*[twin(2, OURS)] * left, trade("X1", "SELL", 1, 5))


def test_a_trade_with_an_id_is_one_however_often_it_is_shown():
    day, entry = ordered()
    known = evolve(trade(OURS, "BUY", 2, 999), id="T1")
    shown = evolve(row(entry, OURS), filled_quantity=None)
    assert once(day, orders=(shown,), trades=(known, known, known)).trades == (known,)


@pytest.mark.parametrize(("filled", "left"), [(0, 1), (2, 1), (4, 2), (9, 2)])
def test_where_nothing_tells_as_many_stay_as_are_known_to_have_filled(filled, left):
    """One, else; and an order that was cancelled has not ended, whoever else's has."""
    day, entry = ordered(filled=filled)
    rows = (evolve(row(entry, OURS, "cancelled"), filled_quantity=None), evolve(foreign("X9"), status="cancelled"))
    found = once(day, orders=rows, trades=(twin(2, OURS), twin(2, OURS)), positions=None)
    assert len(found.trades) == left
    assert [shown.status for shown in found.orders] == ["other", "cancelled"]
    assert once(day, orders=None, trades=(twin(2, OURS), twin(2, OURS)), positions=None).orders is None
    works = evolve(rows[0], status="open")
    assert once(day, orders=(works,), trades=(twin(2, OURS), twin(2, OURS)), positions=None).orders == (works,)


def test_a_position_that_stands_twice_tells_of_trades_as_if_it_stood_once():
    """That of another instrument says nothing."""
    day, entry = ordered()
    shown = evolve(row(entry, OURS), filled_quantity=None)
    rows = (position(4), position(4), position(2, key="NSE:TCS"))
    assert len(once(day, orders=(shown,), trades=(twin(2, OURS), twin(2, OURS)), positions=rows).trades) == 2
