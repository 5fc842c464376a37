"""Rounding, stops, targets, ATR and charges: the arithmetic under every decision."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

import riskcore as rc
from riskcore.costs import charge_for_more
from riskcore.money import DOWN, UP, amount, floor_to_lot, on_tick, round_to_tick, to_paisa
from riskcore.signals import SIDES, sign
from riskcore.testing import bars, prices

pytestmark = pytest.mark.smoke

ticks = st.sampled_from([Decimal(t) for t in ("0.01", "0.05", "0.10", "0.50", "1", "5")])
sides = st.sampled_from(SIDES)
money = st.decimals("0.0001", "99999", places=4)
PLAN = {"brokerage_pct": Decimal("0.03"), "brokerage_max": Decimal(20)}
DAY = date(2026, 11, 20)


@given(money, ticks)
def test_RND_1_down_is_below_and_up_is_above_by_less_than_a_tick(price, tick):
    """Both are on the tick; a price on the tick stays where it is."""
    down, up = round_to_tick(price, tick, DOWN), round_to_tick(price, tick, UP)
    assert down <= price <= up
    assert price - down < tick
    assert up - price < tick
    assert on_tick(down, tick)
    assert on_tick(up, tick)
    assert (down == up) == on_tick(price, tick)
    assert down.as_tuple().exponent == up.as_tuple().exponent == tick.as_tuple().exponent


@given(st.integers(-100, 10_000), st.integers(1, 100), st.decimals(0, "0.99", places=2))
def test_RND_2_lots_are_floored_and_never_negative(whole, lot, part):
    """The largest multiple that fits, for whole numbers and fractions."""
    for quantity in (whole, whole + part):
        floored = floor_to_lot(quantity, lot)
        assert floored % lot == 0
        assert floored == 0 if quantity < lot else floored <= quantity < floored + lot


@given(st.decimals("-99999", "99999", places=6))
def test_RND_3_a_number_is_the_same_however_it_is_written(number):
    """As text, as Decimal and as float: the float's shortest form is what was meant."""
    assert amount(str(number), "x") == amount(number, "x") == number
    assert amount(float(number), "x") == number


@given(st.decimals("-99999", "99999", places=5))
def test_RND_4_halves_of_a_paisa_go_away_from_nought(value):
    """As on a contract note, on both sides of nought."""
    assert to_paisa(-value) == -to_paisa(value)
    assert abs(to_paisa(value) - value) <= Decimal("0.005")
    assert abs(to_paisa(abs(value) // 1 + Decimal("0.125"))) % 1 == Decimal("0.13")


@given(sides, ticks, st.data())
def test_STP_1_a_stop_is_rounded_nearer_the_entry(side, tick, data):
    """On the tick, on the losing side or at the entry, and never further than the multiple of the ATR."""
    entry = data.draw(prices(tick, low=500))
    value, multiple = data.draw(st.decimals("0.01", 50, places=4)), data.draw(st.sampled_from(["0.5", "1.5", "3"]))
    stop = rc.atr_stop(side=side, entry=entry, atr=value, multiple=multiple, tick=tick)
    away = sign(side) * (entry - stop.price)
    assert on_tick(stop.price, tick)
    assert 0 <= away == stop.distance <= value * Decimal(multiple) < away + tick


@given(sides, ticks, st.data())
def test_STP_2_a_given_stop_is_rounded_nearer_the_entry_too(side, tick, data):
    """By less than a tick, and towards the entry where it stands on the losing side."""
    entry = data.draw(prices(tick, low=500))
    given_price = data.draw(st.decimals(1, 499, places=3)) if side == "BUY" else entry + data.draw(money)
    stop = rc.given_stop(side=side, entry=entry, stop=given_price, tick=tick)
    assert 0 <= sign(side) * (stop.price - given_price) < tick


@given(sides, ticks, st.data())
def test_TGT_1_a_target_is_rounded_away_so_that_the_ratio_holds(side, tick, data):
    """At least r_multiple times the stop's distance, and less than one tick more."""
    entry = data.draw(prices(tick, low=2000))
    steps, multiple = data.draw(st.integers(1, 100)), data.draw(st.sampled_from([Decimal("2.5"), Decimal("1.37")]))
    made = rc.target(side=side, entry=entry, stop=entry - sign(side) * steps * tick, r_multiple=multiple, tick=tick)
    asked = steps * tick * multiple
    assert asked <= sign(side) * (made.price - entry) < asked + tick
    assert made.risk_reward == made.distance / (steps * tick) >= multiple


@given(sides, ticks, st.data())
def test_TGT_2_a_given_target_never_promises_more_than_was_asked(side, tick, data):
    """Rounded nearer the entry, and the ratio counted from there; where nothing is left of it, it is refused."""
    entry = data.draw(prices(tick, low=2000))
    asked = data.draw(st.decimals(1, 9000, places=3))
    ask = {"side": side, "entry": entry, "stop": entry - sign(side) * tick, "price": asked, "tick": tick}
    if side == rc.BUY and asked < tick:
        with pytest.raises(ValueError, match="at or beyond zero"):
            rc.given_target(**ask)
        return
    made = rc.given_target(**ask)
    assert 0 <= sign(side) * (asked - made.price) < tick
    assert made.risk_reward == sign(side) * (made.price - entry) / tick


@given(bars(min_size=5, max_size=40))
def test_ATR_1_the_average_lies_between_the_smallest_and_the_largest_true_range(series):
    """And the first one, after `period` bars, is their mean."""
    ranges = [series[0].high - series[0].low]
    for before, bar in pairwise(series):
        ranges.append(max(bar.high, before.close) - min(bar.low, before.close))
    slack = Decimal("1e-20")
    assert min(ranges) - slack <= rc.atr(series, 5) <= max(ranges) + slack
    assert abs(rc.atr(series[:5], 5) * 5 - sum(ranges[:5])) < slack


@given(bars(min_size=6, max_size=30))
def test_ATR_2_one_more_bar_weighs_one_part_in_the_period(series):
    """ATR[i] x n = ATR[i-1] x (n - 1) + TR[i]."""
    *earlier, before, last = series
    newest = max(last.high, before.close) - min(last.low, before.close)
    difference = rc.atr(series, 5) * 5 - rc.atr([*earlier, before], 5) * 4 - newest
    assert abs(difference) < Decimal("1e-20")


@given(sides, st.lists(money, min_size=1, max_size=6), st.sampled_from(["0", "0.03", "1"]))
def test_CHG_1_the_charges_of_the_parts_add_up_to_the_order(side, parts, brokerage):
    """However an order is filled, it costs what it would have cost in one piece, to the paisa."""
    policy = rc.Policy(brokerage_pct=brokerage)
    thing = rc.Instrument(symbol="INFY", tick="0.05")
    booked, so_far = Decimal(0), Decimal(0)
    for part in parts:
        more = {"value_before": so_far, "value_after": so_far + part}
        booked += charge_for_more(thing, "MIS", side, **more, on=DAY, policy=policy)
        so_far += part
    whole = rc.order_charges(side=side, value=so_far, on=DAY, brokerage_pct=brokerage, brokerage_max=20)
    assert booked == to_paisa(whole.total)


@given(sides, money, money)
def test_CHG_2_a_larger_order_never_costs_less(side, value, more):
    """Brokerage at most its cap; every part grows with the value; GST on brokerage and fees alone."""
    small, large = (rc.order_charges(side=side, value=v, on=DAY, **PLAN) for v in (value, value + more))
    assert small.total <= large.total
    assert large.brokerage <= 20
    assert large.gst * 100 == (large.brokerage + large.exchange + large.sebi) * 18
    assert (large.stamp == 0) == (side == "SELL")
    assert (large.stt == 0) == (side == "BUY")
