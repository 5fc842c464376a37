"""kill -9 in the middle of the demo day: started again, the day ends as if nothing had happened."""

import os
import sqlite3
import subprocess
import sys
import time

import pytest

from riskcore import engine
from riskcore_openalgo.demo.day import Day, demo_bars
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.journal.replay import replay
from riskcore_openalgo.runner.player import has_all

DEMO = [sys.executable, "-m", "riskcore_openalgo", "demo", "--journal"]


def rows(path):
    """How many rows a journal has, read past all code of ours."""
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            return connection.execute("SELECT count(*) FROM journal").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def kill_when(path, wanted):
    """Start the demo and kill it, with no warning, once its journal has that many rows."""
    started = subprocess.Popen([*DEMO, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    give_up = time.monotonic() + 60
    while rows(path) < wanted and started.poll() is None and time.monotonic() < give_up:
        time.sleep(0.002)
    assert started.poll() is None, "the demo ended before it could be killed"
    started.kill()
    started.wait()


def story(journal):
    """Everything that must come out the same: trades, decisions, fills and the final book."""
    with sqlite3.connect(journal.path) as connection:
        told = [
            connection.execute(query).fetchall()
            for query in (
                "SELECT at, signal_id, approved, reason, quantity, limit_e4 FROM decisions ORDER BY at, signal_id",
                "SELECT opened_at, closed_at, key, side, quantity, reason, gross_paise, charges_paise FROM trades",
                "SELECT at, order_id, quantity, price_e4, charges_paise FROM fills",
                "SELECT order_id, status, filled_quantity FROM orders ORDER BY order_id",
            )
        ]
    state = engine.fold(row.event for row in journal.rows("fact"))
    book = state.book
    return told, (book.positions, book.realised, book.charges, book.trades_today, book.opening_equity)


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is a POSIX signal; Windows has TerminateProcess")
@pytest.mark.parametrize("killed_at", [[330, 640], [620, 700], [655], [900, 1_050]])
def test_a_killed_day_goes_on(demo_day, tmp_path, killed_at):
    """The same positions, counters and final result, whatever the moment of death; and twice in one day."""
    path = tmp_path / "day.db"
    for wanted in killed_at:
        kill_when(path, wanted)
    subprocess.run([*DEMO, str(path)], check=True, stdout=subprocess.DEVNULL)
    journal = Journal(path)
    assert has_all(journal, demo_bars())
    assert story(journal) == story(demo_day)
    assert replay(journal).same
    journal.close()


def test_a_day_stopped_after_every_turn_goes_on(demo_day, tmp_path):
    """In the hour of the approvals every few turns are the last ones: many deaths, one day."""
    path = tmp_path / "day.db"
    deaths = length = 0
    while length < 800:
        journal = Journal(path)
        _die_after(Day(journal), turns=200 if length < 500 else 3)
        length, deaths = journal.length, deaths + 1
        journal.close()
    assert deaths > 20
    journal = Journal(path)
    for _ in Day(journal).play():
        pass
    assert story(journal) == story(demo_day)
    journal.close()


class Died(Exception):
    """Stands for the process's end."""


def _die_after(day, turns):
    """Play until that many turns were recorded, then stop between recording and acting."""
    runner = day.player.runner
    record, left = runner._record, [turns]

    def recorded(entries):
        durable = record(entries)
        left[0] -= 1
        if not left[0]:
            raise Died
        return durable

    runner._record = recorded
    with pytest.raises(Died):
        for _ in day.play():
            pass
