"""The broker's books as values: sandbox and live shapes, words of many brokers, and rows that cannot be read."""

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import example, given, strategies as st

import riskcore as rc
from riskcore_openalgo.client import ReadFailed, rows
from tests.client.conftest import NOW
from tests.client.peer import DROP, recorded, success

pytestmark = pytest.mark.smoke

ORDER = {
    "orderid": "1",
    "symbol": "INFY",
    "exchange": "NSE",
    "action": "BUY",
    "quantity": 10,
    "price": 1500.05,
    "trigger_price": 0.0,
    "pricetype": "LIMIT",
    "product": "MIS",
    "order_status": "open",
    "timestamp": "2026-11-23 10:30:11",
}
POSITION = {
    "symbol": "INFY",
    "exchange": "NSE",
    "product": "MIS",
    "quantity": 10,
    "average_price": 1500.05,
    "ltp": 1501,
}


def ist(*parts):
    return datetime(*parts, tzinfo=rc.IST)


def test_an_order_of_the_sandbox_says_what_it_filled(peer, client):
    peer.says("orderbook", recorded("orderbook", "after the P&L story"))
    newest = client.orders()[0]
    assert (newest.key, newest.status, newest.filled_quantity) == ("NSE:RELIANCE", "complete", newest.quantity)
    assert newest.average_price > 0


def test_an_order_of_a_live_broker_says_less_and_nothing_is_made_up(peer, client):
    peer.says("orderbook", recorded("live_mode", "orderbook"))
    orders = {order.id: order for order in client.orders()}
    assert orders["9179541001100002"] == rc.BrokerOrder(
        id="9179541001100002",
        key="NSE:RELIANCE",
        side="BUY",
        quantity=10,
        product="MIS",
        status="open",
        price_type="LIMIT",
        price=Decimal("1300.0"),
        placed_at=ist(2026, 11, 23, 10, 30, 11),
    )
    stop = orders["9179541001100003"]
    assert (stop.status, stop.price_type, stop.price, stop.trigger) == ("trigger_pending", "SL-M", None, 1200)
    assert stop.working
    assert orders["9179541001100004"].key == ""
    assert orders["9179541001000001"].filled_quantity is None


def test_trades_of_both_modes_are_read(peer, client):
    peer.says("tradebook", recorded("live_mode", "tradebook"))
    live = client.trades()[0]
    assert (live.order_id, live.price, live.id) == ("9179541001000001", Decimal("1400.05"), "")
    assert live.traded_at == ist(2026, 11, 23, 10, 30, 10)
    peer.says("tradebook", recorded("tradebook", "after the P&L story"))
    assert client.trades()[0].id == "TRADE-20261123-103046-3517b2ee"


def test_positions_have_signs_strings_become_numbers_and_flat_rows_stay(peer, client):
    peer.says("positionbook", recorded("live_mode", "positionbook"))
    assert client.positions()[0] == rc.BrokerPosition(
        key="NSE:RELIANCE", product="MIS", quantity=10, average_price=Decimal("1400.05"), last=Decimal("1400.0")
    )
    peer.says("positionbook", recorded("positionbook", "story 7: SELL 20 short re-opens the same row"))
    (short,) = client.positions()
    assert (short.quantity, short.realised) == (-20, Decimal("-810.0"))
    peer.says("positionbook", recorded("positionbook", "story 5: SELL 60 filled at 1379.95, flat"))
    (flat,) = client.positions()
    assert (flat.quantity, flat.average_price, flat.realised) == (0, None, Decimal("-810.0"))


def test_holdings_are_read(peer, client):
    peer.says("holdings", recorded("overnight", "Tue 00:00:35", nth=0))
    assert client.holdings() == (rc.BrokerHolding(key="NSE:INFY", quantity=5, average_price=Decimal("1500.05")),)


def test_an_empty_book_is_a_book_that_was_read(peer, client):
    for path, read in (("orderbook", client.orders), ("tradebook", client.trades), ("positionbook", client.positions)):
        peer.says(path, recorded(path, "success (empty account)"))
        assert read() == ()
    peer.says("holdings", recorded("holdings", "success (empty account)"))
    assert client.holdings() == ()


def test_F47_books_that_cannot_be_read_are_none_and_named_and_never_empty(peer, client):
    peer.says("orderbook", success({}))
    peer.says("tradebook", DROP)
    peer.says("positionbook", (200, {"status": "success", "data": None}))
    peer.says("holdings", recorded("holdings", "success (empty account)"))
    books = client.books(NOW)
    assert (books.orders, books.trades, books.positions, books.holdings) == (None, None, None, ())
    assert [name for name, _ in books.unread] == ["orders", "trades", "positions"]
    assert books.unread[0][1].startswith("orderbook: data.orders is missing")
    assert books.at == NOW


def test_all_books_of_a_good_look_are_there(peer, client):
    for path in ("orderbook", "tradebook", "positionbook", "holdings"):
        peer.says(path, recorded("live_mode", path))
    books = client.books(NOW)
    assert books.unread == ()
    assert books.order("9179541001000001").status == "complete"
    assert len(books.trades_of("9179541001000001")) == 1


ESSENTIAL = [
    *(("orderid", bad) for bad in (None, "", "None", 1.5, [])),
    *(("action", bad) for bad in (None, "", "HOLD", 0)),
    *(("quantity", bad) for bad in (None, "", 0, -1, 1.5, "ten", float("nan"), True)),
    *(("order_status", bad) for bad in (None, "", 5)),
    *(("product", bad) for bad in (None, "", 5)),
]


@pytest.mark.parametrize(("name", "bad"), ESSENTIAL, ids=str)
def test_an_order_that_lacks_what_is_essential_makes_its_book_unread_and_is_named(name, bad):
    with pytest.raises(ReadFailed, match=r"orderbook: row 2( \(|: ).*" + name):
        rows.orders({"orders": [ORDER, {**ORDER, name: bad}]})


def test_a_look_leaves_out_what_it_cannot_read_of_an_order_book_and_names_it_by_its_id(peer, client):
    odd = {**ORDER, "orderid": "X5", "action": ""}
    peer.says("orderbook", success({"orders": [ORDER, odd]}))
    books = client.books(NOW, ("orders",))
    assert [row.id for row in books.orders] == [ORDER["orderid"]]
    assert books.unread == ()
    [row] = books.unread_rows
    assert (row.book, row.id, row.key) == ("orders", "X5", "NSE:INFY")
    assert row.why.startswith("orderbook: row 2 (X5 NSE:INFY): action is missing")
    assert (books.hides("00x5"), books.hides("X6")) == (True, False)
    peer.says("tradebook", success([{**ORDER, "orderid": "X5", "average_price": 0, "price": 0}]))
    books = client.books(NOW, ("trades",))
    assert (books.trades, [(row.book, row.id) for row in books.unread_rows]) == ((), [("trades", "X5")])
    assert (books.hides("X5"), books.hides("X5", "trades")) == (False, True)
    for nameless in ({**odd, "orderid": None}, "... 17 rows"):
        peer.says("orderbook", success({"orders": [ORDER, nameless]}))
        books = client.books(NOW, ("orders",))
        assert books.orders is None
        assert books.unread[0][1].startswith("orderbook: row 2")


@pytest.mark.parametrize("row", [None, "... 17 rows", [], 5])
def test_a_row_that_is_none_is_named(row):
    with pytest.raises(ReadFailed, match="row 1: it is no row"):
        rows.positions([row])


def test_what_is_not_essential_is_none_where_it_cannot_be_read():
    odd = {
        "price": "n/a",
        "trigger_price": None,
        "pricetype": "?",
        "timestamp": "soon",
        "symbol": None,
        "filled_quantity": -1,
        "average_price": "",
        "rejection_reason": 7,
    }
    (order,) = rows.orders({"orders": [{**ORDER, **odd}]})
    assert (order.price, order.trigger, order.placed_at, order.key, order.note) == (None, None, None, "", "")
    assert (order.filled_quantity, order.average_price, order.price_type) == (None, None, "MARKET")
    (position,) = rows.positions([{**POSITION, "average_price": "-", "ltp": 0, "exchange": None}])
    assert (position.average_price, position.last, position.key) == (None, None, "")


def test_a_row_that_is_read_again_is_the_same_value_and_one_that_differs_in_a_type_is_not():
    first, again = rows.orders({"orders": [dict(ORDER)]}), rows.orders({"orders": [dict(ORDER)]})
    assert first[0] is again[0]
    changed = {"orders": [{**ORDER, "order_status": "complete"}, {**ORDER, "filled_quantity": 1}]}
    assert [(order.status, order.filled_quantity) for order in rows.orders(changed)] == [
        ("complete", None),
        ("open", 1),
    ]
    assert rows.orders({"orders": [{**ORDER, "filled_quantity": True}]})[0].filled_quantity is None


def test_a_row_with_a_list_in_it_is_read_like_any_other():
    assert rows.orders({"orders": [{**ORDER, "legs": [1, 2]}]}) == rows.orders({"orders": [ORDER]})


ANGEL = {
    "action": "BUY",
    "average_price": "1478.30",
    "exchange": "NSE",
    "orderid": "261130000142030",
    "product": "MIS",
    "quantity": 0,
    "symbol": "RELIANCE",
    "timestamp": "10:21:18",
    "trade_value": "2638765.50",
}
"""A trade as OpenAlgo's plugin for Angel tells it: it looks for `quantity`, and Angel writes `fillsize`."""


def test_a_trade_of_no_shares_but_with_a_value_is_of_the_shares_that_make_it():
    assert rows.trades([ANGEL])[0].quantity == 1785
    assert rows.trades([{**ANGEL, "trade_value": 1478.3, "quantity": "0"}])[0].quantity == 1
    assert rows.trades([{**ANGEL, "average_price": "0.05", "trade_value": "90.00"}])[0].quantity == 1800
    assert rows.trades([{**ANGEL, "average_price": "0.05", "trade_value": "90.01"}])[0].quantity == 1800
    assert rows.trades([{**ANGEL, "quantity": "7"}])[0].quantity == 7
    with pytest.raises(ReadFailed, match="quantity"):
        rows.trades([{**ANGEL, "quantity": "ten"}])


@pytest.mark.parametrize("value", [None, 0, "-", "739.15", "2638770.50", "0.01", "-1478.30"])
def test_and_is_not_read_where_its_value_makes_no_whole_number_of_them(value):
    _, unread = rows.readable_trades([{**ANGEL, "trade_value": value}])
    assert [row.id for row in unread] == ["261130000142030"]
    assert "quantity" in unread[0].why


def test_a_position_without_a_quantity_is_never_flat():
    for bad in (None, "", "ten", 0.5):
        with pytest.raises(ReadFailed, match=r"positionbook: row 1 \(NSE:INFY\): quantity"):
            rows.positions([{**POSITION, "quantity": bad}])


def test_a_trade_without_a_price_makes_its_book_unread():
    trade = {**ORDER, "average_price": 0, "price": 0}
    with pytest.raises(ReadFailed, match="average_price"):
        rows.trades([trade])
    assert rows.trades([{**trade, "price": "1500.05"}])[0].price == Decimal("1500.05")


BLANK = {
    **dict.fromkeys(("symbol", "exchange", "action", "pricetype", "product", "orderid", "order_status"), ""),
    **dict.fromkeys(("quantity", "price", "trigger_price"), 0),
    "timestamp": "",
}


@pytest.mark.parametrize("row", [BLANK, {**BLANK, "order_status": "unknown"}])
def test_a_book_of_one_row_that_names_nothing_is_empty(row):
    """Kotak's and Pocketful's plugins make such a row of an account that has sent no order today."""
    assert rows.orders({"orders": [row]}) == ()
    for more in ([row, ORDER], [{**row, "quantity": 10}], [{**row, "symbol": "INFY"}], [{}], [None]):
        with pytest.raises(ReadFailed):
            rows.orders({"orders": more})
    with pytest.raises(ReadFailed):
        rows.positions([{**POSITION, "quantity": None}])


@pytest.mark.parametrize(
    ("shown", "meant"),
    [
        ("NFO:RELIANCE", "NSE:RELIANCE"),
        ("NFO:BAJFINANCE", "NSE:BAJFINANCE"),
        ("BFO:RELIANCE", "BSE:RELIANCE"),
        ("NFO:RELIANCE29DEC26FUT", "NFO:RELIANCE29DEC26FUT"),
        ("NFO:NIFTY29DEC2626000CE", "NFO:NIFTY29DEC2626000CE"),
        ("MCX:CRUDEOIL", "MCX:CRUDEOIL"),
        ("NSE:RELIANCE", "NSE:RELIANCE"),
        ("NSE:RELIANCE-EQ", "NSE:RELIANCE"),
        ("NSE:XYZ-BE", "NSE:XYZ-BE"),
        ("BSE:RELIANCE-EQ", "BSE:RELIANCE-EQ"),
    ],
)
def test_a_share_under_another_name_is_the_share(shown, meant):
    """Groww's plugin takes each name with CE, PE or FUT for a contract; IIFL Capital's holdings bear the series."""
    exchange, symbol = shown.split(":")
    named = {"exchange": exchange, "symbol": symbol}
    assert rows.positions([{**POSITION, **named}])[0].key == meant
    assert rows.orders({"orders": [{**ORDER, **named}]})[0].key == meant
    assert rows.trades([{**ORDER, **named}])[0].key == meant
    assert rows.holdings([{**POSITION, **named}])[0].key == meant


@pytest.mark.parametrize("symbol", ["", None])
def test_a_row_without_a_symbol_is_of_no_instrument_among_the_derivatives_too(symbol):
    """Such a row may be any order of ours; under a name of its own it was none of them."""
    for exchange in ("NSE", "NFO", "BFO"):
        assert rows.orders({"orders": [{**ORDER, "exchange": exchange, "symbol": symbol}]})[0].key == ""


def test_an_id_that_was_rounded_like_a_price_is_the_id():
    assert rows.orders({"orders": [{**ORDER, "orderid": 10022514.0}]})[0].id == "10022514"
    for beyond in (1.1e18, -5.0, float("inf")):
        with pytest.raises(ReadFailed, match="orderid is missing"):
            rows.orders({"orders": [{**ORDER, "orderid": beyond}]})


WORDS = [
    ("open", "OPEN"),
    ("open", "Pending"),
    ("open", "PART_TRADED"),
    ("open", "open pending"),
    ("trigger_pending", "trigger pending"),
    ("trigger_pending", "TRIGGER_PENDING"),
    ("complete", "COMPLETE"),
    ("complete", "TRADED"),
    ("complete", "Filled"),
    ("cancelled", "canceled"),
    ("cancelled", "EXPIRED"),
    ("rejected", "Rejected"),
    ("cancelled", "AMO CANCELLED"),
    ("other", "validation pending"),
    ("other", "CANCEL PENDING"),
    ("other", "modify pending"),
    ("other", "MODIFICATION_REQUESTED"),
    ("other", "unknown"),
    ("other", "TRANSIT"),
]


@pytest.mark.parametrize(("status", "word"), WORDS)
def test_words_of_brokers_become_the_cores_and_a_strange_one_proves_nothing(status, word):
    (order,) = rows.orders({"orders": [{**ORDER, "order_status": word}]})
    assert order.status == status


def test_a_type_nobody_knows_is_the_one_that_has_these_prices():
    found = {
        (price, trigger): rows.price_type_of("BRACKET", price, trigger)
        for price in (None, Decimal(1))
        for trigger in (None, Decimal(1))
    }
    assert list(found.values()) == ["MARKET", "SL-M", "LIMIT", "SL"]
    assert rows.price_type_of("STOP_LOSS_LIMIT", None, None) == "SL"
    assert rows.price_type_of("SL-M", Decimal(1), None) == "SL-M"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(row=st.dictionaries(st.sampled_from([*ORDER, "status", "average_price", "filled_quantity", "ltp"]), JSON))
@example(row=dict.fromkeys(("orderid", "symbol", "exchange", "action", "quantity", "product")))
def test_whatever_stands_in_a_row_it_is_read_or_refused_by_name(row):
    """Only one that names nothing is no row at all."""
    for read, kept, book in (
        (rows.orders, ORDER, lambda told: {"orders": [told]}),
        (rows.trades, ORDER, lambda told: [told]),
        (rows.positions, POSITION, lambda told: [told]),
        (rows.holdings, POSITION, lambda told: {"holdings": [told]}),
    ):
        told, said = {**kept, **row}, ""
        try:
            found = read(book(told))
            assert len(found) == any(told.get(name) for name in rows.NAMING)
            assert all(one.quantity == int(one.quantity) for one in found)
        except ReadFailed as problem:
            said = str(problem)
        assert not said or ("row 1" in said and said.isascii())
