"""`riskcore journal export | prune`: a journal's content for other programs, and old sessions out of its way."""

from __future__ import annotations

import argparse

from riskcore_openalgo.cli.opening import key_of, reader, writer
from riskcore_openalgo.journal.exporting import Days, export as export_tables
from riskcore_openalgo.journal.pruning import prune as prune_journal


def export(arguments: argparse.Namespace) -> int:
    """Write the tables; a journal whose chain does not hold is not exported."""
    days = Days(arguments.since, arguments.until)
    with reader(arguments.journal) as journal:
        journal.check()
        written = export_tables(
            journal,
            arguments.to,
            arguments.table,
            form=arguments.format,
            days=days,
            overwrite=arguments.overwrite,
        )
    for one in written:
        print(f"{one.path}: {one.rows} rows of {one.table}")
    return 0


def prune(arguments: argparse.Namespace) -> int:
    """Move the sessions before a date into an archive."""
    at = arguments.journal
    with writer(at, whole=True) as journal:
        done = prune_journal(journal, arguments.before, archive=arguments.archive, key=key_of(at))
        print(f"{done.archive}: {done.rows} rows, up to row {done.cut.at.seq} with hash {done.cut.at.hash}")
        print(
            f"{journal.where}: goes on from there with session {done.cut.first_kept}; {journal.length} is its last row"
        )
    if done.cut.why:
        print(f"sessions before {arguments.before} stay from {done.cut.first_kept} on: {done.cut.why}")
    return 0
