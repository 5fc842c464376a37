"""Lanes with threads of their own: exits, entries, the account, questions and strategies never wait for one another.

An entry call that hangs for its whole timeout holds up other entries, and no exit. Exits, cancels and changes share
several threads, so that one which hangs does not hold up the next. The readings of the account, which tell of fills,
do not wait behind what alerts ask for: bars that hang, of a dozen instruments, would keep every fill without a stop.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Final, TypeAlias

import riskcore as rc
from riskcore import events
from riskcore_openalgo.failpoints import reach
from riskcore_openalgo.following import following, signal_of
from riskcore_openalgo.gateways.unsent import not_sent
from riskcore_openalgo.runner.lanes import Deliver, Ended, Evidence, Gateway, Job, answers, arrived

EXIT_THREADS: Final = 4
READ_THREADS: Final = 2
ACCOUNT_THREADS: Final = 5
"""One for each reading of the account (books, those beside one that hangs, money, mode, broker): none waits."""
STRATEGY_THREADS: Final = 2
GIVE_WAY_S: Final = 0.0003
"""So long whoever hands an order over stands still: threads share one interpreter, and the order comes first.

Else the rest of a turn (alarms, log, what is watched) would be done while the order waits for the interpreter.
"""
Task: TypeAlias = Callable[[], None]
AtHand: TypeAlias = Callable[[rc.Signal, str], "rc.Market | None"]
"""What is seen of a signal's instrument, where nobody need be waited for; else None."""


class Lane:
    """A queue of tasks and the threads that take them, oldest first."""

    def __init__(self, name: str, threads: int, failed: Callable[[str, Exception], None]) -> None:
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._failed, self.name = failed, name
        self._threads = [
            threading.Thread(target=self._run, name=f"riskcore-{name}-{number}", daemon=True)
            for number in range(1, threads + 1)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, task: Task) -> None:
        """Let a task wait its turn."""
        self._tasks.put(task)

    @property
    def waiting(self) -> int:
        """How many tasks wait now, roughly."""
        return self._tasks.qsize()

    def close(self, within_s: float) -> bool:
        """End the threads after what they do and what waits; whether all had ended within the time."""
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join(within_s)
        return not any(thread.is_alive() for thread in self._threads)

    def drop(self) -> int:
        """Forget what waits; how many tasks that was."""
        dropped = 0
        while True:
            try:
                self._tasks.get_nowait()
            except Empty:
                return dropped
            dropped += 1

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task()
            except Exception as problem:  # noqa: BLE001 - one task that fails must not end the lane
                self._failed(self.name, problem)


class ThreadLanes:
    """Lanes over one gateway and one source of evidence, both safe to call from several threads.

    `clock` says when a command is really sent: an entry that waited for too long is not sent at all. `ended(order_id)`
    says whether an order has ended in our book meanwhile: one that waited while every thread hung was taken for lost,
    and another may be on its way in its place. `at_hand` answers at once what need not wait for the lane of reads, in
    which others may be waiting for a server. `failed(lane, problem)` is told of a task that raised. Answers are
    delivered from the lane's thread.
    """

    def __init__(
        self,
        gateway: Gateway,
        evidence: Evidence,
        *,
        clock: Callable[[], datetime],
        ended: Ended = lambda order_id: False,
        at_hand: AtHand = lambda signal, interval: None,
        failed: Callable[[str, Exception], None] = lambda lane, problem: None,
        exit_threads: int = EXIT_THREADS,
        read_threads: int = READ_THREADS,
    ) -> None:
        self._gateway, self._evidence, self._clock, self._ended = gateway, evidence, clock, ended
        self._at_hand, self._failed = at_hand, failed
        self._closing = threading.Event()
        self._exits = Lane("exits", exit_threads, failed)
        self._entries = Lane("entries", 1, failed)
        self._reads = Lane("reads", read_threads, failed)
        self._account = Lane("account", ACCOUNT_THREADS, failed)
        self._strategies = Lane("strategies", STRATEGY_THREADS, failed)

    def send(self, command: events.Command, at: datetime, deliver: Deliver) -> None:
        """Hand a command to its lane."""
        if isinstance(command, events.PlaceEntry):
            self._entries.put(lambda: self._enter(command.order, deliver))
            time.sleep(GIVE_WAY_S)
        elif isinstance(command, events.AskEvidence) and (seen := self._seen(command)) is not None:
            _deliver((arrived(command, seen, at),), deliver)
        elif isinstance(command, (events.AskEquity, events.AskEvidence)):
            self._reads.put(lambda: self._carry_out(command, deliver))
        else:
            self._exits.put(lambda: self._carry_out(command, deliver))
            time.sleep(GIVE_WAY_S)

    def read(self, job: Job, deliver: Deliver) -> None:
        """Hand a reading to the lane of the account."""
        self._account.put(lambda: _deliver(job(), deliver))

    def ask(self, job: Job, deliver: Deliver) -> None:
        """Hand a question to the lane of own strategies: one that is slow, or hangs, holds up nothing but others."""
        self._strategies.put(lambda: _deliver(job(), deliver))

    @property
    def waiting(self) -> dict[str, int]:
        """How many tasks wait in each lane now, roughly."""
        lanes = (self._exits, self._entries, self._account, self._reads, self._strategies)
        return {lane.name: lane.waiting for lane in lanes}

    def close(self, within_s: float = 5.0) -> bool:
        """Send no entry any more, finish the exits, and end the threads; whether all had ended within the time."""
        self._closing.set()
        others = (self._account, self._reads, self._strategies)
        for lane in others:
            lane.drop()
        ended = [lane.close(within_s) for lane in (self._entries, self._exits, *others)]
        return all(ended)

    def _seen(self, command: events.AskEvidence) -> rc.Market | None:
        """What is at hand of it; a look that fails leaves the question to the lane, whose failures hold up no turn."""
        try:
            return self._at_hand(command.signal, command.interval)
        except Exception as problem:  # noqa: BLE001 - told, and asked again in the lane
            self._failed(self._reads.name, problem)
            return None

    def _enter(self, order: rc.ApprovedEntry, deliver: Deliver) -> None:
        if self._closing.is_set():
            deliver(not_sent(order.order_id, self._clock(), "the runner is stopping"))
        else:
            self._carry_out(events.PlaceEntry(order), deliver)

    def _carry_out(self, command: events.Command, deliver: Deliver) -> None:
        with following(signal_of(command)):
            found = answers(command, self._gateway, self._evidence, self._clock(), ended=self._ended)
            _deliver(found, deliver)


def _deliver(found: Iterable[events.Input], deliver: Deliver) -> None:
    for event in found:
        reach("lanes.report.offering", (event,))
        deliver(event)
        reach("lanes.report.offered", (event,))
