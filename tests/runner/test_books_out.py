"""Two of the broker's books, or its order book alone, cannot be read: what is ours stays ours, and leaves in time."""

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.gateways.openalgo import TOLD_UNREAD
from riskcore_openalgo.runner import live
from riskcore_openalgo.runner.account import Account
from riskcore_openalgo.testing import SHOONYA, Fault
from riskcore_openalgo.testing.answers import shapes
from tests.runner.live_days import live_day
from tests.runner.test_live_troubles import alarms, exits

QUICK = {"protect_alarm_s": 1, "protect_flatten_s": 2, "unknown_match_s": 3}
BOOKS = ("orderbook", "tradebook", "positionbook", "holdings")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


def out(day, *books):
    """Books that answer with an error from now on."""
    for book in books:
        day.broker.script(Fault(book, "status", times=0))


def blind(day):
    """The looks at the account that had no orders, and had its positions."""
    reads = [row.event for row in day.journal.rows("input") if isinstance(row.event, events.BooksRead)]
    return [read for read in reads if read.books.orders is None and read.books.positions is not None]


def met_a_nameless_order(day, read):
    """Whether an order of ours was on its way during a look, and had no name yet: a row may be its own then."""
    facts = [row.event for row in day.journal.rows("fact")]
    named = {fact.order_id: fact.at for fact in facts if isinstance(fact, events.Acknowledged)}
    sent = [fact.order for fact in facts if isinstance(fact, (events.EntryApproved, events.ExitApproved))]
    return any(order.at <= read.at and read.books.at <= named[order.order_id] for order in sent)


def truth(day):
    return day.broker.truth().position("NSE:INFY")


def cancels(day):
    """How many cancels OpenAlgo was asked for."""
    return [call.endpoint for call in day.server.calls].count("cancelorder")


def in_order(day):
    """What we believe is what there is, and only ours was sent."""
    held = 0 if day.position is None else day.position.signed
    assert held == truth(day)
    assert not {"double_fill", "positions_differ"} & set(alarms(day))


def test_a_stop_that_fills_while_orders_and_trades_cannot_be_read_is_one_trade(path):
    """The positions show nothing: not that somebody else has sold, and nothing is bought back when the fill is told."""
    with live_day(path) as day:
        stop = day.entered().stop
        out(day, "orderbook", "tradebook")
        day.until(lambda: truth(day) == 0, stop - 1)
        seen = len(blind(day))
        day.until(lambda: len(blind(day)) >= seen + 4, stop - 1)
        day.broker.faults.clear()
        assert day.closed(stop - 1).reason == "stop"
        in_order(day)
        assert [order.side for order in day.broker.truth().orders] == ["BUY", "SELL"]


@pytest.mark.parametrize("books", [("orderbook", "tradebook"), ("tradebook", "positionbook", "holdings")])
def test_an_entry_that_fills_meanwhile_gets_its_stop(path, books):
    """By the positions where no order is told; by its own row, which is complete, where no position is."""
    with live_day(path, policy=QUICK) as day:
        day.ready()
        out(day, *books)
        day.signal()
        day.until(lambda: day.position is not None, "1000.1")
        day.until(lambda: any(o.pricetype == "SL" and o.working for o in day.broker.truth().orders), "1000.1")
        assert "presumed_filled" in alarms(day)
        day.broker.faults.clear()
        day.until(day.covered, "1000.1")
        in_order(day)


@pytest.mark.parametrize("how", ["operator", "emergency"])
def test_an_exit_leaves_though_the_order_book_cannot_be_read(path, how):
    """Its stop is taken back by its name, and has ended where the broker says so."""
    with live_day(path, policy=QUICK) as day:
        day.entered()
        out(day, "orderbook")
        asked = events.OperatorExited(day.clock(), "asha", "out", "NSE:INFY")
        if how == "emergency":
            asked = events.EmergencyStopped(day.clock(), "asha", "out")
        day.day.live.runner.offer(asked)
        day.until(lambda: day.position is None, 1000, "1000.1")
        assert truth(day) == 0
        assert [order.status for order in day.broker.truth().orders] == ["complete", "cancelled", "complete"]
        day.broker.faults.clear()
        day.until(lambda: day.state.book.live_orders() == (), 1000, "1000.1")
        in_order(day)


def test_an_exit_leaves_beside_a_hands_shares_though_the_trade_book_cannot_be_read(path):
    """Their symbol was frozen for them, and nobody had accepted them: the exit waited with its stop taken back."""
    with live_day(path, policy=QUICK) as day:
        day.entered()
        day.broker.hand_trade("NSE:INFY", 5, 1000)
        day.until(lambda: day.state.book.latch("positions_differ", "NSE:INFY") is not None, 1000, "1000.1")
        out(day, "tradebook")
        day.day.live.runner.offer(events.OperatorExited(day.clock(), "asha", "out", "NSE:INFY"))
        day.until(lambda: truth(day) == 5 and day.position is None, 1000, "1000.1")


def test_no_exit_goes_beside_a_stop_whose_cancel_failed_and_the_cancel_is_sent_again(path):
    """The account would be short by as many shares once the stop was reached."""
    with live_day(path, policy=QUICK) as day:
        day.entered()
        out(day, "orderbook")
        failing = Fault("cancelorder", "status", times=0)
        day.broker.script(failing)
        day.day.live.runner.offer(events.OperatorExited(day.clock(), "asha", "out", "NSE:INFY"))
        day.until(lambda: cancels(day) >= 4, 1000, "1000.1")
        assert [order.status for order in day.broker.truth().orders] == ["complete", "trigger pending"]
        assert "end_unread" in alarms(day), "somebody is called"
        day.broker.faults.end(failing)
        day.until(lambda: day.position is None, 1000, "1000.1")
        assert [order.status for order in day.broker.truth().orders] == ["complete", "cancelled", "complete"]
        in_order(day)


LOST = {
    "its cancel was carried out and answered 500": Fault("cancelorder", "status", status=500, executed=True),
    "its cancel was carried out and the connection dropped": Fault("cancelorder", "drop", executed=True),
    "the broker had ended it": None,
}


@pytest.mark.parametrize("how", ["operator", "emergency"])
@pytest.mark.parametrize("lost", LOST)
def test_an_exit_leaves_though_nobody_said_that_its_stop_has_ended(path, lost, how):
    """The broker refuses every further cancel: there was neither stop nor exit for as long as the book was out."""
    with live_day(path, policy=QUICK) as day:
        day.day.live._parts.account.told = list  # nor does the stream of orders say it
        day.entered()
        out(day, "orderbook")
        if LOST[lost] is None:
            day.broker.cancel_by_broker(next(o for o in day.broker.truth().orders if o.pricetype == "SL").order_id)
        else:
            day.broker.script(LOST[lost])
        asked = events.OperatorExited(day.clock(), "asha", "out", "NSE:INFY")
        if how == "emergency":
            asked = events.EmergencyStopped(day.clock(), "asha", "out")
        day.day.live.runner.offer(asked)
        day.until(lambda: day.position is None, 1000, "1000.1")
        assert truth(day) == 0
        assert {"end_unread", "stop_gone_unread"} <= set(alarms(day))
        day.broker.faults.clear()
        day.until(
            lambda: not {"end_unread", "stop_gone_unread"} & {n for n, _ in day.state.custody.told}, 1000, "1000.1"
        )
        in_order(day)


def test_an_exit_leaves_at_once_where_the_stream_of_orders_says_that_its_stop_has_ended(path):
    """No answer to a cancel comes at all, the order book is out: the exit waited behind its alarm until it was back."""
    with live_day(path, policy=QUICK) as day:
        day.entered()
        out(day, "orderbook")
        day.broker.script(Fault("cancelorder", "drop", executed=True, times=0))
        day.day.live.runner.offer(events.OperatorExited(day.clock(), "asha", "out", "NSE:INFY"))
        day.until(lambda: day.position is None, 1000, "1000.1")
        assert "stop_gone_unread" not in alarms(day)
        assert TOLD_UNREAD in [fact.note for fact in day.facts(events.OrderMoved)]
        in_order(day)


def test_while_nothing_tells_what_filled_a_stop_stays_where_it_is_and_the_exit_goes_when_something_does(path):
    """It was taken back, and no exit could follow: the shares stood without either."""
    with live_day(path, policy=QUICK) as day:
        target = day.entered().target
        out(day, *BOOKS)
        day.until(lambda: day.state.custody.wanted_of("NSE:INFY") is not None, target + 1)
        day.until(lambda: len(day.facts(events.CancelRequested)) >= 1, target + 1)
        reads = [call.endpoint for call in day.server.calls].count("tradebook")
        day.until(lambda: [call.endpoint for call in day.server.calls].count("tradebook") >= reads + 6, target + 1)
        assert cancels(day) == 0
        assert [order.status for order in day.broker.truth().orders] == ["complete", "trigger pending"]
        day.broker.faults.clear()
        day.day.live._reading.soon()
        assert day.closed(target + 1).reason == "target"
        in_order(day)


def test_an_entry_is_taken_back_though_the_order_book_cannot_be_read(path):
    with live_day(path) as day:
        day.ready()
        day.broker.fills_by_hand = True
        day.signal()
        day.until(lambda: [o for o in day.state.book.live_orders() if o.broker_id], "1000.1")
        out(day, "orderbook")
        day.day.live.runner.offer(events.OperatorHalted(day.clock(), "asha", "enough"))
        day.until(lambda: [o.status for o in day.broker.truth().orders] == ["cancelled"], "1000.1")


@pytest.mark.parametrize("books", [("orderbook", "tradebook"), BOOKS])
def test_no_entry_goes_while_what_it_fills_would_be_seen_by_nobody(path, monkeypatch, books):
    monkeypatch.setattr(live, "UNREAD", timedelta(seconds=2))
    with live_day(path) as day:
        day.ready()
        out(day, *books)
        day.day.live._reading.soon()
        day.until(lambda: day.state.book.latch("books_unreadable") is not None, 1000, "1000.1")
        signal = day.signal()
        day.until(lambda: [f for f in day.facts(events.EntryRefused) if f.signal.id == signal.id], 1000, "1000.1")
        assert day.broker.truth().orders == ()
        day.broker.faults.clear()
        day.day.live._reading.soon()
        day.until(lambda: day.state.book.latch("books_unreadable") is None, 1000, "1000.1")
        assert day.state.book.state == "active"
        assert not exits(day)


def test_an_older_latch_of_unread_books_is_lifted_by_the_first_read_of_the_next_run(path, monkeypatch):
    monkeypatch.setattr(live, "UNREAD", timedelta(seconds=2))
    with live_day(path) as day:
        day.ready()
        out(day, *BOOKS)
        day.until(lambda: day.state.book.latch("books_unreadable") is not None, 1000, "1000.1")
        day.stop()
        day.broker.faults.clear()
        day.start()
        day.until(lambda: day.state.book.state == "active", 1000, "1000.1")
        assert rc.session_date(day.clock()) == day.state.book.session


def odd_row(monkeypatch, **odd):
    """Books of orders and trades in which a row lacks its side, and has what else is given."""
    plain = shapes.order_rows

    def rows(broker):
        return [*plain(broker), {"orderid": "X5", "symbol": "TCS", "exchange": "NSE", "order_status": "open", **odd}]

    def traded(broker):
        return [*sold(broker), {"orderid": "X5", "symbol": "TCS", "exchange": "NSE", **odd}]

    sold = shapes.trade_rows
    monkeypatch.setattr(shapes, "order_rows", rows)
    monkeypatch.setattr(shapes, "trade_rows", traded)


def test_a_row_of_another_program_that_cannot_be_read_stops_nothing(path, monkeypatch):
    """Entries stopped for the day, and every stop and exit went the long way round."""
    odd_row(monkeypatch)
    with live_day(path) as day:
        target = day.entered().target
        assert day.state.book.state == "active"
        assert day.closed(target + 1).reason == "target"
        in_order(day)
        assert [order.status for order in day.broker.truth().orders] == ["complete", "cancelled", "complete"]
        assert all(met_a_nameless_order(day, read) for read in blind(day))


def test_while_the_row_of_our_stop_cannot_be_read_the_exit_leaves_all_the_same(path, monkeypatch):
    with live_day(path, policy=QUICK) as day:
        target = day.entered().target
        stop = next(o for o in day.broker.truth().orders if o.pricetype == "SL")
        plain = shapes.order_rows

        def rows(broker):
            return [
                {**row, "action": "" if row["orderid"] == stop.order_id else row["action"]} for row in plain(broker)
            ]

        monkeypatch.setattr(shapes, "order_rows", rows)
        assert day.closed(target + 1).reason == "target"
        in_order(day)
        monkeypatch.setattr(shapes, "order_rows", plain)
        day.until(lambda: day.state.book.live_orders() == (), 1000, "1000.1")


def test_holdings_that_nobody_may_read_keep_no_intraday_entry_back(path):
    """Of what is for the day they say nothing; entries waited for them all day, and nothing said for what."""
    with live_day(path, start=False) as day:
        day.broker.script(Fault("holdings", "forbidden", times=0))
        day.start()
        target = day.entered().target
        assert day.closed(target + 1).reason == "target"
        in_order(day)
        assert not {"login_needed"} & set(alarms(day))


@pytest.mark.parametrize("book", ["orderbook", "tradebook"])
def test_a_book_that_answers_its_errors_with_nothing_holds_neither_stop_nor_exit_up(path, book):
    """As at Shoonya and Fyers: an empty book that lacks ours was believed, and nobody was called."""
    with live_day(path, policy=QUICK, profile=SHOONYA) as day:
        day.ready()
        if book == "tradebook":
            day.broker.script(Fault(book, "empty", times=0))
        day.signal()
        day.until(lambda: day.position is not None and day.covered(), 1000, "1000.1")
        target = day.position.target
        day.broker.script(Fault(book, "empty", times=0))
        day.until(lambda: day.position is None, target + 1)
        assert truth(day) == 0
        assert ("presumed_filled" in alarms(day)) is (book == "tradebook")
        day.broker.faults.clear()
        day.day.live._reading.soon()
        in_order(day)


def test_the_client_is_told_how_often_the_broker_may_be_asked():
    told = []
    for broker in ("angel", "zerodha", "shoonya"):
        client = SimpleNamespace(broker=lambda name=broker: name, pace=told.append)
        at = datetime(2026, 11, 23, 10, 0, tzinfo=rc.IST)
        Account(client, guard=SimpleNamespace(told=False), clock=lambda at=at: at, instruments=None).broker()
    assert [(row.broker, row.paces_books, row.calls_a_minute) for row in told] == [
        ("angel", True, None),
        ("zerodha", False, None),
        ("shoonya", False, 120),
    ]
