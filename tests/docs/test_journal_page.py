"""The page of the journal says what happens: its SQL on the demo's journal (its commands: test_commands.py)."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from riskcore_openalgo.cli.verbs import TABLES as VERB_TABLES
from riskcore_openalgo.journal.exporting import TABLES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "journal.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"^```sql\n(.*?)^```\n```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("query", "printed"), QUERIES)
def test_each_query_finds_what_the_page_shows(demo_journal, query, printed):
    """Row by row."""
    with closing(sqlite3.connect(demo_journal)) as connection:
        rows = connection.execute(query).fetchall()
    assert [" | ".join(map(str, row)) for row in rows] == printed.splitlines()


def test_every_table_stands_on_the_page_and_on_the_command_line():
    """The command line names them without loading what knows them."""
    assert len(QUERIES) == 4
    assert set(VERB_TABLES) == set(TABLES)
    assert all(f"| `{name}` |" in PAGE for name in TABLES)
