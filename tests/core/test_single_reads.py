"""What one read of the books proves of an instrument, by itself: each of its rules at its edge."""

from datetime import timedelta

import attrs
import pytest

import riskcore as rc
from riskcore.stale_reads import is_fresh, is_stale, lacks_a_half, tells_every_trade
from tests.core.by_hand import TEN, book, entry, held as position_of, leaving, order
from tests.core.custody_days import row, trade
from tests.core.engine_days import INFY, TCS

KEY = INFY.key
BOUGHT = trade("E1", "BUY", 50, 1000)
FILLED = order(entry(), "filled", 50, 50_000, broker_id="E1")
OURS = book(FILLED, positions=(position_of(),))
E1 = row(entry(), "E1", "complete")


def read(*positions, trades=(BOUGHT,), orders=(E1,), **more):
    at = TEN + timedelta(minutes=5)
    return rc.BrokerBooks(at=at, orders=orders, trades=trades, positions=positions, **{"holdings": (), **more})


def shown(quantity, product="MIS", key=KEY):
    return rc.BrokerPosition(key=key, product=product, quantity=quantity)


# ---------------------------------------------------------------- every trade is told


@pytest.mark.parametrize(
    ("seen", "carried", "told"),
    [
        (read(shown(50)), 0, True),
        (read(shown(50), trades=(BOUGHT, trade("T9", "BUY", 5, 3000, key=TCS.key))), 0, True),
        (read(shown(50), trades=(BOUGHT, trade("H9", "BUY", 5, 1000))), 0, False),
        (read(shown(50), shown(7, "CNC"), shown(9, key=TCS.key)), 0, True),
        (read(shown(50), trades=(BOUGHT, attrs.evolve(BOUGHT, product="CNC", quantity=7))), 0, True),
        (read(shown(20), trades=(trade("E1", "BUY", 20, 1000),)), 0, False),
        (read(shown(0), trades=()), 0, False),
        (read(shown(50), trades=None), 0, False),
        (read(shown(50), orders=None), 0, False),
    ],
    ids=[
        *("the_trades_make_it", "another_things", "no_row_of_it", "other_positions", "another_product"),
        *("less_than_is_known", "none", "unread", "no_order_book"),
    ],
)
def test_a_read_tells_every_trade_where_each_has_its_order_and_they_make_the_position(seen, carried, told):
    assert bool(tells_every_trade(OURS, seen, KEY, "MIS", carried)) is told


def test_what_was_carried_into_the_day_is_beside_what_its_trades_make():
    filled = order(entry(product="NRML"), "filled", 50, 50_000, broker_id="E1")
    ours = book(filled, positions=(position_of(60, product="NRML"),))
    seen = read(shown(60, "NRML"), trades=(attrs.evolve(BOUGHT, product="NRML"),))
    assert [tells_every_trade(ours, seen, KEY, "NRML", carried) for carried in (0, 9, 10)] == [False, False, True]


# ---------------------------------------------------------------- a half of an order book


def works(broker_id, **more):
    return order(leaving(order_id=f"x{broker_id}", trigger=980, **more), broker_id=broker_id)


ENDED = row(entry(), "E1", "complete")


@pytest.mark.parametrize(
    ("ours", "rows", "lacks"),
    [
        ([works("S1")], (ENDED,), True),
        ([works("S1"), works("S2")], (ENDED, row(leaving(), "S1", "cancelled")), True),
        ([works("S1")], (ENDED, row(leaving(), "S1", "cancelled")), False),
        ([works("S1")], (ENDED, row(leaving(), "H1", "open")), False),
        ([works("S1", at=TEN - timedelta(days=1))], (ENDED,), False),
        ([works("")], (ENDED,), False),
        ([works("S1")], None, False),
    ],
    ids=["not_shown", "one_of_two", "shown_ended", "another_works", "of_a_day_before", "no_name", "unread"],
)
def test_an_order_book_lacks_the_half_that_works_where_none_does_and_ours_of_today_is_missing(ours, rows, lacks):
    assert lacks_a_half(book(*ours), read(orders=rows)) is lacks


# ---------------------------------------------------------------- of before our exit


def sold(quantity, **more):
    """An exit that filled, of a future carried as NRML."""
    return order(leaving(**{"product": "NRML", "quantity": quantity, **more}), "filled", quantity, 0, broker_id="X1")


LEFT = position_of(20, product="NRML")


@pytest.mark.parametrize(
    ("seen", "stale"),
    [
        ((shown(50, "NRML"),), True),
        ((shown(21, "NRML"),), True),
        ((shown(20, "NRML"),), False),
        ((shown(51, "NRML"),), False),
        ((shown(10, "NRML"),), False),
        ((shown(20, "NRML"), shown(30, "CNC")), False),
        ((shown(20, "NRML"), shown(30, "NRML", TCS.key)), False),
    ],
)
def test_without_a_trade_book_what_our_exit_sold_and_is_there_again_is_of_before_it(seen, stale):
    assert is_stale(book(sold(30), positions=(LEFT,)), read(*seen, trades=None), KEY) is stale


@pytest.mark.parametrize("more", [{"at": TEN - timedelta(days=1)}, {"product": "CNC"}, {"instrument": TCS}])
def test_an_exit_of_a_day_before_or_of_something_else_took_nothing_off_it(more):
    seen = read(shown(50, "NRML"), trades=None)
    assert not is_stale(book(sold(30, **more), positions=(LEFT,)), seen, KEY)


def closed(key=KEY, ago_s=30, quantity=50):
    about = {"key": key, "side": "BUY", "session": TEN.date(), "product": "NRML", "quantity": quantity}
    return rc.Outcome(**about, closed_at=TEN + timedelta(minutes=5, seconds=-ago_s), gross=-1000, charges=40)


def test_of_what_is_closed_only_its_own_end_makes_a_read_one_of_before_it():
    seen = read(shown(50, "NRML"), trades=())
    assert is_stale(book(attrs.evolve(sold(50), broker_id=""), outcomes=(closed(),)), seen, KEY)
    another = (closed(ago_s=120), closed(TCS.key))
    assert not is_stale(book(attrs.evolve(sold(50), broker_id=""), outcomes=another), seen, KEY)


def test_where_no_exit_of_ours_closed_it_nothing_is_of_before_one():
    """Somebody sold it by hand: that there is nothing is no sign of a read that lags."""
    for positions in ((), (shown(0, "NRML"),)):
        assert not is_stale(book(outcomes=(closed(),)), read(*positions, trades=()), KEY)


def test_only_trades_of_the_instrument_that_come_to_as_much_tell_why_it_is_there_again():
    ours = book(attrs.evolve(sold(50), broker_id=""), outcomes=(closed(),))
    seen = read(shown(50, "NRML"))
    for others, stale in (
        ([trade("H1", "BUY", 50, 1000)], False),
        ([trade("H1", "BUY", 49, 1000)], True),
        ([trade("H1", "SELL", 50, 1000)], True),
        ([trade("H1", "BUY", 50, 3000, key=TCS.key)], True),
    ):
        told = tuple(attrs.evolve(one, product="NRML") for one in others)
        assert is_stale(ours, attrs.evolve(seen, trades=told), KEY) is stale
    one = book(attrs.evolve(sold(1), broker_id=""), outcomes=(closed(quantity=1),))
    told = (attrs.evolve(trade("H1", "BUY", 1, 1000), product="NRML"),)
    assert not is_stale(one, read(shown(1, "NRML"), trades=told), KEY)


def test_a_position_is_fresh_for_a_minute_and_never_where_nobody_knows_since_when_it_is_held():
    for seconds, fresh in ((0, True), (59, True), (60, False)):
        assert is_fresh(position_of(), TEN + timedelta(seconds=seconds)) is fresh
    assert not is_fresh(position_of(opened_at=None), TEN)
