"""`riskcore backtest`: a strategy over historical bars, with the same rules as paper and live."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

import riskcore as rc
from riskcore_openalgo.cli import tables
from riskcore_openalgo.cli.bars import open_at_the_end, prepared
from riskcore_openalgo.feed import BarFile, read_bars, read_folder
from riskcore_openalgo.lab.backtests import backtest as lab_backtest
from riskcore_openalgo.lab.run import Run

REASONS_SHOWN: Final = 3


def backtest(arguments: argparse.Namespace) -> int:
    """Run, print the trades and what they came to, and write the run where asked."""
    settings, bars, strategies = prepared(arguments)
    if arguments.intrabar == rc.Intrabar.LOWER_TIMEFRAME.value and arguments.finer is None:
        raise ValueError("--intrabar lower_timeframe needs --finer DIR: bars of a shorter interval")
    run = lab_backtest(
        bars,
        {key: list(own) for key, own in strategies.items()},
        settings.policy,
        capital=arguments.capital,
        interval=arguments.interval,
        first=arguments.first,
        last=arguments.last,
        intrabar=rc.Intrabar(arguments.intrabar),
        entries=rc.Entries(arguments.entries),
        finer={symbol: file.bars for symbol, file in _finer(arguments).items()},
    )
    closed = run.simulation.trades
    print(tables.closed_trades(closed))
    gross = sum((trade.gross for trade in closed), start=Decimal(0))
    charges = sum((trade.charges for trade in closed), start=Decimal(0))
    refused = len(run.refused)
    print(f"\n{len(closed)} trades, {refused} signals refused, gross Rs {gross:,.2f}, charges Rs {charges:,.2f}")
    for line in _why_refused(run):
        print(line)
    print("\n".join(run.explain().splitlines()[1:]))
    open_at_the_end(run.simulation.state.book)
    if arguments.out is not None:
        print(f"written: {run.save(arguments.out)}")
    return 0


def _why_refused(run: Run) -> list[str]:
    """The reasons that stood in the way most often, each with the words of the first: what to look at, or to set."""
    found: dict[str, list[rc.Finding]] = {}
    for refusal in run.refused:
        for one in {finding.reason: finding for finding in refusal.reasons}.values():
            found.setdefault(one.reason, []).append(one)
    most = sorted(found.items(), key=lambda each: -len(each[1]))[:REASONS_SHOWN]
    return [f"  {len(given):,} times {reason}: {given[0].text}" for reason, given in most]


def _finer(arguments: argparse.Namespace) -> Mapping[str, BarFile]:
    path: Path | None = arguments.finer
    if path is None:
        return {}
    if path.is_file():
        return {path.stem: read_bars(path, symbol=path.stem, interval=arguments.finer_interval)}
    return read_folder(path, interval=arguments.finer_interval)
