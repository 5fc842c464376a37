"""The charges of an order as one number are the sum of their parts: whatever the plan, the side and the value."""

from datetime import date
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore.costs import ChargesUnknown, policy_charges, tariff

DAY = date(2026, 11, 20)
SHARE = rc.Instrument(symbol="INFY", tick="0.05")
FUTURE = rc.future("NIFTY", expiry=date(2026, 11, 24), on=DAY, last_month_close=25_900)
OPTION = rc.option("NIFTY", expiry=date(2026, 11, 24), strike=26000, right="CE", on=DAY)
PLANS = {
    "percent": {},
    "flat": {"brokerage_flat": 15},
    "delivery": {"brokerage_delivery_pct": "0.1", "dp_charge": "15.34"},
    "whole rupees": {"stt_stamp_whole_rupees": True},
}


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("side", ["BUY", "SELL"])
@pytest.mark.parametrize(("thing", "product"), [(SHARE, "MIS"), (SHARE, "CNC"), (FUTURE, "NRML"), (OPTION, "NRML")])
def test_the_total_is_the_sum_of_the_parts(thing, product, side, plan):
    policy = rc.Policy(**PLANS[plan])
    for value in ("0", "0.05", "2502.70", "66666.66", "66666.67", "123456789.05"):
        worth = Decimal(value)
        parts = policy_charges(thing, product, side, worth, DAY, policy)
        assert tariff(thing, product, DAY, policy).total(side, worth) == parts.total


def test_a_day_without_a_schedule_has_no_tariff():
    with pytest.raises(ChargesUnknown, match="2019-01-01"):
        tariff(SHARE, "MIS", date(2019, 1, 1), rc.Policy())
