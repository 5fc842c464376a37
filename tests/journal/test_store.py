"""The chain, and what happens when the database refuses."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from riskcore_openalgo.journal import Durability, Journal, JournalBroken, JournalLost, Reader
from riskcore_openalgo.journal.places import place_of
from riskcore_openalgo.journal.spool import Spool, SpoolFull
from riskcore_openalgo.journal.tables import METADATA


def change(path, statement, *values):
    """Change the file past all code of ours."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


@pytest.mark.smoke
def test_rows_come_back_in_order_and_continue_after_reopening(journal, path, more):
    """The chain goes on where it ended."""
    head = journal.head
    journal.close()
    again = Journal(path)
    assert (again.length, again.head) == (10, head)
    again.append(more(5, first=10))
    assert [row.event for row in again.rows()] == more(15)
    assert again.first_bad_row() is None
    again.close()


@pytest.mark.parametrize("key", [None, "a key of the tests"])
def test_the_writer_waits_for_the_disk_at_each_commit(path, key):
    """By SQLite's own word of the writer's connection: synchronous 2 is FULL, by which WAL syncs at every commit."""
    with Journal(path, key=key) as made, made._writer.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "journal_mode")
        }
    assert found == {"synchronous": 2, "journal_mode": "wal"}


def test_a_row_in_the_spool_is_on_the_disk_before_append_returns(journal, path, more, monkeypatch):
    """The file of the spool is synced, and has the row by then: while the database is locked it is all there is."""
    synced, real = [], os.fsync

    def fsync(number):
        real(number)
        synced.append((os.fstat(number).st_ino, Path(f"{path}.spool").read_bytes()))

    monkeypatch.setattr(os, "fsync", fsync)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert journal.append(more(1, first=10)) is Durability.SPOOL
        other.execute("ROLLBACK")
    (spool, held), *_ = synced
    assert spool == Path(f"{path}.spool").stat().st_ino
    assert b'"seq":11' in held


def test_the_same_entries_give_the_same_head(tmp_path, more):
    """However they are grouped."""
    one, other = Journal(tmp_path / "one.db"), Journal(tmp_path / "other.db")
    one.append(more(10))
    for entry in more(10):
        other.append([entry])
    assert one.head == other.head
    one.close()
    other.close()


@pytest.mark.parametrize("column", ["kind", "type", "version", "at", "body", "hash"])
def test_a_changed_byte_is_found_in_its_row(journal, path, column):
    """In any column; the first bad row is named, and the journal refuses to open for work."""
    journal.close()
    value = 2 if column == "version" else "x"
    change(path, f"UPDATE journal SET {column} = ? || substr({column}, 2) WHERE seq = 4", value)  # noqa: S608
    with pytest.raises(JournalBroken, match="row 4: its content does not match its hash"):
        Journal(path)
    opened = Reader(path)
    assert opened.first_bad_row()[0] == 4
    opened.close()


def test_a_single_changed_bit_deep_in_the_file_is_found(journal, path):
    """Not by SQL but in the bytes of the file itself."""
    journal.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    place = data.index(b'"first":"804"') + len(b'"first":"80')
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(JournalBroken, match="row 5:"):
        Journal(path)


def test_a_missing_row_is_named(journal, path):
    """A gap is a break."""
    journal.close()
    change(path, "DELETE FROM journal WHERE seq = 7")
    with pytest.raises(JournalBroken, match="row 7: is missing"):
        Journal(path)


def test_rows_put_in_another_order_are_found(journal, path):
    """Two rows that change places break the chain at the first."""
    journal.close()
    change(path, "UPDATE journal SET seq = CASE seq WHEN 3 THEN -4 WHEN 4 THEN -3 END WHERE seq IN (3, 4)")
    change(path, "UPDATE journal SET seq = -seq WHERE seq < 0")
    with pytest.raises(JournalBroken, match="row 3:"):
        Journal(path)


def test_a_newer_schema_is_refused(journal, path):
    """An old program does not write into a new journal."""
    journal.close()
    change(path, "UPDATE meta SET value = '99' WHERE key = 'schema'")
    with pytest.raises(JournalBroken, match="schema 99 is newer"):
        Journal(path)


def test_something_that_is_no_database_is_refused(path):
    """A text file under the journal's name."""
    path.write_text("this is not a journal", encoding="ascii")
    with pytest.raises(JournalBroken, match="not a usable journal"):
        Journal(path)


def test_a_journal_that_is_being_made_is_not_there_yet(path):
    """The file comes before the tables, and they come all at once: whoever reads beside a start waits or asks again."""
    path.touch()
    with pytest.raises(FileNotFoundError, match="no such journal yet: nothing is in it"):
        Reader(path)
    place = place_of(path)
    writer = place.writing()
    with place.begun(writer) as connection:
        METADATA.create_all(connection)
        with pytest.raises(FileNotFoundError, match="no such journal yet"):
            Reader(path)
    writer.dispose()
    Journal(path).close()
    with Reader(path) as found:
        assert found.length == 0


def test_the_database_of_something_else_is_no_journal(path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE notes (text)")
    with pytest.raises(JournalBroken, match="not a usable journal: no such table"):
        Reader(path)


def test_a_row_that_something_has_written_over_is_refused(journal, path, more):
    """Bytes that are no text: a sentence, where SQLite's own trouble would come with a traceback."""
    journal.append(more(3))
    journal.close()
    change(path, "UPDATE journal SET body = CAST(x'7b22ff' AS TEXT) WHERE seq = 2")
    with pytest.raises(JournalBroken, match="it is damaged after row 0: Could not decode"), Reader(path) as reader:
        reader.check()


@pytest.mark.smoke
def test_F52_a_locked_database_sends_rows_to_the_spool_and_takes_them_later(journal, path, more):
    """Nothing is lost, and the chain is the one it would have been."""
    with closing(sqlite3.connect(path, isolation_level=None)) as locker:
        locker.execute("BEGIN EXCLUSIVE")
        assert journal.append(more(3, first=10)) is Durability.SPOOL
        assert journal.append(more(2, first=13)) is Durability.SPOOL
        assert "locked" in journal.trouble
        locker.execute("ROLLBACK")
    assert journal.append(more(1, first=15)) is Durability.DATABASE
    assert journal.trouble == ""
    assert [row.event for row in journal.rows()] == more(16)
    assert journal.first_bad_row() is None


def test_F52_rows_left_in_the_spool_by_a_crash_are_taken_at_the_next_start(journal, path, more):
    """The process dies while the database is locked."""
    with closing(sqlite3.connect(path, isolation_level=None)) as locker:
        locker.execute("BEGIN EXCLUSIVE")
        journal.append(more(4, first=10))
        locker.execute("ROLLBACK")
    journal.close()
    again = Journal(path)
    assert [row.event for row in again.rows()] == more(14)
    again.append(more(1, first=14))
    assert again.first_bad_row() is None
    again.close()


def test_F52_rows_that_the_database_got_before_the_crash_are_not_taken_twice(journal, path, more):
    """Death between the commit and the clearing of the spool."""
    with closing(sqlite3.connect(path, isolation_level=None)) as locker:
        locker.execute("BEGIN EXCLUSIVE")
        journal.append(more(4, first=10))
        locker.execute("ROLLBACK")
    spool = path.with_name(path.name + ".spool")
    left = spool.read_bytes()
    journal.append(more(1, first=14))
    journal.close()
    spool.write_bytes(left)
    again = Journal(path)
    assert [row.event for row in again.rows()] == more(15)
    again.close()


def test_F52_with_the_spool_full_too_rows_wait_in_memory(journal, path, more):
    """`append` says so; the next try that works writes everything in order."""
    journal._spool._size = 600
    with closing(sqlite3.connect(path, isolation_level=None)) as locker:
        locker.execute("BEGIN EXCLUSIVE")
        with pytest.raises(JournalLost, match="is full"):
            journal.append(more(5, first=10))
        locker.execute("ROLLBACK")
    journal.append(more(1, first=15))
    assert [row.event for row in journal.rows()] == more(16)


def test_F52_a_full_disk_sends_rows_to_the_spool(path, more):
    """The database may not grow any more; the spool's room was claimed at the start."""
    journal = Journal(path)
    journal.append(more(10))
    pages = journal.select(__import__("sqlalchemy").text("PRAGMA page_count"))[0][0]
    with journal._engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    assert journal.append(more(200, first=10)) is Durability.SPOOL
    assert "full" in journal.trouble
    with journal._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert journal.append(more(1, first=210)) is Durability.DATABASE
    assert [row.event for row in journal.rows()] == more(211)
    journal.close()


def test_F52_rows_in_the_spool_that_still_cannot_go_in_are_told_at_the_start(journal, path, more):
    """The start is refused with the number of rows and where they are; nothing of them is lost."""
    with closing(sqlite3.connect(path, isolation_level=None)) as locker:
        locker.execute("BEGIN IMMEDIATE")
        journal.append(more(4, first=10))
        assert "4 rows wait in" in journal.state
        journal.close()
        with pytest.raises(JournalBroken, match=r"4 rows wait in .* and cannot go in \(database is locked\)"):
            Journal(path)
        locker.execute("ROLLBACK")
    again = Journal(path)
    assert ([row.event for row in again.rows()], again.state) == (more(14), "")
    again.close()


def test_a_spool_claims_its_room_at_once(tmp_path):
    """A disk that fills up later cannot refuse it."""
    spool = Spool(tmp_path / "s.spool", size=5_000)
    assert (tmp_path / "s.spool").stat().st_size == 5_000
    spool.add([{"n": 1}, {"n": 2}])
    with pytest.raises(SpoolFull):
        spool.add([{"n": "x" * 6_000}])
    assert spool.waiting == ({"n": 1}, {"n": 2})
    spool.close()


def test_a_record_cut_off_half_way_ends_the_spool(tmp_path):
    """It was never acknowledged; what stands before it is kept."""
    path = tmp_path / "s.spool"
    spool = Spool(path, size=5_000)
    spool.add([{"n": 1}])
    end = spool._end
    spool.add([{"n": 2}])
    spool.close()
    data = bytearray(path.read_bytes())
    data[end + 10 : end + 14] = b"\0\0\0\0"
    path.write_bytes(data)
    again = Spool(path, size=5_000)
    assert again.waiting == ({"n": 1},)
    again.add([{"n": 3}])
    again.close()
    third = Spool(path, size=5_000)
    assert third.waiting == ({"n": 1}, {"n": 3})
    third.close()


def test_F53_a_row_that_was_changed_in_the_spool_refuses_the_start_by_number(journal, path, more):
    """It never was in the database, whose chain alone says nothing of it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as locker:
        locker.execute("BEGIN EXCLUSIVE")
        journal.append(more(4, first=10))
        journal.close()  # it offers the database the rows once more
    spool = path.with_name(path.name + ".spool")
    with closing(Spool(spool)) as opened:
        third = opened.waiting[2]
    body = third["body"].encode()
    data = spool.read_bytes()
    escaped = body.replace(b'"', b'\\"')
    assert data.count(escaped) == 1
    spool.write_bytes(data.replace(escaped, escaped.replace(b"2026", b"2025", 1)))
    with pytest.raises(JournalBroken, match=f"spool: does not continue .*: row {third['seq']}: its content does not"):
        Journal(path)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM journal").fetchone() == (10,)


def test_a_log_that_is_emptied_is_in_the_file(journal, path, tmp_path):
    """The file alone has all rows then; before that, only the log has them, and a commit would have to copy it."""
    alone = tmp_path / "alone.db"

    def without_the_log():
        alone.write_bytes(path.read_bytes())
        with closing(sqlite3.connect(alone)) as connection:
            tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'journal'").fetchone()[0]
            return connection.execute("SELECT count(*) FROM journal").fetchone()[0] if tables else 0

    assert (journal.length, without_the_log()) == (10, 0)
    journal.empty_log()
    assert without_the_log() == 10


def test_a_log_that_cannot_be_emptied_now_is_left(journal, path, more):
    """Somebody reads what was before: rows go on being written, and nothing is lost."""
    with closing(sqlite3.connect(path)) as reading:
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM journal").fetchone()
        journal.append(more(5, first=10))
        journal.empty_log()
        assert reading.execute("SELECT count(*) FROM journal").fetchone() == (10,)
    assert [row.event for row in journal.rows()] == more(15)
