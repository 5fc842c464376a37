"""The wishes of a simulated day and what became of them: none is lost, and none is sent when it holds no more."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import riskcore as rc
from riskcore import events

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.checks import Checks

ANSWERED_S: Final = 60.0
"""Seconds after which a signal must be approved or refused, while nothing is wrong."""
ON_THE_WAY_S: Final = 7.0
"""How long after its approval has run out an entry may still arrive: it was looked at once more before it was sent."""


class Alerts:
    """Which well-formed entries were asked for, and which of them wait for an answer."""

    def __init__(self, checks: Checks) -> None:
        self._checks = checks
        self.wished: set[str] = set()
        self._open: dict[str, datetime] = {}

    def ask(self, signal: rc.Signal) -> None:
        """One was asked for."""
        self._checks.count["entries asked for"] += 1
        self.wished.add(signal.id)
        self._open[signal.id] = signal.at

    def saw(self, fact: events.Fact) -> None:
        """A fact of a turn, which may be an answer."""
        if isinstance(fact, (events.EntryApproved, events.EntryRefused, events.EntryWithheld)):
            self._open.pop(fact.signal.id, None)
        elif isinstance(fact, events.SignalRepeated):
            self._open.pop(fact.signal_id, None)

    def died(self) -> None:
        """The process is gone: what waited in its queue was nobody's yet, for here no intake has written it down."""
        self._open.clear()

    def look(self) -> None:
        """Every one was answered, or was asked just now."""
        for signal_id in list(self._open):
            self._checks.within(self._open, signal_id, ANSWERED_S, "every_alert_is_answered", signal_id)
