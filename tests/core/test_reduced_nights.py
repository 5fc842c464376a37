"""Nights after a reduction that worked, unfilled, until the close: what it did not take off still leaves, once."""

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import stop_of
from tests.core.engine_days import INFY
from tests.core.test_over_the_night import CALL, WORDS, bought, contracts, delivery, sent_today, shows


def reducing(filled=0, **policy):
    """50 of an option, of which 20 were to leave; their exit works just before the close."""
    day = contracts(**policy)
    entry = bought(day)
    day.report("10:00:01", entry, "working", broker_id="E1")
    day.fill("10:00:01", entry, price=1000)
    day.report("10:00:02", stop_of(day).order_id, "working", broker_id="S1")
    day.signal("15:39:55", "SELL", kind="exit", reduce_by=20, **WORDS)
    day.take(e.RevisionReported(day.at("15:39:55.100"), stop_of(day).order_id, e.TAKEN))
    out = day.sent()[-1].order_id
    day.report("15:39:56", out, "working", filled, filled * 1000, broker_id="X1")
    return day, out


def morning(day, held=50):
    day.next_day(3)
    day.time("08:30")
    for clock in ("09:14:50", "09:14:54", "09:14:57"):
        shows(day, clock, held)
    day.time("09:15:01")
    return sent_today(day)


@pytest.mark.parametrize("filled", [0, 5])
def test_what_the_exchange_ended_at_the_close_goes_with_the_next_open(filled):
    """It was forgotten: more was held over the day than was wanted, and nobody was told."""
    day, out = reducing(filled)
    day.report("15:40:05", out, "cancelled", filled, filled * 1000)
    left = morning(day, 50 - filled)
    assert [(reason, quantity) for _, reason, quantity in left] == [("signal", 20 - filled)]


@pytest.mark.parametrize("filled", [0, 5])
def test_so_it_does_where_nobody_saw_its_end(filled):
    day, out = reducing(filled)
    left = morning(day, 50 - filled)
    assert not day.book.order(out).live
    assert [(reason, quantity) for _, reason, quantity in left] == [("signal", 20 - filled)]


@pytest.mark.parametrize(("held", "left"), [(50, [20, 10]), (35, [15])])
def test_of_one_that_went_in_slices_all_that_nobody_saw_leave_goes(held, left):
    """30 of 50, of which one order takes 20 at most."""
    day = contracts(attrs.evolve(CALL, freeze_quantity=20))
    bought(day)
    for number, order in enumerate(day.sent(rc.ApprovedEntry), 1):
        day.report("10:00:01", order.order_id, "working", broker_id=f"E{number}")
        day.fill("10:00:01", order.order_id, price=1000)
    for number, order in enumerate(day.book.resting_stops(CALL.key), 1):
        day.report("10:00:02", order.id, "working", broker_id=f"S{number}")
    day.signal("15:39:55", "SELL", kind="exit", reduce_by=30, **WORDS)
    for order in day.book.resting_stops(CALL.key)[1:]:
        day.report("15:39:55.100", order.id, "cancelled")
    out = [order for order in day.sent() if order.trigger is None]
    assert [order.quantity for order in out] == [20, 10]
    for number, order in enumerate(out, 1):
        day.report("15:39:56", order.order_id, "working", broker_id=f"X{number}")
    assert [quantity for *_, quantity in morning(day, held)] == left


def test_one_that_filled_unseen_is_not_sent_again():
    day, out = reducing()
    assert morning(day, 30) == []
    assert (day.book.order(out).status, day.book.position(CALL.key).quantity) == ("filled", 30)


def test_of_one_that_filled_in_part_unseen_the_rest_goes():
    day, _ = reducing()
    assert [quantity for *_, quantity in morning(day, 38)] == [8]
    assert day.book.position(CALL.key).quantity == 38


def test_one_that_somebody_took_back_stays_taken_back():
    """By a hand at the broker, while the market was open, or by ours, though nobody saw that it ended."""
    day, out = reducing()
    day.report("15:39:57", out, "cancelled")
    assert morning(day) == []
    day, out = reducing()
    day.take(e.OperatorCancelled(day.at("15:39:57"), "asha", "it stays", out))
    assert morning(day) == []
    assert not day.book.order(out).live


def test_an_exit_of_all_that_waits_is_not_made_smaller():
    day, out = reducing()
    day.next_day(3)
    day.time("08:30")
    day.signal("08:31", "SELL", kind="exit", **WORDS)
    day.report("08:31:01", day.sent()[-1].order_id, "rejected", note="the market is closed")
    for clock in ("09:14:50", "09:14:54", "09:14:57"):
        shows(day, clock, 50)
    day.time("09:15:01")
    assert [quantity for *_, quantity in sent_today(day)] == [30, 50], "beside the reduction, and once that has ended"
    assert not day.book.order(out).live


@pytest.mark.parametrize(("in_demat", "again"), [(50, True), (30, False), (0, False)])
def test_of_shares_for_delivery_only_where_all_are_shown_that_are_held(in_demat, again):
    """What was bought may be shown nowhere yet, and another reduction would sell twice."""
    day = delivery("sandbox")
    day.signal("15:14:50", "SELL", kind="exit", product="CNC", reduce_by=20)
    day.take(e.RevisionReported(day.at("15:14:50.100"), stop_of(day).order_id, e.TAKEN))
    out = day.sent()[-1].order_id
    day.report("15:14:51", out, "working", broker_id="X1")
    day.next_day(3)
    holdings = (rc.BrokerHolding(key=INFY.key, quantity=in_demat),) if in_demat else ()
    read = rc.BrokerBooks(at=day.at("09:14"), orders=(), trades=(), positions=(), holdings=holdings)
    day.take(e.BooksRead(day.at("09:14"), read))
    day.time("09:15:01")
    assert not day.book.order(out).live
    assert [quantity for *_, quantity in sent_today(day)] == ([20] if again else [])
