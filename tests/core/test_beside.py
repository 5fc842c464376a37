"""Shares that an operator accepted as not ours: we trade beside them, nothing against them; they go as they came."""

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.custody import Beside, Mismatch
from tests.core.beside_days import (
    BOUGHT,
    LEVELS,
    accept,
    beside,
    beside_both,
    by_hand,
    delivery,
    entered,
    of,
    quiet,
    shown,
)
from tests.core.custody_days import at_broker, held, position, row, stop_of, trade, true_books
from tests.core.engine_days import INFY, SEEN

# ---------------------------------------------------------------- we trade beside them


@pytest.mark.parametrize(("side", "way"), [("BUY", 1), ("SELL", -1)])
def test_what_we_trade_on_their_side_is_no_difference_and_theirs_stay_when_ours_are_gone(side, way):
    """In, and out by the stop: the symbol is never frozen, nobody is called, and the gate stays open."""
    day = beside(5 * way)
    assert of(day) == quiet(5 * way)
    entered(day, "10:00", side)
    ours, hand = trade("E1", side, 50, 1000), by_hand(5 * way)
    for second in (5, 8, 11):
        assert "BooksDiffer" not in shown(day, f"10:00:{second:02}", 55 * way, hand, ours)
    stop = stop_of(day)
    day.fill("10:05", stop.order_id, price=stop.trigger)
    out = trade("SE1", stop.side, 50, stop.trigger)
    for second in (5, 8, 11):
        assert "BooksDiffer" not in shown(day, f"10:05:{second:02}", 5 * way, hand, ours, out)
    assert (day.book.positions, *of(day)) == ((), *quiet(5 * way))
    day.restart()
    assert of(day) == quiet(5 * way)
    entered(day, "10:30", side, "E2")
    assert len(day.sent(rc.ApprovedEntry)) == 2


@pytest.mark.parametrize(("there", "side"), [(5, "SELL"), (-5, "BUY")])
def test_an_entry_against_them_is_refused_until_they_are_gone(there, side):
    """It was approved: the broker nets the two."""
    day = beside(there)
    day.enter("10:00", side, **LEVELS[side])
    assert (day.refusal(), day.sent(rc.ApprovedEntry)) == (("held_against",), [])
    for second in (5, 8):
        shown(day, f"10:00:{second:02}", 0, by_hand(there), by_hand(-there, "H2"))
    assert of(day) == quiet(0)
    day.enter("10:01", side, **LEVELS[side])
    assert len(day.sent(rc.ApprovedEntry)) == 1


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_a_reversal_leaves_and_does_not_enter_against_them(side):
    way = 1 if side == "BUY" else -1
    day = beside(5 * way, max_positions=5)
    entered(day, "10:00", side)
    other = "SELL" if side == "BUY" else "BUY"
    day.signal("10:05", other, kind=rc.REVERSAL, **{k: v for k, v in LEVELS[other].items() if k != "last"})
    day.report("10:05:01", stop_of(day).order_id, "cancelled")
    out = day.sent()[-1]
    assert out.side == other
    day.fill("10:05:02", out.order_id, price=1000)
    waiting = [c for c in day.commands if isinstance(c, e.AskEvidence)][-1]
    seen = rc.Market(instrument=INFY, at=day.at("10:05:03"), last=1000)
    day.take(e.EvidenceArrived(day.at("10:05:03"), waiting.signal.id, seen))
    assert (day.book.positions, day.refusal()) == ((), ("held_against",))


def test_they_are_told_apart_from_ours_in_another_product_too():
    """Five for delivery, fifty of ours intraday: our product agrees, and the five are not taken for gone."""
    delivery = rc.BrokerPosition(key=INFY.key, product="CNC", quantity=5, average_price=990)
    theirs = attrs.evolve(by_hand(5), product="CNC")
    day = at_broker(max_trades_per_day=9)
    for clock in ("09:30", "09:30:03"):
        shown(day, clock, 0, theirs, positions=(delivery,))
    accept(day, "09:31")
    entered(day, "10:00")
    for second in (5, 8, 11):
        shown(day, f"10:00:{second:02}", 50, theirs, BOUGHT, positions=(delivery, position(50)))
    assert of(day) == quiet(5)
    day.fill("10:05", stop_of(day).order_id, price=980)
    sold = trade("SE1", "SELL", 50, 980)
    for second in (5, 8):
        shown(day, f"10:05:{second:02}", 0, theirs, BOUGHT, sold, positions=(delivery, position(0)))
    assert of(day) == quiet(5)


def test_all_of_them_stay_accepted_though_ours_are_compared_in_our_product_alone():
    """Five intraday and three for delivery were accepted as eight; beside fifty of ours five are in our product."""
    day, kept, trades = beside_both()
    entered(day, "10:00")
    for second in (5, 8):
        shown(day, f"10:00:{second:02}", 55, by_hand(5), trades, BOUGHT, positions=(position(55), kept))
    assert of(day) == quiet(8)


def test_what_was_accepted_in_our_product_stays_so_beside_what_the_owner_has_for_delivery():
    """That is not compared while we hold intraday shares."""
    day = at_broker(max_trades_per_day=9)
    kept, trades = delivery(30)
    entered(day, "10:00")
    for second in (5, 8):
        shown(day, f"10:00:{second:02}", 55, by_hand(5), trades, BOUGHT, positions=(position(55), kept))
    accept(day, "10:00:09")
    for second in (11, 14):
        shown(day, f"10:00:{second:02}", 55, by_hand(5), trades, BOUGHT, positions=(position(55), kept))
    assert of(day) == quiet(5)


# ---------------------------------------------------------------- more, fewer, none


@pytest.mark.parametrize("there", [58, 53])
def test_another_number_of_them_is_a_difference_as_before_and_asked_again(there):
    day = beside(5)
    entered(day, "10:00")
    for second in (5, 8):
        shown(day, f"10:00:{second:02}", there, by_hand(there - 50), BOUGHT)
    assert of(day) == (5, (Mismatch("more", INFY.key, 50, there, 2),), True, True)
    assert day.state.custody.held_without_us(INFY.key) == there - 50
    accept(day, "10:01")
    shown(day, "10:01:05", there, by_hand(there - 50), BOUGHT)
    assert of(day) == quiet(there - 50)


@pytest.mark.parametrize("what", ["adopt", "ignore", "freeze"])
def test_nothing_is_adopted_of_a_symbol_in_which_some_were_accepted_as_not_ours(what):
    """Eight where five were accepted: which are ours, only somebody can tell."""
    day = beside(5, manual_trades=what)
    for second in (5, 8):
        shown(day, f"10:00:{second:02}", 8, by_hand(8), instruments=(INFY,))
    assert day.book.positions == ()
    assert of(day)[2] == (what != "ignore")


def test_shares_of_ours_that_are_gone_are_gone_though_others_are_accepted():
    """Fifty-five were there, five of them not ours; fifteen are left: that is what a stop may sell."""
    day = beside(5)
    entered(day, "10:00")
    for second in (5, 8):
        shown(day, f"10:00:{second:02}", 15, by_hand(5), BOUGHT, by_hand(-40, "H2"))
    assert day.book.positions[0].quantity == 15
    for second in (11, 14):
        shown(day, f"10:00:{second:02}", 15, by_hand(5), BOUGHT, by_hand(-40, "H2"))
    assert of(day) == quiet(0)


def test_shares_accepted_on_the_other_side_excuse_no_share_of_ours_that_is_not_there():
    """Five short were accepted; of fifty that came to be ours all the same, forty-five are there."""
    day = at_broker(max_trades_per_day=9)
    entry = day.enter("10:00", **SEEN)
    day.report("10:00:01", entry, "working", broker_id="E1")
    for clock in ("10:00:02", "10:00:03"):
        shown(day, clock, -5, by_hand(-5))
    accept(day, "10:00:04")
    day.fill("10:00:05", entry, price=1000)
    day.report("10:00:05", stop_of(day).order_id, "working", broker_id="S1")
    for second in (6, 9):
        shown(day, f"10:00:{second:02}", 45, by_hand(-5), BOUGHT)
    assert day.book.positions[0].quantity == 45


@pytest.mark.parametrize(
    ("more", "gone"),
    [
        ({}, True),
        ({"positions": ()}, True),
        ({"positions": None}, False),
        ({"trades": (by_hand(5),)}, False),
        ({"holdings": None}, True),
    ],
)
def test_they_are_gone_by_reads_that_prove_it(more, gone):
    """A book that could not be read proves nothing, nor does one that its own trades contradict."""
    day = beside(5)
    for second in (5, 8, 11):
        shown(day, f"10:00:{second:02}", 0, by_hand(5), by_hand(-5, "H2"), **more)
    assert day.state.custody.beside_of(INFY.key) == (0 if gone else 5)


def test_where_errors_come_as_nothing_an_empty_book_takes_none_of_them_away():
    day = beside(5, broker="shoonya")
    for second in (5, 8, 11):
        shown(day, f"10:00:{second:02}", 0, positions=(), trades=())
    assert of(day) == quiet(5)
    shown(day, "10:00:14", 0, by_hand(5), by_hand(-5, "H2"))
    shown(day, "10:00:17", 0, by_hand(5), by_hand(-5, "H2"))
    assert of(day) == quiet(0)


def test_a_read_that_hides_ours_says_nothing_of_theirs():
    """Shoonya, and INFY of ours is not shown: five TCS that are not shown either are not gone for that.

    ABC is: the book is not empty.
    """
    day, _ = held(broker="shoonya", differing_reads=3)
    there, bought = position(5, key="NSE:TCS"), trade("H1", "BUY", 5, 3000, key="NSE:TCS")
    for clock in ("10:05", "10:05:01"):
        true_books(day, clock, trades=(BOUGHT, bought), positions=(position(50), there))
    accept(day, "10:05:02")
    for second in range(3, 9):
        true_books(day, f"10:05:{second:02}", orders=(), trades=(), positions=(position(1, key="NSE:ABC"),))
    assert day.state.custody.beside_of("NSE:TCS") == 5


def test_a_read_of_before_our_trades_says_nothing_of_theirs():
    """A row that says none, and no trade, when we have been in and out beside them."""
    day = beside(5)
    entered(day, "10:00")
    day.fill("10:05", stop_of(day).order_id, price=980)
    for second in (5, 8, 11):
        shown(day, f"10:05:{second:02}", 0)
    assert of(day) == quiet(5)


def test_what_an_exit_without_a_name_may_have_sold_is_not_theirs():
    """Fifty of ours beside fifty of theirs; of our exit nobody knows what became, and fifty are left."""
    day = beside(50)
    entered(day, "10:00")
    day.prices("10:10", last=1101)
    day.report("10:10:01", stop_of(day).order_id, "cancelled")
    day.report("10:10:02", day.sent()[-1].order_id, "unknown", note="timeout")
    sold = trade("X7", "SELL", 50, 1100)
    shown(day, "10:10:03", 50, by_hand(50), BOUGHT, sold)
    shown(day, "10:10:06", 50, by_hand(50), BOUGHT, sold)
    assert day.state.custody.beside == (Beside(INFY.key, 50),)


@pytest.mark.parametrize("reads", [1, 2, 3])
def test_they_are_gone_when_as_many_reads_in_a_row_have_shown_it_as_a_difference_needs(reads):
    """One that shows them again begins anew; until then an entry against them is refused."""
    day = beside(5, differing_reads=reads)
    none = (by_hand(5), by_hand(-5, "H2"))
    for second in range(1, reads):
        assert "AcceptedMoved" in shown(day, f"10:00:{second:02}", 0, *none)
        assert day.state.custody.beside == (Beside(INFY.key, 5, second),)
    if reads > 1:
        day.restart()
        assert "AcceptedMoved" in shown(day, "10:00:10", 5, by_hand(5))
        assert day.state.custody.beside == (Beside(INFY.key, 5),)
    assert "AcceptedMoved" not in shown(day, "10:00:11", 5, by_hand(5))
    for second in range(reads):
        assert day.state.custody.held_without_us(INFY.key) == 5
        shown(day, f"10:00:{20 + second}", 0, *none)
    assert day.state.custody.held_without_us(INFY.key) == 0
    assert day.last(e.AcceptedMoved).beside is None


def test_shares_that_come_again_after_they_were_gone_are_asked_for_again():
    day = beside(5)
    for second in (5, 8):
        shown(day, f"10:00:{second:02}", 0, by_hand(5), by_hand(-5, "H2"))
    for second in (11, 14):
        shown(day, f"10:00:{second:02}", 5, by_hand(5), by_hand(-5, "H2"), by_hand(5, "H3"))
    assert of(day) == (0, (Mismatch("foreign", INFY.key, 0, 5, 2),), True, True)


# ---------------------------------------------------------------- orders that nobody can name


def lost(day, clock="10:00"):
    """An entry of fifty of which nobody knows what became."""
    entry = day.enter(clock, **SEEN)
    day.report(clock + ":01", entry, "unknown", note="timeout")
    return day.book.order(entry)


def test_an_order_that_never_arrived_is_settled_beside_them():
    """The position was never just ours, so that it waited for good."""
    day = beside(5)
    order = lost(day)
    for second in range(12, 40, 3):
        shown(day, f"10:00:{second}", 5, by_hand(5))
    assert day.book.order(order.id).status == "rejected"
    assert (day.book.positions, *of(day)) == ((), *quiet(5))


def test_they_are_not_taken_for_what_an_order_without_a_name_filled():
    """Two rows fit it, neither has filled, and the five were there before."""
    day = beside(5)
    order = lost(day)
    rows = tuple(row(order.approved, name, "open") for name in ("A1", "A2"))
    for second in range(12, 40, 3):
        shown(day, f"10:00:{second}", 5, by_hand(5), orders=rows)
    assert day.book.positions == ()
    for second in range(40, 58, 3):
        shown(day, f"10:00:{second}", 55, by_hand(5), trade("A1", "BUY", 50, 1000), orders=rows)
    assert day.book.positions[0].quantity == 50
    assert of(day)[0] == 5
