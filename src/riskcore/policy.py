"""Every setting as one frozen, checked value; the mission's numbers are the defaults.

A field's name is also the YAML key, the rule's id and the name in a finding, so that a refusal tells which
line to edit. The field's metadata holds its check, and what the commented configuration is written from
(unit, help, file).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from attrs import field, fields, frozen

from riskcore.instruments import symbol_text
from riskcore.money import ZERO, count, not_negative, plain, positive
from riskcore.signals import SIDES, product_text, side_text
from riskcore.values import Check, given, optional, settle

NOTIONAL: Final = "notional"
MARGIN: Final = "margin"
SMALLEST_PERCENT: Final = Decimal("0.05")
RISK: Final = "risk_management"
RULES: Final = "trading_rules"


def _percent(value: Any, name: str) -> Decimal:
    number = positive(value, name)
    if number > 100:
        raise ValueError(f"{name} is in percent and must be at most 100, got {value!r}")
    return number


def _flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false, got {value!r}")
    return value


def _clock_time(value: Any, name: str) -> time | None:
    if value is None or (isinstance(value, time) and value.tzinfo is None):
        return value
    if isinstance(value, str) and len(value) == 5 and value[2] == ":":
        hours, minutes = value[:2], value[3:]
        if value.isascii() and hours.isdecimal() and minutes.isdecimal() and int(hours) < 24 and int(minutes) < 60:
            return time(int(hours), int(minutes))
    raise ValueError(f'{name} must be a time of day in IST such as "15:10", got {value!r}')


def _day(value: Any, name: str) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    if isinstance(value, str) and len(value) == 10 and value.isascii():
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError(f"{name} must be a day such as 2026-08-03, got {value!r}")


def _list_of(check: Check) -> Check:
    def listed(value: Any, name: str) -> tuple[str, ...]:
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise ValueError(f"{name} must be a list such as [RELIANCE, INFY], got {value!r}")
        return tuple(check(item, name) for item in value)

    return listed


def _basis(value: Any, name: str) -> str:
    if value not in (NOTIONAL, MARGIN):
        raise ValueError(f"{name} must be notional or margin, got {value!r}")
    return str(value)


def _interval(value: Any, name: str) -> str | None:
    if value is None:
        return value
    text = value if isinstance(value, str) and value.isascii() else ""
    if text[:-1].isdecimal() and int(text[:-1]) > 0 and text[-1:] in ("m", "h", "D"):
        return text
    raise ValueError(f"{name} must be a bar interval such as 1m, 5m or 1h, got {value!r}")


def _meta(check: Check, unit: str, help_: str, file: str = RISK) -> dict[str, Any]:
    return {"check": check, "unit": unit, "help": help_, "file": file}


@frozen(kw_only=True)
class Policy:
    """The rules of one account. Percent fields are percent (1 is 1 %), never ratios.

    A percentage below 0.05 is refused unless `confirm_small` is set, because 0.01 was nearly always meant as
    1 %. Every other contradiction between two fields is refused too; the message names both.
    """

    risk_per_trade: Decimal = field(
        default=Decimal(1),
        converter=given,
        metadata=_meta(_percent, "% of the sizing base", "most that one trade may lose between entry and stop"),
    )
    risk_includes_charges: bool = field(
        default=False,
        converter=given,
        metadata=_meta(_flag, "true/false", "count the charges of a stopped-out trade into its risk"),
    )
    max_position_size_percent: Decimal = field(
        default=Decimal(10),
        converter=given,
        metadata=_meta(_percent, "% of the sizing base", "largest single position, on position_size_basis"),
    )
    position_size_basis: str = field(
        default=NOTIONAL,
        converter=given,
        metadata=_meta(
            _basis, "notional/margin", "what position and sector size are measured in: value, or margin used"
        ),
    )
    max_sector_exposure: Decimal = field(
        default=Decimal(20),
        converter=given,
        metadata=_meta(_percent, "% of the sizing base", "largest total of one sector, on position_size_basis"),
    )
    max_positions: int = field(
        default=3,
        converter=given,
        metadata=_meta(count, "positions", "open positions and entries on their way, together"),
    )
    one_position_per_symbol: bool = field(
        default=True,
        converter=given,
        metadata=_meta(_flag, "true/false", "refuse an entry in a symbol that is held or has a working order"),
    )
    max_trades_per_day: int = field(
        default=5,
        converter=given,
        metadata=_meta(count, "entries a session", "entries sent and not refused unfilled; exits never count"),
    )
    max_daily_loss: Decimal = field(
        default=Decimal(3),
        converter=given,
        metadata=_meta(
            _percent,
            "% of opening equity",
            "realised net plus open loss at which entries stop for the session",
        ),
    )
    min_risk_reward: Decimal = field(
        default=Decimal("2.5"),
        converter=given,
        metadata=_meta(positive, "R", "least reward for one unit of risk, before charges, at the reference price"),
    )
    stop_atr_multiple: Decimal = field(
        default=Decimal("1.5"),
        converter=given,
        metadata=_meta(positive, "x ATR", "distance of the stop when the signal brings none"),
    )
    target_r_multiple: Decimal = field(
        default=Decimal("2.5"),
        converter=given,
        metadata=_meta(positive, "R", "distance of the target, in units of the stop's distance"),
    )
    atr_period: int = field(
        default=14,
        converter=given,
        metadata=_meta(count, "bars", "Wilder's averaging length"),
    )
    atr_interval: str | None = field(
        default=None,
        converter=given,
        metadata=_meta(
            _interval, "1m, 5m, ...", "bars the ATR is measured on; empty: the signal's own interval, else 5m"
        ),
    )
    atr_warmup_bars: int = field(
        default=140,
        converter=given,
        metadata=_meta(count, "bars", "bars needed before an ATR is trusted (ten times the period)"),
    )
    entry_band_pct: Decimal = field(
        default=Decimal("0.1"),
        converter=given,
        metadata=_meta(not_negative, "% of the quote", "how far beyond the quote the entry limit may stand"),
    )
    exit_band_pct: Decimal = field(
        default=Decimal("0.5"),
        converter=given,
        metadata=_meta(
            not_negative, "% of the price", "how far beyond the price an exit limit stands, so that it fills"
        ),
    )
    entry_timeout_s: int = field(
        default=10,
        converter=given,
        metadata=_meta(count, "seconds", "how long an entry may work before its rest is cancelled"),
    )
    signal_max_age_s: int = field(
        default=60,
        converter=given,
        metadata=_meta(count, "seconds", "oldest signal that may still enter"),
    )
    clock_skew_s: int = field(
        default=5,
        converter=given,
        metadata=_meta(count, "seconds", "how far ahead of us a sender's clock may be"),
    )
    quote_max_age_s: int = field(
        default=5,
        converter=given,
        metadata=_meta(count, "seconds", "oldest quote an entry may be decided on"),
    )
    max_quantity: int | None = field(
        default=None,
        converter=given,
        metadata=_meta(optional(count), "shares", "largest quantity of one entry; empty: off"),
    )
    default_capital: Decimal = field(
        default=Decimal(100_000),
        converter=given,
        metadata=_meta(positive, "rupees", "opening equity of backtest and paper; live reads the broker's"),
    )
    capital_max: Decimal | None = field(
        default=None,
        converter=given,
        metadata=_meta(optional(positive), "rupees", "sizing base is never above this; empty: off"),
    )
    brokerage_pct: Decimal = field(
        default=Decimal("0.03"),
        converter=given,
        metadata=_meta(not_negative, "% of an order's value", "your broker's plan"),
    )
    brokerage_max: Decimal = field(
        default=Decimal(20),
        converter=given,
        metadata=_meta(not_negative, "rupees an order", "your broker's cap on brokerage_pct"),
    )
    charges_as_of: date | None = field(
        default=None,
        converter=given,
        metadata=_meta(_day, "day", "use the charges of this day; empty: of the trading day"),
    )
    confirm_small: bool = field(
        default=False,
        converter=given,
        metadata=_meta(_flag, "true/false", "yes, a percentage below 0.05 is meant"),
    )
    allowed_sides: tuple[str, ...] = field(
        default=SIDES,
        converter=given,
        metadata=_meta(_list_of(side_text), "list", "sides that may be entered: BUY, SELL or both", RULES),
    )
    allowed_products: tuple[str, ...] = field(
        default=("MIS", "CNC"),
        converter=given,
        metadata=_meta(_list_of(product_text), "list", "products that may be entered: MIS, CNC", RULES),
    )
    allowed_symbols: tuple[str, ...] | None = field(
        default=None,
        converter=given,
        metadata=_meta(optional(_list_of(symbol_text)), "list", "symbols that may be entered; empty: any", RULES),
    )
    no_entry_before: time | None = field(
        default=None,
        converter=given,
        metadata=_meta(_clock_time, 'IST "HH:MM"', "no entry earlier; empty: the dated table (09:20)", RULES),
    )
    no_entry_after: time | None = field(
        default=None,
        converter=given,
        metadata=_meta(_clock_time, 'IST "HH:MM"', "no entry from then on; empty: the dated table (14:45)", RULES),
    )
    square_off_at: time | None = field(
        default=None,
        converter=given,
        metadata=_meta(
            _clock_time,
            'IST "HH:MM"',
            "intraday positions are closed from then on; empty: the dated table (15:10)",
            RULES,
        ),
    )

    def __attrs_post_init__(self) -> None:
        settle(self, tuple((f.name, f.name, f.metadata["check"]) for f in fields(Policy)))
        problems = contradictions({f.name: getattr(self, f.name) for f in fields(Policy)})
        if problems:
            raise ValueError("; ".join(f"{key}: {what}" for key, what in problems))


PERCENT_FIELDS: Final = (
    "risk_per_trade",
    "max_position_size_percent",
    "max_sector_exposure",
    "max_daily_loss",
    "entry_band_pct",
    "exit_band_pct",
)


def contradictions(values: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong between fields that are each right alone: (field, what and what to write).

    `values` may lack fields (those that were wrong on their own); only what is there is compared.
    """
    found = [] if values.get("confirm_small") else _small_percentages(values)
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
        if low in values and high in values and values[low] > values[high]:
            found.append((low, f"{values[low]} is above {high} {values[high]}: {what}"))
    if _before(values.get("no_entry_after"), values.get("no_entry_before")):
        found.append(("no_entry_after", "is before no_entry_before: no entry would ever pass"))
    if _before(values.get("square_off_at"), values.get("no_entry_after")):
        found.append(("square_off_at", "is before no_entry_after: an entry could come after the square-off"))
    if _below(values, "target_r_multiple", "min_risk_reward"):
        found.append(
            (
                "target_r_multiple",
                f"is below min_risk_reward {values['min_risk_reward']}: every entry would be refused",
            )
        )
    if _below(values, "atr_warmup_bars", "atr_period"):
        found.append(("atr_warmup_bars", f"is below atr_period {values['atr_period']}: no ATR exists yet"))
    return found


def _small_percentages(values: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    for name in PERCENT_FIELDS:
        value = values.get(name, ZERO)
        if 0 < value < SMALLEST_PERCENT:
            meant = plain(value * 100)
            what = f"{plain(value)} means {plain(value)} %: write {meant} for {meant} %"
            found.append((name, f"{what}, or set confirm_small: true if it is meant"))
    return found


def _below(values: dict[str, Any], low: str, high: str) -> bool:
    return low in values and high in values and values[low] < values[high]


def _before(first: time | None, second: time | None) -> bool:
    return first is not None and second is not None and first < second


def policy_hash(policy: Policy) -> str:
    """SHA-256 of every setting, in field order: equal for equal policies on every machine."""
    lines = (f"{f.name}={_written(getattr(policy, f.name))}" for f in fields(Policy))
    return hashlib.sha256("\n".join(lines).encode("ascii")).hexdigest()


def _written(value: Any) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, tuple):
        return ",".join(value)
    return value.isoformat() if isinstance(value, (date, time)) else str(value)
