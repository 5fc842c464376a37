"""When a position must leave: its stop or target touched; and the order that takes it off.

No rule is asked here. An exit needs a position, a side that reduces it and a quantity it holds; nothing else
may stand in its way.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from attrs import frozen

from riskcore.book import Position
from riskcore.money import exact, percent_of
from riskcore.orders import STOP_HIT, TARGET_HIT, ApprovedExit
from riskcore.policy import Policy
from riskcore.rounding import EXIT_LIMIT, rounded
from riskcore.signals import BUY, opposite


@frozen
class Breach:
    """A protective level that was reached: which one, its price, and the price one can expect to leave at."""

    reason: str
    level: Decimal
    reference: Decimal


@exact
def breach(position: Position, *, first: Decimal, high: Decimal, low: Decimal) -> Breach | None:
    """The level a price span touched, or None. Where it touched both, the stop: the worse one is assumed.

    The reference is the level, or the span's first price when that already lies beyond it (a gap): worse than
    the stop, better than the target.
    """
    long = position.side == BUY
    stop, target = position.stop, position.target
    if stop is not None and (low <= stop if long else high >= stop):
        return Breach(STOP_HIT, stop, min(stop, first) if long else max(stop, first))
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
) -> ApprovedExit:
    """The order that closes the whole position: a limit `exit_band_pct` beyond the reference, so that it fills.

    The limit is rounded to the tick on the side that fills sooner, and is at least one tick.
    """
    side = opposite(position.side)
    tick = position.instrument.tick
    band = percent_of(reference, policy.exit_band_pct)
    raw = reference + band if side == BUY else reference - band
    limit = max(rounded(EXIT_LIMIT, position.side, raw, tick), tick)
    return ApprovedExit(
        order_id=order_id,
        position_id=position.id,
        instrument=position.instrument,
        side=side,
        quantity=position.quantity,
        product=position.product,
        reference=reference,
        limit=limit,
        reason=reason,
        level=level,
        at=at,
    )
