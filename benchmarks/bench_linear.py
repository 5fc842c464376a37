"""What a backtest costs at four sizes, in bars and in symbols: `python -m benchmarks.bench_linear`.

Per bar the cost should stay the same; the ratio of the largest to the smallest is printed and judged by nobody.
"""

from __future__ import annotations

import sys
from time import process_time

from benchmarks import workloads
from benchmarks.peers import ours


def cost(name: str, made: workloads.Bars) -> float:
    """CPU microseconds a bar, the better of two runs."""
    rules = ours.policy(name)
    best = float("inf")
    for _ in range(2):
        bars, strategies = ours.prepared(name, made, rules)
        started = process_time()
        ours.tested(bars, strategies, rules)
        best = min(best, process_time() - started)
    return best / made.close.size * 1e6


def main() -> int:
    """Both tables."""
    for what, made in (
        ("bars of one symbol", [("w1", workloads.w1(size)) for size in (12_500, 25_000, 50_000, 100_000)]),
        ("symbols of 1,500 bars", [("w2", workloads.w2(1_500, size)) for size in (5, 10, 20, 40)]),
    ):
        costs = [(bars.close.size, cost(name, bars)) for name, bars in made]
        print(f"{what}: " + ", ".join(f"{size:,} bars {each:.1f} us a bar" for size, each in costs))
        print(f"  the largest costs {costs[-1][1] / costs[0][1]:.2f} times as much a bar as the smallest")
    return 0


if __name__ == "__main__":
    sys.exit(main())
