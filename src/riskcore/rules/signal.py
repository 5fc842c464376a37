"""The strategy validator: is the signal itself admissible, now, and is there enough seen to judge it?"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from riskcore.book import ACTIVE
from riskcore.reasons import Finding
from riskcore.rules.context import Context
from riskcore.signals import SELL

SECOND_PLACES = Decimal("0.001")


def entries_allowed(context: Context) -> Finding:
    """The trading state is ACTIVE: no latch has stopped entries."""
    book = context.book
    if book.state == ACTIVE:
        return Finding("state", True, measured=ACTIVE)
    worst = next(latch for latch in book.latches if latch.state == book.state)
    return Finding("state", False, "entries_stopped", f"{worst.name} ({worst.why})", ACTIVE)


def session_open(context: Context) -> Finding:
    """The exchange trades continuously at this moment, by a calendar that reaches it."""
    if context.calendar_problem is not None:
        return Finding("session", False, "calendar_unknown", context.calendar_problem)
    at = context.market.at
    shown = at.strftime("%Y-%m-%d %H:%M:%S")
    if context.session is None or not context.session.is_open(at):
        return Finding("session", False, "market_closed", shown)
    return Finding("session", True, measured=shown)


def not_too_early(context: Context) -> Finding | None:
    """Entries wait for the first minutes of the session to pass."""
    if context.session is None:
        return None
    first, at = context.session.entries_from, context.market.at
    passed = at >= first
    return Finding(
        "no_entry_before", passed, "" if passed else "before_first_entry", f"{at:%H:%M:%S}", f"{first:%H:%M}"
    )


def not_too_late(context: Context) -> Finding | None:
    """Entries end at the cut-off, early enough for a stop or target to be reached before the square-off."""
    if context.session is None:
        return None
    last, at = context.session.entries_until, context.market.at
    passed = at < last
    return Finding("no_entry_after", passed, "" if passed else "after_cut_off", f"{at:%H:%M:%S}", f"{last:%H:%M}")


def fresh(context: Context) -> Finding:
    """The signal is not older than `signal_max_age_s`."""
    age = _seconds(context.market.at - context.signal.at)
    limit = context.policy.signal_max_age_s
    passed = age <= limit
    return Finding("signal_max_age_s", passed, "" if passed else "signal_stale", _whole(age), limit)


def not_from_the_future(context: Context) -> Finding:
    """The signal's clock is not further ahead of ours than `clock_skew_s`."""
    ahead = _seconds(context.signal.at - context.market.at)
    limit = context.policy.clock_skew_s
    passed = ahead <= limit
    return Finding(
        "clock_skew_s", passed, "" if passed else "signal_from_future", _whole(max(ahead, Decimal(0))), limit
    )


def side_allowed(context: Context) -> Finding:
    """The side may be entered at all."""
    side, allowed = context.signal.side, context.policy.allowed_sides
    passed = side in allowed
    return Finding("allowed_sides", passed, "" if passed else "side_not_allowed", side, "/".join(allowed) or "none")


def symbol_allowed(context: Context) -> Finding:
    """The symbol is one of `allowed_symbols`, where that is set."""
    symbol, allowed = context.signal.symbol, context.policy.allowed_symbols
    passed = allowed is None or symbol in allowed
    limit = "any" if allowed is None else ", ".join(allowed)
    return Finding("allowed_symbols", passed, "" if passed else "symbol_not_allowed", symbol, limit)


def product_allowed(context: Context) -> Finding:
    """The product is allowed, and a delivery sale is never a short."""
    product, allowed = context.signal.product, context.policy.allowed_products
    limit = "/".join(allowed) or "none"
    if product not in allowed:
        return Finding("allowed_products", False, "product_not_allowed", product, limit)
    if product == "CNC" and context.signal.side == SELL:
        return Finding("allowed_products", False, "short_not_allowed", f"{context.signal.symbol} CNC", limit)
    return Finding("allowed_products", True, measured=product, limit=limit)


def quote_fresh(context: Context) -> Finding:
    """There is a quote, not older than `quote_max_age_s`, nor from the future beyond `clock_skew_s`."""
    limit = context.policy.quote_max_age_s
    if context.reference is None:
        return Finding("quote_max_age_s", False, "quote_missing", context.signal.symbol, limit)
    age = _seconds(context.market.quote_age())
    passed = -context.policy.clock_skew_s <= age <= limit
    return Finding("quote_max_age_s", passed, "" if passed else "quote_stale", _whole(age), limit)


def atr_ready(context: Context) -> Finding:
    """The ATR rests on enough bars; a stop the signal brings itself needs none."""
    limit = context.policy.atr_warmup_bars
    if context.signal.stop is not None:
        return Finding("atr_warmup_bars", True, measured="stop given by the signal")
    if not context.atr or (context.atr_bars is not None and context.atr_bars < limit):
        return Finding("atr_warmup_bars", False, "atr_not_ready", context.atr_bars or 0, limit)
    return Finding("atr_warmup_bars", True, measured=context.atr_bars or "given", limit=limit)


def stop_sound(context: Context) -> Finding | None:
    """The stop stands on the losing side of the entry, at a distance, and above zero."""
    if context.reference is None:
        return None
    if context.stop is None:
        if not context.atr or not atr_ready(context).passed:
            return None
        reach = context.atr * context.policy.stop_atr_multiple
        return Finding("stop_atr_multiple", False, "stop_beyond_zero", reach, context.reference)
    if context.stop.price in (context.reference, context.limit):
        return Finding("stop_atr_multiple", False, "zero_risk", context.stop.price, context.reference)
    passed = context.stop_is_sound
    return Finding(
        "stop_atr_multiple",
        passed,
        "" if passed else "stop_wrong_side",
        context.stop.price,
        context.reference,
    )


def reward_worth_it(context: Context) -> Finding | None:
    """Reward over risk at the reference price, before charges, is at least `min_risk_reward`."""
    if not context.stop_is_sound or context.reference is None:
        return None
    if context.target is None:
        return Finding(
            "min_risk_reward",
            False,
            "target_beyond_zero",
            context.policy.target_r_multiple,
            context.reference,
        )
    ratio, limit = context.target.risk_reward, context.policy.min_risk_reward
    passed = ratio >= limit
    return Finding("min_risk_reward", passed, "" if passed else "risk_reward_too_low", ratio, limit)


def _seconds(delta: timedelta) -> Decimal:
    return Decimal(delta // timedelta(microseconds=1)) / 1_000_000


def _whole(seconds: Decimal) -> Decimal | int:
    return int(seconds) if seconds == seconds.to_integral_value() else seconds.quantize(SECOND_PLACES)
