"""The page of the journal says what happens: its SQL on the demo's journal, and its commands."""

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from riskcore_openalgo.cli.main import main
from riskcore_openalgo.cli.verbs import TABLES as VERB_TABLES
from riskcore_openalgo.journal.exporting import TABLES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "journal.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"^```sql\n(.*?)^```\n```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = re.search(r"^```console\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)[1].splitlines()


@pytest.mark.parametrize(("query", "printed"), QUERIES)
def test_each_query_finds_what_the_page_shows(demo_journal, query, printed):
    """Row by row."""
    with closing(sqlite3.connect(demo_journal)) as connection:
        rows = connection.execute(query).fetchall()
    assert [" | ".join(map(str, row)) for row in rows] == printed.splitlines()


def test_each_command_does_what_it_says(demo_journal, tmp_path, monkeypatch, capsys):
    """In their order, in one folder, each with exit code 0."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(demo_journal, "demo.db")
    assert main(["init", "config"]) == 0
    for command in COMMANDS:
        name, *words = command.split()
        assert (name, main(words), capsys.readouterr().err) == ("riskcore", 0, ""), command


def test_every_table_stands_on_the_page_and_on_the_command_line():
    """The command line names them without loading what knows them."""
    assert len(QUERIES) == 4
    assert set(VERB_TABLES) == set(TABLES)
    assert all(f"| `{name}` |" in PAGE for name in TABLES)
