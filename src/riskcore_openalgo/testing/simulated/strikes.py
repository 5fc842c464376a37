"""What a market, a broker's own desk, a user at the same account and a laptop do to a simulated day, one act each.

`share` is from 0 to 1, and chance: how long, how much, which of two.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Final

from riskcore_openalgo.testing.fault import FOREVER, Fault
from riskcore_openalgo.testing.orders import FakeOrder

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.room import Room

TICK: Final = Decimal("0.10")
INTRADAY, DELIVERY = "MIS", "CNC"
ORDER_CALLS: Final = ("placeorder", "modifyorder", "cancelorder")


def on_tick(price: Decimal) -> Decimal:
    """The nearest price that can be asked for."""
    return (price / TICK).to_integral_value() * TICK


def ours(room: Room, symbol: str, *, resting: bool) -> FakeOrder | None:
    """A working order of ours at the broker: a stop that rests, or any other."""
    working = (order for order in room.broker.venue.account.orders.values() if order.working)
    found = [o for o in working if (o.asked in ("SL", "SL-M")) is resting and o.order_id in room.placed]
    return next((o for o in found if o.symbol == symbol), found[0] if found else None)


def _held(room: Room, key: str) -> int:
    return room.broker.truth().position(key, INTRADAY)


# ---------------------------------------------------------------------- the market


def thin_market(room: Room, symbol: str, share: float) -> None:
    """For a while a few shares trade at each price: entries, stops and exits fill in many parts."""
    key, depths = f"NSE:{symbol}", room.broker.market.depth
    depths[key] = 1 + int(12 * share)
    room.time.later(20 + 100 * share, lambda: depths.pop(key, None))
    room.time.later(20 + 100 * share, room.broker.check)


def gap_through_stop(room: Room, symbol: str, share: float) -> None:
    """The price jumps beyond a resting stop's limit, and stays there: the stop is touched, and works without a fill."""
    order = ours(room, symbol, resting=True)
    if order is not None:
        far = Decimal(str(round(0.005 + 0.03 * share, 4)))
        beyond = (order.price or order.trigger) * (1 + far * order.sign)
        room.move(order.symbol, on_tick(beyond), hold_s=10 + 60 * share)


# ------------------------------------------------------------------ the broker's desk


def changes_used_up(room: Room, symbol: str, share: float) -> None:
    """A stop has been changed as often as the broker allows: each further change is refused, for good."""
    order = ours(room, symbol, resting=True)
    if order is not None:
        words = "Maximum allowed order modifications exceeded."
        where = {"orderid": order.order_id}
        room.broker.script(Fault("modifyorder", "status", times=FOREVER, status=400, message=words, where=where))


def squared_off_in_steps(room: Room, symbol: str, share: float) -> None:
    """The broker's risk desk takes over: it cancels what works, takes no order for a while, and closes in parts."""
    for order_id in list(room.account.orders):
        _cancel(room, order_id)
    refused = Fault("placeorder", "reject_later", times=FOREVER, seconds=0.2, message="RMS: auto square off")
    room.broker.script(refused)
    room.time.later(20 + 20 * share, lambda: room.broker.faults.end(refused))
    for row in room.broker.truth().positions:
        if row.quantity and row.product == INTRADAY:
            for step in range(1, 4):
                room.time.later(step * (0.5 + 8 * share), partial(_close_a_part, room, row.key, 4 - step))


def _close_a_part(room: Room, key: str, of: int) -> None:
    held = _held(room, key)
    room.by_hand(key, -int(held / of) or -held)


def clock_off(room: Room, symbol: str, share: float) -> None:
    """The broker's clock is wrong from now on, by up to ten minutes; and the next order is one without an answer."""
    room.broker_ahead = timedelta(seconds=round(1200 * (share - 0.5)))
    room.broker.script(Fault("placeorder", "drop", executed=share * 100 % 2 < 1))


def order_calls_limited(room: Room, symbol: str, share: float) -> None:
    """Too many calls, says OpenAlgo to each order, change and cancel, for minutes: books can be read all the while."""
    seconds = 15 + 120 * share * share
    limits = [Fault(call, "too_many", times=FOREVER) for call in ORDER_CALLS]
    room.broker.script(*limits)
    room.checks.disturbed(seconds + 40)
    room.time.later(seconds, lambda: room.broker.faults.end(*limits))


# ------------------------------------------------------------------------ the user


def stop_resized(room: Room, symbol: str, share: float) -> None:
    """The user makes the resting stop half as large, or twice."""
    order = ours(room, symbol, resting=True)
    if order is not None and not order.filled:
        quantity = order.quantity * 2 if share < 0.5 else max(1, order.quantity // 2)
        room.checks.surprised(order.key)
        room.broker.modify(order.order_id, quantity=quantity, price=order.price, trigger=order.trigger)


def left_by_hand(room: Room, symbol: str, share: float) -> None:
    """The user cancels the stop and leaves, or leaves and then cancels the stop, some seconds apart."""
    order = ours(room, symbol, resting=True)
    if order is None:
        return
    key, apart = order.key, 3 * (share * 10 % 1)
    cancel, leave = partial(_cancel, room, order.order_id), partial(_leave, room, key)
    first, second = (cancel, leave) if share < 0.7 else (leave, cancel)
    room.checks.surprised(key)
    first()
    room.time.later(apart, second)


def _cancel(room: Room, order_id: str) -> None:
    with room.broker.lock:
        room.broker.catch_up()  # a late rejection may end it at this moment
        if room.account.orders[order_id].working:
            room.broker.cancel_by_broker(order_id)


def _leave(room: Room, key: str) -> None:
    room.by_hand(key, -_held(room, key))


def converted_by_hand(room: Room, symbol: str, share: float) -> None:
    """The user turns intraday shares into delivery, all or half of them: the stop that rests is intraday still."""
    rows = [row for row in room.account.rows() if row.product == INTRADAY and row.quantity > 0]
    row = next((row for row in rows if row.key == f"NSE:{symbol}"), rows[0] if rows else None)
    if row is not None:
        room.checks.foreign(row.key)
        quantity = row.quantity if share < 0.6 else max(1, row.quantity // 2)
        with room.broker.lock:
            room.account.convert(row.key, quantity, INTRADAY, DELIVERY)


# ----------------------------------------------------------------- stream and machine


def ticks_late(room: Room, symbol: str, share: float) -> None:
    """Prices come seconds late, and one before the other, under the times at which they were made."""
    room.faults.ticks_late_s = 1 + 7 * share
    room.time.later(15 + 45 * share, partial(setattr, room.faults, "ticks_late_s", 0.0))


def suspended(room: Room, symbol: str, share: float) -> None:
    """The lid of the laptop is shut, for seconds or for most of an hour; the stream is heard again a little later."""
    seconds = 5 + 3000 * share**3
    room.checks.disturbed(seconds + 60)
    room.laptop.suspend(seconds)
    room.feed.gap(seconds + 5)
