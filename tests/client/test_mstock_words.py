"""What the plugin of mStock passes on in the broker's own words: a product, a time of the day."""

from datetime import datetime

import riskcore as rc
from riskcore_openalgo.client import rows
from riskcore_openalgo.client.fields import moment
from tests.client.test_books import ORDER, POSITION


def test_a_contract_that_is_carried_forward_is_of_nrml():
    """A future of ours looked gone, and its stop was taken back."""
    told = {"exchange": "NFO", "symbol": "NIFTY29DEC26FUT", "product": "CARRYFORWARD"}
    assert rows.positions([{**POSITION, **told}])[0].product == "NRML"
    assert rows.orders({"orders": [{**ORDER, **told}]})[0].product == "NRML"


def test_a_moment_may_begin_with_its_year_and_name_its_month():
    assert moment("2026-Nov-23 10:30:10") == datetime(2026, 11, 23, 10, 30, 10, tzinfo=rc.IST)
