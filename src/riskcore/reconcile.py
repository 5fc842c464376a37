"""Our book held against the broker's: which rows an order may be, what each order filled, what differs.

Nothing is concluded from silence alone. An order of unknown outcome is named by its fingerprint, and only where one row
and no other fits it; its absence counts only in a read that shows another order known before; an empty book proves
nothing at a broker that answers errors with nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import attrs
from attrs import frozen

from riskcore.account import (
    is_of_the_day_alone,
    is_what_left,
    shares_beside,
    shares_held,
    surely_moved,
    their_positions,
)
from riskcore.book import Book
from riskcore.broker_books import COMPLETE, ORDERS, TRADES, BrokerBooks, BrokerOrder, UnreadRow, bare_id
from riskcore.clocks import SAME, clocks_apart
from riskcore.corrections import traded_elsewhere
from riskcore.custody import FOREIGN, GONE, LESS, MORE, OPPOSITE, SUSPECT, UNNAMED, Custody, Mismatch
from riskcore.orders import FILLED, REJECTED, ApprovedExit, Order
from riskcore.plain_rows import as_meant
from riskcore.policy import Policy
from riskcore.positions import DELIVERY
from riskcore.signals import seconds, sign
from riskcore.stale_reads import INTRADAY, is_of_today, is_stale, lacks_a_half, made_otherwise, was_carried
from riskcore.table_rows import Capability
from riskcore.trade_rows import traded

# ---------------------------------------------------------------- orders of unknown outcome


def nameless(book: Book) -> tuple[Order, ...]:
    """Orders that may be at the broker under a name we do not know."""
    return tuple(order for order in book.live_orders() if not order.broker_id)


def adrift(book: Book, books: BrokerBooks) -> tuple[Order, ...]:
    """Orders that may have filled, and no row of a read tells it: `nameless`, of an earlier session, unread entries."""
    return tuple(
        order
        for order in book.live_orders()
        if not order.broker_id
        or (order.is_entry and books.tell_no_fills)
        or not (is_of_today(order, book) or books.order(order.broker_id) is not None)
    )


@frozen
class Seen:
    """The rows that earlier reads showed and that are not ours, and since when in the day every read told of its rows.

    A row that none of them showed came after them, whatever the broker's clock says of it. `drift_s` is how far our
    clock was last measured ahead of the server's. `alike` are (order, row) that an earlier read found to be so.
    `first` is when each of the rows was first seen.
    """

    rows: frozenset[str]
    since: datetime | None
    drift_s: Decimal | None = None
    alike: frozenset[tuple[str, str]] = frozenset()
    first: tuple[tuple[datetime, frozenset[str]], ...] = ()

    def proves_older(self, row: BrokerOrder, order: Order) -> bool:
        """Whether a row stood in the book before the order was approved: somebody else's, however alike."""
        return any(row.id in ids for when, ids in self.first if when < order.approved.at)

    def proves_new(self, row: BrokerOrder, order: Order, books: BrokerBooks, policy: Policy) -> bool:
        """Whether a row came into the book since the order was approved, by at most `unknown_match_s`."""
        at = order.approved.at
        read_before = self.since is not None and self.since.date() == at.date() and self.since <= at
        new = read_before and row.id not in self.rows and books.at - at <= seconds(policy.unknown_match_s)
        return new or (order.id, row.id) in self.alike


UNSEEN: Final = Seen(frozenset(), None)
LACKS_OURS: Final = "it came empty, or a half of it, and there are rows of today that it must have"


def without_doubt(books: BrokerBooks, book: Book, custody: Custody) -> BrokerBooks:
    """The same books as they are meant; of orders and trades none with a row that could not be read and may be ours.

    Nor one that came empty and cannot be. Rows of the trade book that show the quantity of their order become trades
    before, as far as that can be told. A row is not ours where no order of ours has its id, and each that has no name
    there came after it: any other program of the owner's may leave such a row for the whole day. What traded must be
    of an instrument, too, of which we have nothing: trades of others tell what became of ours.
    """
    capability = custody.capability
    books = _answered_with_nothing(as_meant(books, book, capability), book, capability)
    books = traded(books, book, capability)
    waiting = [o for o in book.orders if not o.broker_id and (o.live or o.status == FILLED or o.id in custody.lost)]
    ours = [order.broker_id for order in book.orders if order.broker_id]
    touched = {order.approved.instrument.key for order in book.orders} | {
        held.instrument.key for held in book.positions
    }
    touched |= {latch.key for latch in book.latches}
    touched |= {known.key for known in custody.mismatches} | {known.key for known in custody.beside}

    def may_be_ours(row: UnreadRow) -> bool:
        since = next((when for when, ids in custody.first_seen if row.id in ids), None)
        unnamed = any(since is None or since >= order.approved.at for order in waiting)
        beside = row.book == TRADES and row.key in touched | {""}
        return unnamed or beside or any(bare_id(row.id) == bare_id(one) for one in ours)

    doubted = {row.book: row.why for row in reversed(books.unread_rows) if may_be_ours(row)}
    if not doubted:
        return books
    left = tuple(row for row in books.unread_rows if row.book not in doubted)
    return _as_unread(books, doubted, left)


def _as_unread(books: BrokerBooks, why: Mapping[str, str], rows: tuple[UnreadRow, ...]) -> BrokerBooks:
    """The same, as if some of them could not be read; `rows` could not, of those that could."""
    none: dict[str, Any] = dict.fromkeys(why)
    return attrs.evolve(books, unread=(*books.unread, *why.items()), unread_rows=rows, **none)


def _answered_with_nothing(books: BrokerBooks, book: Book, capability: Capability | None) -> BrokerBooks:
    """The same; of a broker that may answer an error with nothing, an empty book that lacks ours is one of these.

    Where the positions show all that we hold: else all of it may be no read, and what lacks ours tells so.
    """
    shown = {row.key for row in books.positions or ()}
    held = {position.instrument.key for position in book.positions}
    if capability is None or capability.empty_proves or not shown or held - shown:
        return books
    named = [order for order in book.orders if order.broker_id and is_of_today(order, book)]
    traded_some = any(row.status == COMPLETE for row in books.orders or ()) or any(o.filled_quantity for o in named)
    no_orders = books.orders == () or (capability.in_halves and lacks_a_half(book, books))
    lacks = {ORDERS: named and no_orders, TRADES: traded_some and books.trades == ()}
    empty = {name: LACKS_OURS for name, lacking in lacks.items() if lacking}
    return _as_unread(books, empty, books.unread_rows)


def fingerprint_fits(
    order: Order, row: BrokerOrder, policy: Policy, *, is_new: bool = False, apart: Iterable[timedelta] = (SAME,)
) -> bool:
    """Whether a row may be the order: symbol, side, quantity, product, price, trigger and time agree.

    The row's time may lie `unknown_match_s` from ours on either side, by one of the differences in `apart` between the
    two clocks; a row without one, or one that is proven new, is judged by the rest. So is one that names no symbol.
    """
    approved = order.approved
    if row.key not in ("", approved.instrument.key):
        return False
    if (row.side, row.quantity, row.product) != (approved.side, approved.quantity, approved.product):
        return False
    if row.price is not None and row.price != approved.limit:
        return False
    if row.price is None and row.average_price is not None:
        beyond = sign(approved.side) * (row.average_price - approved.limit)
        if beyond > 0:  # no row tells the limit, and ours would not have let it trade there
            return False
    trigger = approved.trigger if isinstance(approved, ApprovedExit) else None
    if row.trigger is not None and row.trigger != trigger:
        return False
    if is_new or row.placed_at is None:
        return True
    off = row.placed_at - approved.at
    return any(abs(off - ahead) <= seconds(policy.unknown_match_s) for ahead in apart)


def candidates(order: Order, book: Book, books: BrokerBooks, policy: Policy, seen: Seen = UNSEEN) -> tuple[str, ...]:
    """The rows of the read that may be the order: with any, it is not absent, though it may not be named.

    Where none is as we ordered it, an entry may be a row for more at the very limit: somebody made it larger. A row
    that another order of ours fits as it was ordered is none of these: slices of one entry differ in size alone.
    """
    found = _as_ordered(order, books.orders or (), book, books, policy, seen)
    if found or not order.is_entry:
        return found
    most, limit = order.approved.quantity, order.approved.limit
    larger = [row for row in books.orders or () if row.quantity > most and row.price == limit]
    others = [one for one in book.orders if one.is_entry and not one.broker_id and one.status != REJECTED]
    theirs = {row for one in others for row in _as_ordered(one, larger, book, books, policy, seen)}
    smaller = [attrs.evolve(row, quantity=most) for row in larger if row.id not in theirs]
    return _as_ordered(order, smaller, book, books, policy, seen)


def _as_ordered(
    order: Order, rows: Iterable[BrokerOrder], book: Book, books: BrokerBooks, policy: Policy, seen: Seen
) -> tuple[str, ...]:
    ours, apart = book.broker_ids(), clocks_apart(order, book, books, seen.drift_s)
    others = [row for row in rows if row.id not in ours and not seen.proves_older(row, order)]

    def fits(row: BrokerOrder) -> bool:
        return fingerprint_fits(order, row, policy, is_new=seen.proves_new(row, order, books, policy), apart=apart)

    return tuple(row.id for row in others if fits(row))


def _untold(book: Book, books: BrokerBooks) -> list[Order]:
    """Orders at the broker while nobody tells what they filled: that may be what the positions show.

    One that has ended there and not yet here, or works and has traded more than is told; and where the trade book could
    not be read, one whose row tells no fill. Where the orders could not either, every exit and stop: what is gone may
    have left by one, whose fill is told later.
    """
    if books.tell_no_fills:
        return [order for order in book.live_orders(entries=False) if order.broker_id]
    rows = {row.id: row for row in books.orders or ()}
    return [
        order
        for order in book.live_orders()
        if (row := rows.get(order.broker_id)) is not None
        and (not row.working or row.id in books.untold or (books.trades is None and not row.tells_fill))
    ]


# ---------------------------------------------------------------- positions


def differences(
    book: Book, books: BrokerBooks, capability: Capability | None, presumed: Collection[str] = ()
) -> tuple[Mismatch, ...] | None:
    """Where the broker's positions are not ours, in the order of keys; None where they could not be read.

    Those `left_out` are left out, but for shares that no order of ours can have brought, or taken off. A negative CNC
    position that holdings cover is shares sold from the demat account, and no short.
    """
    if books.positions is None:
        return None
    unknown = left_out(book, books)
    drifting = {order.approved.instrument.key for order in adrift(book, books)} if books.tell_no_fills else set()
    theirs = their_positions(book, books)
    ours = {p.instrument.key: p.signed for p in book.positions}
    found = []
    for key in sorted(theirs):
        held, seen = ours.get(key, 0), theirs[key]
        grown = books.tell_no_fills and seen * held > 0 and abs(seen) > abs(held) and key not in drifting
        shrunk = seen * held < held * held and _can_only_add(book, books, key)
        if held != seen and (key not in unknown or grown or shrunk):
            kind = _kind(held, seen, book, books, key, capability)
            untold = is_of_the_day_alone(book, key, capability)
            if untold and not held and is_what_left(book, books, key):
                continue
            if untold or (kind in (GONE, LESS, OPPOSITE) and is_stale(book, books, key, presumed)):
                kind = SUSPECT
            found.append(Mismatch(kind, key, held, seen))
    return tuple(found)


def _can_only_add(book: Book, books: BrokerBooks, key: str) -> bool:
    """Whether all that may have filled untold of a carried position are entries of an earlier session on its side.

    Not one for delivery: what was bought yesterday may be shown nowhere.
    """
    held, untold = book.position(key), (*adrift(book, books), *_untold(book, books))
    if held is None or held.product == DELIVERY:
        return False
    ours = [order for order in untold if order.approved.instrument.key == key]
    return all(order.is_entry and order.approved.side == held.side and not is_of_today(order, book) for order in ours)


def left_out(book: Book, books: BrokerBooks) -> set[str]:
    """The instruments of which a read says nothing: with an order of unknown outcome, or of a fill not told yet.

    Shares bought for delivery stand among the holdings overnight: where those could not be read, nothing is said of a
    CNC position.
    """
    unknown = {order.approved.instrument.key for order in (*adrift(book, books), *_untold(book, books))}
    if books.holdings is None:
        unknown |= {p.instrument.key for p in book.positions if p.product == DELIVERY}
    return unknown


def is_complete(book: Book, books: BrokerBooks) -> bool:
    """Whether a read has every book that tells of ours: holdings only where something is held or ordered for delivery.

    Some accounts may not read theirs at all.
    """
    orders = (order.approved.product for order in book.live_orders())
    needs_holdings = DELIVERY in {*(position.product for position in book.positions), *orders}
    told = (books.orders, books.trades, books.positions, books.holdings if needs_holdings else ())
    return None not in told


def tells_of(book: Book, books: BrokerBooks, key: str) -> bool:
    """Whether a read shows what there is of an instrument: a row of it, or holdings of what we bought for delivery."""
    if key in left_out(book, books) or _may_be_short(books, key):
        return False
    held, rows = book.position(key), [row for row in books.positions or () if row.key == key]
    return bool(rows) or (held is not None and held.product == DELIVERY and books.in_demat(key) > 0)


def _may_be_short(books: BrokerBooks, key: str) -> bool:
    """Whether shares were sold for delivery that holdings cover, or nothing does: those could not be read."""
    sold = any(row.key == key and row.product == DELIVERY and row.quantity < 0 for row in books.positions or ())
    return sold and books.holdings is None


def shows_none_beside(
    book: Book, books: BrokerBooks, key: str, capability: Capability | None, presumed: Collection[str] = ()
) -> bool:
    """Whether a read proves that an account has nothing of an instrument but what is ours."""
    if key in left_out(book, books) or shares_beside(book, books, key) or _may_be_short(books, key):
        return False
    untrue = is_stale(book, books, key, presumed) or made_otherwise(books, key)
    return not untrue and _is_gone(book, books, key, capability)


def moved_unnamed(book: Book, books: BrokerBooks, custody: Custody, policy: Policy) -> tuple[Mismatch, ...]:
    """Where the broker's position has moved as orders that nobody can name there would move it.

    Only where all of them that are without a name go one way, and no order of the instrument has a fill that is not
    told yet (but an exit's the other way): then these shares may be theirs, and nothing else of ours explains them. A
    position that the read does not show at all has not moved for that: it must be gone. What moved is counted from
    what is beside ours on (`surely_moved`).
    """
    waiting: dict[str, list[Order]] = {}
    for order in adrift(book, books):
        waiting.setdefault(order.approved.instrument.key, []).append(order)
    untold: dict[str, set[str]] = {}
    for order in _untold(book, books):
        untold.setdefault(order.approved.instrument.key, set()).add(order.approved.side)
    found = []
    for key in sorted(waiting):
        ways = {(order.approved.side, order.approved.product) for order in waiting[key]}
        side, product = ways.pop()
        if key in untold and (side in untold[key] or not books.tell_no_fills):
            continue
        held, moved = shares_held(book, key, product), surely_moved(book, books, custody, policy, key, product)
        if ways or moved is None or moved * sign(side) <= 0:
            continue
        seen, less = held + moved, held * sign(side) < 0
        if not less or (not is_stale(book, books, key) and (seen or _is_gone(book, books, key, custody.capability))):
            found.append(Mismatch(UNNAMED, key, held, seen))
    return tuple(found)


def _kind(held: int, seen: int, book: Book, books: BrokerBooks, key: str, capability: Capability | None) -> str:
    if held == 0:
        return FOREIGN
    if seen == 0:
        return GONE if _is_gone(book, books, key, capability) else SUSPECT
    if (seen > 0) != (held > 0):
        return OPPOSITE
    return MORE if abs(seen) > abs(held) else LESS


def _is_gone(book: Book, books: BrokerBooks, key: str, capability: Capability | None) -> bool:
    """Whether a position that the read does not show is gone: trades of others took it off, or nothing speaks for it.

    Where the position book has no row of the instrument, the trade book of the same read speaks against it: where that
    shows none of what our orders of the session traded it is no true read, and where its trades leave what we hold, or
    more (somebody made an entry of ours larger), that is held. A row that says none, or has the shares under another
    product, is an answer, and the only one where a part of the rows may lack. Intraday shares of an earlier session are
    gone, whatever a read lacks: the broker ended them; and so is a contract that expired before this one: the exchange
    settled it.
    """
    ours = book.position(key)
    of_before = ours is not None and was_carried(ours, book.session)
    expired = ours is not None and book.session is not None and ours.instrument.has_expired(book.session)
    over = ours is not None and of_before and (ours.product == INTRADAY or expired)
    if over or traded_elsewhere(book, books, key):
        return True
    traded = {
        order.broker_id
        for order in book.orders
        if order.filled_quantity and order.approved.instrument.key == key and is_of_today(order, book)
    }
    shown = any(row.key == key for row in books.positions or ())
    if traded and not shown:
        trades = [trade for trade in books.trades or () if trade.key == key]
        left = sum(sign(trade.side) * trade.quantity for trade in trades)
        held = ours is not None and left * sign(ours.side) >= ours.quantity
        if held or not any(trade.order_id in traded for trade in trades):
            return False
    carried = ours is not None and of_before and ours.product == DELIVERY
    if not carried and capability is not None and capability.positions_in_parts:
        return shown
    told = books.holdings if carried else books.positions
    return capability is None or capability.empty_proves or bool(told)
