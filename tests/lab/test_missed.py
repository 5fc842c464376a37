"""Entries that were approved, and whose limit the next bar did not come to."""

from datetime import datetime, timedelta

import riskcore as rc
from riskcore_openalgo.lab.backtests import backtest

START = datetime(2026, 11, 20, 10, 0, tzinfo=rc.IST)
MINUTE = timedelta(minutes=1)
RULES = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, entry_band_pct="0.1")
CALM = (1000, 1001, 999, 1000)


def run_of(*rows):
    names = ("open", "high", "low", "close")
    bars = [rc.Bar(at=START + n * MINUTE, **dict(zip(names, row, strict=True))) for n, row in enumerate(rows)]
    return backtest({rc.Instrument(symbol="INFY", tick="0.05"): bars}, once, RULES, interval="1m")


def once(seen):
    """Buy at the end of the first bar."""
    if len(seen) > 1:
        return None
    return rc.Signal("INFY", "BUY", at=seen[-1].at + MINUTE, bar_at=seen[-1].at, stop=980, target=1100)


def test_entries_that_the_next_bar_opened_away_from_are_told():
    """Approved, and in no trade: on daily bars, where every entry meets a night, they may be half of them."""
    away = run_of(CALM, ("1001.05", 1002, 1000, 1001), CALM)
    assert (away.trades, len(away.approved)) == ((), 1)
    told = (
        "approved entries that did not trade: 1; the next bar opened beyond their limit, which is entry_band_pct 0.1 %"
    )
    assert [note.startswith(told) for note in away.notes] == [True]
    assert told in away.explain()


def test_of_an_entry_that_traded_or_may_still_do_so_nothing_is_told():
    assert run_of(CALM, (1001, 1002, 1000, 1001), CALM).notes == ()
    assert run_of(CALM).notes == ()
