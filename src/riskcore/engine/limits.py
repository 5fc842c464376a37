"""How near the limits of a running account are, in numbers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from attrs import frozen

from riskcore.breakers.approach import in_use_pct, levels
from riskcore.money import exact
from riskcore.policy import Policy
from riskcore.state import State


@frozen
class InUse:
    """How much of a limit is in use: in per cent, and what is left of it in its own unit."""

    rule: str
    used_pct: Decimal
    left: Decimal


@exact
def limits_in_use(state: State, policy: Policy, at: datetime) -> tuple[InUse, ...]:
    """Every limit whose approach is told, as it stands: what an operator sees beside what is left."""
    found = levels(state.book, state.observed, policy, at)
    return tuple(InUse(one.rule, in_use_pct(one), Decimal(one.limit) - Decimal(one.measured)) for one in found)
