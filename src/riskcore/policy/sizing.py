"""How many: the risk of one trade, the sizers, and what caps a quantity."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from attrs import field, frozen

from riskcore.money import count, not_negative, positive
from riskcore.policy.kinds import day, flag, meta, one_word, percent
from riskcore.values import given, optional

NOTIONAL: Final = "notional"
MARGIN: Final = "margin"
_basis = one_word(NOTIONAL, MARGIN)


@frozen(kw_only=True, slots=False)
class SizingSettings:
    """How many: the risk of one trade, the sizers, and what caps a quantity."""

    risk_per_trade: Decimal = field(
        default=Decimal(1),
        converter=given,
        metadata=meta(percent, "% of the sizing base", "most that one trade may lose between entry and stop"),
    )
    risk_includes_charges: bool = field(
        default=False,
        converter=given,
        metadata=meta(flag, "true/false", "count the charges of a stopped-out trade into its risk"),
    )
    max_position_size_percent: Decimal = field(
        default=Decimal(10),
        converter=given,
        metadata=meta(percent, "% of the sizing base", "largest single position, on position_size_basis"),
    )
    position_size_basis: str = field(
        default=NOTIONAL,
        converter=given,
        metadata=meta(
            _basis, "notional/margin", "what position and sector size are measured in: value, or margin used"
        ),
    )
    max_quantity: int | None = field(
        default=None,
        converter=given,
        metadata=meta(optional(count), "shares", "largest quantity of one entry; empty: off"),
    )
    default_capital: Decimal = field(
        default=Decimal(100_000),
        converter=given,
        metadata=meta(positive, "rupees", "opening equity of backtest and paper; live reads the broker's"),
    )
    capital_max: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(optional(positive), "rupees", "sizing base is never above this; empty: off"),
    )
    brokerage_pct: Decimal = field(
        default=Decimal("0.03"),
        converter=given,
        metadata=meta(not_negative, "% of an order's value", "your broker's plan"),
    )
    brokerage_max: Decimal = field(
        default=Decimal(20),
        converter=given,
        metadata=meta(not_negative, "rupees an order", "your broker's cap on brokerage_pct"),
    )
    charges_as_of: date | None = field(
        default=None,
        converter=given,
        metadata=meta(day, "day", "use the charges of this day; empty: of the trading day"),
    )
