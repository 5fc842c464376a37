"""`riskcore alerts list | ack` and `riskcore config diff | confirm`: what an operator says to a running runner."""

from __future__ import annotations

import argparse
from datetime import datetime

import riskcore as rc
from riskcore import events
from riskcore_openalgo.alarms import told
from riskcore_openalgo.alarms.delivery import Standing
from riskcore_openalgo.alarms.severities import Told
from riskcore_openalgo.cli.answers import say
from riskcore_openalgo.cli.control import refusal, through_the_inbox
from riskcore_openalgo.cli.opening import reader, writer
from riskcore_openalgo.config import load_settings, no_entries, unmet_limits
from riskcore_openalgo.journal import At
from riskcore_openalgo.journal.places import place_of
from riskcore_openalgo.runner.by_hand import take_by_hand
from riskcore_openalgo.runner.inbox import Request


def alerts(arguments: argparse.Namespace) -> int:
    """The latest alerts, and the critical ones that stand and nobody looks after."""
    standing, found = _told(arguments)
    latest, names = found[-arguments.last :], sorted(standing.found)
    lines = [f"{at:%Y-%m-%d %H:%M:%S} {said.severity:<8} {said.line}" for at, said in latest]
    lines.append(f"standing, and not acknowledged: {len(names)}" + "".join(f"\n  {_named(key)}" for key in names))
    rows = [{"at": at, "severity": said.severity, "title": said.title, "text": said.text} for at, said in latest]
    say(arguments, {"alerts": rows, "standing": [_named(key) for key in names]}, "\n".join(lines))
    return 0


def acknowledge(arguments: argparse.Namespace) -> int:
    """Say that somebody looks after an alarm: it is not repeated. What does not stand is not handed on."""
    about = (arguments.by, arguments.why, arguments.name, arguments.subject)
    standing, _ = _told(arguments)
    names, now = sorted(standing.found), datetime.now(rc.IST)
    standing.see(events.AlarmAcknowledged(now, *about), now)
    if len(standing.found) == len(names):
        what = f"{arguments.name} {arguments.subject}".rstrip()
        others = ", ".join(map(_named, names)) or "nothing"
        text = f"refused: not_standing: {what} does not stand, or was acknowledged already; standing now: {others}"
        say(arguments, {"done": False, "refused": "not_standing", "standing": [*map(_named, names)]}, text)
        return 1
    return _handed(arguments, events.AcknowledgeAlarm(now, *about))


def diff(arguments: argparse.Namespace) -> int:
    """What the files say otherwise than the policy in force in the journal."""
    settings = load_settings(arguments.config)
    wanted, unmet, shut = settings.policy, unmet_limits(settings), no_entries(settings)
    with reader(_place(arguments)) as journal:
        before, state = journal.policy() or rc.Policy(), journal.load().state
    changes = rc.policy_changes(before, wanted)
    lines = [f"{one.key}: {one.before} -> {one.after}{'   LOOSER' if one.looser else ''}" for one in changes]
    lines.append(f"{len(changes)} settings differ; hash of the files {rc.policy_hash(wanted)[:12]}")
    lines += [*(f"NO ENTRY: {what}" for what in shut), *(f"NO LIMIT: {what}" for what in unmet)]
    held, kept = state.held_policy, None
    if held is not None:
        how = "confirmed, from the next session on" if held.confirmed else "riskcore config confirm HASH"
        lines.append(f"kept back since {held.session}: {held.policy_hash[:12]}: {how}")
        kept = {"since": held.session, "hash": held.policy_hash, "confirmed": held.confirmed}
    rows = [
        {"key": one.key, "before": str(one.before), "after": str(one.after), "looser": one.looser} for one in changes
    ]
    say(
        arguments,
        {
            "differ": rows,
            "hash": rc.policy_hash(wanted),
            "no_entries": shut,
            "unmet_limits": unmet,
            "kept_back": kept,
        },
        "\n".join(lines),
    )
    return 0


def confirm(arguments: argparse.Namespace) -> int:
    """Confirm a looser policy that is kept back: it comes into force with the next session."""
    return _handed(arguments, events.ConfirmPolicy(datetime.now(rc.IST), arguments.by, arguments.why, arguments.hash))


def _told(arguments: argparse.Namespace) -> tuple[Standing, list[tuple[datetime, Told]]]:
    """What stands and nobody looks after, by the journal; and all that was told beside details."""
    standing, found = Standing(), []
    with reader(_place(arguments)) as journal:
        for row in journal.rows("fact"):
            standing.see(row.event, row.event.at)
            said = told(row.event)
            if said is not None and not said.is_detail:
                found.append((row.event.at, said))
    return standing, found


def _handed(arguments: argparse.Namespace, event: Request) -> int:
    """Through the runner's inbox while one runs, else into the journal at once; the answer is what came of it."""
    at = _place(arguments)
    if place_of(at).holder() is None:
        with writer(at) as journal:
            return _answer(arguments, take_by_hand(journal, event, event.at))
    taken = through_the_inbox(at, event, arguments)
    return 1 if taken is None else _answer(arguments, taken.facts)


def _answer(arguments: argparse.Namespace, facts: tuple[events.Fact, ...]) -> int:
    refused = next((fact.reason for fact in facts if isinstance(fact, events.ControlRefused)), "")
    say(arguments, {"done": not refused, "refused": refused}, refusal(refused) if refused else "taken")
    return 1 if refused else 0


def _named(key: str) -> str:
    """`alarm:unprotected:NSE:INFY` as what `ack` takes."""
    _, name, subject = key.split(":", 2)
    return f"{name} {subject}".rstrip()


def _place(arguments: argparse.Namespace) -> At:
    named: At | None = arguments.journal
    return named or load_settings(arguments.config).system.journal
