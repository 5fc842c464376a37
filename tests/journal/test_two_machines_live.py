"""Whole days on two machines with one PostgreSQL: who is second does not start, who was cut off sends nothing more."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from decimal import Decimal

import pytest

from riskcore import events
from riskcore_openalgo.cli.live import run
from riskcore_openalgo.client import Client
from riskcore_openalgo.desk import DeskError
from riskcore_openalgo.journal import JournalInUse, Reader
from riskcore_openalgo.runner.sole_sender import account_of
from riskcore_openalgo.runner.stopping import FLAT, HOLDING, UNSETTLED
from tests.cli.test_live_commands import Driver, orders, settings_of, traded
from tests.desk.scripts import account
from tests.journal.machines import ROOT, Machine, cut_off
from tests.runner.live_days import KEY, live_day


def lived(day, port, place):
    """The day by its command; its exit code."""
    given = argparse.Namespace(journal=place, flatten=False, config=None)
    return run(settings_of(day, port), given, mode="live", analyzer=False, clock=day.clock)


def account_here(day):
    """The account's name, as every machine makes it."""
    with Client(day.server.host, KEY) as client:
        return account_of(client, analyzer=False)


@pytest.fixture
def machines():
    """Other machines; they end with the test."""
    made = []
    yield made
    for machine in made:
        machine.end()


@pytest.fixture
def elsewhere(in_postgres):
    """The address of another schema of the same database."""
    in_postgres.change("CREATE SCHEMA elsewhere")
    return f"{in_postgres.place}&options=-csearch_path%3Delsewhere"


@pytest.fixture
def runner_there(in_postgres, tmp_path, free_tcp_port):
    """A broker, and a runner on another machine that holds a position whose stop rests; it is ended in the end."""
    folder = tmp_path / "there"
    with live_day(tmp_path / "unused.db", start=False) as day:
        given = (in_postgres.place, day.server.host, day.server.ws_url, free_tcp_port, day._began)
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.journal.live_machine", *map(str, given)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "XDG_STATE_HOME": str(folder), "LOCALAPPDATA": str(folder)},
        )  # fmt: skip
        try:
            while not (line := child.stdout.readline()).startswith("alerts:"):
                assert line, "it ended before it took alerts"
            traded(day, free_tcp_port, in_postgres.place)()
            yield day, child
        finally:
            child.kill()
            child.wait()
            child.stdout.close()


def targets(day):
    """The price goes far beyond the target, and stays there."""
    for price in ("1100", "1100.1", "1100.2", "1100.3", "1100.4"):
        day.broker.tick("NSE:INFY", Decimal(price))
        time.sleep(0.1)


def test_F50_a_runner_that_slept_while_another_machine_took_its_account_over_sends_nothing_more_and_ends(
    in_postgres, runner_there
):
    """It wakes with a position at its target; another sends now, so no exit goes, and it says why it ends."""
    day, child = runner_there
    os.kill(child.pid, signal.SIGSTOP)
    cut_off(in_postgres)
    journal = in_postgres.journal(wait_s=5)
    with journal.sending(account_here(day)) as before:
        assert before.startswith(f"process {child.pid} on ")
        os.kill(child.pid, signal.SIGCONT)
        targets(day)
        said, _ = child.communicate(timeout=60)
        assert child.returncode == UNSETTLED
        why = f"process {os.getpid()} on {socket.gethostname()} has begun to send for this account while this process"
        assert why in said.split("stopped: ")[1]
        assert "ANOTHER SENDS FOR THE ACCOUNT" in said
        assert [(order.pricetype, order.status) for order in orders(day)] == [
            ("LIMIT", "complete"),
            ("SL", "trigger pending"),
        ]
        assert day.broker.truth().position("NSE:INFY") > 0
        assert journal.load().state.book.position("NSE:INFY") is not None
    assert journal.first_bad_row() is None


def test_F52_a_runner_whose_connection_is_cut_and_whom_nobody_follows_goes_on(in_postgres, runner_there):
    """Nobody was there meanwhile: the target is taken, and the journal has all of it."""
    day, child = runner_there
    cut_off(in_postgres)
    ends = time.monotonic() + 60
    while day.broker.truth().position("NSE:INFY") and time.monotonic() < ends:
        targets(day)
    assert day.broker.truth().position("NSE:INFY") == 0
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=60)
    assert child.returncode == FLAT
    with in_postgres.reader() as reader:
        assert [row.event.reason for row in reader.rows(types=(events.PositionClosed.__name__,))] == ["target"]
        reader.check()


def test_a_second_runner_does_not_start_at_an_account_that_another_machine_sends_for(
    tmp_path, in_postgres, elsewhere, machines, free_tcp_port
):
    """From the same journal, and from one in another schema; nothing is sent."""
    with live_day(tmp_path / "unused.db", start=False) as day:
        machines.append(Machine(in_postgres.place, tmp_path / "there", account_here(day)))
        assert machines[0].said() == "sends "
        for place, wanted in (
            (in_postgres.place, "is being written by"),
            (elsewhere, "orders of this account are sent by"),
        ):
            with pytest.raises(JournalInUse, match=f"{wanted} riskcore: {machines[0].name}"):
                lived(day, free_tcp_port, place)
        assert orders(day) == ()


def test_a_script_stands_back_while_another_machine_sends_for_its_account(tmp_path, in_postgres, elsewhere, machines):
    """Whatever its journal is; and it has the account to itself again afterwards."""
    with account(elsewhere) as here, here.desk(wait_s=5) as desk, here.desk() as hurried:
        machines.append(Machine(in_postgres.place, tmp_path / "there", account_of(here.client(), analyzer=False)))
        assert machines[0].said() == "sends "
        wanted = f"are sent by riskcore: {machines[0].name}, .*one sender an account"
        with pytest.raises(DeskError, match=wanted) as caught:
            hurried.decide(here.signal())
        assert caught.value.kind == "runner_is_live"
        machines[0].child.kill()
        assert here.entered(desk).status == "filled"
        assert here.sent() == [("BUY", "LIMIT"), ("SELL", "SL")]


def test_a_runner_that_follows_one_of_another_machine_that_died_says_so(tmp_path, in_postgres, free_tcp_port):
    """It starts, for somebody has to; and calls for a look at the other, which sends exits if it is only cut off."""
    in_postgres.journal().close()
    in_postgres.change("INSERT INTO meta VALUES ('sender', '0123 process 7 on alpha')")
    with live_day(tmp_path / "unused.db", start=False) as day:
        with Driver(traded(day, free_tcp_port, in_postgres.place)):
            code = lived(day, free_tcp_port, in_postgres.place)
        assert code == HOLDING
    with Reader(in_postgres.place) as reader:
        noticed = [row.event for row in reader.rows(types=(events.Noticed.__name__,))]
    (said,) = [notice.why for notice in noticed if notice.name == "sender_not_ended"]
    assert said.startswith("process 7 on alpha sent for this account before, and did not end in order")
