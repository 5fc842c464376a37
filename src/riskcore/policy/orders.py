"""How orders are priced and how long they wait."""

from __future__ import annotations

from decimal import Decimal

from attrs import field, frozen

from riskcore.money import count, not_negative
from riskcore.policy.kinds import flag, meta
from riskcore.values import given


@frozen(kw_only=True, slots=False)
class OrderSettings:
    """How orders are priced and how long they wait."""

    entry_band_pct: Decimal = field(
        default=Decimal("0.1"),
        converter=given,
        metadata=meta(
            not_negative, "% of the quote", "how far beyond the quote the entry limit may stand", small=False
        ),
    )
    exit_band_pct: Decimal = field(
        default=Decimal("0.5"),
        converter=given,
        metadata=meta(
            not_negative,
            "% of the price",
            "how far beyond the price an exit limit stands, so that it fills",
            small=False,
        ),
    )
    entry_timeout_s: int = field(
        default=10,
        converter=given,
        metadata=meta(count, "seconds", "how long an entry may work before its rest is cancelled"),
    )
    quote_max_age_s: int = field(
        default=5,
        converter=given,
        metadata=meta(count, "seconds", "oldest quote an entry may be decided on"),
    )
    confirm_small: bool = field(
        default=False,
        converter=given,
        metadata=meta(flag, "true/false", "yes, a percentage below 0.05 is meant"),
    )
