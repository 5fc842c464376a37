"""Orders of which nobody can say what became of them, and scripts that die: nothing is lost, nothing is sent twice."""

import contextlib
import time
from decimal import Decimal

import attrs
import pytest

from riskcore import events
from riskcore_openalgo.journal import JournalBroken, Reader
from riskcore_openalgo.testing import Fault
from tests.desk.scripts import POLICY, Going, account

pytestmark = pytest.mark.smoke  # under the older line of the SDK too

LATE = attrs.evolve(POLICY, unknown_match_s=120)


@pytest.fixture
def here(tmp_path):
    with account(tmp_path / "desk.db") as made:
        yield made


def until(condition):
    """Wait until something holds."""
    ends = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < ends, "not within 60 s"
        time.sleep(0.02)


# ---------------------------------------------------------------- an answer that does not come


@pytest.mark.parametrize("kind", ["drop", "status", "null_id", "html"])
def test_an_answer_that_says_nothing_is_settled_by_the_books_within_the_send(here, kind):
    here.broker.script(Fault("placeorder", kind, executed=True))
    with here.desk() as desk:
        sent = here.entered(desk)
    assert (sent.status, sent.filled_quantity, sent.stop_rests) == ("filled", 76, True)
    assert here.sent() == [("BUY", "LIMIT"), ("SELL", "SL")]


def test_an_order_that_nobody_can_find_ends_as_unknown_and_is_settled_when_it_turns_up(here):
    here.broker.script(Fault("placeorder", "drop"))
    with here.desk(LATE) as desk:
        sent = here.entered(desk)
        assert (sent.status, sent.ended, sent.held) == ("unknown", False, 0)
        assert "never sent again" in sent.explain()
        assert here.sent() == [("BUY", "LIMIT")]
        refused = desk.decide(here.signal("TCS"))
        assert "it is not known what became of" in refused.explain()
        here.broker.place("NSE:INFY", "BUY", 76, pricetype="LIMIT", price="1001.1")
        assert desk.book().position("NSE:INFY").quantity == 76
        [resting] = here.orders(working=True)
        assert (resting.side, resting.quantity) == ("SELL", 76)
        assert desk.decide(here.signal("TCS")).approved
    assert here.sent() == [("BUY", "LIMIT"), ("SELL", "SL")]


def test_an_order_that_is_proven_absent_is_rejected_and_never_sent_again(here):
    """A clean read needs a row that was known before: a trade of this morning is one."""
    here.broker.hand_trade("NSE:TCS", 1, 1000)
    here.broker.hand_trade("NSE:TCS", -1, 1000)
    here.broker.script(Fault("placeorder", "drop"))
    with here.desk() as desk:
        sent = here.entered(desk)
        assert (sent.status, "clean reads" in sent.note) == ("rejected", True)
        assert here.sent() == [("BUY", "LIMIT")]
        assert here.entered(desk, "TCS").status == "filled"


def test_a_stop_whose_answer_is_lost_is_found_too(here):
    here.broker.script(Fault("placeorder", "drop", executed=True, where={"action": "SELL"}))
    with here.desk() as desk:
        sent = here.entered(desk)
    assert (sent.status, sent.stop_rests) == ("filled", True)
    assert here.sent() == [("BUY", "LIMIT"), ("SELL", "SL")]


# ---------------------------------------------------------------- a script that dies


def test_an_entry_that_an_interrupted_script_left_working_is_cancelled_by_the_next_look_after_its_time(here):
    here.broker.fills_by_hand = True

    def interrupt():
        raise KeyboardInterrupt

    with here.desk() as desk:
        decision = desk.decide(here.signal())
        here.clock.between = interrupt
        here.broker.script(Fault("cancelorder", "status", times=1))  # it is taken back at once, where that can be
        with pytest.raises(KeyboardInterrupt):
            desk.send(decision)
    here.clock.between = lambda: None
    assert [order.side for order in here.orders(working=True)] == ["BUY"]
    here.clock.passed += 11
    with here.desk() as desk:
        assert desk.book().live_orders() == ()
    assert here.orders(working=True) == []


def killed_amid_a_send(here, fault):
    """A script in a process of its own, ended between its intent and the answer."""
    here.broker.script(fault)
    child = here.child("INFY")
    child.stdin.write("go\n")
    child.stdin.flush()
    until(lambda: intended(here))
    until(lambda: not here.broker.faults.left)  # it is this order that suffers, and no later one
    if fault.executed:
        until(lambda: here.orders(side="BUY"))
    child.kill()
    child.communicate()


def intended(here):
    """Whether the intent is on record."""
    with contextlib.suppress(FileNotFoundError, JournalBroken):
        return here.facts(events.EntryApproved)
    return []


def test_a_script_killed_before_the_answer_leaves_an_order_that_the_next_one_finds_and_protects(tmp_path):
    with account(tmp_path / "desk.db", clock=Going()) as here:
        killed_amid_a_send(here, Fault("placeorder", "delay", executed=True, seconds=30))
        with here.desk() as desk:
            held = desk.book().position("NSE:INFY")
            assert (held.quantity, held.stop) == (76, Decimal("988.1"))
            [resting] = here.orders(working=True)
            assert (resting.side, resting.quantity) == ("SELL", 76)
            assert here.entered(desk, "TCS").status == "filled"
    assert [order.side for order in here.orders(key="NSE:INFY")] == ["BUY", "SELL"]
    with Reader(here.path) as journal:
        journal.check()


def test_a_script_killed_before_its_order_arrived_leaves_entries_shut_until_that_is_proven(here):
    here.broker.hand_trade("NSE:TCS", 1, 1000)
    here.broker.hand_trade("NSE:TCS", -1, 1000)
    killed_amid_a_send(here, Fault("placeorder", "timeout", seconds=30))
    with here.desk() as desk:
        assert "it is not known what became of" in desk.decide(here.signal("TCS")).explain()
        here.clock.passed += 60
        assert desk.book().state == "active"
        assert here.state.book.orders[0].status == "rejected"
        assert here.entered(desk, "TCS").status == "filled"
    assert here.orders(key="NSE:INFY") == []
