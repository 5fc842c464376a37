"""`riskcore demo`: one real trading day, from one command."""

from __future__ import annotations

import argparse
import contextlib
import os

from sqlalchemy import select

import riskcore as rc
from riskcore_openalgo.cli import tables
from riskcore_openalgo.cli.answers import say, say_first
from riskcore_openalgo.cli.opening import key_of
from riskcore_openalgo.cli.progress import progress
from riskcore_openalgo.demo.day import Day, demo_policy, finished, next_journal
from riskcore_openalgo.journal import Journal, Reader
from riskcore_openalgo.journal.tables import TRADES
from riskcore_openalgo.runner.assembly import PAPER
from riskcore_openalgo.runner.kept_for import refuse_other


def run(arguments: argparse.Namespace) -> int:
    """Play the demo day, or finish it, and print what happened."""
    strategy = arguments.strategy
    path = arguments.journal or next_journal(arguments.folder, strategy)
    if path.exists() and finished(path, key_of(path)):
        with contextlib.closing(Reader(path, key=key_of(path))) as done:
            done.check()
            say_first(arguments, f"{path}: the day is finished; this is what happened")
            say(arguments, tables.content(done), _report(done))
        return tables.told(done)
    with Journal(path, key=key_of(path)) as journal:
        refuse_other(journal, mode=PAPER)
        _begin(journal, day := Day(journal, strategy=strategy), arguments)
        for _ in progress(day.play(), day.moments, "28 Feb 2020"):
            pass
        say(arguments, tables.content(journal), _report(journal))
    return tables.told(journal)


def _begin(journal: Journal, day: Day, arguments: argparse.Namespace) -> None:
    goes_on = "; going on" if journal.length else ""
    lines = (
        "riskcore demo: NSE, Friday 28 February 2020, the day the market fell 3.7 %; paper money, real 1-minute bars",
        f"  INFY and LT by {arguments.strategy}, RELIANCE by alerts over HTTP of a chart that has it too{goes_on}",
        f"  this demo:     {_rules(day.policy)}",
        f"  the defaults:  {_rules(rc.Policy())}",
    )
    say_first(arguments, "\n".join(lines))


def _rules(policy: rc.Policy) -> str:
    return (
        f"risk {policy.risk_per_trade} % a trade, {policy.max_positions} positions, "
        f"{policy.max_trades_per_day} trades a day, loss {policy.max_daily_loss} % a day, "
        f"size {policy.max_position_size_percent} % by {policy.position_size_basis}, R:R {policy.min_risk_reward}"
    )


def _report(journal: Reader) -> str:
    path, command = journal.where, os.environ.get("RISKCORE_COMMAND", "riskcore")
    return "\n".join(
        (
            "",
            "Decisions",
            tables.decisions(journal),
            "",
            "Trades",
            tables.trades(journal),
            "",
            f"Result, charges as of {demo_policy().charges_as_of}: {tables.result(journal)}",
            f"Journal: {path} ({journal.length} rows, chain head {journal.head[:16]})",
            "",
            "Next:",
            f"  {command} journal verify {path}     (no row was changed)",
            f"  {command} journal replay {path}     (decide it all again, and compare)",
            *(
                f'  {command} journal signal --journal {path} "{name}"     (the story of a trade)'
                for name in _told(journal)
            ),
            f"  {command} init config     (a configuration of your own, every setting explained)",
            f"  {command} backtest --bars FOLDER --strategy ema_cross     (your own SYMBOL.csv files)",
        )
    )


def _told(journal: Reader) -> list[str]:
    """The id of one signal that was traded, an alert where there is one; none where nothing was."""
    rows = journal.select(select(TRADES.c.signal_id).order_by(TRADES.c.signal_id))
    return [row.signal_id for row in rows][:1]
