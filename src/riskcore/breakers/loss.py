"""Breakers on what the day made: its loss, and what was given back of its best."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import attrgetter

from riskcore.book import Book
from riskcore.breakers.measure import Measure, Observations
from riskcore.money import ZERO, percent_of
from riskcore.policy import Policy


def daily_loss_breaker(book: Book, observed: Observations, policy: Policy, at: datetime) -> Measure | None:
    """Today's net loss, in rupees, against `max_daily_loss` per cent of opening equity.

    loss = max(0, -result); `Book.result` is realised - charges + unrealised less what the open positions were worth
    beyond their entries when the session began, all at their latest prices. None while the opening
    equity is not known (entries are then refused by `equity`).
    """
    if book.opening_equity is None:
        return None
    return Measure(
        "max_daily_loss", *todays_loss(book.came_to() - book.carried, book.opening_equity, policy.max_daily_loss)
    )


def todays_loss(result: Decimal, equity: Decimal, percent: Decimal) -> tuple[Decimal, Decimal]:
    """The loss of a day that came to `result`, and the one at which entries stop: `percent` of opening equity."""
    return ZERO if result > ZERO else -result, percent_of(equity, percent)


def weekly_loss_measure(book: Book, observed: Observations, policy: Policy, at: datetime) -> Measure | None:
    """The ISO week's net loss against `max_weekly_loss`; None while switched off or equity is not known."""
    monday = at.date() - timedelta(days=at.weekday())
    return loss_since(book, book.came_to(), monday, at.date(), policy.max_weekly_loss, "max_weekly_loss")


def monthly_loss_measure(book: Book, observed: Observations, policy: Policy, at: datetime) -> Measure | None:
    """The calendar month's net loss against `max_monthly_loss`; None while switched off or equity is not known."""
    first = at.date().replace(day=1)
    return loss_since(book, book.came_to(), first, at.date(), policy.max_monthly_loss, "max_monthly_loss")


def loss_since(
    book: Book, result: Decimal, first: date, today: date, percent: Decimal | None, rule: str
) -> Measure | None:
    """The net loss from `first` to now, against `percent` per cent of its first session's opening equity.

    loss = -(net results of the finished sessions + `result` - what was carried into the first of them); `result` is
    today's from the entries (`Book.came_to`). Sessions that are not in `Book.days` did not happen for it.
    """
    if book.opening_equity is None or percent is None:
        return None
    opening, carried, net = began_with(book, first, today)
    return Measure(rule, max(carried - net - result, ZERO), percent_of(opening, percent))


def began_with(book: Book, first: date, today: date) -> tuple[Decimal, Decimal, Decimal]:
    """Of the sessions from `first` on, today's included: what the first began with, and the net of those before today.

    As (its opening equity, what was carried into it, the net). Today's opening equity must be known.
    """
    days = [day for day in book.days if first <= day.session < today]
    began = min(days, key=attrgetter("session"), default=book)
    assert began.opening_equity is not None
    return began.opening_equity, began.carried, sum((day.net for day in days), ZERO)


def give_back(book: Book, observed: Observations, policy: Policy, at: datetime) -> Measure | None:
    """What was given back of the day's best net result, in rupees, against `max_give_back_pct` per cent of it.

    best = session peak of equity - equity when it began; given back = best - the day's result now (below zero
    included, so that a gain turned into a loss counts whole). Armed once best reaches `give_back_after_pct` per cent
    of opening equity; before that nothing counts as given back. None while switched off or equity is not known.
    """
    return given_back(book, policy, book.came_to())


def given_back(book: Book, policy: Policy, result: Decimal) -> Measure | None:
    """`give_back` where the day came to `result` up to now, from the entries (`Book.came_to`)."""
    most, opening, peak = policy.max_give_back_pct, book.opening_equity, book.session_peak
    if most is None or opening is None or peak is None:
        return None
    best: Decimal = peak - opening - book.carried
    needed = percent_of(opening, policy.give_back_after_pct)
    if best < needed:
        return Measure("max_give_back_pct", ZERO, percent_of(needed, most))
    return Measure("max_give_back_pct", best - (result - book.carried), percent_of(best, most))
