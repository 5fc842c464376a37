"""Two scripts at one account, and a script beside a runner: one writer at a time, and nobody acts on an old look."""

import pytest

from riskcore import events
from riskcore_openalgo.desk import DeskError
from riskcore_openalgo.journal import Journal
from tests.desk.scripts import ONE_POSITION, Going, account


@pytest.fixture
def here(tmp_path):
    with account(tmp_path / "desk.db") as made:
        yield made


def test_two_processes_cannot_take_the_same_last_place(tmp_path):
    """Both decide, and both send: one order goes out, and the other hears that it is to decide again."""
    with account(tmp_path / "desk.db", clock=Going()) as here:
        with here.desk(ONE_POSITION) as desk:
            desk.book()
        children = [here.child(symbol) for symbol in ("INFY", "TCS")]
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        told = sorted(child.communicate(timeout=60)[0].strip() for child in children)
    assert told[0] == "filled"
    assert told[1].startswith("stale: ")
    assert "decide again" in told[1]
    assert here.sent() == [("BUY", "LIMIT"), ("SELL", "SL")]


def test_an_old_look_is_stale_and_the_next_one_counts_what_the_other_script_did(here):
    with here.desk(ONE_POSITION) as one, here.desk(ONE_POSITION) as other:
        decision = other.decide(here.signal("TCS"))
        first = one.decide(here.signal("INFY"))
        assert one.send(first).status == "filled"
        with pytest.raises(DeskError, match="look again, and decide again") as caught:
            other.send(decision)
        assert caught.value.kind == "stale"
        again = other.decide(here.signal("TCS"))
        assert "max_positions" in again.explain()
    assert len(here.facts(events.EntryApproved)) == 1


def test_a_script_stands_back_while_a_runner_writes_the_journal(here):
    with here.desk() as desk:
        decision = desk.decide(here.signal())
        with Journal(here.path):
            for refused in (lambda: desk.send(decision), desk.book, lambda: desk.exit("INFY"), desk.watch):
                with pytest.raises(DeskError, match="is being written by process") as caught:
                    refused()
                assert caught.value.kind == "runner_is_live"
        assert desk.send(decision).status == "filled"


def test_a_script_stands_back_while_another_journal_trades_the_same_account(here, tmp_path):
    """A misspelt journal would count the day's trades anew, and take the other's shares for somebody else's hand."""
    with here.desk() as desk, here.desk(journal=tmp_path / "other.db") as other:
        decision = other.decide(here.signal())
        with desk._opened():
            for refused in (lambda: other.send(decision), other.book, lambda: other.exit("INFY"), other.watch):
                with pytest.raises(DeskError, match=r"the account at .* is being written by process") as caught:
                    refused()
                assert caught.value.kind == "runner_is_live"
            assert here.sent() == []
        assert other.send(decision).status == "filled"
