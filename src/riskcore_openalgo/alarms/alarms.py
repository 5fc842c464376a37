"""`Alarms`: what a runner tells its facts and notices to. Everything to the log at once, and to channels in threads.

What is told from outside the engine (a login that is needed, a lane that failed) becomes a fact first, through the
runner's inputs, so that it is in the journal like the rest; without a runner, or while the journal cannot be written,
it waits in memory.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from riskcore import events
from riskcore_openalgo.alarms.delivery import Channel, Cursors, Delivery, Quiet, Rows
from riskcore_openalgo.alarms.severities import CRITICAL, DETAIL, INFO, WARNING, Told
from riskcore_openalgo.alarms.table import NOTICES, told
from riskcore_openalgo.following import following, signal_of

LOG: Final = logging.getLogger("riskcore")
LEVELS: Final = {CRITICAL: logging.ERROR, WARNING: logging.WARNING, INFO: logging.INFO, DETAIL: logging.INFO}
LOOK_S: Final = 1.0
SLOWEST_S: Final = 60.0
DOWN_AFTER: Final = 3
"""After so many rounds in vain the other channels hear of it."""
REPLACED_WITHIN_S: Final = 5.0
"""So long is a channel waited for that another takes the place of."""
SYSTEM_ERROR: Final = "system_error"


class _Line:
    """A channel's delivery, and the thread that carries it."""

    thread: threading.Thread

    def __init__(self, delivery: Delivery) -> None:
        self.delivery, self.wake, self.ending = delivery, threading.Event(), threading.Event()

    def end(self) -> None:
        """Let it tell what can still be told, and end."""
        self.ending.set()
        self.wake.set()


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
        label: str = "",
    ) -> None:
        """`cursors` is the file in which it is kept how far each channel was told.

        `label` stands in front of all that is told, where the money is not real: PAPER, say.
        """
        self._label = f"[{label}] " if label else ""
        self._journal, self._clock, self._log = journal, clock, log
        self._offer: Callable[[events.Input], None] | None = None
        self._kept = None if cursors is None else Cursors(cursors)
        self._told: tuple[_Line, ...] = ()
        self.replace(channels, quiet=quiet or Quiet())

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """One for each channel."""
        return tuple(line.delivery for line in self._told)

    def replace(self, channels: Sequence[Channel], *, quiet: Quiet, changed: Collection[str] = ()) -> None:
        """Tell these channels from now on; one that was there and is not `changed` stays as it is, with what it knows.

        A channel of the same name goes on where the one before it was, so that nothing is lost between the two.
        `ValueError` where there is no journal to tell them from.
        """
        if channels and (self._journal is None or self._kept is None):
            raise ValueError("channels are told from a journal, behind cursors that are kept: name both")
        before = {line.delivery.name: line for line in self._told}
        stay = {channel.name for channel in channels} & before.keys() - set(changed)
        gone = [line for name, line in before.items() if name not in stay]
        for line in gone:
            line.end()
        for line in gone:
            line.thread.join(REPLACED_WITHIN_S)
        for name in stay:
            before[name].delivery.like(quiet)
        self._told = tuple(
            before[channel.name] if channel.name in stay else self._begun(channel, quiet, before.get(channel.name))
            for channel in channels
        )

    def _begun(self, channel: Channel, quiet: Quiet, before: _Line | None) -> _Line:
        assert self._journal is not None
        assert self._kept is not None
        delivery = Delivery(channel, self._journal, self._kept, quiet=quiet, clock=self._clock, label=self._label)
        if before is not None:
            delivery.succeeds(before.delivery)
        line = _Line(delivery)
        line.thread = threading.Thread(
            target=self._run, args=(line,), name=f"riskcore-alarms-{channel.name}", daemon=True
        )
        line.thread.start()
        return line

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
                self._log.log(LEVELS[said.severity], "%s%s", self._label, said.line)
        if self._journal is None or self._journal.trouble:
            self._past_the_journal(fact.at, said)
        self._wake()

    def tell(self, text: str, *, name: str = SYSTEM_ERROR, subject: str = "") -> None:
        """Give notice of something that no fact tells of."""
        at = self._clock()
        notice = events.NoticeGiven(at, name, subject, text)
        severity, title = NOTICES.get(name, (WARNING, name.upper()))
        said = Told(severity, title, text, f"notice:{name}:{subject}")
        self._log.log(LEVELS[severity], "%s%s", self._label, said.line)
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
        for line in self._told:
            line.end()
        for line in self._told:
            line.thread.join(within_s)
        return not any(line.thread.is_alive() for line in self._told)

    def _past_the_journal(self, at: datetime, said: Told) -> None:
        for delivery in self.deliveries:
            delivery.past_the_journal(at, said)

    def _wake(self) -> None:
        for line in self._told:
            line.wake.set()

    @staticmethod
    def _tried(delivery: Delivery) -> bool:
        """One round; one that breaks is a failed one, and the channel is tried again."""
        try:
            return delivery.round()
        except Exception:
            LOG.exception("alerts by %s failed for a reason of our own", delivery.name)
            delivery.failures += 1
            return False

    def _run(self, line: _Line) -> None:
        """Round after round; ever more slowly while the channel takes nothing."""
        pause, delivery = LOOK_S, line.delivery
        while True:
            line.wake.wait(pause)
            line.wake.clear()
            down = delivery.failures >= DOWN_AFTER
            if self._tried(delivery):
                pause = LOOK_S
                if down:
                    self._say(delivery, "channel_up", "takes alerts again; all that waited was told")
            else:
                pause = min(pause * 2, SLOWEST_S)
                if delivery.failures == DOWN_AFTER:
                    self._say(delivery, "channel_down", f"took nothing {DOWN_AFTER} times; what is due waits for it")
                line.ending.wait(pause)
            if line.ending.is_set():
                return

    def _say(self, delivery: Delivery, name: str, what: str) -> None:
        self.tell(f"{delivery.name} {what}", name=name, subject=delivery.name)
