"""The price of a trade as its row tells it, and as its value does."""

from decimal import Decimal

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
    ],
)
def test_the_price_of_a_trade_that_was_rounded_is_made_of_its_value(more, price):
    """Of 1,785 shares it was off by seven rupees, and behind a plugin that tells a hundredth by seven hundred."""
    assert rows.trades([{**ROUNDED, **more}])[0].price == Decimal(price)
