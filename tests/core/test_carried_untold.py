"""Brokers whose positions show the day's trades alone: contracts are not carried there."""

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import at_broker, carrying, foreign, stop_of
from tests.core.engine_days import SEEN

FUTURE = rc.Instrument(
    symbol="NIFTY24NOV26FUT", tick="0.05", exchange="NFO", segment="FUT", kind="index", underlying="NIFTY", lot_size=65
)
OTHER = rc.BrokerPosition(key="NSE:TCS", product="MIS", quantity=0)


def reads(day, *shown):
    for clock in ("09:16", "09:16:03", "09:16:06", "09:16:09"):
        read = rc.BrokerBooks(at=day.at(clock), orders=(foreign(),), trades=(), positions=shown, holdings=())
        day.take(e.BooksRead(day.at(clock), read))


@pytest.mark.parametrize("shown", [(OTHER,), (attrs.evolve(OTHER, key=FUTURE.key, product="NRML", quantity=-65),)])
def test_a_contract_that_the_positions_of_the_day_lack_is_held_and_keeps_its_stop(shown):
    """It was dropped from the book, and its stop taken back: 130 of a future were held by nobody."""
    day = carrying(FUTURE, broker="samco")
    day.report("09:15:01", stop_of(day).order_id, "working", broker_id="S1")
    reads(day, *shown)
    assert (day.book.positions[0].quantity, day.book.resting(FUTURE.key).approved.quantity) == (130, 130)
    assert day.book.state_of(FUTURE.key) == "halted"
    assert ("positions_differ", FUTURE.key) in day.state.custody.told


def test_where_positions_show_what_was_carried_one_that_they_lack_is_gone():
    day = carrying(FUTURE, broker="any")
    day.report("09:15:01", stop_of(day).order_id, "working", broker_id="S1")
    reads(day, OTHER)
    assert day.book.positions == ()


@pytest.mark.parametrize("broker", ["samco", "pocketful", "paytm"])
def test_no_entry_is_taken_that_would_be_carried(broker):
    day = at_broker(broker=broker)
    day.enter("10:00", product="NRML", **SEEN)
    assert (day.refusal(), day.sent(rc.ApprovedEntry)) == (("not_carried",), [])
    day.enter("10:01", product="MIS", **SEEN)
    assert len(day.sent(rc.ApprovedEntry)) == 1


def test_elsewhere_it_is():
    day = at_broker(broker="any")
    day.enter("10:00", product="NRML", **SEEN)
    assert "not_carried" not in day.refusal()
