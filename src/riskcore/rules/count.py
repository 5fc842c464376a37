"""Rules that count: positions, trades of the day, one position a symbol."""

from __future__ import annotations

from riskcore.reasons import Finding
from riskcore.rules.context import Context


def symbol_free(context: Context) -> Finding:
    """No position and no working order in the symbol (nor one of unknown outcome).

    Switched off, a symbol may be added to on the side it is held; never against it, and never while it leaves.
    """
    rule = "one_position_per_symbol"
    side, symbol, key = context.signal.side, context.signal.symbol, context.market.instrument.key
    one = context.policy.one_position_per_symbol
    held = context.book.position(key)
    if held is not None and (one or held.side != side):
        return Finding(rule, False, "symbol_held", symbol)
    orders = context.book.live_orders(key)
    if any(one or not order.is_entry or order.approved.side != side for order in orders):
        return Finding(rule, False, "symbol_working", symbol)
    return Finding(rule, True, measured=symbol if one else "off")


def position_slot(context: Context) -> Finding:
    """Open positions and symbols with an entry on its way are fewer than `max_positions`."""
    keys = {position.instrument.key for position in context.book.positions}
    keys.update(order.approved.instrument.key for order in context.book.live_orders(entries=True))
    limit = context.policy.max_positions
    adds = context.market.instrument.key not in keys
    passed = len(keys) < limit or not adds
    return Finding("max_positions", passed, "" if passed else "too_many_positions", len(keys), limit)


def trade_slot(context: Context) -> Finding:
    """Entries sent today, and not refused unfilled, are fewer than `max_trades_per_day`."""
    trades, limit = context.book.trades_today, context.policy.max_trades_per_day
    passed = trades < limit
    return Finding("max_trades_per_day", passed, "" if passed else "too_many_trades", trades, limit)
