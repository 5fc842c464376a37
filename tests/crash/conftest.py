"""The nurseries of the crash tests, and the cells that run while others are waited for."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import pytest

from tests.crash.cell import Cell, Nursery
from tests.crash.stories import STORIES
from tests.crash.verdict import faults

AT_ONCE = 2
"""Cells that run at once: they wait more than they work."""
TRIES = 3
"""On a machine that stands still for a second an approval runs out, and a cell ends before it is killed."""
MEMORY = Path("/dev/shm")  # noqa: S108 - each cell makes a folder of its own in it
"""A disk in memory, where there is one: what is killed is a process, and no disk."""


def played(cell, story):
    """The cell, after its story."""
    with cell.open():
        cell.play(story)
    return cell


@pytest.fixture(scope="module")
def nursery():
    """One nursery for whoever asks for one thing at a time."""
    made = Nursery()
    yield made
    made.close()


@pytest.fixture(scope="module")
def outcomes(request):
    """What became of a cell: its faults, and what its day told. The next ones of the run are played meanwhile.

    No more of them than are waited for: pytest-xdist tells each of its workers of every test, and most are another's.
    """
    nurseries = SimpleQueue()
    made = [Nursery() for _ in range(AT_ONCE)]
    for one in made:
        nurseries.put(one)

    def play(story, places):
        one = nurseries.get()
        try:
            for _ in range(TRIES):
                with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
                    cell = played(Cell(one, Path(folder), places, **STORIES[story][1]), STORIES[story][0])
                    found, told = faults(cell), cell.told()
                if not cell.left:
                    break
            return found, told
        finally:
            nurseries.put(one)

    params = (getattr(getattr(item, "callspec", None), "params", {}) for item in request.session.items)
    chosen = list(dict.fromkeys((each["story"], each["places"]) for each in params if "story" in each))
    begun = {}

    def outcome(*cell):
        place = chosen.index(cell)
        for each in chosen[place : place + AT_ONCE + 1]:
            if each not in begun:
                begun[each] = pool.submit(play, each[0], each[1].split())
        return begun[cell].result()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield outcome
        pool.shutdown(cancel_futures=True)
    for one in made:
        one.close()
