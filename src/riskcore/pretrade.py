"""The last look at a finished order, from the order alone: well-formed, and within the risk it was given.

These checks repeat nothing that the rules decided; they prove that what is about to be sent is what was
approved. A failure refuses the entry.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from riskcore.money import ZERO, on_tick
from riskcore.orders import ApprovedEntry
from riskcore.reasons import RUPEES, Reading
from riskcore.rules.table import Row, asked_later
from riskcore.signals import BUY


def prices_on_tick(entry: ApprovedEntry) -> Reading:
    """Limit, stop, target and its legs are multiples of the tick."""
    tick, prices = entry.instrument.tick, [entry.limit, entry.stop, entry.target]
    if entry.legs:
        prices += [leg.price for leg in entry.legs]
    for price in prices:
        if price <= ZERO or not on_tick(price, tick):
            return "price_off_tick", price, tick, None
    return "", entry.limit, tick, None


def quantity_in_lots(entry: ApprovedEntry) -> Reading:
    """The quantity is one or more whole lots; so is each leg, and together they are the quantity."""
    lot = entry.instrument.lot_size
    passed = entry.quantity >= lot and entry.quantity % lot == 0
    if entry.legs:
        parts = [leg.quantity for leg in entry.legs]
        passed = passed and sum(parts) == entry.quantity and all(part >= lot and part % lot == 0 for part in parts)
    return "" if passed else "quantity_off_lot", entry.quantity, lot, None


def risk_within(entry: ApprovedEntry, budget: Decimal) -> Reading:
    """Filled at its limit and stopped at its stop, the order loses at most the budget."""
    losing = entry.stop < entry.limit if entry.side == BUY else entry.stop > entry.limit
    passed = entry.risk <= budget and losing
    return "" if passed else "over_risk_budget", entry.risk, budget, None


LAST_LOOK: Final = tuple(
    Row(name, asked_later, unit=unit) for name, unit in (("tick", ""), ("lot", ""), ("risk", RUPEES))
)
"""The last checks under the names their findings carry; they ask the order, not the context."""


def pretrade(entry: ApprovedEntry, budget: Decimal) -> tuple[Reading, ...]:
    """All last checks of an entry, in the order of `LAST_LOOK`."""
    return prices_on_tick(entry), quantity_in_lots(entry), risk_within(entry, budget)
