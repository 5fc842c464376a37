"""What an operator can accept of what differs, how a journal of before is read, and how many of an account are ours."""

import pytest

import riskcore as rc
from riskcore import events as e
from riskcore.account import shares_beside
from riskcore.custody import Beside
from tests.core.beside_days import (
    BOUGHT,
    accept,
    beside,
    beside_both,
    by_hand,
    delivery,
    entered,
    left_at_once,
    of,
    quiet,
    shown,
)
from tests.core.by_hand import TEN, book, held as holding
from tests.core.custody_days import at_broker, books, foreign, held, position, stop_of, trade, true_books
from tests.core.engine_days import INFY, SEEN

# ---------------------------------------------------------------- what is accepted, and what is not


@pytest.mark.parametrize(("there", "kind"), [(30, "less"), (0, "gone"), (-10, "opposite")])
def test_shares_of_ours_that_went_are_followed_though_somebody_has_accepted_what_is_there(there, kind):
    """Our book kept them, with a stop that would have turned the account round."""
    day, _ = held(differing_reads=3)
    shown = {"trades": (BOUGHT, by_hand(there - 50)), "positions": (position(there),)}
    true_books(day, "10:05", **shown)
    accept(day, "10:05:01")
    assert [one.kind for one in day.state.custody.mismatches] == [kind]
    assert day.last(e.DifferencesTaken).accepted == day.last(e.DifferencesTaken).beside == ()
    for second in (2, 3, 4):
        true_books(day, f"10:05:0{second}", **shown)
    assert [one.quantity for one in day.book.positions] == ([there] if there > 0 else [])


def test_shares_for_delivery_that_are_shown_nowhere_yet_are_accepted_and_ours_stay():
    """Bought yesterday, and not among the holdings: they need their stop, and no sale of them turns anything round."""
    day = at_broker()
    day.fill("10:00:01", day.enter("10:00", product="CNC", **SEEN), price=1000)
    day.next_day(3)
    day.time("09:20")
    day.report("09:20:01", stop_of(day).order_id, "working", broker_id="S2")
    other = rc.BrokerHolding(key="NSE:TCS", quantity=9)
    for clock in ("09:21", "09:21:03"):
        books(day, clock, orders=(foreign(),), holdings=(other,))
    accept(day, "09:22")
    assert day.state.custody.accepted == ((INFY.key, 0),)
    for second in (3, 6, 9):
        books(day, f"09:22:{second:02}", orders=(foreign(),), holdings=(other,))
    assert (day.book.positions[0].quantity, *of(day)) == (50, *quiet(0))
    sold = trade("H3", "SELL", 7, 3000, key="NSE:TCS")
    for second in (12, 15):
        short = position(-7, key="NSE:TCS")
        books(day, f"09:22:{second:02}", orders=(foreign(),), trades=(sold,), positions=(short,), holdings=(other,))
    accept(day, "09:23")
    assert day.state.custody.accepted == ((INFY.key, 0),)
    assert [one.key for one in day.state.custody.beside] == ["NSE:TCS"]


def test_what_cannot_be_believed_is_accepted_as_the_brokers_quantity_and_no_more_than_while_it_stands():
    """The trade book lacks what others sold: the symbol is free again, and our stop stays."""
    day, _ = held(broker="shoonya")
    for second in (0, 3):
        true_books(day, f"10:05:{second:02}", positions=(position(30),))
    accept(day, "10:06")
    assert day.last(e.DifferencesTaken).accepted == ((INFY.key, 30),)
    true_books(day, "10:06:03", positions=(position(30),))
    assert of(day) == quiet(0)
    true_books(day, "10:06:06")
    assert day.state.custody.accepted == ()
    for second in (9, 12):
        true_books(day, f"10:06:{second:02}", positions=(position(30),))
    assert of(day)[2:] == (True, True)


def test_a_second_acceptance_keeps_the_first_of_other_symbols():
    day = beside(5)
    tcs, bought = position(-7, key="NSE:TCS"), trade("H3", "SELL", 7, 3000, key="NSE:TCS")
    for second in (5, 8):
        shown(day, f"10:00:{second:02}", 5, by_hand(5), bought, positions=(position(5), tcs))
    accept(day, "10:01")
    assert day.state.custody.beside == (Beside(INFY.key, 5), Beside("NSE:TCS", -7))


def test_each_change_of_what_was_accepted_says_why():
    day, none = beside(5), (by_hand(5), by_hand(-5, "H2"))
    seen = [(0, *none), (5, by_hand(5)), (0, *none), (0, *none)]
    for second, (there, *trades) in enumerate(seen):
        shown(day, f"10:00:{second:02}", there, *trades)
    assert [fact.why for fact in day.facts if isinstance(fact, e.AcceptedMoved)] == [
        "the account shows none of them",
        "the account shows them again",
        "the account shows none of them",
        "they are gone",
    ]


# ---------------------------------------------------------------- a journal of before


def as_before(day, clock, theirs):
    """The fact as every version before wrote it: the broker's quantity alone."""
    fact = e.DifferencesTaken(day.at(clock), "asha", "mine", ((INFY.key, theirs),))
    day.facts.append(fact)
    day.restart()
    assert (day.state.custody.accepted, day.state.custody.beside) == (((INFY.key, theirs),), ())


def test_what_was_accepted_as_the_brokers_quantity_stays_so_and_is_shares_beside_ours_from_the_first_read_on():
    day, _ = held()
    as_before(day, "10:04", 75)
    shown = {"trades": (BOUGHT, by_hand(25)), "positions": (position(75),)}
    assert "BooksDiffer" not in true_books(day, "10:05", **shown)
    assert (day.state.custody.accepted, *of(day)) == ((), *quiet(25))
    assert (
        day.last(e.AcceptedMoved).why == "it was accepted as the broker's quantity, and is so many shares beside ours"
    )
    day.fill("10:06", stop_of(day).order_id, price=980)
    sold = (BOUGHT, by_hand(25), trade("S1", "SELL", 50, 980))
    books(day, "10:06:03", orders=(foreign(),), trades=sold, positions=(position(25),))
    assert of(day) == quiet(25)


def test_what_was_accepted_of_another_quantity_is_none_of_this():
    """Seventy-five were accepted: eighty are asked for."""
    day, _ = held()
    as_before(day, "10:04", 75)
    for second in (0, 3):
        true_books(day, f"10:05:{second:02}", trades=(BOUGHT, by_hand(30)), positions=(position(80),))
    assert of(day)[2:] == (True, True)
    assert day.state.custody.accepted == ((INFY.key, 75),)


# ---------------------------------------------------------------- the emergency stop


@pytest.mark.parametrize(("whole", "stage"), [(False, "flat"), (True, "stopping")])
def test_an_emergency_stop_is_flat_beside_them_unless_it_is_of_the_whole_account(whole, stage):
    day = beside(5)
    entered(day, "10:00")
    sold = left_at_once(day, whole)
    for second in (5, 8):
        shown(day, f"10:05:{second:02}", 5, by_hand(5), BOUGHT, sold)
    assert day.state.control.emergency.stage == stage
    assert day.state.custody.beside_of(INFY.key) == (0 if whole else 5)


@pytest.mark.parametrize(
    ("whole", "bought", "stage"), [(False, 0, "flat"), (True, 0, "stopping"), (False, 27, "stopping")]
)
def test_so_it_is_beside_some_in_another_product_but_not_beside_more_than_were_accepted(whole, bought, stage):
    """Five intraday, three for delivery; what comes later in a symbol of ours may be a fill that nobody told of."""
    day, _, _ = beside_both()
    entered(day, "10:00")
    sold = left_at_once(day, whole)
    kept, trades = delivery(3 + bought)
    for second in (5, 8):
        shown(day, f"10:05:{second:02}", 5, by_hand(5), trades, BOUGHT, sold, positions=(position(5), kept))
    assert day.state.control.emergency.stage == stage
    assert bool(day.state.control.emergency.contrary) is (stage == "stopping")


# ---------------------------------------------------------------- how many are not ours


@pytest.mark.parametrize(
    ("ours", "rows", "beside_ours"),
    [
        (None, (("MIS", 5),), 5),
        (None, (("CNC", 5), ("MIS", -5)), -5),
        (None, (("CNC", 5), ("MIS", 3)), 8),
        ("MIS", (("MIS", 50),), 0),
        ("MIS", (("MIS", 55), ("CNC", 3)), 8),
        ("MIS", (("MIS", 45), ("CNC", 5)), -5),
        ("CNC", (("MIS", 5), ("CNC", 50)), 5),
        ("CNC", (("MIS", -5), ("CNC", 55)), -5),
        ("MIS", (), -50),
    ],
)
def test_how_many_of_an_account_are_not_ours_is_what_would_be_left_if_ours_were_gone(ours, rows, beside_ours):
    """In whatever product; where products make nought, intraday shares stand for it."""
    mine = book(positions=() if ours is None else (holding(product=ours),))
    there = tuple(rc.BrokerPosition(key=INFY.key, product=product, quantity=n) for product, n in rows)
    there += (rc.BrokerPosition(key="NSE:TCS", product="MIS", quantity=9),)
    read = rc.BrokerBooks(at=TEN, positions=there, holdings=())
    assert shares_beside(mine, read, INFY.key) == beside_ours
