"""The receipts of an intake that is a process of its own: on the disk before the answer, the runner's after it.

A receipt is a row of a file (`NAME.receipts`, a `Spool`): the input that the runner is to take, as the journal will
have it. Rows that wait together become durable together. They stay until the runner says that its journal has them;
what a crash of either side leaves is handed over again, and the runner looks it up in its journal first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

from attrs import frozen

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.failpoints import reach
from riskcore_openalgo.journal.codec import VERSIONS, decode, encode
from riskcore_openalgo.journal.spool import Spool, SpoolFull
from riskcore_openalgo.runner.alerts import UNSAVED, answer_to, input_of
from riskcore_openalgo.web.alerts import Reading, ReadSignal, Receipt

SIZE: Final = 1 << 22
"""Bytes of the file: some seven thousand alerts may wait for a runner that takes none."""
HANDED_WITHIN_S: Final = 0.05
"""The runner has an alert so long after it is durable at the latest, however many more come."""
MOST_SEEN: Final = 20_000
TICK: Final = timedelta(microseconds=1)
Row: TypeAlias = dict[str, Any]
"""`n`, its number; `after`, a row of the journal that is before it; `type`, `version` and `body` of the input."""


def receipts_beside(inbox: Path) -> Path:
    """Where the receipts of a journal lie: beside its inbox, and named like it."""
    return inbox.with_suffix(".receipts")


def input_in(row: Row) -> Any:
    """The input of a row; `CodecError` where this version cannot read it."""
    return decode(row["type"], row["version"], row["body"])


@frozen
class Seen:
    """What was taken before: ids of signals, and of those without a bar time the receipt, the moment and the id."""

    signals: tuple[str, ...] = ()
    receipts: tuple[tuple[str, datetime, str], ...] = ()
    window_s: int = 30


class Known:
    """Which signals came before, so that a repetition is answered as one. What is done about it, the engine says."""

    def __init__(self, seen: Seen) -> None:
        self.window_s = seen.window_s
        self._signals = dict.fromkeys(seen.signals)
        self._receipts = {receipt: (at, name) for receipt, at, name in seen.receipts}

    def first(self, signal: rc.Signal, at: datetime) -> str:
        """The id of the signal that this one says again, or "": then it is known from now on.

        Whether an exit in the same words as another still moves something, the engine alone knows: only one of the same
        bar is called a repetition here.
        """
        words = [(signal.receipt, *self._receipts[signal.receipt])] if signal.receipt in self._receipts else []
        first = engine.repeats(signal, self._signals, words, at, self.window_s)
        if first == signal.id or (first and signal.kind != rc.EXIT):
            return first
        self._signals[signal.id] = None
        if signal.receipt and signal.bar_at is None:
            self._receipts[signal.receipt] = (at, signal.id)
        for known in (self._signals, self._receipts):
            while len(known) > MOST_SEEN:
                del known[next(iter(known))]
        return ""


class Receipts:
    """Makes receipts durable, a group at a time, and hands them over. `submit` is called in one event loop alone."""

    def __init__(
        self,
        spool: Spool,
        hand_over: Callable[[list[Row]], None],
        *,
        known: Known,
        clock: Callable[[], datetime],
        after: int,
    ) -> None:
        """`hand_over` gets what is durable, in order, and must not wait; `after` is the journal's last row by now."""
        self._spool, self._hand_over, self._known, self._clock = spool, hand_over, known, clock
        self._after, self._last = after, clock() - TICK
        self._number = max((row["n"] for row in spool.waiting), default=0)
        self._waiting: list[tuple[Row, Reading, asyncio.Future[Receipt]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._disk = ThreadPoolExecutor(1, "receipts")
        for event in map(input_in, spool.waiting):
            if isinstance(event, events.SignalArrived):
                known.first(event.signal, event.at)

    def left(self) -> list[Row]:
        """What waits for the runner since before."""
        return list(self._spool.waiting)

    def submit(self, reading: Reading, source: str) -> asyncio.Future[Receipt]:
        """Let a reading be written with the next group; the future holds the answer once it is on the disk."""
        loop = asyncio.get_running_loop()
        event = input_of(reading, source, self._moment())
        name, self._number = type(event).__name__, self._number + 1
        row = {"n": self._number, "after": self._after, "type": name, "version": VERSIONS[name], "body": encode(event)}
        reply: asyncio.Future[Receipt] = loop.create_future()
        self._waiting.append((row, reading, reply))
        if self._writing is None:
            self._writing = loop.create_task(self._write())
        return reply

    def taken(self, number: int, after: int, window_s: int) -> None:
        """The runner's journal has all rows up to that number, and `after` rows of its own; from any thread."""
        self._after, self._known.window_s = after, window_s
        self._disk.submit(self._forget, number)

    def close(self) -> None:
        """Finish what is being written."""
        self._disk.shutdown()
        self._spool.close()

    def _moment(self) -> datetime:
        """Now, and never the same twice: by it two alerts in the same words are two rows."""
        self._last = max(self._clock(), self._last + TICK)
        return self._last

    async def _write(self) -> None:
        """Write group after group while alerts wait, and answer each; the runner has them when none waits any more.

        It decides on them then: meanwhile it would take its time from those who wait for an answer.
        """
        loop, durable, began = asyncio.get_running_loop(), list[Row](), 0.0
        while self._waiting:
            some, self._waiting = self._waiting, []
            rows = [row for row, _, _ in some]
            try:
                reach("receipts.rows.writing", rows)
                await loop.run_in_executor(self._disk, self._spool.add, rows)
                reach("receipts.rows.kept", rows)
            except SpoolFull:
                answers: Iterable[Receipt] = (UNSAVED for _ in some)
            else:
                answers = self._answers(some)
                began = began if durable else loop.time()
                durable += rows
            for (_, _, reply), answer in zip(some, answers, strict=True):
                if not reply.done():
                    reply.set_result(answer)
            if durable and loop.time() - began > HANDED_WITHIN_S:
                self._hand_over(durable)
                durable = []
            await asyncio.sleep(0)
        self._writing = None
        if durable:
            self._hand_over(durable)

    def _answers(self, some: Iterable[tuple[Row, Reading, Any]]) -> Iterator[Receipt]:
        for _, reading, _ in some:
            first = self._known.first(reading.signal, self._last) if isinstance(reading, ReadSignal) else ""
            yield answer_to(reading, first)

    def _forget(self, number: int) -> None:
        waiting = self._spool.waiting
        if waiting and waiting[-1]["n"] <= number:
            self._spool.clear()
