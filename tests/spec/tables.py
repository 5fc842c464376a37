"""How the specification is read: numbered statements, and tables of cases that are run against the library.

A table follows a marker, `<!-- cases: sizing -->`: each row is one case, given to the function of that name in
`cases.py` by column. Columns in **bold** are the answers expected; an empty answer is not compared. A table after
`<!-- story: day -->` is told to one function row by row, from the top.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

MARKER = re.compile(r"^<!-- (cases|story): (\w+) -->$", re.MULTILINE)
STATEMENT = re.compile(r"^#+ ([A-Z]{3}-\d+)[:.]? (.+)$", re.MULTILINE)
RULER = re.compile(r"[|:\- ]+")


class Row(NamedTuple):
    """One case: the line of the page it stands on, what is given and what is expected, by column."""

    line: int
    number: int
    given: dict[str, str]
    expected: dict[str, str]


class Table(NamedTuple):
    """A table of cases: its kind (cases or story), whose it is, and where in the text it stands."""

    kind: str
    name: str
    start: int
    end: int
    rows: tuple[Row, ...]


class Wrong(AssertionError):
    """A cell that is not what the library answers."""


def tables(text):
    """Every table of cases of a page, in order."""
    return [_table(text, marker) for marker in MARKER.finditer(text)]


def _table(text, marker):
    line = text.count("\n", 0, marker.start()) + 1
    lines = [(line + n, content.strip()) for n, content in enumerate(text[marker.start() :].split("\n")) if n]
    while lines and not lines[0][1]:
        lines.pop(0)
    body = []
    for number, content in lines:
        if not content.startswith("|"):
            break
        body.append((number, content))
    if len(body) < 3 or not RULER.fullmatch(body[1][1]):
        raise ValueError(f"line {line}: no table with a header, a ruler and a row follows the marker")
    header = cells(body[0][1])
    rows = tuple(_row(header, n, at, content) for n, (at, content) in enumerate(body[2:], 1))
    end = _offset(text, body[-1][0]) + len(text.split("\n")[body[-1][0] - 1])
    return Table(marker[1], marker[2], marker.start(), end, rows)


def _row(header, number, line, content):
    told = cells(content)
    if len(told) != len(header):
        raise ValueError(f"line {line}: {len(told)} cells under {len(header)} columns")
    given, expected = {}, {}
    for title, cell in zip(header, told, strict=True):
        bold = title.startswith("**") and title.endswith("**")
        (expected if bold else given)[column(title)] = cell
    return Row(line, number, given, expected)


def _offset(text, line):
    return sum(len(content) + 1 for content in text.split("\n")[: line - 1])


def cells(line):
    r"""The cells of a line; a bar within one is escaped.

    >>> cells(r"| 1 | a\|b |")
    ['1', 'a|b']
    """
    parts = re.split(r"(?<!\\)\|", line.strip())[1:-1]
    return [part.strip().replace("\\|", "|") for part in parts]


def column(title):
    """A column's name as an argument: `**bound by**` is bound_by."""
    return title.strip("*").strip().lower().replace(" ", "_").replace("-", "_")


def check(table, row, function):
    """Run one case; raises `Wrong`, naming the line, the row and the cell."""
    where = f"line {row.line}, row {row.number} of `{table.name}`"
    try:
        answers = function(**{name: cell for name, cell in row.given.items() if cell})
    except Exception as trouble:
        raise Wrong(f"{where}: {type(trouble).__name__}: {trouble}") from trouble
    for name, cell in row.expected.items():
        if name not in answers:
            raise Wrong(f"{where}: there is no answer `{name}`; there are {', '.join(answers)}")
        if cell and not same(cell, answers[name]):
            raise Wrong(f"{where}: {name} is {shown(answers[name])}, the table says {cell}")


def run(table, cases):
    """Run a whole table; a story keeps one teller for all its rows."""
    function = cases[table.name]
    if table.kind == "story":
        function = function()
    for row in table.rows:
        check(table, row, function)


def same(cell, answer):
    """Whether a cell says what was answered: numbers by value, all else by its text."""
    told = number(cell)
    if isinstance(answer, (int, Decimal)) and not isinstance(answer, bool):
        return told is not None and told == answer
    return cell == shown(answer)


def number(cell):
    """A cell as a number: 1,00,000 and 100,000 are read alike; None where it is none."""
    try:
        return Decimal(cell.replace(",", ""))
    except InvalidOperation:
        return None


def shown(answer: Any) -> str:
    """An answer as it would stand in a cell."""
    if answer is None:
        return "-"
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return str(answer)
