"""NSE's bhavcopies (a file a day, with every security) taken over into files a symbol: SYMBOL.csv (`feed.py`).

    taken = take_over_days(Path("bhavcopies"), Path("bars"), symbols=["INFY", "TCS"])

The three forms that NSE has had are told apart by their columns, whatever a file is called. Prices stay the text they
are, as they were traded that day: no split and no bonus is worked into them.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, NamedTuple

import riskcore as rc
from riskcore_openalgo.bar_files import text_of
from riskcore_openalgo.bar_import import TakenOver, column_name, refuse_to_replace, write_bars


class Form(NamedTuple):
    """What one form calls each column, written as `column_name` does."""

    symbol: str
    series: str
    day: str
    values: tuple[str, ...]


FORMS: Final = (
    Form(*("tckrsymb", "sctysrs", "traddt"), ("opnpric", "hghpric", "lwpric", "clspric", "ttltradgvol")),
    Form(*("symbol", "series", "date1"), ("open_price", "high_price", "low_price", "close_price", "ttl_trd_qnty")),
    Form(*("symbol", "series", "timestamp"), ("open", "high", "low", "close", "tottrdqty")),
)
"""BhavCopy_NSE_CM (UDiFF, since 2024-07-08), sec_bhavdata_full (with deliveries), cm..bhav (until 2024-07-05)."""
ONLY: Final = {"src": "NSE", "sgmt": "CM"}
"""The rows that count, by columns of the UDiFF: BSE's files and those of contracts have the same form."""
SERIES: Final = ("EQ",)
DAYS: Final = ("%Y-%m-%d", "%d-%b-%Y")
NOTHING: Final = frozenset({"", "-", "0", "0.0", "0.00"})
"""How a price or a volume is written on a day without a trade."""
FILES: Final = (".csv", ".zip")


class Day(NamedTuple):
    """A symbol's day as one file has it."""

    file: Path
    symbol: str
    series: str
    day: date
    values: tuple[str, ...]


def take_over_days(
    source: Path, folder: Path, *, symbols: Sequence[str], series: Sequence[str] = SERIES, overwrite: bool = False
) -> tuple[TakenOver, ...]:
    """Write `folder/SYMBOL.csv` of daily bars for each symbol, from the csv and zip files in the folder `source`.

    Of a day in several `series` the first of them counts. Raises `ValueError` for a file that is no bhavcopy, for a
    day that two files tell otherwise and for a symbol in none of them; `FileExistsError` rather than write over one.
    """
    paths = {symbol.upper(): folder / f"{symbol.upper()}.csv" for symbol in symbols}
    refuse_to_replace(() if overwrite else paths.values())
    files = sorted(path for path in source.iterdir() if path.suffix.lower() in FILES)
    if not files:
        raise ValueError(f"{source}: no csv and no zip file in it; a folder is read as one of NSE's bhavcopies")
    found: dict[str, list[Day]] = {symbol: [] for symbol in paths}
    for file in files:
        for day in _days(file, paths):
            found[day.symbol].append(day)
    missing = [symbol for symbol, days in found.items() if not days]
    if missing:
        raise ValueError(f"{source}: none of its {len(files)} files has {', '.join(missing)}: see how NSE writes it")
    written = {symbol: _written(path, symbol, found[symbol], series) for symbol, path in paths.items()}
    for taken, lines in written.values():
        write_bars(taken.path, lines)
    return tuple(taken for taken, _ in written.values())


def _days(file: Path, wanted: Mapping[str, Path]) -> Iterator[Day]:
    """What a file has of the wanted symbols, shares alone."""
    rows = csv.reader(io.StringIO(_text(file), newline=""))
    names = [column_name(cell) for cell in next(rows, [])]
    form = next((form for form in FORMS if {form.symbol, form.series, form.day, *form.values} <= set(names)), None)
    if form is None:
        raise ValueError(
            f"{file}: no bhavcopy of NSE's shares, by its first line; take it out of the folder, or name one file of "
            "bars in the place of the folder"
        )
    at = {name: place for place, name in enumerate(names)}
    for number, row in enumerate(rows, 2):
        cells = [cell.strip() for cell in row]
        if len(cells) < len(names) - 1:
            if any(cells):
                raise ValueError(f"{file}: line {number} ends too soon; load the file again")
            continue
        symbol = cells[at[form.symbol]]
        if symbol in wanted and all(cells[at[name]] == value for name, value in ONLY.items() if name in at):
            day = _date(file, number, cells[at[form.day]])
            yield Day(file, symbol, cells[at[form.series]], day, tuple(cells[at[name]] for name in form.values))


def _text(file: Path) -> str:
    """A csv file, or the one that is in a zip file."""
    if file.suffix.lower() != ".zip":
        return text_of(file)
    try:
        with zipfile.ZipFile(file) as packed:
            inside = [name for name in packed.namelist() if name.lower().endswith(".csv")]
            if len(inside) != 1:
                raise ValueError(f"{file}: {len(inside)} csv files in it, where a bhavcopy has one; take it apart")
            return packed.read(inside[0]).decode("utf-8-sig")
    except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError, RuntimeError) as wrong:
        raise ValueError(f"{file}: no zip file of a csv file ({wrong}); load it again") from None


def _date(file: Path, number: int, text: str) -> date:
    for form in DAYS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise ValueError(f"{file}: line {number}: {text!a} is no day; load the file again")


def _same(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two files tell the same of a day, though one may write 100 and the other 100.00."""
    try:
        return [Decimal(value) for value in one] == [Decimal(value) for value in other]
    except InvalidOperation:
        return one == other


def _written(path: Path, symbol: str, days: Sequence[Day], series: Sequence[str]) -> tuple[TakenOver, list[list[str]]]:
    """The lines of a symbol's file, and what is to be said of it."""
    chosen: dict[date, Day] = {}
    for day in sorted((day for day in days if day.series in series), key=lambda day: series.index(day.series)):
        known = chosen.setdefault(day.day, day)
        if known.series == day.series and not _same(known.values, day.values):
            raise ValueError(f"{known.file} and {day.file} differ on {symbol} of {day.day}; take one of them out")
    if not chosen:
        others = ", ".join(sorted({day.series for day in days}))
        raise ValueError(f"{symbol}: not in series {', '.join(series)}, but in {others}: say --series {others}")
    traded = {day: row for day, row in sorted(chosen.items()) if not NOTHING.intersection(row.values)}
    left = Counter(day.series for day in days if day.day not in chosen)
    told = [f"days left out, in series {name}: {count}" for name, count in sorted(left.items())]
    told += [f"days left out, without a trade: {len(chosen) - len(traded)}"] if len(traded) < len(chosen) else []
    lines = [[datetime(d.year, d.month, d.day, tzinfo=rc.IST).isoformat(), *row.values] for d, row in traded.items()]
    return TakenOver(path, symbol, len(lines), (*told, "prices as traded: no split or bonus is worked in")), lines
