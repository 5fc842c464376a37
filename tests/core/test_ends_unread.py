"""A stop that was taken back while no order book can be read, and that the broker refuses to cancel: has it ended?"""

from decimal import Decimal

import pytest
from attrs import evolve

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import at_broker, books, foreign, held, position, row, stop_of, trade
from tests.core.engine_days import INFY, SEEN

THERE = (position(50),)
TRADES = (trade("E1", "BUY", 50, 1000),)


def refused(*clocks, target="10:10", broker="sandbox"):
    """50 INFY that are to leave at their target; each cancel of their stop is refused."""
    day, _ = held(broker=broker)
    day.prices(target, last=1101)
    for clock in clocks:
        day.take(e.CancelRefused(day.at(clock), stop_of(day).order_id, "not open"))
    return day


def read(day, clock, *, orders=None, trades=TRADES, there=THERE):
    """A look at the account without its order book, by default."""
    books(day, clock, orders=orders, trades=trades, positions=there)


def left(day):
    """The exit, if one was sent."""
    return next((order for order in day.sent() if isinstance(order, rc.ApprovedExit) and order.trigger is None), None)


def test_a_stop_that_the_broker_refuses_to_cancel_again_and_again_has_ended_where_all_shares_are_there():
    day = refused("10:10:01", "10:10:11", "10:10:21")
    read(day, "10:10:30")
    assert left(day) is None, "30 s must lie between the first refusal and the read"
    read(day, "10:10:31")
    assert (left(day).side, left(day).quantity) == ("SELL", 50)
    ended = [fact for fact in day.facts if isinstance(fact, e.OrderMoved) and fact.status == "cancelled"]
    assert ended[-1].note.startswith("taken for ended: the broker refuses to cancel it")
    assert ("stop_gone_unread", stop_of(day).order_id) in day.state.custody.told
    read(day, "10:10:34", orders=(foreign(),))
    assert "stop_gone_unread" not in {name for name, _ in day.state.custody.told}


@pytest.mark.parametrize(
    "shown",
    [
        {"there": None},
        {"there": (position(0),)},
        {"there": (position(30),)},
        {"trades": None},
        {"trades": (*TRADES, trade("S1", "SELL", 50, 979))},
        {"trades": ()},
    ],
    ids=["no_positions", "gone", "fewer", "no_trades", "it_filled", "trades_lag"],
)
def test_it_has_not_where_a_read_does_not_show_all_shares_and_no_trade_of_it(shown):
    day = refused("10:10:01", "10:10:11", "10:10:21")
    for clock in ("10:10:31", "10:10:41", "10:11:30"):
        read(day, clock, **shown)
    assert left(day) is None


def test_what_a_hand_sold_meanwhile_is_known_before_the_rest_leaves():
    """Twenty of fifty: an exit of all would have turned the account round."""
    day = refused("10:10:01", "10:10:11", "10:10:21")
    shown = {"there": (position(30),), "trades": (*TRADES, trade("H1", "SELL", 20, 990))}
    read(day, "10:10:31", **shown)
    assert left(day) is None
    for clock in ("10:10:41", "10:10:51"):
        read(day, clock, **shown)
    assert left(day).quantity == 30


def test_where_errors_come_as_nothing_an_empty_order_book_is_unread():
    """It lacks the entry of today: the exit waited for good for the end of a stop that no read would show again."""
    day = refused("10:10:01", "10:10:11", "10:10:21", broker="fyers")
    read(day, "10:10:31", orders=())
    assert (left(day).side, left(day).quantity) == ("SELL", 50)


def test_somebody_is_called_where_the_broker_shows_a_stop_under_a_word_that_nobody_knows():
    """As Fyers' plugin does of one that expired: the exit waited behind it, and nobody was called."""
    day = refused()
    shown = row(stop_of(day), "S1", "other")
    for clock, called in (("10:10:09", False), ("10:10:10", True), ("10:10:13", True)):
        read(day, clock, orders=(foreign(), shown))
        assert (("end_unread", stop_of(day).order_id) in day.state.custody.told) is called
    read(day, "10:10:16", orders=(foreign(), evolve(shown, status="cancelled")))
    assert "end_unread" not in {name for name, _ in day.state.custody.told}
    assert (left(day).side, left(day).quantity) == ("SELL", 50)


def test_nor_after_fewer_refusals_and_somebody_is_called():
    day = refused("10:10:01", "10:10:11")
    for clock in ("10:10:31", "10:10:41", "10:11:30"):
        read(day, clock)
    assert left(day) is None
    assert ("end_unread", stop_of(day).order_id) in day.state.custody.told


def calls(day):
    """Who was called, and for what that is over, in the order of it."""
    return [(type(fact).__name__, fact.name) for fact in day.facts if isinstance(fact, (e.Alarmed, e.AlarmOver))]


def cancels(day):
    """The broker's names of what it was asked to cancel."""
    return [command.broker_id for command in day.commands if isinstance(command, e.CancelOrder)]


def test_while_no_order_book_can_be_read_the_cancel_is_sent_again_every_ten_seconds_and_somebody_is_called_once():
    day = refused()
    for clock, sent in (("10:10:09.900", 1), ("10:10:10", 2), ("10:10:19.900", 2), ("10:10:20", 3)):
        read(day, clock)
        assert cancels(day) == ["S1"] * sent
    assert calls(day) == [("Alarmed", "end_unread")]
    read(day, "10:10:25", trades=(*TRADES, trade("S1", "SELL", 50, 979)), there=(position(0),))
    assert day.book.position(INFY.key) is None
    read(day, "10:10:26", trades=(*TRADES, trade("S1", "SELL", 50, 979)), there=(position(0),))
    assert calls(day) == [("Alarmed", "end_unread"), ("AlarmOver", "end_unread")], "its trades tell that it has ended"


def test_a_word_that_nobody_knows_is_told_once_for_as_long_as_it_is_shown():
    day = refused()
    shown = row(stop_of(day), "S1", "other")
    for clock in ("10:10:10", "10:10:13", "10:10:16"):
        read(day, clock, orders=(foreign(), shown))
    assert calls(day) == [("Alarmed", "end_unread")]


def test_somebody_looks_for_a_stop_that_was_taken_for_ended_until_an_order_book_is_read():
    day = refused("10:10:01", "10:10:11", "10:10:21")
    for clock in ("10:10:31", "10:10:34", "10:10:37"):
        read(day, clock)
    assert [call for call in calls(day) if "stop_gone_unread" in call] == [("Alarmed", "stop_gone_unread")]


@pytest.mark.parametrize("status", ["trigger_pending", None])
def test_a_stop_of_which_an_order_book_tells_or_that_it_lacks_is_not_said_to_be_unread(status):
    """Nor is it taken for ended for the refusals, which count where no order book can be read alone."""
    day = refused("10:10:01", "10:10:11", "10:10:21")
    (entry,) = day.sent(rc.ApprovedEntry)
    shown = () if status is None else (row(stop_of(day), "S1", status),)
    read(day, "10:10:31", orders=(row(entry, "E1", "complete"), *shown))
    assert left(day) is None
    assert {name for _, name in calls(day)}.isdisjoint({"end_unread", "stop_gone_unread"})


def test_a_stop_that_was_asked_to_change_stays_where_no_order_book_can_be_read():
    """Nothing wants it gone: what is held would have no stop."""
    day, _ = held()
    day.take(e.TightenStop(day.at("10:10"), INFY.key, Decimal(990)))
    for clock in ("10:10:05", "10:10:10", "10:10:30", "10:11:30"):
        read(day, clock)
    assert (cancels(day), "end_unread" in {name for _, name in calls(day)}) == ([], False)


def test_an_entry_that_the_broker_refuses_to_cancel_is_never_taken_for_ended():
    """It may fill, and what it fills needs a stop."""
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    day.time("10:00:30")
    assert cancels(day) == ["E1"]
    for clock in ("10:00:31", "10:00:41", "10:00:51"):
        assert day.take(e.CancelRefused(day.at(clock), entry, "not open")) == ("StrayReport",)
    for clock in ("10:01:02", "10:01:12", "10:01:32"):
        read(day, clock, trades=(), there=())
    assert day.book.order(entry).live
    assert "end_unread" not in {name for _, name in calls(day)}


def test_a_read_that_shows_the_stop_working_makes_the_refusals_count_anew():
    day = refused("10:10:01", "10:10:11", "10:10:21")
    (entry,) = day.sent(rc.ApprovedEntry)
    read(day, "10:10:25", orders=(row(entry, "E1", "complete"), row(stop_of(day), "S1", "trigger_pending")))
    read(day, "10:10:31")
    assert left(day) is None
    assert day.state.custody.refused == ()


def test_of_an_entry_or_of_what_nobody_asked_to_end_a_refusal_says_nothing():
    day, entry = held()
    for order_id in (entry, stop_of(day).order_id, "nobody"):
        assert day.take(e.CancelRefused(day.at("10:10"), order_id, "not open")) == ("StrayReport",)
    assert day.book.position(INFY.key).quantity == 50


def test_refusals_of_a_session_end_with_it():
    """Brokers begin to count their orders anew in the morning."""
    day = refused("10:10:01", "10:10:11", "10:10:21")
    day.next_day(3)
    day.time("09:15")
    assert day.state.custody.refused == ()
