"""How often OpenAlgo may be called: orders and reads apart, with tokens kept for exits, shared by all lanes.

OpenAlgo counts 10 a second for each order call in a moving window; brokers count 10 a second over all of them, by the
second of their own clock. Our clock is not theirs, so the window here moves too: what holds in every second holds in
each of theirs.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

ENTRY: Final = "entry"
EXIT: Final = "exit"
READ: Final = "read"
WINDOW_S: Final = 1.0
ORDERS_PER_S: Final = 7
RESERVED_FOR_EXITS: Final = 3
READS_PER_S: Final = 20
FEW_READS_PER_S: Final = 5
"""Where a broker takes few calls: it counts those of orders and of its own plugin in the same second."""


class Budget:
    """Tokens of one OpenAlgo: placements, changes and cancels together, and reads apart.

    In any second at most `orders_per_s` order calls go out, of which entries leave `reserved_for_exits` free, and at
    most `reads_per_s` reads. One budget may serve any number of threads; `monotonic` and `sleep` are injected.
    """

    def __init__(
        self,
        *,
        orders_per_s: int = ORDERS_PER_S,
        reserved_for_exits: int = RESERVED_FOR_EXITS,
        reads_per_s: int = READS_PER_S,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not 0 <= reserved_for_exits < orders_per_s:
            raise ValueError(
                f"Budget: reserved_for_exits must be 0 or more, and below orders_per_s ({orders_per_s}), "
                f"got {reserved_for_exits}"
            )
        if reads_per_s < 1:
            raise ValueError(f"Budget: reads_per_s must be 1 or more, got {reads_per_s}")
        self._most = {ENTRY: orders_per_s - reserved_for_exits, EXIT: orders_per_s, READ: reads_per_s}
        orders: deque[float] = deque()
        self._taken = {ENTRY: orders, EXIT: orders, READ: deque[float]()}
        self._not_before = {ENTRY: float("-inf"), EXIT: float("-inf"), READ: float("-inf")}
        self._reads_per_s = reads_per_s
        self._monotonic, self._sleep = monotonic, sleep
        self._lock = threading.Lock()

    def take(self, kind: str, wait_s: float = 0.0) -> bool:
        """Take a token of a kind (`entry`, `exit`, `read`), waiting at most `wait_s` seconds; whether it was taken."""
        deadline = self._monotonic() + wait_s
        while True:
            with self._lock:
                now = self._monotonic()
                free_at = self._free_at(kind, now)
                if free_at <= now:
                    self._taken[kind].append(now)
                    return True
            if free_at > deadline:
                return False
            self._sleep(free_at - now)

    def read_fewer(self, *, few: bool) -> None:
        """Whether reads are to leave most of a second to orders from now on."""
        self._most[READ] = min(self._reads_per_s, FEW_READS_PER_S) if few else self._reads_per_s

    def back_off(self, kind: str) -> None:
        """The server said that it was too much: for a second no entry goes (nor a read, where it was a read).

        Exits go on: it is for them that the room is made.
        """
        with self._lock:
            self._not_before[READ if kind == READ else ENTRY] = self._monotonic() + WINDOW_S

    def _free_at(self, kind: str, now: float) -> float:
        """The moment at which there is room for one more."""
        taken, most = self._taken[kind], self._most[kind]
        while taken and taken[0] <= now - WINDOW_S:
            taken.popleft()
        room_at = now if len(taken) < most else taken[len(taken) - most] + WINDOW_S
        return max(room_at, self._not_before[kind])
