"""The broker's rows as values: what a row may lack, what is refused by name, and what is remembered beside the book."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore.broker_books import summed
from riskcore.brokers import capability
from riskcore.custody import Custody, Mismatch, Touch, Wanted, replaced
from tests.core.by_hand import TEN

pytestmark = pytest.mark.smoke

D = Decimal
ORDER = {"id": "E1", "key": "NSE:INFY", "side": "BUY", "quantity": 50, "product": "MIS", "status": "open"}
TRADE = {"order_id": "E1", "key": "NSE:INFY", "side": "BUY", "quantity": 50, "price": 1000, "product": "MIS"}
POSITION = {"key": "NSE:INFY", "product": "MIS", "quantity": 50}
HOLDING = {"key": "NSE:INFY", "quantity": 50}
UTC = timezone.utc


# ---------------------------------------------------------------- rows


def test_a_row_may_lack_what_another_brokers_has():
    """And says None of it, or the plainest word."""
    order, trade = rc.BrokerOrder(**ORDER), rc.BrokerTrade(**TRADE)
    assert (order.price_type, order.note) == ("LIMIT", "")
    lacking = (order.price, order.trigger, order.filled_quantity, order.average_price, order.placed_at)
    assert lacking == (None,) * 5
    assert (trade.traded_at, trade.id) == (None, "")
    held, demat = rc.BrokerPosition(**POSITION), rc.BrokerHolding(**HOLDING)
    assert (held.average_price, held.last, held.realised, demat.average_price) == (None,) * 4


@pytest.mark.parametrize(
    ("row", "given", "change", "told"),
    [
        (rc.BrokerOrder, ORDER, {"side": "HOLD"}, "BrokerOrder.side"),
        (rc.BrokerOrder, ORDER, {"quantity": 0}, "BrokerOrder.quantity"),
        (
            rc.BrokerOrder,
            ORDER,
            {"status": "gone"},
            "status must be one of open, trigger_pending, complete,",
        ),
        (rc.BrokerOrder, ORDER, {"status": "gone"}, "cancelled, rejected, other, got 'gone'"),
        (rc.BrokerOrder, ORDER, {"product": " "}, "BrokerOrder.product must name a product such as MIS, got ' '"),
        (rc.BrokerOrder, ORDER, {"product": 5}, "BrokerOrder.product must name a product such as MIS, got 5"),
        (rc.BrokerOrder, ORDER, {"price_type": "STOP"}, "BrokerOrder.price_type .*MARKET, LIMIT, SL, SL-M"),
        (rc.BrokerOrder, ORDER, {"price": 0}, "BrokerOrder.price"),
        (rc.BrokerOrder, ORDER, {"trigger": 0}, "BrokerOrder.trigger"),
        (rc.BrokerOrder, ORDER, {"filled_quantity": -1}, "BrokerOrder.filled_quantity"),
        (rc.BrokerOrder, ORDER, {"average_price": 0}, "BrokerOrder.average_price"),
        (rc.BrokerOrder, ORDER, {"placed_at": datetime(2026, 11, 20)}, "BrokerOrder.placed_at"),  # noqa: DTZ001
        (rc.BrokerTrade, TRADE, {"side": "HOLD"}, "BrokerTrade.side"),
        (rc.BrokerTrade, TRADE, {"quantity": 0}, "BrokerTrade.quantity"),
        (rc.BrokerTrade, TRADE, {"price": 0}, "BrokerTrade.price"),
        (rc.BrokerTrade, TRADE, {"product": ""}, "BrokerTrade.product"),
        (rc.BrokerTrade, TRADE, {"traded_at": "noon"}, "BrokerTrade.traded_at"),
        (rc.BrokerPosition, POSITION, {"product": ""}, "BrokerPosition.product"),
        (rc.BrokerPosition, POSITION, {"quantity": 0.5}, "BrokerPosition.quantity"),
        (rc.BrokerPosition, POSITION, {"average_price": 0}, "BrokerPosition.average_price"),
        (rc.BrokerPosition, POSITION, {"last": 0}, "BrokerPosition.last"),
        (rc.BrokerPosition, POSITION, {"realised": "much"}, "BrokerPosition.realised"),
        (rc.BrokerHolding, HOLDING, {"quantity": 0.5}, "BrokerHolding.quantity"),
        (rc.BrokerHolding, HOLDING, {"average_price": 0}, "BrokerHolding.average_price"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_the_name_of_its_field(row, given, change, told):
    """Whatever the broker sent."""
    with pytest.raises(ValueError, match=told):
        row(**{**given, **change})


def test_what_is_refused_of_no_row():
    """Any product there is, any kind of price, a fill of nought, a short, a loss."""
    for kind in ("MARKET", "LIMIT", "SL", "SL-M"):
        assert rc.BrokerOrder(**ORDER, price_type=kind).price_type == kind
    odd = rc.BrokerOrder(**{**ORDER, "product": "BO", "status": "other"}, filled_quantity=0, price="999.95")
    assert (odd.product, odd.status, odd.filled_quantity, odd.price) == ("BO", "other", 0, D("999.95"))
    short = rc.BrokerPosition(key="NSE:INFY", product="MIS", quantity=-50, realised=-100, last=990, average_price=1000)
    assert (short.side, short.quantity, short.realised) == ("SELL", -50, -100)
    assert rc.BrokerPosition(**POSITION).side == "BUY"


def test_times_are_those_of_india():
    """Half past four in Greenwich is ten o'clock; a look at the books needs one."""
    early = datetime(2026, 11, 20, 4, 30, tzinfo=UTC)
    for at in (
        rc.BrokerOrder(**ORDER, placed_at=early).placed_at,
        rc.BrokerTrade(**TRADE, traded_at=early).traded_at,
        rc.BrokerBooks(at=early).at,
    ):
        assert (at, at.tzinfo) == (TEN, rc.IST)
    with pytest.raises(ValueError, match=r"BrokerBooks\.at"):
        rc.BrokerBooks(at=None)


@pytest.mark.parametrize(
    ("status", "working"),
    [
        ("open", True),
        ("trigger_pending", True),
        ("complete", False),
        ("cancelled", False),
        ("rejected", False),
        ("other", False),
    ],
)
def test_which_rows_may_still_fill(status, working):
    """A word that nobody knows says nothing."""
    assert rc.BrokerOrder(**{**ORDER, "status": status}).working is working


# ---------------------------------------------------------------- books


def test_an_order_and_its_trades_are_found_by_the_brokers_name():
    """In a book that was read; one that was not shows nothing."""
    rows = (rc.BrokerOrder(**ORDER), rc.BrokerOrder(**{**ORDER, "id": "E2"}))
    named = (("E1", "1"), ("E2", "2"), ("E1", "3"))
    trades = tuple(rc.BrokerTrade(**{**TRADE, "order_id": name}, id=number) for name, number in named)
    books = rc.BrokerBooks(at=TEN, orders=rows, trades=trades)
    assert books.order("E2") is rows[1]
    assert books.order("E3") is None
    assert [trade.id for trade in books.trades_of("E1")] == ["1", "3"]
    unread = rc.BrokerBooks(at=TEN)
    assert (unread.order("E1"), unread.trades_of("E1"), unread.in_demat("NSE:INFY")) == (None, (), 0)
    assert (unread.orders, unread.trades, unread.positions, unread.holdings, unread.unread) == (None,) * 4 + ((),)


@pytest.mark.parametrize(
    ("product", "quantity", "demat", "sold"),
    [
        ("CNC", -10, 10, 10),
        ("CNC", -10, 7, 7),
        ("CNC", -10, 12, 10),
        ("CNC", -10, -3, 0),
        ("CNC", -1, 5, 1),
        ("CNC", 10, 10, 0),
        ("CNC", 0, 10, 0),
        ("MIS", -10, 10, 0),
    ],
)
def test_what_a_negative_delivery_row_sold_from_the_demat_account(product, quantity, demat, sold):
    """As much as is there, in one row of the holdings or in two."""
    holdings = (rc.BrokerHolding(key="NSE:INFY", quantity=demat), rc.BrokerHolding(key="NSE:TCS", quantity=99))
    books = rc.BrokerBooks(at=TEN, holdings=holdings)
    row = rc.BrokerPosition(key="NSE:INFY", product=product, quantity=quantity)
    assert books.sold_from_holdings(row) == sold
    twice = rc.BrokerBooks(at=TEN, holdings=(holdings[0], *holdings))
    assert twice.in_demat("NSE:INFY") == 2 * demat


def test_holdings_that_fell_by_what_was_sold_of_them_are_as_they_were_before():
    """Shoonya's, which the positions show as well: ten that were sold were taken for a short of ten."""
    rows = (
        rc.BrokerPosition(key="NSE:INFY", product="CNC", quantity=-10),
        rc.BrokerPosition(key="NSE:TCS", product="MIS", quantity=-4),
    )
    fell = rc.BrokerBooks(at=TEN, positions=rows, holdings=(rc.BrokerHolding(key="NSE:INFY", quantity=5),))
    assert fell.before_sales().in_demat("NSE:INFY") == 15
    assert fell.before_sales().in_demat("NSE:TCS") == 0
    for unread in ({"holdings": None}, {"positions": None}, {"positions": ()}):
        books = attrs.evolve(fell, **unread)
        assert books.before_sales() == books


def test_trades_are_summed_by_what_they_were_worth():
    """Twenty at 999 and thirty at 1,000; of no trades, nought."""
    trades = (rc.BrokerTrade(**{**TRADE, "quantity": q, "price": p}) for q, p in ((20, 999), (30, 1000)))
    assert summed(trades) == (50, 49_980)
    quantity, value = summed(())
    assert (quantity, value, type(value)) == (0, 0, Decimal)


# ---------------------------------------------------------------- a broker's ways


def test_a_broker_is_known_by_its_name_however_that_is_written():
    """One that no row names has the least."""
    day = date(2026, 11, 20)
    assert capability("SHOONYA", on=day) == capability("shoonya", on=day) != capability("somebody", on=day)
    assert capability("somebody", on=day).broker == "any"
    with pytest.raises(ValueError, match=r"the table of brokers says nothing of 1990-01-01; it begins later"):
        capability("shoonya", on=date(1990, 1, 1))


@pytest.mark.parametrize(
    "name", ["paytm", "motilal", "mstock", "hdfcsky", "hdfcsecurities", "aliceblue", "iiflcapital"]
)
def test_what_available_cash_is_was_looked_up_for_every_broker_that_was_in_doubt(name):
    """By its documents it is what is left: the margin in use is taken off it."""
    row = capability(name, on=date(2026, 11, 30))
    assert (row.broker, row.cash_is_balance) == (name, False)
    assert "availablecash" in row.source


@pytest.mark.parametrize(("name", "average"), [("shoonya", 0), ("zebu", 0), ("flattrade", 1), ("tradesmart", 1)])
def test_an_order_that_traded_shows_its_average_at_two_of_the_noren_family(name, average):
    """Their plugins put it in place of the limit; Shoonya's and Zebu's leave the limit."""
    assert capability(name, on=date(2026, 11, 30)).price_is_average == average


def test_a_row_of_ones_own_comes_before_ours():
    """From a file of the user."""
    day = date(2026, 11, 20)
    known = capability("shoonya", on=day)
    own = attrs.evolve(known, empty_proves=True)
    assert not known.empty_proves
    assert capability("shoonya", on=day, tables=rc.Tables(brokers=(own,))).empty_proves


# ---------------------------------------------------------------- what is remembered


LATER = TEN + timedelta(seconds=1)
KNOWN = Custody(
    wanted=(Wanted(key="NSE:TCS", reason="stop", at=TEN), Wanted(key="NSE:INFY", reason="stop", at=LATER)),
    touches=(Touch("NSE:TCS", TEN, D(1)), Touch("NSE:INFY", LATER, D(2))),
    odd=(("NSE:TCS", D(1)), ("NSE:INFY", D(2))),
    bare=(("NSE:TCS", TEN), ("NSE:INFY", LATER)),
    absent=(("a", 1), ("b", 2)),
    asked=(("a", TEN), ("b", LATER)),
    settled=(("a", LATER), ("b", TEN)),
)


def test_each_instrument_and_each_order_has_its_own_row():
    """The second is found as the first is."""
    assert (KNOWN.wanted_of("NSE:INFY"), KNOWN.touch_of("NSE:INFY")) == (KNOWN.wanted[1], KNOWN.touches[1])
    assert (KNOWN.bare_since("NSE:INFY"), KNOWN.odd_price("NSE:INFY")) == (LATER, 2)
    assert (KNOWN.reads_without("b"), KNOWN.asked_at("b"), KNOWN.settled_at("b")) == (2, LATER, TEN)


def test_of_what_is_not_known_nothing_is_said():
    """None, and no read."""
    unknown = (KNOWN.wanted_of("X"), KNOWN.touch_of("X"), KNOWN.bare_since("X"), KNOWN.odd_price("X"))
    assert unknown == (None,) * 4
    assert (KNOWN.reads_without("x"), KNOWN.asked_at("x"), KNOWN.settled_at("x")) == (0, None, None)


def test_of_an_instrument_that_is_not_held_any_more_nothing_is_left():
    """And of the others everything; what is known of orders stays."""
    left = KNOWN.without("NSE:INFY")
    assert (left.wanted, left.touches, left.odd, left.bare) == tuple(
        rows[:1] for rows in (KNOWN.wanted, KNOWN.touches, KNOWN.odd, KNOWN.bare)
    )
    assert (left.absent, left.asked, left.settled) == (KNOWN.absent, KNOWN.asked, KNOWN.settled)


def test_a_row_is_replaced_at_the_end_or_taken_away():
    """By the name it begins with."""
    rows = (("a", 1), ("b", 2))
    assert replaced(rows, "a", ("a", 3)) == (("b", 2), ("a", 3))
    assert replaced(rows, "a") == (("b", 2),)
    assert replaced(rows, "c") == rows


def test_a_touch_and_a_difference_begin_unconfirmed():
    """A wish for an exit is of all that is held."""
    assert not Touch("NSE:INFY", TEN, D(1)).confirmed
    assert Mismatch("less", "NSE:INFY", 50, 25).times == 1
    wish = KNOWN.wanted[0]
    assert (wish.level, wish.part, wish.rule, wish.signal_id) == (None, None, "", "")


# ---------------------------------------------------------------- what one look says of an order, and of what was sold


def of_infy(quantity, product="CNC"):
    return rc.BrokerPosition(key="NSE:INFY", product=product, quantity=quantity)


def test_what_was_sold_for_delivery_today_is_among_the_holdings_again_and_nothing_else():
    """Holdings fall by it (Shoonya), and the positions show the sale as well: it would count twice."""
    there = (rc.BrokerHolding(key="NSE:INFY", quantity=20),)
    positions = (of_infy(-30), of_infy(-20, "MIS"), of_infy(0), of_infy(5))
    look = rc.BrokerBooks(at=TEN, positions=positions, holdings=there)
    assert look.before_sales().holdings == (*there, rc.BrokerHolding(key="NSE:INFY", quantity=30))
    assert rc.BrokerBooks(at=TEN, positions=positions).before_sales().holdings is None
    assert rc.BrokerBooks(at=TEN, positions=positions[1:], holdings=there).before_sales().holdings == there
    assert rc.BrokerBooks(at=TEN, holdings=there).before_sales().holdings == there


@pytest.mark.parametrize(
    ("status", "filled", "trades", "spent"),
    [
        ("cancelled", None, (), True),
        ("rejected", 0, (), True),
        ("open", None, (), False),
        ("complete", None, (), False),
        ("cancelled", 3, (), False),
        ("cancelled", None, None, False),
        ("cancelled", None, ("A1",), False),
        ("cancelled", None, ("B1",), True),
    ],
)
def test_an_order_fills_nothing_more_where_it_has_ended_without_a_trade(status, filled, trades, spent):
    about = {"key": "NSE:INFY", "side": "BUY", "quantity": 5, "product": "MIS"}
    made = None if trades is None else tuple(rc.BrokerTrade(order_id=one, price=1000, **about) for one in trades)
    shown = rc.BrokerOrder(id="A1", status=status, filled_quantity=filled, **about)
    look = rc.BrokerBooks(at=TEN, orders=(shown,), trades=made)
    assert look.is_spent("A1") is spent
    assert not look.is_spent("A2")


def test_a_look_hides_each_order_of_which_a_row_could_not_be_read():
    rows = tuple(rc.UnreadRow(book="orders", id=name, key="", why="quantity") for name in ("A1", "A2"))
    look = rc.BrokerBooks(at=TEN, unread_rows=rows)
    assert [look.hides(name) for name in ("A1", "A2", "A3")] == [True, True, False]
    with pytest.raises(ValueError, match="book must be orders or trades"):
        rc.UnreadRow(book="positions", id="A1", key="", why="quantity")
