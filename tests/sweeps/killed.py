"""A sweep in a process of its own, that says when three trials are kept, and then waits to be killed."""

import sys
import time

from riskcore_openalgo import lab
from riskcore_openalgo.lab.sweeps import simulated
from tests.sweeps.made import POLICY, Cross, week

SPACE = {"max_positions": [1, 2], "strategy.fast": [2, 3], "strategy.slow": [8, 9]}


def told(done, total):
    """Three are in the file: no further."""
    if done == 3:
        print("kept", flush=True)
        time.sleep(600)


if __name__ == "__main__":
    lab.sweep(SPACE, week(), Cross, POLICY, run=simulated, workers=2, resume=sys.argv[1], progress=told)
