"""What is held while nobody sees its price: entries of the symbol are stopped by a latch, and somebody is called.

A latch of one instrument is a warning. Of a position it is more: its target, its trail and whatever no order at the
broker covers are watched by prices alone. One outage is one call: a feed that comes and goes is not told as over, and
not told anew, until prices have come for `SETTLED` on end.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from riskcore.custody import NO_PRICES, SILENT
from riskcore.engine.turn import Turn
from riskcore.exits.leaving import can_trade
from riskcore.exits.resting import resting_quantity
from riskcore.positions import Position

SETTLED: Final = timedelta(seconds=60)
"""So long must prices come without a break before an outage counts as over."""


def call_for_the_unseen(turn: Turn) -> None:
    """Call for somebody, once, for each position whose instrument is silent while it can be sold; and tell its end."""
    latches, told = turn.book.latches, turn.state.custody.told
    if not latches and not told:
        return
    silent = {latch.key: latch.why for latch in latches if latch.name in SILENT}
    watched = {held.instrument.key: held for held in turn.book.positions if can_trade(held, turn.at, turn.policy)}
    for key, held in watched.items():
        if key in silent:
            turn.alarm(NO_PRICES, key, f"{held.quantity} are held, and {silent[key]}; {_left_to_itself(turn, held)}")
    for name, key in sorted(told):
        if name == NO_PRICES and (key not in watched or (key not in silent and _is_over(turn, key))):
            turn.calm(NO_PRICES, key)


def _is_over(turn: Turn, key: str) -> bool:
    since = dict(turn.state.custody.seen_again).get(key)
    return since is None or turn.at - since >= SETTLED


def _left_to_itself(turn: Turn, held: Position) -> str:
    if resting_quantity(turn.book, held.instrument.key) >= held.quantity:
        return f"its stop at {held.stop} rests at the broker, target and trail stand still"
    return "no stop rests at the broker for all of it: nothing takes it off while its price is not seen"
