"""The tables do bite: a changed cell fails, with its file, line and row; statements and laws bear the same numbers."""

from pathlib import Path

import pytest
from sybil import Document
from sybil.example import SybilFailure

from tests.spec.cases import CASES
from tests.spec.conftest import parse_tables
from tests.spec.laws import all_laws
from tests.spec.tables import STATEMENT, Wrong, run, tables

HERE = Path(__file__).parent
PAGES = sorted(HERE.glob("*.md"))
TABLES = [
    pytest.param(page, number, id=f"{page.stem}-{number}")
    for page in PAGES
    for number in range(len(tables(page.read_text())))
]


@pytest.mark.smoke
@pytest.mark.parametrize(("page", "number"), TABLES)
def test_every_answer_of_every_table_is_compared(page, number):
    """Each answer in turn is made another one, and the table fails at that line."""
    table = tables(page.read_text(encoding="utf-8"))[number]
    cells = [(row, name) for row in table.rows for name, cell in row.expected.items() if cell]
    assert cells, "a table without answers proves nothing"
    for row, name in cells:
        tampered = row._replace(expected={**row.expected, name: row.expected[name] + "7"})
        wrong = table._replace(rows=tuple(tampered if kept is row else kept for kept in table.rows))
        only = wrong if table.kind == "story" else table._replace(rows=(tampered,))
        with pytest.raises(Wrong, match=f"line {row.line}, row {row.number} of `{table.name}`: {name} is "):
            run(only, CASES)


def test_a_changed_page_fails_with_its_file_line_and_row(tmp_path):
    """33 shares made 34: what sybil says then."""
    text = (HERE / "sizing.md").read_text(encoding="utf-8")
    page = tmp_path / "sizing.md"
    page.write_text(text.replace("| 33 | risk_per_trade |", "| 34 | risk_per_trade |", 1), encoding="utf-8")
    failures = []
    for example in Document.parse(str(page), parse_tables).examples():
        try:
            example.evaluate()
        except SybilFailure as failure:
            failures.append(str(failure))
    (told,) = failures
    assert f"Example at {page}, line 14, column 1" in told
    assert "line 14, row 1 of `sizing`: quantity is 33, the table says 34" in told


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("<!-- cases: sizing -->\n\nno table here\n", "no table"),
        ("<!-- cases: sizing -->\n| a | **b** |\n|---|---|\n| 1 |\n", "1 cells under 2 columns"),
    ],
)
def test_a_broken_table_is_refused_with_its_line(text, trouble):
    """A marker without its table, a row without its cells."""
    with pytest.raises(ValueError, match=f"line [14]: .*{trouble}"):
        tables(text)


def test_an_unknown_column_is_named():
    """A column that nobody reads would prove nothing."""
    table = tables(
        "<!-- cases: lots -->\n| quantity | lot size | colour | **floored** |\n|---|---|---|---|\n| 3 | 2 | red | 2 |\n"
    )[0]
    with pytest.raises(Wrong, match=r"row 1 of `lots`: TypeError: .*colour"):
        run(table, CASES)


@pytest.mark.smoke
def test_statements_and_laws_bear_the_same_numbers():
    """A law without a sentence is for nobody to read; a sentence without a law is only a claim."""
    stated = [number for page in PAGES for number, _ in STATEMENT.findall(page.read_text(encoding="utf-8"))]
    assert len(stated) == len(set(stated)), "a number is stated twice"
    assert sorted(set(stated) - set(all_laws())) == [], "sentences without a law"
    assert sorted(set(all_laws()) - set(stated)) == [], "laws without a sentence"
