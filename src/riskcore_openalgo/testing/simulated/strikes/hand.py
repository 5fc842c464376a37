"""What strikes the account: the user trades, cancels, changes and converts in it, beside the runner."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from riskcore_openalgo.testing.events import Event
from riskcore_openalgo.testing.simulated.strikes.acting import (
    Strike,
    cancel,
    held,
    ours,
)
from riskcore_openalgo.testing.simulated.traded import CARRIED, DELIVERY, ELSEWHERE, INTRADAY

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.room import Room

SEEN_TO_S: Final = 45.0
"""So long after a change of an entry the user sees to what he was called for."""


def _trades(room: Room, symbol: str, share: float, *, sign: int) -> None:
    """The user trades our symbol by hand, more or less of what is held, or opens what is not."""
    one = room.traded[symbol]
    there = held(room, one.key)
    part = one.lots(int(abs(there) * (0.3 + 0.7 * share))) if there else 5 * one.lot
    room.by_hand(one.key, sign * part * (1 if there >= 0 else -1))


bought: Final[Strike] = partial(_trades, sign=1)
sold: Final[Strike] = partial(_trades, sign=-1)


def elsewhere(room: Room, symbol: str, share: float) -> None:
    """The user trades what we do not."""
    room.by_hand(ELSEWHERE.key, 10 if share < 0.5 else -10)


def stop_changed(room: Room, symbol: str, share: float) -> None:
    """Somebody loosens the stop by hand."""
    order = ours(room, symbol, resting=True)
    if order is not None:
        further = room.of(order.key).on_tick(order.trigger * (99 if order.side == "SELL" else 101) / 100)
        room.broker.modify(order.order_id, price=further, trigger=further)


def stop_resized(room: Room, symbol: str, share: float) -> None:
    """The user makes the resting stop half as large, or twice."""
    order = ours(room, symbol, resting=True)
    if order is not None and not order.filled:
        one = room.of(order.key)
        larger = share < 0.5 and len(one.slices(order.quantity * 2)) == 1
        quantity = order.quantity * 2 if larger else one.lots(order.quantity // 2)
        room.checks.surprised(order.key)
        room.broker.modify(order.order_id, quantity=quantity, price=order.price, trigger=order.trigger)


def entry_resized(room: Room, symbol: str, share: float) -> None:
    """The user makes the next entry larger while it works: before any of it has filled, or after a part has.

    Nothing of it fills until then; afterwards it fills at once, or in many parts, or not before the market comes.
    """

    def hear(event: Event) -> None:
        order = event.order
        if order is not None and event.mode == room.expected and room.checks.is_entry(order.order_id):
            stop()
            room.broker.fills_by_hand = True
            room.time.later(0.2 + 1.3 * (share * 10 % 1), partial(_make_larger, room, order.order_id, share))

    stop = room.broker.listen(hear)


def _make_larger(room: Room, order_id: str, share: float) -> None:
    room.broker.fills_by_hand = False
    with room.broker.lock:
        room.broker.catch_up()  # a late rejection may end it at this moment
    order = room.account.orders.get(order_id)  # of the mode that was on: it may have been switched since
    if order is None or not order.working:
        room.broker.check()
        return
    one = room.of(order.key)
    part = int(order.left * (share * 100 % 1)) if share < 0.6 and room.broker.profile.partials else 0
    part -= part % one.lot
    room.checks.disturbed(30.0)
    if part:
        room.broker.fill(order_id, part)
    if room.broker.profile.partials and share * 1000 % 1 < 0.5:
        depths = room.broker.market.depth
        depths[order.key] = one.lots(1 + int(order.quantity * share / 2))
        room.time.later(25, lambda: depths.pop(order.key, None))
    room.checks.foreign(order.key)
    larger = one.slices(order.quantity + one.lots(int(order.quantity * (0.3 + share))))[0]
    room.broker.modify(order_id, quantity=larger, price=order.price)
    room.broker.check()
    room.time.later(SEEN_TO_S, room.seen_to)


def left(room: Room, symbol: str, share: float) -> None:
    """The user cancels the stop and leaves, or leaves and then cancels the stop, some seconds apart."""
    order = ours(room, symbol, resting=True)
    if order is None:
        return
    key, apart = order.key, 3 * (share * 10 % 1)
    taken_off, leave = partial(cancel, room, order.order_id), partial(_leave, room, key)
    first, second = (taken_off, leave) if share < 0.7 else (leave, taken_off)
    room.checks.surprised(key)
    first()
    room.time.later(apart, second)


def _leave(room: Room, key: str) -> None:
    room.by_hand(key, -held(room, key))


def converted(room: Room, symbol: str, share: float) -> None:
    """The user turns intraday shares into delivery, contracts into carried ones: the stop stays intraday."""
    rows = [row for row in room.account.rows() if row.product == INTRADAY and row.quantity > 0]
    row = next((row for row in rows if row.key == room.traded[symbol].key), rows[0] if rows else None)
    if row is not None:
        room.checks.foreign(row.key)
        one = room.of(row.key)
        quantity = row.quantity if share < 0.6 else one.lots(row.quantity // 2)
        with room.broker.lock:
            room.account.convert(row.key, quantity, INTRADAY, CARRIED if one.is_contract else DELIVERY)
