"""Correlation of returns against published numbers and NumPy, and what the rules make of it."""

import csv
from decimal import Decimal

import numpy as np
import pytest

from riskcore.rules.bets import connected, pearson, return_correlation, simple_returns

pytestmark = pytest.mark.smoke


def decimals(*numbers):
    return [Decimal(str(number)) for number in numbers]


def test_r_of_the_textbook_example_is_the_published_one():
    """Age and glucose level of six subjects: r = 2868 / 5413.27 = 0.529809 (Statistics How To, also BYJU'S)."""
    ages, glucose = decimals(43, 21, 25, 42, 57, 59), decimals(99, 65, 79, 75, 87, 81)
    assert pearson(ages, glucose) == Decimal("0.529809")


def test_r_of_anscombes_quartet_is_the_published_one():
    """Four data sets as unlike as can be, all with r = 0.816 (Anscombe 1973, The American Statistician 27)."""
    x = decimals(10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5)
    first = decimals(8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68)
    second = decimals(9.14, 8.14, 8.74, 8.77, 9.26, 8.10, 6.13, 3.10, 9.13, 7.26, 4.74)
    third = decimals(7.46, 6.77, 12.74, 7.11, 7.81, 8.84, 6.08, 5.39, 8.15, 6.42, 5.73)
    fourth_x = decimals(8, 8, 8, 8, 8, 8, 8, 19, 8, 8, 8)
    fourth = decimals(6.58, 5.76, 7.71, 8.84, 8.47, 7.04, 5.25, 12.50, 5.56, 7.91, 6.89)
    found = [pearson(x, first), pearson(x, second), pearson(x, third), pearson(fourth_x, fourth)]
    assert [round(r, 3) for r in found] == decimals(0.816, 0.816, 0.816, 0.817)


def test_r_of_real_closes_is_that_of_numpy(riskcore_data):
    """Two years of daily closes of two software houses, two banks and a refinery."""
    names = ("TCS", "INFY", "HDFCBANK", "ICICIBANK", "RELIANCE")
    series = {}
    for name in names:
        with (riskcore_data / "daily_nse_raw" / f"{name}.csv").open(encoding="utf-8") as rows:
            series[name] = {row["timestamp"]: row["close"] for row in csv.DictReader(rows) if row["timestamp"] > "2024"}
    common = sorted(set.intersection(*(set(days) for days in series.values())))
    closes = {name: decimals(*(series[name][day] for day in common)) for name in names}
    floats = np.array([[float(close) for close in closes[name]] for name in names])
    returns = floats[:, 1:] / floats[:, :-1] - 1
    for window in (20, 60, 250):
        wanted = np.corrcoef(returns[:, -window:])
        for one, first in enumerate(names):
            for other, second in enumerate(names):
                found = return_correlation(closes[first], closes[second], window=window)
                assert float(found) == pytest.approx(wanted[one, other], abs=1e-6)


def test_only_the_latest_returns_of_the_window_count():
    """What came before the window changes nothing; the shorter series sets the sample, aligned at the newest close."""
    tail = decimals(100, 103, 101, 104), decimals(50, 52, 51, 51)
    wanted = return_correlation(*tail, window=3)
    assert return_correlation([Decimal(7), *tail[0]], [Decimal(900), *tail[1]], window=3) == wanted
    assert return_correlation([Decimal(7), *tail[0]], tail[1], window=60) == wanted


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (decimals(100, 100, 100, 100), decimals(1, 2, 1, 2)),
        (decimals(100, 110, 121, "133.1"), decimals(1, 2, 1, 2)),
        (decimals(1, "1.5", "2.25", "3.375"), decimals(1, 2, 1, 2)),
        (decimals(3, 4, "5.333333333333333333333333333", "7.111111111111111111111111111"), decimals(1, 2, 1, 2)),
        (decimals(100, 101), decimals(1, 2)),
        ([], []),
    ],
)
def test_what_does_not_vary_has_no_correlation(first, second):
    """A constant price, a constant growth (to the rounding of 28 digits), a single return, nothing at all."""
    assert return_correlation(first, second, window=60) is None


def test_shrinkage_draws_towards_nought():
    """(1 - intensity) x r: 0 leaves r, 1 leaves nothing."""
    first, second = decimals(100, 103, 101, 104), decimals(50, 52, 51, 51)
    whole = return_correlation(first, second, window=60)
    parts = [return_correlation(first, second, window=60, shrinkage=Decimal(part)) for part in ("0", "0.25", "1")]
    assert parts[0] == whole
    assert abs(parts[1] - whole * Decimal("0.75")) <= Decimal("0.000001")
    assert parts[2] == 0


def test_unequal_series_are_the_callers_mistake():
    """Pairs are needed."""
    with pytest.raises(ValueError, match="give pairs"):
        pearson(decimals(1, 2), decimals(1, 2, 3))


def test_returns_are_simple():
    """One less than there are closes."""
    assert simple_returns(decimals(100, 110, 99)) == (Decimal("0.1"), Decimal("-0.1"))
    assert simple_returns(decimals(100)) == ()


@pytest.mark.parametrize(
    ("links", "cluster"),
    [
        ([], (0,)),
        ([(0, 1)], (0, 1)),
        ([(0, 1), (1, 2)], (0, 1, 2)),
        ([(1, 2), (2, 3)], (0,)),
        ([(0, 3), (3, 1)], (0, 1, 3)),
        ([(0, 1), (1, 2), (2, 0), (3, 4)], (0, 1, 2)),
    ],
)
def test_a_cluster_is_all_that_hangs_together(links, cluster):
    """Single linkage: a chain belongs to one cluster though its ends are not linked."""
    assert connected(0, 5, lambda one, other: (one, other) in links or (other, one) in links) == cluster
