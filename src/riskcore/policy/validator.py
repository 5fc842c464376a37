"""Which signals are admissible: what, when, how old."""

from __future__ import annotations

from datetime import time
from typing import Any

from attrs import field, frozen

from riskcore.instruments import symbol_text
from riskcore.money import count
from riskcore.policy.kinds import RULES, below, clock_time, list_of, meta
from riskcore.signals import SIDES, product_text, side_text
from riskcore.values import given, optional


@frozen(kw_only=True, slots=False)
class ValidatorSettings:
    """Which signals are admissible: what, when, how old."""

    signal_max_age_s: int = field(
        default=60,
        converter=given,
        metadata=meta(count, "seconds", "oldest signal that may still enter"),
    )
    clock_skew_s: int = field(
        default=5,
        converter=given,
        metadata=meta(count, "seconds", "how far ahead of us a sender's clock may be"),
    )
    allowed_sides: tuple[str, ...] = field(
        default=SIDES,
        converter=given,
        metadata=meta(list_of(side_text), "list", "sides that may be entered: BUY, SELL or both", RULES),
    )
    allowed_products: tuple[str, ...] = field(
        default=("MIS", "CNC"),
        converter=given,
        metadata=meta(list_of(product_text), "list", "products that may be entered: MIS, CNC", RULES),
    )
    allowed_symbols: tuple[str, ...] | None = field(
        default=None,
        converter=given,
        metadata=meta(optional(list_of(symbol_text)), "list", "symbols that may be entered; empty: any", RULES),
    )
    no_entry_before: time | None = field(
        default=None,
        converter=given,
        metadata=meta(clock_time, 'IST "HH:MM"', "no entry earlier; empty: the dated table (09:20)", RULES),
    )
    no_entry_after: time | None = field(
        default=None,
        converter=given,
        metadata=meta(clock_time, 'IST "HH:MM"', "no entry from then on; empty: the dated table (14:45)", RULES),
    )
    square_off_at: time | None = field(
        default=None,
        converter=given,
        metadata=meta(
            clock_time,
            'IST "HH:MM"',
            "intraday positions are closed from then on; empty: the dated table (15:10)",
            RULES,
        ),
    )


def contradictions(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Times of day that leave no time to enter."""
    found = []
    if below(values, "no_entry_after", "no_entry_before"):
        found.append(("no_entry_after", "is before no_entry_before: no entry would ever pass"))
    if below(values, "square_off_at", "no_entry_after"):
        found.append(("square_off_at", "is before no_entry_after: an entry could come after the square-off"))
    return found
