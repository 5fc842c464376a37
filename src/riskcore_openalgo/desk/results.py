"""What a desk gives back: a look, and what became of an order, of an exit, of a watch. All frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Context, Decimal, localcontext
from typing import Final

from attrs import field, frozen

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.runner.stopping import rests_for

PARTLY_FILLED: Final = "partly_filled"
ENDED_UNFILLED: Final = ("cancelled", "rejected")
AFTERWARDS: Final = {
    "unknown": "nobody knows whether the broker took it; it is never sent again. Look again: `desk.book()` settles it",
    "awaiting_approval": "it waits in OpenAlgo's Action Center; whoever approves it there, let the script look again",
    "working": "it still works at the broker; look again: `desk.book()`",
    "intended": "it is on record and was not answered for; look again: `desk.book()` settles it",
}
"""What a person must know of an order that has not ended."""


@frozen(kw_only=True)
class Look:
    """What was seen for one signal: the account's `state` (brought up to date with the broker) and the market.

    `head` is the journal's at that moment, by which a decision is known to be stale. `unread` names what could not be
    read, each with why; decisions refuse by what is missing.
    """

    signal: rc.Signal
    at: datetime
    market: rc.Market
    policy: rc.Policy = field(repr=False)
    state: engine.State = field(repr=False)
    head: str = field(repr=False)
    unread: tuple[str, ...] = ()

    @property
    def book(self) -> rc.Book:
        """The account's book."""
        return self.state.book


@frozen(kw_only=True)
class Sent:
    """What became of an approved order: of all its slices together, where it is above the freeze quantity.

    `status` is `filled`, `partly_filled` (the rest was cancelled), `cancelled` or `rejected` (nothing filled), or, not
    ended yet, `working`, `awaiting_approval`, `unknown`. `average_price` is in rupees a share, None where nothing
    filled. `order_id` is that of the first order, `broker_id` names every one. `held` is how many shares of the
    instrument are held now, `stop` and `target` the position's levels, and `stop_rests` whether a stop for all of them
    rests at the broker. `note` is what the broker, or whoever stood before it, said last.
    """

    order_id: str
    broker_id: str
    key: str
    side: str
    status: str
    quantity: int
    filled_quantity: int
    average_price: Decimal | None
    held: int
    stop: Decimal | None
    target: Decimal | None
    stop_rests: bool
    note: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more can fill."""
        return self.status not in AFTERWARDS

    def explain(self) -> str:
        """The result as ASCII text."""
        filled = f"{self.filled_quantity} of {self.quantity} filled"
        price = "" if self.average_price is None else f" at Rs {self.average_price:.2f}"
        lines = [f"{self.status.upper()} {self.side} {self.key}: {filled}{price} ({self.broker_id or 'no broker id'})"]
        if self.held:
            where = "rests at the broker" if self.stop_rests else "DOES NOT REST AT THE BROKER"
            lines.append(f"  stop    {'none' if self.stop is None else f'Rs {self.stop:.2f}'}, {where}")
            lines.append(f"  target  {'none' if self.target is None else f'Rs {self.target:.2f}'}, watched")
        if self.note:
            lines.append(f"  note    {self.note}")
        if not self.ended:
            lines.append(f"  next    {AFTERWARDS[self.status]}")
        return "\n".join(lines).encode("ascii", "replace").decode("ascii")


@frozen(kw_only=True)
class Left:
    """What became of a position that was to be left: how many shares were held, how many still are.

    `average_price` is what the shares that left brought, in rupees a share; None where none did.
    """

    key: str
    quantity: int
    still_held: int
    average_price: Decimal | None
    note: str = ""

    @property
    def closed(self) -> bool:
        """Whether all of it has left."""
        return self.still_held == 0

    def explain(self) -> str:
        """The result as ASCII text."""
        gone = self.quantity - self.still_held
        price = "" if self.average_price is None else f" at Rs {self.average_price:.2f}"
        lines = [f"{'CLOSED' if self.closed else 'STILL HELD'} {self.key}: {gone} of {self.quantity} left{price}"]
        if self.note:
            lines.append(f"  note    {self.note}")
        return "\n".join(lines).encode("ascii", "replace").decode("ascii")


@frozen(kw_only=True)
class Watched:
    """How a watch ended: `why` is `closed` (nothing is held or on its way), `until`, or `interrupted` (Ctrl-C).

    `trades` are the positions that were closed meanwhile, `open` says what is held or on its way, a line each.
    """

    why: str
    trades: tuple[events.PositionClosed, ...] = ()
    open: tuple[str, ...] = ()

    def explain(self) -> str:
        """How it ended as ASCII text: each trade, and what is open."""
        lines = [f"WATCH ENDED: {self.why}"]
        for trade in self.trades:
            about = f"{trade.side} {trade.quantity} {trade.key} left at Rs {trade.exit_price:.2f} ({trade.reason})"
            lines.append(f"  closed  {about}, net Rs {rc.grouped(trade.net)}")
        lines += [f"  {line}" for line in self.open]
        return "\n".join(lines).encode("ascii", "replace").decode("ascii")


def orders_of(book: rc.Book, signal_id: str) -> tuple[rc.Order, ...]:
    """The orders of an entry: several where it is above the freeze quantity."""
    return tuple(
        [
            order
            for order in book.orders
            if isinstance(order.approved, rc.ApprovedEntry) and order.approved.signal_id == signal_id
        ]
    )


def sent_of(state: engine.State, orders: Sequence[rc.Order], note: str) -> Sent:
    """The result of an entry of ours, all its orders together, by the state."""
    approved, position = orders[0].approved, state.book.position(orders[0].approved.instrument.key)
    filled = sum(order.filled_quantity for order in orders)
    with localcontext(Context(prec=28)):
        worth = sum((order.filled_value for order in orders), Decimal(0))
    return Sent(
        order_id=orders[0].id,
        broker_id=", ".join(order.broker_id for order in orders if order.broker_id),
        key=approved.instrument.key,
        side=approved.side,
        status=_status(orders),
        quantity=sum(order.approved.quantity for order in orders),
        filled_quantity=filled,
        average_price=each(worth, filled),
        held=0 if position is None else position.quantity,
        stop=None if position is None else position.stop,
        target=None if position is None else position.target,
        stop_rests=position is not None and rests_for(state.book, position),
        note=note,
    )


def _status(orders: Sequence[rc.Order]) -> str:
    """The status of all of it: what has not ended stands before what has."""
    found = {order.status for order in orders}
    if any(order.live for order in orders):
        return next(status for status in AFTERWARDS if status in found)
    filled = any(order.filled_quantity for order in orders)
    if found & set(ENDED_UNFILLED):
        return PARTLY_FILLED if filled else next(status for status in ENDED_UNFILLED if status in found)
    return orders[0].status


def left_of(state: engine.State, held: rc.Position, facts: Iterable[events.Fact], note: str) -> Left:
    """The result of leaving a position, by the state and by what filled meanwhile."""
    key = held.instrument.key
    fills = [fact for fact in facts if isinstance(fact, events.Filled) and fact.key == key and fact.side != held.side]
    now = state.book.position(key)
    with localcontext(Context(prec=28)):
        worth = sum((fill.value for fill in fills), Decimal(0))
    return Left(
        key=key,
        quantity=held.quantity,
        still_held=0 if now is None else now.quantity,
        average_price=each(worth, sum(fill.quantity for fill in fills)),
        note=note,
    )


def each(worth: Decimal, quantity: int) -> Decimal | None:
    """Rupees a share; None of nothing."""
    if not quantity:
        return None
    with localcontext(Context(prec=28)):
        return worth / quantity
