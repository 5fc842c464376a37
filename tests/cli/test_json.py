"""`--json`: every command that answers with facts has it; its object holds what the text says, and no float."""

import io
import json
import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

import riskcore_openalgo
from riskcore import events
from riskcore_openalgo.cli import control
from riskcore_openalgo.cli.main import commands, main, parser
from riskcore_openalgo.journal import Journal, Reader
from tests.journal.told import entries, four_days
from tests.runner.live_days import live_day

BARS = str(Path(riskcore_openalgo.__file__).parent / "demo" / "bars")
COMMANDS = dict(commands(parser()))
WITHOUT = {
    "riskcore shadow": "it runs until it is stopped; `riskcore status --json` reads its journal meanwhile",
    "riskcore live": "the same",
    "riskcore completion": "its answer is a script",
    "riskcore control password": "it asks a person, and answers with lines for a file",
}
OVER = ("--bars", BARS, "--strategy", "ema_cross", "--config", "config")
SAID = ("--by", "asha", "--why", "the tests")

READS = {
    "demo": ["demo", "--journal", "demo.db"],
    "backtest": ["backtest", *OVER],
    "bars": ["bars", f"{BARS}/INFY.csv", "--to", "again", "--overwrite"],
    "journal show": ["journal", "show", "demo.db"],
    "journal verify": ["journal", "verify", "demo.db"],
    "journal verify, pruned": ["journal", "verify", "cut.db", "--archive", "old.db"],
    "journal verify, not what follows": ["journal", "verify", "cut.db", "--archive", "demo.db"],
    "journal replay": ["journal", "replay", "demo.db"],
    "journal replay, decisions": ["journal", "replay", "demo.db", "--policy", "config", "--mode", "decisions"],
    "journal replay, resimulated": ["journal", "replay", "demo.db", "--policy", "config", "--mode", "resimulate"],
    "journal reconcile": ["journal", "reconcile", "demo.db"],
    "journal note": ["journal", "note", "demo.db"],
    "journal parity": ["journal", "parity", "paper.db", "--bars", BARS, "--config", "config"],
    "status": ["status", "demo.db"],
    "doctor": ["doctor", "--config", "config", "--journal", "demo.db"],
    "credentials check": ["credentials", "check", "--config", "config"],
    "alerts list": ["alerts", "list", "--journal", "demo.db"],
    "config diff": ["config", "diff", "--config", "config", "--journal", "demo.db"],
    "stop": ["stop", "--journal", "demo.db"],
}
DOES = {
    "init": ["init", "fresh"],
    "paper": ["paper", *OVER, "--journal", "new.db"],
    "journal export": ["journal", "export", "demo.db", "--to", "out", "--table", "trades"],
    "journal prune": ["journal", "prune", "days.db", "--before", "2026-11-20"],
    "journal note": ["journal", "note", "demo.db", "1", "entered late", "--tag", "late"],
    "control pause": ["control", "pause", "--journal", "demo.db", *SAID],
    "control resume": ["control", "resume", "--journal", "demo.db", *SAID],
    "control funds-moved": ["control", "funds-moved", "25000", "--journal", "demo.db", *SAID],
    "control set": ["control", "set", "max_positions", "1", "--journal", "demo.db", *SAID],
    "credentials set": ["credentials", "set", "webhook.secrets.desk", "--config", "config"],
    "credentials encrypt": ["credentials", "encrypt", "--config", "config"],
    "credentials rotate": ["credentials", "rotate", "--config", "config"],
    "alerts ack": ["alerts", "ack", "unprotected", "--journal", "demo.db", *SAID],
    "config confirm": ["config", "confirm", "0123456789ab", "--journal", "demo.db", *SAID],
}
BESIDE_A_RUNNER = {
    *("control enter", "control exit", "control reduce", "control cancel", "control tighten"),
    "control settle",
    *("control stop", "control rearm"),
}
OF_ITS_OWN = {"report", "journal signal", "practice", "margins"}  # test_practice.py, test_margins.py


@pytest.fixture(scope="module")
def kept(tmp_path_factory, demo_journal):
    """A folder as a user has it: the demo's journal, a paper day's, days that were cut off, a configuration."""
    folder = tmp_path_factory.mktemp("kept")
    shutil.copy(demo_journal, folder / "demo.db")
    for name in ("days.db", "cut.db"):
        with Journal(folder / name) as journal:
            journal.append(list(entries(four_days())))
    asked = ["--before", "2026-11-20", "--archive", str(folder / "old.db")]
    assert main(["journal", "prune", str(folder / "cut.db"), *asked]) == 0
    assert main(["init", str(folder / "config")]) == 0
    rules = "risk_management:\n  charges_as_of: 2026-08-03\n  position_size_basis: margin\n"
    (folder / "config" / "risk_management.yaml").write_text(rules, encoding="utf-8")
    over = ["--bars", BARS, "--strategy", "ema_cross", "--config", str(folder / "config")]
    assert main(["paper", *over, "--journal", str(folder / "paper.db")]) == 0
    return folder


@pytest.fixture
def run(kept, tmp_path, monkeypatch, capsys):
    """A command in a copy of that folder: exit code, output, errors."""
    shutil.copytree(kept, tmp_path / "desk")
    monkeypatch.chdir(tmp_path / "desk")

    def ran(*words):
        capsys.readouterr()
        monkeypatch.setattr("sys.stdin", io.StringIO("a-secret-of-24-letters-or-more\n"))
        code = main(list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return ran


def parsed(text):
    """The one object; a float in it, which would have rounded money, fails."""
    assert text.isascii()
    return json.loads(text, parse_float=lambda number: pytest.fail(f"a float: {number}"))


def leaves(value):
    """Every text and number in an object."""
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in leaves(one)]
    if isinstance(value, list):
        return [leaf for one in value for leaf in leaves(one)]
    return [str(value)]


def amounts(texts):
    """The amounts with two decimals that some texts hold, without their signs."""
    found = {number for text in texts for number in re.findall(r"(?<![\d.])[\d,]*\d\.\d+(?![\d.])", text)}
    found |= {text.lstrip("-") for text in texts if re.fullmatch(r"-?\d{1,12}", text)}
    return {round(Decimal(number.replace(",", "")), 2) for number in found}


def test_every_command_has_it_or_a_reason():
    """And each that has it is asked for it here or beside a runner."""
    asked = {f"riskcore {name.partition(',')[0]}" for name in (*READS, *DOES, *BESIDE_A_RUNNER, *OF_ITS_OWN)}
    assert asked | set(WITHOUT) == set(COMMANDS)
    for command, verb in COMMANDS.items():
        assert ("--json" in verb.format_help()) == (command not in WITHOUT), command


@pytest.mark.parametrize("name", READS)
def test_the_object_holds_what_the_text_says(run, name):
    """The same exit code, nothing else on standard output, and every amount of the text."""
    code, text, _ = run(*READS[name])
    same, told, _ = run(*READS[name], "--json")
    content = parsed(told)
    assert (same, bool(content)) == (code, True)
    assert amounts([text.partition("\nNext:")[0].rpartition("the defaults:")[2]]) <= amounts(leaves(content))


@pytest.mark.parametrize("name", DOES)
def test_what_was_done_is_one_object(run, name):
    """With exit code 0; refused are a hash that nothing waits for, an alarm that does not stand, a needless resume."""
    code, told, err = run(*DOES[name], "--json")
    assert code == {"config confirm": 1, "alerts ack": 1, "control resume": 3}.get(name, 0), err
    assert parsed(told)


def test_of_a_day_under_way_the_journal_is_asked(run):
    code, told, err = run("paper", "--config", "config", "--json")
    assert (code, told) == (1, "")
    assert "riskcore status JOURNAL --json" in err


def test_every_row_is_an_object_of_its_own(run):
    """There may be millions: a program takes them one at a time."""
    _, told, _ = run("journal", "show", "--rows", "demo.db", "--json")
    rows = [parsed(line) for line in told.splitlines()]
    with Reader("demo.db") as journal:
        assert [(row["row"], row["type"]) for row in rows] == [(one.seq, one.type) for one in journal.rows()]


def test_a_report_goes_to_standard_output_where_no_file_is_named(run):
    """The same object as in a file, in ASCII whatever a note holds."""
    run("journal", "note", "demo.db", "1", "g\u00fcnstig \u20b9")
    code, told, _ = run("report", "demo.db", "--json")
    assert code == 0
    assert run("report", "demo.db", "--json", "r.json")[1] == "r.json\n"
    assert parsed(told) == json.loads(Path("r.json").read_text("utf-8"))
    assert "g\u00fcnstig \u20b9" in parsed(told)["trades"][0]["notes"]


def test_a_signals_story_has_the_amounts_of_its_text(run):
    with Reader("demo.db") as journal:
        name = next(row.event.signal_id for row in journal.rows(types=[events.PositionClosed.__name__]))
    _, text, _ = run("journal", "signal", name, "--journal", "demo.db")
    _, told, _ = run("journal", "signal", name, "--journal", "demo.db", "--json")
    assert amounts([text]) <= amounts(leaves(parsed(told)))


def test_each_act_beside_a_runner_answers_with_one_object(tmp_path, capsys):
    """Those of `control` that need one."""

    def act(*words):
        given = ["control", *map(str, words), "--journal", str(day.path), *SAID, "--json"]
        assert control.run(parser().parse_args(given), clock=day.clock) in (0, 3)
        return parsed(capsys.readouterr().out)

    with live_day(tmp_path / "live.db") as day:
        day.ready()
        assert act("enter", "buy", "INFY", "--stop", "980")["decision"].startswith("approved")
        day.until(lambda: day.position is not None and day.covered(), "1000.1")
        assert main(["status", str(day.path), "--json"]) == 0
        (held,) = parsed(capsys.readouterr().out)["positions"]
        assert held["stop_rests_for"] == held["quantity"] > 0
        assert main(["status", str(day.path)]) == 0
        assert f"for {held['quantity']}\n" in (said := capsys.readouterr().out)
        assert ", a stop: working, 0 of" in said
        assert act("tighten", "INFY", "985")["told"][:2] == ["control taken", "the stop of NSE:INFY is now 985.0"]
        assert act("reduce", "INFY", 10)["done"]
        assert act("cancel", day.state.book.resting("NSE:INFY").id)["refused"]
        assert act("exit", "INFY")["done"]
        day.until(lambda: day.position is None, 1000)
        assert act("stop")["stage"] == "flat"
        assert act("rearm", "--word", "UNLOCK")["done"]
