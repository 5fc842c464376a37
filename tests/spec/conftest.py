"""Runs the pages of the specification: every row of every table of cases is a test, every code block is run."""

from functools import partial

from sybil import Region, Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from tests.spec.cases import CASES
from tests.spec.tables import Wrong, check, run, tables


def parse_tables(document):
    """One region a row; a story is one region, for its rows follow from one another."""
    for table in tables(document.text):
        if table.kind == "story":
            yield Region(table.start, table.end, table, evaluate_story)
        else:
            places = _places(document.text, table)
            for row, (start, end) in zip(table.rows, places, strict=True):
                yield Region(start, end, row, partial(evaluate_row, table))


def _places(text, table):
    lines = text.split("\n")
    for row in table.rows:
        start = sum(len(line) + 1 for line in lines[: row.line - 1])
        yield start, start + len(lines[row.line - 1])


def evaluate_row(table, example):
    """A wrong cell fails with its file, line and row."""
    return _wrong(partial(check, table, example.parsed, CASES[table.name]))


def evaluate_story(example):
    """The same, for the first row of a story that is wrong."""
    return _wrong(partial(run, example.parsed, CASES))


def _wrong(act):
    """What sybil prints below the page's name and the line; None where all is right."""
    try:
        act()
    except Wrong as wrong:
        return str(wrong)
    return None


pytest_collect_file = Sybil(parsers=[parse_tables, PythonCodeBlockParser()], patterns=["*.md"]).pytest()
