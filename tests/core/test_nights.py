"""What a night does to orders: those that lapse, those that a broker keeps, and the first of the day after."""

import attrs
import pytest

from riskcore import events as e
from riskcore.brokers import capability
from tests.core.custody_days import at_broker, books, foreign, position, stop_of, trade
from tests.core.engine_days import INFY, SEEN
from tests.core.test_carried import carried, holdings


def test_a_broker_that_keeps_its_orders_over_the_night_is_asked_to_end_them_by_name():
    """No book of OpenAlgo's sandbox shows them any more, and they fill beside those of the new day."""
    day = carried(opened="08:30")
    assert day.before == ("SessionOpened", "OrderMoved", "CancelRequested")
    asked = day.last(e.CancelRequested)
    assert asked.why == "the broker keeps what its session ended with"
    assert [c for c in day.commands if isinstance(c, e.CancelOrder)] == [
        e.CancelOrder(asked.order_id, "S1", absent=True, leaves=True)
    ]
    assert day.state.custody.asked_at(asked.order_id) == asked.at
    day.next_day()
    day.time("09:15")
    assert day.state.custody.asked_at(asked.order_id) is None, (
        "it was remembered from then on, with each night one more"
    )


def test_a_stop_that_lapses_when_its_session_is_over_has_not_vanished():
    """Every order of a day does: nobody is called, and nothing is sold for it on the next one."""
    day = at_broker(broker="zerodha")
    day.fill("10:00:01", day.enter("10:00", product="CNC", **SEEN), price=1000)
    day.report("10:00:02", stop_of(day).order_id, "working", broker_id="S1")
    day.report("11:00", stop_of(day).order_id, "cancelled")
    assert day.last(e.Alarmed).name == "stop_vanished"
    day.report("11:00:01", stop_of(day).order_id, "working", broker_id="S2")
    told = len([fact for fact in day.facts if isinstance(fact, e.Alarmed)])
    day.report("15:45", stop_of(day).order_id, "cancelled")
    assert len([fact for fact in day.facts if isinstance(fact, e.Alarmed)]) == told
    day.next_day(3)
    day.time("09:15")
    assert [order.reason for order in day.sent() if order.trigger is None] == []


def test_a_stop_that_we_took_back_ourselves_is_no_stop_that_vanished():
    """At a broker that changes none each move of the stop takes one back: the first to vanish is put back."""
    day = at_broker(broker="zerodha", trail="points", trail_by=20)
    day.take(e.BrokerSeen(day.at("09:18"), attrs.evolve(capability("zerodha", on=day.day), revises=False)))
    day.fill("10:00:01", day.enter("10:00", product="CNC", **SEEN), price=1000)
    day.report("10:00:02", stop_of(day).order_id, "working", broker_id="S1")
    day.prices("10:05", last=1020)
    first = stop_of(day)
    day.report("10:05:01", first.order_id, "cancelled")
    day.time("10:05:02")
    day.report("10:05:03", stop_of(day).order_id, "working", broker_id="S2")
    assert stop_of(day) is not first
    assert stop_of(day).trigger == 1000
    day.report("10:06", stop_of(day).order_id, "cancelled")
    assert day.last(e.Alarmed).name == "stop_vanished"
    day.time("10:06:01")
    assert [(order.trigger, order.at) for order in day.sent()][-1] == (1000, day.at("10:06"))
    assert [order.reason for order in day.sent() if order.trigger is None] == []


@pytest.mark.parametrize(
    ("broker", "shown", "becomes"),
    [
        ("zerodha", 50, "rejected"),
        ("shoonya", 50, "rejected"),
        ("shoonya", 0, "unknown"),
        ("shoonya", 51, "rejected"),  # after a bonus, or beside the owner's own
        ("shoonya", 49, "unknown"),
    ],
)
def test_an_exit_of_unknown_outcome_that_is_the_first_order_of_a_day_is_absent_from_an_empty_book(
    broker, shown, becomes
):
    """It shows no row that was known; that the shares are still held, in the same read, is what makes it a true one."""
    day = carried(broker=broker, opened="08:30")
    day.prices("09:15", last=940)
    (out,) = [order for order in day.sent() if order.trigger is None]
    day.report("09:15:05", out.order_id, "unknown", note="HTTP 500")
    for second in (11, 12, 13, 14):
        books(day, f"09:15:{second}", holdings=holdings(shown) if shown else ())
    day.time("09:15:20")
    assert day.book.order(out.order_id).status == becomes
    assert (day.state.custody.wanted_of(INFY.key) is not None) == (shown >= 50)  # it leaves once the new stop is gone


def test_rows_of_the_night_may_be_yesterdays_and_prove_no_read_of_the_day():
    """A broker shows them until its day begins; none of them is seen after that, so that no read was a true one."""
    day = carried(broker="zerodha", opened="00:05")
    assert "RowsSeen" not in books(day, "00:06", orders=(foreign(),), holdings=holdings(50))
    assert "RowsSeen" in books(day, "08:00", orders=(foreign(),), holdings=holdings(50))


@pytest.mark.parametrize("broker", ["zerodha", "shoonya"])
def test_intraday_shares_of_an_earlier_session_are_gone_and_no_exit_is_sent_for_them(broker):
    """Nothing got them off before the close: the broker has ended them, and an exit would open a position."""
    day = at_broker(broker=broker)
    day.fill("10:00:01", day.enter("10:00", **SEEN), price=1000)
    day.report("10:00:02", stop_of(day).order_id, "working", broker_id="S1")
    day.next_day(3)
    for clock in ("08:30", "08:30:03", "08:30:06"):
        books(day, clock)
    assert day.book.positions == ()
    assert day.last(e.PositionClosed).reason == "closed_elsewhere"
    day.prices("09:15", last=1000)
    assert [order for order in day.sent() if order.at.date() == day.day] == []


@pytest.mark.parametrize("traded", [{"trades": (trade("H1", "SELL", 50, 940),)}, {"positions": (position(-50),)}])
def test_where_there_are_more_shares_than_ours_one_that_traded_today_may_be_the_exit(traded):
    """A hundred after a bonus: that as many as ours are left says nothing then."""
    day = carried(broker="zerodha", opened="08:30")
    day.prices("09:15", last=940)
    (out,) = [order for order in day.sent() if order.trigger is None]
    day.report("09:15:05", out.order_id, "unknown", note="HTTP 500")
    for second in (11, 12, 13, 14):
        books(day, f"09:15:{second}", holdings=holdings(100), **traded)
    assert day.book.order(out.order_id).status == "unknown"
