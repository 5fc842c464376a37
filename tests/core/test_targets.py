"""Where a target stands, in one piece or in legs, and whether the reward is worth the risk before and after charges."""

from datetime import datetime
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore.rounding import PROMISES

pytestmark = pytest.mark.smoke

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
RELIANCE = rc.nse_equity("RELIANCE", on=NOON.date(), tick=0.10)
SEEN = rc.Market(instrument=RELIANCE, at=NOON, last=2500, atr=20)
LIFTED = {"entry_band_pct": 0, "max_position_size_percent": 100, "max_sector_exposure": 100}


def decided(market=SEEN, side="BUY", signal=None, **policy):
    wish = rc.Signal("RELIANCE", side, at=NOON, **(signal or {}))
    return rc.decide(wish, rc.Book(100_000), market, rc.Policy(**LIFTED, **policy))


def reasons(decision):
    return [found.reason for found in decision.reasons]


@pytest.mark.parametrize(
    ("method", "question", "buy", "sell", "ratio"),
    [
        (rc.target, {"r_multiple": 2.5}, "2575", "2425", "2.5"),
        (rc.percent_target, {"pct": 3}, "2575", "2425", "2.5"),
        (rc.points_target, {"points": 60}, "2560", "2440", "2"),
        (rc.points_target, {"points": "60.01"}, "2560.05", "2439.95", None),
    ],
)
def test_a_target_is_rounded_away_from_the_entry(method, question, buy, sell, ratio):
    """30 rupees of risk at 2,500; what is demanded holds on tradable prices."""
    for side, stop, wanted in (("BUY", 2470, buy), ("SELL", 2530, sell)):
        made = method(side=side, entry=2500, stop=stop, tick="0.05", **question)
        assert made.price == Decimal(wanted)
        assert made.risk_reward == (Decimal(ratio) if ratio else made.distance / 30)


def test_a_target_in_legs_is_worth_the_mean_of_its_shares():
    """Half at 2 R (60 rupees), 30 % at 4 % (100), a fifth at 150: 30 + 30 + 30 = 90 rupees, 3 R."""
    texts = ["20% at 150 points", "50% at 2R", "30% at 4%"]
    made = rc.legged_target(side="BUY", entry=2500, stop=2470, legs=texts, tick="0.05")
    assert [(leg.price, leg.share) for leg in made.legs] == [(2560, 50), (2600, 30), (2650, 20)]
    assert (made.price, made.distance, made.risk_reward) == (2650, 90, 3)
    short = rc.legged_target(side="SELL", entry=2500, stop=2530, legs=texts, tick="0.05")
    assert [leg.price for leg in short.legs] == [2440, 2400, 2350]
    assert short.risk_reward == 3


def test_legs_that_are_not_the_whole_are_an_error():
    """Told with what they come to."""
    ask = {"side": "BUY", "entry": 2500, "stop": 2470, "tick": "0.05"}
    for texts in ([], ["50% at 2R", "49.5% at 3R"]):
        with pytest.raises(ValueError, match="legs must add up to 100 %, got"):
            rc.legged_target(legs=texts, **ask)


@pytest.mark.parametrize(
    ("quantity", "lot", "shares", "parts"),
    [
        (33, 1, (50, 30, 20), (16, 9, 8)),
        (1, 1, (50, 30, 20), (0, 0, 1)),
        (2, 1, (50, 30, 20), (1, 0, 1)),
        (3, 1, (20, 30, 50), (0, 1, 2)),
        (130, 65, (50, 50), (65, 65)),
        (195, 65, (50, 50), (65, 130)),
        (65, 65, (50, 50), (0, 65)),
        (10, 1, (100,), (10,)),
        (10, 1, ("33.3", "33.3", "33.4"), (3, 3, 4)),
    ],
)
def test_legs_are_whole_lots_that_add_up_to_the_quantity(quantity, lot, shares, parts):
    """Earlier legs rounded down, the rest to the last; one without a lot is dropped, its part goes on to the next."""
    assert rc.split_legs(quantity, lot, shares) == parts
    assert sum(parts) == quantity


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ((33, 65, (50, 50)), "must be a multiple of the lot 65"),
        ((0, 1, (100,)), "quantity must be 1 or more"),
        ((10, 1, (50, 40)), "add up to 100 per cent, got 90"),
        ((10, 1, ()), "add up to 100 per cent, got 0"),
        ((10, 1, (150, -50)), "shares must be above 0"),
    ],
)
def test_legs_that_cannot_be_split_are_an_error(question, message):
    """Named, with what was wrong."""
    with pytest.raises(ValueError, match=message):
        rc.split_legs(*question)


@pytest.mark.parametrize(("side", "stop"), [("BUY", 2500), ("BUY", 2510), ("SELL", 2500), ("SELL", 2490)])
def test_a_stop_that_is_not_on_the_losing_side_measures_no_target(side, stop):
    """At the entry there is no risk to multiply; beyond it, it is no stop."""
    with pytest.raises(ValueError, match=rf"^stop {stop} must be on the losing side of entry 2500 for a {side}$"):
        rc.target(side=side, entry=2500, stop=stop, r_multiple=2, tick="0.05")


@pytest.mark.parametrize("points", [100, 101])
def test_a_target_at_or_beyond_zero_is_an_error(points):
    """A SELL at 100 can win less than 100 rupees a share; 99.95 is the last tick."""
    ask = {"side": "SELL", "entry": 100, "stop": 101, "tick": "0.05"}
    with pytest.raises(ValueError, match=r"^the target would stand at .*, at or beyond zero: a nearer one is needed$"):
        rc.points_target(points=points, **ask)
    assert rc.points_target(points="99.95", **ask).price == Decimal("0.05")


def test_an_approved_order_carries_its_legs():
    """33 shares: 16 at 1.5 R, 9 at 2 %... in order of price; the last one is the order's target."""
    legs = ["50% at 1.5R", "30% at 4%", "20% at 150 points"]
    decision = decided(target_legs=legs, min_risk_reward=2)
    assert decision.order.legs == (
        rc.TargetLeg(Decimal("2545.0"), 16),
        rc.TargetLeg(Decimal("2600.0"), 9),
        rc.TargetLeg(Decimal("2650.0"), 8),
    )
    assert decision.order.target == 2650
    assert decision.target.risk_reward == Decimal("2.75")
    assert "16 at Rs 2,545.00" in decision.explain()


def test_an_order_of_one_lot_has_one_target():
    """The last leg's; and a signal that names its own target has that one."""
    legs = {"target_legs": ["50% at 2R", "50% at 4R"]}
    one = decided(max_quantity=1, **legs).order
    assert (one.quantity, one.target, one.legs) == (1, 2620, ())
    own = decided(signal={"target": 2590}, **legs).order
    assert (own.target, own.legs) == (2590, ())


@pytest.mark.parametrize(
    ("policy", "price"),
    [
        ({"target_method": "percent", "target_pct": 4}, 2600),
        ({"target_method": "points", "target_points": 90}, 2590),
        ({"target_r_multiple": 3}, 2590),
    ],
)
def test_the_policy_places_the_target_by_its_method(policy, price):
    """At 2,500 with 30 rupees of risk."""
    assert decided(**policy).order.target == price


def test_a_target_beyond_zero_is_refused():
    """A short at 100 with a stop 30 away wants 75 down; at 50 away 125."""
    cheap = rc.Market(instrument=RELIANCE, at=NOON, last=100, atr=20)
    assert decided(cheap, "SELL").order.target == 25
    refused = decided(cheap, "SELL", {"stop": 150})
    assert reasons(refused) == ["target_beyond_zero"]
    assert refused.reasons[0].text == "a target 125.00 away lies beyond zero for a price of 100.00"
    assert reasons(decided(cheap, "SELL", target_legs=["50% at 2R", "50% at 4R"])) == ["target_beyond_zero"]


def test_the_shortfall_is_in_the_reason():
    """Two R where 2.5 are asked for; and one that is short by less than can be seen in two decimals."""
    low = decided(signal={"stop": 2470, "target": 2560})
    assert low.reasons[0].text == "reward is 2.00 R; at least 2.50 R, short by 0.50 R"
    close = decided(signal={"stop": 2450, "target": 2624.9})
    assert close.reasons[0].text == "reward is 2.50 R; at least 2.50 R, short by 0.002 R"


def net_of(quantity, target, stop=2470):
    plan = {"quantity": quantity, "on": NOON.date(), "brokerage_pct": "0.03", "brokerage_max": 20}
    won = (target - 2500) * quantity - rc.charges(buy=2500, sell=target, **plan).total
    lost = (2500 - stop) * quantity + rc.charges(buy=2500, sell=stop, **plan).total
    return won / lost


def test_the_reward_after_charges_can_decide():
    """The mission's trade: 2.5 R before charges, for 4 shares 2.22 R after."""
    trade = {"max_quantity": 4, "signal": {"stop": 2470, "target": 2575}}
    assert decided(**trade).net_risk_reward == net_of(4, 2575)
    refused = decided(**trade, risk_reward_basis="net", target_r_multiple=3)
    assert reasons(refused) == ["net_risk_reward_too_low"]
    assert refused.reasons[0].text == "reward is 2.22 R after charges; at least 2.50 R, short by 0.28 R"
    assert refused.reasons[0].measured == net_of(4, 2575)
    assert refused.reasons[0].rule == "risk_reward_basis"
    higher = decided(
        max_quantity=4, signal={"stop": 2470, "target": 2586}, risk_reward_basis="net", target_r_multiple=3
    )
    assert higher.net_risk_reward == net_of(4, 2586) >= Decimal("2.5")
    assert any(found.rule == "risk_reward_basis" for found in higher.findings)


def test_after_charges_each_leg_pays_for_its_own_order():
    """Two exits of half the shares, as planned: the entry once, each exit on its own value."""
    decision = decided(target_legs=["50% at 2R", "50% at 4R"])
    assert [leg.price for leg in decision.order.legs] == [2560, 2620]
    plan = {"on": NOON.date(), "brokerage_pct": "0.03", "brokerage_max": 20}
    total = decision.order.quantity
    half = Decimal(total) / 2

    def paid(side, value):
        return rc.order_charges(side=side, value=value, **plan).total

    won = 90 * total - paid("SELL", 2560 * half) - paid("SELL", 2620 * half)
    lost = 30 * total + paid("SELL", 2470 * total)
    entering = paid("BUY", 2500 * total)
    assert decision.net_risk_reward == (won - entering) / (lost + entering)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("50% at 1.5R", "50% at 1.5R"),
        ("50.0% at 1.50R", "50% at 1.5R"),
        ("050% at 2%", "50% at 2%"),
        ("50% at 40.0 points", "50% at 40 points"),
    ],
)
def test_legs_are_kept_in_one_spelling_so_that_the_policy_hash_is_stable(written, kept):
    """The same legs are the same policy."""
    one, other = (rc.Policy(target_legs=[first, "50% at 9R"]) for first in (written, kept))
    assert one.target_legs == (kept, "50% at 9R")
    assert (one, rc.policy_hash(one)) == (other, rc.policy_hash(other))


@pytest.mark.parametrize(
    "leg", ["50 % at 1.5R", "50% at 1.5r", "50% at R", "half at 2R", "50%at 2R", "50% at 2R ", "50% at -1R", 50, None]
)
def test_a_leg_written_otherwise_is_refused_with_the_form(leg):
    """Strictly: a leg that nearly reads right is the dangerous one."""
    with pytest.raises(ValueError, match=r"target_legs must be legs such as \"50% at 1\.5R\""):
        rc.Policy(target_legs=[leg, "50% at 3R"])


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"target_legs": ["50% at 2R", "40% at 5R"]}, "target_legs: add up to 90 %; make it 100 %"),
        ({"target_legs": ["0% at 2R", "100% at 5R"]}, "target_legs: share must be above 0"),
        ({"target_legs": ["50% at 0R", "50% at 5R"]}, "target_legs: reach must be above 0"),
        ({"target_legs": "50% at 2R"}, "target_legs must be a list"),
        ({"target_legs": ["50% at 1R", "50% at 3R"]}, "target_legs: give 2 R below min_risk_reward 2.5"),
        ({"target_method": "percent"}, "target_pct: must be set, because target_method is percent"),
        ({"target_method": "points"}, "target_points: must be set, because target_method is points"),
        ({"target_r_multiple": 2}, "target_r_multiple: is below min_risk_reward 2.5: every entry would be refused"),
        ({"risk_reward_basis": "net"}, "target_r_multiple: is not above min_risk_reward 2.5: after charges"),
        ({"risk_reward_basis": "after"}, "risk_reward_basis must be gross or net"),
    ],
)
def test_a_policy_whose_target_could_never_pass_is_refused_when_it_is_made(policy, message):
    """The message names the field."""
    with pytest.raises(ValueError, match=message):
        rc.Policy(**policy)


def test_the_rounding_table_mirrors_the_sides_and_says_why():
    """Every kind of price has a direction for both sides, opposite ones, and a promise."""
    kinds = {kind for kind, _ in rc.ROUNDING}
    assert kinds == set(PROMISES)
    assert all({rc.ROUNDING[kind, side] for side in ("BUY", "SELL")} == {"up", "down"} for kind in kinds)
