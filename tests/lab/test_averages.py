"""The average of one moment, worked out of the bars that it remembers."""

import numpy as np
import pytest

from riskcore_openalgo.lab import averages
from riskcore_openalgo.lab.averages import wilder_atr
from riskcore_openalgo.lab.columns import Columns


@pytest.mark.parametrize("period", [1, 2, 5, 14])
def test_the_average_of_one_moment_is_that_of_the_whole_series(period, monkeypatch):
    """By the bars that it remembers; near the start, where its seed still counts, by all of them; in any order."""
    monkeypatch.setattr(averages, "STRETCH", 100)
    draw = np.random.default_rng(period)
    closes = 1000 + np.cumsum(draw.normal(0, 3, 1500))
    prices = closes + np.abs(draw.normal(0, 2, 1500)), closes - np.abs(draw.normal(0, 2, 1500)), closes
    whole = wilder_atr(*prices, period)
    columns = dict(zip(("high", "low", "close"), prices, strict=True))
    at = 1_795_000_000_000_000_000 + np.arange(1500) * 60_000_000_000
    ranges = averages.TrueRanges(Columns.of({"at": at, "open": closes, **columns}))
    for place in (
        *range(period - 1, 60),
        *range(40 * period, 1500, 7),
        1499,
        *draw.integers(period, 1500, 50).tolist(),
    ):
        assert averages.wilder_atr_at(ranges, place, period) == pytest.approx(whole[place], rel=1e-12)
