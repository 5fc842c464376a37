"""OpenAlgo's WebSocket, kept up: one thread that connects, authenticates, subscribes, listens, and begins again.

The SDK's own feed is not used: its older line never reconnects and tells no orders, and neither line notices a frozen
peer in time. Here a peer that says nothing for `dead_after_s` is gone, although its TCP connection stands: the ping
that is sent every `ping_every_s` is answered by whoever is alive.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from attrs import frozen

from riskcore_openalgo.live_feed.connection import Connection, Down
from riskcore_openalgo.live_feed.messages import (
    MODES,
    PING,
    PONG,
    QUOTE,
    SUBSCRIBE_ORDERS,
    Answer,
    OrderUpdate,
    Unread,
    authenticate,
    read,
    subscribe,
)
from riskcore_openalgo.live_feed.ticks import Moment, MomentClock, Tick

KEYS_A_REQUEST: Final = 100
MILLISECOND: Final = timedelta(milliseconds=1)
KEY_REFUSED: Final = "AUTHENTICATION_ERROR"
FORGOTTEN: Final = {
    "NOT_AUTHENTICATED": "the server has forgotten the login",
    "BROKER_ERROR": "the server holds no connection to the broker any more; a new login makes another",
}
"""What is answered where only a new login helps: the second after somebody has logged in to the broker anew."""
LONGEST_ROUND_S: Final = 1.0
"""An answer to a ping that took longer says nothing of clocks."""


@frozen(kw_only=True)
class StreamTiming:
    """The times of a stream, in seconds.

    `listen_s` is how long one look at the socket waits: so late a new subscription is sent at most. `connect_s` and
    `login_s` bound the way in. The wait before another try begins at `first_wait_s` and doubles up to `longest_wait_s`;
    a connection that stood for `settled_s` begins anew. `refused_wait_s` follows a refused key. Each wait is shortened
    by up to a half, by chance.
    """

    ping_every_s: float = 3.0
    dead_after_s: float = 8.0
    listen_s: float = 0.2
    connect_s: float = 3.0
    login_s: float = 5.0
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0
    settled_s: float = 10.0
    refused_wait_s: float = 60.0

    def __attrs_post_init__(self) -> None:
        if not 0 < self.ping_every_s < self.dead_after_s:
            told = f"{self.dead_after_s} and {self.ping_every_s}"
            raise ValueError(f"StreamTiming: dead_after_s must be above ping_every_s, got {told}")

    def wait_s(self, failures: int, chance: float) -> float:
        """How long to wait after so many failures in a row; `chance` is from 0 to 1."""
        doubled = self.first_wait_s * 2.0 ** min(failures - 1, 30)
        return min(doubled, self.longest_wait_s) * (1 - chance / 2)


class KeyRefused(Down):
    """The server does not take the API key."""


class Stream:
    """Prices of the watched instruments, and order updates of the account, as callbacks of one thread.

    `api_key` is asked at each login, so that a rotated key is taken up; it is kept nowhere. `on_tick(Tick)`,
    `on_order(OrderUpdate)` and `on_connection(up, why)` must return quickly; one that raises is counted and goes on.
    `on_clock(seconds)` is told at each answered ping how far our clock is ahead of the server's.
    `counts` tells what was not read, refused or failed, by reason. `clock` gives moments by both clocks.
    """

    def __init__(
        self,
        url: str,
        api_key: Callable[[], str],
        *,
        on_tick: Callable[[Tick], Any],
        on_order: Callable[[OrderUpdate], Any],
        on_connection: Callable[[bool, str], Any],
        clock: MomentClock,
        mode: int = QUOTE,
        on_clock: Callable[[Decimal], Any] = lambda ahead_s: None,
        orders: bool = True,
        timing: StreamTiming | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"Stream.mode must be 1 (LTP), 2 (Quote) or 3 (Depth), got {mode!r}")
        Connection(url)
        self.counts: Counter[str] = Counter()
        self.up, self.why = False, "not started"
        self._url, self._api_key, self._mode, self._orders = url, api_key, mode, orders
        self._on_tick, self._on_order, self._on_connection = on_tick, on_order, on_connection
        self._on_clock = on_clock
        self._pinged: Moment | None = None
        self._clock, self._timing, self._chance = clock, timing or StreamTiming(), chance
        self._wanted: frozenset[str] = frozenset()
        self._repeated: set[str] = set()
        self._asked: set[str] = set()
        self._priced: float | None = None
        self._renewing = threading.Event()
        self._stopping, self._lock = threading.Event(), threading.Lock()
        self._connection: Connection | None = None
        self._thread: threading.Thread | None = None

    def watch(self, keys: Iterable[str]) -> None:
        """Be told the prices of these instruments (`NSE:RELIANCE`) and no others; from any thread, at any time.

        What is not watched any more stays subscribed for as long as the connection stands: at brokers of the XTS family
        OpenAlgo ends its whole feed when one instrument is taken off it.
        """
        self._wanted = frozenset(keys)

    def again(self, keys: Iterable[str]) -> None:
        """Subscribe these once more: the server says yes to everything, and then may send nothing."""
        with self._lock:
            self._repeated |= set(keys)

    def silent_s(self, mono: float) -> float:
        """For how long no price at all has come over a connection that had brought some; 0 where none has."""
        priced = self._priced
        return mono - priced if self.up and priced is not None else 0.0

    def renew(self) -> None:
        """Connect anew: to a client that comes alone OpenAlgo makes another connection to the broker."""
        self._renewing.set()

    def start(self) -> None:
        """Begin; a stream is started once."""
        if self._thread is not None:
            raise RuntimeError("the stream was started before; make another one")
        self._thread = threading.Thread(target=self._run, name="live-feed-stream", daemon=True)
        self._thread.start()

    def stop(self, within_s: float = 5.0) -> bool:
        """End the connection and the thread; whether it had ended within the time."""
        self._stopping.set()
        with self._lock:
            if self._connection is not None:
                self._connection.cut()
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(within_s)
        return not thread.is_alive()

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began, wait_s = self._clock().mono, None
            try:
                self._connected()
            except KeyRefused as problem:
                wait_s, why = self._timing.refused_wait_s * (1 - self._chance() / 2), str(problem)
            except Down as problem:
                why = str(problem)
            except Exception as problem:  # noqa: BLE001 - a fault in one message must not end the feed
                why = f"the stream failed: {type(problem).__name__}"
                self.counts["failed"] += 1
            else:
                break
            settled = self._clock().mono - began >= self._timing.settled_s
            failures = 1 if settled else failures + 1
            self._tell(up=False, why=why)
            self._stopping.wait(self._timing.wait_s(failures, self._chance()) if wait_s is None else wait_s)
        self._tell(up=False, why="stopped")

    def _connected(self) -> None:
        """One connection from its beginning to its end; returns only when the stream is to stop."""
        connection = Connection(self._url)
        with self._lock:
            if self._stopping.is_set():
                return
            self._connection, self._asked = connection, set()
        try:
            connection.open(self._timing.connect_s)
            self._log_in(connection)
            if self._orders:
                connection.send(SUBSCRIBE_ORDERS)
            self._subscribe(connection)
            self._priced = None
            self._renewing.clear()
            self._tell(up=True, why="")
            self._listen(connection)
        except Down:
            if not self._stopping.is_set():
                raise
        finally:
            connection.close()

    def _log_in(self, connection: Connection) -> None:
        """Authenticate, and wait for the answer; what else comes meanwhile is left."""
        key = self._api_key()
        connection.send(authenticate(key))
        give_up = self._clock().mono + self._timing.login_s
        while (now := self._clock()).mono < give_up:
            text = connection.receive(min(self._timing.listen_s, self._timing.login_s))
            said = read(text, now) if text else None
            if not isinstance(said, Answer):
                continue
            if said.kind == "auth" and said.good:
                return
            if not said.good:
                words = said.message.replace(key, "(the key)") if key else said.message
                if said.code != KEY_REFUSED:
                    raise Down(f"the login failed: {words}")
                raise KeyRefused(f"the API key was refused ({words}); see the key on OpenAlgo's API key page")
        raise Down("no answer to the login")

    def _listen(self, connection: Connection) -> None:
        """Hear what comes, and give up after `dead_after_s` of listening to nothing.

        Only time spent listening counts: a process that was held up itself did not hear, and may find all waiting.
        """
        silent_s, longest_s = 0.0, 4 * self._timing.listen_s
        looked = pinged = self._clock().mono
        while not self._stopping.is_set():
            if self._renewing.is_set():
                raise Down("no price came, though the connection stands")
            self._subscribe(connection)
            mono = self._clock().mono
            if mono - pinged >= self._timing.ping_every_s:
                pinged, self._pinged = mono, self._clock()
                connection.send(PING)
            text = connection.receive(self._timing.listen_s)
            now = self._clock()
            silent_s = 0.0 if text is not None else silent_s + min(now.mono - looked, longest_s)
            looked = now.mono
            if silent_s >= self._timing.dead_after_s:
                raise Down(f"the server has said nothing for {silent_s:.1f} s, though the connection stands")
            if text:
                self._hear(read(text, now), now)

    def _subscribe(self, connection: Connection) -> None:
        """Ask for the instruments that are wanted and were not asked for."""
        with self._lock:
            self._asked -= self._repeated
            self._repeated.clear()
        ordered = sorted(self._wanted - self._asked)
        for begin in range(0, len(ordered), KEYS_A_REQUEST):
            connection.send(subscribe(ordered[begin : begin + KEYS_A_REQUEST], self._mode))
        self._asked.update(ordered)

    def _hear(self, said: Tick | OrderUpdate | Answer | Unread, now: Moment) -> None:
        if isinstance(said, Tick):
            self._priced = now.mono
            if said.key in self._wanted:
                self._call(self._on_tick, said)
        elif isinstance(said, OrderUpdate):
            self._call(self._on_order, said)
        elif isinstance(said, Unread):
            self.counts[said.why] += 1
        elif not said.good:
            self.counts[said.code or "refused"] += 1
            if said.code == KEY_REFUSED:
                raise KeyRefused("the API key is refused from now on; see the key on OpenAlgo's API key page")
            if said.code in FORGOTTEN:
                raise Down(FORGOTTEN[said.code])
        elif said.refused:
            self.counts["not_subscribed"] += len(said.refused)
        elif said.kind == PONG:
            self._compare(said.server_at, now)

    def _compare(self, server_at: datetime | None, now: Moment) -> None:
        """Our clock with the server's, at the middle of the way there and back."""
        sent, self._pinged = self._pinged, None
        if sent is None or server_at is None or now.mono - sent.mono > LONGEST_ROUND_S:
            return
        ahead = sent.at + (now.at - sent.at) / 2 - server_at
        self._call(self._on_clock, Decimal(ahead // MILLISECOND) / 1000)

    def _tell(self, *, up: bool, why: str) -> None:
        """Tell a change, and a new reason; not each failed attempt of one kind."""
        if (up, why) != (self.up, self.why):
            self.up, self.why = up, why
            self._call(self._on_connection, up, why)

    def _call(self, callback: Callable[..., Any], *args: Any) -> None:
        try:
            callback(*args)
        except Exception:  # noqa: BLE001 - whoever listens badly must not end the feed for all
            self.counts["callback_failed"] += 1
