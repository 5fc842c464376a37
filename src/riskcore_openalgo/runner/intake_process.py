"""The runner's side of an intake that is a process of its own: start it, take what it wrote down, start it again.

Reading fifty alerts at the close of a bar and deciding on them would wait for each other in one interpreter; here the
intake answers while the runner decides. What it hands over is offered to the runner as an alert of its own process
would be; once the journal has it, the intake is told, and forgets it.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Final

from riskcore import events
from riskcore_openalgo.failpoints import reach
from riskcore_openalgo.journal import CodecError
from riskcore_openalgo.runner.intake_child import (
    FAILED,
    LISTENS,
    LOG,
    ROWS,
    SOURCES,
    STOP,
    TAKEN,
    TELL,
    Outbox,
    Said,
    Spec,
    run,
)
from riskcore_openalgo.runner.receipts import MOST_SEEN, Row, input_in

START_WITHIN_S: Final = 30.0
STOP_WITHIN_S: Final = 5.0
AGAIN_AFTER_S: Final = 0.5
TOLD_EVERY: Final = 64
"""So many alerts are told taken at once, where more of them wait."""
ENDED: Final = "the intake of alerts ended by itself; it is started again"
STILL: Final = "the intake of alerts does not start again: {}; it is tried again and again"
"""A dead intake takes no alerts: senders are refused the connection, and exits by alert do not come through."""


class IntakeProcess:
    """An intake that lives as long as the context of `open`, whatever becomes of its process."""

    def __init__(
        self,
        spec_of: Callable[[], Spec],
        ask: Callable[[events.Input, Callable[[Any, bool], bool]], Future[bool]],
        *,
        recorded: Callable[[Row], bool],
        standing: Callable[[], tuple[int, int]],
        tell: Callable[[str], None],
        alarm: Callable[[str], None],
    ) -> None:
        """`ask` is the runner's, `recorded` says whether its journal has the input of a row.

        `standing` tells how many rows the journal has, and `duplicate_window_s`; `tell` is told what the intake wants
        known, `alarm` that it ended.
        """
        self._spec_of, self._ask, self._recorded, self._standing = spec_of, ask, recorded, standing
        self._tell, self._alarm = tell, alarm
        self._stopping = threading.Event()
        self._process: Any = None
        self._pipe: Connection | None = None
        self._outbox: Outbox | None = None
        self._waiting: dict[tuple[str, str], int] = {}
        self._taken: dict[tuple[str, str], None] = {}
        self.port, self.up, self.restarts = 0, False, 0

    @contextlib.contextmanager
    def open(self) -> Iterator[int]:
        """Listen; the port. `OSError` where it cannot."""
        self._begin()
        reading = threading.Thread(target=self._read, name="intake", daemon=True)
        reading.start()
        try:
            yield self.port
        finally:
            self._stopping.set()
            self._say(STOP)
            reading.join(2 * STOP_WITHIN_S)
            if self._process.is_alive():
                self._process.kill()

    @property
    def pid(self) -> int | None:
        """The process that listens now."""
        return None if self._process is None else self._process.pid

    def changed(self, sources: Any) -> None:
        """Its sources are others from now on (`Sources.heard_by`)."""
        self._say(SOURCES, sources.now, sources.past)

    def _begin(self) -> None:
        """Start the process, and take what it has until it listens."""
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=run, args=(theirs, self._spec_of()), name="riskcore intake", daemon=True)
        self._process.start()
        theirs.close()
        self._pipe, self._outbox = ours, Outbox(ours)
        try:
            while not self.up and ours.poll(START_WITHIN_S):
                self._hear(ours)
        except EOFError as problem:
            raise OSError("the intake ended at its start") from problem
        finally:
            if not self.up:
                self._end()
        if self._pipe is None:
            raise TimeoutError("the intake did not start in time")

    def _read(self) -> None:
        """Take what comes, and begin anew when it ends."""
        while not self._stopping.is_set():
            try:
                if self._pipe is not None:
                    self._hear(self._pipe)
                    continue
            except (EOFError, OSError):
                self._end()
            self._again()

    def _again(self) -> None:
        if not self._stopping.is_set():
            self.restarts += 1
            self._alarm(ENDED)
        while not self._stopping.wait(AGAIN_AFTER_S):
            try:
                self._begin()
            except OSError as problem:
                self._alarm(STILL.format(problem))
            else:
                return

    def _hear(self, pipe: Connection) -> None:
        for said in pipe.recv():
            self._heard(said)

    def _heard(self, said: Said) -> None:
        what, *told = said
        if what == ROWS:
            self._rows(*told)
        elif what == LISTENS:
            (self.port,), self.up = told, True
        elif what == FAILED:
            raise told[0]
        elif what == TELL:
            self._tell(*told)
        elif what == LOG:
            name, level, text = told
            logging.getLogger(name).log(level, "%s", text)

    def _rows(self, rows: list[Row], before: bool) -> None:  # noqa: FBT001 - as the intake says it
        """Offer what is durable. Of an earlier life of the intake, some is known already, or in the journal."""
        reach("receipts.rows.taking", rows)
        for row in rows:
            name = (row["type"], row["body"])
            if before and name in self._waiting:
                self._waiting[name] = row["n"]
            elif before and (name in self._taken or self._recorded(row)):
                self._say(TAKEN, row["n"], *self._standing())
            else:
                self._offer(row, name)

    def _offer(self, row: Row, name: tuple[str, str]) -> None:
        try:
            event = input_in(row)
        except CodecError as problem:
            self._alarm(f"an alert in the intake's file cannot be read, and is left there: {problem}")
            return
        self._waiting[name] = row["n"]
        pending = self._ask(event, lambda _, accepted: accepted)
        pending.add_done_callback(lambda done: self._done(name, done))

    def _done(self, name: tuple[str, str], done: Future[bool]) -> None:
        """Once the journal has it. What it could not take it keeps, and writes before what comes next."""
        number = self._waiting.pop(name, 0)
        if done.cancelled() or not done.result():
            return
        reach("receipts.rows.taken")
        self._taken[name] = None
        if len(self._taken) > MOST_SEEN:
            del self._taken[next(iter(self._taken))]
        if not self._waiting or number % TOLD_EVERY == 0:
            self._say(TAKEN, number, *self._standing())

    def _say(self, *said: Any) -> None:
        if self._outbox is not None:
            self._outbox.put(*said)

    def _end(self) -> None:
        """Have it finish what it is writing, and go."""
        self.up = False
        self._say(STOP)
        self._process.join(STOP_WITHIN_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        if self._outbox is not None:
            self._outbox.close(STOP_WITHIN_S)
        if self._pipe is not None:
            self._pipe.close()
        self._pipe = self._outbox = None
