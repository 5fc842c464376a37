"""`Alarms`: what a runner tells its facts and notices to. Everything to the log at once, and to channels in threads.

What is told from outside the engine (a login that is needed, a lane that failed) becomes a fact first, through the
runner's inputs, so that it is in the journal like the rest; without a runner, or while the journal cannot be written,
it waits in memory.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from riskcore import events
from riskcore_openalgo.alarms.delivery import Channel, Cursors, Delivery, Quiet, Rows
from riskcore_openalgo.alarms.table import CRITICAL, INFO, NOTICES, WARNING, Told, told
from riskcore_openalgo.following import following, signal_of

LOG: Final = logging.getLogger("riskcore")
LEVELS: Final = {CRITICAL: logging.ERROR, WARNING: logging.WARNING, INFO: logging.INFO}
LOOK_S: Final = 1.0
SLOWEST_S: Final = 60.0
DOWN_AFTER: Final = 3
"""After so many rounds in vain the other channels hear of it."""
SYSTEM_ERROR: Final = "system_error"


class Alarms:
    """Tells people. `watch` takes facts, `tell` takes notices; both return at once, from any thread."""

    def __init__(
        self,
        journal: Rows | None = None,
        channels: Sequence[Channel] = (),
        *,
        clock: Callable[[], datetime],
        cursors: Path | None = None,
        quiet: Quiet | None = None,
        log: logging.Logger = LOG,
    ) -> None:
        """`cursors` is the file in which it is kept how far each channel was told."""
        self._journal, self._clock, self._log = journal, clock, log
        self._offer: Callable[[events.Input], None] | None = None
        self._ending = threading.Event()
        self.deliveries: tuple[Delivery, ...] = ()
        if channels:
            if journal is None or cursors is None:
                raise ValueError("channels are told from a journal, behind cursors that are kept: name both")
            kept = Cursors(cursors)
            self.deliveries = tuple(
                Delivery(channel, journal, kept, quiet=quiet or Quiet(), clock=clock) for channel in channels
            )
        self._wakes = [threading.Event() for _ in self.deliveries]
        self._threads = [
            threading.Thread(target=self._run, args=pair, name=f"riskcore-alarms-{pair[0].name}", daemon=True)
            for pair in zip(self.deliveries, self._wakes, strict=True)
        ]
        for thread in self._threads:
            thread.start()

    def through(self, offer: Callable[[events.Input], None]) -> None:
        """From now on notices become inputs of a runner."""
        self._offer = offer

    def watch(self, fact: events.Fact) -> None:
        """Tell what a fact says, if anything."""
        said = told(fact)
        if said is None:
            return
        if not isinstance(fact, events.Noticed):  # `tell` has logged it
            with following(signal_of(fact)):
                self._log.log(LEVELS[said.severity], "%s", said.line)
        if self._journal is None or self._journal.trouble:
            self._past_the_journal(fact.at, said)
        self._wake()

    def tell(self, text: str, *, name: str = SYSTEM_ERROR, subject: str = "") -> None:
        """Give notice of something that no fact tells of."""
        at = self._clock()
        notice = events.NoticeGiven(at, name, subject, text)
        severity, title = NOTICES.get(name, (WARNING, name.upper()))
        said = Told(severity, title, text, f"notice:{name}:{subject}")
        self._log.log(LEVELS[severity], "%s", said.line)
        if self._offer is not None:
            self._offer(notice)
        else:
            self._past_the_journal(at, said)
            self._wake()

    def failed(self, who: str, problem: Exception) -> None:
        """Tell that somebody's code failed, with its error in a line."""
        words = str(problem).splitlines()[0][:200] if str(problem) else "no words"
        self.tell(f"{who} failed: {type(problem).__name__}: {words}", subject=who)

    def lane_failed(self, lane: str, problem: Exception) -> None:
        """Tell that a task of a lane failed."""
        self.failed(f"a task of the lane of {lane}", problem)

    def close(self, within_s: float = 5.0) -> bool:
        """Tell what can still be told, and end the threads; whether they had ended within the time."""
        self._ending.set()
        self._wake()
        for thread in self._threads:
            thread.join(within_s)
        return not any(thread.is_alive() for thread in self._threads)

    def _past_the_journal(self, at: datetime, said: Told) -> None:
        for delivery in self.deliveries:
            delivery.past_the_journal(at, said)

    def _wake(self) -> None:
        for wake in self._wakes:
            wake.set()

    def _run(self, delivery: Delivery, wake: threading.Event) -> None:
        """Round after round; ever more slowly while the channel takes nothing."""
        pause = LOOK_S
        while True:
            wake.wait(pause)
            wake.clear()
            down = delivery.failures >= DOWN_AFTER
            if delivery.round():
                pause = LOOK_S
                if down:
                    self._say(delivery, "channel_up", "takes alerts again; all that waited was told")
            else:
                pause = min(pause * 2, SLOWEST_S)
                if delivery.failures == DOWN_AFTER:
                    self._say(delivery, "channel_down", f"took nothing {DOWN_AFTER} times; what is due waits for it")
                self._ending.wait(pause)
            if self._ending.is_set():
                return

    def _say(self, delivery: Delivery, name: str, what: str) -> None:
        self.tell(f"{delivery.name} {what}", name=name, subject=delivery.name)
