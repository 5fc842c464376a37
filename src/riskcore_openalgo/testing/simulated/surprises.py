"""What no answer could tell in time: orders shown under another's status, or late though proven absent; a hand.

Nor what an order filled that ended after a part, where the trade book lags and no row names its fill, while the
positions lag as well, or may: those of an entry of the last minute.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from riskcore import engine
from riskcore_openalgo.testing.orders import CANCELLED, REJECTED

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.room import Room

ENDED: Final = (CANCELLED, REJECTED)
FRESH_S: Final = 60.0
SURPRISED_S: Final = 960.0
"""Seconds after one in which two orders may take the same shares of its instrument, or one work that has ended for us,
until a reading tells: in a quiet hour nobody looks for a quarter of it."""


def is_fresh(state: engine.State, key: str, now: datetime) -> bool:
    """Whether a position was opened so short a time before that its book may be of before it."""
    held = state.book.position(key)
    return held is not None and held.opened_at is not None and now - held.opened_at < timedelta(seconds=FRESH_S)


class Surprises:
    """When the last one was, by instrument."""

    def __init__(self) -> None:
        self._at: dict[str, datetime] = {}
        self._known: set[str] = set()

    def note(self, key: str, now: datetime) -> None:
        """There is one in an instrument."""
        self._at[key] = now

    def look(self, room: Room, state: engine.State) -> None:
        """Note what is one now: a word for as long as it is shown, what was lost when it first is there."""
        orders = room.account.orders
        lagging = {one.endpoint for one in room.broker.faults.left if one.kind == "lagging"}
        for theirs, ours in room.placed.items():
            order, fresh = orders.get(theirs), ours not in self._known
            if order is None:
                continue
            late = fresh and ours in state.custody.lost
            untold = fresh and "tradebook" in lagging and order.status in ENDED and order.filled > 0
            untold = untold and ("positionbook" in lagging or is_fresh(state, order.key, room.time.now))
            if late or untold or (order.word and order.working):
                self._known.add(ours)
                self.note(order.key, room.time.now)

    def fresh(self, key: str, now: datetime) -> bool:
        """Whether there was one in an instrument not long ago."""
        at = self._at.get(key)
        return at is not None and now - at < timedelta(seconds=SURPRISED_S)
