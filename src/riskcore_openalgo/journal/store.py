"""The journal's one writer: rows are chained, written with their projections, and durable on return.

Each row's hash covers the one before it, so that a changed, missing or added row breaks the chain from there
on. When the database refuses (locked, full, gone), rows go to the spool in the same chain; when that fails too,
`append` says so and keeps them in memory for the next try.
"""

from __future__ import annotations

import contextlib
import enum
import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError, TimeoutError as PoolTimeout

from riskcore import engine, events
from riskcore_openalgo.failpoints import reach
from riskcore_openalgo.journal import snapshots
from riskcore_openalgo.journal.chain import FACT, GENESIS, INPUT, Break, Mark, Row, chained, row_of
from riskcore_openalgo.journal.codec import CodecError
from riskcore_openalgo.journal.places import BUSY_MS, At, place_of
from riskcore_openalgo.journal.projections import PROJECTED, changes_of
from riskcore_openalgo.journal.reader import AT_ONCE, Loaded, Reader
from riskcore_openalgo.journal.remaking import make_again
from riskcore_openalgo.journal.schema import GENESIS_AT, VERIFIED, prepare, put
from riskcore_openalgo.journal.snapshots import Snapshot
from riskcore_openalgo.journal.spool import SpoolFull
from riskcore_openalgo.journal.tables import JOURNAL, PROJECTIONS, SNAPSHOTS
from riskcore_openalgo.journal.troubles import (
    JournalBroken,
    JournalConflict,
    JournalInUse,
    JournalLost,
    JournalMoved,
    JournalTaken,
)

MARK_EVERY: Final = 500
"""So many rows are verified before that is noted down: fewer are verified again as quickly as they are noted."""
SNAPSHOT_EVERY: Final = 2_000
"""So many rows are folded before `load` keeps the result."""


WRITE: Final = insert(JOURNAL)


class Durability(enum.Enum):
    """Where appended rows are safe."""

    DATABASE = "database"
    SPOOL = "spool"


class Journal(Reader):
    """An open journal: `append` inputs and facts, read them back, verify the chain. There is one an account."""

    def __init__(
        self,
        place: At,
        *,
        key: str | None = None,
        spool: Path | None = None,
        wait_s: float = 0.0,
        whole: bool = False,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open or create the journal at a path or a PostgreSQL address, and lock it until it is closed.

        What the spool still holds goes into the database first. Rows that no earlier start has verified are
        verified now, and with `whole` all of them. `key` opens an encrypted file; `spool` is the file where rows
        wait that the database will not take; `wait_s` is how long to wait for another writer; `ticks` counts seconds.

        Raises `JournalInUse` when another process writes to it; `JournalBroken` when the chain does not hold or the
        schema is newer than this version.
        """
        self._settle(place_of(place, key=key, spool=spool))
        self._unsaved: list[Row] = []
        self.trouble, self._ticks, self._not_before = "", ticks, 0.0
        self._taken, self._heard_at = "", time.time()
        self._guard = threading.Lock()
        with contextlib.ExitStack() as opened:
            opened.callback(self._place.locked(wait_s).release)
            self._writer = self._place.writing()
            opened.callback(self._writer.dispose)
            self.copied = prepare(self._place, self._writer)
            self._engine = self._place.beside(self._writer)
            opened.callback(self._engine.dispose)
            self._spool = self._place.spool()
            opened.callback(self._spool.close)
            self._verify(whole=whole)
            make_again(self._place, self._writer, self.rows())
            self._adopt_spool()
            opened.callback(self._offer_what_waits)
            self._opened = opened.pop_all()

    def append(self, entries: Iterable[events.Input | events.Fact], *, expected_head: str | None = None) -> Durability:
        """Add rows in order; on return they are on disk, in the database or in the spool.

        `expected_head` is the head that the caller decided on: `JournalMoved`, and nothing is written, when the
        journal has another by now. Raises `JournalLost` when neither database nor spool took the rows: they stay
        queued and go first next time. Raises `JournalConflict` when somebody else has written, which no waiting mends.
        """
        with self._guard:
            if self._taken:
                raise JournalConflict(self._taken)
            if expected_head is not None and expected_head != self.head:
                raise JournalMoved(
                    f"{self.where}: has gone on to row {self.length} since it was looked at; "
                    "look again, and decide again"
                )
            self._queue(entries)
            spooled = [Row(**row) for row in self._spool.waiting]
            if not self._unsaved and not spooled:
                return Durability.DATABASE
            if self.trouble and self._ticks() < self._not_before:
                return self._to_spool()
            return self._saved(spooled)

    def sending(self, account: str) -> contextlib.AbstractContextManager[str]:
        """Be the one who sends orders for an account, from now to the end of the block; `runner.sole_sender` names it.

        It yields who sent last and did not end in order, "" where nobody is known. Raises `JournalInUse`, naming the
        holder, where another journal of the same database is sent by for the account.
        """
        return self._place.sending(self._writer, account)

    def taken(self) -> str:
        """Why nothing may be sent by this journal any more (another process has begun to send for the account), or "".

        The database is asked where the last word with it was a while ago. One that does not answer has not said so.
        """
        if self._is_fresh() or self._taken:
            return self._taken
        with self._guard:
            if not self._is_fresh() and not (self.trouble and self._ticks() < self._not_before):
                self._look_again()
        return self._taken

    def snapshot(self, state: engine.State) -> bool:
        """Keep the state that all rows so far fold to, for a fast start; whether that was done.

        It is not while rows wait outside the database: it would be a state of rows that are not there.
        """
        with self._guard:
            taken = Snapshot(state, self._end)
            waits = self.trouble or self._unsaved or self._spool.waiting
            if waits or taken.mark == self.genesis or not snapshots.same(taken):
                return False
            try:
                with self._writer.begin() as connection:
                    snapshots.keep(connection, taken)
                    reach("journal.snapshot.put")
            except (DBAPIError, PoolTimeout, JournalInUse):
                return False
            reach("journal.snapshot.kept")
            return True

    def empty_log(self) -> None:
        """For a moment in which nobody waits: what SQLite's log holds goes into the file, and no commit has to do it.

        From any thread, beside the writer.
        """
        self._place.empty_log(self._engine)

    def load(self) -> Loaded:
        """The state that everything folds to; where that took long, it is kept for the next start."""
        loaded = super().load()
        if loaded.folded >= SNAPSHOT_EVERY:
            self.snapshot(loaded.state)
        return loaded

    def take_over(self, rows: Iterable[Row], base: Snapshot) -> None:
        """Rows of another journal, as they are, into this one, which must be empty; `base` is what they follow."""
        if self._end != GENESIS:
            raise JournalConflict(f"{self.where}: has rows of its own; give the path of a new journal")
        with self._place.begun(self._writer) as connection:
            if base.mark != GENESIS:
                put(connection, GENESIS_AT, str(base.mark))
                if base.policy is not None:
                    snapshots.keep(connection, base, base=True)
            try:
                following = chained(rows, base.mark)
                while some := tuple(islice(following, AT_ONCE)):
                    self._put(connection, some)
            except Break as broken:
                raise JournalBroken(f"{self.where}: {broken}; nothing was taken over") from broken
            reach("journal.takeover.put")
        reach("journal.takeover.kept")
        self._look()

    def begin_after(self, base: Snapshot) -> None:
        """Forget every row up to a state, which is what the journal begins with from now on."""
        with self._guard, self._place.begun(self._writer) as connection:
            for table in (*PROJECTIONS, SNAPSHOTS, JOURNAL):
                connection.execute(delete(table).where(table.c.seq <= base.mark.seq))
            snapshots.keep(connection, base, base=True)
            put(connection, GENESIS_AT, str(base.mark))
            put(connection, VERIFIED, str(self._end))
            reach("journal.prune.put")
        reach("journal.prune.kept")
        self._look()
        self._place.compact(self._writer)

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
        """Close the files and give back the lock; nothing is lost that `append` returned for.

        Rows in the spool are offered to the database once more: nobody reads them there, another machine least of all.
        """
        self._opened.close()

    def _offer_what_waits(self) -> None:
        if self._unsaved or self._spool.waiting:
            self._not_before = -math.inf
            with contextlib.suppress(JournalConflict, JournalLost):
                self.append(())

    def _verify(self, *, whole: bool) -> None:
        """Learn where the chain ends, and verify what nobody has; `JournalBroken`, naming the row that does not fit."""
        try:
            self._look()
            verified = None if whole else self._verified()
            start = verified if verified and self.genesis.seq < verified.seq <= self.length else self.genesis
            bad = self.first_bad_row(start)
            if bad is None and start != self.genesis and not self._fits(start):
                bad = start.seq, "is not the row that was verified before: `riskcore journal verify` names the first"
            self._refuse(bad)
            if self.length - start.seq >= MARK_EVERY:
                with self._writer.begin() as connection:
                    put(connection, VERIFIED, str(self._end))
                    reach("journal.verified.put")
                reach("journal.verified.kept")
        except DBAPIError as problem:
            raise JournalBroken(f"{self.where}: {self._place.why(problem)}") from problem

    def _adopt_spool(self) -> None:
        """Rows a crash left in the spool: those the database has already are dropped, the rest go in."""
        left = [row for row in (Row(**r) for r in self._spool.waiting) if row.seq > self.length]
        try:
            left = list(chained(left, self._end))
        except Break as broken:
            raise JournalBroken(f"{self._spool.path}: does not continue {self.where}: {broken}") from broken
        if left:
            reach("journal.spool.adopting")
            self._adopt(left)
            reach("journal.spool.adopted")
            self._end = left[-1].mark
        self._spool.clear()

    def _adopt(self, left: Sequence[Row]) -> None:
        try:
            self._write(left)
        except DBAPIError as problem:
            raise JournalBroken(
                f"{self.where}: {len(left)} rows wait in {self._spool.path} and cannot go in ({problem.orig}); "
                "mend that and start again"
            ) from problem

    def _queue(self, entries: Iterable[events.Input | events.Fact]) -> None:
        """Chain the entries: all of them, or, when one cannot be written as text, none."""
        end = self._end
        try:
            self._unsaved += [self._chain(entry) for entry in entries]
        except BaseException:
            self._end = end
            raise

    def _chain(self, entry: events.Input | events.Fact) -> Row:
        row = row_of(entry, self._end)
        self._end = row.mark
        return row

    def _is_fresh(self) -> bool:
        """Whether the database was heard a moment ago, by a clock that goes on while the machine sleeps."""
        known = self._place.known_for_s
        return known is None or abs(time.time() - self._heard_at) <= known

    def _look_again(self) -> None:
        try:
            _asked_anew(lambda: self._place.look(self._writer))
        except JournalInUse as problem:
            self._conflict(problem)
        except (DBAPIError, PoolTimeout) as problem:
            self._unreachable(problem)
            return
        self._heard_at = time.time()

    def _conflict(self, problem: IntegrityError | JournalInUse) -> None:
        said = problem.orig if isinstance(problem, IntegrityError) else problem
        self.trouble = f"another process wrote to {self.where}: {said}"
        if isinstance(problem, JournalTaken):
            self.trouble = self._taken = str(problem)

    def _unreachable(self, problem: DBAPIError | PoolTimeout) -> None:
        if not self.trouble:
            self._place.waiting(self._writer, 0)
        self.trouble = str(problem.orig if isinstance(problem, DBAPIError) else problem).strip()
        self._not_before = self._ticks() + self._place.retry_after_s

    def _saved(self, spooled: Sequence[Row]) -> Durability:
        try:
            _asked_anew(lambda: self._write_missing([*spooled, *self._unsaved]))
        except (IntegrityError, JournalInUse) as problem:
            self._conflict(problem)
            raise JournalConflict(self.trouble) from problem
        except (DBAPIError, PoolTimeout) as problem:
            self._unreachable(problem)
            return self._to_spool()
        self._heard_at = time.time()
        if self.trouble:
            self._place.waiting(self._writer, BUSY_MS)
        self._unsaved, self.trouble = [], ""
        self._spool.clear()
        return Durability.DATABASE

    def _write_missing(self, rows: Sequence[Row]) -> None:
        """Write the rows; those that are there already, from a commit whose answer was lost, are not written twice."""
        try:
            self._write(rows)
        except IntegrityError:
            query = select(JOURNAL.c.seq, JOURNAL.c.hash).where(JOURNAL.c.seq >= rows[0].seq).order_by(JOURNAL.c.seq)
            there = [Mark(*row) for row in self.select(query)]
            if not there or there != [row.mark for row in rows[: len(there)]]:
                raise
            self._write(rows[len(there) :])

    def _write(self, rows: Sequence[Row]) -> None:
        if rows:
            reach("journal.rows.writing", rows)
            with self._writer.begin() as connection:
                self._put(connection, rows)
                reach("journal.rows.put", rows)
            reach("journal.rows.committed", rows)

    def _put(self, connection: Connection, rows: Sequence[Row]) -> None:
        connection.execute(WRITE, [row.columns for row in rows])
        changes = (change for row in rows if row.type in PROJECTED for change in changes_of(row.seq, row.event))
        for statement, together in groupby(changes, key=itemgetter(0)):
            connection.execute(statement, [values for _, values in together])

    def _to_spool(self) -> Durability:
        try:
            self._spool.add(row.columns for row in self._unsaved)
        except SpoolFull as problem:
            raise JournalLost(f"{self.trouble}; {problem}") from problem
        self._unsaved = []
        return Durability.SPOOL


def _asked_anew(ask: Callable[[], None]) -> None:
    """Ask the database; where the connection breaks under that, once more over another one.

    A broken connection is no database that does not answer: the next one may learn that somebody else sends by now.
    """
    try:
        ask()
    except DBAPIError as broken:
        if not broken.connection_invalidated:
            raise
        ask()


__all__ = [
    "FACT",
    "INPUT",
    "CodecError",
    "Durability",
    "Journal",
    "JournalBroken",
    "JournalConflict",
    "JournalInUse",
    "JournalLost",
    "JournalMoved",
    "Reader",
    "Row",
]
