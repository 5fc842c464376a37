"""Our positions held against the broker's rows: what differs, what is gone, what one read cannot tell."""

from datetime import date, timedelta

import attrs
import pytest

import riskcore as rc
from riskcore.account import held_there, shares_there, was_carried
from riskcore.brokers import capability
from riskcore.custody import Custody, Mismatch, repeated
from riskcore.reconcile import differences, moved_unnamed
from tests.core.by_hand import TEN, book, entry, held, leaving, order
from tests.core.custody_days import foreign, row, trade
from tests.core.engine_days import INFY, TCS

pytestmark = pytest.mark.smoke

ZERODHA = capability("zerodha", on=date(2026, 11, 20))
SHOONYA = capability("shoonya", on=date(2026, 11, 20))
FILLED = order(entry(), "filled", 50, 50_000, broker_id="E1")
YESTERDAY = TEN - timedelta(days=1)


def shown(quantity, key="NSE:INFY", product="MIS"):
    return rc.BrokerPosition(key=key, product=product, quantity=quantity)


def in_demat(quantity, key="NSE:INFY"):
    return rc.BrokerHolding(key=key, quantity=quantity)


def read(*positions, **more):
    return rc.BrokerBooks(**{"at": TEN, "orders": (), "trades": (), "positions": positions, "holdings": (), **more})


def hand(quantity, key="NSE:INFY"):
    """The trade of somebody else that leaves so many shares; none for none."""
    return (trade("H1", "BUY" if quantity > 0 else "SELL", abs(quantity), 1000, key),) if quantity else ()


def differ(ours, books, broker=ZERODHA):
    """(kind, key, ours, theirs) of every difference, and that each was seen once."""
    found = differences(ours, books, broker)
    assert all(mismatch.times == 1 for mismatch in found)
    return [(m.kind, m.key, m.ours, m.theirs) for m in found]


OURS = book(FILLED, positions=(held(),))
BOUGHT = trade("E1", "BUY", 50, 1000)


@pytest.mark.parametrize(
    ("side", "theirs", "kind"),
    [
        ("BUY", 50, None),
        ("BUY", 51, "more"),
        ("BUY", 1, "less"),
        ("BUY", -50, "opposite"),
        ("BUY", 0, "gone"),
        ("SELL", -50, None),
        ("SELL", -51, "more"),
        ("SELL", -1, "less"),
        ("SELL", 1, "opposite"),
        ("SELL", 0, "gone"),
    ],
)
def test_how_the_brokers_position_differs_from_ours(side, theirs, kind):
    """Fifty shares on our side."""
    ours = book(positions=(held(side=side),))
    way = 1 if side == "BUY" else -1
    wanted = [] if kind is None else [(kind, "NSE:INFY", 50 * way, theirs)]
    assert differ(ours, read(shown(theirs), trades=hand(theirs))) == wanted


@pytest.mark.parametrize(("theirs", "kind"), [(2, "more"), (-1, "opposite"), (-2, "opposite")])
def test_a_single_share_differs_as_many_do(theirs, kind):
    """One of ours."""
    assert differ(book(positions=(held(1),)), read(shown(theirs), trades=hand(theirs))) == [
        (kind, "NSE:INFY", 1, theirs)
    ]


def test_differences_come_in_the_order_of_keys_and_a_flat_row_is_none():
    """TCS is somebody else's, in two products that add up; ABC went flat today."""
    rows = (shown(7, "NSE:TCS"), shown(3, "NSE:TCS", "NRML"), shown(0, "NSE:ABC"), shown(20))
    trades = (BOUGHT, *hand(-30))
    assert differ(OURS, read(*rows, trades=trades)) == [("less", "NSE:INFY", 50, 20), ("foreign", "NSE:TCS", 0, 10)]


def test_of_an_instrument_of_ours_only_our_product_is_held_against_it():
    """25 more of it for delivery are the owner's."""
    assert differ(OURS, read(shown(50), shown(25, product="CNC"))) == []
    assert differ(OURS, read(shown(30), shown(20), shown(25, product="CNC"))) == []


def test_positions_that_could_not_be_read_say_nothing():
    """Which is not the same as no difference."""
    assert differences(OURS, read(positions=None), ZERODHA) is None


@pytest.mark.parametrize(
    ("known", "rows", "told"),
    [
        (order(entry(order_id="b"), "unknown"), (), False),
        (order(entry(order_id="b"), "rejected"), (), True),
        (order(entry(order_id="b"), broker_id="E2"), ("open",), True),
        (order(entry(order_id="b"), broker_id="E2"), (), True),
        (order(entry(order_id="b"), broker_id="E2"), ("complete",), False),
        (order(entry(order_id="b"), broker_id="E2"), ("other",), False),
        (order(entry(order_id="b"), "cancelled", broker_id="E2"), ("cancelled",), True),
    ],
)
def test_an_instrument_with_an_order_that_may_have_filled_is_left_out(known, rows, told):
    """An order without a name, and one that has ended at the broker while ours still works."""
    ours = book(FILLED, known, positions=(held(),))
    orders = tuple(row(known.approved, "E2", status) for status in rows)
    found = differ(ours, read(shown(70), shown(5, "NSE:TCS"), orders=orders))
    assert (("more", "NSE:INFY", 50, 70) in found) is told
    assert ("foreign", "NSE:TCS", 0, 5) in found


def test_order_books_that_could_not_be_read_leave_nothing_out():
    """The order may work still."""
    ours = book(FILLED, order(entry(order_id="b"), broker_id="E2"), positions=(held(),))
    assert differ(ours, read(shown(70), orders=None)) == [("more", "NSE:INFY", 50, 70)]


@pytest.mark.parametrize(
    ("filled", "average", "told"), [(20, 1000, True), (20, None, False), (None, 1000, False), (None, None, False)]
)
def test_without_a_trade_book_the_row_of_a_working_order_must_tell_both_how_many_and_at_what_price(
    filled, average, told
):
    """Else twenty more than ours may be what that order filled; with a trade book, or both figures, they are not."""
    works = order(entry(order_id="b"), broker_id="E2")
    ours = book(FILLED, works, positions=(held(),))
    shows = (row(works.approved, "E2", filled_quantity=filled, average_price=average),)
    more = [("more", "NSE:INFY", 50, 70)]
    assert differ(ours, read(shown(70), orders=shows, trades=None)) == (more if told else [])
    assert differ(ours, read(shown(70), orders=shows)) == more


# ---------------------------------------------------------------- what an order without a name may have brought


def moved(there, side="BUY", *more, orders=()):
    """What the account shows of INFY while an order of it has no name at the broker; nothing is held."""
    ours, known = book(order(entry(side=side), "unknown"), *more), Custody(capability=ZERODHA)
    found = moved_unnamed(ours, read(shown(there), orders=orders), known, rc.Policy())
    return [(m.kind, m.ours, m.theirs) for m in found]


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_one_share_its_way_may_be_what_an_order_without_a_name_brought_and_none_is_not(side):
    """The other way it brought nothing."""
    way = 1 if side == "BUY" else -1
    assert moved(way, side) == [("unnamed", 0, way)]
    assert moved(0, side) == moved(-way, side) == []


def test_shares_that_another_order_may_have_brought_are_not_taken_for_those_of_one_without_a_name():
    """E2 is complete at the broker, and its fill is not here yet."""
    other = order(entry(order_id="b"), broker_id="E2")
    assert moved(50, "BUY", other, orders=(row(other.approved, "E2", "complete"),)) == []
    assert moved(50, "BUY", other, orders=(row(other.approved, "E2"),)) == [("unnamed", 0, 50)]


@pytest.mark.parametrize(
    ("product", "ours", "books", "there"),
    [
        ("MIS", "MIS", read(positions=None), None),
        ("CNC", "CNC", read(positions=None), None),
        ("MIS", None, read(positions=None), None),
        ("MIS", "MIS", read(shown(30), holdings=None), 30),
        ("MIS", None, read(shown(30), shown(7, product="CNC"), holdings=None), 30),
        ("CNC", None, read(shown(30, product="CNC"), holdings=None), 30),
        ("CNC", "CNC", read(shown(30, product="CNC"), holdings=None), None),
        ("CNC", "CNC", read(shown(30, product="CNC"), holdings=(in_demat(9),)), 39),
        ("MIS", "CNC", read(shown(30), holdings=(in_demat(9),)), 30),
    ],
)
def test_how_many_shares_are_there_is_not_known_where_the_book_that_shows_them_could_not_be_read(
    product, ours, books, there
):
    """Of shares held for delivery that is the position book and the holdings; of all others the position book."""
    position = () if ours is None else (held(product=ours),)
    assert shares_there(book(positions=position), books, "NSE:INFY", product) == there


def test_of_shares_carried_for_delivery_all_that_is_in_the_account_is_there():
    """A hundred after a bonus, of which fifty are in our book: an order of unknown outcome may have bought them."""
    ours = book(positions=(held(product="CNC", opened_at=YESTERDAY),))
    assert shares_there(ours, read(holdings=(in_demat(100),)), "NSE:INFY", "CNC") == 100


# ---------------------------------------------------------------- delivery


def test_without_holdings_nothing_is_said_of_what_is_held_for_delivery():
    """Of intraday positions it is."""
    delivery, intraday = held(product="CNC"), held(20, instrument=TCS, signal_id="t")
    found = differ(book(positions=(delivery, intraday)), read(holdings=None))
    assert found == [("gone", "NSE:TCS", 20, 0)]
    doubted = order(entry(order_id="b", instrument=TCS), "unknown")
    assert differ(book(doubted, positions=(delivery, intraday)), read(holdings=None)) == []


def test_shares_sold_from_the_demat_account_are_foreign_only_beyond_what_is_there():
    """Ten sold with seven there: three short. An intraday row they never explain; a CNC one always, where unread."""
    rows = (shown(-10, "NSE:ABC", "CNC"), shown(-10, "NSE:TCS"))
    found = differ(book(), read(*rows, holdings=(in_demat(7, "NSE:ABC"), in_demat(10, "NSE:TCS"))))
    assert found == [("foreign", "NSE:ABC", 0, -3), ("foreign", "NSE:TCS", 0, -10)]
    assert differ(book(), read(*rows, holdings=None)) == found[1:]


@pytest.mark.parametrize(
    ("opened", "rows", "demat", "there"),
    [
        (YESTERDAY, (), 50, 50),
        (YESTERDAY, (), 100, 100),
        (YESTERDAY, (-20,), 50, 30),
        (TEN, (50,), 70, 50),
        (TEN, (30,), 70, 50),
        (TEN, (30,), 10, 40),
        (TEN, (60,), 0, 60),
        (TEN, (60,), 70, 60),
        (TEN, (), 0, 0),
        (None, (30,), 70, 50),
    ],
)
def test_what_the_broker_has_of_a_delivery_position(opened, rows, demat, there):
    """Carried: all that is held counts. Of today: the holdings fill up what the rows lack, and never more."""
    position = held(product="CNC", opened_at=opened)
    books = read(*(shown(q, product="CNC") for q in rows), shown(500), holdings=(in_demat(demat), in_demat(9, "X")))
    assert held_there(position, books, TEN.date()) == there


def test_holdings_are_nothing_to_an_intraday_position():
    """Nor is a row of another instrument."""
    books = read(shown(50), shown(7, "NSE:TCS"), holdings=(in_demat(20),))
    assert held_there(held(), books, TEN.date()) == 50
    assert held_there(held(), read(positions=None), TEN.date()) == 0


def test_carried_is_what_was_opened_before_the_session():
    """By the date; of a position without a time, or in no session, nobody knows."""
    today = TEN.date()
    assert was_carried(held(opened_at=YESTERDAY), today)
    assert not was_carried(held(opened_at=TEN.replace(hour=1)), today)
    assert not was_carried(held(opened_at=None), today)
    assert not was_carried(held(opened_at=YESTERDAY), None)


# ---------------------------------------------------------------- gone, or not to be believed


def gone(ours, books, broker):
    ((kind, *_),) = differ(ours, books, broker)
    return kind


FLAT = shown(0)
OLD = book(positions=(held(),))


@pytest.mark.parametrize(
    ("books", "broker", "kind"),
    [
        (read(), ZERODHA, "gone"),
        (read(), None, "gone"),
        (read(), SHOONYA, "suspect"),
        (read(FLAT), SHOONYA, "gone"),
        (read(trades=(trade("H0", "BUY", 50, 990), trade("H1", "SELL", 50, 990))), SHOONYA, "gone"),
        (read(trades=(trade("H0", "BUY", 50, 990), trade("H1", "SELL", 49, 990))), SHOONYA, "suspect"),
        (read(holdings=(in_demat(9, "NSE:ABC"),)), SHOONYA, "suspect"),
    ],
)
def test_an_empty_book_proves_a_position_gone_only_where_errors_do_not_come_as_nothing(books, broker, kind):
    """Or where trades of others took it off."""
    assert gone(OLD, books, broker) == kind


@pytest.mark.parametrize(
    ("opened", "books", "kind"),
    [
        (YESTERDAY, read(holdings=(in_demat(9, "NSE:ABC"),)), "gone"),
        (YESTERDAY, read(), "suspect"),
        (YESTERDAY, read(FLAT), "suspect"),
        (TEN, read(holdings=(in_demat(9, "NSE:ABC"),)), "suspect"),
        (TEN, read(FLAT), "gone"),
    ],
)
def test_shares_carried_for_delivery_are_missed_among_the_holdings(opened, books, kind):
    """Those of today in the position book."""
    ours = book(positions=(held(product="CNC", opened_at=opened),))
    assert gone(ours, books, SHOONYA) == kind


def test_an_intraday_position_of_an_earlier_session_is_gone_whatever_a_read_lacks():
    """The broker has ended it: an exit of it would open a position."""
    kinds = [gone(book(positions=(held(opened_at=at),)), read(), SHOONYA) for at in (YESTERDAY, TEN)]
    assert kinds == ["gone", "suspect"]


@pytest.mark.parametrize(
    ("trades", "kind"),
    [
        ((), "suspect"),
        (None, "suspect"),
        ((BOUGHT,), "suspect"),
        ((BOUGHT, trade("H1", "SELL", 20, 990)), "suspect"),
        ((BOUGHT, trade("H1", "SELL", 50, 990)), "gone"),
        ((trade("H1", "SELL", 20, 990),), "suspect"),
        ((trade("E1", "BUY", 50, 1000, key="NSE:TCS"),), "suspect"),
        ((BOUGHT, trade("H1", "BUY", 20, 990, key="NSE:TCS")), "suspect"),
    ],
)
def test_the_trade_book_of_the_read_speaks_against_a_position_that_it_does_not_show(trades, kind):
    """It shows no trade of our own order, or trades that leave shares: then the read is not true."""
    assert differ(OURS, read(trades=trades), ZERODHA) == [(kind, "NSE:INFY", 50, 0)]


CARRIED = book(order(entry(product="NRML"), "filled", 50, 50_000, broker_id="E1"), positions=(held(product="NRML"),))


@pytest.mark.parametrize(
    ("trades", "kind"),
    [
        ((), "suspect"),
        (None, "suspect"),
        ((BOUGHT,), "suspect"),
        ((BOUGHT, trade("H1", "SELL", 20, 990)), "gone"),
        ((trade("E1", "BUY", 70, 1000),), "suspect"),  # somebody made our entry larger
        ((BOUGHT, trade("H1", "BUY", 20, 990, key="NSE:TCS")), "suspect"),
        ((trade("E1", "BUY", 50, 1000, key="NSE:TCS"),), "suspect"),
    ],
)
def test_of_what_may_be_carried_only_trades_that_leave_what_we_hold_or_more_speak_against_it(trades, kind):
    """Shares of yesterday may be among it: the day's trades need not make the position."""
    assert differ(CARRIED, read(trades=trades), ZERODHA) == [(kind, "NSE:INFY", 50, 0)]


def test_a_row_that_says_none_is_no_answer_against_the_trades_of_the_same_read():
    """It was kept from before our order. Shares that stand under another product are one."""
    assert differ(OURS, read(FLAT, trades=(BOUGHT,))) == [("suspect", "NSE:INFY", 50, 0)]
    assert differ(OURS, read(FLAT, trades=(BOUGHT, *hand(-50)))) == [("gone", "NSE:INFY", 50, 0)]
    later = read(shown(50, product="NRML"), trades=(BOUGHT,), at=TEN + timedelta(minutes=5))
    assert differ(OURS, later) == [("gone", "NSE:INFY", 50, 0)]
    assert differ(OURS, read(shown(5, "NSE:TCS"), trades=(BOUGHT,)))[0][0] == "suspect"


@pytest.mark.parametrize(
    "others",
    [
        order(entry(instrument=TCS), "filled", 50, 50_000, broker_id="E1"),
        order(entry(), broker_id="E1"),
    ],
)
def test_only_orders_that_filled_in_it_are_looked_for_among_the_trades(others):
    """One of another instrument, or one that filled nothing, leaves no trade to be shown."""
    assert differ(book(others, positions=(held(),)), read(), ZERODHA) == [("gone", "NSE:INFY", 50, 0)]


def test_a_short_that_the_trades_still_leave_is_held():
    """Sold fifty by our own order, or more by one that somebody made larger: minus fifty of it is what we hold."""
    sold = order(entry(side="SELL", product="NRML"), "filled", 50, 50_000, broker_id="E1")
    ours = book(sold, positions=(held(side="SELL", product="NRML"),))
    for more, kind in (((), "suspect"), (hand(-20), "suspect"), (hand(1), "gone"), (hand(50), "gone")):
        assert gone(ours, read(trades=(trade("E1", "SELL", 50, 1000), *more)), ZERODHA) == kind


# ---------------------------------------------------------------- seen again


def test_a_difference_is_counted_while_it_stays_the_same_up_to_where_it_is_acted_on():
    seen = Mismatch("less", "NSE:INFY", 50, 25)
    (once,) = repeated([seen], [], 3)
    (twice,) = repeated([seen], [once], 3)
    (thrice,) = repeated([seen], [twice], 3)
    (more,) = repeated([seen], [thrice], 3)
    assert [m.times for m in (once, twice, thrice, more)] == [1, 2, 3, 3]
    assert attrs.evolve(twice, times=1) == seen
    for changed in ({"kind": "more"}, {"key": "NSE:TCS"}, {"ours": 60}, {"theirs": 24}):
        assert [m.times for m in repeated([attrs.evolve(seen, **changed)], [twice], 3)] == [1]
    assert repeated([], [twice], 3) == ()


def test_every_difference_keeps_its_own_count():
    """Two instruments."""
    first, second = Mismatch("less", "NSE:INFY", 50, 25, 2), Mismatch("foreign", "NSE:TCS", 0, 10)
    found = repeated([first, second], [first], 5)
    assert [(m.key, m.times) for m in found] == [("NSE:INFY", 3), ("NSE:TCS", 1)]


def test_exits_without_a_name_leave_their_instrument_out_too():
    """Nobody knows whether it sold."""
    ours = book(FILLED, order(leaving(), "unknown"), positions=(held(instrument=INFY),))
    assert differ(ours, read(shown(0), orders=(foreign(),))) == []
