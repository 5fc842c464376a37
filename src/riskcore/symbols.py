"""How what stands for an instrument is written: its symbol, its key, a word there is a list of, and its step."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from riskcore.money import positive

SYMBOL_SHAPE: Final = re.compile(r"[A-Z0-9][A-Z0-9&\-_.]{0,49}")
SMALLEST_TICK: Final = Decimal("0.0001")
"""Currency contracts have the finest tick there is, 0.0025."""


def symbol_text(value: Any, name: str) -> str:
    """An exchange symbol in OpenAlgo's spelling: upper case, no exchange prefix, `M&M` and not `M_M`."""
    if not isinstance(value, str) or not SYMBOL_SHAPE.fullmatch(value):
        bare = ", without its exchange," if isinstance(value, str) and ":" in value else ""
        raise ValueError(f"{name} must be a symbol in capitals{bare} such as RELIANCE or M&M, got {value!r}")
    return value


def key_text(value: Any, name: str) -> str:
    """An instrument's key; what is said of a bare symbol would be of no instrument, and heard by none."""
    if not isinstance(value, str) or ":" not in value:
        raise ValueError(f'{name} must be exchange and symbol such as "NSE:RELIANCE", got {value!r:.60}')
    return value


def key_or_all(value: Any, name: str) -> str:
    """An instrument's key, or "" for all: what is meant for a bare symbol would stop nothing."""
    if not isinstance(value, str) or (value and not (":" in value and value == value.upper())):
        raise ValueError(f'{name} must be exchange and symbol such as "NSE:RELIANCE", or "" for all, got {value!r:.60}')
    return value


def one_of(value: Any, name: str, allowed: tuple[str, ...]) -> str:
    """`value` in capitals if it is one of `allowed`; else an error that lists them."""
    text = value.upper() if isinstance(value, str) else value
    if text not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
    return str(text)


def tick_size(value: Any, name: str) -> Decimal:
    """A step of prices, as fine as the finest that an exchange has or coarser."""
    step = positive(value, name)
    if step < SMALLEST_TICK:
        raise ValueError(f"{name} must be at least {SMALLEST_TICK}, got {value!r}: no exchange has a finer one")
    return step
