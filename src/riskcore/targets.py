"""Where a target stands, and what reward it gives for one unit of risk."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from attrs import frozen

from riskcore.instruments import one_of
from riskcore.money import DOWN, UP, exact, positive, round_to_tick
from riskcore.signals import BUY, SIDES, sign


@frozen
class Target:
    """A target price and the reward it gives for one unit of risk (`risk_reward`), before charges."""

    price: Decimal
    distance: Decimal
    risk_reward: Decimal


@exact
def target(*, side: str, entry: Any, stop: Any, r_multiple: Any, tick: Any) -> Target:
    """A target `r_multiple` times the stop's distance beyond `entry`, rounded to the tick away from the entry.

    Rounding away, with the stop rounded nearer, makes a demanded ratio hold exactly on tradable prices.
    Raises `ValueError` when the stop is not on the losing side of the entry.

    >>> target(side="BUY", entry=2500, stop=2470, r_multiple=2.5, tick=0.05).price
    Decimal('2575.00')
    """
    side = one_of(side, "side", SIDES)
    price = positive(entry, "entry")
    risk = _risk(side, price, positive(stop, "stop"))
    raw = price + sign(side) * risk * positive(r_multiple, "r_multiple")
    rounded = round_to_tick(raw, positive(tick, "tick"), UP if side == BUY else DOWN)
    return Target(rounded, abs(rounded - price), abs(rounded - price) / risk)


@exact
def given_target(*, side: str, entry: Any, stop: Any, price: Any, tick: Any) -> Target:
    """The sender's own target, rounded to the tick nearer the entry (never promising more than was asked)."""
    side = one_of(side, "side", SIDES)
    start = positive(entry, "entry")
    risk = _risk(side, start, positive(stop, "stop"))
    rounded = round_to_tick(positive(price, "price"), positive(tick, "tick"), DOWN if side == BUY else UP)
    reward = sign(side) * (rounded - start)
    return Target(rounded, reward, reward / risk)


def _risk(side: str, entry: Decimal, stop: Decimal) -> Decimal:
    risk = sign(side) * (entry - stop)
    if risk <= 0:
        raise ValueError(f"stop {stop} must be on the losing side of entry {entry} for a {side}")
    return risk
