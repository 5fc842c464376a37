"""What an operator does on a simulated day: he halts, leaves, cancels, enters, sets, accepts, and presses the stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import attrs

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.testing.simulated.traded import INTRADAY
from riskcore_openalgo.testing.simulated.wishes import WISHES, well_formed

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.room import Room

UNLOCK: Final = "UNLOCK"
CONFIRM: Final = "CONFIRM"
WHO: Final = ("somebody", "a simulated day")
SETTINGS: Final[tuple[dict[str, Any], ...]] = (
    {"exit_band_pct": "0.3"},
    {"exit_band_pct": "1", "exit_step_s": 5},
    {"max_positions": 2},
    {"max_positions": 6},
    {"trail": "percent", "trail_by": "0.8", "trail_step": None, "trail_after": None},
    {"trail": None, "trail_by": None, "trail_step": None, "trail_after": None},
    {"breakeven_at_r": "0.5", "breakeven_at_pct": None},
    {"time_stop_min": 30},
    {"entry_timeout_s": 4},
    {"target_legs": ["40% at 2.5R", "60% at 3R"]},
    {"target_legs": None},
    {"cooldown_s": 120},
)
"""Changes of the policy in the middle of a day, by a hand or by a file."""


def _now(room: Room) -> tuple[Any, str, str]:
    return (room.time.now, *WHO)


def _halt(room: Room, state: str) -> None:
    room.live.runner.offer(events.OperatorHalted(*_now(room), state))


def _resume(room: Room) -> None:
    room.live.runner.offer(events.OperatorResumed(*_now(room), word=UNLOCK))


def _stop(room: Room, whole: str) -> None:
    room.live.runner.offer(events.EmergencyStopped(*_now(room), whole_account=bool(whole)))


def _seen_to(room: Room, latch: str) -> None:
    room.live.runner.offer(events.OperatorResumed(room.time.now, "somebody", "seen to", latch, CONFIRM))


def _rearm(room: Room) -> None:
    room.live.runner.offer(events.OperatorResumed(*_now(room), events.EMERGENCY_LATCH, UNLOCK))


def _exit(room: Room, symbol: str, share: float) -> None:
    """Half of the times all of it; else as many lots as the share says, one at least."""
    one = room.traded[symbol]
    position = room.live.state.book.position(one.key)
    some = None if share < 0.5 or position is None else one.lots(int(position.quantity * (share - 0.4)))
    room.live.runner.offer(events.OperatorExited(*_now(room), one.key, some))


def _cancel(room: Room, share: float) -> None:
    """Any order that is live, stops too: what may not be cancelled is refused."""
    live = room.live.state.book.live_orders()
    if live:
        room.live.runner.offer(events.OperatorCancelled(*_now(room), live[int(share * len(live))].id))


def _enter(room: Room, symbol: str, side: str, stop_pct: str) -> None:
    signal = attrs.evolve(well_formed(room, symbol, side, stop_pct, INTRADAY), source="operator")
    room.live.runner.offer(events.OperatorEntered(*_now(room), signal))


def _set(room: Room, number: int) -> None:
    """Settings by a hand, over those that rule now."""
    ruling = engine.in_force(room.live.state, room.policy)
    try:
        wanted = attrs.evolve(ruling, **SETTINGS[number])
    except ValueError:  # it contradicts what else is set, as `Policy` says
        return
    room.live.runner.offer(events.OperatorSet(*_now(room), wanted, rc.policy_hash(ruling), CONFIRM))


def _reload(room: Room, number: int) -> None:
    """The file was changed: it is what a later start loads, too."""
    try:
        room.policy = attrs.evolve(room.policy, **SETTINGS[number])
    except ValueError:
        return
    room.live.runner.offer(events.PolicyLoaded(room.time.now, room.policy))


def _accept(room: Room) -> None:
    room.live.runner.offer(events.DifferencesAccepted(*_now(room)))


def _seen(room: Room) -> None:
    for name, subject in room.live.state.custody.told:
        room.live.runner.offer(events.AcknowledgeAlarm(*_now(room), name, subject))


def _again(room: Room, symbol: str, side: str, stop_pct: str, apart_s: float) -> None:
    """An alert that its sender sends again, three times: the same one, bearing the same time."""
    signal = well_formed(room, symbol, side, stop_pct)
    room.checks.wished(signal)

    def offer() -> None:
        if room.alive:
            room.live.runner.offer(events.SignalArrived(room.time.now, signal))
            room.turn_in(0.0)

    for number in range(4):
        room.time.later(number * apart_s, offer)


ASKED: Final[dict[str, Callable[..., None]]] = {
    **WISHES,
    "halted": _halt,
    "resumed": _resume,
    "emergency": _stop,
    "rearmed": _rearm,
    "seen_to": _seen_to,
    "exit_by_operator": _exit,
    "cancel_by_operator": _cancel,
    "enter_by_operator": _enter,
    "set_by_operator": _set,
    "reloaded": _reload,
    "accepted": _accept,
    "alarms_seen": _seen,
    "again": _again,
}
"""All that strategies and people ask for, by name."""
