"""How long an alert takes to become an order that OpenAlgo has answered: a figure for the operator, and an alarm."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime
from typing import Final

from riskcore import events

SLOW_S: Final = 0.5
"""The mission's bound, of the 99th percentile."""
KEPT: Final = 500
LEAST: Final = 20
"""So many are needed before a percentile says something."""


class Latency:
    """Watches facts: from the signal that was taken to the broker's name for its entry.

    `slow` is told when the 99th percentile of the last `KEPT` first lies above `SLOW_S`, and again only after it has
    been below.
    """

    def __init__(self, slow: Callable[[str], None]) -> None:
        self._slow, self._above = slow, False
        self._begun: OrderedDict[str, datetime] = OrderedDict()
        self._taken: deque[float] = deque(maxlen=KEPT)

    def watch(self, fact: events.Fact) -> None:
        """Note a fact that begins or ends the way of a signal."""
        if isinstance(fact, events.SignalTaken):
            self._begun[fact.signal.id] = fact.at
            while len(self._begun) > KEPT:
                self._begun.popitem(last=False)
        elif isinstance(fact, (events.EntryRefused, events.EntryWithheld)):
            self._begun.pop(fact.signal.id, None)
        elif isinstance(fact, events.Acknowledged):
            began = self._begun.pop(fact.order_id, None)
            if began is not None:
                self._taken.append((fact.at - began).total_seconds())
                self._judge()

    def percentile(self, share: float) -> float | None:
        """Seconds that so large a share did not exceed; None before there are enough."""
        if len(self._taken) < LEAST:
            return None
        ordered = sorted(self._taken)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]

    def told(self) -> str:
        """The figures in a line, for the end of a day."""
        half, most = self.percentile(0.5), self.percentile(0.99)
        if half is None or most is None:
            return f"alert to OpenAlgo's answer: {len(self._taken)} entries, too few to say"
        return f"alert to OpenAlgo's answer: p50 {half * 1000:.0f} ms, p99 {most * 1000:.0f} ms of {len(self._taken)}"

    def _judge(self) -> None:
        most = self.percentile(0.99)
        above = most is not None and most > SLOW_S
        if above and not self._above:
            self._slow(f"{self.told()}; the bound is {SLOW_S * 1000:.0f} ms")
        self._above = above
