"""The emergency stop without the runner: for one that is dead or hung. Fence it off, take its place, and stop.

The order is what makes it safe. The fence stands first, so that whatever the old runner still does cannot reach the
broker; then the writer's lock is taken, by ending the process that holds it where it is one of this machine, and by
breaking the lock where that does not help; then a runner of our own reads the journal and the broker's books, and is
driven until the emergency stop has ended.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from riskcore import engine, events
from riskcore.events import FLAT, INCOMPLETE, PENDING, STOPPING, Emergency
from riskcore_openalgo.journal.places import Place
from riskcore_openalgo.runner.fence import Fence

GRACE_S: Final = 3.0
"""How long a runner may take to see the fence, and to end by itself."""
ENDS_S: Final = 5.0
PRICES_S: Final = 3.0
"""How long prices are waited for before the first exit goes: a stale one would be priced by what was seen last."""
STEP_S: Final = 0.05
HOLDER: Final = re.compile(r"(?:riskcore: )?process (\d+) on (.+)")
SIGNAL: Final = getattr(signal, "SIGKILL", signal.SIGTERM)

EXITS: Final = {FLAT: 0, INCOMPLETE: 4, PENDING: 5, STOPPING: 6}
"""The exit code of each stage, for `stop --direct` and `control stop`."""


class Turning(Protocol):
    """A runner that can be turned: `Live`."""

    @property
    def state(self) -> engine.State:
        """The engine's state by now."""

    def turn(self) -> int:
        """One pass."""


class TakeoverFailed(RuntimeError):
    """Another process still writes the journal; the message says what to do."""


def take_over(place: Place, *, tell: Callable[[str], None], grace_s: float = GRACE_S, ends_s: float = ENDS_S) -> None:
    """Wait for the holder of the writer's lock to end, end it, or break its lock; a fence must stand already."""

    def freed(within_s: float) -> bool:
        ends = time.monotonic() + within_s
        while place.holder() is not None:
            if time.monotonic() >= ends:
                return False
            time.sleep(STEP_S)
        return True

    if freed(grace_s):
        return
    holder = place.holder() or ""
    process = process_here(holder)
    if process is not None:
        tell(f"{holder} does not end by itself: it is ended")
        _end(process)
        if freed(ends_s):
            return
    tell(f"{holder or 'another process'} keeps the writer's lock: it is broken")
    try:
        place.break_lock()
    except OSError as problem:
        raise TakeoverFailed(f"{place.where}: its lock could not be broken ({problem}); end {holder} by hand") from None
    if not freed(ends_s):
        raise TakeoverFailed(f"{place.where}: {place.holder()} still holds the writer's lock; end it by hand")


def process_here(holder: str) -> int | None:
    """The process that a lock names, where it is one of this machine and not ourselves."""
    found = HOLDER.fullmatch(holder.strip())
    if found is None or found[2] != socket.gethostname() or int(found[1]) == os.getpid():
        return None
    return int(found[1])


def stop_now(
    live: Turning,
    offer: Callable[[events.Input], None],
    clock: Callable[[], datetime],
    *,
    by: str,
    why: str,
    whole_account: bool,
    fence: Fence,
    within_s: float,
    tell: Callable[[str], None] = lambda text: None,
) -> Emergency | None:
    """Press the emergency stop in a runner that has started, and turn it until that has ended or the time is up.

    Ends early where somebody else raises another fence.
    """
    offer(events.EmergencyStopped(clock(), by, why, whole_account))
    ends, told = time.monotonic() + within_s, ""
    while time.monotonic() < ends and not fence.shut():
        live.turn()
        emergency = live.state.control.emergency
        if emergency is not None and emergency.stage != told:
            told = emergency.stage
            tell(told)
        if told in (FLAT, PENDING):
            break
        time.sleep(STEP_S)
    return live.state.control.emergency


def warm_up(live: Turning, known: Callable[[str], bool]) -> None:
    """Turn until the broker is known and every position has a price, or the time is up: then it must do without."""
    ends = time.monotonic() + PRICES_S
    while time.monotonic() < ends:
        live.turn()
        state = live.state
        priced = all(known(position.instrument.key) for position in state.book.positions)
        if priced and state.custody.capability is not None:
            return
        time.sleep(STEP_S)


def _end(process: int) -> None:
    try:
        os.kill(process, SIGNAL)
    except (ProcessLookupError, PermissionError):
        return
