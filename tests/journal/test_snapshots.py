"""Fast starts: what a journal loads is what all of its facts fold to, whatever snapshots there are."""

import json

import pytest
from hypothesis import given, settings, strategies as st
from sqlalchemy import create_engine

import riskcore as rc
from riskcore import engine, events
from riskcore.testing import days
from riskcore_openalgo.journal import Journal, JournalBroken, Reader, fold, snapshots, store
from riskcore_openalgo.journal.chain import Mark
from riskcore_openalgo.journal.tables import METADATA
from riskcore_openalgo.runner.ports import loaded
from tests.journal.databases import InSqlite
from tests.journal.told import turns


def turns_of(day):
    """The rows of a generated day, turn by turn, each with the state after it."""
    state = engine.State()
    for event in day.inputs:
        made = engine.step(state, event, day.policy)
        state = made.state
        yield [event, *made.facts], state


def whole(journal):
    """Everything folded from nothing, as a start without snapshots does."""
    return fold(journal.rows())


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """New folders."""
    return iter(lambda: tmp_path_factory.mktemp("day"), None)


@settings(max_examples=25)
@given(day=days(max_size=30, sessions=2), data=st.data())
def test_what_is_loaded_is_what_everything_folds_to(places, day, data):
    """With snapshots after any turns, read or written, to the last digit; and the session's decisions with it."""
    place = next(places) / "journal.db"
    turns = list(turns_of(day))
    taken = data.draw(st.sets(st.integers(0, len(turns) - 1), max_size=4))
    with Journal(place) as journal:
        for number, (rows, state) in enumerate(turns):
            journal.append(rows)
            assert number not in taken or journal.snapshot(state)
        found, folded = journal.load(), whole(journal)
        assert (found.state, found.decisions) == (folded.state, folded.decisions)
        assert snapshots.text_of(snapshots.Snapshot(found.state, journal.genesis)) == snapshots.text_of(
            snapshots.Snapshot(folded.state, journal.genesis)
        )
        assert found.state == turns[-1][1]
        assert found.folded == journal.length - found.snapshot_at
        assert bool(found.snapshot_at) == bool(taken)
    with Reader(place) as reader:
        assert reader.load() == found


@pytest.fixture
def kept_day(kept):
    """A journal of a few rows, with a snapshot after the third."""
    with kept.journal() as journal:
        for number, (rows, state) in enumerate(turns()):
            journal.append(rows)
            if number == 2:
                assert journal.snapshot(state)
        assert journal.load().snapshot_at > 0
        expected = whole(journal).state
    return kept, expected


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE snapshots SET body = replace(body, '\"number\":3', '\"number\":4')",
        "UPDATE snapshots SET body = 'no json'",
        "UPDATE snapshots SET digest = 'x'",
        "UPDATE snapshots SET tag = '0.0.9 of another version'",
        "UPDATE snapshots SET head = 'x'",
        "UPDATE snapshots SET seq = seq + 1",
        "DELETE FROM snapshots",
    ],
)
def test_a_snapshot_that_does_not_fit_is_passed_over(kept_day, damage):
    """Damaged, of other code, of another chain: everything is folded, and comes to the same."""
    kept, expected = kept_day
    kept.change(damage)
    found = kept.journal().load()
    assert (found.state, found.snapshot_at) == (expected, 0)


def test_a_snapshot_is_taken_by_itself_when_a_start_was_long(tmp_path, monkeypatch):
    """The next start folds only what came after."""
    monkeypatch.setattr(store, "SNAPSHOT_EVERY", 5)
    place = InSqlite(tmp_path)
    with place.journal() as journal:
        for rows, _ in turns():
            journal.append(rows)
        first = journal.load()
        second = journal.load()
    assert (first.folded, second.folded) == (journal.length, 0)
    assert (second.state, second.decisions) == (first.state, first.decisions)


def test_only_the_newest_snapshots_are_kept(tmp_path):
    """One, and one more in case it is damaged."""
    place = InSqlite(tmp_path)
    with place.journal() as journal:
        for rows, state in turns():
            journal.append(rows)
            assert journal.snapshot(state)
        found = journal.select(snapshots.select(snapshots.SNAPSHOTS.c.seq))
    assert len(found) == snapshots.KEPT
    assert max(found)[0] == journal.length


def test_no_snapshot_is_taken_of_rows_that_are_not_in_the_database(kept, more):
    """Nor of an empty journal; and that the database refuses one is no trouble."""
    journal = kept.journal()
    assert not journal.snapshot(engine.State())
    journal.append(more(3))
    with kept.locked():
        assert not journal.snapshot(engine.State())
        journal.append(more(1, first=3))
        assert not journal.snapshot(engine.State())
    assert not journal.snapshot(engine.State())
    journal.append(more(1, first=4))
    assert journal.snapshot(engine.State())


def test_rows_that_are_folded_are_verified_whoever_verified_them_before(kept_day):
    """A start never stands on a row that was changed."""
    kept, _ = kept_day
    kept.change("UPDATE journal SET at = '2026' WHERE seq = (SELECT max(seq) - 1 FROM journal)")
    with pytest.raises(JournalBroken, match="its content does not match its hash"):
        kept.reader().load()


def test_another_store_is_folded_row_by_row(tmp_path):
    """A store of one's own needs no `load`."""

    class Rows:
        trouble = ""

        def append(self, entries):
            raise NotImplementedError

        def rows(self, kind=None):
            return journal.rows(kind)

    place = InSqlite(tmp_path)
    with place.journal() as journal:
        for rows, _ in turns():
            journal.append(rows)
        assert loaded(Rows()).state == loaded(journal).state


def test_the_tag_names_the_version_and_the_code():
    """So that a snapshot of a core that folds otherwise is not trusted, even under the same version number."""
    version, _, digest = snapshots.tag().partition(" ")
    assert version.count(".") == 2
    assert len(digest) == 16
    assert json.loads(snapshots.text_of(snapshots.Snapshot(engine.State(), store.GENESIS)))["policy"] is None


def test_a_decision_of_an_earlier_session_is_not_among_the_loaded(tmp_path):
    """A signal's id is its session's: the same one tomorrow is another signal."""
    place = InSqlite(tmp_path)
    with place.journal() as journal:
        for rows, _ in turns():
            journal.append(rows)
        decided = journal.load().decisions
        assert decided
        opened = [row.seq for row in journal.rows(types=[events.SessionOpened.__name__])]
        assert {fact.at.date() for fact in decided} == {journal.load().state.book.session}
        assert len(opened) > 1


def test_what_a_pruned_journal_begins_with_has_the_hash_of_this_version():
    """An older one with a setting less gave the same policy another, and a looser file would be taken for the first."""
    mark, policy = Mark(7, "a" * 64), rc.Policy(max_positions=2)
    for kept, found in (("0" * 64, rc.policy_hash(policy)), ("", "")):
        database = create_engine("sqlite://")
        METADATA.create_all(database)
        with database.begin() as connection:
            older = snapshots.Snapshot(engine.State(policy_hash=kept), mark, policy)
            snapshots.keep(connection, older, base=True)
            assert snapshots.base(connection, mark).state.control.digest == found
        database.dispose()
