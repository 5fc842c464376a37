"""`riskcore journal show | verify | replay`. They only read: a runner may be writing meanwhile."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from attrs import evolve, frozen

from riskcore_openalgo.cli import policies, tables
from riskcore_openalgo.cli.answers import say
from riskcore_openalgo.cli.opening import telling
from riskcore_openalgo.journal import At, Mark
from riskcore_openalgo.journal.chain import GENESIS
from riskcore_openalgo.journal.exporting import is_export, verify_export
from riskcore_openalgo.journal.replay import replay as replay_journal


def show(arguments: argparse.Namespace) -> int:
    """Print decisions, trades and results; or every row."""
    with telling(arguments.journal) as journal:
        if not arguments.rows:
            say(arguments, tables.content(journal), tables.day(journal))
        elif arguments.json:
            for row in journal.rows():  # one object a line: there may be millions
                told = {"row": row.seq, "kind": row.kind, "at": row.at, "type": row.type, "event": json.loads(row.body)}
                print(json.dumps(told))
        else:
            for row in journal.rows():
                print(f"{row.seq:6} {row.kind:5} {row.at} {row.type} {row.body}")
    return 0


@frozen
class _Chain:
    """A verified chain: what it is, where it begins and ends, how many rows, and the first bad one.

    `leads` says why it does not go on where the one before it ends, "" where it does.
    """

    where: str
    after: Mark
    last: Mark
    rows: int
    bad: tuple[int, str] | None
    leads: str = ""


def verify(arguments: argparse.Namespace) -> int:
    """Check every row against the chain; the first bad one is named. Archives must lead into what follows them.

    Rows cut off at the end leave no trace in the chain: compare the head with one you noted down.
    """
    chains: list[_Chain] = []
    for at in (*arguments.archive, arguments.journal):
        found = _chain_of(at)
        chains.append(evolve(found, leads=_break(chains[-1], found) if chains else ""))
    held = not any(one.bad or one.leads for one in chains)
    lines = [line for one, before in zip(chains, [None, *chains[:-1]], strict=True) for line in _told(one, before)]
    say(arguments, {"holds": held, "chains": [_content(one) for one in chains]}, "\n".join(lines))
    return 0 if held else 1


def _chain_of(at: At) -> _Chain:
    if isinstance(at, Path) and is_export(at):
        said = verify_export(at)
        return _Chain(str(at), said.after, said.last, said.rows, said.bad)
    with telling(at) as journal:
        bad, last = journal.first_bad_row(), Mark(journal.length, journal.head)
        return _Chain(journal.where, journal.genesis, last, last.seq - journal.genesis.seq, bad)


def _told(found: _Chain, before: _Chain | None) -> list[str]:
    if found.bad is not None:
        told = f"{found.where}: BROKEN at row {found.bad[0]}: {found.bad[1]}"
    else:
        begins = "" if found.after == GENESIS else f", after row {found.after.seq} with hash {found.after.hash}"
        told = f"{found.where}: {found.rows} rows{begins}, the chain holds; head {found.last.hash}"
    if before is None:
        return [told]
    goes_on = f"{found.where} goes on where {before.where} ends, at row {before.last.seq}"
    return [told, f"{found.where}: BROKEN: {found.leads}" if found.leads else goes_on]


def _break(before: _Chain, found: _Chain) -> str:
    if before.last == found.after:
        return ""
    return f"begins after row {found.after.seq}, and not with the last hash of {before.where}"


def _content(found: _Chain) -> dict[str, object]:
    bad = None if found.bad is None else {"row": found.bad[0], "why": found.bad[1]}
    begins = {"after": found.after.seq, "after_hash": found.after.hash}
    more = {"rows": found.rows, "head": found.last.hash, "bad": bad, "does_not_follow": found.leads or None}
    return {"where": found.where} | begins | more


def replay(arguments: argparse.Namespace) -> int:
    """Feed the recorded inputs to the engine and compare the facts; or ask another policy."""
    if (arguments.policy is None) != (arguments.mode is None):
        raise ValueError("--policy and --mode go together: --mode decisions, or --mode resimulate")
    with telling(arguments.journal) as journal:
        journal.check()
        if arguments.policy is not None:
            return policies.replay(journal, arguments)
        report = replay_journal(journal)
    content = {"same": report.same, "inputs": report.inputs, "facts": report.facts, "difference": report.difference}
    say(arguments, {"journal": journal.where} | content, f"{journal.where}: {report}")
    return 0 if report.same else 1
