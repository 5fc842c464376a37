"""What explains that the broker's balance is not what our session opened with: a list of lines, and what is left over.

What an operator declares counts in full. What our own trades may have done to the balance counts as far as it is
needed: brokers differ in when they book it, so each of these takes from the difference what lies between nothing and
its amount.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from riskcore.book import Book
from riskcore.custody import Explained
from riskcore.money import ZERO, exact, part_of
from riskcore.orders import Order
from riskcore.positions import DELIVERY, Position
from riskcore.signals import SELL, sign

MOVED: Final = "moved"
REALISED: Final = "realised"
CHARGES: Final = "charges"
PREMIUM: Final = "premium"
SETTLEMENT: Final = "settlement"
UNREALISED: Final = "unrealised"
DELIVERED: Final = "delivered"
SETTLED: Final = "settled"
LINES: Final = (MOVED, DELIVERED, SETTLED, REALISED, CHARGES, PREMIUM, SETTLEMENT, UNREALISED)
"""Paid in or out, as declared; shares for delivery that were carried into the day, which are paid for and no balance
any more; the result of futures that were carried into it, which were settled at the close; our result of today
before charges, where the broker tells nothing of it as realised: its balance may have it all the same; charges of
the day, which a broker may book at once or by its contract note; premium of options that are held or were carried
into the day, which may be neither spendable nor margin; shares for delivery sold today, whose money may come later;
the result of what is open, which may be credited before it is realised."""


@exact
def explained(difference: Decimal, book: Book, moved: Iterable[Explained], realised: Decimal) -> tuple[Explained, ...]:
    """The lines that explain a difference (broker's balance less ours, rupees), in the order of `LINES`.

    `realised` is what the broker tells of today's result, which is taken off its balance already; some tell none ever.
    unexplained = difference - sum of the lines. A line of nothing is left out.
    """
    lines = list(moved)
    left = difference - sum((line.amount for line in lines), ZERO)
    for what, amount in _possible(book, ZERO if realised else book.realised):
        part = part_of(left, amount)
        if part:
            lines.append(Explained(what, part))
            left -= part
    return tuple(lines)


def _possible(book: Book, untold: Decimal) -> Iterator[tuple[str, Decimal]]:
    yield DELIVERED, -book.overnight.delivered
    yield SETTLED, book.overnight.settled
    yield REALISED, untold
    yield CHARGES, -book.charges
    options = (held for held in book.positions if held.instrument.right is not None and _opened_today(held, book))
    todays = sum((sign(held.side) * held.value for held in options), ZERO)
    yield PREMIUM, -(book.overnight.premium + todays)
    yield SETTLEMENT, -sum((order.filled_value for order in book.orders if _is_delivery_sold(order)), ZERO)
    yield UNREALISED, book.unrealised


def _opened_today(held: Position, book: Book) -> bool:
    return held.opened_at is not None and held.opened_at.date() == book.session


def _is_delivery_sold(order: Order) -> bool:
    return not order.is_entry and order.approved.side == SELL and order.approved.product == DELIVERY
