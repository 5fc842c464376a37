"""Is OpenAlgo in the mode that we were started for? Its analyzer can be switched on and off by anybody, at any time.

An entry needs the answer, and a fresh one. An exit waits only where the mode is known to be the other: sent there it
would open a position.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from riskcore_openalgo.client import ReadFailed

OTHER_MODE: Final = "other_mode"
"""The trouble under which entries stop."""
MODE_AGE_S: Final = 5.0


class Modal(Protocol):
    """Who knows the mode: a `Client`."""

    @property
    def seen_mode(self) -> str | None:
        """The mode that the latest answer gave away."""

    def mode(self) -> str:
        """Ask for it; `ReadFailed` where no answer comes."""


class ModeGuard:
    """Knows the mode within `max_age_s`, by asking where no answer of the account has told it lately.

    `expected` is `live` or `analyze`. `monotonic` counts the seconds. `told` is whether the other mode was told to the
    runner, by whoever saw it: entries stay halted until its end is told too.
    """

    def __init__(
        self,
        client: Modal,
        expected: str,
        *,
        max_age_s: float = MODE_AGE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if expected not in ("live", "analyze"):
            raise ValueError(f"ModeGuard.expected must be live or analyze, got {expected!r}")
        self.expected, self.told = expected, False
        self._client, self._max_age_s, self._monotonic = client, max_age_s, monotonic
        self._known_at = float("-inf")
        self._seen: str | None = None
        self._lock = threading.Lock()

    @property
    def other(self) -> str:
        """What is wrong with the mode as it was seen last, or ""."""
        return self._judge(self._seen)

    def saw(self, mode: str | None) -> str:
        """An answer of just now tells a mode (None: it does not); what is wrong with it, or ""."""
        if mode is None:
            return self.other
        with self._lock:
            self._seen, self._known_at = mode, self._monotonic()
        return self._judge(mode)

    def look(self) -> str:
        """What is wrong with the mode now, asking if need be, or ""; `ReadFailed` where nobody can tell."""
        if self._monotonic() - self._known_at > self._max_age_s:
            return self.saw(self._client.mode())
        return self.other

    def before_an_entry(self) -> str:
        """Why no entry may be sent, or "": the other mode, or none that could be read."""
        try:
            return self.look()
        except ReadFailed as problem:
            return f"the mode of OpenAlgo could not be read: {problem}"

    def before_an_exit(self) -> str:
        """Why an exit would go to the wrong place, or ""; what cannot be read holds no exit up."""
        try:
            return self.look()
        except ReadFailed:
            return self.other

    def _judge(self, mode: str | None) -> str:
        if mode is None or mode == self.expected:
            return ""
        return f"OpenAlgo is in {mode} mode, and this runner was started for {self.expected} mode"
