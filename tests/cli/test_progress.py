"""The progress bar."""

import os
import subprocess
import sys

import pytest

from riskcore_openalgo.cli.progress import progress

WATCHED = """
import io, sys
from riskcore_openalgo.cli.progress import progress
for _ in progress(range(8), 8, "day"): pass
"""


def test_every_step_comes_through():
    """With nobody watching too."""
    assert list(progress(iter("abc"), 3, "x")) == ["a", "b", "c"]


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is made with pty, which is POSIX only")
def test_on_a_terminal_the_bar_is_ascii():
    """Drawn on a real pseudo-terminal, full at the end."""
    import pty  # noqa: PLC0415 - not there on Windows

    ours, theirs = pty.openpty()
    ran = subprocess.run([sys.executable, "-c", WATCHED], stderr=theirs, stdout=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 100_000)
    os.close(ours)
    assert ran.returncode == 0
    assert shown.isascii()
    assert b"[" + b"#" * 40 + b"]" in shown
    assert b"8/8" in shown
