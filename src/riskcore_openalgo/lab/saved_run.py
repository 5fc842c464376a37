"""The two files that hold all of a run, read back: `run.json` says what it was, `facts.jsonl` what happened.

`run_files` writes them (docs/backtest.md). Needs no NumPy: a report reads a run without its bars.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from riskcore import events

ABOUT: Final = "run.json"
FACTS: Final = "facts.jsonl"
RULES: Final = "rules.json"
"""What each rule cost or saved, where it was asked for: a table of the report (`report/saved.py`)."""
FORMAT: Final = "riskcore-run"
VERSION: Final = 1


def about_of(folder: Path) -> dict[str, Any]:
    """What the run was. `ValueError`, naming the file, for a folder that holds none that this version reads."""
    path = folder / ABOUT
    try:
        about: Any = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ValueError(
            f"{path} is missing: this folder holds no run, or one that was not written to its end"
        ) from None
    except ValueError as wrong:
        raise ValueError(f"{path} is not JSON: {wrong}") from None
    found: dict[str, Any] = about if isinstance(about, dict) else {}
    if (found.get("format"), found.get("version")) != (FORMAT, VERSION):
        told = f"{found.get('format')} version {found.get('version')}" if found else "no object of JSON"
        raise ValueError(f"{path} is {told}: this is no {FORMAT} of version {VERSION}; run the backtest again")
    return found


def facts_of(folder: Path, about: dict[str, Any]) -> list[events.Fact]:
    """All facts, as many as `about` says there are. `ValueError`, naming file and line, where they are not."""
    path = folder / FACTS
    facts = [fact_of(path, number, line) for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)]
    if len(facts) != about.get("facts"):
        raise ValueError(f"{path} has {len(facts)} facts of {about.get('facts')}: it was cut off; run it again")
    return facts


def fact_of(path: Path, number: int, line: str) -> events.Fact:
    """The fact in a line of the file; `ValueError` naming the line."""
    from riskcore_openalgo.journal.codec import decode

    try:
        row = json.loads(line)
        fact: events.Fact = decode(row["type"], row["version"], json.dumps(row["body"]))
    except (ValueError, KeyError, TypeError) as wrong:
        raise ValueError(f"{path}:{number}: {wrong}") from None
    return fact
