"""`riskcore init`: a commented configuration that runs as it is."""

from __future__ import annotations

import argparse

from riskcore_openalgo.cli.answers import say
from riskcore_openalgo.config import write_defaults, write_minimal


def init(arguments: argparse.Namespace) -> int:
    """Write the four files, or with --minimal one; existing ones are never overwritten."""
    written = list((write_minimal if arguments.minimal else write_defaults)(arguments.folder))
    then = f"Edit them, then: riskcore paper --bars FOLDER --config {arguments.folder}"
    say(arguments, {"wrote": written}, "\n".join([*(f"wrote {path}" for path in written), then]))
    return 0
