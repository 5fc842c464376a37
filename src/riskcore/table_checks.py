"""How the fields of a market table's row are checked, and the words they may hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any, Final

from attrs import field, fields

from riskcore.money import count, not_negative
from riskcore.symbols import SYMBOL_SHAPE
from riskcore.values import Check, given, settle

ALL: Final = "all"
EXCHANGES: Final = ("NSE", "BSE", "NFO", "BFO", "CDS", "BCD", "MCX", "NCDEX")
SEGMENTS: Final = ("EQ", "FUT", "OPT")
PRODUCTS: Final = ("MIS", "CNC", "NRML")
EQUITY: Final = "equity"
CURRENCY: Final = "currency"
COMMODITY: Final = "commodity"
CALENDARS: Final = (EQUITY, CURRENCY, COMMODITY)
GROUPS: Final = ("derivatives_listed", "other", "non_agri")
FUNDS: Final = ("etf", "etf_without_stt")
KINDS: Final = ("stock", "index", *FUNDS, "currency", "commodity")
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
FIRST_YEAR: Final = 2016
LAST_YEAR: Final = 2099

_TEXT: Final = re.compile(r"[ -~]+")
_CLOCK: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_WINDOW: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|close-[1-9][0-9]{0,2}")


def line_of_text(value: Any, name: str) -> str:
    """One line of ASCII text."""
    if not isinstance(value, str) or not _TEXT.fullmatch(value):
        raise ValueError(f"{name} must be one line of ASCII text, got {value!r}")
    return value


def symbol_name(value: Any, name: str) -> str:
    """A symbol in capitals."""
    if not isinstance(value, str) or not SYMBOL_SHAPE.fullmatch(value):
        raise ValueError(f"{name} must be a symbol in capitals such as RELIANCE or M&M, got {value!r}")
    return value


def moment(value: Any, name: str) -> str:
    """A time of day, or minutes before the close, as text."""
    if not isinstance(value, str) or not _WINDOW.fullmatch(value):
        raise ValueError(f"{name} must be a time such as 15:10 or minutes before the close such as close-30")
    return value


def day_of(value: Any, name: str) -> date:
    """A day, as a `date` or as text such as 2026-08-03."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and len(value) == 10 and value.isascii():
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError(f"{name} must be a day such as 2026-08-03, got {value!r}")


def clock(value: Any, name: str) -> time:
    """A time of day in IST, as a `time` or as text such as "15:10"."""
    if isinstance(value, time) and value.tzinfo is None:
        return value
    if isinstance(value, str) and _CLOCK.fullmatch(value):
        return time(int(value[:2]), int(value[3:]))
    raise ValueError(f'{name} must be a time of day in IST such as "15:10", got {value!r}')


def yes_or_no(value: Any, name: str) -> bool:
    """True or false, and nothing that only looks like it."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false, got {value!r}")
    return value


def word_of(*allowed: str) -> Check:
    """A check for one of the words, spelt as they are."""

    def word(value: Any, name: str) -> str:
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
        return str(value)

    return word


def some(kind: type) -> Callable[[Any, str], tuple[Any, ...]]:
    """A check for a list of rows of one class, kept as a tuple."""

    def listed(value: Any, name: str) -> tuple[Any, ...]:
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise ValueError(f"{name} must be a list of rows, got {value!r}")
        found = tuple(value)
        for row in found:
            if not isinstance(row, kind):
                raise ValueError(f"{name} must hold rows of the class {kind.__name__}, got {row!r}")
        return found

    return listed


def year(value: Any, name: str) -> int:
    """A year a calendar may be about."""
    found = count(value, name)
    if not FIRST_YEAR <= found <= LAST_YEAR:
        raise ValueError(f"{name} must be a year from {FIRST_YEAR} to {LAST_YEAR}, got {value!r}")
    return found


def share(value: Any, name: str) -> Decimal:
    """A percentage from 0 to 100."""
    found = not_negative(value, name)
    if found > 100:
        raise ValueError(f"{name} is in percent and must be at most 100, got {value!r}")
    return found


def percentage(value: Any, name: str) -> Decimal:
    """A percentage above 0 and at most 100."""
    found = share(value, name)
    if found == 0:
        raise ValueError(f"{name} must be above 0, got {value!r}")
    return found


def fact(check: Check, **more: Any) -> Any:
    """A field of a row: given as it was read, judged by `check` once the row is there."""
    return field(converter=given, metadata={"check": check}, **more)


EXCHANGE: Final = word_of(*EXCHANGES)
SEGMENT: Final = word_of(ALL, *SEGMENTS)
PRODUCT: Final = word_of(ALL, *PRODUCTS)
GROUP: Final = word_of(ALL, *GROUPS)


class Checked:
    """A row or a set of rows whose fields say in their metadata how each is checked."""

    def __attrs_post_init__(self) -> None:
        kind: Any = type(self)
        settle(self, _checks_of(kind))


@cache
def _checks_of(kind: Any) -> tuple[tuple[str, str, Check], ...]:
    return tuple((f.name, f.name, f.metadata["check"]) for f in fields(kind))
