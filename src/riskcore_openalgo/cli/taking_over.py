"""`riskcore bars`: a bar file of another program, taken over into the form that is read."""

from __future__ import annotations

import argparse

import riskcore as rc
from riskcore_openalgo.bar_files import BarFileError
from riskcore_openalgo.bar_import import take_over
from riskcore_openalgo.cli.answers import say
from riskcore_openalgo.config import load_settings
from riskcore_openalgo.feed import read_bars, report


def bars(arguments: argparse.Namespace) -> int:
    """Write the file, then read it as a backtest will, so that what is wrong with it is told now."""
    length = rc.interval_length(arguments.interval)
    taken = take_over(
        arguments.source,
        arguments.to,
        symbol=arguments.symbol,
        dates=arguments.dates,
        zone=arguments.zone,
        ends_after=length if arguments.bar_ends else None,
        overwrite=arguments.overwrite,
    )
    told = [f"{taken.path}: {taken.bars} bars written", *taken.told]
    tables = load_settings(arguments.config).policy.tables if arguments.config else None
    try:
        read = read_bars(taken.path, symbol=taken.symbol, interval=arguments.interval, tables=tables)
    except BarFileError as wrong:
        raise ValueError(
            f"{wrong}\n{taken.path} was written as {arguments.source} has it: correct {arguments.source} or options "
            f"(--interval, --zone, --bar-ends) and give --overwrite; or correct {taken.path} itself"
        ) from wrong
    then = f"riskcore backtest --bars {arguments.to} --interval {arguments.interval} --strategy ema_cross"
    content = {"file": taken.path, "written": taken.bars, "read": len(read.bars), "told": taken.told}
    lines = [*told, report({taken.symbol: read}), f"Next: {then}"]
    say(arguments, content | {"repairs": read.repairs}, "\n".join(lines))
    return 0
