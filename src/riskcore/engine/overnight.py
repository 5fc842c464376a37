"""A position that was carried over a night: what was to leave still is, and whether it is what it was.

An exit that was refused until the close, or sent after it, ends with its session, and the wish to leave does not. A
bonus or a split changes price and quantity at once. Nobody tells us of it, so entries in the symbol stop until
somebody has looked; an exit that its price asks for goes all the same.
"""

from __future__ import annotations

from typing import Final

from riskcore import events as e
from riskcore.custody import Wanted
from riskcore.engine.turn import Turn
from riskcore.exits.confirming import near
from riskcore.exits.leaving import failed_exit, missed_part
from riskcore.orders import ApprovedExit
from riskcore.positions import Position
from riskcore.states import OPERATOR

PRICE_JUMPED: Final = "overnight_price"


def look_at_the_night(turn: Turn, position: Position, prices: e.PricesSeen) -> None:
    """Stop entries in a symbol whose first price of a session lies `overnight_move_pct` or more from the last before.

    Position and stop stay as they are: what the price means for them is not known here.
    """
    most, seen = turn.policy.overnight_move_pct, position.trail.seen_at
    if most is None or position.last is None or seen is None or seen.date() >= turn.at.date():
        return
    if near(prices.first, position.last, most):
        return
    why = f"{position.last} before the night, {prices.first} after it: a bonus, a split, or a gap of that size"
    turn.alarm(PRICE_JUMPED, prices.key, why)
    turn.latch(PRICE_JUMPED, why, OPERATOR, prices.key)


def keep_exits(turn: Turn) -> None:
    """Let what did not get off by the end of a session wait for the next open; asked before that one begins.

    The whole of a position whose exit failed, or what a reduction that is tried again has still to take off. An order
    that is on its way yet is settled by the books of the new day, and tried again then.
    """
    for position in turn.book.positions:
        wish = _still_wanted(turn, position)
        waiting = turn.state.custody.wanted_of(position.instrument.key)
        if wish is not None and (waiting is None or (wish.part is None and waiting.part is not None)):
            turn.note(e.ExitWanted(turn.at, wish))


def _still_wanted(turn: Turn, position: Position) -> Wanted | None:
    """What the clock would try again of a position, were its market open; None where that is nothing."""
    key, at = position.instrument.key, turn.at
    if not all(order.takes_part for order in turn.book.leaving(key)):
        return None
    failed = failed_exit(turn.book, position)
    if failed is not None:
        return Wanted(key=key, reason=failed.reason, rule=failed.rule, at=at)
    missed = missed_part(turn.book, position, turn.state.cancelling, turn.state.pressed)
    first = missed[0].approved if missed else None
    if not isinstance(first, ApprovedExit):
        return None
    part = min(sum(order.quantity - order.filled_quantity for order in missed), position.quantity)
    return Wanted(key=key, reason=first.reason, part=part, at=at)
