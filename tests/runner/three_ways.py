"""One tape, three ways: the backtest, the paper day, and the live gateway in front of the fake OpenAlgo.

A tick is a bar of one price. On all three an order that was decided at one tick meets the next one, as an order does
that takes a moment to arrive; an exit from a watched level is sent at the price that reached it.
"""

from attrs import evolve

import riskcore as rc
from riskcore import events
from riskcore_openalgo.client import Budget, InstrumentCache
from riskcore_openalgo.gateways.mode import ModeGuard
from riskcore_openalgo.gateways.openalgo import OpenAlgoGateway
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.lab.backtests import backtest
from riskcore_openalgo.lab.ema_cross import EmaCross
from riskcore_openalgo.runner.account import Account
from riskcore_openalgo.runner.lanes import InlineLanes
from riskcore_openalgo.runner.player import BarEvidence, BarPlayer
from riskcore_openalgo.runner.runner import Runner
from riskcore_openalgo.testing import LIVE, FakeBroker
from riskcore_openalgo.testing.direct import Wire
from riskcore_openalgo.testing.timeline import Timeline

INTERVAL = "1m"


def ticks_of(bars):
    """The tape: each bar's close, as a bar of one price."""
    return {
        thing: [evolve(bar, open=bar.close, high=bar.close, low=bar.close) for bar in series]
        for thing, series in bars.items()
    }


def strategies(tape):
    """A fresh EMA cross for each instrument."""
    return {thing.key: EmaCross(symbol=thing.symbol, interval=INTERVAL) for thing in tape}


def backtested(tape, policy):
    """The facts of the bar-by-bar simulation."""
    made = strategies(tape)
    return rc.simulate(tape, lambda thing, seen: made[thing.key](seen), policy, interval=INTERVAL).facts


def jumped(tape, policy):
    """The facts of the backtest that users run, which leaves out what can change nothing."""
    return backtest(tape, EmaCross, policy, interval=INTERVAL).facts


def on_paper(tape, policy, path):
    """The facts of a paper day under the ideal profile."""
    facts = []
    own = {key: [one] for key, one in strategies(tape).items()}
    with Journal(path) as journal:
        for _ in BarPlayer(journal, policy, tape, own, interval=INTERVAL, watch=facts.append).play():
            pass
    return tuple(facts)


class Arriving(InlineLanes):
    """Lanes whose orders arrive with the next tick, but for exits from a level, which the price has reached already."""

    def __init__(self, gateway, evidence):
        super().__init__(gateway, evidence)
        self.waiting = []

    def send(self, command, at, deliver):
        level = getattr(getattr(command, "order", None), "level", None)
        if isinstance(command, (events.PlaceEntry, events.PlaceExit)) and level is None:
            self.waiting.append(command)
        else:
            super().send(command, at, deliver)

    def arrive(self, at, deliver):
        waiting, self.waiting = self.waiting, []
        for command in waiting:
            super().send(command, at, deliver)


class LiveOnTheFake:
    """A runner with the live gateway, the SDK's reading of answers and the account's own books."""

    def __init__(self, tape, policy, journal, facts):
        self.tape, self.length = tape, rc.interval_length(INTERVAL)
        self.time = time = Timeline(min(series[0].at for series in tape.values()))
        self.broker = FakeBroker(clock=time, cash=1_000_000, profile=LIVE)
        for thing, series in tape.items():
            self.broker.contract(thing.key, tick=thing.tick)
            price = series[0].close
            self.broker.quote(thing.key, price, bid=price, ask=price)
        budget = Budget(orders_per_s=1000, reads_per_s=1000, monotonic=time.monotonic, sleep=time.sleep)
        client = Wire(self.broker, time, limits=False).client(budget=budget)
        guard = ModeGuard(client, "live", monotonic=time.monotonic)
        self.account = Account(client, guard=guard, clock=time, instruments=InstrumentCache(client))
        self.seen = BarEvidence(policy, INTERVAL)
        for thing in tape:
            self.seen.instruments[thing.key], self.seen.bars[thing.key] = thing, []
        self.lanes = Arriving(OpenAlgoGateway(client, guard=guard, clock=time), self.seen)
        self.runner = Runner(journal=journal, policy=policy, lanes=self.lanes, clock=time, watch=facts.append)
        self.own = strategies(tape)

    def play(self):
        """The whole tape."""
        self.time.now += self.length
        self.runner.start()
        for moment, group in rc.moments(self.tape):
            self.time.now = moment
            for thing, bar in group:
                self.broker.tick(thing.key, bar.close)
            self.lanes.arrive(moment, self.runner.offer)
            self.time.now = moment + self.length
            self.read()
            for thing, bar in group:
                self.seen.bars[thing.key].append(bar)
                self.offer(rc.prices_of(bar, thing.key, self.length))
                signal = self.own[thing.key](self.seen.bars[thing.key])
                if signal is not None:
                    self.offer(events.SignalArrived(self.time.now, signal))

    def offer(self, event):
        """One input, and what came of it at the broker."""
        self.runner.offer(event)
        self.runner.settle()
        self.read()

    def read(self):
        """The books, while an order of ours is on its way."""
        if self.runner.state.book.live_orders():
            for event in self.account.books():
                self.runner.offer(event)
        self.runner.settle()


def live_on_the_fake(tape, policy, path):
    """The facts of a day through the live gateway, and what the fake's own books say of it."""
    facts = []
    with Journal(path) as journal:
        day = LiveOnTheFake(tape, policy, journal, facts)
        day.play()
        return tuple(facts), day.broker.truth()
