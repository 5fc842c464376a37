"""How a book follows the broker's: an order's name there, its revisions, fills told better, shares that came or went.

Each takes a book and returns the next one; or tells which trades are no order's of ours, and what they took off. No
rule is asked: what is to be corrected was decided when the fact was made.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import attrs

from riskcore.book import KEPT_OUTCOMES, Book
from riskcore.broker_books import BrokerBooks, BrokerTrade, summed
from riskcore.money import ZERO, exact
from riskcore.orders import DOUBLE_FILL, ApprovedExit, Order, Revision
from riskcore.outcomes import Outcome
from riskcore.positions import Position, outcome_of
from riskcore.signals import sign

ELSEWHERE = "closed_elsewhere"


def acknowledged(book: Book, order_id: str, broker_id: str) -> Book:
    """The book with the broker's name for one of its orders."""
    return _changed(book, order_id, broker_id=broker_id)


def revising(book: Book, order_id: str, revision: Revision) -> Book:
    """The book with a resting order that was asked to become another."""
    return _changed(book, order_id, revision=revision)


def revised(book: Book, order_id: str, *, taken: bool) -> Book:
    """The book with a revision settled."""
    order = book.order(order_id)
    return book if order is None else book.with_order(order.revised(taken=taken))


@exact
def revalued(book: Book, order_id: str, value: Decimal, charges: Decimal) -> Book:
    """The book where an order's fills were worth `value` rupees more than was booked, and cost `charges` more.

    The difference is in the average price of what the order opened while all of it is held, and in the realised result
    otherwise: of the position that it belongs to, or of a trade that is finished (`corrected`).
    """
    order = book.order(order_id)
    if order is None:
        return book
    better = attrs.evolve(order, filled_value=order.filled_value + value)
    after = book.with_order(better, charges=book.charges + charges)
    held = belongs_to(order, book)
    if held is not None and order.is_entry and held.exit_value == 0:
        average = (held.value + value) / held.quantity
        return after.with_position(held, attrs.evolve(held, average_price=average, charges=held.charges + charges))
    result = -sign(order.approved.side) * value
    after = attrs.evolve(after, realised=after.realised + result)
    if held is None:
        return after
    better_known = attrs.evolve(
        held,
        realised=held.realised + result,
        exit_value=held.exit_value + (ZERO if order.is_entry else value),
        charges=held.charges + charges,
    )
    return after.with_position(held, better_known)


def belongs_to(order: Order, book: Book) -> Position | None:
    """The open position that an order opened, added to or takes off; None where its trade is finished.

    An entry belongs to what is held on its side, unless it was sent before the one that opened it.
    """
    approved, held = order.approved, book.position(order.approved.instrument.key)
    if held is None:
        return None
    if isinstance(approved, ApprovedExit):
        return held if held.side != approved.side and held.id == approved.position_id else None
    if held.side != approved.side or held.strategy == DOUBLE_FILL:
        return None
    opening = book.order(held.signal_id)
    since = held.opened_at if opening is None else opening.approved.at
    return held if since is None or approved.at >= since else None


def finished_trade_of(order: Order, book: Book) -> str:
    """The signal of the finished trade that an order was part of: the latest of its own, else of its instrument."""
    approved = order.approved
    name = approved.position_id if isinstance(approved, ApprovedExit) else approved.signal_id
    done = [o.signal_id for o in book.outcomes if o.key == approved.instrument.key]
    return name if name in done or not done else done[-1]


@exact
def corrected(book: Book, signal_id: str, key: str, *, gross: Decimal, charges: Decimal) -> Book:
    """The book where a finished trade brought `gross` rupees more, and cost `charges` more; R follows its result.

    Of a trade that had brought nothing the risk cannot be told from its R of 0: it is None from then on.
    """
    places = [n for n, done in enumerate(book.outcomes) if (done.key, done.signal_id) == (key, signal_id)]
    if not places:
        return book
    done = book.outcomes[places[-1]]
    net = done.net + gross - charges
    r = done.r_multiple * net / done.net if done.r_multiple is not None and done.net else None
    better = attrs.evolve(done, gross=done.gross + gross, charges=done.charges + charges, r_multiple=r)
    outcomes = tuple(better if known is done else known for known in book.outcomes)
    return attrs.evolve(book, outcomes=outcomes, version=book.version + 1)


@exact
def overfilled(book: Book, order_id: str, position: Position, value: Decimal, charges: Decimal | None) -> Book:
    """The book after an exit that traded more than was held: the rest is a position the other way."""
    order = book.order(order_id)
    if order is None:
        return book
    filled = order.filled_quantity + position.quantity
    booked = book.with_order(order.advance(order.status, filled, order.filled_value + value))
    held = booked.position(position.instrument.key)
    grown = position if held is None else _joined(held, position)
    others = tuple(p for p in booked.positions if p is not held)
    return attrs.evolve(booked, positions=(*others, grown), charges=booked.charges + (charges or ZERO))


@exact
def adjusted(
    book: Book, key: str, position: Position | None, *, realised: Decimal, charges: Decimal, outcome: Outcome | None
) -> Book:
    """The book where shares came or went without an order of ours; `outcome` is the trade that ended by it."""
    held = book.position(key)
    others = tuple(p for p in book.positions if p is not held)
    after = attrs.evolve(
        book,
        positions=others if position is None else (*others, position),
        realised=book.realised + realised,
        charges=book.charges + charges,
        outcomes=book.outcomes if outcome is None else (*book.outcomes, outcome)[-KEPT_OUTCOMES:],
        version=book.version + 1,
    )
    return after.peaked()


def outcome_elsewhere(
    held: Position, *, realised: Decimal, charges: Decimal, book: Book, at: datetime, reason: str = ELSEWHERE
) -> Outcome:
    """The finished trade of a position that was closed without us."""
    gross, cost = held.realised + realised, held.charges + charges
    return outcome_of(held, reason, at, gross, cost, book.session or at.date())


def flipped(order: Order, quantity: int, price: Decimal, at: datetime, charges: Decimal) -> Position:
    """The position that the shares sold beyond what was held make: the exit's side, without a stop."""
    approved = order.approved
    return Position(
        instrument=approved.instrument,
        side=approved.side,
        quantity=quantity,
        average_price=price,
        product=approved.product,
        last=price,
        opened_quantity=quantity,
        opened_at=at,
        strategy=DOUBLE_FILL,
        signal_id=f"{order.id}:over",
        charges=charges,
    )


def foreign_trades(book: Book, books: BrokerBooks, key: str) -> tuple[BrokerTrade, ...]:
    """Trades of an instrument in the snapshot that are no order's of ours."""
    ours = book.broker_ids()
    return tuple(trade for trade in books.trades or () if trade.key == key and trade.order_id not in ours)


@exact
def traded_elsewhere(book: Book, books: BrokerBooks, key: str) -> bool:
    """Whether trades that are not ours explain that the position is gone."""
    held = book.position(key)
    if held is None:
        return False
    return summed(_taking_off(held, book, books))[0] >= held.quantity


@exact
def price_elsewhere(held: Position, book: Book, books: BrokerBooks) -> Decimal:
    """What shares that left without us brought each: the average of foreign trades that could take them off.

    The last price seen, else the average entry, where the trade book tells of none.
    """
    quantity, value = summed(_taking_off(held, book, books))
    return value / quantity if quantity else held.last or held.average_price


def _taking_off(held: Position, book: Book, books: BrokerBooks) -> tuple[BrokerTrade, ...]:
    """The foreign trades that could take a position off."""
    return tuple(trade for trade in foreign_trades(book, books, held.instrument.key) if trade.side != held.side)


def _joined(held: Position, more: Position) -> Position:
    total = held.quantity + more.quantity
    average = (held.value + more.value) / total
    opened = held.opened_quantity + more.quantity
    charges = held.charges + more.charges
    return attrs.evolve(held, quantity=total, average_price=average, opened_quantity=opened, charges=charges)


def _changed(book: Book, order_id: str, **changes: Any) -> Book:
    order = book.order(order_id)
    return book if order is None else book.with_order(attrs.evolve(order, **changes))
