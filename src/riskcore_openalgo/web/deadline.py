"""A moment after which a request is not waited for any more."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def cut_off(deadline: float) -> Iterator[None]:
    """`asyncio.TimeoutError` out of what is still waited for at a moment of the event loop's clock.

    A task that somebody else cancels too stays cancelled (from Python 3.11 on, which counts who does).
    `asyncio.timeout_at` came with 3.11; `asyncio.wait_for` made a task of each body before 3.12.
    """
    task, late = asyncio.current_task(), False
    before = _cancels(task)

    def cut() -> None:
        nonlocal late
        late = True
        if task is not None:
            task.cancel()

    timer = asyncio.get_running_loop().call_at(deadline, cut)
    try:
        yield
    except asyncio.CancelledError:
        if not late or _cancels(task, taken_back=True) > before:
            raise
        raise asyncio.TimeoutError from None
    finally:
        timer.cancel()


def _cancels(task: asyncio.Task[Any] | None, *, taken_back: bool = False) -> int:
    """How many want a task cancelled; without ours, where it is taken back. Python 3.10 does not count them."""
    if task is None or sys.version_info < (3, 11):
        return 0
    return task.uncancel() if taken_back else task.cancelling()
