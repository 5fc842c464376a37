"""What reading the record costs beside its run: `python -m benchmarks.bench_record`.

Of W1 and of W2, CPU seconds of the second run in a process, of reading every fact, and of reading every finding of the
entries that were approved and of those that were refused.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from time import process_time
from typing import TypeVar

from benchmarks import workloads
from benchmarks.peers import ours
from riskcore import events

Result = TypeVar("Result")


def timed(what: str, act: Callable[[], Result]) -> Result:
    """What it answers, once told what it took."""
    started = process_time()
    result = act()
    print(f"{what}: {process_time() - started:.2f} s")
    return result


def findings(facts: tuple[events.Fact, ...], kind: type) -> int:
    """How many there are in the facts of a kind."""
    return sum(len(fact.findings) for fact in facts if isinstance(fact, kind))


def measured(name: str, made: workloads.Bars) -> None:
    """All of one workload."""
    rules = ours.policy(name)
    bars, strategies = ours.prepared(name, made, rules)
    ours.tested(bars, strategies, rules)
    gc.collect()
    run = timed(f"{name}: the run", lambda: ours.tested(bars, strategies, rules))
    facts = timed(f"{name}: all facts", lambda: tuple(run.facts))
    approved = timed(f"{name}: all findings of approvals", lambda: findings(facts, events.EntryApproved))
    refused = timed(f"{name}: all findings of refusals", lambda: findings(facts, events.EntryRefused))
    print(f"{name}: {len(facts):,} facts, {approved + refused:,} findings")


def main() -> int:
    """Both, one after the other."""
    measured("w1", workloads.w1())
    measured("w2", workloads.w2())
    return 0


if __name__ == "__main__":
    sys.exit(main())
