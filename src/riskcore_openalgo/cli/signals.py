"""`riskcore journal signal ID`: what became of an alert or a signal, from its arrival to its result."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from riskcore_openalgo.cli.answers import say
from riskcore_openalgo.cli.opening import reader
from riskcore_openalgo.config import load_settings
from riskcore_openalgo.journal.story import Step, Story, story

WHAT_WIDTH = 14


def signal(arguments: argparse.Namespace) -> int:
    """Print the story; 1 where the journal knows neither a receipt nor a signal of that name."""
    with reader(arguments.journal or load_settings(arguments.config).system.journal) as journal:
        found, where = story(journal, arguments.id), journal.where
    if not found.steps:
        print(f"{where}: no alert has the receipt {arguments.id}, and no signal that id", file=sys.stderr)
        return 1
    say(arguments, _content(found), _text(found))
    return 0


def _text(found: Story) -> str:
    lines = [line for step in found.steps for line in _lines(step)]
    return "\n".join([*lines, f"so far: {found.ending}"])


def _lines(step: Step) -> list[str]:
    begin = f"{step.at:%Y-%m-%d %H:%M:%S}  {step.what:<{WHAT_WIDTH}}"
    first, *rest = step.lines
    return [f"{begin}{_ascii(first)}", *(f"{'':{len(begin)}}{_ascii(line)}" for line in rest)]


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


def _ascii(text: str) -> str:
    return "".join(letter if " " <= letter <= "~" else ascii(letter)[1:-1] for letter in text)
