"""Reads that were kept from before: positions beside newer trades, trades beside newer orders, all of them at once."""

from datetime import timedelta

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.stale_reads import is_clean, is_stale
from tests.core.by_hand import TEN, book, entry, held as position_of, leaving, order
from tests.core.custody_days import (
    at_broker,
    books,
    exit_unknown,
    foreign,
    held,
    position,
    row,
    stop_of,
    trade,
    true_books,
)
from tests.core.engine_days import INFY, SEEN, TCS

BOUGHT, SOLD = trade("E1", "BUY", 50, 1000), trade("H1", "SELL", 20, 1010)
FILLED = order(entry(), "filled", 50, 50_000, broker_id="E1")
OURS = book(FILLED, positions=(position_of(),))


def read(*positions, trades=(BOUGHT,), orders=()):
    at = TEN + timedelta(minutes=5)
    return rc.BrokerBooks(at=at, orders=orders, trades=trades, positions=positions, holdings=())


def shown(quantity, product="MIS"):
    return rc.BrokerPosition(key=INFY.key, product=product, quantity=quantity)


@pytest.mark.parametrize(
    ("books_", "stale"),
    [
        (read(shown(50)), False),
        (read(shown(0)), True),
        (read(shown(30)), True),
        (read(shown(30), trades=(BOUGHT, SOLD)), False),
        (read(shown(0), trades=(SOLD,)), True),
        (read(shown(-20), trades=(SOLD,)), True),
        (read(shown(0), trades=None), False),
        (read(shown(0), shown(50, "CNC")), False),
        (read(shown(30), shown(20, "CNC"), trades=(BOUGHT, trade("H1", "SELL", 20, 1010))), False),
        (read(shown(0), trades=(BOUGHT, trade("H1", "SELL", 50, 1010, "NSE:TCS"))), True),
    ],
)
def test_intraday_positions_are_what_the_trades_of_the_read_make(books_, stale):
    """By product, or as a whole where shares were moved to another; without a trade book nobody can say."""
    assert is_stale(OURS, books_, INFY.key) is stale


def test_a_read_that_shows_fewer_of_our_trades_than_are_known_lies_behind():
    """All books of before the exit agree with each other; one share fewer is enough."""
    out = order(entry(order_id="x", side="SELL"), "filled", 50, 50_000, broker_id="X1")
    ours = book(FILLED, out)
    assert is_stale(ours, read(shown(50)), INFY.key)
    assert is_stale(ours, read(shown(1), trades=(BOUGHT, trade("X1", "SELL", 49, 1000))), INFY.key)
    assert not is_stale(ours, read(shown(0), trades=(BOUGHT, trade("X1", "SELL", 50, 1000))), INFY.key)
    assert not is_stale(ours, read(shown(50)), INFY.key, {"x"})
    assert not is_stale(ours, read(), TCS.key)


def test_carried_products_are_not_the_days_trades():
    """What was bought yesterday for delivery, or in the other product, has no trade today."""
    ours = book(positions=(position_of(product="CNC"),))
    assert not is_stale(ours, read(shown(20, "CNC"), trades=()), INFY.key)
    assert not is_stale(book(), read(shown(20, "NRML"), trades=()), INFY.key)
    assert is_stale(book(), read(shown(20), trades=()), INFY.key)


def test_a_read_that_lacks_an_order_that_has_filled_proves_no_other_absent():
    """It was kept from before: what came later than that order is not in it either."""
    seen = row(FILLED.approved, "E1", "complete")
    assert is_clean(OURS, read(orders=(foreign(), seen)), {"X1"})
    assert not is_clean(OURS, read(orders=(foreign(),)), {"X1"})
    assert is_clean(book(order(entry(), "cancelled", broker_id="E1")), read(orders=(foreign(),)), {"X1"})
    assert is_clean(book(order(entry(), "filled", 50, 50_000)), read(orders=(foreign(),)), {"X1"})


def test_what_was_moved_to_another_product_in_parts_is_no_contradiction():
    """30 and 20 were bought, and all of it stands for delivery now."""
    parts = (trade("E1", "BUY", 30, 1000), trade("E1", "BUY", 20, 1001))
    assert not is_stale(OURS, read(shown(50, "CNC"), trades=parts), INFY.key)


def test_shares_that_were_carried_beside_ours_are_none_either():
    """20 of yesterday in another product, and 10 that somebody bought for delivery today: ours are 50, and stand so."""
    delivery = rc.BrokerTrade(order_id="H1", key=INFY.key, side="BUY", quantity=10, price=1000, product="CNC")
    rows = (shown(50), shown(20, "NRML"), shown(10, "CNC"))
    assert not is_stale(OURS, read(*rows, trades=(BOUGHT, delivery)), INFY.key)
    assert is_stale(OURS, read(shown(40), *rows[1:], trades=(BOUGHT, delivery)), INFY.key)


def test_every_order_of_the_instrument_is_asked_whether_its_trades_are_there():
    """One of another instrument stands before it."""
    other = order(entry(order_id="t", instrument=TCS), "filled", 50, 150_000, broker_id="T1")
    assert is_stale(book(other, FILLED), read(shown(0), trades=()), INFY.key)


def test_orders_of_an_earlier_session_are_in_no_book_of_today():
    """Their trades and their rows were of that day."""
    before = order(entry(at=TEN - timedelta(days=1)), "filled", 50, 50_000, broker_id="E0")
    today = attrs.evolve(book(before), session=TEN.date())
    assert not is_stale(today, read(trades=()), INFY.key)
    assert is_clean(today, read(orders=(foreign(),)), {"X1"})
    assert not is_clean(attrs.evolve(book(FILLED), session=TEN.date()), read(orders=(foreign(),)), {"X1"})


def test_as_many_shares_as_we_have_just_sold_may_be_those_for_a_while():
    """Futures: 50 of before our exit, while no trade of others brought them. Then they are the owner's own."""
    sold = order(leaving(product="NRML"), "filled", 50, 49_000, broker_id="X1")
    about = {"key": INFY.key, "side": "BUY", "session": TEN.date(), "product": "NRML"}
    closed_at = TEN + timedelta(minutes=4, seconds=30)
    done = rc.Outcome(**about, closed_at=closed_at, quantity=50, gross=-1000, charges=40)
    ours, later = book(sold, outcomes=(done,)), attrs.evolve(done, closed_at=TEN + timedelta(minutes=4))
    trades = (attrs.evolve(trade("X1", "SELL", 50, 980), product="NRML"),)
    others = (*trades, attrs.evolve(trade("H1", "BUY", 50, 1000), product="NRML"))
    assert is_stale(ours, read(shown(50, "NRML"), trades=trades), INFY.key)
    assert not is_stale(ours, read(shown(51, "NRML"), trades=trades), INFY.key)
    assert not is_stale(ours, read(shown(-50, "NRML"), trades=trades), INFY.key)
    assert not is_stale(ours, read(shown(50, "NRML"), trades=others), INFY.key)
    assert not is_stale(attrs.evolve(ours, outcomes=(later,)), read(shown(50, "NRML"), trades=trades), INFY.key)


# ---------------------------------------------------------------- days


def kept(day, clock, *, trades=(BOUGHT,), positions=(), orders=None, instruments=()):
    """A read with our entry and our stop in it, and what else it shows."""
    (order_,) = day.sent(rc.ApprovedEntry)
    rows = (row(order_, "E1", "complete"), row(stop_of(day), "S1", "trigger_pending")) if orders is None else orders
    return books(day, clock, orders=rows, trades=trades, positions=positions, instruments=instruments)


@pytest.mark.parametrize("rows", [(), (position(0),), (position(30),), (position(-50),)])
def test_F47_positions_of_before_our_entry_take_nothing_off_our_book(rows):
    """The stop rests, the symbol takes no entries, somebody is called; and it is over with the first true read."""
    day, _ = held()
    for second in range(10, 40, 3):
        kept(day, f"10:05:{second}", positions=rows)
    assert day.book.position(INFY.key).quantity == 50
    assert day.book.resting(INFY.key).status == "working"
    assert ("positions_differ", INFY.key) in day.state.custody.told
    kept(day, "10:05:45", positions=(position(50),))
    assert ("positions_differ", INFY.key) not in day.state.custody.told
    assert day.book.latch("positions_differ", INFY.key) is None


def test_F48_shares_that_we_have_sold_already_are_not_adopted():
    """All books are of before our exit: what they show is ours, and gone."""
    day, _ = held(manual_trades="adopt")
    day.fill("10:05", stop_of(day).order_id, price=980)
    for second in range(2, 30, 3):
        kept(day, f"10:05:{second:02}", positions=(position(50),), instruments=(INFY,))
    assert day.book.positions == ()
    assert day.book.latch("positions_differ", INFY.key) is not None
    assert len(day.sent()) == 1


def test_F34_a_stop_is_not_gone_for_an_order_book_of_before_our_entry():
    """Three reads without it, in which our filled entry is not either."""
    day = at_broker()
    books(day, "09:59", orders=(foreign(),))
    order_id = day.enter("10:00", **SEEN)
    day.report("10:00:01", order_id, "working", broker_id="E1")
    day.fill("10:00:01", order_id, price=1000)
    day.report("10:00:02", stop_of(day).order_id, "working", broker_id="S1")
    for second in range(10, 40, 3):
        assert "OrderAbsent" not in kept(day, f"10:00:{second}", positions=(position(50),), orders=(foreign(),))
    assert day.book.resting(INFY.key).broker_id == "S1"
    assert len(day.sent()) == 1
    entry_row = row(day.sent(rc.ApprovedEntry)[0], "E1", "complete")
    for second in (41, 44, 47):
        kept(day, f"10:00:{second}", positions=(position(50),), orders=(foreign(), entry_row))
    assert day.last(e.OrderMoved).status == "cancelled"


def test_F20_an_exit_without_a_name_is_not_filled_in_part_by_positions_of_before():
    """50 were bought in two parts; the positions of between the two show what a sale of 20 would leave."""
    day, out = exit_unknown(note="timeout")
    for second in range(12, 40, 3):
        kept(day, f"10:10:{second}", positions=(position(30),))
    assert day.book.position(INFY.key).quantity == 50
    assert day.book.order(out.order_id).status == "unknown"


# ---------------------------------------------------------------- after a start


def started(**policy):
    """A process has just started: 50 are held for all that its journal tells, and a signal asks for their exit."""
    day, _ = held(**policy)
    day.take(e.LoginSeen(day.at("10:05"), good=False, reconciled=False, by="runner", why="it has started"))
    day.signal("10:05:00.100", "SELL", kind=rc.EXIT)
    day.report("10:05:00.300", stop_of(day).order_id, "cancelled")
    return day


def good(day, clock):
    day.take(e.LoginSeen(day.at(clock), good=True, reconciled=False, by="runner", why="the books could be read"))


def exits(day):
    return [order for order in day.sent() if order.trigger is None]


def test_F50_an_exit_waits_for_the_first_read_after_a_start_and_goes_with_it():
    """Whoever ended before it could write may have sent it: it is sent once the broker shows the shares."""
    day = started()
    assert exits(day) == []
    assert day.state.custody.wanted
    good(day, "10:05:01.400")
    kept(day, "10:05:01.500", positions=(position(50),))
    assert [(order.quantity, order.reason) for order in exits(day)] == [(50, "signal")]


def test_F50_where_the_first_reads_show_that_it_has_gone_nothing_is_sold_twice():
    day = started()
    good(day, "10:05:01.400")
    sold = (BOUGHT, trade("X1", "SELL", 50, 975))
    for clock in ("10:05:01.500", "10:05:02.600", "10:05:08"):
        kept(day, clock, positions=(position(0),), trades=sold)
    assert exits(day) == []
    assert day.book.positions == ()


def test_F50_what_differs_elsewhere_holds_no_exit_up():
    """TCS is somebody else's, and the gate stays shut for that; what is held of INFY is there."""
    day = started()
    good(day, "10:05:01.400")
    kept(day, "10:05:01.500", positions=(position(50), position(5, "NSE:TCS")))
    assert [order.quantity for order in exits(day)] == [50]


def test_F50_where_fewer_are_there_the_exit_waits_until_that_is_believed_and_takes_those():
    day = started()
    good(day, "10:05:01.400")
    kept(day, "10:05:01.500", positions=(position(30),), trades=(BOUGHT, SOLD))
    assert exits(day) == []
    kept(day, "10:05:02.600", positions=(position(30),), trades=(BOUGHT, SOLD))
    assert [order.quantity for order in exits(day)] == [30]


@pytest.mark.parametrize(("clock", "sent"), [("10:05:04.999", 0), ("10:05:05", 1)])
def test_F50_without_a_read_an_exit_waits_no_longer_than_an_order_of_unknown_outcome(clock, sent):
    day = started()
    day.time(clock)
    assert len(exits(day)) == sent


@pytest.mark.parametrize("broker", ["groww", "paytm", "indmoney"])
def test_F50_an_exit_waits_for_the_first_read_at_a_broker_where_no_stop_rests_too(broker):
    """It was sent beside the one that the process before it had sent: as if there were no broker to read."""
    day, _ = held(broker=broker, rests=False)
    day.take(e.LoginSeen(day.at("10:05"), good=False, reconciled=False, by="runner", why="it has started"))
    day.signal("10:05:00.100", "SELL", kind=rc.EXIT)
    assert exits(day) == []
    day.time("10:05:05")
    assert len(exits(day)) == 1


def test_an_exit_of_a_day_that_began_long_ago_waits_for_no_read():
    """A login that died an hour before holds nothing up; nor does one on paper, where no broker is read."""
    day, _ = held()
    day.take(e.LoginSeen(day.at("10:05"), good=False, reconciled=False, by="runner", why="it died"))
    day.signal("10:06", "SELL", kind=rc.EXIT)
    day.report("10:06:00.300", stop_of(day).order_id, "cancelled")
    assert len(exits(day)) == 1
    paper, _ = held(broker="paper", rests=False)
    paper.take(e.LoginSeen(paper.at("10:05"), good=False, reconciled=False, by="runner", why="it has started"))
    paper.signal("10:05:00.100", "SELL", kind=rc.EXIT)
    assert len(exits(paper)) == 1


HELD_ON = book(FILLED, positions=(position_of(product="NRML"),))
LESS_OF_IT = order(entry(order_id="x", side="SELL"), "filled", 20, 20_000, broker_id="X1")
CARRIED = book(LESS_OF_IT, positions=(position_of(product="NRML", quantity=30),))
LEFT, BOUGHT_TOO = trade("X1", "SELL", 20, 1000), trade("H1", "BUY", 20, 1010)


@pytest.mark.parametrize(
    ("ours", "positions", "trades", "stale"),
    [
        (HELD_ON, (shown(50, "NRML"),), (BOUGHT,), False),
        (HELD_ON, (shown(30, "NRML"),), (BOUGHT,), True),
        (HELD_ON, (shown(0, "NRML"),), (BOUGHT,), True),
        (HELD_ON, (shown(70, "NRML"),), (BOUGHT,), True),
        (HELD_ON, (shown(30, "NRML"),), (BOUGHT, SOLD), False),
        (HELD_ON, (shown(29, "NRML"),), (BOUGHT, SOLD), True),
        (HELD_ON, (shown(70, "NRML"),), (BOUGHT, SOLD), True),
        (HELD_ON, (shown(0, "NRML"), shown(50)), (BOUGHT,), False),
        (HELD_ON, (shown(30, "NRML"),), None, False),
        (HELD_ON, (), (BOUGHT,), False),
        (CARRIED, (shown(50, "NRML"),), (LEFT,), True),
        (CARRIED, (shown(51, "NRML"),), (LEFT,), False),
        (CARRIED, (shown(20, "NRML"),), (LEFT,), False),
        (CARRIED, (shown(50, "NRML"),), (LEFT, BOUGHT_TOO), False),
    ],
)
def test_positions_that_are_carried_change_with_a_trade_of_the_read_where_orders_of_today_made_them(
    ours, positions, trades, stale
):
    """Where an exit of today left 30 of 50, a read of 50 is one of before it; one of 20 may be the night's."""
    assert is_stale(ours, read(*positions, trades=trades), INFY.key) is stale


OLD_ONES = order(leaving(order_id="w", position_id="y", product="CNC", at=TEN), "filled", 50, 50_000, broker_id="W1")
AGAIN = order(entry(order_id="a", product="CNC"), "filled", 49, 49_000, broker_id="E1")
BOUGHT_BACK = book(OLD_ONES, AGAIN, positions=(position_of(product="CNC", quantity=49),))
ADDED = order(entry(order_id="b", signal_id="b", product="CNC"), "filled", 20, 20_000, broker_id="E2")
GROWN = book(ADDED, positions=(position_of(product="CNC", quantity=70, opened_at=TEN - timedelta(days=1)),))
WAS_SOLD, SOLD_BY_HAND = (trade("W1", "SELL", 50, 1000), trade("E1", "BUY", 49, 1000)), trade("H1", "SELL", 49, 1000)
MORE = trade("E2", "BUY", 20, 1000)


@pytest.mark.parametrize(
    ("ours", "positions", "held_since", "trades", "stale"),
    [
        (BOUGHT_BACK, (shown(-50, "CNC"),), 50, WAS_SOLD, True),
        (BOUGHT_BACK, (shown(-30, "CNC"),), 50, WAS_SOLD, True),
        (BOUGHT_BACK, (shown(-1, "CNC"),), 50, WAS_SOLD, False),
        (BOUGHT_BACK, (shown(-1, "CNC"),), 80, WAS_SOLD, False),
        (BOUGHT_BACK, (shown(-50, "CNC"),), 50, (*WAS_SOLD, SOLD_BY_HAND), False),
        (GROWN, (), 50, (MORE,), True),
        (GROWN, (), 49, (MORE,), False),
        (GROWN, (shown(20, "CNC"),), 50, (MORE,), False),
        (GROWN, (), 50, (MORE, SOLD_BY_HAND), False),
    ],
)
def test_of_delivery_the_holdings_are_a_part_in_a_book_of_before_our_purchase_too(
    ours, positions, held_since, trades, stale
):
    """What was carried was sold and bought again, or more of it bought, and positions lag: it was written off."""
    holdings = (rc.BrokerHolding(key=INFY.key, quantity=held_since),)
    lags = attrs.evolve(read(*positions, trades=trades), holdings=holdings)
    assert is_stale(ours, lags, INFY.key) is stale


def test_delivery_of_which_the_position_book_lags_behind_its_second_fill_keeps_all_of_its_stop():
    """25 of 50 for two reads beside all the trades: the other 25 were written off, and bare."""
    day = at_broker()
    made = day.enter("10:00", product="CNC", **SEEN)
    day.report("10:00:01", made, "working", broker_id="E1")
    day.fill("10:00:01", made, price=1000, quantity=25)
    day.fill("10:00:02", made, price=1000)
    for order_ in day.book.resting_stops(INFY.key):
        day.report("10:00:03", order_.id, "working", broker_id="S1")
    day.take(e.RevisionReported(day.at("10:00:03"), stop_of(day).order_id, "taken"))
    traded = (trade("E1", "BUY", 25, 1000), trade("E1", "BUY", 25, 1000))
    rows = (
        row(day.book.order(made).approved, "E1", "complete"),
        row(stop_of(day), "S1", "trigger_pending", quantity=50),
    )
    lags = rc.BrokerPosition(key=INFY.key, product="CNC", quantity=25, average_price=1000)
    for clock in ("10:00:04", "10:00:07", "10:00:10"):
        books(day, clock, orders=rows, trades=traded, positions=(lags,))
    assert day.book.positions[0].quantity == 50
    assert day.state.custody.mismatches[0].kind == "suspect"


@pytest.mark.parametrize(("clock", "gone"), [("10:00:04", False), ("10:00:59", False), ("10:05", True)])
def test_shares_that_stand_under_another_product_right_after_they_were_bought_are_a_book_that_lags(clock, gone):
    """Carried shares were sold a moment before: their old row and the missing new one come to the trades of the day."""
    day, _ = held()
    first = sum(int(part) * unit for part, unit in zip(clock.split(":"), (3600, 60, 1), strict=False))
    for number in range(3):
        second = first + number
        at = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        under = rc.BrokerPosition(key="NSE:INFY", product="CNC", quantity=50, average_price=1000)
        true_books(day, at, positions=(under, position(0)))
    assert (day.book.position("NSE:INFY") is None) == gone
