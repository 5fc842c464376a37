"""One field of an alert as text, a word of a list, a number, a moment; what is none is refused by the field's name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import riskcore as rc
from riskcore_openalgo.web.body import Unreadable, shown
from riskcore_openalgo.web.mapping import Fields

PLACEHOLDER: Final = re.compile(r"\{\{[^{}]{0,200}\}\}")
USUAL_DIGITS: Final = 20
NUMBER: Final = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?")
LONGEST_TEXT: Final = 64
A_MOMENT: Final = "2026-11-20T04:15:00Z"
MOMENT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(?:\.([0-9]{1,9}))?"
    r"(?:(Z)|([+-][0-9]{2}):?([0-9]{2}))?"
)


def value_of(fields: Fields, name: str) -> Any:
    """The field under any of its names; two different values are refused."""
    given = fields.of(name)
    if not given:
        return None
    if len(given) > 1 and len({_meant(value) for value in given.values()}) > 1:
        raise Unreadable("alert_field_conflict", f"{' and '.join(given)} say different things")
    value = next(iter(given.values()))
    if isinstance(value, (dict, list)):
        raise Unreadable(f"alert_{name}_invalid", f"{name} must be one value, not {shown(value)}")
    if isinstance(value, str) and PLACEHOLDER.search(value):
        told = f"{name} is still {shown(value)}: this kind of alert does not fill that placeholder"
        raise Unreadable("alert_placeholder_unfilled", told)
    return value


def _meant(value: Any) -> Decimal | str:
    """What two names of a field are compared by: 1480 and "1480.00" are one price."""
    return plain_number(value) if is_number(value) else str(value).upper()


def text_of(fields: Fields, name: str) -> str | None:
    """Plain text; None where the field is absent."""
    value = value_of(fields, name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or not (value.isascii() and value.isprintable()):
        told = f"{name} must be plain text of at most {LONGEST_TEXT} ASCII characters, got {shown(value)}"
        raise Unreadable(f"alert_{name}_invalid", told)
    return value


def word_of(fields: Fields, name: str, words: Mapping[str, Any]) -> Any:
    """What a field's word means; None where the field is absent."""
    value = value_of(fields, name)
    if value is None:
        return None
    word = str(value).upper()
    if word not in words:
        told = f"the {name} {shown(value)} is not one of {', '.join(words)}"
        raise Unreadable(f"alert_{name}_invalid", told)
    return words[word]


def number_of(fields: Fields, name: str) -> Decimal | None:
    """A plain number, as JSON or as text; None where the field is absent."""
    value = value_of(fields, name)
    if value is None:
        return None
    if not is_number(value):
        raise Unreadable(f"alert_{name}_invalid", f"the {name} {shown(value)} is not a number")
    return plain_number(value)


def moment_of(fields: Fields, name: str) -> datetime | None:
    """A moment with its zone, in IST; None where the field is absent."""
    value = value_of(fields, name)
    return None if value is None else _moment_in(str(value), name)


@lru_cache(maxsize=256)
def _moment_in(text: str, name: str) -> datetime:
    """The moment; alerts of the same bar say the same."""
    found = MOMENT.fullmatch(text)
    if found is None or (found[3] is None and found[4] is not None):
        raise _no_moment(text, name)
    day, clock, seconds, fraction, utc, hours, minutes = found.groups()
    if utc is None and hours is None:
        told = f"{name} {shown(text)} has no time zone; write it like {A_MOMENT}"
        raise Unreadable("alert_time_without_zone", told)
    zone = "+00:00" if utc else f"{hours}:{minutes}"
    fine = (fraction or "")[:6].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{day}T{clock}{seconds or ':00'}.{fine}{zone}").astimezone(rc.IST)
    except (ValueError, OverflowError):
        raise _no_moment(text, name) from None


def _no_moment(text: str, name: str) -> Unreadable:
    return Unreadable("alert_time_invalid", f"{name} {shown(text)} is not a time like {A_MOMENT}")


def plain_number(value: Any) -> Decimal:
    """A number that `is_number`, exact."""
    return Decimal(_written(value))


def is_number(value: Any) -> bool:
    """Whether a value is a plain number: digits, a sign, a point."""
    return not isinstance(value, bool) and NUMBER.fullmatch(_written(value)) is not None


def _written(value: Any) -> str:
    """A value in digits: JSON may write a number of any usual size with an exponent, nought as 0E-8."""
    usual = isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) <= USUAL_DIGITS
    return f"{value:f}" if usual else str(value)
