"""A script that stays with its position: the live day of a runner, until nothing is held, a moment, or Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from types import FrameType
from typing import Final

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.config import Settings
from riskcore_openalgo.config.settings import System
from riskcore_openalgo.desk.results import Watched
from riskcore_openalgo.desk.visit import Tools
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.runner.assembly import LIVE, Day, assembled
from riskcore_openalgo.runner.stopping import what_is_open, wind_down

CLOSED: Final = "closed"
UNTIL: Final = "until"
INTERRUPTED: Final = "interrupted"


def watched(tools: Tools, journal: Journal, until: datetime | None) -> Watched:
    """Turn a live day over the journal, and say how it ended."""
    began = journal.length
    settings = Settings(
        policy=tools.policy, system=System(hard_caps=tools.caps, collateral_counts=tools.collateral_counts)
    )
    day = assembled(
        settings,
        tools.client,
        journal,
        mode=LIVE,
        analyzer=tools.analyzer,
        clock=tools.clock,
        monotonic=tools.monotonic,
        api_key=tools.client.stream_login,
    )
    try:
        why = _turned(day, tools, until)
        wind_down(day.live, day.live.runner.offer, tools.clock, flatten=False)
        left = tuple(what_is_open(day.live.state))
    finally:
        day.close()
    closed = journal.rows(after=began, types=(events.PositionClosed.__name__,))
    return Watched(why=why, trades=tuple(row.event for row in closed), open=left)


def _turned(day: Day, tools: Tools, until: datetime | None) -> str:
    """Turn until it is over; why it is."""

    def over(state: engine.State) -> bool:
        return _flat(state.book) or (until is not None and tools.clock() >= until)

    stop = threading.Event()
    with _stopped_by_ctrl_c(stop, day.wake):
        day.live.start()
        if not over(day.live.state):
            day.live.run(stop, until=over)
    if _flat(day.live.state.book):
        return CLOSED
    return INTERRUPTED if stop.is_set() else UNTIL


@contextmanager
def _stopped_by_ctrl_c(stop: threading.Event, wake: threading.Event) -> Iterator[None]:
    """Ctrl-C asks for the end, instead of breaking into a turn; only the main thread hears it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def asked(number: int, frame: FrameType | None) -> None:
        stop.set()
        wake.set()

    before = signal.signal(signal.SIGINT, asked)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)


def _flat(book: rc.Book) -> bool:
    """Whether nothing is held, and nothing on its way."""
    return not book.positions and not book.live_orders()
