"""Where a policy puts the stop and the target of an entry: worked out once, and read by several rules.

Nothing is refused here. What cannot be placed is None, and `rules.levels` says by name what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final, TypeAlias

from riskcore.money import ONE, ZERO, floor_to_lot, percent_of
from riskcore.orders import TargetLeg
from riskcore.policy import Policy, levels as names
from riskcore.policy.sizing import FIXED_NOTIONAL
from riskcore.rounding import ENTRY, rounded
from riskcore.signals import BUY, Market, Signal, sign
from riskcore.stops.combining import TIGHTER, choose, clamp
from riskcore.stops.methods import (
    Distance,
    Stop,
    at_distance,
    at_price,
    by_atr,
    by_level,
    by_percent,
    by_points,
    by_rupees,
    by_swing,
)
from riskcore.targets import Target, leg_rules, quantities, target_at, target_given, target_in_legs

Method: TypeAlias = Callable[[Signal, Market, Policy, Decimal, "Decimal | None"], "Distance | None"]
"""(signal, market, policy, entry, trusted ATR) -> distance and how it was found; None where its data is missing."""


def stop_for(signal: Signal, market: Market, policy: Policy, entry: Decimal | None, atr: Decimal | None) -> Stop | None:
    """The stop of an entry: the signal's, the policy's, or the tighter of both. None where data is missing.

    `atr` is an ATR that may be trusted, or None. The policy's own stop is clamped; the signal's is never moved.
    """
    if entry is None:
        return None
    brought = signal.stop
    if brought is None or policy.signal_stop == names.IGNORE:
        return _own(signal, market, policy, entry, atr)
    given = at_price(signal.side, entry, brought, market.instrument.tick)
    if policy.signal_stop == names.USE or sign(signal.side) * (entry - given.price) <= ZERO:
        return given
    own = _own(signal, market, policy, entry, atr)
    return None if own is None else choose((given, own), TIGHTER)


def target_for(
    signal: Signal, market: Market, policy: Policy, entry: Decimal | None, stop: Stop | None
) -> Target | None:
    """The target of an entry: the signal's, or the policy's; it may lie beyond zero. None without a sound stop."""
    if entry is None or stop is None or stop.price <= ZERO:
        return None
    side, tick = signal.side, market.instrument.tick
    risk = entry - stop.price if side == BUY else stop.price - entry
    if risk <= ZERO:
        return None
    if signal.target is not None:
        return target_given(side, entry, risk, signal.target, tick)
    if policy.target_legs:
        return target_in_legs(side, entry, risk, leg_rules(policy.target_legs), tick)
    return target_at(side, entry, risk, _reach(policy, entry, risk), tick)


def legs_for(target: Target, quantity: int, lot_size: int) -> tuple[TargetLeg, ...]:
    """The legs of a target in whole lots, nearest first; empty where all of it leaves at one price."""
    if not target.legs:
        return ()
    parts = quantities(quantity, lot_size, [leg.share for leg in target.legs])
    legs = tuple(TargetLeg(leg.price, part) for leg, part in zip(target.legs, parts, strict=True) if part)
    return legs if len(legs) > 1 else ()


def brings_stop(signal: Signal, policy: Policy) -> bool:
    """Whether the signal's own stop is the one that counts, so that none has to be placed."""
    return signal.stop is not None and policy.signal_stop == names.USE


def needs_atr(signal: Signal, policy: Policy) -> bool:
    """Whether the stop, a bound of it, or what it will trail by is measured in ATR."""
    if policy.stop_greatest_atr is not None or policy.trails_on_atr:
        return True
    return policy.stop_on_atr and not brings_stop(signal, policy)


def least_distance(policy: Policy, entry: Decimal, tick: Decimal) -> Decimal:
    """The least distance a stop may have: the larger of `stop_least_ticks` and `stop_least_pct`."""
    least = policy.stop_least_ticks * tick
    return least if policy.stop_least_pct is None else max(least, percent_of(entry, policy.stop_least_pct))


def greatest_distance(policy: Policy, entry: Decimal, atr: Decimal | None) -> Decimal | None:
    """The greatest distance a stop may have: the smaller of `stop_greatest_pct` and `stop_greatest_atr`; None: any."""
    greatest = None if policy.stop_greatest_pct is None else percent_of(entry, policy.stop_greatest_pct)
    if policy.stop_greatest_atr is None or atr is None:
        return greatest
    reach = policy.stop_greatest_atr * atr
    return reach if greatest is None else min(greatest, reach)


def worst_price(side: str, reference: Decimal, market: Market, policy: Policy) -> Decimal:
    """The entry limit: reference +- entry_band_pct, rounded to the tick so that the band is never exceeded."""
    band, tick = percent_of(reference, policy.entry_band_pct), market.instrument.tick
    return max(rounded(ENTRY, side, reference + band if side == BUY else reference - band, tick), tick)


def fixed_quantity(signal: Signal, market: Market, policy: Policy, entry: Decimal) -> int:
    """The quantity that does not follow from the stop: `fixed_quantity`, or what `fixed_notional` buys.

    At the limit or the quote, whichever is more, in whole lots, and at least one, because less than that is refused
    by its own name.
    """
    lot, wanted = market.instrument.lot_size, Decimal(policy.fixed_quantity or 0)
    if policy.sizing_method == FIXED_NOTIONAL:
        wanted = (policy.fixed_notional or ZERO) / max(entry, worst_price(signal.side, entry, market, policy))
    return max(floor_to_lot(wanted, lot), lot)


def _own(signal: Signal, market: Market, policy: Policy, entry: Decimal, atr: Decimal | None) -> Stop | None:
    """The policy's own stop: each method on the tick, the tighter or wider of them, between its bounds."""
    if atr is None and needs_atr(signal, policy):
        return None
    side, tick = signal.side, market.instrument.tick
    stops = []
    for name in policy.stop_methods:
        found = METHODS[name](signal, market, policy, entry, atr)
        if found is None:
            return None
        stops.append(at_distance(side, entry, found[0], found[1], tick))
    chosen = stops[0] if len(stops) == 1 else choose(tuple(stops), policy.stop_combine)
    least, greatest = least_distance(policy, entry, tick), greatest_distance(policy, entry, atr)
    return clamp(side, entry, chosen, tick, least, greatest)


def _reach(policy: Policy, entry: Decimal, risk: Decimal) -> Decimal:
    """How far beyond the entry the policy's single target stands."""
    if policy.target_method == names.R:
        return risk * policy.target_r_multiple
    if policy.target_method == names.PERCENT:
        return percent_of(entry, policy.target_pct or ONE)
    return policy.target_points or ONE


def _buffer(market: Market, policy: Policy, atr: Decimal | None) -> Decimal:
    more = ZERO if policy.stop_buffer_atr is None or atr is None else policy.stop_buffer_atr * atr
    return policy.stop_buffer_ticks * market.instrument.tick + more


def _atr(signal: Signal, market: Market, policy: Policy, entry: Decimal, atr: Decimal | None) -> Distance | None:
    if atr is None:
        return None
    distance, found = by_atr(atr, policy.stop_atr_multiple)
    return distance, ("{} ({})", found, _seen(market, policy))


def _seen(market: Market, policy: Policy) -> tuple[object, ...]:
    """What the ATR rests on, as evidence."""
    bars = market.atr_bars if market.bars is None else len(market.bars)
    if bars is None:
        return ("given",)
    return "{} of {} bars of {}", policy.atr_period, bars, market.atr_interval or "its interval"


def _percent(signal: Signal, market: Market, policy: Policy, entry: Decimal, atr: Decimal | None) -> Distance | None:
    return None if policy.stop_pct is None else by_percent(entry, policy.stop_pct)


def _points(signal: Signal, market: Market, policy: Policy, entry: Decimal, atr: Decimal | None) -> Distance | None:
    return None if policy.stop_points is None else by_points(policy.stop_points)


def _rupees(signal: Signal, market: Market, policy: Policy, entry: Decimal, atr: Decimal | None) -> Distance | None:
    if policy.stop_risk_rupees is None:
        return None
    return by_rupees(policy.stop_risk_rupees, fixed_quantity(signal, market, policy, entry))


def _level(signal: Signal, market: Market, policy: Policy, entry: Decimal, atr: Decimal | None) -> Distance | None:
    return by_level(signal.side, entry, signal.levels, _buffer(market, policy, atr))


def _swing(signal: Signal, market: Market, policy: Policy, entry: Decimal, atr: Decimal | None) -> Distance | None:
    buffer = _buffer(market, policy, atr)
    return by_swing(signal.side, entry, market.bars or (), policy.stop_swing_bars, buffer)


METHODS: Final[dict[str, Method]] = {
    names.ATR: _atr,
    names.PERCENT: _percent,
    names.POINTS: _points,
    names.LEVEL: _level,
    names.SWING: _swing,
    names.RUPEES: _rupees,
}
"""Each method under the name the policy has for it."""
