"""What holds for a journal in every database: SQLite, encrypted SQLite, PostgreSQL."""

import os
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from riskcore import events
from riskcore_openalgo.journal import Durability, JournalBroken, JournalConflict, JournalInUse, JournalMoved
from riskcore_openalgo.journal.places import place_of
from riskcore_openalgo.journal.tables import FILLS, TRADES
from tests.journal.conftest import START
from tests.journal.databases import Encrypted, InPostgres, InSqlite


@pytest.mark.smoke
def test_rows_come_back_in_order_and_continue_after_reopening(kept, more):
    """The chain goes on where it ended, and is the same one in every database."""
    journal = kept.journal()
    assert journal.append(more(10)) is Durability.DATABASE
    head = journal.head
    journal.close()
    again = kept.journal()
    assert (again.length, again.head) == (10, head)
    again.append(more(5, first=10))
    assert [row.event for row in again.rows()] == more(15)
    assert [row.seq for row in again.rows(after=12)] == [13, 14, 15]
    assert again.first_bad_row() is None
    assert again.head.startswith("b516c84b592efe35c768")


def test_the_numbers_of_rows_that_wait_can_be_looked_at_beside_the_writer(kept, more):
    """Without a spool there is none; the writer's own is not touched."""
    place = place_of(kept.place, key=kept.key, spool=kept.spool)
    assert place.spooled() == (kept.spool, ())
    journal = kept.journal()
    journal.append(more(2))
    with kept.locked():
        assert journal.append(more(3, first=2)) is Durability.SPOOL
        assert place.spooled() == (kept.spool, (3, 4, 5))
    journal.append(more(1, first=5))
    assert place.spooled() == (kept.spool, ())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
@pytest.mark.parametrize("kind", [InSqlite, Encrypted])
def test_a_new_journal_is_its_owners_alone_and_another_mode_is_kept(tmp_path, more, kind):
    """Every trade stands in it: others of the machine read it only where somebody let them."""
    before = os.umask(0o022)
    try:
        kept = kind(tmp_path)
        with kept.journal() as journal:
            journal.append(more(3))
            path = journal.path
            made = [file for file in tmp_path.iterdir() if not file.name.endswith(".lock") and file.is_file()]
            assert {path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}.spool")} <= set(made)
            assert {file.name: file.stat().st_mode & 0o777 for file in made} == {file.name: 0o600 for file in made}
        path.chmod(0o640)
        with kept.journal() as journal:
            assert journal.length == 3
        assert path.stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(before)


def test_a_reader_sees_what_is_written_and_locks_nothing(kept, more):
    """While the writer has it open."""
    journal = kept.journal()
    journal.append(more(3))
    reader = kept.reader()
    journal.append(more(3, first=3))
    assert (reader.length, len(list(reader.rows())), kept.reader().length) == (3, 6, 6)
    with pytest.raises(Exception, match=r"read-?only"), reader._engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM journal")


def test_a_second_writer_is_told_who_the_first_is(kept, more):
    """And the first goes on undisturbed; once it has closed, the second may."""
    journal = kept.journal()
    with pytest.raises(JournalInUse, match=r"being written by .*process \d+ on .*one writer an account"):
        kept.journal()
    journal.append(more(1))
    journal.close()
    assert kept.journal(wait_s=1).length == 1


def test_a_lock_ends_with_its_process_killed_or_not(kept, more):
    """Even kill -9 leaves no lock that somebody must remove by hand."""
    options = {name: str(value) for name, value in kept.options.items() if name != "ticks"}
    program = (
        "import sys, pathlib; from riskcore_openalgo.journal import Journal\n"
        f"place, options = {str(kept.place)!r}, {options!r}\n"
        "place = place if place.startswith('postgres') else pathlib.Path(place)\n"
        "options = {k: pathlib.Path(v) if k == 'spool' else v for k, v in options.items()}\n"
        "journal = Journal(place, **options); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(JournalInUse, match=f"process {other.pid} on"):
            kept.journal()
        other.kill()
        other.wait()
    assert kept.journal(wait_s=5).append(more(1)) is Durability.DATABASE


def test_an_append_on_another_head_than_the_one_decided_on_is_refused(kept, more):
    """Two scripts that look at the same moment: the second is told to look again, and writes nothing."""
    with kept.journal() as first:
        first.append(more(5))
        seen = first.head
    with kept.journal() as one:
        one.append(more(1, first=5), expected_head=seen)
    with kept.journal() as other:
        with pytest.raises(JournalMoved, match=r"has gone on to row 6 .* decide again"):
            other.append(more(1, first=6), expected_head=seen)
        assert other.append(more(1, first=6), expected_head=other.head) is Durability.DATABASE
    assert [row.event for row in kept.reader().rows()] == more(7)


def test_F53_a_changed_row_and_a_missing_row_refuse_the_start_by_number(kept, more):
    """A journal opened for a live day verifies every row, whoever has verified it before."""
    with kept.journal() as journal:
        journal.append(more(600))
    kept.journal(whole=True).close()
    kept.change("UPDATE journal SET body = replace(body, '804', '805') WHERE seq = 5")
    kept.journal().close()  # a script that only adds a row trusts what was verified before
    with pytest.raises(JournalBroken, match="row 5: its content does not match its hash"):
        kept.journal(whole=True)
    with pytest.raises(JournalBroken, match="row 5:"):
        kept.reader().check()
    kept.change("DELETE FROM journal WHERE seq = 3")
    with pytest.raises(JournalBroken, match=r"row 3: is missing \(the next one found is 4\)"):
        kept.journal(whole=True)


def test_F53_rows_after_the_last_verified_one_are_verified_at_every_start(kept, more):
    """In any database."""
    with kept.journal() as journal:
        journal.append(more(20))
    kept.change("UPDATE journal SET at = '2026' WHERE seq = 17")
    with pytest.raises(JournalBroken, match="row 17: its content does not match its hash"):
        kept.journal()


def test_F53_rows_cut_off_below_a_verified_one_are_missed(kept, more):
    """A shorter chain holds by itself; that it was longer is remembered."""
    with kept.journal() as journal:
        journal.append(more(600))
    kept.journal().close()
    kept.change("DELETE FROM journal WHERE seq > 500")
    with pytest.raises(JournalBroken, match="row 501: is missing: the chain was verified up to row 600"):
        kept.journal()
    kept.change("UPDATE journal SET hash = 'x' WHERE seq = 500")
    kept.change("DELETE FROM meta WHERE key = 'verified'")
    with pytest.raises(JournalBroken, match="row 500: its content"):
        kept.journal()


@pytest.mark.parametrize("trouble", ["locked", "read_only", "full"])
def test_F52_while_the_database_refuses_rows_wait_in_order_and_go_in_later(kept, more, trouble):
    """Locked, read-only or full: the spool takes the rows at once, and the chain is the one it would have been."""
    journal = kept.journal()
    journal.append(more(10))
    with kept.locked() if trouble == "locked" else getattr(kept, trouble)(journal):
        assert journal.append(more(40, first=10)) is Durability.SPOOL
        assert journal.append(more(2, first=50)) is Durability.SPOOL
        assert journal.trouble
        assert "42 rows wait" in journal.state
    assert journal.append(more(1, first=52)) is Durability.DATABASE
    assert (journal.trouble, journal.state) == ("", "")
    assert [row.event for row in journal.rows()] == more(53)
    assert journal.first_bad_row() is None


def test_F52_rows_left_in_the_spool_by_a_crash_go_in_at_the_next_start(kept, more):
    """The process ends while the database refuses."""
    journal = kept.journal()
    journal.append(more(10))
    with kept.locked():
        assert journal.append(more(4, first=10)) is Durability.SPOOL
        journal.close()
    again = kept.journal()
    assert [row.event for row in again.rows()] == more(14)
    again.append(more(1, first=14))
    assert again.first_bad_row() is None


def test_F52_a_commit_whose_answer_was_lost_is_not_written_twice(kept, more, monkeypatch):
    """The rows are in the database and, for all we know, are not: they wait in the spool and are recognised later."""
    journal = kept.journal()
    write = journal._write
    journal.append(more(5))
    driver = journal._writer.dialect.dbapi

    def answered_badly(rows):
        write(rows)
        raise OperationalError("COMMIT", {}, driver.OperationalError("the connection was lost"))

    monkeypatch.setattr(journal, "_write", answered_badly)
    assert journal.append(more(3, first=5)) is Durability.SPOOL
    monkeypatch.setattr(journal, "_write", write)
    assert journal.append(more(2, first=8)) is Durability.DATABASE
    assert [row.event for row in journal.rows()] == more(10)
    assert journal.first_bad_row() is None


def test_rows_of_somebody_who_got_past_the_lock_are_a_conflict(kept, more):
    """The chain stays whole, and what we had is still queued."""
    journal = kept.journal()
    journal.append(more(3))
    kept.change("INSERT INTO journal SELECT 4, kind, type, version, at, body, 'theirs' FROM journal WHERE seq = 3")
    with pytest.raises(JournalConflict, match="another process wrote"):
        journal.append(more(1, first=3))


MONEY = st.decimals(min_value=-(10**14), max_value=10**14, places=2)
PRICE = st.decimals(min_value="0.0001", max_value=10**14, places=4)
TEXT = st.text(max_size=30)


@pytest.fixture(scope="module")
def databases(server, tmp_path_factory):
    """A journal in each database, for many examples."""
    folders = [tmp_path_factory.mktemp(name) for name in ("sqlite", "encrypted", "postgres")]
    places = [InSqlite(folders[0]), Encrypted(folders[1]), InPostgres(server, folders[2])]
    yield [place.journal() for place in places]
    for place in places:
        place.close()


@settings(max_examples=40)
@given(price=PRICE, gross=MONEY, charges=MONEY, quantity=st.integers(1, 10**12), text=TEXT)
def test_money_and_text_come_back_exactly_from_every_database(databases, price, gross, charges, quantity, text):
    """The round trip law: integers in the projections, every digit in the bodies, the same head everywhere."""
    at = START + timedelta(seconds=1)
    facts = [
        events.Filled(at, "id", "NSE:SBIN", "BUY", quantity, price, charges, at, price * quantity),
        events.PositionClosed(
            at, text, "NSE:SBIN", "BUY", quantity, text, START, at, price, price, "stop", gross, charges, None
        ),
    ]
    for journal in databases:
        journal.append(facts)
        fill, trade = (
            journal.select(select(table).order_by(table.c.seq.desc()).limit(1))[0] for table in (FILLS, TRADES)
        )
        assert Decimal(fill.price_e4) / 10_000 == price
        assert (Decimal(trade.gross_paise) / 100, Decimal(trade.charges_paise) / 100) == (gross, charges)
        assert (fill.quantity, trade.quantity) == (quantity, quantity)
        assert [row.event for row in journal.rows(after=journal.length - 2)] == facts
    assert len({journal.head for journal in databases}) == 1
