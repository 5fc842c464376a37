"""Is the stop placed, sound and of an admissible distance, and is the reward worth the risk?"""

from __future__ import annotations

from decimal import Decimal

from riskcore.costs import tariff
from riskcore.money import ZERO, percent_of
from riskcore.policy import levels as names
from riskcore.reasons import Reading
from riskcore.rules import placing
from riskcore.rules.context import Context
from riskcore.signals import opposite


def atr_ready(context: Context) -> Reading:
    """The ATR rests on enough bars; where nothing is measured in ATR (the signal brings its stop), none is needed."""
    limit = context.policy.atr_warmup_bars
    if not placing.needs_atr(context.signal, context.policy):
        brought = placing.brings_stop(context.signal, context.policy)
        return "", "stop given by the signal" if brought else "no ATR needed", None, None
    if context.trusted_atr is None:
        return "atr_not_ready", context.atr_bars or 0, limit, None
    return "", context.atr_bars or "given", limit, None


def stop_sound(context: Context) -> Reading | None:
    """Every method has what it needs, and the stop stands on the losing side, at a distance, above zero."""
    if context.reference is None:
        return None
    stop = context.stop
    if stop is None:
        return _missing(context, context.reference)
    price = stop.price
    if price <= ZERO:
        return "stop_beyond_zero", stop.distance, context.reference, None
    if price in (context.reference, context.limit):
        return "zero_risk", price, context.reference, None
    return "" if context.stop_is_sound else "stop_wrong_side", price, context.reference, None


def least_ticks(context: Context) -> Reading | None:
    """The stop is `stop_least_ticks` away or more: nearer, and the quantity explodes."""
    if not context.stop_is_sound or context.stop is None:
        return None
    return _at_least(context.stop.distance, context.policy.stop_least_ticks * context.market.instrument.tick)


def least_pct(context: Context) -> Reading | None:
    """The stop is `stop_least_pct` of the price away or more."""
    if not context.stop_is_sound or context.stop is None or context.reference is None:
        return None
    least = percent_of(context.reference, context.policy.stop_least_pct or ZERO)
    return _at_least(context.stop.distance, least)


def greatest_pct(context: Context) -> Reading | None:
    """The stop is at most `stop_greatest_pct` of the price away."""
    if not context.stop_is_sound or context.stop is None or context.reference is None:
        return None
    greatest = percent_of(context.reference, context.policy.stop_greatest_pct or ZERO)
    return _at_most(context.stop.distance, greatest)


def greatest_atr(context: Context) -> Reading | None:
    """The stop is at most `stop_greatest_atr` times the ATR away."""
    atr = context.trusted_atr
    if not context.stop_is_sound or context.stop is None or atr is None:
        return None
    return _at_most(context.stop.distance, (context.policy.stop_greatest_atr or ZERO) * atr)


def reward_worth_it(context: Context) -> Reading | None:
    """Reward over risk at the reference price, before charges, is at least `min_risk_reward`.

    Of a target in legs it is the mean weighted by their shares. A reward too low before charges is too low after.
    """
    if not context.stop_is_sound or context.target is None or context.reference is None:
        return None
    price = context.target.price
    if price <= ZERO:
        return "target_beyond_zero", abs(context.reference - price), context.reference, None
    ratio, limit = context.target.risk_reward, context.policy.min_risk_reward
    return "" if ratio >= limit else "risk_reward_too_low", ratio, limit, None


def net_reward_worth_it(context: Context, quantity: int) -> Reading:
    """Reward over risk of a sized order, after charges, is at least `min_risk_reward`."""
    ratio, limit = net_risk_reward(context, quantity), context.policy.min_risk_reward
    return "" if ratio >= limit else "net_risk_reward_too_low", ratio, limit, None


def net_risk_reward(context: Context, quantity: int) -> Decimal:
    """(reward - charges at the target) / (risk + charges at the stop), from the reference price.

    Legs leave as orders of their own, each with its planned share: what lot rounding moves to a later leg is not
    counted, so that fewer shares never look better.
    """
    stop, target, entry = context.stop, context.target, context.reference
    assert stop is not None
    assert target is not None
    assert entry is not None
    market, signal = context.market, context.signal
    charged = tariff(market.instrument, signal.product, market.at.date(), context.policy).total
    closing = opposite(signal.side)
    if target.legs:
        parts = [(leg.price, percent_of(Decimal(quantity), leg.share)) for leg in target.legs]
        leaving = sum((charged(closing, price * part) for price, part in parts), ZERO)
    else:
        leaving = charged(closing, target.price * quantity)
    entering = charged(signal.side, entry * quantity)
    lost = stop.distance * quantity + charged(closing, stop.price * quantity)
    return (target.distance * quantity - leaving - entering) / (lost + entering)


def _missing(context: Context, entry: Decimal) -> Reading | None:
    """Which method lacks what it needs; None where it is the ATR, which refuses by its own name."""
    atr, policy = context.trusted_atr, context.policy
    if atr is None and placing.needs_atr(context.signal, policy):
        return None
    asked = (context.signal, context.market, policy, entry, atr)
    lacking = next(name for name in policy.stop_methods if placing.METHODS[name](*asked) is None)
    if lacking == names.SWING:
        return "stop_swing_missing", len(context.market.bars or ()), entry, None
    return "stop_level_missing", len(context.signal.levels), entry, None


def _at_least(distance: Decimal, least: Decimal) -> Reading:
    return "" if distance >= least else "stop_too_tight", distance, least, None


def _at_most(distance: Decimal, greatest: Decimal) -> Reading:
    return "" if distance <= greatest else "stop_too_wide", distance, greatest, None
