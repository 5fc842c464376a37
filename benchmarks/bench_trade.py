"""What a trade of W1 costs, and what its values alone do: `python -m benchmarks.bench_trade`.

CPU microseconds a trade of the whole run, of deciding each of its entries once more, and of applying each of its facts
once more: what is left where everything else were free. How many trades are taken at once, and the calls of a trade.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Callable
from time import process_time
from typing import Any
from unittest.mock import patch

from benchmarks import workloads
from benchmarks.peers import ours
from riskcore import decide
from riskcore.decision import decision_of
from riskcore.engine import fold, inputs, whole
from riskcore_openalgo.lab import jumping
from riskcore_openalgo.lab.wholes import BY_STEPS

BARS, ROUNDS = 100_000, 5


def least(act: Callable[[], Any]) -> float:
    """CPU seconds of the quickest of some rounds."""
    took = []
    for _ in range(ROUNDS):
        gc.collect()
        started = process_time()
        act()
        took.append(process_time() - started)
    return min(took)


def decisions(act: Callable[[], Any]) -> list[tuple[Any, ...]]:
    """What `decide` was asked meanwhile, by steps or at once."""
    asked: list[tuple[Any, ...]] = []

    def noted(*given: Any) -> Any:
        asked.append(given)
        return decision_of(*given)

    with patch.object(inputs, "decision_of", noted), patch.object(whole, "decision_of", noted):
        act()
    return asked


def calls(act: Callable[[], Any]) -> int:
    """How many functions are called meanwhile, Python's and C's."""
    seen: Counter[str] = Counter()
    sys.setprofile(lambda frame, event, arg: seen.update([event]))
    try:
        act()
    finally:
        sys.setprofile(None)
    return seen["call"] + seen["c_call"]


def main() -> int:
    """All of them, a trade."""
    rules = ours.policy("w1")
    bars, strategies = ours.prepared("w1", workloads.w1(BARS), rules)
    run = ours.tested(bars, strategies, rules)
    trades, facts = len(run.simulation.trades), tuple(run.facts)
    asked = decisions(lambda: ours.tested(bars, strategies, rules))
    gc.disable()
    for what, act in (
        ("the run", lambda: ours.tested(bars, strategies, rules)),
        ("its decisions alone", lambda: [decide(*given) for given in asked]),
        ("its facts applied alone", lambda: fold(facts)),
    ):
        print(f"{what}: {least(act) / trades * 1e6:.0f} us a trade")
    again = lambda: ours.tested(bars, strategies, rules)  # noqa: E731
    with patch.object(jumping.Jumps, "take_at_once", autospec=True, side_effect=jumping.Jumps.take_at_once) as taken:
        again()
    print(f"{taken.call_count:,} taken at once; {calls(again) / trades:,.0f} calls a trade")
    with patch.object(jumping, "whole_trade", lambda *asked: BY_STEPS):
        print(f"all by steps: {calls(again) / trades:,.0f} calls a trade")
    print(f"{trades:,} trades, {len(asked):,} decisions, {len(facts):,} facts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
