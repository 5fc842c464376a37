"""The spool: a file preallocated at start, so that a full disk or a locked database loses nothing.

Rows that the database would not take are written here, in chain order, and synced to the disk; the room was
claimed beforehand, so a full disk cannot refuse it. They go into the database as soon as it takes rows again.

A record is its length in eight hex digits and that many bytes of JSON; eight zeros end the file's content.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

END: Final = b"0" * 8
SIZE: Final = 1 << 20


class SpoolFull(OSError):
    """The spool has no room left, or cannot be written."""


class Spool:
    """Rows waiting for the database, on disk."""

    def __init__(self, path: Path, size: int = SIZE) -> None:
        self.path, self._size = path, size
        existed = path.exists()
        self._file = path.open("r+b" if existed else "w+b")
        self._file.seek(0, os.SEEK_END)
        if self._file.tell() < size:
            self._file.write(b"0" * (size - self._file.tell()))
        self._end = 0
        self._waiting = self._read()
        self._sync()

    @property
    def waiting(self) -> tuple[dict[str, Any], ...]:
        """Rows not yet in the database, oldest first."""
        return tuple(self._waiting)

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Put rows at the end, durably; `SpoolFull` when they do not fit (then none of them is kept)."""
        new = list(rows)
        data = b"".join(b"%08x" % len(body) + body for body in map(_body, new))
        if self._end + len(data) + len(END) > self._size:
            raise SpoolFull(f"{self.path} is full: {len(self._waiting)} rows wait for the database")
        try:
            self._file.seek(self._end)
            self._file.write(data + END)
            self._sync()
        except (OSError, ValueError) as problem:
            raise SpoolFull(f"{self.path} cannot be written: {problem}") from problem
        self._end += len(data)
        self._waiting += new

    def clear(self) -> None:
        """Forget the rows: the database has them."""
        if self._waiting:
            self._file.seek(0)
            self._file.write(END)
            self._sync()
            self._end, self._waiting = 0, []

    def close(self) -> None:
        """Close the file; what waits stays in it."""
        self._file.close()

    def _read(self) -> list[dict[str, Any]]:
        """What an earlier run left; a record that was cut off half-way was never acknowledged, and ends it."""
        self._file.seek(0)
        data = self._file.read()
        rows: list[dict[str, Any]] = []
        while True:
            try:
                length = int(data[self._end : self._end + 8], 16)
                body = data[self._end + 8 : self._end + 8 + length]
                if not length or len(body) < length:
                    return rows
                rows.append(json.loads(body))
            except ValueError:
                return rows
            self._end += 8 + length

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())


def _body(row: dict[str, Any]) -> bytes:
    return json.dumps(row, sort_keys=True, separators=(",", ":")).encode("ascii")
