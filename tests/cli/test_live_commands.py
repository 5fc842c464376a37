"""`riskcore live`, `shadow` and `paper` as a user runs them: banner, alerts, a trade, an end with a code."""

import argparse
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta, timezone

import pytest
from attrs import evolve

from riskcore import events
from riskcore_openalgo.cli.live import run
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.client import Client
from riskcore_openalgo.config import Credentials, Logging, Settings, System, Watching, Webhook, write_defaults
from riskcore_openalgo.config.control_page import ControlAccess, ControlPage
from riskcore_openalgo.config.settings import Intake
from riskcore_openalgo.journal import JournalBroken, JournalInUse, Reader
from riskcore_openalgo.runner import live as live_runner
from riskcore_openalgo.runner.inbox import Inbox, folder_of
from riskcore_openalgo.runner.sole_sender import sole_sender
from riskcore_openalgo.runner.stopping import FLAT, HOLDING, UNSETTLED
from riskcore_openalgo.testing import Fault
from riskcore_openalgo.web.control.passwords import hashed
from tests.runner.live_days import KEY, live_day

SECRET = "a-secret-of-the-tests"


class Driver:
    """Somebody beside the command, in a thread: trades, posts alerts, and stops it in the end."""

    def __init__(self, act):
        self.problem = None
        self._act = act
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join()
        if self.problem is not None:
            raise self.problem

    def _run(self):
        try:
            self._act()
        except BaseException as problem:  # noqa: BLE001 - told after the command has ended
            self.problem = problem
        finally:
            os.kill(os.getpid(), signal.SIGTERM)


def post(port, text):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("POST", "/webhook/tradingview", text, {"content-type": "application/json"})
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def alert(day):
    at = day.clock().astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps(
        {
            "secret": SECRET,
            "ticker": "NSE:INFY",
            "action": "buy",
            "price": 1000,
            "interval": "5",
            "timenow": at,
            "time": at,
        }
    )


def wait(condition, patience_s=60.0):
    ends = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


def settings_of(day, port):
    """The day's own settings, with an intake of alerts."""
    given = day._settings
    return Settings(
        policy=given.policy,
        credentials=Credentials(openalgo=given.credentials.openalgo, webhook=Webhook(secrets={"tradingview": SECRET})),
        system=System(
            watch=["INFY"],
            intake=Intake(port=port),
            mode="live",
            metrics=Watching(port=None),
            logging=Logging(folder=None),
        ),
    )


def open_gate(place):
    """Whether entries may go, by the journal: it may be being made."""
    with contextlib.suppress(FileNotFoundError, JournalBroken), Reader(place) as journal:
        book = journal.load().state.book
        return book.state == "active" and book.opening_equity is not None
    return False


def traded(day, port, path):
    """Wait for the gate, post an alert, wait for the stop to rest."""

    def act():
        wait(lambda: open_gate(path))
        for price in (1000, "1000.1", 1000):
            day.broker.tick("NSE:INFY", price)
            time.sleep(0.1)
        wait(lambda: _port_is_open(port))
        answer = post(port, alert(day))
        assert answer["status"] == "accepted", answer
        wait(lambda: any(order.pricetype == "SL" and order.status == "trigger pending" for order in orders(day)))

    return act


def orders(day):
    return day.broker.truth().orders


def _port_is_open(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@pytest.mark.parametrize(("flatten", "code"), [(False, HOLDING), (True, FLAT)])
def test_a_day_from_the_banner_to_the_end(tmp_path, capsys, free_tcp_port, flatten, code):
    """An alert over HTTP becomes a protected position at the broker; a polite kill ends the day."""
    path = tmp_path / "live.db"
    with live_day(path, start=False) as day:
        arguments = argparse.Namespace(journal=path, flatten=flatten, config=None)
        with Driver(traded(day, free_tcp_port, path)):
            found = run(settings_of(day, free_tcp_port), arguments, mode="live", analyzer=False, clock=day.clock)
        said = capsys.readouterr().out
        assert found == code
        assert "REAL MONEY: orders go to the broker" in said
        assert "in Semi-Auto stops and exits wait for a hand" in said
        assert KEY not in said
        assert SECRET not in said
        assert (day.broker.truth().position("NSE:INFY") == 0) == flatten
        assert ("rests at the broker" in said) != flatten
    assert main(["stop", "--journal", str(path), "--flatten"]) == code
    assert ("NOT every position has left" in capsys.readouterr().out) != flatten
    journal = Reader(path)
    kinds = {row.type for row in journal.rows()}
    assert {"SignalTaken", "EntryApproved", "Filled", "Covered", "Reconciled"} <= kinds
    assert any(
        isinstance(row.event, events.Latched) and row.event.latch.name == "shutting_down" for row in journal.rows()
    )
    journal.close()


@pytest.mark.parametrize("mode", ["paper", "shadow"])
def test_a_day_whose_orders_are_withheld_ends_without_a_word_of_stops_at_the_broker(
    tmp_path, capsys, free_tcp_port, mode
):
    """A position on paper is held when it ends: nobody is told that anything of it rests anywhere."""
    path = tmp_path / f"{mode}.db"

    def bought():
        wait(lambda: open_gate(path))
        wait(lambda: _port_is_open(free_tcp_port))
        answer = post(free_tcp_port, alert(day))
        assert answer["status"] == "accepted", answer
        wait(filled)

    def filled():
        day.broker.tick("NSE:INFY", day.clock().second % 2 + 1000)
        with Reader(path) as journal:
            return any(row.type == "Filled" for row in journal.rows())

    with live_day(path, start=False) as day:
        arguments = argparse.Namespace(journal=path, flatten=False, config=None)
        with Driver(bought):
            code = run(settings_of(day, free_tcp_port), arguments, mode=mode, analyzer=False, clock=day.clock)
        said = capsys.readouterr().out
        assert code == HOLDING
        assert f"riskcore {mode.upper()}\n  no real money can move" in said
        assert "orders     nowhere: withheld" in said
        assert re.search(r"open: BUY \d+ NSE:INFY at 100[01]\.\d+, stop [\d.]+, on paper\n", said)
        assert "stopped: positions are held on paper; none of them is at a broker" in said
        assert "at the broker\n" not in said
        assert day.broker.truth().orders == ()


def test_real_orders_need_the_word_in_the_configuration(tmp_path, capsys, monkeypatch):
    """It is the configuration that is wrong, and the exit code says so; nothing was made or asked."""
    monkeypatch.chdir(tmp_path)
    write_defaults(tmp_path / "config")
    assert main(["live", "--config", "config", "--journal", "live.db"]) == 78
    assert "system_config.yaml: mode: real orders need `mode: live`" in capsys.readouterr().err
    assert not (tmp_path / "live.db").exists()


def test_without_a_key_the_remedy_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("OPENALGO_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    main(["init", "config"])
    assert main(["live", "--config", "config", "--analyzer"]) == 1
    assert "make one on OpenAlgo's page API Key" in capsys.readouterr().err


@pytest.mark.parametrize("verb", [["live", "--analyzer"], ["shadow"], ["paper"]])
def test_with_nobody_at_the_other_end_it_waits_says_so_and_stops_with_ctrl_c(tmp_path, verb):
    """A process of its own, no OpenAlgo anywhere: nothing is traded, nothing is lost, the end is orderly."""
    environment = {**os.environ, "OPENALGO_API_KEY": KEY}
    command = [sys.executable, "-m", "riskcore_openalgo", *verb, "--config", "config", "--journal", "j.db"]
    main(["init", str(tmp_path / "config")])
    credentials = tmp_path / "config" / "api_credentials.yaml"
    credentials.write_text(re.sub(r"host: \S+", "host: http://127.0.0.1:9", credentials.read_text()))
    child = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    said = []
    for line in child.stdout:
        said.append(line)
        if "no alerts are taken" in line:
            break
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    text = "".join(said) + out
    assert child.returncode == FLAT, err
    assert "no real money can move" in text
    assert "stopped: nothing is open" in text
    assert KEY not in text + err
    journal = Reader(tmp_path / "j.db")
    journal.check()
    journal.close()


def test_a_second_runner_at_the_same_account_does_not_start_whatever_journal_it_names(tmp_path, free_tcp_port):
    """The sandbox is another account, and so is another key; where nobody sends, nobody is in the way."""
    with live_day(tmp_path / "one.db", start=False) as day:
        arguments = argparse.Namespace(journal=tmp_path / "two.db", flatten=False, config=None)
        settings = settings_of(day, free_tcp_port)
        with Client(day.server.host, KEY) as client, sole_sender(client, analyzer=False):
            with pytest.raises(JournalInUse, match=f"the account at {day.server.host} is being written by process"):
                run(settings, arguments, mode="live", analyzer=False, clock=day.clock)
            with (
                sole_sender(client, analyzer=True),
                Client(day.server.host, f"{KEY}-2") as another,
                sole_sender(another, analyzer=False),
            ):
                assert not (tmp_path / "two.db").exists()
        assert day.broker.truth().orders == ()


def test_without_a_place_for_the_accounts_lock_the_remedy_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "file"))
    with (
        Client("http://127.0.0.1:9", KEY) as client,
        pytest.raises(ValueError, match="set XDG_STATE_HOME to a folder"),
        sole_sender(client, analyzer=False),
    ):
        raise AssertionError("nobody could tell who else sends")


def test_a_taken_port_of_the_intake_keeps_no_position_from_being_watched(tmp_path, capsys, free_tcp_port):
    """Another program has the port of a runner that starts again: no alerts come, and what is held is looked after."""
    path = tmp_path / "live.db"
    with live_day(path) as day, socket.socket() as taken:
        day.entered()
        assert day.stop(flatten=False) == HOLDING
        taken.bind(("127.0.0.1", free_tcp_port))
        taken.listen()
        arguments = argparse.Namespace(journal=path, flatten=True, config=None)
        with Driver(lambda: wait(lambda: "NO alerts" in capsys.readouterr().out)):
            found = run(settings_of(day, free_tcp_port), arguments, mode="live", analyzer=False, clock=day.clock)
        assert found == FLAT
        assert day.broker.truth().position("NSE:INFY") == 0
    journal = Reader(path)
    assert "alerts_not_taken" in [row.event.name for row in journal.rows(types=("Noticed",))]
    journal.close()


def test_a_taken_port_of_the_control_page_is_told_where_alerts_are(tmp_path, capsys, free_tcp_port_factory):
    """A line on a console that nobody reads would leave the hand that stops it missing when it is wanted."""
    path, ports = tmp_path / "live.db", [free_tcp_port_factory() for _ in range(2)]
    with live_day(path, start=False) as day, socket.socket() as taken:
        taken.bind(("127.0.0.1", ports[0]))
        taken.listen()
        settings = settings_of(day, ports[1])
        settings = evolve(
            settings,
            credentials=evolve(settings.credentials, control=ControlAccess(users={"asha": hashed("a long sentence")})),
            system=evolve(settings.system, control=ControlPage(port=ports[0])),
        )
        arguments = argparse.Namespace(journal=path, flatten=False, config=None)
        with Driver(lambda: wait(lambda: "NO control page" in capsys.readouterr().out)):
            assert run(settings, arguments, mode="live", analyzer=False, clock=day.clock) == FLAT
    with Reader(path) as journal:
        told = {row.event.name: row.event.why for row in journal.rows(types=("Noticed",))}
    assert "riskcore control works" in told["page_not_served"]


def test_stops_that_nobody_could_look_at_lately_are_not_said_to_rest(tmp_path, capsys, free_tcp_port, monkeypatch):
    """OpenAlgo is gone while shares are held: the end is unsettled, and says since when."""
    path = tmp_path / "live.db"
    monkeypatch.setattr(live_runner, "UNREAD", timedelta(seconds=2))
    with live_day(path, start=False) as day:
        enter = traded(day, free_tcp_port, path)

        def act():
            enter()
            wait(lambda: "Covered" in {row.type for row in Reader(path).rows()})
            day.broker.script(Fault("orderbook", "status", times=0), Fault("positionbook", "status", times=0))
            time.sleep(3)

        arguments = argparse.Namespace(journal=path, flatten=False, config=None)
        with Driver(act):
            found = run(settings_of(day, free_tcp_port), arguments, mode="live", analyzer=False, clock=day.clock)
        assert found == UNSETTLED
        assert "stopped: the broker's books could not be read since 10:30:" in capsys.readouterr().out


def test_a_day_that_a_request_ends_says_who_asked_and_when(tmp_path, capsys, free_tcp_port):
    """One that waited since before the start ends the day as well, as `riskcore stop` said, and not without a word."""
    path = tmp_path / "live.db"
    with live_day(path, start=False) as day:
        Inbox(folder_of(path)).put_stop(at=day.clock(), by="ravi")
        arguments = argparse.Namespace(journal=path, flatten=False, config=None)
        assert run(settings_of(day, free_tcp_port), arguments, mode="live", analyzer=False, clock=day.clock) == 0
    assert "asked to stop by ravi, at 2026-11-23 10:30:00" in capsys.readouterr().out


def test_stops_that_a_run_never_looked_at_are_not_said_to_rest_by_it(tmp_path, capsys, free_tcp_port):
    """Started again with a key that OpenAlgo refuses, and stopped at once: what became of the stop nobody knows."""
    path = tmp_path / "live.db"
    arguments = argparse.Namespace(journal=path, flatten=False, config=None)
    with live_day(path, start=False) as day:
        settings = settings_of(day, free_tcp_port)
        with Driver(traded(day, free_tcp_port, path)):
            assert run(settings, arguments, mode="live", analyzer=False, clock=day.clock) == HOLDING
        access = evolve(settings.credentials.openalgo, api_key="another-key-of-the-tests")
        settings = evolve(settings, credentials=evolve(settings.credentials, openalgo=access))
        with Driver(lambda: wait(lambda: rejected(path))):
            found = run(settings, arguments, mode="live", analyzer=False, clock=day.clock)
        said = capsys.readouterr().out
        assert found == UNSETTLED
        assert "stopped: the broker's books could not be read since the start at 10:30:" in said
        assert "another-key-of-the-tests" not in said


def rejected(path):
    """Whether a login was refused, by the journal."""
    with Reader(path) as journal:
        return any(isinstance(row.event, events.LoginSeen) and "403" in row.event.why for row in journal.rows("input"))
