"""The same strategy over the same bars raises the same signals in a backtest, on paper, and on a live day.

Real minutes of INFY of 28 February 2020. On the live day the first bars are its warm-up, read from OpenAlgo's history;
the later ones are read too, or made of prices, each bar's four.
"""

from datetime import timedelta

import pytest
from attrs import evolve

import riskcore as rc
from riskcore import events
from riskcore_openalgo.demo.day import demo_bars
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.lab import backtest
from riskcore_openalgo.lab.strategy import SHORT_NAMES, own_strategy
from riskcore_openalgo.runner.bar_watch import BarWatch
from riskcore_openalgo.runner.history import History
from riskcore_openalgo.runner.player import BarPlayer
from riskcore_openalgo.runner.tick_bars import TickBars
from tests.lab.test_examples import QUICK

INFY, BARS = next((thing, bars[:180]) for thing, bars in demo_bars().items() if thing.symbol == "INFY")
MINUTE = timedelta(minutes=1)
WARM = 50
POLICY = rc.Policy(atr_warmup_bars=20, max_trades_per_day=50, charges_as_of="2026-08-03")
HERE = "tests.runner.test_same_signals"


def falls(bars, *, symbol, interval, by=1):
    """A plain function: buy what closed lower than the bar before by so much, with what it saw beside it."""
    if len(bars) < 2 or bars[-2].close - bars[-1].close < by:
        return None
    fell = bars[-2].close - bars[-1].close
    ends = bars[-1].at + rc.interval_length(interval)
    return rc.Signal(symbol, "BUY", at=ends, bar_at=bars[-1].at, interval=interval, context={"fell": fell})


class Peeping:
    """A strategy whose `signals(bars)` is a bar ahead of its `on_bar`: what a backtest sees, no day will."""

    def __init__(self, *, symbol, interval):
        self.symbol, self.interval = symbol, interval

    def on_bar(self, bars):
        return falls(bars, symbol=self.symbol, interval=self.interval)

    def signals(self, bars):
        told = [self.on_bar(bars[: count + 1]) for count in range(len(bars))]
        return [
            None if one is None else evolve(one, at=bar.at + MINUTE, bar_at=bar.at)
            for bar, one in zip(bars, [*told[1:], None], strict=True)
        ]


STRATEGIES = {
    **{name: (name, QUICK[name]) for name in SHORT_NAMES},
    "falls": (f"{HERE}:falls", {}),
}


def own(function, parameters, **more):
    return own_strategy("mine", function, symbol="INFY", interval="1m", parameters=parameters, **more)


def taken(facts):
    return [fact.signal for fact in facts if isinstance(fact, events.SignalTaken)]


def backtested(strategy):
    return taken(backtest({INFY: BARS}, {"INFY": strategy}, POLICY, interval="1m").simulation.facts)


def on_paper(strategy, path):
    facts = []
    with Journal(path) as journal:
        list(BarPlayer(journal, POLICY, {INFY: BARS}, {INFY.key: [strategy]}, interval="1m", watch=facts.append).play())
    return taken(facts)


class Shelf:
    """OpenAlgo's history: the bars that have ended by now, and the one that runs."""

    def __init__(self, clock):
        self.clock = clock

    def history(self, exchange, symbol, interval, start, end):
        return tuple(bar for bar in BARS if bar.at <= self.clock())


def on_a_live_day(strategy, warm=WARM):
    """The signals of the bars after the warm-up, as they come into the runner."""
    now = [BARS[warm - 1].at + MINUTE + timedelta(seconds=1)]
    hours = TickBars(lambda key, at: rc.session_on(at.date(), INFY))
    watch = BarWatch(
        History(Shelf(lambda: now[0]), bars=140),
        lambda key: INFY,
        lambda: POLICY,
        lambda: now[0],
        {(INFY.key, "1m"): [strategy]},
        hours,
        lambda text, **about: pytest.fail(text),
    )
    watch.see(events.ConnectionSeen(BARS[0].at, connected=True, mode="live"))
    found = []
    for bar in BARS[warm:]:
        found += [event for job in watch.due(now[0], ()) for event in watch.look(job)]
        seen = now[0] = max(now[0], bar.at + timedelta(seconds=30))
        watch.see(events.PricesSeen(seen, INFY.key, bar.open, bar.high, bar.low, bar.close, seen, ticks=4))
        now[0] = bar.at + MINUTE + timedelta(seconds=strategy.bars == "history")
    found += [event for job in watch.due(now[0], ()) for event in watch.look(job)]
    return [event.signal for event in found if isinstance(event, events.SignalArrived) and _after(event.signal, warm)]


def _after(signal, warm=WARM):
    return signal.bar_at >= BARS[warm].at


@pytest.mark.parametrize("made_of", ["ticks", "history"])
@pytest.mark.parametrize("name", STRATEGIES)
def test_three_ways_one_list_of_signals(name, made_of, tmp_path):
    """Every field of each: symbol, side, moment, price, bar, context."""
    function, parameters = STRATEGIES[name]
    simulated, paper = backtested(own(function, parameters)), on_paper(own(function, parameters), tmp_path / "p.db")
    warm = 15 if name == "opening_range" else WARM
    live = on_a_live_day(own(function, parameters, bars=made_of), warm)
    assert paper == simulated
    assert live == [signal for signal in simulated if _after(signal, warm)]
    assert live


def test_the_very_same_object_goes_on_from_a_backtest_to_paper(tmp_path):
    """Asked at once it remembers nothing of it: the day that follows is as that of a fresh one."""
    strategy = own("ema_cross", QUICK["ema_cross"])
    assert backtested(strategy) == on_paper(strategy, tmp_path / "p.db")


def test_a_strategy_that_is_ahead_in_a_backtest_is_seen_by_this_comparison(tmp_path):
    """The comparison above can fail."""
    peeping = f"{HERE}:Peeping", {}
    simulated = backtested(own(*peeping))
    assert simulated != on_paper(own(*peeping), tmp_path / "p.db")
    assert [signal for signal in simulated if _after(signal)] != on_a_live_day(own(*peeping))
