"""What a day under way says to its terminal, by a thread of its own: who trades never waits for who reads.

A terminal takes nothing while somebody holds it (Ctrl-S, a marked text in a console of Windows, a pager that waits),
and fails once it has gone (a closed window, a pipe whose reader ended). Here what is said then waits, or is dropped.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any, Final, TextIO

MOST: Final = 5_000
"""So many texts wait at most for a terminal that takes none; what comes then is counted."""
WITHIN_S: Final = 2.0
"""So long is what waits at the end waited for."""


class Apart(io.TextIOBase):
    """A stream in front of another: `write` returns at once and never raises; `close_within` ends its thread.

    Lines are shown whole: `print` writes their end apart from them.
    """

    def __init__(self, stream: TextIO, *, most: int = MOST) -> None:
        self._stream, self._most, self._dropped = stream, most, 0
        self._waiting: deque[str] = deque()
        self._changed = threading.Condition()
        self._ending = False
        self._descriptor = _descriptor(stream)
        self._thread = threading.Thread(target=self._run, name="riskcore-console", daemon=True)
        self._thread.start()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """As of the stream behind it."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        """Whether the stream behind it is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """That of the stream behind it."""
        return self._stream.fileno()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Let a text be shown after those before."""
        with self._changed:
            if len(self._waiting) >= self._most:
                self._dropped += 1
            else:
                self._waiting.append(text)
            self._changed.notify()
        return len(text)

    def close_within(self, seconds: float) -> bool:
        """Show what waits, and end the thread; whether it had ended within the time."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        begun = ""
        while True:
            with self._changed:
                while not (self._waiting or self._dropped or self._ending):
                    self._changed.wait()
                texts, dropped, ending = list(self._waiting), self._dropped, self._ending
                self._waiting.clear()
                self._dropped = 0
            if dropped:
                texts.append(f"(the terminal took nothing for a while: {dropped} texts were dropped)\n")
            said = begun + "".join(texts)
            whole = said if ending else said[: said.rfind("\n") + 1]  # another stream's line may come in between
            begun = said[len(whole) :]
            for line in whole.splitlines(keepends=True):
                with contextlib.suppress(OSError, ValueError):  # it has gone, or it has no letter for that
                    self._show(line)
            if ending:
                return

    def _show(self, text: str) -> None:
        """Past the buffers of Python's own: a thread that is stuck in one keeps the process from ending."""
        if self._descriptor is None:
            self._stream.write(text)
            self._stream.flush()
            return
        data = text.encode(self.encoding, "backslashreplace")
        while data:
            data = data[os.write(self._descriptor, data) :]


@contextlib.contextmanager
def said_apart() -> Iterator[None]:
    """Have all that is printed shown so, for as long as the context lasts; what waits at its end has `WITHIN_S`."""
    made: dict[str, Apart] = {}
    before: dict[str, Any] = {name: getattr(sys, name) for name in ("stdout", "stderr")}
    for name, stream in before.items():
        if stream is not None:  # a program without a console has none
            made[name] = Apart(stream)
            setattr(sys, name, made[name])
    try:
        yield
    finally:
        for name, apart in made.items():
            setattr(sys, name, before[name])
            apart.close_within(WITHIN_S)


def _descriptor(stream: TextIO) -> int | None:
    """The file behind a stream, once nothing waits before it any more; None where there is none."""
    try:
        descriptor = stream.fileno()
        stream.flush()
    except (OSError, ValueError):
        return None
    return descriptor
