"""`riskcore control ...`: an operator's act through the inbox of the runner, or, where none runs, by a turn of our own.

What came of it is read off the journal: the facts that followed the input.
"""

from __future__ import annotations

import argparse
import getpass
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from attrs import frozen

import riskcore as rc
from riskcore import events
from riskcore.events import CONTROL_REFUSALS, FLAT, INCOMPLETE, PENDING, STOPPING
from riskcore_openalgo.cli.answers import as_json, say
from riskcore_openalgo.cli.opening import reader, writer
from riskcore_openalgo.cli.unseen import Unseen, unseen
from riskcore_openalgo.client.client import now_in_ist
from riskcore_openalgo.config import ConfigurationError, load_settings
from riskcore_openalgo.config.checks import name
from riskcore_openalgo.journal import At, Journal, JournalInUse, Reader
from riskcore_openalgo.runner.by_hand import NeedsARunner, take_by_hand
from riskcore_openalgo.runner.direct import EXITS
from riskcore_openalgo.runner.hands import Hand, requested
from riskcore_openalgo.runner.inbox import Inbox, Request, dated, folder_of

NOT_UNDERSTOOD: Final = 2
REFUSED: Final = 3
POLL_S: Final = 0.1
LEAVES: Final = {"ExitApproved", "ExitWanted", "CancelRequested"}
LEAVING: Final = "taken, and not done before the broker shows it (riskcore status)"
NOBODY: Final = "no runner writes to this journal"
AT_NEXT_START: Final = (
    f"{NOBODY}, and nothing is open by it: entries are locked, and the next start looks at the broker and ends the "
    "stop. What the broker holds now: riskcore stop --direct"
)
ALONE: Final = (
    events.OperatorHalted,
    events.OperatorResumed,
    events.OperatorSet,
    events.OperatorSettled,
    events.EmergencyStopped,
    events.FundsMoved,
)
"""What may be done to a journal that nobody runs: it sends nothing, or is refused where it would."""
HINTS: Final = {
    "graver_stands": " (riskcore status names it; riskcore control rearm ends an emergency stop)",
    "locked": " (here: --word UNLOCK)",
    "still_at_limit": " (here: --word CONFIRM)",
    "loosening_unconfirmed": " (here: --confirm)",
    "no_such_policy": " (riskcore config diff names it)",
}
"""What to type, where the reason itself does not say."""


@frozen
class Outcome:
    """What came of an act: the row of its input as it was taken, and the facts that followed.

    `alone` where no runner took it.
    """

    row: int
    event: Request
    facts: tuple[events.Fact, ...]
    alone: bool = False

    @property
    def refused(self) -> str:
        """The reason it was refused for, or ""."""
        found = (fact for fact in self.facts if isinstance(fact, events.ControlRefused))
        return next((fact.reason for fact in found), "")


def run(arguments: argparse.Namespace, clock: Callable[[], datetime] = now_in_ist) -> int:
    """One act; the exit code says what came of it."""
    at = arguments.journal or load_settings(arguments.config).system.journal
    arguments.by = arguments.by or who()
    with reader(at) as journal:
        try:
            event = event_of(arguments, journal, clock())
        except ConfigurationError:
            raise
        except ValueError as problem:
            print(f"riskcore: {problem}", file=sys.stderr)
            return NOT_UNDERSTOOD
    taken = act(at, event, arguments)
    if taken is None:
        return 1
    if isinstance(event, events.EmergencyStopped):
        return _stopped(at, taken, arguments)
    if isinstance(taken.event, events.OperatorEntered) and not taken.refused:
        return _decided(at, taken, taken.event, arguments)
    return told(taken, arguments)


def who() -> str:
    """The user of this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "somebody without a name"


def event_of(given: argparse.Namespace, journal: Reader, at: datetime) -> Request:
    """The act as an input; a setting is shown as it changes."""
    policy = journal.policy() or rc.Policy()
    hand = Hand(by=given.by, why=given.why, at=at, policy=policy)
    event = requested(given.control_verb, vars(given), hand)
    if isinstance(event, events.OperatorSet) and not given.json:
        for change in rc.policy_changes(policy, event.policy):
            print(f"{change.key}: {change.before} -> {change.after}{' (looser)' if change.looser else ''}", flush=True)
    return event


# ---------------------------------------------------------------- doing it


def act(at: At, event: Request, given: argparse.Namespace) -> Outcome | None:
    """Hand an act over, and wait for what came of it; None where nobody took it, which is said."""
    try:
        with writer(at) as journal:
            return _alone(journal, event)
    except JournalInUse:
        return through_the_inbox(at, event, given)
    except NeedsARunner as alone:
        if not isinstance(event, events.EmergencyStopped):
            raise
        path = Inbox(given.inbox or folder_of(at)).put(event)
        raise NeedsARunner(
            f"{NOBODY}, and positions or orders are open ({alone}). The stop waits for the next start as {path}. "
            "To stop now: riskcore stop --direct"
        ) from None


def _alone(journal: Journal, event: Request) -> Outcome:
    """The act on a journal that nobody runs."""
    if not isinstance(event, ALONE):
        others = "use the broker's own page; riskcore stop --direct leaves every position"
        raise NeedsARunner(f"{journal.where}: {NOBODY}; start it, or {others}")
    facts = take_by_hand(journal, event, event.at)
    return Outcome(journal.length, event, facts, alone=True)


def through_the_inbox(at: At, event: Request, given: argparse.Namespace) -> Outcome | None:
    """Leave an input for the runner, and wait for what came of it; None, which is said, where it was not taken."""
    found = left_for_the_runner(at, event, given)
    if isinstance(found, Outcome):
        return found
    if given.json:
        print(as_json(found.content))
    print(found.told, file=sys.stderr)
    return None


def left_for_the_runner(at: At, event: Request, given: argparse.Namespace) -> Outcome | Unseen:
    """The same, and nothing is said: what came of it, or what is known of it where the journal does not show it."""
    with reader(at) as journal:
        before = journal.length
        path = Inbox(given.inbox or folder_of(at)).put(event)
        give_up = time.monotonic() + given.wait
        while True:
            found = outcome(journal, event, before)
            if found is not None:
                return found
            if time.monotonic() >= give_up:
                return unseen(path, given.wait, journal)
            time.sleep(POLL_S)


def outcome(journal: Reader, event: Request, after: int) -> Outcome | None:
    """The input as the journal has it, by the runner's clock, and the facts up to the next input."""
    for row in journal.rows("input", after=after, types=[type(event).__name__]):
        if dated(row.event, event.at) == dated(event, event.at):
            return Outcome(row.seq, row.event, tuple(_facts_after(journal, row.seq)))
    return None


def _facts_after(journal: Reader, seq: int) -> Iterator[events.Fact]:
    for row in journal.rows(after=seq):
        if row.kind != "fact":
            return
        yield row.event


# ---------------------------------------------------------------- saying it


def refusal(reason: str) -> str:
    """Why a hand was refused, and what to type."""
    return f"refused: {reason}: {CONTROL_REFUSALS.get(reason, '')}{HINTS.get(reason, '')}"


def told(taken: Outcome, given: argparse.Namespace, **more: Any) -> int:
    """Print what came of it; the exit code."""
    reason = taken.refused
    names, words = [type(fact).__name__ for fact in taken.facts], [_words(fact) for fact in taken.facts]
    content = {"done": not reason, "row": taken.row, "refused": reason, "facts": names, "told": words}
    # A cancel that was asked for before brings no fact of its own, and is as open as the first.
    waits = LEAVES & set(names) or any(getattr(fact, "act", "") == "cancel" for fact in taken.facts)
    done = f"{LEAVING if waits else 'done'}: row {taken.row}: {', '.join(words) or 'nothing had to change'}"
    say(given, content | more, refusal(reason) if reason else done)
    return REFUSED if reason else 0


def _words(fact: events.Fact) -> str:
    match fact:
        case events.Latched():
            return f"entries are {fact.latch.state} ({fact.latch.name})"
        case events.Lifted():
            return f"lifted {fact.name}"
        case events.StopMoved():
            return f"the stop of {fact.key} is now {fact.after}"
        case events.PositionAdjusted(price=price) if price is not None:
            came_to = f"Rs {rc.grouped(fact.realised)}, and Rs {rc.grouped(fact.charges)} of charges"
            return f"{fact.key} has left at {price}: {came_to}"
        case events.ExitApproved():
            return f"exit {fact.order.side} {fact.order.quantity} {fact.order.instrument.key} to {fact.order.limit}"
        case events.PolicyScheduled():
            return "it holds from the next session"
        case events.FundsExplained():
            return f"Rs {rc.grouped(fact.amount)} are a line of today's balance (riskcore journal reconcile shows it)"
        case events.PolicyAdjusted():
            return "it holds from now on"
    return re.sub(r"(?<!^)(?=[A-Z])", " ", type(fact).__name__).lower()


def _decided(at: At, taken: Outcome, event: events.OperatorEntered, given: argparse.Namespace) -> int:
    """Wait for the decision on a manual entry."""
    give_up = time.monotonic() + given.wait
    with reader(at) as journal:
        while True:
            kinds = ["EntryApproved", "EntryRefused", "SignalRepeated"]
            for row in journal.rows("fact", after=taken.row, types=kinds):
                if _is_of(row.event, event.signal.id):
                    return _answer(taken, row.event, given)
            if time.monotonic() >= give_up:
                print(f"row {taken.row}: no decision within {given.wait:g} s", file=sys.stderr)
                return 1
            time.sleep(POLL_S)


def _is_of(fact: Any, signal_id: str) -> bool:
    return bool((fact.signal_id if isinstance(fact, events.SignalRepeated) else fact.signal.id) == signal_id)


def _answer(taken: Outcome, fact: events.Fact, given: argparse.Namespace) -> int:
    if isinstance(fact, events.EntryApproved):
        order = fact.order
        text = f"approved: {order.side} {order.whole} {order.instrument.key} to {order.limit}, stop {order.stop}"
        code = 0
    else:
        failed = [found for found in getattr(fact, "findings", ()) if not found.passed]
        text = "refused: " + ("; ".join(f"{found.rule}: {found.text}" for found in failed) or "it is known already")
        code = REFUSED
    say(given, {"done": code == 0, "row": taken.row, "decision": text}, text)
    return code


def _stopped(at: At, taken: Outcome, given: argparse.Namespace) -> int:
    """Wait for the end of an emergency stop; one that stood already, or that nobody works on, is told as it stands."""
    give_up = time.monotonic() + given.wait
    said = ""
    while True:
        with reader(at) as journal:
            emergency = journal.load().state.control.emergency
            left = _left(journal, taken.row)
        stage = STOPPING if emergency is None else emergency.stage
        if stage != said and not given.json:
            print(f"emergency stop: {stage}", flush=True)
        said = stage
        if taken.alone or stage in (FLAT, PENDING, INCOMPLETE) or time.monotonic() >= give_up:
            break
        time.sleep(POLL_S)
    content = {"done": stage == FLAT, "row": taken.row, "stage": stage, "left": left, "refused": taken.refused}
    told = AT_NEXT_START if taken.alone and stage == STOPPING else "\n".join(f"left: {what}" for what in left)
    say(given, content, told or "left: nothing")
    return EXITS[stage]


def _left(journal: Reader, after: int) -> Sequence[str]:
    """What the latest word on the stop says is left."""
    staged = [row.event.left for row in journal.rows("fact", after=after, types=["EmergencyStaged"])]
    staged = staged or [row.event.left for row in journal.rows("fact", types=["EmergencyStaged"])]
    return staged[-1] if staged else ()


def password(arguments: argparse.Namespace) -> int:
    """Ask for a password twice, and print the line that the credentials file needs."""
    from riskcore_openalgo.web.control.passwords import hashed

    name(arguments.user)
    try:
        first, again = getpass.getpass("Password: "), getpass.getpass("The same again: ")
    except EOFError:
        raise ValueError("no password was given; nothing was made") from None
    if first != again:
        raise ValueError("the two are not the same; nothing was made")
    print("write under api_credentials: in api_credentials.yaml:\n")
    print(f"  control:\n    users:\n      {arguments.user}: {json.dumps(hashed(first))}")
    return 0
