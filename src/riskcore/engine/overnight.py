"""A position that was carried over a night: whether it is still what it was, by its first price of the day.

A bonus or a split changes price and quantity at once. Nobody tells us of it, so entries in the symbol stop until
somebody has looked; an exit that its price asks for goes all the same.
"""

from __future__ import annotations

from typing import Final

from riskcore import events as e
from riskcore.engine.turn import Turn
from riskcore.exits.confirming import near
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
