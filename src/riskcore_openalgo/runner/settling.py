"""Contracts that expired while they were held on paper: what the exchange settled them by, read on a day after.

By then the day's bar of an index has its official close, which no price of the day is. Live, the broker settles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.client import ReadFailed
from riskcore_openalgo.runner.history import DAILY, Historian
from riskcore_openalgo.runner.ports import Clock

INDEX_OF: Final[Mapping[str, str]] = {"NFO": "NSE_INDEX", "BFO": "BSE_INDEX"}
"""Where OpenAlgo has the indices that the contracts of an exchange are on."""
AGAIN: Final = timedelta(minutes=10)


class Settling:
    """Who looks for the close that settles what has expired: at once, and again where it was not there."""

    def __init__(self, source: Historian, clock: Clock) -> None:
        self._source, self._clock = source, clock
        self._asked: dict[str, datetime] = {}

    def due(self, now: datetime, positions: Iterable[rc.Position]) -> list[rc.Instrument]:
        """Held contracts that expired before today and are to be looked up now; what ends in shares, once a day."""
        found = []
        for held in positions:
            thing = held.instrument
            asked = self._asked.get(thing.key)
            again = asked is None or asked.date() < now.date()
            again = again or (asked is not None and engine.settles_in_cash(thing) and now - asked >= AGAIN)
            if thing.has_expired(now.date()) and again:
                self._asked[thing.key] = now
                found.append(thing)
        return found

    def look(self, thing: rc.Instrument) -> list[events.Input]:
        """That a contract has expired, with the close of its index on that day, where it can be read."""
        index = f"{INDEX_OF.get(thing.exchange)}:{thing.underlying}"
        price = self._close(thing, *index.split(":")) if engine.settles_in_cash(thing) else None
        return [events.ContractExpired(self._clock(), thing.key, price, "" if price is None else index)]

    def _close(self, thing: rc.Instrument, exchange: str, symbol: str) -> Decimal | None:
        day = thing.expiry
        assert day is not None
        try:
            bars = self._source.history(exchange, symbol, DAILY, day, day)
        except ReadFailed:
            return None
        return next((bar.close for bar in bars if bar.at.date() == day), None)
