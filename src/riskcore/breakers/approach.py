"""How near the limits of an account are: what is told before anything trips."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeAlias

from riskcore.book import Book
from riskcore.breakers.drawdown import drawdown_breaker
from riskcore.breakers.loss import daily_loss_breaker, monthly_loss_measure, weekly_loss_measure
from riskcore.breakers.measure import Measure, Observations
from riskcore.money import HUNDRED, exact, percent_of, to_paisa
from riskcore.policy import Policy
from riskcore.rules.context import sizing_base
from riskcore.rules.open_risk import risk_in_use

Level: TypeAlias = Callable[[Book, Observations, Policy, datetime], "Measure | None"]

RECEDED: Final = Decimal("0.9")
"""A limit has receded when it is below nine tenths of the level at which it was told: no flood at the level itself."""


def trades(book: Book, observed: Observations, policy: Policy, at: datetime) -> Measure:
    """Entries sent today and not refused unfilled."""
    return Measure("max_trades_per_day", book.trades_today, policy.max_trades_per_day, "entries today")


def positions(book: Book, observed: Observations, policy: Policy, at: datetime) -> Measure:
    """Symbols held or with an entry on its way."""
    keys = {position.instrument.key for position in book.positions}
    keys.update(order.approved.instrument.key for order in book.live_orders(entries=True))
    return Measure("max_positions", len(keys), policy.max_positions, "positions")


@exact
def heat(book: Book, observed: Observations, policy: Policy, at: datetime) -> Measure | None:
    """What all positions and entries on their way may lose down to their stops, of `max_open_risk`."""
    base = sizing_base(book, policy)
    if policy.max_open_risk is None or base is None:
        return None
    used = risk_in_use(book.positions, book.live_orders())
    return Measure("max_open_risk", used, percent_of(base, policy.max_open_risk))


LEVELS: Final[tuple[Level, ...]] = (
    daily_loss_breaker,
    weekly_loss_measure,
    monthly_loss_measure,
    drawdown_breaker,
    trades,
    positions,
    heat,
)
"""The limits whose approach is told."""


@exact
def in_use_pct(measure: Measure) -> Decimal:
    """How much of the limit is in use, in per cent; a limit of nought or less is in use whole.

    >>> in_use_pct(Measure("max_positions", 2, 3, "positions"))
    Decimal('66.67')
    """
    if measure.limit <= 0:
        return HUNDRED
    return to_paisa(Decimal(measure.measured) * HUNDRED / Decimal(measure.limit))


@exact
def is_near(measure: Measure, pct: Decimal) -> bool:
    """Whether at least `pct` per cent of the limit are in use. A limit of one trade or position is never neared."""
    single = measure.limit == 1 and isinstance(measure.limit, int)
    return not single and measure.measured * HUNDRED >= measure.limit * pct


@exact
def has_receded(measure: Measure, pct: Decimal) -> bool:
    """Whether the use of the limit is below nine tenths of that level."""
    return measure.measured * HUNDRED < measure.limit * pct * RECEDED


def levels(book: Book, observed: Observations, policy: Policy, at: datetime) -> tuple[Measure, ...]:
    """Every limit whose approach is told, as it stands (`in_use_pct` = measured / limit x 100).

    Those that are off or cannot be measured are left out.
    """
    found = (level(book, observed, policy, at) for level in LEVELS)
    return tuple(measure for measure in found if measure is not None)
