"""An encrypted journal: nothing of it can be read without its key, and the key is in no text."""

import sqlite3
import sys
from contextlib import closing

import pytest

from riskcore_openalgo.journal import Durability, Journal, JournalBroken, Reader
from riskcore_openalgo.journal.spool import Spool, SpoolUnreadable
from tests.journal.databases import KEY, Encrypted
from tests.journal.told import write


@pytest.fixture
def encrypted(tmp_path):
    """A place for an encrypted journal."""
    made = Encrypted(tmp_path)
    yield made
    made.close()


def test_nothing_of_it_stands_in_the_file(encrypted):
    """Neither in the database nor in its log; and SQLite alone cannot read it."""
    with encrypted.journal() as journal:
        write(journal)
        log = encrypted.place.with_name("journal.db-wal").read_bytes()
    data = encrypted.place.read_bytes()
    assert not any(word in data + log for word in (b"SQLite format", b"INFY", b"PricesSeen"))
    with closing(sqlite3.connect(encrypted.place)) as connection, pytest.raises(sqlite3.DatabaseError):
        connection.execute("SELECT * FROM journal")


@pytest.mark.parametrize("opens", [Journal, Reader])
def test_a_wrong_key_is_told_and_shown_nowhere(encrypted, opens, capfd):
    """Nor printed by the library itself."""
    encrypted.journal().close()
    with pytest.raises(JournalBroken, match="the key does not open it") as told:
        opens(encrypted.place, key="wr0ng")
    with pytest.raises(JournalBroken, match="an encrypted one, which needs its key"):
        opens(encrypted.place)
    assert "wr0ng" not in f"{told.value!r} {told.value.__cause__!r}"
    assert capfd.readouterr() == ("", "")
    with encrypted.journal() as journal:
        assert KEY not in repr(journal) + repr(journal._engine) + repr(journal._place)


@pytest.mark.parametrize("opens", [Journal, Reader])
def test_a_key_for_a_journal_that_is_not_encrypted_is_told(journal, path, opens):
    """It is opened without one."""
    journal.close()
    with pytest.raises(JournalBroken, match="one that is not encrypted opens without a key"):
        opens(path, key=KEY)
    Journal(path).close()


@pytest.mark.parametrize("key", ["", "a\0b"])
def test_a_key_that_is_none_is_refused(path, key):
    """Before a file is made."""
    with pytest.raises(ValueError, match="a text of at least one character"):
        Journal(path, key=key)
    assert not path.exists()


def test_F52_rows_that_wait_in_the_spool_are_encrypted_too(encrypted, more):
    """And go in with the key; without it, or with another, the start is refused and they stay."""
    journal = encrypted.journal()
    journal.append(more(2))
    with encrypted.locked():
        assert journal.append(more(3, first=2)) is Durability.SPOOL
        journal.close()
    assert b"SBIN" not in encrypted.spool.read_bytes()
    for key in (None, "another"):
        with pytest.raises(SpoolUnreadable, match="rows wait in it; open the journal with the key"):
            Spool(encrypted.spool, key=key)
    assert [row.event for row in encrypted.journal().rows()] == more(5)


def test_a_spool_takes_its_key_over_when_nothing_waits_in_it(tmp_path):
    """From plain to encrypted and back; with rows in it, it stays what it is."""
    path = tmp_path / "s.spool"
    for key in (None, "one", "other", None):
        spool = Spool(path, key=key)
        spool.add([{"n": 1}])
        spool.close()
        other = "two" if key is None else None
        with pytest.raises(SpoolUnreadable, match="rows wait in it; open the journal with"):
            Spool(path, key=other)
        again = Spool(path, key=key)
        assert again.waiting == ({"n": 1},)
        again.clear()
        again.close()


def test_a_record_cut_off_half_way_ends_an_encrypted_spool_too(tmp_path):
    """It was never acknowledged."""
    path = tmp_path / "s.spool"
    spool = Spool(path, size=5_000, key="k")
    spool.add([{"n": 1}])
    end = spool._end
    spool.add([{"n": 2}])
    spool.close()
    data = bytearray(path.read_bytes())
    data[end + 20] ^= 1
    path.write_bytes(data)
    again = Spool(path, size=5_000, key="k")
    assert again.waiting == ({"n": 1},)
    again.close()


def test_a_copy_before_a_migration_is_encrypted_with_the_same_key(encrypted, more):
    """It opens with it, and with nothing else."""
    with encrypted.journal() as journal:
        journal.append(more(5))
    encrypted.change("UPDATE meta SET value = '1' WHERE key = 'schema'")
    encrypted.change("DROP TABLE snapshots")
    with encrypted.journal() as journal:
        copy = encrypted.place.with_name("journal.db.schema1.bak")
        assert journal.copied == str(copy)
    with Reader(copy, key=KEY) as reader:
        assert [row.event for row in reader.rows()] == more(5)
    with pytest.raises(JournalBroken, match="an encrypted one"):
        Reader(copy)


def test_without_the_extra_it_says_what_to_install(path, monkeypatch):
    """In double quotes, which every shell takes."""
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    with pytest.raises(ImportError, match=r'pip install "riskcore\[encrypted\]"'):
        Journal(path, key="k")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ImportError, match=r'pip install "riskcore\[postgres\]"'):
        Journal("postgresql://127.0.0.1/x", spool=path)
