"""A journal's tables as files for other programs: CSV, JSON lines, Parquet. Money is text, exact, in rupees.

The amounts come from the bodies of the rows, not from the integers of the projections, so that an average price keeps
all of its digits. An export of `journal` as JSON lines holds the hashes, and can be verified without the journal.
In CSV a text that a spreadsheet would take for a formula has an apostrophe before it.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from attrs import frozen
from sqlalchemy import Table, select

import riskcore as rc
from riskcore import events
from riskcore_openalgo.journal.chain import Break, Mark, Row, chained
from riskcore_openalgo.journal.reader import Reader
from riskcore_openalgo.journal.tables import ALERTS, DECISIONS, FILLS, JOURNAL, ORDERS, PROJECTIONS, TRADES
from riskcore_openalgo.journal.troubles import JournalBroken

CSV: Final = "csv"
JSONL: Final = "jsonl"
PARQUET: Final = "parquet"
FORMATS: Final = (CSV, JSONL, PARQUET)
TABLES: Final[Mapping[str, Table]] = {table.name: table for table in (*PROJECTIONS, JOURNAL)}
HEADER: Final = "riskcore_journal"
FORM: Final = 1
AT_ONCE: Final = 500
UNITS: Final = ("_e4", "_paise")
FORMULA: Final = re.compile(r"[=@\t\r]|[+-](?![0-9]+(?:\.[0-9]+)?\Z)")
"""How a text begins that a spreadsheet would reckon out: a strategy is called what somebody's alert says."""
NEEDS_PARQUET: Final = "parquet needs pandas and pyarrow: pip install pandas pyarrow; csv and jsonl need nothing"

Record = dict[str, Any]


@frozen
class Days:
    """The days an export covers, both ends included; None is no end."""

    since: date | None = None
    until: date | None = None

    def __attrs_post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.since > self.until:
            raise ValueError(f"since {self.since} is after until {self.until}: nothing lies between")

    def hold(self, moment: str) -> bool:
        """Whether a date, or a moment by its date in IST, is one of them."""
        at = datetime.fromisoformat(moment)
        day = at.date() if at.tzinfo is None else at.astimezone(rc.IST).date()
        return (self.since is None or day >= self.since) and (self.until is None or day <= self.until)


@frozen
class Exported:
    """What was written: which table, into which file, how many rows."""

    table: str
    path: Path
    rows: int


def export(
    journal: Reader,
    to: Path,
    tables: Sequence[str] = (),
    *,
    form: str | None = None,
    days: Days | None = None,
    overwrite: bool = False,
) -> list[Exported]:
    """Write tables of a journal (all of them, where none is named) into a folder, or one of them into a file.

    A file is whole or not there: it is written beside its place and moved into it. Raises `FileExistsError`, before
    anything is written, where a file is there already and `overwrite` is not set.
    """
    span = days or Days()
    written = []
    for name, (path, wanted) in targets(to, tables, form, overwrite=overwrite).items():
        if name == JOURNAL.name and wanted == JSONL:
            rows = _written(path, lambda part: _write_journal(part, journal, span))
        else:
            columns, found = columns_of(name), records(journal, name, span)
            write = WRITERS[wanted]
            rows = _written(path, lambda part, w=write, c=columns, f=found: w(part, c, f))  # type: ignore[misc]
        written.append(Exported(name, path, rows))
    return written


def targets(to: Path, tables: Sequence[str], form: str | None, *, overwrite: bool) -> dict[str, tuple[Path, str]]:
    """The file and format of each table; `ValueError` or `FileExistsError` where that cannot be."""
    unknown = [name for name in tables if name not in TABLES]
    if unknown:
        raise ValueError(f"no table {unknown[0]!r}; there are {', '.join(TABLES)}")
    ending = to.suffix.removeprefix(".")
    if ending in FORMATS and not to.is_dir():
        if len(set(tables)) != 1:
            raise ValueError(f"{to} is one file: name one table for it, or give a folder")
        if form not in (None, ending):
            raise ValueError(f"{to} ends in .{ending}, and the format is {form}: make them agree")
        made = {tables[0]: (to, ending)}
    elif to.is_file():
        raise ValueError(f"{to} is a file; give a folder, or a file that ends in .csv, .jsonl or .parquet")
    else:
        wanted = form or CSV
        made = {name: (to / f"{name}.{wanted}", wanted) for name in tables or TABLES}
    there = [path for path, _ in made.values() if path.exists()]
    if there and not overwrite:
        raise FileExistsError(f"{there[0]} is there already; name another place, or say --overwrite (overwrite=True)")
    return made


# ---------------------------------------------------------------- what is in a table


def columns_of(name: str) -> tuple[str, ...]:
    """The columns of an exported table: those of the table, without the units of integers; fills have their value."""
    plain = tuple(_plain(column.name) for column in TABLES[name].columns)
    return (*plain, "value") if name == FILLS.name else plain


def records(journal: Reader, name: str, days: Days) -> Iterator[Record]:
    """The rows of a table within the days, oldest first, amounts as text in rupees."""
    if name == JOURNAL.name:
        yield from (row.columns for row in journal_rows(journal, days)[1])
        return
    table, exact = TABLES[name], EXACT.get(name)
    names = [_plain(column.name) for column in table.columns]
    day = "session" if "session" in names else "at"
    query, after = select(table).order_by(table.c.seq).limit(AT_ONCE), 0
    while True:
        found = [dict(zip(names, row, strict=True)) for row in journal.select(query.where(table.c.seq > after))]
        wanted = [row for row in found if days.hold(row[day])]
        bodies = _bodies(journal, [row["seq"] for row in wanted]) if exact else {}
        for row in wanted:
            amounts = exact(bodies[row["seq"]].event) if exact else {}
            yield row | {key: None if value is None else f"{value:f}" for key, value in amounts.items()}
        if len(found) < AT_ONCE:
            return
        after = found[-1]["seq"]


def _plain(column: str) -> str:
    for unit in UNITS:
        column = column.removesuffix(unit)
    return column


def _bodies(journal: Reader, numbers: Sequence[int]) -> dict[int, Row]:
    rows = [Row(*found) for found in journal.select(select(JOURNAL).where(JOURNAL.c.seq.in_(numbers)))]
    made = {row.seq: row for row in rows}
    missing = [seq for seq in numbers if seq not in made]
    if missing:
        raise JournalBroken(f"{journal.where}: row {missing[0]} is missing, and a table tells of it")
    return made


def _decision(fact: Any) -> Mapping[str, Decimal | None]:
    if isinstance(fact, events.EntryRefused):
        return {}
    return {"limit": fact.order.limit, "stop": fact.order.stop, "target": fact.order.target}


def _order(fact: Any) -> Mapping[str, Decimal | None]:
    return {"limit": fact.order.limit}


def _fill(fact: events.Filled) -> Mapping[str, Decimal | None]:
    return {"price": fact.price, "charges": fact.charges, "value": fact.value}


def _trade(fact: events.PositionClosed) -> Mapping[str, Decimal | None]:
    return {"entry": fact.entry_price, "exit": fact.exit_price, "gross": fact.gross, "charges": fact.charges}


EXACT: Final[Mapping[str, Callable[[Any], Mapping[str, Decimal | None]]]] = {
    DECISIONS.name: _decision,
    ORDERS.name: _order,
    FILLS.name: _fill,
    TRADES.name: _trade,
}
"""Where the exact amounts of a table's row stand in the fact it was made from."""

assert set(EXACT) | {ALERTS.name, JOURNAL.name} == set(TABLES)

# ---------------------------------------------------------------- the journal itself


def journal_rows(journal: Reader, days: Days) -> tuple[Mark, Iterator[Row], Mark]:
    """The rows of the days without a gap, the mark they follow, and the mark of the last of them."""
    before, last, first = journal.genesis, journal.genesis, True
    for row in journal.rows():
        if not days.hold(row.at):
            before = row.mark if first else before
        else:
            first, last = False, row.mark
    if first:
        return before, iter(()), before
    return before, _until(journal, before, last), last


def _until(journal: Reader, before: Mark, last: Mark) -> Iterator[Row]:
    for row in journal.rows(after=before.seq):
        if row.seq > last.seq:
            return
        yield row


def _write_journal(part: Path, journal: Reader, days: Days) -> int:
    """The first line says which rows follow; each further line is a row, its body as the text that was hashed."""
    before, rows, last = journal_rows(journal, days)
    header = {HEADER: FORM, "after": str(before), "last": str(last)}
    count = 0
    with part.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_line(header))
        for row in rows:
            file.write(_line(row.columns))
            count += 1
    return count


def is_export(path: Path) -> bool:
    """Whether a file is an export of a journal, by its first bytes."""
    start = f'{{"{HEADER}":'.encode()
    try:
        with path.open("rb") as file:
            return file.read(len(start)) == start
    except OSError:
        return False


@frozen
class Checked:
    """What an exported journal turned out to be: the marks it says it lies between, its rows, the first bad one."""

    after: Mark
    last: Mark
    rows: int
    bad: tuple[int, str] | None


def verify_export(path: Path) -> Checked:
    """Check every row of an exported journal against the chain, and that none is missing at its end.

    Raises `JournalBroken` where the file cannot be read as one.
    """
    with path.open(encoding="utf-8") as file:
        try:
            header = json.loads(file.readline())
            after, last = Mark.read(header["after"]), Mark.read(header["last"])
            if header[HEADER] != FORM:
                raise JournalBroken(f"{path}: an export of another form ({header[HEADER]}); use a later version")
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise JournalBroken(f"{path}: its first line is not that of an export ({problem})") from problem
        count, mark = 0, after
        try:
            for row in chained(_rows_of(path, file), after):
                count, mark = count + 1, row.mark
        except Break as broken:
            return Checked(after, last, count, (broken.seq, broken.why))
    bad = None if mark == last else (mark.seq + 1, f"is missing: the export goes up to row {last.seq}")
    return Checked(after, last, count, bad)


def _rows_of(path: Path, lines: Iterable[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, 2):
        try:
            yield Row(**json.loads(line))
        except (ValueError, TypeError) as problem:
            raise JournalBroken(f"{path}: line {number} is not a row ({problem})") from problem


# ---------------------------------------------------------------- files


def _written(path: Path, write: Callable[[Path], int]) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        rows = write(part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return rows


def _line(record: Record) -> str:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n"


def _write_csv(part: Path, columns: Sequence[str], found: Iterable[Record]) -> int:
    count = 0
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for record in found:
            writer.writerow([_cell(record.get(name)) for name in columns])
            count += 1
    return count


def _cell(value: Any) -> Any:
    """A cell as it stands, but for a text that would be a formula: an apostrophe makes it one again."""
    if isinstance(value, str):
        return f"'{value}" if FORMULA.match(value) else value
    return "" if value is None else value


def _write_jsonl(part: Path, columns: Sequence[str], found: Iterable[Record]) -> int:
    count = 0
    with part.open("w", encoding="utf-8", newline="\n") as file:
        for record in found:
            file.write(_line({name: record.get(name) for name in columns}))
            count += 1
    return count


def _write_parquet(part: Path, columns: Sequence[str], found: Iterable[Record]) -> int:
    try:
        import pandas as pd

        frame = pd.DataFrame(list(found), columns=list(columns))
        frame.to_parquet(part, index=False)
    except ImportError as missing:
        raise ImportError(NEEDS_PARQUET) from missing
    return len(frame)


WRITERS: Final[Mapping[str, Callable[[Path, Sequence[str], Iterable[Record]], int]]] = {
    CSV: _write_csv,
    JSONL: _write_jsonl,
    PARQUET: _write_parquet,
}
