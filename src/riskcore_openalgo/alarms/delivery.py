"""How words reach one channel: read off the journal behind a cursor that is kept, so that a dead channel loses nothing.

Each channel has two cursors: one for what is critical, one for the rest. In quiet hours the rest waits and the critical
passes. A cursor moves only after the channel took the words, so that a crash between the two tells some twice, and
nothing never. Trading never waits for any of it: a channel has a thread of its own.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol

from attrs import field, frozen

from riskcore import events
from riskcore_openalgo.alarms.severities import CRITICAL, INFO, SEVERITIES, Told
from riskcore_openalgo.alarms.table import TABLE, told

TYPES: Final = tuple(kind.__name__ for kind in TABLE)
STANDING: Final = tuple(
    kind.__name__
    for kind in (events.Alarmed, events.AlarmOver, events.AlarmAcknowledged, events.Latched, events.Lifted)
)
ROWS_AT_ONCE: Final = 200
LONGEST: Final = 3500
"""Letters of one message: Telegram takes 4096."""
DIRECT: Final = 200
"""So many texts wait in memory at most while the journal cannot be written or read; the newest are counted then."""
REMEMBERED: Final = 1000
REST: Final = "rest"
LINES: Final = (CRITICAL, REST)


class Rows(Protocol):
    """A journal, as far as delivery reads it."""

    trouble: str

    @property
    def length(self) -> int:
        """The number of the last row."""

    def rows(self, kind: str | None = None, *, after: int = 0, types: Any = ()) -> Iterator[Any]:
        """Rows of some types after a row."""


@frozen
class Channel:
    """Where words go: `send(text)` says whether they were taken; it may raise, and may take its time."""

    name: str
    send: Callable[[str], bool]


@frozen(kw_only=True)
class Quiet:
    """What a channel is told when: from which severity on, the hours in which only the critical passes, repeats.

    `until` before `since` is a night. `repeat_s`: so long is the same thing not told again, and after so long is a
    critical one that still stands, and nobody acknowledged, told again.
    """

    least: str = INFO
    since: time | None = None
    until: time | None = None
    repeat_s: float = 300.0

    def holds(self, now: datetime) -> bool:
        """Whether it is quiet now.

        >>> Quiet(since=time(22), until=time(7)).holds(datetime(2026, 11, 20, 23))
        True
        """
        if self.since is None or self.until is None:
            return False
        clock = now.time()
        if self.since <= self.until:
            return self.since <= clock < self.until
        return clock >= self.since or clock < self.until


class Cursors:
    """Up to which row each channel was told, in a file beside the journal. One that cannot be read begins anew."""

    def __init__(self, path: Path) -> None:
        self._path, self._guard = path, threading.Lock()
        self._known: dict[str, int] = {}
        try:
            found = json.loads(path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            found = {}
        if isinstance(found, dict):
            self._known = {str(name): row for name, row in found.items() if type(row) is int and row >= 0}

    def begin(self, name: str, row: int) -> int:
        """The cursor of that name; one that is not known yet begins after `row`, and so does one that lies beyond."""
        with self._guard:
            self._known[name] = min(self._known.get(name, row), row)
            return self._known[name]

    def move(self, name: str, row: int) -> None:
        """Words up to that row were taken."""
        with self._guard:
            self._known[name] = max(row, self._known.get(name, row))  # one that was replaced may still be at its end
            part = self._path.with_name(f"{self._path.name}.part")
            with contextlib.suppress(OSError):  # on a full disk some may be told twice after a restart
                part.parent.mkdir(parents=True, exist_ok=True)
                part.write_text(json.dumps(self._known, sort_keys=True), encoding="ascii")
                part.replace(self._path)


@frozen
class _Due:
    """Words that are due: behind which row they stand, and when it happened."""

    row: int
    at: datetime
    said: Told


@frozen
class Standing:
    """Critical things that stand and that nobody looks after: key -> the words, and when they were told last."""

    found: dict[str, tuple[Told, datetime]] = field(factory=dict)

    def see(self, fact: Any, at: datetime) -> None:
        """A fact may begin or end one."""
        said = told(fact)
        match fact:
            case events.Alarmed() | events.Latched() if said is not None and said.severity == CRITICAL:
                self.found[said.key] = (said, at)
            case events.AlarmOver():
                self.found.pop(f"alarm:{fact.name}:{fact.subject}", None)
            case events.Lifted():
                self.found.pop(f"latch:{fact.name}:{fact.key}", None)
            case events.AlarmAcknowledged():
                for kind in ("alarm", "latch"):
                    begins = f"{kind}:{fact.name}:"
                    for key in [key for key in self.found if key.startswith(begins)]:
                        if not fact.subject or key == begins + fact.subject:
                            del self.found[key]
            case events.SessionOpened():
                for key in [key for key in self.found if key.startswith("alarm:")]:
                    del self.found[key]


class Delivery:
    """One channel behind one journal. `round` is one pass, complete and in the caller's thread."""

    def __init__(
        self,
        channel: Channel,
        journal: Rows,
        cursors: Cursors,
        *,
        quiet: Quiet,
        clock: Callable[[], datetime],
        label: str = "",
    ) -> None:
        """`label` stands in front of every message."""
        self._label = label
        self.name, self.failures, self.delivered, self.missed = channel.name, 0, 0, 0
        self._channel, self._journal, self._cursors, self._quiet, self._clock = channel, journal, cursors, quiet, clock
        self._rows = {line: cursors.begin(f"{channel.name}.{line}", journal.length) for line in LINES}
        self._direct: deque[tuple[datetime, Told]] = deque()
        self._told: OrderedDict[str, datetime] = OrderedDict()
        self._ahead: OrderedDict[str, None] = OrderedDict()
        self._standing: Standing | None = None

    def like(self, quiet: Quiet) -> None:
        """From the next round on, these hours and severities hold."""
        self._quiet = quiet

    def succeeds(self, other: Delivery) -> None:
        """Take over what waits in the memory of the one that had this place before."""
        self._direct.extend(other._direct)
        self.missed += other.missed

    @property
    def backlog(self) -> int:
        """How many texts wait in memory because the journal cannot be written."""
        return len(self._direct)

    def past_the_journal(self, at: datetime, said: Told) -> None:
        """Words whose fact the database has not taken: they wait in memory, and are not told again from the journal."""
        if len(self._direct) >= DIRECT:
            self.missed += 1
        else:
            self._direct.append((at, said))

    def round(self) -> bool:
        """Tell what is due; whether the channel took it all."""
        now = self._clock()
        lines = [CRITICAL] if self._quiet.holds(now) else list(LINES)
        done = self._tell_direct() and all(self._tell_line(line) for line in lines) and self._repeat(now)
        self.failures = 0 if done else self.failures + 1
        return done

    def _tell_direct(self) -> bool:
        while self._direct:
            at, said = self._direct[0]
            if self._wanted(said) and not self._send([_Due(0, at, said)]):
                return False
            _remember(self._ahead, _name(at, said))
            self._direct.popleft()
        return True

    def _tell_line(self, line: str) -> bool:
        while True:
            rows = self._look(line)
            if not rows:
                return True
            parts = list(_parts(self._due(line, rows)))
            for number, part in enumerate(parts):
                if not self._send(part):
                    self._forget(due for untold in parts[number:] for due in untold)
                    return False
                self._move(line, part[-1].row)
            self._move(line, rows[-1].seq)
            if len(rows) < ROWS_AT_ONCE:
                return True

    def _look(self, line: str) -> list[Any]:
        """The next rows of a line; none while the journal cannot be read."""
        try:
            if line == CRITICAL and self._standing is None:
                self._standing = self._stood()
            return list(
                islice(self._journal.rows("fact", after=self._rows[line], types=self._types(line)), ROWS_AT_ONCE)
            )
        except Exception:  # noqa: BLE001 - a database that is locked or gone is read later
            return []

    def _types(self, line: str) -> tuple[str, ...]:
        return (*TYPES, events.SessionOpened.__name__) if line == CRITICAL else TYPES

    def _stood(self) -> Standing:
        """What stood, and was not acknowledged, at the cursor."""
        standing, end = Standing(), self._rows[CRITICAL]
        for row in self._journal.rows("fact", types=(*STANDING, events.SessionOpened.__name__)):
            if row.seq > end:
                break
            standing.see(row.event, row.event.at)
        return standing

    def _due(self, line: str, rows: Iterable[Any]) -> list[_Due]:
        """What of some rows is to be told on a line."""
        found = []
        for row in rows:
            fact = row.event
            said = told(fact)
            if line == CRITICAL and self._standing is not None:
                self._standing.see(fact, fact.at)
            if said is None or (said.severity == CRITICAL) != (line == CRITICAL) or not self._wanted(said):
                continue
            ahead, again = _name(fact.at, said) in self._ahead, self._again(said, fact.at)
            if not ahead and not again:
                found.append(_Due(row.seq, fact.at, said))
        return found

    def _wanted(self, said: Told) -> bool:
        return SEVERITIES.index(said.severity) >= SEVERITIES.index(self._quiet.least)

    def _again(self, said: Told, at: datetime) -> bool:
        """Whether the same was told a moment ago; it is noted as told now otherwise."""
        last = self._told.get(said.key)
        if last is not None and at - last < timedelta(seconds=self._quiet.repeat_s):
            return True
        _remember(self._told, said.key, at)
        return False

    def _repeat(self, now: datetime) -> bool:
        """Tell again what is critical, stands, and was not acknowledged."""
        known = {} if self._standing is None else self._standing.found
        after = timedelta(seconds=self._quiet.repeat_s)
        again = [_Due(0, now, _still(said, at)) for said, at in known.values() if now - at >= after]
        for part in _parts(again):
            if not self._send(part):
                return False
        for key, (said, at) in list(known.items()):
            if now - at >= after:
                known[key] = (said, now)
        return True

    def _send(self, part: list[_Due]) -> bool:
        text = self._label + "\n".join(_line(due, self._clock()) for due in part)
        try:
            taken = bool(self._channel.send(text))
        except Exception:  # noqa: BLE001 - whatever a channel does, it ends nothing but this round
            taken = False
        self.delivered += len(part) if taken else 0
        return taken

    def _forget(self, untold: Iterable[_Due]) -> None:
        """What was not taken was not told."""
        for due in untold:
            self._told.pop(due.said.key, None)

    def _move(self, line: str, row: int) -> None:
        self._rows[line] = row
        self._cursors.move(f"{self.name}.{line}", row)


def _parts(due: list[_Due]) -> Iterator[list[_Due]]:
    """As many at once as one message holds."""
    part: list[_Due] = []
    length = 0
    for one in due:
        more = len(one.said.line) + len("30 Nov 10:30 \n")
        if part and length + more > LONGEST:
            yield part
            part, length = [], 0
        part.append(one)
        length += more
    if part:
        yield part


def _line(due: _Due, now: datetime) -> str:
    moment = f"{due.at:%H:%M:%S}" if due.at.date() == now.date() else f"{due.at:%d %b %H:%M}"
    return f"{moment} {due.said.line}"[:LONGEST]


def _still(said: Told, since: datetime) -> Told:
    return Told(said.severity, f"STILL {said.title}", f"{said.text} (told {since:%H:%M:%S})", said.key)


def _name(at: datetime, said: Told) -> str:
    return f"{at.isoformat()} {said.key}"


def _remember(known: OrderedDict[str, Any], key: str, value: Any = None) -> None:
    known[key] = value
    known.move_to_end(key)
    while len(known) > REMEMBERED:
        known.popitem(last=False)
