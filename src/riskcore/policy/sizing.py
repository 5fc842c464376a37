"""How many: the risk of one trade, the sizers, and what caps a quantity."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

from attrs import field, frozen

from riskcore.money import count, not_negative, positive
from riskcore.overrides import Tables
from riskcore.policy.kinds import day, flag, meta, one_word, percent
from riskcore.table_checks import share
from riskcore.values import given, optional

NOTIONAL: Final = "notional"
MARGIN: Final = "margin"
_basis = one_word(NOTIONAL, MARGIN)


def _tables(value: Any, name: str) -> Tables | None:
    if value is not None and not isinstance(value, Tables):
        raise ValueError(f"{name} must be a riskcore.Tables or None, got {value!r}")
    return value


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
    brokerage_flat: Decimal | None = field(
        default=None,
        converter=given,
        metadata={
            **meta(optional(not_negative), "rupees an order", "one fee for every order; empty: the percentage"),
            "example": "20",
        },
    )
    brokerage_options_flat: Decimal | None = field(
        default=Decimal(20),
        converter=given,
        metadata=meta(
            optional(not_negative), "rupees an order", "fee of an option order; empty: brokerage_pct of its premium"
        ),
    )
    brokerage_delivery_pct: Decimal | None = field(
        default=None,
        converter=given,
        metadata={
            **meta(optional(share), "% of an order's value", "plan for CNC, 0 where it is free; empty: brokerage_pct"),
            "example": "0.1",
        },
    )
    dp_charge: Decimal = field(
        default=Decimal(0),
        converter=given,
        metadata=meta(not_negative, "rupees a delivery sale", "the depository's and broker's fee before GST; 0: off"),
    )
    stt_stamp_whole_rupees: bool = field(
        default=False,
        converter=given,
        metadata=meta(flag, "true/false", "round STT and stamp duty of an order to whole rupees, as contract notes do"),
    )
    charges_as_of: date | None = field(
        default=None,
        converter=given,
        metadata=meta(day, "day", "use the charges of this day; empty: of the trading day"),
    )
    tables: Tables | None = field(
        default=None,
        converter=given,
        metadata=meta(_tables, "rows", "market facts of your own, asked before the shipped ones", file=""),
    )
