"""The last look at a finished order, from the order alone: well-formed, and within the risk it was given.

These checks repeat nothing that the rules decided; they prove that what is about to be sent is what was
approved. A failure refuses the entry.
"""

from __future__ import annotations

from decimal import Decimal

from riskcore.money import on_tick, to_paisa
from riskcore.orders import ApprovedEntry
from riskcore.reasons import Finding
from riskcore.signals import sign


def prices_on_tick(entry: ApprovedEntry) -> Finding:
    """Limit, stop and target are multiples of the tick."""
    tick = entry.instrument.tick
    for price in (entry.limit, entry.stop, entry.target):
        if price <= 0 or not on_tick(price, tick):
            return Finding("tick", False, "price_off_tick", price, tick)
    return Finding("tick", True, measured=f"{entry.limit} on {tick}")


def quantity_in_lots(entry: ApprovedEntry) -> Finding:
    """The quantity is one or more whole lots."""
    lot = entry.instrument.lot_size
    passed = entry.quantity >= lot and entry.quantity % lot == 0
    return Finding("lot", passed, "" if passed else "quantity_off_lot", entry.quantity, lot)


def risk_within(entry: ApprovedEntry, budget: Decimal) -> Finding:
    """Filled at its limit and stopped at its stop, the order loses at most the budget."""
    passed = entry.risk <= budget and sign(entry.side) * (entry.limit - entry.stop) > 0
    return Finding("risk", passed, "" if passed else "over_risk_budget", to_paisa(entry.risk), to_paisa(budget))


def pretrade(entry: ApprovedEntry, budget: Decimal) -> tuple[Finding, ...]:
    """All last checks of an entry, in order."""
    return prices_on_tick(entry), quantity_in_lots(entry), risk_within(entry, budget)
