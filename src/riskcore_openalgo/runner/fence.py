"""A fence around an account: a file that, once raised, keeps every runner that began before it from sending.

It is a token. A runner notes the one that stands when it begins, and asks before each send whether that has changed:
then somebody has taken the account over, and what this runner still does (it may only have hung) must not reach the
broker. A runner that begins later notes the new token and is not held up; so a fence need never be taken down.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from attrs import frozen

ENDING: Final = ".fence"
LONGEST: Final = 4096


@frozen
class Raised:
    """A fence: its token, and who raised it, when and why."""

    token: str
    by: str
    why: str
    at: str


def fence_of(inbox: Path) -> Path:
    """Where the fence of a journal lies: beside its inbox."""
    return inbox.with_suffix(ENDING)


def raise_fence(path: Path, *, by: str, why: str, at: datetime) -> Raised:
    """Raise it; on return it is on the disk."""
    made = Raised(secrets.token_hex(16), by, why, at.isoformat())
    content = {"token": made.token, "by": by, "why": why, "at": made.at}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(opened, "w", encoding="ascii", newline="\n") as file:  # noqa: PTH123 - a path cannot say the mode
        file.write(json.dumps(content))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return made


def standing(path: Path) -> Raised | None:
    """The fence that stands; None where none was ever raised. One that cannot be read has its bytes for a token."""
    try:
        text = path.read_bytes()[:LONGEST].decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as problem:
        return Raised(f"unreadable: {type(problem).__name__}", "", "", "")
    try:
        content = json.loads(text)
        return Raised(*(str(content[name]) for name in ("token", "by", "why", "at")))
    except (ValueError, TypeError, KeyError):
        return Raised(text, "", "", "")


class Fence:
    """The fence as one runner sees it: what stood when it began is its own, anything else shuts it out.

    `taken` is what the runner's journal says of it: a file is seen by one machine, a database by all that share it.
    """

    def __init__(self, path: Path, taken: Callable[[], str] = lambda: "") -> None:
        self.path, self._taken = path, taken
        self._mine = standing(path)

    def shut(self) -> str:
        """Why this runner may send nothing any more, or "". Asked before each send; it reads one small file."""
        now = standing(self.path)
        if now == self._mine:
            return self._taken()
        if now is None:
            return f"{self.path}: the fence of this account was removed while this runner ran"
        return f"{now.by or 'somebody'} has taken this account over at {now.at or 'an unknown time'}: {now.why}"
