"""What an entry loses when it is filled at its worst price and stopped out: what sizes are worked out from."""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from riskcore.costs import ChargesUnknown, Tariff, tariff
from riskcore.money import ZERO, percent_of
from riskcore.policy import Policy
from riskcore.signals import BUY, Market, Signal, opposite
from riskcore.sizing import most_within


@frozen
class RoundTrip:
    """In on one side at one price, out at another, one order each, and what orders cost."""

    tariff: Tariff
    side: str
    enter: Decimal
    closing: str
    leave: Decimal

    def charges(self, quantity: int) -> Decimal:
        """Both orders' charges of so many shares."""
        total = self.tariff.total
        return total(self.side, self.enter * quantity) + total(self.closing, self.leave * quantity)


@frozen
class Loss:
    """What a stopped-out entry loses: so much a share, and the round trip where its charges count."""

    per_share: Decimal
    charged: RoundTrip | None

    def of(self, quantity: int) -> Decimal:
        """The loss of so many shares, in rupees."""
        lost = self.per_share * quantity
        return lost if self.charged is None else lost + self.charged.charges(quantity)

    def most(self, budget: Decimal, lot: int) -> int:
        """The largest whole-lot quantity that loses no more than the budget."""
        charges = None if self.charged is None else self.charged.charges
        return most_within(budget, self.per_share, charges, lot)


def loss_at(signal: Signal, market: Market, policy: Policy, limit: Decimal, stop: Decimal) -> Loss | None:
    """The loss of an entry between its worst price and a sound stop; None without a schedule of charges it counts."""
    side, instrument = signal.side, market.instrument
    leave = worst_exit(side, stop, instrument.tick, policy)
    if not policy.risk_includes_charges:
        return Loss(abs(limit - leave), None)
    try:
        known = tariff(instrument, signal.product, market.at.date(), policy)
    except ChargesUnknown:
        return None
    return Loss(abs(limit - leave), RoundTrip(known, side, limit, opposite(side), leave))


def worst_exit(side: str, stop: Decimal, tick: Decimal, policy: Policy) -> Decimal:
    """Where a stop is assumed to fill: the larger of slippage_ticks and slippage_pct beyond it, never below zero."""
    if policy.slippage_ticks is None and policy.slippage_pct is None:
        return stop
    slip = max(tick * (policy.slippage_ticks or 0), percent_of(stop, policy.slippage_pct or ZERO))
    return max(stop - slip, ZERO) if side == BUY else stop + slip
