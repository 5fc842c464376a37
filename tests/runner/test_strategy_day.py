"""Own strategies of the configuration on a day against the fake OpenAlgo: live, on paper, in shadow, and withheld."""

import pytest

import riskcore as rc
from riskcore import events
from riskcore_openalgo.config import Strategy
from riskcore_openalgo.runner.assembly import LIVE, PAPER, SHADOW
from tests.runner.live_days import MORNING, live_day


class Eager:
    """Buys at every price it sees, once a second, and says so after every bar: the first that may pass does."""

    def __init__(self, *, symbol, interval, stop):
        self.symbol, self.interval, self.stop, self.shown = symbol, interval, stop, 0

    def on_bar(self, bars):
        self.shown = len(bars)

    def on_tick(self, prices):
        context = {"bars": self.shown}
        return rc.Signal(
            self.symbol, "BUY", at=prices.at, stop=self.stop, price=prices.last, interval=self.interval, context=context
        )


def eager(**more):
    return Strategy(
        name="eager",
        function="tests.runner.test_strategy_day:Eager",
        symbols=["INFY"],
        interval="5m",
        parameters={"stop": 990},
        **more,
    )


def answered(day, kind):
    """Wait until the strategy's signal had such an answer, with prices that go on meanwhile."""
    day.until(lambda: day.facts(kind), "1000.1", "1000")
    return day.facts(kind)[0]


def shown(day):
    return [row.event for row in day.journal.rows("input") if isinstance(row.event, events.BarsShown)]


@pytest.mark.parametrize("mode", [LIVE, PAPER, SHADOW])
def test_the_strategies_of_the_configuration_trade_in_every_mode(mode, tmp_path):
    """The same object: its bars are journalled, its signal bears its name, its order fills where the mode says."""
    with live_day(tmp_path / "day.db", mode=mode, strategies=[eager()]) as day:
        approved = answered(day, events.EntryApproved)
        assert approved.order.strategy == "eager"
        day.until(lambda: day.position is not None, "1000.1", "1000")
        assert day.position.stop == 990
        sent = day.broker.venue.account.orders
        assert bool(sent) == (mode == LIVE)
        [warm_up] = shown(day)
        assert (warm_up.key, warm_up.interval, warm_up.made_of) == ("NSE:INFY", "5m", "history")
        assert warm_up.bars[-1].at < MORNING


@pytest.mark.parametrize(
    ("strategy", "policy", "why"),
    [
        (eager(live=False), {}, "the signal only shadows"),
        (eager(), {"live_symbols": ["TCS"]}, "INFY is not among live_symbols"),
    ],
)
def test_what_is_not_live_yet_is_decided_on_and_nothing_is_sent(strategy, policy, why, tmp_path):
    with live_day(tmp_path / "day.db", strategies=[strategy], policy=policy) as day:
        withheld = answered(day, events.EntryWithheld)
        assert withheld.why == why
        assert withheld.order.quantity > 0
        assert not day.broker.venue.account.orders
        assert not day.state.book.orders
        told = dict(withheld.signal.context)
        assert set(told) == {"bars"}


def test_on_paper_everything_is_live(tmp_path):
    """`live_symbols` and `live: false` are about orders that are really sent."""
    with live_day(
        tmp_path / "day.db", mode=PAPER, strategies=[eager(live=False)], policy={"live_symbols": ["TCS"]}
    ) as day:
        answered(day, events.EntryApproved)
        day.until(lambda: day.position is not None, "1000.1", "1000")
        assert not day.facts(events.EntryWithheld)


def test_a_symbol_that_openalgo_does_not_know_is_refused_by_that_name(tmp_path):
    """The instrument master is asked before anything is decided."""
    with live_day(tmp_path / "day.db") as day:
        day.ready()
        signal = rc.Signal("NOSUCH", "BUY", at=day.clock())
        day.day.live.runner.offer(events.SignalArrived(day.clock(), signal))
        day.until(lambda: day.facts(events.EntryRefused), "1000.1")
        [refused] = day.facts(events.EntryRefused)
        assert [found.reason for found in refused.findings] == ["instrument_unknown"]
