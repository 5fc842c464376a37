"""The sizes in `limits`: of one symbol, one strategy or one product. Where several apply, the tightest holds."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from riskcore.money import ZERO, percent_of, rupees
from riskcore.policy import Limit, Policy
from riskcore.policy.scoped import PRODUCT, SYMBOL
from riskcore.reasons import Reading
from riskcore.rules.context import Context, Holding
from riskcore.rules.exposure import position_room, used
from riskcore.rules.sizes import notional_room

NONE_APPLIES: Reading = ("", "no limit applies", None, None)


def limited(name: str) -> Callable[[Policy], bool]:
    """On where some limit has that number."""
    return lambda policy: any(getattr(limit, name) is not None for limit in policy.limits)


def limit_quantity(context: Context) -> Reading:
    """One entry is at most `max_quantity` of each limit that applies."""
    found = _tightest(context, "max_quantity")
    if found is None:
        return NONE_APPLIES
    most, limit = found
    passed = most >= context.market.instrument.lot_size
    return "" if passed else "below_one_lot", int(most), f"max_quantity of {limit.title}", Decimal(most)


def limit_position_size(context: Context) -> Reading | None:
    """One position is at most `max_position_size_percent` of each limit that applies, as the account's own."""
    found = _tightest(context, "max_position_size_percent")
    return NONE_APPLIES if found is None else position_room(context, found[0])


def limit_notional(context: Context) -> Reading | None:
    """One entry is worth at most `max_notional` of each limit that applies, at its limit or the quote."""
    found = _tightest(context, "max_notional")
    if found is None:
        return NONE_APPLIES
    return None if context.worth is None else notional_room(context, context.worth, found[0])


def limit_exposure(context: Context) -> Reading | None:
    """What is held and on its way under a limit is at most its `max_exposure` of the sizing base."""
    base, share = context.base, context.per_share
    if base is None or share is None:
        return None
    tightest: tuple[Decimal, Decimal, Decimal, Limit] | None = None
    for limit in context.limits:
        if limit.max_exposure is None:
            continue
        taken = used(context, _under(limit))
        if isinstance(taken, str):
            return "margin_unknown", taken, None, None
        most = percent_of(base, limit.max_exposure)
        room = max(most - taken, ZERO)
        if tightest is None or room < tightest[0]:
            tightest = room, taken, most, limit
    if tightest is None:
        return NONE_APPLIES
    room, taken, most, limit = tightest
    if room >= share * context.market.instrument.lot_size:
        return "", taken, most, room // share
    return "limit_full", f"{rupees(taken)} of {limit.title}", most, room // share


def limit_risk(context: Context) -> Reading | None:
    """One trade loses at most `risk_per_trade` of each limit that applies, as the account's own."""
    found = _tightest(context, "risk_per_trade")
    if found is None:
        return NONE_APPLIES
    loss, lot = context.loss, context.market.instrument.lot_size
    if context.base is None or loss is None:
        return None
    most = loss.most(percent_of(max(context.base, ZERO), found[0]), lot)
    return "" if most >= lot else "below_one_lot", most, f"risk_per_trade of {found[1].title}", Decimal(most)


def _tightest(context: Context, name: str) -> tuple[Decimal, Limit] | None:
    """The least number of that name among the limits that apply, and whose it is."""
    set_ = [(getattr(limit, name), limit) for limit in context.limits if getattr(limit, name) is not None]
    return min(set_, key=_number) if set_ else None


def _number(found: tuple[Decimal, Limit]) -> Decimal:
    return found[0]


def _under(limit: Limit) -> Callable[[Holding], bool]:
    """Whether a holding comes under a limit."""
    if limit.scope == SYMBOL:
        return lambda held: held.instrument.symbol == limit.name
    if limit.scope == PRODUCT:
        return lambda held: held.product == limit.name
    return lambda held: held.strategy == limit.name
