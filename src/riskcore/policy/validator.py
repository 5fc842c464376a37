"""Which signals are admissible: what, when, how old."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Any, Final

from attrs import field, frozen

from riskcore.instruments import symbol_text
from riskcore.money import count, not_negative_whole, plain, positive
from riskcore.policy.kinds import RULES, below, clock_time, clock_window, flag, list_of, meta, one_word, percent
from riskcore.signals import SIDES, product_text, side_text
from riskcore.values import given, optional

SESSION_KINDS: Final = (
    "regular",
    "muhurat",
    "budget_full_session",
    "full_session_saturday",
    "disaster_recovery_short_sessions",
)
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST_WINDOW_S: Final = 3600
MOST_SESSIONS: Final = 250


def _window(value: Any, name: str) -> int:
    number = count(value, name)
    if number > LONGEST_WINDOW_S:
        raise ValueError(f"{name} must be at most {LONGEST_WINDOW_S}, for so long receipts are kept, got {value!r}")
    return number


def _sessions(value: Any, name: str) -> int:
    """So many sessions as no contract is listed before its expiry, and no more."""
    number = not_negative_whole(value, name)
    if number > MOST_SESSIONS:
        raise ValueError(f"{name} must be at most {MOST_SESSIONS} trading days, got {number}")
    return number


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
    duplicate_window_s: int = field(
        default=30,
        converter=given,
        metadata=meta(_window, "seconds", "the same alert again, without a bar time, is the same signal for so long"),
    )
    allowed_sides: tuple[str, ...] = field(
        default=SIDES,
        converter=given,
        metadata=meta(list_of(side_text), "list", "sides that may be entered: BUY, SELL or both", RULES),
    )
    allowed_products: tuple[str, ...] = field(
        default=("MIS", "CNC"),
        converter=given,
        metadata=meta(list_of(product_text), "list", "products that may be entered: MIS, CNC, NRML", RULES),
    )
    sell_options: bool = field(
        default=False,
        metadata=meta(
            flag,
            "true/false",
            "options may be sold though no table of yours has their margin: live, the broker is asked",
            RULES,
        ),
    )
    allowed_symbols: tuple[str, ...] | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(list_of(symbol_text)), "list", "symbols that may be entered; empty: any, []: none", RULES
        ),
    )
    live_symbols: tuple[str, ...] | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(list_of(symbol_text)),
            "list",
            "symbols whose entries are sent; those of others are decided and withheld; empty: all are sent, []: none",
            RULES,
            example="[RELIANCE]",
        ),
    )
    denied_symbols: tuple[str, ...] | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(list_of(symbol_text)),
            "list",
            "symbols that may not be entered; empty: none",
            RULES,
            example="[YESBANK]",
        ),
    )
    allowed_sessions: tuple[str, ...] | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(list_of(one_word(*SESSION_KINDS))),
            "list",
            "kinds of session that may be entered in, such as [regular]; empty: any, []: none",
            RULES,
            example="[regular, muhurat]",
        ),
    )
    allowed_weekdays: tuple[str, ...] | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(list_of(one_word(*WEEKDAYS))),
            "list",
            "days of the week that may be entered on: mon to sun; empty: any, []: none",
            RULES,
            example="[mon, tue, wed, thu, fri]",
        ),
    )
    entry_windows: tuple[str, ...] | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(list_of(clock_window)),
            'IST "HH:MM-HH:MM"',
            "times of day that may be entered in, the end not included; empty: any, []: none",
            RULES,
            example='["09:20-11:30", "13:00-14:45"]',
        ),
    )
    price_min: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(positive), "rupees", "no entry in what is quoted lower; empty: off", RULES, example="50"
        ),
    )
    price_max: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(positive), "rupees", "no entry in what is quoted higher; empty: off", RULES, example="10000"
        ),
    )
    max_price_drift_pct: Decimal | None = field(
        default=None,
        converter=given,
        metadata=meta(
            optional(percent),
            "% of the quote",
            "largest distance of the price the signal was raised at from the quote; empty: off",
            RULES,
            small=False,
            example="1",
        ),
    )
    no_entry_before: time | None = field(
        default=None,
        converter=given,
        metadata=meta(
            clock_time,
            'IST "HH:MM"',
            "no entry earlier (from no_entry_after on: no entry ever); empty: the dated table (09:20)",
            RULES,
        ),
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
            "intraday positions are closed from then on; empty, or outside of the day's hours: the dated table (15:10)",
            RULES,
        ),
    )
    expiry_exit_days: int | None = field(
        default=4,
        converter=given,
        metadata=meta(
            optional(_sessions),
            "trading days",
            "stock futures and options are left so long before their expiry, 0: on it; empty: never",
            RULES,
        ),
    )


def contradictions(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Times, prices or symbols that leave nothing to enter."""
    found = []
    if below(values, "no_entry_after", "no_entry_before"):
        found.append(("no_entry_after", "is before no_entry_before: no entry would ever pass"))
    if below(values, "square_off_at", "no_entry_after"):
        found.append(("square_off_at", "is before no_entry_after: an entry could come after the square-off"))
    if below(values, "price_max", "price_min"):
        found.append(("price_max", f"is below price_min {plain(values['price_min'])}: no entry would ever pass"))
    both = sorted(set(values.get("allowed_symbols") or ()) & set(values.get("denied_symbols") or ()))
    if both:
        found.append(("denied_symbols", f"{', '.join(both)} is in allowed_symbols too; take it out of one"))
    return found
