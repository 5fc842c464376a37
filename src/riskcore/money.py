"""Exact numbers: how outside numbers come in, and how prices and quantities are rounded.

Money and prices are `Decimal` under one explicit context, quantities are `int`. A number enters through
`amount` (or `whole`), which refuses everything that only looks like a number; it is rounded only by the
functions below, each of which names its direction.
"""

from __future__ import annotations

import decimal
import functools
import re
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, getcontext, localcontext, setcontext
from math import isfinite
from typing import Any, Final, ParamSpec, TypeVar

from riskcore.calling import wrong_call

P = ParamSpec("P")
R = TypeVar("R")

CONTEXT: Final = decimal.Context(
    prec=28,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-999999,
    Emax=999999,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)
"""The context of every calculation, so that a host's own context can never change a result."""

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
HUNDRED: Final = Decimal(100)
PAISA: Final = Decimal("0.01")
LARGEST: Final = Decimal(10) ** 15
"""No rupee amount, price or quantity is that large; beyond it exact arithmetic in 28 digits could not be promised."""
FLOAT_GRAIN: Final = Decimal("0.000001")
GRAIN_DIGITS: Final = 7
"""The text of a float that is no longer than this from its point on has nothing below the grain."""
SHOWN_DIGITS: Final = 60
DIGITS: Final = frozenset("0123456789")
LAKHS: Final = re.compile(r"(?<=\d)(?=(?:\d\d)+\d$)")
"""Where the commas of a whole number stand: before its last three digits, and before every two in front of them."""

DOWN: Final = "down"
UP: Final = "up"


def exact(function: Callable[P, R]) -> Callable[P, R]:
    """Run `function` under the library's decimal context, whatever context the host has set.

    Every public function that computes wears it: a host with `getcontext().prec = 6` gets the same answer. Within
    another such function it costs next to nothing, for the context is there already.
    """

    @functools.wraps(function)
    def under_context(*args: P.args, **kwargs: P.kwargs) -> R:
        before = getcontext()
        if before is CONTEXT:
            return function(*args, **kwargs)
        setcontext(CONTEXT)
        try:
            return function(*args, **kwargs)
        except TypeError:
            better = wrong_call(function, function.__name__, args, kwargs)
            if better is None:
                raise
            raise better from None
        finally:
            setcontext(before)

    return under_context


def amount(value: Any, name: str) -> Decimal:
    """Return `value` as a finite `Decimal`, or raise `ValueError` naming `name`.

    Accepts int, str, Decimal, float and number scalars of other libraries (NumPy). A float is read by its
    shortest representation and, beyond six decimals, rounded to 1e-6, so that 2470.0000000001 does not become
    the next tick. Refuses bool, NaN, infinity, thousands separators, exponents in text and non-ASCII digits.
    """
    kind = type(value)
    if kind is Decimal:
        number: Decimal = value
    elif kind is int:
        number = Decimal(value)
    elif kind is str:
        number = _from_text(value, name)
    elif kind is float:
        number = _from_float(value, name)
    else:
        number = _from_other(value, name)
    if not number.is_finite():
        raise ValueError(f"{name} must be a finite number, got {value!r}")
    if number.copy_abs() >= LARGEST:
        raise ValueError(f"{name} must be below {LARGEST:,}, got {_shown(value, number)}")
    return number


def of_float(value: float) -> Decimal:
    """`amount` of a float that is known to be finite, and below `LARGEST`: for who has checked it."""
    text = float.__repr__(value)
    number = Decimal(text)
    if len(text) - text.find(".") > GRAIN_DIGITS or "e" in text:
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and exponent < -6:
            return number.quantize(FLOAT_GRAIN, context=CONTEXT)
    return number


def whole(value: Any, name: str) -> int:
    """Return `value` as an `int`, or raise `ValueError` naming `name`.

    Accepts whole numbers only: 33, "33", 33.0, Decimal("33"); never 33.5 and never a bool.
    """
    if type(value) is int:
        return value
    number = amount(value, name)
    if number != number.to_integral_value():
        raise ValueError(f"{name} must be a whole number, got {value!r}")
    return int(number)


def not_negative_whole(value: Any, name: str) -> int:
    """`whole`, and zero or more."""
    number = whole(value, name)
    if number < 0:
        raise ValueError(f"{name} must be 0 or more, got {value!r}")
    return number


def count(value: Any, name: str) -> int:
    """`whole`, and one or more."""
    number = whole(value, name)
    if number < 1:
        raise ValueError(f"{name} must be 1 or more, got {value!r}")
    return number


def positive(value: Any, name: str) -> Decimal:
    """`amount`, and above zero."""
    number = amount(value, name)
    if number <= 0:
        raise ValueError(f"{name} must be above 0, got {value!r}")
    return number


def not_negative(value: Any, name: str) -> Decimal:
    """`amount`, and zero or more."""
    number = amount(value, name)
    if number < 0:
        raise ValueError(f"{name} must be 0 or more, got {value!r}")
    return number


def percent_of(base: Decimal, percent: Decimal) -> Decimal:
    """`percent` per cent of `base`: base x percent / 100."""
    return base * percent / HUNDRED


def round_to_tick(price: Decimal, tick: Decimal, direction: str) -> Decimal:
    """Round `price` to a multiple of `tick`, `DOWN` (towards zero rupees) or `UP`.

    The result carries the tick's own number of decimals, so that equal prices also print equal.
    """
    if price >= ZERO:
        # The common case: whole steps times the tick carry the tick's decimals already, so nothing is quantised.
        steps, rest = divmod(price, tick)
        return (steps + ONE if rest and direction == UP else steps) * tick
    mode = ROUND_FLOOR if direction == DOWN else ROUND_CEILING
    steps = (price / tick).to_integral_value(rounding=mode)
    return (steps * tick).quantize(tick)


def on_tick(price: Decimal, tick: Decimal) -> bool:
    """Whether `price` is a multiple of `tick`."""
    return not price % tick


def floor_to_lot(quantity: Decimal | int, lot_size: int) -> int:
    """The largest multiple of `lot_size` that is not above `quantity`; never below zero."""
    lots = int(quantity // lot_size)
    return max(lots, 0) * lot_size


def part_of(left: Decimal, amount: Decimal) -> Decimal:
    """What of an amount is needed: nothing where it goes the other way, and never more than is left."""
    if left * amount <= 0:
        return ZERO
    return left if abs(left) < abs(amount) else amount


def to_paisa(value: Decimal) -> Decimal:
    """Round money to the paisa, halves away from zero (as contract notes are written)."""
    return value.quantize(PAISA, rounding=ROUND_HALF_UP)


def rupees(value: Decimal) -> str:
    """`value` for people: `Rs 1,234.50`, ASCII, two decimals (four where the price needs them)."""
    places = 2 if value == value.quantize(PAISA) else 4
    return f"Rs {grouped(value, places)}"


def grouped(value: Decimal | float, places: int = 2, *, signed: bool = False) -> str:
    """A number for people, in the Indian groups of lakh and crore, with its sign or only a minus.

    >>> grouped(Decimal("12345678.9")), grouped(100_000, 0), grouped(Decimal("-999.5"), signed=True)
    ('1,23,45,678.90', '1,00,000', '-999.50')
    """
    whole, point, decimals = f"{value:{'+' if signed else ''}.{places}f}".partition(".")
    return LAKHS.sub(",", whole) + point + decimals


def plain(value: Decimal) -> str:
    """`value` without trailing zeros and without an exponent: `1`, `0.1`, `2470.5`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _shown(value: Any, number: Decimal) -> str:
    """What was given; of a number that Python itself would not write out, how long it is."""
    digits = number.adjusted() + 1
    return repr(value) if digits <= SHOWN_DIGITS else f"a number of {digits} digits"


def _from_text(value: str, name: str) -> Decimal:
    text = value.strip()
    body = text[1:] if text[:1] in ("-", "+") else text
    left, _, right = body.partition(".")
    if not body.isascii() or not (left + right) or not DIGITS.issuperset(left + right):
        raise ValueError(f"{name} must be a plain decimal number such as 2500.50, got {value!r}")
    return Decimal(text)


def _from_float(value: float, name: str) -> Decimal:
    if not isfinite(value):
        raise ValueError(f"{name} must be a finite number, got {value!r}")
    return of_float(value)


def _from_other(value: Any, name: str) -> Decimal:
    """Subclasses and other libraries' scalars: taken by the plain type they stand for, never by their repr."""
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        raise ValueError(f"{name} must be a number, got the truth value {value!r}")
    if isinstance(value, str):
        return _from_text(str.__str__(value), name)
    if isinstance(value, Decimal):
        return Decimal(value)
    for read, take in (("__index__", Decimal), ("__float__", functools.partial(_from_float, name=name))):
        try:
            with localcontext():  # what a stranger's number does to the context ends with it
                told = getattr(value, read)()
            return take(told)
        except OverflowError:
            raise ValueError(f"{name} must be below {LARGEST:,}, got a number that no float can hold") from None
        except (AttributeError, TypeError):
            continue
    raise ValueError(f"{name} must be a number, got {value!r} of type {type(value).__name__}")
