"""Breakers on trades lost in a row, counted, or weighed in R."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from riskcore.book import Book, Outcome
from riskcore.breakers.measure import Measure, Observations
from riskcore.money import ZERO
from riskcore.policy import Policy


def streak(book: Book, rule: str) -> Iterator[Outcome]:
    """The trades lost in a row, the latest first, that closed after the breaker of that name was last lifted.

    A trade with a net result of exactly nought neither belongs to the streak nor ends it.
    """
    since = book.counted_since(rule)
    for outcome in reversed(book.outcomes):
        net = outcome.net
        if net > ZERO or (since is not None and outcome.closed_at <= since):
            return
        if net < ZERO:
            yield outcome


def loss_streak(book: Book, observed: Observations, policy: Policy, at: datetime) -> Measure | None:
    """Trades lost in a row against `max_loss_streak`; None while switched off."""
    if policy.max_loss_streak is None:
        return None
    lost = sum(1 for _ in streak(book, "max_loss_streak"))
    return Measure("max_loss_streak", lost, policy.max_loss_streak, "trades lost in a row")


def loss_streak_r(book: Book, observed: Observations, policy: Policy, at: datetime) -> Measure | None:
    """The R lost by trades lost in a row, against `max_loss_streak_r`; None while switched off.

    R of a trade = net result / (initial risk per share x quantity). A lost trade without an initial stop has no R and
    adds none (`max_loss_streak` counts it).
    """
    if policy.max_loss_streak_r is None:
        return None
    lost = sum((-trade.r_multiple for trade in streak(book, "max_loss_streak_r") if trade.r_multiple is not None), ZERO)
    return Measure("max_loss_streak_r", lost, policy.max_loss_streak_r, "R lost in a row")
