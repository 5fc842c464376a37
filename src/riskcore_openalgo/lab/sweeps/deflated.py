"""The deflated Sharpe ratio: how sure one can be that the best of many trials is more than the luckiest of them.

Source: D. Bailey and M. Lopez de Prado, The Deflated Sharpe Ratio: Correcting for Selection Bias, Backtest Overfitting
and Non-Normality, Journal of Portfolio Management 40 (5), 2014.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean
from typing import Final

EULER: Final = 0.5772156649015329
NORMAL: Final = NormalDist()


def expected_best(sharpes: Sequence[float]) -> float:
    """The Sharpe ratio that the best of so many trials has by luck alone, where none has any skill.

    SR0 = sqrt(V) x ((1 - g) x Z(1 - 1/N) + g x Z(1 - 1/(N e))): V the variance of the trials' ratios (n - 1), N how
    many there are, g the Euler-Mascheroni constant, Z the quantile of the standard normal distribution. In the unit of
    the ratios (a session's). 0 for one trial, of which none was chosen.
    """
    if len(sharpes) < 2:
        return 0.0
    return math.sqrt(_variance(sharpes)) * best_of(len(sharpes))


def best_of(trials: int) -> float:
    """The expected largest of so many standard normal values, as the paper approximates it."""
    first, second = NORMAL.inv_cdf(1 - 1 / trials), NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    return (1 - EULER) * first + EULER * second


def deflated_sharpe(rates: Sequence[float], against: float) -> float | None:
    """The probability that the true Sharpe ratio of these returns is above `against` (`expected_best`), 0 to 1.

    DSR = F((SR - SR0) x sqrt(T - 1) / sqrt(1 - s x SR + (k - 1) / 4 x SR^2)): SR = mean / deviation (n - 1) of the T
    returns, not annualised, s their skewness, k their kurtosis (3 for a normal distribution), F the standard normal
    distribution. None of fewer than three returns, without any deviation, and where the root has no value.
    """
    moments = _moments(rates)
    if moments is None:
        return None
    ratio, skew, kurtosis = moments
    return from_moments(ratio, against, periods=len(rates), skew=skew, kurtosis=kurtosis)


def from_moments(ratio: float, against: float, *, periods: int, skew: float, kurtosis: float) -> float | None:
    """The same from the moments themselves; the paper's example.

    >>> luck = math.sqrt(0.5 / 250) * best_of(100)  # 100 trials, an annual variance of a half, 250 sessions a year
    >>> round(luck, 4), round(from_moments(2.5 / math.sqrt(250), luck, periods=1250, skew=-3, kurtosis=10), 4)
    (0.1132, 0.9004)
    """
    spread = 1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2
    if spread <= 0:
        return None
    return NORMAL.cdf((ratio - against) * math.sqrt(periods - 1) / math.sqrt(spread))


def sharpe(rates: Sequence[float]) -> float | None:
    """Mean / deviation (n - 1) of a session's returns, not annualised; None of fewer than two, or all the same."""
    if len(rates) < 2 or min(rates) == max(rates):  # of equal floats the mean is another one: noise, and no deviation
        return None
    spread = math.sqrt(_variance(rates))
    return fmean(rates) / spread if spread > 0 else None


def _moments(rates: Sequence[float]) -> tuple[float, float, float] | None:
    ratio = sharpe(rates)
    if ratio is None or len(rates) < 3:
        return None
    middle = fmean(rates)
    second, third, fourth = (fmean((rate - middle) ** power for rate in rates) for power in (2, 3, 4))
    return ratio, third / second**1.5, fourth / second**2


def _variance(values: Sequence[float]) -> float:
    middle = fmean(values)
    return sum((value - middle) ** 2 for value in values) / (len(values) - 1)
