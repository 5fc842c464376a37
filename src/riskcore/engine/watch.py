"""Prices against what is held: leave when a level was touched; give up an exit the market has run away from."""

from __future__ import annotations

from decimal import Decimal

from attrs import evolve

from riskcore import events as e
from riskcore.custody import Touch
from riskcore.engine.turn import Turn
from riskcore.exits.ladder import pause
from riskcore.exits.leaving import can_trade, expiry_due, failed_exit, failed_part, square_off_due, time_is_up
from riskcore.exits.levels import Breach
from riskcore.orders import RUN_AWAY, STOP_HIT
from riskcore.positions import Position
from riskcore.signals import BUY, SELL, seconds


def watch(
    turn: Turn, position: Position, prices: e.PricesSeen, found: Breach | None, odd: Decimal | None = None
) -> None:
    """Leave when a level was touched; give up an exit whose limit the market has run away from.

    `found` is what `taking_off` says of what they touched; `odd` is the price before these that was doubted, and that
    these have borne out.
    """
    exits = turn.book.leaving(prices.key)
    if found is not None and not (found.reason == STOP_HIT and _stop_waits(turn, position, prices, odd)):
        turn.leave(position, found.reason, found.reference, found.level, part=found.quantity, rule=found.rule)
    for order in exits:
        limit = order.approved.limit
        out_of_reach = prices.high < limit if order.approved.side == SELL else prices.low > limit
        if out_of_reach and prices.since > order.approved.at and can_trade(position, turn.at, turn.policy):
            turn.cancel(order, RUN_AWAY)


def ended_at(turn: Turn, prices: e.PricesSeen, found: Breach | None) -> Decimal:
    """The price at which a span leaves a position: its last one, or, of a bar that takes all of it off, the level.

    What a bar does after that the position does not live through: marked at the close, equity would have had a peak or
    a low that never was, and a breaker could act on it.
    """
    if found is None or found.quantity is not None or prices.ticks:
        return prices.last
    if turn.book.resting(prices.key) is not None or turn.state.custody.touch_of(prices.key) is not None:
        return prices.last
    return found.reference


def taking_off(turn: Turn, position: Position, touched: Breach | None) -> Breach | None:
    """What a touched level takes off now, all or a part; None where none was touched, or its exit has to wait."""
    if touched is None:
        return None
    failed = failed_exit(turn.book, position)
    if turn.all_leaves(position.instrument.key):
        return None
    if failed is not None and turn.at - failed.at < pause(turn.book, position, turn.policy):
        return None
    if touched.quantity is None:
        return touched
    if _must_leave(turn, position):
        return evolve(touched, quantity=None)
    return touched if _part_may_go(turn, position) else None


def _stop_waits(turn: Turn, position: Position, prices: e.PricesSeen, odd: Decimal | None) -> bool:
    """Whether a stop that was reached is not acted on yet: one tick reached it alone, or one rests at the broker.

    A second tick confirms it (in the same look: where the first and the last of several reached it), and so does a bar;
    a doubted price that reached it, and that this one bears out, is the first of two.
    The one that rests has `grace_s` to fill; what was reached is noted, and the clock goes on from there.
    """
    key, stop = prices.key, position.stop
    assert stop is not None
    known, resting = turn.state.custody.touch_of(key), turn.book.resting(key)
    long = position.side == BUY
    borne_out = odd is not None and (odd <= stop if long else odd >= stop)
    through = (max(prices.first, prices.last) <= stop) if long else (min(prices.first, prices.last) >= stop)
    confirmed = borne_out or prices.ticks == 0 or known is not None or (prices.ticks > 1 and through)
    confirmed = confirmed or turn.policy.confirm_s == 0
    if known is None and (resting is not None or not confirmed):
        price = prices.low if long else prices.high
        turn.note(e.StopTouched(turn.at, Touch(key, turn.at, price, confirmed)))
    elif known is not None and not known.confirmed:
        turn.note(e.StopTouched(turn.at, evolve(known, confirmed=True)))
    return turn.state.custody.touch_of(key) is not None and not _touch_is_due(turn, key)


def touches_due(turn: Turn, position: Position) -> None:
    """Leave where a stop was reached and its time is over: for a second tick, or for the one that rests to fill."""
    key = position.instrument.key
    if turn.state.custody.touch_of(key) is not None and _touch_is_due(turn, key):
        price = position.last or position.average_price
        turn.leave(position, STOP_HIT, price, position.stop, rule=position.trail.rule)


def _touch_is_due(turn: Turn, key: str) -> bool:
    touch, resting = turn.state.custody.touch_of(key), turn.book.resting(key)
    assert touch is not None
    waited = turn.at - touch.at
    if resting is not None and waited < seconds(turn.policy.grace_s):
        return False
    return touch.confirmed or waited >= seconds(turn.policy.confirm_s)


def _must_leave(turn: Turn, position: Position) -> bool:
    """Whether all of it is to go in any case: an exit of the whole failed, or its time is up."""
    if failed_exit(turn.book, position) is not None:
        return True
    late = square_off_due(position, turn.at, turn.policy)
    late = late or expiry_due(position, turn.at, turn.policy)
    return late or time_is_up(position, turn.at, turn.policy) is not None


def _part_may_go(turn: Turn, position: Position) -> bool:
    """A part that did not go off is tried again as the whole is: after a pause."""
    failed = failed_part(turn.book, position)
    return failed is None or turn.at - failed.at >= pause(turn.book, position, turn.policy)
