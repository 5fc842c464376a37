"""Where the broker holds other than we do for long enough: our book follows what is there, and nothing is traded.

Shares that are gone are gone, whatever the policy says: an exit of more than is held would turn the position round.
Of shares that came, `manual_trades` decides: they are adopted, ignored, or their symbol takes no entries (frozen). A
stop of the whole account adopts them whatever it says, from a read that may be believed: else what our exit sold were
sold again.
What changed over a night without a trade freezes its symbol always (a bonus, a split). Shares for delivery are then
left as they are in our book: those that were bought yesterday may not be shown anywhere until they settle, they need
their stop meanwhile, and more of them than there are cannot be sold.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import attrs

from riskcore import events as e
from riskcore.broker_books import BrokerBooks, BrokerPosition, summed
from riskcore.corrections import foreign_trades, price_elsewhere
from riskcore.costs import ChargesUnknown, charge_for_more
from riskcore.custody import FOREIGN, GONE, LESS, MORE, OPPOSITE, Mismatch
from riskcore.engine.reports import charges_for, cut_down
from riskcore.engine.turn import Turn
from riskcore.engine.unnamed import presumed_filled
from riskcore.exits.leaving import closed_elsewhere
from riskcore.instruments import Instrument
from riskcore.money import ZERO, exact
from riskcore.orders import ApprovedExit, Order
from riskcore.policy.custody import ADOPT, IGNORE
from riskcore.positions import DELIVERY, Position
from riskcore.signals import BUY, SELL, opposite, sign
from riskcore.stale_reads import is_stale, was_carried
from riskcore.state_control import takes_all
from riskcore.states import CONDITION

FROZEN: Final = "positions_differ"
BY_HAND: Final = "by_hand"


def act_on(turn: Turn, mismatch: Mismatch, event: e.BooksRead) -> None:
    """Follow the broker where shares went; adopt, ignore or freeze where they came; call for somebody either way."""
    position = turn.book.position(mismatch.key)
    why = f"{mismatch.kind}: we hold {mismatch.ours}, the broker {mismatch.theirs}"
    turn.alarm(FROZEN, mismatch.key, why)
    overnight = _overnight(turn, position, event)
    if position is not None and mismatch.kind in (GONE, LESS, OPPOSITE):
        if overnight and position.product == DELIVERY:
            turn.latch(FROZEN, why, CONDITION, mismatch.key)
            return
        left = abs(mismatch.theirs) if mismatch.kind == LESS else 0
        _shrink(turn, position, left, event)
        cut_down(turn, mismatch.key)
        if mismatch.kind != OPPOSITE and not overnight:
            return
    elif mismatch.kind in (MORE, FOREIGN) and not overnight:
        if position is not None and _unsold(turn, mismatch, position, event.books):
            return
        everything = takes_all(turn.state)
        if turn.policy.manual_trades == IGNORE and not everything:
            return
        # Some of them were accepted as not ours: which are, only somebody can tell.
        apart = turn.state.custody.beside_of(mismatch.key)
        wanted = everything or (turn.policy.manual_trades == ADOPT and not apart)
        believed = not (is_stale(turn.book, event.books, mismatch.key) or _may_be_of_an_entry(turn, mismatch))
        if wanted and believed and _adopt(turn, mismatch, position, event):
            _count_anew(turn, mismatch)
            return
    turn.latch(FROZEN, why, CONDITION, mismatch.key)


def _may_be_of_an_entry(turn: Turn, mismatch: Mismatch) -> bool:
    """Whether an entry of ours on their side is not over yet: what came may be its fill, which no book has told yet."""
    side = BUY if mismatch.surplus > 0 else SELL
    return any(order.approved.side == side for order in turn.book.live_orders(mismatch.key, entries=True))


@exact
def _unsold(turn: Turn, mismatch: Mismatch, held: Position, books: BrokerBooks) -> bool:
    """Shares that were taken for sold while no trade book could be read, and that its trades do not show: ours still.

    The position has them again, with its levels. What was booked for them is taken off: an order that is worth no more
    than its trades has none of them.
    """
    wrong = [(order, *_untraded(order, books)) for order in _presumed_exits(turn, held)]
    shares = sum(quantity for _, quantity, _ in wrong)
    if shares != mismatch.surplus * sign(held.side) or is_stale(turn.book, books, mismatch.key, presumed_filled(turn)):
        return False
    for order, quantity, value in wrong:
        if quantity:
            charges = charges_for(turn, order, order.filled_value - value) or ZERO
            turn.note(e.Revalued(turn.at, order.id, -value, charges))
    less = turn.book.position(mismatch.key)
    assert less is not None
    back = sign(less.side) * shares * less.average_price
    after = attrs.evolve(less, quantity=less.quantity + shares, realised=less.realised + back)
    turn.note(e.PositionAdjusted(turn.at, mismatch.key, after, "taken for sold, and never traded", realised=back))
    _count_anew(turn, mismatch)
    return True


def _presumed_exits(turn: Turn, held: Position) -> list[Order]:
    """Exits and stops of a position that are known by name, and whose fill was concluded and not read."""
    exits = [order for order in turn.book.orders if order.id in presumed_filled(turn) and order.broker_id]
    return [o for o in exits if isinstance(o.approved, ApprovedExit) and o.approved.position_id == held.id]


def _untraded(order: Order, books: BrokerBooks) -> tuple[int, Decimal]:
    """How many shares an order is taken to have filled beyond its trades, and for how much; none once mended."""
    traded, worth = summed(books.trades_of(order.broker_id))
    more, value = order.filled_quantity - traded, order.filled_value - worth
    return (more, value) if books.trades is not None and more > 0 and value > 0 else (0, ZERO)


def _count_anew(turn: Turn, taken: Mismatch) -> None:
    """What was adopted differs no more: the same seen again is to stand as long as it did the first time."""
    left = tuple(known for known in turn.state.custody.mismatches if known.key != taken.key)
    turn.note(e.BooksDiffer(turn.at, left))


def _overnight(turn: Turn, position: Position | None, event: e.BooksRead) -> bool:
    """Whether shares of a carried position changed without a trade today: a bonus or a split, which nobody adopts."""
    if position is None or not was_carried(position, turn.book.session):
        return False
    return not foreign_trades(turn.book, event.books, position.instrument.key)


@exact
def _shrink(turn: Turn, held: Position, left: int, event: e.BooksRead) -> None:
    """Shares are gone: booked at what the broker's trades say they brought, else at the last price."""
    gone = held.quantity - left
    price = price_elsewhere(held, turn.book, event.books)
    realised = sign(held.side) * (price - held.average_price) * gone
    charges = _charges(turn, held, gone, price)
    after = None
    if left:
        after = attrs.evolve(
            held,
            quantity=left,
            realised=held.realised + realised,
            charges=held.charges + charges,
            exit_value=held.exit_value + price * gone,
        )
    turn.note(
        e.PositionAdjusted(turn.at, held.instrument.key, after, "shares left without us", price, realised, charges)
    )
    if after is None:
        turn.note(closed_elsewhere(turn.at, held, price=price, realised=realised, charges=charges))


def _charges(turn: Turn, held: Position, quantity: int, price: Decimal) -> Decimal:
    """What the shares that left cost, as our own order would have; nought where no schedule tells."""
    try:
        return charge_for_more(
            held.instrument,
            held.product,
            opposite(held.side),
            value_before=ZERO,
            value_after=price * quantity,
            on=turn.at.date(),
            policy=turn.policy,
        )
    except ChargesUnknown:
        return ZERO


@exact
def _adopt(turn: Turn, mismatch: Mismatch, held: Position | None, event: e.BooksRead) -> bool:
    """Take shares that came as our own; a position of ours keeps its levels, a new one has none."""
    row = _row(event, mismatch)
    quantity, average = abs(mismatch.theirs), None if row is None else row.average_price
    if held is not None:
        after = attrs.evolve(
            held,
            quantity=quantity,
            average_price=average or held.average_price,
            opened_quantity=held.opened_quantity + quantity - held.quantity,
        )
        turn.note(e.PositionAdjusted(turn.at, mismatch.key, after, "shares came without us, and are adopted"))
        return True
    instrument = _instrument(event, mismatch.key)
    if instrument is None or average is None or row is None:
        return False
    made = Position(
        instrument=instrument,
        side=row.side,
        quantity=quantity,
        average_price=average,
        product=row.product,
        last=row.last,
        opened_quantity=quantity,
        opened_at=turn.at,
        strategy=BY_HAND,
    )
    turn.note(e.PositionAdjusted(turn.at, mismatch.key, made, "a position that is not ours, and is adopted"))
    return True


def _row(event: e.BooksRead, mismatch: Mismatch) -> BrokerPosition | None:
    rows = event.books.positions or ()
    return next((row for row in rows if row.key == mismatch.key and row.quantity == mismatch.theirs), None)


def _instrument(event: e.BooksRead, key: str) -> Instrument | None:
    return next((instrument for instrument in event.instruments if instrument.key == key), None)
