"""Shares that the broker's positions lack before any trade tells why: they do not leave a second time.

A stop fills in part in the moment in which it is taken back, at a broker whose rows tell no fill, and its trade book
lags. The positions know it first.
"""

import pytest
from attrs import evolve

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import held, position, row, stop_of, trade
from tests.core.engine_days import INFY

BOUGHT = trade("E1", "BUY", 50, 1000)


def told(day, clock, there, *, began=None, trades=(BOUGHT,), stop="cancelled", rows=()):
    """A read after the stop was taken back: `there` are the shares of the position book, None where it is unread."""
    (entry,) = day.sent(rc.ApprovedEntry)
    shown = (row(entry, "E1", "complete"), row(stop_of(day), "S1", stop), *rows)
    positions = there if there is None or isinstance(there, tuple) else (position(there),)
    read = rc.BrokerBooks(at=day.at(began or clock), orders=shown, trades=trades, positions=positions, holdings=())
    return day.take(e.BooksRead(day.at(clock), read, ()))


def exits(day):
    """How many shares each exit is for that was sent."""
    return [order.quantity for order in day.sent(rc.ApprovedExit) if order.trigger is None]


def stops(day):
    """The same of the stops."""
    return [order.quantity for order in day.sent(rc.ApprovedExit) if order.trigger is not None]


def leaving(**policy):
    """50 INFY for five minutes, of which an operator asked to be out at 10:05: the stop is to be taken back."""
    day, _ = held(**policy)
    day.take(e.OperatorExited(day.at("10:05"), "asha", "enough", INFY.key))
    return day


def test_what_the_positions_lack_does_not_leave_a_second_time():
    """Fifty were sold, thirty were there: the account was short by twenty until the trades came."""
    day = leaving()
    told(day, "10:05:01", 30)
    assert exits(day) == [30]
    assert [(f.key, f.quantity) for f in day.facts if isinstance(f, e.SharesLacking)] == [(INFY.key, 20)]


def test_when_the_trades_come_nothing_is_left_over():
    day = leaving()
    told(day, "10:05:01", 30)
    day.report("10:05:01.200", day.sent()[-1].order_id, "working", broker_id="X1")
    rows = (row(day.sent()[-1], "X1", "complete"),)
    told(day, "10:05:12", 0, trades=(BOUGHT, trade("S1", "SELL", 20, 980), trade("X1", "SELL", 30, 985)), rows=rows)
    assert day.book.positions == ()
    assert (exits(day), stops(day)) == ([30], [50])
    assert not any(isinstance(f, (e.Overfilled, e.Latched)) for f in day.facts)


def test_what_the_positions_show_again_follows():
    """It was the position book that lagged: the rest leaves as after any exit that did not take all of it."""
    day = leaving()
    told(day, "10:05:01", 30)
    out = day.sent()[-1]
    day.report("10:05:01.200", out.order_id, "working", broker_id="X1")
    sold = (BOUGHT, trade("X1", "SELL", 30, 985))
    told(day, "10:05:03", 20, trades=sold, rows=(row(out, "X1", "complete"),))
    assert (day.book.position(INFY.key).quantity, stops(day)) == (20, [50, 20])
    day.time("10:05:04")
    day.report("10:05:04.200", stop_of(day).order_id, "cancelled")
    assert exits(day) == [30, 20]


@pytest.mark.parametrize("minute", ["10:05", "10:00"])
def test_no_stop_rests_beside_the_exit_for_shares_that_may_not_be_there(minute):
    """Nor right after the entry, which a position book may be behind of: what leaves needs no stop."""
    day, _ = held()
    day.take(e.OperatorExited(day.at(f"{minute}:20"), "asha", "enough", INFY.key))
    told(day, f"{minute}:21", 30)
    assert exits(day) == [30]
    day.time(f"{minute}:23")
    told(day, f"{minute}:24", 30, rows=(row(day.sent()[-1], "X1", "open"),))
    assert stops(day) == [50]


def test_where_none_is_proven_the_exit_waits_for_a_minute_at_most():
    """No exit is blocked for good: then what we know to have filled counts."""
    day = leaving()
    told(day, "10:05:01", 0)
    for clock in ("10:05:02", "10:05:30", "10:06:00.900"):
        told(day, clock, 0)
        assert exits(day) == []
    assert "positions_differ" in [f.name for f in day.facts if isinstance(f, e.Alarmed)]
    day.time("10:06:01")
    assert exits(day) == [50]


@pytest.mark.parametrize(
    "there", [None, (), (position(50, "NSE:TCS"),)], ids=["unread", "empty", "no_row"]
)  # fmt: skip
def test_a_read_that_shows_nothing_of_the_instrument_holds_no_exit_up(there):
    """Our own fills prove it then: an empty answer is no proof of anything."""
    day = leaving()
    told(day, "10:05:01", there)
    assert exits(day) == [50]


def test_of_delivery_nothing_waits_for_what_a_book_lacks():
    """Shares bought yesterday may be shown nowhere, and more than are there cannot be sold."""
    day, _ = held()
    state = day.state
    carried = evolve(day.book.position(INFY.key), product="CNC")
    day.state = evolve(state, book=evolve(state.book, positions=(carried,)))
    day.take(e.OperatorExited(day.at("10:05"), "asha", "enough", INFY.key))
    told(day, "10:05:01", (rc.BrokerPosition(key=INFY.key, product="CNC", quantity=30, average_price=1000),))
    assert exits(day) == [50]


def test_a_read_that_began_before_brings_none_of_them_back():
    """It is of a moment at which the stop had filled nothing."""
    day = leaving()
    told(day, "10:05:01", 0)
    told(day, "10:05:01.300", 50, began="10:05:00.100")
    assert exits(day) == []
    told(day, "10:05:02", 50)
    assert exits(day) == [50]


def test_what_a_stop_that_is_touched_fills_untold_is_its_own():
    """It covers all that is held, as long as it is live."""
    day, _ = held()
    told(day, "10:05:01", 30, stop="open")
    assert not any(isinstance(f, e.SharesLacking) for f in day.facts)
    day.take(e.OperatorExited(day.at("10:05:02"), "asha", "enough", INFY.key))
    told(day, "10:05:03", 30)
    assert exits(day) == [30]


def test_nor_is_what_an_exit_may_have_filled_that_no_row_shows_yet():
    day = leaving()
    told(day, "10:05:01", 50)
    day.report("10:05:01.200", day.sent()[-1].order_id, "working", broker_id="X1")
    told(day, "10:05:01.500", 30)
    assert not any(isinstance(f, e.SharesLacking) for f in day.facts)


def test_a_stop_that_rests_is_not_taken_back_for_what_one_read_lacks():
    """It would be gone for a read that lies; a second one that says so takes it back, as ever."""
    day, _ = held()
    told(day, "10:05:01", 0, trades=(BOUGHT, trade("H1", "SELL", 50, 990)), stop="trigger_pending")
    assert [c for c in day.commands if isinstance(c, e.CancelOrder)] == []


def test_a_part_waits_until_that_is_told():
    """A stop that the broker does not change in place is taken back for it as well."""
    day, _ = held()
    told(day, "10:02", 30, stop="trigger_pending")
    day.take(e.OperatorExited(day.at("10:02:01"), "asha", "half", INFY.key, 25))
    assert exits(day) == []


@pytest.mark.parametrize(("clock", "quantity"), [("10:00:30", 50), ("10:03", 30)])
def test_a_stop_that_is_put_back_is_for_what_is_there_once_no_book_can_be_behind_the_entry(clock, quantity):
    """The broker cancelled it after a part; sooner, the positions may lack what the entry brought."""
    day, _ = held()
    told(day, clock, 30)
    assert stops(day) == [50, quantity]


def test_a_restart_and_the_end_of_the_position_know_of_it():
    day = leaving()
    told(day, "10:05:01", 30)
    assert rc.engine.fold(day.facts).custody.lacking == ((INFY.key, 20, day.at("10:05:01")),)
    told(day, "10:05:12", 0, trades=(BOUGHT, trade("S1", "SELL", 20, 980), trade("H9", "SELL", 30, 985)))
    told(day, "10:05:14", 0, trades=(BOUGHT, trade("S1", "SELL", 20, 980), trade("H9", "SELL", 30, 985)))
    assert day.book.position(INFY.key) is None
    assert day.state.custody.lacking == ()


# ---------------------------------------------------------------- reads that run at once


def differing(*reads):
    """How often running what differs was seen after each read, which was taken at one moment and began at another."""
    day, _ = held()
    seen = []
    for taken, began in reads:
        told(day, taken, 40, began=began, stop="trigger_pending")
        seen += [mismatch.times for mismatch in day.state.custody.mismatches]
    return seen, [fact.name for fact in day.facts if isinstance(fact, e.Alarmed)]


def test_reads_that_run_at_once_are_one_look_at_the_account():
    """Each order that ends at the square-off has a read of its own: two of one moment called somebody for a fill."""
    first, beside = ("10:10:02", "10:10:01"), ("10:10:02.500", "10:10:01.900")
    assert differing(first, beside) == ([1, 1], [])
    assert differing(first, beside, ("10:10:03", "10:10:02")) == ([1, 1, 2], ["positions_differ"])


def test_a_clock_that_was_set_back_makes_no_read_one_of_before():
    assert differing(("10:10:02", "10:10:01"), ("10:10:05", "09:10:04")) == ([1, 2], ["positions_differ"])
