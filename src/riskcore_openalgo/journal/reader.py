"""A journal to read: rows, projections, the chain, and the state that all of it folds to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.journal import snapshots
from riskcore_openalgo.journal.chain import FACT, GENESIS, Break, Mark, Row, chained
from riskcore_openalgo.journal.places import MADE_BY, At, Place, place_of
from riskcore_openalgo.journal.schema import GENESIS_AT, VERIFIED, is_empty, known, refuse_newer
from riskcore_openalgo.journal.snapshots import Snapshot, SnapshotDamaged
from riskcore_openalgo.journal.tables import JOURNAL
from riskcore_openalgo.journal.troubles import JournalBroken, TableMissing

if TYPE_CHECKING:
    from typing_extensions import Self

DECIDED: Final = (events.EntryApproved, events.EntryRefused, events.EntryWithheld, events.ExitApproved)
OPENED: Final = events.SessionOpened.__name__
AT_ONCE: Final = 1_000
DAMAGED: Final = ("Could not decode", "malformed")
"""What SQLite says of bytes that something else has written."""
UNDEFINED_TABLE: Final = "42P01"
"""PostgreSQL's code for a table that is not there."""


@frozen
class Loaded:
    """What a journal folds to.

    `decisions` are the facts that answered the signals of the session that is running, oldest first. `snapshot_at` is
    the row after which the folding began (0: at the beginning), `folded` how many rows came after it.
    """

    state: engine.State
    decisions: tuple[events.Fact, ...] = ()
    snapshot_at: int = 0
    folded: int = 0


def fold(rows: Iterable[Row], state: engine.State | None = None, decisions: Iterable[events.Fact] = ()) -> Loaded:
    """Fold rows: facts are applied, and inputs only counted, so that no rule is asked again."""
    current, decided, folded = state or engine.State(), list(decisions), 0
    for row in rows:
        event = row.event
        if row.kind == FACT:
            current = engine.evolve(current, event)
            if isinstance(event, events.SessionOpened):
                decided = []
            elif isinstance(event, DECIDED):
                decided.append(event)
        else:
            current = engine.taken(current, event.at)
        folded += 1
    return Loaded(current, tuple(decided), folded=folded)


class Reader:
    """A journal to read: its rows, its projections, its chain. Opening one changes nothing in it, and locks nothing."""

    def __init__(self, place: At, *, key: str | None = None) -> None:
        """Open the journal at a path or an address, which must exist; a runner may be writing to it meanwhile.

        Raises `FileNotFoundError` where there is none, or none yet: a runner that starts makes the file before the
        tables. Raises `JournalBroken` where what is there is no journal, not one that the key opens, or one of a
        later version.
        """
        self._settle(place_of(place, key=key))
        self._engine: Engine = self._place.reading()
        try:
            empty = is_empty(self._engine)
            if not empty:
                refuse_newer(self._place, self._engine)
                self._look()
        except JournalBroken:
            self._engine.dispose()
            raise
        except DBAPIError as problem:
            self._engine.dispose()
            raise JournalBroken(f"{self.where}: {self._place.why(problem)}") from problem
        if empty:
            self._engine.dispose()
            raise FileNotFoundError(f"{self.where}: no such journal yet: nothing is in it. {MADE_BY}")

    def _settle(self, place: Place) -> None:
        self._place: Place = place
        self.where: str = place.where
        self.path: Path | None = place.path
        self.inbox: Path = place.inbox

    def _look(self) -> None:
        """Learn where the journal begins and ends."""
        with self._engine.connect() as connection:
            genesis = known(connection, GENESIS_AT)
            query = select(JOURNAL.c.seq, JOURNAL.c.hash).order_by(JOURNAL.c.seq.desc()).limit(1)
            last = connection.execute(query).first()
        self.genesis = Mark.read(genesis) if genesis else GENESIS
        self._end = self.genesis if last is None else Mark(last.seq, last.hash)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.where!r})"

    @property
    def length(self) -> int:
        """The number of the last row; rows that were pruned away are counted."""
        return self._end.seq

    @property
    def head(self) -> str:
        """The hash of the last row."""
        return self._end.hash

    def rows(self, kind: str | None = None, *, after: int = 0, types: Sequence[str] = ()) -> Iterator[Row]:
        """All rows in order, or only inputs or only facts, only those after a row, only those of some types.

        They are fetched some at a time, so that a slow caller holds up neither writers nor the database.
        """
        query = select(JOURNAL).order_by(JOURNAL.c.seq).limit(AT_ONCE)
        if kind is not None:
            query = query.where(JOURNAL.c.kind == kind)
        if types:
            query = query.where(JOURNAL.c.type.in_(types))
        found: Sequence[Any] = (None,) * AT_ONCE
        while len(found) == AT_ONCE:
            found = self._readable(query.where(JOURNAL.c.seq > after), after)
            for row in found:
                yield Row(*row)
                after = row.seq

    def select(self, query: Any) -> Sequence[Any]:
        """Rows of a projection query; `TableMissing` where its table is not there."""
        try:
            with self._engine.connect() as connection:
                return connection.execute(query).all()
        except DBAPIError as problem:
            if not _lacks_a_table(problem):
                raise
            said = str(problem.orig).strip().splitlines()[0]
            remedy = "the next start of its runner makes it again from the rows"
            raise TableMissing(f"{self.where}: {said}; {remedy}") from problem

    def _readable(self, query: Any, after: int) -> Sequence[Any]:
        """Rows of a query; `JournalBroken` where the file is damaged."""
        try:
            return self.select(query)
        except DBAPIError as problem:
            said = str(problem.orig)
            if not any(sign in said for sign in DAMAGED):
                raise
            raise JournalBroken(f"{self.where}: it is damaged after row {after}: {said:.80}") from problem

    def has(self, type_name: str, body: str, *, after: int) -> bool:
        """Whether a row after that number is of this type and says this."""
        wanted = (JOURNAL.c.seq > after, JOURNAL.c.type == type_name, JOURNAL.c.body == body)
        return bool(self.select(select(JOURNAL.c.seq).where(*wanted).limit(1)))

    def first_bad_row(self, after: Mark | None = None) -> tuple[int, str] | None:
        """The first row that breaks the chain, and why; None when all hold. `after`: only those after that mark."""
        last = start = after or self.genesis
        try:
            for row in chained(self.rows(after=start.seq), start):
                last = row.mark
        except Break as broken:
            return broken.seq, broken.why
        verified = self._verified()
        if verified is not None and verified.seq > last.seq:
            return last.seq + 1, f"is missing: the chain was verified up to row {verified.seq} before"
        return None

    def check(self) -> None:
        """Raise `JournalBroken`, naming the first bad row, when the chain does not hold."""
        self._refuse(self.first_bad_row())

    def load(self) -> Loaded:
        """The state that everything folds to, from the newest snapshot that fits; the rows folded are verified."""
        start = self._start()
        decided = self._decided_before(start.mark.seq)
        try:
            loaded = fold(chained(self.rows(after=start.mark.seq), start.mark), start.state, decided)
        except Break as broken:
            raise JournalBroken(f"{self.where}: {broken}") from broken
        return Loaded(loaded.state, loaded.decisions, start.mark.seq, loaded.folded)

    def policy(self) -> rc.Policy | None:
        """The policy that was last in force; None before there was one."""
        query = select(JOURNAL).where(JOURNAL.c.type == events.PolicyChanged.__name__)
        last = self.select(query.order_by(JOURNAL.c.seq.desc()).limit(1))
        if last:
            changed: rc.Policy = Row(*last[0]).event.policy
            return changed
        start = self.beginning()
        return None if start.policy is None else engine.in_force(start.state, start.policy)

    def beginning(self) -> Snapshot:
        """What the first row follows: nothing, or, in a pruned journal, the state and policy it was pruned with."""
        if self.genesis == GENESIS:
            return Snapshot(engine.State(), GENESIS)
        try:
            with self._engine.connect() as connection:
                return snapshots.base(connection, self.genesis)
        except SnapshotDamaged as problem:
            raise JournalBroken(
                f"{self.where}: begins after row {self.genesis.seq}, and the state of that moment cannot be read "
                f"({problem}): its rows can be read and verified, but not folded; use the journal they are a part of"
            ) from problem

    def close(self) -> None:
        """Close the file, or the connections."""
        self._engine.dispose()

    def _refuse(self, bad: tuple[int, str] | None) -> None:
        if bad is not None:
            raise JournalBroken(f"{self.where}: row {bad[0]}: {bad[1]}")

    def _verified(self) -> Mark | None:
        with self._engine.connect() as connection:
            text = known(connection, VERIFIED)
        return Mark.read(text) if text else None

    def _start(self) -> Snapshot:
        """The newest snapshot that fits the chain, else the beginning."""
        try:
            with self._engine.connect() as connection:
                found = snapshots.stored(connection, self.genesis.seq)
        except DBAPIError:  # a journal of schema 1, opened to read: it has no snapshots
            found = []
        return next((snapshot for snapshot in found if self._fits(snapshot.mark)), None) or self.beginning()

    def _fits(self, mark: Mark) -> bool:
        return bool(self.select(select(JOURNAL.c.seq).where(JOURNAL.c.seq == mark.seq, JOURNAL.c.hash == mark.hash)))

    def _decided_before(self, seq: int) -> list[events.Fact]:
        """The decisions of the session that was running at a row."""
        query = select(JOURNAL.c.seq).where(JOURNAL.c.type == OPENED, JOURNAL.c.seq <= seq)
        opened = self.select(query.order_by(JOURNAL.c.seq.desc()).limit(1))
        since = opened[0].seq if opened else self.genesis.seq
        names = [kind.__name__ for kind in DECIDED]
        query = select(JOURNAL).where(JOURNAL.c.seq > since, JOURNAL.c.seq <= seq, JOURNAL.c.type.in_(names))
        return [Row(*row).event for row in self.select(query.order_by(JOURNAL.c.seq))]


def _lacks_a_table(problem: DBAPIError) -> bool:
    missing = str(problem.orig).startswith("no such table")
    return missing or getattr(problem.orig, "sqlstate", None) == UNDEFINED_TABLE
