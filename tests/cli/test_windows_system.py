"""What of Windows' own ways can be tried elsewhere: its lock, its signals, its way to start processes, every command.

The consoles and files are in test_windows.py; what cannot be tried is said in docs/windows.md.
"""

import fcntl
import importlib.util
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from riskcore_openalgo.cli.live import stopped_by_signals
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.journal import JournalInUse, locks
from tests.cli.test_json import DOES, READS
from tests.cli.test_windows import NOTE, SAID, console

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("journal", "alerts", "config", "control", "credentials")


@pytest.fixture
def of_windows(monkeypatch):
    """The locks of journals as the module is on Windows, over a stand-in for `msvcrt` that locks as it does."""
    asked = []

    def locking(number, mode, count):
        asked.append((os.lseek(number, 0, os.SEEK_CUR), mode, count))
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    spec = importlib.util.spec_from_file_location("locks_of_windows", locks.__file__)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    monkeypatch.undo()
    return SimpleNamespace(locks=made, asked=asked)


def test_one_writer_holds_there_too_and_is_named(of_windows, tmp_path):
    """One byte far behind the text is locked, so that whoever comes second can read who is first."""
    place = tmp_path / "live.db.lock"
    first = of_windows.locks.FileLock(place, "the journal", 0)
    with pytest.raises(JournalInUse, match=f"is being written by process {os.getpid()} on "):
        of_windows.locks.FileLock(place, "the journal", 0)
    assert of_windows.locks.holder(place) == of_windows.locks.me()
    assert set(of_windows.asked) == {(1 << 30, 2, 1)}
    first.release()
    assert of_windows.locks.holder(place) is None
    of_windows.locks.FileLock(place, "the journal", 0).release()
    assert place.stat().st_size == 0


@pytest.mark.parametrize("name", ["SIGINT", "SIGBREAK"])
def test_the_closing_of_a_console_ends_a_day_as_ctrl_c_does(monkeypatch, name):
    """SIGBREAK is Windows' alone: another signal stands in for it. Afterwards whoever had it has it again."""
    if not hasattr(signal, name):
        monkeypatch.setattr(signal, name, signal.SIGUSR1, raising=False)
    number, asked = getattr(signal, name), []
    before = signal.getsignal(number)
    with stopped_by_signals(SimpleNamespace(set=lambda: asked.append(name))):
        os.kill(os.getpid(), number)
        time.sleep(0)
    assert asked == [name]
    assert signal.getsignal(number) is before


SWEEP = """
import multiprocessing
from riskcore_openalgo import lab
from tests.sweeps.made import POLICY, Cross, week

if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    space = {"policy.max_trades_per_day": [2, 4], "strategy.fast": [3, 4]}
    found = lab.sweep(space, week(), Cross, POLICY, progress=False)
    print(multiprocessing.get_start_method(), len(found.trials), {trial.error for trial in found.trials})
"""


def test_a_sweep_runs_where_processes_begin_anew(tmp_path):
    """Windows knows no fork: what goes to the others is sent, and modules are imported there."""
    script = tmp_path / "sweep.py"
    script.write_text(SWEEP, encoding="utf-8")
    paths = os.pathsep.join([str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths}
    ran = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout == "spawn 4 {''}\n"


def test_every_command_prints_on_an_old_console(demo_journal, tmp_path, monkeypatch):
    """Those that test_windows.py leaves out, on one of code page 1252; a note of other letters is among it."""
    (tmp_path / "my desk").mkdir()
    monkeypatch.chdir(tmp_path / "my desk")
    for name in ("demo.db", "paper.db", "days.db"):
        shutil.copy(demo_journal, name)
    assert main(["init", "config"]) == 0
    assert main(["journal", "note", "demo.db", "1", NOTE, "--tag", "\u20b9"]) == 0
    shown = {" ".join(words[:2] if words[0] in GROUPS else words[:1]) for words in SAID}
    for name, words in {**READS, **DOES}.items():
        if "," not in name and name not in shown:
            code, screens = on_a_console(monkeypatch, words)
            assert code in (0, 1, 3), name
            assert "Traceback" not in screens[1], name
            assert any(screens), name


def on_a_console(monkeypatch, words):
    """The exit code, and what stands on the two screens."""
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdin", io.StringIO("a-secret-of-24-letters-or-more\n"))
        screens = console(patched, "cp1252")
        code = main(words)
        for screen in screens:
            screen.flush()
    return code, [screen.buffer.getvalue().decode("cp1252") for screen in screens]
