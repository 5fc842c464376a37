"""Rules that set a size or cap one: the sizers, the throttle, value and slices, and what is asked of the result.

The loss a size is worked out from is that of a fill at the entry limit and a way out at the stop, with the slippage
and the charges that the policy counts. Each rule carries its largest quantity; the size is the least of all.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from riskcore.exchange_limits import slice_quantity
from riskcore.money import HUNDRED, ZERO, percent_of
from riskcore.policy.sizing import RISK_METHOD
from riskcore.reasons import Reading
from riskcore.rules.context import Context
from riskcore.sizers import throttle, volatility_most
from riskcore.sizing import RISK_PER_TRADE, Size

SECTOR_CAPS: Final = ("max_sector_exposure", "max_sector_net_exposure", "max_unknown_sector_exposure")


def budget_of(context: Context) -> Decimal:
    """What `risk_per_trade` allows to lose, in rupees."""
    base = context.base
    return percent_of(base, context.policy.risk_per_trade) if base is not None and base > ZERO else ZERO


def fixed_quantity(context: Context) -> Reading:
    """`fixed_quantity` shares, with sizing_method fixed_quantity."""
    return _lot_of(context, context.policy.fixed_quantity or 0, "fixed_quantity")


def signal_quantity(context: Context) -> Reading:
    """At most what the signal asks for, with signal_quantity cap; a signal that names no quantity is not capped."""
    wanted = context.signal.quantity
    return ("", None, None, None) if wanted is None else _lot_of(context, wanted, "signal_quantity")


def fixed_notional(context: Context) -> Reading | None:
    """As many shares as are worth `fixed_notional` at the limit or the quote, with sizing_method fixed_notional."""
    if context.worth is None:
        return None
    return _lot_of(context, int((context.policy.fixed_notional or ZERO) // context.worth), "fixed_notional")


def volatility(context: Context) -> Reading | None:
    """So many that volatility_atr_multiple x ATR is `volatility_target_pct` of the base, with sizing_method volatility.

    The ATR must rest on enough bars, also where the signal brings its own stop.
    """
    atr, policy = context.trusted_atr, context.policy
    if not atr:
        return "atr_not_ready", context.atr_bars or 0, policy.atr_warmup_bars, None
    if context.base is None:
        return None
    target = policy.volatility_target_pct or ZERO
    most = volatility_most(max(context.base, ZERO), target, atr, policy.volatility_atr_multiple)
    return _lot_of(context, int(most), "volatility_target_pct")


def kelly(context: Context) -> Reading | None:
    """`kelly_multiplier` of Kelly's fraction is risked, with sizing_method kelly; never more than risk_per_trade.

    The fraction is that of the strategy's finished trades in R. With fewer than `kelly_min_trades` of them, or none
    won or none lost, the entry is refused, or sized by risk_per_trade alone where `kelly_fallback` says so.
    """
    policy, (trades, fraction) = context.policy, context.kelly
    if fraction is None:
        falls_back = policy.kelly_fallback == RISK_METHOD
        return "" if falls_back else "kelly_not_ready", trades, policy.kelly_min_trades, None
    if fraction <= ZERO:
        return "kelly_no_edge", fraction, None, ZERO
    loss = context.loss
    if context.base is None or loss is None:
        return None
    budget = max(context.base, ZERO) * policy.kelly_multiplier * fraction
    return _lot_of(context, loss.most(budget, context.market.instrument.lot_size), "kelly_multiplier")


def throttled(context: Context) -> Reading | None:
    """The deeper the drawdown, the less is risked: from all at `throttle_from_pct` down to `throttle_least_pct`.

    drawdown = (peak equity - equity) / peak equity, open positions included. What is left of the risk is measured on
    the usual budget: the least of risk_per_trade, that of a limit and Kelly's.
    """
    policy, book, loss = context.policy, context.book, context.loss
    first, equity, peak = policy.throttle_from_pct, context.equity, book.peak_equity
    if equity is not None and (peak is None or peak <= ZERO):
        return "peak_unknown", None, None, None
    if equity is None or peak is None or first is None or loss is None:
        return None
    drawdown = max((peak - equity) * HUNDRED / peak, ZERO)
    left = throttle(drawdown, first, policy.throttle_to_pct, policy.throttle_least_pct)
    budget = percent_of(_usual_budget(context), left)
    lot = context.market.instrument.lot_size
    most = loss.most(budget, lot)
    return "" if most >= lot else "throttled", drawdown, first, Decimal(most)


def largest_notional(context: Context) -> Reading | None:
    """One entry is worth at most `max_notional` at its limit or at the quote, whichever is more."""
    if context.worth is None:
        return None
    return notional_room(context, context.worth, context.policy.max_notional or ZERO)


def notional_room(context: Context, price: Decimal, most: Decimal) -> Reading:
    """As many shares as a largest value of one entry allows."""
    lot_value = price * context.market.instrument.lot_size
    return "" if lot_value <= most else "order_too_large", lot_value, most, most // price


def slice_count(context: Context) -> Reading:
    """An entry is cut into at most `max_slices` orders of the freeze quantity each, in whole lots; off without one."""
    most, each = context.policy.max_slices, slice_quantity(context.market.instrument)
    if each is None:
        return "", "no freeze quantity", most, None
    return _lot_of(context, each * most, "max_slices")


def one_lot(context: Context, sized: Size) -> Reading:
    """The risk budget alone allows at least one lot (every other cap says so in its own finding)."""
    for name, allowed in sized.caps:
        if name == RISK_PER_TRADE:
            enough = allowed >= context.market.instrument.lot_size
            return "" if enough else "below_one_lot", allowed, RISK_PER_TRADE, None
    raise AssertionError("a size without the cap of its risk")


def sector_fits(context: Context, sized: Size) -> Reading:
    """The sector has room for all that every other limit allows, with sector_over reject; asked of the whole size."""
    return fits_whole(sized, SECTOR_CAPS, "sector_over")


def fits_whole(sized: Size, caps: tuple[str, ...], over: str) -> Reading:
    """Whether the named caps have room for all that the others allow; `over` is the reason where they have not."""
    wanted = next(most for name, most in sized.caps if name not in caps)  # they stand tightest first
    room = next((most for name, most in sized.caps if name in caps), wanted)
    return "" if room >= wanted else over, wanted, room, None


def large_enough(context: Context, sized: Size) -> Reading:
    """The size is at least `min_quantity`; it is never made larger to be that."""
    floor = context.policy.min_quantity or 0
    return "" if sized.quantity >= floor else "below_min_quantity", sized.quantity, floor, None


def _usual_budget(context: Context) -> Decimal:
    """What would be risked without a drawdown: the least of the account's budget, a limit's and Kelly's."""
    base, policy = max(context.base or ZERO, ZERO), context.policy
    percents = [policy.risk_per_trade]
    percents += [limit.risk_per_trade for limit in context.limits if limit.risk_per_trade is not None]
    fraction = context.kelly[1]
    if fraction is not None:
        percents.append(policy.kelly_multiplier * max(fraction, ZERO) * HUNDRED)
    return percent_of(base, min(percents))


def _lot_of(context: Context, most: int, name: str) -> Reading:
    """A cap of so many shares, refused where it is less than one lot."""
    return "" if most >= context.market.instrument.lot_size else "below_one_lot", most, name, Decimal(most)
