"""Days with a broker behind them, told by hand: 50 INFY from ten o'clock, with a stop that rests; and its books."""

from datetime import date
from decimal import Decimal

import riskcore as rc
from riskcore import events as e
from riskcore.brokers import capability
from tests.core.engine_days import INFY, SEEN, a_day

SANDBOX = capability("sandbox", on=date(2026, 11, 20))


def at_broker(*, broker="sandbox", **policy):
    """A day whose broker is known; nothing is held."""
    day = a_day(**policy)
    day.take(e.BrokerSeen(day.at("09:17"), capability(broker, on=day.day)))
    return day


def held(*, broker="sandbox", rests=True, **policy):
    """50 INFY bought at 1,000, stop 980, target 1,100; the stop works at the broker as S1, the entry was E1."""
    day = at_broker(broker=broker, **policy)
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    day.fill("10:00:01", entry, price=1000)
    if rests:
        day.report("10:00:02", day.sent()[-1].order_id, "working", broker_id="S1")
    return day, entry


def leaving(**policy):
    """A position whose stop was hit on paper: its exit works at 974.10."""
    day, _ = held(broker="paper", rests=False, **policy)
    day.prices("10:05", last=979)
    exit_ = day.sent()[-1]
    day.report("10:05:00.100", exit_.order_id, "working", broker_id="X1")
    return day, exit_


def exit_unknown(status="unknown", **more):
    """50 INFY whose target was reached at 10:10: of the exit nobody knows what became; the day, and the exit."""
    day, _ = held()
    day.prices("10:10", last=1101)
    day.report("10:10:01", stop_of(day).order_id, "cancelled")
    out = day.sent()[-1]
    day.report("10:10:02", out.order_id, status, **more)
    return day, out


def row(order, broker_id, status="open", **more):
    """A row of the broker's order book for one of our orders."""
    fields = {
        "id": broker_id,
        "key": order.instrument.key,
        "side": order.side,
        "quantity": order.quantity,
        "product": order.product,
        "status": status,
        "price": order.limit,
        "trigger": getattr(order, "trigger", None),
        "placed_at": order.at,
    }
    return rc.BrokerOrder(**{**fields, **more})


def foreign(broker_id="X1"):
    """A row of somebody else's order."""
    return rc.BrokerOrder(id=broker_id, key="NSE:TCS", side="BUY", quantity=1, product="MIS", status="complete")


def trade(broker_id, side, quantity, price, key="NSE:INFY"):
    """A row of the trade book."""
    return rc.BrokerTrade(order_id=broker_id, key=key, side=side, quantity=quantity, price=price, product="MIS")


def position(quantity, key="NSE:INFY", **more):
    """A row of the position book."""
    return rc.BrokerPosition(
        key=key, product="MIS", quantity=quantity, average_price=1000 if quantity else None, **more
    )


def books(day, clock, *, orders=(), trades=(), positions=(), holdings=(), instruments=()):
    """The books are read; returns the names of the facts it led to."""
    read = rc.BrokerBooks(at=day.at(clock), orders=orders, trades=trades, positions=positions, holdings=holdings)
    return day.take(e.BooksRead(day.at(clock), read, tuple(instruments)))


def ticks(day, clock, *prices, key=INFY.key):
    """Prices one by one, of one look."""
    seen = [Decimal(str(price)) for price in prices]
    at = day.at(clock)
    span = (seen[0], max(seen), min(seen), seen[-1])
    return day.take(e.PricesSeen(at, key, *span, at, ticks=len(seen), sources=("stream",)))


def stop_of(day):
    """The stop that rests, as it was last sent."""
    return next(order for order in reversed(day.sent()) if order.trigger is not None)


def true_books(day, clock, **more):
    """The broker's books of `held`, as they should be."""
    (entry,) = day.sent(rc.ApprovedEntry)
    rows = (row(entry, "E1", "complete"), row(stop_of(day), "S1", "trigger_pending"))
    shown = {"orders": rows, "trades": (trade("E1", "BUY", 50, 1000),), "positions": (position(50),), **more}
    return books(day, clock, **shown)


def carrying(future, *, broker="sandbox"):
    """130 of a future bought on Friday as NRML at 1,000, stop 900; on Monday at 09:15."""
    day = at_broker(broker=broker)
    held = rc.Position(
        instrument=future,
        side="BUY",
        quantity=130,
        average_price=1000,
        stop=900,
        product="NRML",
        opened_quantity=130,
        opened_at=day.at("10:00"),
        last=1000,
    )
    day.take(e.EquityRead(day.at("10:00"), Decimal(100_000)))
    day.facts.append(e.PositionAdjusted(day.at("10:00"), future.key, held, "told in the test"))
    day.restart()
    day.next_day(3)
    day.time("09:15")
    return day
