"""Rules about what was lost today."""

from __future__ import annotations

from riskcore.money import ZERO, percent_of, to_paisa
from riskcore.reasons import Finding
from riskcore.rules.context import Context


def equity_known(context: Context) -> Finding:
    """The session's opening equity is known; without it there is nothing to measure against."""
    equity = context.book.opening_equity
    if equity is None:
        return Finding("equity", False, "equity_unknown")
    return Finding("equity", True, measured=equity)


def daily_loss(context: Context) -> Finding | None:
    """Today's loss is below `max_daily_loss` per cent of opening equity; at the limit is blocked.

    loss = -(realised - charges + unrealised), open positions at their latest prices.
    """
    equity = context.book.opening_equity
    if equity is None:
        return None
    loss = max(-(context.book.net_realised + context.book.unrealised), ZERO)
    limit = percent_of(equity, context.policy.max_daily_loss)
    passed = loss < limit
    return Finding("max_daily_loss", passed, "" if passed else "daily_loss_reached", to_paisa(loss), to_paisa(limit))
