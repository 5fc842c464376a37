"""Rules about what may still be lost: the open risk ("heat") of everything, and the worst end of the day.

What is held is looked at from its stops, so a position without one has no bound and refuses by name. What the entry
risks is what its size is worked out from: with the slippage and charges that the policy counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from riskcore.money import ZERO, percent_of
from riskcore.orders import ApprovedEntry, Order
from riskcore.positions import Position
from riskcore.reasons import Reading
from riskcore.rules.context import Context
from riskcore.rules.sizes import fits_whole
from riskcore.signals import sign
from riskcore.sizing import Size

WORST_CASE: Final = "daily_loss_worst_case"


def open_risk(context: Context) -> Reading | None:
    """Open risk with the entry is at most `max_open_risk` of the sizing base.

    open risk = sum over positions of quantity x (average price - stop) and over entries on their way of what may
    still fill x (limit - stop), each from its losing side: where the stop has passed the entry price the part
    counts 0. The gain a position has now and may give back is not counted: it was never put at risk.
    """
    loss = context.loss
    if context.base is None or loss is None:
        return None
    for position in context.book.positions:
        if position.stop is None:
            return "stop_missing", position.instrument.key, None, None
    taken, lot = risk_in_use(context.book.positions, context.live), context.market.instrument.lot_size
    limit = percent_of(context.base, context.policy.max_open_risk or ZERO)
    most = loss.most(max(limit - taken, ZERO), lot)
    return "" if most >= lot else "open_risk_full", taken, limit, Decimal(most)


def worst_case(context: Context) -> Reading | None:
    """Even with every stop hit, that of the entry included, the day's loss stays below `max_daily_loss`.

    worst loss = charges - realised + what was carried (`Book.carried`) - sum of what each position ends with at its
    stop (at its latest price, where that is worse) + what entries on their way risk. The entry may risk what is missing
    to the limit, and not quite all of it: at the limit is blocked. Refused where not one lot can.
    """
    book, loss = context.book, context.loss
    equity = book.opening_equity
    if equity is None or loss is None:
        return None
    lost = _on_their_way(context.live) + book.carried - book.net_realised
    for position in book.positions:
        if position.stop is None:
            return "stop_missing", position.instrument.key, None, None
        way, last = sign(position.side), position.last or position.average_price
        leaves_at = min(position.stop, last) if way > 0 else max(position.stop, last)
        lost -= way * (leaves_at - position.average_price) * position.quantity
    limit, lot = percent_of(equity, context.policy.max_daily_loss), context.market.instrument.lot_size
    most = loss.most(limit - lost, lot)
    if most and lost + loss.of(most) >= limit:
        most -= lot
    return "" if most >= lot else "worst_case_too_large", max(lost + loss.of(lot), ZERO), limit, Decimal(most)


def day_has_room(context: Context, sized: Size) -> Reading:
    """With worst_case_over reject: the worst case has room for all that every other limit allows, not for a part."""
    return fits_whole(sized, (WORST_CASE,), "worst_case_over")


def risk_in_use(positions: Iterable[Position], live: Iterable[Order]) -> Decimal:
    """What positions with a stop, and entries on their way, may still lose down to their stops; before charges."""
    used = _on_their_way(live)
    for position in positions:
        if position.stop is not None:
            away = sign(position.side) * (position.average_price - position.stop)
            used += max(away, ZERO) * position.quantity
    return used


def _on_their_way(live: Iterable[Order]) -> Decimal:
    """What entries that may still fill can lose: open quantity x the distance from their limit to their stop."""
    total = ZERO
    for order in live:
        entry = order.approved
        if isinstance(entry, ApprovedEntry):
            total += max(sign(entry.side) * (entry.limit - entry.stop), ZERO) * order.open_quantity
    return total
