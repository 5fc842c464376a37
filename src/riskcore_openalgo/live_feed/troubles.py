"""Which troubles of the prices stand, so that each is told once when it begins and once when it is over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from attrs import define, field

import riskcore as rc
from riskcore import events

STALE: Final = "prices_stale"
STREAM_SILENT: Final = "prices_stream_silent"
DISAGREE: Final = "prices_disagree"
NAMES: Final = (STALE, STREAM_SILENT, DISAGREE)
"""Nothing new of an instrument; nothing new of it from the stream, though it trades; its two sources disagree."""

Standing: TypeAlias = tuple[str, str]
"""A trouble by its name and the key of its instrument."""


@define
class Troubles:
    """The troubles that stand, by name and instrument."""

    _standing: set[Standing] = field(factory=set)

    @property
    def standing(self) -> tuple[Standing, ...]:
        """Those that stand, by name and instrument."""
        return tuple(sorted(self._standing))

    def resume(self, latches: Iterable[rc.Latch]) -> None:
        """Take over what an earlier run told and a book still holds: it is over as soon as it is not found again."""
        self._standing |= {(latch.name, latch.key) for latch in latches if latch.name in NAMES}

    def now(self, found: Mapping[Standing, str], at: datetime) -> list[events.Input]:
        """What begins and what is over, given all that is found now, each with its reason."""
        begun = [standing for standing in found if standing not in self._standing]
        over = [standing for standing in self.standing if standing not in found]
        self._standing = set(found)
        return [
            *(events.TroubleOver(at, name, key) for name, key in over),
            *(events.TroubleSeen(at, name, found[name, key], key) for name, key in begun),
        ]
