"""Pruning: old sessions leave for an archive, the chain goes on from its last hash, and no kill loses a row."""

import shutil
import subprocess
import sys
from datetime import date, timedelta

import attrs
import pytest
from sqlalchemy.exc import OperationalError

import riskcore as rc
from riskcore import engine, events
from riskcore.testing import Scenario
from riskcore_openalgo.journal import Journal, JournalBroken, JournalInUse, Mark, Reader, pruning
from riskcore_openalgo.journal.pruning import NothingToPrune, prune
from riskcore_openalgo.journal.replay import replay
from riskcore_openalgo.journal.tables import TRADES
from tests.journal.databases import InSqlite
from tests.journal.told import FIRST, FOURTH, INFY, SECOND, SEEN, THIRD, entries, four_days, write


@pytest.fixture
def days(kept, tmp_path):
    """A place with four closed days, and where the archive goes."""
    with kept.journal() as journal:
        journal.append(entries(four_days()))
    return kept, tmp_path / "archive.db"


def content(reader):
    """All rows."""
    return [(row.seq, row.hash, row.body) for row in reader.rows()]


def opened(place, number):
    """The row before the input that opens the n-th session."""
    rows = list(place.rows())
    opens = [n for n, row in enumerate(rows) if row.type == "SessionOpened"][number]
    last = max(n for n in range(opens) if rows[n].kind == "input")
    return rows[last].mark.seq - 1


def test_old_sessions_leave_and_the_journal_goes_on_from_the_archive(days):
    """On every database: archive and journal hold between them every row, and each verifies."""
    kept, archive = days
    with kept.reader() as before:
        rows, state, cut = content(before), before.load().state, opened(before, 2)
    with kept.journal(whole=True) as journal:
        done = prune(journal, THIRD, archive=archive, key=kept.key)
        assert (done.archive, done.rows, done.cut.at.seq, done.cut.first_kept) == (archive, cut, cut, THIRD)
        assert done.cut.why == ""
        assert content(journal) == rows[cut:]
        assert journal.load().state == state
    with Reader(archive, key=kept.key) as old, kept.reader() as live:
        assert content(old) + content(live) == rows
        assert (old.first_bad_row(), live.first_bad_row()) == (None, None)
        assert Mark(old.length, old.head) == live.genesis
        assert live.load().state == state
        assert (replay(old).same, replay(live).same) == (True, True)
        assert live.policy() == four_days().policy
        sessions = {row.session for row in old.select(TRADES.select())}
        assert sessions == {FIRST.isoformat(), SECOND.isoformat()}
        left = {row.session for row in live.select(TRADES.select())}
        assert left == {THIRD.isoformat(), FOURTH.isoformat()}


def test_a_pruned_journal_is_written_on_and_pruned_again(days):
    """The second archive goes on from the first."""
    kept, first = days
    second = first.with_name("second.db")
    with kept.journal(whole=True) as journal:
        prune(journal, SECOND, archive=first, key=kept.key)
        told = four_days()
        told.day = FOURTH + timedelta(days=1)
        made = engine.step(told.state, events.TimePassed(told.at("09:16")), told.policy)
        journal.append([events.TimePassed(told.at("09:16")), *made.facts])
        assert journal.load().state == made.state
    with kept.journal(whole=True) as journal:
        begins = journal.genesis.seq
        done = prune(journal, FOURTH, archive=second, key=kept.key)
        assert done.rows == done.cut.at.seq - begins
        assert journal.load().state == made.state
    with Reader(first, key=kept.key) as one, Reader(second, key=kept.key) as two, kept.reader() as live:
        assert (two.genesis, live.genesis) == (Mark(one.length, one.head), Mark(two.length, two.head))
        assert [r.first_bad_row() for r in (one, two, live)] == [None] * 3
        assert replay(two).same


def test_nothing_is_pruned_while_another_writes(days):
    """The lock decides; the journal stays as it is."""
    kept, archive = days
    kept.journal()
    with pytest.raises(JournalInUse):
        Journal(kept.place, **kept.options, whole=True)
    assert not archive.exists()


# ---------------------------------------------------------------- what has to stay


@pytest.fixture
def carried(tmp_path):
    """Three days with a position held from the first one on."""
    place = InSqlite(tmp_path)
    with place.journal() as journal:
        write(journal)
    yield place
    place.close()


def test_what_an_open_position_needs_stays(carried, tmp_path):
    """It was bought in the first session: nothing can leave, and the message says for which position."""
    with carried.journal(whole=True) as journal, pytest.raises(NothingToPrune) as problem:
        prune(journal, THIRD)
    assert f"NSE:TCS is held since {FIRST}" in str(problem.value)
    assert [path.name for path in tmp_path.glob("*.db")] == ["journal.db"]


def test_less_leaves_where_a_position_is_younger(tmp_path):
    """Bought in the fifth session, and the sixth is running: four can leave."""
    told = four_days()
    bought, running = FOURTH + timedelta(days=2), FOURTH + timedelta(days=3)
    told.day = bought
    told.time("09:16")
    told.take(events.EquityRead(told.at("09:16:01"), told.state.carried_equity))
    told.fill("10:00:01", told.enter("10:00", product="CNC", **SEEN), price=1000)
    told.day = running
    told.time("09:16")
    place = InSqlite(tmp_path)
    with place.journal(whole=True) as journal:
        journal.append(entries(told))
        done = prune(journal, running)
        held = told.book.positions[0].quantity
        assert (done.cut.first_kept, done.cut.why) == (bought, f"BUY {held} NSE:INFY is held since {bought}")
        assert journal.load().state == told.state
    place.close()


def test_what_a_live_order_needs_stays(tmp_path):
    """An order of unknown outcome from the first day, three sessions later."""
    policy = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, entry_band_pct=0)
    told = Scenario(policy, INFY, day=FIRST)
    order = told.enter("10:00", **SEEN)
    told.report("10:00:01", order, "unknown")
    for day in (SECOND, THIRD):
        told.day = day
        told.time("09:16")
    place = InSqlite(tmp_path)
    with place.journal(whole=True) as journal:
        journal.append(entries(told))
        with pytest.raises(NothingToPrune, match=f"of {FIRST} is unknown"):
            prune(journal, THIRD)
    place.close()


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (date(2030, 1, 1), "is the last one, and is running"),
        (FIRST, f"nothing before {FIRST} can leave$"),
        (date(2001, 1, 1), "nothing before 2001-01-01 can leave$"),
    ],
)
def test_the_running_session_stays_and_so_does_what_is_younger(tmp_path, before, said):
    """A date in the future prunes up to the last session; there is nothing before the first."""
    place = InSqlite(tmp_path)
    with place.journal(whole=True) as journal:
        journal.append(entries(four_days()))
        if before.year == 2030:
            done = prune(journal, before)
            assert (done.cut.first_kept, "running" in done.cut.why) == (FOURTH, True)
        with pytest.raises(NothingToPrune, match=said):
            prune(journal, before)
    place.close()


def test_an_empty_journal_has_nothing_to_prune(tmp_path):
    """It says so."""
    with Journal(tmp_path / "new.db") as journal, pytest.raises(NothingToPrune):
        prune(journal, THIRD)


def test_the_archive_of_a_server_has_to_be_named(in_postgres):
    """There is no folder beside a server."""
    with in_postgres.journal(whole=True) as journal:
        journal.append(entries(four_days()))
        with pytest.raises(ValueError, match="say which file is to be the archive"):
            prune(journal, THIRD)


def test_something_else_in_the_place_of_the_archive_is_left_alone(tmp_path):
    """A journal of other rows, or no journal at all."""
    place, other = InSqlite(tmp_path), tmp_path / "other.db"
    with place.journal(whole=True) as journal, Journal(other) as mine:
        journal.append(entries(four_days()))
        mine.append([events.TimePassed(four_days().at("10:00"))])
        with pytest.raises(FileExistsError, match="is not the archive of these rows"):
            prune(journal, THIRD, archive=other)
        assert mine.length == 1
        (tmp_path / "text.db").write_text("mine", encoding="utf-8")
        with pytest.raises(JournalBroken):
            prune(journal, THIRD, archive=tmp_path / "text.db")
        assert journal.genesis.seq == 0
    assert (tmp_path / "text.db").read_text(encoding="utf-8") == "mine"
    place.close()


def test_the_archive_lies_beside_the_journal_under_the_numbers_of_its_rows(tmp_path):
    """And nothing else is left beside it."""
    place = InSqlite(tmp_path)
    with place.journal(whole=True) as journal:
        journal.append(entries(four_days()))
        done = prune(journal, THIRD)
    place.close()
    assert done.archive == tmp_path / f"journal.rows-1-{done.cut.at.seq}.db"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["journal.db", "journal.db.lock", "journal.db.spool", done.archive.name]
    )


def test_rows_that_would_not_fold_to_the_same_state_stay(tmp_path, monkeypatch):
    """A mistake of ours must not cost a row."""
    place = InSqlite(tmp_path)
    with place.journal(whole=True) as journal:
        journal.append(entries(four_days()))
        real = pruning._state_at

        def wrong(journal, at):
            base = real(journal, at)
            return attrs.evolve(base, state=attrs.evolve(base.state, number=0))

        monkeypatch.setattr(pruning, "_state_at", wrong)
        with pytest.raises(JournalBroken, match="do not fold to the same state"):
            prune(journal, THIRD)
        assert journal.genesis.seq == 0
    place.close()


# ---------------------------------------------------------------- stopped in the middle


class Killed(BaseException):
    """As if the process had ended here."""


def stops(monkeypatch, where):
    """Make something end everything at one moment of a prune; returns how to mend it."""
    owner, name, after = where
    real = getattr(owner, name)

    def dies(*arguments, **options):
        if after:
            real(*arguments, **options)
        raise Killed

    monkeypatch.setattr(owner, name, dies)


MOMENTS = {
    "before the copy": (pruning, "_archived", False),
    "in the copy": (Journal, "take_over", False),
    "after the copy": (Journal, "take_over", True),
    "before the move": (pruning.Path, "rename", False),
    "after the move": (pruning.Path, "rename", True),
    "before the rows go": (Journal, "begin_after", False),
    "when the rows have gone": (Journal, "begin_after", True),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_F50_a_prune_that_is_stopped_loses_nothing_and_goes_on(tmp_path, monkeypatch, moment):
    """Whenever: journal and archive hold every row, the start works, and the same command finishes it."""
    place = InSqlite(tmp_path)
    with place.journal() as journal:
        journal.append(entries(four_days()))
        rows, state = content(journal), journal.load().state
    with monkeypatch.context() as patched:
        stops(patched, MOMENTS[moment])
        with pytest.raises(Killed), place.journal(whole=True) as journal:
            prune(journal, THIRD)
    with place.journal(whole=True) as journal:
        assert journal.load().state == state
        gone = journal.genesis.seq
        assert content(journal) == rows[gone:]
        if gone:
            with pytest.raises(NothingToPrune):
                prune(journal, THIRD)
        else:
            prune(journal, THIRD)
        assert journal.load().state == state
        cut = journal.genesis.seq
    with Reader(tmp_path / f"journal.rows-1-{cut}.db") as archive:
        assert content(archive) == rows[:cut]
        assert archive.first_bad_row() is None
    assert not list(tmp_path.glob("*.part*"))
    place.close()


KILL = """
import os, sys
from datetime import date
from pathlib import Path
from riskcore_openalgo.journal import Journal, store, pruning
place, statements = Path(sys.argv[1]), int(sys.argv[2])
from sqlalchemy import event
with Journal(place, whole=True) as journal:
    @event.listens_for(journal._writer, "before_cursor_execute")
    def count(connection, cursor, statement, *_):
        global statements
        if statement.startswith(("DELETE", "INSERT")):
            statements -= 1
            if statements < 0:
                os._exit(9)
    pruning.prune(journal, date.fromisoformat(sys.argv[3]))
"""


@pytest.mark.parametrize("statements", [0, 3, 9])
def test_F50_a_process_killed_among_the_statements_of_the_one_transaction_takes_no_row(tmp_path, statements):
    """A real process, ended without a word: the rows are there, the archive too, and the next try finishes."""
    place = InSqlite(tmp_path)
    with place.journal() as journal:
        journal.append(entries(four_days()))
        rows, state = content(journal), journal.load().state
    code = [sys.executable, "-c", KILL, str(place.place), str(statements), THIRD.isoformat()]
    assert subprocess.run(code, check=False).returncode == 9
    assert len(list(tmp_path.glob("journal.rows-*.db"))) == 1
    with place.journal(whole=True) as journal:
        assert content(journal) == rows
        prune(journal, THIRD)
        assert journal.load().state == state
    place.close()


def test_F52_a_full_disk_stops_the_copy_and_nothing_is_pruned(tmp_path, monkeypatch):
    """The database's own words, and the journal as it was."""
    place = InSqlite(tmp_path)

    def full(*_):
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    with place.journal(whole=True) as journal:
        journal.append(entries(four_days()))
        rows = content(journal)
        monkeypatch.setattr(Journal, "take_over", full)
        with pytest.raises(JournalBroken, match="nothing was pruned: database or disk is full"):
            prune(journal, THIRD)
        assert content(journal) == rows
    place.close()


def test_F52_a_locked_database_keeps_its_rows(tmp_path):
    """Somebody else's transaction: the archive is made, and the rows stay until the next try."""
    place = InSqlite(tmp_path)
    with place.journal(whole=True) as journal:
        journal.append(entries(four_days()))
        rows = content(journal)
        with place.connected() as locker:
            locker.execute("BEGIN IMMEDIATE")
            with pytest.raises(JournalBroken, match="nothing was pruned: database is locked"):
                prune(journal, THIRD)
            locker.execute("ROLLBACK")
        assert content(journal) == rows
        prune(journal, THIRD)
        assert content(journal) != rows
    place.close()


def test_a_copy_that_lost_its_archive_still_starts(tmp_path):
    """The journal that stays needs the archive for nothing."""
    place = InSqlite(tmp_path)
    with place.journal(whole=True) as journal:
        journal.append(entries(four_days()))
        state = journal.load().state
        prune(journal, THIRD).archive.unlink()
    shutil.copy(place.place, tmp_path / "copy.db")
    with Journal(tmp_path / "copy.db", whole=True) as copy:
        assert copy.load().state == state
    place.close()
