"""Who may come in to the control page: logins, sessions, tokens, and the lock-out. In memory: a restart logs all out.

A session is a cookie that names a session this process knows, signed and dated; a token of it goes with every act, and
every act bears a number used once, so that neither a forged form nor a request sent again does anything.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from attrs import define, field, frozen

from riskcore_openalgo.web.control.passwords import hashed, is_right

TRIES: Final = 5
"""Wrong passwords from one address within `WINDOW_S`, after which it is locked out until they are that old."""
TRIES_IN_ALL: Final = 40
WINDOW_S: Final = 900.0
SESSIONS: Final = 50
ONCE: Final = 10_000
FORM_S: Final = 3_600


@define
class Session:
    """Somebody who is logged in."""

    id: str
    user: str
    ends: float
    used: set[str] = field(factory=set)


@frozen
class LoggedIn:
    """The cookie of a new session."""

    cookie: str
    user: str


@frozen
class Turned:
    """Nobody comes in: why, how long to wait, and whether this is the try that locked the address out."""

    why: str
    wait_s: float = 0.0
    locked: bool = False


class Doors:
    """The users, the sessions and the wrong tries; safe to call from several threads."""

    def __init__(
        self, users: Mapping[str, str], *, session_s: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._users, self._session_s, self._monotonic = dict(users), session_s, monotonic
        self._key = secrets.token_bytes(32)
        self._nobody = hashed(secrets.token_hex(16))
        self._sessions: dict[str, Session] = {}
        self._wrong: deque[tuple[float, str]] = deque(maxlen=TRIES_IN_ALL * 4)
        self._lock, self._one_at_a_time = threading.Lock(), threading.Lock()

    def login(self, user: str, password: str, address: str) -> LoggedIn | Turned:
        """A password is compared, one at a time; a wrong one counts, and a locked address is not heard."""
        with self._one_at_a_time:
            wait = self.locked_for(address)
            if wait:
                return Turned("locked_out", wait)
            known = self._users.get(user)
            right = is_right(password, known or self._nobody) and known is not None
            return self._enter(user) if right else self._refuse(address)

    def replace(self, users: Mapping[str, str]) -> None:
        """From now on these may log in; whoever is gone, or has another password now, is logged out."""
        with self._lock:
            before, self._users = self._users, dict(users)
            for name, session in list(self._sessions.items()):
                if self._users.get(session.user) != before.get(session.user):
                    del self._sessions[name]

    def locked_for(self, address: str) -> float:
        """How many seconds no login from an address is heard; 0: it is."""
        now = self._monotonic()
        with self._lock:
            while self._wrong and now - self._wrong[0][0] >= WINDOW_S:
                self._wrong.popleft()
            own = [at for at, where in self._wrong if where == address]
            every = [at for at, _ in self._wrong]
        waits = [own[-TRIES] + WINDOW_S - now] if len(own) >= TRIES else []
        waits += [every[-TRIES_IN_ALL] + WINDOW_S - now] if len(every) >= TRIES_IN_ALL else []
        return max(waits, default=0.0)

    def session(self, cookie: str) -> Session | None:
        """The session of a cookie: ours, not ended, not logged out; else None."""
        name, _, signature = cookie.rpartition(".")
        if not name or not hmac.compare_digest(signature.encode(), self._sign("cookie", name).encode()):
            return None
        with self._lock:
            found = self._sessions.get(name)
            if found is not None and self._monotonic() >= found.ends:
                del self._sessions[name]
                found = None
        return found

    def token(self, session: Session) -> str:
        """What each act of a session must bring along: a page of another origin cannot read it."""
        return self._sign("token", session.id)

    def is_token(self, session: Session, token: str) -> bool:
        """Whether it is the token of this session."""
        return hmac.compare_digest(token.encode(), self.token(session).encode())

    def first_time(self, session: Session, number: str) -> bool:
        """Whether an act's number was never seen in this session; then it is taken as used."""
        with self._lock:
            if not 16 <= len(number) <= 64 or number in session.used or len(session.used) >= ONCE:
                return False
            session.used.add(number)
        return True

    def logout(self, session: Session) -> None:
        """End a session: its cookie opens nothing any more."""
        with self._lock:
            self._sessions.pop(session.id, None)

    def form(self) -> str:
        """What the login's form must bring along; it holds for an hour."""
        made = str(int(self._monotonic()))
        return f"{made}.{self._sign('form', made)}"

    def is_form(self, text: str) -> bool:
        """Whether a login's form came from here, lately."""
        made, _, signature = text.partition(".")
        if not made.isdecimal() or len(made) > 12:
            return False
        young = 0 <= self._monotonic() - int(made) <= FORM_S
        return young and hmac.compare_digest(signature.encode(), self._sign("form", made).encode())

    def _enter(self, user: str) -> LoggedIn:
        name = secrets.token_urlsafe(24)
        with self._lock:
            while len(self._sessions) >= SESSIONS:
                del self._sessions[next(iter(self._sessions))]
            self._sessions[name] = Session(name, user, self._monotonic() + self._session_s)
        return LoggedIn(f"{name}.{self._sign('cookie', name)}", user)

    def _refuse(self, address: str) -> Turned:
        with self._lock:
            self._wrong.append((self._monotonic(), address))
        wait = self.locked_for(address)
        return Turned("locked_out", wait, locked=True) if wait else Turned("wrong_password")

    def _sign(self, what: str, text: str) -> str:
        return hmac.new(self._key, f"{what}:{text}".encode(), hashlib.sha256).hexdigest()
