"""The fixed fractional size as a formula: what it gives, and what it refuses."""

from decimal import Decimal

import pytest

import riskcore as rc

pytestmark = pytest.mark.smoke


@pytest.mark.parametrize(
    ("extra", "quantity"),
    [
        ({}, 33),
        ({"lot_size": 5}, 30),
        ({"charges_per_share": 1}, 32),
        ({"slippage_per_share": "3.3333"}, 30),
        ({"slippage_per_share": "3.3334"}, 29),
        ({"charges": lambda shares: 40}, 32),
        ({"charges": lambda shares: 20 + min(shares, 10)}, 32),
        ({"charges": lambda shares: shares * Decimal("3.34")}, 29),
        ({"charges": lambda shares: 971}, 0),
        ({"charges": lambda shares: 970}, 1),
        ({"caps": [("mine", 12), ("yours", "12.9")]}, 12),
        ({"equity": -5}, 0),
        ({"equity": 2999}, 0),
        ({"equity": 3000}, 1),
    ],
)
def test_the_size_is_the_largest_that_fits(extra, quantity):
    """1 % of 100,000 over 30 a share, with what one or the other costs."""
    given = {"equity": 100_000, "risk_per_trade": 1, "entry": 2500, "stop": 2470, **extra}
    sized = rc.size(**given)
    assert sized.quantity == quantity
    assert sized.caps[0] == (sized.bound_by, quantity)


def test_equal_limits_keep_their_order_with_the_risk_first():
    """So that the same decision always names the same limit."""
    sized = rc.size(equity=100_000, risk_per_trade=1, entry=2500, stop=2470, caps=[("a", 33), ("b", 40), ("c", 33)])
    assert sized.caps == (("risk_per_trade", 33), ("a", 33), ("c", 33), ("b", 40))
    assert sized.next_bound == ("a", 33)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"stop": 2500}, "stop 2500 is at the entry"),
        ({"lot_size": 0}, "lot_size must be 1 or more"),
        ({"charges_per_share": -1}, "charges_per_share"),
        ({"slippage_per_share": -1}, "slippage_per_share"),
        ({"charges": lambda shares: -1}, "charges must be 0 or more"),
        ({"risk_per_trade": 0}, "risk_per_trade must be above 0"),
        ({"caps": [("mine", "many")]}, "mine must be a plain decimal number"),
        ({"entry": True}, "entry"),
    ],
)
def test_a_size_of_nonsense_is_refused(wrong, match):
    """By the name of the argument."""
    given = {"equity": 100_000, "risk_per_trade": 1, "entry": 2500, "stop": 2470, **wrong}
    with pytest.raises(ValueError, match=match):
        rc.size(**given)
