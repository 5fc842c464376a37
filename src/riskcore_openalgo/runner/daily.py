"""What is told once a trading day: how the day went, and that the market calendar ends soon."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from attrs import frozen

import riskcore as rc
from riskcore import engine
from riskcore_openalgo.runner.account import ANY_SHARE
from riskcore_openalgo.runner.mornings import trades_today


@frozen
class Notice:
    """Something to tell: its name, the day it is of, and the words."""

    name: str
    subject: str
    text: str


class Daily:
    """Says each of them once a day; after a restart it may say it again."""

    def __init__(self, summary_at: time | None, mornings: Sequence[time], calendar_days: int) -> None:
        self._summary_at, self._days = summary_at, calendar_days
        self._morning = mornings[0] if mornings else time(9, 0)
        self._told: dict[str, date] = {}

    def due(self, now: datetime, state: engine.State, policy: rc.Policy) -> list[Notice]:
        """What is to be told by now."""
        found = []
        if self._first(now, "calendar_ending", self._morning) and trades_today(now, policy.tables):
            ends = calendar_ends(now.date(), self._days, policy.tables)
            if ends is not None:
                text = (
                    f"nothing is known of {ends} and later: entries are refused then; update riskcore, or add a table"
                )
                found.append(Notice("calendar_ending", str(now.date()), text))
        traded = state.book.session == now.date()
        if self._summary_at is not None and traded and self._first(now, "day_summary", self._summary_at):
            found.append(Notice("day_summary", str(now.date()), summary(state)))
        return found

    def _first(self, now: datetime, name: str, moment: time) -> bool:
        """Whether a moment of the day has come that was not acted on yet."""
        if now.time() < moment or self._told.get(name) == now.date():
            return False
        self._told[name] = now.date()
        return True


def calendar_ends(today: date, days: int, tables: rc.Tables | None = None) -> date | None:
    """The first of the next `days` days of which the market calendar knows nothing; None where it knows them all."""
    for number in range(days + 1):
        day = today + timedelta(days=number)
        try:
            rc.session_on(day, ANY_SHARE, tables=tables)
        except rc.CalendarUnknown:
            return day
    return None


def summary(state: engine.State) -> str:
    """A day in a line: entries, result, charges, what is held, and what stops entries."""
    book = state.book
    held = ", ".join(f"{p.side} {p.quantity} {p.instrument.key}" for p in book.positions) or "nothing"
    stopped = ", ".join(latch.name for latch in book.latches) or "nothing"
    return (
        f"{book.trades_today} entries, "
        f"net Rs {rc.grouped(book.net_realised)} after charges of Rs {rc.grouped(book.charges)}, "
        f"open Rs {rc.grouped(book.unrealised)}; held: {held}; entries stopped by: {stopped}"
    )
