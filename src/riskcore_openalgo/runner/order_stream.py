"""What OpenAlgo's stream of orders tells alone, kept for its day: brokers begin to count ids anew in the morning.

Why an order was refused, of which most books say nothing; and that one was cancelled, while no book can be read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from attrs import evolve, field, frozen

import riskcore as rc

CANCELLED: Final = "cancelled"


@frozen
class _Day:
    """What was told on a day, by ids."""

    day: date
    reasons: dict[str, str] = field(factory=dict)
    cancelled: list[rc.BrokerOrder] = field(factory=list)


class OrderStream:
    """Keeps it. One thread takes what comes, any may ask."""

    def __init__(self) -> None:
        self._told: _Day | None = None

    def take(self, updates: Iterable[rc.BrokerOrder], today: date) -> None:
        """Keep what the stream may tell alone."""
        told = self._of(today)
        if told is None:
            told = self._told = _Day(today)
        for row in updates:
            if row.note:
                told.reasons[row.id] = row.note
            if row.status == CANCELLED:
                told.cancelled.append(row)

    def has_ended(self, broker_id: str, today: date) -> bool:
        """Whether it told today that an order was cancelled."""
        told = self._of(today)
        return told is not None and any(row.is_named(broker_id) for row in tuple(told.cancelled))

    def explained(self, books: rc.BrokerBooks, today: date) -> rc.BrokerBooks:
        """The books with its reasons in rows that have none."""
        told = self._of(today)
        if books.orders is None or told is None or not told.reasons:
            return books
        known = told.reasons
        rows = (row if row.note or row.id not in known else evolve(row, note=known[row.id]) for row in books.orders)
        return evolve(books, orders=tuple(rows))

    def _of(self, today: date) -> _Day | None:
        told = self._told
        return told if told is not None and told.day == today else None
