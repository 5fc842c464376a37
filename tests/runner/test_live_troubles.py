"""Troubles of a live day by their numbers, through the whole runner: what the broker's truth is in the end."""

from datetime import timedelta

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.client import InstrumentCache
from riskcore_openalgo.config import Strategy
from riskcore_openalgo.runner import live
from riskcore_openalgo.runner.known import Known
from riskcore_openalgo.testing import SHOONYA, Fault
from tests.runner.live_days import MORNING, live_day

pytestmark = pytest.mark.smoke  # under the older line of the SDK too


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


def alarms(day):
    """The names of what somebody was called for."""
    return [fact.name for fact in day.facts(events.Alarmed)]


def exits(day):
    """The exits at the broker that are no resting stops."""
    return [order for order in day.broker.truth().orders if order.side == "SELL" and order.pricetype == "LIMIT"]


def test_F26_an_entry_that_is_taken_and_then_refused_is_no_position(path):
    with live_day(path) as day:
        day.ready()
        day.broker.fills_by_hand = True
        day.broker.script(Fault("placeorder", "reject_later", message="RMS: margin exceeds", seconds=0.3))
        day.signal()
        day.until(lambda: any(o.status == "rejected" for o in day.broker.truth().orders), "1000.1")
        day.until(lambda: not day.state.book.live_orders())
        assert day.position is None
        assert day.state.book.trades_today == 0
        assert [fact.status for fact in day.facts(events.OrderMoved)] == ["working", "rejected"]


def test_F30_a_key_that_is_revoked_stops_entries_and_the_stop_stays_where_it_rests(path):
    with live_day(path) as day:
        day.entered()
        day.broker.key_revoked = True
        day.until(lambda: day.state.book.state == "waiting_for_login")
        assert day.position is not None
        assert day.broker.truth().orders[1].status == "trigger pending"


def test_F33_a_stop_that_is_refused_counts_as_hit(path):
    with live_day(path) as day:
        day.ready()
        day.broker.script(Fault("placeorder", "status", status=400, message="would trigger", where={"pricetype": "SL"}))
        day.signal()
        day.closed(1000, "1000.1")
        assert "stop_refused" in alarms(day)
        assert day.broker.truth().position("NSE:INFY") == 0


def test_F36_at_the_circuit_an_exit_is_held_told_and_not_sent_a_hundred_times(path):
    with live_day(path) as day:
        held = day.entered()
        day.broker.script(
            Fault("placeorder", "status", times=0, status=400, message="circuit", where={"action": "SELL"})
        )
        day.until(lambda: "held_no_exit" in alarms(day), held.target + 1)
        assert len([call for call in day.server.calls if call.endpoint == "placeorder"]) < 12
        assert day.position.quantity == held.quantity


def test_F37_a_gap_through_the_stop_is_booked_at_what_it_brought(path):
    """The stop's limit lies above the market: the watched level leaves at what there is."""
    with live_day(path) as day:
        held = day.entered()
        closed = day.closed(940, 939)
        assert closed.exit_price < held.stop - 20
        assert closed.r_multiple < -1
        assert day.broker.truth().position("NSE:INFY") == 0


def test_F38_the_same_breach_seen_by_the_stream_and_by_quotes_leads_to_one_exit(path):
    with live_day(path) as day:
        held = day.entered()
        for price in (held.target + 1, held.target + 2, held.target + 1):
            day.broker.tick("NSE:INFY", price)
        day.closed(held.target + 2)
        assert len(exits(day)) == 1


def test_F39_books_that_cannot_be_read_while_an_exit_works_are_no_flat_position(path):
    with live_day(path) as day:
        held = day.entered()
        day.broker.script(Fault("positionbook", "status", times=0), Fault("tradebook", "empty", times=3))
        closed = day.closed(held.target + 1)
        assert closed.quantity == held.quantity
        assert len(exits(day)) == 1


def test_F40_an_exit_that_is_accepted_is_not_an_exit_that_filled(path):
    """It rests in a market that has moved on: the position stays, and is priced again until it is gone."""
    with live_day(path, policy={"exit_step_s": 1}) as day:
        held = day.entered()
        day.broker.fills_by_hand = True
        day.until(lambda: len(exits(day)) == 1, held.target + 1)
        assert day.position is not None
        day.until(lambda: len(exits(day)) >= 2, held.target - 3)
        day.broker.fills_by_hand = False
        day.closed(held.target - 3)
        assert day.broker.truth().position("NSE:INFY") == 0


def test_F47_an_empty_book_of_a_broker_that_answers_errors_with_nothing_is_not_believed(path):
    with live_day(path, profile=SHOONYA) as day:
        held = day.entered()
        day.broker.script(Fault("positionbook", "empty", times=0))
        before = len(day.server.calls)
        day.until(lambda: len(day.server.calls) > before + 12, 1000)
        assert day.position.quantity == held.quantity
        assert day.broker.truth().orders[1].status == "trigger pending"
        day.broker.faults.clear()
        day.until(lambda: not day.state.custody.mismatches, 1000)


def test_F48_a_trade_in_another_symbol_freezes_that_symbol_alone(path):
    with live_day(path) as day:
        day.ready()
        day.broker.contract("NSE:TCS", tick="0.1")
        day.broker.quote("NSE:TCS", last=3000)
        day.broker.hand_trade("NSE:TCS", 5, 3000)
        day.until(lambda: any(latch.key == "NSE:TCS" for latch in day.state.book.latches), 1000)
        day.signal()
        day.until(day.covered, "1000.1")
        assert day.state.book.position("NSE:TCS") is None


def test_F48_beside_shares_that_were_accepted_as_not_ours_a_day_goes_on_and_they_stay(path):
    """In and out on their side; nothing against them; and when a hand has sold them the other side is open again."""
    with live_day(path, policy={"max_trades_per_day": 9}) as day:
        day.ready()
        day.broker.hand_trade("NSE:INFY", 7, 1000)
        day.until(lambda: day.state.book.latch("positions_differ", "NSE:INFY") is not None, 1000)
        accept = events.DifferencesAccepted(day.clock(), "asha", "mine")
        day.day.live.runner.offer(accept)
        day.until(lambda: day.state.custody.beside_of("NSE:INFY") == 7, 1000)
        day.until(lambda: ("positions_differ", "NSE:INFY") not in day.state.custody.told, 1000)
        called = len(day.facts(events.Alarmed))
        held = day.entered()
        looks(day, 3)
        assert day.broker.truth().position("NSE:INFY") == held.quantity + 7
        day.closed(held.stop - 1)
        assert day.broker.truth().position("NSE:INFY") == 7
        looks(day, 3)
        against = day.signal("SELL")
        day.until(lambda: refused(day, against) == "held_against", 1000)
        assert day.state.custody.mismatches == ()
        assert day.state.book.latch("positions_differ", "NSE:INFY") is None
        assert len(day.facts(events.Alarmed)) == called
        day.broker.hand_trade("NSE:INFY", -7, 1000)
        looks(day, 2)
        day.until(lambda: day.state.custody.beside == (), 1000)
        day.signal("SELL")
        day.until(lambda: day.position is not None, "999.9")
        day.until(day.covered)
        assert day.broker.truth().position("NSE:INFY") == day.position.signed < 0


def looks(day, times):
    """So many readings of the books, each when it is due."""

    def read():
        return len([call for call in day.server.calls if call.endpoint == "positionbook"])

    for _ in range(times):
        before = read()
        day.skip_to(day.clock() + timedelta(seconds=31))
        day.until(lambda before=before: read() > before, 1000, "1000.1")


def refused(day, signal):
    """The reason for which a signal was refused; None while it was not."""
    found = [fact for fact in day.facts(events.EntryRefused) if fact.signal.id == signal.id]
    return found[-1].findings[-1].reason if found else None


def test_where_nobody_can_look_at_what_is_held_somebody_is_called_until_it_can_be_read_again(path, monkeypatch):
    """OpenAlgo answers no reads any more: its stops may rest, and may not."""
    monkeypatch.setattr(live, "UNREAD", timedelta(seconds=8))
    with live_day(path) as day:
        day.entered()
        assert day.day.live.unread(day.clock()) == ""
        day.broker.script(Fault("orderbook", "status", times=0), Fault("positionbook", "status", times=0))
        day.until(lambda: "books_unreadable" in [fact.name for fact in day.facts(events.Noticed)], 1000)
        assert day.day.live.unread(day.clock()).startswith("the broker's books could not be read since 10:30:")
        day.broker.faults.clear()
        day.until(lambda: "books_readable" in [fact.name for fact in day.facts(events.Noticed)], 1000)
        told = [fact.name for fact in day.facts(events.Noticed)]
        assert [told.count(name) for name in ("books_unreadable", "books_readable")] == [1, 1]


def test_entries_that_may_have_filled_unseen_call_somebody_too(path, monkeypatch):
    """Nothing is held by our book, for nobody can read what was filled."""
    monkeypatch.setattr(live, "UNREAD", timedelta(seconds=2))
    with live_day(path) as day:
        day.ready()
        day.broker.script(Fault("orderbook", "status", times=0), Fault("tradebook", "status", times=0))
        day.signal()
        day.until(lambda: [f for f in day.facts(events.Noticed) if f.name == "books_unreadable"], "1000.1")
        [told] = [fact.why for fact in day.facts(events.Noticed) if fact.name == "books_unreadable"]
        assert "positions held: 0, entries that may have filled: 1" in told


def test_a_trade_book_that_cannot_be_read_leaves_no_fill_without_a_stop_and_no_exit_unsent(path):
    """A live OpenAlgo's order rows name no fill: the trade book alone does, and its mapping fails at some brokers."""
    with live_day(path, policy={"protect_alarm_s": 1, "protect_flatten_s": 2}) as day:
        day.ready()
        gone = Fault("tradebook", "status", times=0)
        day.broker.script(gone)
        day.signal()
        day.until(lambda: day.position is not None and day.covered(), "1000.1")
        assert "presumed_filled" in alarms(day)
        target = day.position.target
        day.until(lambda: day.position is None, target + 1)
        assert day.broker.truth().position("NSE:INFY") == 0
        day.broker.faults.end(gone)
        day.until(lambda: len(day.facts(events.Revalued)) == 2, target + 1)


def test_holdings_that_hang_hold_up_no_stop(path):
    with live_day(path) as day:
        day.ready()
        day.broker.script(Fault("holdings", "timeout", times=0, seconds=30))
        day.day.live._reading.soon()
        day.until(lambda: "holdings" in [row.event.books.unread[0][0] for row in _unread(day)], 1000)
        began = day.clock()
        day.signal()
        day.until(lambda: day.position is not None and day.covered(), "1000.1")
        assert day.clock() - began < timedelta(seconds=4)


def test_an_order_book_that_hangs_holds_up_no_fill_for_longer_than_it_takes_to_be_sure_of_it(path):
    """It was asked twice, 5 s each, before the trade book was."""
    with live_day(path) as day:
        day.ready()
        day.broker.script(Fault("orderbook", "timeout", times=0, seconds=30))
        day.day.live._reading.soon()
        day.until(lambda: day.day.live._parts.account.hangs(day.clock()), 1000)
        began = day.clock()
        day.signal()
        day.until(lambda: day.position is not None and day.covered(), "1000.1")
        assert day.clock() - began < timedelta(seconds=5)


def test_alerts_whose_bars_hang_hold_up_no_stop_of_another(path):
    """Eight at the close of a bar, and OpenAlgo's history does not answer: what fills meanwhile is read at once."""
    others = ("TCS", "SBIN", "ITC", "HDFCBANK", "WIPRO", "ONGC", "NTPC", "RELIANCE")
    with live_day(path, policy={"max_positions": 5}) as day:
        for name in others:
            day.broker.contract(f"NSE:{name}", tick="0.1")
            day.broker.quote(f"NSE:{name}", last=500)
        day.ready()
        evidence = day.day.live._parts.lanes._evidence
        evidence.market(rc.Signal("INFY", "BUY", at=day.clock()), "5m", day.clock())
        day.broker.script(Fault("history", "timeout", times=0, seconds=30))
        for name in others:
            signal = rc.Signal(name, "BUY", at=day.clock())
            day.day.live.runner.offer(events.SignalArrived(signal.at, signal))
        day.until(lambda: day.day.live.lanes_waiting()["reads"], "1000.1")
        began = day.clock()
        day.signal()
        day.until(lambda: day.position is not None and day.covered(), "1000.1")
        assert day.clock() - began < timedelta(seconds=4)


def _unread(day):
    """The reads of which a book is missing."""
    return [row for row in day.journal.rows("input", types=["BooksRead"]) if row.event.books.unread]


def unknown(day):
    """The instruments of which somebody was told that OpenAlgo does not know them."""
    return [fact.subject for fact in day.facts(events.Noticed) if fact.name == "symbol_unknown"]


@pytest.mark.parametrize("mode", ["live", "shadow", "paper"])
def test_a_watched_symbol_that_openalgo_does_not_know_is_told_at_the_start(path, mode):
    """Once each, those of strategies too, at any hour; the day goes on, and the others have their prices."""
    early = MORNING.replace(hour=8)
    lost = Strategy(name="lost", function="ema_cross", symbols=("INFO",), interval="5m")
    watch = ["INFY", "RELIANC", "NFO:INFY24NOV26FUT"]
    with live_day(path, mode=mode, watch=watch, strategies=(lost,), starts=early) as day:
        day.until(lambda: len(unknown(day)) == 3)
        told = next(fact.why for fact in day.facts(events.Noticed) if fact.subject == "NSE:RELIANC")
        assert "NSE:RELIANC is watched, and OpenAlgo does not know it (HTTP 404: Symbol RELIANC not found" in told
        day.skip_to(MORNING)
        prices = day.day.live._parts.feed.prices
        day.until(lambda: prices.last_good("NSE:INFY") is not None, 1000, "1000.1")
        assert sorted(unknown(day)) == ["NFO:INFY24NOV26FUT", "NSE:INFO", "NSE:RELIANC"]


def test_a_watched_symbol_that_only_cannot_be_asked_about_is_not_called_unknown(path):
    """OpenAlgo that is not there yet, or breaks, knows it in a moment."""
    with live_day(path, start=False) as day:
        day.broker.script(Fault("symbol", "status", status=500, message="starting", times=0))
        day.start()
        day.until(lambda: [call.endpoint for call in day.server.calls].count("multiquotes") > 1, 1000)
        assert "symbol" in {call.endpoint for call in day.server.calls}
        assert unknown(day) == []


def test_a_symbol_that_only_an_alert_named_is_not_told_as_watched(path):
    """Its signal is refused by name; whoever sends alerts could fill the phone of whoever trades."""
    told = []
    with live_day(path) as day:
        known = Known(
            InstrumentCache(day.client),
            day.clock,
            named=["NSE:INFO"],
            tell=lambda text, subject: told.append(subject),
        )
        for _ in range(2):
            known.learn(["NSE:INFO", "NSE:RELIANC"])
    assert told == ["NSE:INFO"]
