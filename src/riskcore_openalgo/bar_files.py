"""Bar files as text: each row a `riskcore.Bar` with its line number, each fault a named problem or repair.

A price is read as text by the core's own rules and never passes through a binary float. What would change a
price, or cannot be trusted, is a problem: the file is refused, with all its problems at once. What can be put
right without touching a price is a repair: done, counted and reported.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from attrs import frozen

import riskcore as rc
from riskcore_openalgo.parquet_files import PARQUET, ParquetError, records_of

PRICES: Final = ("open", "high", "low", "close")
COLUMNS: Final = ("timestamp", *PRICES, "volume")
IGNORED_COLUMNS: Final = ("oi",)
PROBLEMS_SHOWN: Final = 20
CELL_SHOWN: Final = 60
CELL_LONGEST: Final = 40
NOT_NUMBERS: Final = frozenset({"nan", "na", "n/a", "inf", "infinity", "null", "none", "-", "--"})
TIMESTAMP: Final = re.compile(r"(?P<clock>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?)(?P<zone>Z|[+-]\d\d:\d\d)?", re.ASCII)


@frozen
class Problem:
    """One reason to refuse a bar file: where, the reason code, and what is wrong and what to do."""

    file: str
    line: int
    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.code}: {self.text}"


class BarFileError(ValueError):
    """A bar file that must not be traded on, with everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        shown = [str(problem) for problem in self.problems[:PROBLEMS_SHOWN]]
        if len(self.problems) > PROBLEMS_SHOWN:
            shown.append(f"... and {len(self.problems) - PROBLEMS_SHOWN} more problems")
        super().__init__("\n".join(shown))


@frozen
class Repair:
    """One kind of fault that was put right, or found and left: how often, and where it was met first."""

    code: str
    count: int
    first_line: int
    example: str


@frozen
class Row:
    """A bar and the line it stands on."""

    line: int
    bar: rc.Bar


class Ledger:
    """What was found in one file: problems that refuse it, and repairs by their code."""

    def __init__(self, file: Path) -> None:
        self.file = str(file)
        self.problems: list[Problem] = []
        self.repairs: dict[str, Repair] = {}

    def problem(self, line: int, code: str, text: str) -> None:
        """Note a reason to refuse the file; what it quotes is made ASCII."""
        plain = text.encode("ascii", "backslashreplace").decode("ascii")
        self.problems.append(Problem(self.file, line, code, plain))

    def repair(self, code: str, line: int, example: str, count: int = 1) -> None:
        """Note a repair; the example kept is the one nearest the top of the file."""
        known = self.repairs.get(code)
        if known is None:
            self.repairs[code] = Repair(code, count, line, example)
        elif line < known.first_line:
            self.repairs[code] = Repair(code, known.count + count, line, example)
        else:
            self.repairs[code] = Repair(code, known.count + count, known.first_line, known.example)

    def settle(self, *, repair: bool) -> tuple[Repair, ...]:
        """The repairs in the order of their codes; `BarFileError` if there are problems.

        With `repair=False` every repair is a problem too.
        """
        repairs = tuple(self.repairs[code] for code in sorted(self.repairs))
        if not repair:
            for found in repairs:
                text = f"{found.count} found, and repairs are not allowed; the first: {found.example}"
                self.problem(found.first_line, found.code, text)
        if self.problems:
            raise BarFileError(sorted(self.problems, key=lambda problem: problem.line))
        return repairs


def refusal(file: Path, code: str, text: str) -> BarFileError:
    """The error of a file that cannot be read at all."""
    return BarFileError((Problem(str(file), 1, code, text),))


def read_rows(path: Path, ledger: Ledger) -> list[Row]:
    """The rows of the file in its own order; rows that cannot be read are problems in the ledger."""
    parquet = path.suffix.lower() == PARQUET
    text = "" if parquet else text_of(path)
    records = parquet_records(path) if parquet else _records(text, ledger)
    if not records:
        raise refusal(path, "empty_file", "there is no line in it; take it out, or write the file again")
    (header_line, header), *body = records
    columns = _columns(path, header_line, header)
    open_ended = not (parquet or text.endswith(("\n", "\r")))
    rows: list[Row] = []
    for place, (line, cells) in enumerate(body, start=1):
        if open_ended and place == len(body) and _cut_short(cells, header):
            ledger.problem(line, "truncated_last_line", f"the file ends inside the row {_shown(cells)}: write it again")
        elif len(cells) != len(header):
            wrong = f"{len(cells)} values under {len(header)} columns in {_shown(cells)}: correct the row"
            ledger.problem(line, "columns_wrong", wrong)
        else:
            rows.extend(_row(line, {name: cells[at].strip() for name, at in columns.items()}, ledger))
    return rows


def parquet_records(path: Path) -> list[tuple[int, list[str]]]:
    """The rows of a parquet file as the cells a csv file would have, its columns first."""
    try:
        return records_of(path)
    except ParquetError as wrong:
        raise refusal(path, "not_parquet", str(wrong)) from None


def moment(text: str) -> datetime | str:
    """An ISO 8601 time with its zone, in IST; else the reason code why it is none.

    Only forms that every supported Python reads alike: seconds may be absent, the zone may not.
    """
    found = TIMESTAMP.fullmatch(text)
    if found is None:
        return "timestamp_unreadable"
    if found["zone"] is None:
        return "timestamp_without_zone"
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(rc.IST)
    except (ValueError, OverflowError):
        return "timestamp_unreadable"


def text_of(path: Path) -> str:
    """A csv file's text, or a `BarFileError` that says what to save it as."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise refusal(path, "not_found", "there is no such file; check the path") from None
    except UnicodeDecodeError as error:
        start, utf16 = path.read_bytes()[:2], (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        found = "it is UTF-16" if start in utf16 else f"byte {error.start} is not UTF-8"
        told = f"{found}; save the file as UTF-8 text (in Excel: CSV UTF-8)"
        raise refusal(path, "not_utf8", told) from None
    except OSError as error:
        if path.is_dir():
            raise refusal(path, "is_a_folder", "this is a folder; name one csv file in it") from None
        raise refusal(path, "unreadable", f"it cannot be read: {error.strerror}") from None


def _records(text: str, ledger: Ledger) -> list[tuple[int, list[str]]]:
    """Line number and cells of every line that says anything; blank lines are a repair."""
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    records = []
    try:
        for cells in lines:
            if any(cell.strip() for cell in cells):
                records.append((lines.line_num, cells))
            else:
                ledger.repair("blank_lines", lines.line_num, "an empty line, passed over")
    except csv.Error as error:
        ledger.problem(lines.line_num, "not_csv", f"{error}: correct the line, or write the file again")
    return records


def _columns(path: Path, line: int, header: Sequence[str]) -> dict[str, int]:
    """Where each column stands; anything but the known ones is refused, since it may mean other prices."""
    names = [cell.strip().lower() for cell in header]
    wanted = f"the first line must be {','.join(COLUMNS)}"
    if names[0][:1].isdigit():
        raise BarFileError((Problem(str(path), line, "header_missing", f"{wanted}; add it"),))
    unknown = [name for name in names if name not in COLUMNS + IGNORED_COLUMNS]
    missing = [name for name in COLUMNS if name not in names]
    twice = sorted({name for name in names if names.count(name) > 1})
    faults = [
        f"{what} {', '.join(ascii(name[:CELL_SHOWN]) for name in found[:PROBLEMS_SHOWN])}"
        for what, found in (("unknown column", unknown), ("no column", missing), ("twice", twice))
        if found
    ]
    if faults:
        remedy = f"riskcore bars {path.name} --to FOLDER takes files with other columns and dates over"
        told = f"{'; '.join(faults)}: {wanted} (a column oi may follow, and is not read); {remedy}"
        raise BarFileError((Problem(str(path), line, "header_wrong", told),))
    return {name: names.index(name) for name in COLUMNS}


def _cut_short(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Whether the last row of a file without a last line end lacks something, or may.

    A cut inside the last number cannot be seen; it is harmless only where that number is no price.
    """
    last = header[-1].strip().lower()
    return len(cells) < len(header) or not cells[-1].strip() or last in ("timestamp", *PRICES)


def _row(line: int, cells: Mapping[str, str], ledger: Ledger) -> Iterator[Row]:
    at = moment(cells["timestamp"])
    if isinstance(at, str):
        told = "write it as 2020-02-28T09:15:00+05:30, with its zone (riskcore bars does)"
        ledger.problem(line, at, f"{_cell(cells['timestamp'])}: {told}")
        return
    volume = cells["volume"]
    fault = _number_fault(cells)
    if fault is None:
        if not volume:
            ledger.repair("volume_missing", line, f"no volume at {at.isoformat()}, taken as 0")
        try:
            prices = {name: cells[name] for name in PRICES}
            yield Row(line, rc.Bar(at=at, volume=volume or "0", **prices))
        except ValueError as error:
            fault = _bar_fault(str(error), cells), f"{error}; correct the row, or take it out"
    if fault is not None:
        ledger.problem(line, *fault)


def _number_fault(cells: Mapping[str, str]) -> tuple[str, str] | None:
    """What the core would refuse, where the file's own language knows a better name for it."""
    for name in PRICES:
        text = cells[name]
        if not text:
            return "price_missing", f"no {name}; correct the row, or take it out"
        if text.lower().lstrip("+-") in NOT_NUMBERS or text in NOT_NUMBERS:
            return "not_a_number", f"{name} is {_cell(text)}; correct the row, or take it out"
    for name in (*PRICES, "volume"):
        if len(cells[name]) > CELL_LONGEST:
            return "number_unreadable", f"{name} has {len(cells[name])} characters; correct the row"
    if cells["volume"].startswith("-"):
        return "volume_negative", f"volume is {_cell(cells['volume'])}; correct the row, or leave it empty"
    return None


def _bar_fault(said: str, cells: Mapping[str, str]) -> str:
    """The reason code for what the core said against a bar."""
    if "enclose" in said:
        upside_down = Decimal(cells["high"]) < Decimal(cells["low"])
        return "high_below_low" if upside_down else "high_low_not_enclosing"
    if said.startswith("Bar.volume"):
        return "volume_unreadable"
    return "price_not_positive" if "above 0" in said else "number_unreadable"


def _cell(text: str) -> str:
    return ascii(text[:CELL_SHOWN])


def _shown(cells: Sequence[str]) -> str:
    return _cell(",".join(cells))
