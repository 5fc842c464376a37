"""`riskcore journal reconcile`: what differs between our book and the broker's, and taking it as it is."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

from attrs import frozen

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.cli.answers import plain, say, say_first
from riskcore_openalgo.cli.control import left_for_the_runner
from riskcore_openalgo.cli.opening import telling, writer
from riskcore_openalgo.cli.tables import table
from riskcore_openalgo.cli.unseen import Unseen
from riskcore_openalgo.journal import At, JournalInUse
from riskcore_openalgo.journal.places import place_of
from riskcore_openalgo.runner.by_hand import take_by_hand

FROZEN, UNKNOWN, FREEZE = "positions_differ", "unknown", "freeze"
COLUMNS = ("symbol", "ours", "theirs", "kind", "seen", "what follows")
GOES = "our book follows the broker: the shares are gone"
FOLLOWS = {
    "gone": GOES,
    "less": GOES,
    "opposite": "our book becomes flat, and the symbol is frozen: no entries in it",
    "unnamed": "taken for the fill of our order that has no name at the broker, after protect_flatten_s",
    "suspect": "nothing is believed of it; the symbol is frozen: no entries in it",
}
COMES = {
    "adopt": "the shares are adopted as ours, where the trade book shows how they came",
    "ignore": "they are told, and left alone",
    FREEZE: "the symbol is frozen: no entries in it",
}

REMEDY = "take the broker's account as it is with --accept --by NAME --why TEXT, or mend it at the broker"


def reconcile(arguments: argparse.Namespace) -> int:
    """Print what differs; with --accept take it, through a turn of our own or the running one's."""
    if arguments.accept and not (arguments.by and arguments.why):
        raise ValueError("--accept needs --by NAME and --why TEXT: who and why stands in the journal")
    if not arguments.accept and (arguments.by or arguments.why):
        raise ValueError("--by and --why go with --accept")
    seen = _looked(arguments.journal)
    if not arguments.accept:
        return _said(arguments, seen)
    say_first(arguments, seen.text)
    if not (seen.state.custody.mismatches or _frozen(seen.state)):
        nothing = "nothing that can be accepted; nothing was written"
        say(arguments, seen.content | {"accepted": None, "told": nothing}, nothing)
        return seen.code
    return _accept(arguments, events.DifferencesAccepted(datetime.now(rc.IST), arguments.by, arguments.why))


@frozen
class _Seen:
    """A journal as it was looked at."""

    where: str
    row: int
    state: engine.State
    policy: rc.Policy

    @property
    def differs(self) -> bool:
        return bool(self.state.custody.mismatches or _frozen(self.state) or _unknown(self.state))

    @property
    def code(self) -> int:
        """The exit code."""
        return 1 if self.differs else 0

    @property
    def text(self) -> str:
        return f"{self.where}: row {self.row}\n{text(self.state, self.policy)}"

    @property
    def content(self) -> dict[str, Any]:
        """The same for a program."""
        custody = self.state.custody
        return {
            "journal": self.where,
            "row": self.row,
            "differs": self.differs,
            "agreed_at": custody.reconciled_at,
            "mismatches": [{**plain(m), "follows": _follows(m, self.policy)} for m in custody.mismatches],
            "differing_reads": self.policy.differing_reads,
            "frozen": [{"key": latch.key, "at": latch.at, "why": latch.why} for latch in _frozen(self.state)],
            "unknown": [{"id": order.id, "told": _of(order)} for order in _unknown(self.state)],
            "balance": None if custody.balance is None else plain(custody.balance),
            "funds_moved": [plain(line) for line in custody.moved],
            "accepted_before": [{"key": key, "theirs": theirs} for key, theirs in custody.accepted],
            "beside": [plain(known) for known in custody.beside],
        }


def _looked(at: At) -> _Seen:
    with telling(at) as journal:
        return _Seen(journal.where, journal.length, journal.load().state, journal.policy() or rc.Policy())


def _said(arguments: argparse.Namespace, seen: _Seen, **more: Any) -> int:
    say(arguments, seen.content | more, seen.text)
    return seen.code


def text(state: engine.State, policy: rc.Policy) -> str:
    """The differences, what is frozen, orders of unknown outcome, and what was accepted before."""
    custody = state.custody
    last = "never" if custody.reconciled_at is None else f"{custody.reconciled_at:%Y-%m-%d %H:%M:%S} IST"
    lines = [f"the gate last opened, on books that agreed: {last}"]
    if custody.mismatches:
        rows = [
            (m.key, str(m.ours), str(m.theirs), m.kind, _seen(m, policy), _follows(m, policy))
            for m in custody.mismatches
        ]
        lines.append(table(COLUMNS, rows))
    lines += [f"frozen: {latch.key or 'all'} since {latch.at:%Y-%m-%d %H:%M}: {latch.why}" for latch in _frozen(state)]
    if _frozen(state):
        lines.append(REMEDY)
    lines += [f"unknown outcome: {order.id}: {_of(order)}" for order in _unknown(state)]
    balance = _balance(state)
    lines += balance
    accepted = [f"accepted before: {key}: {theirs} at the broker" for key, theirs in custody.accepted]
    accepted += [f"accepted before: {one.key}: {one.quantity} beside ours" for one in custody.beside]
    lines += accepted
    if len(lines) == 1 + len(accepted) + len(balance):
        lines.append("nothing differs, as far as the broker's books were read")
    return "\n".join(lines)


def _balance(state: engine.State) -> list[str]:
    """The broker's money against ours, where they differed today: each line that explains it, and the rest."""
    found, declared = state.custody.balance, state.custody.moved
    if found is None:
        return [_line(line) for line in declared]
    first = f"balance: Rs {rc.grouped(found.theirs)} at the broker, Rs {rc.grouped(found.ours)} when the session opened"
    lines = found.lines or declared
    return [first, *(_line(line) for line in lines), f"  unexplained: Rs {rc.grouped(found.unexplained)}"]


def _line(line: Any) -> str:
    return f"  {line.what}: Rs {rc.grouped(line.amount)}{f' ({line.why})' if line.why else ''}"


def _seen(mismatch: Any, policy: rc.Policy) -> str:
    due = mismatch.times >= policy.differing_reads
    return f"{mismatch.times} reads" if due else f"{mismatch.times} of {policy.differing_reads} reads"


def _follows(mismatch: Any, policy: rc.Policy) -> str:
    return FOLLOWS.get(mismatch.kind) or f"{COMES[policy.manual_trades]} (manual_trades: {policy.manual_trades})"


def _frozen(state: engine.State) -> list[rc.Latch]:
    return [latch for latch in state.book.latches if latch.name == FROZEN]


def _unknown(state: engine.State) -> list[rc.Order]:
    return [order for order in state.book.live_orders() if order.status == UNKNOWN]


def _of(order: rc.Order) -> str:
    approved = order.approved
    return f"{approved.side} {approved.quantity} {approved.instrument.key}, sent {approved.at:%Y-%m-%d %H:%M:%S}"


# ---------------------------------------------------------------- accepting


def _accept(arguments: argparse.Namespace, event: events.DifferencesAccepted) -> int:
    try:
        with writer(arguments.journal) as journal:
            facts = take_by_hand(journal, event, event.at)
            taken = any(isinstance(fact, events.DifferencesTaken) for fact in facts)
            say_first(
                arguments, f"{'accepted' if taken else 'NOT accepted'}: row {journal.length} of {journal.where}\n"
            )
            wrong = journal.state
    except JournalInUse:
        return _through_the_inbox(arguments, event)
    if wrong:
        say_first(arguments, wrong)
    code = _said(arguments, _looked(arguments.journal), accepted=taken)
    return 0 if taken and code == 0 and not wrong else 1


def _through_the_inbox(arguments: argparse.Namespace, event: events.DifferencesAccepted) -> int:
    """Leave it for the runner, and wait until the journal shows it."""
    at = arguments.journal
    where = place_of(at).where
    say_first(arguments, f"{where}: a runner is writing; the request goes into its inbox")
    found = left_for_the_runner(at, event, arguments)
    if isinstance(found, Unseen):
        seen = {"accepted": False, "taken": found.taken, "waits_as": found.waits_as, "told": found.told}
        say(arguments, seen, found.told)
        return 1
    say_first(arguments, f"accepted: row {found.row} of {where}\n")
    return _said(arguments, _looked(at), accepted=True)
