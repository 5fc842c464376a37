"""What a stop of entries, and an emergency stop, must keep on a simulated day: what they say is so at the broker."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from riskcore import engine, events
from riskcore_openalgo.testing.orders import FakePosition
from riskcore_openalgo.testing.simulated.shares import TOLD_S
from riskcore_openalgo.testing.simulated.traded import DELIVERY

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.checks import Checks
    from riskcore_openalgo.testing.simulated.room import Room

FLAT: Final = "flat"
STOPPING: Final = "stopping"
ENDS_S: Final = 60.0 + TOLD_S
"""Seconds after which an emergency stop is over, waits for a market or is told as incomplete."""


class Stops:
    """Which latches stand by what was told, and since when an emergency stop says what is not so."""

    def __init__(self, room: Room, checks: Checks) -> None:
        self._room, self._checks = room, checks
        self._latches: set[tuple[str, str]] = set()
        self._not_flat: dict[str, datetime] = {}
        self._stopping: dict[str, datetime] = {}

    def started(self, state: engine.State) -> None:
        """A process has started: these stand."""
        self._latches = {(latch.name, latch.key) for latch in state.book.latches}

    def saw(self, fact: events.Fact) -> None:
        """A fact of a turn."""
        if isinstance(fact, events.Latched):
            self._latches.add((fact.latch.name, fact.latch.key))
        elif isinstance(fact, events.Lifted):
            self._latches = {(name, key) for name, key in self._latches if (name, key) != (fact.name, fact.key)}
        elif isinstance(fact, events.SessionOpened):
            self._latches.clear()  # what stands on is told by no fact
        elif isinstance(fact, events.EmergencyStaged):
            self._checks.count[f"emergency {fact.stage}"] += 1

    def allows(self, fact: events.EntryApproved) -> None:
        """No entry is approved while a latch of the account, or of its instrument, stands."""
        key = fact.order.instrument.key
        standing = [name for name, about in self._latches if about in ("", key)]
        self._checks.needs("stopped_is_stopped", not standing, fact.order.order_id, "under", standing)

    def look(self, state: engine.State) -> None:
        """Flat is flat, of ours or of the whole account; and a stop that is not done is told."""
        emergency = state.control.emergency
        stage = "" if emergency is None else emergency.stage
        left = self._left(whole=emergency is not None and emergency.whole_account) if stage == FLAT else {}
        for key in {*left, *self._not_flat}:
            self._checks.soon(self._not_flat, key, key, key not in left, "flat_is_flat", left.get(key))
        if stage == STOPPING:
            self._checks.within(self._stopping, stage, ENDS_S, "a_stop_ends", *state.book.positions)
        else:
            self._stopping.clear()

    def _left(self, *, whole: bool) -> dict[str, object]:
        """What of ours the broker has, or of anybody, by instrument."""
        account, placed = self._room.account, self._room.placed
        orders = [one for one in account.orders.values() if one.working and (whole or one.order_id in placed)]
        foreign = self._checks.shares.foreign_at
        ours = {account.orders[theirs].key for theirs in placed if theirs in account.orders} - foreign.keys()
        rows = [row for row in account.rows() if self._is_there(row) and (whole or row.key in ours)]
        return {row.key: row for row in rows} | {order.key: order for order in orders}

    def _is_there(self, row: FakePosition) -> bool:
        """Whether shares are held: what was sold of the holdings stands beside them until the night."""
        holding = self._room.account.holdings.get(row.key)
        of_holdings = holding is not None and row.product == DELIVERY and -holding.quantity <= row.quantity < 0
        return row.quantity != 0 and not of_holdings
