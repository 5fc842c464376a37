"""Prices against what is held: leave when a level was touched; give up an exit the market has run away from."""

from __future__ import annotations

from riskcore import events as e
from riskcore.engine.clock import EXIT_RETRY
from riskcore.engine.turn import Turn
from riskcore.exits.leaving import failed_exit, failed_part, square_off_due, time_is_up
from riskcore.exits.levels import breach
from riskcore.positions import Position
from riskcore.signals import SELL


def watch(turn: Turn, position: Position, prices: e.PricesSeen) -> None:
    """Leave when a level was touched; give up an exit whose limit the market has run away from."""
    exits = turn.book.live_orders(prices.key, entries=False)
    failed = failed_exit(turn.book, position)
    if all(order.takes_part for order in exits) and (failed is None or turn.at - failed.at >= EXIT_RETRY):
        touched = breach(position, first=prices.first, high=prices.high, low=prices.low)
        part = None if touched is None or _must_leave(turn, position) else touched.quantity
        if touched is not None and (part is None or _part_may_go(turn, position)):
            turn.leave(
                position,
                touched.reason,
                touched.reference,
                touched.level,
                part=part,
                rule=touched.rule,
            )
    for order in exits:
        limit = order.approved.limit
        out_of_reach = prices.high < limit if order.approved.side == SELL else prices.low > limit
        if out_of_reach and prices.since > order.approved.at:
            turn.cancel(order, "the price has run away from the exit limit")


def _must_leave(turn: Turn, position: Position) -> bool:
    """Whether all of it is to go in any case: an exit of the whole failed, or its time is up."""
    if failed_exit(turn.book, position) is not None:
        return True
    late = square_off_due(position, turn.at, turn.policy)
    return late or time_is_up(position, turn.at, turn.policy) is not None


def _part_may_go(turn: Turn, position: Position) -> bool:
    """A part that did not go off is tried again as the whole is: after a pause."""
    failed = failed_part(turn.book, position)
    return failed is None or turn.at - failed.at >= EXIT_RETRY
