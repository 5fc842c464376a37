"""What is shipped for running it as a service, and the scan for secrets that `tasks.py check` runs."""

import configparser
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from riskcore_openalgo.cli.main import main
from riskcore_openalgo.config import EXIT_CONFIGURATION
from tools.no_secrets import looked_at, main as scan, secret_in
from tools.update import rounds

ROOT = Path(__file__).parents[2]
SERVICE = ROOT / "examples/service"


def test_the_unit_does_not_start_again_on_a_wrong_configuration():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(SERVICE / "riskcore.service", encoding="utf-8")
    service = unit["Service"]
    assert str(EXIT_CONFIGURATION) in service["RestartPreventExitStatus"].split()
    assert (service["Restart"], service["KillSignal"]) == ("on-failure", "SIGTERM")
    assert "riskcore live" in service["ExecStart"]
    assert int(service["TimeoutStopSec"]) > 15


def test_the_task_of_windows_starts_what_ends_well_after_78():
    space = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
    task = ET.parse(SERVICE / "riskcore-task.xml").getroot()  # noqa: S314 - our own file
    command = task.find(".//t:Exec/t:Command", space).text
    assert command.endswith("run.cmd")
    assert task.find(".//t:ExecutionTimeLimit", space).text == "PT0S"
    script = (SERVICE / "run.cmd").read_text(encoding="ascii")
    assert re.search(rf"EQU {EXIT_CONFIGURATION} \(.*?exit /b 0", script, re.DOTALL)


def test_F54_a_wrong_configuration_ends_with_78_and_every_line(tmp_path, capsys):
    """As the unit expects it, before anything is opened."""
    (tmp_path / "risk_management.yaml").write_text(
        "risk_management:\n  max_positions: 3\n  max_positions: 4\n  risk_per_trade: 0.01\n  max_daily_loss: -1\n"
        "  one_position_per_symbol: 'no'\n  risk_per_trad: 1\n", encoding="ascii"
    )  # fmt: skip
    assert main(["live", "--config", str(tmp_path)]) == EXIT_CONFIGURATION
    said = capsys.readouterr().err.splitlines()
    assert [int(re.match(r"risk_management\.yaml:(\d+): ", line)[1]) for line in said] == [3, 4, 5, 6, 7]
    assert not list(tmp_path.glob("*.db"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("risk_management:\n  unknown_key: 1\n", 2),
        ("risk_management:\n  risk_per_trade: 0.01\n", 2),
        ("risk_management:\n  max_daily_loss: -3\n", 2),
        ("risk_management:\n  max_daily_loss: 1\n  risk_per_trade: 2\n", 3),
        ("risk_management:\n  one_position_per_symbol: on_\n", 2),
        ("risk_management:\n  max_positions: 3\n  max_positions: 3\n", 3),
        ("risk_management:\n\tmax_positions: 3\n", 2),
    ],
)
def test_F54_each_mistake_is_refused_with_its_line(tmp_path, capsys, text, line):
    (tmp_path / "risk_management.yaml").write_text(text, encoding="ascii")
    assert main(["shadow", "--config", str(tmp_path)]) == EXIT_CONFIGURATION
    assert re.match(r"risk_management\.yaml:([0-9]+): ", capsys.readouterr().err)[1] in {str(line), "2"}


FOUND = {
    "a private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "a token of a Telegram bot": "9" * 9 + ":" + "AbCdEfGh1" * 3 + "AbCdEfGh",
    "a Fernet token": "gAAAAA" + "B7x9-" * 20,
    "a key of AWS": "AKIA" + "Q7" * 8,
    "a token of GitHub": "ghp_" + "q7Xz" * 9,
    "a JSON web token": "eyJ" + "h7" * 6 + ".eyJ" + "h7" * 6 + "." + "h7" * 6,
    "a password in an address": "postgres" + "://asha:" + "v3ryr4nd0m" + "@db",
    "a long random value behind a name that announces a secret": "api_key: " + "9f2b7c1d4e8a6035" * 2,
}


@pytest.mark.parametrize("what", FOUND)
def test_a_planted_secret_is_found_and_not_repeated(tmp_path, capsys, what):
    (tmp_path / "a.yaml").write_text(f"one: 1\n{FOUND[what]}\n", encoding="ascii")
    assert scan([str(tmp_path)]) == 1
    assert capsys.readouterr().out == f"a.yaml:2: {what}\n"
    assert secret_in(f"{FOUND[what]}  # no secret") == ""


def test_a_file_of_secrets_is_found_by_its_name(tmp_path):
    (tmp_path / ".riskcore.key").write_text("x", encoding="ascii")
    assert looked_at(tmp_path, ".riskcore.key")
    (tmp_path / "a.bin").write_bytes(b"\0" + FOUND["a key of AWS"].encode())
    assert looked_at(tmp_path, "a.bin") == []


def test_every_version_that_is_pinned_is_audited():
    pins = (ROOT / "constraints.txt").read_text(encoding="ascii")
    wanted = {line.partition(";")[0].strip() for line in pins.splitlines() if "==" in line}
    asked = [line for text in rounds(pins) for line in text.splitlines()]
    assert sorted(asked) == sorted(wanted)
    assert len(rounds(pins)) >= 2
