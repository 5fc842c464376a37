"""How near the limits of an account are: what is told before anything trips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from riskcore.book import Book
from riskcore.breakers.drawdown import drawdown_breaker
from riskcore.breakers.loss import daily_loss_breaker, monthly_loss_measure, weekly_loss_measure
from riskcore.breakers.measure import Measure, Observations
from riskcore.breakers.table import Ask, always, set_in
from riskcore.money import HUNDRED, exact, percent_of, to_paisa
from riskcore.policy import Policy
from riskcore.rules.context import sizing_base
from riskcore.rules.open_risk import risk_in_use
from riskcore.values import of_the_same


class Level(NamedTuple):
    """One limit whose approach is told: its policy field, what it measures, and whether a policy has it on."""

    name: str
    ask: Ask
    on: Callable[[Policy], bool]


RECEDED: Final = Decimal("0.9")
"""A limit has receded when it is below nine tenths of the level at which it was told: no flood at the level itself."""


def trades(book: Book, observed: Observations, policy: Policy, at: datetime) -> Measure:
    """Entries sent today and not refused unfilled."""
    return Measure("max_trades_per_day", book.trades_today, policy.max_trades_per_day, "entries today")


def positions(book: Book, observed: Observations, policy: Policy, at: datetime) -> Measure:
    """Symbols held or with an entry on its way."""
    return Measure("max_positions", len(book.keys_in_play()), policy.max_positions, "positions")


def heat(book: Book, observed: Observations, policy: Policy, at: datetime) -> Measure | None:
    """What all positions and entries on their way may lose down to their stops, of `max_open_risk`."""
    base = sizing_base(book, policy)
    if policy.max_open_risk is None or base is None:
        return None
    used = risk_in_use(book.positions, book.live_orders())
    return Measure("max_open_risk", used, percent_of(base, policy.max_open_risk))


LEVELS: Final[tuple[Level, ...]] = (
    Level("max_daily_loss", daily_loss_breaker, always),
    Level("max_weekly_loss", weekly_loss_measure, set_in("max_weekly_loss")),
    Level("max_monthly_loss", monthly_loss_measure, set_in("max_monthly_loss")),
    Level("max_drawdown", drawdown_breaker, set_in("max_drawdown")),
    Level("max_trades_per_day", trades, always),
    Level("max_positions", positions, always),
    Level("max_open_risk", heat, set_in("max_open_risk")),
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


def is_near(measure: Measure, pct: Decimal) -> bool:
    """Whether at least `pct` per cent of the limit are in use. A limit of one trade or position is never neared."""
    single = measure.limit == 1 and isinstance(measure.limit, int)
    return not single and measure.measured * HUNDRED >= measure.limit * pct


def has_receded(measure: Measure, pct: Decimal) -> bool:
    """Whether the use of the limit is below nine tenths of that level."""
    return measure.measured * HUNDRED < measure.limit * pct * RECEDED


@of_the_same
@lru_cache(maxsize=256)
def told_of(policy: Policy) -> tuple[Level, ...]:
    """The limits that a policy has on."""
    return tuple(level for level in LEVELS if level.on(policy))


@exact
def levels(book: Book, observed: Observations, policy: Policy, at: datetime) -> tuple[Measure, ...]:
    """Every limit whose approach is told, as it stands (`in_use_pct` = measured / limit x 100).

    Those that are off or cannot be measured are left out.
    """
    return levels_beside((), book, observed, policy, at)


def levels_beside(
    measured: Sequence[Measure], book: Book, observed: Observations, policy: Policy, at: datetime
) -> tuple[Measure, ...]:
    """`levels`, for who stands under the library's context and has the breakers `measured`: none is asked twice."""
    known = {measure.rule: measure for measure in measured}
    found = [known.get(level.name) or level.ask(book, observed, policy, at) for level in told_of(policy)]
    return tuple([measure for measure in found if measure is not None])
