"""A sign of life to somebody outside: when it ends, they raise the alarm that a dead runner cannot."""

from __future__ import annotations

import http.client
import threading
import urllib.request
from collections.abc import Callable
from typing import Final

WITHIN_S: Final = 10.0


class Heartbeat:
    """Calls an address every so many seconds while `alive()`; in a thread of its own, and never raises."""

    def __init__(self, url: str, every_s: float, alive: Callable[[], bool]) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError("a heartbeat goes to an http or https address")
        self.beats = self.missed = 0
        self._url, self._every_s, self._alive = url, every_s, alive
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
        try:
            with urllib.request.urlopen(self._url, timeout=WITHIN_S):  # noqa: S310 - http(s) only, see __init__
                self.beats += 1
        except (OSError, ValueError, http.client.HTTPException):
            self.missed += 1
