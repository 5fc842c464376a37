"""The commands as a user types them: output, errors in one line, exit codes.

What they do is shown in processes of their own; where only an argument differs from one that was shown there, the
command line is called here, which is the same function: an exception would come out of it.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import attrs
import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.journal import Journal

BARS = Path(__file__).resolve().parents[2] / "src" / "riskcore_openalgo" / "demo" / "bars"


def riskcore(*arguments, folder, **environment):
    """Run the command in a folder."""
    command = [sys.executable, "-m", "riskcore_openalgo", *map(str, arguments)]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


@pytest.fixture
def called(tmp_path, monkeypatch, capsys):
    """Call the command in a folder of its own: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        capsys.readouterr()
        try:
            code = main([str(each) for each in arguments])
        except SystemExit as ended:  # argparse ends so, where a process would
            code = ended.code
        said = capsys.readouterr()
        return SimpleNamespace(returncode=code, stdout=said.out, stderr=said.err)

    return call


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """A folder in which the demo was run, and what it said."""
    folder = tmp_path_factory.mktemp("cli")
    return folder, riskcore("demo", "--journal", "demo.db", folder=folder)


@pytest.mark.smoke
def test_the_demo_tells_decisions_trades_result_and_what_next(demo):
    """All that the newcomer is promised, in plain ASCII."""
    _, ran = demo
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.isascii()
    for promised in (
        "this demo:     risk 0.1 % a trade, 2 positions",
        "the defaults:  risk 1 % a trade, 3 positions",
        "one_position_per_symbol: INFY is already held",
        "atr_warmup_bars: ATR needs 140 bars, has 33",
        "Result, charges as of 2026-08-03: 2020-02-28: 5 trades, gross Rs 324.00 - charges Rs 211.22 = net Rs 112.78",
        "Journal: demo.db",
        "riskcore journal verify demo.db",
    ):
        assert promised in ran.stdout


def test_a_finished_demo_is_told_again_and_not_played_again(demo):
    """The journal is left as it is."""
    folder, first = demo
    ran = riskcore("demo", "--journal", "demo.db", folder=folder)
    assert "the day is finished" in ran.stdout
    assert ran.stdout.splitlines()[1:] == first.stdout.splitlines()[4:]


def test_the_demo_without_a_journal_numbers_its_days(tmp_path, called):
    """Each run its own file."""
    for _ in range(2):
        assert called("demo").returncode == 0
    assert sorted(path.name for path in (tmp_path / "riskcore-demo").glob("*.db")) == ["day-0001.db", "day-0002.db"]


def test_verify_replay_show_and_status_read_it(demo, called):
    """Each with its own exit code 0."""
    journal = demo[0] / "demo.db"
    said = {name: called("journal", name, journal) for name in ("verify", "replay", "show")}
    assert [ran.returncode for ran in said.values()] == [0, 0, 0]
    assert "the chain holds" in said["verify"].stdout
    assert "the same facts, byte for byte" in said["replay"].stdout
    assert "net Rs 112.78" in said["show"].stdout
    rows = called("journal", "show", "--rows", journal).stdout.splitlines()
    assert rows[0].split()[:2] == ["1", "input"]
    status = called("status", journal)
    assert "5 of 5 trades, 0 of 2 positions" in status.stdout
    assert "today Rs 112.78 realised net" in status.stdout


def test_verify_names_the_first_bad_row(demo, tmp_path):
    """After one byte of a fill was changed: exit code 1; and nothing else works on that journal any more."""
    folder, _ = demo
    shutil.copy(folder / "demo.db", tmp_path / "demo.db")
    with closing(sqlite3.connect(tmp_path / "demo.db")) as connection, connection:
        seq = connection.execute("SELECT min(seq) FROM journal WHERE type = 'Filled'").fetchone()[0]
        connection.execute("UPDATE journal SET body = replace(body, '744.75', '744.76') WHERE seq = ?", (seq,))
    ran = riskcore("journal", "verify", "demo.db", folder=tmp_path)
    assert ran.returncode == 1
    assert f"BROKEN at row {seq}: its content does not match its hash" in ran.stdout
    ran = riskcore("demo", "--journal", "demo.db", folder=tmp_path)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert f"row {seq}:" in ran.stderr


def test_replay_says_what_differs(demo, tmp_path):
    """Here the recorded policy is another than the facts were made with; the chain itself holds."""
    folder, _ = demo
    source, changed = Journal(folder / "demo.db"), Journal(tmp_path / "changed.db")
    rows = [row.event for row in source.rows()]
    rows[0] = events.PolicyLoaded(rows[0].at, attrs.evolve(rows[0].policy, max_positions=1))
    changed.append(rows)
    source.close()
    changed.close()
    ran = riskcore("journal", "replay", "changed.db", folder=tmp_path)
    assert ran.returncode == 1
    assert "DIFFERENT" in ran.stdout


def test_backtest_and_paper_come_to_the_same_trades(tmp_path, called):
    """One strategy, one folder of bars, with and without a journal."""
    options = ("--bars", BARS, "--strategy", "ema_cross", "--config", "config")
    assert called("init", "config").returncode == 0
    rules = tmp_path / "config" / "risk_management.yaml"
    rules.write_text("risk_management:\n  charges_as_of: 2026-08-03\n  position_size_basis: margin\n", encoding="utf-8")
    tested = called("backtest", *options)
    played = called("paper", *options, "--journal", "paper.db")
    assert (tested.returncode, played.returncode) == (0, 0), tested.stderr + played.stderr
    trades = [line.split()[4:] for line in tested.stdout.splitlines() if " NSE:" in line]
    journalled = [line.split()[2:] for line in played.stdout.split("Trades")[1].splitlines() if " NSE:" in line]
    assert trades == journalled
    assert len(trades) == 5


def test_strategies_of_the_configuration_sign_with_their_own_names(tmp_path, called):
    """Two strategies on one symbol, from the YAML; each decision says whose it was."""
    assert called("init", "config").returncode == 0
    entry = (
        "    - {{name: {}, function: 'riskcore_openalgo.lab.ema_cross:EmaCross', symbols: [INFY], parameters: {}}}\n"
    )
    rules = entry.format("quick", "{fast: 3, slow: 8}") + entry.format("slow", "{fast: 9, slow: 21}")
    (tmp_path / "config" / "trading_rules.yaml").write_text(f"trading_rules:\n  strategies:\n{rules}", encoding="utf-8")
    ran = called("paper", "--bars", BARS, "--config", "config", "--journal", "paper.db")
    assert ran.returncode == 0, ran.stderr
    with closing(sqlite3.connect(tmp_path / "paper.db")) as connection:
        found = connection.execute("SELECT strategy, count(*) FROM decisions GROUP BY strategy").fetchall()
    assert {name for name, _ in found} == {"quick", "slow"}
    assert dict(found)["quick"] > dict(found)["slow"]


def test_a_journal_that_cannot_be_written_is_told_and_goes_on_once_it_can(tmp_path):
    """Locked for the whole day: entries stop, the rows wait in the spool, and the next start takes them in."""
    bars = tmp_path / "bars"
    bars.mkdir()
    lines = (BARS / "INFY.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (bars / "INFY.csv").write_text("".join(lines[:200]), encoding="utf-8")
    play = ("paper", "--bars", bars, "--strategy", "ema_cross", "--journal", "day.db")
    Journal(tmp_path / "day.db").close()
    with closing(sqlite3.connect(tmp_path / "day.db", isolation_level=None)) as locker:
        locker.execute("BEGIN IMMEDIATE")
        ran = riskcore(*play, folder=tmp_path)
        locker.execute("ROLLBACK")
    assert ran.returncode == 1
    assert "database is locked): entries were stopped" in ran.stderr
    again = riskcore(*play, folder=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "entries are stopped: journal_unavailable (database is locked)" in again.stdout
    assert riskcore("journal", "replay", "day.db", folder=tmp_path).returncode == 0


def test_init_never_overwrites(called):
    """The second time it says which file is in the way."""
    assert called("init", "config").returncode == 0
    again = called("init", "config")
    assert again.returncode == 78
    assert "risk_management.yaml" in again.stderr


def test_a_wrong_configuration_is_told_with_every_line_and_exit_code_78(tmp_path):
    """Several mistakes at once, each with file and line."""
    (tmp_path / "config").mkdir()
    text = "risk_management:\n  max_positions: 2.5\n  risk_per_trade: 0.01\n  max_loss: 3\n"
    (tmp_path / "config" / "risk_management.yaml").write_text(text, encoding="utf-8")
    ran = riskcore("paper", "--bars", BARS, "--config", "config", "--strategy", "ema_cross", folder=tmp_path)
    assert ran.returncode == 78
    lines = ran.stderr.splitlines()
    assert [line.rsplit(".yaml:", 1)[1].split(":")[0] for line in lines] == ["2", "3", "4"]
    assert not list(tmp_path.rglob("*.db"))


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "the following arguments are required"),
        (("fly",), 2, "invalid choice"),
        (("status", "nothing.db"), 1, "no such journal"),
        (("status", "."), 1, ".: is a folder; a journal is a file, such as riskcore.db"),
        (("status", ""), 1, ".: is a folder; a journal is a file, such as riskcore.db"),
        (("control", "pause", "--why", "x", "--journal", "/"), 1, "is a folder; a journal is a file"),
        (("journal", "verify", "nothing.db"), 1, "no such journal"),
        (("paper", "--bars", "nowhere", "--strategy", "ema_cross"), 1, "nowhere"),
        (("backtest", "--bars", str(BARS), "--strategy", "nonsense"), 1, "nonsense"),
        (("backtest", "--bars", str(BARS), "--interval", "7x", "--strategy", "ema_cross"), 1, "7x"),
        (("backtest", "--bars", str(BARS), "--symbols", "TCS", "--strategy", "ema_cross"), 1, "TCS"),
        (("backtest", "--bars", str(BARS)), 1, "no strategy"),
        (("paper", "--bars", str(BARS), "--config", "nowhere", "--strategy", "ema_cross"), 78, "nowhere"),
    ],
)
def test_nonsense_gets_one_clear_line_and_no_traceback(called, arguments, code, said):
    """Exit code 2 for the command line, 1 for the world, 78 for the configuration."""
    ran = called(*arguments)
    assert ran.returncode == code, ran.stderr
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_command_that_is_none_ends_its_process_with_code_2(tmp_path):
    """As those with 0, 1 and 78 above do: in a process, what was returned is what it ends with."""
    assert riskcore("fly", folder=tmp_path).returncode == 2


def test_the_version_is_the_librarys(capsys):
    with pytest.raises(SystemExit) as done:
        main(["--version"])
    assert (done.value.code, capsys.readouterr().out) == (0, f"riskcore {rc.__version__}\n")


def test_every_verb_has_help_with_an_example(called):
    """And the exit codes stand in the first one."""
    assert "78 configuration wrong" in called("--help").stdout
    for verb in ("demo", "backtest", "paper", "init", "status"):
        assert "Example: riskcore" in called(verb, "--help").stdout


@pytest.mark.parametrize(
    "given", [["status", "--journal", "x.db"], ["control", "resume", "operator_halted", "--why", "x"]]
)
def test_what_a_verb_does_not_take_is_told_with_the_usage_of_that_verb(given, capsys):
    """That of all verbs was shown, which says nothing of the one that was meant."""
    with pytest.raises(SystemExit) as done:
        main(given)
    said = capsys.readouterr().err
    verb = " ".join(word for word in given if word in ("status", "control", "resume"))
    assert done.value.code == 2
    assert said.startswith(f"usage: riskcore {verb} ")
    assert "unrecognized arguments: " in said
