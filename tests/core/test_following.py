"""Our book follows the broker's account: shares that left or came without an order of ours, or without its name."""

from datetime import date
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.custody_days import (
    at_broker,
    books,
    exit_unknown,
    foreign,
    held,
    position,
    row,
    stop_of,
    trade,
    true_books,
)
from tests.core.engine_days import INFY, SEEN, TCS

D = Decimal
BOUGHT = trade("E1", "BUY", 50, 1000)


def seen_twice(day, *positions, trades=(BOUGHT,), instruments=()):
    """Two reads that show the same, three seconds apart, with our entry and our stop in them."""
    (entry,) = day.sent(rc.ApprovedEntry)
    rows = (row(entry, "E1", "complete"), row(stop_of(day), "S1", "trigger_pending"))
    for clock in ("10:05", "10:05:03"):
        facts = books(day, clock, orders=rows, trades=trades, positions=positions, instruments=instruments)
    return facts


def there(quantity, key="NSE:INFY", average=1000, product="MIS", last=None):
    """A row of the position book with all that it may tell."""
    return rc.BrokerPosition(key=key, product=product, quantity=quantity, average_price=average, last=last)


# ---------------------------------------------------------------- shares that left


def test_F48_a_part_that_was_sold_by_hand_and_the_rest_that_our_stop_sells_are_one_trade():
    """25 at 1,010 and 25 at 980: 250 made and 500 lost, sold at 995 in the mean, with the charges of both."""
    day, _ = held()
    facts = seen_twice(day, there(25), trades=(BOUGHT, trade("H1", "SELL", 25, 1010)))
    assert "PositionClosed" not in facts
    adjusted = day.last(e.PositionAdjusted)
    assert (adjusted.key, adjusted.why, adjusted.price) == (INFY.key, "shares left without us", 1010)
    assert adjusted.realised == 250
    assert day.book.latch("positions_differ", INFY.key) is None
    day.report("10:06", stop_of(day).order_id, "cancelled", 25, 25 * 980)
    done = day.last(e.PositionClosed)
    assert (done.quantity, done.gross, done.exit_price) == (50, -250, 995)
    assert done.charges == day.book.charges
    assert day.book.realised == -250


def test_F48_shares_that_were_sold_by_hand_cost_what_they_would_have_cost_us():
    ours, _ = held()
    ours.signal("10:04", "SELL", kind=rc.EXIT)
    ours.report("10:04:01", stop_of(ours).order_id, "cancelled")
    ours.fill("10:04:02", ours.sent()[-1].order_id, price=1010, quantity=25)
    day, _ = held()
    seen_twice(day, there(25), trades=(BOUGHT, trade("H1", "SELL", 25, 1010)))
    assert day.last(e.PositionAdjusted).charges == ours.last(e.Filled).charges > 0


def test_F48_where_nothing_is_held_any_more_the_trade_is_over():
    day, _ = held()
    facts = seen_twice(day, there(0, average=None), trades=(BOUGHT, trade("H1", "SELL", 50, 1010)))
    assert "PositionClosed" in facts
    assert day.last(e.PositionClosed).reason == "closed_elsewhere"
    assert (day.book.positions, day.book.realised) == ((), 500)


def test_F48_a_position_that_was_turned_round_by_hand_is_closed_and_its_symbol_takes_no_entries():
    """20 short are somebody else's; ours is over. Whatever `manual_trades` says, they are not adopted."""
    day, _ = held(manual_trades="adopt")
    seen_twice(day, there(-20), trades=(BOUGHT, trade("H1", "SELL", 70, 1010)))
    assert day.book.positions == ()
    assert day.book.realised == 500
    latch = day.book.latch("positions_differ", INFY.key)
    assert (latch.why, latch.resets) == ("opposite: we hold 50, the broker -20", "condition")
    assert day.last(e.Alarmed).why == latch.why


# ---------------------------------------------------------------- shares that came


@pytest.mark.parametrize(("average", "now"), [(1005, 1005), (None, 1000)])
def test_F48_shares_that_are_adopted_change_the_average_and_what_was_opened(average, now):
    """25 more, at the average that the broker tells; where it tells none ours stays."""
    day, _ = held(manual_trades="adopt")
    seen_twice(day, there(75, average=average), trades=(BOUGHT, trade("H1", "BUY", 25, 1015)))
    adopted = day.book.positions[0]
    assert (adopted.quantity, adopted.opened_quantity, adopted.average_price) == (75, 75, now)
    assert day.last(e.PositionAdjusted).why == "shares came without us, and are adopted"
    assert day.book.latch("positions_differ", INFY.key) is None


def test_F48_a_position_that_is_adopted_is_what_the_broker_tells_of_it():
    """Of two that are equally large each has its own; they are dated by when they were adopted."""
    day, _ = held(manual_trades="adopt")
    other = rc.Instrument(symbol="ABC", tick="0.05")
    rows = (there(50), there(-10, other.key, 50, "NRML", 51), there(-10, TCS.key, 3000, "MIS", 2990))
    seen_twice(day, *rows, trades=(BOUGHT, trade("H1", "SELL", 10, 3000, TCS.key)), instruments=(other, TCS))
    abc, tcs = day.book.position(other.key), day.book.position(TCS.key)
    assert (abc.average_price, abc.product, abc.last) == (50, "NRML", 51)
    assert (tcs.average_price, tcs.product, tcs.last) == (3000, "MIS", 2990)
    assert (tcs.side, tcs.quantity, tcs.opened_quantity, tcs.opened_at) == ("SELL", 10, 10, day.at("10:05:03"))
    assert (tcs.strategy, tcs.stop) == ("by_hand", None)
    facts = [fact for fact in day.facts if isinstance(fact, e.PositionAdjusted)]
    assert {(fact.key, fact.why) for fact in facts} == {
        (key, "a position that is not ours, and is adopted") for key in (other.key, TCS.key)
    }
    assert day.book.latch("positions_differ", TCS.key) is None


def test_F48_what_an_entry_of_ours_may_have_brought_is_not_adopted_before_that_is_over():
    """Orders and trades came empty beside the positions: our 50 were adopted, and were 100 when the fill was told."""
    day = at_broker(broker="zerodha", manual_trades="adopt")
    made = day.enter("10:00", product="CNC", **SEEN)
    shares = there(50, product="CNC")
    day.report("10:00:01", made, "working", broker_id="E1")
    for clock in ("10:00:02", "10:00:03", "10:00:04"):
        books(day, clock, positions=(shares,), instruments=(INFY,))
    assert day.book.positions == ()
    (entry,) = day.sent(rc.ApprovedEntry)
    traded = (attrs.evolve(BOUGHT, product="CNC"),)
    books(day, "10:00:05", orders=(row(entry, "E1", "complete"),), trades=traded, positions=(shares,))
    assert [held_.quantity for held_ in day.book.positions] == [50]


def test_F48_when_our_entry_has_ended_unfilled_what_came_beside_it_is_adopted():
    day = at_broker(broker="zerodha", manual_trades="adopt")
    made = day.enter("10:00", **SEEN)
    day.report("10:00:01", made, "working", broker_id="E1")
    (entry,) = day.sent(rc.ApprovedEntry)
    came = {"trades": (trade("H1", "BUY", 7, 1000),), "positions": (there(7),), "instruments": (INFY,)}
    for clock in ("10:00:02", "10:00:05"):
        books(day, clock, orders=(row(entry, "E1"),), **came)
    assert day.book.positions == ()
    books(day, "10:00:08", orders=(row(entry, "E1", "cancelled"),), **came)
    books(day, "10:00:11", orders=(row(entry, "E1", "cancelled"),), **came)
    assert [(held_.quantity, held_.strategy) for held_ in day.book.positions] == [(7, "by_hand")]


@pytest.mark.parametrize(
    ("rows", "known"),
    [
        ((there(10, TCS.key),), ()),
        ((there(10, TCS.key, None),), (TCS,)),
        ((there(7, TCS.key), there(3, TCS.key, product="NRML")), (TCS,)),
    ],
)
def test_F48_a_position_of_which_too_little_is_known_is_not_adopted_and_its_symbol_takes_no_entries(rows, known):
    """No instrument; no average price; two products, of which neither row is all of it."""
    day, _ = held(manual_trades="adopt")
    bought = (BOUGHT, trade("H1", "BUY", 10, 3000, TCS.key))
    seen_twice(day, there(50), *rows, trades=bought, instruments=known)
    assert day.book.position(TCS.key) is None
    assert day.book.latch("positions_differ", TCS.key).why == "foreign: we hold 0, the broker 10"


def test_F48_delivery_shares_that_changed_over_a_night_freeze_their_symbol_until_the_books_agree():
    day = at_broker()
    entry = day.enter("10:00", product="CNC", **SEEN)
    day.fill("10:00:01", entry, price=1000)
    day.day = date(2026, 11, 23)
    day.time("09:20")
    day.report("09:20:01", stop_of(day).order_id, "working", broker_id="S2")
    for clock in ("10:05", "10:05:03"):
        books(day, clock, positions=(), holdings=(rc.BrokerHolding(key=INFY.key, quantity=25),))
    latch = day.book.latch("positions_differ", INFY.key)
    assert (latch.why, latch.resets) == ("less: we hold 50, the broker 25", "condition")
    assert day.book.positions[0].quantity == 50
    books(day, "10:06", positions=(), holdings=(rc.BrokerHolding(key=INFY.key, quantity=50),))
    assert day.book.latch("positions_differ", INFY.key) is None
    assert day.last(e.Lifted).why == "the books agree again"


# ---------------------------------------------------------------- shares of orders without a name


def test_F20_shares_that_an_exit_without_a_name_took_off_are_booked_as_that_and_no_more():
    """The target is taken, the exit times out, 20 of 50 are gone: 30 are held."""
    day, out = exit_unknown(note="timeout")
    (entry,) = day.sent(rc.ApprovedEntry)
    for second in (11, 12, 13):
        rows = (row(entry, "E1", "complete"), *(row(out, name) for name in ("X8", "X9")))
        trades = (BOUGHT, trade("X8", "SELL", 20, 1100))
        true_books(day, f"10:10:{second}", orders=rows, trades=trades, positions=(position(30),))
    assert day.book.positions[0].quantity == 30
    call = next(fact for fact in day.facts if isinstance(fact, e.Alarmed) and fact.name == "presumed_filled")
    assert call.subject == out.order_id
    assert call.why == (
        "SELL 20 NSE:INFY taken for its fill, and no row there is surely its own; "
        "X8, X9 may still fill: look at the broker's page"
    )


def test_F20_where_no_row_works_nothing_else_is_said_of_what_was_presumed():
    day = at_broker()
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:05", entry, "unknown", note="timeout")
    for second in (10, 11, 12):
        books(day, f"10:00:{second}", orders=(foreign(),), positions=(position(50),))
    call = next(fact for fact in day.facts if isinstance(fact, e.Alarmed) and fact.name == "presumed_filled")
    assert call.why == "BUY 50 NSE:INFY taken for its fill, and no row there is surely its own"


@pytest.mark.parametrize(("came", "parts"), [(40, [30, 10]), (50, [30, 20]), (30, [30, 0])])
def test_F20_of_two_slices_without_a_name_the_first_is_filled_first(came, parts):
    """30 and 20 timed out; what came is theirs, and no more than that."""
    share = rc.Instrument(symbol="INFY", tick="0.05", sector="IT", freeze_quantity=30)
    day = at_broker()
    day.instruments["INFY"] = share
    day.enter("10:00", **SEEN)
    slices = day.sent(rc.ApprovedEntry)
    for order in slices:
        day.report("10:00:05", order.order_id, "unknown", note="timeout")
    for second in (10, 11):
        books(day, f"10:00:{second}", orders=(foreign(),), positions=(position(came),))
    assert [day.book.order(order.order_id).filled_quantity for order in slices] == parts


def test_F20_shares_of_one_symbol_are_not_those_of_an_order_without_a_name_in_another():
    day = at_broker(max_trades_per_day=5)
    day.instruments["TCS"] = TCS
    first = day.enter("10:00", symbol="TCS", **SEEN)
    second = day.enter("10:00:01", **SEEN)
    for name in (first, second):
        day.report("10:00:05", name, "unknown", note="timeout")
    wanted = day.book.order(second).quantity
    for clock in ("10:00:12", "10:00:13"):
        books(day, clock, orders=(foreign(),), positions=(position(wanted),))
    assert [day.book.order(name).filled_quantity for name in (first, second)] == [0, wanted]
