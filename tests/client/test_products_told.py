"""Products as plugins tell them."""

import pytest

from riskcore_openalgo.client import rows
from tests.client.test_books import ORDER, POSITION


@pytest.mark.parametrize(
    ("key", "told", "meant"),
    [
        ("NFO:NIFTY29DEC26FUT", "CNC", "NRML"),
        ("BFO:SENSEX29DEC2680000CE", "MARGIN", "NRML"),
        ("NFO:NIFTY29DEC26FUT", "MIS", "MIS"),
        ("NFO:RELIANCE", "CNC", "CNC"),
        ("NSE:RELIANCE", "MARGIN", "MARGIN"),
        ("NSE:SPICE2CE", "CNC", "CNC"),
    ],
)
def test_a_contract_of_delivery_is_one_that_is_carried(key, told, meant):
    """Nubra's plugin sends NRML as CNC, and shows it so: a future of ours looked gone, and its stop was taken back."""
    exchange, symbol = key.split(":")
    named = {"exchange": exchange, "symbol": symbol, "product": told}
    assert rows.positions([{**POSITION, **named}])[0].product == meant
    assert rows.orders({"orders": [{**ORDER, **named}]})[0].product == meant
    assert rows.trades([{**ORDER, **named}])[0].product == meant
