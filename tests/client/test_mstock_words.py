"""What the plugin of mStock passes on in the broker's own words: a product."""

from riskcore_openalgo.client import rows
from tests.client.test_books import ORDER, POSITION


def test_a_contract_that_is_carried_forward_is_of_nrml():
    """A future of ours looked gone, and its stop was taken back."""
    told = {"exchange": "NFO", "symbol": "NIFTY29DEC26FUT", "product": "CARRYFORWARD"}
    assert rows.positions([{**POSITION, **told}])[0].product == "NRML"
    assert rows.orders({"orders": [{**ORDER, **told}]})[0].product == "NRML"
