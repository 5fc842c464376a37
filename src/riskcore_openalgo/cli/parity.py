"""`riskcore journal parity`: a recorded day beside its backtest."""

from __future__ import annotations

import argparse
from decimal import Decimal
from typing import Any

import riskcore as rc
from riskcore_openalgo.cli.answers import finished, say
from riskcore_openalgo.cli.bars import instruments_of
from riskcore_openalgo.cli.opening import telling
from riskcore_openalgo.cli.tables import table
from riskcore_openalgo.config import load_settings
from riskcore_openalgo.runner.parity import CAUSES, Parity, TradeBeside, parity as parity_of

COLUMNS = ("symbol", "opened", "qty then", "qty now", "net then", "net now", "differs", *CAUSES)


def parity(arguments: argparse.Namespace) -> int:
    """Print what differs and why; 0 where nothing does."""
    settings = load_settings(arguments.config)
    bars = instruments_of(arguments, settings)
    with telling(arguments.journal) as journal:
        journal.check()
        found = parity_of(journal, bars, interval=arguments.interval)
    beside = f"{journal.where} beside a backtest of {arguments.bars}"
    say(arguments, {"journal": journal.where} | content(found), f"{beside}\n{told(found)}")
    return 0 if found.same else 1


def content(found: Parity) -> dict[str, Any]:
    """The same for a program: each trade as both have it, and the causes of the difference in rupees."""
    return {
        "same": found.same,
        "trades": [
            {
                "signal_id": trade.signal_id,
                "key": trade.key,
                "why": trade.why,
                "recorded": None if trade.recorded is None else finished(trade.recorded),
                "backtest": None if trade.simulated is None else finished(trade.simulated),
                "differs": trade.difference,
                "causes": trade.causes,
            }
            for trade in found.trades
        ],
        "decided_alike": found.decided_alike,
        "decided_otherwise": found.decided_otherwise,
        "differs": sum((trade.difference for trade in found.trades), Decimal(0)),
        "causes": {cause: found.total(cause) for cause in CAUSES},
    }


def told(found: Parity) -> str:
    """Trades, sums by cause, and the decisions that differ."""
    rows = [_row(trade) for trade in found.trades]
    sums = ", ".join(f"{cause} {_rupees(found.total(cause))}" for cause in CAUSES)
    lines = [table(COLUMNS, rows) if rows else "no finished trade in either"]
    lines += [f"{trade.signal_id}: in one of the two alone; {trade.why}" for trade in found.trades if trade.why]
    lines += [f"{trade.signal_id}: {_otherwise(trade)}" for trade in found.trades if trade.otherwise]
    lines += ["", f"{found.decided_alike} entries were answered alike, {len(found.decided_otherwise)} otherwise"]
    lines += [f"  {line}" for line in found.decided_otherwise]
    whole = sum((trade.difference for trade in found.trades), Decimal(0))
    lines.append(f"recorded less backtest: Rs {_rupees(whole)} ({sums})")
    lines.append("the same: every decision and every trade" if found.same else "DIFFERENT")
    return "\n".join(lines)


def _otherwise(trade: TradeBeside) -> str:
    return "; ".join(f"{name} {then}, in the backtest {now}" for name, then, now in trade.otherwise)


def _row(trade: TradeBeside) -> tuple[str, ...]:
    then, now = trade.recorded, trade.simulated
    either = then or now
    assert either is not None
    return (
        trade.key,
        f"{either.opened_at:%Y-%m-%d %H:%M}",
        "-" if then is None else str(then.quantity),
        "-" if now is None else str(now.quantity),
        "-" if then is None else _rupees(then.net),
        "-" if now is None else _rupees(now.net),
        _rupees(trade.difference),
        *(_rupees(trade.causes[cause]) for cause in CAUSES),
    )


def _rupees(value: Decimal) -> str:
    return rc.grouped(value)
