"""A position that was carried over a night: what was to leave still is, and whether it is what it was.

An exit that was refused until the close, or sent after it, ends with its session, and the wish to leave does not. A
bonus or a split changes price and quantity at once. Nobody tells us of it, so entries in the symbol stop until
somebody has looked; an exit that its price asks for goes all the same.
"""

from __future__ import annotations

from typing import Final

from riskcore import events as e
from riskcore.account import moved_by
from riskcore.broker_books import BrokerBooks
from riskcore.custody import Wanted
from riskcore.engine.turn import Turn
from riskcore.exits.confirming import near
from riskcore.exits.leaving import can_trade, failed_exit, latest_reduction, missed_part
from riskcore.instruments import OPT
from riskcore.orders import CANCELLED, ApprovedExit, Order
from riskcore.positions import Position
from riskcore.states import OPERATOR

PRICE_JUMPED: Final = "overnight_price"


def look_at_the_night(turn: Turn, position: Position, prices: e.PricesSeen) -> None:
    """Stop entries in a symbol whose first price of a session lies `overnight_move_pct` or more from the last before.

    Position and stop stay as they are: what the price means for them is not known here. Of an option nothing is made of
    it: a premium moves so far in any night, and a contract whose share is split gets another name.
    """
    most, seen = turn.policy.overnight_move_pct, position.trail.seen_at
    if (
        position.instrument.segment == OPT
        or most is None
        or position.last is None
        or seen is None
        or seen.date() >= turn.at.date()
    ):
        return
    if near(prices.first, position.last, most):
        return
    why = f"{position.last} before the night, {prices.first} after it: a bonus, a split, or a gap of that size"
    turn.alarm(PRICE_JUMPED, prices.key, why)
    turn.latch(PRICE_JUMPED, why, OPERATOR, prices.key)


def keep_exits(turn: Turn) -> None:
    """Let what did not get off by the end of a session wait for the next open; asked before that one begins.

    The whole of a position whose exit failed, or what a reduction has still to take off that is tried again, or that
    worked until the close. An order that is on its way yet is settled by the books of the new day, and goes again then.
    """
    for position in turn.book.positions:
        wish = _still_wanted(turn, position)
        waiting = turn.state.custody.wanted_of(position.instrument.key)
        if wish is not None and (waiting is None or (wish.part is None and waiting.part is not None)):
            turn.note(e.ExitWanted(turn.at, wish))


def _still_wanted(turn: Turn, position: Position) -> Wanted | None:
    """What the clock would try again of a position, were its market open; None where that is nothing."""
    key, at = position.instrument.key, turn.at
    if turn.all_leaves(key):
        return None
    failed = failed_exit(turn.book, position)
    if failed is not None:
        return Wanted(key=key, reason=failed.reason, rule=failed.rule, at=at)
    missed = list(missed_part(turn.book, position, turn.state.cancelling, turn.state.pressed))
    missed += [
        one for one in latest_reduction(turn.book, position) if one not in missed and _lapsed(turn, position, one)
    ]
    first = missed[0].approved if missed else None
    if not isinstance(first, ApprovedExit):
        return None
    part = min(sum(order.quantity - order.filled_quantity for order in missed), position.quantity)
    return Wanted(key=key, reason=first.reason, part=part, at=at)


def _lapsed(turn: Turn, position: Position, order: Order) -> bool:
    """Whether an order ended with its session, and not because anybody wanted it to: in a market that had shut."""
    ended = turn.state.custody.settled_at(order.id)
    if order.status != CANCELLED or order.id in turn.state.cancelling or ended is None:
        return False
    return not can_trade(position, ended, turn.policy)


def keep_reduction(turn: Turn, order: Order, books: BrokerBooks) -> None:
    """What a reduction of before the night did not take off is wanted still, though nobody saw it end.

    Unless somebody had asked it to end. Of shares for delivery only where all are shown that are held: it may have
    filled unseen, and another one would sell twice.
    """
    approved, custody, key = order.approved, turn.state.custody, order.approved.instrument.key
    position, waiting = turn.book.position(key), custody.wanted_of(key)
    if position is None or not isinstance(approved, ApprovedExit) or custody.asked_at(order.id) is not None:
        return
    if order not in latest_reduction(turn.book, position):
        return
    part, of_it = order.quantity - order.filled_quantity, 0  # slices of it that were kept before this one
    if waiting is not None:
        if waiting.part is None or waiting.reason != approved.reason:
            return
        of_it = waiting.part
    if moved_by(turn.book, books, custody, turn.policy, key, position.product) == 0:
        wish = Wanted(key=key, reason=approved.reason, part=min(part + of_it, position.quantity), at=turn.at)
        turn.note(e.ExitWanted(turn.at, wish))
