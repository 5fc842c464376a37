"""What a setting may hold: the checks that several fields share, and the metadata every field carries."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from riskcore.money import positive
from riskcore.table_checks import clock, day_of, yes_or_no
from riskcore.values import Check, optional

RISK: Final = "risk_management"
RULES: Final = "trading_rules"
SMALLEST_PERCENT: Final = Decimal("0.05")


def meta(
    check: Check, unit: str, help_: str, file: str = RISK, *, small: bool = True, example: str | None = None
) -> dict[str, Any]:
    """A field's metadata: its check, what the commented configuration is written from, and whether `small` is fine.

    A field with the check `percent` is small only by mistake (0.01 was nearly always meant as 1 %), as is one
    that says `small=False`: below 0.05 it must be confirmed. A field that is off by default shows its `example`
    where the usual one of its type would be refused or would not help.
    """
    found = {"check": check, "unit": unit, "help": help_, "file": file, "small": small and check is not percent}
    return found if example is None else {**found, "example": example}


flag: Final = yes_or_no
clock_time: Final = optional(clock)
day: Final = optional(day_of)


def percent(value: Any, name: str) -> Decimal:
    """A percentage above 0 and at most 100."""
    number = positive(value, name)
    if number > 100:
        raise ValueError(f"{name} is in percent and must be at most 100, got {value!r}")
    return number


def clock_window(value: Any, name: str) -> str:
    """A stretch of the day in IST such as "09:20-11:30", its end not included; the first time is the earlier."""
    ends = value.split("-") if isinstance(value, str) else ()
    if len(ends) == 2:
        first, last = (clock_time(end, name) for end in ends)
        if first is not None and last is not None and first < last:
            return f"{first:%H:%M}-{last:%H:%M}"
    raise ValueError(f'{name} must be times of day in IST such as "09:20-11:30", the earlier first, got {value!r}')


def list_of(check: Check) -> Check:
    """A list, each item of which passes `check`; kept as a tuple."""

    def listed(value: Any, name: str) -> tuple[Any, ...]:
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise ValueError(f"{name} must be a list such as [RELIANCE, INFY], got {value!r}")
        return tuple(check(item, name) for item in value)

    return listed


def one_word(*allowed: str) -> Check:
    """One of the words, spelt as they are."""

    def word(value: Any, name: str) -> str:
        if value not in allowed:
            raise ValueError(f"{name} must be {', '.join(allowed[:-1])} or {allowed[-1]}, got {value!r}")
        return str(value)

    return word


LONGEST_INTERVAL: Final = len("9999m")


def interval(value: Any, name: str) -> str | None:
    """A length of bars such as 1m, 5m, 1h or 1D; None is off."""
    if value is None:
        return value
    text = value if isinstance(value, str) and value.isascii() else ""
    if len(text) <= LONGEST_INTERVAL and text[:-1].isdecimal() and int(text[:-1]) > 0 and text[-1:] in ("m", "h", "D"):
        return text
    raise ValueError(f"{name} must be a bar interval such as 1m, 5m or 1h, got {value!r}")


def below(values: dict[str, Any], low: str, high: str) -> bool:
    """Whether both fields are there and set, and `low` is below `high`."""
    first, second = values.get(low), values.get(high)
    return first is not None and second is not None and bool(first < second)
