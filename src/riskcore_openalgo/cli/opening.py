"""How a journal is named on the command line, and opened: a file, or the address of a PostgreSQL database."""

from __future__ import annotations

import argparse
import os
from typing import Final

from riskcore_openalgo.gateways.paper import PaperGateway
from riskcore_openalgo.gateways.paper_profiles import IDEAL, profile_named, read_faults
from riskcore_openalgo.journal import At, Journal, Reader

KEY: Final = "RISKCORE_JOURNAL_KEY"
"""The environment's name for the key of an encrypted journal: a command line is seen by everybody on the machine."""


def key_of(at: At) -> str | None:
    """The key of an encrypted file, where the environment has one; a server's journal has none."""
    return None if isinstance(at, str) else os.environ.get(KEY) or None


def reader(at: At) -> Reader:
    """The journal, to read."""
    return Reader(at, key=key_of(at))


def writer(at: At, *, whole: bool = False) -> Journal:
    """The journal, to write; it must be there. `JournalInUse` where another process writes to it."""
    reader(at).close()  # a misspelt name is an error, and makes no new journal
    return Journal(at, key=key_of(at), whole=whole)


def paper_of(arguments: argparse.Namespace) -> PaperGateway:
    """The paper broker that was asked for, by profile and fault script; the ideal one where nothing was."""
    faults = getattr(arguments, "faults", None)
    return PaperGateway(profile_named(getattr(arguments, "profile", IDEAL.name)), read_faults(faults) if faults else ())
