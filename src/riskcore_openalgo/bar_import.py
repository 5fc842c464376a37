"""Bar files of other programs, taken over into the one form that is read: SYMBOL.csv (`feed.py`).

    taken = take_over(Path("kite.csv"), Path("bars"), symbol="INFY")
    taken.path      # bars/INFY.csv
    taken.told      # what was understood, and what was left out, in sentences

Prices stay the text they are. What can be read in two ways is refused, and asked for.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from attrs import frozen

import riskcore as rc
from riskcore_openalgo.bar_files import COLUMNS, text_of

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "timestamp": ("timestamp", "datetime", "date_time", "date", "day", "time", "candle"),
    "open": ("open", "o", "open_price"),
    "high": ("high", "h", "high_price"),
    "low": ("low", "l", "low_price"),
    "close": ("close", "c", "close_price"),
    "volume": ("volume", "v", "vol", "qty", "total_traded_quantity"),
}
"""What other programs call each column, in small letters, what is no letter or digit as _."""
CLOCKS: Final = ("time", "hour")
"""Columns that hold the time of day where the date stands in another."""
SYMBOLS: Final = ("symbol", "ticker", "tradingsymbol", "trading_symbol", "instrument", "<ticker>")
"""Columns that say whose bars these are, in small letters."""
SEPARATORS: Final = (",", ";", "\t", "|")
ORDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "ymd": ("%Y-%m-%d", "%Y%m%d", "%y-%m-%d"),
    "dmy": ("%d-%m-%Y", "%d-%m-%y", "%d-%b-%Y", "%d-%b-%y", "%d-%B-%Y"),
    "mdy": ("%m-%d-%Y", "%m-%d-%y"),
}
"""How a date may be written once its separators are all "-"."""
TIMES: Final = ("%H:%M:%S.%f", "%H:%M:%S", "%H:%M", "%H%M", "%H%M%S", "%I:%M:%S %p", "%I:%M %p")
"""In an order in which none reads what is another's: %H%M%S takes 0915 for a second past 09:01."""
ZONES: Final = {"ist": rc.IST, "utc": timezone.utc}
EPOCH: Final = re.compile(r"[12]\d{9}(?:\d{3})?")
ZONED: Final = re.compile(r"(.*\d)\s*(Z|[+-]\d\d:?\d\d)$")
GROUPED: Final = re.compile(r"\d{1,3}(,\d{2,3})*,\d{3}(\.\d+)?")


@frozen
class TakenOver:
    """What came of it: the file, its symbol, how many bars, and what was understood and left out."""

    path: Path
    symbol: str
    bars: int
    told: tuple[str, ...]


def take_over(
    source: Path,
    folder: Path,
    *,
    symbol: str = "",
    dates: str = "",
    zone: str = "ist",
    ends_after: timedelta | None = None,
    overwrite: bool = False,
) -> TakenOver:
    """Write `folder/SYMBOL.csv` from a csv file with other columns and dates.

    `dates` says in which order day, month and year stand, where the file itself leaves that open; `zone` what a time
    without one is in; `ends_after` the length of a bar where times are the END of their bar, or its last second (all at
    :59), as some vendors write it. Raises `ValueError` for what cannot be understood, with what to say, and
    `FileExistsError` rather than write over a file.
    """
    wanted = (symbol or source.stem).upper()
    path = folder / f"{wanted}.csv"
    refuse_to_replace(() if overwrite else [path])
    header, rows = _table(source)
    places, left_out = _places(source, header)
    _refuse_several(source, header, rows)
    texts = [" ".join(row[at].strip() for at in places["timestamp"]) for row in rows]
    moments, how = _moments(source, texts, dates, zone)
    later = timedelta(0) if ends_after is None else _length_told(moments, ends_after)
    cells = _cells(source, rows, places)
    body = [[(at - later).isoformat(), *found] for at, found in zip(moments, cells, strict=True)]
    write_bars(path, sorted(body))
    told = [f"times: {how}", *([f"left out: {', '.join(left_out)}"] if left_out else [])]
    told += [] if "volume" in places else ["no volume: it stays empty"]
    return TakenOver(path, wanted, len(body), tuple(told))


def refuse_to_replace(paths: Iterable[Path]) -> None:
    """`FileExistsError` for the first of these that is there."""
    there = next((path for path in paths if path.exists()), None)
    if there is not None:
        raise FileExistsError(f"{there} is there already; --overwrite replaces it, --to names another folder")


def write_bars(path: Path, lines: Iterable[Sequence[str]]) -> None:
    """A file in the one form that is read, its folder made where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([list(COLUMNS), *lines])


def column_name(cell: str) -> str:
    """What a file calls a column, in small letters, with _ for what is no letter or digit."""
    return re.sub(r"[^a-z0-9]+", "_", cell.lower()).strip("_")


def _length_told(moments: Sequence[datetime], length: timedelta) -> timedelta:
    """How long before the time that a file tells its bar began: the length, less a second where that was its last."""
    is_last = all(at.second == LAST_SECOND for at in moments)
    return length - timedelta(seconds=1) if is_last and length >= timedelta(minutes=1) else length


def _table(source: Path) -> tuple[list[str], list[list[str]]]:
    """The header and the rows, without empty lines."""
    text = text_of(source)
    first, _, rest = text.partition("\n")
    if first.strip().strip('"').lower().startswith("sep="):  # a line for Excel alone, in front of the names
        text, first = rest, rest.partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if any(map(str.strip, row))]
    if len(rows) < 2:
        raise ValueError(f"{source}: no line of bars under a line with the names of the columns")
    short = next((number for number, row in enumerate(rows, 1) if len(row) < len(rows[0])), None)
    if short is not None:
        raise ValueError(f"{source}: line {short} has fewer cells than the first line; correct it, or take it out")
    return rows[0], rows[1:]


def _places(source: Path, header: Sequence[str]) -> tuple[dict[str, list[int]], list[str]]:
    """Where each column stands (the time may stand in two), and those that are left out."""
    names = [column_name(cell) for cell in header]
    places = {
        wanted: [names.index(next(name for name in known if name in names))]
        for wanted, known in NAMES.items()
        if any(name in names for name in known)
    }
    missing = [name for name in COLUMNS[:-1] if name not in places]
    if missing:
        raise ValueError(
            f"{source}: no column for {', '.join(missing)} in {', '.join(ascii(cell) for cell in header)}; "
            "call them Date, Open, High, Low, Close, Volume in its first line"
        )
    twice = next((name for name in COLUMNS if name in places and names.count(names[places[name][0]]) > 1), None)
    if twice is not None:
        raise ValueError(
            f"{source}: two columns are called {header[places[twice][0]].strip()!a}; leave one of them out"
        )
    clock = next((name for name in CLOCKS if name in names), None)
    if clock is not None and names.index(clock) not in places["timestamp"]:
        places["timestamp"].append(names.index(clock))
    used = {at for found in places.values() for at in found}
    return places, [ascii(cell.strip())[1:-1] for at, cell in enumerate(header) if at not in used]


def _refuse_several(source: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """`ValueError` where a column says that these are the bars of several symbols."""
    for at, cell in enumerate(header):
        told = {row[at].strip() for row in rows} if cell.strip().lower() in SYMBOLS else set()
        if len(told) > 1:
            names = ", ".join(ascii(one)[1:-1] for one in sorted(told)[:3])
            raise ValueError(f"{source}: bars of {len(told)} symbols ({names}), by its column {cell!a}: one file each")


def _moments(source: Path, texts: Sequence[str], dates: str, zone: str) -> tuple[list[datetime], str]:
    """Every time, in IST, all of them read in one way; and which that was."""
    if all(EPOCH.fullmatch(text) for text in texts):
        found = [datetime.fromtimestamp(int(text) / (1000 if len(text) > 10 else 1), rc.IST) for text in texts]
        return found, "seconds or milliseconds since 1970, UTC"
    orders = [dates] if dates else list(ORDERS)
    ways = {order: _read(texts, order, zone) for order in orders}
    read = {order: [at for at in found if at is not None] for order, found in ways.items() if None not in found}
    if not read:
        nearest = max(ways.values(), key=lambda found: sum(at is not None for at in found))
        wrong = nearest.index(None)
        raise ValueError(f"{source}: {texts[wrong]!a} (bar {wrong + 1}) is no time that can be read; {HINT}")
    if len({tuple(found) for found in read.values()}) > 1:
        said = " or ".join(f"--dates {order}" for order in read)
        raise ValueError(f"{source}: {texts[0]!a} can be read in more than one way; say {said}")
    order = next(iter(read))
    zoned = bool(ZONED.fullmatch(texts[0]))
    return read[order], f"{order}, {'with their zone' if zoned else f'taken as {zone.upper()}, for they name no zone'}"


LAST_SECOND: Final = 59
HINT: Final = "such as 2026-11-20 09:15, 20-11-2026 09:15 or 20-Nov-2026"


def _read(texts: Sequence[str], order: str, zone: str) -> list[datetime | None]:
    """Each time, read with its date in one order; the form that fitted last is tried first."""
    forms = [f"{day} {clock}".strip() for day in ORDERS[order] for clock in ("", *TIMES)]
    found: list[datetime | None] = []
    for text in texts:
        bare, offset = _parts(text)
        at, fitted = _moment(bare, offset, forms, zone)
        if fitted:
            forms.remove(fitted)
            forms.insert(0, fitted)
        found.append(at)
    return found


def _parts(text: str) -> tuple[str, str]:
    """A time with "-" in its date and a space before the clock; and its zone, if it names one."""
    found = ZONED.fullmatch(text) if ":" in text else None
    day, _, clock = (found[1] if found else text).replace("T", " ").partition(" ")
    offset = "" if found is None else found[2].replace("Z", "+0000").replace(":", "")
    return f"{re.sub('[/.]', '-', day)} {clock}".strip(), offset


def _moment(bare: str, offset: str, forms: Sequence[str], zone: str) -> tuple[datetime | None, str]:
    for form in forms:
        try:
            at = datetime.strptime(bare + offset, form + ("%z" if offset else ""))  # noqa: DTZ007 - the zone comes next
        except ValueError:
            continue
        return (at if offset else at.replace(tzinfo=ZONES[zone])).astimezone(rc.IST), form
    return None, ""


def _number(text: str) -> str:
    """A price or a volume as it stands, without the commas of lakhs and thousands."""
    bare = text.strip()
    if "," in bare and not GROUPED.fullmatch(bare):
        raise ValueError(f"{bare!a} has a comma that is none of thousands or lakhs; write it with a decimal point")
    return bare.replace(",", "")


def _cells(source: Path, rows: Sequence[Sequence[str]], places: Mapping[str, Sequence[int]]) -> Iterator[list[str]]:
    """The prices and the volume of each bar."""
    for number, row in enumerate(rows, 1):
        try:
            yield [*(_number(row[places[name][0]]) for name in COLUMNS[1:-1]), _volume(row, places)]
        except ValueError as wrong:
            raise ValueError(f"{source}: bar {number}: {wrong}") from None


def _volume(row: Sequence[str], places: Mapping[str, Iterable[int]]) -> str:
    return "".join(_number(row[at]) for at in places.get("volume", ()))
