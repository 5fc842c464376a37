"""Live days against the fake OpenAlgo: entries protected, stops and targets taken, troubles met, ends told."""

import contextlib
import sqlite3
from contextlib import closing
from datetime import datetime

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.gateways.caps import HardCaps
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.journal.replay import replay
from riskcore_openalgo.runner.assembly import PAPER, SHADOW
from riskcore_openalgo.runner.stopping import FLAT, HOLDING, UNSETTLED, what_is_open
from riskcore_openalgo.testing import SANDBOX, SHOONYA, ZERODHA, Fault
from tests.runner.live_days import live_day

HOLIDAY = datetime(2026, 11, 24, 10, 30, tzinfo=rc.IST)
pytestmark = pytest.mark.smoke  # under the older line of the SDK too


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


@pytest.mark.parametrize("profile", [SHOONYA, ZERODHA, SANDBOX])
def test_a_day_of_one_trade_is_the_same_in_the_journal_and_at_the_broker(path, profile):
    """In, protected at once, stopped out by the resting stop; the report is what the broker's trades come to."""
    with live_day(path, profile=profile, analyzer=profile is SANDBOX) as day:
        held = day.entered()
        closed = day.closed(held.stop - 1)
        truth = day.broker.truth()
        assert truth.position("NSE:INFY") == 0
        sides = [(order.side, order.pricetype, order.status) for order in truth.orders]
        assert sides == [("BUY", "LIMIT", "complete"), ("SELL", "SL", "complete")]
        bought, sold = (sum(t.quantity * t.price for t in truth.trades if t.side == s) for s in ("BUY", "SELL"))
        assert closed.gross == sold - bought
        assert day.facts(events.Covered)[0].seconds < 3
        assert day.stop(flatten=False) == FLAT
    journal = Reader(path)
    assert replay(journal).same
    journal.close()


def test_the_target_is_watched_the_stop_taken_back_and_then_the_shares_leave(path):
    with live_day(path) as day:
        held = day.entered()
        assert held.target is not None
        closed = day.closed(held.target + 1, held.target + 2)
        orders = day.broker.truth().orders
        assert [(order.pricetype, order.status) for order in orders] == [
            ("LIMIT", "complete"),
            ("SL", "cancelled"),
            ("LIMIT", "complete"),
        ]
        assert closed.reason == "target"


def test_a_trailed_stop_is_changed_at_the_broker_in_place(path):
    with live_day(path, policy={"trail": "percent", "trail_by": "0.5"}) as day:
        held = day.entered(target=1100)
        day.until(lambda: day.position.stop > held.stop + 5, 1010, 1012)
        day.until(lambda: day.broker.truth().orders[1].trigger == day.position.stop, 1012)
        assert len(day.broker.truth().orders) == 2


def test_F20_an_entry_of_unknown_outcome_is_found_in_the_book_and_never_sent_again(path):
    with live_day(path) as day:
        day.ready()
        day.broker.script(Fault("placeorder", "status", executed=True))
        day.signal()
        day.until(day.covered, "1000.1")
        assert [order.side for order in day.broker.truth().orders] == ["BUY", "SELL"]
        assert [fact.name for fact in day.facts(events.Alarmed)] == ["outcome_unknown"]


def test_F31_a_part_that_filled_is_protected_for_just_that(path):
    with live_day(path, policy={"entry_timeout_s": 6}) as day:
        day.ready()
        day.broker.fills_by_hand = True
        day.signal()
        day.until(lambda: day.broker.truth().orders, "1000.1")
        day.broker.fill(day.broker.truth().orders[0].order_id, 30)
        day.until(day.covered, "1000.1")
        day.until(lambda: not day.state.book.live_orders(entries=True))
        entry, stop = day.broker.truth().orders
        assert (entry.status, entry.filled, day.position.quantity, stop.quantity) == ("cancelled", 30, 30, 30)


def test_F24_the_analyzer_switched_on_stops_entries_and_our_shares_are_not_gone(path):
    with live_day(path) as day:
        day.entered()
        day.broker.analyzer = True
        day.until(lambda: day.state.book.latch("other_mode") is not None, 1001)
        day.signal("SELL")
        day.until(lambda: day.facts(events.EntryRefused), 1001)
        assert day.position is not None
        day.broker.analyzer = False
        day.until(lambda: day.state.book.latch("other_mode") is None, 1001)
        assert day.position is not None


def test_F29_a_token_that_dies_shuts_the_gate_and_a_login_opens_it_without_a_restart(path):
    with live_day(path) as day:
        day.entered()
        day.broker.token_dies()
        day.until(lambda: day.state.book.state == "waiting_for_login")
        assert day.position is not None
        day.broker.login()
        day.until(lambda: day.state.book.state == "active")


def test_F48_shares_sold_by_hand_are_followed_and_the_stop_shrinks(path):
    with live_day(path) as day:
        held = day.entered()
        day.broker.hand_trade("NSE:INFY", -(held.quantity - 10), 1000)
        day.until(lambda: day.position.quantity == 10, 1000)
        day.until(lambda: day.broker.truth().orders[1].quantity == 10)


def test_F34_a_stop_that_vanished_is_put_back(path):
    with live_day(path) as day:
        day.entered()
        day.broker.cancel_by_broker(day.broker.truth().orders[1].order_id)
        day.until(lambda: len(day.broker.truth().orders) == 3 and day.covered())
        assert "stop_vanished" in [fact.name for fact in day.facts(events.Alarmed)]


def test_a_runner_that_starts_again_takes_up_what_it_held_and_opens_the_gate_only_after_a_look(path):
    with live_day(path) as day:
        held = day.entered()
        assert day.stop(flatten=False) == HOLDING
        day.start()
        assert day.began_with.book.latch("login") is not None
        assert day.position.quantity == held.quantity
        day.ready()
        day.until(lambda: day.position is None, held.stop - 1)
        assert len(day.broker.truth().orders) == 2


def test_stopping_keeps_the_stops_and_says_what_is_open(path):
    with live_day(path) as day:
        held = day.entered()
        lines = what_is_open(day.state)
        assert lines[0].startswith(f"open: BUY {held.quantity} NSE:INFY at 1000")
        assert lines[0].endswith(f"stop {held.stop}, rests at the broker")
        assert day.stop(flatten=False) == HOLDING
        assert day.broker.truth().orders[1].status == "trigger pending"


def test_stopping_flat_leaves_everything_first(path):
    with live_day(path) as day:
        day.entered()
        assert day.stop(flatten=True) == FLAT
        assert day.broker.truth().position("NSE:INFY") == 0


def test_a_working_entry_is_taken_back_when_the_runner_stops(path):
    with live_day(path, policy={"entry_timeout_s": 60}) as day:
        day.ready()
        day.broker.fills_by_hand = True
        day.signal()
        day.until(lambda: day.broker.truth().orders, "1000.1")
        assert day.stop(flatten=False) == FLAT
        assert [order.status for order in day.broker.truth().orders] == ["cancelled"]


def placed(day):
    """How many orders the server was asked for."""
    return sum(call.endpoint == "placeorder" for call in list(day.server.calls))


def test_what_cannot_be_settled_is_said_to_be_so(path):
    """Not before an exit was tried: the time that is given is spent to its end, whatever it is."""
    with live_day(path) as day:
        day.entered()
        day.broker.script(Fault("placeorder", "status", times=0))
        before = placed(day)
        assert day.stop(flatten=True, within_s=5.0) == UNSETTLED
        assert placed(day) > before


def test_the_hard_caps_of_the_settings_stand_before_the_broker_and_count_over_a_restart(path):
    """One entry a day: the second is never sent, by the runner that sent the first or by the next one."""
    with live_day(path, hard_caps=HardCaps(hard_max_orders_per_day=1)) as day:
        held = day.entered()
        day.closed(held.stop - 1)
        capped_again(day, 1)
        day.stop()
        day.start()
        capped_again(day, 2)
        assert [order.side for order in day.broker.truth().orders] == ["BUY", "SELL"]


def capped_again(day, times):
    """Signal once more when the price is back where it was: the hard cap has held so many entries up by then."""
    prices = day.day.live._parts.feed.prices
    day.until(lambda: (last := prices.last_good("NSE:INFY")) and last.price == 1000, 1000)
    day.ready()
    day.signal(source=f"strategy {times}")
    why = "not sent: hard_max_orders_per_day: 2 is above 1"
    day.until(lambda: [fact.note for fact in day.facts(events.OrderMoved)].count(why) == times, 1000)


@pytest.mark.parametrize("mode", [PAPER, SHADOW])
def test_on_paper_and_in_the_shadow_nothing_is_ever_sent(path, mode, caplog):
    """A whole trade at live prices, to its stop, of which the broker hears nothing; what is told of it says so."""
    caplog.set_level("INFO", "riskcore")
    with live_day(path, mode=mode) as day:
        day.ready()
        day.signal()
        day.until(lambda: day.position is not None, "1000.1", 1000)
        stop = day.position.stop
        day.until(lambda: day.position is None, stop - 1)
        assert day.broker.truth().orders == ()
        sent = {call.endpoint for call in day.server.calls}
        assert not sent & {"placeorder", "modifyorder", "cancelorder"}
        equity = day.state.book.opening_equity
        assert equity == (100_000 if mode == PAPER else 1_000_000)
    told = [record.message for record in caplog.records if record.message.split("] ")[-1].startswith("ENTRY SENT")]
    assert len(told) == 1
    assert told[0].startswith(f"[{mode.upper()}] ENTRY SENT: ")


@pytest.mark.parametrize("mode", [PAPER, SHADOW])
def test_the_hard_caps_hold_on_paper_and_in_the_shadow_as_they_would_at_the_broker(path, mode):
    """What would have happened is that nothing was sent; nor is it bought when the runner starts again."""
    with live_day(path, mode=mode, hard_caps=HardCaps(hard_max_quantity=1)) as day:
        day.ready()
        day.signal()
        day.until(lambda: day.facts(events.OrderMoved), "1000.1", 1000)
        (moved,) = day.facts(events.OrderMoved)
        assert (moved.status, moved.note.startswith("not sent: hard_max_quantity: ")) == ("rejected", True)
        day.stop()
        day.start()
        prices = day.day.live._parts.feed.prices
        day.until(lambda: (last := prices.last_good("NSE:INFY")) and last.price == 999, 999)
        assert (day.position, day.state.book.live_orders()) == (None, ())


def test_a_paper_day_goes_on_after_a_restart(path):
    with live_day(path, mode=PAPER) as day:
        day.ready()
        day.signal()
        day.until(lambda: day.position is not None, "1000.1", 1000)
        held = day.position
        day.stop()
        day.start()
        assert day.position.quantity == held.quantity
        day.until(lambda: day.position is None, held.stop - 1)


def test_on_a_holiday_it_idles_and_refuses_what_comes(path):
    """24 November 2026: Guru Nanak Jayanti. Nobody is alarmed, no price is polled, and its end is an ordinary one."""
    with live_day(path, starts=HOLIDAY) as day:
        day.until(lambda: day.state.book.state == "active")
        refused = day.signal()
        day.until(lambda: day.facts(events.EntryRefused))
        (fact,) = day.facts(events.EntryRefused)
        assert fact.signal.id == refused.id
        assert "market_closed" in {found.reason for found in fact.findings if not found.passed}
        assert day.broker.truth().orders == ()
        assert not day.facts(events.Alarmed)
        asked = [call.endpoint for call in day.server.calls]
        assert asked.count("multiquotes") <= 1  # before it is known what is traded where
        assert day.stop(flatten=False) == FLAT


def test_the_log_of_the_journal_is_emptied_while_nothing_is_to_do(path, tmp_path, monkeypatch):
    """Before a commit has to, on the way of an order: the file without its log has rows of the day."""
    monkeypatch.setattr("riskcore_openalgo.runner.live.LOG_ROWS", 5)
    alone = tmp_path / "alone.db"

    def emptied():
        alone.write_bytes(path.read_bytes())
        with contextlib.suppress(sqlite3.DatabaseError), closing(sqlite3.connect(alone)) as connection:
            tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'journal'").fetchone()[0]
            return tables and connection.execute("SELECT count(*) FROM journal").fetchone()[0] >= 5
        return False  # it was copied while it was being written

    with live_day(path) as day:
        day.ready()
        day.until(emptied)
