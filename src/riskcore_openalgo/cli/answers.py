"""What a command answers: text for a person, or with --json one object for a program.

The object says what the text says. Money and prices are exact text in rupees (`"112.78"`), so that no float rounds
them; times are ISO 8601 with their zone; what is not known is null. Errors stay lines on standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Set as AbstractSet
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import attrs

from riskcore import events


def say(arguments: argparse.Namespace, content: Mapping[str, Any], text: str) -> None:
    """Print the answer in the form that was asked for."""
    print(as_json(content) if arguments.json else text, flush=True)


def say_first(arguments: argparse.Namespace, text: str) -> None:
    """What is said before the answer; a program gets the answer alone."""
    print(text, file=sys.stderr if arguments.json else sys.stdout, flush=True)


def in_ascii(text: str) -> str:
    """A line for any console: what it may not be able to write is spelt out."""
    return "".join(letter if " " <= letter <= "~" else ascii(letter)[1:-1] for letter in text)


def finished(trade: events.PositionClosed) -> dict[str, Any]:
    """A finished trade: all that is known of it, and its result after charges."""
    return {**plain(trade), "net": trade.net}


def as_json(content: Mapping[str, Any]) -> str:
    """The object as a program reads it: plain ASCII, whatever a name or a note holds."""
    return json.dumps(content, indent=2, default=plain)


def plain(value: object) -> Any:
    """A value that JSON has no form for."""
    match value:
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()  # a datetime is one too
        case Enum():
            return value.value
        case Path():
            return str(value)
        case Mapping():
            return dict(value)
        case AbstractSet():
            return sorted(value)
    kind: Any = type(value)
    if attrs.has(kind):
        return {one.name: getattr(value, one.name) for one in attrs.fields(kind)}
    raise TypeError(f"{type(value).__name__} has no form in JSON")
