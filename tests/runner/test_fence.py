"""The fence: raised, it keeps every runner that began before it from sending, and none that begins after."""

import os
import socket
import subprocess
import sys
from datetime import datetime
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events
from riskcore.orders import Revision
from riskcore_openalgo.journal import Journal, JournalInUse
from riskcore_openalgo.journal.places import place_of
from riskcore_openalgo.runner.direct import TakeoverFailed, process_here, take_over
from riskcore_openalgo.runner.fence import Fence, fence_of, raise_fence, standing
from tests.gateways.desks import entry, leaving, live_desk

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=rc.IST)


def raised(path, by="asha"):
    """A fence is raised."""
    return raise_fence(path, by=by, why="hung", at=NOW)


def test_a_runner_is_shut_out_by_a_fence_that_is_not_its_own(tmp_path):
    """It reads the one that stands when it begins; another one, or none any more, shuts it out."""
    path = fence_of(tmp_path / "live.db.inbox")
    assert path.name == "live.db.fence"
    early = Fence(path)
    assert early.shut() == ""
    first = raised(path)
    assert (standing(path), early.shut()) == (first, f"asha has taken this account over at {NOW.isoformat()}: hung")
    late = Fence(path)
    assert late.shut() == ""
    raised(path)
    assert late.shut()
    path.unlink()
    assert "was removed" in late.shut()


def test_what_the_journal_says_of_another_machine_shuts_out_too(tmp_path):
    """No file of this machine tells of it; a fence that was raised here is told first."""
    said = ["another machine sends for this account"]
    fence = Fence(tmp_path / "live.db.fence", taken=lambda: said[-1])
    assert fence.shut() == said[0]
    said.append("")
    assert fence.shut() == ""
    raised(fence.path)
    said.append("another again")
    assert "asha has taken" in fence.shut()


@pytest.mark.parametrize("text", ["", "{}", "[1]", "\0\1", '{"token": 1}'])
def test_a_fence_that_cannot_be_read_shuts_out_who_began_before(tmp_path, text):
    """Whatever stands there is a token: the same bytes are the same fence."""
    path = tmp_path / "live.db.fence"
    early = Fence(path)
    path.write_text(text, encoding="utf-8")
    assert early.shut()
    assert Fence(path).shut() == ""


def test_F56_behind_a_fence_nothing_is_sent(tmp_path):
    """Neither an entry nor an exit, nor a cancel, nor a change: another process has the account."""
    fence = Fence(tmp_path / "fence")
    with live_desk(fence=fence.shut) as desk:
        _, resting = desk.place(leaving(10, limit=970, trigger=980))
        raised(tmp_path / "fence")
        for order in (entry(), leaving()):
            _, report = desk.place(order)
            assert (report.status, report.error) == ("rejected", "not_sent")
            assert "asha has taken this account over" in report.note
        desk.cancel(resting)
        wish = events.ReviseOrder(resting.order_id, Revision(5, Decimal(970), Decimal(985)), resting.broker_id)
        (answer,) = desk.gateway.revise(wish, NOW)
        assert (answer.outcome, answer.note[:4]) == (events.UNSURE, "asha")
        assert desk.asked("placeorder") == 1
        assert desk.asked("cancelorder") == desk.asked("modifyorder") == 0
        assert desk.order(resting).status == "trigger pending"


# ---------------------------------------------------------------- the writer's lock, taken

HOLD = """
import sys, time
from pathlib import Path
from riskcore_openalgo.journal import Journal
with Journal(Path(sys.argv[1])) as journal:
    print("ready", flush=True)
    time.sleep(600)
"""


def test_a_process_that_keeps_the_lock_is_ended(tmp_path):
    """It is named in the lock; when it is gone the journal can be written, with nothing lost."""
    path, said = tmp_path / "live.db", []
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline() == "ready\n"
            place = place_of(path)
            assert process_here(place.holder()) == child.pid
            take_over(place, tell=said.append, grace_s=0.1)
            assert child.wait(timeout=60) != 0
        finally:
            child.kill()
    assert "does not end by itself: it is ended" in said[0]
    Journal(path).close()


def test_a_lock_whose_holder_cannot_be_ended_is_broken(tmp_path):
    """Our own process, or one of another machine: the lock is taken from under it, and it conflicts when it writes."""
    path, said = tmp_path / "live.db", []
    with Journal(path) as old:
        with pytest.raises(JournalInUse):
            Journal(path)
        take_over(place_of(path), tell=said.append, grace_s=0, ends_s=0.2)
        assert "keeps the writer's lock: it is broken" in said[-1]
        with Journal(path) as new:
            new.append([events.TimePassed(NOW)])
            assert old.length == 0


def test_a_lock_that_nobody_holds_needs_nothing(tmp_path):
    """Nothing is said, nobody is ended."""
    Journal(tmp_path / "live.db").close()
    take_over(place_of(tmp_path / "live.db"), tell=pytest.fail, grace_s=0)


def test_a_lock_that_stays_is_told(tmp_path, monkeypatch):
    """The message names who holds it, and what to do."""
    with Journal(tmp_path / "live.db"):
        place = place_of(tmp_path / "live.db")
        monkeypatch.setattr(place, "break_lock", lambda: None)
        with pytest.raises(TakeoverFailed, match=f"process {os.getpid()} on .* end it by hand"):
            take_over(place, tell=lambda text: None, grace_s=0, ends_s=0)


@pytest.mark.parametrize(
    ("holder", "process"),
    [
        (f"process 4711 on {socket.gethostname()}", 4711),
        (f"riskcore: process 4711 on {socket.gethostname()}", 4711),
        ("process 4711 on another-machine", None),
        (f"process {os.getpid()} on {socket.gethostname()}", None),
        ("", None),
        ("somebody", None),
    ],
    ids=["another", "another-that-says-who-it-is", "elsewhere", "this-one", "nobody", "no-process"],
)
def test_only_a_process_of_this_machine_is_ever_ended(holder, process):
    """And never ourselves."""
    assert process_here(holder) == process
