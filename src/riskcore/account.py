"""What a broker's account holds of an instrument, and how much of that is not ours."""

from __future__ import annotations

from riskcore.book import Book
from riskcore.broker_books import BrokerBooks
from riskcore.custody import FOREIGN, MORE, Custody, Mismatch
from riskcore.orders import Order
from riskcore.policy import Policy
from riskcore.policy.custody import ADOPT
from riskcore.positions import CARRIED, DELIVERY, Position
from riskcore.signals import sign
from riskcore.stale_reads import INTRADAY, held_there, is_of_today, tells_every_trade, was_carried
from riskcore.table_rows import Capability


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


def is_of_the_day_alone(book: Book, key: str, capability: Capability | None) -> bool:
    """Whether a contract was carried into a day, and the positions of its broker show what that day traded alone.

    Of one that is held no more whether orders of ours moved any of it today: what left stands there as its contrary.
    """
    held = book.position(key)
    if capability is None or capability.carries or book.session is None:
        return False
    if held is None:
        return moved_today(book, key) != 0
    expired = held.instrument.has_expired(book.session)
    return held.product == CARRIED and was_carried(held, book.session) and not expired


def moved_today(book: Book, key: str) -> int:
    """The signed shares of a contract, in the product that is carried, that orders of ours have moved in a session."""
    today = [one for one in book.orders if one.approved.instrument.key == key and is_of_today(one, book)]
    return sum(sign(one.approved.side) * one.filled_quantity for one in today if one.approved.product == CARRIED)


def is_what_left(book: Book, books: BrokerBooks, key: str) -> bool:
    """Whether a read shows of a contract just what our orders have moved today, and no trade of anybody else's."""
    ours, shown = book.broker_ids(), sum(row.quantity for row in books.positions or () if row.key == key)
    others = any(trade.key == key and trade.order_id not in ours for trade in books.trades or ())
    return books.trades is not None and not others and shown == moved_today(book, key)


def surplus_of(book: Book, custody: Custody, policy: Policy, key: str) -> Mismatch | None:
    """Shares that came without us and stay beside ours, as the last read showed them that told of the instrument.

    None where there are none, where that was not believed yet, or where our book has taken them in.
    """
    if policy.manual_trades == ADOPT:
        return None
    held, found = book.position(key), [m for m in custody.mismatches if m.key == key and m.kind in (MORE, FOREIGN)]
    believed = (m for m in found if m.times >= policy.differing_reads)
    return next((m for m in believed if m.theirs != (0 if held is None else held.signed)), None)


def moved_by(book: Book, books: BrokerBooks, custody: Custody, policy: Policy, key: str, product: str) -> int | None:
    """By how many signed shares the broker's position is other than ours and what is beside it; None: not read.

    Beside are those that an operator accepted as not ours, and those of `surplus_of`. More of a position of ours are
    of its product, and what stood there without one is of any. Of what was carried the positions of a day may show
    what we moved in it alone (`is_of_the_day_alone`).
    """
    held, ours, known = shares_held(book, key, product), book.position(key), surplus_of(book, custody, policy, key)
    if ours is not None and ours.product == product and is_of_the_day_alone(book, key, custody.capability):
        shown = _to_be_shown(book, books, ours)
        if shown is None:
            return None
        held = shown
    if known is not None and known.kind == MORE and (ours is None or ours.product == product):
        there = shares_there(book, books, key, product)
        return None if there is None else there - held - known.surplus
    there = there_but_for(book, books, key, product, custody.beside_of(key) if known is None else known.surplus)
    return None if there is None else there - held


def _to_be_shown(book: Book, books: BrokerBooks, held: Position) -> int | None:
    """What positions are to show of a contract that was carried: what we moved today, or all that we hold.

    The trades of the read tell which: they make what is there, or that less what we carried. None where neither.
    """
    place, there = (held.instrument.key, held.product), held_there(held, books, book.session)
    if books.trades is None or books.positions is None:
        return None
    made = sum(sign(one.side) * one.quantity for one in books.trades if (one.key, one.product) == place)
    if there == made:
        return moved_today(book, held.instrument.key)
    return held.signed if there - made == _carried(book, *place) else None


def surely_moved(
    book: Book, books: BrokerBooks, custody: Custody, policy: Policy, key: str, product: str
) -> int | None:
    """The same, and 0 where shares beside ours that nobody accepted may have gone since, and no share of ours moved."""
    moved = moved_by(book, books, custody, policy, key, product)
    there = shares_there(book, books, key, product)
    if moved is None or there is None or surplus_of(book, custody, policy, key) is None:
        return moved
    return moved if moved * (there - shares_held(book, key, product)) > 0 else 0


def _carried(book: Book, key: str, product: str) -> int:
    """The signed shares of ours that a position book shows from before the session; the demat account has the rest."""
    held = book.position(key)
    if held is None or held.product != product or product == DELIVERY or not was_carried(held, book.session):
        return 0
    place, today = (key, product), [order for order in book.orders if is_of_today(order, book)]
    ours = [order for order in today if (order.approved.instrument.key, order.approved.product) == place]
    return held.signed - sum(sign(order.approved.side) * order.filled_quantity for order in ours)


def is_unmoved(order: Order, book: Book, books: BrokerBooks, custody: Custody, policy: Policy) -> bool:
    """Whether the broker's position of an order's instrument is what we hold: nothing filled unseen.

    Beside shares that are known not to be ours it is these and what we hold. There may be others where each trade of
    the session is told, and of what was carried for delivery there may be more (a bonus, the owner's own) where nothing
    of the instrument has traded in it.
    """
    key, product = order.approved.instrument.key, order.approved.product
    moved = surely_moved(book, books, custody, policy, key, product)
    if not moved:
        return moved is not None
    if tells_every_trade(book, books, key, product, _carried(book, key, product)):
        return True
    traded = {row.key for row in books.positions or ()} | {trade.key for trade in books.trades or ()}
    return product == DELIVERY and shares_held(book, key, product) > 0 and moved > 0 and key not in traded


def may_have_filled(order: Order, book: Book, books: BrokerBooks, custody: Custody, policy: Policy) -> bool:
    """Whether the broker's position may have moved as an order would move it; where that is not read, it may have.

    Delivery tells nothing: what was bought yesterday may be shown nowhere, and more than is there cannot be sold. Nor
    do positions of a day alone tell what an order of an earlier one took off what is carried, unless they show it all.
    """
    approved = order.approved
    key, product = approved.instrument.key, approved.product
    if product == DELIVERY:
        return False
    if is_of_the_day_alone(book, key, custody.capability) and not is_of_today(order, book):
        return shares_there(book, books, key, product) != shares_held(book, key, product)
    moved = surely_moved(book, books, custody, policy, key, product)
    return moved is None or moved * sign(approved.side) > 0
