"""What of Windows can be tried elsewhere: consoles of old code pages, its paths, its line ends, its byte order marks.

What cannot is said in docs/windows.md.
"""

import io
import os
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path, PureWindowsPath

import pytest

from riskcore_openalgo.cli.main import commands, main, parser
from riskcore_openalgo.cli.verbs import place
from riskcore_openalgo.config import ConfigurationError, load_settings
from riskcore_openalgo.feed import read_bars
from riskcore_openalgo.web.body import text_of

CODE_PAGES = ("cp437", "cp850", "cp1252", "ascii")
NOTE = "g\u00fcnstig, \u20b91,000 \U0001f44d"
"""An umlaut, the sign of the rupee, a face: no old code page has all three."""
SAID = [
    ["demo", "--journal", "a day.db"],
    ["journal", "show", "a day.db"],
    ["journal", "show", "--rows", "a day.db"],
    ["journal", "verify", "a day.db"],
    ["journal", "replay", "a day.db"],
    ["journal", "reconcile", "a day.db"],
    ["journal", "note", "a day.db"],
    ["report", "a day.db"],
    ["report", "a day.db", "--json"],
    ["status", "a day.db"],
    ["alerts", "list", "--journal", "a day.db"],
    ["config", "diff", "--config", "the config", "--journal", "a day.db"],
    ["doctor", "--config", "the config", "--journal", "a day.db"],
    ["journal", "verify", "no such journal \u20b9.db"],
    ["backtest", "--bars", "nowhere \u20b9", "--strategy", "ema_cross"],
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory, demo_journal):
    """A folder with spaces in every name, and a note that no code page has."""
    folder = tmp_path_factory.mktemp("my desk")
    shutil.copy(demo_journal, folder / "a day.db")
    assert main(["journal", "note", str(folder / "a day.db"), "1", NOTE, "--tag", "\u20b9"]) == 0
    assert main(["init", str(folder / "the config")]) == 0
    return folder


def console(monkeypatch, encoding):
    """Standard output and error as a console of that code page has them: strict, as Python opens it."""
    made = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=how) for how in ("strict", "backslashreplace")]
    monkeypatch.setattr(sys, "stdout", made[0])
    monkeypatch.setattr(sys, "stderr", made[1])
    return made


@pytest.mark.parametrize("encoding", CODE_PAGES)
@pytest.mark.parametrize("words", SAID, ids=" ".join)
def test_nothing_that_is_printed_breaks_on_an_old_console(desk, monkeypatch, words, encoding):
    """What the code page lacks is told in ASCII; the exit code is the same as anywhere."""
    monkeypatch.chdir(desk)
    screens = console(monkeypatch, encoding)
    code = main(words)
    for screen in screens:
        screen.flush()
    monkeypatch.undo()
    said = [screen.buffer.getvalue().decode(encoding) for screen in screens]
    assert code in (0, 1)
    assert any(said)
    assert "Traceback" not in said[1]
    if words[:2] == ["journal", "note"]:
        assert "nstig" in said[0]
        assert "\\U0001f44d" in said[0]


def test_a_process_of_its_own_prints_on_such_a_console(desk):
    """As Windows starts it: the code page comes from outside."""
    command = [sys.executable, "-m", "riskcore_openalgo", "journal", "note", "a day.db"]
    environment = {**os.environ, "PYTHONIOENCODING": "cp437", "PYTHONUTF8": "0"}
    ran = subprocess.run(command, cwd=desk, env=environment, capture_output=True, check=True)
    assert "g\u00fcnstig, \\u20b91,000 \\U0001f44d".encode("cp437") in ran.stdout


def test_every_help_is_ascii():
    """Of the groups too."""
    assert parser().format_help().isascii()
    assert all(verb.format_help().isascii() for _, verb in commands(parser()))


@pytest.mark.parametrize(
    "text", [r"C:\desk\live.db", r"\\server\share\live.db", r"journal\live.db", "C:/my desk/live.db"]
)
def test_a_path_of_windows_is_a_path_and_no_address(tmp_path, text):
    """On the command line and in the files, plain or in single quotes; a drive's colon makes no URL of it."""
    assert place(text) == Path(text)
    assert PureWindowsPath(str(place(text))) == PureWindowsPath(text)
    for written in (text, f"'{text}'"):
        (tmp_path / "system_config.yaml").write_text(f"system:\n  journal: {written}\n", encoding="utf-8")
        assert str(load_settings(tmp_path).system.journal).endswith(text)


def test_a_backslash_in_double_quotes_is_told_with_its_place(tmp_path):
    """YAML takes it for the beginning of another letter: the line is named, and no wrong path taken."""
    (tmp_path / "system_config.yaml").write_text('system:\n  journal: "C:\\desk\\live.db"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"system_config\.yaml:2"):
        load_settings(tmp_path)


def test_files_that_notepad_saved_are_read(tmp_path):
    """A byte order mark and CR LF: in all four YAML files, and in bars."""
    assert main(["init", str(tmp_path / "unix")]) == 0
    (tmp_path / "windows").mkdir()
    for path in (tmp_path / "unix").iterdir():
        text = path.read_text(encoding="utf-8")
        (tmp_path / "windows" / path.name).write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))
    assert load_settings(tmp_path / "windows").policy == load_settings(tmp_path / "unix").policy
    plain = (resources.files("riskcore_openalgo.demo") / "bars" / "INFY.csv").read_text(encoding="utf-8")
    (tmp_path / "INFY.csv").write_bytes(plain.replace("\n", "\r\n").encode("utf-8-sig"))
    (tmp_path / "plain.csv").write_text(plain, encoding="utf-8", newline="\n")
    read = [read_bars(tmp_path / name, symbol="INFY", interval="1m") for name in ("INFY.csv", "plain.csv")]
    assert read[0] == read[1]


def test_an_alert_with_a_byte_order_mark_is_the_same_alert():
    """PowerShell's Out-File writes one."""
    assert text_of('\ufeff{"symbol": "INFY"}'.encode()) == '{"symbol": "INFY"}'


def test_yaml_in_utf_16_is_refused_with_the_remedy(tmp_path):
    """As "Unicode" of old Notepads is."""
    (tmp_path / "risk_management.yaml").write_bytes("risk_management:\n  max_positions: 2\n".encode("utf-16"))
    with pytest.raises(ConfigurationError, match="UTF-8"):
        load_settings(tmp_path)
