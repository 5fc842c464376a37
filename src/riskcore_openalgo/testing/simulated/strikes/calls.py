"""What strikes calls of OpenAlgo beyond a scripted answer: its order mode, its limits, its login, its being there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from riskcore_openalgo.testing.fault import FOREVER, Fault, Kind
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
    _lasts(room, ORDER_CALLS, "too_many", seconds=15 + 120 * share * share, settles_s=40)


def books_out(*books: str) -> Strike:
    """Several books at once answer with an error, for seconds or for minutes."""

    def strike(room: Room, symbol: str, share: float) -> None:
        _lasts(room, books, "status", seconds=4 + 180 * share * share, settles_s=60)

    return strike


def _lasts(room: Room, calls: tuple[str, ...], kind: Kind, *, seconds: float, settles_s: float) -> None:
    """Every one of these calls fails alike for `seconds`; what it left behind is settled `settles_s` after that."""
    faults = [Fault(call, kind, times=FOREVER) for call in calls]
    room.broker.script(*faults)
    room.checks.disturbed(seconds + settles_s)
    room.time.later(seconds, lambda: room.broker.faults.end(*faults))


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
