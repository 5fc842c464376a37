"""What reading the record of W2 costs beside its run: `python -m benchmarks.bench_record`.

CPU seconds of the second run in a process, of reading every fact, and of reading every finding of the refusals.
"""

from __future__ import annotations

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


def main() -> int:
    """The three, one after the other."""
    rules = ours.policy("w2")
    bars, strategies = ours.prepared("w2", workloads.w2(), rules)
    ours.tested(bars, strategies, rules)
    run = timed("the run", lambda: ours.tested(bars, strategies, rules))
    facts = timed("all facts", lambda: tuple(run.facts))
    refused = [fact for fact in facts if isinstance(fact, events.EntryRefused)]
    found = timed("all findings of the refusals", lambda: sum(len(fact.findings) for fact in refused))
    print(f"{len(facts):,} facts, {found:,} findings")
    return 0


if __name__ == "__main__":
    sys.exit(main())
