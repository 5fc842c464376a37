"""Rules that a breaker also watches: what the book alone tells, so that a script without an engine is stopped too.

A breaker that was lifted by hand at its limit is excused here as well (`Book.excused`).
"""

from __future__ import annotations

from decimal import Decimal

from riskcore.breakers.drawdown import drawdown, drawdown_peak
from riskcore.breakers.loss import given_back
from riskcore.breakers.measure import NOTHING, Measure
from riskcore.breakers.sending import order_rate
from riskcore.breakers.streak import loss_streak, loss_streak_r
from riskcore.exchange_limits import slice_quantity
from riskcore.reasons import Reading
from riskcore.rules.context import Context


def below_drawdown(context: Context) -> Reading | None:
    """Equity stands less than `max_drawdown` per cent below its peak, which must be known."""
    equity = context.equity
    if equity is not None and drawdown_peak(context.book, context.policy) is None:
        return "peak_unknown", None, None, None
    return _reading(context, drawdown(context.book, context.policy, equity), "drawdown_reached")


def streak_short(context: Context) -> Reading | None:
    """Fewer trades than `max_loss_streak` were lost in a row."""
    found = loss_streak(context.book, NOTHING, context.policy, context.market.at)
    return _reading(context, found, "loss_streak")


def streak_light(context: Context) -> Reading | None:
    """Trades lost in a row lost less than `max_loss_streak_r` R."""
    found = loss_streak_r(context.book, NOTHING, context.policy, context.market.at)
    return _reading(context, found, "loss_streak_r")


def gains_kept(context: Context) -> Reading | None:
    """Less than `max_give_back_pct` per cent of the day's best result, which must be known, was given back."""
    if context.book.opening_equity is not None and context.book.session_peak is None:
        return "peak_unknown", None, None, None
    return _reading(context, given_back(context.book, context.policy, context.result), "gave_back")


def rate_free(context: Context) -> Reading | None:
    """An order for an entry is left in this second, and as many as its slices need; exits ask no rule.

    Its size is at most what the orders that are left can carry, where the exchange has a freeze quantity.
    """
    found = order_rate(context.book, context.policy, context.market.at)
    reading, each = _reading(context, found, "order_rate"), slice_quantity(context.market.instrument)
    if reading is None or found is None or not each or reading[0]:
        return reading
    left = Decimal(found.limit) - Decimal(found.measured)
    return "", found.measured, found.limit, max(left, Decimal(1)) * each


def _reading(context: Context, found: Measure | None, reason: str) -> Reading | None:
    if found is None:
        return None
    stopped = found.tripped and found.rule not in context.book.excused
    return reason if stopped else "", found.measured, found.limit, None
