"""A symbol that is frozen because the broker holds other than we do, and reads that say nothing of it."""

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.beside_days import by_hand, delivery, entered, shown
from tests.core.custody_days import at_broker, books, foreign, held, position, row, trade, true_books
from tests.core.engine_days import INFY, SEEN
from tests.core.test_carried import carried, holdings, reads

BOUGHT = trade("E1", "BUY", 50, 1000)


def is_frozen(day, key=INFY.key):
    """Whether it is, and somebody is called for it."""
    frozen = day.book.latch("positions_differ", key) is not None
    assert frozen == (("positions_differ", key) in day.state.custody.told)
    return frozen


def test_holdings_that_cannot_be_read_free_no_symbol_whose_shares_changed_over_a_night():
    """They are left out for a minute where they failed once: "the books agree again", and an entry could add to it."""
    day = carried()
    for second in (1, 4):
        reads(day, f"09:20:0{second}", holdings=holdings(100))
    assert is_frozen(day)
    for second in (7, 9):
        reads(day, f"09:20:0{second}", holdings=None)
        assert is_frozen(day)
    reads(day, "09:21", holdings=holdings(50))
    assert not is_frozen(day)


@pytest.mark.parametrize("out", [{"trades": None}, {"orders": None, "trades": None}])
def test_nor_do_trades_that_cannot_be_read_while_orders_of_ours_are_on_their_way(out):
    day = at_broker()
    entered(day, "10:00")
    for clock in ("10:01", "10:01:03"):
        shown(day, clock, 55, BOUGHT, by_hand(5))
    shown(day, "10:02", 55, **out)
    assert is_frozen(day)
    shown(day, "10:02:03", 50, BOUGHT, by_hand(5), by_hand(-5, "H2"))
    assert not is_frozen(day)


def test_nor_does_an_order_of_unknown_outcome():
    day = at_broker()
    for clock in ("10:01", "10:01:03"):
        shown(day, clock, 5, by_hand(5))
    assert is_frozen(day)
    day.take(e.LoginSeen(day.at("10:02"), good=False, reconciled=False, by="shell", why="token"))
    assert day.state.custody.mismatches == (), "what differed before is counted anew"
    books(day, "10:02:03", orders=(foreign(),), trades=None, positions=None)
    assert is_frozen(day)


@pytest.mark.parametrize(("broker", "freed"), [("zerodha", True), ("shoonya", False)])
def test_an_empty_answer_frees_a_symbol_only_where_it_proves_something(broker, freed):
    """Shoonya answers errors with nothing."""
    day = at_broker(broker=broker)
    for clock in ("10:01", "10:01:03"):
        shown(day, clock, 5, by_hand(5))
    assert is_frozen(day)
    shown(day, "10:02", 0, positions=())
    assert is_frozen(day) is not freed
    shown(day, "10:02:03", 0, by_hand(5), by_hand(-5, "H2"))
    assert not is_frozen(day)


def test_a_short_for_delivery_is_not_taken_for_covered_while_the_holdings_cannot_be_read():
    day = at_broker()
    _, traded = delivery(5)
    short = rc.BrokerPosition(key=INFY.key, product="CNC", quantity=-5, average_price=1000)
    for clock in ("10:01", "10:01:03"):
        shown(day, clock, 0, traded, positions=(short,))
    assert is_frozen(day)
    shown(day, "10:02", 0, traded, positions=(short,), holdings=None)
    assert is_frozen(day)
    shown(day, "10:02:03", 0, traded, positions=(position(0),))
    assert not is_frozen(day)


def test_what_was_accepted_frees_though_no_book_shows_it():
    """Shares of ours for delivery that stand nowhere: an operator has taken that as it is."""
    day = carried()
    for second in (1, 4):
        reads(day, f"09:20:0{second}")
    assert is_frozen(day)
    day.take(e.DifferencesAccepted(day.at("09:21"), "asha", "they settle tomorrow"))
    reads(day, "09:21:03")
    assert not is_frozen(day)


@pytest.mark.parametrize("product", ["MIS", "CNC", None])
def test_holdings_that_cannot_be_read_keep_the_gate_shut_only_where_something_of_ours_is_for_delivery(product):
    """Held, or on its way. Some accounts may not read theirs at all."""
    day = at_broker()
    orders = (foreign(),)
    if product is not None:
        entry = day.enter("10:00", product=product, **SEEN)
        day.report("10:00:01", entry, "working", broker_id="E1")
        orders += (row(day.sent(rc.ApprovedEntry)[-1], "E1"),)
    for good in (False, True):
        day.take(e.LoginSeen(day.at("10:00:02"), good=good, reconciled=False, by="riskcore", why="books"))
    books(day, "10:00:03", orders=orders, holdings=None)
    assert (day.book.latch("login") is None) == (product != "CNC")
    books(day, "10:00:04", orders=orders)
    assert day.book.latch("login") is None


@pytest.mark.parametrize("left", [30, 0])
def test_shares_of_ours_that_are_gone_are_followed_though_the_difference_was_accepted_before_it_could_be_believed(left):
    """Moved to delivery just after the entry: accepted, the stop went on to be for all, and would have sold a short."""
    day, _ = held()
    moved = position(50 - left)
    moved = attrs.evolve(moved, product="CNC")
    shown_now = {"positions": (position(left), moved)}
    for second in (10, 12):
        true_books(day, f"10:00:{second}", **shown_now)
    assert [(m.kind, m.theirs) for m in day.state.custody.mismatches] == [("suspect", left)]
    day.take(e.DifferencesAccepted(day.at("10:00:15"), "asha", "I moved them to delivery"))
    true_books(day, "10:00:20", **shown_now)
    assert day.book.position(INFY.key).quantity == 50
    for second in (10, 12):
        true_books(day, f"10:02:{second}", **shown_now)
    held_now = day.book.position(INFY.key)
    assert (0 if held_now is None else held_now.quantity) == left
    assert day.last(e.ReviseOrder).revision.quantity == left if left else day.last(e.CancelOrder).order_id
