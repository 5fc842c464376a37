"""`riskcore practice`: a whole day from one command, and each command that it names, in another process."""

import contextlib
import json
import re
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path
from queue import SimpleQueue

import pytest

from riskcore_openalgo.cli.main import main
from riskcore_openalgo.cli.practice import PORTS, Place, Trader, _place, _ports, _usual_ports
from riskcore_openalgo.cli.practice_verb import FASTEST as FASTEST_OF_THE_VERB, SYMBOLS
from riskcore_openalgo.config import load_settings
from riskcore_openalgo.demo.day import demo_bars
from riskcore_openalgo.journal import Journal, Reader
from riskcore_openalgo.testing.paced import FASTEST, Paced
from riskcore_openalgo.testing.practice import recorded

PATIENCE_S = 90
RISKCORE = [sys.executable, "-m", "riskcore_openalgo"]


def seen(journal, kind):
    """How many facts of a kind the journal holds by now."""
    if not journal.is_file():
        return 0
    with contextlib.suppress(OSError, ValueError, LookupError), Reader(journal) as found:
        return sum(1 for _ in found.rows("fact", types=(kind,)))
    return 0


def wait(condition, process):
    ends = time.monotonic() + PATIENCE_S
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < ends, "not in time"
        time.sleep(0.2)


def riskcore(words, folder):
    """A command in a process of its own: exit code and what it said."""
    ran = subprocess.run(
        [*RISKCORE, *words], check=False, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_a_day_with_every_command_that_it_names(tmp_path):
    """Alert, decision, fill, stop at the broker; exit, entry, status, doctor, emergency stop, no entry; report."""
    command = [*RISKCORE, "practice", "--json", "--speed", "10", "--minutes", "30"]
    with (
        _usual_ports(),  # it takes others, which no other test's day can want
        (tmp_path / "err").open("w") as err,
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=err, text=True) as process,
        contextlib.ExitStack() as left,
    ):
        left.callback(process.kill)  # whatever fails here, nobody waits for its half hour
        journal = tmp_path / "riskcore-practice" / "day-0001" / "practice.db"
        wait(lambda: seen(journal, "Covered"), process)
        told = (tmp_path / "err").read_text()
        named = [shlex.split(line)[1:] for line in re.findall(r"^    (riskcore [^(\n]*)", told, re.MULTILINE)]
        assert [words[:2] for words in named] == [
            ["status", str(journal.relative_to(tmp_path))],
            *(["doctor", "--config"], ["control", "enter"], ["control", "exit"], ["control", "stop"]),
        ]
        # The exit first: at ten times the pace of a day, a slow machine has its position stopped out meanwhile.
        assert riskcore(named[3], tmp_path)[0] == 0
        wait(lambda: riskcore(named[2], tmp_path)[0] == 0, process)  # as soon as what was held has gone
        codes = [(words[:2], *riskcore(words, tmp_path)) for words in [named[0], named[1], named[4]]]
        assert [code for _, code, _ in codes] == [0, 0, 0], codes
        assert riskcore(named[2], tmp_path)[0] == 3  # after the emergency stop nothing enters
        assert riskcore(shlex.split(re.search(r"or riskcore (stop .*)", told)[1]), tmp_path)[0] == 0
        answer = json.loads(process.communicate(timeout=PATIENCE_S)[0])
    assert (process.returncode, answer["ended"]) == (0, 0), told
    assert answer["trades"][0]["key"] == "NSE:RELIANCE"
    assert (tmp_path / answer["report"]).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "no real money can move" in told
    told = (tmp_path / "err").read_text()  # nothing is wrong on a first day
    assert "LOGIN NEEDED" not in told
    assert "CLOCK WENT BACK" not in told


def test_the_alerts_wait_for_a_journal_that_is_being_made(tmp_path):
    """Its file is there before its tables: whoever looked just then ended, and no alert ever came."""
    place = Place(folder=tmp_path, password="", secret="", ports={})
    with Paced("RELIANCE") as market:
        trader = Trader(market, place, SimpleQueue(), minutes=1)
        assert trader._ready() is False
        place.journal.touch()
        assert trader._ready() is False
        Journal(place.journal).close()
        assert trader._ready() is False


def test_of_two_days_that_start_at_once_one_has_the_usual_ports(tmp_path):
    """Both found them free, and the one that came second to its own took no alerts for the whole day."""
    with _usual_ports() as first, _usual_ports() as second:
        usual, others = _place(tmp_path, usual=first), _place(tmp_path, usual=second)
    assert not (first and second)
    assert set(others.ports.values()).isdisjoint(PORTS.values())
    assert [len(set(place.ports.values())) for place in (usual, others)] == [3, 3]


def test_for_a_port_that_another_program_has_a_free_one_is_taken():
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # somebody may have it already, which is as good
            taken.bind(("127.0.0.1", PORTS["control"]))
            taken.listen()
        found = _ports(usual=True)
    assert found["control"] not in (*PORTS.values(), 0)
    assert len(set(found.values())) == 3


def test_a_second_day_has_a_folder_of_its_own_whose_settings_are_sound(tmp_path, capsys, monkeypatch):
    """Six seconds of it: nothing of the first day is written over, and the text says what it came to."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "riskcore-practice" / "day-0007").mkdir(parents=True)
    assert main(["practice", "--minutes", "0.1", "--symbol", "INFY"]) == 0
    said = capsys.readouterr().out
    assert "practice: the time is up" in said
    assert "Journal: riskcore-practice/day-0008/practice.db" in said.replace("\\", "/")
    settings = load_settings(Path("riskcore-practice", "day-0008", "config"))
    assert str(settings.policy.risk_per_trade) == "0.1"
    assert settings.system.watch == ("NSE:INFY",)


@pytest.mark.parametrize("given", [["--speed", "31"], ["--speed", "fast"], ["--minutes", "0"], ["--symbol", "TCS"]])
def test_what_cannot_be_practised_is_told_at_once(given, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["practice", *given])
    assert given[1] in capsys.readouterr().err


def test_the_price_passes_through_what_was_recorded_and_to_the_tick(tmp_path):
    """At each recorded moment the recorded price; between two a price between them; history holds what has ended."""
    _, bars = recorded("RELIANCE")
    with Paced("RELIANCE", speed=FASTEST) as market:
        for bar in bars[60:70]:
            assert market.price(bar.at) == bar.open
            assert bar.low <= market.price(bar.at.replace(second=7)) <= bar.high
            assert market.price(bar.at.replace(second=22)) % market.instrument.tick == 0
        assert market.price(market.closes) == bars[-1].close
        assert market.bars_until(bars[70].at) == bars[:70]
        assert market.problem is None
    with pytest.raises(ValueError, match="speed must be 1 to 30"):
        Paced("RELIANCE", speed=0.5)


def test_the_verb_knows_what_the_market_has_without_loading_it():
    assert {stock.symbol for stock in demo_bars()} == set(SYMBOLS)
    assert FASTEST_OF_THE_VERB == FASTEST
