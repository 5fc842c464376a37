"""A request is waited for until a moment, and no longer; who ends the task meanwhile is heard."""

import asyncio
import sys

import pytest

from riskcore_openalgo.web.deadline import cut_off

BEFORE_COUNTING = sys.version_info < (3, 11)


async def waiting(within_s):
    """Waits for what does not come; its own task, once it is cut off."""
    try:
        with cut_off(asyncio.get_running_loop().time() + within_s):
            await asyncio.Event().wait()
    except asyncio.TimeoutError:
        return asyncio.current_task()


def test_what_comes_in_time_is_not_disturbed():
    async def coming():
        with cut_off(asyncio.get_running_loop().time() + 0.05):
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        return "came"

    assert asyncio.run(coming()) == "came"


@pytest.mark.skipif(BEFORE_COUNTING, reason="Python 3.10 does not count who cancels a task")
def test_a_task_that_was_cut_off_is_as_it_was_before():
    """Nobody who looks at it later takes it for cancelled."""
    task = asyncio.run(waiting(0.01))
    assert task.cancelling() == 0


@pytest.mark.skipif(BEFORE_COUNTING, reason="Python 3.10 does not count who cancels a task")
def test_who_is_cancelled_at_the_very_moment_of_its_deadline_stays_cancelled():
    """The server that stops is not answered with a time-out."""

    async def both():
        task = asyncio.create_task(waiting(0))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(task.cancel)
        await asyncio.wait([task], timeout=5)
        return task.cancelled()

    assert asyncio.run(both())


def test_who_is_cancelled_before_its_deadline_stays_cancelled():
    async def before():
        task = asyncio.create_task(waiting(60))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=5)
        return task.cancelled()

    assert asyncio.run(before())
