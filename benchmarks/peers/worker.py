"""One peer on one workload in a process of its own: prints a line of JSON for each run.

    python -m benchmarks.peers.worker PEER WORKLOAD FILE RUNS

`cold` runs measure the whole process from outside. Peak memory is the process's own at the end.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from pathlib import Path

from benchmarks.workloads import Bars, read


def prepared(peer: str, name: str, made: Bars):
    """The run as a function, its data ready."""
    if peer.startswith("riskcore"):
        from benchmarks.peers import ours

        if peer == "riskcore_bar_by_bar":
            return ours.bar_by_bar(name, made)
        rules = ours.policy(name, charges=peer == "riskcore_charges")
        bars, strategies = ours.prepared(name, made, rules)
        return lambda: ours.result(ours.tested(bars, strategies, rules))
    from benchmarks.peers.theirs import PEERS

    return PEERS[peer](name, made)


def main(peer: str, name: str, path: str, runs: str) -> int:
    """Run so many times, the data read once."""
    made = read(Path(path))
    try:
        act = prepared(peer, name, made)
    except NotImplementedError as cannot:
        print(json.dumps({"peer": peer, "workload": name, "cannot": str(cannot)}))
        return 0
    for number in range(int(runs)):
        gc.collect()
        started, wall = time.process_time(), time.perf_counter()
        trades, equity = act()
        used, took = time.process_time() - started, time.perf_counter() - wall
        told = {
            "cpu_s": used,
            "cold_s": time.process_time(),
            "wall_s": took,
            "bars": int(made.close.size),
            "trades": trades,
            "equity": equity,
        }
        print(json.dumps({"peer": peer, "workload": name, "run": number, **told, "peak_mb": peak_mb()}), flush=True)
    return 0


def peak_mb() -> float:
    """The most memory the process ever held, in MB; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0.0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
