"""Old sessions leave a journal for an archive, a journal of its own; what stays goes on from the archive's last hash.

The copy is made first, verified and moved into its place; only then does one transaction take the rows out of the
journal. Killed in between, the journal is as it was, and the same command goes on with the archive that is there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from itertools import takewhile
from pathlib import Path
from typing import Final

from attrs import frozen
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.journal import snapshots
from riskcore_openalgo.journal.chain import INPUT, Mark, Row, chained
from riskcore_openalgo.journal.places import beside
from riskcore_openalgo.journal.reader import OPENED, Reader, fold
from riskcore_openalgo.journal.snapshots import Snapshot
from riskcore_openalgo.journal.spool import settle
from riskcore_openalgo.journal.store import Journal
from riskcore_openalgo.journal.tables import JOURNAL
from riskcore_openalgo.journal.troubles import JournalBroken

PART: Final = ".part"
LEFT_BESIDE: Final = ("", "-wal", "-shm", "-journal", ".lock", ".spool")
LOADED: Final = events.PolicyLoaded.__name__


class NothingToPrune(ValueError):
    """No row may leave; the message says what keeps them."""


@frozen
class Cut:
    """Where a journal is cut: the last row that leaves, the first session that stays, and what keeps it, if anything.

    `why` is "" where the cut is where it was asked for.
    """

    at: Mark
    first_kept: date
    why: str = ""


@frozen
class Pruned:
    """What was done: the cut, the archive, and how many rows went there."""

    cut: Cut
    archive: Path
    rows: int


def cut_before(journal: Reader, before: date, state: engine.State) -> Cut:
    """Where a journal may be cut so that no session of `before` or later leaves; `state` is what it folds to.

    What the running session, an open position or a live order needs stays, from the session on in which it began: the
    counters of the day, the fills of the position, the intent of the order. Raises `NothingToPrune` where that is all.
    """
    needs = sorted(_needs(state))
    first, why = min([(before, ""), *needs[:1]])
    opened = [(row.seq, row.event.session) for row in journal.rows(types=[OPENED])]
    kept = next(((seq, session) for seq, session in opened if session >= first), None)
    last = None if kept is None else _row_before_input(journal, kept[0])
    if kept is None or last is None or last.seq <= journal.genesis.seq:
        because = f": {why}" if why else ""
        raise NothingToPrune(f"{journal.where}: nothing before {before} can leave{because}")
    return Cut(last, kept[1], why)


def _needs(state: engine.State) -> Iterator[tuple[date, str]]:
    book = state.book
    if book.session is not None:
        yield book.session, f"session {book.session} is the last one, and is running until the next opens"
    for position in book.positions:
        since = date.min if position.opened_at is None else rc.session_date(position.opened_at)
        yield since, f"{position.side} {position.quantity} {position.instrument.key} is held since {since}"
    for order in book.live_orders():
        since = rc.session_date(order.approved.at)
        yield since, f"order {order.id} of {since} is {order.status}"


def _row_before_input(journal: Reader, seq: int) -> Mark | None:
    """The mark before the input that led to a fact: a turn is never cut in two."""
    query = select(JOURNAL.c.seq).where(JOURNAL.c.kind == INPUT, JOURNAL.c.seq < seq).order_by(JOURNAL.c.seq.desc())
    found = journal.select(query.limit(1))
    if not found:
        return None
    before = journal.select(select(JOURNAL.c.seq, JOURNAL.c.hash).where(JOURNAL.c.seq == found[0].seq - 1))
    return Mark(*before[0]) if before else None


def prune(journal: Journal, before: date, *, archive: Path | None = None, key: str | None = None) -> Pruned:
    """Move the sessions before a date into an archive, which is made anew or is what an earlier try left.

    `journal` was opened with `whole=True`: all of it is verified. `archive` may be left out for a file: it then lies
    beside it. `key` encrypts the archive as the journal is. Raises `NothingToPrune`; `FileExistsError` where something
    else lies in the archive's place; `JournalBroken` where the copy failed: the journal is then as it was.
    """
    state = journal.load().state
    cut = cut_before(journal, before, state)
    base = _state_at(journal, cut.at)
    _proved(journal, base, state)
    place = archive or _beside(journal, cut.at)
    rows = cut.at.seq - journal.genesis.seq
    try:
        if place.exists():
            _same_archive(journal, place, cut.at, key)
        else:
            _archived(journal, place, base, key)
        journal.begin_after(base)
    except DBAPIError as problem:
        raise JournalBroken(f"{journal.where}: nothing was pruned: {problem.orig}") from problem
    return Pruned(cut, place, rows)


def _state_at(journal: Journal, at: Mark) -> Snapshot:
    """The state and policy of the moment of a cut."""
    beginning = journal.beginning()
    state = fold(_until(journal, at), beginning.state).state
    query = select(JOURNAL).where(JOURNAL.c.type == LOADED, JOURNAL.c.seq <= at.seq)
    last = journal.select(query.order_by(JOURNAL.c.seq.desc()).limit(1))
    policy = Row(*last[0]).event.policy if last else beginning.policy
    return Snapshot(state, at, policy)


def _until(journal: Journal, at: Mark) -> Iterator[Row]:
    rows = chained(journal.rows(after=journal.genesis.seq), journal.genesis)
    return takewhile(lambda row: row.seq <= at.seq, rows)


def _proved(journal: Journal, base: Snapshot, state: engine.State) -> None:
    """What stays folds to the same state, from a snapshot that comes back from its text as it is."""
    same = snapshots.same(base) and fold(journal.rows(after=base.mark.seq), base.state).state == state
    if not same:
        raise JournalBroken(
            f"{journal.where}: nothing was pruned: the rows that would stay do not fold to the same state; "
            "this is a mistake of riskcore: keep the journal as it is, and tell"
        )


def _beside(journal: Journal, at: Mark) -> Path:
    if journal.path is None:
        raise ValueError(f"{journal.where}: say which file is to be the archive of rows that leave a server")
    return journal.path.with_name(
        f"{journal.path.stem}.rows-{journal.genesis.seq + 1}-{at.seq}{journal.path.suffix or '.db'}"
    )


def _same_archive(journal: Journal, place: Path, at: Mark, key: str | None) -> None:
    """The archive that is there holds the same rows: an earlier try was stopped after it was made."""
    with Reader(place, key=key) as there:
        whole = there.genesis == journal.genesis and Mark(there.length, there.head) == at
        if not whole or there.first_bad_row() is not None:
            raise FileExistsError(f"{place} is there already, and is not the archive of these rows; name another place")
    _removed(beside(place, PART))


def _archived(journal: Journal, place: Path, base: Snapshot, key: str | None) -> None:
    part = beside(place, PART)
    place.parent.mkdir(parents=True, exist_ok=True)
    _removed(part)
    with Journal(part, key=key) as copy:
        copy.take_over(_until(journal, base.mark), journal.beginning())
        bad = copy.first_bad_row()
        if bad is not None or Mark(copy.length, copy.head) != base.mark or copy.load().state != base.state:
            raise JournalBroken(f"{journal.where}: nothing was pruned: {part} is no true copy ({bad})")
    if beside(part, "-wal").exists():
        raise JournalBroken(f"{journal.where}: nothing was pruned: another program has {part} open; close it")
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.rename(place)
    _removed(part)
    settle(place.parent)


def _removed(part: Path) -> None:
    """Nobody else writes there: the lock of the journal is ours."""
    for ending in LEFT_BESIDE:
        beside(part, ending).unlink(missing_ok=True)
