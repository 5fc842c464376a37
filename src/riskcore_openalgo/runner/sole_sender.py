"""One sender an account: whoever sends orders with a key holds a lock on it, whatever journal it keeps.

A journal has one writer. Two journals at one account, by a misspelt path, would each count trades and losses by
themselves, and each take the other's shares for somebody else's hand. The lock here is a file, which one user of one
machine sees; machines that share a PostgreSQL database are kept apart by `Journal.sending`, under `account_of`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from riskcore_openalgo.client import Client
from riskcore_openalgo.journal.locks import FileLock
from riskcore_openalgo.journal.server import state_folder

ACCOUNTS: Final = "accounts"


@contextmanager
def sole_sender(client: Client, *, analyzer: bool, wait_s: float = 0.0) -> Iterator[None]:
    """Be the only one on this machine, for this user, who sends with this key; the sandbox is another account.

    `JournalInUse`, naming the holder, where another process is by the end of `wait_s`; `ValueError` where there is no
    place for the lock.
    """
    place = state_folder() / ACCOUNTS / f"{_mark(client, analyzer=analyzer)}.lock"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place, f"the account at {client.host}", wait_s)
    except OSError as problem:
        raise ValueError(
            f"{place}: cannot be made ({problem.strerror}), so nobody could tell whether another runner trades this "
            "account; set XDG_STATE_HOME to a folder that can be written"
        ) from None
    try:
        yield
    finally:
        lock.release()


def account_of(client: Client, *, analyzer: bool) -> str:
    """The account's name for a database: the same from every machine, by whatever address that knows OpenAlgo."""
    return _name(client.stream_login(), "analyze" if analyzer else "live")


def _mark(client: Client, *, analyzer: bool) -> str:
    """A name that says which OpenAlgo, key and mode it is, and from which none of them can be read."""
    host = client.host.rstrip("/").replace("//localhost", "//127.0.0.1")
    return _name(host, client.stream_login(), "analyze" if analyzer else "live")


def _name(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
