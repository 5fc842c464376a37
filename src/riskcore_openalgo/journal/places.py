"""Where a journal is kept: a SQLite file, plain or encrypted, or a PostgreSQL database. The rest knows no difference.

A place opens engines, holds the lock of the one writer, and has a spool beside it. Its key and its password are shown
in no text.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError, TimeoutError as PoolTimeout

from riskcore_openalgo.failpoints import reach
from riskcore_openalgo.journal.locks import FileLock, holder
from riskcore_openalgo.journal.spool import Spool, SpoolUnreadable, for_its_owner, waiting_in
from riskcore_openalgo.journal.tables import METADATA
from riskcore_openalgo.journal.troubles import JournalBroken

BUSY_MS: Final = 250
NOTE_WAITS_MS: Final = 5_000
LOG_PAGES: Final = 8_000
"""Only where nobody found time for it (`empty_log`) does a commit copy so long a log into the file, and wait for it."""
ROOM: Final = 1 << 17
"""Bytes that a file beside a journal takes, without which it cannot be read."""
FULL: Final = "disk is full"
MAYBE_FULL: Final = "disk I/O error"
UNOPENED: Final = "unable to open database file"
"""What SQLite says where a file beside the journal cannot be made, or has no room."""
DURABLE: Final = ("journal_mode=WAL", "synchronous=FULL")
ENCRYPTED: Final = 'an encrypted journal needs SQLCipher and cryptography: pip install "riskcore[encrypted]"'

MADE_BY: Final = "riskcore live, shadow, paper or demo makes one when it starts"

At: TypeAlias = Path | str
"""What a caller names a journal by: the path of a file, or the address of a PostgreSQL database."""


class Lock(Protocol):
    """What the one writer holds."""

    def release(self) -> None:
        """Give it back."""


class Place(Protocol):
    """A journal's place."""

    where: str
    known_for_s: float | None
    """So long after a word with the place it is taken for granted that nobody else has come; None: for good."""
    retry_after_s: float
    inbox: Path

    @property
    def path(self) -> Path | None:
        """The file; None on a server."""

    def reading(self) -> Engine:
        """An engine to read with, even while somebody writes; `FileNotFoundError` where there is nothing."""

    def locked(self, wait_s: float) -> Lock:
        """Take the writer's lock."""

    def sending(self, writer: Engine, account: str) -> contextlib.AbstractContextManager[str]:
        """Be the one who sends for an account, as far as the place can see; who did before, and did not end in order.

        `JournalInUse`, naming the holder, where somebody else sends for it from another journal of the same place.
        """

    def look(self, writer: Engine) -> None:
        """Whether the writer still holds what it took: `JournalInUse` and `JournalTaken` where it does not."""

    def holder(self) -> str | None:
        """Who holds the writer's lock, as far as it is known; None while nobody does."""

    def break_lock(self) -> None:
        """Take the writer's lock away from whoever holds it, dead, hung or alive: a fence must stand before that."""

    def writing(self) -> Engine:
        """The writer's engine; what it commits is on the disk."""

    def beside(self, writer: Engine) -> Engine:
        """What the writer reads with."""

    def spool(self) -> Spool:
        """Where rows wait that the database will not take."""

    def spooled(self) -> tuple[Path, tuple[int, ...]]:
        """That file, and the numbers of the rows in it, only to look at: somebody may be writing to it."""

    def waiting(self, engine: Engine, milliseconds: int) -> None:
        """How long a locked database is waited for from now on."""

    def begun(self, engine: Engine) -> contextlib.AbstractContextManager[Connection]:
        """A transaction that nobody else writes into, and that may take its time; tables made in it belong to it."""

    def noting(self) -> contextlib.AbstractContextManager[Connection]:
        """A transaction for what lies beside the journal: without the writer's lock, and never for its own tables."""

    def back_up(self, engine: Engine, schema: int) -> str:
        """A copy of the journal as it is, before its schema changes, and where it lies. No copy is overwritten."""

    def compact(self, engine: Engine) -> None:
        """Give back the room of rows that were pruned."""

    def empty_log(self, engine: Engine) -> None:
        """Do now what a later commit would have to do beside its own work; writers go on meanwhile."""

    def why(self, problem: DBAPIError) -> str:
        """What it means that the database cannot be used at all."""


def place_of(at: At, *, key: str | None = None, spool: Path | None = None) -> Place:
    """The place of that name. A key is for an encrypted file; `spool` is where a server's rows wait."""
    if isinstance(at, str) and at.startswith("postgres"):
        from riskcore_openalgo.journal.server import Postgres

        if key is not None:
            raise ValueError("a key is for an encrypted SQLite file; PostgreSQL is encrypted by its disk, and by TLS")
        return Postgres.at(at, spool)
    if isinstance(at, str) and "://" in at:
        raise ValueError("a journal is a file, or postgresql://USER@HOST/DATABASE; no other database is known")
    return SqliteFile(Path(at), key, spool)


class SqliteFile:
    """A file with a write-ahead log, every commit on the disk; encrypted by SQLCipher where there is a key."""

    known_for_s: float | None = None
    retry_after_s = 0.0

    def __init__(self, path: Path, key: str | None = None, spool: Path | None = None) -> None:
        if key is not None and (not key or "\0" in key):
            raise ValueError("the key of an encrypted journal is a text of at least one character, without NUL")
        if not path.name or path.is_dir():
            raise ValueError(f"{path}: is a folder; a journal is a file, such as {path / 'riskcore.db'}")
        self.path, self.where, self.inbox = path, str(path), beside(path, ".inbox")
        self._key, self._spool = key, spool or beside(path, ".spool")

    def reading(self) -> Engine:
        """Only to read, even while somebody writes; `FileNotFoundError` where there is no such file."""
        if not self.path.is_file():
            raise FileNotFoundError(f"{self.path}: no such journal. {MADE_BY}")
        return self._engine("ro")

    def locked(self, wait_s: float) -> Lock:
        """The lock of `NAME.lock`; the folder is made where it is missing."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(beside(self.path, ".lock"), self.where, wait_s)

    @contextlib.contextmanager
    def sending(self, writer: Engine, account: str) -> Iterator[str]:
        """A file is one machine's, and the account's lock there is a file too (`runner.sole_sender`)."""
        yield ""

    def look(self, writer: Engine) -> None:
        """The lock of a file is held until its process ends."""

    def holder(self) -> str | None:
        """What the lock's file says."""
        return holder(beside(self.path, ".lock"))

    def break_lock(self) -> None:
        """The lock's file goes, and its holder keeps a lock on a file that has no name; Windows refuses that."""
        beside(self.path, ".lock").unlink(missing_ok=True)

    def writing(self) -> Engine:
        """The file, made where it is missing."""
        return self._engine("rwc")

    def beside(self, writer: Engine) -> Engine:
        """The same connections."""
        return writer

    def spool(self) -> Spool:
        """`NAME.spool` beside the file."""
        try:
            return Spool(self._spool, key=self._key)
        except SpoolUnreadable as problem:
            raise JournalBroken(str(problem)) from problem

    def spooled(self) -> tuple[Path, tuple[int, ...]]:
        """`NAME.spool`; it may not be there."""
        return self._spool, tuple(int(row["seq"]) for row in waiting_in(self._spool, self._key))

    def waiting(self, engine: Engine, milliseconds: int) -> None:
        """SQLite waits for other processes' locks by itself."""
        with contextlib.suppress(DBAPIError), engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={milliseconds}")

    @contextlib.contextmanager
    def begun(self, engine: Engine) -> Iterator[Connection]:
        """Begun by hand: the driver begins none before a table is made."""
        with engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    @contextlib.contextmanager
    def noting(self) -> Iterator[Connection]:
        """The writer's turns are waited for."""
        engine = self.writing()
        try:
            self.waiting(engine, NOTE_WAITS_MS)
            with self.begun(engine) as connection:
                yield connection
        finally:
            engine.dispose()

    def back_up(self, engine: Engine, schema: int) -> str:
        """`NAME.schema1.bak`, through SQLite's own backup, so that what is still in the log is in it.

        It is made under another name: one that was cut off never bears the name of a whole one.
        """
        copy, part = unused(beside(self.path, f".schema{schema}.bak")), beside(self.path, f".schema{schema}.part")
        for ending in ("", "-wal", "-shm", "-journal"):
            beside(part, ending).unlink(missing_ok=True)
        target = self._connection(part, "rwc")
        try:
            with engine.connect() as connection:
                source: Any = connection.connection.driver_connection
                source.backup(target)
                reach("journal.copy.begun")
        finally:
            target.close()
        part.replace(copy)
        return str(copy)

    def compact(self, engine: Engine) -> None:
        """The file becomes as small as its content; where the disk has no room for that, it stays as it is."""
        with contextlib.suppress(DBAPIError), engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")

    def empty_log(self, engine: Engine) -> None:
        """The write-ahead log goes into the file, as far as nobody reads what was before; no commit waits for it."""
        with contextlib.suppress(DBAPIError, PoolTimeout), engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")

    def why(self, problem: DBAPIError) -> str:
        """No database, or none for this key, or no room for what is made beside it to read it."""
        said = str(problem.orig)
        if FULL in said or (MAYBE_FULL in said and shutil.disk_usage(self.path.parent).free < ROOM):
            return f"cannot be opened: its disk is full ({said}); free some room, and what is in it can be read"
        if UNOPENED in said and self.path.is_file() and not writable(self.path.parent):
            remedy = f"copy {self._parts()} to another folder"
            return f"cannot be read where it is, for its folder is read-only: {remedy}, and it can be read there"
        if "not a database" not in said:
            return f"not a usable journal: {problem.orig}"
        if self._key is None:
            return "not a usable journal: it is no database, or an encrypted one, which needs its key"
        return "not a usable journal: the key does not open it (one that is not encrypted opens without a key)"

    def _parts(self) -> str:
        """The files of a journal that go together."""
        log = beside(self.path, "-wal")
        return f"{self.path.name} and {log.name}" if log.exists() else self.path.name

    def _stands_still(self) -> bool:
        """Whether nobody can write there, and no log holds anything: it is read without a file beside it."""
        log = beside(self.path, "-wal")
        empty = not log.exists() or not log.stat().st_size
        return empty and not beside(self.path, "-shm").exists() and not writable(self.path.parent)

    def _engine(self, mode: str) -> Engine:
        driver: Any = sqlite3 if self._key is None else _sqlcipher()
        address = URL.create("sqlite", database=str(self.path))
        return create_engine(address, module=driver, creator=lambda: self._connection(self.path, mode))

    def _connection(self, path: Path, mode: str) -> Any:
        driver: Any = sqlite3 if self._key is None else _sqlcipher()
        if mode == "rwc":
            for_its_owner(path)
        still = "&immutable=1" if mode == "ro" and self._stands_still() else ""
        address = f"{path.resolve().as_uri()}?mode={mode}{still}"
        connection = driver.connect(address, timeout=BUSY_MS / 1000, uri=True, check_same_thread=False)
        try:
            if self._key is not None:
                connection.execute("PRAGMA cipher_log_level = NONE")
                connection.execute("PRAGMA key = '{}'".format(self._key.replace("'", "''")))
            if mode != "ro":
                for pragma in (*DURABLE, f"wal_autocheckpoint={LOG_PAGES}", f"busy_timeout={BUSY_MS}"):
                    connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            connection.close()
            raise
        return connection


def writable(folder: Path) -> bool:
    """Whether files can be made in a folder."""
    return os.access(folder, os.W_OK)


def beside(path: Path, ending: str) -> Path:
    """A file beside another, named after it."""
    return path.with_name(path.name + ending)


def unused(path: Path) -> Path:
    """The path, or the first numbered one after it, that names nothing yet."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = beside(path, str(number))
    return free


def table_names() -> tuple[str, ...]:
    """All tables of a journal."""
    return tuple(METADATA.tables)


def _sqlcipher() -> Any:
    try:
        import cryptography  # noqa: F401 - the spool needs it; asked here, to say what to install before a row waits
        from sqlcipher3 import dbapi2
    except ImportError as missing:
        raise ImportError(ENCRYPTED) from missing
    return dbapi2
