"""What we hold: equity, positions with their levels, orders on their way, today's counters, latches.

A `Book` is a value. `book.after(x)` is the next book for an approved order, a fill or a price; nothing is
changed in place, so that a script needs no engine and a decision can always be repeated.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from attrs import field, frozen

from riskcore.calling import told_by_name
from riskcore.money import ZERO, amount, exact, not_negative_whole
from riskcore.orders import FILLED, INTENDED, ApprovedEntry, ApprovedExit, Order, live_of
from riskcore.outcomes import DayResult as DayResult, Outcome as Outcome, higher
from riskcore.positions import (
    NOTHING,
    Fill as Fill,
    Overnight as Overnight,
    Position as Position,
    Price as Price,
    finished,
    last_price,
    marked,
    new_position,
    open_results,
    overnight,
    paid_for,
    tighter,
    with_stop,
)
from riskcore.sessions import session_date
from riskcore.signals import opposite, sign
from riskcore.states import ACTIVE, SEVERITY, Latch as Latch
from riskcore.values import changed, checks, given, optional, settle, several_of

KEPT_OUTCOMES: Final = 500
KEPT_DAYS: Final = 400


@told_by_name
@frozen(slots=False)
class Book:
    """The account as decisions need it.

    `opening_equity` is the session's (None: unknown, entries are refused); `realised` and `charges` are today's,
    gross and cost; `trades_today` counts entries sent and not refused unfilled, one with several slices once. `orders`
    holds the session's orders, ended ones too, so that a late report finds its order. `outcomes` are finished trades,
    newest last, and `days` finished sessions; `session_peak` and `peak_equity` the highest equity of the session and of
    all time, open positions included. `carried` is the open result of what was carried into the session, at its prices
    of then, `overnight` what it did to a broker's balance. `excused` are breakers lifted by hand at their limit,
    `counted_from` when each was last lifted; `sent_in_second` orders and cancels went out in the calendar second
    `sent_second`.

    All money is rupees.
    """

    opening_equity: Decimal | None = field(default=None, converter=given)
    session: date | None = field(default=None, kw_only=True)
    positions: tuple[Position, ...] = field(default=(), converter=given, kw_only=True)
    orders: tuple[Order, ...] = field(default=(), converter=given, kw_only=True)
    realised: Decimal = field(default=ZERO, converter=given, kw_only=True)
    charges: Decimal = field(default=ZERO, converter=given, kw_only=True)
    trades_today: int = field(default=0, converter=given, kw_only=True)
    latches: tuple[Latch, ...] = field(default=(), converter=given, kw_only=True)
    outcomes: tuple[Outcome, ...] = field(default=(), converter=given, kw_only=True)
    days: tuple[DayResult, ...] = field(default=(), converter=given, kw_only=True)
    session_peak: Decimal | None = field(default=None, converter=given, kw_only=True)
    peak_equity: Decimal | None = field(default=None, converter=given, kw_only=True)
    excused: tuple[str, ...] = field(default=(), kw_only=True)
    counted_from: tuple[tuple[str, datetime], ...] = field(default=(), kw_only=True)
    sent_second: datetime | None = field(default=None, kw_only=True)
    sent_in_second: int = field(default=0, kw_only=True)
    version: int = field(default=0, kw_only=True)
    carried: Decimal = field(default=ZERO, converter=given, kw_only=True)
    overnight: Overnight = field(default=NOTHING, kw_only=True)

    def __attrs_post_init__(self) -> None:
        settle(self, _BOOK)

    @property
    def state(self) -> str:
        """The trading state: the most severe that any latch of the account sets, ACTIVE when none does."""
        return self.state_of("")

    def state_of(self, key: str) -> str:
        """The trading state of one instrument: the account's, or the graver one of a latch of its own."""
        if not self.latches:
            return ACTIVE
        states = (latch.state for latch in self.latches if latch.key in ("", key))
        return max(states, key=SEVERITY.index, default=ACTIVE)

    def latch(self, name: str, key: str = "") -> Latch | None:
        """The latch of a name (and of an instrument) that stands, if any."""
        return next((latch for latch in self.latches if latch.name == name and latch.key == key), None)

    def counted_since(self, breaker: str) -> datetime | None:
        """When a breaker was last lifted: it counts what came after. None if it never was."""
        return next((at for name, at in self.counted_from if name == breaker), None)

    def orders_in(self, at: datetime) -> int:
        """Orders and cancels sent in the calendar second of `at`."""
        return self.sent_in_second if self.sent_second == at.replace(microsecond=0) else 0

    def sending(self, at: datetime, **changes: Any) -> Book:
        """The next book with one more order or cancel sent at `at`; and what else changes with it."""
        sent = self.orders_in(at) + 1
        return changed(self, sent_second=at.replace(microsecond=0), sent_in_second=sent, **changes)

    @property
    @exact
    def net_realised(self) -> Decimal:
        """Today's realised result after charges."""
        return self.realised - self.charges

    @property
    @exact
    def unrealised(self) -> Decimal:
        """Open result of all positions at their latest prices."""
        return open_results(self.positions)

    @property
    @exact
    def equity(self) -> Decimal | None:
        """Equity now: opening equity + realised after charges + unrealised; None while the opening is unknown."""
        return None if self.opening_equity is None else self.opening_equity + self.came_to()

    @property
    @exact
    def result(self) -> Decimal:
        """What the day came to up to now: realised after charges, and what open positions changed since it began."""
        return self.came_to() - self.carried

    def came_to(self, unrealised: Decimal | None = None) -> Decimal:
        """Realised after charges, and unrealised, both from the entries: what equity has more than it opened with.

        With another open result where one is given.
        """
        return self.realised - self.charges + (open_results(self.positions) if unrealised is None else unrealised)

    def position(self, key: str) -> Position | None:
        """The open position of an instrument key, if any."""
        for held in self.positions:
            if held.instrument.key == key:
                return held
        return None

    def order(self, order_id: str) -> Order | None:
        """One of the session's orders by our id."""
        for order in reversed(self.orders):  # no id is there twice, and it is asked of the latest ones
            if order.approved.order_id == order_id:
                return order
        return None

    def live_orders(self, key: str | None = None, *, entries: bool | None = None) -> tuple[Order, ...]:
        """Orders that may still fill, of one instrument and of one kind where asked."""
        live = live_of(self.orders)
        if live and key is not None:
            live = tuple([order for order in live if order.approved.instrument.key == key])
        if live and entries is not None:
            live = tuple([order for order in live if isinstance(order.approved, ApprovedEntry) is entries])
        return live

    def broker_ids(self) -> frozenset[str]:
        """The broker's names for the session's orders, as far as they are known."""
        return frozenset(order.broker_id for order in self.orders if order.broker_id)

    def leaving(self, key: str) -> tuple[Order, ...]:
        """The exits of what is held of an instrument that are on their way; a stop that only rests is none.

        One that would add to what is held, because a double fill turned the position round, is none either.
        """
        return tuple([order for order in self.exits(key) if not order.rests])

    def resting(self, key: str) -> Order | None:
        """The stop that rests at the broker for an instrument, or is on its way there; the first of several."""
        return next(iter(self.resting_stops(key)), None)

    def resting_stops(self, key: str) -> tuple[Order, ...]:
        """All of them: above the freeze quantity a position is protected by several, whose quantities add up."""
        return tuple([order for order in self.exits(key) if order.rests])

    def exits(self, key: str) -> tuple[Order, ...]:
        """The live exits of an instrument that reduce what is held of it; all of them where nothing is."""
        exits = self.live_orders(key, entries=False)
        held = self.position(key) if exits else None
        return exits if held is None else tuple([order for order in exits if order.approved.side != held.side])

    def keys_in_play(self) -> tuple[str, ...]:
        """The instruments held, or with an entry on its way, each once."""
        held = [position.instrument.key for position in self.positions]
        return tuple(dict.fromkeys(held + [o.approved.instrument.key for o in self.live_orders(entries=True)]))

    @exact
    def after(self, event: ApprovedEntry | ApprovedExit | Fill | Price) -> Book:
        """The next book: with an approved order on its way, a fill booked, or a price marked."""
        if isinstance(event, Price):
            return self.marked(event)
        if isinstance(event, Fill):
            return self.filled(event)
        if isinstance(event, (ApprovedEntry, ApprovedExit)):
            return self.ordered(event)
        raise ValueError(f"Book.after takes decision.order, a Fill or a Price, got {event!r:.60}")

    @exact
    def opened(self, equity: Decimal, added: Decimal = ZERO) -> Book:
        """The next book with the session's opening equity.

        `added` is what was paid in since the last session: the peaks before it rise by as much, or it would hide a
        drawdown.
        """
        peak, days = self.peak_equity, self.days
        if added and peak is not None:
            peak += added
            days = tuple(day if day.peak is None else changed(day, peak=day.peak + added) for day in days)
        opened = changed(self, opening_equity=equity, peak_equity=peak, days=days, version=self.version + 1)
        return opened.peaked()

    @exact
    def next_session(self, session: date, last_known: Decimal | None = None) -> Book:
        """The book at the start of another session: its counters at nought, its equity unknown.

        Ended orders go, and what the last session came to joins `days`; positions, live orders, latches, outcomes
        and the all-time peak stay. A session whose equity was never read, and in which something was realised, is
        taken to have opened with `last_known`.
        """
        days, opening = self.days, self.opening_equity
        if opening is None and self.net_realised:
            opening = last_known
        if self.session is not None and opening is not None:
            done = DayResult(self.session, opening, self.net_realised, self.session_peak, self.carried)
            days = (*days, done)[-KEPT_DAYS:]
        return changed(
            self,
            session=session,
            opening_equity=None,
            session_peak=None,
            realised=ZERO,
            charges=ZERO,
            trades_today=0,
            orders=self.live_orders(),
            days=days,
            excused=(),
            carried=open_results(self.positions),
            overnight=overnight(self.positions, session),
            version=self.version + 1,
        )

    def with_stop(self, key: str, stop: Decimal, rule: str) -> Book:
        """The next book with the stop of a position tightened, and by what; a looser one changes nothing."""
        held = self.position(key)
        if held is None or not held.tightens(stop):
            return self
        moved = self._held_with(held, with_stop(held, stop, rule))
        return changed(self, positions=moved, version=self.version + 1)

    def moved(self, order_id: str, status: str, error: str = "") -> Book:
        """The next book after a report that changes an order's status and fills nothing new; `error` is its class."""
        order = self._known(order_id)
        return self.with_order(order.advance(status, order.filled_quantity, order.filled_value, error))

    def peaked(self) -> Book:
        """The next book with its peaks at today's equity, where that is higher, for the same."""
        if self.opening_equity is None:
            return self
        before = self.session_peak, self.peak_equity
        session_peak, peak_equity = peaks = higher(self.opening_equity + self.came_to(), before)
        return self if peaks is before else changed(self, session_peak=session_peak, peak_equity=peak_equity)

    def ordered(self, approved: ApprovedEntry | ApprovedExit) -> Book:
        """`after` an approved order, for who stands under the library's context already."""
        if self.order(approved.order_id) is not None:
            raise ValueError(f"order {approved.order_id} is in the book already")
        order = Order(approved=approved, status=INTENDED)
        trades = self.trades_today + (order.is_entry and not self._counted_beside(order))
        return self.sending(approved.at, orders=(*self.orders, order), trades_today=trades, version=self.version + 1)

    def marked(self, price: Price) -> Book:
        """`after` a price, for the same."""
        held = self.position(price.key)
        if held is None:
            return self
        seen = marked(held, price)
        return changed(self, positions=self._held_with(held, seen), version=self.version + 1).peaked()

    def filled(self, fill: Fill) -> Book:
        """`after` a fill, for the same."""
        order = self._known(fill.order_id)
        after = order.advance(
            FILLED if order.filled_quantity + fill.quantity == order.approved.quantity else order.status,
            order.filled_quantity + fill.quantity,
            order.filled_value + paid_for(fill),
        )
        held = self.position(order.approved.instrument.key)
        opens = order.is_entry and (held is None or held.side == order.approved.side)
        changes = self._opening(order, fill, held) if opens else self._closing(order, fill, held)
        return self.with_order(after, charges=self.charges + fill.charges, **changes).peaked()

    def _opening(self, order: Order, fill: Fill, held: Position | None) -> dict[str, Any]:
        """What the fill of an entry that opens a position, or adds to one, changes beside the order."""
        entry = order.approved
        assert isinstance(entry, ApprovedEntry)
        if held is None:
            return {"positions": (*self.positions, new_position(entry, fill))}
        total = held.quantity + fill.quantity
        grown = changed(
            held,
            quantity=total,
            average_price=(held.value + paid_for(fill)) / total,
            opened_quantity=held.opened_quantity + fill.quantity,
            charges=held.charges + fill.charges,
            last=last_price(held, fill),
            stop=tighter(held, entry.stop),
            trail=changed(held.trail, rule="") if held.tightens(entry.stop) else held.trail,
        )
        return {"positions": self._held_with(held, grown)}

    def _closing(self, order: Order, fill: Fill, held: Position | None) -> dict[str, Any]:
        """What a fill against what is held changes beside the order: an exit's, or an entry's of the other side."""
        if held is None or held.side != opposite(order.approved.side) or fill.quantity > held.quantity:
            what = "entry" if order.is_entry else "exit"
            raise ValueError(f"{what} order {order.id} filled {fill.quantity}, more than is held")
        result = sign(held.side) * (paid_for(fill) - held.average_price * fill.quantity)
        left = changed(
            held,
            quantity=held.quantity - fill.quantity,
            realised=held.realised + result,
            charges=held.charges + fill.charges,
            exit_value=held.exit_value + paid_for(fill),
            last=last_price(held, fill),
        )
        if left.quantity:
            return {"realised": self.realised + result, "positions": self._held_with(held, left)}
        done = finished(left, order.approved, fill, self.session or session_date(fill.at))
        others = self._held_with(held, None)
        outcomes = (*self.outcomes, done)[-KEPT_OUTCOMES:]
        return {"realised": self.realised + result, "outcomes": outcomes, "positions": others}

    def with_position(self, old: Position, new: Position | None) -> Book:
        """The next book with a position in the place of another, or without it."""
        return changed(self, positions=self._held_with(old, new))

    def _held_with(self, old: Position, new: Position | None) -> tuple[Position, ...]:
        changed_ones = [new if held is old else held for held in self.positions]
        return tuple([held for held in changed_ones if held is not None])

    def with_order(self, order: Order, **changes: Any) -> Book:
        """The next book with a later state of one of its orders, counted anew; and what else changes with it."""
        before, trades = self._known(order.id), self.trades_today
        change = order.counts_as_trade - before.counts_as_trade
        if change and not self._counted_beside(before):
            todays = self.session is None or session_date(order.approved.at) == self.session
            trades += change if todays else 0
        return changed(
            self, orders=self._orders_with(before, order), trades_today=trades, version=self.version + 1, **changes
        )

    def _orders_with(self, before: Order, order: Order) -> tuple[Order, ...]:
        """The orders with a later state of one: of the last one nearly always."""
        orders = self.orders
        if orders[-1] is before:
            return (*orders[:-1], order)
        return tuple([order if known is before else known for known in orders])

    def _counted_beside(self, order: Order) -> bool:
        """Whether another slice of the same entry makes it a trade already."""
        entry = order.approved
        return isinstance(entry, ApprovedEntry) and any(
            other.signal_id == entry.signal_id and other.id != order.id and other.counts_as_trade
            for other in self.orders
        )

    def _known(self, order_id: str) -> Order:
        order = self.order(order_id)
        if order is None:
            raise ValueError(f"no order {order_id!r} in the book: book.after(approved) comes first")
        return order


_BOOK: Final = checks(
    "Book",
    opening_equity=optional(amount),
    positions=several_of(Position, "[Position(...)]"),
    orders=several_of(Order, "those of the book before"),
    realised=amount,
    charges=amount,
    trades_today=not_negative_whole,
    latches=several_of(Latch, '[Latch("pause", "halted", at=now, by="me", why="...")]'),
    outcomes=several_of(Outcome, "those of the book before"),
    days=several_of(DayResult, "those of the book before"),
    session_peak=optional(amount),
    peak_equity=optional(amount),
    carried=amount,
)
