"""`riskcore init`: a commented configuration that runs as it is."""

from __future__ import annotations

import argparse

from riskcore_openalgo.config import write_defaults, write_minimal


def init(arguments: argparse.Namespace) -> int:
    """Write the four files, or with --minimal one; existing ones are never overwritten."""
    for path in (write_minimal if arguments.minimal else write_defaults)(arguments.folder):
        print(f"wrote {path}")
    print(f"Edit them, then: riskcore paper --bars FOLDER --config {arguments.folder}")
    return 0
