"""A sign of life to somebody outside: when it ends, they raise the alarm that a dead runner cannot."""

from __future__ import annotations

import http.client
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Final, Protocol

WITHIN_S: Final = 10.0
DOWN_AFTER: Final = 3
"""After so many calls in vain people hear of it."""


class Tell(Protocol):
    """Gives notice of something (`Alarms.tell`)."""

    def __call__(self, text: str, *, name: str) -> None:
        """Return at once, and never raise."""


class Heartbeat:
    """Calls an address every so many seconds while `alive()`; in a thread of its own, and never raises.

    Who waits for these calls is not there where they come to nobody: `tell` hears of it, and when they arrive again.
    """

    def __init__(self, url: str, every_s: float, alive: Callable[[], bool], tell: Tell | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError("a heartbeat goes to an http or https address")
        self.beats = self.missed = self.failures = 0
        self._url, self._every_s, self._alive, self._tell = url, every_s, alive, tell
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="riskcore-heartbeat", daemon=True)
        self._thread.start()

    def close(self, within_s: float = 1.0) -> bool:
        """End it; whether it had ended within the time."""
        self._ending.set()
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            if self._alive():
                self._beat()
            if self._ending.wait(self._every_s):
                return

    def _beat(self) -> None:
        wrong, before = call(self._url), self.failures
        if wrong:
            self.missed += 1
        else:
            self.beats += 1
        self.failures = before + 1 if wrong else 0
        if self._tell is not None and self.failures == DOWN_AFTER:
            told = f"heartbeat_url was called {DOWN_AFTER} times in vain ({wrong}): nobody would notice a dead runner"
            self._tell(f"{told}; see the address in api_credentials.yaml", name="heartbeat_down")
        elif self._tell is not None and before >= DOWN_AFTER and not wrong:
            self._tell("heartbeat_url answers again", name="heartbeat_up")


def call(url: str) -> str:
    """Call the address once: "", or what is wrong, without the address, for it holds a token."""
    try:
        with urllib.request.urlopen(url, timeout=WITHIN_S):  # noqa: S310 - http(s) only, as the settings check
            return ""
    except urllib.error.HTTPError as answer:
        return f"it answers {answer.code}"
    except (OSError, ValueError, http.client.HTTPException) as problem:
        return f"no answer: {type(getattr(problem, 'reason', problem)).__name__}"
