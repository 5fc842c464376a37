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
        ({"equity": 3000, "charges": lambda shares: 1}, 0),
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
        ({"charges_per_share": -1}, "charges_per_share must be 0 or more"),
        ({"slippage_per_share": -1}, "slippage_per_share must be 0 or more"),
        ({"charges": lambda shares: -1}, "charges must be 0 or more"),
        ({"risk_per_trade": 0}, "risk_per_trade must be above 0"),
        ({"caps": [("mine", "many")]}, "mine must be a plain decimal number"),
        ({"entry": True}, "entry must be"),
        ({"stop": True}, "stop must be"),
        ({"equity": True}, "equity must be"),
    ],
)
def test_a_size_of_nonsense_is_refused(wrong, match):
    """By the name of the argument."""
    given = {"equity": 100_000, "risk_per_trade": 1, "entry": 2500, "stop": 2470, **wrong}
    with pytest.raises(ValueError, match=f"^{match}"):
        rc.size(**given)


@pytest.mark.parametrize(
    ("lot", "caps", "quantity"),
    [
        (1, [("mine", -5)], 0),
        (1, [("mine", "0.5")], 0),
        (2, [("mine", 7)], 6),
        (2, [("mine", -5)], 0),
        (3, [("mine", "12.9")], 12),
    ],
)
def test_every_cap_is_taken_down_to_whole_lots_and_never_below_none(lot, caps, quantity):
    """Seven shares are three lots of two; less than none is none."""
    sized = rc.size(equity=100_000, risk_per_trade=1, entry=2500, stop=2470, lot_size=lot, caps=caps)
    assert (sized.quantity, sized.bound_by) == (quantity, "mine")


@pytest.mark.parametrize(
    ("charges", "lot", "asked", "quantity"),
    [
        (lambda shares: 0, 1, [1000], 1000),
        (lambda shares: 1000, 1, [1000, 500, 250, 200, 100, 90, 45, 43, 21, 20, 10, 9, 4, 3, 1], 0),
        (lambda shares: 20, 1, [1000, 980, 990, 981], 980),
        (lambda shares: 20, 50, [1000, 950], 950),
        (lambda shares: 200 if shares > 500 else 0, 1, [1000, 833, 416, 810, 613, 800, 805, 801], 800),
    ],
)
def test_the_charges_are_asked_for_a_few_times_and_not_for_every_quantity(charges, lot, asked, quantity):
    """A rupee a share and a budget of 1,000: the line of a flat fee of 20 says 980 at once, and 981 is too much.

    Every second look halves what is left, so that a fee of all the budget is found out in fifteen.
    """
    seen = []

    def noted(shares):
        seen.append(shares)
        return charges(shares)

    sized = rc.size(equity=100_000, risk_per_trade=1, entry=2500, stop=2499, lot_size=lot, charges=noted)
    assert (sized.quantity, seen) == (quantity, asked)
