"""What a process does once it is loaded, so that nobody who waits for it is held up."""

from __future__ import annotations

import gc
import sys


def make_way(switch_s: float) -> None:
    """The collector looks no more at what is loaded by now, which took 0.1 s at a time.

    A thread that comes back from the disk or the network waits `switch_s` at most for one that computes.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(switch_s)
