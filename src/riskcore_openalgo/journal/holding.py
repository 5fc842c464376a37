"""What the writer's connection holds on a PostgreSQL server, so that machines that share one are kept apart.

| held | says | ends |
|---|---|---|
| the journal's advisory lock | nobody else writes this schema | with the connection |
| the account's advisory lock | nobody else sends for the account, from whatever schema of this database | the same |
| the sender's mark, a row of `meta` | who sent last | when a sender ends in order, or another puts its own there |

The locks tell who is there now, the mark tells who was: a writer whose connection was replaced takes the locks again,
and learns by the mark whether somebody has sent in between. Then it may neither write nor send any more.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Any, Final

from attrs import define, field
from sqlalchemy import Connection, delete

from riskcore_openalgo.journal.locks import PAUSE_S, in_use, me
from riskcore_openalgo.journal.schema import SENDER, known, put
from riskcore_openalgo.journal.tables import META
from riskcore_openalgo.journal.troubles import JournalInUse, JournalTaken

HOLDER: Final = """
    SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND l.classid = (%(high)s::bigint)::oid AND l.objid = (%(low)s::bigint)::oid
"""
END_HOLDER: Final = HOLDER.replace("a.application_name", "pg_terminate_backend(a.pid)")
TRY: Final = "SELECT pg_try_advisory_lock(%s::bigint)"
GIVE_BACK: Final = "SELECT pg_advisory_unlock(%s::bigint)"
OURS: Final = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
END_OURS: Final = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE (pid, backend_start) = (%s, %s)"
MARK: Final = "SELECT value FROM meta WHERE key = %s"
OURS_ENDS_S: Final = 1.0
"""So long is a connection of our own waited for that the network cut, and that the server still holds for alive."""


@define
class Hold:
    """The locks and the mark of one writer, taken again by each connection that replaces another."""

    where: str
    schema: str = ""
    wait_s: float = 0.0
    account: str = ""
    mark: str = ""
    _before: tuple[Any, ...] = field(default=(), init=False)

    def take(self, connection: Any) -> None:
        """Take everything on a new connection; `JournalInUse` where another writes, `JournalTaken` where it sends."""
        self._take_journal(connection)
        self._before = connection.execute(OURS).fetchone()
        if self.account:
            self._take_account(connection, JournalTaken)
            self._compare(connection)

    def begin(self, connection: Connection, account: str) -> str:
        """Take the account's lock, and put a new mark; whose mark lay there from a sender that did not end in order."""
        self.account = account
        try:
            self._take_account(connection.connection.driver_connection, JournalInUse)
        except JournalInUse:
            self.account = ""
            raise
        before = known(connection, SENDER) or ""
        self.mark = f"{secrets.token_hex(8)} {me()}"
        put(connection, SENDER, self.mark)
        return before.partition(" ")[2]

    def end(self, connection: Connection) -> None:
        """Take the mark away, where it is ours still, and give back the account's lock."""
        connection.execute(delete(META).where(META.c.key == SENDER, META.c.value == self.mark))
        driver: Any = connection.connection.driver_connection
        driver.execute(GIVE_BACK, (self._number_of_account(),))

    def give_back(self, connection: Any) -> None:
        """Give back the journal's lock: this connection is done with."""
        connection.execute(GIVE_BACK, (self.number(),))

    def forget(self) -> None:
        """Send no more: what a later connection takes is the journal's lock alone."""
        self.account = self.mark = ""

    def number(self) -> int:
        """The number of the journal's lock."""
        return number_of(f"journal in {self.schema}")

    def _take_journal(self, connection: Any) -> None:
        """The journal's lock. A connection of our own that the network cut, and the server did not miss, is ended."""
        ended = self._before and connection.execute(END_OURS, self._before).fetchone()
        wait_s = max(self.wait_s, OURS_ENDS_S) if ended else self.wait_s
        _wait_for(connection, self.number(), wait_s, lambda holder: self._busy(connection, holder))

    def _busy(self, connection: Any, holder: str) -> JournalInUse:
        """Why the journal's lock is not to be had: another writer, who may have begun to send."""
        if self.account:
            self._compare(connection)
        return JournalInUse(in_use(self.where, holder))

    def _take_account(self, connection: Any, kind: type[JournalInUse]) -> None:
        def busy(holder: str) -> JournalInUse:
            return kind(
                f"{self.where}: the orders of this account are sent by {holder or 'another process'}, which keeps "
                "another journal in this database: one sender an account. Stop that one first, and give both the "
                "same address: an account has one journal"
            )

        _wait_for(connection, self._number_of_account(), self.wait_s, busy)

    def _compare(self, connection: Any) -> None:
        found = connection.execute(MARK, (SENDER,)).fetchone()
        if found is None or found[0] != self.mark:
            who = "another process" if found is None else str(found[0]).partition(" ")[2]
            raise JournalTaken(
                f"{self.where}: {who} has begun to send for this account while this process was cut off from the "
                "database: this one writes and sends nothing any more. Look at what is open, and start again the one "
                "that is to go on"
            )

    def _number_of_account(self) -> int:
        return number_of(f"account {self.account}")


def _wait_for(connection: Any, number: int, wait_s: float, busy: Callable[[str], JournalInUse]) -> None:
    """Take a lock, waiting so long for it; what `busy` makes of its holder is raised where it is not to be had."""
    give_up = time.monotonic() + wait_s
    while not connection.execute(TRY, (number,)).fetchone()[0]:
        if time.monotonic() >= give_up:
            holder = connection.execute(HOLDER, halves(number)).fetchone()
            raise busy(str(holder[0]) if holder else "")
        time.sleep(PAUSE_S)


def number_of(what: str) -> int:
    """An advisory lock's number: 64 bits of the name's SHA-256."""
    return int.from_bytes(hashlib.sha256(f"riskcore {what}".encode()).digest()[:8], "big", signed=True)


def halves(number: int) -> dict[str, int]:
    """The number as the server lists it."""
    return {"high": number >> 32 & 0xFFFFFFFF, "low": number & 0xFFFFFFFF}
