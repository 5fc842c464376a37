"""A day with a share of which one order takes twenty at most, and fifty of it held."""

import riskcore as rc
from riskcore import events as e
from riskcore.brokers import capability
from tests.core.engine_days import SEEN, a_day

FROZEN = rc.Instrument(symbol="INFY", tick="0.05", sector="IT", freeze_quantity=20)
KEY = FROZEN.key


def at_broker(*, broker="sandbox", **policy):
    """A day with INFY, of which one order takes 20 at most."""
    day = a_day(FROZEN, **policy)
    day.take(e.BrokerSeen(day.at("09:17"), capability(broker, on=day.day)))
    return day


def ordered(**policy):
    """50 wanted: three orders on their way."""
    day = at_broker(**policy)
    day.enter("10:00", **SEEN)
    return day, day.sent(rc.ApprovedEntry)


def held(**policy):
    """50 held, with three stops that work at the broker as S1 to S3."""
    day, entries = ordered(**policy)
    for number, entry in enumerate(entries, 1):
        day.report("10:00:01", entry.order_id, "working", broker_id=f"E{number}")
        day.fill("10:00:01", entry.order_id, price=1000)
    acknowledge(day, "10:00:02")
    return day


def acknowledge(day, clock):
    """The broker takes whatever was sent and not answered."""
    for order in day.book.live_orders(KEY):
        if order.status == "intended":
            day.report(clock, order.id, "working", broker_id=f"B{len(day.book.broker_ids()) + 1}")
        if order.revision is not None:
            day.take(e.RevisionReported(day.at(clock), order.id, "taken"))


def stops(day):
    return [order.open_quantity for order in day.book.resting_stops(KEY)]
