"""A script that stays: it watches as a runner does, until nothing is held, until a moment, or until Ctrl-C."""

import _thread
import signal
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.config import Settings
from riskcore_openalgo.desk.results import rests_for
from riskcore_openalgo.journal import Journal, Reader
from riskcore_openalgo.journal.replay import replay
from riskcore_openalgo.runner.assembly import assembled
from riskcore_openalgo.testing import Fault
from tests.desk.scripts import KEY, POLICY, RULES, Going, account
from tests.desk.test_sending import bare_tables


@pytest.fixture
def here(tmp_path):
    with account(tmp_path / "desk.db", clock=Going()) as made:
        yield made


@contextmanager
def meanwhile(here, *prices, then=lambda: None, after_s=0.0, when=lambda: True):
    """A market that ticks these prices in turn, and one thing that happens once."""
    stop = threading.Event()

    def move():
        happens, turn = here.clock.passed + after_s, 0
        done = False
        while not stop.wait(0.05):
            if prices:
                here.broker.tick("NSE:INFY", prices[turn % len(prices)])
                turn += 1
            if not done and here.clock.passed >= happens and when():
                then()
                done = True

    thread = threading.Thread(target=move)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_watch_takes_the_target_and_returns_when_nothing_is_held(here):
    with here.desk() as desk:
        here.entered(desk)
        with meanwhile(here, "1030.5", "1030.6"):
            ended = desk.watch(until=here.clock.wall() + timedelta(seconds=20))
    assert (ended.why, ended.open) == ("closed", ())
    [trade] = ended.trades
    assert (trade.reason, trade.quantity) == ("target", 76)
    told = f"left at Rs {trade.exit_price:.2f} (target), net Rs {trade.net:,.2f}"
    assert ended.explain() == f"WATCH ENDED: closed\n  closed  BUY 76 NSE:INFY {told}"
    assert trade.gross > 0
    assert here.broker.truth().position("NSE:INFY") == 0
    assert here.orders(working=True) == []
    with Reader(here.path) as journal:
        assert replay(journal).same


def test_a_watch_ends_at_its_moment_and_leaves_the_stop_where_it_rests(here):
    with here.desk() as desk:
        here.entered(desk)
        with meanwhile(here, "1000", "1000.1"):
            ended = desk.watch(until=here.clock.wall() + timedelta(seconds=1.5))
        assert (ended.why, ended.trades) == ("until", ())
        assert ended.open[0].startswith("open: BUY 76 NSE:INFY")
        assert f"  {ended.open[0]}" in ended.explain()
        assert "rests at the broker" in ended.open[0]
        [resting] = here.orders(working=True)
        assert (resting.side, resting.trigger) == ("SELL", Decimal("988.1"))
        assert desk.decide(here.signal("TCS")).approved


def test_ctrl_c_ends_a_watch_and_leaves_the_stop_where_it_rests(here):
    before = signal.getsignal(signal.SIGINT)

    def watches():
        return signal.getsignal(signal.SIGINT) is not before

    with here.desk() as desk:
        here.entered(desk)
        with meanwhile(here, "1000", "1000.1", then=_thread.interrupt_main, after_s=1.5, when=watches):
            ended = desk.watch()
    assert (ended.why, len(ended.open)) == ("interrupted", 2)
    assert [order.side for order in here.orders(working=True)] == ["SELL"]
    with Reader(here.path) as journal:
        assert replay(journal).same


def test_a_watch_over_nothing_returns_at_once(here):
    with here.desk() as desk:
        desk.book()
        assert desk.watch().why == "closed"


def test_a_stop_trails_while_somebody_watches(here):
    policy = rc.Policy(**RULES, trail="percent", trail_by="0.5")
    with here.desk(policy) as desk:
        here.entered(desk)
        with meanwhile(here, "1020", "1020.1"):
            desk.watch(until=here.clock.wall() + timedelta(seconds=10))  # a first move waits some seven for its turn
    assert here.facts(events.StopMoved)
    [resting] = here.orders(working=True)
    assert resting.trigger > 1010


def test_where_no_stop_can_rest_a_watch_takes_the_stop_itself(here):
    with here.desk(rc.Policy(**RULES, tables=bare_tables())) as desk:
        assert here.entered(desk, stays_to_watch=True).stop_rests is False
        with meanwhile(here, "987.5", "987.4"):
            ended = desk.watch(until=here.clock.wall() + timedelta(seconds=20))
    assert (ended.why, [trade.reason for trade in ended.trades]) == ("closed", ["stop"])
    assert here.sent() == [("BUY", "LIMIT"), ("SELL", "LIMIT")]


def test_a_watch_finds_what_a_send_could_not_tell(here):
    """The answer is lost and the books cannot be read; the script stays, and the books come back."""
    books = [Fault(name, "status", times=0) for name in ("orderbook", "tradebook", "positionbook")]
    policy = rc.Policy(**RULES, entry_timeout_s=1)
    with here.desk(policy, patience_s=0.2) as desk:
        decision = desk.decide(here.signal())
        here.broker.script(Fault("placeorder", "drop", executed=True), *books)
        assert desk.send(decision).status == "unknown"
        with meanwhile(here, "1000", "1000.1", then=here.broker.faults.clear):
            ended = desk.watch(until=here.clock.wall() + timedelta(seconds=3))
    assert ended.why == "until"
    assert [order.side for order in here.orders(working=True)] == ["SELL"]


def test_F24_a_watch_ends_the_halt_that_the_other_mode_left_in_the_journal(here):
    with here.desk() as desk:
        here.entered(desk)
        here.broker.analyzer = True
        time.sleep(0.05)
        desk.book()
        assert here.state.book.latch("other_mode") is not None
        here.broker.analyzer = False
        with meanwhile(here, "1000", "1000.1"):
            desk.watch(until=here.clock.wall() + timedelta(seconds=1.5))
    assert here.state.book.latch("other_mode") is None


OF_A_TRADE = (
    events.SignalTaken,
    events.EntryApproved,
    events.Acknowledged,
    events.OrderMoved,
    events.Filled,
    events.Bared,
    events.ExitApproved,
    events.Covered,
)


def test_the_facts_of_a_send_are_those_of_a_runner_that_was_given_the_signal(here, tmp_path):
    with here.desk() as desk:
        here.entered(desk)
    by_a_script = [type(fact) for fact in here.facts(*OF_A_TRADE)]
    with account(tmp_path / "runner.db", clock=Going()) as there, Journal(there.path) as journal:
        day = assembled(
            Settings(policy=POLICY), there.client(), journal, mode="live", clock=there.clock.wall, api_key=lambda: KEY
        )
        live, stop = day.live, threading.Event()
        live.start()
        live.run(stop, until=lambda state: state.book.state == "active" and state.book.opening_equity is not None)
        live.runner.offer(events.SignalArrived(there.clock.wall(), there.signal()))
        live.run(stop, until=lambda state: any(rests_for(state.book, held) for held in state.book.positions))
        day.close()
        by_a_runner = [type(row.event) for row in journal.rows("fact") if isinstance(row.event, OF_A_TRADE)]
    assert by_a_script == by_a_runner
