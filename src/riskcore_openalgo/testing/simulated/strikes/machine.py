"""What strikes ourselves: the journal and its disk, the clock, the machine, the process."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from riskcore import events
from riskcore_openalgo.testing.simulated.strikes.acting import Strike, for_a_while

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.room import Room


journal_spooled: Final[Strike] = for_a_while(
    lambda room: room.store.fails("spool"), lambda room: room.store.fails(""), 3, 30
)
journal_lost: Final[Strike] = for_a_while(
    lambda room: room.store.fails("lost"), lambda room: room.store.fails(""), 3, 20
)


def journal_slow(room: Room, symbol: str, share: float) -> None:
    """The disk takes seconds for each commit, for up to two minutes; prices move on, and alerts keep coming."""
    seconds, each = 10 + 110 * share * share, 0.3 + 5.7 * (share * 10 % 1)
    room.checks.disturbed(seconds + 30)
    room.store.slow_s = each
    room.time.later(seconds, lambda: setattr(room.store, "slow_s", 0.0))


def clock_back(room: Room, symbol: str, share: float) -> None:
    """An input bears a time that is past."""
    room.live.runner.offer(events.TimePassed(room.time.now.replace(microsecond=0) - timedelta(seconds=5 + 60 * share)))


def clock_ahead(room: Room, symbol: str, share: float) -> None:
    """An input bears a time that has not come: the clock had run ahead, and was set back."""
    room.live.runner.offer(events.TimePassed(room.time.now.replace(microsecond=0) + timedelta(seconds=2 + 25 * share)))


def suspended(room: Room, symbol: str, share: float) -> None:
    """The lid of the laptop is shut, for seconds or for most of an hour; the stream is heard again a little later."""
    seconds = 5 + 3000 * share**3
    room.checks.disturbed(seconds + 60)
    room.laptop.suspend(seconds)
    room.feed.gap(seconds + 5)


def killed_idle(room: Room, symbol: str, share: float) -> None:
    """The process ends now."""
    room.kill()


def killed_before_append(room: Room, symbol: str, share: float) -> None:
    """It ends when the journal is about to take rows."""
    room.store.kill_at("before", share)


def killed_after_append(room: Room, symbol: str, share: float) -> None:
    """It ends when the journal has just taken rows."""
    room.store.kill_at("after", share)


def killed_amid_commands(room: Room, symbol: str, share: float) -> None:
    """It ends when some of a turn's commands have been handed over."""
    room.kill_at_command(share)


def killed_amid_a_call(room: Room, symbol: str, share: float) -> None:
    """It ends when the broker has done what a call asked for, and has not answered."""
    room.kill_at_call(share)
