"""A stop on the move: prices are remembered, the policy's trail is followed, a wish to tighten granted or not."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from riskcore import events as e
from riskcore.engine.turn import Turn
from riskcore.exits.timing import candle_close
from riskcore.exits.trailing import trailed_stop
from riskcore.policy.trailing import BAR
from riskcore.positions import Position
from riskcore.rounding import STOP, rounded
from riskcore.signals import BUY


def mark(turn: Turn, position: Position, prices: e.PricesSeen) -> Position:
    """Note new prices of a position."""
    close = None
    if turn.policy.trail_on == BAR and turn.policy.moves_stops:
        close = candle_close(position, prices.last, since=prices.since, at=turn.at, policy=turn.policy)
    turn.note(marked_by(position, prices, turn.at, close))
    held = turn.book.position(prices.key)
    assert held is not None
    return held


def marked_by(position: Position, prices: e.PricesSeen, at: datetime, close: Decimal | None = None) -> e.Marked:
    """What prices mark a position with; `close` is that of a candle that has ended by them."""
    span = prices.high, prices.low, prices.last
    return mark_of(position, *span, since=prices.since, at=at, close=close, atr=prices.atr)


def mark_of(
    position: Position,
    high: Decimal,
    low: Decimal,
    last: Decimal,
    *,
    since: datetime,
    at: datetime,
    close: Decimal | None = None,
    atr: Decimal | None = None,
) -> e.Marked:
    """The mark of prices that began at `since`. Extremes from before the entry say nothing of it, and are left out."""
    if position.entered_after(since):
        high = low = last
    above, below = high if high > last else None, low if low < last else None
    return e.Marked(at, position.instrument.key, last, above, below, close, atr)


def follow(turn: Turn, prices: e.PricesSeen) -> None:
    """Move the stop as the policy says, after the levels were tested with where it stood; not of what is leaving."""
    held, policy = turn.book.position(prices.key), turn.policy
    if held is None or not policy.moves_stops:
        return
    if turn.all_leaves(prices.key):
        return
    if policy.trail_on == BAR and not _candle_ended(turn, prices.key):
        return
    moved = trailed_stop(held, policy, turn.at.date())
    if moved is not None:
        turn.note(e.StopMoved(turn.at, prices.key, held.id, held.stop, *moved))


def _candle_ended(turn: Turn, key: str) -> bool:
    return any(isinstance(fact, e.Marked) and fact.key == key and fact.close is not None for fact in turn.facts)


def tighten(turn: Turn, wish: e.TightenStop) -> None:
    """Somebody's own stop, rounded to the tighter tick: taken if it is tighter and the market has not passed it."""
    held = turn.book.position(wish.key)
    if held is None:
        turn.note(e.StopKept(turn.at, wish.key, wish.stop, wish.by, "no_position"))
        return
    stop = rounded(STOP, held.side, wish.stop, held.instrument.tick)
    last = held.last or held.average_price
    if not held.tightens(stop):
        turn.note(e.StopKept(turn.at, wish.key, wish.stop, wish.by, "stop_not_tighter"))
    elif stop >= last if held.side == BUY else stop <= last:
        turn.note(e.StopKept(turn.at, wish.key, wish.stop, wish.by, "stop_beyond_market"))
    else:
        turn.note(e.StopMoved(turn.at, wish.key, held.id, held.stop, stop, wish.by))
