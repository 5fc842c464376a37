"""Instruments of a live day by their keys, and what is said of one that OpenAlgo does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

import riskcore as rc
from riskcore_openalgo.client import InstrumentCache, ReadFailed
from riskcore_openalgo.client.failures import REJECTED
from riskcore_openalgo.client.fields import split_key
from riskcore_openalgo.runner.tick_bars import Hours

SYMBOL_UNKNOWN: Final = "symbol_unknown"


class Known:
    """Instruments by their keys, as far as they were looked up; `found` grows and is read by other threads.

    `tell(text, subject=key)` is told, once, of each of those that the configuration has `named` and OpenAlgo does not
    know. The day goes on without it: what is held must not wait for a slip of the pen.
    """

    def __init__(
        self,
        cache: InstrumentCache,
        clock: Callable[[], datetime],
        *,
        named: Iterable[str] = (),
        tell: Callable[..., None] = lambda text, subject: None,
    ) -> None:
        self.found: dict[str, rc.Instrument] = {}
        self.cache, self._clock = cache, clock
        self._named, self._tell = set(named), tell

    def instrument(self, key: str) -> rc.Instrument:
        """The instrument of a key as of today; `ReadFailed` where nobody knows it."""
        made = self.cache.instrument(*split_key(key), self._clock().date())
        self.found[key] = made
        return made

    def hours(self, tables: rc.Tables | None) -> Hours:
        """The session of an instrument that is known, on the day of a moment; None where nobody can tell."""

        def session(key: str, at: datetime) -> rc.Session | None:
            instrument = self.found.get(key)
            try:
                return None if instrument is None else rc.session_on(at.date(), instrument, tables=tables)
            except rc.CalendarUnknown:
                return None

        return session

    def learn(self, keys: Iterable[str]) -> None:
        """Look up those that are not known yet; what cannot be known now is left."""
        for key in keys:
            if key not in self.found:
                try:
                    self.instrument(key)
                except ReadFailed as problem:
                    self._say(key, problem)

    def _say(self, key: str, problem: ReadFailed) -> None:
        """Only a refusal of OpenAlgo's own: what did not answer may know it in a moment."""
        if problem.error != REJECTED or key not in self._named:
            return
        self._named.discard(key)
        self._tell(
            f"{key} is watched, and OpenAlgo does not know it ({problem.why}): it has no price, and its entries are "
            "refused. Correct it under watch: or symbols:, or let OpenAlgo load the contract master",
            subject=key,
        )
