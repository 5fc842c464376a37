"""Each planted bug is found by the simulated days, or by the test that it names, within seconds."""

import pytest

from riskcore_openalgo.testing.simulated.living import live_through
from riskcore_openalgo.testing.simulated.script import script_of
from tests.simulation.planted import BUGS
from tests.simulation.test_days import HELD


def test_there_are_a_dozen_of_them():
    assert len(BUGS) >= 12
    assert len({bug.name for bug in BUGS}) == len(BUGS)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug, monkeypatch):
    bug.plant(monkeypatch)
    if bug.test is not None:
        with pytest.raises(AssertionError):
            bug.test()
        return
    found = next(filter(None, (live_through(script_of(seed)).broken for seed in bug.seeds)), "nothing")
    assert found in bug.caught_by


@pytest.mark.parametrize("seed", sorted({seed for bug in BUGS for seed in bug.seeds} - {*HELD}))
def test_without_a_bug_these_days_hold(seed):
    """Those of them that test_days.py does not live anyway."""
    assert live_through(script_of(seed)).what == ""
