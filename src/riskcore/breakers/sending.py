"""Breakers on the orders themselves: errors in a row by class, and how many go out in a second."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from riskcore.book import Book
from riskcore.breakers.measure import Measure, Observations
from riskcore.policy import Policy


def order_errors(book: Book, observed: Observations, policy: Policy, at: datetime) -> Measure | None:
    """Order errors in a row of the class that stands nearest to its limit.

    An order that is accepted or fills ends the run of every class; a refusal by ourselves is none. The limit of a
    class is its row in `order_error_limits`, else `max_order_errors`. None where no class has a limit.
    """
    own = {row.error: row.limit for row in policy.order_error_limits}
    if policy.max_order_errors is None and not own:
        return None
    common = policy.max_order_errors
    rows = [(name, count, own.get(name, common)) for name, count in observed.errors]
    bound = [Measure("max_order_errors", count, most, "in a row", "", name) for name, count, most in rows if most]
    if not bound:
        return Measure("max_order_errors", 0, common if common is not None else min(own.values()), "in a row")
    return max(bound, key=lambda measure: Fraction(measure.measured) / Fraction(measure.limit))


def order_rate(book: Book, policy: Policy, at: datetime) -> Measure | None:
    """Orders and cancels already sent in this calendar second, against what `max_orders_per_s` leaves to entries.

    The exchange counts by calendar second. `order_tokens_for_exits` of them are kept for exits and cancels, so an
    entry passes only while fewer than max_orders_per_s - order_tokens_for_exits went out. None while switched off.
    """
    most = policy.max_orders_per_s
    if most is None:
        return None
    return Measure("max_orders_per_s", book.orders_in(at), most - policy.order_tokens_for_exits, "orders a second")
