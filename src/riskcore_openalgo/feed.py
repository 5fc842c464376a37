"""The historical feed: bars from csv and parquet files, checked against the trading calendar before they are traded.

    file = read_bars(Path("INFY.csv"), symbol="INFY", interval="1m")
    file.bars       # oldest first, one a minute, all inside the session
    file.repairs    # what was put right or found missing, counted

The file says `timestamp,open,high,low,close,volume`; a timestamp is the START of its bar in ISO 8601 with its
zone, a daily bar stands at 00:00 IST. Nothing is ever filled in: a missing bar stays missing, and is counted.
"""

from __future__ import annotations

import hashlib
import re
import statistics
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

import riskcore as rc
from riskcore_openalgo.bar_files import (
    BarFileError,
    Ledger,
    Problem,
    Repair,
    Row,
    read_rows,
    refusal,
)
from riskcore_openalgo.bar_intervals import DAILY, another, longer
from riskcore_openalgo.contract_names import contract_of, parts_of

__all__ = ["BarFile", "BarFileError", "Problem", "Repair", "digest", "read_bars", "read_folder", "report"]

INTERVAL: Final = re.compile(r"([1-9][0-9]{0,2})([mh])")
JUMP: Final = 2
"""A price that doubles or halves from one bar to the next of one session is another company's."""
GAP_UP: Final = Decimal("1.4")
GAP_DOWN: Final = Decimal("0.7")
"""A price that moves further overnight is a split, a bonus or another company: counted, and kept."""
OTHER_COMPANY: Final = 5
SUFFIXES: Final = (".csv", ".parquet")
READ_AT_ONCE: Final = 1 << 20


@frozen
class BarFile:
    """The bars of one symbol, oldest first, and what had to be repaired to have them."""

    symbol: str
    bars: tuple[rc.Bar, ...]
    repairs: tuple[Repair, ...]


@frozen
class Hours:
    """Continuous trading of one day; bars between its close and `auction_until` are the closing auction's."""

    opens: datetime
    closes: datetime
    auction_until: datetime


class Calendar:
    """The hours of one symbol, asked of the core once a day."""

    def __init__(self, symbol: str, exchange: str, tables: rc.Tables | None) -> None:
        self.symbol, self.exchange, self.tables = symbol, exchange, tables
        self.known: dict[date, Hours | str | None] = {}
        self._contract = _contract(symbol)

    @property
    def is_option(self) -> bool:
        """Whether its prices are premiums, which may double from one bar to the next, and over a night."""
        return self._contract is not None and self._contract.strike is not None

    def why_closed(self, day: date) -> str:
        """Why there can be no bar of a day without a session."""
        if self._contract is not None and self._contract.has_expired(day):
            return f"{self.symbol} expired before {day}"
        return f"the exchange was closed on {day}"

    def on(self, day: date) -> Hours | str | None:
        """The hours of the day; None: the exchange is closed; text: why the calendar cannot say."""
        if day not in self.known:
            try:
                self.known[day] = self._ask(day)
            except rc.CalendarUnknown as unknown:
                self.known[day] = str(unknown)
        return self.known[day]

    def _ask(self, day: date) -> Hours | None:
        instrument = self._contract or evolve(rc.nse_equity(self.symbol, on=day, tick="0.05"), exchange=self.exchange)
        session = rc.session_on(day, instrument, tables=self.tables)
        if session is None:
            return None
        # A stock without derivatives has no closing auction: where it trades on, this one is in its auction.
        unlisted = rc.session_on(day, evolve(instrument, derivatives_listed=False), tables=self.tables)
        return Hours(session.opens, session.closes, unlisted.closes if unlisted else session.closes)


@frozen
class Check:
    """One file on its way through the checks: its calendar, its bar length (None: daily) and its ledger."""

    calendar: Calendar
    step: timedelta | None
    ledger: Ledger


def read_bars(
    path: Path | str,
    *,
    symbol: str,
    interval: str,
    exchange: str = "NSE",
    repair: bool = True,
    reference_price: Decimal | int | str | None = None,
    tables: rc.Tables | None = None,
) -> BarFile:
    """The bars of one csv file, or `BarFileError` with all that is wrong with it.

    `interval` is the length of a bar: 1m, 5m, 1h or 1D. With `repair=False` a file that needs any repair is
    refused. `tables` are market facts of your own, such as a special session: they are asked before the shipped
    ones. A `reference_price` (a close known from elsewhere) refuses a file of another company's prices: its median
    close may differ from it by a factor of 5 at most.
    """
    path = Path(path)
    step = _step(interval)
    ledger = Ledger(path)
    check = Check(_calendar(path, symbol, exchange, tables), step, ledger)
    rows = _in_order(ledger, read_rows(path, ledger))
    other = another(step, rows)
    if other is not None:  # one line for it, and not one for each row that is off the grid
        told = Problem(ledger.file, 1, "interval_wrong", f"{other}; they were read as bars of {interval}")
        raise BarFileError((told, *ledger.problems))
    rows = _in_session(check, rows)
    for line, text in longer(step, rows):
        ledger.problem(line, "interval_wrong", text)
    _find_jumps(check, rows)
    _find_gaps(check, rows)
    if reference_price is not None:
        _compare(ledger, rows, reference_price)
    if not rows and not ledger.problems:
        ledger.problem(1, "no_bars", "no bar is left; check the file, the symbol and the interval")
    repairs = ledger.settle(repair=repair)
    return BarFile(symbol, tuple(row.bar for row in rows), repairs)


def read_folder(
    folder: Path | str,
    symbols: Iterable[str] | None = None,
    *,
    interval: str,
    exchange: str = "NSE",
    repair: bool = True,
    reference_prices: Mapping[str, Decimal | int | str] | None = None,
    tables: rc.Tables | None = None,
) -> dict[str, BarFile]:
    """Every csv file of a folder by its symbol (the file's name), sorted; or one `BarFileError` for all.

    With `symbols` only those are read, and each must be there.
    """
    paths = _paths(Path(folder), symbols)
    known = reference_prices or {}
    files: dict[str, BarFile] = {}
    problems: list[Problem] = []
    for symbol, path in paths.items():
        try:
            files[symbol] = read_bars(
                path,
                symbol=symbol,
                interval=interval,
                exchange=exchange,
                repair=repair,
                reference_price=known.get(symbol),
                tables=tables,
            )
        except BarFileError as error:
            problems.extend(error.problems)
    if problems:
        raise BarFileError(problems)
    return files


def report(files: Mapping[str, BarFile]) -> str:
    """What was read and what was repaired, for people: a line a symbol, a line a kind of repair. ASCII."""
    lines = []
    for file in files.values():
        first, last = (f"{bar.at:%Y-%m-%d %H:%M}" for bar in (file.bars[0], file.bars[-1]))
        ending = "nothing to repair" if not file.repairs else "with repairs:"
        lines.append(f"{file.symbol}: {len(file.bars)} bars, {first} to {last}, {ending}")
        lines.extend(
            f"  {repair.code}: {repair.count} (line {repair.first_line}: {repair.example})" for repair in file.repairs
        )
    return "\n".join(lines)


def digest(path: Path | str) -> str:
    """SHA-256 of the file's bytes, in hex: says later that a result rests on this very file."""
    whole = hashlib.sha256()
    with Path(path).open("rb") as file:
        while chunk := file.read(READ_AT_ONCE):
            whole.update(chunk)
    return whole.hexdigest()


def _contract(symbol: str) -> rc.Instrument | None:
    """The future or option that a name stands for, for its hours alone; None for any other name."""
    named = parts_of(symbol)
    if named is None:
        return None
    return contract_of(named, on=named.expiry, tick="0.05", lot_size=1)


def _step(interval: str) -> timedelta | None:
    if interval == DAILY:
        return None
    found = INTERVAL.fullmatch(interval)
    if found is None:
        raise ValueError(f"interval must be like 1m, 5m, 1h or 1D, got {interval!r}")
    return int(found[1]) * timedelta(**{"minutes" if found[2] == "m" else "hours": 1})


def _calendar(path: Path, symbol: str, exchange: str, tables: rc.Tables | None) -> Calendar:
    try:
        rc.Instrument(symbol=symbol, tick="0.05", exchange=exchange)
    except ValueError as error:
        told = f"{error}; the file's name is the symbol, so rename it, or name the symbol"
        raise refusal(path, "symbol_wrong", told) from None
    return Calendar(symbol, exchange, tables)


def _paths(folder: Path, symbols: Iterable[str] | None) -> dict[str, Path]:
    if not folder.is_dir():
        raise refusal(folder, "not_found", "there is no such folder; check the path")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or path.is_dir():
            continue
        if path.stem in found:
            raise refusal(path, "symbol_twice", f"{found[path.stem].name} has the same symbol; keep one")
        found[path.stem] = path
    if not found:
        raise refusal(folder, "no_csv_files", "no csv or parquet file in this folder; its files are named SYMBOL.csv")
    if symbols is None:
        return found
    wanted = sorted(set(symbols))
    missing = [symbol for symbol in wanted if symbol not in found]
    if missing:
        told = f"no {missing[0]}.csv in this folder; add it, or leave {missing[0]} out"
        raise refusal(folder, "symbol_missing", told)
    return {symbol: found[symbol] for symbol in wanted}


def _in_order(ledger: Ledger, rows: list[Row]) -> list[Row]:
    """Oldest first, one row a moment: sorted, and exact copies dropped."""
    for before, after in pairwise(rows):
        if after.bar.at < before.bar.at:
            example = f"{after.bar.at.isoformat()} stands after {before.bar.at.isoformat()}; sorted"
            ledger.repair("unsorted", after.line, example)
    kept: list[Row] = []
    for row in sorted(rows, key=lambda row: (row.bar.at, row.line)):
        if not kept or kept[-1].bar.at != row.bar.at:
            kept.append(row)
            continue
        told = f"{row.bar.at.isoformat()} stands on line {kept[-1].line} too"
        if kept[-1].bar == row.bar:
            ledger.repair("duplicate_rows", row.line, f"{told}, word for word; dropped")
        else:
            wrong = f"{told}, with other prices or volume; keep the right one"
            ledger.problem(row.line, "same_moment_twice", wrong)
    return kept


def _in_session(check: Check, rows: list[Row]) -> list[Row]:
    """The rows that belong to a session; the others are dropped as repairs or are problems."""
    kept: list[Row] = []
    for day, group in groupby(rows, key=lambda row: row.bar.at.date()):
        of_day = list(group)
        hours = check.calendar.on(day)
        if check.step is None and kept and _is_copy(check, of_day[0], kept[-1], closed=hours is None):
            of_day = of_day[1:]
        elif hours is None:
            told = f"{check.calendar.why_closed(day)} ({len(of_day)} rows); correct the date, or take them out"
            check.ledger.problem(of_day[0].line, "closed_day", told)
        elif isinstance(hours, str):
            check.ledger.repair("calendar_unknown", of_day[0].line, f"{day}: {hours}; kept")
        if hours is not None:
            kept.extend(row for row in of_day if _belongs(check, row, hours, of_day[0].bar.at))
    return kept


def _is_copy(check: Check, row: Row, before: Row, *, closed: bool) -> bool:
    """Whether a daily row is a vendor's filler: the session before it, on a holiday or to the very share."""
    if evolve(row.bar, at=before.bar.at) != before.bar or not (closed or row.bar.volume):
        return False
    code, what = ("holiday_copy", "is no trading day, and") if closed else ("session_copy", "only")
    example = f"{row.bar.at:%Y-%m-%d} {what} repeats {before.bar.at:%Y-%m-%d}; dropped"
    check.ledger.repair(code, row.line, example)
    return True


def _belongs(check: Check, row: Row, hours: Hours | str, first: datetime) -> bool:
    """Whether the row stands inside its session and on the grid; otherwise the ledger says why not."""
    at, ledger = row.bar.at, check.ledger
    if check.step is None:
        if at.time() != time(0):
            ledger.problem(row.line, "off_grid", f"a daily bar must stand at 00:00 IST, not at {at.isoformat()}")
        return at.time() == time(0)
    if isinstance(hours, Hours) and not hours.opens <= at < hours.closes:
        if hours.closes <= at < hours.auction_until:
            example = f"{at.isoformat()} is after continuous trading; dropped"
            ledger.repair("closing_auction", row.line, example)
        else:
            told = f"{at.isoformat()} is not within {hours.opens:%H:%M} to {hours.closes:%H:%M}"
            remedy = "check its time zone and the interval, or take it out"
            if at in (hours.closes, hours.auction_until):
                remedy += "; where times are the END of their bars, take them over by riskcore bars --bar-ends"
            ledger.problem(row.line, "outside_session", f"{told}; {remedy}")
        return False
    start = hours.opens if isinstance(hours, Hours) else first.replace(second=0, microsecond=0)
    if (at - start) % check.step:
        told = f"{at.isoformat()} is no whole number of bars from {start:%H:%M}; check the interval"
        ends = "; where times are the last second of their bars, take them over by riskcore bars --bar-ends"
        ledger.problem(row.line, "off_grid", told + (ends if at.second == 59 else ""))
        return False
    return True


def _find_jumps(check: Check, rows: list[Row]) -> None:
    if check.calendar.is_option:
        return
    for before, after in pairwise(rows):
        close, opening = before.bar.close, after.bar.open
        told = f"open {opening} at {after.bar.at.isoformat()} after a close of {close}"
        if before.bar.at.date() == after.bar.at.date():
            if opening > close * JUMP or close > opening * JUMP:
                wrong = f"{told}: another company's prices? take them out"
                check.ledger.problem(after.line, "price_jump", wrong)
        elif opening > close * GAP_UP or opening < close * GAP_DOWN:
            check.ledger.repair("overnight_jump", after.line, f"{told}; kept")


def _find_gaps(check: Check, rows: list[Row]) -> None:
    """Count what is missing inside sessions, and whole sessions between the first and the last."""
    previous: date | None = None
    for day, group in groupby(rows, key=lambda row: row.bar.at.date()):
        of_day = list(group)
        between = 0 if previous is None else (day - previous).days
        for absent in (day - timedelta(days=ago) for ago in range(between - 1, 0, -1)):
            if isinstance(check.calendar.on(absent), Hours):
                check.ledger.repair("missing_sessions", of_day[0].line, f"no bar on {absent}; not filled")
        previous = day
        hours = check.calendar.on(day)
        if check.step is not None and isinstance(hours, Hours):
            _count_missing(check, check.step, hours, of_day)


def _count_missing(check: Check, step: timedelta, hours: Hours, of_day: list[Row]) -> None:
    expected = -((hours.opens - hours.closes) // step)
    missing = expected - len(of_day)
    if not missing:
        return
    wanted = hours.opens
    line = of_day[-1].line
    for row in of_day:
        if row.bar.at != wanted:
            line = row.line
            break
        wanted += step
    example = f"{missing} of {expected} bars missing, the first at {wanted.isoformat()}; not filled"
    check.ledger.repair("missing_bars", line, example, missing)


def _compare(ledger: Ledger, rows: list[Row], reference_price: Decimal | int | str) -> None:
    reference = Decimal(reference_price)
    if not reference.is_finite() or reference <= 0:
        raise ValueError(f"reference_price must be a price above 0, got {reference_price!r}")
    if not rows:
        return
    median = statistics.median_low(row.bar.close for row in rows)
    if median > reference * OTHER_COMPANY or reference > median * OTHER_COMPANY:
        told = f"the median close is {median}, where about {reference} was expected: another company's prices?"
        ledger.problem(rows[0].line, "another_company", told)
