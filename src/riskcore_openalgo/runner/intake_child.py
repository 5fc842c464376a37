"""The intake as a process of its own: it reads alerts, makes them durable, answers, and tells the runner.

It lives as long as the pipe to its parent: whatever becomes of that one, its end is seen here, and nobody is listened
to any more. It trades nothing and knows no key but those of its receipts.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final, TypeAlias

from attrs import field, frozen

import riskcore as rc
from riskcore_openalgo.config import Intake as Place
from riskcore_openalgo.journal.codec import encode
from riskcore_openalgo.journal.locks import FileLock
from riskcore_openalgo.journal.places import beside
from riskcore_openalgo.journal.spool import Spool
from riskcore_openalgo.logs import ACCESS, access_log
from riskcore_openalgo.runner.alerts import input_of
from riskcore_openalgo.runner.making_way import make_way
from riskcore_openalgo.runner.receipts import SIZE, Known, Receipts, Seen
from riskcore_openalgo.web.alerts import read_alert
from riskcore_openalgo.web.gate import SourceRules, Sources
from riskcore_openalgo.web.intake import intake_app, serve

LISTENS, FAILED, ROWS, TELL, LOG = "listens", "failed", "rows", "tell", "log"
"""What the intake says: (LISTENS, port), (FAILED, problem), (ROWS, rows, of an earlier life), (TELL, text), (LOG, ...)

for each line of its log.
"""
TAKEN, SOURCES, STOP = "taken", "sources", "stop"
"""What it hears: (TAKEN, number, rows of the journal, duplicate_window_s), (SOURCES, rules, old secrets), (STOP,)."""
LOCK_WITHIN_S: Final = 5.0
"""So long the intake of a runner that was killed may take to see it."""
SAID_WITHIN_S: Final = 1.0
SWITCH_S: Final = 0.0005
"""A thread that comes back from the disk waits so long at most for the one that reads alerts."""
SAMPLE: Final = b'{"symbol": "SAMPLE", "action": "buy", "price": 1, "interval": "5", "time": "2026-11-20T04:15:00Z"}'
SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Those by which a day is ended, where the system has them."""
Said: TypeAlias = tuple[Any, ...]


@frozen
class Ticks:
    """A clock for a day that is not today's: a moment, when that was (`time.monotonic`), and how fast it goes."""

    at: datetime
    mono: float
    speed: float = 1.0

    def __call__(self) -> datetime:
        """What it shows."""
        return self.at + timedelta(seconds=(time.monotonic() - self.mono) * self.speed)


@frozen(kw_only=True)
class Spec:
    """What an intake is told at its start: where it listens, to whom, and what was taken before."""

    place: Place
    sources: Mapping[str, SourceRules] = field(repr=False)
    past: frozenset[str] = field(repr=False)
    receipts: Path
    key: str | None = field(repr=False)
    after: int
    seen: Seen = field(repr=False)
    ticks: Ticks | None = None


class Outbox:
    """Says things at the other end of a pipe, from any thread, in order; nobody waits for it.

    What waits is said in one go: each thread that wakes takes time from the one that answers.
    """

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._queue, self._due = pipe, SimpleQueue[Said](), threading.Event()
        self._over = False
        self._thread = threading.Thread(target=self._send, name="outbox", daemon=True)
        self._thread.start()

    def put(self, *said: Any) -> None:
        """Say it when those before were said."""
        self._queue.put(said)
        self._due.set()

    def put_by(self, *said: Any) -> None:
        """The same, and with the next that is said, or within a second: it is not urgent."""
        self._queue.put(said)

    def close(self, within_s: float | None = None) -> None:
        """Say what waits, and no more."""
        self._over = True
        self._due.set()
        self._thread.join(within_s)

    def _send(self) -> None:
        with contextlib.suppress(OSError):
            while not self._over:
                self._due.wait(SAID_WITHIN_S)
                self._due.clear()
                said = [self._queue.get() for _ in range(self._queue.qsize())]
                if said:
                    self._pipe.send(said)
            self._pipe.send([self._queue.get() for _ in range(self._queue.qsize())])


class Logged(logging.Handler):
    """What this process logs, its parent writes."""

    def __init__(self, outbox: Outbox) -> None:
        super().__init__()
        self._outbox = outbox

    def emit(self, record: logging.LogRecord) -> None:
        """One record, as text."""
        self._outbox.put_by(LOG, record.name, record.levelno, self.format(record))


def run(pipe: Connection, spec: Spec) -> None:
    """Listen until the parent hangs up."""
    for name in SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)  # how a day ends, its runner decides
    outbox = Outbox(pipe)
    logging.basicConfig(handlers=[Logged(outbox)], level=logging.INFO, format="%(message)s")
    try:
        with _receiving(spec, outbox) as heard:
            _listen(pipe, heard)
    except Exception as problem:  # noqa: BLE001 - whatever it was, the parent tells people
        outbox.put(FAILED, problem if isinstance(problem, OSError) else OSError(f"{type(problem).__name__}: {problem}"))
    finally:
        outbox.close()


@contextlib.contextmanager
def _receiving(spec: Spec, outbox: Outbox) -> Any:
    """The intake, open; with what is to be done about each thing that the parent says."""
    clock, place, sources = spec.ticks or _now, spec.place, Sources(spec.sources)
    sources.past = spec.past
    lock = FileLock(beside(spec.receipts, ".lock"), str(spec.receipts), LOCK_WITHIN_S)
    with contextlib.ExitStack() as opened:
        opened.callback(lock.release)
        known, spool = Known(spec.seen), Spool(spec.receipts, SIZE, spec.key)
        receipts = Receipts(
            spool, lambda rows: outbox.put(ROWS, rows, False), known=known, clock=clock, after=spec.after
        )
        opened.callback(receipts.close)
        app = intake_app(
            receipts.submit,
            sources=sources,
            clock=clock,
            max_body_bytes=place.max_body_bytes,
            trusted_proxies=place.trusted_proxies,
            lockout_after=place.lockout_after,
            lockout_s=place.lockout_s,
            tell=lambda text: outbox.put(TELL, text),
        )
        left = receipts.left()
        if left:
            outbox.put(ROWS, left, True)
        certificate = {"certfile": place.ssl_certfile, "keyfile": place.ssl_keyfile}
        _warm_up(clock)
        make_way(SWITCH_S)
        noted = access_log(app, tell=lambda level, line: outbox.put_by(LOG, ACCESS, level, line))
        server = opened.enter_context(serve(noted, place.host, place.port, **certificate))
        outbox.put(LISTENS, server.port)
        yield {TAKEN: receipts.taken, SOURCES: sources.settle}


def _warm_up(clock: Callable[[], datetime]) -> None:
    """Read an alert of nobody's: the first of a real burst does not pay for what is made once."""
    reading = read_alert(SAMPLE, source="nobody", received_at=clock(), secret=None)
    encode(input_of(reading, "nobody", clock()))


def _now() -> datetime:
    """The machine's clock; the client has the same, and brings libraries that nothing here needs."""
    return datetime.now(rc.IST)


def _listen(pipe: Connection, heard: Mapping[str, Callable[..., None]]) -> None:
    with contextlib.suppress(EOFError, OSError):
        while True:
            for what, *said in pipe.recv():
                if what == STOP:
                    return
                heard[what](*said)
