"""`riskcore report` and `riskcore journal note` as a user types them."""

import json
import os
import shutil
import sys
from importlib import resources

import pytest

import riskcore as rc
from riskcore_openalgo.cli.main import main
from riskcore_openalgo.journal import Journal, Reader
from riskcore_openalgo.journal.notes import notes_of
from tests.core.custody_days import books, held, row, stop_of, trade
from tests.core.engine_days import TCS
from tests.core.test_following import BOUGHT, there
from tests.journal.told import entries, four_days

RULES = """
risk_management:
  risk_per_trade: 0.1
  max_positions: 2
  position_size_basis: margin
  charges_as_of: 2026-08-03
"""


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, demo_journal):
    """The command, in a folder with the demo's journal: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(demo_journal, tmp_path / "demo.db")

    def ran(*words):
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return ran


def test_all_files_at_once(run, tmp_path):
    """The page, the JSON, the tables, with everything that can stand beside them."""
    (tmp_path / "notes.csv").write_text("date,net\n2020-02-28,112.50\n", "utf-8")
    words = ["--html", "out/r.html", "--json", "out/r.json", "--csv", "out/csv", "--rules", "--bootstrap"]
    code, out, err = run(
        "report", "demo.db", *words, "--contract-note", "notes.csv", "--title", "A day", "--paths", "50"
    )
    assert (code, err) == (0, "")
    assert out.splitlines()[0].endswith("r.html")
    told = json.loads((tmp_path / "out" / "r.json").read_text("utf-8"))
    assert told["title"] == "A day"
    titles = [extra["title"] for extra in told["extras"]]
    assert titles[:2] == ["What each rule cost or saved", "Beside the contract notes"]
    assert len(titles) == 4
    page = (tmp_path / "out" / "r.html").read_text("utf-8")
    assert all(title in page for title in titles)
    assert (tmp_path / "out" / "csv" / "extra-4.csv").exists()


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are text there")
def test_a_journal_whose_name_is_no_text_has_a_report(run, tmp_path):
    """A name of an old disk, in Latin-1: `status` read it, and no report could be made of it."""
    name = os.fsdecode(b"caf\xe9.db")
    shutil.copy(tmp_path / "demo.db", tmp_path / name)
    assert run("report", name, "--html", "r.html", "--json", "r.json")[0] == 0
    assert json.loads((tmp_path / "r.json").read_text("utf-8"))["title"] == "caf\udce9"


def test_a_program_reads_the_same_object_in_ascii(run, tmp_path):
    """On standard output what the file holds, whatever a note says; the file itself in UTF-8."""
    assert run("journal", "note", "demo.db", "1", "too early, \N{INDIAN RUPEE SIGN}97 gone")[0] == 0
    code, out, err = run("report", "demo.db", "--json")
    assert (code, err) == (0, "")
    assert out.isascii()
    assert run("report", "demo.db", "--json", "r.json")[0] == 0
    text = (tmp_path / "r.json").read_text("utf-8")
    assert "\N{INDIAN RUPEE SIGN}" in text
    assert json.loads(out) == json.loads(text)


@pytest.mark.parametrize(
    ("option", "target"),
    [("--html", "demo.db"), ("--json", "demo.db"), ("--html", "settings.yaml"), ("--json", "page.html")],
)
def test_a_report_takes_the_place_of_no_journal_and_of_nothing_that_is_no_report(run, tmp_path, option, target):
    """The journal is the only truth, and cannot be made again."""
    (tmp_path / "settings.yaml").write_text(RULES, "utf-8")
    (tmp_path / "page.html").write_text("<!DOCTYPE html><p>mine</p>", "utf-8")
    before = (tmp_path / target).read_bytes()
    code, _, err = run("report", "demo.db", option, target)
    assert code
    assert "belongs to what the report is of" in err or "is there, and is no such report" in err
    assert (tmp_path / target).read_bytes() == before


def test_a_report_is_made_anew_in_its_own_place(run, tmp_path):
    files = ["--html", "r.html", "--json", "r.json", "--csv", "tables"]
    assert [run("report", "demo.db", *files)[0] for _ in range(2)] == [0, 0]
    assert not list(tmp_path.glob("*.part"))


def test_where_one_file_is_refused_none_is_written(run, tmp_path):
    """Beside an export of the journal, whose tables have the same names; and a folder is no file."""
    assert run("journal", "export", "demo.db", "--to", "out")[0] == 0
    before = (tmp_path / "out" / "trades.csv").read_bytes()
    code, out, err = run("report", "demo.db", "--html", "r.html", "--csv", "out")
    assert (code, out) == (1, "")
    assert "trades.csv: is there, and is no table of a report: name another folder" in err
    assert (tmp_path / "out" / "trades.csv").read_bytes() == before
    code, out, err = run("report", "demo.db", "--html", "out", "--csv", "tables")
    assert (code, out, err) == (1, "", "riskcore: out: is a folder; name a file for the report\n")
    code, out, err = run("report", "demo.db", "--csv", "out/trades.csv")
    assert (code, out, err) == (1, "", "riskcore: out/trades.csv: is a file; name a folder for the tables\n")
    assert sorted(path.name for path in tmp_path.iterdir() if "demo.db" not in path.name) == ["out"]


def test_without_a_file_it_prints(run):
    """The measures as text, and the tables that were asked for; in ASCII."""
    code, out, _ = run("report", "demo.db", "--bootstrap", "--paths", "20")
    assert code == 0
    assert "profit factor             1.58" in out
    assert "worst session's loss" in out
    assert out.isascii()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["report", "none.db", "--html", "x.html"], "no such journal"),
        (["report", ".", "--html", "x.html"], "no saved run"),
        (["report", "demo.db", "--bars", "bars"], "--bars is for a saved run"),
        (["report", "demo.db", "--contract-note", "none.csv"], "riskcore: none.csv: No such file"),
        (["journal", "note", "demo.db", "9", "x"], "there is no trade number 9; the journal has 5"),
        (["journal", "note", "demo.db", "nobody", "x"], "no finished trade 'nobody'"),
        (["journal", "note", "demo.db", "1"], "a note needs a text or a tag"),
        (["journal", "note", "demo.db", "1", "--tag", "two words"], "a tag is one word"),
        (["journal", "note", "demo.db", "--tag", "late"], "say which trade"),
        (["journal", "note", "demo.db", "1", "x" * 2001], "at most 2000 characters"),
    ],
)
def test_what_cannot_be_is_said(run, tmp_path, words, why):
    """One line, with the remedy; nothing is written."""
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert why in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "x.html").exists()


def test_a_note_on_a_trade_of_a_hand_is_on_that_one_alone(run, tmp_path):
    """Two adopted positions, which no signal of ours opened: a note on one stood on both."""
    day, _ = held(manual_trades="adopt")
    abc, moved = rc.Instrument(symbol="ABC", tick="0.05"), [BOUGHT]
    for side, average, clocks in (("BUY", 50, ("10:05", "10:05:03")), ("SELL", None, ("10:07", "10:07:03"))):
        shares = 0 if average is None else 10
        moved += [trade(f"{side}{key}", side, 10, 50, key) for key in (abc.key, TCS.key)]
        seen = (there(50), there(shares, abc.key, average), there(shares, TCS.key, average))
        rows = (row(day.sent(rc.ApprovedEntry)[0], "E1", "complete"), row(stop_of(day), "S1", "trigger_pending"))
        for clock in clocks:
            books(day, clock, orders=rows, trades=moved, positions=seen, instruments=(abc, TCS))
    with Journal(tmp_path / "hand.db") as journal:
        journal.append(list(entries(day)))
    assert run("journal", "note", "hand.db", "", "whose?")[0] == 1
    assert run("journal", "note", "hand.db", "1", "bought\x1b[31m\nby hand")[0] == 0
    code, out, _ = run("journal", "note", "hand.db")
    first, second = out.splitlines()[1:]
    assert code == 0
    assert first.endswith("NSE:ABC 2026-11-20T10:07:03+05:30  bought [31m by hand")
    assert second.endswith("NSE:TCS 2026-11-20T10:07:03+05:30")
    assert run("report", "hand.db", "--json", "r.json")[0] == 0
    told = json.loads((tmp_path / "r.json").read_text("utf-8"))["trades"]
    assert [one["notes"] for one in told] == ["bought\x1b[31m\nby hand", ""]


def test_notes_stand_beside_the_chain(run, tmp_path):
    """They are listed and reported, and change no row, no hash and no state."""
    with Reader(tmp_path / "demo.db") as journal:
        before = journal.head, journal.length, journal.load().state
    assert run("journal", "note", "demo.db", "2", "bought too early", "--tag", "early", "--tag", "fomo")[0] == 0
    assert run("journal", "note", "demo.db", "2", "again")[0] == 0
    code, out, _ = run("journal", "note", "demo.db")
    assert code == 0
    assert out.splitlines()[2].endswith("bought too early #early #fomo | again")
    with Reader(tmp_path / "demo.db") as journal:
        assert (journal.head, journal.length, journal.load().state) == before
        assert journal.first_bad_row() is None
        assert [note.tags for note in notes_of(journal)] == [("early", "fomo"), ()]
    run("report", "demo.db", "--html", "r.html", "--json", "r.json")
    trade = json.loads((tmp_path / "r.json").read_text("utf-8"))["trades"][1]
    assert (trade["notes"], trade["tags"]) == ("bought too early | again", "early fomo")
    assert "bought too early" in (tmp_path / "r.html").read_text("utf-8")


def test_a_note_is_written_while_a_runner_writes(run, tmp_path):
    """The writer's lock is not needed: notes are no part of what it guards, and both go on."""
    with Journal(tmp_path / "live.db") as journal:
        rows = list(entries(four_days()))
        journal.append(rows[:-2])
        assert run("journal", "note", "live.db", "1", "seen live")[0] == 0
        journal.append(rows[-2:])
        assert journal.first_bad_row() is None
        assert [note.text for note in notes_of(journal)] == ["seen live"]


def test_an_unwritten_journal_has_no_notes_table(run, tmp_path):
    """Reading makes nothing: only the first note makes the table."""
    with Reader(tmp_path / "demo.db") as journal:
        assert notes_of(journal) == ()


# ---------------------------------------------------------------- paper brokers and parity


@pytest.fixture
def bars(tmp_path):
    """The demo's bars, as a folder of files."""
    with resources.as_file(resources.files("riskcore_openalgo.demo") / "bars") as folder:
        shutil.copytree(folder, tmp_path / "bars")
    return tmp_path / "bars"


def test_a_paper_day_and_its_parity(run, bars, tmp_path):
    """Ideal is the backtest; a broker that slips is told by its cause; a profile that is none lists those there are."""
    day = ["--bars", "bars", "--strategy", "ema_cross", "--config", "config"]
    assert run("init", "config")[0] == 0
    (tmp_path / "config" / "risk_management.yaml").write_text(RULES, "utf-8")
    assert run("paper", *day, "--journal", "ideal.db")[0] == 0
    code, out, _ = run("journal", "parity", "ideal.db", "--bars", "bars", "--config", "config")
    assert code == 0
    assert out.splitlines()[-1] == "the same: every decision and every trade"
    (tmp_path / "faults.json").write_text('[{"what": "part", "on": "entry"}]', "utf-8")
    assert run("paper", *day, "--journal", "steady.db", "--profile", "steady", "--faults", "faults.json")[0] == 0
    code, out, _ = run("journal", "parity", "steady.db", "--bars", "bars", "--config", "config")
    assert code == 1
    assert out.splitlines()[-1] == "DIFFERENT"
    assert "slip -" in out
    assert "partial" in out
    code, _, err = run("paper", *day, "--journal", "x.db", "--profile", "best")
    assert (code, "ideal, steady, thin, rough" in err) == (1, True)


def test_a_saved_run_on_its_bars(run, bars, tmp_path):
    """The folder of a backtest, its trades drawn on the bars; the rules are a journal's to ask."""
    asked = ["--bars", "bars", "--strategy", "ema_cross", "--config", "config", "--out", "run"]
    assert run("init", "config")[0] == 0
    (tmp_path / "config" / "risk_management.yaml").write_text(RULES, "utf-8")
    assert run("backtest", *asked)[0] == 0
    assert run("report", "run", "--html", "run.html", "--json", "run.json", "--bars", "bars")[0] == 0
    assert (tmp_path / "run.html").read_text("utf-8").count('class="body up"') > 50
    trades = (tmp_path / "run" / "trades.csv").read_text("utf-8").splitlines()[1:]
    assert len(json.loads((tmp_path / "run.json").read_text("utf-8"))["trades"]) == len(trades) > 0
    code, _, err = run("report", "run", "--rules")
    assert (code, "--rules resimulates a journal" in err) == (1, True)
