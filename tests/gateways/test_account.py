"""What is read of an account on a schedule: books, login, mode, money, broker; and when."""

import threading
import time
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import attrs
import pytest

import riskcore as rc
from riskcore import engine, events
from riskcore.custody import Beside, Custody
from riskcore.positions import Overnight
from riskcore_openalgo.client import Funds, InstrumentCache
from riskcore_openalgo.runner.account import Account, Reading, Rhythm, reading_job
from riskcore_openalgo.runner.order_stream import OrderStream
from riskcore_openalgo.testing import LIVE, SANDBOX, SHOONYA, Fault
from tests.core.custody_days import foreign, held
from tests.gateways.desks import NOW, entry, live_desk

D = Decimal

pytestmark = pytest.mark.smoke  # under the older line of the SDK too


def names(found):
    """The kinds of inputs, in order."""
    return [type(event).__name__ for event in found]


def test_the_first_reading_says_that_the_login_is_good_and_what_the_books_hold():
    with live_desk() as desk:
        desk.place(entry())
        login, read = desk.account.books()
        assert (login.good, login.reconciled) == (True, False)
        assert [(row.key, row.quantity) for row in read.books.positions] == [("NSE:INFY", 10)]
        assert [instrument.key for instrument in read.instruments] == ["NSE:INFY"]
        assert names(desk.account.books()) == ["BooksRead"]


def test_F29_a_token_that_died_is_a_login_that_is_needed_and_is_good_again_after_a_hand():
    with live_desk() as desk:
        desk.account.books()
        desk.broker.token_dies()
        first = desk.account.books()
        assert names(first) == ["LoginSeen", "BooksRead"]
        assert first[0].good is False
        assert names(desk.account.books()) == ["BooksRead"]
        desk.broker.login()
        again = desk.account.books()
        assert (again[0].good, names(again)) == (True, ["LoginSeen", "BooksRead"])


def test_why_an_order_was_refused_is_known_from_the_stream_where_the_book_does_not_say():
    """OpenAlgo's order book has no reason: "refused:" was all that was told."""
    with live_desk() as desk:
        desk.place(entry())
        [row] = desk.account.books()[-1].books.orders
        refused = attrs.evolve(row, status="rejected", note="RMS:Margin Exceeds")
        desk.account.told([refused, attrs.evolve(row, id="another", note="nobody's")])
        assert [one.note for one in desk.account.books()[-1].books.orders] == ["RMS:Margin Exceeds"]
        desk.account.told([attrs.evolve(row, note="")])
        assert [one.note for one in desk.account.books()[-1].books.orders] == ["RMS:Margin Exceeds"]
        desk.clock.passed += 86_400
        looked, _, _ = desk.account._look(desk.clock.wall(), ("orders",))
        assert [one.note for one in looked.orders] == [""], "another order has that id now"


def test_a_reason_of_the_stream_stands_in_its_own_row_alone_and_in_none_that_has_one():
    stream, today = OrderStream(), NOW.date()
    stream.take([attrs.evolve(foreign(name), note="RMS:Margin Exceeds") for name in ("told", "bare")], today)
    rows = (attrs.evolve(foreign("told"), note="by the book"), foreign("bare"), foreign("another"))
    explained = stream.explained(rc.BrokerBooks(at=NOW, orders=rows), today)
    assert [row.note for row in explained.orders] == ["by the book", "RMS:Margin Exceeds", ""]
    assert stream.explained(rc.BrokerBooks(at=NOW, orders=None), today).orders is None


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize(("broker", "demat"), [("shoonya", 10), ("zerodha", 0)])
def test_holdings_are_those_of_the_morning_at_a_broker_that_takes_todays_sales_off_them(broker, demat, asked):
    """Ten that a stop sold were none in the holdings and ten short in the positions: told as a short of ten.

    A script that leaves does not ask who the broker is: its journal knows.
    """
    sold = rc.BrokerPosition(key="NSE:INFY", product="CNC", quantity=-10)
    books = rc.BrokerBooks(at=NOW, orders=(), trades=(), positions=(sold,), holdings=())
    client = SimpleNamespace(broker=lambda: broker, pace=lambda row: None, books=lambda *_, **__: books, seen_mode=None)
    guard = SimpleNamespace(told=False, saw=lambda mode: "", before_a_read=lambda: "")
    account = Account(client, guard=guard, clock=lambda: NOW, instruments=None)
    if asked:
        account.broker()
    else:
        account.state = lambda: engine.State(custody=Custody(capability=rc.capability(broker, on=NOW.date())))
    looked, _, _ = account._look(NOW, ("positions", "holdings"))
    assert looked.in_demat("NSE:INFY") == demat


def test_the_stream_tells_which_orders_of_today_were_cancelled_in_whatever_form_it_has_their_ids():
    with live_desk() as desk:
        desk.place(entry())
        [row] = desk.account.books()[-1].books.orders
        ended = desk.account.has_ended
        cancelled = [attrs.evolve(row, id=name, status="cancelled") for name in ("0042", "44")]
        desk.account.told([*cancelled, attrs.evolve(row, id="43")])
        assert (ended("42"), ended("0042"), ended("44"), ended("43"), ended("4")) == (True, True, True, False, False)
        desk.clock.passed += 86_400
        assert not ended("42"), "brokers begin to count anew in the morning"


def test_a_book_that_hangs_does_not_hold_up_what_the_others_tell():
    """An order book that timed out twice, 5 s each, let a fill be known eleven seconds late."""
    with live_desk(timeout_s=1.0) as desk:
        desk.place(entry())
        desk.broker.script(Fault("orderbook", "timeout", times=9, seconds=30))
        reading = threading.Thread(target=desk.account.books)
        reading.start()
        while not desk.account.hangs(desk.clock.wall() + timedelta(seconds=2)):
            time.sleep(0.01)
        assert (desk.account.hangs(desk.clock.wall()), desk.account.beside()) == (False, [])
        desk.clock.passed += 2
        assert desk.account.hangs(desk.clock.wall())
        [read] = desk.account.beside()
        assert (read.books.orders, read.books.holdings, read.books.unread) == (None, None, ())
        assert [trade.quantity for trade in read.books.trades] == [row.quantity for row in read.books.positions] == [10]
        reading.join()
        assert (desk.account.hangs(desk.clock.wall()), desk.account.beside()) == (False, [])


def test_holdings_that_cannot_be_read_are_left_out_for_a_minute_where_the_others_can():
    """A call that hangs would keep every fill waiting; after a login that was dead all four are read at once."""
    with live_desk() as desk:
        desk.broker.script(Fault("holdings", "status", times=3))
        began = desk.clock.passed  # the pauses between the tries move it too
        desk.account.books()
        asked = desk.asked("holdings")
        desk.clock.passed = began + 59
        [read] = desk.account.books()
        assert (read.books.holdings, read.books.unread, desk.asked("holdings")) == (None, (), asked)
        desk.clock.passed += 1
        assert desk.account.books()[-1].books.holdings is not None
        desk.broker.token_dies()
        desk.account.books()
        desk.broker.login()
        assert desk.account.books()[-1].books.holdings is not None


def test_an_answer_of_500_is_no_login_that_is_needed():
    with live_desk() as desk:
        desk.account.books()
        desk.broker.script(Fault("orderbook", "status", times=0), Fault("positionbook", "status", times=0))
        [read] = desk.account.books()
        assert read.books.orders is None
        assert dict(read.books.unread)["orders"]


@pytest.mark.parametrize(
    ("said", "dead"),
    [("API Error - Code: UDAPI100050, Message: Invalid token used to access API", True), ("Failed to fetch", False)],
)
def test_F29_where_no_book_says_why_a_quote_is_asked(said, dead):
    """Upstox's plugin loses the broker's words of each book: nobody was told in the morning that a login is needed."""
    with live_desk() as desk:
        desk.account.books()
        for book in ("orderbook", "tradebook", "positionbook", "holdings"):
            desk.broker.script(Fault(book, "status", times=0, message="Error fetching data"))
        desk.broker.script(Fault("quotes", "status", times=0, message=said))
        first = desk.account.books()
        assert [event.good for event in first if isinstance(event, events.LoginSeen)] == ([False] if dead else [])
        if dead:
            assert "Invalid token" in first[0].why
        desk.broker.faults.clear()
        again = desk.account.books()
        assert [event.good for event in again if isinstance(event, events.LoginSeen)] == ([True] if dead else [])


def test_F24_books_of_the_other_mode_are_not_ours():
    """The sandbox is empty; our shares are not gone."""
    with live_desk() as desk:
        desk.place(entry())
        desk.account.books()
        desk.broker.analyzer = True
        assert [event.name for event in desk.account.books()] == ["other_mode"]
        assert desk.account.books() == []
        assert desk.account.money() is None
        assert [event.available for event in desk.account.funds()] == [None]
        desk.broker.analyzer = False
        assert names(desk.account.books()) == ["TroubleOver", "BooksRead"]


def test_the_mode_is_looked_at_between_orders_too():
    with live_desk() as desk:
        assert desk.account.mode() == []
        desk.broker.analyzer = True
        desk.clock.passed += 6
        assert [event.name for event in desk.account.mode()] == ["other_mode"]
        assert desk.account.mode() == []


def test_the_money_is_seen_with_its_parts():
    with live_desk() as desk:
        desk.place(entry())
        [seen] = desk.account.funds()
        assert seen.available + seen.used == 1_000_000
        assert desk.account.funds_seen[0] == desk.clock.wall()


@pytest.mark.parametrize(
    ("broker", "counts", "spent", "equity"),
    [("zerodha", False, 0, 200_000), ("zerodha", True, 500_000, 1_000_000), ("shoonya", True, 1_000_000, 1_500_000)],
)
def test_what_is_lent_on_pledged_shares_counts_where_the_user_says_so(monkeypatch, broker, counts, spent, equity):
    """With more margin in use than there is cash, nothing could be spent, whatever was pledged."""
    funds = Funds(D(200_000), used_margin=D(500_000), collateral=D(800_000), realised_today=D(0), unrealised=D(0))
    with live_desk() as desk:
        monkeypatch.setattr(desk.client, "funds", lambda: funds)
        more = {"guard": desk.guard, "clock": desk.clock.wall, "instruments": InstrumentCache(desk.client)}
        account = Account(desk.client, broker=broker, collateral_counts=counts, **more)
        assert account.cash(desk.clock.wall()) == {"available_cash": spent}
        told = account.equity(events.AskEquity(NOW.date(), None), desk.clock.wall())
        assert told.equity == equity
        [seen] = account.funds()
        assert seen.available + seen.used - seen.realised == equity


def test_money_in_debit_is_told_as_it_is_and_buys_nothing():
    with live_desk() as desk:
        desk.broker.venue.account.cash = Decimal("-5000.50")
        (seen,) = desk.account.funds()
        assert (seen.available, seen.used) == (Decimal("-5000.50"), 0)
        assert desk.account.cash(NOW) == {"available_cash": 0}


def test_equity_that_is_first_read_in_mid_session_is_derived():
    with live_desk() as desk:
        asked = events.AskEquity(NOW.date(), None)
        read = desk.account.equity(asked, NOW)
        assert (read.equity, read.derived) == (1_000_000, True)
        later = attrs.evolve(asked, last_known=Decimal(2_000_000), overnight=Overnight(Decimal(500)))
        assert desk.account.equity(later, NOW).equity == 1_000_500
        desk.clock.passed = -2 * 3600
        assert desk.account.equity(asked, NOW).derived is False
        desk.broker.script(Fault("funds", "empty", times=0))
        assert desk.account.equity(asked, NOW) is None


@pytest.mark.parametrize(("profile", "broker"), [(LIVE, "any"), (SHOONYA, "shoonya")])
def test_the_broker_behind_openalgo_is_asked_for(profile, broker):
    with live_desk(profile=profile) as desk:
        [seen] = desk.account.broker()
        known = desk.broker.broker_name
        assert seen.capability == rc.capability(known, on=NOW.date())
        assert seen.capability.broker in (broker, known)


# ---------------------------------------------------------------- when


def due(reading, second, state=None):
    return reading.due(NOW + timedelta(seconds=second), engine.State() if state is None else state)


def done(reading, found):
    for name in found:
        reading.done(name, brought=True)


def test_everything_is_read_at_the_start_and_one_reading_of_a_kind_at_a_time():
    reading = Reading()
    found = due(reading, 0)
    assert sorted(found) == ["books", "broker", "funds", "mode"]
    assert due(reading, 100) == []
    done(reading, found)
    assert sorted(due(reading, 200)) == ["books", "funds", "mode"]


def test_beside_one_that_hangs_the_others_are_read_as_often_as_books_are_one_reading_at_a_time():
    reading, state = Reading(Rhythm(quiet_s=2, mode_s=1000, funds_s=1000)), engine.State()
    done(reading, [name for name in due(reading, 0) if name != "books"])

    def hung(second):
        return reading.due(NOW + timedelta(seconds=second), state, hangs=True)

    assert (due(reading, 3), hung(3), hung(6)) == ([], ["beside"], [])
    reading.done("beside", brought=True)
    assert (hung(6), due(reading, 20)) == (["beside"], [])


def test_a_broker_that_could_not_be_asked_is_asked_again():
    reading = Reading()
    for name in due(reading, 0):
        reading.done(name, brought=name != "broker")
    assert "broker" in due(reading, 31)


def test_the_broker_is_asked_for_each_day_again():
    """Its row of the table is that of a day, and another may stand behind OpenAlgo by then."""
    reading, a_day = Reading(), 86_400
    done(reading, due(reading, 0))
    assert "broker" not in due(reading, a_day / 2)
    assert "broker" in due(reading, a_day)
    reading.done("broker", brought=True)
    assert "broker" not in due(reading, a_day + 60)


def test_an_order_update_brings_the_books_forward_and_several_bring_one():
    reading = Reading()
    done(reading, due(reading, 0))
    assert due(reading, 1) == []
    reading.soon()
    reading.soon()
    assert due(reading, 1) == []
    assert due(reading, 1.2) == ["books"]
    reading.soon()
    assert due(reading, 1.3) == []
    reading.done("books", brought=True)
    assert due(reading, 1.5) == ["books"]


def test_books_are_read_more_often_while_something_is_held_and_more_so_while_something_is_on_its_way():
    quiet, rhythm = Reading(), Rhythm(busy_s=1, holding_s=3, quiet_s=15, mode_s=1000, funds_s=1000)

    def seconds_until_books(state):
        reading = Reading(rhythm)
        done(reading, due(reading, 0, state))
        return next(second for second in range(100) if due(reading, second, state) == ["books"])

    day, _ = held()
    assert seconds_until_books(day.state) == 3
    few = attrs.evolve(day.state.custody, capability=rc.capability("shoonya", on=NOW.date()))
    assert seconds_until_books(attrs.evolve(day.state, custody=few)) == 6
    day.take(events.SignalArrived(day.at("10:05"), rc.Signal("INFY", "SELL", kind="exit", at=day.at("10:05"))))
    assert seconds_until_books(day.state) == 1
    assert seconds_until_books(engine.State()) == 15
    done(quiet, due(quiet, 0))
    for missing, every_s in ((0, 15), (1, 3)):
        accepted = Custody(beside=(Beside("NSE:TCS", 5, missing),))
        assert seconds_until_books(engine.State(custody=accepted)) == every_s


def test_a_change_of_pace_brings_a_reading_forward_that_was_far_off():
    reading = Reading()
    done(reading, due(reading, 0))
    day, _ = held()
    assert "books" in due(reading, 3, day.state) + due(reading, 6, day.state)


def test_a_reading_that_raises_is_done_all_the_same():
    reading = Reading()
    due(reading, 0)

    class Broken:
        def __getattr__(self, name):
            raise RuntimeError(name)

    with pytest.raises(RuntimeError):
        reading_job(Broken(), reading, "books")()
    assert "books" in due(reading, 20)


def test_a_day_in_the_sandbox_opens_its_gate():
    """Login unknown, then good, then the books agree: entries may go."""
    with live_desk(profile=SANDBOX, mode="analyze") as desk:
        state = engine.State()
        bad = events.LoginSeen(NOW, good=False, reconciled=False, by="riskcore", why="starting")
        inputs = [bad, *desk.account.broker(), *desk.account.books()]
        for event in inputs:
            state = engine.step(state, event, rc.Policy()).state
        assert state.book.latches == ()
        assert state.custody.reconciled_at is not None
        assert state.book.net_realised == Decimal(0)


def test_holdings_that_nobody_may_read_are_no_login_that_is_needed_while_the_other_books_are_read():
    """Login and no login were told in turn, each minute of the day."""
    with live_desk() as desk:
        desk.broker.script(Fault("holdings", "forbidden", times=0))
        login, read = desk.account.books()
        assert (login.good, read.books.holdings, read.books.positions) == (True, None, ())
        for _ in range(3):
            desk.clock.passed += 60
            assert names(desk.account.books()) == ["BooksRead"]
        desk.broker.token_dies()
        assert desk.account.books()[0].good is False
