"""Whole days on two machines with one PostgreSQL: who is second does not start, who was cut off sends nothing more."""

import argparse
import os
import signal
import threading
import time
from decimal import Decimal

import pytest

from riskcore import events
from riskcore_openalgo.cli.live import run
from riskcore_openalgo.client import Client
from riskcore_openalgo.desk import DeskError
from riskcore_openalgo.journal import JournalInUse, Reader
from riskcore_openalgo.runner.sole_sender import account_of
from riskcore_openalgo.runner.stopping import HOLDING, UNSETTLED
from tests.cli.test_live_commands import Driver, orders, settings_of, traded, wait
from tests.desk.scripts import account
from tests.journal.machines import Machine, cut_off
from tests.runner.live_days import KEY, live_day


class Beside(threading.Thread):
    """Somebody beside the command; whatever fails there ends the day, which would go on for ever else."""

    def __init__(self, act):
        super().__init__()
        self._act, self.problem = act, None

    def run(self):
        try:
            self._act()
        except BaseException as problem:  # noqa: BLE001 - told after the command has ended
            self.problem = problem
            os.kill(os.getpid(), signal.SIGTERM)


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
def journal_there(in_postgres):
    """Something that is there from the first, as a path would come to be."""
    in_postgres.journal().close()
    return in_postgres.place


def test_F50_a_runner_whose_account_another_machine_took_over_sends_nothing_more_and_ends(
    tmp_path, in_postgres, journal_there, machines, capsys, free_tcp_port, monkeypatch
):
    """Its connection is cut while it holds; the other one begins to send; the target comes, and no exit goes."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with live_day(tmp_path / "unused.db", start=False) as day:

        def act():
            traded(day, free_tcp_port, tmp_path)()
            cut_off(in_postgres)
            machines.append(Machine(journal_there, tmp_path / "there", account_here(day)))
            assert machines[0].said() == f"sends process {os.getpid()} on {os.uname().nodename}"
            for price in ("1000", "1100", "1100.1", "1100.2"):
                day.broker.tick("NSE:INFY", Decimal(price))
                time.sleep(0.1)

        beside = Beside(act)
        beside.start()
        code = run(
            settings_of(day, free_tcp_port), arguments(journal_there), mode="live", analyzer=False, clock=day.clock
        )
        beside.join()
        assert beside.problem is None, beside.problem
        said = capsys.readouterr().out
        assert code == UNSETTLED
        assert f"stopped: {in_postgres.place.split('?')[0]}" in said or "has begun to send for this account" in said
        assert [(order.action, order.pricetype) for order in orders(day)] == [("BUY", "LIMIT"), ("SELL", "SL")]
        assert day.broker.truth().position("NSE:INFY") > 0
    assert machines[0].append()[:2] == ("database", "")


def test_a_second_runner_and_a_script_do_not_start_at_an_account_that_another_machine_sends_for(
    tmp_path, in_postgres, machines, free_tcp_port
):
    """From the same journal, and from one in another schema; nothing is sent, and nothing is asked of the broker."""
    in_postgres.change("CREATE SCHEMA elsewhere")
    elsewhere = f"{in_postgres.place}&options=-csearch_path%3Delsewhere"
    with live_day(tmp_path / "unused.db", start=False) as day:
        machines.append(Machine(in_postgres.place, tmp_path / "there", account_here(day)))
        machines[0].said()
        for place, message in ((in_postgres.place, "is being written by"), (elsewhere, "another journal in this")):
            with pytest.raises(JournalInUse, match=f"{message}|riskcore: {machines[0].name}"):
                run(settings_of(day, free_tcp_port), arguments(place), mode="live", analyzer=False, clock=day.clock)
        assert orders(day) == ()
    with account(elsewhere) as here:
        name = account_of(here.client(), analyzer=False)
        machines.append(Machine(in_postgres.place, tmp_path / "third", name)) if name != account_here(day) else None
        with here.desk() as desk:
            decision = desk.decide
            with pytest.raises(DeskError, match="one sender an account") as caught:
                decision(here.signal())
            assert caught.value.kind == "runner_is_live"
        assert here.sent() == []


def test_a_runner_that_follows_one_of_another_machine_that_died_says_so(
    tmp_path, in_postgres, journal_there, free_tcp_port
):
    """It starts, for somebody has to; and calls for a look at the other, which sends exits if it is only cut off."""
    in_postgres.change("INSERT INTO meta VALUES ('sender', '0123 process 7 on alpha')")
    with live_day(tmp_path / "unused.db", start=False) as day:
        with Driver(traded(day, free_tcp_port, tmp_path)):
            code = run(
                settings_of(day, free_tcp_port), arguments(journal_there), mode="live", analyzer=False, clock=day.clock
            )
        assert code == HOLDING
    with Reader(journal_there) as reader:
        noticed = [row.event for row in reader.rows(types=(events.Noticed.__name__,))]
    (said,) = [notice.text for notice in noticed if notice.name == "sender_not_ended"]
    assert said.startswith("process 7 on alpha sent for this account before, and did not end in order")
    wait(lambda: True)
