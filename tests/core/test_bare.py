"""Shares without a stop, nights and logins between: since when they count as bare, and what is done about it."""

import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import SANDBOX, at_broker, books, held, position, row, stop_of, trade, true_books
from tests.core.engine_days import INFY, SEEN, TCS, a_day


def taken_back(day):
    """(order, why) of every order that was to be cancelled."""
    return [(fact.order_id, fact.why) for fact in day.facts if isinstance(fact, e.CancelRequested)]


def login(day, clock, *, good):
    day.take(e.LoginSeen(day.at(clock), good=good, reconciled=False, by="shell", why="token"))


def shown(day, clock, *positions):
    """Books in which the entry is complete and our stop is not there yet."""
    (entry,) = day.sent(rc.ApprovedEntry)
    stops = [row(stop_of(day), "S1", "trigger_pending")] if day.book.order(stop_of(day).order_id).broker_id else []
    rows, trades = (row(entry, "E1", "complete"), *stops), (trade("E1", "BUY", 50, 1000),)
    return books(day, clock, orders=rows, trades=trades, positions=positions)


def refused(day, *clocks):
    """Whatever stop was sent last did not get to the broker."""
    for clock in clocks:
        day.report(clock, stop_of(day).order_id, "rejected", error="network")
        day.time(clock)


def test_bare_shares_are_sold_at_the_price_of_now():
    day, _ = held(rests=False)
    day.prices("10:00:01.500", last=1004)
    refused(day, *(f"10:00:{second:02}" for second in range(2, 12)))
    (out,) = [order for order in day.sent() if order.trigger is None]
    assert (out.reason, out.reference) == ("unprotected", 1004)


def test_shares_that_left_are_no_longer_called_unprotected_and_the_next_without_a_stop_are():
    """The alarm stood on, and was told again every five minutes; of the next position of that day none was raised."""
    day, _ = held(rests=False)
    refused(day, *(f"10:00:{second:02}" for second in range(2, 12)))
    called = [fact for fact in day.facts if isinstance(fact, e.Alarmed) and fact.name == "unprotected"]
    day.fill("10:00:13", day.sent()[-1].order_id, price=999)
    over = day.last(e.AlarmOver)
    assert (over.name, over.subject) == ("unprotected", INFY.key)
    day.fill("10:05:01", day.enter("10:05", **SEEN), price=1000)
    refused(day, *(f"10:05:{second:02}" for second in range(2, 6)))
    again = [fact for fact in day.facts if isinstance(fact, e.Alarmed) and fact.name == "unprotected"]
    assert (len(called), len(again)) == (1, 2)


def test_a_difference_of_another_symbol_does_not_begin_the_seconds_anew():
    day, _ = held(rests=False)
    refused(day, *(f"10:00:{second:02}" for second in range(2, 9)))
    assert "BooksDiffer" in shown(day, "10:00:09", position(50), position(-5, TCS.key))
    refused(day, "10:00:10", "10:00:11")
    assert day.sent()[-1].reason == "unprotected"


def test_while_a_login_is_waited_for_the_seconds_begin_with_what_the_books_show():
    """Nothing could be sent before: three seconds without a stop are told from there, and ten sell."""
    day, _ = held(rests=False)
    refused(day, "10:00:02")
    login(day, "10:00:03", good=False)
    refused(day, "10:00:05")
    login(day, "10:00:30", good=True)
    assert "Bared" in shown(day, "10:00:31", position(50), position(-5, TCS.key))
    assert day.state.custody.bare_since(INFY.key) == day.at("10:00:31")
    assert [order for order in day.sent() if order.trigger is None] == []


def test_while_a_login_is_waited_for_an_input_that_shows_nothing_does_not_begin_them_anew():
    day, _ = held(rests=False)
    refused(day, "10:00:02")
    login(day, "10:00:03", good=False)
    since = day.state.custody.bare_since(INFY.key)
    day.time("10:00:20")
    assert day.state.custody.bare_since(INFY.key) == since


def test_where_what_the_broker_holds_of_it_is_in_doubt_nothing_is_sold():
    """30 of 50 are shown, once: until that stands in three reads nobody knows how many there are."""
    day, _ = held(rests=False, differing_reads=3)
    login(day, "10:00:01.500", good=False)
    refused(day, "10:00:02")
    login(day, "10:00:04", good=True)
    shown(day, "10:00:05", position(30))
    assert [(m.kind, m.times) for m in day.state.custody.mismatches] == [("suspect", 1)]
    before = len(day.sent())
    for second in range(6, 40):
        day.time(f"10:00:{second:02}")
    assert len(day.sent()) == before


def test_of_stops_in_slices_those_are_taken_back_whose_shares_leave():
    """30 and 20 of fifty, and 20 leave: the second stop is taken back, the first stays as it is."""
    share = rc.Instrument(symbol="INFY", tick="0.05", sector="IT", freeze_quantity=30)
    day = a_day(share)
    day.take(e.BrokerSeen(day.at("09:17"), SANDBOX))
    day.enter("10:00", **SEEN)
    for order in day.sent(rc.ApprovedEntry):
        day.fill("10:00:01", order.order_id, price=1000)
    stops = [order for order in day.sent() if order.trigger is not None]
    for number, order in enumerate(stops, 1):
        day.report("10:00:02", order.order_id, "working", broker_id=f"S{number}")
    assert [order.quantity for order in stops] == [30, 20]
    day.signal("10:05", "SELL", kind=rc.EXIT, reduce_by=20)
    assert taken_back(day) == [(stops[1].order_id, "the position is leaving")]
    day.report("10:05:01", stops[1].order_id, "cancelled")
    assert [(order.quantity, order.reason) for order in day.sent()[2:]] == [(20, "signal")]


def test_a_stop_of_what_is_not_held_any_more_is_taken_back_and_says_so():
    day, _ = held()
    for clock in ("10:05", "10:05:03"):
        sold = (trade("E1", "BUY", 50, 1000), trade("H1", "SELL", 50, 990))
        true_books(day, clock, trades=sold, positions=(position(0),))
    assert taken_back(day) == [(stop_of(day).order_id, "nothing is left to protect")]


# ---------------------------------------------------------------- a night


@pytest.mark.parametrize(("status", "ended"), [("working", "cancelled"), ("awaiting_approval", "rejected")])
def test_orders_of_the_day_end_with_their_session(status, ended):
    """A stop was taken off by the exchange; one that nobody approved never came there."""
    day = at_broker()
    day.fill("10:00:01", day.enter("10:00", product="CNC", **SEEN), price=1000)
    stop = stop_of(day)
    day.report("10:00:02", stop.order_id, status)
    day.next_day(3)
    day.time("09:16")
    moved = next(fact for fact in reversed(day.facts) if isinstance(fact, e.OrderMoved))
    assert (moved.order_id, moved.status) == (stop.order_id, ended)
    assert moved.note == "a day order: it ended with its session"
