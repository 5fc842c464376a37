"""Notes on every database: kept beside the journal, while somebody writes it, and no part of what it proves."""

from contextlib import closing
from datetime import datetime

import pytest

import riskcore as rc
from riskcore_openalgo.journal import JournalInUse, places
from riskcore_openalgo.journal.notes import Note, add_note, notes_of
from riskcore_openalgo.lab.report import study_of_journal
from tests.journal.databases import InSqlite
from tests.journal.told import entries, four_days

AT = datetime(2026, 11, 24, 9, 0, tzinfo=rc.IST)
STRANGE = "late; DROP TABLE journal -- \0 \ud800 \u20b9"


def first_trade(journal):
    """The id of the first finished trade."""
    return next(row.event.signal_id for row in journal.rows(types=["PositionClosed"]))


def test_a_note_changes_nothing_that_the_chain_holds(kept):
    """Written while the writer is open, read back as it was, shown in the study; head, state and proof as before."""
    journal = kept.journal()
    journal.append(list(entries(four_days())))
    before, trade = (journal.head, journal.length, journal.load().state), first_trade(journal)
    assert notes_of(kept.reader()) == ()
    add_note(kept.place, Note(trade, AT, "bought late", ("late", "fomo")), key=kept.key)
    add_note(kept.place, Note(trade, AT, STRANGE), key=kept.key)
    reader = kept.reader()
    first, second = notes_of(reader)
    assert first == Note(trade, AT, "bought late", ("late", "fomo"))
    assert second.text.startswith("late; DROP TABLE journal -- \\x00 ")
    assert second.text.endswith("\u20b9")
    assert [len(story.notes) for story in study_of_journal(reader).stories] == [2, 0, 0, 0]
    assert (reader.head, reader.length, reader.load().state) == before
    assert reader.first_bad_row() is None


def test_a_file_that_is_locked_keeps_no_note_and_says_so(tmp_path, monkeypatch):
    """After waiting its turn; then it goes in."""
    monkeypatch.setattr(places, "NOTE_WAITS_MS", 100)
    with closing(InSqlite(tmp_path)) as kept:
        journal = kept.journal()
        journal.append(list(entries(four_days())))
        note = Note(first_trade(journal), AT, "again", ())
        with kept.locked(), pytest.raises(JournalInUse, match="the note was not kept, try again"):
            add_note(kept.place, note)
        assert notes_of(kept.reader()) == ()
        add_note(kept.place, note)
        assert notes_of(kept.reader()) == [note]
