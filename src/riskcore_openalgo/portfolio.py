"""An account as decisions need it: what OpenAlgo says of funds, orders, positions and holdings, as one `riskcore.Book`.

What cannot be read is named in `missing`, and then the book's equity is unknown, so that no entry is decided on a
part of the truth. Exits need none of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Context, Decimal, localcontext
from typing import Final

from attrs import evolve, frozen

import riskcore as rc
from riskcore_openalgo.client import Client, Funds, InstrumentCache, ReadFailed
from riskcore_openalgo.client.fields import split_key
from riskcore_openalgo.client.outcomes import ANALYZE

CNC: Final = "CNC"
SANDBOX: Final = "sandbox"
ANY_BROKER: Final = "any"
REFUSED: Final = "rejected"
COMPLETE: Final = "complete"
NEEDED: Final = ("orders", "positions")
FIRST: Final = datetime.min.replace(tzinfo=rc.IST)


@frozen(kw_only=True)
class Portfolio:
    """An account as it was read once.

    `book` is what decisions take; its opening equity is None while anything is in `missing`, each a field and why it
    could not be read (`funds: ...`). `notes` say what was read and is worth knowing: a position of nobody's here, a
    count that was derived. `funds` and `broker` are what it was made from.
    """

    book: rc.Book
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    broker: rc.BrokerBooks
    funds: Funds | None


def read_book(
    client: Client,
    *,
    at: datetime,
    policy: rc.Policy | None = None,
    known: rc.Book | None = None,
    instruments: InstrumentCache | None = None,
    collateral_counts: bool = False,
    broker: str | None = None,
) -> Portfolio:
    """Read an account once, at `at`.

    Opening equity = available cash + used margin (+ collateral, if it counts) - realised today; of brokers whose
    cash is the day's balance (`riskcore.Capability.cash_is_balance`) it is that. `broker` is its name where
    OpenAlgo need not be asked for it. With `known`, the book of a journal, its session keeps its equity, counters
    and latches, and a position that the broker has too keeps its stop and target: only its quantity follows the
    broker. A position that `known` has not is foreign: it has no stop.
    """
    tables = None if policy is None else policy.tables
    reading = Reading(client, at, InstrumentCache(client, tables=tables) if instruments is None else instruments)
    funds = reading.funds()
    books = reading.as_of_the_morning(reading.books(), broker, tables)
    before = session_of(known, at)
    made = evolve(before, positions=reading.positions(books, before.positions))
    if known is None and books.orders is not None:
        made = evolve(made, trades_today=reading.entries_today(books))
    if known is None and funds is not None:
        made = evolve(made, realised=funds.realised_today)
    if made.opening_equity is None and funds is not None and not reading.missing:
        reading.notes.append(f"opening_equity: derived from the funds at {at.astimezone(rc.IST):%H:%M}")
        told = reading.opening_equity(funds, broker, tables, collateral_counts=collateral_counts)
        made = made if told is None else made.opened(told)
    if reading.missing:
        made = evolve(made, opening_equity=None)
    return Portfolio(book=made, missing=tuple(reading.missing), notes=tuple(reading.notes), broker=books, funds=funds)


def session_of(known: rc.Book | None, at: datetime) -> rc.Book:
    """The known book in the session of `at`, or a new one."""
    today = rc.session_date(at)
    if known is None:
        return rc.Book(session=today)
    return known if known.session in (None, today) else known.next_session(today)


def opening_equity(funds: Funds, *, collateral_counts: bool = False) -> Decimal:
    """What the session opened with: available cash + used margin (+ collateral) - realised today, in rupees.

    The funds are those of `Funds.of_broker`.
    """
    with localcontext(Context(prec=28)):
        equity = funds.available_cash + funds.used_margin - funds.realised_today
        return equity + funds.collateral if collateral_counts else equity


def capability_behind(client: Client, on: date, tables: rc.Tables | None, broker: str | None = None) -> rc.Capability:
    """What the broker of a name, or else of OpenAlgo's answers, takes and tells; `ReadFailed` where none is told.

    In the analyzer OpenAlgo's own sandbox stands in the broker's place.
    """
    sandbox = SANDBOX if client.seen_mode == ANALYZE else None
    return rc.capability(broker or sandbox or client.broker() or ANY_BROKER, on=on, tables=tables)


class Reading:
    """One look at an account under way: what was found missing of it, and what is worth a note."""

    def __init__(self, client: Client, at: datetime, instruments: InstrumentCache) -> None:
        self._client, self._at, self._instruments = client, at, instruments
        self.missing: list[str] = []
        self.notes: list[str] = []

    def funds(self) -> Funds | None:
        """The funds, or None with their name in `missing`."""
        try:
            return self._client.funds()
        except ReadFailed as problem:
            self.missing.append(str(problem))
            return None

    def opening_equity(
        self, funds: Funds, broker: str | None, tables: rc.Tables | None, *, collateral_counts: bool
    ) -> Decimal | None:
        """What the session opened with, or None with the broker's name in `missing`."""
        try:
            capability = capability_behind(self._client, self._at.astimezone(rc.IST).date(), tables, broker)
        except ReadFailed as problem:
            self.missing.append(str(problem))
            return None
        return opening_equity(funds.of_broker(capability), collateral_counts=collateral_counts)

    def books(self) -> rc.BrokerBooks:
        """The broker's books. Without orders or positions the account is not known; the other two may do without."""
        books = self._client.books(self._at)
        for name, why in books.unread:
            (self.missing if name in NEEDED else self.notes).append(f"{name}: {why}")
        self.missing += [f"{row.book}: {row.why}" for row in books.unread_of("orders")]
        self.notes += [f"{row.book}: {row.why}" for row in books.unread_of("trades")]
        return books

    def as_of_the_morning(self, books: rc.BrokerBooks, broker: str | None, tables: rc.Tables | None) -> rc.BrokerBooks:
        """The books with holdings as they were before what was sold of them today, where the broker's fall by it."""
        if books.holdings is None or not any(row.product == CNC and row.quantity < 0 for row in books.positions or ()):
            return books
        try:
            capability = capability_behind(self._client, self._at.astimezone(rc.IST).date(), tables, broker)
        except ReadFailed as problem:
            self.missing.append(str(problem))
            return books
        return books.before_sales() if capability.holdings_fall else books

    def positions(self, broker: rc.BrokerBooks, ours: tuple[rc.Position, ...]) -> tuple[rc.Position, ...]:
        """The positions the account has; ours as they were where the broker's could not be read.

        One of ours that the broker does not show is kept, and named: an empty book is no proof that it is gone.
        """
        if broker.positions is None:
            return ours
        rows = [open_ for row in broker.positions if (open_ := self._less_holdings(row, broker)).quantity]
        found = [position for row in rows if (position := self._position(row, ours)) is not None]
        shown = {(row.key, row.product, row.side) for row in rows}
        for held in (one for one in ours if same_as(one) not in shown):
            self.missing.append(
                f"positions: {held.instrument.key} {held.product}: {held.side} {held.quantity} is held here and is "
                "not shown; reconcile before anything is entered"
            )
            found.append(held)
        return tuple(found)

    def entries_today(self, broker: rc.BrokerBooks) -> int:
        """How many of the day's orders opened or enlarged a position, and were not refused unfilled."""
        orders = broker.orders or ()
        for row in (row for row in orders if row.working):
            self.notes.append(f"orders: {row.key or 'a row without a symbol'} works as {row.id}, and is nobody's here")
        count = entries_of(orders, broker.positions or ())
        self.notes.append(f"trades_today: {count}, derived from the order book")
        return count

    def _less_holdings(self, row: rc.BrokerPosition, broker: rc.BrokerBooks) -> rc.BrokerPosition:
        """A sale of shares that are held is no short: what the holdings cover is taken off."""
        if row.product != CNC or row.quantity >= 0:
            return row
        if broker.holdings is None:
            self.missing.append(f"holdings: {row.key} was sold from them or short, and they could not be read")
            return row
        covered = broker.sold_from_holdings(row)
        if covered:
            self.notes.append(f"positions: {row.key} CNC: {covered} sold from holdings")
        return evolve(row, quantity=row.quantity + covered)

    def _position(self, row: rc.BrokerPosition, ours: tuple[rc.Position, ...]) -> rc.Position | None:
        side, quantity = row.side, abs(row.quantity)
        held = next((one for one in ours if same_as(one) == (row.key, row.product, side)), None)
        return self._foreign(row, side, quantity) if held is None else self._ours(held, row, quantity)

    def _ours(self, held: rc.Position, row: rc.BrokerPosition, quantity: int) -> rc.Position:
        last = held.last if row.last is None else row.last
        if quantity == held.quantity:
            return evolve(held, last=last)
        self.notes.append(f"positions: {row.key} {row.product}: {quantity} at the broker, {held.quantity} here")
        return evolve(
            held,
            quantity=quantity,
            last=last,
            average_price=row.average_price or held.average_price,
            opened_quantity=max(held.opened_quantity, quantity),
        )

    def _foreign(self, row: rc.BrokerPosition, side: str, quantity: int) -> rc.Position | None:
        name = f"positions: {row.key or 'a row without a symbol'} {row.product} {row.quantity}"
        if not row.key or row.average_price is None:
            self.missing.append(f"{name}: the row has no {'average_price' if row.key else 'symbol'}")
            return None
        try:
            instrument = self._instruments.instrument(*split_key(row.key), rc.session_date(self._at))
        except ReadFailed as problem:
            self.missing.append(f"{name}: {problem}")
            return None
        self.notes.append(f"{name}: not opened here, and without a stop")
        return rc.Position(
            instrument=instrument,
            side=side,
            quantity=quantity,
            average_price=row.average_price,
            last=row.last,
            product=row.product,
            opened_quantity=quantity,
        )


def same_as(held: rc.Position) -> tuple[str, str, str]:
    """Instrument, product and side: by these a position of ours is found at the broker."""
    return held.instrument.key, held.product, held.side


def entries_of(orders: Iterable[rc.BrokerOrder], positions: Iterable[rc.BrokerPosition]) -> int:
    """How many orders opened or enlarged a position, counted in the order in which they were placed.

    What an instrument and product held before the first of them is what it holds now less what they filled. An order
    refused with nothing filled does not count, a cancelled one does. An order that turns a position round counts.
    """
    counted = [row for row in oldest_first(orders) if row.status != REFUSED or filled_of(row)]
    net: dict[tuple[str, str], int] = {(row.key, row.product): row.quantity for row in positions}
    for row in counted:
        net[row.key, row.product] = net.get((row.key, row.product), 0) - signed(row, filled_of(row))
    entries = 0
    for row in counted:
        before = net[row.key, row.product]
        opens = before * signed(row, 1) >= 0 or filled_of(row) > abs(before)
        entries += opens
        net[row.key, row.product] = before + signed(row, filled_of(row))
    return entries


def oldest_first(orders: Iterable[rc.BrokerOrder]) -> list[rc.BrokerOrder]:
    """Orders by the moment they were placed; brokers list them either way, and several in one second."""
    rows = list(orders)
    times = [row.placed_at for row in rows if row.placed_at is not None]
    if times and times[0] > times[-1]:
        rows.reverse()
    return sorted(rows, key=lambda row: FIRST if row.placed_at is None else row.placed_at)


def filled_of(row: rc.BrokerOrder) -> int:
    """What an order filled: as told, else all of one that is complete."""
    if row.filled_quantity is not None:
        return row.filled_quantity
    return row.quantity if row.status == COMPLETE else 0


def signed(row: rc.BrokerOrder, quantity: int) -> int:
    """A quantity with the sign of an order's side."""
    return quantity if row.side == "BUY" else -quantity
