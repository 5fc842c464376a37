"""F50, where no day runs: a journal that is killed while it is made, moved on, verified, kept, taken over or pruned."""

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.journal import Journal, Reader
from riskcore_openalgo.journal.replay import replay
from tests.crash.cell import KILLED
from tests.crash.child import START

pytestmark = pytest.mark.skipif(os.name != "posix", reason="days are forked, and killed by a POSIX signal")
GOLDEN = Path(__file__).parents[1] / "journal/golden"
WORKS = (
    ("journal.schema.put", "opened"),
    ("journal.schema.made", "opened"),
    ("journal.copy.begun", "opened"),
    ("journal.copy.made", "opened"),
    ("journal.migration.put", "opened"),
    ("journal.migration.kept", "opened"),
    ("journal.tables.put", "opened"),
    ("journal.tables.kept", "opened"),
    ("journal.verified.put", "opened"),
    ("journal.verified.kept", "opened"),
    ("journal.snapshot.put", "kept"),
    ("journal.snapshot.kept", "kept"),
    ("journal.takeover.put", "taken_over"),
    ("journal.takeover.kept", "taken_over"),
    ("journal.prune.put", "pruned"),
    ("journal.prune.kept", "pruned"),
)


def a_journal(path, turns=600):
    """So many turns of a quiet day."""
    state, policy = engine.State(), rc.Policy()
    inputs = [events.PolicyLoaded(START, policy)]
    inputs += [events.TimePassed(START + timedelta(seconds=n)) for n in range(1, turns - 1)]
    inputs.append(events.TroubleSeen(START + timedelta(hours=1), "a_trouble", "for a fact at the end"))
    entries = []
    for event in inputs:
        made = engine.step(state, event, policy)
        state = made.state
        entries += (event, *made.facts)
    with Journal(path) as journal:
        journal.append(entries)
    return state


def before(place, folder):
    """The journal that is there before the work, and the state that must be there after it."""
    path = folder / "journal.db"
    if "schema" in place:
        return None
    if "copy" in place or "migration" in place:
        shutil.copy(min(GOLDEN.glob("*.journal")), path)
        with Reader(path) as journal:
            return journal.load().state
    state = a_journal(folder / "other.db" if "takeover" in place else path, 600 if "verified" in place else 20)
    if "tables" in place:
        with closing(sqlite3.connect(path)) as other:
            other.execute("DROP TABLE decisions")
    return state


@pytest.mark.parametrize(("place", "does"), WORKS)
def test_F50_a_journal_killed_here_is_whole_and_the_work_can_be_done_again(place, does, nursery, tmp_path):
    state = before(place, tmp_path)
    path = tmp_path / "journal.db"
    spec = {"does": does, "journal": str(path), "other": str(tmp_path / "other.db"), "log": str(tmp_path / "log")}
    assert nursery.ended(nursery.start({**spec, "failpoint": place})) == KILLED
    again = does != "taken_over" or place.endswith(".put")
    if again:
        assert nursery.ended(nursery.start({**spec, "failpoint": ""})) == 0
    with Journal(path, whole=True) as journal:
        journal.check()
        assert replay(journal).same or any(tmp_path.glob("*.bak")), "an older version decided otherwise"
        assert journal.load().state == (state or engine.State())
    for copy in tmp_path.glob("*.bak*"):
        with Reader(copy) as journal:
            assert journal.load().state == state
