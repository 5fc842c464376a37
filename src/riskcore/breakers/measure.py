"""What a breaker measured, and what it must have observed that no book holds."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from attrs import frozen

from riskcore.money import exact
from riskcore.policy import Policy
from riskcore.policy.breakers import DEFAULTS, BreakerRule
from riskcore.reasons import RUPEES, shown

CONNECTED: Final = "connected"
LOST: Final = "lost"
DEGRADED: Final = "degraded"
NO_ENTRIES: Final = "no_entries"
ACTION: Final = "action"
STAGES: Final = (CONNECTED, LOST, DEGRADED, NO_ENTRIES, ACTION)
"""The stages of a lost connection, in the order in which they are entered."""


class Measure(NamedTuple):
    """What one breaker measured and the limit it is held against; it trips at the limit (`measured >= limit`).

    `rule` is the policy field that switches the breaker on, `unit` that of both numbers, `key` the instrument of a
    breaker that is one symbol's, `detail` what was counted where that is not plain (a class of order errors).

    Units are "Rs" (rupees), "%", or what is counted.
    """

    rule: str
    measured: Decimal | int
    limit: Decimal | int
    unit: str = RUPEES
    key: str = ""
    detail: str = ""

    @property
    def tripped(self) -> bool:
        """Whether the limit is reached."""
        return self.measured >= self.limit

    @property
    @exact
    def why(self) -> str:
        """Both numbers as text, for a latch."""
        if self.unit == RUPEES:
            return f"Rs {shown(self.measured)} at a limit of Rs {shown(self.limit)}"
        what = f"{self.detail}: " if self.detail else ""
        return f"{what}{shown(self.measured)} {self.unit} at a limit of {shown(self.limit)}"


def rule_of(policy: Policy, name: str) -> BreakerRule:
    """What a trip of a breaker leads to: the policy's own row, else that of the default table.

    >>> rule_of(Policy(), "max_drawdown").state
    'halted'
    """
    return next(rule for rule in (*policy.breakers, *DEFAULTS) if rule.name == name)


@frozen(kw_only=True, slots=False)
class Observations:
    """What breakers go by beside the book; the engine folds it from its facts.

    `errors` are order errors in a row by class, `drift_s` the last measured drift of our clock in seconds.
    `lost_at` is since when the connection is gone (None: it stands), `mode` the one it serves, `stage` what its loss
    has led to. `seen_at` is when the last price of each held instrument came; `near` names the limits of which
    `Approaching` was told.

    Money is rupees.
    """

    errors: tuple[tuple[str, int], ...] = ()
    drift_s: Decimal | None = None
    lost_at: datetime | None = None
    mode: str = ""
    stage: str = CONNECTED
    seen_at: tuple[tuple[str, datetime], ...] = ()
    near: tuple[str, ...] = ()

    def price_at(self, key: str) -> datetime | None:
        """When the last price of a held instrument came, if one did."""
        return next((at for known, at in self.seen_at if known == key), None)


NOTHING: Final = Observations()
"""Nothing was observed: what a decision on a book alone goes by."""
