"""The measures of returns against empyrical, which computes in binary floating point: the same to ten digits."""

from datetime import date, timedelta
from decimal import Decimal

import empyrical
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import riskcore as rc
from riskcore import analytics as an

rates = st.decimals(min_value="-0.2", max_value="0.2", places=4)
series = st.lists(rates, min_size=2, max_size=60)


def floats(returns):
    return np.array([float(value) for value in returns])


def agrees(ours, theirs):
    """None is what they call NaN or infinite; a deviation of nothing leaves them noise of 1e-17, and any ratio."""
    if ours is None:
        return not np.isfinite(theirs) or abs(theirs) > 1e12
    return float(ours) == pytest.approx(theirs, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("periods", [252, 12])
@settings(max_examples=60)
@given(returns=series)
def test_measures_of_returns_are_those_of_empyrical(periods, returns):
    """Any returns, daily and monthly."""
    given_to_them = floats(returns)
    assert agrees(an.cumulative_return(returns), empyrical.cum_returns_final(given_to_them))
    assert agrees(an.annual_return(returns, periods), empyrical.annual_return(given_to_them, annualization=periods))
    assert agrees(an.volatility(returns, periods), empyrical.annual_volatility(given_to_them, annualization=periods))
    downside = empyrical.downside_risk(given_to_them, annualization=periods)
    assert agrees(an.downside_deviation(returns, periods=periods), downside)
    assert agrees(an.sharpe(returns, periods=periods), empyrical.sharpe_ratio(given_to_them, annualization=periods))
    assert agrees(an.sortino(returns, periods=periods), empyrical.sortino_ratio(given_to_them, annualization=periods))


@settings(max_examples=60)
@given(returns=series, cutoff=st.sampled_from(["0.01", "0.05", "0.25"]))
def test_omega_drawdown_calmar_and_value_at_risk_are_those_of_empyrical(returns, cutoff):
    """A drawdown counts from the start on."""
    theirs = floats(returns)
    assert agrees(an.omega(returns), empyrical.omega_ratio(theirs))
    falls = an.drawdowns(levels(returns))
    deepest = an.deepest(falls).pct / 100 if falls else Decimal(0)
    assert agrees(-deepest, empyrical.max_drawdown(theirs))
    if deepest > Decimal("1e-9"):
        assert agrees(an.calmar(returns, deepest), empyrical.calmar_ratio(theirs))
    assert agrees(an.value_at_risk(returns, Decimal(cutoff)), empyrical.value_at_risk(theirs, float(cutoff)))


@settings(max_examples=40)
@given(returns=series, free=st.decimals(min_value="-0.01", max_value="0.01", places=5))
def test_risk_free_and_required_returns_are_those_of_empyrical(returns, free):
    """A period's, both of them."""
    theirs, rate = floats(returns), float(free)
    assert agrees(an.sharpe(returns, free), empyrical.sharpe_ratio(theirs, risk_free=rate))
    assert agrees(an.sortino(returns, free), empyrical.sortino_ratio(theirs, required_return=rate))
    assert agrees(an.downside_deviation(returns, free), empyrical.downside_risk(theirs, required_return=rate))
    assert agrees(an.omega(returns, free), empyrical.omega_ratio(theirs, risk_free=rate))


@settings(max_examples=40)
@given(nets=st.lists(st.integers(-3000, 3000), min_size=2, max_size=40))
def test_a_whole_performance_is_the_one_of_empyrical(nets):
    """From rupees a session: returns, Sharpe and the deepest drawdown."""
    days, opening = [], Decimal(1_000_000)
    for number, net in enumerate(nets):
        days.append(an.Day(session=date(2026, 1, 1) + timedelta(days=number), opening=opening, net=net))
        opening += net
    made = rc.performance_of([], rc.EquityCurve(days))
    theirs = np.array([float(day.net / day.opening) for day in days])
    assert agrees(made.sharpe, empyrical.sharpe_ratio(theirs))
    assert agrees(made.annual_return, empyrical.annual_return(theirs))
    assert agrees(-(made.drawdown.pct / 100 if made.drawdown else 0), empyrical.max_drawdown(theirs))


def levels(returns):
    found = [Decimal(1)]
    for rate in returns:
        found.append(found[-1] * (1 + rate))
    return found
