"""How a source of the market tables is read: each value by a reader that says what is wrong with it.

Used by make_tables.py. A reader takes what YAML gave, returns a checked literal, and raises `SourceRefused` with every
fault it found.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, cast

import yaml

EVERY: Final[Mapping[str, tuple[str, ...]]] = {
    "segment": ("EQ", "FUT", "OPT"),
    "group": ("derivatives_listed", "other"),
    "product": ("MIS", "CNC", "NRML"),
    "kind": ("stock", "index"),
    "side": ("BUY", "SELL"),
    "stage": ("all",),
}
"""What `all` stands for in a field that says what a row is about."""
SUBJECT: Final = (
    "exchange",
    "underlying",
    "segment",
    "group",
    "product",
    "kind",
    "side",
    "phase",
    "list",
    "stage",
    "broker",
)
Reader = Callable[[Any], Any]
"""Takes what YAML gave, returns a checked literal, raises `SourceRefused` with every fault it found."""


class SourceRefused(ValueError):
    """A YAML source that must not become a table, with its faults, one a line."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Row(dict[str, Any]):
    """A YAML mapping that remembers its line, so that a fault can name it."""

    line: int = 0
    where: str = ""


class Strings(yaml.BaseLoader):
    """YAML in which each value stays the text it is (1.1 reads 15:30 as 930), and no key stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        """A mapping with its line; a key that stands twice is refused."""
        row = Row()
        row.line = node.start_mark.line + 1
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str) or key in row:
                line = key_node.start_mark.line + 1
                raise SourceRefused(f"line {line}: duplicate key {key!r} in the row of line {row.line}")
            row[key] = self.construct_object(value_node, deep=True)
        return cast("dict[Hashable, Any]", row)


def pattern(shape: str, wanted: str, made: Callable[[str], Any] = str) -> Reader:
    """A reader for text of one shape. Rates stay text, for a float would already be another number."""

    def read(raw: Any) -> Any:
        if not isinstance(raw, str) or not re.fullmatch(shape, raw):
            raise SourceRefused(f"write {wanted}, not {raw!r}")
        return made(raw)

    return read


def one_of(*allowed: str) -> Reader:
    """A reader for one word of a closed list."""
    return pattern("|".join(allowed), f"one of {', '.join(allowed)}")


def or_none(reader: Reader) -> Reader:
    """A reader that takes the word `none` too: an open end, or a fact nobody has published."""
    return lambda raw: None if raw == "none" else reader(raw)


def day(raw: Any) -> str:
    """An ISO date that exists."""
    text: str = pattern(r"\d{4}-\d\d-\d\d", "a date as 2026-08-03")(raw)
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise SourceRefused(f"there is no day {text}: write a date as 2026-08-03") from None


def weekday(raw: Any) -> str:
    """An ISO date from Monday to Friday: a holiday on a weekend closes nothing, so it is a slip."""
    text = day(raw)
    if date.fromisoformat(text).weekday() in (5, 6):
        raise SourceRefused(f"{text} is a weekend, which is closed in any case")
    return text


def words(raw: Any) -> str:
    """A text that can stand between double quotes in a Python file and on any console."""
    if not isinstance(raw, str) or not raw.strip() or not raw.isascii() or re.search(r'["\\]', raw):
        raise SourceRefused(f"write plain ASCII words without double quotes or backslashes, not {raw!r}")
    return raw.strip() if "\n" in raw.strip() else " ".join(raw.split())


def source(raw: Any) -> str:
    """Who published a fact, and when: a reader must be able to look it up, so no path of one machine."""
    text = words(raw)
    if not re.search(r"\S \S+ \S", text) or re.search(r"(?<![\w.:/])(/\w|~/|[A-Za-z]:/|file:)", text):
        raise SourceRefused(f"say in words who published it and when, without a machine's path: {text!r}")
    return text


CLOCK: Final = pattern(r"([01]\d|2[0-3]):[0-5]\d", "a time as 09:15")
MOMENT: Final = pattern(r"([01]\d|2[0-3]):[0-5]\d|close-[1-9]\d{0,2}", "a time as 09:15, or close-30")
PERCENT: Final = pattern(r"100|\d{1,2}(\.\d+)?", "a percentage as 0.025")
RUPEES: Final = pattern(r"(?!0+(\.0+)?$)\d+(\.\d+)?", "a number above 0 as 0.05")
SYMBOL: Final = pattern(r"[A-Z0-9][A-Z0-9&-]*", "a symbol in capitals")
WHOLE: Final = pattern(r"[1-9]\d*", "a whole number as 1800", int)
FLAG: Final = pattern("true|false", "true or false", lambda text: text == "true")
EXCHANGE: Final = one_of("NSE", "BSE", "NFO", "BFO", "CDS", "BCD", "MCX", "NCDEX")


EVIDENCE: Final[Mapping[str, Reader]] = {"source": source, "confidence": one_of("high", "medium", "low")}


def read_all(values: Iterable[tuple[str, Reader, Any]], faults: Sequence[str] = ()) -> list[Any]:
    """Each value read by its reader; or all the faults at once, each with its place."""
    found, wrong = [], list(faults)
    for where, reader, raw in values:
        try:
            found.append(reader(raw))
        except SourceRefused as refused:
            wrong += [f"{where}: {fault}" for fault in refused.faults]
    if wrong:
        raise SourceRefused(*wrong)
    return found


def mapping(wanted: Mapping[str, Reader], optional: Mapping[str, Reader], rising: Sequence[str] = ()) -> Reader:
    """A reader for a mapping with these fields and no others; the times named in `rising` must ascend."""
    known = {**wanted, **optional}

    def read(raw: Any) -> Row:
        if not isinstance(raw, Row):
            raise SourceRefused("a mapping with named fields is wanted here")
        faults = [f"unknown field {name!r}" for name in raw if name not in known]
        faults += [f"{name} is missing" for name in wanted if name not in raw]
        here = [name for name in known if name in raw]
        found = read_all(((name, known[name], raw[name]) for name in here), faults)
        row = Row(zip(here, found, strict=True))
        times = [_minute(row[name]) for name in rising if row.get(name)]
        if times != sorted(set(times)):
            raise SourceRefused(f"{', '.join(rising)} must come one after the other")
        return row

    return read


def _minute(clock: str) -> int:
    """A time as a number that rises through the day; `close-30` comes after every time of the clock."""
    if clock.startswith("close-"):
        return 10_000 - int(clock.removeprefix("close-"))
    return int(clock[:2]) * 60 + int(clock[3:])


def sourced(fields: Mapping[str, Reader], *rising: str, optional: Mapping[str, Reader] | None = None) -> Reader:
    """A reader for a row with evidence; a note and a low confidence go wherever its `source` text goes."""
    plain = mapping({**fields, **EVIDENCE}, {"note": words, "gap_before": words, **(optional or {})}, rising)

    def read(raw: Any) -> Row:
        row: Row = plain(raw)
        row["source"] = "; ".join(row[name] for name in ("source", "note") if name in row)
        if row.pop("confidence") == "low":
            row["source"] += " (confidence: low)"
        return row

    return read


def by(key: Reader, reader: Reader) -> Reader:
    """A reader for a mapping of things to what is known of each."""

    def read(raw: Any) -> dict[str, Any]:
        if not isinstance(raw, Row) or not raw:
            raise SourceRefused("a mapping is wanted here")
        keys = read_all((f"row {name}", key, name) for name in raw)
        values = read_all((f"row {name}", reader, value) for name, value in raw.items())
        return dict(zip(keys, values, strict=True))

    return read


def rows(reader: Reader, check: Callable[[Sequence[Row]], Iterator[str]]) -> Reader:
    """A reader for a list of rows, and a check that sees all of them once each is in order alone."""

    def read(raw: Any) -> list[Row]:
        if not isinstance(raw, list) or not raw:
            raise SourceRefused("a list of rows is wanted here")
        places = [f"row {n} (line {getattr(value, 'line', '?')})" for n, value in enumerate(raw, 1)]
        found = read_all((where, reader, value) for where, value in zip(places, raw, strict=True))
        for row, where in zip(found, places, strict=True):
            row.where = where
        return found if not (faults := list(check(found))) else read_all((), faults)

    return read


def rising_bands(found: Sequence[Row]) -> Iterator[str]:
    """Price bands rise and the last one is open, so that every price has exactly one tick."""
    uppers = [Decimal(row["upper"] or "Infinity") for row in found]
    if uppers != sorted(set(uppers)) or found[-1]["upper"] is not None:
        yield "the upper ends of the bands must rise, and the last one must be none"


def one_row_a_day(found: Sequence[Row]) -> Iterator[str]:
    """Each day of a subject has one row (with two, their order would decide), or a row says `gap_before`."""
    by_subject: dict[str, list[Row]] = {}
    for row in sorted(found, key=lambda row: str(row["from"])):
        if row["to"] is not None and row["to"] < row["from"]:
            yield f"{row.where}: ends on {row['to']}, before it begins on {row['from']}"
        for subject in _subjects(row):
            by_subject.setdefault(subject, []).append(row)
    for subject, members in by_subject.items():
        if "gap_before" in members[0]:
            yield f"{members[0].where}: {subject} declares gap_before, but this is its first row"
        for before, row in pairwise(members):
            if fault := _joint(before, row):
                yield f"{row.where}: {subject} {fault}"


def _subjects(row: Row) -> Iterator[str]:
    """What a row is about, `all` written out, so that it cannot stand beside a row of its own parts."""
    told = [(name, row[name]) for name in SUBJECT if name in row]
    parts = [EVERY[name] if value == "all" else (value,) for name, value in told]
    return (" ".join(part) for part in itertools.product(*parts))


def _joint(before: Row, row: Row) -> str:
    """What is wrong where one row ends and the next of its subject begins, or nothing."""
    if before["to"] is None or row["from"] <= before["to"]:
        return f"from {row['from']} overlaps {before.where}, which runs to {before['to'] or 'none'}"
    gap = date.fromisoformat(before["to"]) + timedelta(days=1) < date.fromisoformat(row["from"])
    if gap and "gap_before" not in row:
        return f"has a gap between {before['to']} and {row['from']}: mend it, or say why in gap_before"
    return "declares gap_before, but there is no gap" if "gap_before" in row and not gap else ""
