"""A journal in memory that can fail, and end the process, where a script says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import frozen

import riskcore as rc
from riskcore import events
from riskcore_openalgo.journal import Durability, JournalLost, Loaded, fold
from riskcore_openalgo.testing.timeline import Killed

INPUTS = tuple(kind for kind in vars(events).values() if isinstance(kind, type) and not hasattr(kind, "VERSION"))


@frozen
class Kept:
    """One row: `kind` is `input` or `fact`."""

    kind: str
    event: events.Input | events.Fact


class MemoryStore:
    """What a `Journal` promises, without a disk: rows that it took outlive the process, those it lost do not."""

    def __init__(self) -> None:
        self.kept: list[Kept] = []
        self.trouble = ""
        self._unsaved: list[Kept] = []
        self._mode = ""
        self._killing: tuple[str, int] | None = None

    def fails(self, mode: str) -> None:
        """`spool`: the database refuses, the spool takes; `lost`: neither takes; "": all works."""
        self._mode, self.trouble = mode, f"simulated: {mode}" if mode else ""

    def kill_at(self, where: str, share: float) -> None:
        """End the process `before` or `after` one of the next appends becomes durable."""
        self._killing = where, int(share * 12)

    def append(self, entries: Iterable[events.Input | events.Fact]) -> Durability:
        """Take rows, or fail as it was told to."""
        self._unsaved += [Kept("fact" if hasattr(entry, "VERSION") else "input", entry) for entry in entries]
        where = self._due()
        if where == "before":
            raise Killed
        if self._mode == "lost":
            raise JournalLost(self.trouble)
        self.kept += self._unsaved
        self._unsaved.clear()
        if where == "after":
            raise Killed
        return Durability.SPOOL if self._mode else Durability.DATABASE

    def rows(self, kind: str | None = None) -> Iterator[Kept]:
        """What is durable."""
        return (row for row in self.kept if kind in (None, row.kind))

    def load(self) -> Loaded:
        """What it folds to."""
        return fold(self.rows())  # type: ignore[arg-type] # of a row only its kind and its event are looked at

    def died(self) -> None:
        """The process is gone, and with it what was not durable."""
        self._unsaved.clear()
        self._killing = None

    def facts(self, since: int) -> Iterator[events.Fact]:
        """The facts after so many rows."""
        return (row.event for row in self.kept[since:] if row.kind == "fact")

    def policies(self) -> Iterator[rc.Policy]:
        """Every policy that was in force."""
        return (row.event.policy for row in self.kept if isinstance(row.event, events.PolicyLoaded))

    def _due(self) -> str:
        if self._killing is None:
            return ""
        where, left = self._killing
        self._killing = None if left == 0 else (where, left - 1)
        return where if left == 0 else ""
