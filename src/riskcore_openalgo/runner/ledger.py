"""What a page shows of the day beside the state: decisions with their reasons, trades, alarms, the way of equity.

It watches the facts of the running day, and begins with those of today that the journal has. All of it may be read
from any thread.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final, Protocol

from attrs import frozen

from riskcore import engine, events
from riskcore_openalgo.alarms.severities import Told
from riskcore_openalgo.alarms.table import TABLE, told
from riskcore_openalgo.journal import Row

KEPT: Final = 200
EVERY: Final = timedelta(seconds=15)
"""How far apart two points of the equity chart are at least."""
POINTS: Final = 1_600
SHOWN: Final = (events.EntryApproved, events.EntryRefused, events.ExitApproved, events.PositionClosed)
"""What stands in lists of its own."""
TOLD: Final = tuple(kind for kind in TABLE if kind not in (*SHOWN, events.Filled))
"""What people are told of beside that, in the words of the alerts."""


class Read(Protocol):
    """A journal, as far as a ledger reads it."""

    def rows(self, kind: str | None = None, *, after: int = 0, types: tuple[str, ...] = ()) -> Iterator[Row]:
        """Rows in order."""


@frozen
class Point:
    """The equity at a moment."""

    at: datetime
    equity: Decimal


@frozen
class Alert:
    """What people were told, and when."""

    at: datetime
    said: Told


class Ledger:
    """The day's facts, newest last; `state` is the engine's."""

    def __init__(self, journal: Read, state: Callable[[], engine.State]) -> None:
        self._state, self._lock = state, threading.Lock()
        self._facts: deque[events.Fact] = deque(maxlen=KEPT)
        self._alerts: deque[Alert] = deque(maxlen=KEPT)
        self._points: deque[Point] = deque(maxlen=POINTS)
        self._begin(journal)

    def watch(self, fact: events.Fact) -> None:
        """Note a fact, after it is durable; called by the runner's thread."""
        with self._lock:
            self._note(fact)
            self._plot(fact.at)

    def facts(self, *kinds: type) -> list[events.Fact]:
        """Those of some kinds, newest first; of the session that runs alone."""
        session = self._state().book.session
        with self._lock:
            found = [fact for fact in self._facts if isinstance(fact, kinds)]
        return [fact for fact in reversed(found) if fact.at.date() == session]

    def alerts(self) -> list[Alert]:
        """What was told in the session that runs, newest first; of the same told again and again the last alone."""
        session = self._state().book.session
        with self._lock:
            newest = list(reversed(self._alerts))
        again = [False, *(one.said.key == before.said.key for before, one in pairwise(newest))]
        return [one for one, same in zip(newest, again, strict=True) if not same and one.at.date() == session]

    def points(self) -> list[Point]:
        """The way of equity today."""
        with self._lock:
            return list(self._points)

    def _note(self, fact: events.Fact) -> None:
        if isinstance(fact, SHOWN):
            self._facts.append(fact)
        said = told(fact) if isinstance(fact, TOLD) else None
        if said is not None and not said.is_detail:
            self._alerts.append(Alert(fact.at, said))

    def _begin(self, journal: Read) -> None:
        """Today's facts from the journal; of equity what the finished trades made of it."""
        opening, made, begun = None, Decimal(0), 0
        for row in journal.rows("fact", types=(events.SessionOpened.__name__,)):
            begun = row.seq
        names = tuple(kind.__name__ for kind in (*SHOWN, *TOLD, events.EquityKnown))
        for row in journal.rows("fact", after=begun, types=names):
            fact = row.event
            if isinstance(fact, events.EquityKnown):
                opening = fact.equity
                self._points.append(Point(fact.at, opening))
            self._note(fact)
            if isinstance(fact, events.PositionClosed) and opening is not None:
                made += fact.net
                self._points.append(Point(fact.at, opening + made))

    def _plot(self, at: datetime) -> None:
        if self._points and self._points[-1].at.date() != at.date():
            self._points.clear()
        if self._points and at - self._points[-1].at < EVERY:
            return
        equity = self._state().book.equity
        if equity is not None:
            self._points.append(Point(at, equity))
