"""What the control page answers to an act that neither the journal nor its spool would take."""

import pytest

from riskcore import events
from riskcore_openalgo.journal import Journal, JournalLost
from riskcore_openalgo.web.control.app import _answer
from tests.runner.live_days import live_day


@pytest.fixture
def unwritable(monkeypatch):
    """Have every journal refuse from now on."""

    def lost(self, entries, **_):
        self._queue(entries)
        self.trouble = "database or disk is full"
        raise JournalLost(self.trouble)

    return lambda: monkeypatch.setattr(Journal, "append", lost)


def test_an_exit_by_hand_that_could_not_be_written_down_is_not_called_undone(tmp_path, unwritable, monkeypatch):
    """It goes: whoever read that nothing was done would sell the same shares a second time at the broker."""
    with live_day(tmp_path / "live.db") as day:
        day.entered()
        unwritable()
        ask = day.day.live.runner.ask
        told = ask(events.OperatorExited(day.clock(), "asha", "news", "NSE:INFY"), _answer).result(20)
        assert (told["done"], told["reason"]) == (False, "not_written_down")
        assert "Do not do it again at the broker" in told["why"]
        day.until(lambda: day.broker.truth().position("NSE:INFY") == 0, 1000)
        refused = ask(events.OperatorExited(day.clock(), "asha", "news", "NSE:INFY"), _answer).result(20)
        assert refused["reason"] in events.CONTROL_REFUSALS, "what was refused was not taken, written down or not"
        monkeypatch.undo()
