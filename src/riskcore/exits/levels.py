"""When a position must leave, in whole or in part: its stop, target or a leg touched; and the order that takes it off.

No rule is asked here. An exit needs a position, a side that reduces it and a quantity it holds; nothing else
may stand in its way.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from attrs import frozen

from riskcore.exits.legs import touched_legs
from riskcore.money import exact, percent_of
from riskcore.orders import STOP_HIT, TARGET_HIT, ApprovedExit
from riskcore.policy import Policy
from riskcore.positions import Position
from riskcore.rounding import EXIT_LIMIT, rounded
from riskcore.signals import BUY, opposite


@frozen
class Breach:
    """A protective level that was reached: which one, its price, and the price one can expect to leave at.

    `quantity` is how many shares leave, None for all of them; `rule` the setting that placed the stop, "" for the
    entry's own.

    Prices are rupees a share.
    """

    reason: str
    level: Decimal
    reference: Decimal
    quantity: int | None = None
    rule: str = ""


@exact
def breach(position: Position, *, first: Decimal, high: Decimal, low: Decimal) -> Breach | None:
    """The level a price span touched, or None. Where it touched both, the stop: the worse one is assumed.

    The reference is the level, or the span's first price when that already lies beyond it (a gap): worse than
    the stop, better than the target. Of a target in legs, those that the span reached leave together; the last one
    takes all that is held.
    """
    long = position.side == BUY
    stop, target = position.stop, position.target
    if stop is not None and (low <= stop if long else high >= stop):
        return Breach(STOP_HIT, stop, min(stop, first) if long else max(stop, first), rule=position.trail.rule)
    if position.legs:
        touched = touched_legs(position, first=first, high=high, low=low)
        if touched is None:
            return None
        part = touched.quantity if touched.quantity < position.quantity else None
        return Breach(TARGET_HIT, touched.level, touched.reference, part)
    if target is not None and (high >= target if long else low <= target):
        return Breach(TARGET_HIT, target, max(target, first) if long else min(target, first))
    return None


@exact
def exit_order(
    position: Position,
    *,
    order_id: str,
    reason: str,
    reference: Decimal,
    level: Decimal | None,
    policy: Policy,
    at: datetime,
    quantity: int | None = None,
    rule: str = "",
    partial: bool = False,
    band: Decimal | None = None,
) -> ApprovedExit:
    """The order that closes the position: a limit `exit_band_pct` beyond the reference, so that it fills.

    `band` is another distance in per cent, for a later step of the ladder. The limit is rounded to the tick on the
    side that fills sooner, and is at least one tick. Without a `quantity` it is all that is held; `partial` says that
    what remains is meant to stay. Raises `ValueError` for a quantity that is not held.
    """
    many = position.quantity if quantity is None else quantity
    if not 0 < many <= position.quantity:
        raise ValueError(f"quantity must be 1 to {position.quantity}, which is what is held, got {quantity!r}")
    limit = _limit(position, reference, policy.exit_band_pct if band is None else band)
    return ApprovedExit(
        order_id=order_id,
        position_id=position.id,
        instrument=position.instrument,
        side=opposite(position.side),
        quantity=many,
        product=position.product,
        reference=reference,
        limit=limit,
        reason=reason,
        level=level,
        at=at,
        rule=rule,
        partial=partial,
    )


@exact
def exit_limit(position: Position, reference: Decimal, band: Decimal) -> Decimal:
    """The limit of an exit `band` per cent beyond a price, rounded to the tick that fills sooner; at least one tick."""
    return _limit(position, reference, band)


def _limit(position: Position, reference: Decimal, band: Decimal) -> Decimal:
    beyond, tick = percent_of(reference, band), position.instrument.tick
    raw = reference - beyond if position.side == BUY else reference + beyond
    return max(rounded(EXIT_LIMIT, position.side, raw, tick), tick)
