"""The journal's one writer: rows are chained, written with their projections, and durable on return.

Each row's hash covers the one before it, so that a changed, missing or added row breaks the chain from there
on. When the database refuses (locked, full, gone), rows go to the spool in the same chain; when that fails too,
`append` says so and keeps them in memory for the next try.
"""

from __future__ import annotations

import contextlib
import enum
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from attrs import asdict, frozen
from sqlalchemy import Engine, create_engine, event, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from riskcore import events
from riskcore_openalgo.journal.codec import VERSIONS, CodecError, decode, encode
from riskcore_openalgo.journal.projections import PROJECTED, statements
from riskcore_openalgo.journal.spool import Spool, SpoolFull
from riskcore_openalgo.journal.tables import JOURNAL, META, METADATA, SCHEMA_VERSION

GENESIS: Final = "0" * 64
BUSY_MS: Final = 250
INPUT: Final = "input"
FACT: Final = "fact"


class JournalBroken(RuntimeError):
    """The chain does not hold, or the file is not a journal this version can use; the first bad row is named."""


class JournalConflict(RuntimeError):
    """Another process has written to this journal since it was opened."""


class JournalLost(RuntimeError):
    """Neither the database nor the spool took the rows; they wait in memory."""


class Durability(enum.Enum):
    """Where appended rows are safe."""

    DATABASE = "database"
    SPOOL = "spool"


@frozen
class Row:
    """One line of the journal."""

    seq: int
    kind: str
    type: str
    version: int
    at: str
    body: str
    hash: str

    @property
    def event(self) -> Any:
        """The input or fact itself."""
        return decode(self.type, self.version, self.body)


class Reader:
    """A journal to read: its rows, its projections, its chain. Opening one changes nothing in the file."""

    def __init__(self, path: Path) -> None:
        """Open the journal at `path`, which must exist; a runner may be writing to it meanwhile."""
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no such journal; `riskcore demo` makes one")
        self.path = path
        self._engine = _engine(path, writes=False)
        try:
            self._length, self.head = self._last()
        except DBAPIError as problem:
            self._engine.dispose()
            raise JournalBroken(f"{path}: not a usable journal: {problem.orig}") from problem

    @property
    def length(self) -> int:
        """How many rows there are."""
        return self._length

    def rows(self, kind: str | None = None) -> Iterator[Row]:
        """All rows in order, or only inputs or only facts."""
        query = select(JOURNAL).order_by(JOURNAL.c.seq)
        if kind is not None:
            query = query.where(JOURNAL.c.kind == kind)
        with self._engine.connect() as connection:
            for row in connection.execute(query):
                yield Row(*row)

    def select(self, query: Any) -> Sequence[Any]:
        """Rows of a projection query."""
        with self._engine.connect() as connection:
            return connection.execute(query).all()

    def first_bad_row(self) -> tuple[int, str] | None:
        """The first row that breaks the chain, and why; None when all hold."""
        before, expected = GENESIS, 1
        for row in self.rows():
            if row.seq != expected:
                return expected, f"is missing (the next one found is {row.seq})"
            if row.hash != _hash(before, row.kind, row.type, row.version, row.at, row.body):
                return row.seq, "its content does not match its hash: it was changed after it was written"
            before, expected = row.hash, expected + 1
        return None

    def check(self) -> None:
        """Raise `JournalBroken`, naming the first bad row, when the chain does not hold."""
        bad = self.first_bad_row()
        if bad is not None:
            raise JournalBroken(f"{self.path}: row {bad[0]}: {bad[1]}")

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    def _last(self) -> tuple[int, str]:
        query = select(JOURNAL.c.seq, JOURNAL.c.hash).order_by(JOURNAL.c.seq.desc()).limit(1)
        found = self.select(query)
        return (found[0].seq, found[0].hash) if found else (0, GENESIS)


class Journal(Reader):
    """An open journal: `append` inputs and facts, read them back, verify the chain."""

    def __init__(self, path: Path) -> None:
        """Open or create the journal at `path`; what the spool still holds goes into the database first.

        Raises `JournalBroken` when the chain does not hold or the schema is newer than this version.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._engine = _engine(path)
        self._spool = Spool(path.with_name(path.name + ".spool"))
        self._unsaved: list[Row] = []
        self.trouble = ""
        try:
            self._prepare()
            self.check()
            self._length, self.head = self._last()
            self._adopt_spool()
        except BaseException:
            self.close()
            raise

    def append(self, entries: Iterable[events.Input | events.Fact]) -> Durability:
        """Add rows in order; on return they are on disk, in the database or in the spool.

        Raises `JournalLost` when neither took them: they stay queued and go first next time. Raises
        `JournalConflict` when somebody else has written, which no waiting mends.
        """
        self._unsaved += [self._chain(entry) for entry in entries]
        spooled = [Row(**row) for row in self._spool.waiting]
        if not self._unsaved and not spooled:
            return Durability.DATABASE
        try:
            self._write([*spooled, *self._unsaved])
        except IntegrityError as problem:
            self.trouble = f"another process wrote to {self.path}: {problem.orig}"
            raise JournalConflict(self.trouble) from problem
        except DBAPIError as problem:
            if not self.trouble:
                self._wait_for_locks(0)
            self.trouble = str(problem.orig)
            return self._to_spool()
        if self.trouble:
            self._wait_for_locks(BUSY_MS)
        self._unsaved, self.trouble = [], ""
        self._spool.clear()
        return Durability.DATABASE

    @property
    def state(self) -> str:
        """What a person should know of it: "" while all is well, else what is wrong and where the rows are."""
        if not self.trouble:
            return ""
        waiting, memory = len(self._spool.waiting), len(self._unsaved)
        lost = f", {memory} more in memory only" if memory else ""
        return (
            f"the journal cannot be written ({self.trouble}): entries were stopped; {waiting} rows wait in "
            f"{self._spool.path}{lost}. Mend it and start again: they go in first"
        )

    def close(self) -> None:
        """Close the files; nothing is lost that `append` returned for."""
        super().close()
        self._spool.close()

    def _prepare(self) -> None:
        try:
            METADATA.create_all(self._engine)
            with self._engine.begin() as connection:
                found = connection.execute(select(META.c.value).where(META.c.key == "schema")).scalar()
                if found is None:
                    connection.execute(insert(META).values(key="schema", value=str(SCHEMA_VERSION)))
        except DBAPIError as problem:
            raise JournalBroken(f"{self.path}: not a usable journal: {problem.orig}") from problem
        if found is not None and int(found) > SCHEMA_VERSION:
            raise JournalBroken(f"{self.path}: schema {found} is newer than {SCHEMA_VERSION}; update riskcore")

    def _adopt_spool(self) -> None:
        """Rows a crash left in the spool: those the database has already are dropped, the rest go in."""
        left = [row for row in (Row(**r) for r in self._spool.waiting) if row.seq > self._length]
        if left and left[0].hash != _hash(self.head, *_covered(left[0])):
            raise JournalBroken(f"{self._spool.path}: does not continue {self.path} at row {self._length}")
        if left:
            self._adopt(left)
            self._length, self.head = left[-1].seq, left[-1].hash
        self._spool.clear()

    def _adopt(self, left: Sequence[Row]) -> None:
        try:
            self._write(left)
        except DBAPIError as problem:
            raise JournalBroken(
                f"{self.path}: {len(left)} rows wait in {self._spool.path} and cannot go in ({problem.orig}); "
                "mend that and start again"
            ) from problem

    def _wait_for_locks(self, milliseconds: int) -> None:
        """How long a locked database is waited for: not at all while it is known to be in trouble."""
        with contextlib.suppress(DBAPIError), self._engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={milliseconds}")

    def _chain(self, entry: events.Input | events.Fact) -> Row:
        name = type(entry).__name__
        kind = FACT if isinstance(entry, events.FACTS) else INPUT
        covered = (kind, name, VERSIONS[name], entry.at.isoformat(), encode(entry))
        self._length += 1
        self.head = _hash(self.head, *covered)
        return Row(self._length, *covered, self.head)

    def _write(self, rows: Sequence[Row]) -> None:
        with self._engine.begin() as connection:
            connection.execute(insert(JOURNAL), [asdict(row) for row in rows])
            for row in rows:
                if row.type in PROJECTED:
                    for statement in statements(row.seq, row.event):
                        connection.execute(statement)

    def _to_spool(self) -> Durability:
        try:
            self._spool.add(asdict(row) for row in self._unsaved)
        except SpoolFull as problem:
            raise JournalLost(f"{self.trouble}; {problem}") from problem
        self._unsaved = []
        return Durability.SPOOL


def _engine(path: Path, *, writes: bool = True) -> Engine:
    """SQLite with a write-ahead log, every commit on the disk; or only to read, even while somebody writes."""
    address = f"sqlite:///{path}" if writes else f"sqlite:///file:{quote(path.resolve().as_posix())}?mode=ro&uri=true"
    engine = create_engine(address, connect_args={"timeout": BUSY_MS / 1000})
    if not writes:
        return engine

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_MS}"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _covered(row: Row) -> tuple[str, str, int, str, str]:
    return row.kind, row.type, row.version, row.at, row.body


def _hash(before: str, kind: str, type_name: str, version: int, at: str, body: str) -> str:
    """SHA-256 over the previous hash and everything in the row, unambiguously joined."""
    text = json.dumps([before, kind, type_name, version, at, body], separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


__all__ = ["CodecError", "Durability", "Journal", "JournalBroken", "JournalConflict", "JournalLost", "Reader", "Row"]
