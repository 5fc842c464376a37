"""Failpoints: places where a test ends this process as hard as a power cut would, to see what a restart makes of it.

A site says `reach("gateway.place.sent")`, and goes on. Only a process that was started with `RISKCORE_FAILPOINT` set
ends there: `NAME`, or `NAME:3` for the third time, or `NAME@EntryApproved` for the first time that what is done there
concerns an `EntryApproved`. Once a process runs, nothing arms it any more. All names are in `FAILPOINTS`.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterable, Mapping
from typing import Final

LOG: Final = logging.getLogger("riskcore")
VARIABLE: Final = "RISKCORE_FAILPOINT"
KILLED: Final = 137
"""How a process ends that was killed by a signal it cannot hear of, where there are no signals."""

FAILPOINTS: Final[Mapping[str, str]] = {
    "client.order.sending": "an order call has its token, and nothing has left",
    "client.order.answered": "OpenAlgo has answered an order call, and nobody has read the answer",
    "gateway.place.sending": "an order passed the last look of the gateway, and was not handed to the client",
    "gateway.place.sent": "an order was sent, and what became of it was not reported",
    "gateway.modify.sending": "a resting order is to be changed, and was seen open in the book",
    "gateway.modify.sent": "a change was sent, and what became of it was not reported",
    "gateway.cancel.sending": "an order is to be cancelled, and was seen open in the book",
    "gateway.cancel.sent": "a cancel was sent, and the books were not read after it",
    "runner.start.folded": "the journal was folded, and nothing was asked again",
    "runner.turn.stepped": "a turn's inputs were taken and stepped through, and none of it was written",
    "runner.turn.durable": "a turn is durable, and nobody was told",
    "runner.answer.giving": "an alert is durable, and its answer was not given",
    "runner.answer.given": "an alert's answer was handed to the intake",
    "runner.commands.starting": "a turn's facts were told, and none of its commands was carried out",
    "runner.commands.between": "one of a turn's commands was handed to its lane, and the rest was not",
    "lanes.report.offering": "what a command brought is known in its lane, and was not offered to the runner",
    "lanes.report.offered": "what a command brought waits for the next turn, and is not in the journal",
    "receipts.rows.writing": "alerts were read by an intake of its own process, and are not in its file",
    "receipts.rows.kept": "alerts are in the intake's file, and neither their senders nor the runner know",
    "receipts.rows.taking": "alerts of the intake's file have come to the runner, and are not in its journal",
    "receipts.rows.taken": "an alert of the intake's file is in the journal, and the intake does not know",
    "intake.answer.sending": "the intake has the answer to an alert, and has not sent it",
    "journal.rows.writing": "rows were chained, and the database was not asked",
    "journal.rows.put": "rows and their projections are in a transaction that was not committed",
    "journal.rows.committed": "rows were committed, and the spool may hold them too",
    "journal.spool.adopting": "rows wait in the spool at a start, and none went into the database",
    "journal.spool.adopted": "rows from the spool went into the database at a start, and are in the spool still",
    "journal.snapshot.put": "a snapshot is in a transaction that was not committed",
    "journal.snapshot.kept": "a snapshot was committed",
    "journal.verified.put": "how far the chain was verified is noted in a transaction that was not committed",
    "journal.verified.kept": "how far the chain was verified was committed",
    "journal.sender.put": "who sends for the account is noted in a transaction that was not committed",
    "journal.sender.kept": "who sends for the account was committed, and nothing has been sent",
    "journal.schema.put": "the tables of a new journal are in a transaction that was not committed",
    "journal.schema.made": "the tables of a new journal were made",
    "journal.copy.begun": "a journal of an older schema is being copied, and the copy is not whole",
    "journal.copy.made": "a journal of an older schema was copied, and nothing in it was changed",
    "journal.migration.put": "a journal's schema was changed in a transaction that was not committed",
    "journal.migration.kept": "a journal's schema was changed",
    "journal.tables.put": "a derived table was made again in a transaction that was not committed",
    "journal.tables.kept": "a derived table was made again",
    "journal.takeover.put": "rows of another journal are in a transaction that was not committed",
    "journal.takeover.kept": "rows of another journal were taken over",
    "journal.prune.put": "rows were pruned in a transaction that was not committed",
    "journal.prune.kept": "rows were pruned, and their room was not given back",
    "spool.rows.written": "rows were written to the spool, and not synced to the disk",
    "spool.rows.kept": "rows are in the spool, and its reader in memory does not know it",
    "spool.clearing": "the database has what waits in the spool, which still has it too",
    "spool.syncing": "the spool's file is about to be synced to the disk",
    "spool.synced": "the spool's file was synced to the disk",
}
"""Every failpoint, and what is so when it is reached."""


class Armed:
    """The one place where this process is to end, and how often it is still to be passed."""

    def __init__(self, name: str, subject: str, times: int) -> None:
        self.name, self.subject, self._left = name, subject, times
        self._lock = threading.Lock()

    def met(self, name: str, about: Iterable[object]) -> None:
        """End the process, if this is the place and the time."""
        if name != self.name or not (self.subject == "" or any(_called(thing) == self.subject for thing in about)):
            return
        with self._lock:
            self._left -= 1
            if self._left == 0:
                end()


def armed_by(environ: Mapping[str, str]) -> Armed | None:
    """What the environment asks for, or None; `ValueError` where that names no failpoint or no count."""
    wish = environ.get(VARIABLE, "")
    if not wish:
        return None
    place, _, times = wish.partition(":")
    name, _, subject = place.partition("@")
    if name not in FAILPOINTS:
        raise ValueError(f"{VARIABLE}: there is no failpoint {name!r}; they stand in docs/reliability.md. Unset it")
    if times and not (times.isascii() and times.isdigit() and int(times)):
        raise ValueError(f"{VARIABLE}: {times!r} is no count of 1 or more")
    LOG.warning("this process will be killed at %s: %s is set, which is for tests", wish, VARIABLE)
    return Armed(name, subject, int(times or 1))


def end() -> None:
    """End this process now: no handler runs, no buffer is flushed, no lock is given back."""
    if sys.platform == "win32":
        os._exit(KILLED)
    else:
        os.kill(os.getpid(), signal.SIGKILL)


def reach(name: str, about: Iterable[object] = ()) -> None:
    """Pass a failpoint; what is done there concerns `about`. Where this process is to end at it, it ends."""
    if _armed is not None:
        _armed.met(name, about)


def _called(thing: object) -> str:
    """A journal's row bears the type it has; anything else is called by its class."""
    named = getattr(thing, "type", None)
    return named if isinstance(named, str) else type(thing).__name__


_armed: Armed | None = armed_by(os.environ)
