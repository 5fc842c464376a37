"""Orders of ours that look alike at the broker: the slices of one entry, of one stop or of one exit.

Where answers are lost, nobody can say which row is which of them, and nobody need know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

import riskcore as rc
from riskcore import engine
from riskcore_openalgo.testing.orders import FakeOrder

WHOLE: Final = "whole"
Sent: TypeAlias = Mapping[str, "rc.ApprovedEntry | rc.ApprovedExit"]


def truth_of(
    state: engine.State, placed: Mapping[str, str], orders: Mapping[str, FakeOrder], sent: Sent
) -> dict[str, FakeOrder]:
    """What each order of ours is at the broker. `placed` says which of its orders was sent as which of ours.

    One that is known under the name of another that looks like it is that other; what nobody is known as is left to
    those of them that were sent and have no name yet.
    """
    known: dict[str, FakeOrder] = {}
    for order in state.book.orders:
        was = placed.get(order.broker_id, "")
        if order.broker_id in orders and (was == order.id or was in alike(order.id, sent)):
            known[order.id] = orders[order.broker_id]
    named = {row.order_id for row in known.values()}
    left = {theirs: ours for theirs, ours in placed.items() if theirs in orders and theirs not in named}
    truth = known | {ours: orders[theirs] for theirs, ours in left.items() if ours not in known}
    for theirs, ours in left.items():
        nameless = sorted(alike(ours, sent).intersection(placed.values()) - truth.keys()) if ours in known else []
        if nameless:
            truth[nameless[0]] = orders[theirs]
    return truth


def filled_beside(state: engine.State, truth: Mapping[str, FakeOrder]) -> dict[str, int]:
    """What other orders of ours of the same instrument, product and side have filled more than we know, of each.

    Only where trades are told as of whole orders: elsewhere each order is known by its own.
    """
    capability = state.custody.capability
    if capability is None or capability.trades != WHOLE:
        return {}
    more = {one.id: ours_of(one, truth[one.id]) - one.filled_quantity for one in state.book.orders if one.id in truth}
    places = {
        one.id: (one.approved.instrument.key, one.approved.product, one.approved.side) for one in state.book.orders
    }
    return {
        name: sum(untold for other, untold in more.items() if other != name and places[other] == places[name])
        for name in more
    }


def ours_of(order: rc.Order, real: FakeOrder) -> int:
    """What an order has filled for us: of an entry that somebody made larger the rest is not ours."""
    return min(real.filled, order.approved.quantity) if order.is_entry else real.filled


def alike(order_id: str, sent: Sent) -> set[str]:
    """An order of ours, with all that look like it at the broker."""
    approved = sent.get(order_id)
    if approved is None:
        return {order_id}
    look = _look(approved)
    return {order_id, *(one for one, other in sent.items() if _look(other) == look)}


def _look(approved: rc.ApprovedEntry | rc.ApprovedExit) -> tuple[object, ...]:
    if isinstance(approved, rc.ApprovedEntry):
        return approved.signal_id, approved.quantity
    return approved.position_id, approved.quantity, approved.trigger, approved.at
