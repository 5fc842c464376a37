"""How many prices a second the conflater takes, for 3 and for 300 instruments, with a look every ten prices of each.

The aim: a price costs at most 1.5 times as much among 300 instruments as among 3. The numbers of prices a second are
printed and judged by nobody, as they are the machine's; a broker's fullest feed tells a few thousand. `read` reads each
price from the text of its WebSocket message first.
"""

import json
from datetime import datetime, timedelta

import pytest

import riskcore as rc
from benchmarks.ratios import ratio
from riskcore_openalgo.live_feed import Moment, Prices
from riskcore_openalgo.live_feed.messages import read

TOLD, LOOK_EVERY = 6000, 10
AIM = 1.5
TEN = datetime(2026, 11, 23, 10, 0, tzinfo=rc.IST)


def messages(instruments):
    """A price of each instrument in turn, a millisecond apart, going up and down."""
    stamp = int(TEN.timestamp() * 1000)
    for n in range(TOLD):
        data = {"ltp": 1400 + n % 17 / 20, "timestamp": stamp + n, "ltt": stamp + n, "close": 1400.0, "volume": n}
        named = {"symbol": f"S{n % instruments}", "exchange": "NSE"}
        yield json.dumps({"type": "market_data", **named, "mode": 2, "data": {**named, **data}, "broker": "stub"})


def moments():
    return [Moment(TEN + timedelta(milliseconds=n), n / 1000) for n in range(TOLD)]


def a_day(what, instruments):
    """A function that tells all prices and looks on the way; what it returns is how many the looks told."""
    texts, at = list(messages(instruments)), moments()
    ready = [read(text, now) for text, now in zip(texts, at, strict=True)]
    watched = [f"NSE:S{n}" for n in range(instruments)]

    def day():
        prices, told, every = Prices(), 0, LOOK_EVERY * instruments
        prices.watch(watched, at[0])
        for n, now in enumerate(at):
            prices.add(read(texts[n], now) if what != "conflate" else ready[n])
            if n % every == every - 1:
                told += sum(span.ticks for span in prices.take(now))
        return told

    assert day() == TOLD
    return day


@pytest.mark.parametrize("what", ["conflate", "read and conflate"])
def test_prices_a_second(what, benchmark, capsys):
    """Prints both numbers and their ratio, and fails where that is above the aim."""
    many, few = a_day(what, 300), a_day(what, 3)
    found = ratio(many, few, rounds=15, calls=1)
    with capsys.disabled():
        for instruments, taken in ((300, found.ours), (3, found.theirs)):
            print(f"\n{what}, {instruments} instruments: {TOLD / taken * 1e6:,.0f} prices a second", end="")
        print("\n" + found.told(f"{what}: a price of 300 instruments, to one of 3", AIM))
    benchmark.extra_info["to_few"] = round(found.times, 2)
    benchmark.extra_info["prices_per_s"] = round(TOLD / found.ours * 1e6)
    benchmark(many)
    assert found.times <= AIM
