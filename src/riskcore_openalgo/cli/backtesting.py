"""`riskcore backtest`: a strategy over historical bars, with the same rules as paper and live."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import attrs

import riskcore as rc
from riskcore_openalgo.cli import tables
from riskcore_openalgo.cli.answers import finished, say
from riskcore_openalgo.cli.bars import listed_of, open_at_the_end, prepared
from riskcore_openalgo.cli.progress import progress
from riskcore_openalgo.feed import read_bars, read_folder
from riskcore_openalgo.lab.backtests import backtest as lab_backtest
from riskcore_openalgo.lab.report import Extra
from riskcore_openalgo.lab.report.counterfactual import table_of
from riskcore_openalgo.lab.report.figures import figures
from riskcore_openalgo.lab.report.saved import keep_rules
from riskcore_openalgo.lab.run import Run
from riskcore_openalgo.lab.saved_run import ABOUT, FACTS
from riskcore_openalgo.lab.without_rules import WHAT, rules_off

REASONS_SHOWN: Final = 4


def backtest(arguments: argparse.Namespace) -> int:
    """Run, print the trades and what they came to, and write the run where asked."""
    _refuse_finer(arguments)
    if arguments.out is not None:
        _refuse_out(arguments.out, arguments.bars)
    settings, bars, strategies = prepared(arguments)
    own = {key: list(several) for key, several in strategies.items()}
    how = {
        "capital": arguments.capital,
        "interval": arguments.interval,
        "first": arguments.first,
        "last": arguments.last,
        "intrabar": rc.Intrabar(arguments.intrabar),
        "entries": rc.Entries(arguments.entries),
        "finer": _finer(arguments, [thing.symbol for thing in bars], settings.policy.tables),
        "listed": listed_of(bars, settings),
    }
    fresh = deepcopy(own) if arguments.rules else own
    run = lab_backtest(bars, own, settings.policy, **how)
    written = None if arguments.out is None else run.save(arguments.out)
    off = _without_rules(bars, fresh, settings.policy, run, how) if arguments.rules else None
    if written is not None and off is not None:
        keep_rules(written, off)
    _say(run, written, off, arguments)
    return 0


def _without_rules(bars: Any, strategies: Any, policy: rc.Policy, run: Run, how: Mapping[str, Any]) -> Extra:
    """What each rule cost or saved, as a table."""

    def watch(names: Sequence[str]) -> Iterable[str]:
        return progress(names, len(names), "rules")

    return table_of(rules_off(bars, strategies, policy, run=run, watch=watch, **how), WHAT)


def _refuse_finer(arguments: argparse.Namespace) -> None:
    """`ValueError` where finer bars are missing, would not be read, or are not finer."""
    asked = arguments.intrabar == rc.Intrabar.LOWER_TIMEFRAME.value
    if asked and arguments.finer is None:
        raise ValueError("--intrabar lower_timeframe needs --finer DIR: bars of a shorter interval")
    if arguments.finer is None:
        return
    if not asked:
        raise ValueError("--finer is read with --intrabar lower_timeframe alone")
    if rc.interval_length(arguments.finer_interval) >= rc.interval_length(arguments.interval):
        raise ValueError(
            f"--finer-interval {arguments.finer_interval} is not shorter than --interval {arguments.interval}"
        )


def _refuse_out(out: Path, bars: Path) -> None:
    """`ValueError`, before anything is run, for a place at which no run may be written, or none can."""
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out {out} is no folder; name one")
    stands = next(place for place in (out.absolute(), *out.absolute().parents) if place.exists())
    if not stands.is_dir() or not os.access(stands, os.W_OK):
        raise ValueError(f"--out {out}: nothing can be written in {stands}; name another folder")
    if not out.exists():
        return
    if out.resolve() == (bars if bars.is_dir() else bars.parent).resolve():
        raise ValueError(f"--out {out} is where the bars are: the run's tables would be taken for bars; name another")
    if any(out.iterdir()) and not any((out / name).exists() for name in (ABOUT, FACTS)):
        raise ValueError(f"--out {out} holds other files, and no run; name a new folder, or that of an earlier run")


def _say(run: Run, written: Path | None, off: Extra | None, arguments: argparse.Namespace) -> None:
    closed, refusals = run.simulation.trades, _why_refused(run)
    gross = sum((trade.gross for trade in closed), start=Decimal(0))
    charges = sum((trade.charges for trade in closed), start=Decimal(0))
    held = open_at_the_end(run.simulation.state.book)
    counts = f"{len(closed)} trades, {len(run.refused)} signals refused"
    sums = f"{counts}, gross Rs {rc.grouped(gross)}, charges Rs {rc.grouped(charges)}"
    lines = [tables.closed_trades(closed), "", sums]
    lines += [f"refused by {one['rule']}, {one['times']} times; the first: {one['first']}" for one in refusals]
    lines += [*run.results, *run.remarks, *(one["text"] for one in held)]
    lines += [] if written is None else [f"written: {written}"]
    lines += [] if off is None else ["", off.title, tables.beside(off)]
    rules = None if off is None else [dict(zip(off.columns, row, strict=True)) for row in off.rows]
    content = {"gross": gross, "charges": charges, "open": held, "written": written, "refused_by": refusals}
    content |= {"rules": rules}
    say(arguments, content | _content(run), "\n".join(lines))


def _why_refused(run: Run) -> list[dict[str, Any]]:
    """The rules that stopped most entries, so that a run without trades says why."""
    failed = [found for one in run.refused for found in one.reasons]
    said = {found.rule: found.text for found in reversed(failed)}
    counted = Counter(found.rule for found in failed).most_common(REASONS_SHOWN)
    return [{"rule": rule, "times": count, "first": said[rule]} for rule, count in counted]


def _content(run: Run) -> dict[str, Any]:
    """The run for a program; what is a share of something is text too."""
    jumped, doubt = run.jumped, run.in_doubt
    return {
        "interval": run.interval,
        "entries": run.entries,
        "capital": run.policy.default_capital,
        "equity": run.equity,
        "approved": len(run.approved),
        "refused": [
            {"at": one.fact.at, "signal_id": one.fact.signal.id, "reasons": [found.reason for found in one.reasons]}
            | {"rules": [found.rule for found in one.reasons], "unmeasured": [*one.fact.unmeasured]}
            for one in run.refused
        ],
        "trades": [finished(trade) for trade in run.simulation.trades],
        "bars": {"count": jumped.bars, "left_out": jumped.left_out, "left_out_pct": f"{jumped.share_pct:.1f}"},
        "in_doubt": {"intrabar": run.intrabar, **doubt._asdict()},
        "notes": run.notes,
        "buy_and_hold_pct": None if run.buy_and_hold_pct is None else f"{run.buy_and_hold_pct:.2f}",
        "measures": [{**attrs.asdict(one), "text": one.said} for one in figures(run.performance)],
    }


def _finer(
    arguments: argparse.Namespace, symbols: Sequence[str], tables: rc.Tables | None
) -> Mapping[str, Sequence[rc.Bar]]:
    """The finer bars of these symbols; a folder may hold others."""
    path: Path | None = arguments.finer
    if path is None:
        return {}
    if path.is_file():
        files = {path.stem: read_bars(path, symbol=path.stem, interval=arguments.finer_interval, tables=tables)}
    else:
        files = read_folder(path, interval=arguments.finer_interval, tables=tables)
    return {symbol: file.bars for symbol, file in files.items() if symbol in symbols}
