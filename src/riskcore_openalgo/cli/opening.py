"""How a journal is named on the command line, and opened: a file, or the address of a PostgreSQL database."""

from __future__ import annotations

import argparse
import os
from datetime import date
from pathlib import Path
from typing import Final

from riskcore_openalgo.journal import At, Journal, Reader

KEY: Final = "RISKCORE_JOURNAL_KEY"
"""The environment's name for the key of an encrypted journal: a command line is seen by everybody on the machine."""


def at_of(text: str) -> At:
    """The place a word of the command line means."""
    return text if "://" in text else Path(text)


def day_of(text: str) -> date:
    """A date of the command line."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-11-20") from None


def key_of(at: At) -> str | None:
    """The key of an encrypted file, where the environment has one; a server's journal has none."""
    return None if isinstance(at, str) else os.environ.get(KEY) or None


def reader(at: At) -> Reader:
    """The journal, to read."""
    return Reader(at, key=key_of(at))


def writer(at: At, *, wait_s: float = 0.0, whole: bool = False) -> Journal:
    """The journal, to write; it must be there. `JournalInUse` where another process writes to it."""
    reader(at).close()  # a misspelt name is an error, and makes no new journal
    return Journal(at, key=key_of(at), wait_s=wait_s, whole=whole)
