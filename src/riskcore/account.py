"""What a broker's account holds of an instrument, and how much of that is not ours."""

from __future__ import annotations

from datetime import date

from riskcore.book import Book, Position
from riskcore.broker_books import BrokerBooks
from riskcore.positions import DELIVERY
from riskcore.stale_reads import INTRADAY


def shares_held(book: Book, key: str, product: str) -> int:
    """The signed shares that we hold of an instrument in a product."""
    held = book.position(key)
    return held.signed if held is not None and held.product == product else 0


def shares_there(book: Book, books: BrokerBooks, key: str, product: str) -> int | None:
    """The signed shares that the broker has of an instrument in a product; None where that could not be read."""
    held = book.position(key)
    if books.positions is None or (product == DELIVERY and held is not None and books.holdings is None):
        return None
    if held is not None and held.product == product:
        return held_there(held, books, book.session)
    return sum(row.quantity for row in books.positions if (row.key, row.product) == (key, product))


def there_but_for(book: Book, books: BrokerBooks, key: str, product: str, beside: int) -> int | None:
    """`shares_there` without so many of the signed shares beside ours: those that an operator accepted."""
    seen = shares_there(book, books, key, product)
    if seen is None or not beside:
        return seen
    return shares_held(book, key, product) + shares_beside(book, books, key) - beside


def their_positions(book: Book, books: BrokerBooks) -> dict[str, int]:
    """Signed shares of each instrument that they hold or we do; of one of ours, those of our product: `held_there`."""
    ours = {p.instrument.key: held_there(p, books, book.session) for p in book.positions}
    others = dict.fromkeys(row.key for row in books.positions or () if row.key not in ours)
    return {key: shares_beside(book, books, key) for key in others} | ours


def shares_beside(book: Book, books: BrokerBooks, key: str) -> int:
    """The signed shares of an instrument that an account has beside ours, in whatever product.

    Products are not netted: where those of an instrument make nought, the first of them stands for it, intraday before
    all, for a stop of shares that were moved to delivery sells intraday ones.
    """
    held = book.position(key)
    found = [
        (row.product, row.quantity + books.sold_from_holdings(row))
        for row in books.positions or ()
        if row.key == key and (held is None or row.product != held.product)
    ]
    if held is not None:
        found.append((held.product, held_there(held, books, book.session) - held.signed))
    shares = [quantity for _, quantity in sorted(found, key=lambda one: one[0] != INTRADAY) if quantity]
    return sum(shares) or (shares[0] if shares else 0)


def held_there(position: Position, books: BrokerBooks, session: date | None) -> int:
    """The signed shares that the broker has of a position of ours: its rows of our product, and for CNC the holdings.

    A position that was carried over a night is compared with all that is held: more is a bonus, a split, or the
    owner's own. Of one of today the holdings count only as far as they explain what the position book lacks (shares of
    an earlier day that were sold and bought again stand there).
    """
    key, product = position.instrument.key, position.product
    shown = sum(row.quantity for row in books.positions or () if (row.key, row.product) == (key, product))
    if product != DELIVERY:
        return shown
    total = shown + books.in_demat(key)
    return total if was_carried(position, session) else min(total, max(shown, position.signed))


def was_carried(position: Position, session: date | None) -> bool:
    """Whether a position was opened before a session."""
    return position.opened_at is not None and session is not None and position.opened_at.date() < session
