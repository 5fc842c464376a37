"""Invariants 5 and 8: a stop only tightens, whatever happens; what leaves in time or in parts adds up."""

from datetime import datetime, timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import given, settings, strategies as st

import riskcore as rc
from riskcore import events as e
from riskcore.costs import policy_charges
from riskcore.engine import State, fold, step
from riskcore.exits.trailing import trail_level
from riskcore.money import to_paisa
from riskcore.signals import opposite, sign
from riskcore.testing import Scenario, days, trail_settings
from riskcore.testing.trails import LEGS, TRAILS

TICK = Decimal("0.05")
SHARE = rc.Instrument(symbol="INFY", tick=TICK)
OPENED = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
DAY = OPENED.date()
WIDE = {"max_position_size_percent": 100, "max_sector_exposure": 100, "entry_band_pct": 0}
ADDITIVE = [rules for rules in TRAILS if rules["trail"] != "percent"]


def held(side, *, entry=1000, risk=20, quantity=50, charges=0, atr=10):
    return rc.Position(
        instrument=SHARE,
        side=side,
        quantity=quantity,
        opened_quantity=quantity,
        average_price=entry,
        stop=entry - sign(side) * Decimal(risk),
        initial_stop=entry - sign(side) * Decimal(risk),
        opened_at=OPENED,
        charges=Decimal(charges),
        trail=rc.Trail(best=entry, worst=entry, seen_at=OPENED, entry_atr=atr),
    )


sides = st.sampled_from(["BUY", "SELL"])
steps = st.lists(st.integers(-200, 200), min_size=1, max_size=25)
rules = trail_settings().map(lambda drawn: rc.Policy(**drawn))
atrs = st.sampled_from([None, None, 4, 10, Decimal("17.3")])


@st.composite
def tapes(draw):
    """Ticks and bars in the order of time, each with an ATR or without one."""
    at, made = OPENED, []
    for _ in range(draw(st.integers(1, 20))):
        at += timedelta(seconds=draw(st.sampled_from([1, 20, 60, 300])))
        prices = [1000 + draw(st.integers(-2000, 2000)) * TICK for _ in range(draw(st.sampled_from([1, 4])))]
        fresh = draw(atrs)
        if len(prices) == 1:
            made.append((rc.Price("NSE:INFY", prices[0], at), fresh))
        else:
            high, low = max(prices), min(prices)
            made.append((rc.Bar(at=at, open=prices[0], high=high, low=low, close=prices[3]), fresh))
    return made


@pytest.mark.smoke
@settings(max_examples=60)
@given(sides, rules, tapes())
def test_TRL_1_a_stop_never_loosens_and_stands_on_the_tick_behind_the_best_price(side, policy, tape):
    """Under any ticks, bars and ATRs; it says who moved it, and the first stop stays what R is measured by."""
    now, way = held(side), sign(side)
    for seen, atr in tape:
        after = rc.advance(now, seen, policy, atr=atr)
        assert way * (after.stop - now.stop) >= 0
        assert after.stop % TICK == 0
        assert after.initial_stop == now.initial_stop
        assert way * (after.trail.best - after.stop) > 0
        if after.stop != now.stop:
            assert after.trail.rule in {"trail", "breakeven_at_r", "breakeven_at_pct", "profit_lock_pct"}
        now = after


@settings(max_examples=60)
@given(rules, steps, st.sampled_from(ADDITIVE))
def test_TRL_2_long_and_short_are_mirrored(policy, path, trail):
    """Prices turned round at the entry turn the stop round (a percentage of the price cannot be, and is left out)."""
    policy = attrs.evolve(
        policy, **{"trail_by": None, "trail_step": None, "trail_after": None, **trail}, breakeven_covers_charges=False
    )
    long, short = held("BUY"), held("SELL")
    for number, moved in enumerate(path):
        at = OPENED + timedelta(minutes=number)
        long = rc.advance(long, rc.Price("NSE:INFY", 1000 + moved * TICK, at), policy)
        short = rc.advance(short, rc.Price("NSE:INFY", 1000 - moved * TICK, at), policy)
        assert long.stop - 1000 == 1000 - short.stop


@settings(max_examples=60)
@given(sides, rules, steps, atrs)
def test_TRL_3_a_tick_is_a_bar_of_one_price(side, policy, path, atr):
    """Over any tape of ticks both end in the same stop, with every price moving it."""
    policy = attrs.evolve(policy, trail_on="tick")
    ticks = bars = held(side)
    for number, moved in enumerate(path):
        at, price = OPENED + timedelta(seconds=number), 1000 + moved * TICK
        ticks = rc.advance(ticks, rc.Price("NSE:INFY", price, at), policy, atr=atr)
        bars = rc.advance(bars, rc.Bar(at=at, open=price, high=price, low=price, close=price), policy, atr=atr)
        assert (ticks.stop, ticks.trail.best, ticks.trail.rule) == (bars.stop, bars.trail.best, bars.trail.rule)


@settings(max_examples=60)
@given(sides, st.sampled_from(TRAILS), tapes())
def test_TRL_4_once_armed_stays_armed(side, trail, tape):
    """Whatever the price and the ATR do afterwards, the trail has a level again."""
    policy, now, armed = rc.Policy(**{"trail_after": "0.5", **trail}), held(side), False
    for seen, atr in tape:
        now = rc.advance(now, seen, policy, atr=atr)
        extreme = now.trail.best_close if policy.trail_on == "bar" else now.trail.best
        level = None if extreme is None else trail_level(now, extreme, policy)
        assert level is not None or not armed
        armed = armed or level is not None


@pytest.mark.smoke
@settings(max_examples=60)
@given(
    sides,
    st.integers(1, 3000),
    st.integers(2000, 100_000),
    st.decimals(0, 40, places=2),
    st.integers(0, 3),
    st.sampled_from(["0.03", "0", "0.1"]),
)
def test_TRL_5_leaving_at_break_even_loses_nothing_to_the_paisa(side, quantity, ticks, paid, buffer, brokerage):
    """All charges counted; and, without a buffer, one tick nearer the entry would lose."""
    now = held(side, entry=ticks * TICK, risk=1, quantity=quantity, charges=paid)
    policy = rc.Policy(breakeven_at_r=1, brokerage_pct=brokerage, breakeven_buffer_ticks=buffer)

    def net(price):
        cost = policy_charges(SHARE, "MIS", opposite(side), price * quantity, DAY, policy)
        return sign(side) * (price - now.average_price) * quantity - now.charges - to_paisa(cost.total)

    price = rc.breakeven_price(now, policy, DAY)
    if price > 5:
        assert net(price) >= 0
        assert net(price - sign(side) * (buffer + 1) * TICK) < 0


@settings(max_examples=60)
@given(sides, st.integers(1, 99), st.sampled_from(["0.5", "1", "2"]), steps)
def test_TRL_6_a_profit_lock_keeps_its_share(side, share, armed_at, path):
    """Once the profit was there, the stop keeps `profit_lock_pct` of the best, or stands one tick behind it."""
    policy = rc.Policy(profit_lock_at_r=armed_at, profit_lock_pct=share)
    now, way = held(side), sign(side)
    for number, moved in enumerate(path):
        at = OPENED + timedelta(seconds=number)
        now = rc.advance(now, rc.Price("NSE:INFY", 1000 + moved * TICK, at), policy)
        best = way * (now.trail.best - 1000)
        if best >= Decimal(armed_at) * 20:
            assert way * (now.stop - 1000) >= min(best * share / 100, best - TICK)
        else:
            assert now.stop == now.initial_stop


@settings(max_examples=60)
@given(sides, st.sampled_from([r for r in TRAILS if r["trail"] != "chandelier"]), steps, st.data())
def test_TRL_7_on_candles_alone_only_closes_count(side, trail, path, data):
    """Bars with the same closes and any highs and lows move the stop alike."""
    policy = rc.Policy(**{**trail, "trail_on": "bar"})
    calm = wild = held(side)
    for number, moved in enumerate(path):
        at, close = OPENED + timedelta(minutes=number), 1000 + moved * TICK
        up, down = (data.draw(st.integers(0, 500)) * TICK for _ in range(2))
        calm = rc.advance(calm, rc.Bar(at=at, open=close, high=close, low=close, close=close), policy)
        wild = rc.advance(wild, rc.Bar(at=at, open=close, high=close + up, low=close - down, close=close), policy)
        assert calm.stop == wild.stop


@settings(max_examples=60)
@given(
    st.integers(0, 320),
    st.sampled_from([None, 1, 45, 200]),
    st.sampled_from([None, 1, 4, 30]),
    st.sampled_from([None, 5, 90]),
    st.sampled_from(["1m", "5m", "15m", "1h"]),
)
def test_TRL_8_a_time_stop_fires_at_its_time_or_before(minutes, after, candles, before, interval):
    """Never later than each of its settings says, and at the moment of one of them."""
    policy = rc.Policy(
        time_stop_min=after, time_stop_bars=candles, time_stop_before_square_off_min=before, trail_interval=interval
    )
    opened = OPENED.replace(hour=9, minute=20, second=30) + timedelta(minutes=minutes)
    now = attrs.evolve(held("BUY"), opened_at=opened)
    found = rc.time_stop_at(now, DAY, policy)
    session = rc.session_on(DAY, SHARE)
    length = rc.interval_length(interval)
    latest = [session.closes] if candles and (session.closes - opened) >= candles * length else []
    latest += [opened + timedelta(minutes=after)] if after else []
    latest += [opened + candles * length] if latest[:1] == [session.closes] else []
    latest += [session.square_off - timedelta(minutes=before)] if before else []
    assert found is not None or not latest
    if found is not None:
        due, rule = found
        assert due <= min(latest, default=due)
        assert getattr(policy, rule) is not None
        assert rc.time_stop_due(now, due, policy) == rule
        assert rc.time_stop_due(now, due - timedelta(microseconds=1), policy) is None


@pytest.mark.smoke
@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=5).filter(any),
    st.integers(1, 120),
    st.sampled_from([1, 5, 65]),
    st.lists(st.integers(1, 60), max_size=6),
)
def test_TRL_9_the_legs_add_up_whatever_was_filled_and_left(plan, filled, lot, exits):
    """Of any part of the order, in whole lots, the last with the rest; what is left of them is what is held."""
    legs = tuple(rc.TargetLeg(Decimal(1010 + n), part * lot) for n, part in enumerate(plan))
    opened = filled * lot
    parts = rc.scaled_legs(legs, opened, lot)
    assert sum(leg.quantity for leg in parts) == opened
    assert all(leg.quantity >= 0 and leg.quantity % lot == 0 for leg in parts)
    thing = attrs.evolve(SHARE, lot_size=lot)
    now = attrs.evolve(held("BUY"), instrument=thing, quantity=opened, opened_quantity=opened, legs=legs)
    for gone in exits:
        now = attrs.evolve(now, quantity=max(now.quantity - gone, 0))
        left = rc.open_legs(now)
        assert sum(leg.quantity for leg in left) == now.quantity
        assert [leg.price for leg in left] == sorted(leg.price for leg in left)


@settings(max_examples=40)
@given(
    trail_settings().flatmap(
        lambda drawn: days(policy=rc.Policy(**{**WIDE, "atr_period": 5, "atr_warmup_bars": 5, **drawn}))
    )
)
def test_TRL_10_no_input_and_no_restart_loosens_a_stop(day):
    """Trailed, tightened by hand, added to, or folded back from the facts: the stop of a position only tightens."""
    state, facts = State(), []
    for event in day.inputs:
        taken = step(state, event, day.policy)
        facts += taken.facts
        moves = [fact for fact in taken.facts if isinstance(fact, e.StopMoved)]
        for before in state.book.positions:
            after = taken.state.book.position(before.instrument.key)
            if after is not None and after.id == before.id and before.stop is not None:
                assert sign(before.side) * (after.stop - before.stop) >= 0
        assert all(fact.before != fact.after for fact in moves)
        assert all(taken.state.book.position(fact.key) is not None for fact in moves)
        state = taken.state
    assert fold(facts).book.positions == state.book.positions


@pytest.mark.parametrize("trail", TRAILS, ids=lambda trail: "-".join(str(value) for value in trail.values()))
@settings(max_examples=6)
@given(side=sides, path=st.lists(st.integers(-60, 100), min_size=10, max_size=20))
def test_TRL_11_every_trail_moves_the_stop_of_a_day_and_its_exit_is_a_stop(trail, side, path):
    """A rise of 60 in six minutes moves each of them; the fall that follows takes the position off at that stop."""
    day, way = Scenario(rc.Policy(**WIDE, **trail), SHARE, equity=1_000_000), sign(side)
    entry = day.enter("10:00", side, last=1000, stop=1000 - 20 * way, target=1000 + 400 * way, atr=10)
    day.fill("10:00:01", entry, price=1000)
    for minute in range(1, 7):
        day.prices(f"10:{minute:02}", last=1000 + way * 10 * minute)
    moved = [fact for fact in day.facts if isinstance(fact, e.StopMoved)]
    assert moved
    assert {fact.rule for fact in moved} == {"trail"}
    stop = day.book.positions[0].stop
    for number, ticks in enumerate(path):
        if day.book.live_orders(entries=False):
            break
        day.prices(f"10:{10 + number}", last=1060 + way * ticks * TICK)
    day.prices("11:00", last=1000 - 30 * way)
    [order] = day.sent()
    assert (order.reason, order.rule) == ("stop", "trail")
    assert way * (order.level - stop) >= 0
    day.restart()
    assert day.book.positions[0].stop == order.level


@settings(max_examples=40)
@given(sides, st.sampled_from(LEGS), st.integers(1, 50), steps, st.booleans())
def test_TRL_12_parts_of_a_target_never_take_off_more_than_is_held(side, legs, filled, path, answers):
    """An entry filled in part or whole, exits filled at once or left working: the parts and the rest add up."""
    day, way = Scenario(rc.Policy(**WIDE, **legs, min_risk_reward=1), SHARE), sign(side)
    entry = day.enter("10:00", side, last=1000, stop=1000 - 20 * way)
    day.fill("10:00:01", entry, price=1000, quantity=filled)
    day.report("10:00:11", entry, "cancelled", filled, 1000 * filled)
    for number, ticks in enumerate(path):
        clock = f"{10 + (number + 1) // 60}:{(number + 1) % 60:02}"
        day.prices(clock, last=1000 + way * ticks * 10 * TICK)
        for order in day.book.live_orders(entries=False):
            if answers or number % 3 == 2:
                day.fill(f"{clock}:01", order.id, price=order.approved.limit)
        if not day.book.positions:
            break
        live = day.book.live_orders(entries=False)
        assert sum(order.open_quantity for order in live) <= day.book.positions[0].quantity
        assert day.book.positions[0].stop is not None
    closed = [fact for fact in day.facts if isinstance(fact, e.PositionClosed)]
    assert all(fact.quantity == filled for fact in closed)
    exits = sum(fact.quantity for fact in day.facts if isinstance(fact, e.Filled) and fact.side != side)
    assert exits == filled - sum(position.quantity for position in day.book.positions)
