"""What can be wrong with a journal. Each message names the place and the remedy."""

from __future__ import annotations


class JournalBroken(RuntimeError):
    """The chain does not hold, or this is not a journal this version can use; the first bad row is named."""


class TableMissing(JournalBroken):
    """A table that is worked out from the rows is not there; whoever opens the journal to write makes it again."""


class JournalConflict(RuntimeError):
    """Another process has written to this journal since it was opened."""


class JournalLost(RuntimeError):
    """Neither the database nor the spool took the rows; they wait in memory."""


class JournalInUse(RuntimeError):
    """Another process writes to this journal: one writer an account."""


class JournalTaken(JournalInUse):
    """Another process has begun to send for the account: this one may neither write nor send any more."""


class JournalMoved(RuntimeError):
    """The journal has gone on since its head was looked at: look again, and decide again."""
