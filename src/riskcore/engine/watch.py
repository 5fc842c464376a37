"""Prices against what is held: leave when a level was touched; give up an exit the market has run away from."""

from __future__ import annotations

from riskcore import events as e
from riskcore.engine.clock import EXIT_RETRY
from riskcore.engine.turn import Turn
from riskcore.exits.leaving import failed_exit, failed_part
from riskcore.exits.levels import breach
from riskcore.positions import Position
from riskcore.signals import SELL


def watch(turn: Turn, position: Position, prices: e.PricesSeen) -> None:
    """Leave when a level was touched; give up an exit whose limit the market has run away from."""
    exits = turn.book.live_orders(prices.key, entries=False)
    failed = failed_exit(turn.book, position)
    if all(order.takes_part for order in exits) and (failed is None or turn.at - failed.at >= EXIT_RETRY):
        touched = breach(position, first=prices.first, high=prices.high, low=prices.low)
        if touched is not None and (touched.quantity is None or _part_may_go(turn, position)):
            turn.leave(
                position,
                touched.reason,
                touched.reference,
                touched.level,
                part=touched.quantity,
                rule=touched.rule,
            )
    for order in exits:
        limit = order.approved.limit
        out_of_reach = prices.high < limit if order.approved.side == SELL else prices.low > limit
        if out_of_reach and prices.since > order.approved.at:
            turn.cancel(order, "the price has run away from the exit limit")


def _part_may_go(turn: Turn, position: Position) -> bool:
    """A part that did not go off is tried again as the whole is: after a pause."""
    failed = failed_part(turn.book, position)
    return failed is None or turn.at - failed.at >= EXIT_RETRY
