"""Simulated time: what is to happen, in the order of its moments, and calls that wait without anybody else waiting.

A fibre is a call with a stack of its own that can stop in the middle (it sleeps: an answer takes its time) and go on
later. Only one thing runs at a time: whoever starts or wakes a fibre stands still until that sleeps or ends. So the
same script always runs the same way. Stacks are greenlets: they share one thread, and a change from one to the other
costs next to nothing. Whoever waits for a lock that a sleeping fibre holds waits forever: `STUCK_S` in `campaign`.
"""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from greenlet import getcurrent, greenlet

Act = Callable[[], Any]


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
        """In a fibre: the rest of it happens later. Else time passes, with all that happens in it.

        Some time passes: whoever waits for a moment that is nearer than the clock can tell would wait for it for ever.
        """
        fibre, passes = Fibre.current(), timedelta(seconds=seconds)
        woken = self.now + (max(passes, timedelta.resolution) if seconds > 0 else passes)
        if fibre is None:
            self.run(woken)
        else:
            self.at(woken, fibre.go_on)
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

    def __init__(self, act: Act) -> None:
        self._act, self._killed = act, False
        self._stack = greenlet(self._run)
        self._stack.fibre = self

    @classmethod
    def current(cls) -> Fibre | None:
        """The fibre that asks, or None outside of all."""
        found: Fibre | None = getattr(getcurrent(), "fibre", None)
        return found

    @property
    def ended(self) -> bool:
        """Whether nothing of it is left to run."""
        return self._killed or self._stack.dead

    def go_on(self) -> None:
        """Run it until it sleeps or ends."""
        if not self.ended:
            self._stack.parent = getcurrent()
            self._stack.switch()

    def stop(self) -> None:
        """From within: wait to be woken."""
        woken_by = self._stack.parent
        assert woken_by is not None
        woken_by.switch()

    def kill(self) -> None:
        """End it where it sleeps: nothing that would have come after that happens."""
        self._killed = True
        if self._stack:
            self._stack.parent = getcurrent()
            self._stack.throw(Killed)

    def _run(self) -> None:
        with contextlib.suppress(Killed):
            self._act()
