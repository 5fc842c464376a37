"""`riskcore journal signal ID`: what became of an alert or a signal, from its arrival to its result."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from riskcore_openalgo.cli.answers import in_ascii, say
from riskcore_openalgo.cli.opening import key_of, telling
from riskcore_openalgo.config import load_settings
from riskcore_openalgo.journal.spool import waiting_in
from riskcore_openalgo.journal.story import Step, Story, named, story
from riskcore_openalgo.runner.receipts import input_in, receipts_beside

WHAT_WIDTH = 14
WAITS = "written down by the intake, in {}, and not taken by a runner yet: the one that runs takes it, or the next"


def signal(arguments: argparse.Namespace) -> int:
    """Print the story; 1 where the journal knows neither a receipt nor a signal of that name."""
    place = arguments.journal or load_settings(arguments.config).system.journal
    with telling(place) as journal:
        found, where, receipts = story(journal, arguments.id), journal.where, receipts_beside(journal.inbox)
    untaken = [] if found.steps else waiting_in(receipts, key_of(place))
    if any(named(input_in(row), arguments.id) for row in untaken):
        say(arguments, {"id": arguments.id, "ending": "waiting", "waits_in": receipts}, WAITS.format(receipts))
        return 0
    if not found.steps:
        told = f"{where}: no alert has the receipt {arguments.id}, and no signal that id"
        print(f"{told}; riskcore journal show {where} --json names each signal_id", file=sys.stderr)
        return 1
    say(arguments, _content(found), _text(found))
    return 0


def _text(found: Story) -> str:
    lines = [line for step in found.steps for line in _lines(step)]
    return "\n".join([*lines, f"so far: {found.ending}"])


def _lines(step: Step) -> list[str]:
    begin = f"{step.at:%Y-%m-%d %H:%M:%S}  {step.what:<{WHAT_WIDTH}}"
    first, *rest = step.lines
    return [f"{begin}{in_ascii(first)}", *(f"{'':{len(begin)}}{in_ascii(line)}" for line in rest)]


def _content(found: Story) -> dict[str, Any]:
    steps = [
        {
            "row": step.seq,
            "at": step.at.isoformat(),
            "what": step.what,
            "told": list(step.lines),
            "event": json.loads(step.body),
        }
        for step in found.steps
    ]
    return {"id": found.name, "signals": list(found.signals), "ending": found.ending, "steps": steps}
