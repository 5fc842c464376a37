"""A script leaves a position: whatever rules, looks and books say."""

from decimal import Decimal

import pytest
from attrs import evolve

from riskcore import events
from riskcore_openalgo.testing import Fault
from tests.desk.scripts import account, kind_of


@pytest.fixture
def here(tmp_path):
    with account(tmp_path / "desk.db") as made:
        yield made


def test_an_exit_takes_the_resting_stop_back_first_and_then_leaves(here):
    with here.desk() as desk:
        here.entered(desk)
        left = desk.exit("INFY")
    assert (left.closed, left.quantity, left.still_held, left.average_price) == (True, 76, 0, Decimal("999.9"))
    assert left.explain() == "CLOSED NSE:INFY: 76 of 76 left at Rs 999.90"
    assert here.broker.truth().position("NSE:INFY") == 0
    assert here.orders(working=True) == []
    assert [order.status for order in here.orders(side="SELL")] == ["cancelled", "complete"]


def test_an_exit_needs_no_fresh_look_no_good_book_and_no_open_gate(here):
    with here.desk() as desk:
        here.entered(desk)
        here.clock.passed += 600
        here.broker.script(Fault("positionbook", "status", times=0), Fault("funds", "status", times=0))
        desk.book()
        assert here.state.book.state == "waiting_for_login"
        here.broker.faults.clear()
        assert desk.exit("INFY").closed


def test_an_exit_that_does_not_fill_says_what_is_still_held(here):
    with here.desk() as desk:
        here.entered(desk)
        here.broker.fills_by_hand = True
        left = desk.exit("INFY", within_s=3)
        assert (left.closed, left.still_held, left.average_price) == (False, 76, None)
        assert left.explain() == "STILL HELD NSE:INFY: 0 of 76 left"
        assert evolve(left, note="it works").explain().endswith("\n  note    it works")
        here.broker.fills_by_hand = False
        assert desk.exit("INFY").closed


def test_what_is_not_held_cannot_be_left(here):
    with here.desk() as desk:
        assert kind_of(lambda: desk.exit("INFY"))[0] == "nothing_held"


def test_a_stop_that_filled_meanwhile_is_seen_by_the_next_look(here):
    with here.desk() as desk:
        here.entered(desk)
        here.broker.tick("NSE:INFY", 987)
        assert desk.book().positions == ()
        assert kind_of(lambda: desk.exit("INFY"))[0] == "nothing_held"
    [closed] = here.facts(events.PositionClosed)
    assert (closed.reason, closed.quantity) == ("stop", 76)
