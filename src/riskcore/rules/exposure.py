"""Rules about size in the whole: one position, one sector, the money there is. Each carries a largest quantity."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from riskcore.costs import ChargesUnknown, policy_charges
from riskcore.instruments import Instrument, margin_pct
from riskcore.money import ZERO, percent_of
from riskcore.policy import MARGIN
from riskcore.reasons import Reading
from riskcore.rules.context import Context


def position_size(context: Context) -> Reading | None:
    """One position is at most `max_position_size_percent` of the sizing base, by notional or by margin.

    What is held of the symbol already, or on its way, counts.
    """
    if context.base is None or context.per_share is None:
        return None
    key = context.market.instrument.key
    used = _used(context, lambda instrument: instrument.key == key)
    if isinstance(used, str):
        return "margin_unknown", used, None, None
    limit = percent_of(context.base, context.policy.max_position_size_percent)
    whole = used + context.per_share * context.market.instrument.lot_size
    room = max(limit - used, ZERO) / context.per_share
    passed = whole <= limit
    return "" if passed else "position_too_large", whole, limit, room


def sector_exposure(context: Context) -> Reading | None:
    """Positions and working entries of one sector are at most `max_sector_exposure` of the sizing base.

    A symbol without a sector is a bucket of its own. Measured on the position cap's basis, at the latest price.
    """
    if context.base is None or context.per_share is None:
        return None
    bucket = context.market.instrument.bucket
    used = _used(context, lambda instrument: instrument.bucket == bucket)
    if isinstance(used, str):
        return "margin_unknown", used, None, None
    limit = percent_of(context.base, context.policy.max_sector_exposure)
    room = max(limit - used, ZERO)
    passed = room >= context.per_share * context.market.instrument.lot_size
    return "" if passed else "sector_full", used, limit, room / context.per_share


def margin_known(context: Context) -> Reading:
    """The product's margin rate is in the tables; what cannot be priced cannot be afforded."""
    instrument, product = context.market.instrument, context.signal.product
    if context.margin_pct is None:
        return "margin_unknown", f"{instrument.key} {product}", None, None
    return "", context.margin_pct, None, None


def funds(context: Context) -> Reading | None:
    """The margin of the order fits into what is free.

    free = sizing equity + open losses - margin of positions and working entries, and never more than the cash
    the broker reported where it was read. Open gains are not spent.
    """
    equity = context.book.opening_equity
    if equity is None or context.limit is None or context.margin_pct is None:
        return None
    free = equity + context.book.net_realised + min(context.book.unrealised, ZERO)
    for instrument, product, value in _held(context):
        rate = margin_pct(instrument, product, on=context.market.at.date())
        if rate is None:
            return "margin_unknown", instrument.key, None, None
        free -= percent_of(value, rate)
    if context.market.available_cash is not None:
        free = min(free, context.market.available_cash)
    share = percent_of(context.limit, context.margin_pct)
    lot = share * context.market.instrument.lot_size
    passed = free >= lot
    return "" if passed else "insufficient_funds", max(free, ZERO), lot, max(free, ZERO) / share


def charges_known(context: Context) -> Reading:
    """A schedule of charges covers the order; without one its result could not be kept to the paisa."""
    instrument, product = context.market.instrument, context.signal.product
    day = context.market.at.date()
    try:
        policy_charges(instrument, product, context.signal.side, ZERO, day, context.policy)
    except ChargesUnknown as unknown:
        return "charges_unknown", str(unknown), None, None
    return "", context.policy.charges_as_of or day, None, None


def largest_quantity(context: Context) -> Reading:
    """`max_quantity`, where the policy sets one."""
    most = Decimal(context.policy.max_quantity or 0)
    passed = most >= context.market.instrument.lot_size
    return "" if passed else "below_one_lot", most, "max_quantity", most


def _held(context: Context) -> Iterator[tuple[Instrument, str, Decimal]]:
    """What is held and what is on its way, as (instrument, product, value at the latest price)."""
    for position in context.book.positions:
        price = position.last if position.last is not None else position.average_price
        yield position.instrument, position.product, price * position.quantity
    for order in context.book.live_orders(entries=True):
        approved = order.approved
        yield approved.instrument, approved.product, approved.limit * order.open_quantity


def _used(context: Context, counts: Callable[[Instrument], bool]) -> Decimal | str:
    """What is held or on its way in the instruments that count, on the policy's basis; else whose margin is unknown."""
    total = ZERO
    for instrument, product, value in _held(context):
        part = _on_basis(context, instrument, product, value) if counts(instrument) else ZERO
        if part is None:
            return instrument.key
        total += part
    return total


def _on_basis(context: Context, instrument: Instrument, product: str, value: Decimal) -> Decimal | None:
    if context.policy.position_size_basis != MARGIN:
        return value
    rate = margin_pct(instrument, product, on=context.market.at.date())
    return None if rate is None else percent_of(value, rate)
