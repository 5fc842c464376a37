"""Limits of one symbol, strategy or product, which hold beside those of the account: how many, and what was lost.

Each asks all of `Policy.limits` that the signal comes under, in the order written, and tells the first that is
reached. What they say of sizes stands with the sizes.
"""

from __future__ import annotations

from riskcore.money import ZERO, percent_of, rupees
from riskcore.orders import ApprovedEntry, ApprovedExit
from riskcore.outcomes import Outcome
from riskcore.policy import Limit
from riskcore.policy.scoped import STRATEGY, SYMBOL
from riskcore.positions import Position
from riskcore.reasons import Reading
from riskcore.rules.context import Context
from riskcore.rules.count import entries_today


def scoped_positions(context: Context) -> Reading:
    """Positions open or on their way in each limited scope are fewer than its `max_positions`."""
    own = context.market.instrument.key
    for limit in context.limits:
        if limit.max_positions is None:
            continue
        held = {position.instrument.key for position in context.book.positions if _held_in(limit, position)}
        entries = (order.approved for order in context.live if order.is_entry)
        held.update(entry.instrument.key for entry in entries if _entered_in(limit, entry))
        if len(held) >= limit.max_positions and own not in held:
            return "limit_positions", f"{limit.title}: {len(held)}", limit.max_positions, None
    return "", None, None, None


def scoped_trades(context: Context) -> Reading:
    """Entries of the session, of each limited scope, are fewer than its `max_trades_per_day`."""
    sent = entries_today(context)
    for limit in context.limits:
        if limit.max_trades_per_day is None:
            continue
        entries = sum([_entered_in(limit, entry) for entry in sent])
        if entries >= limit.max_trades_per_day:
            return "limit_trades", f"{limit.title}: {entries}", limit.max_trades_per_day, None
    return "", None, None, None


def scoped_loss(context: Context) -> Reading | None:
    """Today's loss of each limited scope is below its `max_daily_loss` per cent of opening equity.

    loss = -(net of the session's finished trades + realised - charges + unrealised of open positions) of the scope.
    """
    equity, today = context.book.opening_equity, context.market.at.date()
    if equity is None:
        return None
    finished = [(trade, trade.net) for trade in context.book.outcomes if trade.session == today]
    held = [(one, one.realised - one.charges + one.unrealised) for one in context.book.positions]
    for limit in context.limits:
        if limit.max_daily_loss is None:
            continue
        done = [result for trade, result in finished if _done_in(limit, trade)]
        open_ = [result for position, result in held if _held_in(limit, position)]
        net = sum(open_, sum(done, ZERO))
        most = percent_of(equity, limit.max_daily_loss)
        if -net >= most:
            return "limit_loss", f"{limit.title}: {rupees(-net)}", most, None
    return "", None, None, None


def _entered_in(limit: Limit, entry: ApprovedEntry | ApprovedExit) -> bool:
    if limit.scope == SYMBOL:
        return entry.instrument.symbol == limit.name
    if limit.scope == STRATEGY:
        return isinstance(entry, ApprovedEntry) and entry.strategy == limit.name
    return entry.product == limit.name


def _held_in(limit: Limit, position: Position) -> bool:
    if limit.scope == SYMBOL:
        return position.instrument.symbol == limit.name
    return (position.strategy if limit.scope == STRATEGY else position.product) == limit.name


def _done_in(limit: Limit, trade: Outcome) -> bool:
    if limit.scope == SYMBOL:
        return trade.key.partition(":")[2] == limit.name
    return (trade.strategy if limit.scope == STRATEGY else trade.product) == limit.name
