"""Shares of the owner beside ours that he never accepted, and books that cannot be read: which of them are ours?"""

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.beside_days import LEVELS, by_hand, delivery, entered, of, shown
from tests.core.custody_days import at_broker, position, row, stop_of, trade
from tests.core.engine_days import INFY


def leaving(hands, *, side="BUY", **policy):
    """Fifty of ours and so many of a hand's, seen and told; ours are to leave, and the trade book cannot be read."""
    day = at_broker(**policy)
    way = 1 if side == "BUY" else -1
    ours = trade("E1", side, 50, 1000)
    entered(day, "10:00", side)
    for clock in ("10:01", "10:01:03"):
        shown(day, clock, 50 * way + hands, ours, by_hand(hands))
    shown(day, "10:02", 50 * way + hands, trades=None)
    day.take(e.OperatorExited(day.at("10:03"), "asha", "out", INFY.key))
    return day, way


def unread(day, clock, there, stop="cancelled", **more):
    """The books without trades: the stop as the broker has it, and so many shares."""
    entry, resting = day.sent(rc.ApprovedEntry)[-1], stop_of(day)
    rows = (row(entry, "E1", "complete"), row(resting, "SE1", stop))
    shown(day, clock, there, **{"orders": rows, "trades": None, **more})


def exits(day):
    return [(order.side, order.quantity) for order in day.sent(rc.ApprovedExit) if order.trigger is None]


@pytest.mark.parametrize("manual", ["freeze", "ignore"])
@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_an_exit_goes_once_its_stop_has_ended_beside_shares_that_were_seen_before(manual, side):
    """It waited for as long as the trade book was out, with its stop taken back: the five were no fill of the stop."""
    day, way = leaving(5 if side == "BUY" else -5, side=side, manual_trades=manual)
    unread(day, "10:03:20", 55 * way)
    assert exits(day) == [("SELL" if way > 0 else "BUY", 50)]


def test_what_the_stop_had_filled_is_told_beside_them_too():
    day, _ = leaving(5)
    unread(day, "10:03:20", 35)
    assert exits(day) == [("SELL", 30)]


def test_shares_that_a_hand_bought_in_the_last_read_alone_are_not_known_yet():
    """They may have been ours: more of an order than was told."""
    day = at_broker()
    entered(day, "10:00")
    shown(day, "10:01", 55, trade("E1", "BUY", 50, 1000), by_hand(5))
    day.take(e.OperatorExited(day.at("10:03"), "asha", "out", INFY.key))
    for clock in ("10:03:20", "10:03:23"):
        unread(day, clock, 55)
    assert exits(day) == []


def test_shares_that_were_adopted_are_ours_and_not_taken_off_twice():
    day, _ = leaving(5, manual_trades="adopt")
    assert day.book.position(INFY.key).quantity == 55
    unread(day, "10:03:20", 55)
    assert exits(day) == [("SELL", 55)]


def test_the_difference_stays_known_while_no_read_tells_of_it_and_goes_with_one_that_does():
    day = at_broker()
    entered(day, "10:00")
    for clock in ("10:01", "10:01:03"):
        shown(day, clock, 55, trade("E1", "BUY", 50, 1000), by_hand(5))
    for clock in ("10:02", "10:02:03"):
        shown(day, clock, 55, trades=None)
        assert [(m.kind, m.surplus) for m in of(day)[1]] == [("more", 5)]
    shown(day, "10:03", 50, trade("E1", "BUY", 50, 1000), by_hand(5), by_hand(-5, "H2"))
    assert of(day)[1] == ()


def filled_unread(there, *, orders="complete", trades=None, **more):
    """Five of a hand's that are ignored; then an entry of 50 fills while books cannot be read."""
    day = at_broker(manual_trades="ignore")
    kept, traded = more.pop("kept", (position(5), by_hand(5)))
    for clock in ("09:30", "09:30:03"):
        shown(day, clock, 5, traded, positions=(kept,))
    entry = day.enter("10:00", **LEVELS["BUY"])
    day.report("10:00:01", entry, "working", broker_id="E1")
    order = day.sent(rc.ApprovedEntry)[-1]
    for clock in ("10:00:20", "10:00:23"):
        rows = None if orders is None else (row(order, "E1", orders),)
        shown(day, clock, there, **{"orders": rows, "trades": trades, **more})
    return [(stop.quantity, stop.trigger) for stop in day.sent(rc.ApprovedExit)]


@pytest.mark.parametrize("orders", ["complete", None])
def test_what_an_entry_filled_beside_ignored_shares_gets_its_stop(orders):
    """By its row, which is complete, or by the positions alone; of the five it is none."""
    assert filled_unread(55, orders=orders) == [(50, 980)]
    assert filled_unread(5, orders=orders) == []


def test_so_it_does_beside_shares_in_another_product():
    kept, traded = delivery(5)
    assert filled_unread(0, kept=(kept, traded), positions=(position(50), kept)) == [(50, 980)]


@pytest.mark.parametrize(("there", "left"), [(50, 50), (55, 50), (5, 0)])
def test_a_hands_shares_that_it_sells_are_no_fill_of_an_exit_of_which_nobody_heard(there, left):
    """Fifty of ours and five of a hand's were seen; the exit was lost on its way, and so many are there since."""
    day = at_broker()
    entered(day, "10:00")
    bought, hands = trade("E1", "BUY", 50, 1000), by_hand(5)
    for clock in ("10:01", "10:01:03"):
        shown(day, clock, 55, bought, hands)
    day.take(e.OperatorExited(day.at("10:03"), "asha", "out", INFY.key))
    day.report("10:03:01", stop_of(day).order_id, "cancelled")
    out = day.sent()[-1].order_id
    day.report("10:03:01", out, "unknown")
    for clock in ("10:03:20", "10:03:23"):
        shown(day, clock, there, trades=None)
    held = day.book.position(INFY.key)
    assert (0 if held is None else held.quantity) == left
