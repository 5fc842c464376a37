"""How many: the risk of one trade, the sizers, and what caps a quantity."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

from attrs import field, frozen

from riskcore.exchange_limits import MOST_SLICES
from riskcore.money import HUNDRED, ONE, ZERO, count, not_negative, positive
from riskcore.overrides import Tables, one_of
from riskcore.policy.kinds import below, day, flag, meta, one_word, percent
from riskcore.values import given, optional

NOTIONAL: Final = "notional"
MARGIN: Final = "margin"
RISK_METHOD: Final = "risk"
FIXED_QUANTITY: Final = "fixed_quantity"
FIXED_NOTIONAL: Final = "fixed_notional"
VOLATILITY: Final = "volatility"
KELLY: Final = "kelly"
REFUSE: Final = "refuse"
SHRINK: Final = "shrink"
REJECT: Final = "reject"
IGNORE: Final = "ignore"
CAP: Final = "cap"
MOST_OUTCOMES: Final = 500
_basis = one_word(NOTIONAL, MARGIN)
_method = one_word(RISK_METHOD, FIXED_QUANTITY, FIXED_NOTIONAL, VOLATILITY, KELLY)
_fallback = one_word(REFUSE, RISK_METHOD)
_over = one_word(SHRINK, REJECT)
_NEEDS: Final = {
    FIXED_QUANTITY: "fixed_quantity",
    FIXED_NOTIONAL: "fixed_notional",
    VOLATILITY: "volatility_target_pct",
}


def _fraction(value: Any, name: str) -> Decimal:
    number = positive(value, name)
    if number > ONE:
        raise ValueError(f"{name} must be above 0 and at most 1 (half Kelly is 0.5), got {value!r}")
    return number


def _part(value: Any, name: str) -> Decimal:
    number = not_negative(value, name)
    if number > HUNDRED:
        raise ValueError(f"{name} is in percent and must be at most 100, got {value!r}")
    return number


def _slices(value: Any, name: str) -> int:
    number = count(value, name)
    if number > MOST_SLICES:
        raise ValueError(f"{name} must be at most {MOST_SLICES}, which is what brokers take at once, got {value!r}")
    return number


def _sample(value: Any, name: str) -> int:
    number = count(value, name)
    if number > MOST_OUTCOMES:
        raise ValueError(f"{name} must be at most {MOST_OUTCOMES}, which is what the book keeps, got {value!r}")
    return number


def _tables(value: Any, name: str) -> Tables | None:
    if value is not None and not isinstance(value, Tables):
        raise ValueError(f"{name} must be a riskcore.Tables or None, got {value!r}")
    return None if value is None else one_of(value)


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
    slippage_ticks: int | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(count),
            "ticks",
            "count that much slippage beyond the stop into the risk (the larger of the two); empty: none",
            example="2",
        ),
    )
    slippage_pct: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(percent),
            "% of the stop's price",
            "the same in percent of the stop's price; empty: none",
            example="0.1",
        ),
    )
    sizing_method: str = field(
        default=RISK_METHOD,
        converter=given,
        metadata=meta(
            _method,
            "risk/fixed_quantity/fixed_notional/volatility/kelly",
            "what sets the size; risk_per_trade stays above every other method",
        ),
    )
    fixed_quantity: int | None = field(
        default=None,
        converter=given,
        metadata=meta(optional(count), "shares", "quantity of each entry, with sizing_method fixed_quantity"),
    )
    signal_quantity: str = field(
        default=IGNORE,
        converter=given,
        metadata=meta(
            one_word(IGNORE, CAP),
            "ignore/cap",
            "the quantity that an alert asks for: noted and not used, or the most that is bought; never the size",
        ),
    )
    fixed_notional: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(positive), "rupees", "value of each entry, with sizing_method fixed_notional", example="25000"
        ),
    )
    volatility_target_pct: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(percent),
            "% of the sizing base",
            "what a move of volatility_atr_multiple x ATR makes, with sizing_method volatility",
            example="0.5",
        ),
    )
    volatility_atr_multiple: Decimal = field(
        default=ONE,
        converter=given,
        metadata=meta(positive, "x ATR", "the move that volatility_target_pct is measured in"),
    )
    kelly_multiplier: Decimal = field(
        default=Decimal("0.5"),
        converter=given,
        metadata=meta(_fraction, "x Kelly", "part of Kelly's fraction that is risked, with sizing_method kelly"),
    )
    kelly_min_trades: int = field(
        default=30,
        converter=given,
        metadata=meta(_sample, "trades", "finished trades of the strategy needed before Kelly's fraction is used"),
    )
    kelly_fallback: str = field(
        default=REFUSE,
        converter=given,
        metadata=meta(_fallback, "refuse/risk", "with fewer trades: refuse the entry, or size it by risk_per_trade"),
    )
    throttle_from_pct: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(_part),
            "% below peak equity",
            "drawdown from which on less is risked; empty: off",
            small=False,
            example="5",
        ),
    )
    throttle_to_pct: Decimal = field(
        default=Decimal(20),
        converter=given,
        metadata=meta(
            percent, "% below peak equity", "drawdown at which the least is risked; on a straight line between"
        ),
    )
    throttle_least_pct: Decimal = field(
        default=Decimal(25),
        converter=given,
        metadata=meta(_part, "% of the usual risk", "what is still risked from throttle_to_pct on; 0 refuses"),
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
    min_quantity: int | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(count), "shares", "a smaller entry is refused, never made larger; empty: off", example="5"
        ),
    )
    max_quantity: int | None = field(
        default=None,
        converter=given,
        metadata=meta(optional(count), "shares", "largest quantity of one entry; empty: off"),
    )
    max_notional: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(optional(positive), "rupees", "largest value of one entry; empty: off"),
    )
    max_slices: int = field(
        default=10,
        converter=given,
        metadata=meta(
            count, "orders", "most orders an entry above the freeze quantity is cut into; together one trade"
        ),
    )
    max_sector_net_exposure: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(percent),
            "% of the sizing base",
            "largest difference of long and short in one sector, on position_size_basis; empty: off",
            small=False,
            example="15",
        ),
    )
    max_unknown_sector_exposure: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(percent),
            "% of the sizing base",
            "largest total of all symbols without a sector, each a sector of its own besides; empty: off",
            small=False,
            example="20",
        ),
    )
    sector_over: str = field(
        default=SHRINK,
        converter=given,
        metadata=meta(
            _over, "shrink/reject", "an entry that the sector has no room for whole: make it smaller, or refuse"
        ),
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
            **meta(optional(_part), "% of an order's value", "plan for CNC, 0 where it is free; empty: brokerage_pct"),
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


def contradictions(values: dict[str, Any]) -> list[tuple[str, str]]:
    """A method without its number, a throttle that ends before it begins, a least quantity that nothing reaches."""
    found = []
    method = values.get("sizing_method")
    needed = _NEEDS.get(str(method))
    if needed is not None and values.get(needed, ZERO) is None:
        found.append(("sizing_method", f"{method} needs {needed}; write that too"))
    first, last = values.get("throttle_from_pct"), values.get("throttle_to_pct")
    if first is not None and last is not None and first >= last:
        found.append(("throttle_from_pct", f"{first} must be below throttle_to_pct {last}"))
    if below(values, "max_quantity", "min_quantity"):
        found.append(("min_quantity", f"is above max_quantity {values['max_quantity']}: every entry would be refused"))
    if method == FIXED_QUANTITY and below(values, "fixed_quantity", "min_quantity"):
        found.append(("min_quantity", f"is above fixed_quantity {values['fixed_quantity']}: no entry would pass"))
    return found
