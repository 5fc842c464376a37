"""Who is let in, how often, and what was answered: all that a call meets before the answers, however it came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import frozen

from riskcore_openalgo.testing.answers.answer import Answer
from riskcore_openalgo.testing.answers.calls import CALLS, Reply, answered, too_many
from riskcore_openalgo.testing.broker import FakeBroker

WINDOW_S: Final = 1.0


@frozen
class Served:
    """A call that was answered: its endpoint, its body without the key, the status (0: dropped)."""

    endpoint: str
    body: Mapping[str, Any]
    status: int


class Door:
    """The way in to a broker for one API key. `limits` off lifts the rate limits; `calls` is what was answered."""

    def __init__(self, broker: FakeBroker, key: str, *, limits: bool, monotonic: Callable[[], float]) -> None:
        self.broker, self.calls = broker, list[Served]()
        self._key, self._limits, self._monotonic = key, limits, monotonic
        self._lock = threading.Lock()
        self._windows: dict[str, deque[float]] = {}

    def opens(self, key: object) -> bool:
        """Whether a caller with this key is let in."""
        return key == self._key and not self.broker.key_revoked

    def too_soon(self, name: str) -> Reply | None:
        """The refusal of a call for which the last second has no room; one that is refused is not counted."""
        limit, now = CALLS[name].limit, self._monotonic()
        if not self._limits:
            return None
        with self._lock:
            window = self._windows.setdefault(name, deque())
            while window and now - window[0] >= WINDOW_S:
                window.popleft()
            if len(window) >= limit:
                return Reply(answer=too_many(limit))
            window.append(now)
            return None

    def note(self, name: str, body: dict[str, Any], reply: Reply) -> None:
        """Remember what was answered."""
        shown = {field: value for field, value in body.items() if field != "apikey"}
        with self._lock:
            self.calls.append(Served(name, shown, 0 if reply.dropped else reply.answer.status))

    def reply(self, name: str, body: dict[str, Any]) -> Reply:
        """The reply to a call that has come in: fields are looked at first, the key after them."""
        call = CALLS[name]
        values, errors = call.schema.load(body)
        if errors:
            return Reply(answer=call.complaint(self.broker, errors))
        if not (call.open_key or self.opens(values["apikey"])):
            if name == "pnl/symbols" and self.broker.analyzer:
                return Reply(answer=Answer(403, {**call.bad_key.body, "mode": "analyze"}))
            return Reply(answer=call.bad_key)
        del values["apikey"]
        return answered(self.broker, name, body, values)
