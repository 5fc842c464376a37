"""Every block of commands in README and docs is run, in the order of its page, as a session; or says why it is not."""

import contextlib
import csv
import getpass
import io
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys

import pytest

import tasks
from riskcore_openalgo.cli.main import commands, main, parser
from riskcore_openalgo.config import ConfigurationError, load_settings
from riskcore_openalgo.demo.day import demo_bars
from riskcore_openalgo.testing.paced import Paced
from tests.docs.shell import KNOWN, PAGES, SHELL, blocks, shell_blocks, words_of

SESSIONS = [page for page in PAGES if any(not block.reason for block in shell_blocks(page))]
VERBS = dict(commands(parser()))
ACKNOWLEDGED = "riskcore alerts ack unprotected --subject NSE:INFY"
ENDS = {
    "riskcore live --config config": 78,  # `mode: live` is missing in system_config.yaml, as the README says
    "riskcore config confirm 0123456789ab --by asha --why meant --journal live.db": 1,  # nothing waits for it
    f"{ACKNOWLEDGED} --by asha --why on the phone with the broker --journal live.db": 1,  # nothing stands
}
NOT_RUN = 14
"""So many blocks are not run. A new one is counted here, by whoever thinks that it cannot be."""
READERS_OWN = {"openalgo.api_key", "tables"}
"""What a page writes of the reader's own: a secret of his key, a folder of his tables."""
FILES = {
    "risk_management": "risk_management.yaml",
    "trading_rules": "trading_rules.yaml",
    "system": "system_config.yaml",
    "api_credentials": "api_credentials.yaml",
}


def test_every_block_is_run_or_says_why_not():
    """The languages are those that some test looks into, and the number of those that are not run is known."""
    every = [block for page in PAGES for block in blocks(page)]
    assert {block.language for block in every} <= {*KNOWN, *SHELL}
    marked = [block for page in PAGES for block in shell_blocks(page) if block.reason]
    assert len(marked) == NOT_RUN, [(block.page, block.line, block.reason) for block in marked]
    assert all(len(block.reason.split()) > 2 for block in marked)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_shown_is_one(page):
    """Run or not: the real parser takes each line of riskcore, and each task is one."""
    for block in shell_blocks(page):
        for command, _ in block.commands:
            if command.startswith("riskcore ") and "|" not in command:
                parser().parse_args(words_of(command)[1:])
            if re.match(r"python3? tasks\.py ", command):
                assert words_of(command)[2] in tasks.VERBS, command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_a_sentence_is_one(page):
    """Its verb is there, and so is each option; what is written in capitals is the reader's."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for told in re.findall(r"`riskcore ([a-z][^`]*)`", text):
        words = told.split()
        verb = next((VERBS[path] for n in (2, 1) if (path := " ".join(["riskcore", *words[:n]])) in VERBS), None)
        group = any(path.startswith(f"riskcore {words[0]} ") for path in VERBS)
        assert verb or (group and len(words) < 2) or words[1:] == ["..."], told
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert options <= {*(verb._option_string_actions if verb else ()), "--help"}, told


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_piece_of_a_configuration_is_one(page, tmp_path):
    """Of the file whose section it begins with, or of the one below `system:`."""
    for block in blocks(page):
        if block.language == "yaml":
            text = "\n".join(block.lines)
            name = next(re.match(r"\w+", line)[0] for line in block.lines if re.match(r"\w+:", line))
            folder = tmp_path / str(block.line)
            folder.mkdir()
            (folder / FILES[name]).write_text(text, encoding="utf-8")
            wrong = [
                found for found in wrong_in(folder) if "is the example" not in found.what
            ]  # a secret to be replaced
            assert {found.key or found.file for found in wrong} <= READERS_OWN, text


def wrong_in(folder):
    """What the loader finds wrong in a folder."""
    try:
        load_settings(folder)
    except ConfigurationError as wrong:
        return wrong.problems
    return ()


class Session:
    """One reader at one page: a folder, the files that the page takes for granted, and a fake OpenAlgo to talk to."""

    def __init__(self, folder, journal, market, monkeypatch):
        self.folder, self.market = folder, market
        monkeypatch.chdir(folder)
        monkeypatch.setenv("OPENALGO_API_KEY", market.key)
        monkeypatch.setattr(getpass, "getpass", lambda *_: "a password for the page")
        monkeypatch.setattr(sys, "stdin", io.StringIO("a-secret-that-was-typed\n" * 9))
        for name in ("demo.db", "live.db", "paper.db"):
            shutil.copy(journal, name)
        self._downloads()
        self._bhavcopies()

    def prepare(self, page):
        """What a page presupposes that does not make it itself."""
        said = [command for block in shell_blocks(page) if not block.reason for command, _ in block.commands]
        if not any(command.startswith("riskcore init") for command in said):
            assert main(["init", "config"]) == 0
            self._at_the_fake()
        if not any(command.startswith("riskcore bars") for command in said):
            assert main(["bars", "downloads/infy.csv", "--symbol", "INFY", "--interval", "5m", "--to", "bars"]) == 0
            run = ["backtest", "--bars", "bars", "--interval", "5m", "--strategy", "ema_cross", "--out", "out/run"]
            assert main(run) == 0
        if any(command.startswith("riskcore journal parity") for command in said):
            played = ["paper", "--bars", "bars", "--interval", "5m", "--strategy", "ema_cross", "--journal", "paper.db"]
            (self.folder / "paper.db").unlink()
            assert main(played) == 0

    def run(self, command):
        """Its exit code, and what it printed."""
        words = words_of(command)
        match words:
            case ["export", _]:
                return 0, ""
            case ["sqlite3", file, query]:
                with contextlib.closing(sqlite3.connect(file)) as connection:
                    connection.execute(query)
                return 0, ""
            case ["riskcore", "live" | "shadow" | "practice", *_]:
                return self._until_stopped(words[1:])
            case ["riskcore", "paper", *_] if "--bars" not in words:
                return self._until_stopped(words[1:])
        assert words[0] == "riskcore", f"{command}: who runs this? Mark the block where it cannot be"
        with contextlib.redirect_stdout(io.StringIO()) as out:
            code = main(words[1:])
        if words[1] == "init":
            self._at_the_fake()
        return code, out.getvalue()

    def _until_stopped(self, words):
        """In a process of its own, as the reader has it; Ctrl-C when it has said where the page is."""
        process = subprocess.Popen(
            [sys.executable, "-m", "riskcore_openalgo", *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        said = []
        with process:
            for line in process.stdout:
                said.append(line)
                if "control page:" in line:
                    process.send_signal(signal.SIGINT)
        return process.returncode, "".join(said)

    def _at_the_fake(self):
        """What the page says to edit: where OpenAlgo answers."""
        path = self.folder / "config" / "api_credentials.yaml"
        text = re.sub(r"host: \S+", f"host: {self.market.host}", path.read_text(encoding="utf-8"), count=1)
        path.write_text(re.sub(r"# ws_url: \S+", f"ws_url: {self.market.ws_url}", text), encoding="utf-8")

    def _downloads(self):
        """A csv file of another program: five-minute bars, other names, other dates."""
        bars = next(series for stock, series in demo_bars().items() if stock.symbol == "INFY")
        (self.folder / "downloads").mkdir()
        with (self.folder / "downloads" / "infy.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["Date", "Time", "Open", "High", "Low", "Close", "Volume"])
            for first in range(0, len(bars) - 4, 5):
                five = bars[first : first + 5]
                prices = five[0].open, max(bar.high for bar in five), min(bar.low for bar in five), five[-1].close
                writer.writerow([f"{five[0].at:%d-%m-%Y}", f"{five[0].at:%H:%M}", *prices, 100])

    def _bhavcopies(self):
        """A working week of NSE's daily files, of the columns that are read."""
        columns = "TradDt,Sgmt,TckrSymb,SctySrs,OpnPric,HghPric,LwPric,ClsPric,TtlTradgVol"
        (self.folder / "bhavcopies").mkdir()
        for day in range(16, 21):
            rows = [f"2026-11-{day},CM,{name},EQ,1500,1520,1490,{1500 + day},9000" for name in ("INFY", "TCS")]
            (self.folder / "bhavcopies" / f"{day}.csv").write_text("\n".join([columns, *rows]), encoding="utf-8")


@pytest.fixture(scope="module")
def market():
    """One fake OpenAlgo for all pages; its morning is not the tables' last."""
    with Paced("INFY", speed=1) as made:
        yield made


@pytest.mark.parametrize("page", SESSIONS, ids=lambda page: page.name)
def test_the_commands_of_a_page_do_what_they_say(page, tmp_path, demo_journal, market, monkeypatch):
    """In their order, in one folder; exit code 0 unless the page says otherwise, and the output that it states."""
    session = Session(tmp_path, demo_journal, market, monkeypatch)
    session.prepare(page)
    for block in shell_blocks(page):
        for command, stated in () if block.reason else block.commands:
            code, said = session.run(command)
            assert code == ENDS.get(" ".join(words_of(command)), 0), (block.line, command, said)
            assert [line for line in said.splitlines() if line in stated] == list(stated), (block.line, command, said)
