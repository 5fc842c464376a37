"""Positions carried over a night: the stop rests again, gaps leave at once, what changed overnight is not trusted."""

from datetime import date
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import at_broker, carrying, foreign, row, stop_of, ticks, trade
from tests.core.engine_days import INFY, SEEN

D = Decimal
FUTURE = rc.Instrument(
    symbol="NIFTY24NOV26FUT", tick="0.05", exchange="NFO", segment="FUT", kind="index", underlying="NIFTY"
)


def carried(*, broker="sandbox", opened="09:15", **policy):
    """50 INFY bought for delivery on Friday at 1,000, stop 980; on Monday morning, at the time of the first input."""
    day = at_broker(broker=broker, **policy)
    entry = day.enter("10:00", product="CNC", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    day.fill("10:00:01", entry, price=1000)
    if broker != "paper":
        day.report("10:00:02", stop_of(day).order_id, "working", broker_id="S1")
    day.prices("15:14", last=1005)
    day.next_day(3)
    day.before = day.time(opened)
    return day


def holdings(quantity):
    return (rc.BrokerHolding(key="NSE:INFY", quantity=quantity, average_price=1000),)


def reads(day, clock, **shown):
    """The books are read on the morning after: the orders of yesterday are gone from them."""
    stop = stop_of(day)
    given = {"orders": (row(stop, "S2", "trigger_pending"), foreign()), "trades": (), "positions": (), "holdings": ()}
    read = rc.BrokerBooks(at=day.at(clock), **{**given, **shown})
    return day.take(e.BooksRead(day.at(clock), read))


# ---------------------------------------------------------------- the stop rests again


def test_the_stop_of_a_carried_position_ends_with_its_session_and_rests_again_from_the_open():
    day = carried(broker="zerodha", opened="08:30")
    assert day.before == ("SessionOpened", "OrderMoved")
    assert day.time("09:14:59") == ()
    assert day.time("09:15") == ("Bared", "ExitApproved")
    stop = stop_of(day)
    assert (stop.quantity, stop.trigger, stop.product, stop.at) == (50, 980, "CNC", day.at("09:15"))
    day.report("09:15:01", stop.order_id, "working", broker_id="S2")
    assert day.last(e.Covered).seconds == 1


def test_the_first_input_after_the_open_brings_it_too():
    day = carried(opened="09:30")
    assert day.before[:2] == ("SessionOpened", "OrderMoved")
    assert stop_of(day).at == day.at("09:30")


def test_a_trailed_stop_rests_where_it_stood_and_survives_a_restart_in_the_night():
    day = at_broker(trail="points", trail_by=20)
    entry = day.enter("10:00", product="CNC", **SEEN)
    day.fill("10:00:01", entry, price=1000)
    day.report("10:00:02", stop_of(day).order_id, "working", broker_id="S1")
    day.prices("10:05", last=1020)
    day.restart()
    day.next_day(3)
    day.time("09:15")
    assert stop_of(day).trigger == 1000


def test_on_paper_the_levels_are_watched_on_the_next_day_and_nothing_rests():
    day = carried(broker="paper")
    assert day.sent() == []
    assert day.prices("09:20", last=979)[-1] == "ExitApproved"


def test_a_position_that_was_bare_at_the_close_has_its_whole_time_in_the_morning():
    """Nobody answered for its stop on Friday; on Monday it is not sold for the seconds of the weekend."""
    day = at_broker()
    entry = day.enter("14:40", product="CNC", **SEEN)
    day.fill("15:14:58", entry, price=1000)
    day.next_day(3)
    day.time("09:15")
    assert [order.reason for order in day.sent() if order.trigger is None] == []
    day.report("09:15:01", stop_of(day).order_id, "working", broker_id="S2")
    assert day.last(e.Covered).seconds == 1


def test_while_a_login_is_waited_for_nothing_is_sold_for_having_no_stop():
    """It is told; with the login the stop goes, and has its whole time."""
    day = carried(opened="08:00")
    why = {"by": "shell", "why": "the token of the day"}
    day.take(e.LoginSeen(day.at("08:01"), good=False, reconciled=False, **why))
    for clock in ("09:15", "09:15:05", "09:20"):
        day.time(clock)
    assert ("unprotected", INFY.key) in day.state.custody.told
    assert not any(order.at.date() == day.day for order in day.sent())
    day.take(e.LoginSeen(day.at("09:21"), good=True, reconciled=True, **why))
    assert stop_of(day).at == day.at("09:21")
    day.report("09:21:01", stop_of(day).order_id, "working", broker_id="S2")
    assert all(order.trigger is not None for order in day.sent())


# ---------------------------------------------------------------- gaps


def test_prices_of_the_pre_open_auction_move_and_take_nothing():
    day = carried(opened="08:30")
    assert ticks(day, "09:07", 900, 901) == ()
    assert day.book.positions[0].last == 1005


def test_F37_a_gap_through_the_stop_at_the_open_leaves_at_the_market_where_levels_are_watched():
    """Five per cent lower: the first tick stands alone, the second bears it out, and the loss is larger than 1 R."""
    day = carried(broker="paper")
    assert ticks(day, "09:15", 950) == ("PriceDoubted",)
    assert ticks(day, "09:15:00.300", 949) == ("Marked", "ExitApproved")
    leaving = day.sent()[-1]
    assert (leaving.reason, leaving.reference, leaving.limit) == ("stop", 949, D("944.25"))
    day.fill("09:15:01", leaving.order_id, price=948)
    assert day.book.realised == 50 * -52
    assert day.book.outcomes[-1].r_multiple < -2


def test_F37_a_bar_that_opens_below_the_stop_leaves_at_its_first_price():
    day = carried(broker="paper")
    day.prices("09:20", first=950, low=940, last=960)
    assert day.sent()[-1].reference == 950


def test_F37_a_resting_stop_that_the_open_gaps_through_fills_there_and_no_second_exit_goes():
    day = carried()
    stop = stop_of(day)
    day.report("09:15:01", stop.order_id, "working", broker_id="S2")
    ticks(day, "09:15:02", 950, 949)
    assert len([order for order in day.sent() if order.trigger is None]) == 0
    day.report("09:15:03", stop.order_id, "filled", 50, 50 * 949)
    assert day.book.positions == ()
    assert day.book.outcomes[-1].reason == "stop"


def test_F33_a_stop_that_the_broker_refuses_because_the_open_is_through_it_leaves_at_once():
    day = carried()
    day.report("09:15:01", stop_of(day).order_id, "rejected", note="trigger above the last price")
    assert (day.sent()[-1].reason, day.sent()[-1].trigger) == ("stop", None)


def test_an_exit_that_waited_for_its_stop_at_the_close_goes_with_the_open_and_not_before():
    day = at_broker()
    entry = day.enter("10:00", product="CNC", **SEEN)
    day.fill("10:00:01", entry, price=1000)
    day.report("10:00:02", stop_of(day).order_id, "working", broker_id="S1")
    day.prices("15:14:59", last=1101)
    assert day.state.custody.wanted_of(INFY.key).reason == "target"
    day.next_day(3)
    assert "ExitApproved" not in day.time("08:30")
    assert "ExitApproved" in day.time("09:15")
    assert day.sent()[-1].reason == "target"


# ---------------------------------------------------------------- what changed overnight


def test_delivery_that_moved_into_the_holdings_is_still_there():
    """At midnight CNC leaves the position book."""
    day = carried()
    for clock in ("09:16", "09:16:03", "09:16:06"):
        assert "BooksDiffer" not in reads(day, clock, holdings=holdings(50))
    assert day.book.positions[0].quantity == 50
    assert day.last(e.Reconciled).at.date() == day.day


def test_half_sold_today_is_a_negative_row_beside_the_holdings():
    day = carried()
    sold = rc.BrokerPosition(key="NSE:INFY", product="CNC", quantity=-25)
    shown = {"holdings": holdings(50), "positions": (sold,), "trades": (trade("H1", "SELL", 25, 1010),)}
    for clock in ("09:16", "09:16:03"):
        reads(day, clock, **shown)
    assert day.book.positions[0].quantity == 25
    assert day.book.realised == 250


def test_shares_of_yesterday_that_were_sold_and_bought_again_today_are_found_among_the_holdings():
    day = carried()
    day.report("09:15:01", stop_of(day).order_id, "filled", 50, 50 * 979, broker_id="S2")
    day.take(e.EquityRead(day.at("09:20"), D(100_000)))
    entry = day.enter("10:00", product="CNC", last=1000, stop=980, target=1100, strategy="second")
    assert day.book.order(entry) is not None, day.refusal()
    day.fill("10:00:01", entry, price=1000)
    flat = rc.BrokerPosition(key="NSE:INFY", product="CNC", quantity=0)
    held = day.book.positions[0].quantity
    for clock in ("10:01", "10:01:03"):
        reads(day, clock, holdings=holdings(held), positions=(flat,))
    assert day.book.positions[0].quantity == held


def test_holdings_that_could_not_be_read_say_nothing():
    day = carried()
    for clock in ("09:16", "09:16:03"):
        assert "BooksDiffer" not in reads(day, clock, holdings=None)
    assert day.book.positions[0].quantity == 50


@pytest.mark.parametrize("shown", [100, 60, 25, 0])
def test_a_quantity_that_changed_overnight_without_a_trade_freezes_the_symbol_with_an_alarm(shown):
    """A bonus, a split, or shares that do not show until they settle: our book stays, and so does its stop."""
    day = carried(manual_trades="adopt")
    for clock in ("09:16", "09:16:03"):
        reads(day, clock, holdings=holdings(shown))
    assert day.book.state_of(INFY.key) == "halted"
    assert day.book.state == "active"
    assert any(subject == INFY.key for _, subject in day.state.custody.told)
    assert day.book.positions[0].quantity == 50
    assert day.book.resting(INFY.key).approved.quantity == 50
    reads(day, "09:17", holdings=holdings(50))
    assert day.book.state_of(INFY.key) == "active"


def test_F47_holdings_that_came_empty_prove_nothing_where_errors_come_as_nothing():
    day = carried(broker="shoonya")
    for second in range(10, 20):
        reads(day, f"09:16:{second}")
    assert day.book.positions[0].quantity == 50


def test_a_first_price_far_from_the_last_one_freezes_the_symbol_and_blocks_no_exit():
    """Halved overnight: a bonus of one for one, or a crash; nobody enters, and what the stop asks for goes."""
    day = carried(broker="paper")
    assert day.prices("09:20", last=502)[:2] == ("Alarmed", "Latched")
    why = "1005 before the night, 502 after it: a bonus, a split, or a gap of that size"
    assert day.last(e.Alarmed) == e.Alarmed(day.at("09:20"), "overnight_price", INFY.key, why)
    latch = day.book.latch("overnight_price", INFY.key)
    assert (latch.why, latch.resets, latch.state) == (why, "operator", "halted")
    assert day.sent()[-1].reason == "stop"
    assert day.book.state == "active"


@pytest.mark.parametrize(("price", "frozen"), [(805, False), (804, False), (D("803.95"), True), (1206, False)])
def test_the_freeze_begins_beyond_its_percentage(price, frozen):
    day = carried(broker="paper")
    day.prices("09:20", last=price)
    assert (day.book.latch("overnight_price", INFY.key) is not None) == frozen


def test_only_the_first_price_of_the_day_is_compared_with_the_last_of_yesterday():
    day = carried(broker="paper")
    day.prices("09:20", last=1000)
    assert "Latched" not in day.prices("09:21", first=1000, low=1000, last=1000, high=1099)
    day.prices("09:22", last=D("799"))
    assert day.book.latch("overnight_price", INFY.key) is None


def test_a_first_price_that_stands_alone_is_no_first_price():
    """A tick of 502, and a sound one after it, in one look."""
    day = carried(broker="paper")
    ticks(day, "09:20", 502, 1003)
    assert day.book.latches == ()


@pytest.mark.parametrize(("segment", "frozen"), [("FUT", True), ("OPT", False)])
def test_a_premium_that_has_doubled_overnight_freezes_nothing(segment, frozen):
    """Options do so in any week; of a future it is as of its share."""
    day = carried(broker="paper")
    (position,) = day.book.positions
    contract = attrs.evolve(position, instrument=attrs.evolve(INFY, segment=segment))
    day.state = attrs.evolve(day.state, book=attrs.evolve(day.book, positions=(contract,)))
    day.prices("09:20", last=2010)
    assert (day.book.latch("overnight_price", INFY.key) is not None) == frozen


def test_where_it_is_off_no_price_freezes():
    day = carried(broker="paper", overnight_move_pct=None)
    day.prices("09:20", last=502)
    assert day.book.latches == ()


def test_a_future_that_is_carried_is_held_against_its_row_of_the_position_book():
    """Fewer without a trade: our book follows, for a sale of more would turn it round; and the symbol is frozen."""
    day = carrying(FUTURE)
    day.report("09:15:01", stop_of(day).order_id, "working", broker_id="S1")
    shown = rc.BrokerPosition(key=FUTURE.key, product="NRML", quantity=65, average_price=1000)
    for clock in ("09:16", "09:16:03"):
        read = rc.BrokerBooks(at=day.at(clock), orders=(), trades=(), positions=(shown,), holdings=())
        day.take(e.BooksRead(day.at(clock), read))
    assert day.book.positions[0].quantity == 65
    assert day.book.state_of(FUTURE.key) == "halted"


def test_the_day_after_a_holiday_is_the_next_session():
    """Tuesday the 24th is a holiday: nothing rests on it, and the stop goes on Wednesday."""
    day = carried()
    day.report("09:15:01", stop_of(day).order_id, "working", broker_id="S2")
    day.next_day(1)
    assert day.day == date(2026, 11, 24)
    day.time("10:00")
    assert day.book.resting(INFY.key) is None
    day.next_day(1)
    assert "ExitApproved" in day.time("09:15")


# ---------------------------------------------------------------- a gate that stays shut


def morning(*, login=True, **shown):
    """A good login at 09:00, and two reads of books that differ."""
    day = carried(opened="08:30")
    why = {"reconciled": False, "by": "riskcore", "why": "the token"}
    day.take(e.LoginSeen(day.at("08:40"), good=False, **why))
    if login:
        day.take(e.LoginSeen(day.at("09:00"), good=True, **why))
    for clock in ("09:01", "09:01:03"):
        reads(day, clock, orders=(foreign(),), **shown)
    assert day.book.state == "waiting_for_login"
    return day


TCS_THERE = (rc.BrokerPosition(key="NSE:TCS", product="MIS", quantity=5, average_price=3000),)


@pytest.mark.parametrize(
    "shown", [{"holdings": holdings(100)}, {"holdings": holdings(50), "positions": TCS_THERE}], ids=["bonus", "foreign"]
)
def test_books_that_differ_keep_entries_back_and_no_stop_of_what_is_held(shown):
    """A bonus, or shares of somebody else's in another symbol: the gate stays shut, the 50 get their stop at 09:15."""
    day = morning(**shown)
    assert "ExitApproved" in day.time("09:15")
    assert (stop_of(day).quantity, stop_of(day).at) == (50, day.at("09:15"))
    day.report("09:15:01", stop_of(day).order_id, "working", broker_id="S2")
    assert "ExitApproved" not in day.time("09:15:20")


def test_no_stop_goes_before_the_books_were_compared_or_without_a_login():
    day = morning(login=False, holdings=holdings(100))
    assert "ExitApproved" not in day.time("09:15")
    assert "ExitApproved" not in day.time("09:15:20")
    why = {"reconciled": False, "by": "riskcore", "why": "the token"}
    day.take(e.LoginSeen(day.at("09:20"), good=True, **why))
    assert "ExitApproved" not in day.time("09:20:01")
    reads(day, "09:20:02", orders=(foreign(),), holdings=holdings(100))
    assert "ExitApproved" not in day.time("09:20:03")
    assert "ExitApproved" in reads(day, "09:20:05", orders=(foreign(),), holdings=holdings(100))
    assert stop_of(day).trigger == 980
