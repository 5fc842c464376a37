"""`riskcore journal show | verify | replay`. They only read: a runner may be writing meanwhile."""

from __future__ import annotations

import argparse

from riskcore_openalgo.cli import tables
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.journal.replay import replay as replay_journal


def show(arguments: argparse.Namespace) -> int:
    """Print decisions, trades and results; or every row."""
    journal = Reader(arguments.journal)
    if arguments.rows:
        for row in journal.rows():
            print(f"{row.seq:6} {row.kind:5} {row.at} {row.type} {row.body}")
    else:
        for title, text in (("Decisions", tables.decisions), ("Trades", tables.trades), ("Result", tables.result)):
            print(f"{title}\n{text(journal)}\n")
    journal.close()
    return 0


def verify(arguments: argparse.Namespace) -> int:
    """Check every row against the chain; the first bad one is named.

    Rows cut off at the end leave no trace in the chain: compare the head with one you noted down.
    """
    journal = Reader(arguments.journal)
    bad = journal.first_bad_row()
    if bad is None:
        print(f"{arguments.journal}: {journal.length} rows, the chain holds; head {journal.head}")
    else:
        print(f"{arguments.journal}: BROKEN at row {bad[0]}: {bad[1]}")
    journal.close()
    return 0 if bad is None else 1


def replay(arguments: argparse.Namespace) -> int:
    """Feed the recorded inputs to the engine and compare the facts."""
    journal = Reader(arguments.journal)
    journal.check()
    report = replay_journal(journal)
    print(f"{arguments.journal}: {report}")
    journal.close()
    return 0 if report.same else 1
