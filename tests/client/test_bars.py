"""Rows of a history that are no bars, or two of one: as plugins of OpenAlgo 2.0.2.1 were seen to give them."""

from datetime import datetime

import pandas as pd
import pytest

import riskcore as rc
from riskcore_openalgo.client import ReadFailed, market

BAR = {"open": 100, "high": 110, "low": 90, "close": 105, "volume": 10}
NOTHING = {"open": 0, "high": 0, "low": 0, "close": 0, "volume": 0}


def read(interval, *rows):
    """The bars of rows that bear their moment first."""
    frame = pd.DataFrame([row for _, row in rows], index=pd.to_datetime([at for at, _ in rows]))
    return market.bars("history", frame if interval == "D" else frame.tz_localize("Asia/Kolkata"), interval)


@pytest.mark.parametrize("nothing", [NOTHING, dict.fromkeys(NOTHING, float("nan"))])
def test_a_minute_without_any_price_is_no_bar(nothing):
    """One such minute of an option made the whole history unread, and refused each entry while it was in it."""
    found = read("1m", ("2026-11-20 09:15", BAR), ("2026-11-20 09:16", nothing), ("2026-11-20 09:17", BAR))
    assert [bar.at.minute for bar in found] == [15, 17]


def test_a_row_with_some_of_its_prices_is_still_named():
    with pytest.raises(ReadFailed, match="bar of 2026-11-20 09:16"):
        read("1m", ("2026-11-20 09:15", BAR), ("2026-11-20 09:16", {**BAR, "open": 0}))


def test_of_two_rows_of_one_day_the_later_counts():
    """Midnight of UTC and half past five: Flattrade's plugin adds today's, on a server that is not on India's time."""
    found = read("D", ("2026-11-20 00:00", BAR), ("2026-11-20 05:30", {**BAR, "close": 107}))
    assert found == (rc.Bar(at=datetime(2026, 11, 20, tzinfo=rc.IST), **{**BAR, "close": 107}),)
