"""Calls for somebody when the machine's clock was set back.

Time never runs back for the engine: it stands still until the clock has caught up, and with it every deadline, the
square-off and what it takes a price's age by. A millisecond between two threads is no such thing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from riskcore import events

NAME: Final = "clock_back"
JUMP: Final = timedelta(seconds=5)


class ClockBack:
    """`watch` takes the facts of a day, and tells of each standstill once."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told: datetime | None = None

    def watch(self, fact: events.Fact) -> None:
        """Look at one fact."""
        if not isinstance(fact, events.ClockBackward) or fact.at - fact.claimed < JUMP or fact.at == self._told:
            return
        self._told = fact.at
        self._tell(
            f"the clock of this machine says {fact.claimed:%H:%M:%S}, and the journal has come to {fact.at:%H:%M:%S}. "
            "Until the clock is there, time stands still: no entry passes, and no deadline, square-off or time stop "
            "comes due. Set the clock right, and look after what is held yourself"
        )
