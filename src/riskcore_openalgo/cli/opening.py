"""How a journal is named on the command line, and opened: a file, or the address of a PostgreSQL database."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from riskcore_openalgo.gateways.paper import PaperGateway
from riskcore_openalgo.gateways.paper_profiles import IDEAL, profile_named, read_faults
from riskcore_openalgo.journal import At, Journal, Reader
from riskcore_openalgo.journal.places import place_of

KEY: Final = "RISKCORE_JOURNAL_KEY"
"""The environment's name for the key of an encrypted journal: a command line is seen by everybody on the machine."""
GO_IN: Final = "they go in when the database takes rows again (docs/journal.md)"


def key_of(at: At) -> str | None:
    """The key of an encrypted file, where the environment has one; a server's journal has none."""
    return None if isinstance(at, str) else os.environ.get(KEY) or None


def reader(at: At) -> Reader:
    """The journal, to read."""
    return Reader(at, key=key_of(at))


def telling(at: At) -> Reader:
    """The journal, to tell what is in it; on standard error how many rows are in its spool yet, and so in no answer."""
    journal = reader(at)
    waiting = untold(*place_of(at, key=key_of(at)).spooled(), journal)[1]
    if waiting:
        print(waiting, file=sys.stderr)
    return journal


def untold(spool: Path, rows: Iterable[int], journal: Reader) -> tuple[int, str]:
    """How many rows of a spool the database has not taken yet, and that in words ("" for none).

    The spool is to be looked at before the database is: a row on its way from one to the other is in both.
    """
    waiting = sum(1 for number in rows if number > journal.length)
    return waiting, f"{waiting} rows wait in {spool.name}: what they tell is not in this, {GO_IN}" if waiting else ""


def writer(at: At, *, whole: bool = False) -> Journal:
    """The journal, to write; it must be there. `JournalInUse` where another process writes to it."""
    reader(at).close()  # a misspelt name is an error, and makes no new journal
    return Journal(at, key=key_of(at), whole=whole)


def paper_of(arguments: argparse.Namespace) -> PaperGateway:
    """The paper broker that was asked for, by profile and fault script; the ideal one where nothing was."""
    faults = getattr(arguments, "faults", None)
    return PaperGateway(profile_named(getattr(arguments, "profile", IDEAL.name)), read_faults(faults) if faults else ())
