"""Journals of older versions: each is opened, copied before it is changed, and means what it meant."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from riskcore import events
from riskcore_openalgo.journal import Journal, JournalBroken, Reader, schema
from riskcore_openalgo.journal.replay import replay
from riskcore_openalgo.journal.tables import METADATA, PROJECTIONS
from riskcore_openalgo.journal.troubles import TableMissing
from tests.journal.told import write

GOLDEN = Path(__file__).parent / "golden"
EVERY = sorted(path.stem for path in GOLDEN.glob("*.journal"))


@pytest.fixture(params=EVERY)
def golden(request, tmp_path):
    """A copy of a journal that an older version wrote, and what it meant."""
    place = tmp_path / "journal.db"
    shutil.copy(GOLDEN / f"{request.param}.journal", place)
    return place, json.loads((GOLDEN / f"{request.param}.json").read_text(encoding="ascii"))


def meaning(journal):
    """What a journal means, in words that outlive the classes."""
    state = journal.load().state
    book = state.book
    return {
        "rows": journal.length,
        "head": journal.head,
        "now": state.now.isoformat(),
        "inputs": state.number,
        "seen": sorted(state.seen),
        "pending": [signal.id for signal in state.pending],
        "cancelling": sorted(state.cancelling),
        "policy_hash": state.policy_hash,
        "carried_equity": str(state.carried_equity),
        "opening_equity": str(book.opening_equity),
        "realised": str(book.realised),
        "charges": str(book.charges),
        "trades_today": book.trades_today,
        "positions": [
            [p.instrument.key, p.side, p.quantity, *map(str, (p.average_price, p.stop, p.target, p.last, p.charges))]
            for p in book.positions
        ],
        "orders": [[order.id, order.status, order.filled_quantity] for order in book.orders],
        "outcomes": [[o.key, o.reason, str(o.gross), str(o.charges), str(o.r_multiple)] for o in book.outcomes],
        "days": [[day.session.isoformat(), str(day.opening_equity), str(day.net)] for day in book.days],
        "latches": [[latch.name, latch.state, latch.by] for latch in book.latches],
        "state": book.state,
    }


@pytest.mark.smoke
def test_an_old_journal_is_read_and_left_as_it_is(golden):
    """Looking changes nothing in it, not even its schema."""
    place, told = golden
    before = place.read_bytes()
    with Reader(place) as journal:
        journal.check()
        assert meaning(journal) == told
    assert place.read_bytes() == before


@pytest.mark.smoke
def test_an_old_journal_is_copied_opened_and_gone_on_with(golden, more):
    """The chain and the state are the old ones; the copy still is what it was."""
    place, told = golden
    with Journal(place) as journal:
        assert journal.copied == f"{place}.schema1.bak"
        journal.check()
        assert meaning(journal) == told
        state = journal.load().state
        assert journal.snapshot(state)
        journal.append(more(3))
        assert journal.first_bad_row() is None
    with Journal(place) as again:
        assert again.copied == ""
        assert again.load().folded == 3
    with closing(sqlite3.connect(f"{place}.schema1.bak")) as copy:
        assert copy.execute("SELECT value FROM meta").fetchall() == [("1",)]
        assert copy.execute("SELECT max(seq), count(*) FROM journal").fetchone() == (told["rows"], told["rows"])


def test_the_facts_of_an_old_journal_come_out_again_under_its_own_code_only_if_no_rule_changed(golden):
    """The golden one was made before this version and its rules: what differs is named, or nothing does."""
    with Reader(golden[0]) as journal:
        assert replay(journal).same or "journal has" in str(replay(journal))


def test_a_copy_made_earlier_is_never_overwritten(golden):
    """The next one has a number."""
    place, _ = golden
    kept = place.with_name("journal.db.schema1.bak")
    kept.write_text("of another day", encoding="ascii")
    with Journal(place) as journal:
        assert journal.copied == f"{place}.schema1.bak2"
    assert kept.read_text(encoding="ascii") == "of another day"


def test_a_migration_that_fails_leaves_the_old_schema(golden, monkeypatch):
    """All of it, or nothing; the next start does it again."""

    def half(connection):
        schema.SNAPSHOTS.create(connection)
        raise JournalBroken("the power failed")

    place, told = golden
    with monkeypatch.context() as patched:
        patched.setitem(schema.STEPS, 1, half)
        with pytest.raises(JournalBroken, match="the power failed"):
            Journal(place)
    with closing(sqlite3.connect(place)) as old:
        assert old.execute("SELECT value FROM meta").fetchall() == [("1",)]
        assert old.execute("SELECT count(*) FROM sqlite_master WHERE name = 'snapshots'").fetchone() == (0,)
    with Journal(place) as journal:
        assert meaning(journal) == told


def test_rows_that_waited_beside_an_old_journal_go_in(golden, more):
    """A spool that the old version left is taken as it is."""
    place, told = golden
    with Journal(place) as journal:
        journal.append(more(2))
        rows = list(journal.rows(after=told["rows"]))
    shutil.copy(GOLDEN / "schema1.journal", place)
    for leftover in (f"{place}-wal", f"{place}-shm"):
        Path(leftover).unlink(missing_ok=True)
    bodies = [json.dumps({name: getattr(row, name) for name in row.__slots__ if name[0] != "_"}) for row in rows]
    data = b"".join(b"%08x" % len(body) + body.encode() for body in bodies)
    place.with_name("journal.db.spool").write_bytes(data + b"0" * 5_000)
    with Journal(place) as journal:
        assert [row.event for row in journal.rows(after=told["rows"])] == more(2)


def test_a_newer_schema_is_refused_in_every_database(kept):
    """An old program does not write into a new journal."""
    kept.journal().close()
    kept.change("UPDATE meta SET value = '99' WHERE key = 'schema'")
    with pytest.raises(JournalBroken, match="schema 99 is newer than 2; update riskcore"):
        kept.journal()


def test_a_newer_schema_is_not_read_either(kept):
    """What its tables mean is not known here: a status of it could be wrong, and would look right."""
    kept.journal().close()
    kept.change("UPDATE meta SET value = '99' WHERE key = 'schema'")
    with pytest.raises(JournalBroken, match="schema 99 is newer than 2; update riskcore"):
        kept.reader()


@pytest.mark.parametrize("table", [table.name for table in PROJECTIONS])
def test_a_derived_table_that_was_dropped_is_made_again_from_the_rows(kept, table):
    """A reader says so, and folds as ever; who opens it to write finds every table as it was."""
    query = select(METADATA.tables[table])
    with kept.journal() as journal:
        write(journal)
        journal.append(
            [events.AlertRefused(journal.load().state.now, "chartink", "untrusted", "by nobody known", "{}")]
        )
        before, state = journal.select(query), journal.load().state
        others = [journal.select(select(other)) for other in PROJECTIONS]
    assert before
    kept.change(f"DROP TABLE {table}")
    with kept.reader() as journal:
        assert journal.load().state == state
        with pytest.raises(TableMissing, match=rf"{table}.*; the next start of its runner makes it again"):
            journal.select(query)
    with kept.journal() as journal:
        assert journal.select(query) == before
        assert [journal.select(select(other)) for other in PROJECTIONS] == others
        assert journal.load().state == state


def test_tables_on_a_server_are_copied_before_they_are_changed(in_postgres, more):
    """And copies that are there already are not overwritten: the remedy is told."""
    with in_postgres.journal() as journal:
        journal.append(more(10))
        head = journal.head
    old = "UPDATE meta SET value = '1' WHERE key = 'schema'; DROP TABLE snapshots"
    in_postgres.change(old)
    with in_postgres.journal() as journal:
        assert journal.copied == "tables journal_schema1 and so on"
        assert journal.head == head
        assert journal.first_bad_row() is None
    with in_postgres.connected() as connection:
        assert connection.execute("SELECT count(*) FROM journal_schema1").fetchone() == (10,)
    in_postgres.change(old)
    with pytest.raises(JournalBroken, match=r"copies of schema 1 are there already \(alerts_schema1, .*pg_dump"):
        in_postgres.journal()
