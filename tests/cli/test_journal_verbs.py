"""`riskcore journal show | export | prune | verify | replay --policy` as a user types them."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta

import pytest

from riskcore import events
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.cli.opening import KEY
from riskcore_openalgo.journal import Journal, Reader
from tests.journal.told import FIRST, FOURTH, SECOND, THIRD, entries, four_days, write

SECRET = "a key nobody may read"
STRICTER = """
risk_management:
  risk_per_trade: 0.1
  max_positions: 1
  position_size_basis: margin
  charges_as_of: 2026-08-03
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the user is, with a journal of four days: `live.db`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(KEY, raising=False)
    with Journal(tmp_path / "live.db") as journal:
        journal.append(entries(four_days()))
    return tmp_path


@pytest.fixture
def run(folder, capsys):
    """The command, in the folder: exit code, output, errors."""

    def ran(*words):
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return ran


@pytest.fixture
def demo(folder, demo_journal):
    """The demo day beside it."""
    shutil.copy(demo_journal, folder / "demo.db")
    return folder / "demo.db"


# ---------------------------------------------------------------- show


def test_show_tells_the_date_where_there_are_several_days(run):
    """Of each decision and each trade; one day alone is told by the clock (the demo's)."""
    code, out, _ = run("journal", "show", "live.db")
    assert code == 0
    shown, trades = out.split("Trades\n")
    with_a_date = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d  ")
    decided = [line for line in shown.splitlines() if " APPROVED " in line or " REFUSED " in line]
    assert decided
    assert all(with_a_date.match(line) for line in decided)
    closed = [line for line in trades.split("Result")[0].splitlines()[1:] if line.strip()]
    assert len(closed) == 4
    assert all(with_a_date.match(line) for line in closed)


# ---------------------------------------------------------------- export


def test_export_writes_a_folder_of_tables(run, folder):
    """All six, each with its rows said."""
    code, out, _ = run("journal", "export", "live.db", "--to", "out")
    assert code == 0
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        f"{name}.csv" for name in ("alerts", "decisions", "fills", "journal", "orders", "trades")
    ]
    assert f"{os.path.join('out', 'trades.csv')}: 4 rows of trades" in out  # noqa: PTH118 - as it is printed
    rows = list(csv.DictReader((folder / "out" / "trades.csv").read_text(encoding="utf-8").splitlines()))
    closed = [fact for fact in four_days().facts if isinstance(fact, events.PositionClosed)]
    assert [row["gross"] for row in rows] == [f"{fact.gross:f}" for fact in closed]
    assert [row["charges"] for row in rows] == [f"{fact.charges:f}" for fact in closed]


def test_export_of_one_table_of_some_days_into_a_file(run, folder):
    """The format is the file's ending."""
    words = ("--table", "trades", "--since", SECOND, "--until", THIRD)
    code, _, _ = run("journal", "export", "live.db", "--to", "trades.jsonl", *words)
    rows = [json.loads(line) for line in (folder / "trades.jsonl").read_text(encoding="utf-8").splitlines()]
    assert code == 0
    assert [row["session"] for row in rows] == [SECOND.isoformat(), THIRD.isoformat()]
    assert all(isinstance(row["gross"], str) for row in rows)


def test_an_exported_journal_is_verified_like_a_journal(run, folder):
    """Its first bad row is named, with exit code 1."""
    run("journal", "export", "live.db", "--to", "journal.jsonl", "--table", "journal")
    code, out, _ = run("journal", "verify", "journal.jsonl")
    with Reader(folder / "live.db") as journal:
        assert (code, f"{journal.length} rows, the chain holds; head {journal.head}" in out) == (0, True)
    lines = (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "journal.jsonl").write_text("".join([*lines[:9], *lines[10:]]), encoding="utf-8")
    code, out, _ = run("journal", "verify", "journal.jsonl")
    assert (code, "BROKEN at row 9: is missing" in out) == (1, True)


def test_export_never_overwrites_unless_told(run):
    """The second time it says which file is in the way."""
    words = ("journal", "export", "live.db", "--to", "fills.csv", "--table", "fills")
    assert run(*words)[0] == 0
    code, _, err = run(*words)
    assert (code, "fills.csv is there already; name another place, or say --overwrite" in err) == (1, True)
    assert run(*words, "--overwrite")[0] == 0


# ---------------------------------------------------------------- prune


def test_prune_says_where_the_rows_are_and_verify_proves_that_none_is_missing(run, folder):
    """Archive and journal, in one command."""
    with Reader(folder / "live.db") as journal:
        head, length = journal.head, journal.length
    code, out, _ = run("journal", "prune", "live.db", "--before", THIRD)
    assert code == 0
    (archive,) = folder.glob("live.rows-1-*.db")
    assert f"{archive.name}: " in out
    assert f"goes on from there with session {THIRD}" in out
    code, out, _ = run("journal", "verify", "live.db", "--archive", archive.name)
    assert code == 0
    assert f"goes on where {archive.name} ends" in out
    assert f"head {head}" in out
    assert run("status", "live.db")[1].splitlines()[-1] == f"journal    {length} rows, head {head[:16]}"
    assert run("journal", "replay", "live.db")[0] == 0
    assert run("journal", "show", "live.db")[0] == 0


def test_verify_notices_an_archive_of_another_journal(run, folder):
    """Each chain holds by itself, and they do not belong together."""
    shutil.copy(folder / "live.db", folder / "other.db")
    run("journal", "prune", "live.db", "--before", THIRD)
    code, out, _ = run("journal", "verify", "live.db", "--archive", "other.db")
    assert code == 1
    assert "BROKEN: begins after row" in out


def test_an_exported_archive_proves_as_much(run, folder):
    """The rows that left, as text."""
    run("journal", "prune", "live.db", "--before", SECOND, "--archive", "old.db")
    run("journal", "export", "old.db", "--to", "old.jsonl", "--table", "journal")
    run("journal", "export", "live.db", "--to", "new.jsonl", "--table", "journal")
    assert run("journal", "verify", "new.jsonl", "--archive", "old.jsonl")[0] == 0


def test_prune_while_a_runner_writes_is_refused(run, folder):
    """Before anything is copied."""
    with Journal(folder / "live.db"):
        code, _, err = run("journal", "prune", "live.db", "--before", THIRD)
    assert code == 1
    assert f"is being written by process {os.getpid()}" in err
    assert not list(folder.glob("*.rows-*"))


def test_prune_says_what_keeps_the_rest(run, folder):
    """The last session, here; an open position, in the other journal."""
    code, out, _ = run("journal", "prune", "live.db", "--before", FOURTH + timedelta(days=30))
    assert code == 0
    assert f"stay from {FOURTH} on: session {FOURTH} is the last one" in out
    with Journal(folder / "held.db") as journal:
        write(journal)
    code, _, err = run("journal", "prune", "held.db", "--before", THIRD)
    assert code == 1
    assert f"nothing before {THIRD} can leave" in err
    assert "NSE:TCS is held since" in err


# ---------------------------------------------------------------- replay under another policy


def test_decisions_of_another_policy_stand_beside_the_recorded_ones(run, demo, folder):
    """What differs, how, and how many; with --all the rest too."""
    (folder / "stricter.yaml").write_text(STRICTER, encoding="utf-8")
    words = ("journal", "replay", demo.name, "--policy", "stricter.yaml", "--mode", "decisions")
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    assert "max_positions: 2 -> 1" in out
    assert "47 signals: 5 approved then, 3 now; 2 answers differ" in out
    lines = [line.split() for line in out.splitlines() if " NSE:" in line]
    assert [line[2:8] for line in lines] == [
        ["NSE:INFY", "SELL", "approved", "39", "refused", "-"],
        ["NSE:LT", "BUY", "approved", "31", "refused", "-"],
    ]
    assert all("max_positions: 1 positions open" in line for line in out.splitlines() if " NSE:" in line)
    every = run(*words, "--all")[1]
    assert sum(" NSE:" in line for line in every.splitlines()) == 47


def test_a_resimulation_stands_beside_the_record(run, demo, folder):
    """Trade by trade, and what both came to."""
    (folder / "stricter.yaml").write_text(STRICTER, encoding="utf-8")
    code, out, _ = run("journal", "replay", demo.name, "--policy", "stricter.yaml", "--mode", "resimulate")
    assert code == 0
    result = {line.rsplit(None, 2)[0].strip(): line.split()[-2:] for line in out.splitlines() if line}
    assert result["trades"] == ["5", "5"]
    assert result["net Rs"] == ["112.78", "-127.69"]
    assert sum(" NSE:" in line for line in out.splitlines()) == 7


def test_the_same_policy_differs_in_nothing(run, demo, folder):
    """The recorded settings as a folder of configuration."""
    (folder / "config").mkdir()
    text = STRICTER.replace("max_positions: 1", "max_positions: 2")
    (folder / "config" / "risk_management.yaml").write_text(text, encoding="utf-8")
    words = ("journal", "replay", demo.name, "--policy", "config", "--mode")
    assert "the same settings as the last recorded policy" in run(*words, "decisions")[1]
    assert "0 answers differ" in run(*words, "decisions")[1]
    assert "net Rs      112.78  112.78" in run(*words, "resimulate")[1]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("max_positions: 1\n", "1", "belongs under `risk_management:`"),
        ("", "1", "must begin with"),
        ("risk_management:\n  max_positions: none\n", "2", "max_positions"),
        ("risk_management: {}\nsystem: {}\n", "2", "belongs into system_config.yaml"),
    ],
)
def test_a_policy_that_is_wrong_is_told_with_its_lines(run, folder, text, line, said):
    """Exit code 78, as for any configuration."""
    (folder / "mine.yaml").write_text(text, encoding="utf-8")
    code, _, err = run("journal", "replay", "live.db", "--policy", "mine.yaml", "--mode", "decisions")
    assert code == 78
    assert err.startswith(f"mine.yaml:{line}: ")
    assert said in err


# ---------------------------------------------------------------- encrypted, misspelt, nonsense


def test_an_encrypted_journal_is_opened_with_the_key_of_the_environment(run, folder, monkeypatch):
    """Its archive is encrypted too, its export is not, and the key stands nowhere."""
    with Journal(folder / "secret.db", key=SECRET) as journal:
        journal.append(entries(four_days()))
    code, _, err = run("journal", "verify", "secret.db")
    assert (code, "which needs its key" in err) == (1, True)
    monkeypatch.setenv(KEY, SECRET)
    said = [
        run("journal", "prune", "secret.db", "--before", SECOND, "--archive", "old.db"),
        run("journal", "verify", "secret.db", "--archive", "old.db"),
        run("journal", "export", "secret.db", "--to", "out"),
        run("journal", "reconcile", "secret.db"),
        run("status", "secret.db"),
    ]
    assert [code for code, _, _ in said] == [0] * 5
    assert not (folder / "old.db").read_bytes().startswith(b"SQLite")
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert SECRET.encode() not in written
    assert not any(SECRET in out + err for _, out, err in said)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("export", "nothing.db", "--to", "out"), 1, "no such journal"),
        (("prune", "nothing.db", "--before", "2026-01-01"), 1, "no such journal"),
        (("prune", "live.db", "--before", "2001-01-01"), 1, "nothing before 2001-01-01 can leave"),
        (("prune", "live.db", "--before", "yesterday"), 2, "is not a date such as"),
        (("prune", "live.db"), 2, "--before"),
        (("prune", "live.db", "--before", "2026-11-20", "--archive", "live.db"), 1, "is not the archive of these rows"),
        (("export", "live.db"), 2, "--to"),
        (("export", "live.db", "--to", "x", "--since", "2026-13-01"), 2, "is not a date"),
        (
            ("export", "live.db", "--to", "x", "--since", "2026-02-01", "--until", "2026-01-01"),
            1,
            "nothing lies between",
        ),
        (("export", "live.db", "--to", "x", "--table", "money"), 2, "invalid choice"),
        (("export", "live.db", "--to", "x", "--format", "xlsx"), 2, "invalid choice"),
        (("export", "live.db", "--to", "live.db", "--table", "fills"), 1, "is a file"),
        (("replay", "live.db", "--policy", "nowhere.yaml", "--mode", "decisions"), 78, "nowhere.yaml"),
        (("replay", "live.db", "--mode", "decisions"), 1, "--policy and --mode go together"),
        (("replay", "live.db", "--policy", "x.yaml"), 1, "--policy and --mode go together"),
        (("replay", "live.db", "--policy", "x.yaml", "--mode", "guess"), 2, "invalid choice"),
        (("verify", "postgresql://asha:s3cret@127.0.0.1:1/riskcore"), 1, "cannot be used"),
        (("verify", "mysql://x/y"), 1, "no other database is known"),
    ],
)
def test_nonsense_gets_one_clear_line_and_changes_nothing(run, folder, capsys, words, code, said):
    """Exit code 2 for the command line, 1 for the world, 78 for a policy; no secret in it."""
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".db"}
    try:
        got, out, err = run("journal", *words)
    except SystemExit as problem:
        got, (out, err) = problem.code, capsys.readouterr()
    assert (got, out) == (code, "")
    assert said in err
    assert "s3cret" not in err
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".db"} == before


def test_a_broken_journal_is_neither_exported_nor_pruned(run, folder):
    """It is verified first; the row is named."""
    import sqlite3  # noqa: PLC0415 - past all code of ours
    from contextlib import closing  # noqa: PLC0415

    with closing(sqlite3.connect(folder / "live.db")) as connection, connection:
        connection.execute("UPDATE journal SET body = replace(body, '1000', '1001') WHERE seq = 9")
    bad = sqlite3.connect(folder / "live.db")
    with closing(bad):
        changed = bad.execute("SELECT body FROM journal WHERE seq = 9").fetchone()[0]
    if "1001" not in changed:
        pytest.fail("row 9 has no price: look for another one")
    for words in (("export", "live.db", "--to", "out"), ("prune", "live.db", "--before", str(THIRD))):
        code, _, err = run("journal", *words)
        assert (code, "row 9: its content does not match its hash" in err) == (1, True)
    assert not (folder / "out").exists()
    assert not list(folder.glob("*.rows-*"))


def test_the_whole_way_in_real_processes(folder):
    """Prune, verify, export, one process each; and every verb has help with an example."""
    steps = (
        ("journal", "prune", "live.db", "--before", str(SECOND), "--archive", "old.db"),
        ("journal", "verify", "live.db", "--archive", "old.db"),
        ("journal", "export", "live.db", "--to", "out"),
        ("journal", "export", "--help"),
    )
    for step in steps:
        command = [sys.executable, "-m", "riskcore_openalgo", *step]
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
    assert "Example: riskcore journal export" in ran.stdout
    assert (folder / "out" / "trades.csv").is_file()
    assert FIRST.isoformat() not in (folder / "out" / "trades.csv").read_text(encoding="utf-8")
