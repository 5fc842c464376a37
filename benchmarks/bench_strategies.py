"""How long a strategy takes for one symbol: the aim is 100 ms from the end of a bar to its answer.

Each shipped strategy has two sessions of one-minute bars behind it (what a live day keeps) and is shown one bar more,
again and again. Printed are the median and the slowest of the rounds, in CPU time of this machine; nothing fails.
"""

import statistics
import time
from datetime import datetime, timedelta

import pytest

import riskcore as rc
from riskcore_openalgo.lab.strategy import SHORT_NAMES, own_strategy
from riskcore_openalgo.runner.bar_watch import most_of

AIM_MS = 100
ROUNDS = 100
MINUTE = timedelta(minutes=1)


def bars_of(count):
    """Bars around 1,000 that rise and fall."""
    opens = datetime(2026, 8, 3, 9, 15, tzinfo=rc.IST)
    closes = [1000 + (n * 7 % 40) + (n % 90 if n % 180 < 90 else 90 - n % 90) for n in range(count)]
    return [
        rc.Bar(at=opens + n * MINUTE, open=close, high=close + 2, low=close - 2, close=close, volume=1000 + n)
        for n, close in enumerate(closes)
    ]


def timed(name):
    """Milliseconds of each round."""
    kept = most_of("1m", ())
    bars = tuple(bars_of(kept + ROUNDS))
    own = own_strategy(name, SHORT_NAMES[name], symbol="INFY", interval="1m", parameters={})
    own(bars[:kept])
    found = []
    for count in range(1, ROUNDS + 1):
        shown = bars[count : kept + count]
        began = time.process_time_ns()
        own(shown)
        found.append((time.process_time_ns() - began) / 1e6)
    return found


@pytest.mark.parametrize("name", sorted(SHORT_NAMES))
def test_a_bar_of_one_symbol(name, capsys):
    found = timed(name)
    assert len(found) == ROUNDS
    with capsys.disabled():
        print(f"\n{name}: median {statistics.median(found):.2f} ms, slowest {max(found):.2f} ms (aim {AIM_MS} ms)")
