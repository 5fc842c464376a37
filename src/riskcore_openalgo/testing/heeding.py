"""How a broker carries out what it has accepted: at once, later, never, or after the order has traded.

A broker answers a cancel or a change before the exchange has confirmed it. What the caller was told is that it was
taken, and not that it was done.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from attrs import evolve

from riskcore_openalgo.testing.checks import Refusal
from riskcore_openalgo.testing.fault import CHANGE, Fault
from riskcore_openalgo.testing.venue import Placed, Venue

if TYPE_CHECKING:
    from riskcore_openalgo.testing.broker import FakeBroker


class Due:
    """What is done later, each thing at its moment, in the order in which it was put off.

    A broker starts no thread: what is due is done when it is next asked. `put_off` hears the moment of each; `promised`
    are the ids under which orders were taken that were in no book then.
    """

    def __init__(self) -> None:
        self._rows: list[tuple[datetime, Callable[[], object]]] = []
        self.put_off: Callable[[datetime], object] = lambda at: None
        self.promised: list[str] = []

    def add(self, at: datetime, act: Callable[[], object]) -> None:
        """Do this then."""
        self._rows.append((at, act))
        self.put_off(at)

    def catch_up(self, now: datetime) -> None:
        """Do what has fallen due."""
        for row in [row for row in self._rows if row[0] <= now]:
            self._rows.remove(row)
            row[1]()


def changed(broker: FakeBroker, endpoint: str, order_id: str, act: Callable[[Venue], Refusal | None]) -> Refusal | None:
    """Change or cancel a working order by `act`, through the scripted fault that fits; None is success."""
    venue = broker.venue
    order = venue.account.orders.get(order_id)
    fault = None
    if order is not None and order.working:
        fault = broker.faults.take(endpoint, {"orderid": order_id}, CHANGE)
    if order is None or fault is None:
        return act(venue)
    if fault.kind == "fills_first":
        contract = broker.market.contracts.get(order.key)
        lot = contract.lot if contract else 1
        part = int(order.left * fault.fraction) // lot * lot if venue.profile.partials else order.left
        price = order.price or broker.market.quote(order.key).touch(order.side)
        venue.fill(evolve(order, status="open"), min(max(part, lot), order.left), price)
        return act(venue)
    if fault.seconds:
        broker.due.add(broker.clock() + timedelta(seconds=fault.seconds), lambda: act(venue))
    return None


def placed_late(broker: FakeBroker, fault: Fault, place: Callable[[Venue, str], object]) -> Placed:
    """An order that was taken under an id, and reaches the books `seconds` later, or never."""
    venue = broker.venue
    order_id = venue.next_id()
    broker.due.promised.append(order_id)
    if fault.seconds:
        broker.due.add(broker.clock() + timedelta(seconds=fault.seconds), lambda: place(venue, order_id))
    return Placed(order_id)
