"""How far the broker's clock may be from ours, for whoever looks for an order by its time there."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from riskcore.book import Book
from riskcore.broker_books import BrokerBooks
from riskcore.orders import Order

SAME: Final = timedelta(0)
MICROSECONDS: Final = 1_000_000


def clocks_apart(order: Order, book: Book, books: BrokerBooks, drift_s: Decimal | None) -> tuple[timedelta, ...]:
    """By how much the broker's clock may have been ahead of ours when an order was approved, each as a difference.

    Not at all; by what the server's answers tell (`drift_s`, how far ours is ahead of it); and by what the read shows
    of the order approved nearest to this one whose name at the broker is known: its time there less ours. That one
    holds after a crash of any length, for both were stamped by the same clocks. A stop that rests is none: a change of
    it may have stamped it anew.
    """
    at = order.approved.at
    rows = {row.id: row for row in books.orders or () if row.placed_at is not None}
    named = [one for one in book.orders if one.broker_id in rows and not one.rests]
    found = [SAME] if drift_s is None else [SAME, timedelta(microseconds=-int(drift_s * MICROSECONDS))]
    if named:
        nearest = min(named, key=lambda one: abs(one.approved.at - at))
        placed = rows[nearest.broker_id].placed_at
        assert placed is not None
        found.append(placed - nearest.approved.at)
    return tuple(found)
