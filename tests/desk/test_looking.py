"""A script looks at its account and decides: what it is told, and what refuses by its name."""

from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo import Desk
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.testing import SANDBOX, Fault
from tests.desk.scripts import KEY, POLICY, account, kind_of


@pytest.fixture
def here(tmp_path):
    with account(tmp_path / "desk.db") as made:
        yield made


def reasons(decision):
    """Why not: the refusal as it is told."""
    assert not decision.approved, decision.explain()
    return decision.explain()


def test_a_look_has_the_account_and_the_market_and_the_decision_is_the_librarys(here):
    with here.desk() as desk:
        look = desk.see(here.signal())
        assert look.unread == ()
        assert (look.book.opening_equity, look.market.atr, look.market.last) == (1_000_000, 8, 1000)
        assert look.market.available_cash == 1_000_000
        decision = desk.decide(look)
        assert decision == rc.decide(look.signal, look.book, decision.context.market, POLICY)
        assert (decision.order.quantity, decision.order.stop) == (76, Decimal("988.1"))
    assert here.sent() == []


def test_a_question_is_not_recorded_and_can_be_asked_again(here):
    with here.desk() as desk:
        signal = here.signal()
        assert desk.decide(signal).approved
        assert desk.decide(signal).approved
    assert here.facts(events.SignalTaken, events.EntryApproved, events.EntryRefused) == []


def test_a_rule_that_says_no_is_a_refusal_with_its_reasons_and_nothing_is_sent(here):
    with here.desk(rc.Policy(max_positions=1, position_size_basis="margin")) as desk:
        here.entered(desk)
        decision = desk.decide(here.signal("TCS"))
        assert "max_positions" in {found.rule for found in decision.reasons}
        kind, text = kind_of(lambda: desk.send(decision))
        assert (kind, "decision.approved" in text) == ("not_approved", True)
    assert here.sent() == [("BUY", "LIMIT"), ("SELL", "SL")]


@pytest.mark.parametrize(
    ("faults", "unread", "reason"),
    [
        ([Fault("funds", "status", times=0)], "funds", "equity_unknown"),
        ([Fault("orderbook", "status", times=0)], "orders", "books could not be read: orders"),
        ([Fault("positionbook", "status", times=0)], "positions", "books could not be read: positions"),
        ([Fault("quotes", "status", times=0)], None, "quote_missing"),
        ([Fault("history", "status", times=0)], None, "atr_not_ready"),
    ],
)
def test_what_cannot_be_read_refuses_by_its_name(here, faults, unread, reason):
    here.broker.script(*faults)
    with here.desk() as desk:
        look = desk.see(here.signal())
        assert [line.split(":")[0] for line in look.unread] == ([] if unread is None else [unread])
        assert reason in reasons(desk.decide(look))
        here.broker.faults.clear()
        here.clock.passed += 60
        assert desk.decide(here.signal()).approved


def test_F24_the_other_mode_is_refused_by_its_name_until_openalgo_is_in_ours_again(here):
    here.broker.analyzer = True
    with here.desk() as desk:
        decision = desk.decide(here.signal())
        assert "other_mode (OpenAlgo is in analyze mode" in reasons(decision)
        here.broker.analyzer = False
        here.clock.passed += 6
    with here.desk() as desk:
        assert desk.decide(here.signal()).approved


def left_behind(here, name, key=""):
    """A trouble that a runner told, and was ended in."""
    with here.desk() as desk:
        desk.book()
    with Journal(here.path) as journal:
        told = events.TroubleSeen(here.clock.wall(), name, "told by a runner that was ended", key)
        made = engine.step(journal.load().state, told, journal.policy())
        journal.append([told, *made.facts])
    here.clock.passed += 60


@pytest.mark.parametrize(
    ("name", "key", "fault"),
    [
        ("books_unreadable", "", "tradebook"),
        ("prices_stale", "NSE:INFY", "quotes"),
        ("prices_stream_silent", "NSE:INFY", "quotes"),
        ("prices_disagree", "NSE:INFY", "quotes"),
    ],
)
def test_what_a_runner_could_not_read_stops_a_script_until_it_can_be_read_again(here, name, key, fault):
    """No script ever lifted it: nobody could enter before the next runner did."""
    left_behind(here, name, key)
    here.broker.script(Fault(fault, "status", times=0))
    with here.desk() as desk:
        assert not desk.decide(here.signal()).approved
        assert desk.book().latch(name, key) is not None
        here.broker.faults.clear()
        here.clock.passed += 60
        assert desk.decide(here.signal()).approved
        assert desk.book().latches == ()


def test_orders_for_the_sandbox_never_go_to_the_broker_and_the_sandbox_is_the_default(tmp_path):
    with account(tmp_path / "desk.db", profile=SANDBOX) as here:
        client = here.client()
        desk = Desk(client, here.path, POLICY, clock=here.clock.wall, sleep=here.clock.sleep)
        assert "mode='analyze'" in repr(desk)
        assert KEY not in repr(desk)
        sent = here.entered(desk)
        assert (sent.status, sent.stop_rests) == ("filled", True)
        assert here.state.custody.capability.broker == "sandbox"
        here.broker.analyzer = False
        assert here.broker.truth().orders == ()
    with pytest.raises(ValueError, match="must be live or analyze"):
        Desk(client, mode="paper")


def test_a_journal_of_the_sandbox_is_not_gone_on_with_for_real_money(here):
    with here.desk() as desk:
        desk.book()
    with here.desk(mode="analyze") as desk:
        kind, text = kind_of(lambda: desk.decide(here.signal()))
        assert (kind, "give each account a journal of its own" in text) == ("other_account", True)
        assert kind_of(desk.watch)[0] == "other_account"


def test_an_instrument_that_openalgo_does_not_know_is_an_error_that_says_so(here):
    with here.desk() as desk:
        kind, text = kind_of(lambda: desk.see(here.signal("NOSUCH")))
        assert (kind, "NSE:NOSUCH" in text) == ("instrument_unknown", True)
        kind, text = kind_of(lambda: desk.see(here.signal(kind=rc.EXIT)))
        assert (kind, "desk.exit" in text) == ("not_an_entry", True)


def test_a_closed_desk_says_so_and_leaves_the_position_as_it_is(here):
    with here.desk() as desk:
        here.entered(desk)
    assert kind_of(desk.book)[0] == "closed"
    assert here.orders(working=True)[0].side == "SELL"


def test_a_look_does_what_is_due_and_puts_back_a_stop_that_vanished(here):
    with here.desk() as desk:
        here.entered(desk)
        [resting] = here.orders(working=True)
        here.broker.cancel_by_broker(resting.order_id)
        here.clock.passed += 30
        desk.book()
        desk.book()
    [again] = here.orders(working=True)
    assert (again.side, again.trigger, again.order_id != resting.order_id) == ("SELL", resting.trigger, True)


def test_an_equity_that_could_not_be_read_at_first_is_asked_for_again_within_the_look(here):
    here.broker.script(Fault("funds", "empty"))
    with here.desk() as desk:
        assert desk.book().opening_equity == 1_000_000


def test_the_policy_comes_into_force_with_the_first_look_and_is_on_record(here):
    with here.desk() as desk:
        desk.book()
    with here.desk(attrs.evolve(POLICY, max_positions=2)) as desk:
        desk.book()
        desk.book()
    assert [fact.policy.max_positions for fact in here.facts(events.PolicyChanged)] == [POLICY.max_positions, 2]
