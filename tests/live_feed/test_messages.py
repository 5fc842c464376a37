"""The recorded dialogue, word for word, and what else may come."""

import json
from datetime import datetime
from decimal import Decimal
from struct import pack, unpack

import pytest

import riskcore as rc
from riskcore_openalgo.live_feed import OrderUpdate, Tick
from riskcore_openalgo.live_feed.messages import (
    Answer,
    Unread,
    authenticate,
    moment_in,
    read,
    subscribe,
)
from riskcore_openalgo.live_feed.prices import Prices
from tests.live_feed.made import NINE, moment

TICK = {
    "type": "market_data",
    "symbol": "RELIANCE",
    "exchange": "NSE",
    "mode": 2,
    "data": {
        "symbol": "RELIANCE",
        "exchange": "NSE",
        "mode": "quote",
        "timestamp": 1795410401809,
        "ltt": 1795410401809,
        "ltp": 1400.05,
        "open": 1400.0,
        "high": 1428.0,
        "low": 1372.0,
        "close": 1398.5,
        "volume": 1234567,
        "oi": 0,
    },
    "broker": "stub",
}
ORDER = {
    "type": "order_update",
    "user_id": "tester",
    "mode": "analyze",
    "broker": "sandbox",
    "orderid": "26112327430391",
    "symbol": "RELIANCE",
    "exchange": "NSE",
    "action": "SELL",
    "quantity": 5,
    "price": 1394.0,
    "trigger_price": 1395.0,
    "pricetype": "SL",
    "product": "MIS",
    "order_status": "trigger pending",
    "filled_quantity": 0,
    "pending_quantity": 0,
    "average_price": 0.0,
    "rejection_reason": "",
}


def said(message, **more):
    return read(json.dumps({**message, **more}), moment())


def test_a_price_as_it_was_recorded():
    """Its fractions exactly, its stamp in IST, the previous close under the name that OpenAlgo gives it."""
    assert said(TICK) == Tick(
        "NSE:RELIANCE",
        Decimal("1400.05"),
        "stream",
        NINE,
        1000.0,
        datetime(2026, 11, 23, 10, 36, 41, 809_000, tzinfo=rc.IST),
        Decimal("1398.5"),
    )


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"ltp": 0}, "tick_without_price"),
        ({"ltp": -1}, "tick_without_price"),
        ({"ltp": None}, "tick_without_price"),
        ({"ltp": True}, "tick_without_price"),
        ({"ltp": "soon"}, "tick_without_price"),
        ({"ltp": "1e999"}, "tick_without_price"),
        ({"ltp": [1400]}, "tick_without_price"),
        ({}, "tick_without_price"),
        (None, "tick_without_data"),
        ([], "tick_without_data"),
    ],
)
def test_a_price_that_is_none_is_unread(data, why):
    assert said(TICK, data=data) == Unread(why)


def test_a_price_of_no_instrument_is_unread():
    assert said(TICK, symbol="") == said(TICK, exchange=7) == Unread("tick_without_symbol")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{bad", "not_json"),
        ("", "not_json"),
        (b"\xff\xfe", "not_json"),
        ('{"ltp": NaN}', "not_json"),
        ("[" * 100_000, "not_json"),
        ("[]", "not_an_object"),
        ("17", "not_an_object"),
        ('"market_data"', "not_an_object"),
        ("{}", "no_type"),
        ('{"type": 7}', "no_type"),
    ],
)
def test_what_is_no_message_is_unread_and_raises_nothing(text, why):
    assert read(text, moment()) == Unread(why)


def test_a_price_with_the_noise_of_a_float_is_rounded_as_the_core_does():
    assert said(TICK, data={"ltp": 1399.9500000000001}).price == Decimal("1399.95")


@pytest.mark.parametrize("price", ["1454.8", "796.3", "0.05", "84.3375", "26012.95", "131072.95", "217.25"])
def test_a_price_that_came_in_32_bits_is_the_price_that_was_packed(price):
    """Dhan's feed: 1454.8 came as 1454.800049, which no stop at 1454.8 was touched by."""
    (packed,) = unpack("<f", pack("<f", float(price)))
    assert said(TICK, data={"ltp": packed}).price == Decimal(price)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1795410401809, datetime(2026, 11, 23, 10, 36, 41, 809_000, tzinfo=rc.IST)),
        (1795410401, datetime(2026, 11, 23, 10, 36, 41, tzinfo=rc.IST)),
        ("1795410401", datetime(2026, 11, 23, 10, 36, 41, tzinfo=rc.IST)),
        (0, None),
        (None, None),
        ("", None),
        ("10:36", None),
        (10**17, None),
    ],
)
def test_stamps_are_milliseconds_or_seconds_and_anything_else_is_none(value, moment):
    assert moment_in(value) == moment


@pytest.mark.parametrize(("days_ago", "taken"), [(0, [1400, 1401, 1401]), (1, [])])
def test_a_stamp_of_midnight_is_a_days_and_tells_no_moment(days_ago, taken):
    """Upstox's plugin stamps each price with the day of its candle: today's are of now, an earlier day's are old."""
    prices, found = Prices(), []
    prices.watch(["NSE:RELIANCE"], moment())
    midnight = datetime(2026, 11, 23 - days_ago, tzinfo=rc.IST)
    for seconds, price in ((0, 1400), (1, 1401), (120, 1401)):
        data = {"ltp": price, "timestamp": int(midnight.timestamp() * 1000)}
        told = read(json.dumps({**TICK, "data": data}), moment(seconds))
        found += [told.price] if not prices.add(told) else []
    assert found == taken


def test_an_order_update_is_a_row_of_an_order_book():
    """Without a time, and with nothing taken from `pending_quantity`, which is wrong while the order works."""
    update = said(ORDER)
    assert update == OrderUpdate(
        rc.BrokerOrder(
            id="26112327430391",
            key="NSE:RELIANCE",
            side="SELL",
            quantity=5,
            product="MIS",
            status="trigger_pending",
            price_type="SL",
            price=Decimal(1394),
            trigger=Decimal(1395),
            filled_quantity=0,
        ),
        analyze=True,
    )
    assert update.order.working
    assert update.order.placed_at is None


def test_the_price_of_a_complete_order_is_not_its_limit():
    """It has turned into the price of the fill; a market order's is that of the moment it was placed."""
    done = said(ORDER, order_status="complete", price=1394.5, average_price=1394.5, filled_quantity=5).order
    assert (done.price, done.average_price, done.filled_quantity, done.status) == (
        None,
        Decimal("1394.5"),
        5,
        "complete",
    )
    assert said(ORDER, pricetype="MARKET", order_status="open").order.price is None


def test_what_a_live_update_leaves_out_is_none():
    """The fill, the average, the mode: never a guess."""
    bare = {name: value for name, value in ORDER.items() if name not in ("filled_quantity", "average_price", "mode")}
    update = read(json.dumps({**bare, "quantity": "5", "rejection_reason": None}), moment())
    assert update.analyze is None
    assert (update.order.filled_quantity, update.order.average_price, update.order.quantity) == (None, None, 5)


def test_a_refusal_brings_its_words():
    refused = said(ORDER, order_status="rejected", rejection_reason="Cannot sell HDFCBANK in CNC.").order
    assert (refused.status, refused.note) == ("rejected", "Cannot sell HDFCBANK in CNC.")


def test_a_word_that_nobody_knows_proves_nothing():
    assert said(ORDER, order_status="frozen").order.status == "other"


@pytest.mark.parametrize("wrong", [{"orderid": None}, {"orderid": 7}, {"symbol": ""}, {"exchange": None}])
def test_an_order_without_a_name_is_unread(wrong):
    assert said(ORDER, **wrong) == Unread("order_without_id_or_symbol")


@pytest.mark.parametrize(
    "wrong", [{"quantity": 0}, {"quantity": "many"}, {"action": "HOLD"}, {"product": ""}, {"pricetype": "ICEBERG"}]
)
def test_an_order_that_cannot_be_one_is_unread(wrong):
    assert said(ORDER, **wrong) == Unread("order_not_readable")


def test_answers_say_whether_they_are_good():
    """As they were recorded: errors have no type, and a subscription names what it left out."""
    wrong = {"status": "error", "code": "AUTHENTICATION_ERROR", "message": "Invalid API key"}
    assert said(wrong) == Answer("", False, "AUTHENTICATION_ERROR", "Invalid API key")
    rows = [
        {"symbol": "TCS", "exchange": "NSE", "status": "success"},
        {"symbol": "X", "exchange": "NSE", "status": "error"},
    ]
    partly = said({"type": "subscribe", "status": "success", "subscriptions": rows})
    assert (partly.good, partly.refused) == (True, ("NSE:X",))
    assert said({"type": "pong", "status": "success", "server_timestamp": 1795410397251}).good


def test_requests_are_those_of_the_protocol():
    assert authenticate("k") == {"action": "authenticate", "api_key": "k"}
    named = [{"symbol": "M&M", "exchange": "NSE"}]
    assert subscribe(["NSE:M&M"], 2) == {"action": "subscribe", "mode": 2, "symbols": named}
