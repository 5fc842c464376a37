"""One writer a journal: a lock that the system gives back when the process ends, however it ends."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from pathlib import Path
from typing import IO, Final

from riskcore_openalgo.journal.troubles import JournalInUse

PAUSE_S: Final = 0.02
FAR: Final = 1 << 30
"""The byte that is locked on Windows: far behind the text, which others must be able to read."""


class FileLock:
    """An exclusive lock on a file, which names who holds it."""

    def __init__(self, path: Path, what: str, wait_s: float) -> None:
        """Take the lock, waiting so long for it; `JournalInUse`, naming its holder, when it is not free by then."""
        self._file = path.open("a+", encoding="utf-8")
        give_up = time.monotonic() + wait_s
        while not _taken(self._file):
            if time.monotonic() >= give_up:
                self._file.seek(0)
                holder = self._file.read().strip()
                self._file.close()
                raise JournalInUse(in_use(what, holder))
            time.sleep(PAUSE_S)
        self._file.truncate(0)
        self._file.write(me() + "\n")
        self._file.flush()

    def release(self) -> None:
        """Give it back."""
        with contextlib.suppress(OSError, ValueError):
            self._file.truncate(0)
        self._file.close()


def holder(path: Path) -> str | None:
    """Who holds the lock of a file, "" where that is not known; None while nobody does. Nothing is changed by it."""
    try:
        file = _to_look(path)
    except FileNotFoundError:
        return None
    with file:
        if not _taken(file):
            file.seek(0)
            return file.read().strip()
    return None


def _to_look(path: Path) -> IO[str]:
    """The file of a lock; in a place that is read-only, to read."""
    try:
        return path.open("r+", encoding="utf-8")
    except FileNotFoundError:
        raise
    except OSError:
        return path.open(encoding="utf-8")


def me() -> str:
    """This process, for whoever finds the journal taken."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def is_here(who: str) -> bool:
    """Whether a process that `me` named runs, or ran, on this machine."""
    return who.endswith(f" on {socket.gethostname()}")


def in_use(what: str, holder: str) -> str:
    """The message for whoever comes second."""
    return (
        f"{what} is being written by {holder or 'another process'}: one writer an account. "
        "Stop that one first, or wait until it has closed the journal; reading is always possible"
    )


if sys.platform == "win32":
    import msvcrt

    def _taken(file: IO[str]) -> bool:
        file.seek(FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _taken(file: IO[str]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
