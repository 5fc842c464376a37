"""The one place that calls the SDK: the key, the timeouts, the budget, and what may be repeated (reads alone)."""

from __future__ import annotations

import copy
import random
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from math import inf
from typing import Any, Final, TypeAlias

import openalgo

import riskcore as rc
from riskcore_openalgo.client import fields
from riskcore_openalgo.client.budget import READ, Budget
from riskcore_openalgo.client.failures import RATE_LIMITED, ReadFailed
from riskcore_openalgo.client.outcomes import ANALYZE, LIVE
from riskcore_openalgo.client.reply import Reply, empty_if_stumbled, read_reply, without

READ_TRIES: Final = 3
READ_WAIT_S: Final = 2.0
PAUSE_S: Final = 0.2
PAUSE_LONGEST_S: Final = 1.0
ACCOUNT_CALLS: Final = frozenset(
    ("placeorder", "modifyorder", "cancelorder", "orderbook", "tradebook", "positionbook", "holdings", "funds")
)
"""The calls whose success says `mode: analyze` in the sandbox, and nothing of a mode when it is live."""
PACED: Final = frozenset(("orderbook", "tradebook", "positionbook", "holdings"))
FUNDS: Final = "funds"
"""Paced like a book where these are shown once a second: where an error comes as nothing, so does a call too many."""
PACE_S: Final = 1.1
"""From one answer to the next reading of a book, where a broker shows it once a second: its clock is not ours."""
BOOKS_SHARE: Final = 0.6
"""Of the calls that a broker takes in a minute, what the readings of books may use: orders, money and bars are more."""
POLLS_SHARE: Final = 0.12
"""The same of quotes that are asked for beside the stream."""
SEGMENTS_MORE: Final = 3
"""Calls beside one for each book, where orders, trades and positions are asked for in two segments each."""
AHEAD: Final = 4
"""So many readings of a book may come one after the other before its pace holds: a fill gets its stop at once."""

Turn: TypeAlias = Callable[[], float]
"""How long a book waits for its turn now, in seconds."""


class Calls:
    """Calls of one OpenAlgo with one key. What an SDK call returns is read into a `Reply`; none ever raises.

    An order is called once. A read is repeated where that may help, at most `READ_TRIES` times, after pauses that grow
    and are jittered, and not once two timeouts' time has passed. `sdk`, if given, is called in place of one's own.
    """

    def __init__(
        self,
        host: str,
        api_key: str,
        ws_url: str | None,
        *,
        timeout_s: float,
        analyzer_timeout_s: float,
        budget: Budget,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        monotonic: Callable[[], float] = time.monotonic,
        sdk: Any = None,
    ) -> None:
        self._ws_url, self.host = ws_url, host
        self._timeout_s, self._slowest_s = timeout_s, max(timeout_s, analyzer_timeout_s)
        self._retired: list[Any] = []  # of keys that were replaced: a call may still be under way over one
        self._take(api_key, sdk)
        self.seen: Callable[[str, float, bool], None] | None = None
        self._row: rc.Capability | None = None
        self._traded = 0
        self._lock = threading.Lock()
        self._turns = {method: threading.Lock() for method in (*PACED, FUNDS)}
        self._due_at: dict[str, float] = {}
        self._to_come: dict[str, Future[Reply]] = {}
        self._sleep, self._jitter, self._monotonic = sleep, jitter, monotonic
        self.budget = budget
        self.seen_mode: str | None = None

    def __repr__(self) -> str:
        return f"Calls({self.host!r})"

    def rekey(self, api_key: str) -> None:
        """From the next call on, use another key; a call under way ends with the one it began with."""
        self._retired.append(self._sdk)
        self._take(api_key, None)

    def _take(self, api_key: str, sdk: Any) -> None:
        if sdk is None:
            sdk = openalgo.api(api_key, host=self.host, timeout=self._timeout_s, ws_url=self._ws_url)
        self._sdk = sdk
        self._slow_sdk = copy.copy(self._sdk)  # the same connections, and a timeout of its own
        self._slow_sdk.timeout = self._slowest_s
        self._key = api_key

    def pace(self, row: rc.Capability) -> None:
        """Ask no more than a broker takes, by its row: each book once a second, so many calls of all kinds in a minute.

        With `trades_by_order` the trades of each order are one of these, and so is each segment of the other books.
        """
        self._row = row
        self.budget.read_fewer(few=row.calls_a_minute is not None)

    def pause_s(self, instruments: int, contracts: int) -> float:
        """From one round of polled quotes to the next, as the broker's minute allows for the calls that it costs."""
        row = self._row
        if row is None or row.calls_a_minute is None:
            return 0.0
        return 60 * (instruments if row.quotes_apart else 1 + contracts) / (POLLS_SHARE * row.calls_a_minute)

    def books_every_s(self) -> float:
        """How long each book waits for its turn in the long run."""
        return self._book_pace()[0]

    @property
    def ws_url(self) -> str:
        """Where the prices stream: as given, else as the SDK makes it of the host (always without TLS)."""
        return str(self._sdk.ws_url)

    def stream_login(self) -> str:
        """The key, which the price stream's login takes."""
        return self._key

    def has(self, method: str) -> bool:
        """Whether the installed SDK has a method."""
        return callable(getattr(self._sdk, method, None))

    def order(self, method: str, kind: str, **arguments: Any) -> Reply:
        """One call that changes something: sent once, whatever comes of it. The token was taken before."""
        sdk = self._slow_sdk if self.seen_mode == ANALYZE else self._sdk
        reply = self._once(sdk, method, arguments)
        self._books_give_way()
        if not reply.ok and reply.error == RATE_LIMITED:
            self.budget.back_off(kind)
        return reply

    def tell(self, method: str, **arguments: Any) -> bool:
        """One call that concerns neither orders nor books; whether it was taken. Not repeated, and costs no token."""
        return self._once(self._sdk, method, arguments).ok

    def ping(self) -> Reply:
        """Neither line of the SDK has `ping`; both make all their requests in this one way."""
        return self.read("ping", "_make_request", endpoint="ping", payload={"apikey": self._key})

    def read(self, what: str, method: str, **arguments: Any) -> Reply:
        """The successful reply of a read, repeated where that may help; else `ReadFailed`."""
        reply = self.attempt(what, method, **arguments)
        if not reply.ok:
            raise ReadFailed(what, reply.words, reply.error)
        return reply

    def attempt(self, what: str, method: str, **arguments: Any) -> Reply:
        """The last reply of a read, whatever it is; `ReadFailed` where no token was left to ask at all."""
        began = self._monotonic()
        for tried in range(1, READ_TRIES + 1):
            if not self.budget.take(READ, READ_WAIT_S):
                raise ReadFailed(what, f"no token for a read within {READ_WAIT_S:g} s", RATE_LIMITED)
            reply = self._read_once(method, arguments)
            spent = self._monotonic() - began
            if reply.ok or not reply.passing or tried == READ_TRIES or spent >= 2 * self._timeout_s:
                return reply
            if reply.error == RATE_LIMITED:
                self.budget.back_off(READ)
            self._sleep(min(PAUSE_LONGEST_S, PAUSE_S * 2**tried) * self._jitter())
        raise AssertionError("a read is tried once at least")

    def frame(self, what: str, **arguments: Any) -> Any:
        """What `history` gives: a DataFrame, or None where there is no data for the time asked for."""
        reply = self.attempt(what, "history", **arguments)
        if reply.ok:
            return reply.body.get("frame")
        if reply.kind == "no_data":
            return None
        raise ReadFailed(what, reply.words, reply.error)

    def close(self) -> None:
        """Close the connections that the SDK keeps open (2.x does)."""
        if self.has("close"):
            for sdk in (*self._retired, self._sdk):
                sdk.close()

    def _read_once(self, method: str, arguments: dict[str, Any]) -> Reply:
        """One call of a read. Where the broker paces its books it waits its turn, and one answer serves all who do."""
        every_s, ahead = self._book_pace()
        once_a_second = self._row is not None and self._row.paces_books
        if not every_s or not (method in PACED or (once_a_second and method == FUNDS)):
            return self._once(self._sdk, method, arguments)
        with self._lock:
            shared = self._to_come.get(method)
            mine = self._to_come.setdefault(method, Future())
        if shared is not None:
            return shared.result()
        reply = Reply(ok=False, body={}, words="the reading was broken off", kind="unknown_error")
        try:
            with self._turns[method]:
                reply = self._in_its_turn(method, arguments, every_s, ahead)
        finally:
            with self._lock:
                if self._to_come.get(method) is mine:
                    del self._to_come[method]
            mine.set_result(reply)
        return reply

    def _book_pace(self) -> tuple[float, int]:
        """How long after its last answer a book is read again in the long run, and how many readings ahead of that."""
        row = self._row
        if row is None:
            return 0.0, AHEAD
        calls = len(PACED) + (SEGMENTS_MORE + self._traded if row.trades_by_order else 0)
        minute_s = 60 * calls / (BOOKS_SHARE * row.calls_a_minute) if row.calls_a_minute else 0.0
        return (max(PACE_S, minute_s), 0) if row.paces_books else (minute_s, AHEAD)

    def _books_give_way(self) -> None:
        """An order call takes one from the readings of books, of which a stop that trails makes dozens in a minute.

        None waits for that longer than a minute: by then the broker counts those calls no more.
        """
        if self._row is not None and self._row.calls_a_minute:
            every_s, ahead = self._book_pace()
            for book in PACED:
                self._put_off(book, every_s / len(PACED), 60 + ahead * every_s)

    def _put_off(self, book: str, by_s: float, most_s: float = inf) -> None:
        """Let a book wait longer for its turn, for orders until `most_s` from now at most."""
        with self._lock:
            now = self._monotonic()
            due_at = max(self._due_at.get(book, 0.0), now)
            self._due_at[book] = max(due_at, min(due_at + by_s, now + most_s))

    def _in_its_turn(self, method: str, arguments: dict[str, Any], every_s: float, ahead: int) -> Reply:
        """One call, `every_s` after the answer to the last: a plugin may have asked again meanwhile, on its own."""
        wait_s = self._due_at.get(method, 0.0) - ahead * every_s - self._monotonic()
        if wait_s > 0:
            self._sleep(wait_s)
        with self._lock:
            del self._to_come[method]  # whoever comes from here on asks after this one
        try:
            reply = self._once(self._sdk, method, arguments)
        finally:
            self._put_off(method, every_s)
        if method == "tradebook" and reply.ok:
            self._traded = _orders_in(reply.body.get("data"))
        return reply

    def _once(self, sdk: Any, method: str, arguments: dict[str, Any]) -> Reply:
        began = self._monotonic()
        reply = self._asked(sdk, method, arguments)
        if self.seen is not None:
            self.seen(method.strip("_"), self._monotonic() - began, reply.ok)
        return reply

    def _asked(self, sdk: Any, method: str, arguments: dict[str, Any]) -> Reply:
        try:
            raw = getattr(sdk, method)(**arguments)
        except Exception as problem:  # noqa: BLE001 - whatever it was, the server may have been called
            words = without(f"the SDK raised {type(problem).__name__}: {problem}", self._key)
            return Reply(ok=False, body={}, words=words, kind="unknown_error")
        if hasattr(raw, "columns"):
            return Reply(ok=True, body={"frame": raw})
        reply = empty_if_stumbled(method, read_reply(raw, self._key))
        if reply.ok and method in ACCOUNT_CALLS:
            self._note_mode(reply)
        return reply

    def _note_mode(self, reply: Reply) -> None:
        """Remember the mode that an answer of the account gives away; one held for approval gives away nothing."""
        mode = reply.body.get("mode", LIVE)
        if mode in (ANALYZE, LIVE):
            self.seen_mode = str(mode)


def _orders_in(trades: Any) -> int:
    """How many orders a trade book names; what is no row in it is told where the rows are read."""
    rows = trades if isinstance(trades, list) else ()
    return len({fields.identity(row.get("orderid")) for row in rows if isinstance(row, Mapping)})
