"""The inbox: what an operator leaves is taken once, whatever is killed when; what is no request is set aside."""

import json
import os
import sys
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.gateways.paper import PaperGateway
from riskcore_openalgo.journal import Durability, Journal, encode
from riskcore_openalgo.runner import InlineLanes, Runner
from riskcore_openalgo.runner.inbox import Inbox, InboxRefused, StopRequest, folder_of

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=rc.IST)
LATER = NOW + timedelta(seconds=5)
HALT = events.OperatorHalted(NOW, "asha", "lunch")
RESUME = events.OperatorResumed(NOW, "asha", "back")
ACCEPT = events.DifferencesAccepted(NOW, "asha", "sold by hand")
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such owners and modes")


@pytest.fixture
def journal(tmp_path):
    """The runner's journal."""
    with Journal(tmp_path / "live.db") as made:
        yield made


@pytest.fixture
def folder(tmp_path):
    """Its inbox."""
    return folder_of(tmp_path / "live.db")


def names(folder):
    """What lies there."""
    return sorted(path.suffix for path in folder.iterdir())


def at(event, moment):
    """The input as the runner takes it."""
    return type(event)(moment, *[getattr(event, f.name) for f in event.__attrs_attrs__][1:])


def test_what_is_put_is_due_once_stamped_with_the_runners_time(folder, journal):
    """In the order in which it was put; the files go when the journal has the inputs."""
    asks = Inbox(folder)
    for event in (HALT, RESUME, ACCEPT):
        asks.put(event)
    runner = Inbox(folder, journal)
    due = runner.due(LATER)
    assert due == [at(event, LATER) for event in (HALT, RESUME, ACCEPT)]
    assert names(folder) == [".taken"] * 3
    assert runner.due(LATER) == []
    journal.append(due)
    assert runner.due(LATER) == []
    assert names(folder) == []


@pytest.mark.parametrize(("other_clock", "raised"), [(False, NOW), (True, LATER)])
def test_a_wish_to_trade_is_as_old_as_it_waited_where_both_clocks_are_one(folder, journal, other_clock, raised):
    """By a runner's clock that is another day's it would be of months ago, or from the future."""
    wish = rc.Signal("INFY", "BUY", at=NOW, source="operator")
    Inbox(folder).put(events.OperatorEntered(NOW, "asha", "gap", wish))
    (taken,) = Inbox(folder, journal, other_clock=other_clock).due(LATER)
    assert (taken.at, taken.signal.at) == (LATER, raised)


def test_the_folder_is_ours_alone_and_lies_beside_the_journal(folder, tmp_path):
    """Mode 0700, and the files 0600."""
    path = Inbox(folder).put(HALT)
    assert folder == tmp_path / "live.db.inbox"
    if sys.platform != "win32":
        assert folder.stat().st_mode & 0o777 == 0o700
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_servers_inbox_lies_in_the_folder_of_states_and_tells_no_password(monkeypatch, tmp_path):
    """One a database, whatever the password."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    first, second = (folder_of(f"postgresql://asha:{word}@localhost/live") for word in ("one", "two"))
    assert first == second
    assert first.parent == tmp_path / "riskcore"
    assert first != folder_of("postgresql://asha@localhost/paper")


# ---------------------------------------------------------------- killed in between


def test_F50_killed_before_the_input_was_durable_it_is_handed_over_again(folder, journal):
    """The next start finds a taken file that the journal does not show."""
    Inbox(folder).put(ACCEPT)
    (first,) = Inbox(folder, journal).due(NOW)
    (again,) = Inbox(folder, journal).due(LATER)
    assert again == first


def test_F50_killed_after_the_input_was_durable_it_is_not_taken_again(folder, journal):
    """The journal shows it: the file goes, and a later difference is not accepted by an old word."""
    Inbox(folder).put(ACCEPT)
    journal.append(Inbox(folder, journal).due(NOW))
    assert names(folder) == [".taken"]
    assert Inbox(folder, journal).due(LATER) == []
    assert names(folder) == []


def test_F50_killed_between_stamp_and_removal_it_is_taken_once(folder, journal, monkeypatch):
    """Both files are there: the request was never handed over, so it is stamped anew."""
    path = Inbox(folder).put(HALT)
    kept = path.read_bytes()
    Inbox(folder, journal)._stamped(path, at(HALT, NOW))
    path.write_bytes(kept)
    runner = Inbox(folder, journal)
    due = runner.due(LATER)
    assert due == [at(HALT, LATER)]
    journal.append(due)
    assert runner.due(LATER) == []
    assert names(folder) == []


def test_F50_a_file_half_written_is_not_seen(folder, journal):
    """It has another name until it is whole."""
    Inbox(folder).put(HALT)
    (path,) = folder.iterdir()
    path.rename(path.with_name(f".{path.name}.part"))
    assert Inbox(folder, journal).due(NOW) == []


def test_F52_while_rows_wait_in_the_spool_the_file_stays_and_is_not_handed_over_twice(folder, journal, tmp_path):
    """Nobody is asked then; once the database has the row, the file goes."""
    Inbox(folder).put(HALT)
    runner = Inbox(folder, journal)
    due = runner.due(NOW)
    with journal._writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    assert journal.append(due) is Durability.SPOOL
    assert runner.due(LATER) == []
    assert names(folder) == [".taken"]
    with journal._writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = OFF")
    journal.append([events.TimePassed(LATER)])
    assert runner.due(LATER) == []
    assert names(folder) == []


def test_a_journal_that_cannot_be_asked_hands_nothing_over(folder, journal):
    """A taken file of an earlier run: whether it was durable is not known, so it waits; it is told once."""

    class Gone:
        length, trouble = 5, ""

        def select(self, query):
            raise OSError

    Inbox(folder).put(ACCEPT)
    Inbox(folder, journal).due(NOW)
    told = []
    runner = Inbox(folder, Gone(), tell=told.append)
    assert (runner.due(NOW), runner.due(LATER), names(folder)) == ([], [], [".taken"])
    assert len(told) == 1
    assert Inbox(folder, journal).due(LATER) == [ACCEPT]


# ---------------------------------------------------------------- nonsense


def request(event=HALT, **changes):
    """A request as text."""
    name = type(event).__name__
    return json.dumps({"riskcore_request": 1, "type": name, "version": 1, "body": encode(event), **changes})


NONSENSE = {
    "nothing": b"",
    "bytes": b"\xff\x00\xfe",
    "text": b"stop",
    "a list": b"[1]",
    "a number": b"1",
    "too deep": b"[" * 60_000,
    "too large": b'{"a":"' + b"x" * 70_000 + b'"}',
    "another form": request(riskcore_request=2).encode(),
    "a price": request(events.TimePassed(NOW)).encode(),
    "no type": request(type=None).encode(),
    "a type of no text": request(type=["OperatorHalted"]).encode(),
    "no body": request(body=None).encode(),
    "no version": request(version="1").encode(),
    "a version to come": request(version=9).encode(),
    "a body of another": request(body=encode(RESUME)).encode(),
    "a body that is no JSON": request(body="{").encode(),
    "nobody": request(body=encode(HALT).replace("asha", "  ")).encode(),
    "an unknown state": request(body=encode(HALT).replace("halted", "asleep")).encode(),
    "no zone": request(body=encode(HALT).replace("+05:30", "")).encode(),
    "no time": request(body=encode(HALT).replace("2026-11-20T10:30:00+05:30", "now")).encode(),
    "a stop of no size": request(
        events.TightenStop(NOW, "NSE:X", Decimal(5)),
        body='{"at":"2026-11-20T10:30:00+05:30","by":"x","key":"NSE:X","stop":"1E-99999999"}',
    ).encode(),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_is_set_aside_told_and_never_raises(folder, journal, what):
    """Whatever stands in a file; the good request behind it is taken."""
    asks = Inbox(folder)
    (folder / "0.json").write_bytes(NONSENSE[what]) if folder.exists() else None
    asks.put(RESUME)
    (folder / "0.json").write_bytes(NONSENSE[what])
    told = []
    runner = Inbox(folder, journal, tell=told.append)
    assert runner.due(LATER) == [at(RESUME, LATER)]
    assert runner.due(LATER) == []
    assert (folder / "0.json.bad").read_bytes() == NONSENSE[what]
    assert len(told) == 1
    assert "0.json: no request, set aside as .bad" in told[0]


@posix
def test_a_link_a_folder_and_a_pipe_are_no_requests(folder, journal, tmp_path):
    """Nothing is read through them, and nothing waits for them."""
    Inbox(folder).put(HALT).unlink()
    (tmp_path / "elsewhere.json").write_text(request(), encoding="utf-8")
    (folder / "1.json").symlink_to(tmp_path / "elsewhere.json")
    (folder / "2.json").mkdir()
    os.mkfifo(folder / "3.json")
    told = []
    assert Inbox(folder, journal, tell=told.append).due(NOW) == []
    assert sorted(path.name for path in folder.iterdir()) == ["1.json.bad", "2.json.bad", "3.json.bad"]
    assert len(told) == 3


def test_other_files_are_left_alone(folder, journal):
    """Only requests are looked at."""
    Inbox(folder).put(HALT).unlink()
    (folder / "README.txt").write_text("mine", encoding="utf-8")
    assert Inbox(folder, journal).due(NOW) == []
    assert names(folder) == [".txt"]


@pytest.mark.parametrize("event", [events.TimePassed(NOW), events.EquityRead(NOW, Decimal(5))])
def test_only_what_an_operator_says_can_be_put(folder, event):
    """No price, no equity, no report of an order."""
    with pytest.raises(ValueError, match="is no operator's input"):
        Inbox(folder).put(event)
    assert not folder.exists()


# ---------------------------------------------------------------- whose folder


@posix
@pytest.mark.parametrize("mode", [0o777, 0o720, 0o702])
def test_a_folder_that_others_may_write_into_is_refused(folder, mode):
    """By whoever asks and by the runner: it would let them command the account."""
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(InboxRefused, match="others may write into it, and so command this account: chmod 700"):
        Inbox(folder)


@posix
def test_a_folder_of_another_user_is_refused(folder, monkeypatch):
    """Whoever that is."""
    folder.mkdir(mode=0o700)
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    with pytest.raises(InboxRefused, match="belongs to another user"):
        Inbox(folder)


@posix
def test_a_link_is_no_folder(folder, tmp_path):
    """Nor is a file."""
    (tmp_path / "there").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "there")
    with pytest.raises(InboxRefused, match="is no folder of its own"):
        Inbox(folder)


@posix
def test_a_folder_that_becomes_anothers_while_we_run_is_told_once_and_read_no_more(folder, journal):
    """A turn never fails for it; mended, it is read again."""
    told = []
    asks, runner = Inbox(folder), Inbox(folder, journal, tell=told.append)
    asks.put(HALT)
    folder.chmod(0o777)
    assert (runner.due(NOW), runner.due(NOW), runner.stop_request()) == ([], [], None)
    assert len(told) == 1
    assert "chmod 700" in runner.trouble
    with pytest.raises(InboxRefused):
        asks.put(HALT)
    folder.chmod(0o700)
    assert runner.due(NOW) == [HALT]
    assert runner.trouble == ""


def test_a_folder_that_is_not_there_is_an_empty_one(folder, journal):
    """Nothing is made of it by asking."""
    runner = Inbox(folder, journal)
    assert (runner.due(NOW), runner.stop_request()) == ([], None)
    runner.stopped()
    assert not folder.exists()


def test_without_a_journal_nothing_is_handed_over(folder):
    """What cannot be looked up could be taken twice."""
    with pytest.raises(ValueError, match="give it the runner's journal"):
        Inbox(folder).due(NOW)


# ---------------------------------------------------------------- to stop


def test_a_request_to_stop_stands_until_the_runner_has_stopped(folder, journal):
    """Through a crash and the next start, too."""
    Inbox(folder).put_stop(at=NOW, by="asha")
    for _ in range(2):
        runner = Inbox(folder, journal)
        assert runner.stop_request() == StopRequest(NOW, "asha", flatten=False)
    assert runner.due(NOW) == []
    runner.stopped()
    assert runner.stop_request() is None
    assert names(folder) == []


def test_of_several_requests_the_first_is_told_and_any_may_flatten(folder):
    """Asked twice, the second time to leave all positions."""
    asks = Inbox(folder)
    asks.put_stop(at=NOW, by="asha")
    asks.put_stop(at=LATER, by="ravi", flatten=True)
    assert asks.stop_request() == StopRequest(NOW, "asha", flatten=True)


@pytest.mark.parametrize(
    "content",
    [
        {"type": "stop", "at": NOW.isoformat(), "by": "x"},
        {"type": "stop", "at": "now", "by": "x", "flatten": True},
        {"type": "stop", "at": "2026-11-20T10:30:00", "by": "x", "flatten": True},
        {"type": "stop", "at": NOW.isoformat(), "by": 5, "flatten": True},
        {"type": "stop", "by": "x", "flatten": True},
        {"type": "halt", "at": NOW.isoformat(), "by": "x", "flatten": True},
    ],
)
def test_a_request_to_stop_that_is_none_is_set_aside(folder, content):
    """And nothing stops."""
    told = []
    inbox = Inbox(folder, tell=told.append)
    inbox.put_stop(at=NOW, by="x")
    (path,) = folder.iterdir()
    path.write_text(json.dumps({"riskcore_request": 1, **content}), encoding="utf-8")
    assert inbox.stop_request() is None
    assert names(folder) == [".bad"]
    assert len(told) == 1


# ---------------------------------------------------------------- in a runner


class NoEvidence:
    """Nobody to ask."""

    def equity(self, command, at):
        return events.EquityRead(at, Decimal(100_000))

    def market(self, signal, interval, at):
        return None


def test_an_inbox_is_the_timers_of_a_runner(folder, journal):
    """A halt left by another process stops entries in the next turn; its file goes in the one after."""
    asks = Inbox(folder)
    facts = []
    runner = Runner(
        journal=journal,
        policy=rc.Policy(),
        lanes=InlineLanes(PaperGateway(), NoEvidence()),
        clock=lambda: LATER,
        timers=Inbox(folder, journal),
        watch=facts.append,
    )
    runner.start()
    runner.settle()
    path = asks.put(HALT)
    assert asks.waits(path)
    runner.turn()
    assert asks.waits(path)
    assert runner.state.book.state == "halted"
    assert [row.event for row in journal.rows("input")][-1] == at(HALT, LATER)
    runner.turn()
    assert not asks.waits(path)
    assert not any(isinstance(fact, events.ClockBackward) for fact in facts)
