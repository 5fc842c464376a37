"""The price at which a position loses nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from riskcore.costs import ChargesUnknown, policy_charges
from riskcore.money import exact, to_paisa
from riskcore.policy import Policy
from riskcore.positions import Position
from riskcore.rounding import STOP, rounded
from riskcore.signals import opposite, sign


@exact
def breakeven_price(position: Position, policy: Policy, on: date) -> Decimal:
    """The tick nearest the entry at which what is held can leave and lose nothing, `breakeven_buffer_ticks` added.

    Entry price + (charges so far that belong to what is held + charges of leaving there) / quantity, mirrored for
    a short; the charges are the booked ones and the day's schedule, to the paisa. Without
    `breakeven_covers_charges`, and where no schedule covers the exit, it is the entry price alone.

    >>> from riskcore import Instrument
    >>> share = Instrument(symbol="INFY", tick="0.05")
    >>> paid = Decimal("17.60")
    >>> held = Position(instrument=share, side="BUY", quantity=50, average_price=1000, charges=paid)
    >>> breakeven_price(held, Policy(), date(2026, 11, 20))
    Decimal('1001.00')
    """
    tick, way = position.instrument.tick, sign(position.side)
    try:
        covering = _covering(position, policy, on) if policy.breakeven_covers_charges else None
    except ChargesUnknown:
        covering = None
    price = rounded(STOP, position.side, position.average_price, tick) if covering is None else covering
    return price + way * policy.breakeven_buffer_ticks * tick


def _covering(position: Position, policy: Policy, on: date) -> Decimal:
    """The tick nearest the entry at which the open result pays for the charges, sought from an estimate."""
    tick, way, quantity = position.instrument.tick, sign(position.side), position.quantity
    paid = position.charges * quantity / max(position.opened_quantity, quantity)

    def leaving(price: Decimal) -> Decimal:
        value = price * quantity
        charges = policy_charges(position.instrument, position.product, opposite(position.side), value, on, policy)
        return to_paisa(charges.total)

    def loses(price: Decimal) -> bool:
        return way * (price - position.average_price) * quantity < paid + leaving(price)

    near = position.average_price + way * (paid + leaving(position.average_price)) / quantity
    price = max(rounded(STOP, position.side, near, tick), tick)
    while loses(price) and price > tick:
        price += way * tick
    while not loses(price - way * tick):
        price -= way * tick
    return price
