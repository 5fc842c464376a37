"""Stops that follow the price take their share of a broker's orders an hour: beyond it exits are refused too."""

from datetime import timedelta
from decimal import Decimal

import pytest
from attrs import evolve

import riskcore as rc
from riskcore import events as e
from riskcore.exits.resting import pace_of_moves
from tests.core.custody_days import at_broker, held, stop_of
from tests.core.engine_days import INFY, SEEN


def trailing(broker, seconds):
    """The price rises by twenty paise a second, and a broker takes what is asked at once; how many orders it took."""
    day, _ = held(broker=broker, trail="points", trail_by=20)
    taken = 0
    for second in range(1, seconds + 1):
        clock, asked = f"10:{5 + second // 60:02}:{second % 60:02}", len(day.commands)
        day.prices(clock, last=1010 + Decimal(second) / 5)
        for wish in day.commands[asked:]:
            taken += 1
            if isinstance(wish, e.ReviseOrder):
                day.take(e.RevisionReported(day.at(f"{clock}.100"), stop_of(day).order_id, "taken"))
            elif isinstance(wish, e.CancelOrder):
                day.report(f"{clock}.100", wish.order_id, "cancelled")
                day.report(f"{clock}.200", stop_of(day).order_id, "working", broker_id=f"T{second}")
                taken += 1
    return day, taken


@pytest.mark.parametrize("broker", ["any", "angel", "dhan", "zerodha", "upstox"])
def test_a_stop_that_follows_each_tick_takes_half_of_a_brokers_orders_and_no_more(broker):
    """It was moved with every price: at a thousand orders an hour the exits were refused after some minutes."""
    day, taken = trailing(broker, seconds=300)
    allowed = rc.capability(broker, on=day.day).orders_an_hour / 2 * 300 / 3600
    assert allowed * 0.8 <= taken <= allowed + 2
    (position,) = day.book.positions
    assert position.stop == 1050
    assert day.book.resting(INFY.key).approved.trigger >= 1050 - 3


def test_the_last_move_is_made_up_for_when_the_price_rests():
    day, _ = held(broker="dhan", trail="points", trail_by=20)
    day.prices("10:05", last=1020)
    day.take(e.RevisionReported(day.at("10:05:01"), stop_of(day).order_id, "taken"))
    day.prices("10:05:02", last=1030)
    day.time("10:05:08")
    assert day.book.resting(INFY.key).approved.trigger == 1000
    day.time("10:05:09")
    assert isinstance(day.commands[-1], e.ReviseOrder)
    assert day.commands[-1].revision.trigger == 1010


def test_shares_that_a_stop_does_not_cover_do_not_wait():
    """A fill that comes a second after a move gets its stop at once, and the level with it."""
    day = at_broker(broker="dhan", trail="points", trail_by=20)
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    day.fill("10:00:01", entry, price=1000, quantity=30)
    day.report("10:00:02", stop_of(day).order_id, "working", broker_id="S1")
    day.prices("10:00:30", last=1020)
    day.take(e.RevisionReported(day.at("10:00:31"), stop_of(day).order_id, "taken"))
    day.prices("10:00:32", last=1030)
    assert day.book.resting(INFY.key).approved.trigger == 1000
    day.fill("10:00:33", entry, price=1000, quantity=20)
    assert isinstance(day.commands[-1], e.ReviseOrder)
    assert (day.commands[-1].revision.quantity, day.commands[-1].revision.trigger) == (50, 1010)


@pytest.mark.parametrize(
    ("orders", "revises", "stops", "pace"),
    [(1000, True, 1, 7.2), (1000, False, 1, 14.4), (1000, True, 3, 21.6), (None, True, 3, 0), (1, False, 2, 28800)],
)
def test_the_pace_of_moves(orders, revises, stops, pace):
    day, _ = held()
    row = evolve(rc.capability("any", on=day.day), orders_an_hour=orders, revises=revises)
    assert pace_of_moves(row, stops) == timedelta(seconds=pace)
    assert pace_of_moves(None, stops) == timedelta(0)
