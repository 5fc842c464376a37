"""What somebody is told while a runner runs: alarms, stops of entries, logins, connections; to a log and to people.

Trading never waits for it: telling has a thread and a queue of its own, and what cannot be told is counted and logged.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import Full, Queue
from typing import Final

from attrs import frozen

from riskcore import events

LOG: Final = logging.getLogger("riskcore")
WAITING: Final = 200
"""So many texts wait for a slow channel at most; the newest are dropped then."""
ASCII: Final = "ascii"


@frozen
class Told:
    """A text for people, and whether somebody must look now."""

    text: str
    urgent: bool


def told(fact: events.Fact) -> Told | None:
    """What a fact says to people, or None where it is nobody's business now. ASCII, one line."""
    found = _said(fact)
    return None if found is None else Told(found.text.encode(ASCII, "replace").decode(ASCII), found.urgent)


def _said(fact: events.Fact) -> Told | None:
    match fact:
        case events.Alarmed():
            return Told(f"ALARM {fact.name} {fact.subject}: {fact.why}", urgent=True)
        case events.AlarmOver():
            return Told(f"over: {fact.name} {fact.subject}", urgent=False)
        case events.Latched():
            latch = fact.latch
            of = f" of {latch.key}" if latch.key else ""
            return Told(f"entries{of} are {latch.state}: {latch.name}: {latch.why}", urgent=True)
        case events.Lifted():
            of = f" of {fact.key}" if fact.key else ""
            return Told(f"lifted{of}: {fact.name} by {fact.by} {fact.why}".rstrip(), urgent=False)
        case events.LoginChanged():
            return (
                None if fact.login == "bad" else Told("the broker's login is good", urgent=False)
            )  # a latch tells more
        case events.ConnectionStaged():
            return Told(f"the price stream is {fact.stage}", urgent=fact.stage != "connected")
        case events.StopTouched() | events.PriceDoubted():
            return None
    return _traded(fact)


def _traded(fact: events.Fact) -> Told | None:
    match fact:
        case events.EntryApproved():
            order = fact.order
            text = f"entry {order.side} {order.quantity} {order.instrument.key} to {order.limit}, stop {order.stop}"
            return Told(text, urgent=False)
        case events.ExitApproved():
            exit_ = fact.order
            if exit_.trigger is not None:
                return None
            text = f"exit {exit_.side} {exit_.quantity} {exit_.instrument.key} to {exit_.limit}: {exit_.reason}"
            return Told(text, urgent=False)
        case events.PositionClosed():
            return Told(f"closed {fact.quantity} {fact.key} at {fact.exit_price}: {fact.reason}", urgent=False)
        case events.Reconciled():
            return Told("the broker's books and ours agree", urgent=False)
    return None


class Alarms:
    """Tells people: `watch` takes facts, `tell` takes texts; both return at once, from any thread.

    Everything goes to the log. What is urgent goes to each of `channels` too, each a function that takes a text and
    says whether it was taken.
    """

    def __init__(self, channels: tuple[Callable[[str], bool], ...] = (), *, log: logging.Logger = LOG) -> None:
        self.missed = 0
        self._channels, self._log = channels, log
        self._waiting: Queue[str | None] = Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="riskcore-alarms", daemon=True)
        self._thread.start()

    def watch(self, fact: events.Fact) -> None:
        """Tell what a fact says, if anything."""
        said = told(fact)
        if said is not None:
            self.tell(said.text, urgent=said.urgent)

    def failed(self, who: str, problem: Exception) -> None:
        """Tell that somebody's code failed, with its error in a line."""
        words = str(problem).splitlines()[0][:200] if str(problem) else "no words"
        self.tell(f"{who} failed: {type(problem).__name__}: {words}")

    def lane_failed(self, lane: str, problem: Exception) -> None:
        """Tell that a task of a lane failed."""
        self.failed(f"a task of the lane of {lane}", problem)

    def tell(self, text: str, *, urgent: bool = True) -> None:
        """Tell a text."""
        self._log.log(logging.WARNING if urgent else logging.INFO, "%s", text)
        if urgent and self._channels:
            try:
                self._waiting.put_nowait(text)
            except Full:
                self.missed += 1

    def close(self, within_s: float = 5.0) -> bool:
        """Tell what waits, and end the thread; whether it had ended within the time."""
        try:
            self._waiting.put(None, timeout=within_s)
        except Full:
            return False
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (text := self._waiting.get()) is not None:
            for channel in self._channels:
                self._send(channel, text)

    def _send(self, channel: Callable[[str], bool], text: str) -> None:
        try:
            taken = channel(text)
        except Exception as problem:  # noqa: BLE001 - a channel that fails must not end the others
            self._log.warning("an alarm could not be sent: %s", type(problem).__name__)
            taken = False
        if not taken:
            self.missed += 1
