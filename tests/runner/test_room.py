"""Room that is kept on the disk: who needs it on a full one has it, and the emergency stop comes through."""

import errno
import json
import shutil
from typing import NamedTuple

import pytest

from riskcore import events
from riskcore_openalgo.cli.direct import stop as stop_directly
from riskcore_openalgo.cli.live import kept, with_room_at
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.journal.places import place_of
from riskcore_openalgo.runner import fence, inbox, room
from riskcore_openalgo.runner.inbox import Inbox, InboxRefused, folder_of
from riskcore_openalgo.runner.room import KEPT, keep_room, make_room, reserve_beside, with_room
from tests.runner.live_days import MORNING, live_day
from tests.runner.test_emergency_live import arguments, settings_of


class Usage(NamedTuple):
    """What `shutil.disk_usage` tells."""

    total: int
    used: int
    free: int


@pytest.fixture
def disk(monkeypatch):
    """A disk whose room is what the test says."""

    def left(free):
        monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(100 * KEPT, 0, free))

    return left


@pytest.fixture
def full(monkeypatch):
    """A disk that has room for nothing while the reserve lies on it."""

    def at(place):
        def written(original):
            def write(*given, **more):
                if reserve_beside(folder_of(place)).exists():
                    raise OSError(errno.ENOSPC, "No space left on device")
                return original(*given, **more)

            return write

        for module, name in ((inbox, "_write"), (fence, "raise_fence")):
            monkeypatch.setattr(module, name, written(getattr(module, name)))
        monkeypatch.setattr("riskcore_openalgo.cli.direct.raise_fence", fence.raise_fence)
        monkeypatch.setattr(
            shutil,
            "disk_usage",
            lambda path: Usage(9, 0, 0 if reserve_beside(folder_of(place)).exists() else 2 * KEPT),
        )

    return at


def test_a_day_keeps_it_beside_its_journal_for_its_owner_alone(tmp_path):
    path = tmp_path / "live.db"
    with kept(path, mode="paper", analyzer=False):
        found = reserve_beside(folder_of(path))
        assert (found.name, found.stat().st_size, found.stat().st_mode & 0o077) == ("live.db.reserve", KEPT, 0)
        before = found.stat().st_mtime_ns
    with kept(path, mode="paper", analyzer=False):
        assert found.stat().st_mtime_ns == before, "what is there is not written again"


def test_none_is_taken_of_a_disk_that_has_little(tmp_path, disk):
    disk(2 * KEPT - 1)
    assert not keep_room(tmp_path / "live.db.inbox")
    assert not list(tmp_path.iterdir())
    disk(2 * KEPT)
    assert keep_room(tmp_path / "live.db.inbox")


def test_a_start_on_a_full_disk_gives_it_free_and_one_on_another_keeps_it(tmp_path, disk):
    path = tmp_path / "live.db"
    assert keep_room(folder_of(path))
    disk(room.LEAST)
    assert with_room_at(path) == path
    assert reserve_beside(folder_of(path)).exists()
    disk(room.LEAST - 1)
    with_room_at(path)
    assert not reserve_beside(folder_of(path)).exists()
    assert not make_room(folder_of(path)), "there is none any more"


def test_a_request_that_finds_the_disk_full_is_written_into_it(tmp_path, full):
    path = tmp_path / "live.db"
    Journal(path).close()
    keep_room(folder_of(path))
    full(path)
    asked = Inbox(folder_of(path)).put(events.OperatorHalted(MORNING, "asha", "enough"))
    assert asked.exists()
    assert not reserve_beside(folder_of(path)).exists()


def test_without_it_a_request_is_refused_with_what_to_do(tmp_path, monkeypatch):
    def nothing(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(inbox, "_write", nothing)
    with pytest.raises(InboxRefused, match="Free some room and ask again"):
        Inbox(tmp_path / "live.db.inbox").put(events.OperatorHalted(MORNING, "asha", "enough"))


def test_another_trouble_than_a_full_disk_leaves_it_where_it_is(tmp_path):
    keep_room(tmp_path / "live.db.inbox")

    def refused():
        raise PermissionError(errno.EACCES, "Permission denied")

    with pytest.raises(PermissionError):
        with_room(tmp_path / "live.db.inbox", refused)
    assert reserve_beside(tmp_path / "live.db.inbox").exists()


def test_the_emergency_stop_past_a_dead_runner_comes_through_on_a_full_disk(tmp_path, capsys, full):
    """The fence, which is a file, could not be raised; and it was said to stand before anybody had tried."""
    path = tmp_path / "live.db"
    with live_day(path) as day:
        day.entered()
        day.stop()
        keep_room(folder_of(path))
        full(path)
        assert stop_directly(settings_of(day), arguments(path), day.clock) == 0
        said = capsys.readouterr()
        assert json.loads(said.out)["stage"] == "flat"
        assert "the room that was kept for this was given free" in said.err
        assert day.broker.truth().position("NSE:INFY") == 0


def test_a_journal_that_cannot_be_read_for_want_of_room_says_so(tmp_path, disk):
    """Its own words, "disk I/O error", sound as if the journal were lost."""

    class Problem:
        orig = "disk I/O error"

    disk(0)
    assert "its disk is full (disk I/O error); free some room" in place_of(tmp_path / "live.db").why(Problem())
    disk(KEPT)
    assert "disk is full" not in place_of(tmp_path / "live.db").why(Problem())
    Problem.orig = "database or disk is full"
    assert "not a usable journal" not in place_of(tmp_path / "live.db").why(Problem())
    assert "its disk is full (database or disk is full); free some room" in place_of(tmp_path / "live.db").why(
        Problem()
    )


def test_a_fence_that_could_not_be_raised_is_not_said_to_stand(tmp_path, capsys, monkeypatch):
    path = tmp_path / "live.db"

    def nothing(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with live_day(path) as day:
        day.entered()
        monkeypatch.setattr("riskcore_openalgo.cli.direct.raise_fence", nothing)
        with pytest.raises(OSError, match="No space"):
            stop_directly(settings_of(day), arguments(path), day.clock)
        assert "the fence stands" not in capsys.readouterr().err
