"""Entry signals that wait for their evidence, and how they end without it: always with an answer on record.

Too old, past the last entry of their session, past the session itself, or taken back by an exit or a cancel signal.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from riskcore.engine.turn import Turn
from riskcore.instruments import FUT, Instrument
from riskcore.policy import Policy
from riskcore.reasons import Finding
from riskcore.rules.terms import session_for
from riskcore.sessions import CalendarUnknown
from riskcore.signals import EXIT, Signal

CASH: Final = ("NSE", "BSE")
Receipt: TypeAlias = tuple[str, datetime, str]
"""The name of a text, when it was taken, and the id of the signal it was."""


def too_late(turn: Turn) -> None:
    """Refuse what has waited for too long: longer than `signal_max_age_s`, or until the last entry of its session."""
    for signal in turn.state.pending:
        limit = turn.policy.signal_max_age_s
        age, until = turn.at - signal.at, last_entry(signal, turn.policy)
        if age > timedelta(seconds=limit) and signal.id in turn.state.reversing:
            turn.refuse(signal, Finding("signal_max_age_s", False, "reversal_lapsed", signal.symbol, limit))
        elif age > timedelta(seconds=limit):
            turn.refuse(signal, Finding("signal_max_age_s", False, "signal_stale", int(age.total_seconds()), limit))
        elif until is not None and signal.at < until <= turn.at:
            told = f"{turn.at:%H:%M:%S}", f"{until:%H:%M:%S}"
            turn.refuse(signal, Finding("no_entry_after", False, "after_cut_off", *told))


def session_over(turn: Turn) -> None:
    """Refuse what still waits when its session has ended; asked before the next one is opened."""
    for signal in turn.state.pending:
        turn.refuse(signal, Finding("session", False, "undecided_at_close", signal.symbol))


def repeated(turn: Turn, signal: Signal) -> str:
    """The id of the signal that this one repeats, or "": by its own id, or by its receipt within `duplicate_window_s`.

    An exit that would still move something is no repetition of another that came in the same words: who was entered
    again meanwhile can leave again.
    """
    if turn.book.order(signal.id) is not None:
        return signal.id
    state, window = turn.state, turn.policy.duplicate_window_s
    first = repeats(signal, state.seen, state.receipts, turn.at, window)
    return "" if first != signal.id and _leaves(turn, signal) else first


def repeats(
    signal: Signal, seen: Container[str], receipts: Iterable[Receipt], at: datetime, duplicate_window_s: int
) -> str:
    """The id of the signal that this one says again, or "", whatever either moves.

    `seen` are the ids of signals taken before, `receipts` (receipt, when it was taken, the signal's id) of those
    without a `bar_at`. By its own id; without a `bar_at` by its receipt too, for `duplicate_window_s` seconds.
    """
    if signal.id in seen:
        return signal.id
    if not signal.receipt or signal.bar_at is not None:
        return ""
    window = timedelta(seconds=duplicate_window_s)
    found = (name for receipt, taken, name in receipts if receipt == signal.receipt and at - taken <= window)
    return next(found, "")


def _leaves(turn: Turn, signal: Signal) -> bool:
    """Whether an exit of everything finds a position that nothing leaves yet, or an entry that is on its way."""
    if signal.kind != EXIT or signal.reduces:
        return False
    key = signal.key
    if any(order.id not in turn.state.cancelling for order in turn.book.live_orders(key, entries=True)):
        return True
    if any(waiting.key == key for waiting in turn.state.pending):
        return True
    position = turn.book.position(key)
    return position is not None and position.side != signal.side and all(o.takes_part for o in turn.book.leaving(key))


def taken_back(turn: Turn, key: str, by: Signal) -> None:
    """Refuse what waits in an instrument when an exit signal of it comes: who wants to leave does not want to enter."""
    for signal in turn.state.pending:
        if signal.key == key:
            turn.refuse(signal, Finding("position", False, "exit_came_first", signal.symbol, by.id))


def cancelled(turn: Turn, by: Signal) -> bool:
    """Refuse what waits to enter an instrument on the side of a cancel signal; whether there was anything."""
    waiting = [one for one in turn.state.pending if one.key == by.key and one.side == by.side]
    for signal in waiting:
        turn.refuse(signal, Finding("orders", False, "cancel_came_first", signal.symbol, by.id))
    return bool(waiting)


def last_entry(signal: Signal, policy: Policy) -> datetime | None:
    """When the entries of a signal's session end; None where its calendar does not tell.

    Its instrument is not known yet, so the stricter hours of a share with derivatives, or those of a future, are taken.
    """
    segment = "EQ" if signal.exchange in CASH else FUT
    try:
        instrument = Instrument(symbol=signal.symbol, tick=1, exchange=signal.exchange, segment=segment)
        session = session_for(signal.at.date(), instrument, signal.product, policy)
    except (CalendarUnknown, ValueError):  # of what is no instrument its evidence will tell; the clock goes on
        return None
    return None if session is None else session.entries_until
