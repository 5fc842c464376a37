"""What goes wrong, scripted: each fault names the calls it strikes and what becomes of them.

| kind | what the caller meets | `executed=False` | `executed=True` |
|---|---|---|---|
| `status` | an answer of `status` with `message` | nothing was done | it was done all the same |
| `timeout` | no answer for `seconds` | nothing is done, the connection ends | done at once, answered late |
| `delay` | a slow answer | waits `seconds`, then does it | does it, then waits: as `timeout` |
| `drop` | the connection ends without an answer | nothing was done | it was done |
| `null_id` | success, but `orderid` is null | nothing was done | it was done |
| `unreadable`, `empty_body` | 200 and half a text (or `message`), or nothing | nothing was done | it was done |
| `html` | a page (or `message`) with `status` | nothing was done | it was done |
| `too_many`, `forbidden` | 429, or 403 | nothing was done | - |
| `semi_auto` | success with `pending_order_id` | waits for `approve` | - |
| `empty` | success, with no rows (`{}` for funds) | - | - |
| `stale` | the answer that this call was given last, as it was then | - | - |
| `lagging` | a book without what is younger than `seconds`; what it has is true | - | - |
| `doubled` | a book in which each row stands twice; with `message="older"` what changed, as it was before | - | - |
| `respelled` | an order book whose ids are numbers, or have more zeros, or other letters (`SPELLINGS`) | - | - |
| `zero_quote`, `wrong_quote`, `stale_quote` | zeros, another instrument, the first quote ever set | - | - |
| `partial` | `fraction` of the quantity fills at once, the rest rests | - | - |
| `reject_later` | accepted with an id, then rejected with `message` | - | - |
| `unheeded` | success of an order, a change or a cancel; nothing is done, or `seconds` later | - | - |
| `fills_first` | a change or a cancel: `fraction` of what is left has just filled | - | - |

A `delay` with `executed=False` is the worst of them: who gave up finds the order in the book later.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

from attrs import field, frozen
from attrs.validators import in_

Kind: TypeAlias = Literal[
    "status", "timeout", "delay", "drop", "null_id", "unreadable", "html", "empty_body", "too_many", "forbidden",
    "semi_auto", "empty", "stale", "lagging", "doubled", "respelled", "zero_quote", "wrong_quote", "stale_quote",
    "partial", "reject_later", "unheeded", "fills_first",
]  # fmt: skip

CALL: Final = frozenset(
    {"status", "timeout", "delay", "drop", "null_id", "unreadable", "html", "empty_body", "too_many", "forbidden"}
    | {"semi_auto", "empty", "stale", "lagging", "doubled", "respelled"}
)
QUOTE: Final = frozenset({"zero_quote", "wrong_quote", "stale_quote"})
ORDER: Final = frozenset({"partial", "reject_later", "unheeded"})
CHANGE: Final = frozenset({"unheeded", "fills_first"})
FOREVER: Final = 0
SPELLINGS: Final = ("number", "zeros", "case")
"""How `respelled` writes the ids of a book: `message` says which."""
OLDER: Final = "older"
"""The `message` with which `doubled` gives each row that has changed as it was in the answer before, beside the new."""


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))


@frozen
class Fault:
    """One thing that goes wrong with calls of `endpoint` (`*` is any), `times` times (0 is until cleared).

    `after` lets that many calls through first. `where` restricts it to requests whose body has these values:
    `Fault("placeorder", "timeout", executed=True, where={"action": "SELL"})`. Of each family (call, quote,
    order, change) the first fault that fits strikes.
    """

    endpoint: str
    kind: Kind = field(validator=in_(CALL | QUOTE | ORDER | CHANGE))
    times: int = field(default=1, kw_only=True)
    after: int = field(default=0, kw_only=True)
    executed: bool = field(default=False, kw_only=True)
    status: int = field(default=500, kw_only=True)
    message: str = field(default="", kw_only=True)
    seconds: float = field(default=0.0, kw_only=True)
    fraction: Decimal = field(default=Decimal("0.5"), converter=_decimal, kw_only=True)
    where: Mapping[str, Any] = field(factory=dict, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.times < 0 or self.after < 0 or self.seconds < 0:
            raise ValueError("a fault's times, after and seconds are 0 or more; times=0 is until cleared")
        if not (self.fraction.is_finite() and 0 <= self.fraction <= 1):
            raise ValueError(f"a fault's fraction is between 0 and 1, got {self.fraction}")

    def fits(self, endpoint: str, body: Mapping[str, Any]) -> bool:
        """Whether it is about such a call."""
        return self.endpoint in {"*", endpoint} and all(body.get(name) == value for name, value in self.where.items())


class Script:
    """The faults still to come, in the order they were written. Any thread may ask.

    `given` is the true answer that each call was given last, by mode and name.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.given: dict[tuple[str, str], Any] = {}
        self._waiting: list[list[Any]] = []

    def add(self, *faults: Fault) -> None:
        """Let these happen too."""
        with self._lock:
            self._waiting += [[fault, fault.after, fault.times] for fault in faults]

    def end(self, *faults: Fault) -> None:
        """These happen no more, however often they were to."""
        with self._lock:
            self._waiting = [row for row in self._waiting if not any(row[0] is fault for fault in faults)]

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._waiting.clear()

    def take(self, endpoint: str, body: Mapping[str, Any], family: frozenset[str]) -> Fault | None:
        """The fault of this family that strikes this call, used up by it."""
        with self._lock:
            for row in self._waiting:
                fault: Fault = row[0]
                if fault.kind not in family or not fault.fits(endpoint, body):
                    continue
                if row[1]:
                    row[1] -= 1
                    continue
                if fault.times != FOREVER:
                    row[2] -= 1
                    if not row[2]:
                        self._waiting.remove(row)
                return fault
        return None

    @property
    def left(self) -> tuple[Fault, ...]:
        """What has not struck yet, or not for the last time: a test may assert that it is empty."""
        with self._lock:
            return tuple(row[0] for row in self._waiting)
