"""Which way each price is rounded to the tick: one table, used by every function that makes a price of ours.

A price is never rounded to the nearest tick. Each kind has the one direction that keeps its promise.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from riskcore.money import DOWN, UP, round_to_tick
from riskcore.signals import BUY, SELL

STOP: Final = "stop"
LEAST_STOP: Final = "least stop"
TARGET: Final = "target"
GIVEN_TARGET: Final = "given target"
ENTRY: Final = "entry"
EXIT_LIMIT: Final = "exit limit"

ROUNDING: Final[Mapping[tuple[str, str], str]] = {
    (STOP, BUY): UP,
    (STOP, SELL): DOWN,
    (LEAST_STOP, BUY): DOWN,
    (LEAST_STOP, SELL): UP,
    (TARGET, BUY): UP,
    (TARGET, SELL): DOWN,
    (GIVEN_TARGET, BUY): DOWN,
    (GIVEN_TARGET, SELL): UP,
    (ENTRY, BUY): DOWN,
    (ENTRY, SELL): UP,
    (EXIT_LIMIT, BUY): DOWN,
    (EXIT_LIMIT, SELL): UP,
}
"""(kind of price, side of the position) -> direction. The side is the position's, also for the order that closes it."""

PROMISES: Final[Mapping[str, str]] = {
    STOP: "nearer the entry: rounding never adds to the risk",
    LEAST_STOP: "away from the entry: the least distance of a stop holds on the tick",
    TARGET: "away from the entry: the ratio demanded of a target holds exactly",
    GIVEN_TARGET: "nearer the entry: a sender's own target never promises more than was asked",
    ENTRY: "towards the quote: the entry band is never exceeded",
    EXIT_LIMIT: "away from the price: the order that closes a position fills sooner",
}
"""Why each kind of price is rounded that way; "away" and "nearer" are mirrored between BUY and SELL."""


def rounded(kind: str, side: str, price: Decimal, tick: Decimal) -> Decimal:
    """`price` on the tick, in the direction of its kind for a position on `side`."""
    return round_to_tick(price, tick, ROUNDING[kind, side])
