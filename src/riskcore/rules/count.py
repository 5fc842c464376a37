"""Rules that count: positions, trades of the day, one position a symbol."""

from __future__ import annotations

from riskcore.orders import AWAITING, UNKNOWN, ApprovedEntry, ApprovedExit
from riskcore.reasons import Reading
from riskcore.rules.context import Context
from riskcore.sessions import session_date


def symbol_free(context: Context) -> Reading:
    """No position and no working order in the symbol (nor one of unknown outcome).

    Switched off, a symbol may be added to on the side and in the product it is held, never otherwise: the broker keeps
    the shares of two products apart, and one stop would sell what is not there of the one and leave the other bare.
    """
    side, symbol, key = context.signal.side, context.signal.symbol, context.market.instrument.key
    product, one = context.signal.product, context.policy.one_position_per_symbol
    held = context.book.position(key)
    if held is not None and (one or held.side != side):
        return "symbol_held", symbol, None, None
    if one and context.live and any(order.approved.instrument.key == key for order in context.live):
        return "symbol_working", symbol, None, None
    if one:
        return "", symbol, None, None
    others = {order.approved.product for order in context.live if order.approved.instrument.key == key}
    if held is not None:
        others.add(held.product)
    if others - {product}:
        return "other_product", symbol, min(others - {product}), None
    return "", "off", None, None


def no_exit_in_progress(context: Context) -> Reading:
    """No exit of the symbol works or has an unknown outcome: what is left of it is not known yet.

    A stop that only rests at the broker is none.
    """
    symbol, key = context.signal.symbol, context.market.instrument.key
    for order in context.live:
        rests = order.rests and order.status not in (UNKNOWN, AWAITING)
        if not order.is_entry and not rests and order.approved.instrument.key == key:
            return "exit_in_progress", symbol, None, None
    return "", symbol, None, None


def nothing_opposite(context: Context) -> Reading:
    """No entry of the other side works in the symbol or has an unknown outcome: the two could fill into each other."""
    side, symbol, key = context.signal.side, context.signal.symbol, context.market.instrument.key
    for order in context.live:
        if order.is_entry and order.approved.side != side and order.approved.instrument.key == key:
            return "opposite_working", symbol, None, None
    return "", symbol, None, None


def symbol_trade_slot(context: Context) -> Reading:
    """Entries in the symbol in this session, refused ones not counted, are fewer than `max_entries_per_symbol`."""
    key, limit = context.market.instrument.key, context.policy.max_entries_per_symbol or 0
    entries = sum([entry.instrument.key == key for entry in entries_today(context)])
    return "" if entries < limit else "too_many_entries", entries, limit, None


def entries_today(context: Context) -> list[ApprovedEntry | ApprovedExit]:
    """Entries of the session date that count as trades; of one that went as several slices, the first that does."""
    today = context.market.at.date()
    found: dict[str, ApprovedEntry | ApprovedExit] = {}
    for order in context.book.orders:
        entry = order.approved
        if order.counts_as_trade and isinstance(entry, ApprovedEntry) and session_date(entry.at) == today:
            found.setdefault(entry.signal_id, entry)
    return list(found.values())


def position_slot(context: Context) -> Reading:
    """Open positions and symbols with an entry on its way are fewer than `max_positions`."""
    limit = context.policy.max_positions
    keys = {position.instrument.key for position in context.book.positions}
    if context.live:
        keys.update([order.approved.instrument.key for order in context.live if order.is_entry])
    passed = len(keys) < limit or context.market.instrument.key in keys
    return "" if passed else "too_many_positions", len(keys), limit, None


def trade_slot(context: Context) -> Reading:
    """Entries sent today, and not refused unfilled, are fewer than `max_trades_per_day`."""
    trades, limit = context.book.trades_today, context.policy.max_trades_per_day
    return "" if trades < limit else "too_many_trades", trades, limit, None
