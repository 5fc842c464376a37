"""What a second process gains a sweep: 200 runs of W2, in one process and in two, in turn.

    python -m benchmarks.bench_sweep                     # 200 runs of the whole W2
    python -m benchmarks.bench_sweep --share 0.05        # a twentieth of the bars

Wall time is the aim's own measure, and means nothing on a machine that does other work. So CPU seconds are told too:
a sweep in n processes takes, on n idle cores, about the CPU time of the sweep itself and the n-th part of its workers'.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from functools import partial
from typing import Any, NamedTuple

from benchmarks import workloads
from benchmarks.peers import ours
from riskcore_openalgo.lab.sweeps import sweep

SPACE = {
    "max_positions": [1, 2, 3, 4, 5],
    "max_trades_per_day": [1, 2, 3, 4, 5, 6, 7, 8],
    "max_daily_loss": [1, 2, 3, 4, 5],
}


def crossing(made: workloads.Bars, symbol: str, interval: str) -> ours.Crossing:
    """The workload's own signals of one symbol; with its arrays, it travels to the processes."""
    assert interval == "1m"
    number = int(symbol[1:])
    return ours.Crossing(symbol, made.up[:, number], made.atr[:, number])


class Took(NamedTuple):
    """Seconds: on the wall, of CPU in the sweep's own process, of CPU in its workers."""

    wall: float
    own: float
    workers: float

    def on_idle_cores(self, count: int) -> float:
        """About what it takes where each process has a core."""
        return self.own + self.workers / count


def main() -> int:
    """Measure, and print the two ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="what part of the bars is run")
    parser.add_argument("--runs", type=int, default=200, help="how many backtests (at most 200)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    options = parser.parse_args()
    made = workloads.w2(int(20000 * options.share))
    policy = ours.policy("w2")
    bars, _ = ours.prepared("w2", made, policy)
    took: dict[int, list[Took]] = {1: [], 2: []}
    nets = set()
    for _ in range(options.rounds):
        for count, known in took.items():
            spent, net = _swept(bars, partial(crossing, made), policy, options.runs, count)
            known.append(spent)
            nets.add(net)
            print(f"  {count} processes: {spent.wall:.1f} s on the wall", file=sys.stderr, flush=True)
    assert len(nets) == 1, "the number of processes changed a result"
    wall = [statistics.median(one.wall for one in took[count]) for count in (1, 2)]
    cpu = [statistics.median(one.on_idle_cores(count) for one in took[count]) for count in (1, 2)]
    print(f"{options.runs} runs of W2, {int(20000 * options.share)} bars of 50 symbols, medians of {options.rounds}")
    print(f"wall: {wall[0]:.1f} s in one process, {wall[1]:.1f} s in two: {wall[0] / wall[1]:.2f} times")
    print(f"by CPU seconds, on idle cores: {cpu[0]:.1f} s and {cpu[1]:.1f} s: {cpu[0] / cpu[1]:.2f} times")
    return 0


def _swept(bars: Any, strategy: Any, policy: Any, runs: int, count: int) -> tuple[Took, Any]:
    import resource

    before, wall, own = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), time.process_time()
    found = sweep(SPACE, bars, strategy, policy, interval="1m", samples=runs, workers=count, progress=False)
    assert not [trial.error for trial in found.trials if trial.error], found.trials[0].error
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    workers = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    took = Took(time.perf_counter() - wall, time.process_time() - own, workers)
    return took, tuple((trial.trades, trial.net) for trial in found.trials)


if __name__ == "__main__":
    sys.exit(main())
