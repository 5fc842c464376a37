"""The strategy validator: is the signal itself admissible, now, and is there enough seen to judge it?"""

from __future__ import annotations

from datetime import timedelta

from riskcore.book import ACTIVE
from riskcore.reasons import Reading
from riskcore.rules.context import Context
from riskcore.signals import SELL


def entries_allowed(context: Context) -> Reading:
    """The trading state is ACTIVE: no latch has stopped entries."""
    book = context.book
    if not book.latches or book.state == ACTIVE:
        return "", ACTIVE, None, None
    worst = next(latch for latch in book.latches if latch.state == book.state)
    return "entries_stopped", f"{worst.name} ({worst.why})", ACTIVE, None


def session_open(context: Context) -> Reading:
    """The exchange trades continuously at this moment, by a calendar that reaches it."""
    if context.calendar_problem is not None:
        return "calendar_unknown", context.calendar_problem, None, None
    at = context.market.at
    passed = context.session is not None and context.session.is_open(at)
    return "" if passed else "market_closed", at, None, None


def not_too_early(context: Context) -> Reading | None:
    """Entries wait for the first minutes of the session to pass."""
    if context.session is None:
        return None
    first, at = context.session.entries_from, context.market.at
    return "" if at >= first else "before_first_entry", at.time(), first.time(), None


def not_too_late(context: Context) -> Reading | None:
    """Entries end at the cut-off, early enough for a stop or target to be reached before the square-off."""
    if context.session is None:
        return None
    last, at = context.session.entries_until, context.market.at
    return "" if at < last else "after_cut_off", at.time(), last.time(), None


def fresh(context: Context) -> Reading:
    """The signal is not older than `signal_max_age_s`."""
    age, limit = context.market.at - context.signal.at, context.policy.signal_max_age_s
    return "" if age <= timedelta(seconds=limit) else "signal_stale", age, limit, None


def not_from_the_future(context: Context) -> Reading:
    """The signal's clock is not further ahead of ours than `clock_skew_s`."""
    ahead, limit = context.signal.at - context.market.at, context.policy.clock_skew_s
    passed = ahead <= timedelta(seconds=limit)
    return "" if passed else "signal_from_future", max(ahead, timedelta(0)), limit, None


def side_allowed(context: Context) -> Reading:
    """The side may be entered at all."""
    side, allowed = context.signal.side, context.policy.allowed_sides
    return "" if side in allowed else "side_not_allowed", side, allowed, None


def symbol_allowed(context: Context) -> Reading:
    """The symbol is one of `allowed_symbols`, where that is set."""
    symbol, allowed = context.signal.symbol, context.policy.allowed_symbols or ()
    return "" if symbol in allowed else "symbol_not_allowed", symbol, allowed, None


def product_allowed(context: Context) -> Reading:
    """The product is allowed, and a delivery sale is never a short."""
    product, allowed = context.signal.product, context.policy.allowed_products
    if product not in allowed:
        return "product_not_allowed", product, allowed, None
    if product == "CNC" and context.signal.side == SELL:
        return "short_not_allowed", f"{context.signal.symbol} CNC", allowed, None
    return "", product, allowed, None


def quote_fresh(context: Context) -> Reading:
    """There is a quote, not older than `quote_max_age_s`, nor from the future beyond `clock_skew_s`."""
    limit = context.policy.quote_max_age_s
    if context.reference is None:
        return "quote_missing", context.signal.symbol, limit, None
    age = context.market.quote_age()
    passed = timedelta(seconds=-context.policy.clock_skew_s) <= age <= timedelta(seconds=limit)
    return "" if passed else "quote_stale", age, limit, None
