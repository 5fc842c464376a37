"""`riskcore bars`: bar files of other programs, or NSE's bhavcopies, taken over into the form that is read."""

from __future__ import annotations

import argparse

import riskcore as rc
from riskcore_openalgo.bar_files import BarFileError
from riskcore_openalgo.bar_import import TakenOver, take_over
from riskcore_openalgo.bhavcopies import take_over_days
from riskcore_openalgo.cli.answers import say
from riskcore_openalgo.config import load_settings
from riskcore_openalgo.feed import BarFile, read_bars, report

MINUTE, DAY = "1m", "1D"


def bars(arguments: argparse.Namespace) -> int:
    """Write the files, then read them as a backtest will, so that what is wrong with one is told now."""
    days: bool = arguments.source.is_dir()
    interval: str = arguments.interval or (DAY if days else MINUTE)
    taken = _days(arguments, interval) if days else (_file(arguments, interval),)
    tables = load_settings(arguments.config).policy.tables if arguments.config else None
    read = {one.symbol: _read(one, arguments, interval, tables) for one in taken}
    lines = [line for one in taken for line in (f"{one.path}: {one.bars} bars written", *one.told)]
    then = f"riskcore backtest --bars {arguments.to} --interval {interval} --strategy ema_cross"
    content = [_content(one, read[one.symbol]) for one in taken]
    say(arguments, {"files": content} if days else content[0], "\n".join([*lines, report(read), f"Next: {then}"]))
    return 0


def _file(arguments: argparse.Namespace, interval: str) -> TakenOver:
    if arguments.symbols:
        raise ValueError("--symbols is for a folder of bhavcopies; one file has one symbol, --symbol")
    length = rc.interval_length(interval)
    return take_over(
        arguments.source,
        arguments.to,
        symbol=arguments.symbol,
        dates=arguments.dates,
        zone=arguments.zone,
        ends_after=length if arguments.bar_ends else None,
        overwrite=arguments.overwrite,
    )


def _days(arguments: argparse.Namespace, interval: str) -> tuple[TakenOver, ...]:
    symbols = _listed(arguments.symbols or arguments.symbol)
    if not symbols:
        raise ValueError(f"{arguments.source} is a folder: --symbols INFY,TCS says what to take from its bhavcopies")
    if interval != DAY:
        raise ValueError(f"bhavcopies have daily bars, and --interval asks for {interval}; leave it out")
    if arguments.bar_ends or arguments.dates or arguments.zone != "ist":
        raise ValueError(
            "--dates, --zone and --bar-ends are for one file; a bhavcopy's days can be read in one way alone"
        )
    series = _listed(arguments.series) or ("EQ",)
    return take_over_days(arguments.source, arguments.to, symbols=symbols, series=series, overwrite=arguments.overwrite)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in (part.strip().upper() for part in text.split(",")) if name))


def _read(taken: TakenOver, arguments: argparse.Namespace, interval: str, tables: rc.Tables | None) -> BarFile:
    try:
        return read_bars(taken.path, symbol=taken.symbol, interval=interval, tables=tables)
    except BarFileError as wrong:
        raise ValueError(
            f"{wrong}\n{taken.path} was written as {arguments.source} has it: correct {arguments.source} or options "
            f"(--interval, --zone, --bar-ends) and give --overwrite; or correct {taken.path} itself"
        ) from wrong


def _content(taken: TakenOver, read: BarFile) -> dict[str, object]:
    told = {"file": taken.path, "written": taken.bars, "read": len(read.bars), "told": taken.told}
    return told | {"repairs": read.repairs}
