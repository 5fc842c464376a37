"""Every breaker that latches: what it measures, when it is on, and what its trip leads to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from riskcore.book import Book
from riskcore.breakers.data import clock_drift, connection, stale_data
from riskcore.breakers.drawdown import drawdown_breaker
from riskcore.breakers.loss import daily_loss_breaker, give_back
from riskcore.breakers.measure import Measure, Observations
from riskcore.breakers.sending import order_errors
from riskcore.breakers.streak import loss_streak, loss_streak_r
from riskcore.money import exact
from riskcore.policy import Policy
from riskcore.values import of_the_same

Ask: TypeAlias = Callable[[Book, Observations, Policy, datetime], "Measure | None"]


class Breaker(NamedTuple):
    """One breaker: its policy field, what it measures, whether a policy has it on, and what trips it, in words."""

    name: str
    ask: Ask
    on: Callable[[Policy], bool]
    words: str


def always(policy: Policy) -> bool:
    """On whatever a policy says."""
    return True


def set_in(name: str) -> Callable[[Policy], bool]:
    """On where the policy's field of that name is set."""
    return lambda policy: bool(getattr(policy, name))


BREAKERS: Final = (
    Breaker(
        "max_daily_loss", daily_loss_breaker, set_in("max_daily_loss"), "today's net loss, open positions included"
    ),
    Breaker(
        "max_give_back_pct", give_back, set_in("max_give_back_pct"), "what was given back of the day's best result"
    ),
    Breaker("max_drawdown", drawdown_breaker, set_in("max_drawdown"), "the fall of equity from its peak"),
    Breaker("max_loss_streak", loss_streak, set_in("max_loss_streak"), "trades lost in a row"),
    Breaker("max_loss_streak_r", loss_streak_r, set_in("max_loss_streak_r"), "R lost by trades lost in a row"),
    Breaker(
        "max_order_errors",
        order_errors,
        lambda policy: policy.max_order_errors is not None or bool(policy.order_error_limits),
        "order errors of one class in a row",
    ),
    Breaker("max_clock_drift_s", clock_drift, set_in("max_clock_drift_s"), "the measured drift of our clock"),
    Breaker(
        "connection_timers", connection, set_in("connection_timers"), "seconds without a connection (no_entries_s)"
    ),
)
"""The breakers of the account. `stale_after_s` is asked of each held instrument beside them."""


@of_the_same
@lru_cache(maxsize=256)
def switched_on(policy: Policy) -> tuple[Breaker, ...]:
    """The breakers of the account that a policy has on."""
    return tuple(breaker for breaker in BREAKERS if breaker.on(policy))


def is_on(policy: Policy, name: str) -> bool:
    """Whether a policy has the breaker of that name on."""
    if name == "stale_after_s":
        return policy.stale_after_s is not None
    return any(breaker.name == name for breaker in switched_on(policy))


@exact
def measures(book: Book, observed: Observations, policy: Policy, at: datetime) -> tuple[Measure, ...]:
    """Every breaker that is on and can be measured, as it stands at `at`; it trips where measured >= limit."""
    return measured(book, observed, policy, at)


def measured(book: Book, observed: Observations, policy: Policy, at: datetime) -> tuple[Measure, ...]:
    """`measures`, for who stands under the library's context already."""
    found = [breaker.ask(book, observed, policy, at) for breaker in switched_on(policy)]
    if policy.stale_after_s is not None:
        found += [stale_data(position, observed, policy, at) for position in book.positions]
    return tuple([measure for measure in found if measure is not None])
