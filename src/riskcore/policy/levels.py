"""Where stops and targets stand, and the ATR they are measured with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from attrs import field, frozen

from riskcore.money import count, positive
from riskcore.policy.kinds import below, interval, meta
from riskcore.values import given


@frozen(kw_only=True, slots=False)
class LevelSettings:
    """Where stops and targets stand, and the ATR they are measured with."""

    min_risk_reward: Decimal = field(
        default=Decimal("2.5"),
        converter=given,
        metadata=meta(positive, "R", "least reward for one unit of risk, before charges, at the reference price"),
    )
    stop_atr_multiple: Decimal = field(
        default=Decimal("1.5"),
        converter=given,
        metadata=meta(positive, "x ATR", "distance of the stop when the signal brings none"),
    )
    target_r_multiple: Decimal = field(
        default=Decimal("2.5"),
        converter=given,
        metadata=meta(positive, "R", "distance of the target, in units of the stop's distance"),
    )
    atr_period: int = field(
        default=14,
        converter=given,
        metadata=meta(count, "bars", "Wilder's averaging length"),
    )
    atr_interval: str | None = field(
        default=None,
        converter=given,
        metadata=meta(
            interval, "1m, 5m, ...", "bars the ATR is measured on; empty: the signal's own interval, else 5m"
        ),
    )
    atr_warmup_bars: int = field(
        default=140,
        converter=given,
        metadata=meta(count, "bars", "bars needed before an ATR is trusted (ten times the period)"),
    )


def contradictions(values: dict[str, Any]) -> list[tuple[str, str]]:
    """A target that the least ratio would always refuse, and an ATR that cannot exist yet."""
    found = []
    if below(values, "target_r_multiple", "min_risk_reward"):
        what = f"is below min_risk_reward {values['min_risk_reward']}: every entry would be refused"
        found.append(("target_r_multiple", what))
    if below(values, "atr_warmup_bars", "atr_period"):
        found.append(("atr_warmup_bars", f"is below atr_period {values['atr_period']}: no ATR exists yet"))
    return found
