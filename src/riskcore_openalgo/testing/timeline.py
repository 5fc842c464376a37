"""Simulated time: what is to happen, in the order of its moments, and calls that wait without anybody else waiting.

A fibre is a call with a stack of its own that can stop in the middle (it sleeps: an answer takes its time) and go on
later. Each has a thread, and only one thing runs at a time: whoever starts or wakes a fibre stands still until that
sleeps or ends. So the same script always runs the same way.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

Act = Callable[[], Any]

STUCK_S: Final = 30.0
"""A fibre that runs so long in real time holds a lock that another one needs, or never ends."""


class Killed(BaseException):
    """Raised in a fibre whose process is gone; no `except Exception` catches it."""


class Timeline:
    """A clock that stands still until it is moved, and what happens when it gets there."""

    def __init__(self, start: datetime) -> None:
        self.now, self._start, self._made = start, start, 0
        self._waiting: list[tuple[datetime, int, Act]] = []

    def __call__(self) -> datetime:
        """The moment."""
        return self.now

    def monotonic(self) -> float:
        """Seconds since the start."""
        return (self.now - self._start).total_seconds()

    def at(self, moment: datetime, act: Act) -> None:
        """Let this happen then; at once, where that has passed. What is due at one moment keeps its order."""
        self._made += 1
        heapq.heappush(self._waiting, (max(moment, self.now), self._made, act))

    def later(self, seconds: float, act: Act) -> None:
        """Let this happen so many seconds from now."""
        self.at(self.now + timedelta(seconds=seconds), act)

    def fibre(self, act: Act) -> Fibre:
        """A call that may sleep in the middle; it begins with `go_on`."""
        return Fibre(act)

    def sleep(self, seconds: float) -> None:
        """In a fibre: the rest of it happens later. Else time passes, with all that happens in it."""
        fibre = Fibre.current()
        if fibre is None:
            self.run(self.now + timedelta(seconds=seconds))
        else:
            self.later(seconds, fibre.go_on)
            fibre.stop()

    def step(self) -> bool:
        """Go to the next thing that happens, and let it happen; whether there was one."""
        if not self._waiting:
            return False
        moment, _, act = heapq.heappop(self._waiting)
        self.now = max(moment, self.now)
        act()
        return True

    def run(self, until: datetime) -> None:
        """Let everything happen that happens until then."""
        while self._waiting and self._waiting[0][0] <= until:
            self.step()
        self.now = max(self.now, until)


class Fibre:
    """One call that can wait. `go_on` runs it until it sleeps or ends; what it raised is raised there."""

    _running = threading.local()

    def __init__(self, act: Act) -> None:
        self._act, self._killed, self._started = act, False, False
        self._over = threading.Event()
        self._problem: BaseException | None = None
        # Each is let go by the other side: plain locks, for it is done thousands of times a day.
        self._mine, self._theirs = threading.Lock(), threading.Lock()
        self._mine.acquire()
        self._theirs.acquire()
        self._thread = threading.Thread(target=self._run, name="fibre", daemon=True)

    @classmethod
    def current(cls) -> Fibre | None:
        """The fibre that asks, or None outside of all."""
        return getattr(cls._running, "fibre", None)

    @property
    def ended(self) -> bool:
        """Whether nothing of it is left to run."""
        return self._over.is_set()

    def go_on(self) -> None:
        """Run it until it sleeps or ends."""
        if self.ended:
            return
        if self._started:
            self._mine.release()
        else:
            self._started = True
            self._thread.start()
        if not self._theirs.acquire(timeout=STUCK_S):
            raise RuntimeError("a fibre is stuck: it waits for something that only another one gives")
        if self._over.is_set():
            self._thread.join()
        if self._problem is not None:
            raise self._problem

    def stop(self) -> None:
        """From within: wait to be woken."""
        self._theirs.release()
        self._mine.acquire()
        if self._killed:
            raise Killed

    def kill(self) -> None:
        """End it where it sleeps: nothing that would have come after that happens."""
        if self._started and not self.ended:
            self._killed = True
            self.go_on()
        self._over.set()

    def _run(self) -> None:
        Fibre._running.fibre = self
        try:
            self._act()
        except Killed:
            pass
        except BaseException as problem:  # noqa: BLE001 - whoever woke it shall see it
            self._problem = problem
        self._over.set()
        self._theirs.release()
