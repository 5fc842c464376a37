"""What strikes the stream: prices and order updates that are lost, late, told twice, or not told at all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.room import Room


def updates_lost(room: Room, symbol: str, share: float) -> None:
    """The next order updates are swallowed."""
    room.feed.lose(updates=4)


def updates_twice(room: Room, symbol: str, share: float) -> None:
    """The next order updates are told twice."""
    room.feed.repeat(8)


def updates_late(room: Room, symbol: str, share: float) -> None:
    """Order updates come seconds late."""
    room.feed.faults.late_s = 1 + 4 * share
    room.time.later(20, lambda: setattr(room.feed.faults, "late_s", 0.0))


def ticks_late(room: Room, symbol: str, share: float) -> None:
    """Prices come seconds late, and one before the other, under the times at which they were made."""
    room.faults.ticks_late_s = 1 + 7 * share
    room.time.later(15 + 45 * share, partial(setattr, room.faults, "ticks_late_s", 0.0))


def gap(room: Room, symbol: str, share: float) -> None:
    """Silence, and nobody says so."""
    room.feed.gap(15 + 400 * share)


def down(room: Room, symbol: str, share: float) -> None:
    """The connection is cut, and there again later."""
    room.feed.drop(3 + 30 * share)
