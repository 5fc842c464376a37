"""What must hold of the shares at the broker on a simulated day: they are covered, never twice, and known of.

Where a hand trades an instrument too, the shares of ours in it are those of our book, as far as the broker has them.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import riskcore as rc
from riskcore import engine, events
from riskcore.engine.ended import IN_VAIN
from riskcore.engine.untold import END_UNREAD
from riskcore_openalgo.testing.orders import FakeOrder
from riskcore_openalgo.testing.simulated.nights import market_is_open
from riskcore_openalgo.testing.simulated.traded import DELIVERY

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.checks import Checks
    from riskcore_openalgo.testing.simulated.room import Room

BUDGET_S: Final = 30.0
"""Seconds that shares may be uncovered at the broker while nothing is wrong: alarm, exit and ladder together."""
NO_REASON: Final = (events.EMERGENCY_LATCH, "max_daily_loss", "max_drawdown", "max_give_back_pct", "max_loss_streak")
"""Latches that say nothing of the books."""
TOLD_S: Final = 40.0
"""Seconds after which a difference to the truth must be known, while nothing is wrong."""


class Shares:
    """The invariants of the shares held, and since when each does not hold."""

    def __init__(self, room: Room, checks: Checks) -> None:
        self._room, self._checks = room, checks
        self.differs: dict[str, datetime] = {}
        self.foreign_at: dict[str, datetime] = {}
        self._bare: dict[str, datetime] = {}
        self._twice: dict[str, datetime] = {}
        self._beyond: dict[str, datetime] = {}

    def known(self, state: engine.State) -> None:
        """(2) Where the broker holds other than we do for long, we know that we do not know."""
        book, truth = state.book, self.held()
        silent = not (state.custody.mismatches or any(o.status != "working" for o in book.live_orders()))
        ours = {position.instrument.key: position.signed for position in book.positions}
        accepted = dict(state.custody.accepted)
        for key in {*ours, *truth, *self.differs}:
            more = truth.get(key, 0) - ours.get(key, 0)
            differs = more not in (0, state.custody.beside_of(key)) and accepted.get(key) != truth.get(key, 0)
            told = told_of(state, key) or explained(state, key) or not silent
            if differs and not told:
                seen = key, "we hold", ours.get(key, 0), "the broker", truth.get(key, 0)
                self._checks.within(self.differs, key, TOLD_S, "a_difference_is_known", *seen)
            else:
                self.differs.pop(key, None)

    def look(self, working: list[FakeOrder]) -> None:
        """(8) What of ours works at the broker covers what is held, and can never take more than that."""
        held, ours = self.held(), self._ours()
        self._never_two_that_flip(held, ours, working)
        self._protected(held, ours, working)

    def held(self) -> dict[str, int]:
        """What the broker holds of intraday shares, or of the product that ours are of, whatever its answers say.

        Of shares for delivery those that were carried stand among the holdings.
        """
        known = self._room.live.state.book.positions if hasattr(self._room, "live") else ()
        ours = {position.instrument.key: position.product for position in known}
        held = dict.fromkeys(ours, 0)
        for row in self._room.account.positions.values():
            if row.product == (ours.get(row.key) or self._room.product_of(row.key)):
                held[row.key] = row.quantity
        for position in known:
            holding = self._room.account.holdings.get(position.instrument.key)
            if position.product == DELIVERY and holding is not None:
                held[holding.key] += self._ours_of(holding.quantity, held[holding.key], position)
        return {key: quantity for key, quantity in held.items() if quantity}

    def _ours_of(self, holdings: int, row: int, position: rc.Position) -> int:
        """What of the holdings counts: all for what was carried; of a position of today what its row lacks.

        The rest is the owner's own, of another day.
        """
        opened, today = position.opened_at, self._room.time.now.date()
        carried = opened is not None and opened.date() < today
        return holdings if carried else min(holdings, max(position.signed - row, 0))

    def _ours(self) -> dict[str, int]:
        """What our book says that we hold with a stop: adopted shares have none until somebody sets one."""
        known = self._room.live.state.book.positions if hasattr(self._room, "live") else ()
        return {position.instrument.key: position.signed for position in known if position.stop is not None}

    def _never_two_that_flip(self, held: dict[str, int], ours: dict[str, int], working: list[FakeOrder]) -> None:
        """Our working orders against a position can never take more than is held; nor, for long, more than is ours."""
        against: dict[str, int] = {}
        for order in working:
            if self._checks.is_exit(order.order_id):
                against[order.key] = against.get(order.key, 0) + order.left
        for key, quantity in against.items():
            most = abs(held.get(key, 0))
            seen = f"{key}: {quantity} leave, {most} are held"
            self._checks.soon(self._twice, key, key, quantity <= most, "never_two_that_flip", seen)
        for key in {*against, *self._beyond}:
            if key in self.foreign_at and key in ours and against.get(key, 0) > abs(ours[key]):
                seen = f"{key}: {against[key]} leave, {ours[key]} are ours"
                self._checks.within(self._beyond, key, TOLD_S, "never_more_than_ours", seen)
            else:
                self._beyond.pop(key, None)

    def _protected(self, held: dict[str, int], ours: dict[str, int], working: list[FakeOrder]) -> None:
        """Every share held is covered by an order of ours that works, or will be within the budget.

        Where a hand trades too, so is every one that is ours: the smaller of what our book has and what there is.
        """
        cover = dict.fromkeys((*held, *self._bare), 0)
        for order in working:
            if order.sign * held.get(order.key, 0) < 0:
                cover[order.key] += order.left
        for key in cover:
            there = held.get(key, 0)
            must = 0 if self._watched(key) else abs(there)
            if key in self.foreign_at:
                mine = ours.get(key, 0)
                must = min(must, abs(mine), abs(there)) if mine * there > 0 else 0
            if cover[key] < must and market_is_open(self._room.time.now, key):
                seen = key, there, "held", ours.get(key, 0), "ours", cover[key], "covered"
                self._checks.within(self._bare, key, BUDGET_S, "protected_within_budget", *seen)
            else:
                self._bare.pop(key, None)

    def _watched(self, key: str) -> bool:
        """Whether no stop can rest there and no price that is believed is at the one we watch, or a hand is called."""
        state = self._room.live.state if hasattr(self._room, "live") else engine.State()
        if any(
            name in (IN_VAIN, END_UNREAD) and about_of(state, order_id) == key for name, order_id in state.custody.told
        ):
            return True
        capability, position = state.custody.capability, state.book.position(key)
        if capability is None or capability.rests or position is None or position.stop is None:
            return False
        last = position.last or position.average_price
        return last > position.stop if position.side == rc.BUY else last < position.stop


def explained(state: engine.State, key: str) -> bool:
    """Whether entries of an instrument are stopped for what was seen, not by a hand or a limit: that may be why."""
    stopped = (latch for latch in state.book.latches if latch.key in ("", key))
    return any(not latch.name.startswith("operator_") and latch.name not in NO_REASON for latch in stopped)


def about_of(state: engine.State, order_id: str) -> str:
    """The instrument of an order of ours; "" where there is none of that name."""
    order = state.book.order(order_id)
    return "" if order is None else order.approved.instrument.key


def told_of(state: engine.State, key: str) -> bool:
    """Whether an alarm stands that is about an instrument, or about an order in it."""
    orders = {order.id for order in state.book.orders if order.approved.instrument.key == key}
    return any(subject == key or subject in orders for _, subject in state.custody.told)
