"""When a runner last looked at the broker's books, and last wrote anything: read off its journal, from outside."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import not_, select

from riskcore import engine, events
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.journal.places import Place
from riskcore_openalgo.journal.tables import JOURNAL
from riskcore_openalgo.runner.account import NEEDED
from riskcore_openalgo.runner.live import UNREAD
from riskcore_openalgo.runner.stopping import on_paper

SILENT_S: Final = 90.0
"""A runner with nothing to do writes every 30 s that time has passed."""
BESIDE: Final = ("-wal", ".spool")


def books_at(journal: Reader) -> datetime | None:
    """When the broker's orders and positions were last read; None where they never were."""
    whole = [not_(JOURNAL.c.body.contains(f'"{name}":null', autoescape=True)) for name in NEEDED]
    query = select(JOURNAL.c.at).where(JOURNAL.c.type == events.BooksRead.__name__, *whole)
    found = journal.select(query.order_by(JOURNAL.c.seq.desc()).limit(1))
    return datetime.fromisoformat(found[0].at) if found else None


def unread(journal: Reader, state: engine.State) -> str:
    """That the broker's books had not been read for `UNREAD` when the journal ended, in words; "" where they had.

    Also "" where there are none: on paper, and before the broker is known.
    """
    if state.custody.capability is None or on_paper(state) or state.now is None:
        return ""
    at = books_at(journal)
    if at is not None and state.now - at < UNREAD:
        return ""
    when = "never read" if at is None else f"last read at {at:%Y-%m-%d %H:%M:%S}"
    return f"the broker's books were {when}"


def silent_s(place: Place, state: engine.State, now: datetime) -> float:
    """For how many seconds nothing was written, 0 where that is not known.

    By the moment of the last row and, where files can be looked at, by when they were written: a journal whose clock is
    not the machine's is not silent for that.
    """
    ages = [(now - state.now).total_seconds()] if state.now is not None else [0.0]
    if place.path is not None and sys.platform != "win32":
        ages += [time.time() - max(_written(place.path))]
    return max(min(ages), 0.0)


def _written(path: Path) -> Iterator[float]:
    yield path.stat().st_mtime
    for ending in BESIDE:
        beside = path.with_name(path.name + ending)
        if beside.exists():
            yield beside.stat().st_mtime
