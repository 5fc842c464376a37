"""What strikes the broker: its market, its orders there, its risk desk, its clock."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from riskcore_openalgo.testing.fault import FOREVER, Fault
from riskcore_openalgo.testing.simulated.strikes.acting import cancel, held, ours
from riskcore_openalgo.testing.simulated.traded import INTRADAY

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.room import Room

# ---------------------------------------------------------------------- the market


def circuit(room: Room, symbol: str, share: float) -> None:
    """The price is locked at its lower limit, and no sale fills there; later the band moves on."""
    one = room.traded[symbol]
    last = room.broker.market.quote(one.key).last
    lower = one.on_tick(last * 97 / 100)
    _lock(room, symbol, lower, (lower, last * 2), 20 + 60 * share)


def upper_circuit(room: Room, symbol: str, share: float) -> None:
    """The price is locked at its upper limit, and no purchase fills there; later the band moves on."""
    one = room.traded[symbol]
    last = room.broker.market.quote(one.key).last
    upper = one.on_tick(last * 103 / 100)
    _lock(room, symbol, upper, (one.on_tick(last / 2), upper), 20 + 60 * share)


def _lock(room: Room, symbol: str, price: Decimal, band: tuple[Decimal, Decimal], hold_s: float) -> None:
    key = room.traded[symbol].key
    room.broker.circuit(key, *band)
    room.move(symbol, price, hold_s=hold_s)
    room.time.later(hold_s, lambda: room.broker.market.bands.pop(key, None))


def thin_market(room: Room, symbol: str, share: float) -> None:
    """For a while a few shares, or lots, trade at each price: entries, stops and exits fill in many parts."""
    one, depths = room.traded[symbol], room.broker.market.depth
    key = one.key
    depths[key] = one.lot * (1 + int(12 * share))
    room.time.later(20 + 100 * share, lambda: depths.pop(key, None))
    room.time.later(20 + 100 * share, room.broker.check)


def gap_through_stop(room: Room, symbol: str, share: float) -> None:
    """The price jumps beyond a resting stop's limit, and stays there: the stop is touched, and works without a fill."""
    order = ours(room, symbol, resting=True)
    if order is not None:
        far = Decimal(str(round(0.005 + 0.03 * share, 4)))
        beyond = (order.price or order.trigger) * (1 + far * order.sign)
        room.move(order.symbol, room.of(order.key).on_tick(beyond), hold_s=10 + 60 * share)


# ------------------------------------------------------------------------ its orders


def stop_vanishes(room: Room, symbol: str, share: float) -> None:
    """The stop that rests is gone."""
    order = ours(room, symbol, resting=True)
    if order is not None:
        room.broker.cancel_by_broker(order.order_id)


def order_cancelled(room: Room, symbol: str, share: float) -> None:
    """An order that works, and is no resting stop, is gone."""
    order = ours(room, symbol, resting=False)
    if order is not None:
        room.broker.cancel_by_broker(order.order_id)


def unknown_word(room: Room, symbol: str, share: float) -> None:
    """For some seconds an order stands under a status word that nobody knows."""
    order = ours(room, symbol, resting=share < 0.7)
    if order is not None:
        room.broker.show_as(order.order_id, "MODIFY VALIDATION PENDING")
        room.time.later(5 + 10 * share, lambda: room.broker.show_as(order.order_id, ""))


def ended_after_a_part(room: Room, symbol: str, share: float) -> None:
    """A part of an order fills, and the exchange rejects or cancels the rest of it in the same moment."""
    order = ours(room, symbol, resting=share < 0.4)
    if order is None:
        return
    with room.broker.lock:
        room.broker.catch_up()
        part = int(order.left * share) // room.of(order.key).lot * room.of(order.key).lot
        if 0 < part < order.left and room.broker.profile.partials:
            room.broker.fill(order.order_id, part)
        if share * 100 % 2 < 1:
            room.broker.reject(order.order_id, "RMS: rest rejected")
        else:
            cancel(room, order.order_id)


def symbol_halted(room: Room, symbol: str, share: float) -> None:
    """The exchange takes no order in a symbol for a while: each is accepted, and rejected in the next moment."""
    words, where = "Trading in the security is suspended", {"symbol": symbol}
    refused = Fault("placeorder", "reject_later", times=FOREVER, seconds=0.2, message=words, where=where)
    room.broker.script(refused)
    room.time.later(20 + 160 * share, lambda: room.broker.faults.end(refused))


def order_unlisted(room: Room, symbol: str, share: float) -> None:
    """For a while the order book lacks an order, which works and fills all the same."""
    order = ours(room, symbol, resting=share < 0.7)
    if order is not None:
        unlisted = room.account.unlisted
        unlisted.add(order.order_id)
        room.time.later(5 + 85 * share, lambda: unlisted.discard(order.order_id))


def half_a_book(room: Room, symbol: str, share: float) -> None:
    """For a while the order book lacks the orders that work, or those that have ended: that half cannot be read."""
    unlisted, working = room.account.unlisted, share < 0.6
    half = {order.order_id for order in room.account.orders.values() if order.working is working}
    unlisted |= half
    room.time.later(3 + 17 * share, lambda: unlisted.difference_update(half))


def part_of_positions(room: Room, symbol: str, share: float) -> None:
    """For a while the position book lacks a product, mostly one in which something is held: that part was not read."""
    held = sorted({row.product for row in room.account.rows() if row.quantity}) or [INTRADAY]
    product, unread = held[int(share * 100) % len(held)], room.account.unread_products
    unread.add(product)
    room.time.later(3 + 57 * share, lambda: unread.discard(product))


def refusal_shown(room: Room, symbol: str, share: float) -> None:
    """The broker takes no change and no cancel of a stop, and shows it as rejected, though it works on."""
    order = ours(room, symbol, resting=True)
    if order is not None:
        where = {"orderid": order.order_id}
        refused = [Fault(call, "status", times=1, status=400, where=where) for call in ("modifyorder", "cancelorder")]
        room.broker.script(*refused)
        room.broker.show_as(order.order_id, "rejected")
        room.time.later(5 + 35 * share, lambda: room.broker.show_as(order.order_id, ""))


def changes_used_up(room: Room, symbol: str, share: float) -> None:
    """A stop has been changed as often as the broker allows: each further change is refused, for good."""
    order = ours(room, symbol, resting=True)
    if order is not None:
        words = "Maximum allowed order modifications exceeded."
        where = {"orderid": order.order_id}
        room.broker.script(Fault("modifyorder", "status", times=FOREVER, status=400, message=words, where=where))


# -------------------------------------------------------------- its risk desk, its clock


def squared_off(room: Room, symbol: str, share: float) -> None:
    """The broker ends the day itself: it cancels what works and closes what is held, in its own name."""
    for order in list(room.broker.venue.account.orders.values()):
        if order.working:
            room.broker.cancel_by_broker(order.order_id)
    for row in list(room.broker.truth().positions):
        if row.quantity and row.product == INTRADAY:
            room.by_hand(row.key, -row.quantity)


def squared_off_in_steps(room: Room, symbol: str, share: float) -> None:
    """The broker's risk desk takes over: it cancels what works, takes no order for a while, and closes in parts."""
    for order_id in list(room.account.orders):
        cancel(room, order_id)
    refused = Fault("placeorder", "reject_later", times=FOREVER, seconds=0.2, message="RMS: auto square off")
    room.broker.script(refused)
    room.time.later(20 + 20 * share, lambda: room.broker.faults.end(refused))
    for row in room.broker.truth().positions:
        if row.quantity and row.product == INTRADAY:
            for step in range(1, 4):
                room.time.later(step * (0.5 + 8 * share), partial(_close_a_part, room, row.key, 4 - step))


def _close_a_part(room: Room, key: str, of: int) -> None:
    there, lot = held(room, key), room.of(key).lot
    room.by_hand(key, -int(there / of / lot) * lot or -there)


def clock_off(room: Room, symbol: str, share: float) -> None:
    """The broker's clock is wrong from now on, by up to ten minutes; and the next order is one without an answer."""
    room.broker_ahead = timedelta(seconds=round(1200 * (share - 0.5)))
    room.broker.script(Fault("placeorder", "drop", executed=share * 100 % 2 < 1))
