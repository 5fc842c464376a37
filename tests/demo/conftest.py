"""One demo day, played once for all tests of this folder."""

import pytest

from riskcore_openalgo.demo.day import Day
from riskcore_openalgo.journal import Journal


def play(path):
    """Play the whole demo day into a journal, and return it open."""
    journal = Journal(path)
    for _ in Day(journal).play():
        pass
    return journal


@pytest.fixture(scope="session")
def demo_day(tmp_path_factory):
    """The journal of the demo day."""
    journal = play(tmp_path_factory.mktemp("demo") / "day.db")
    yield journal
    journal.close()
