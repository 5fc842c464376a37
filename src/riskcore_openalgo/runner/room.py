"""Room on the disk that is kept back for the moment in which there is none left.

On a full disk no request of an operator's can be written, no fence can be raised, and a journal that nobody has open
cannot even be read: nobody could stop a runner then, or leave in its place. So a runner keeps some beside its journal
(`NAME.reserve`), and whoever needs it gives it free first. The next start keeps it anew.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

KEPT: Final = 4 << 20
"""Bytes: an emergency stop with all that it writes down takes some hundred thousand."""
LEAST: Final = 1 << 20
"""Less than this is no room."""
FULL: Final = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
T = TypeVar("T")


def reserve_beside(inbox: Path) -> Path:
    """Where the room of a journal is kept: beside its inbox, and named like it."""
    return inbox.with_suffix(".reserve")


def keep_room(inbox: Path) -> bool:
    """Keep it, where as much is left beside it; whether it is kept. Random bytes: a file system may fold noughts up."""
    path = reserve_beside(inbox)
    try:
        if path.exists() and path.stat().st_size >= KEPT:
            return True
        if _free(inbox) < 2 * KEPT:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(opened, "wb") as file:  # noqa: PTH123 - a path cannot say the mode
            file.write(os.urandom(KEPT))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        give_free(inbox)
        return False
    return True


def give_free(inbox: Path) -> bool:
    """Give it free; whether there was any."""
    with contextlib.suppress(OSError):
        reserve_beside(inbox).unlink()
        return True
    return False


def make_room(inbox: Path) -> bool:
    """Give it free where the disk is full; whether that was so, and there was some."""
    with contextlib.suppress(OSError):
        return _free(inbox) < LEAST and give_free(inbox)
    return False


def with_room(inbox: Path, write: Callable[[], T]) -> T:
    """What `write` returns; where it finds the disk full, it is called once more after the room was given free."""
    try:
        return write()
    except OSError as problem:
        if problem.errno not in FULL or not give_free(inbox):
            raise
    return write()


def _free(inbox: Path) -> int:
    folder = next(folder for folder in inbox.absolute().parents if folder.exists())
    return shutil.disk_usage(folder).free
