"""A journal where nothing can be written: on a read-only disk, in a backup, in another user's folder."""

import shutil
from pathlib import Path

import pytest

from riskcore_openalgo.journal import Journal, Reader, places
from riskcore_openalgo.journal.locks import holder
from riskcore_openalgo.journal.places import place_of
from tests.journal.conftest import inputs
from tests.journal.databases import Encrypted, InSqlite

KINDS = pytest.mark.parametrize("kind", [InSqlite, Encrypted])


@pytest.fixture
def kept_in(tmp_path, monkeypatch):
    """A journal as it was copied into a folder that is read-only; the user of the tests may be one who may write."""

    def made(kind):
        kept = kind(tmp_path / "there")
        with kept.journal() as journal:
            journal.append(inputs(4))
        folder = tmp_path / "read only"
        folder.mkdir()
        path = Path(shutil.copy(kept.place, folder))
        monkeypatch.setattr(places, "writable", lambda there: there != folder)
        return path, kept.key

    (tmp_path / "there").mkdir()
    return made


@KINDS
def test_it_is_read_and_no_file_is_made_beside_it(kept_in, kind):
    """Its own words, "unable to open database file", sounded as if it were lost."""
    path, key = kept_in(kind)
    with Reader(path, key=key) as journal:
        assert (journal.length, journal.first_bad_row()) == (4, None)
        assert list(path.parent.iterdir()) == [path]


@KINDS
def test_what_is_in_its_log_is_not_passed_over(kept_in, kind):
    """Rows of a log would be missed: then it is read as ever, which needs a file beside it."""
    path, key = kept_in(kind)
    path.with_name(path.name + "-wal").write_bytes(b"rows")
    with Reader(path, key=key):
        assert path.with_name(path.name + "-shm").exists()


def test_where_it_cannot_be_read_a_copy_is_the_remedy(kept_in):
    path, _ = kept_in(InSqlite)
    path.with_name(path.name + "-wal").touch()

    class Problem:
        orig = "unable to open database file"

    said = place_of(path).why(Problem())
    assert "its folder is read-only: copy journal.db and journal.db-wal to another folder" in said
    other = place_of(path.parent.parent / "there" / path.name)
    assert other.why(Problem()).startswith("not a usable journal: unable to open")


def test_its_lock_is_looked_at_where_it_cannot_be_written(kept_in, monkeypatch):
    """Nobody holds the lock of a copy; `riskcore status` ended with "Read-only file system"."""
    path, _ = kept_in(InSqlite)
    lock = path.with_name(path.name + ".lock")
    Journal(path).close()
    opened = type(lock).open

    def to_read(self, mode="r", **how):
        if "+" in mode:
            raise OSError(30, "Read-only file system", str(self))
        return opened(self, mode, **how)

    monkeypatch.setattr(type(lock), "open", to_read)
    assert lock.exists()
    assert holder(lock) is None
