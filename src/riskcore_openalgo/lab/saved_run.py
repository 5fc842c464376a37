"""The two files that hold all of a run, read back: `run.json` says what it was, `facts.jsonl` what happened.

`run_files` writes them (docs/backtest.md). Needs no NumPy: a report reads a run without its bars.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeAlias

import attrs

import riskcore as rc
from riskcore import analytics, events

ABOUT: Final = "run.json"
FACTS: Final = "facts.jsonl"
RULES: Final = "rules.json"
"""What each rule cost or saved, where it was asked for: a table of the report (`report/saved.py`)."""
INSIDE: Final = "inside_sessions"
"""The deepest drawdown inside sessions as the bars showed it: one, or null; not in a run of an older version."""
RUPEES: Final = ("peak", "low")
Inside: TypeAlias = tuple[()] | tuple[analytics.Drawdown | None]
"""How deep equity fell inside sessions by the bars: a drawdown, or None for none; () where nobody told."""
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


def measured(facts: Iterable[events.Fact], inside: Inside) -> rc.Performance:
    """The performance of a run; where nobody told what its bars showed, its marks say how deep it fell in sessions."""
    found = rc.performance(facts)
    return attrs.evolve(found, intraday_drawdown=inside[0]) if inside else found


def as_kept(spell: analytics.Drawdown | None) -> dict[str, Any] | None:
    """A drawdown as it stands in a saved run."""
    if spell is None:
        return None
    told = attrs.asdict(spell, filter=lambda of, _: of.name != "lost")
    return {name: str(value) if name in RUPEES else value for name, value in told.items()}


def kept_inside(folder: Path, about: dict[str, Any]) -> Inside:
    """That drawdown, as it was kept. `ValueError`, naming the file, for what is none."""
    if INSIDE not in about:
        return ()
    kept = about[INSIDE]
    if kept is None:
        return (None,)
    try:
        told: dict[str, Any] = {name: Decimal(kept[name]) if name in RUPEES else kept[name] for name in kept}
        return (analytics.Drawdown(**told),)
    except (TypeError, LookupError, ArithmeticError) as wrong:
        raise ValueError(f"{folder / ABOUT}: not what a backtest wrote ({wrong!r}); run it again") from None
