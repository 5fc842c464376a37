"""What a runner is given: a clock, a store, a transport for what arrives, and timers. Each can be another's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Generic, Protocol, TypeAlias, TypeVar, runtime_checkable

import riskcore as rc
from riskcore import events
from riskcore_openalgo.journal import Durability, Loaded, Row, fold

T = TypeVar("T")
Clock: TypeAlias = Callable[[], datetime]


class Store(Protocol):
    """Where inputs and facts become durable; the journal is one."""

    trouble: str

    def append(self, entries: Iterable[events.Input | events.Fact]) -> Durability:
        """Make them durable, in order, or raise."""

    def rows(self, kind: str | None = None) -> Iterator[Row]:
        """What is there already, in order."""


@runtime_checkable
class Loads(Protocol):
    """A store that knows a shorter way to its state than all of its rows."""

    def load(self) -> Loaded:
        """The state that everything folds to, and the decisions of the session that is running."""


def loaded(store: Store) -> Loaded:
    """What a store folds to, by its own short way if it has one."""
    return store.load() if isinstance(store, Loads) else fold(store.rows())


@runtime_checkable
class Remembers(Protocol):
    """A store that knows the policy that was last in force without all of its rows."""

    def policy(self) -> rc.Policy | None:
        """The policy; None before there was one."""


def last_policy(store: Store) -> rc.Policy | None:
    """The policy that was last in force in a store; None before there was one."""
    if isinstance(store, Remembers):
        return store.policy()
    found = [row.event.policy for row in store.rows("fact") if isinstance(row.event, events.PolicyChanged)]
    return found[-1] if found else None


class Transport(Protocol[T]):
    """How what arrives, from any thread, waits for the next turn."""

    def put(self, item: T) -> None:
        """Let one wait."""

    def take(self) -> list[T]:
        """All that wait now, oldest first; what arrives meanwhile belongs to the next turn."""


class Timers(Protocol):
    """Inputs that only the clock brings."""

    def due(self, now: datetime) -> Iterable[events.Input]:
        """What is due by now and was not before."""


class QueueTransport(Generic[T]):
    """A queue in memory."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[T] = SimpleQueue()

    def put(self, item: T) -> None:
        """Let one wait."""
        self._queue.put(item)

    @property
    def waiting(self) -> int:
        """How many wait now, roughly. No length: one that is empty would count as none at all."""
        return self._queue.qsize()

    def take(self) -> list[T]:
        """All that wait now."""
        taken: list[T] = []
        for _ in range(self._queue.qsize()):
            try:
                taken.append(self._queue.get_nowait())
            except Empty:
                break
        return taken


class NoTimers:
    """Time that passes only with what happens: bars bring their own."""

    def due(self, now: datetime) -> Iterable[events.Input]:
        """Nothing, ever."""
        return ()


class Together:
    """Several timers as one."""

    def __init__(self, *timers: Timers) -> None:
        self._timers = timers

    def due(self, now: datetime) -> Iterable[events.Input]:
        """What any of them brings, in their order."""
        return [event for timers in self._timers for event in timers.due(now)]


class Seldom:
    """Timers that are asked once in every `every` at most, because asking costs something."""

    def __init__(self, timers: Timers, every: timedelta) -> None:
        self._timers, self._every = timers, every
        self._next: datetime | None = None

    def due(self, now: datetime) -> Iterable[events.Input]:
        """What they bring, if they are asked now."""
        if self._next is not None and self._next - self._every <= now < self._next:
            return ()
        self._next = now + self._every
        return self._timers.due(now)


class Ticking:
    """Time passes once in every `every`, whether or not anything else happens."""

    def __init__(self, every: timedelta) -> None:
        self._every = every
        self._next: datetime | None = None

    def due(self, now: datetime) -> Iterable[events.Input]:
        """The passing of time, at most once a call, however long nobody asked."""
        if self._next is not None and now < self._next:
            return ()
        self._next = now + self._every
        return (events.TimePassed(now),)
