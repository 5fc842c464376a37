"""A folder in which other processes of this machine leave a runner word: an operator's input, or that it is to stop.

A request is a file, written beside its place, synced and moved into it, so that it is whole or not there. The runner
takes it in three steps, so that a crash between any two applies it once:

1. The input is stamped with the runner's time and written as `NAME.taken`; only then does the request itself go.
2. The input is handed over, once, and becomes durable in the turn that takes it.
3. The file goes when the journal shows exactly this input. After a crash a `.taken` file whose input the journal shows
   is removed unread; one that it does not show was never durable, and is handed over again.

What is no request is set aside as `NAME.bad` and told. The folder is ours alone: one that others may write into, or
own, is refused, for whoever writes there commands the account.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias, get_args

import attrs
from attrs import frozen
from sqlalchemy import select

from riskcore import events
from riskcore_openalgo.journal import At, CodecError, decode, encode
from riskcore_openalgo.journal.codec import VERSIONS
from riskcore_openalgo.journal.places import place_of
from riskcore_openalgo.journal.spool import settle
from riskcore_openalgo.journal.tables import JOURNAL
from riskcore_openalgo.runner.room import with_room

Request: TypeAlias = (
    events.DifferencesAccepted
    | events.OperatorHalted
    | events.OperatorResumed
    | events.LoginSeen
    | events.TightenStop
    | events.OperatorEntered
    | events.OperatorExited
    | events.OperatorCancelled
    | events.OperatorTightened
    | events.OperatorSet
    | events.EmergencyStopped
    | events.ConfirmPolicy
    | events.AcknowledgeAlarm
    | events.FundsMoved
    | events.OperatorSettled
)
REQUESTS: Final[dict[str, type]] = {kind.__name__: kind for kind in get_args(Request)}
"""The inputs that an operator may leave: nothing that a price, a broker or a strategy says."""

FORM: Final = 1
LARGEST: Final = 1_048_576
"""Bytes of a request; a policy with market tables of one's own is the largest."""
FINEST: Final = Decimal("0.0001")
ASKED: Final = ".json"
TAKEN: Final = ".taken"
STOP: Final = ".stop"
BAD: Final = ".bad"
UNWRITTEN: Final = (
    "the request cannot be written ({}), and nothing was asked. Free some room and ask again. The control page needs "
    "no file; riskcore stop --direct ends the runner and leaves every position"
)
Told: TypeAlias = Callable[[str], None]


class InboxRefused(RuntimeError):
    """The folder is not ours alone; the message says what to do."""


class NotARequest(ValueError):
    """A file that is no request."""


class Recorded(Protocol):
    """A journal, as far as an inbox asks it."""

    trouble: str

    @property
    def length(self) -> int:
        """The number of the last row."""

    def select(self, query: Any) -> Sequence[Any]:
        """Rows of a query."""


@frozen
class StopRequest:
    """Somebody wants the runner to end, and its positions to be left first where `flatten` says so."""

    at: datetime
    by: str
    flatten: bool = False


def folder_of(at: At) -> Path:
    """Where the inbox of a journal lies: `NAME.inbox` beside a file, for a server in the user's folder of states."""
    return place_of(at).inbox


class Inbox:
    """The folder. Anybody who may write into it can `put`; the runner that owns the journal asks what is `due`."""

    def __init__(
        self, folder: Path, journal: Recorded | None = None, *, tell: Told | None = None, other_clock: bool = False
    ) -> None:
        """`journal` is the runner's own, for the runner alone; `tell` is called with each thing that was set aside.

        `other_clock` says that the runner's clock is not this machine's, by which whoever asks dates a wish.

        Raises `InboxRefused` where the folder is there and is not ours alone.
        """
        self.folder, self._journal, self._tell = folder, journal, tell or _to_stderr
        self._stamp = dated if other_clock else _taken_at
        self._handed: dict[str, tuple[str, str, int]] = {}
        self._passed_over: set[str] = set()
        self._told: set[str] = set()
        self.trouble = self._wrong()
        if self.trouble:
            raise InboxRefused(self.trouble)

    # ------------------------------------------------------------ who asks

    def put(self, event: Request) -> Path:
        """Leave an input for the runner; on return it is on the disk. `ValueError` for what no operator says."""
        name = type(event).__name__
        if REQUESTS.get(name) is not type(event):
            raise ValueError(f"{name} is no operator's input; an inbox takes {', '.join(REQUESTS)}")
        return self._put(_input_text(event), ASKED)

    def put_stop(self, *, at: datetime, by: str, flatten: bool = False) -> Path:
        """Ask the runner to end; on return that is on the disk."""
        content = {"riskcore_request": FORM, "type": "stop", "at": at.isoformat(), "by": by, "flatten": flatten}
        return self._put(json.dumps(content), STOP)

    def waits(self, path: Path) -> bool:
        """Whether a request that was put has not been taken, or is taken and not known to be durable yet."""
        return path.exists() or path.with_suffix(TAKEN).exists()

    # ------------------------------------------------------------ the runner

    def due(self, now: datetime) -> list[events.Input]:
        """The inputs that wait, oldest first, stamped with `now`; each is handed over once (see the module).

        Never raises for what lies in the folder: a turn must not fail for it. A folder that has become another's is
        told once, named in `trouble`, and read no more until it is ours again.
        """
        if self._journal is None:
            raise ValueError("an inbox hands over only what it can look up: give it the runner's journal")
        taken: list[events.Input] = []
        for name in self._names():
            path = self.folder / name
            try:
                event = self._next(path, now)
            except (NotARequest, CodecError) as problem:
                self._set_aside(path, str(problem))
            except OSError as problem:
                self._once(name, f"{path}: left where it is: {problem}")
            else:
                taken += [] if event is None else [event]
        return taken

    def stop_request(self) -> StopRequest | None:
        """Whether somebody wants the runner to end; of several, the first, and to flatten if any says so.

        It stands until `stopped` is called: a runner that dies before it has ended does so after its next start.
        """
        found: list[StopRequest] = []
        for name in self._names(STOP):
            path = self.folder / name
            try:
                found.append(_stop_in(_read(path)))
            except NotARequest as problem:
                self._set_aside(path, str(problem))
            except OSError as problem:
                self._once(name, f"{path}: left where it is: {problem}")
        if not found:
            return None
        return attrs.evolve(found[0], flatten=any(request.flatten for request in found))

    def stopped(self) -> None:
        """The runner has done what was asked and ends: take the requests to stop away. Its last act but the lock."""
        for name in self._names(STOP):
            (self.folder / name).unlink(missing_ok=True)

    # ------------------------------------------------------------ files

    def _next(self, path: Path, now: datetime) -> events.Input | None:
        """The input of a file, if it is to be handed over now."""
        if path.suffix == ASKED:
            event = self._stamp(_input_in(_read(path)), now)
            path = self._stamped(path, event)
            return self._hand_over(path, event)
        if path.name in self._handed:
            name, body, after = self._handed[path.name]
            if self._recorded(name, body, after):
                path.unlink(missing_ok=True)
                del self._handed[path.name]
            return None
        event = _input_in(_read(path))
        recorded = self._recorded(type(event).__name__, encode(event), 0)
        if recorded:
            path.unlink(missing_ok=True)
        return self._hand_over(path, event) if recorded is False else None

    def _hand_over(self, path: Path, event: Request) -> events.Input:
        after = self._journal.length if self._journal is not None else 0
        self._handed[path.name] = (type(event).__name__, encode(event), after)
        return event

    def _stamped(self, path: Path, event: Request) -> Path:
        taken = path.with_suffix(TAKEN)
        with_room(self.folder, lambda: _write(taken, _input_text(event)))
        path.unlink()
        settle(self.folder)  # a request that came back with the power would be stamped, and taken, again
        return taken

    def _recorded(self, name: str, body: str, after: int) -> bool | None:
        """Whether the journal shows an input after a row; None while it cannot be asked: then the file stays."""
        if self._journal is None or self._journal.trouble:
            return None
        query = select(JOURNAL.c.seq).where(JOURNAL.c.seq > after, JOURNAL.c.type == name, JOURNAL.c.body == body)
        try:
            return bool(self._journal.select(query.limit(1)))
        except Exception as problem:  # noqa: BLE001 - whatever a database says, a turn does not fail for it
            self._once(name, f"{self.folder}: the journal does not say what it holds: {type(problem).__name__}")
            return None

    def _names(self, *endings: str) -> list[str]:
        """The files there are, oldest first; none where the folder is not there, or not ours."""
        wrong = self._wrong()
        if wrong and wrong != self.trouble:
            self._tell(wrong)
        self.trouble = wrong
        if wrong:
            return []
        try:
            names = sorted(path.name for path in self.folder.iterdir())
        except OSError:
            return []
        return [name for name in names if name.endswith(endings or (ASKED, TAKEN)) and name not in self._passed_over]

    def _wrong(self) -> str:
        """Why the folder may not be used, or ""; one that is not there yet is right."""
        try:
            found = os.lstat(self.folder)
        except FileNotFoundError:
            return ""
        except OSError as problem:
            return f"{self.folder}: cannot be looked at: {problem}"
        if not stat.S_ISDIR(found.st_mode):
            return f"{self.folder}: is no folder of its own (a link, or a file); remove it"
        if sys.platform == "win32":
            return ""
        if found.st_uid != os.getuid():
            return f"{self.folder}: belongs to another user, who could command this account; remove it"
        if found.st_mode & 0o022:
            return f"{self.folder}: others may write into it, and so command this account: chmod 700 it"
        return ""

    def _put(self, text: str, ending: str) -> Path:
        try:
            with_room(self.folder, lambda: self.folder.mkdir(parents=True, exist_ok=True, mode=0o700))
            wrong = self._wrong()
            if wrong:
                raise InboxRefused(wrong)
            path = self.folder / f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}{ending}"
            with_room(self.folder, lambda: _write(path, text))
        except OSError as problem:
            raise InboxRefused(f"{self.folder}: {UNWRITTEN.format(problem.strerror)}") from None
        return path

    def _set_aside(self, path: Path, why: str) -> None:
        try:
            path.replace(path.with_name(path.name + BAD))
        except OSError as problem:
            self._passed_over.add(path.name)
            why = f"{why}; it could not be set aside ({problem})"
        self._tell(f"{path}: no request, set aside as {BAD}: {why}")

    def _once(self, name: str, text: str) -> None:
        if name not in self._told:
            self._told.add(name)
            self._tell(text)


def _taken_at(event: Request, at: datetime) -> Request:
    """The input as it is taken at a moment; a wish to trade keeps its own, which says how long it waited."""
    return attrs.evolve(event, at=at)


def dated(event: Request, at: datetime) -> Request:
    """The input, and the wish to trade in it, as of a moment."""
    if isinstance(event, events.OperatorEntered):
        return attrs.evolve(event, at=at, signal=attrs.evolve(event.signal, at=at))
    return attrs.evolve(event, at=at)


def _input_text(event: Request) -> str:
    name = type(event).__name__
    return json.dumps(
        {"riskcore_request": FORM, "type": name, "version": VERSIONS[name], "body": encode(event)}, ensure_ascii=True
    )


def _write(path: Path, text: str) -> None:
    """The file, whole and on the disk, or not there."""
    part = path.with_name(f".{path.name}.part")
    opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(opened, "w", encoding="ascii", newline="\n") as file:  # noqa: PTH123 - a path cannot say the mode
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    settle(path.parent)


def _read(path: Path) -> dict[str, Any]:
    """What a file says, as a request of this form."""
    if not stat.S_ISREG(os.lstat(path).st_mode):
        raise NotARequest("it is no plain file")
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise NotARequest(f"it is larger than {LARGEST} bytes")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as problem:
        raise NotARequest(f"it is no JSON ({type(problem).__name__})") from problem
    if not isinstance(content, dict) or content.get("riskcore_request") != FORM:
        raise NotARequest(f"it is no request of form {FORM}")
    return content


def _input_in(content: dict[str, Any]) -> Request:
    name, version, body = content.get("type"), content.get("version"), content.get("body")
    if not isinstance(name, str) or name not in REQUESTS:
        raise NotARequest(f"{str(name)[:40]!r} is no operator's input")
    if type(version) is not int or not isinstance(body, str):
        raise NotARequest("it has no version, or no body")
    try:
        event: Request = decode(name, version, body)
        stops = events.TightenStop | events.OperatorTightened
        fine = isinstance(event, stops) and event.stop < FINEST
        fine = fine or (isinstance(event, events.OperatorSettled) and 0 < event.price < FINEST)
        if not fine:
            encode(event)
    except CodecError:
        raise
    except (ValueError, RecursionError, ArithmeticError, AttributeError) as problem:
        raise NotARequest(f"its body cannot be read ({type(problem).__name__})") from problem
    if fine or event.at.tzinfo is None:
        raise NotARequest("its price is finer than any" if fine else "its time has no zone")
    return event


def _stop_in(content: dict[str, Any]) -> StopRequest:
    if content.get("type") != "stop" or type(content.get("flatten")) is not bool:
        raise NotARequest("it is no request to stop")
    try:
        at = datetime.fromisoformat(content["at"])
    except (KeyError, TypeError, ValueError) as problem:
        raise NotARequest("its time cannot be read") from problem
    by = content.get("by")
    if at.tzinfo is None or not isinstance(by, str):
        raise NotARequest("its time has no zone, or nobody asks")
    return StopRequest(at, by, content["flatten"])


def _to_stderr(text: str) -> None:
    sys.stderr.write(f"riskcore: {text}\n")
