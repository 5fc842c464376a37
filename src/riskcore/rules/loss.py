"""Rules about what was lost: today, this week, this month."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from riskcore.breakers.loss import loss_since, todays_loss
from riskcore.reasons import Reading
from riskcore.rules.context import Context


def equity_known(context: Context) -> Reading:
    """The session's opening equity is known; without it there is nothing to measure against.

    That of a book of another session is not: its counters and its results are of that day, too.
    """
    book = context.book
    equity = book.opening_equity
    known = equity is not None and book.session in (None, context.terms.day)
    return "" if known else "equity_unknown", equity, None, None


def cash_known(context: Context) -> Reading:
    """The broker's cash, where it was asked for, was answered: an empty answer is no balance, nor is the last one."""
    market = context.market
    return "funds_unknown" if market.cash_unknown else "", market.available_cash, None, None


def daily_loss(context: Context) -> Reading | None:
    """Today's loss is below `max_daily_loss` per cent of opening equity; at the limit is blocked.

    loss = -(realised - charges + unrealised - what was carried), open positions at their latest prices: what they
    gained or lost before today is none of today's.
    """
    equity = context.book.opening_equity
    if equity is None:
        return None
    loss, limit = todays_loss(context.result - context.book.carried, equity, context.policy.max_daily_loss)
    return "daily_loss_reached" if loss >= limit else "", loss, limit, None


def weekly_loss(context: Context) -> Reading | None:
    """The ISO week's loss is below `max_weekly_loss` per cent of its first session's opening equity.

    loss = -(net results of the week's finished sessions + today's + unrealised - what the week began with). Sessions
    that are not in `Book.days` did not happen for this rule: a journal begun on Wednesday has a week that begins then.
    """
    today = context.market.at.date()
    return _loss_since(
        today - timedelta(days=today.weekday()), context.policy.max_weekly_loss, "weekly_loss_reached", context
    )


def monthly_loss(context: Context) -> Reading | None:
    """The calendar month's loss is below `max_monthly_loss` per cent of its first session's opening equity.

    Measured as the week's is.
    """
    first = context.market.at.date().replace(day=1)
    return _loss_since(first, context.policy.max_monthly_loss, "monthly_loss_reached", context)


def _loss_since(first: date, percent: Decimal | None, reached: str, context: Context) -> Reading | None:
    found = loss_since(context.book, context.result, first, context.market.at.date(), percent, reached)
    if found is None:
        return None
    return reached if found.tripped else "", found.measured, found.limit, None
