"""What the account may hold and lose: positions, trades, sectors, losses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from attrs import field, frozen

from riskcore.money import count
from riskcore.policy.kinds import below, flag, meta, percent
from riskcore.values import given


@frozen(kw_only=True, slots=False)
class LimitSettings:
    """What the account may hold and lose: positions, trades, sectors, losses."""

    max_sector_exposure: Decimal = field(
        default=Decimal(20),
        converter=given,
        metadata=meta(percent, "% of the sizing base", "largest total of one sector, on position_size_basis"),
    )
    max_positions: int = field(
        default=3,
        converter=given,
        metadata=meta(count, "positions", "open positions and entries on their way, together"),
    )
    one_position_per_symbol: bool = field(
        default=True,
        converter=given,
        metadata=meta(flag, "true/false", "refuse an entry in a symbol that is held or has a working order"),
    )
    max_trades_per_day: int = field(
        default=5,
        converter=given,
        metadata=meta(count, "entries a session", "entries sent and not refused unfilled; exits never count"),
    )
    max_daily_loss: Decimal = field(
        default=Decimal(3),
        converter=given,
        metadata=meta(
            percent,
            "% of opening equity",
            "realised net plus open loss at which entries stop for the session",
        ),
    )


def contradictions(values: dict[str, Any]) -> list[tuple[str, str]]:
    """A trade that may lose more than a day, or more than it is worth."""
    found = []
    checks = (
        (
            "risk_per_trade",
            "max_daily_loss",
            "one trade may lose more than a whole day; lower risk_per_trade",
        ),
        (
            "risk_per_trade",
            "max_position_size_percent",
            "a trade cannot risk more than its own size; lower it",
        ),
    )
    for low, high, what in checks:
        if below(values, high, low):
            found.append((low, f"{values[low]} is above {high} {values[high]}: {what}"))
    return found
