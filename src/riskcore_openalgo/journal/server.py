"""A journal in PostgreSQL: the same statements; what keeps machines apart is held by the writer's connection.

Nothing here waits without an end: connecting, statements, locks and a network that swallows everything have limits.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.event import listen
from sqlalchemy.exc import ArgumentError, DBAPIError, TimeoutError as PoolTimeout

from riskcore_openalgo.failpoints import reach
from riskcore_openalgo.journal.holding import END_HOLDER, HOLDER, Hold, halves
from riskcore_openalgo.journal.locks import me
from riskcore_openalgo.journal.places import BUSY_MS, Lock, table_names
from riskcore_openalgo.journal.spool import Spool, waiting_in
from riskcore_openalgo.journal.troubles import JournalBroken, JournalInUse

NOT_AN_ADDRESS: Final = "not the address of a PostgreSQL database: postgresql://USER@HOST:5432/DATABASE is one"
DRIVER: Final = 'a journal in PostgreSQL needs psycopg: pip install "riskcore[postgres]"'
WRITING_MS, READING_MS = 5_000, 60_000
PATIENCE: Final = {
    "connect_timeout": "2",
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "2",
    "tcp_user_timeout": "4000",
}
"""How long a silent network is waited for; what the address itself says of these counts instead."""
SHOWN: Final = ("host", "port", "options", "sslmode")
SYNCHRONOUS: Final = """
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')
"""
"""A commit that returned is on the disk, whatever the server's default is."""
SERVER_PATIENCE: Final = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
"""After some 11 s the server misses a machine that is gone, and gives back what its connection held."""


class Postgres:
    """A journal's tables in the current schema of a PostgreSQL database."""

    path: Path | None = None
    known_for_s: float | None = 2.0
    retry_after_s = 5.0
    """A server that does not answer costs a moment each time: after a failure it is asked again only then."""

    def __init__(self, url: URL, spool: Path | None = None) -> None:
        # The engines get the address as it is shown; what is secret in it stays in here, out of every repr.
        arguments = url.get_dialect()().create_connect_args(url)[1]
        self._arguments: Callable[[], dict[str, Any]] = lambda: dict(arguments)
        self._url = bare(url)
        self.where = self._url.set(drivername="postgresql").render_as_string()
        name = hashlib.sha256(self.where.encode()).hexdigest()[:16]
        self._spool, self.inbox = spool or state_folder() / f"{name}.spool", state_folder() / f"{name}.inbox"
        self._hold = Hold(self.where)

    @classmethod
    def at(cls, address: str, spool: Path | None = None) -> Postgres:
        """The place of an address; its password appears in no message, not even where it cannot be read."""
        try:
            url = make_url(address)
        except (ArgumentError, ValueError):
            raise ValueError(NOT_AN_ADDRESS) from None
        if url.get_backend_name() not in ("postgresql", "postgres") or not url.database:
            raise ValueError(NOT_AN_ADDRESS)
        return cls(url.set(drivername="postgresql+psycopg"), spool)

    def reading(self) -> Engine:
        """Connections that can only read."""
        return self._engine(READING_MS, writes=False)

    def locked(self, wait_s: float) -> Lock:
        """The lock is taken by the writer's connection, whenever it is made: it ends with that connection."""
        self._hold.wait_s = wait_s
        return _Nothing()

    @contextlib.contextmanager
    def sending(self, writer: Engine, account: str) -> Iterator[str]:
        """The account's lock is held by the writer's connection too, and by each one that replaces it."""
        try:
            with writer.begin() as connection:
                before = self._hold.begin(connection, account)
                reach("journal.sender.put")
            reach("journal.sender.kept")
            yield before
        finally:
            if self._hold.account:
                with contextlib.suppress(DBAPIError, PoolTimeout, JournalInUse), writer.begin() as connection:
                    self._hold.end(connection)
            self._hold.forget()

    def look(self, writer: Engine) -> None:
        """Ask the server for a word: a connection that is gone is replaced, and what it held taken again."""
        with writer.connect():
            pass

    def holder(self) -> str | None:
        """The connection that holds the advisory lock, by its name."""
        self._learn_schema()
        with self._connection(READING_MS, writes=False) as connection:
            found = connection.execute(HOLDER, halves(self._hold.number())).fetchone()
        return str(found[0]) if found else None

    def break_lock(self) -> None:
        """The holder's connection is ended by the server; it needs the right to (the same user has it)."""
        self._learn_schema()
        with self._connection(WRITING_MS, writes=False) as connection:
            connection.execute(END_HOLDER, halves(self._hold.number()))

    def writing(self) -> Engine:
        """One connection, which holds the writer's lock."""
        return self._engine(WRITING_MS, writes=True)

    def beside(self, writer: Engine) -> Engine:
        """Connections of their own: the writer's one is for writing alone."""
        return self.reading()

    def spool(self) -> Spool:
        """A file named after the address, in the folder of states, or where the caller said."""
        self._spool.parent.mkdir(parents=True, exist_ok=True)
        return Spool(self._spool)

    def spooled(self) -> tuple[Path, tuple[int, ...]]:
        """That of this machine: what another has waiting, it alone can see."""
        return self._spool, tuple(int(row["seq"]) for row in waiting_in(self._spool))

    def waiting(self, engine: Engine, milliseconds: int) -> None:
        """The limit of each connection stays."""

    @contextlib.contextmanager
    def begun(self, engine: Engine) -> Iterator[Connection]:
        """A transaction without a limit of time."""
        with engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            yield connection

    @contextlib.contextmanager
    def noting(self) -> Iterator[Connection]:
        """A reader's connection, allowed to write this once."""
        engine = self.reading()
        try:
            with engine.begin() as connection:
                connection.exec_driver_sql("SET TRANSACTION READ WRITE")
                yield connection
        finally:
            engine.dispose()

    def back_up(self, engine: Engine, schema: int) -> str:
        """Copies of the tables beside them: `journal_schema1` and so on."""
        with self.begun(engine) as connection:
            there = connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
            names = {row[0] for row in there}
            taken = sorted(name for name in names if name.endswith(f"_schema{schema}"))
            if taken:
                raise JournalBroken(
                    f"{self.where}: copies of schema {schema} are there already ({', '.join(taken)}); keep them with "
                    "pg_dump, drop them, and start again"
                )
            for name in sorted(names.intersection(table_names())):
                connection.exec_driver_sql(f"CREATE TABLE {name}_schema{schema} AS TABLE {name}")
            reach("journal.copy.begun")
        return f"tables journal_schema{schema} and so on"

    def compact(self, engine: Engine) -> None:
        """The server does that by itself."""

    def empty_log(self, engine: Engine) -> None:
        """The server does that too."""

    def why(self, problem: DBAPIError) -> str:
        """The server's own words."""
        return f"not a usable journal: {str(problem.orig).strip()}"

    def _engine(self, limit_ms: int, *, writes: bool) -> Engine:
        self._learn_schema()
        pool: dict[str, Any] = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 1} if writes else {}
        engine = create_engine(
            self._url,
            creator=lambda: self._connection(limit_ms, writes=writes),
            pool_pre_ping=True,
            execution_options={"schema_translate_map": {None: self._hold.schema}},
            **pool,
        )
        if writes:
            listen(engine, "close", self._give_back)
        return engine

    def _give_back(self, connection: Any, _: Any) -> None:
        """In words, before the connection closes: the server may be a while in noticing that it has."""
        if not connection.closed:
            with contextlib.suppress(_psycopg().Error):
                self._hold.give_back(connection)

    def _learn_schema(self) -> None:
        self._hold.schema = self._hold.schema or self._current_schema()

    def _current_schema(self) -> str:
        """Where the tables are: never those of another schema further down the search path, another account's."""
        driver = _psycopg()
        try:
            with self._connection(WRITING_MS, writes=False) as connection:
                found = connection.execute("SELECT current_schema()").fetchone()[0]
        except driver.Error as problem:
            raise JournalBroken(f"{self.where}: cannot be used: {str(problem).strip()}") from None
        if not found:
            raise JournalBroken(f"{self.where}: its search path names no schema that exists; make it first")
        return str(found)

    def _connection(self, limit_ms: int, *, writes: bool) -> Any:
        """A connection of the driver's; the writer's holds the lock, or there is none."""
        given = self._arguments().get("options", "")
        limits = f"-c statement_timeout={limit_ms} -c lock_timeout={BUSY_MS}"
        read_only = "" if writes else " -c default_transaction_read_only=on"
        arguments = {"application_name": f"riskcore: {me()}"[:63], **PATIENCE, **self._arguments()}
        missed = f"{SERVER_PATIENCE} " if writes else ""
        arguments["options"] = f"{missed}{given} {limits}{read_only}".strip()
        connection = _psycopg().connect(**arguments, autocommit=True, prepare_threshold=None)
        try:
            if writes:
                connection.execute(SYNCHRONOUS)
                self._hold.take(connection)
            connection.autocommit = False
        except BaseException:
            connection.close()
            raise
        return connection


class _Nothing:
    """The lock of a server's journal: the connection holds it, and it ends with the connection."""

    def release(self) -> None:
        """Nothing to do."""


def bare(url: URL) -> URL:
    """An address without its password, and without whatever else in it nobody needs to see."""
    query = {name: value for name, value in url.query.items() if name in SHOWN}
    return URL.create(url.drivername, url.username, None, url.host, url.port, url.database, query)


def state_folder() -> Path:
    """Where this machine's programs keep what must outlive them."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    else:
        base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "riskcore"


def _psycopg() -> Any:
    try:
        import psycopg
    except ImportError as missing:
        raise ImportError(DRIVER) from missing
    return psycopg
