"""A formula that cannot read an argument names just that one: the message is all that a caller has."""

from datetime import datetime, timezone

import pytest

import riskcore as rc

pytestmark = pytest.mark.smoke

AT = {"side": "BUY", "entry": 1000, "tick": "0.05"}
NEAR = rc.points_stop(**AT, points=5)
DIP = [
    rc.Bar(at=datetime(2026, 11, 20, 4, minute, tzinfo=timezone.utc), open=low, high=1010, low=low, close=1000)
    for minute, low in enumerate((995, 990, 995))
]
FORMULAS = [
    (rc.size, {"equity": 100_000, "risk_per_trade": 1, "entry": 1000, "stop": 980, "lot_size": 1}),
    (rc.size, {"equity": 1, "risk_per_trade": 1, "entry": 9, "stop": 8, "charges_per_share": 1}),
    (rc.size, {"equity": 1, "risk_per_trade": 1, "entry": 9, "stop": 8, "slippage_per_share": 1}),
    (rc.atr_stop, {**AT, "atr": 10, "multiple": 2}),
    (rc.percent_stop, {**AT, "pct": 2}),
    (rc.points_stop, {**AT, "points": 5}),
    (rc.rupee_stop, {**AT, "risk": 100, "quantity": 10}),
    (rc.given_stop, {**AT, "stop": 990}),
    (rc.target, {**AT, "stop": 980, "r_multiple": 2}),
    (rc.percent_target, {**AT, "stop": 980, "pct": 2}),
    (rc.points_target, {**AT, "stop": 980, "points": 20}),
    (rc.given_target, {**AT, "stop": 980, "price": 1050}),
    (rc.clamped_stop, {**AT, "stop": NEAR, "least": 1, "greatest": 50}),
    (rc.level_stop, {**AT, "levels": [990], "buffer": 1}),
    (rc.swing_stop, {**AT, "bars": DIP, "width": 1, "buffer": 1}),
    (rc.swings, {"bars": DIP, "side": "BUY", "width": 1}),
    (rc.legged_target, {**AT, "stop": 980, "legs": ["100% at 2R"]}),
    (rc.fixed_quantity_cap, {"quantity": 10}),
    (rc.fixed_notional_cap, {"notional": 1000, "price": 10}),
    (rc.volatility_cap, {"equity": 1000, "target_pct": 1, "atr": 10, "multiple": 2}),
    (rc.kelly_fraction, {"win_rate": "0.6", "payoff": 2}),
    (
        rc.kelly_cap,
        {"equity": 1000, "kelly_multiplier": "0.5", "win_rate": "0.6", "payoff": 2, "entry": 100, "stop": 98},
    ),
    (rc.throttled_pct, {"drawdown_pct": 5, "from_pct": 2, "to_pct": 10, "least_pct": 20}),
    (rc.split_legs, {"quantity": 20, "lot_size": 1, "shares": [50, 50]}),
]
# These are no numbers, and other tests say what is wrong with them.
VALUES = {(rc.clamped_stop, "stop"), (rc.swing_stop, "bars"), (rc.swings, "bars")}
CASES = [
    pytest.param(function, given, name, id=f"{function.__name__}-{name}")
    for function, given in FORMULAS
    for name in given
    if (function, name) not in VALUES
]


@pytest.mark.parametrize(("function", "given", "name"), CASES)
def test_what_cannot_be_read_is_named(function, given, name):
    """As it is written in the call, at the beginning of the sentence; with the rest as it was, nothing is wrong."""
    function(**given)
    with pytest.raises(ValueError, match=rf"^{name} must be "):
        function(**{**given, name: "1,00,000"})
