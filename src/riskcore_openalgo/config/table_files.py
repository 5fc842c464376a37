"""A user's own market tables: a folder of YAML and CSV files, or one YAML file, become `riskcore.Tables`.

    tables/
      days.yaml                      a list of rows, each with the row's fields by name
      sectors.csv                    the same, one row a line below a line of field names
      surveillance-2026-11-20.csv    the lists of that day

The name of a file is the name of a table; the rows are checked by the core. Every fault has its file and line.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import attrs

import riskcore as rc
from riskcore_openalgo.config.problems import Problem, Report
from riskcore_openalgo.config.schema import Setting, settings_of
from riskcore_openalgo.config.settings import Source
from riskcore_openalgo.config.values import read_record, read_value
from riskcore_openalgo.config.yaml_reader import WRONG, Node, plain_scalar, read_yaml

LARGEST_TABLE: Final = 5_000_000
SUFFIXES: Final = (".yaml", ".yml", ".csv")
DATED_NAME: Final = re.compile(r"(?P<table>surveillance)-(?P<day>\d{4}-\d{2}-\d{2})", re.ASCII)
ALIASES: Final = {"from": "since", "to": "until"}
"""The sources of the shipped tables say `from` and `to`; both are understood."""


@attrs.define
class TableFiles:
    """What was read of the user's tables, and what is wrong with it."""

    tables: rc.Tables | None = None
    problems: list[Problem] = attrs.field(factory=list)
    sources: list[Source] = attrs.field(factory=list)

    def read(self, path: Path, shown: str) -> None:
        """Read a file or a folder; `shown` is how its name stands in messages."""
        try:
            if path.is_dir():
                self._folder(path, shown)
            elif path.is_file():
                self._file(path, shown)
            else:
                self._wrong(shown, "there is no such file or folder; write where your own tables are, or nothing")
        except OSError as error:
            self._wrong(shown, f"cannot be read: {error.strerror}")

    def _folder(self, path: Path, shown: str) -> None:
        values: dict[str, Any] = {}
        for file in sorted(path.iterdir()):
            if file.name.startswith(".") or (file.is_file() and file.suffix.lower() not in SUFFIXES):
                continue
            name = f"{shown}/{file.name}"
            table, day = _named(file.stem)
            setting = settings_of(rc.Tables).get(table)
            if setting is None or not attrs.has(setting.item):
                self._wrong(name, f"no table bears this name; the tables are {', '.join(table_names())}")
            elif table in values:
                self._wrong(name, f"a second file for {table}; keep one of them")
            else:
                values[table] = self._rows(file, name, setting)
                values |= {"surveillance_as_of": day} if day else {}
        if WRONG not in values.values() and not self.problems:
            self.tables = rc.Tables(**values)

    def _rows(self, path: Path, name: str, setting: Setting) -> Any:
        report = Report(name)
        data = self._bytes(path, report)
        if data is None:
            node = Node(1, WRONG)
        elif path.suffix.lower() == ".csv":
            node = _csv_rows(data, report)
        else:
            node = _renamed(read_yaml(data, report) or Node(1, []))
        found = read_value(setting, node, report, "") if node.value is not WRONG else WRONG
        self.problems += report.problems
        return found

    def _file(self, path: Path, shown: str) -> None:
        report = Report(shown)
        data = self._bytes(path, report)
        node = Node(1, WRONG) if data is None else read_yaml(data, report) or Node(1, {})
        if node.value is not WRONG:
            found = read_record(rc.Tables, _renamed(node), report)
            self.tables = None if found is WRONG else found
        self.problems += report.problems

    def _bytes(self, path: Path, report: Report) -> bytes | None:
        with path.open("rb") as opened:
            data = opened.read(LARGEST_TABLE + 1)
        self.sources.append(Source(path, hashlib.sha256(data).hexdigest()))
        if len(data) > LARGEST_TABLE:
            report.add(1, "", f"larger than {LARGEST_TABLE} bytes; this is no market table")
            return None
        return data

    def _wrong(self, name: str, what: str) -> None:
        self.problems.append(Problem(name, None, "", what))


def table_names() -> list[str]:
    """The tables a user may give rows of."""
    return [name for name, setting in settings_of(rc.Tables).items() if attrs.has(setting.item)]


def read_tables(folder: Path, named: Path | None) -> TableFiles:
    """The user's tables at `named`, seen from the configuration's folder; nothing at all without a name."""
    found = TableFiles()
    if named is not None:
        found.read(folder / named, os.fspath(named.as_posix()))
    return found


def files_of(folder: Path, named: Path | None) -> list[Path]:
    """The files at `named` that `read_tables` looks at, as far as they are there."""
    at = None if named is None else folder / named
    try:
        return [] if at is None else [at] if at.is_file() else [file for file in at.iterdir() if file.is_file()]
    except OSError:
        return []


def table_of(path: Path) -> str:
    """The table that a file is of, by its name."""
    return _named(path.stem)[0]


def _named(stem: str) -> tuple[str, date | None]:
    dated = DATED_NAME.fullmatch(stem)
    if dated is None:
        return stem, None
    try:
        return dated["table"], date.fromisoformat(dated["day"])
    except ValueError:
        return stem, None


def _renamed(node: Node) -> Node:
    """The same, with `from` and `to` under the names the core has for them."""
    if isinstance(node.value, list):
        return attrs.evolve(node, value=[_renamed(item) for item in node.value])
    if isinstance(node.value, dict):
        keys = {key: ALIASES.get(key, key) if ALIASES.get(key) not in node.value else key for key in node.value}
        return attrs.evolve(node, value={keys[key]: _renamed(entry) for key, entry in node.value.items()})
    return node


def _csv_rows(data: bytes, report: Report) -> Node:
    """The rows of a CSV file; its first line names the fields, an empty cell is a field left out."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        report.add(1, "", "not UTF-8 text; save the file as UTF-8")
        return Node(1, WRONG)
    lines = csv.reader(io.StringIO(text), strict=True)
    try:
        names = [ALIASES.get(cell.strip(), cell.strip()) for cell in next(lines, [])]
        if not names or len(set(names)) != len(names) or "" in names:
            report.add(1, "", "the first line must name each field once, such as symbol,list,stage,since")
            return Node(1, WRONG)
        found = list(_csv_nodes(lines, names, report))
    except csv.Error as error:
        report.add(lines.line_num, "", f"cannot be read as CSV: {error}")
        return Node(1, WRONG)
    return Node(1, WRONG) if report.problems else Node(1, found)


def _csv_nodes(lines: Any, names: list[str], report: Report) -> Iterator[Node]:
    for cells in lines:
        at, texts = lines.line_num, [cell.strip() for cell in cells]
        if not any(texts):
            continue
        if len(texts) != len(names):
            report.add(at, "", f"has {len(texts)} fields, the first line {len(names)}")
            continue
        pairs = [(name, text) for name, text in zip(names, texts, strict=True) if text]
        yield Node(at, {name: Node(at, plain_scalar(text), text) for name, text in pairs})
