"""A strategy of your own: copy this folder, change the function, check it, run it.

To check it: `python my_dips.py`. To run it on paper: put the lines of `trading_rules.yaml` beside this file into yours,
and start `riskcore paper` with this folder on PYTHONPATH.
"""

from datetime import datetime, timedelta
from itertools import pairwise

import riskcore as rc
from riskcore_openalgo.lab.strategy import assert_causal, load_strategy, on_bar_of


def dips(bars, *, symbol, interval, falls=3):
    """Buy when a bar closes higher after so many that closed lower, one after the other."""
    closes = [bar.close for bar in bars[-falls - 2 :]]
    if len(closes) < falls + 2 or closes[-1] <= closes[-2]:
        return None
    if any(later >= earlier for earlier, later in pairwise(closes[:-1])):
        return None
    ends = bars[-1].at + rc.interval_length(interval)
    low = min(bar.low for bar in bars[-falls - 1 :])
    return rc.Signal(symbol, rc.BUY, at=ends, bar_at=bars[-1].at, interval=interval, stop=low)


def made():
    """As a runner makes it."""
    return load_strategy("my_dips:dips", symbol="INFY", interval="5m", parameters={"falls": 2})


if __name__ == "__main__":
    opens, length = datetime(2026, 8, 4, 9, 15, tzinfo=rc.IST), timedelta(minutes=5)
    closes = [1500 + n % 5 * 2 if n % 10 < 5 else 1510 - n % 5 * 2 for n in range(60)]
    bars = [rc.Bar(at=opens + n * length, open=c, high=c + 1, low=c - 1, close=c) for n, c in enumerate(closes)]
    assert_causal(made, bars)
    told = [on_bar_of(made())(bars[: count + 1]) for count in range(len(bars))]
    print(f"{sum(signal is not None for signal in told)} signals over {len(bars)} bars, none of them from the future")
