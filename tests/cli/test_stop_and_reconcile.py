"""`riskcore stop` and `riskcore journal reconcile`, with a runner in another process and without one."""

import getpass
import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

import riskcore as rc
from riskcore import events
from riskcore.testing import Scenario
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.journal import Journal, Reader
from riskcore_openalgo.journal.places import place_of
from riskcore_openalgo.journal.replay import replay
from riskcore_openalgo.runner.inbox import Inbox, folder_of
from riskcore_openalgo.runner.stopping import FLAT, UNSETTLED
from tests.cli.running import running
from tests.journal.told import INFY, SEEN, TCS, THIRD, entries

SETTINGS = {"max_position_size_percent": 100, "max_sector_exposure": 100, "entry_band_pct": 0}
POLICY = rc.Policy(**SETTINGS)
BY = ("--by", "asha", "--why", "sold 13 by hand")


def books(told, clock, **held):
    """A look at the broker's books: what it holds of each symbol, and the trades that made it."""
    rows = tuple(
        rc.BrokerPosition(key=f"NSE:{symbol}", product="MIS", quantity=quantity, average_price=1000)
        for symbol, quantity in held.items()
    )
    trades = tuple(
        rc.BrokerTrade(order_id="H1", key=row.key, side="BUY", quantity=row.quantity, price=1000, product="MIS")
        for row in rows
    )
    at = told.at(clock)
    told.take(events.BooksRead(at, rc.BrokerBooks(at=at, orders=(), trades=trades, positions=rows, holdings=())))


def differing(reads, **policy):
    """A day on which TCS shares came that nobody here bought, and the broker shows more of INFY than we hold."""
    told = Scenario(rc.Policy(**{**SETTINGS, **policy}), INFY, TCS, day=THIRD)
    told.fill("10:00:01", told.enter("10:00", **SEEN), price=1000)
    held = told.book.positions[0].quantity
    for n in range(reads):
        books(told, f"10:0{n + 1}", INFY=held + 20, TCS=5)
    return told


def written(path, told):
    """A journal of a scenario."""
    with Journal(path) as journal:
        journal.append(entries(told))


@pytest.fixture
def live(tmp_path, monkeypatch):
    """A journal with differences that have frozen two symbols."""
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "live.db", differing(2))
    return tmp_path / "live.db"


@pytest.fixture
def run(capsys):
    """The command: exit code, output, errors."""

    def ran(*words):
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return ran


# ---------------------------------------------------------------- reconcile


def test_reconcile_tells_what_differs_what_follows_and_what_is_frozen(run, live):
    """Exit code 1 while something does."""
    code, out, _ = run("journal", "reconcile", live)
    lines = [line.split() for line in out.splitlines() if line.startswith("NSE:")]
    assert code == 1
    ours = differing(2).book.positions[0].quantity
    assert [line[:6] for line in lines] == [
        ["NSE:INFY", str(ours), str(ours + 20), "more", "2", "reads"],
        ["NSE:TCS", "0", "5", "foreign", "2", "reads"],
    ]
    assert out.count("the symbol is frozen: no entries in it (manual_trades: freeze)") == 2
    assert "frozen: NSE:INFY since 2026-11-20" in out
    assert "frozen: NSE:TCS since 2026-11-20" in out
    assert "the gate last opened, on books that agreed: never" in out
    assert "take the broker's account as it is with --accept --by NAME --why TEXT, or mend it at the broker" in out
    assert "books      2 of the broker's differ from ours: riskcore journal reconcile shows" in run("status", live)[1]


def test_a_difference_seen_once_may_yet_pass(run, tmp_path):
    """Nothing is frozen, and how many reads are missing is said."""
    written(tmp_path / "j.db", differing(1, differing_reads=3, manual_trades="adopt"))
    code, out, _ = run("journal", "reconcile", tmp_path / "j.db")
    assert (code, out.count("1 of 3 reads"), "frozen" in out) == (1, 2, False)
    assert "adopted as ours" in out
    assert "--accept" not in out, "it may pass by itself"


def test_shares_that_are_gone_are_followed(run, tmp_path):
    """Whatever the policy says of those that come."""
    told = Scenario(POLICY, INFY, day=THIRD)
    told.fill("10:00:01", told.enter("10:00", **SEEN), price=1000)
    books(told, "10:05", INFY=1)
    written(tmp_path / "j.db", told)
    _, out, _ = run("journal", "reconcile", tmp_path / "j.db")
    assert "our book follows the broker: the shares are gone" in out


def test_shares_of_ours_that_are_gone_are_not_accepted(run, tmp_path):
    """Our book follows at the next look; said as it is, with exit code 1."""
    told = Scenario(rc.Policy(**SETTINGS, manual_trades="ignore"), INFY, day=THIRD)
    told.fill("10:00:01", told.enter("10:00", **SEEN), price=1000)
    books(told, "10:05", INFY=1)
    written(tmp_path / "j.db", told)
    code, out, _ = run("journal", "reconcile", tmp_path / "j.db", "--accept", *BY)
    assert (code, "accepted before" in out) == (1, False)
    assert out.count("our book follows the broker: the shares are gone") == 2


def test_what_was_accepted_before_shares_were_told_apart_is_the_brokers_quantity(run, tmp_path):
    """In a journal of before: the fact had that alone."""
    told = differing(2)
    fact = events.DifferencesTaken(told.at("10:05"), "asha", "mine", (("NSE:TCS", 5),))
    with Journal(tmp_path / "j.db") as journal:
        journal.append([*entries(told), fact])
    out = run("journal", "reconcile", tmp_path / "j.db")[1]
    assert "accepted before: NSE:TCS: 5 at the broker" in out


def test_an_order_of_unknown_outcome_is_told(run, tmp_path):
    """It is no difference yet, and it is open: exit code 1, and nothing to accept."""
    told = Scenario(POLICY, INFY, day=THIRD)
    told.report("10:00:01", told.enter("10:00", **SEEN), "unknown")
    written(tmp_path / "j.db", told)
    code, out, _ = run("journal", "reconcile", tmp_path / "j.db")
    assert code == 1
    assert "unknown outcome: script:INFY:BUY:entry:20261120T100000: BUY" in out
    code, out, _ = run("journal", "reconcile", tmp_path / "j.db", "--accept", *BY)
    assert (code, "nothing that can be accepted; nothing was written" in out) == (1, True)


def test_nothing_differs(run, tmp_path):
    """Exit code 0; and nothing is written that nobody needs."""
    told = Scenario(POLICY, INFY, day=THIRD)
    written(tmp_path / "j.db", told)
    with Reader(tmp_path / "j.db") as journal:
        length = journal.length
    code, out, _ = run("journal", "reconcile", tmp_path / "j.db")
    assert (code, "nothing differs, as far as the broker's books were read" in out) == (0, True)
    code, _, _ = run("journal", "reconcile", tmp_path / "j.db", "--accept", *BY)
    with Reader(tmp_path / "j.db") as journal:
        assert (code, journal.length) == (0, length)


def test_accepted_without_a_runner_it_takes_effect_at_once(run, live):
    """Through a turn of our own: the facts are there, the symbols are free, and the journal replays."""
    code, out, _ = run("journal", "reconcile", live, "--accept", *BY)
    assert code == 0
    assert "accepted: row" in out
    assert "accepted before: NSE:TCS: 5 beside ours" in out
    code, out, _ = run("journal", "reconcile", live, "--json")
    known = [{"key": "NSE:INFY", "quantity": 20, "missing": 0}, {"key": "NSE:TCS", "quantity": 5, "missing": 0}]
    assert (code, json.loads(out)["beside"], json.loads(out)["accepted_before"]) == (0, known, [])
    assert "not ours   20 NSE:INFY, 5 NSE:TCS: accepted, and left alone" in run("status", live)[1]
    with Reader(live) as journal:
        taken = [row.event for row in journal.rows(types=["DifferencesTaken"])]
        assert [(fact.by, fact.why) for fact in taken] == [("asha", "sold 13 by hand")]
        state = journal.load().state
        assert not [latch for latch in state.book.latches if latch.name == "positions_differ"]
        assert replay(journal).same


def test_accepted_beside_a_runner_it_goes_through_the_inbox(run, live):
    """The running process takes it, and the command waits until the journal shows it."""
    with running(live):
        code, out, _ = run("journal", "reconcile", live, "--accept", *BY)
    assert code == 0
    assert "a runner is writing; the request goes into its inbox" in out
    assert "accepted: row" in out
    with Reader(live) as journal:
        assert len(list(journal.rows(types=["DifferencesTaken"]))) == 1


def test_a_runner_that_does_not_take_it_is_told_of(run, live):
    """The request stays, and how to withdraw it is said."""
    with Journal(live):
        code, out, _ = run("journal", "reconcile", live, "--accept", *BY, "--wait", "0")
    (path,) = folder_of(live).iterdir()
    assert code == 1
    assert f"NOT taken within 0 s: the request waits as {path}" in out
    assert "sold 13 by hand" in json.loads(path.read_text(encoding="utf-8"))["body"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--accept",), "--accept needs --by NAME and --why TEXT"),
        (("--accept", "--by", "asha"), "--accept needs --by NAME and --why TEXT"),
        (("--accept", "--by", "  ", "--why", "x"), "must say something"),
        (("--by", "asha"), "go with --accept"),
    ],
)
def test_an_acceptance_says_who_and_why(run, live, words, said):
    """Or nothing is written."""
    before = live.read_bytes()
    code, _, err = run("journal", "reconcile", live, *words)
    assert (code, said in err) == (1, True)
    assert live.read_bytes() == before


# ---------------------------------------------------------------- stop


@pytest.mark.parametrize("flatten", [(), ("--flatten",)])
def test_stop_ends_a_runner_and_says_so(run, live, flatten):
    """The lock is free, the request is gone, and the next start is not stopped by it."""
    with running(live) as process:
        code, out, _ = run("stop", "--journal", live, *flatten)
        told = process.stdout.read()
        assert process.wait(timeout=60) == 0
    assert code == UNSETTLED
    assert out.splitlines()[1] == f"{live}: stopped"
    assert "NSE:INFY at 1000.00" in out
    assert ("NOT every position has left (riskcore stop --direct" in out.splitlines()[-1]) == bool(flatten)
    assert told == f"{'flatten' if flatten else 'end'} by {getpass.getuser()}\n"
    assert not list(folder_of(live).iterdir())
    assert place_of(live).holder() is None
    with running(live) as process:
        assert process.poll() is None


def test_stop_without_a_runner_has_nothing_to_do(run, live, tmp_path):
    """It does not run, and what is open is told as after a stop. No request is left for the next start."""
    code, out, _ = run("stop", "--journal", live)
    assert (code, "there is nothing to stop" in out) == (UNSETTLED, True)
    assert "NOT AT THE BROKER" in out
    assert not folder_of(live).exists()
    written(tmp_path / "flat.db", Scenario(POLICY, INFY, day=THIRD))
    assert run("stop", "--journal", tmp_path / "flat.db", "--flatten")[0] == FLAT


def test_stop_does_not_say_that_nothing_is_open_while_rows_wait_in_the_spool(run, tmp_path):
    """A full disk, and a runner that is gone: what came last waits beside the database, and the code was 0."""
    path, told = tmp_path / "full.db", list(entries(differing(0)))
    cut = next(n for n, event in enumerate(told) if isinstance(event, events.SignalArrived))
    with Journal(path) as journal, closing(sqlite3.connect(path, isolation_level=None)) as other:
        journal.append(told[:cut])
        other.execute("BEGIN IMMEDIATE")
        journal.append(told[cut:])
        journal.close()
    code, out, _ = run("stop", "--journal", path)
    assert (code, f"{len(told) - cut} rows wait in full.db.spool" in out) == (UNSETTLED, True)
    assert json.loads(run("stop", "--journal", path, "--json")[1])["stands"].endswith("(docs/journal.md)")


def test_a_program_hears_that_a_stop_has_not_left_every_position(run, live):
    for words, done in (((), True), (("--flatten",), False)):
        code, out, _ = run("stop", "--journal", live, "--json", *words)
        told = json.loads(out)
        assert (code, told["done"], len(told["left"])) == (UNSETTLED, done, 1)


def test_stop_says_when_the_runner_still_runs(run, live):
    """Exit code 1; the request stands, and how to withdraw it is said."""
    with Journal(live):
        code, out, _ = run("stop", "--journal", live, "--wait", "0")
    (path,) = folder_of(live).iterdir()
    assert code == 1
    assert f"still runs after 0 s; the request waits as {path}" in out
    assert Inbox(folder_of(live)).stop_request().flatten is False


def test_a_runner_that_dies_before_it_reads_leaves_no_request_for_the_next_one(run, live):
    """It has stopped, in its way; said as it is."""
    with running(live, "deaf") as process:
        command = [sys.executable, "-m", "riskcore_openalgo", "stop", "--journal", str(live)]
        stopping = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert "asked process" in stopping.stdout.readline()
        process.kill()
        out, _ = stopping.communicate(timeout=60)
    assert stopping.returncode == UNSETTLED
    assert "stopped, without having read the request" in out
    assert not list(folder_of(live).iterdir())


def test_stop_finds_the_journal_of_the_configuration(run, tmp_path, monkeypatch):
    """Without --journal it is the one in system_config.yaml; a misspelt one is an error, not a success."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "system_config.yaml").write_text("system:\n  journal: mine.db\n", encoding="utf-8")
    assert run("stop", "--config", "config")[0] == 1
    Journal(tmp_path / "mine.db").close()
    code, out, _ = run("stop", "--config", "config")
    assert (code, out.startswith("mine.db: no runner writes to it")) == (0, True)
    code, _, err = run("stop", "--journal", "nothing.db")
    assert (code, "no such journal" in err) == (1, True)


def test_an_inbox_that_others_write_into_is_refused(run, live):
    """A clear message, and nothing asked."""
    if sys.platform == "win32":
        pytest.skip("Windows has no such modes")
    folder_of(live).mkdir()
    folder_of(live).chmod(0o777)
    with Journal(live):
        code, _, err = run("stop", "--journal", live)
    assert (code, "others may write into it" in err) == (1, True)


def test_a_server_is_stopped_and_reconciled_too(run, in_postgres, monkeypatch, tmp_path):
    """Its inbox lies in the user's folder of states; who holds the lock is asked of the server."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    with in_postgres.journal() as journal:
        journal.append(entries(differing(2)))
    at = in_postgres.place
    assert "there is nothing to stop" in run("stop", "--journal", at)[1]
    with running(at) as process:
        code, out, _ = run("journal", "reconcile", at, "--accept", *BY)
        assert (code, "accepted: row" in out) == (0, True)
        code, out, _ = run("stop", "--journal", at)
        assert process.wait(timeout=60) == 0
    assert code == UNSETTLED
    assert "asked riskcore: process" in out
    assert out.splitlines()[1].endswith(": stopped")
