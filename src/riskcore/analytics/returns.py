"""Measures of a series of returns: what a session earned over what it began with, as shares (0.01 is 1 %).

Conventions: 252 sessions a year, standard deviations with ddof = 1, risk-free and required returns 0 unless given
(a period's, not a year's), days without a result kept as zeros. The same numbers as empyrical, which answers NaN
or infinity where these answer None.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from riskcore.analytics.samples import deviation, mean, quantile
from riskcore.money import ONE, ZERO, exact

SESSIONS: Final = 252
"""Sessions in a year, to annualise daily figures."""

Returns = Sequence[Decimal]


@exact
def cumulative_return(returns: Returns) -> Decimal | None:
    """What all returns compound to: prod(1 + r) - 1; None of no returns, and when one lost more than everything.

    >>> cumulative_return([Decimal("0.1"), Decimal("-0.1")])
    Decimal('-0.01')
    """
    wealth = _wealth(returns)
    return None if wealth is None else wealth - ONE


@exact
def annual_return(returns: Returns, periods: int = SESSIONS) -> Decimal | None:
    """Compound growth a year (CAGR): prod(1 + r) ^ (periods / n) - 1.

    -1 when everything was lost; None of no returns, and when one lost more than everything.
    """
    wealth = _wealth(returns)
    if wealth is None:
        return None
    return wealth ** (Decimal(periods) / len(returns)) - ONE if wealth else -ONE


@exact
def volatility(returns: Returns, periods: int = SESSIONS) -> Decimal | None:
    """Standard deviation a year: deviation(r) x sqrt(periods); None of fewer than two returns."""
    spread = deviation(returns)
    return None if spread is None else spread * Decimal(periods).sqrt()


@exact
def downside_deviation(returns: Returns, required: Decimal = ZERO, periods: int = SESSIONS) -> Decimal | None:
    """Deviation below the required return, a year: sqrt(sum(min(r - required, 0)^2) / n) x sqrt(periods).

    n counts all periods, not only the bad ones. None of no returns.
    """
    squares = mean([min(value - required, ZERO) ** 2 for value in returns])
    return None if squares is None else squares.sqrt() * Decimal(periods).sqrt()


@exact
def sharpe(returns: Returns, risk_free: Decimal = ZERO, periods: int = SESSIONS) -> Decimal | None:
    """Mean excess return over its standard deviation, a year: mean(r - f) / deviation(r - f) x sqrt(periods).

    None of fewer than two returns, and when all are equal.
    """
    excess = [value - risk_free for value in returns]
    middle, spread = mean(excess), deviation(excess)
    return middle / spread * Decimal(periods).sqrt() if middle is not None and spread else None


@exact
def sortino(returns: Returns, required: Decimal = ZERO, periods: int = SESSIONS) -> Decimal | None:
    """Mean return above the required one over the downside deviation: mean(r - required) x periods / downside.

    None of no returns, and when none fell short.
    """
    middle, downside = mean(returns), downside_deviation(returns, required, periods)
    return (middle - required) * periods / downside if middle is not None and downside else None


@exact
def omega(returns: Returns, required: Decimal = ZERO) -> Decimal | None:
    """Gains over shortfalls about a required return: sum(max(r - required, 0)) / sum(max(required - r, 0)).

    None of no returns, and when none fell short.

    >>> omega([Decimal("0.03"), Decimal("-0.01")])
    Decimal('3')
    """
    gains = sum((max(value - required, ZERO) for value in returns), ZERO)
    shortfalls = sum((max(required - value, ZERO) for value in returns), ZERO)
    return gains / shortfalls if shortfalls else None


@exact
def calmar(returns: Returns, drawdown: Decimal | None, periods: int = SESSIONS) -> Decimal | None:
    """Compound growth a year over the deepest drawdown as a positive share: annual_return(r) / drawdown.

    None where either is None, and without a drawdown.
    """
    growth = annual_return(returns, periods)
    return growth / drawdown if growth is not None and drawdown else None


@exact
def value_at_risk(returns: Returns, cutoff: Decimal = Decimal("0.05")) -> Decimal | None:
    """The return that the worst `cutoff` share of periods stays at or below (negative: a loss); None of no returns."""
    return quantile(returns, cutoff)


def _wealth(returns: Returns) -> Decimal | None:
    """What a rupee becomes; None of no returns, and where one is below -1: what goes on from less than nothing?"""
    if not returns or min(returns) < -ONE:
        return None
    wealth = ONE
    for value in returns:
        wealth *= ONE + value
    return wealth
