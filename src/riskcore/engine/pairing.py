"""Which row of the broker's order book is which of our orders that have no name there.

A row belongs to one order, and an order to one row. Nobody need know which of several that are alike in all that a row
shows is which: stops of one size at one level, slices of one entry. But no row is given away while another order may
claim it: one that differs, one whose answer is yet to come, one that was taken for filled while its row was not told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from riskcore.book import Book
from riskcore.broker_books import COMPLETE, BrokerBooks
from riskcore.orders import FILLED, INTENDED, ApprovedExit, Order
from riskcore.policy import Policy
from riskcore.reconcile import UNSEEN, Seen, candidates, nameless
from riskcore.signals import seconds
from riskcore.stale_reads import is_of_today


def named(book: Book, books: BrokerBooks, policy: Policy, seen: Seen = UNSEEN) -> tuple[tuple[str, str], ...]:
    """(our id, the broker's) of each order without a name that one row and no other fits, and whose row fits no other.

    Equal slices and equal stops are alike in everything that a row shows, so that any of their rows may be any of them:
    as many rows as there are orders, or fewer, are theirs in order. An exit to which an answer may still come is left
    to that answer, and so are those that are like it: the row may be either's. What was taken for filled while no row
    could be told has a row that traded, which is no other's.
    """
    filled = [one for one in book.orders if one.status == FILLED and not one.broker_id and is_of_today(one, book)]
    return _paired((*filled, *nameless(book)), book, books, policy, seen)


def _is_under_way(order: Order, books: BrokerBooks, policy: Policy) -> bool:
    """Whether an exit was sent so shortly before a read that its answer is yet to come.

    A hand that leaves at the same moment, or the broker's own square-off, has a row that is like it in everything.
    """
    leaves = not (order.is_entry or order.rests)
    return leaves and order.status == INTENDED and books.at - order.approved.at < seconds(policy.unknown_settle_s)


def late(
    book: Book, books: BrokerBooks, policy: Policy, lost: Iterable[str], seen: Seen = UNSEEN
) -> tuple[tuple[str, str], ...]:
    """The same of orders that were taken for lost: they are at the broker after all.

    Of what earlier reads showed it counts alone which rows are older than the order.
    """
    known, older = frozenset(lost), Seen(frozenset(), None, first=seen.first)
    return _paired([o for o in book.orders if o.id in known and not o.broker_id], book, books, policy, older)


def _paired(
    orders: Iterable[Order], book: Book, books: BrokerBooks, policy: Policy, seen: Seen
) -> tuple[tuple[str, str], ...]:
    orders = tuple(orders)
    fits = {order.id: candidates(order, book, books, policy, seen) for order in orders}
    fits |= {one.id: _traded(fits[one.id], books) for one in orders if one.status == FILLED}
    found: list[tuple[str, str]] = []
    for alike in _sharing(orders, fits):
        told = len({_fingerprint(order) for order in alike}) == 1
        if told and not any(_is_under_way(order, books, policy) for order in alike):
            found += _placed(alike, fits)
    return tuple(found)


def _traded(rows: Iterable[str], books: BrokerBooks) -> tuple[str, ...]:
    """Those of some rows that have ended with a trade."""
    ended = [row for row in books.orders or () if not row.working]
    traded = {row.id for row in ended if row.status == COMPLETE or books.trades_of(row.id)}
    return tuple(row for row in rows if row in traded)


def _sharing(orders: Iterable[Order], fits: Mapping[str, Collection[str]]) -> list[list[Order]]:
    """Orders that rows may be, those together to which one row fits."""
    groups: list[list[Order]] = []
    for order in orders:
        rows = set(fits[order.id])
        same = [group for group in groups if any(rows.intersection(fits[other.id]) for other in group)]
        groups = [group for group in groups if group not in same]
        if rows:
            groups.append([*(other for group in same for other in group), order])
    return groups


def _placed(orders: Sequence[Order], fits: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Each row given to an order that it fits; nothing where not every row is one of theirs."""
    taken: dict[str, str] = {}

    def finds_one(row: str, tried: set[str]) -> bool:
        for order in sorted(orders, key=lambda order: order.id in taken):
            if row in fits[order.id] and order.id not in tried:
                tried.add(order.id)
                if order.id not in taken or finds_one(taken[order.id], tried):
                    taken[order.id] = row
                    return True
        return False

    rows = dict.fromkeys(row for order in orders for row in fits[order.id])
    return [*taken.items()] if all(finds_one(row, set()) for row in rows) else []


def _fingerprint(order: Order) -> tuple[object, ...]:
    """What orders have in common of which nobody need know which is which: all that a row shows of exits and stops.

    Of entries the signal too, which is one moment: their stops differ. Slices of one have both in common.
    """
    approved = order.approved
    about = approved.instrument.key, approved.side, approved.quantity, approved.product, approved.limit
    if isinstance(approved, ApprovedExit):
        return (*about, approved.trigger, None)
    return (*about, None, approved.at)
