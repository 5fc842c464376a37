"""What the strikes have in common: whom they strike, for how long, and how several become one.

`share` is from 0 to 1, and chance: how long, how much, which of two.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from riskcore_openalgo.testing.fault import FOREVER, Fault
from riskcore_openalgo.testing.orders import FakeOrder

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.room import Room

Strike: TypeAlias = "Callable[[Room, str, float], None]"


def ours(room: Room, symbol: str, *, resting: bool) -> FakeOrder | None:
    """A working order of ours at the broker: a stop that rests, or any other."""
    working = (order for order in room.broker.venue.account.orders.values() if order.working)
    found = [o for o in working if (o.asked in ("SL", "SL-M")) is resting and o.order_id in room.placed]
    return next((o for o in found if o.symbol == symbol), found[0] if found else None)


def held(room: Room, key: str) -> int:
    """What the broker has of an instrument in the product in which a hand trades it, signed."""
    return room.broker.truth().position(key, room.product_of(key))


def cancel(room: Room, order_id: str) -> None:
    """An order is taken off at the broker, where it still works, and the analyzer is as it was."""
    with room.broker.lock:
        room.broker.catch_up()  # a late rejection may end it at this moment
        if room.broker.mode == room.expected and room.account.orders[order_id].working:
            room.broker.cancel_by_broker(order_id)


def calls(endpoint: str, kind: Any, *, times: int = 1, **more: Any) -> Strike:
    """A fault of the next calls of an endpoint; `seconds` and `message` may be made of the share."""

    def strike(room: Room, symbol: str, share: float) -> None:
        asked = {name: value(share) if callable(value) else value for name, value in more.items()}
        room.broker.script(Fault(endpoint, kind, times=times, **asked))

    return strike


def answers(endpoint: str, kind: Any, *, message: Callable[[float], str] = lambda share: "") -> Strike:
    """All answers of an endpoint are so for a while, as often as it is asked."""

    def strike(room: Room, symbol: str, share: float) -> None:
        fault = Fault(endpoint, kind, times=FOREVER, message=message(share))
        room.broker.script(fault)
        room.time.later(3 + 37 * share, lambda: room.broker.faults.end(fault))

    return strike


def several(*strikes: Strike) -> Strike:
    """All of these at once."""

    def strike(room: Room, symbol: str, share: float) -> None:
        for one in strikes:
            one(room, symbol, share)

    return strike


def between(least: float, most: float) -> Callable[[float], float]:
    """What a share makes of a range."""
    return lambda share: least + (most - least) * share


def one_of(*words: str) -> Callable[[float], str]:
    """What a share makes of several words: its third digit chooses, for the others say how long and how much."""
    return lambda share: words[int(share * 1000) % len(words)]


def for_a_while(begin: Callable[[Room], None], end: Callable[[Room], None], least: float, most: float) -> Strike:
    """Something that begins now and ends some seconds later."""

    def strike(room: Room, symbol: str, share: float) -> None:
        begin(room)
        room.time.later(least + (most - least) * share, partial(end, room))

    return strike
