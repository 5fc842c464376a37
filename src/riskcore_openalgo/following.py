"""Which signal the work of a thread is for: its id stands on every log line that is written meanwhile."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, Final

SIGNAL: Final[ContextVar[str]] = ContextVar("riskcore_signal", default="")


@contextlib.contextmanager
def following(signal_id: str) -> Iterator[None]:
    """What is logged inside is about this signal; "" changes nothing."""
    if not signal_id:
        yield
        return
    token = SIGNAL.set(signal_id)
    try:
        yield
    finally:
        SIGNAL.reset(token)


def signal_of(event: Any) -> str:
    """The id of the signal that an input, a fact or a command is about; "" where it is about none.

    Orders are named after their signal: `ID` is the entry, `ID:2` its second slice (it keeps that ending), and
    `ID:exit:...` what leaves.
    """
    for path in ("signal.id", "signal_id", "order.signal_id", "order.order_id", "order_id"):
        found = event
        for part in path.split("."):
            found = getattr(found, part, None)
        if isinstance(found, str) and found:
            is_order = path.endswith("order_id")  # the id of an exit signal has that word in it, too
            return found.split(":exit:")[0].split(":stop:")[0] if is_order else found
    return ""
