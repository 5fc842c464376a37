"""The intake as a process of its own: durable before the answer, in the journal once, whoever dies in between."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from riskcore import events
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.config import Intake
from riskcore_openalgo.failpoints import VARIABLE
from riskcore_openalgo.journal.replay import replay
from riskcore_openalgo.journal.spool import Spool, waiting_in
from riskcore_openalgo.runner.intake_child import Ticks
from riskcore_openalgo.runner.receipts import SIZE, Known, Receipts, Seen, receipts_beside
from riskcore_openalgo.runner.receiving import Receiving, receiving
from riskcore_openalgo.web.alerts import read_alert
from riskcore_openalgo.web.gate import Secret, SourceRules, Sources
from tests.runner.test_runner import Bench
from tests.web.senders import post

ROOT = Path(__file__).parents[2]
SECRET, OTHER = "the-secret-of-tradingview", "another-secret-of-tradingview"
BUY = {"symbol": "SBIN", "action": "buy", "secret": SECRET}
PATH = "/webhook/tv"
PATIENCE_S = 60.0


def until(condition):
    """Wait for something that another process does."""
    ends = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < ends, "it did not come to that"
        time.sleep(0.01)


class Place:
    """A bench whose alerts come in through a process of its own."""

    def __init__(self, folder):
        self.bench, self.told, self.alarms = Bench(folder / "journal.db"), [], []
        self.sources = Sources({"tv": SourceRules(secrets=(Secret(SECRET),))})
        self.given = Receiving(
            runner=self.bench.runner,
            journal=self.bench.journal,
            sources=self.sources,
            tell=self.told.append,
            alarm=self.alarms.append,
            ticks=Ticks(self.bench.now, time.monotonic(), 0.0),
        )

    @contextlib.contextmanager
    def open(self, port, *, turning=True):
        """The intake; with a runner that turns, or one that is busy with something else."""
        stop = threading.Event()
        thread = threading.Thread(target=self._turn, args=(stop,))
        with receiving(Intake(port=port), self.given) as server:
            if turning:
                thread.start()
            try:
                yield server
            finally:
                stop.set()
                if turning:
                    thread.join()

    def _turn(self, stop):
        while not stop.is_set():
            self.bench.runner.settle()
            stop.wait(0.002)

    def taken(self):
        """The alerts in the journal."""
        names = ("SignalArrived", "AlertRefused")
        return [row.event for row in self.bench.journal.rows(types=names)]

    def left(self):
        """What waits in the intake's file once nobody has it open."""
        with contextlib.closing(Spool(receipts_beside(self.bench.journal.inbox), SIZE)) as spool:
            return spool.waiting

    def close(self):
        self.bench.journal.close()


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    yield made
    made.close()


def test_an_alert_goes_through_both_processes_and_leaves_nothing_behind(place, free_tcp_port):
    """Good, repeated and bad: answered as by an intake within the runner, and each once in the journal."""
    with place.open(free_tcp_port) as server:
        first, again, bad = (post(server, PATH, body) for body in (BUY, BUY, {**BUY, "action": "hold"}))
        until(lambda: len(place.taken()) == 3)
        until(lambda: place.bench.runner.fate(first[1]["signal"]) is not None)
    assert (first[0], first[1]["status"]) == (200, "accepted")
    assert again == (200, {"status": "duplicate", "of": first[1]["signal"], "receipt": first[1]["receipt"]})
    assert (bad[0], bad[1]["reason"]) == (400, "alert_action_unknown")
    assert [event.receipt for event in place.taken() if isinstance(event, events.AlertRefused)] == [bad[1]["receipt"]]
    assert place.left() == ()
    assert replay(place.bench.journal).same
    assert place.alarms == []


def test_an_alert_is_answered_while_the_runner_is_busy_and_taken_when_it_turns(place, free_tcp_port):
    with place.open(free_tcp_port, turning=False) as server:
        answer = post(server, PATH, BUY)
        assert (answer[0], place.taken()) == (200, [])
        until(place.bench.runner.turn)
        place.bench.runner.settle()
    assert [event.signal.receipt for event in place.taken()] == [answer[1]["receipt"]]


def test_what_is_asked_stands_in_the_runners_access_log_without_the_secret(place, free_tcp_port, caplog):
    with caplog.at_level("INFO"), place.open(free_tcp_port) as server:
        answers = post(server, f"{PATH}/{SECRET}", BUY)[0], post(server, f"{PATH}/wrong%25s", BUY)[0]

        def said():
            return [record.getMessage() for record in caplog.records if record.name == "riskcore.access"]

        until(lambda: len(said()) == len(answers))
    told = [line.rsplit(" ", 2)[0] for line in said()]
    assert answers == (200, 401)
    assert told == [f"127.0.0.1 POST {PATH}/*** 200", f"127.0.0.1 POST {PATH}/*** 401"]


def test_what_a_runner_did_not_take_the_next_one_takes_once(tmp_path, free_tcp_port):
    """The first ends without a turn; the second has it from the file, the third from nowhere."""
    first = Place(tmp_path)
    with first.open(free_tcp_port, turning=False) as server:
        answer = post(server, PATH, BUY)
    first.close()
    for _ in range(2):
        again = Place(tmp_path)
        with again.open(free_tcp_port):
            until(again.taken)
        assert [event.signal.receipt for event in again.taken()] == [answer[1]["receipt"]]
        again.close()


def test_the_command_knows_an_alert_that_no_runner_has_taken(place, free_tcp_port, capsys):
    """Written down and waiting is a fate too; another receipt is none."""
    with place.open(free_tcp_port, turning=False) as server:
        receipt = post(server, PATH, BUY)[1]["receipt"]
        assert main(["journal", "signal", receipt, "--journal", str(place.bench.journal.path)]) == 0
        assert "not taken by a runner yet" in capsys.readouterr().out
        assert main(["journal", "signal", "0" * 16, "--journal", str(place.bench.journal.path)]) == 1


def test_F01_a_repetition_is_told_after_a_restart_too(tmp_path, free_tcp_port):
    first = Place(tmp_path)
    with first.open(free_tcp_port) as server:
        answer = post(server, PATH, BUY)
        until(first.taken)
    first.close()
    again = Place(tmp_path)
    with again.open(free_tcp_port) as server:
        assert post(server, PATH, BUY)[1]["of"] == answer[1]["signal"]
        until(lambda: len(again.taken()) == 2)
    again.close()


def test_an_intake_that_is_killed_is_started_again_and_told_of(place, free_tcp_port):
    """The same port takes alerts again; what the dead one had written is in the journal once."""
    with place.open(free_tcp_port) as server:
        assert post(server, PATH, BUY)[0] == 200
        until(place.taken)
        os.kill(server.process.pid, signal.SIGKILL)
        until(lambda: server.process.restarts == 1 and server.process.up)
        assert post(server, PATH, {**BUY, "action": "sell"})[0] == 200
        until(lambda: len(place.taken()) == 2)
    assert [told for told in place.alarms if "ended by itself" in told]
    assert len(place.taken()) == 2


def test_secrets_are_replaced_in_the_running_process(place, free_tcp_port):
    with place.open(free_tcp_port) as server:
        assert post(server, PATH, {**BUY, "secret": OTHER})[0] == 401
        place.sources.replace({"tv": SourceRules(secrets=(Secret(OTHER),))})
        until(lambda: post(server, PATH, {**BUY, "secret": SECRET, "symbol": "TCS"})[0] == 401)
        assert post(server, PATH, {**BUY, "secret": OTHER})[0] == 200
        until(lambda: any(isinstance(event, events.SignalArrived) for event in place.taken()))
    written = b"".join(path.read_bytes() for path in place.bench.journal.path.parent.iterdir() if path.is_file())
    assert SECRET.encode() not in written
    assert OTHER.encode() not in written


def test_a_port_in_use_and_a_file_in_use_are_said_where_the_intake_is_opened(place, tmp_path, free_tcp_port):
    """The system's own error; and two intakes never write the same receipts."""
    (tmp_path / "other").mkdir()
    other = Place(tmp_path / "other")
    with place.open(free_tcp_port):
        with pytest.raises(OSError, match=r"in use|10048|permitted"), other.open(free_tcp_port):
            pass
        with pytest.raises(OSError, match="is being written by process"), place.open(free_tcp_port):
            pass
    other.close()


def test_a_file_that_is_full_or_broken_takes_nothing_and_says_send_it_again(tmp_path):
    """503, and the runner hears of nothing."""
    bench, handed = Bench(tmp_path / "journal.db"), []
    spool = Spool(tmp_path / "small", 64)
    receipts = Receipts(spool, handed.append, known=Known(Seen()), clock=lambda: bench.now, after=0)
    reading = read_alert(json.dumps(BUY).encode(), source="tv", received_at=bench.now, secret=SECRET)

    async def submitted():
        return await receipts.submit(reading, "tv")

    assert asyncio.run(submitted()).status_code == 503
    receipts.close()
    bench.journal.close()
    assert handed == []


CELLS = [
    "receipts.rows.writing",
    "spool.rows.written",
    "receipts.rows.kept",
    "intake.answer.sending",
    "spool.clearing",
    "receipts.rows.taking",
    "runner.commands.between@AskEvidence",
    "runner.turn.durable@SignalArrived",
    "receipts.rows.taken",
]
"""Where one of the two processes is killed; the last four are the runner."""


@pytest.mark.parametrize("failpoint", CELLS)
def test_killed_anywhere_an_alert_is_one_signal_and_none_that_was_answered_is_lost(tmp_path, free_tcp_port, failpoint):
    """The sender sends until it is answered; a second day begins after the first was killed."""
    program = [sys.executable, "-m", "tests.runner.intake_day", str(tmp_path), str(free_tcp_port)]
    environ, pipe = {**os.environ, VARIABLE: failpoint}, subprocess.PIPE
    answered = False
    with subprocess.Popen(program, env=environ, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as day:
        assert day.stdout.readline() == "listens\n"
        with contextlib.suppress(OSError, ValueError, EOFError):
            answered = post(Door(free_tcp_port), PATH, BUY)[0] == 200
        with contextlib.suppress(subprocess.TimeoutExpired):
            day.wait(1.0)
        day.kill()
    again = Place(tmp_path)
    with again.open(free_tcp_port) as server:
        if not answered:
            assert post(server, PATH, BUY)[0] == 200
        until(lambda: again.taken() and not waiting_in(receipts_beside(again.bench.journal.inbox)))
        again.bench.runner.settle()
    signals = {event.signal.id for event in again.taken()}
    approved = list(again.bench.journal.rows(types=["EntryApproved", "EntryRefused"]))
    assert (len(signals), len(approved)) == (1, 1)
    assert len(again.taken()) == 1 or not answered
    assert again.left() == ()
    again.close()


class Door:
    """Where a server of another process listens."""

    def __init__(self, port):
        self.host, self.port = "127.0.0.1", port
