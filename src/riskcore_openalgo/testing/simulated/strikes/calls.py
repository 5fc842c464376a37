"""What strikes calls of OpenAlgo beyond a scripted answer: its order mode, its limits, its login, its being there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from riskcore_openalgo.testing.fault import FOREVER, Fault
from riskcore_openalgo.testing.simulated.strikes.acting import Strike, for_a_while

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.room import Room

ORDER_CALLS: Final = ("placeorder", "modifyorder", "cancelorder")


def semi_auto(room: Room, symbol: str, share: float) -> None:
    """The next order waits for an approval, which comes later, or never."""
    room.broker.script(Fault("placeorder", "semi_auto"))
    if share < 0.5:
        room.time.later(4 + 20 * share, room.approve)


def order_calls_limited(room: Room, symbol: str, share: float) -> None:
    """Too many calls, says OpenAlgo to each order, change and cancel, for minutes: books can be read all the while."""
    seconds = 15 + 120 * share * share
    limits = [Fault(call, "too_many", times=FOREVER) for call in ORDER_CALLS]
    room.broker.script(*limits)
    room.checks.disturbed(seconds + 40)
    room.time.later(seconds, lambda: room.broker.faults.end(*limits))


def books_out(*books: str) -> Strike:
    """Several books at once answer with an error, for seconds or for minutes."""

    def strike(room: Room, symbol: str, share: float) -> None:
        seconds = 4 + 180 * share * share
        faults = [Fault(book, "status", times=FOREVER) for book in books]
        room.broker.script(*faults)
        room.checks.disturbed(seconds + 60)
        room.time.later(seconds, lambda: room.broker.faults.end(*faults))

    return strike


def _set(room: Room, name: str, *, value: Any) -> None:
    setattr(room.broker, name, value)


def _down(room: Room, *, down: bool) -> None:
    room.wire.down = down


token_dies: Final[Strike] = for_a_while(lambda room: room.broker.token_dies(), lambda room: room.broker.login(), 5, 60)
key_revoked: Final[Strike] = for_a_while(
    partial(_set, name="key_revoked", value=True), partial(_set, name="key_revoked", value=False), 5, 60
)
openalgo_down: Final[Strike] = for_a_while(partial(_down, down=True), partial(_down, down=False), 3, 30)
mode_toggled: Final[Strike] = for_a_while(
    lambda room: room.toggle(other=True), lambda room: room.toggle(other=False), 5, 40
)
