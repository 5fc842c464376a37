"""`riskcore journal show | verify | replay`. They only read: a runner may be writing meanwhile."""

from __future__ import annotations

import argparse
from pathlib import Path

from attrs import frozen

from riskcore_openalgo.cli import policies, tables
from riskcore_openalgo.cli.opening import reader
from riskcore_openalgo.journal import At, Mark
from riskcore_openalgo.journal.chain import GENESIS
from riskcore_openalgo.journal.exporting import is_export, verify_export
from riskcore_openalgo.journal.replay import replay as replay_journal


def show(arguments: argparse.Namespace) -> int:
    """Print decisions, trades and results; or every row."""
    with reader(arguments.journal) as journal:
        if arguments.rows:
            for row in journal.rows():
                print(f"{row.seq:6} {row.kind:5} {row.at} {row.type} {row.body}")
        else:
            for title, text in (("Decisions", tables.decisions), ("Trades", tables.trades), ("Result", tables.result)):
                print(f"{title}\n{text(journal)}\n")
    return 0


@frozen
class _Chain:
    """A verified chain: what it is, where it begins and ends, how many rows, and the first bad one."""

    where: str
    after: Mark
    last: Mark
    rows: int
    bad: tuple[int, str] | None


def verify(arguments: argparse.Namespace) -> int:
    """Check every row against the chain; the first bad one is named. Archives must lead into what follows them.

    Rows cut off at the end leave no trace in the chain: compare the head with one you noted down.
    """
    held = True
    before: _Chain | None = None
    for at in (*arguments.archive, arguments.journal):
        found = _chain_of(at)
        print(_told(found))
        held = held and found.bad is None
        if before is not None:
            held = _continues(before, found) and held
        before = found
    return 0 if held else 1


def _chain_of(at: At) -> _Chain:
    if isinstance(at, Path) and is_export(at):
        said = verify_export(at)
        return _Chain(str(at), said.after, said.last, said.rows, said.bad)
    with reader(at) as journal:
        bad, last = journal.first_bad_row(), Mark(journal.length, journal.head)
        return _Chain(journal.where, journal.genesis, last, last.seq - journal.genesis.seq, bad)


def _told(found: _Chain) -> str:
    if found.bad is not None:
        return f"{found.where}: BROKEN at row {found.bad[0]}: {found.bad[1]}"
    begins = "" if found.after == GENESIS else f", after row {found.after.seq} with hash {found.after.hash}"
    return f"{found.where}: {found.rows} rows{begins}, the chain holds; head {found.last.hash}"


def _continues(before: _Chain, found: _Chain) -> bool:
    if before.last == found.after:
        print(f"{found.where} goes on where {before.where} ends, at row {before.last.seq}")
        return True
    print(f"{found.where}: BROKEN: begins after row {found.after.seq}, and not with the last hash of {before.where}")
    return False


def replay(arguments: argparse.Namespace) -> int:
    """Feed the recorded inputs to the engine and compare the facts; or ask another policy."""
    if (arguments.policy is None) != (arguments.mode is None):
        raise ValueError("--policy and --mode go together: --mode decisions, or --mode resimulate")
    with reader(arguments.journal) as journal:
        journal.check()
        if arguments.policy is not None:
            return policies.replay(journal, arguments.policy, arguments.mode, everything=arguments.all)
        report = replay_journal(journal)
        print(f"{journal.where}: {report}")
        return 0 if report.same else 1
