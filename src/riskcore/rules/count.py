"""Rules that count: positions, trades of the day, one position a symbol."""

from __future__ import annotations

from riskcore.reasons import Reading
from riskcore.rules.context import Context


def symbol_free(context: Context) -> Reading:
    """No position and no working order in the symbol (nor one of unknown outcome).

    Switched off, a symbol may be added to on the side it is held; never against it, and never while it leaves.
    """
    side, symbol, key = context.signal.side, context.signal.symbol, context.market.instrument.key
    one = context.policy.one_position_per_symbol
    held = context.book.position(key)
    if held is not None and (one or held.side != side):
        return "symbol_held", symbol, None, None
    orders = context.book.live_orders(key)
    if any(one or not order.is_entry or order.approved.side != side for order in orders):
        return "symbol_working", symbol, None, None
    return "", symbol if one else "off", None, None


def position_slot(context: Context) -> Reading:
    """Open positions and symbols with an entry on its way are fewer than `max_positions`."""
    keys = {position.instrument.key for position in context.book.positions}
    keys.update(order.approved.instrument.key for order in context.book.live_orders(entries=True))
    limit = context.policy.max_positions
    adds = context.market.instrument.key not in keys
    passed = len(keys) < limit or not adds
    return "" if passed else "too_many_positions", len(keys), limit, None


def trade_slot(context: Context) -> Reading:
    """Entries sent today, and not refused unfilled, are fewer than `max_trades_per_day`."""
    trades, limit = context.book.trades_today, context.policy.max_trades_per_day
    return "" if trades < limit else "too_many_trades", trades, limit, None
