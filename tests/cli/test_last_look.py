"""What `riskcore status` and `stop` say where nobody looks at the broker any more, or the runner has fallen silent."""

import json
import os
import sys
from datetime import datetime, timedelta

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.cli import status as status_verb
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.journal import Journal, Reader
from riskcore_openalgo.journal.places import place_of
from riskcore_openalgo.runner import Runner
from riskcore_openalgo.runner.by_hand import NoBroker
from riskcore_openalgo.runner.last_look import books_at, silent_s, unread
from tests.runner.live_days import MORNING

CAPABILITY = rc.capability("zerodha", on=MORNING.date())


def read_at(seconds, **books):
    """A look at the broker's books, so many seconds into the day."""
    at = MORNING + timedelta(seconds=seconds)
    empty = dict.fromkeys(("orders", "trades", "positions", "holdings"), ())
    return events.BooksRead(at, rc.BrokerBooks(at=at, **{**empty, **books}))


def kept(path, *inputs, capability=CAPABILITY):
    """A journal of a day amid a broker, with these inputs."""
    with Journal(path) as journal:
        runner = Runner(journal=journal, policy=rc.Policy(), lanes=NoBroker(), clock=lambda: MORNING)
        runner.start()
        for event in (events.BrokerSeen(MORNING, capability), *inputs):
            runner.offer(event)
            runner.settle()
    return path


def looked(path):
    """What is said of the last look."""
    with Reader(path) as journal:
        return unread(journal, journal.load().state)


def test_books_that_were_read_lately_are_not_spoken_of(tmp_path):
    path = kept(tmp_path / "j.db", read_at(1), events.TimePassed(MORNING + timedelta(seconds=30)))
    assert looked(path) == ""
    with Reader(path) as journal:
        assert books_at(journal) == MORNING + timedelta(seconds=1)


@pytest.mark.parametrize("missing", ["orders", "positions"])
def test_books_that_cannot_be_read_any_more_are_told_with_the_last_look(tmp_path, missing, capsys):
    """What is read of them meanwhile, without what is held or what works, is no look."""
    later = events.TimePassed(MORNING + timedelta(seconds=31))
    path = kept(tmp_path / "j.db", read_at(1), *(read_at(n, **{missing: None}) for n in range(2, 30)), later)
    assert looked(path) == "the broker's books were last read at 2026-11-23 10:30:01"
    assert main(["status", str(path)]) == 0
    assert "what is there now is not known here; see the broker's own page" in capsys.readouterr().out
    assert main(["status", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["books_unread"] == looked(path)


def test_books_that_were_never_read_are_told(tmp_path):
    assert looked(kept(tmp_path / "j.db")) == "the broker's books were never read"


def test_on_paper_there_are_no_books(tmp_path):
    paper = rc.capability("paper", on=MORNING.date())
    assert looked(kept(tmp_path / "j.db", capability=paper)) == ""


def test_a_runner_that_holds_the_lock_and_writes_nothing_may_hang(tmp_path, capsys, monkeypatch):
    """Its state looks as it did when it last wrote; the age of that is said, and what to do."""
    path = kept(tmp_path / "j.db", read_at(1))
    monkeypatch.setattr(status_verb, "now_in_ist", lambda: MORNING + timedelta(seconds=200))
    with Journal(path):
        assert main(["status", str(path)]) == 0
        fresh = capsys.readouterr().out
        for file in tmp_path.iterdir():
            os.utime(file, (0, 0))
        assert main(["status", str(path)]) == 0
        said = capsys.readouterr().out
        assert main(["status", str(path), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["silent_s"] == 199
    if sys.platform != "win32":
        assert "may hang" not in fresh
    assert "it has written nothing for 199 s and may hang: riskcore stop --direct" in said
    assert main(["status", str(path)]) == 0
    assert "may hang" not in capsys.readouterr().out, "none writes to it, and none hangs"


def test_a_journal_with_a_clock_of_its_own_is_not_silent_for_that(tmp_path):
    """`riskcore practice` plays another day; and a clock that was set back is not ahead of its journal."""
    path = kept(tmp_path / "j.db", read_at(1))
    with Reader(path) as journal:
        state = journal.load().state
    place = place_of(path)
    assert silent_s(place, state, MORNING - timedelta(days=3)) == 0
    if sys.platform != "win32":
        assert silent_s(place, state, MORNING + timedelta(days=9)) < 60
    assert datetime.now(rc.IST) > MORNING
