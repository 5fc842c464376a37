"""What a leaving position still needs to know: whether its time is up, whether an exit of it failed, what it made."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from riskcore.book import Book, Position
from riskcore.corrections import ELSEWHERE
from riskcore.events import Filled, PositionClosed
from riskcore.exchange_limits import AUCTION
from riskcore.exits.timing import session_of, time_stop_due
from riskcore.expiries import leave_by, leave_from
from riskcore.instruments import Instrument
from riskcore.money import ZERO, exact
from riskcore.orders import CANCELLED, ENDED, NETTED, REJECTED, ApprovedEntry, ApprovedExit, Order
from riskcore.policy import Policy
from riskcore.positions import r_multiple
from riskcore.sessions import CONTINUOUS, CalendarUnknown, phase_at, session_on
from riskcore.signals import sign


def square_off_due(position: Position, at: datetime, policy: Policy) -> bool:
    """Whether an intraday position must be flat by now; one left over from an earlier day is due at the open.

    On a day that the calendar cannot tell, nothing is due: the levels stay on watch.
    """
    session = session_of(position, at.date(), policy)
    if session is None or session.square_off is None or at < session.opens:
        return False
    overdue = position.opened_at is not None and position.opened_at.date() < session.day
    return overdue or at >= session.square_off


def expiry_due(position: Position, at: datetime, policy: Policy) -> bool:
    """Whether a position in a stock future or option is to be left before it ends in delivery, and can be sold now.

    From the square-off time of the day `expiry_exit_days` trading days before its expiry on, whatever its product; one
    that is held after that day leaves at the next open. Where the calendar does not tell that day's time, its open is.
    """
    days = policy.expiry_exit_days
    if days is None:
        return False
    day = leave_by(position.instrument, days, tables=policy.tables)
    if day is None or at.date() < day or not can_trade(position, at, policy):
        return False
    moment = leave_from(position.instrument, days, square_off_at=policy.square_off_at, tables=policy.tables)
    return moment is None or at >= moment


def before_the_open(instrument: Instrument, at: datetime, policy: Policy) -> bool:
    """Whether the day's session of an instrument is still to open: prices then are those of the pre-open auction."""
    try:
        session = session_on(at.date(), instrument, tables=policy.tables)
    except CalendarUnknown:
        return False
    return session is not None and at < session.opens


def can_trade(position: Position, at: datetime, policy: Policy) -> bool:
    """Whether the exchange trades the position's instrument now; where the calendar cannot tell, it is taken to."""
    try:
        session = session_on(at.date(), position.instrument, position.product, tables=policy.tables)
    except CalendarUnknown:
        return True
    return session is not None and session.is_open(at)


def can_leave(position: Position, at: datetime, policy: Policy) -> bool:
    """Whether an exit can still be traded: the closing auction takes limits too, though no stop rests in it."""
    try:
        return phase_at(at, position.instrument, tables=policy.tables) in (CONTINUOUS, AUCTION)
    except CalendarUnknown:
        return True


def failed_exit(book: Book, position: Position) -> ApprovedExit | None:
    """The latest exit of this very position that ended without taking all of it off, or None.

    One of a part (legs of the target) is not among them, for what it left is held on purpose; nor is a resting stop.
    """
    held, opened = position.id, position.opened_at
    for order in reversed(book.orders):
        left = order.approved
        if (
            isinstance(left, ApprovedExit)
            and left.position_id == held
            and order.status in ENDED
            and not left.partial
            and left.trigger is None
            and (opened is None or left.at >= opened)
        ):
            return left
    return None


def failed_part(book: Book, position: Position) -> ApprovedExit | None:
    """The latest exit of a part of this position that ended without taking all of that part off, or None."""
    held = position.id
    for order in reversed(book.orders):
        left = order.approved
        if (
            isinstance(left, ApprovedExit)
            and left.position_id == held
            and left.partial
            and order.status in ENDED
            and order.filled_quantity < left.quantity
        ):
            return left
    return None


def missed_part(
    book: Book, position: Position, cancelling: Collection[str], pressed: Collection[str]
) -> tuple[Order, ...]:
    """The orders of the latest reduction of this position, its slices, that were refused, or taken back to be repeated.

    Of the orders whose cancel was asked for (`cancelling`, ids) only those that are `pressed` are missed.
    """
    found = latest_reduction(book, position)
    refused = [order for order in found if order.status == REJECTED and order.id not in cancelling]
    taken_back = [order for order in found if order.status in (REJECTED, CANCELLED) and order.id in pressed]
    return *refused, *taken_back


def latest_reduction(book: Book, position: Position) -> list[Order]:
    """The orders of the latest reduction of this position, its slices: it takes the place of one before it.

    A reduction is an exit of a part that no level asked for; one at a level goes when its price is there again.
    """
    found: list[Order] = []
    for order in reversed(book.orders):
        left = order.approved
        if not isinstance(left, ApprovedExit) or left.position_id != position.id:
            continue
        if not left.partial or left.level is not None:
            continue
        if found and left.at != found[0].approved.at:
            break
        found.append(order)
    return found


def time_is_up(position: Position, at: datetime, policy: Policy) -> str | None:
    """The time stop that a position has reached, while it can be sold; None otherwise."""
    rule = time_stop_due(position, at, policy)
    return rule if rule is not None and can_trade(position, at, policy) else None


def closed_trade(at: datetime, held: Position, approved: ApprovedEntry | ApprovedExit, last: Filled) -> PositionClosed:
    """The finished trade: what `held` was before its last fill, and that fill: an exit's, or an entry's against it.

    gross = sum over exits of (exit - average entry) x quantity, signed by side; r_multiple = (gross - charges) /
    (|average entry - initial stop| x quantity), None without an initial stop.
    """
    gross = held.realised + sign(held.side) * (last.value - held.average_price * last.quantity)
    charges = held.charges + (last.charges or ZERO)
    quantity = held.opened_quantity or last.quantity
    reason, rule = (approved.reason, approved.rule) if isinstance(approved, ApprovedExit) else (NETTED, "")
    return PositionClosed(
        at,
        held.signal_id,
        held.instrument.key,
        held.side,
        quantity,
        held.strategy,
        held.opened_at or at,
        last.traded_at,
        held.average_price,
        (held.exit_value + last.value) / quantity,
        reason,
        gross,
        charges,
        r_multiple(held, gross - charges),
        rule,
    )


@exact
def closed_elsewhere(
    at: datetime, held: Position, *, price: Decimal, realised: Decimal, charges: Decimal, reason: str = ELSEWHERE
) -> PositionClosed:
    """The finished trade of a position whose last shares left without an order of ours, at about that price each.

    `realised` and `charges` are what they brought and cost, as `PositionAdjusted` tells it.
    """
    gross, cost = held.realised + realised, held.charges + charges
    quantity = held.opened_quantity or held.quantity
    return PositionClosed(
        at,
        held.signal_id,
        held.instrument.key,
        held.side,
        quantity,
        held.strategy,
        held.opened_at or at,
        at,
        held.average_price,
        (held.exit_value + price * held.quantity) / quantity,
        reason,
        gross,
        cost,
        r_multiple(held, gross - cost),
    )
