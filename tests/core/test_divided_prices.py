"""Prices that a plugin tells at a hundredth, for it takes those above some hundred rupees to be in paise."""

from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.brokers import capability
from tests.core.custody_days import at_broker, books, foreign, position, row, trade
from tests.core.engine_days import INFY, SEEN

BY_HAND = {"id": "H1", "key": "NSE:INFY", "quantity": 50, "product": "MIS", "status": "complete"}


def bought(told, *, broker="groww", **more):
    """An entry of 50 at 1,000 that filled at a price as it is told."""
    day = at_broker(broker=broker, **more)
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    shown = row(day.sent(rc.ApprovedEntry)[-1], "E1", "complete")
    books(day, "10:00:02", orders=(shown, foreign()), trades=(trade("E1", "BUY", 50, told),), positions=(position(50),))
    return day


@pytest.mark.parametrize(
    ("told", "was"),
    [("9.9985", "999.85"), ("9.990000000000001", "999"), ("999.85", "999.85"), ("1000", "1000"), ("100", "100")],
)
def test_a_fill_is_at_the_price_that_it_had_however_it_is_told(told, was):
    """A share of 1,481.40 was bought for 14.81, and its exit went at 14.70."""
    day = bought(Decimal(told))
    assert day.book.position(INFY.key).average_price == Decimal(was)


def test_nothing_is_multiplied_behind_any_other_plugin():
    assert bought(Decimal("9.99"), broker="sandbox").book.position(INFY.key).average_price == Decimal("9.99")
    assert capability("any", on=at_broker().day).trade_prices == "rupees"


def test_shares_that_somebody_sold_by_hand_left_at_the_price_that_they_had():
    day = bought(Decimal("9.99"))
    day.prices("10:05", last=1010)
    for clock in ("10:05:01", "10:05:04", "10:05:07"):
        entry = row(day.sent(rc.ApprovedEntry)[-1], "E1", "complete")
        by_hand = rc.BrokerOrder(**BY_HAND, side="SELL", price_type="MARKET")
        told = (trade("E1", "BUY", 50, Decimal("9.99")), trade("H1", "SELL", 50, Decimal("10.09")))
        books(day, clock, orders=(entry, by_hand), trades=told, positions=(position(0),))
    (closed,) = [one for one in day.facts if isinstance(one, e.PositionClosed)]
    assert (day.book.position(INFY.key), closed.gross) == (None, 50 * 10)


def test_groww_rests_no_stop():
    """Its plugin sends one under a word that Groww does not know: each was refused, and the shares sold at once."""
    assert capability("groww", on=at_broker().day).resting == "none"
    day = bought(Decimal("9.99"))
    assert [one for one in day.commands if isinstance(one, e.PlaceExit)] == []
    day.prices("10:05", last=979)
    day.prices("10:05:00.500", last=979)
    assert day.sent()[-1].reason == "stop"
