"""F50: a live day is killed wherever something is sent or written, started again, and held against the broker."""

import os
from pathlib import Path

import pytest

from riskcore_openalgo.failpoints import FAILPOINTS
from tests.crash.cell import AT_BROKER
from tests.crash.matrix import ALWAYS, CELLS
from tests.crash.test_stores import WORKS
from tests.journal.test_two_machines import CELLS as OF_SENDERS
from tests.runner.test_intake_process import CELLS as OF_THE_INTAKE

pytestmark = pytest.mark.skipif(os.name != "posix", reason="days are forked, and killed by a POSIX signal")
COMMAND = 'python3 tasks.py test -m "matrix or not matrix" "tests/crash/test_matrix.py::{}"'


def every_cell():
    """Every cell by its name; most of them run only where they are asked for."""
    for story, places in CELLS:
        name = " ".join(places)
        marks = (pytest.mark.smoke,) if (story, name) in ALWAYS else (pytest.mark.matrix,)
        yield pytest.param(story, name, id=f"{story}-{name.replace(' ', ',')}", marks=marks)


@pytest.mark.parametrize(("story", "places"), list(every_cell()))
def test_F50_a_day_killed_here_loses_no_share_and_sends_no_second_order(story, places, outcomes, request):
    """The broker's truth, the journal, the book, the counters and the answers agree in the end."""
    again = f"\nto run it again: {COMMAND.format(request.node.name)}"
    try:
        found, told = outcomes(story, places)
    except Exception as problem:
        raise AssertionError(f"{problem}{again}") from problem
    assert not found, "\n".join([*found, told, again])


def test_every_failpoint_has_a_cell():
    """One that is never reached protects nothing."""
    named = {place.partition("@")[0].partition(":")[0] for _, places in CELLS for place in places}
    intake = {place.partition("@")[0] for place in OF_THE_INTAKE}
    assert named - {AT_BROKER} | {place for place, _ in WORKS} | intake | {*OF_SENDERS} == set(FAILPOINTS)


def test_all_that_is_marked_stands_in_the_folder_that_ci_names():
    """Its step collects this folder alone; what is marked elsewhere would run nowhere."""
    here = Path(__file__).parent
    marked = [path for path in here.parent.rglob("*.py") if "mark.matrix" in path.read_text(encoding="utf-8")]
    assert {path.parent for path in marked} == {here}
    assert "-m matrix -n auto --dist worksteal tests/crash\n" in (here.parents[1] / ".ci" / "run").read_text()


def test_what_always_runs_is_part_of_the_matrix():
    """A cell that was renamed is noticed."""
    assert {(story, " ".join(places)) for story, places in CELLS} >= ALWAYS
