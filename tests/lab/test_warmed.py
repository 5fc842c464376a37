"""A backtest that begins amid its bars: what was before is known, and not traded."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from attrs import evolve

import riskcore as rc
from riskcore_openalgo.lab.backtests import backtest

RULES = rc.Policy(atr_warmup_bars=20, position_size_basis="margin", risk_per_trade="0.5", max_trades_per_day=30)
DAYS = [date(2026, 11, day) for day in (16, 17, 18, 19, 20, 23, 25)]
FROM = date(2026, 11, 20)


def minutes(seed, gaps=0):
    """Seven days of a price that wanders; some minutes without a bar."""
    made = np.random.default_rng(seed)
    opens = [datetime(day.year, day.month, day.day, 9, 15, tzinfo=rc.IST) for day in DAYS]
    index = pd.DatetimeIndex([at + timedelta(minutes=n) for at in opens for n in range(360)])
    closes = np.round(1500 + made.normal(0, 1.5, len(index)).cumsum(), 1)
    first = np.concatenate([closes[:1], closes[:-1]])
    spread = np.round(made.random(len(index)) * 2, 1)
    frame = pd.DataFrame(
        {
            "open": first,
            "high": np.maximum(first, closes) + spread,
            "low": np.minimum(first, closes) - spread,
            "close": closes,
        },
        index=index,
    )
    return frame.drop(index=index[made.choice(len(index), gaps, replace=False)])


class Turns:
    """Both sides, by the bar before and the number of bars so far; says nothing of bars before `SPEAKS`."""

    speaks: date | None = None

    def __init__(self, *, symbol, interval):
        self.symbol, self.interval = symbol, interval

    def on_bar(self, bars):
        last, ends = bars[-1], bars[-1].at + rc.interval_length(self.interval)
        if len(bars) % 13 or (self.speaks and last.at.date() < self.speaks):
            return None
        side = "BUY" if last.close > bars[-2].close else "SELL"
        kind = "exit" if len(bars) % 5 == 0 else "entry"
        about = {"interval": self.interval, "strategy": "turns"}  # of a name of their own, which they keep
        return rc.Signal(self.symbol, side, kind=kind, at=ends, bar_at=last.at, **about)


class Late(Turns):
    """The same, silent until the day from which the other run trades."""

    speaks = FROM


@pytest.mark.parametrize(
    "policy",
    [
        RULES,
        evolve(RULES, trail="atr", trail_by=2, max_positions=2),
        evolve(RULES, max_gap_pct=3, max_correlation="0.4", correlation_min_bars=10, one_position_per_symbol=False),
    ],
)
@pytest.mark.parametrize("entries", ["next_open", "at_close"])
def test_what_is_traded_is_as_if_the_strategy_had_been_silent_before(policy, entries):
    """Every decision and every trade, of several symbols whose bars do not come together."""
    bars = {"INFY": minutes(1), "TCS": minutes(2, gaps=300), "SBIN": minutes(3, gaps=50)}
    run = backtest(bars, Turns, policy, first=FROM, entries=entries)
    whole = backtest(bars, Late, policy, entries=entries)
    assert run.trades == whole.trades
    assert len(run.trades) > 10
    assert [(one.fact.signal, one.reasons) for one in run.refused] == [
        (one.fact.signal, one.reasons) for one in whole.refused
    ]
    assert (run.equity, run.fills) == (whole.equity, whole.fills)
    assert [day.session for day in run.performance.curve.days] == DAYS[4:]
    assert run.jumped.bars == sum(
        len(table[table.index >= pd.Timestamp(FROM, tz="Asia/Kolkata")]) for table in bars.values()
    )
    assert all(table.moment(0).date() == FROM for table in run.bars)
    assert len(run.path()[0]) == 3 * 360


def test_nothing_is_refused_for_a_warm_up_that_is_there():
    """Of a year of daily bars the last months are traded from their first day on; 140 days of them were refused."""
    days = pd.bdate_range("2025-11-03", "2026-09-30", tz="Asia/Kolkata")
    closes = 1500 + 10 * np.sin(np.arange(len(days)) / 3).round(2)
    bars = pd.DataFrame({"open": closes, "high": closes + 5, "low": closes - 5, "close": closes}, index=days)

    def buys(seen):
        ends = seen[-1].at + timedelta(days=1)
        return rc.Signal("INFY", "BUY", at=ends, bar_at=seen[-1].at, interval="1D", product="CNC")

    run = backtest({"INFY": bars}, buys, evolve(RULES, atr_warmup_bars=140), first="2026-08-03")
    assert not [one for one in run.refused if one.reasons[0].rule == "atr_warmup_bars"]
    assert run.approved[0].at.date() == date(2026, 8, 3)
    cut = backtest({"INFY": bars[bars.index >= "2026-08-03"]}, buys, evolve(RULES, atr_warmup_bars=140))
    assert not cut.approved
    assert "atr_warmup_bars" in {one.reasons[0].rule for one in cut.refused}


def test_a_symbol_whose_bars_end_before_is_not_in_the_run():
    """Nor are its tick and its gaps."""
    early = minutes(4)[:360]
    run = backtest({"INFY": minutes(1), "TCS": early}, Turns, RULES, first=FROM)
    assert [thing.symbol for thing in run.instruments] == ["INFY"]
    assert run.trades == backtest({"INFY": minutes(1)}, Turns, RULES, first=FROM).trades
