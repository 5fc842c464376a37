"""The breaker on the fall of equity from its peak."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from riskcore.book import Book
from riskcore.breakers.measure import Measure, Observations
from riskcore.money import percent_of
from riskcore.policy import Policy
from riskcore.policy.breakers import ALL_TIME, SESSION
from riskcore.sessions import exchange_closed


def drawdown_breaker(book: Book, observed: Observations, policy: Policy, at: datetime) -> Measure | None:
    """How far equity stands below its peak, in rupees, against `max_drawdown` per cent of that peak.

    Equity includes open positions at their latest prices. None while switched off, or while equity is not known.
    """
    return drawdown(book, policy, book.equity)


def drawdown(book: Book, policy: Policy, equity: Decimal | None) -> Measure | None:
    """`drawdown_breaker` of an equity that was worked out already."""
    peak = drawdown_peak(book, policy)
    if policy.max_drawdown is None or equity is None or peak is None:
        return None
    return Measure("max_drawdown", peak - equity, percent_of(peak, policy.max_drawdown))


def drawdown_peak(book: Book, policy: Policy) -> Decimal | None:
    """The peak of equity on `drawdown_basis`, None while no equity was known.

    session: the highest of this session. rolling: the highest of the last `drawdown_sessions` sessions, this one
    included, and of days between them on which NSE was shut, which count as none. all_time: the highest since the
    journal began.
    """
    if policy.drawdown_basis == ALL_TIME:
        return book.peak_equity
    if policy.drawdown_basis == SESSION or book.session_peak is None:
        return book.session_peak
    peak, left = book.session_peak, policy.drawdown_sessions - 1
    for day in reversed(book.days):
        if left == 0:
            break
        peak = peak if day.peak is None else max(peak, day.peak)
        left -= not exchange_closed(day.session, policy.tables)  # a runner that is left on counts such a day too
    return peak
