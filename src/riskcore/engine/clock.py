"""What only the clock brings: a new session, stale wishes, late entries, the square-off, exits to repeat."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from riskcore import events as e
from riskcore.book import Position
from riskcore.engine.turn import Turn
from riskcore.exits.leaving import can_trade, failed_exit, square_off_due, time_is_up
from riskcore.orders import SQUARE_OFF, TIME_STOP
from riskcore.reasons import Finding

EXIT_RETRY: Final = timedelta(seconds=1)


def new_day(turn: Turn) -> None:
    """Counters belong to the session date: the first input of a new one starts it."""
    day = turn.at.date()
    if turn.book.session is None or day > turn.book.session:
        turn.note(e.SessionOpened(turn.at, day))
        turn.ask(e.AskEquity(day, turn.state.carried_equity))


def on_time(turn: Turn) -> None:
    """What only the clock brings: stale wishes, entries that waited too long, the square-off, exits to repeat."""
    for signal in turn.state.pending:
        age = turn.at - signal.at
        if age > timedelta(seconds=turn.policy.signal_max_age_s):
            limit = turn.policy.signal_max_age_s
            turn.refuse(
                signal,
                Finding("signal_max_age_s", False, "signal_stale", int(age.total_seconds()), limit),
            )
    for order in turn.book.live_orders(entries=True):
        if turn.at - order.approved.at >= timedelta(seconds=turn.policy.entry_timeout_s):
            turn.cancel(order, "entry_timeout_s")
    for position in turn.book.positions:
        _leave_in_time(turn, position)


def _leave_in_time(turn: Turn, position: Position) -> None:
    key = position.instrument.key
    if not all(order.takes_part for order in turn.book.live_orders(key, entries=False)):
        return
    price = position.last or position.average_price
    failed = failed_exit(turn.book, position)
    if failed is not None:
        if turn.at - failed.at >= EXIT_RETRY and can_trade(position, turn.at, turn.policy):
            turn.leave(position, failed.reason, price, rule=failed.rule)
    elif square_off_due(position, turn.at, turn.policy):
        turn.leave(position, SQUARE_OFF, price)
    elif (rule := time_is_up(position, turn.at, turn.policy)) is not None:
        turn.leave(position, TIME_STOP, price, rule=rule)
