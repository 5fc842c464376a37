"""Exports: exact amounts, whole files, days, and a journal that can be verified without its database."""

import csv
import json
import sqlite3
from contextlib import closing
from datetime import date
from decimal import Decimal

import pytest

from riskcore import events
from riskcore_openalgo.journal import Journal, JournalBroken, Reader
from riskcore_openalgo.journal.exporting import (
    FORMATS,
    TABLES,
    Days,
    columns_of,
    export,
    is_export,
    records,
    verify_export,
)
from tests.journal.databases import KEY, InSqlite
from tests.journal.told import FIRST, SECOND, THIRD, three_days, write


@pytest.fixture
def told(kept):
    """The three days, on each database."""
    with kept.journal() as journal:
        write(journal)
    return kept


@pytest.fixture
def in_file(tmp_path):
    """The three days in a file."""
    place = InSqlite(tmp_path)
    with place.journal() as journal:
        write(journal)
    yield place
    place.close()


def read(path):
    """An export as records of text."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    return list(csv.DictReader(text.splitlines()))


def facts(kind):
    """What was recorded of a kind."""
    return [fact for fact in three_days().facts if isinstance(fact, kind)]


def test_each_table_is_written_with_exact_amounts_in_rupees(told, tmp_path):
    """The same on every database; what is money is text and comes from the fact itself."""
    with told.reader() as journal:
        written = export(journal, tmp_path / "out")
        assert {one.table: one.rows for one in written} == {
            name: len(list(records(journal, name, Days()))) for name in TABLES
        }
    fills, trades = read(tmp_path / "out" / "fills.csv"), read(tmp_path / "out" / "trades.csv")
    assert [Decimal(row["price"]) for row in fills] == [fact.price for fact in facts(events.Filled)]
    assert [Decimal(row["value"]) for row in fills] == [fact.value for fact in facts(events.Filled)]
    assert [Decimal(row["charges"]) for row in fills] == [fact.charges for fact in facts(events.Filled)]
    (closed,) = facts(events.PositionClosed)
    (trade,) = trades
    assert (Decimal(trade["gross"]), Decimal(trade["charges"])) == (closed.gross, closed.charges)
    assert (Decimal(trade["entry"]), Decimal(trade["exit"])) == (closed.entry_price, closed.exit_price)
    decisions = read(tmp_path / "out" / "decisions.csv")
    assert [row["approved"] for row in decisions].count("1") == len(facts(events.EntryApproved))
    assert decisions[0]["stop"] == "980.00"


def test_an_average_price_keeps_all_of_its_digits(journal, tmp_path):
    """The integers of the table are rounded to 1/10,000 rupee; the export is not."""
    price = Decimal("1000.123456789")
    at = facts(events.Filled)[0].at
    journal.append([events.Filled(at, "x", "NSE:SBIN", "BUY", 3, price, None, at, price * 3)])
    export(journal, tmp_path / "fills.csv", ["fills"])
    (row,) = read(tmp_path / "fills.csv")
    assert (row["price"], row["value"], row["charges"]) == ("1000.123456789", "3000.370370367", "")
    assert journal.select(TABLES["fills"].select())[0].price_e4 == 10001235


def test_the_export_of_a_journal_can_be_verified_by_itself(told, tmp_path):
    """Hashes and all, on every database."""
    with told.reader() as journal:
        export(journal, tmp_path / "journal.jsonl", ["journal"])
        checked = verify_export(tmp_path / "journal.jsonl")
        assert is_export(tmp_path / "journal.jsonl")
        assert (checked.bad, checked.rows, checked.last.hash) == (None, journal.length, journal.head)


@pytest.mark.parametrize(
    ("change", "row", "why"),
    [
        (lambda lines: [*lines[:4], lines[4].replace("980", "981"), *lines[5:]], None, "does not match its hash"),
        (lambda lines: [*lines[:4], *lines[5:]], 4, "is missing"),
        (lambda lines: lines[:-1], -1, "the export goes up to row"),
        (lambda lines: [lines[0], *lines[2:]], 1, "is missing"),
        (lambda lines: [*lines, lines[-1]], None, "is missing"),
    ],
)
def test_F53_a_changed_export_is_named_by_its_row(in_file, tmp_path, change, row, why):
    """One character, one row, the tail, the first row, a row twice."""
    path = tmp_path / "journal.jsonl"
    with in_file.reader() as journal:
        export(journal, path, ["journal"])
        length = journal.length
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    changed = change(lines)
    if changed == lines:
        changed[7] = lines[7].replace('\\"at\\"', '\\"At\\"', 1)
    path.write_text("".join(changed), encoding="utf-8")
    bad = verify_export(path).bad
    assert why in bad[1]
    assert row is None or bad[0] == (length if row < 0 else row)


@pytest.mark.parametrize(
    "text",
    ['{"riskcore_journal":1}\n', '{"riskcore_journal":9,"after":"0 x","last":"0 x"}\n', "", "[]\n", "{\n", "\x00"],
)
def test_what_is_no_export_is_said_to_be_none(tmp_path, text):
    """The first line says what a file is."""
    path = tmp_path / "odd.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(JournalBroken, match=r"odd\.jsonl"):
        verify_export(path)


def test_a_line_that_is_no_row_is_named(in_file, tmp_path):
    """With its number."""
    path = tmp_path / "journal.jsonl"
    with in_file.reader() as journal:
        export(journal, path, ["journal"])
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines[:2], "{}\n", *lines[2:]]), encoding="utf-8")
    with pytest.raises(JournalBroken, match="line 3 is not a row"):
        verify_export(path)


@pytest.mark.parametrize(
    ("days", "sessions"),
    [
        (Days(), {FIRST, SECOND, THIRD}),
        (Days(since=SECOND), {SECOND, THIRD}),
        (Days(until=SECOND), {FIRST, SECOND}),
        (Days(SECOND, SECOND), {SECOND}),
        (Days(since=date(2030, 1, 1)), set()),
        (Days(until=date(2001, 1, 1)), set()),
    ],
)
def test_days_are_those_of_the_exchange_both_ends_included(in_file, tmp_path, days, sessions):
    """And the rows of a journal's days are verified from the row before them."""
    with in_file.reader() as journal:
        export(journal, tmp_path / "journal.jsonl", ["journal"], days=days)
        found = list(records(journal, "journal", days))
        decided = list(records(journal, "decisions", days))
    assert {date.fromisoformat(row["at"][:10]) for row in found} == sessions
    assert {date.fromisoformat(row["at"][:10]) for row in decided} <= sessions
    checked = verify_export(tmp_path / "journal.jsonl")
    assert (checked.bad, checked.rows) == (None, len(found))


def test_since_after_until_is_refused():
    """Nothing lies between."""
    with pytest.raises(ValueError, match="nothing lies between"):
        Days(THIRD, FIRST)


def test_nothing_is_overwritten_unless_that_is_said(in_file, tmp_path):
    """Not one of several files is touched when one is in the way; a failure leaves no part of a file."""
    (tmp_path / "trades.csv").write_text("mine", encoding="utf-8")
    with in_file.reader() as journal:
        with pytest.raises(FileExistsError, match=r"trades\.csv is there already"):
            export(journal, tmp_path, ["fills", "trades"])
        assert [path.name for path in tmp_path.glob("*.csv")] == ["trades.csv"]
        assert (tmp_path / "trades.csv").read_text(encoding="utf-8") == "mine"
        export(journal, tmp_path, ["fills", "trades"], overwrite=True)
    assert len(read(tmp_path / "trades.csv")) == 1


def test_a_file_is_whole_or_not_there(journal, tmp_path, monkeypatch):
    """A table that tells of a row that is gone ends the export; what was begun is taken away."""
    at = facts(events.Filled)[0].at
    journal.append([events.Filled(at, "x", "NSE:SBIN", "BUY", 3, Decimal(1000), None, at, Decimal(3000))])
    with closing(sqlite3.connect(journal.path)) as connection, connection:
        connection.execute("DELETE FROM journal WHERE type = 'Filled'")
    with pytest.raises(JournalBroken, match="a table tells of it"):
        export(journal, tmp_path / "out", ["fills"])
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("to", "tables", "form", "said"),
    [
        ("x.csv", [], None, "name one table"),
        ("x.csv", ["fills", "trades"], None, "name one table"),
        ("x.csv", ["fills"], "jsonl", "make them agree"),
        ("x", ["nonsense"], None, "no table 'nonsense'"),
        ("journal.db", ["fills"], None, "is a file"),
    ],
)
def test_nonsense_is_refused_before_anything_is_written(journal, tmp_path, to, tables, form, said):
    """With what to do instead."""
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ValueError, match=said):
        export(journal, tmp_path / to, tables, form=form)
    assert sorted(tmp_path.iterdir()) == before


def test_what_is_no_ascii_is_utf_8(journal, tmp_path):
    """A stranger's text in an alert's source."""
    at = facts(events.Filled)[0].at
    journal.append([events.AlertRefused(at, "alert:त्रुटि", "no_json", "x", '{"a": 1}')])
    for form in ("csv", "jsonl"):
        export(journal, tmp_path, ["alerts"], form=form)
        assert read(tmp_path / f"alerts.{form}")[-1]["source"] == "alert:त्रुटि"


@pytest.mark.parametrize("text", ["=1+1", '=HYPERLINK("http://x")', "+1+1", "-2+3", "@SUM(1)", "\t=1", "-"])
def test_a_text_is_no_formula_where_a_spreadsheet_opens_it(journal, tmp_path, text):
    """A name that an alert chose must not be reckoned out; an amount below zero stays one, and JSON as it was."""
    at = facts(events.Filled)[0].at
    journal.append([events.AlertRefused(at, text, "-5.25", "x", '{"a": 1}')])
    for form, told in (("csv", f"'{text}"), ("jsonl", text)):
        export(journal, tmp_path, ["alerts"], form=form)
        row = read(tmp_path / f"alerts.{form}")[-1]
        assert (row["source"], row["outcome"]) == (told, "-5.25")


def test_no_key_and_no_address_is_in_an_export(kept, tmp_path):
    """What is secret of a place stays there."""
    with kept.journal() as journal:
        write(journal)
        export(journal, tmp_path / "out", form="jsonl")
    text = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir())
    assert KEY not in text
    assert "postgresql" not in text
    assert str(tmp_path) not in text


def test_parquet_is_written_where_pandas_can_and_named_where_it_cannot(in_file, tmp_path):
    """What to install, and nothing written."""
    pd = pytest.importorskip("pandas")
    with in_file.reader() as journal:
        try:
            export(journal, tmp_path / "fills.parquet", ["fills"])
        except ImportError as missing:
            assert "pip install pandas pyarrow" in str(missing)  # noqa: PT017 - one of the two, by what is installed
            assert not list(tmp_path.glob("*fills*"))
        else:
            assert list(pd.read_parquet(tmp_path / "fills.parquet")["price"]) == [
                f"{fact.price:f}" for fact in facts(events.Filled)
            ]


def test_the_columns_bear_no_units_of_integers():
    """`price_e4` is `price`, in rupees."""
    assert FORMATS == ("csv", "jsonl", "parquet")
    assert all(not name.endswith(("_e4", "_paise")) for table in TABLES for name in columns_of(table))


def test_an_empty_journal_is_exported_empty(tmp_path):
    """Headers alone."""
    with Journal(tmp_path / "new.db") as journal:
        assert [one.rows for one in export(journal, tmp_path / "out")] == [0] * len(TABLES)
        export(journal, tmp_path / "journal.jsonl", ["journal"])
    assert verify_export(tmp_path / "journal.jsonl").bad is None
    assert not is_export(tmp_path / "new.db")
    assert not is_export(tmp_path / "nothing")


def test_a_reader_meanwhile_does_not_hold_up_the_writer(tmp_path):
    """An export of an open journal takes what was there."""
    with Journal(tmp_path / "j.db") as journal:
        write(journal)
        with Reader(tmp_path / "j.db") as reader:
            rows = records(reader, "journal", Days())
            next(rows)
            journal.append([events.TimePassed(three_days().at("11:00"))])
            assert journal.trouble == ""
            assert len(list(rows)) + 1 in (journal.length, journal.length - 1)
