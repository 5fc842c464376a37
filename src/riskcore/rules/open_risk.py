"""Rules about what may still be lost: the open risk ("heat") of everything, and the worst end of the day.

Both look from the stops: a position without one has no bound, so it refuses by name.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from riskcore.book import Book
from riskcore.money import ONE, ZERO, percent_of
from riskcore.reasons import Reading
from riskcore.rules.context import Context
from riskcore.signals import sign


def open_risk(context: Context) -> Reading | None:
    """Open risk with the entry is at most `max_open_risk` of the sizing base.

    open risk = sum over positions of quantity x (average price - stop) and over entries on their way of what may
    still fill x (limit - stop), each from its losing side: where the stop has passed the entry price the part
    counts 0. Before charges.
    """
    if context.base is None or context.risk_per_share is None:
        return None
    naked = next((position for position in context.book.positions if position.stop is None), None)
    if naked is not None:
        return "stop_missing", naked.instrument.key, None, None
    used = risk_in_use(context.book)
    limit = percent_of(context.base, context.policy.max_open_risk or ZERO)
    room = max(limit - used, ZERO)
    passed = room >= context.risk_per_share * context.market.instrument.lot_size
    return "" if passed else "open_risk_full", used, limit, room / context.risk_per_share


def worst_case(context: Context) -> Reading | None:
    """Even with every stop hit, the day stays below `max_daily_loss`: the entry is cut to what leaves it so.

    worst result = realised - charges + sum of what each position ends with at its stop (at its latest price, where
    that is worse) - what entries on their way risk. Refused where not one lot more leaves the loss below the limit.
    """
    equity, book = context.book.opening_equity, context.book
    if equity is None or context.risk_per_share is None:
        return None
    lost = _on_their_way(book) - book.net_realised
    for position in book.positions:
        if position.stop is None:
            return "stop_missing", position.instrument.key, None, None
        at_stop = sign(position.side) * (position.stop - position.average_price) * position.quantity
        lost -= min(at_stop, position.unrealised)
    limit = percent_of(equity, context.policy.max_daily_loss)
    with_one_lot = lost + context.risk_per_share * context.market.instrument.lot_size
    most = ((limit - lost) / context.risk_per_share).to_integral_value(rounding=ROUND_CEILING) - ONE
    passed = with_one_lot < limit
    return "" if passed else "worst_case_too_large", max(with_one_lot, ZERO), limit, max(most, ZERO)


def risk_in_use(book: Book) -> Decimal:
    """What positions with a stop, and entries on their way, may still lose down to their stops; before charges."""
    used = _on_their_way(book)
    for position in book.positions:
        if position.stop is not None:
            away = sign(position.side) * (position.average_price - position.stop)
            used += max(away, ZERO) * position.quantity
    return used


def _on_their_way(book: Book) -> Decimal:
    """What entries that may still fill can lose: open quantity x the distance from their limit to their stop."""
    total = ZERO
    for order in book.live_orders(entries=True):
        approved = order.approved
        assert order.is_entry
        away = sign(approved.side) * (approved.limit - approved.stop)  # type: ignore[union-attr]
        if away > 0:
            total += away * order.open_quantity
    return total
