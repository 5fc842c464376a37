"""The spool: a file preallocated at start, so that a full disk or a locked database loses nothing.

Rows that the database would not take are written here, in chain order, and synced to the disk; the room was
claimed beforehand, so a full disk cannot refuse it. They go into the database as soon as it takes rows again.

A record is its length in eight hex digits and that many bytes of JSON; eight zeros end the file's content. The
spool of an encrypted journal begins with `SEALED`, a salt and a check of the key, and its records are encrypted.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from riskcore_openalgo.failpoints import reach
from riskcore_openalgo.journal.sealing import CHECK_BYTES, SALT_BYTES, Seal

END: Final = b"0" * 8
SIZE: Final = 1 << 20
SEALED: Final = b"sealed1:"
SALT_END: Final = len(SEALED) + 2 * SALT_BYTES
HEADER: Final = SALT_END + 2 * CHECK_BYTES


class SpoolFull(OSError):
    """The spool has no room left, or cannot be written."""


class SpoolUnreadable(ValueError):
    """What waits in the spool cannot be read with this key, or without one."""


def for_its_owner(path: Path) -> None:
    """Make a file that is not there yet for its owner's eyes only; the mode of one that is there is its owner's to say.

    What cannot be made here is told by whoever opens it.
    """
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def settle(folder: Path) -> None:
    """What was made, moved or removed in a folder is on the disk too, where the system lets us say so."""
    if sys.platform == "win32":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


class Spool:
    """Rows waiting for the database, on disk."""

    def __init__(self, path: Path, size: int = SIZE, key: str | None = None) -> None:
        """Open or make the spool; its room is claimed at once. `key` is that of an encrypted journal."""
        self.path, self._size = path, size
        existed = path.exists()
        for_its_owner(path)
        self._file = path.open("r+b" if existed else "w+b")
        try:
            self._claim()
            self._start, self._seal = self._header(key)
            self._end = self._start
            self._waiting = self._read()
        except BaseException:
            self._file.close()
            raise

    @property
    def waiting(self) -> tuple[dict[str, Any], ...]:
        """Rows not yet in the database, oldest first."""
        return tuple(self._waiting)

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Put rows at the end, durably; `SpoolFull` when they do not fit (then none of them is kept)."""
        new = list(rows)
        data = b"".join(b"%08x" % len(body) + body for body in map(self._body, new))
        if self._end + len(data) + len(END) > self._size:
            raise SpoolFull(f"{self.path} is full: {len(self._waiting)} rows wait for the database")
        try:
            self._file.seek(self._end)
            self._file.write(data + END)
            reach("spool.rows.written")
            self._sync()
        except (OSError, ValueError) as problem:
            raise SpoolFull(f"{self.path} cannot be written: {problem}") from problem
        reach("spool.rows.kept")
        self._end += len(data)
        self._waiting += new

    def clear(self) -> None:
        """Forget the rows: the database has them."""
        if self._waiting:
            reach("spool.clearing")
            self._file.seek(self._start)
            self._file.write(END)
            self._sync()
            self._end, self._waiting = self._start, []

    def close(self) -> None:
        """Close the file; what waits stays in it."""
        self._file.close()

    def _claim(self) -> None:
        self._file.seek(0, os.SEEK_END)
        if self._file.tell() < self._size:
            self._file.write(b"0" * (self._size - self._file.tell()))
            self._sync()

    def _header(self, key: str | None) -> tuple[int, Seal | None]:
        """Where records begin, and what they are encrypted with; an empty spool is made anew where the two differ."""
        self._file.seek(0)
        head = self._file.read(HEADER + len(END))
        sealed = head.startswith(SEALED)
        waits = (head[HEADER:] if sealed else head[: len(END)]) != END
        if sealed and key is not None:
            seal = Seal(key, bytes.fromhex(head[len(SEALED) : SALT_END].decode()))
            if seal.fits(bytes.fromhex(head[SALT_END:HEADER].decode())):
                return HEADER, seal
        elif not sealed and key is None:
            return 0, None
        if waits:
            how = "with the key they were written with" if sealed else "without a key"
            raise SpoolUnreadable(f"{self.path}: rows wait in it; open the journal {how} first, so that they go in")
        return self._made_anew(key)

    def _made_anew(self, key: str | None) -> tuple[int, Seal | None]:
        salt = os.urandom(SALT_BYTES)
        seal = None if key is None else Seal(key, salt)
        head = b"" if seal is None else SEALED + salt.hex().encode() + seal.shut(b"").hex().encode()
        self._file.seek(0)
        self._file.write(head + END)
        self._sync()
        return len(head), seal

    def _read(self) -> list[dict[str, Any]]:
        """What an earlier run left; a record that was cut off half-way was never acknowledged, and ends it."""
        self._file.seek(0)
        rows, self._end = _records(self._file.read(), self._start, self._seal)
        return rows

    def _body(self, row: dict[str, Any]) -> bytes:
        body = json.dumps(row, sort_keys=True, separators=(",", ":")).encode("ascii")
        return body if self._seal is None else self._seal.shut(body)

    def _sync(self) -> None:
        self._file.flush()
        reach("spool.syncing")
        os.fsync(self._file.fileno())
        reach("spool.synced")


def waiting_in(path: Path, key: str | None = None) -> tuple[dict[str, Any], ...]:
    """The rows that wait in a spool, only to look at: somebody may be writing to it. None where there is no such file.

    Raises `SpoolUnreadable` for one that is encrypted under another key.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ()
    if not data.startswith(SEALED):
        return tuple(_records(data, 0, None)[0])
    seal = Seal(key or "", bytes.fromhex(data[len(SEALED) : SALT_END].decode()))
    if not seal.fits(bytes.fromhex(data[SALT_END:HEADER].decode())):
        raise SpoolUnreadable(f"{path}: is encrypted under another key")
    return tuple(_records(data, HEADER, seal)[0])


def _records(data: bytes, start: int, seal: Seal | None) -> tuple[list[dict[str, Any]], int]:
    """The records from a place on, up to the end or to one that was cut off, and where they end."""
    rows: list[dict[str, Any]] = []
    while True:
        try:
            length = int(data[start : start + 8], 16)
            body = data[start + 8 : start + 8 + length]
            if not length or len(body) < length:
                return rows, start
            rows.append(json.loads(body if seal is None else seal.opened(body)))
        except ValueError:
            return rows, start
        start += 8 + length
