"""Stops, targets and the ATR: mirrors, scales, bounds, and what no parameter may turn round."""

from decimal import Decimal
from itertools import accumulate, pairwise

import attrs
import pytest
from hypothesis import assume, given, settings, strategies as st

import riskcore as rc
from riskcore.money import on_tick
from riskcore.rounding import PROMISES, rounded
from riskcore.signals import SIDES, opposite, sign
from riskcore.testing import bars, prices, situations
from riskcore.testing.strategies import Situation

pytestmark = pytest.mark.smoke

TICK = Decimal("0.05")
sides = st.sampled_from(SIDES)
small = st.decimals("0.01", 20, places=2)
scales = st.sampled_from([Decimal(k) for k in ("0.1", "2", "10", "40")])
entries = prices(TICK, low=500, high=5000)
few = settings(max_examples=60)
METHODS = {
    "atr": lambda x: (rc.atr_stop, {"atr": x, "multiple": 2}),
    "points": lambda x: (rc.points_stop, {"points": x}),
    "rupees": lambda x: (rc.rupee_stop, {"risk": x * 7, "quantity": 7}),
}
"""Methods whose distance is an amount of rupees that scales with the prices."""


def placed(method, side, entry, tick=TICK, **question):
    return method(side=side, entry=entry, tick=tick, **question)


def levels_around(entry):
    return st.lists(st.integers(-2000, 2000).map(lambda n: entry + n * TICK / 5), min_size=1, max_size=6)


def mirrored(series, entry):
    """The bars with every price reflected at `entry`."""
    turned = {"open": "open", "high": "low", "low": "high", "close": "close"}
    return tuple(
        attrs.evolve(bar, **{name: 2 * entry - getattr(bar, was) for name, was in turned.items()}) for bar in series
    )


@few
@given(st.sampled_from(sorted(PROMISES)), st.decimals("0.01", 9999, places=3))
def test_RND_5_every_price_of_ours_is_rounded_in_mirrored_directions(kind, price):
    """A SELL is rounded up where a BUY is rounded down, by less than a tick."""
    one, other = (rounded(kind, side, price, TICK) for side in SIDES)
    assert on_tick(one, TICK)
    assert on_tick(other, TICK)
    assert one == other == price if on_tick(price, TICK) else abs(one - other) == TICK


@few
@given(st.sampled_from(sorted(METHODS)), entries, small)
def test_STP_3_buy_and_sell_are_mirrors(name, entry, distance):
    """The same distance, on either side of the entry."""
    method, question = METHODS[name](distance)
    buy, sell = (placed(method, side, entry, **question) for side in SIDES)
    assert buy.distance == sell.distance
    assert buy.price + sell.price == 2 * entry
    percent = [placed(rc.percent_stop, side, entry, pct=distance) for side in SIDES]
    assert percent[0].price + percent[1].price == 2 * entry


@few
@given(sides, entries, small, st.data())
def test_STP_4_levels_and_swings_are_mirrors_too(side, entry, buffer, data):
    """Reflected at the entry, support is resistance and a swing low a swing high."""
    levels = data.draw(levels_around(entry))
    series = data.draw(bars(rc.Instrument(symbol="ANY", tick=TICK), min_size=5, max_size=25, around=entry))
    assume(max(bar.high for bar in series) < 2 * entry)
    turned = [2 * entry - level for level in levels]
    asks = [(rc.level_stop, {"levels": levels}, {"levels": turned})]
    asks.append((rc.swing_stop, {"bars": series, "width": 1}, {"bars": mirrored(series, entry), "width": 1}))
    for method, question, mirror in asks:
        try:
            one = placed(method, side, entry, buffer=buffer, **question)
        except ValueError:
            with pytest.raises(ValueError, match="hold no"):
                placed(method, opposite(side), entry, buffer=buffer, **mirror)
            continue
        other = placed(method, opposite(side), entry, buffer=buffer, **mirror)
        assert (one.distance, one.price + other.price) == (other.distance, 2 * entry)


@few
@given(st.sampled_from(sorted(METHODS)), sides, entries, small, scales)
def test_STP_5_where_prices_and_tick_scale_the_stop_scales(name, side, entry, distance, scale):
    """Paise or rupees, a split or none: the same stop."""
    method, question = METHODS[name](distance)
    larger = METHODS[name](distance * scale)[1]
    one, other = placed(method, side, entry, **question), placed(method, side, entry * scale, TICK * scale, **larger)
    assert other.price == one.price * scale
    assert (
        placed(rc.percent_stop, side, entry * scale, TICK * scale, pct=distance).price
        == placed(rc.percent_stop, side, entry, pct=distance).price * scale
    )


@few
@given(sides, entries, small, small, st.integers(1, 500), st.integers(0, 500))
def test_STP_6_more_of_a_parameter_is_never_a_nearer_stop(side, entry, one, more, quantity, further):
    """Of ATR, multiple, percent, points, rupees and buffer; and more shares for the same rupees never a further one."""
    pairs = [
        (rc.atr_stop, {"multiple": 2}, "atr", one, one + more),
        (rc.atr_stop, {"atr": one}, "multiple", 2, 2 + more / 10),
        (rc.percent_stop, {}, "pct", one, one + more),
        (rc.points_stop, {}, "points", one, one + more),
        (rc.rupee_stop, {"quantity": quantity}, "risk", one, one + more),
        (rc.rupee_stop, {"risk": one * 100}, "quantity", 10 + quantity + further, 10 + quantity),
        (rc.level_stop, {"levels": [entry - TICK, entry + TICK]}, "buffer", one, one + more),
    ]
    for method, fixed, name, less, much in pairs:
        near, far = (placed(method, side, entry, **fixed, **{name: value}).distance for value in (less, much))
        assert near <= far


@few
@given(sides, entries, st.lists(small, min_size=1, max_size=5))
def test_STP_7_the_tighter_is_at_most_and_the_wider_at_least_every_one(side, entry, distances):
    """And both are one of them, whatever their order."""
    stops = [placed(rc.points_stop, side, entry, points=points) for points in distances]
    for order in (stops, stops[::-1]):
        tight, wide = (rc.combined_stop(stops=order, combine=word) for word in ("tighter", "wider"))
        assert tight.distance == min(stop.distance for stop in stops)
        assert wide.distance == max(stop.distance for stop in stops)
        assert {tight.price, wide.price} <= {stop.price for stop in stops}


@few
@given(sides, entries, small, small, small)
def test_STP_8_a_clamped_stop_keeps_its_bounds_on_the_tick(side, entry, distance, least, room):
    """At least `least`, at most `greatest`; one between them stays; clamping twice is clamping once."""
    greatest = least + room + TICK
    stop = placed(rc.points_stop, side, entry, points=distance)
    bounds = {"side": side, "entry": entry, "tick": TICK, "least": least, "greatest": greatest}
    kept = rc.clamped_stop(stop=stop, **bounds)
    assert on_tick(kept.price, TICK)
    assert least <= kept.distance <= greatest
    assert kept.distance == sign(side) * (entry - kept.price)
    assert rc.clamped_stop(stop=kept, **bounds) == kept
    assert (kept == stop) == (least <= stop.distance <= greatest)


@few
@given(sides, entries, st.data())
def test_STP_9_a_level_is_never_taken_from_the_wrong_side(side, entry, data):
    """The stop stands at or beyond the nearest level of the losing side; one more level never moves it further."""
    levels = data.draw(levels_around(entry))
    losing = [level for level in levels if sign(side) * (entry - level) > 0]
    assume(losing)
    stop = placed(rc.level_stop, side, entry, levels=levels)
    nearest = min(losing, key=lambda level: abs(entry - level))
    assert sign(side) * (entry - stop.price) >= 0
    assert 0 <= sign(side) * (stop.price - nearest) < TICK
    more = data.draw(levels_around(entry))
    assert placed(rc.level_stop, side, entry, levels=[*levels, *more]).distance <= stop.distance


@few
@given(bars(min_size=3, max_size=40), sides, st.integers(1, 3), st.integers(0, 40))
def test_STP_10_a_swing_once_found_stays_and_none_is_found_before_its_time(series, side, width, seen):
    """With fewer bars the swings are those whose `width` later bars were seen: nothing looks ahead."""
    every, early = (rc.swings(bars=part, side=side, width=width) for part in (series, series[:seen]))
    assert early == tuple(bar for bar in every if bar in series[: max(len(series[:seen]) - width, 0)])
    edge = (lambda bar: bar.low) if side == "BUY" else (lambda bar: -bar.high)
    for bar in every:
        at = series.index(bar)
        around = [*series[at - width : at], *series[at + 1 : at + 1 + width]]
        assert len(around) == 2 * width
        assert all(edge(bar) <= edge(other) for other in around)


@few
@given(situations(faulty=False), st.sampled_from(["use", "ignore", "tighter"]), st.data())
def test_STP_11_every_approved_stop_stands_between_the_bounds_of_its_policy(situation, taken, data):
    """Placed by whatever methods, clamped where it is ours, refused where it is the signal's."""
    signal, book, market, policy = situation
    bounds = {
        "stop_least_ticks": data.draw(st.integers(1, 40)),
        "stop_least_pct": data.draw(st.sampled_from([None, "0.5", "1"])),
        "stop_greatest_pct": data.draw(st.sampled_from([None, "2", "5"])),
        "stop_methods": data.draw(st.sampled_from([["atr"], ["atr", "percent"], ["percent"]])),
        "stop_combine": data.draw(st.sampled_from(["tighter", "wider"])),
    }
    policy = attrs.evolve(policy, stop_pct=1, signal_stop=taken, **bounds)
    decision = rc.decide(signal, book, market, policy)
    assume(decision.approved)
    entry, stop = decision.order.reference, decision.order.stop
    distance = sign(signal.side) * (entry - stop)
    assert distance == decision.stop.distance >= policy.stop_least_ticks * market.instrument.tick
    if policy.stop_least_pct is not None:
        assert distance * 100 >= entry * policy.stop_least_pct
    if policy.stop_greatest_pct is not None:
        assert distance * 100 <= entry * policy.stop_greatest_pct
    if taken == "use" and signal.stop is not None:
        assert stop == rounded("stop", signal.side, signal.stop, market.instrument.tick)


@few
@given(situations(faulty=False), st.sampled_from(["0.1", "1", "3"]), st.sampled_from(["2", "5", "20"]))
def test_STP_12_narrower_bounds_never_help_a_stop_of_the_signals_own(situation, least, greatest):
    """A stop that is not moved: no more shares, and what failed does not pass.

    The reward after charges is asked of a finished order alone, so it may go unasked where another rule refuses.
    """
    signal, book, market, policy = situation
    assume(signal.stop is not None)
    free = attrs.evolve(policy, signal_stop="use")
    bound = attrs.evolve(free, stop_least_pct=least, stop_greatest_pct=max(greatest, least, key=Decimal))
    before, after = (rc.decide(signal, book, market, rules) for rules in (free, bound))
    assert not after.approved or (before.approved and after.order == before.order)
    failed = {found.rule for found in before.findings if not found.passed} - {"risk_reward_basis"}
    assert failed <= {found.rule for found in after.findings if not found.passed}


@few
@given(sides, entries, st.integers(2, 100), small, small, scales)
def test_TGT_3_targets_mirror_scale_and_grow_with_their_parameter(side, entry, steps, reach, more, scale):
    """By percent and by points: exact mirrors, the same in any unit, never nearer for more."""
    assume(reach + more < 90)
    for method, name in ((rc.percent_target, "pct"), (rc.points_target, "points")):

        def made(way=side, by=1, value=reach, method=method, name=name):
            stop = (entry - sign(way) * steps * TICK) * by
            worth = value * by if name == "points" else value
            return method(side=way, entry=entry * by, stop=stop, tick=TICK * by, **{name: worth})

        assert made().price + made(opposite(side)).price == 2 * entry
        assert made().risk_reward == made(opposite(side)).risk_reward
        assert made(by=scale).price == made().price * scale
        assert made(value=reach + more).distance >= made().distance
        assert on_tick(made().price, TICK)


legs = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from(["1.5R", "2R", "3.25R", "2%", "4.5%", "40 points", "7.35 points"])),
    min_size=1,
    max_size=4,
).map(lambda parts: [f"{share}% at {reach}" for share, reach in _whole(parts)])


def _whole(parts):
    """The parts with the last one's share filled up to 100."""
    given_so_far = sum(share for share, _ in parts[:-1])
    kept = parts[:-1] if given_so_far < 100 else []
    rest = 100 - sum(share for share, _ in kept)
    return [*kept, (rest, parts[-1][1])]


@few
@given(sides, entries, st.integers(1, 100), legs)
def test_TGT_4_legs_stand_in_order_and_are_worth_the_mean_of_their_shares(side, entry, steps, texts):
    """Each on its own is a target of its kind; the last one is the target's price."""
    stop = entry - sign(side) * steps * TICK
    made = rc.legged_target(side=side, entry=entry, stop=stop, legs=texts, tick=TICK)
    reaches = [sign(side) * (leg.price - entry) for leg in made.legs]
    assert reaches == sorted(reaches)
    assert all(reach > 0 and on_tick(leg.price, TICK) for reach, leg in zip(reaches, made.legs, strict=True))
    assert sum(leg.share for leg in made.legs) == 100
    mean = sum(reach * leg.share for reach, leg in zip(reaches, made.legs, strict=True)) / 100
    assert made.distance == mean
    assert made.price == made.legs[-1].price
    turned = rc.legged_target(side=opposite(side), entry=entry, stop=2 * entry - stop, legs=texts, tick=TICK)
    assert [one.price + other.price for one, other in zip(made.legs, turned.legs, strict=True)] == [
        2 * entry for _ in made.legs
    ]


shares = st.lists(st.integers(1, 40), min_size=1, max_size=5).map(lambda parts: [*parts[:2], 100 - sum(parts[:2])])


@few
@given(st.integers(1, 5000), st.sampled_from([1, 5, 65]), shares)
def test_TGT_5_legs_are_whole_lots_that_add_up_and_never_leave_early(lots, lot, parts):
    """Their sum is the quantity; up to each leg no more has left than its shares say; the last one is never empty."""
    quantity = lots * lot
    split = rc.split_legs(quantity, lot, parts)
    assert sum(split) == quantity
    assert len(split) == len(parts)
    assert all(part >= 0 and part % lot == 0 for part in split)
    assert split[-1] > 0
    for left, planned in zip(accumulate(split), accumulate(parts), strict=True):
        assert left * 100 <= quantity * planned or planned == 100
    if lots >= 100:
        assert all(split)


@few
@given(situations(faulty=False), st.sampled_from(["1", "1.5", "2.5"]), legs)
def test_TGT_6_the_reward_after_charges_is_below_that_before_and_decides_where_it_should(situation, least, texts):
    """Legs of an order add up to it and end at its target; under `net` nothing below the least ratio is approved."""
    signal, book, market, policy = situation
    changes = {"min_risk_reward": least, "target_legs": texts, "target_r_multiple": 9, "risk_reward_basis": "net"}
    try:
        net = attrs.evolve(policy, **changes)
    except ValueError:
        assume(False)
    asked = Situation(signal, book, market, net)
    gross, after = rc.decide(*asked[:3], attrs.evolve(net, risk_reward_basis="gross")), rc.decide(*asked)
    if not gross.approved:
        assert not after.approved
        return
    order = gross.order
    if order.legs:
        assert sum(leg.quantity for leg in order.legs) == order.quantity
        assert order.legs[-1].price == order.target
        assert len(order.legs) > 1
    else:
        reward = sign(order.side) * (order.target - order.reference)
        assert gross.net_risk_reward < reward / abs(order.reference - order.stop)
    assert after.approved == (gross.net_risk_reward >= net.min_risk_reward)
    if not after.approved:
        assert [found.reason for found in after.reasons] == ["net_risk_reward_too_low"]


@few
@given(bars(min_size=6, max_size=40), scales, st.integers(0, 5000))
def test_ATR_3_the_average_scales_with_the_prices_and_does_not_see_their_level(series, scale, shift):
    """Twice the prices, twice the ATR; so much higher, the same."""
    names = ("open", "high", "low", "close")

    def moved(change):
        return [attrs.evolve(bar, **{name: change(getattr(bar, name)) for name in names}) for bar in series]

    value = rc.atr(series, 5)
    assert abs(rc.atr(moved(lambda price: price * scale), 5) - value * scale) < Decimal("1e-18")
    assert rc.atr(moved(lambda price: price + shift), 5) == value
    assert rc.true_ranges(moved(lambda price: price + shift)) == rc.true_ranges(series)


@few
@given(bars(min_size=6, max_size=40), st.integers(1, 6))
def test_ATR_4_the_average_is_wilders_recursion_over_the_true_ranges(series, period):
    """Written out, with the definition of the true range that names all three distances."""
    ranges = [series[0].high - series[0].low]
    for before, bar in pairwise(series):
        spans = bar.high - bar.low, abs(bar.high - before.close), abs(bar.low - before.close)
        ranges.append(max(spans))
    assert list(rc.true_ranges(series)) == ranges
    value = sum(ranges[:period]) / period
    for true_range in ranges[period:]:
        value = (value * (period - 1) + true_range) / period
    assert abs(rc.atr(series, period) - value) < Decimal("1e-20")
