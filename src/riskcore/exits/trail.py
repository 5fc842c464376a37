"""What a position remembers of its prices since the entry: all that a trailing stop hangs on."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from attrs import evolve, field, frozen

from riskcore.money import not_negative, positive
from riskcore.values import checks, given, optional, settle


@frozen(kw_only=True)
class Trail:
    """The extremes of the price since the entry, the ATR then and now, and who placed the stop that stands.

    `best` and `worst` are the prices most in favour of the position and most against it; `best_close` the best
    price at the end of a candle (of `trail_interval`). `seen_at` is the last look. `entry_atr` is the ATR the
    entry was decided on, `atr` the freshest one told since. `rule` is the setting that moved the stop to where it
    stands ("" while it is the entry's own). Nothing here ever runs back: extremes only widen.
    """

    best: Decimal | None = field(default=None, converter=given)
    worst: Decimal | None = field(default=None, converter=given)
    best_close: Decimal | None = field(default=None, converter=given)
    seen_at: datetime | None = None
    entry_atr: Decimal | None = field(default=None, converter=given)
    atr: Decimal | None = field(default=None, converter=given)
    rule: str = ""

    def __attrs_post_init__(self) -> None:
        settle(self, _TRAIL)

    def after(
        self,
        *,
        long: bool,
        high: Decimal,
        low: Decimal,
        close: Decimal | None = None,
        atr: Decimal | None = None,
        at: datetime | None = None,
    ) -> Trail:
        """The next one, after prices between `low` and `high`; `close` is that of a candle which has ended, if one has."""
        up, down = (high, low) if long else (low, high)
        return evolve(
            self,
            best=_better(self.best, up, long=long),
            worst=_better(self.worst, down, long=not long),
            best_close=self.best_close if close is None else _better(self.best_close, close, long=long),
            seen_at=at or self.seen_at,
            atr=atr or self.atr,
        )


def _better(known: Decimal | None, price: Decimal, *, long: bool) -> Decimal:
    if known is None:
        return price
    return max(known, price) if long else min(known, price)


_TRAIL = checks(
    "Trail",
    best=optional(positive),
    worst=optional(positive),
    best_close=optional(positive),
    entry_atr=optional(not_negative),
    atr=optional(not_negative),
)
