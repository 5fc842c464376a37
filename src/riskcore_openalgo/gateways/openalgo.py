"""The live gateway: what was approved goes to OpenAlgo, once, and what is known of it comes back.

An order's end is an input like any other: working under the broker's name, waiting for approval, refused, or unknown.
Changes go out only after the order book shows the order open, and so do cancels where it can be read; a cancel is
followed by a look at the books, for only they tell how much had filled by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from operator import attrgetter
from typing import Final

from attrs import evolve

import riskcore as rc
from riskcore import events
from riskcore_openalgo.client import (
    REJECTED,
    Accepted,
    AwaitingApproval,
    Client,
    OrderWanted,
    Outcome,
    ReadFailed,
    Rejected,
    Unknown,
)
from riskcore_openalgo.failpoints import reach
from riskcore_openalgo.gateways.caps import HardCaps, SentToday
from riskcore_openalgo.gateways.mode import OTHER_MODE, ModeGuard
from riskcore_openalgo.gateways.unsent import not_sent

SL: Final = "SL"
UNREAD: Final = "the order book cannot be read"
NOTHING: Final = "the order book came with nothing in it"
TAKEN_UNREAD: Final = f"{UNREAD}, and the broker took the cancel"
TOLD_UNREAD: Final = f"{UNREAD}, and the stream of orders told its end"
SEEN_AFTER: Final = ("orders", "trades")
"""What is read again after a cancel or a change: what became of the order, and how much of it traded."""
POSITIONS: Final = "positions"
REFUSED: Final = "rejected"
SHOWS_REFUSALS: Final[Callable[[rc.Capability], bool]] = attrgetter("shows_refusals")
IN_HALVES: Final[Callable[[rc.Capability], bool]] = attrgetter("in_halves")
CANCELS_PROVE: Final[Callable[[rc.Capability], bool]] = attrgetter("cancels_prove")
POSITIONS_AGAIN: Final = timedelta(seconds=60)


class OpenAlgoGateway:
    """Sends approved orders through a client; safe to call from several threads.

    `row` tells what is known of the broker, None where nobody knows which it is. `guard` knows the mode, `caps` are the
    hard caps and `sent` counts for them. `fence` says why nothing at all may be sent any more (somebody else has taken
    the account over), or "". `ended(broker_id)` says whether the broker's stream of orders told today that one was
    cancelled. `clock` stamps what comes back. An entry waits for its token as long as its approval holds, so that the
    slices of a large one go out one after the other.
    """

    def __init__(
        self,
        client: Client,
        *,
        guard: ModeGuard,
        clock: Callable[[], datetime],
        caps: HardCaps | None = None,
        sent: SentToday | None = None,
        row: Callable[[], rc.Capability | None] = lambda: None,
        fence: Callable[[], str] = lambda: "",
        ended: Callable[[str], bool] = lambda broker_id: False,
    ) -> None:
        self._row, self._fence, self._ended = row, fence, ended
        self._client, self._guard, self._clock = client, guard, clock
        self._caps, self._sent = caps or HardCaps(), sent or SentToday()
        self._taken_back: set[tuple[date, str]] = set()
        self._asked_to_end: set[tuple[date, str]] = set()
        self._no_positions_at: datetime | None = None

    def place(self, order: rc.ApprovedEntry | rc.ApprovedExit, at: datetime) -> Iterable[events.Input]:
        """Send an order, once; what is known of it then."""
        is_entry = isinstance(order, rc.ApprovedEntry)
        wrong = self._guard.before_an_entry() if is_entry else self._guard.before_an_exit()
        if wrong:
            return (*self._other_mode(), not_sent(order.order_id, self._clock(), wrong))
        if isinstance(order, rc.ApprovedEntry):
            session = rc.session_date(at)
            capped = self._caps.refusal(order, self._sent.on(session))
            if capped:
                return (not_sent(order.order_id, self._clock(), capped),)
            self._sent.add(session)
        reach("gateway.place.sending", (order,))
        wanted, waits = wanted_of(order, self._resting()), self._holds_for(order)
        outcome = self._client.place(wanted, urgent=not is_entry, wait_s=waits, barred=partial(self._barred, order))
        reach("gateway.place.sent", (order,))
        return (*self._unexpected(outcome), self._report(order.order_id, outcome))

    def cancel(self, command: events.CancelOrder, at: datetime) -> Iterable[events.Input]:
        """Cancel what the book shows open, then read what became of it. Without a name at the broker: only read.

        What the engine has found absent is cancelled by its name, unless the book shows it after all. What it shows as
        rejected has been, where no cancel was asked for before; else that may be the refusal of one, at some brokers,
        and it is cancelled by its name, too.
        """
        shown, held_up = self._shown(command.broker_id)
        if held_up in (UNREAD, NOTHING):
            return self._cancel_unread(command, trades=held_up == NOTHING)
        if held_up:
            return self._other_mode()
        named, left = (self._clock().date(), command.broker_id), command.broker_id if command.leaves else ""
        refused = shown if shown is not None and shown.status == REFUSED and self._is_so(SHOWS_REFUSALS) else None
        if refused is not None and command.order_id and not command.again and named not in self._asked_to_end:
            told = events.OrderReported(self._clock(), command.order_id, REFUSED, 0, Decimal(0), note=refused.note)
            return (*self._seen(left), told)
        by_name = refused is not None or (shown is None and command.absent and command.broker_id != "")
        if (by_name or (shown is not None and shown.working)) and not self._fence():
            self._asked_to_end.add(named)
            reach("gateway.cancel.sending")
            if refused is not None:  # the engine asks again, ever so often, as long as it is shown so
                self._client.cancel_absent(command.broker_id)
            elif shown is None:
                self._unseen(command.broker_id)
            else:
                self._under_its_name(self._client.cancel, shown, command.broker_id)
            reach("gateway.cancel.sent")
        return self._seen(left)

    def _cancel_unread(self, command: events.CancelOrder, *, trades: bool) -> Iterable[events.Input]:
        """Cancel by name where no order book can be read; an exit or a stop that the broker took back has ended.

        Of those only where trades can be read, before and after: what they had filled comes first. With `trades` there
        must be some: who answers with no orders at all may do so with the trades. Else they stay: a stop that is there
        is worth more than an exit that might be one too many. That the broker itself refused is told: it may have no
        such order any more. Where no answer came, its stream of orders may have told the end.
        """
        broker_id, lives = command.broker_id, command.leaves and not command.absent
        how = {"some": trades, "halves": self._is_so(IN_HALVES)}
        if self._fence() or (lives and not _tells_trades(self._read(("trades",)), broker_id, **how)):
            return self._seen()
        named, outcome = (self._clock().date(), broker_id), None  # brokers begin to count anew in the morning
        if named not in self._taken_back and not self._ended(broker_id):
            self._asked_to_end.add(named)
            reach("gateway.cancel.sending")
            outcome = self._unseen(broker_id)
            if isinstance(outcome, Accepted) and self._is_so(CANCELS_PROVE):
                self._taken_back.add(named)
            reach("gateway.cancel.sent")
        seen = self._seen(broker_id if lives else "")
        if not lives or not _tells_trades(seen, broker_id, **how):
            return seen
        at = self._clock()
        if isinstance(outcome, Rejected) and outcome.error == REJECTED:
            return (*seen, events.CancelRefused(at, command.order_id, outcome.reason))
        note = TAKEN_UNREAD if named in self._taken_back else TOLD_UNREAD if self._ended(broker_id) else ""
        if not note:
            return seen
        return (*seen, events.OrderReported(at, command.order_id, "cancelled", 0, Decimal(0), note=note))

    def revise(self, command: events.ReviseOrder, at: datetime) -> Iterable[events.Input]:
        """Change what the book shows open; what became of the change: of fewer shares the book tells that."""
        shown, held_up = self._shown(command.broker_id)
        if held_up or shown is None:
            return (*self._other_mode(), self._revision(command, events.UNSURE, held_up or "the book does not show it"))
        if not shown.working:
            return (self._revision(command, events.UNSURE, f"the book shows it {shown.status}"), *self._seen(shown.id))
        wish = command.revision
        price = wish.limit if shown.price is not None else None
        fenced = self._fence()
        if fenced:
            return (self._revision(command, events.UNSURE, fenced),)
        reach("gateway.modify.sending")
        change = partial(self._client.modify, quantity=wish.quantity, price=price, trigger=wish.trigger)
        named = evolve(shown, key=shown.key or command.key)  # a plugin may not know it under the broker's name
        outcome = self._under_its_name(change, named, command.broker_id)
        reach("gateway.modify.sent")
        if isinstance(outcome, Accepted) and wish.quantity >= shown.quantity:
            return (self._revision(command, events.TAKEN, ""),)
        if isinstance(outcome, Accepted):  # for the shares that are to be free something waits, as for a cancel
            return (
                self._revision(command, events.UNSURE, "taken; the book tells when it is so"),
                *self._seen(shown.id),
            )
        if isinstance(outcome, Rejected):
            return (self._revision(command, events.REFUSED, outcome.reason), *self._seen(shown.id))
        return (self._revision(command, events.UNSURE, words_of(outcome)), *self._seen(shown.id))

    def _resting(self) -> str:
        """How a stop rests at the broker, `SL` or `SL-M`: as its row says, and as SL where it says nothing."""
        row = self._row()
        return row.resting if row is not None and row.rests else SL

    def _is_so(self, fact: Callable[[rc.Capability], bool]) -> bool:
        """Whether the broker's row says so; not where nobody knows which it is."""
        row = self._row()
        return row is not None and fact(row)

    def _barred(self, order: rc.ApprovedEntry | rc.ApprovedExit) -> str:
        """Why an order is not sent after the wait for its token; a machine that slept meanwhile counted no seconds."""
        late = isinstance(order, rc.ApprovedEntry) and self._clock() > order.valid_until
        return "the approval no longer holds" if late else self._fence()

    def _holds_for(self, order: rc.ApprovedEntry | rc.ApprovedExit) -> float:
        """How many seconds an entry's approval still holds."""
        if not isinstance(order, rc.ApprovedEntry):
            return 0.0
        return max((order.valid_until - self._clock()).total_seconds(), 0.0)

    def _shown(self, broker_id: str) -> tuple[rc.BrokerOrder | None, str]:
        """The order's row in the book, if one is there; and why nothing may be sent, or `UNREAD`, or `NOTHING`."""
        if not broker_id:
            return None, ""
        wrong = self._guard.before_an_exit()
        if wrong:
            return None, wrong
        try:
            rows, unread = self._client.readable_orders()
        except ReadFailed:
            return None, UNREAD
        if rc.BrokerBooks(at=self._clock(), unread_rows=unread).hides(broker_id):
            return None, UNREAD
        wrong = self._guard.saw(self._client.seen_mode)
        if not (rows or unread or wrong):  # not even the order that is asked for is in it
            return None, NOTHING
        found = [row for row in rows if row.is_named(broker_id)]
        if not wrong and self._is_so(IN_HALVES) and _lacks_a_half(rows, broker_id):
            return None, UNREAD  # the half of the orders that work may be missing
        return next((row for row in found if row.id == broker_id), next(iter(found), None)), wrong

    def _under_its_name(
        self, send: Callable[[rc.BrokerOrder], Outcome], shown: rc.BrokerOrder, broker_id: str
    ) -> Outcome:
        """Ask under the name that the broker gave; where it knows no such order, under the one that its book shows."""
        outcome = send(evolve(shown, id=broker_id))
        if isinstance(outcome, Rejected) and shown.id != broker_id and not self._fence():
            outcome = send(shown)
        return outcome

    def _unseen(self, broker_id: str) -> Outcome:
        """Cancel what no book shows; once more where that fails, for nothing will show that it works still."""
        outcome = self._client.cancel_absent(broker_id)
        if not isinstance(outcome, Accepted) and not self._fence():
            outcome = self._client.cancel_absent(broker_id)
        return outcome

    def _seen(self, ended: str = "") -> tuple[events.Input, ...]:
        """Orders and trades as they are now; nothing where they are another mode's.

        And the positions, last, where an exit of that name may have ended, and no row tells its fill: trades may lag.
        """
        return self._read(SEEN_AFTER, ended)

    def _read(self, names: tuple[str, ...], ended: str = "") -> tuple[events.Input, ...]:
        books = self._client.books(self._clock(), names)
        if ended and self._is_untold(books, ended):
            more = self._client.books(self._clock(), (POSITIONS,))
            self._no_positions_at = None if more.positions is not None else self._clock()
            books = evolve(books, positions=more.positions, unread=(*books.unread, *more.unread))
        was_told = books.orders is not None or books.trades is not None  # else the mode is that of an earlier answer
        if was_told and self._guard.saw(self._client.seen_mode):
            return self._other_mode()
        return (events.BooksRead(self._clock(), books),)

    def _is_untold(self, books: rc.BrokerBooks, broker_id: str) -> bool:
        """Whether an exit has ended for all that is told, and neither row nor trades tell of all that it asked for.

        Not where positions could not be read lately: a call that hangs would keep every exit waiting.
        """
        failed, row = self._no_positions_at, books.order(broker_id)
        lately = failed is not None and abs(self._clock() - failed) < POSITIONS_AGAIN
        if lately or books.trades is None or row is None:
            return not lately and books.trades is not None
        filled = sum(trade.quantity for trade in books.trades_of(broker_id))
        return not row.working and row.filled_quantity is None and filled < row.quantity

    def _other_mode(self) -> tuple[events.Input, ...]:
        wrong = self._guard.other
        if not wrong:
            return ()
        self._guard.told = True  # and the account's reader tells its end
        return (events.TroubleSeen(self._clock(), OTHER_MODE, wrong),)

    def _unexpected(self, outcome: Outcome) -> tuple[events.Input, ...]:
        """An order that was taken says which mode took it."""
        if isinstance(outcome, Accepted) and outcome.analyzer is not None:
            self._guard.saw("analyze" if outcome.analyzer else "live")
        return self._other_mode()

    def _report(self, order_id: str, outcome: Outcome) -> events.OrderReported:
        status, note, error, broker_id = told(outcome)
        return events.OrderReported(
            self._clock(), order_id, status, 0, Decimal(0), note=note, error=error, broker_id=broker_id
        )

    def _revision(self, command: events.ReviseOrder, outcome: str, note: str) -> events.RevisionReported:
        return events.RevisionReported(self._clock(), command.order_id, outcome, note)


def _lacks_a_half(rows: Iterable[rc.BrokerOrder], broker_id: str) -> bool:
    """Whether no row of an order book works, and none is of an order that may."""
    return not any(row.working or row.is_named(broker_id) for row in rows)


def _tells_trades(seen: tuple[events.Input, ...], broker_id: str, *, some: bool, halves: bool) -> bool:
    """Whether a look at the books says what filled, by `some` trades at all, while no order book tells of the order."""
    books = (event.books for event in seen if isinstance(event, events.BooksRead))
    return any(
        bool(read.trades if some else read.trades is not None)
        and not read.hides(broker_id, "trades")
        and (not read.orders or read.hides(broker_id) or (halves and _lacks_a_half(read.orders, broker_id)))
        for read in books
    )


def wanted_of(order: rc.ApprovedEntry | rc.ApprovedExit, resting: str = SL) -> OrderWanted:
    """The order as OpenAlgo is asked for it: a limit, or a stop that rests until its trigger."""
    trigger = order.trigger if isinstance(order, rc.ApprovedExit) else None
    price_type = "LIMIT" if trigger is None else resting
    return OrderWanted(
        exchange=order.instrument.exchange,
        symbol=order.instrument.symbol,
        side=order.side,
        quantity=order.quantity,
        product=order.product,
        price_type=price_type,
        price=None if price_type == "SL-M" else order.limit,
        trigger=trigger,
    )


def told(outcome: Outcome) -> tuple[str, str, str, str]:
    """Status, note, class of error and the broker's name, as the engine takes them."""
    if isinstance(outcome, Accepted):
        return "working", "", "", outcome.broker_id
    if isinstance(outcome, AwaitingApproval):
        return "awaiting_approval", f"waits in OpenAlgo's Action Center as {outcome.pending_id}", "", ""
    if isinstance(outcome, Rejected):
        return "rejected", outcome.reason, outcome.error, outcome.broker_id or ""
    return "unknown", f"outcome unknown: {outcome.why}", outcome.error, ""


def words_of(outcome: Outcome) -> str:
    """What an outcome that is no yes says."""
    return outcome.why if isinstance(outcome, Unknown) else "it waits for somebody's approval"
