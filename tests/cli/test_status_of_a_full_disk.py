"""A full disk: `riskcore status` says what waits in the spool, and whoever would write says what to do."""

import errno
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from riskcore_openalgo.cli.main import main
from riskcore_openalgo.cli.opening import KEY
from riskcore_openalgo.journal import Durability, Journal
from tests.journal.conftest import inputs
from tests.journal.databases import Encrypted, InSqlite


@pytest.fixture
def status(capsys):
    """What is said of a journal, as text and for a program."""

    def told(path):
        assert main(["status", str(path)]) == 0
        text = capsys.readouterr().out
        assert main(["status", str(path), "--json"]) == 0
        return text, json.loads(capsys.readouterr().out)

    return told


@pytest.mark.parametrize("kind", [InSqlite, Encrypted])
def test_rows_that_wait_in_the_spool_are_counted(tmp_path, monkeypatch, status, kind):
    """Written by a runner that is alive, or left by one that died; an encrypted spool too, with its key."""
    kept = kind(tmp_path)
    if kept.key:
        monkeypatch.setenv(KEY, kept.key)
    journal = kept.journal()
    journal.append(inputs(4))
    assert "spool" not in status(kept.place)[0]
    with kept.connected() as other:
        other.execute("BEGIN IMMEDIATE")
        assert journal.append(inputs(3, first=4)) is Durability.SPOOL
        for _ in range(2):
            text, told = status(kept.place)
            assert "spool      3 rows wait in journal.db.spool: what they tell is not in this" in text
            assert (told["rows"], told["rows_waiting"]) == (4, 3)
            journal.close()
        other.execute("ROLLBACK")
    kept.journal().close()
    assert status(kept.place)[1]["rows_waiting"] == 0


TELLING = (["verify"], ["show"], ["replay"], ["export", "--to", "out"])


@pytest.mark.parametrize("words", TELLING, ids=lambda words: words[0])
def test_whoever_reads_a_journal_out_says_what_waits_beside_it(tmp_path, monkeypatch, capsys, words):
    """On standard error, so that what a program reads stays what it was."""
    monkeypatch.chdir(tmp_path)
    path, said = tmp_path / "live.db", []
    with Journal(path) as journal, closing(sqlite3.connect(path, isolation_level=None)) as other:
        journal.append(inputs(2))
        other.execute("BEGIN IMMEDIATE")
        assert journal.append(inputs(1, first=2)) is Durability.SPOOL
        for _ in range(2):
            main(["journal", words[0], str(path), *words[1:], *(["--overwrite"] if said and "--to" in words else [])])
            said.append("1 rows wait in live.db.spool: what they tell is not in this" in capsys.readouterr().err)
            if len(said) == 1:
                other.execute("ROLLBACK")
                journal.append(inputs(1, first=3))
    assert said == [True, False]


def test_rows_that_the_database_has_by_now_do_not_wait(tmp_path, status):
    """Death between the commit and the clearing of the spool; and a journal that was copied without its spool."""
    path, spool = tmp_path / "live.db", tmp_path / "live.db.spool"
    with Journal(path) as journal, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert journal.append(inputs(2)) is Durability.SPOOL
        left = spool.read_bytes()
        other.execute("ROLLBACK")
        journal.append(inputs(1, first=2))
    spool.write_bytes(left)
    text, told = status(path)
    assert ("wait in" in text, told["rows_waiting"]) == (False, 0)
    spool.unlink()
    assert status(path)[1]["rows_waiting"] == 0


@pytest.mark.parametrize("named", [True, False])
def test_a_disk_without_room_is_told_with_the_place_and_what_to_do(tmp_path, monkeypatch, capsys, named):
    """The system's own words name no file, for what it could not write on had been opened before."""
    Journal(tmp_path / "live.db").close()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), *(["there.csv"] if named else []))

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr(Path, "open", full)
    assert main(["journal", "export", str(tmp_path / "live.db"), "--to", str(tmp_path / "out")]) == 1
    place = "there.csv" if named else str(tmp_path / "out")
    said = f"riskcore: {place}: {os.strerror(errno.ENOSPC)}; free some room on that disk, and do this again\n"
    assert capsys.readouterr().err == said
