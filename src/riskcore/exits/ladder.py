"""How an exit that does not fill is pressed: further beyond the price step by step, and slower where it is refused.

All of it is worked out from the session's orders, so that a restart goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import Final

from riskcore.book import Book, Position
from riskcore.money import ZERO, percent_of
from riskcore.orders import ENDED, REJECTED, ApprovedExit, Order
from riskcore.policy import Policy

FIRST_PAUSE: Final = timedelta(seconds=1)
LONGEST_PAUSE: Final = timedelta(seconds=60)
HELD_AFTER: Final = 3
"""Refusals in a row after which a position counts as one that nothing can take off (locked at a circuit)."""


def tries(book: Book, position: Position) -> tuple[Order, ...]:
    """The exits of this position that the broker ended since any of its shares left, oldest first.

    Stops that rested are none, nor is what never got to the broker. The slices of one exit are one try; where one of
    them was refused, that one stands for it.
    """
    return tuple(order for order in _ended(book, position) if not order.never_arrived)


def unsent(book: Book, position: Position) -> int:
    """How many of the latest exits, in a row, ended before they got to the broker."""
    return _latest(_ended(book, position), lambda order: order.never_arrived)


def _ended(book: Book, position: Position) -> list[Order]:
    found: list[Order] = []
    held = position.id
    for order in book.orders:
        approved = order.approved
        if not isinstance(approved, ApprovedExit) or approved.position_id != held or order.rests:
            continue
        if position.opened_at is not None and approved.at < position.opened_at:
            continue
        if order.filled_quantity:
            found = []
        if order.status in ENDED and order.filled_quantity < approved.quantity:
            if not found or found[-1].approved.at != approved.at:
                found.append(order)
            else:
                found[-1] = max(found[-1], order, key=_tells)
    return found


def _tells(order: Order) -> int:
    """How much an ended slice tells of the market: refused more than taken back, and what never arrived nothing."""
    if order.never_arrived:
        return 0
    return 2 if order.status == REJECTED else 1


def refusals(book: Book, position: Position) -> int:
    """How many of the latest tries were refused, in a row."""
    return _latest(tries(book, position), lambda order: order.status == REJECTED)


def _latest(orders: Sequence[Order], wanted: Callable[[Order], bool]) -> int:
    """How many of the latest are so, in a row."""
    return sum(1 for _ in takewhile(wanted, reversed(orders)))


def pause(book: Book, position: Position, policy: Policy) -> timedelta:
    """How long after a failed try the next one waits: 1 s, and twice as long after each refusal, up to a minute.

    1 s as well once the price has left where it was refused by `exit_band_pct` of it: at a circuit it stands still, and
    moves when the band is set anew or sellers have been served. That is one try for each such move, and no loop.
    """
    refused = refusals(book, position)
    if not refused or _price_has_left(tries(book, position)[-1], position, policy):
        return FIRST_PAUSE
    doubled: int = 1 << min(refused - 1, 10)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def _price_has_left(refused: Order, position: Position, policy: Policy) -> bool:
    where = refused.approved.reference
    return position.last is not None and abs(position.last - where) >= percent_of(where, policy.exit_band_pct) > ZERO


def leaving_since(book: Book, position: Position, order: Order) -> datetime:
    """Since when exits of a position were tried, `order` the latest of them, without a share of it leaving."""
    return min(one.approved.at for one in (*_ended(book, position), order))


def band_pct(book: Book, position: Position, policy: Policy, *, further: int = 0) -> Decimal:
    """How far beyond the price the next exit may stand, in per cent of it; or the one so many steps `further`.

    `exit_band_pct` at first, twice as far after each try that did not fill, up to `exit_max_band_pct`. After a
    refusal it is nought: an order at the price itself lies inside any band of the exchange, and waits there for its
    turn.
    """
    known = tries(book, position)
    if known and known[-1].status == REJECTED:
        return ZERO
    return min(_doubled(len(known), policy, further), policy.exit_max_band_pct)


def at_last_step(book: Book, position: Position, policy: Policy) -> bool:
    """Whether the ladder has no further step."""
    return _doubled(len(tries(book, position)), policy) >= policy.exit_max_band_pct


def _doubled(known: int, policy: Policy, further: int = 0) -> Decimal:
    return policy.exit_band_pct * (1 << min(known + further, 20))
