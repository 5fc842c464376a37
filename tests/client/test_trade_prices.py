"""The price of a trade as its row tells it, and as its value does."""

from decimal import Decimal, localcontext

import pytest

from riskcore_openalgo.client import rows

ROUNDED = {
    "action": "BUY",
    "average_price": 14.81,
    "exchange": "NSE",
    "orderid": "GMK1",
    "product": "MIS",
    "quantity": 1785.0,
    "symbol": "RELIANCE",
    "timestamp": "2026-11-30T14:14:02",
    "trade_value": 26442.99,
}
"""A trade at 14.814, whose price OpenAlgo rounds to paise, and its value as well."""


@pytest.mark.parametrize(
    ("more", "price"),
    [
        ({}, "14.814"),
        ({"trade_value": 26435.85}, "14.81"),
        ({"trade_value": 26435.86}, "14.81"),
        ({"trade_value": None}, "14.81"),
        ({"trade_value": 2644299}, "14.81"),
        ({"quantity": 1, "trade_value": 14.81}, "14.81"),
        ({"quantity": 2000, "average_price": 14.82, "trade_value": 29630}, "14.815"),
        ({"quantity": 2000, "average_price": 14.82, "trade_value": 29629}, "14.82"),
    ],
)
def test_the_price_of_a_trade_that_was_rounded_is_made_of_its_value(more, price):
    """Of 1,785 shares it was off by seven rupees, and behind a plugin that tells a hundredth by seven hundred."""
    assert rows.trades([{**ROUNDED, **more}])[0].price == Decimal(price)


def test_a_trade_that_the_plugin_made_up_of_its_order_is_not_read():
    """It stood for trades that could not be read, at the limit: a result moved by it, and `max_daily_loss` tripped."""
    for name in ("synthetic_GMK1", "synthetic_fno_GMK1", "synthetic_fallback_GMK1"):
        read, unread = rows.readable_trades([{**ROUNDED, "tradeid": name}, {**ROUNDED, "tradeid": "GT1"}])
        assert [trade.id for trade in read] == ["GT1"]
        assert [(row.book, row.id, row.key) for row in unread] == [("trades", "GMK1", "NSE:RELIANCE")]


def test_a_host_that_reckons_in_six_digits_reads_the_same_price():
    """The row could not be read at all, and with it no trade book: `InvalidOperation`."""
    with localcontext() as host:
        host.prec = 6
        [trade] = rows.trades([{**ROUNDED, "trade_value": "26442.99"}])
    assert trade.price == Decimal("14.814")
