"""Rules about what was lost today."""

from __future__ import annotations

from riskcore.money import ZERO, percent_of
from riskcore.reasons import Reading
from riskcore.rules.context import Context


def equity_known(context: Context) -> Reading:
    """The session's opening equity is known; without it there is nothing to measure against."""
    equity = context.book.opening_equity
    return "" if equity is not None else "equity_unknown", equity, None, None


def daily_loss(context: Context) -> Reading | None:
    """Today's loss is below `max_daily_loss` per cent of opening equity; at the limit is blocked.

    loss = -(realised - charges + unrealised), open positions at their latest prices.
    """
    equity = context.book.opening_equity
    if equity is None:
        return None
    loss = max(-(context.book.net_realised + context.book.unrealised), ZERO)
    limit = percent_of(equity, context.policy.max_daily_loss)
    return "" if loss < limit else "daily_loss_reached", loss, limit, None
