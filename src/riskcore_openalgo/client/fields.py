"""One field of a foreign row at a time: numbers, words, moments. Nothing is guessed; what is missing is named."""

from __future__ import annotations

import decimal
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final

import riskcore as rc
from riskcore_openalgo.client.failures import UNKNOWN, ReadFailed
from riskcore_openalgo.contract_names import MONTHS

PLAIN: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
LARGEST: Final = Decimal(10) ** 15
GRAIN: Final = Decimal("0.000001")
CONTEXT: Final = decimal.Context(prec=28)
EXACT_BELOW: Final = 2**53
"""From here on a float skips whole numbers."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
EPOCH_SECONDS: Final = (Decimal(10) ** 9, Decimal(10) ** 10)
"""From 2001 to 2286; the same figure in milliseconds is a thousand times as much."""
ISO: Final = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
CLOCK: Final = re.compile(r"(?<!\d)(\d{1,2}):(\d\d):(\d\d)(?!\d)(?: *([AaPp])[Mm]\b)?", re.ASCII)
YEAR_FIRST: Final = re.compile(r"(?<!\d)(\d{4})-([A-Za-z]{3})-(\d\d)(?!\d)", re.ASCII)
DAY: Final = re.compile(r"(?<!\d)(\d{1,2})([-/ ])(\d{1,2}|[A-Za-z]{3})\2(\d{4}|\d\d)(?!\d)", re.ASCII)


def amount(value: Any) -> Decimal | None:
    """The number that `value` is or writes, exactly; None for everything that is none.

    A float is read by its shortest representation, beyond six decimals rounded to 1e-6. Text must be plain digits:
    no exponent, no thousands separator.
    """
    number = _number(value)
    return number if number is not None and number.is_finite() and number.copy_abs() < LARGEST else None


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, Decimal)):
        return Decimal(value)
    if isinstance(value, str):
        text = value.strip()
        return Decimal(text) if PLAIN.fullmatch(text) else None
    return _from_float(float(value)) if hasattr(value, "__float__") else None


def _from_float(value: float) -> Decimal | None:
    number = Decimal(float.__repr__(value))
    if not number.is_finite() or number.copy_abs() >= LARGEST:
        return None
    exponent = number.as_tuple().exponent
    return number.quantize(GRAIN, context=CONTEXT) if isinstance(exponent, int) and exponent < -6 else number


def price(value: Any) -> Decimal | None:
    """A price above zero; None where there is none: brokers write 0 for an order without one."""
    number = amount(value)
    return number if number is not None and number > 0 else None


def whole(value: Any) -> int | None:
    """A whole number; None for everything that is none."""
    number = amount(value)
    return int(number) if number is not None and number == number.to_integral_value() else None


def written(value: Decimal | int | None) -> str:
    """A number as OpenAlgo is sent it: plain digits, `0` where there is none."""
    return "0" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def text(value: Any) -> str:
    """A word of a row, without the space around it; "" where there is none."""
    return value.strip() if isinstance(value, str) else ""


def identity(value: Any) -> str:
    """An id, which some brokers write as a number; "" where there is none.

    OpenAlgo rounds the numbers of a row, and so makes 10022514.0 of 10022514: a whole one is the id, as far as a float
    has all its digits.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float) and value.is_integer() and 0 < value < EXACT_BELOW:
        return str(int(value))
    found = text(value)
    return "" if found.lower() in ("none", "null", "nan") else found


def key_of(row: Mapping[str, Any]) -> str:
    """Exchange and symbol, `NSE:RELIANCE`; "" where the row names no symbol."""
    exchange, symbol = text(row.get("exchange")), text(row.get("symbol"))
    return f"{exchange}:{symbol}" if exchange and symbol else ""


def split_key(key: Any) -> tuple[str, str]:
    """Exchange and symbol of `NSE:RELIANCE`; `ValueError` for anything else."""
    exchange, colon, symbol = key.partition(":") if isinstance(key, str) else ("", "", "")
    if not (exchange and colon and symbol):
        raise ValueError(f"an instrument is named by exchange and symbol, such as NSE:RELIANCE; got {key!r}")
    return exchange, symbol


def has(row: Mapping[str, Any], *names: str) -> Any:
    """The first of several fields that has a value; `ValueError` naming it where none has."""
    found = next((row[name] for name in names if row.get(name) not in (None, "")), None)
    if found is None:
        raise ValueError(f"{' or '.join(names)} is missing")
    return found


def number_in(row: Mapping[str, Any], what: str, name: str) -> Decimal:
    """A number that must be there, negative ones too; `ReadFailed` naming the field."""
    try:
        value = has(row, name)
    except ValueError as problem:
        raise ReadFailed(what, f"data.{problem}", UNKNOWN) from None
    number = amount(value)
    if number is None:
        raise ReadFailed(what, f"data.{name} must be a number, got {value!r}", UNKNOWN)
    return number


def day_of(value: Any) -> date | None:
    """A day as OpenAlgo writes it, `2026-11-23` or `29-DEC-26`; None for anything else."""
    found = moment(value)
    return None if found is None else found.date()


def moment(value: Any) -> datetime | None:
    """A moment in IST, of the several ways in which brokers write one; None where nothing can be made of it.

    Text without a zone is IST; a time without a day is no moment. An epoch may be in seconds or in milliseconds.
    """
    number = amount(value)
    if number is not None:
        return _from_epoch(number)
    words = text(value)
    try:
        return _from_iso(words) if ISO.fullmatch(words) else _from_words(words)
    except ValueError:
        return None


def from_epoch_ms(value: Any) -> datetime | None:
    """A moment in IST from milliseconds since 1970; None where it is no number."""
    number = whole(value)
    return None if number is None else (EPOCH + timedelta(milliseconds=number)).astimezone(rc.IST)


def _from_epoch(number: Decimal) -> datetime | None:
    low, high = EPOCH_SECONDS
    if low <= number < high:
        return from_epoch_ms(int(CONTEXT.multiply(number, Decimal(1000))))
    return from_epoch_ms(int(number)) if low * 1000 <= number < high * 1000 else None


def _from_iso(words: str) -> datetime:
    plain = words.replace("Z", "+00:00")
    whole_part, dot, rest = plain.partition(".")
    if dot:  # Python 3.10 reads fractions of three and of six digits alone
        digits = re.match(r"\d+", rest, re.ASCII)
        fraction = digits.group() if digits else ""
        plain = f"{whole_part}.{fraction[:6]:0<6}{rest[len(fraction) :]}"
    zone = re.search(r"[+-]\d{4}$", plain[10:])
    if zone:
        plain = f"{plain[:-2]}:{plain[-2:]}"
    found = datetime.fromisoformat(plain)
    return found.replace(tzinfo=rc.IST) if found.tzinfo is None else found.astimezone(rc.IST)


def _from_words(words: str) -> datetime | None:
    day = DAY.search(YEAR_FIRST.sub(r"\3-\2-\1", words))
    if day is None:
        return None
    number, _, month, year = day.groups()
    if month.isalpha():
        if month.upper() not in MONTHS:
            return None
        month = str(MONTHS.index(month.upper()) + 1)
    clock = CLOCK.search(words)
    hour, minute, second = map(int, clock.group(1, 2, 3)) if clock else (0, 0, 0)
    if clock and clock[4] and hour <= 12:  # noon is 12 PM, midnight 12 AM
        hour = hour % 12 + (12 if clock[4] in "Pp" else 0)
    full = int(year) + (2000 if len(year) == 2 else 0)
    return datetime(full, int(month), int(number), hour, minute, second, tzinfo=rc.IST)
