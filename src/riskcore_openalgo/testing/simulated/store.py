"""A journal in memory that can fail, be slow, and end the process, where a script says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import cast

from attrs import frozen

from riskcore import events
from riskcore_openalgo.journal import Durability, Journal, JournalLost, Loaded, fold
from riskcore_openalgo.testing.timeline import Killed


@frozen
class Kept:
    """One row: `kind` is `input` or `fact`."""

    kind: str
    event: events.Input | events.Fact


class MemoryStore:
    """What a `Journal` promises, without a disk: rows that it took outlive the process, those it lost do not.

    A commit takes `slow_s` seconds, which `wait` lets pass: who is killed in the first half of them has lost its rows.
    """

    wait: Callable[[float], None]

    def __init__(self) -> None:
        self.kept: list[Kept] = []
        self.slow_s = 0.0
        self.trouble = ""
        self._unsaved: list[Kept] = []
        self._mode = ""
        self._killing: tuple[str, int] | None = None
        self._copied = 0

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
        takes_s = self.slow_s
        if takes_s:
            self.wait(takes_s / 2)
        if self._mode == "lost":
            raise JournalLost(self.trouble)
        self.write([row.event for row in self._unsaved])
        self.kept += self._unsaved
        self._unsaved.clear()
        if takes_s:
            self.wait(takes_s / 2)
        if where == "after":
            raise Killed
        return Durability.SPOOL if self._mode else Durability.DATABASE

    def write(self, entries: list[events.Input | events.Fact]) -> None:
        """Make them durable: in memory they are."""

    @property
    def length(self) -> int:
        """How many rows are durable."""
        return len(self.kept)

    def empty_log(self) -> None:
        """Memory keeps no log beside it."""

    def close(self) -> None:
        """Nothing is open."""

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

    def back_up(self) -> None:
        """Keep a copy of what is durable now."""
        self._copied = len(self.kept)

    def restore(self) -> None:
        """The copy takes the journal's place: what came since is gone."""
        del self.kept[self._copied :]

    def facts(self, since: int) -> Iterator[events.Fact]:
        """The facts after so many rows."""
        return (cast("events.Fact", row.event) for row in self.kept[since:] if row.kind == "fact")

    def inputs(self) -> Iterator[events.Input]:
        """All inputs."""
        return (cast("events.Input", row.event) for row in self.kept if row.kind == "input")

    def _due(self) -> str:
        if self._killing is None:
            return ""
        where, left = self._killing
        self._killing = None if left == 0 else (where, left - 1)
        return where if left == 0 else ""


class DiskStore(MemoryStore):
    """The same over a real journal in a SQLite file, opened anew by each process, now and then from a snapshot."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path, self._journal = path, Journal(path)
        self._loads = 0

    def write(self, entries: list[events.Input | events.Fact]) -> None:
        """Into the file."""
        self._journal.append(entries)

    def load(self) -> Loaded:
        """What the file folds to, by its own short way; every second time it keeps a snapshot first."""
        self._loads += 1
        if self._loads % 2:
            self._journal.snapshot(super().load().state)
        return self._journal.load()

    def empty_log(self) -> None:
        """What the file's log holds goes into the file."""
        self._journal.empty_log()

    def died(self) -> None:
        """The file is closed, and opened by the next process."""
        super().died()
        self._journal.close()
        self._journal = Journal(self._path)

    def restore(self) -> None:
        """Another file, with what the copy has."""
        super().restore()
        self._journal.close()
        self._path = self._path.with_name(f"restored-{self._path.name}")
        self._journal = Journal(self._path)
        self.write([row.event for row in self.kept])

    def close(self) -> None:
        """Close the file."""
        self._journal.close()
