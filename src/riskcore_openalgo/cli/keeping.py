"""`riskcore journal export | prune`: a journal's content for other programs, and old sessions out of its way."""

from __future__ import annotations

import argparse

from riskcore_openalgo.cli.answers import say
from riskcore_openalgo.cli.opening import key_of, telling, writer
from riskcore_openalgo.journal.exporting import Days, export as export_tables
from riskcore_openalgo.journal.pruning import prune as prune_journal


def export(arguments: argparse.Namespace) -> int:
    """Write the tables; a journal whose chain does not hold is not exported."""
    days = Days(arguments.since, arguments.until)
    with telling(arguments.journal) as journal:
        journal.check()
        written = export_tables(
            journal,
            arguments.to,
            arguments.table,
            form=arguments.format,
            days=days,
            overwrite=arguments.overwrite,
        )
    text = "\n".join(f"{one.path}: {one.rows} rows of {one.table}" for one in written)
    say(arguments, {"written": written}, text)
    return 0


def prune(arguments: argparse.Namespace) -> int:
    """Move the sessions before a date into an archive."""
    at = arguments.journal
    with writer(at, whole=True) as journal:
        done = prune_journal(journal, arguments.before, archive=arguments.archive, key=key_of(at))
        cut, where, last = done.cut, journal.where, journal.length
    lines = [
        f"{done.archive}: {done.rows} rows, up to row {cut.at.seq} with hash {cut.at.hash}",
        f"{where}: goes on from there with session {cut.first_kept}; {last} is its last row",
    ]
    if cut.why:
        lines.append(f"sessions before {arguments.before} stay from {cut.first_kept} on: {cut.why}")
    content = {"archive": done.archive, "rows": done.rows, "up_to": cut.at.seq, "hash": cut.at.hash}
    more = {"journal": where, "first_kept": cut.first_kept, "last": last, "why_not_more": cut.why}
    say(arguments, content | more, "\n".join(lines))
    return 0
