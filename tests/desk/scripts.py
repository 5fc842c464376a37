"""Scripts at one account of the fake OpenAlgo: real sockets, the real SDK; time passes where a script waits."""

import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import riskcore as rc
from riskcore import engine
from riskcore_openalgo.client import Budget, Client
from riskcore_openalgo.desk import Desk, DeskError
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.testing import LIVE, FakeBroker, FakeOpenAlgo

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=rc.IST)
KEY = "a-key-of-the-tests"
BAR = timedelta(minutes=5)
ROOT = Path(__file__).resolve().parents[2]
RULES = {"position_size_basis": "margin", "risk_per_trade": "0.1", "quote_max_age_s": 30}
POLICY = rc.Policy(**RULES)
ONE_POSITION = rc.Policy(**RULES, max_positions=1)


def flat_bars(until, price=1000, half=4):
    """Bars of 5 minutes around a price, of the three sessions before and of today: an ATR of twice `half`."""
    bars = []
    for day in (18, 19, 20, 23):
        first = datetime(2026, 11, day, 9, 15, tzinfo=rc.IST)
        bars += [
            rc.Bar(at=first + n * BAR, open=price, high=price + half, low=price - half, close=price)
            for n in range(75)
            if first + (n + 1) * BAR <= until
        ]
    return bars


def kind_of(call):
    """The kind of the error that a call ends in, and its text."""
    with pytest.raises(DeskError) as caught:
        call()
    return caught.value.kind, str(caught.value)


class Sleeping:
    """A clock that moves when somebody sleeps; `between` is called then."""

    def __init__(self):
        self.passed, self.between = 0.0, lambda: None

    def wall(self):
        return NOW + timedelta(seconds=self.passed)

    def mono(self):
        return 1000.0 + self.passed

    def sleep(self, seconds):
        self.passed += seconds
        self.between()


class Going:
    """A clock that goes on by itself."""

    def __init__(self):
        self._began = time.monotonic()

    @property
    def passed(self):
        return self.mono() - self._began

    def wall(self):
        return NOW + timedelta(seconds=self.passed)

    def mono(self):
        return time.monotonic()

    def sleep(self, seconds):
        time.sleep(seconds)


class Account:
    """A broker with INFY and TCS at 1,000, and the journal that scripts share."""

    def __init__(self, server, broker, clock, path):
        self.server, self.broker, self.clock, self.path = server, broker, clock, path
        self._clients = []

    def client(self):
        """A client; closed at the end."""
        budget = Budget(orders_per_s=100, reads_per_s=1000)
        made = Client(
            self.server.host, KEY, ws_url=self.server.ws_url, timeout_s=5, analyzer_timeout_s=5, budget=budget,
            sleep=lambda seconds: None, clock=self.clock.wall,
        )  # fmt: skip
        self._clients.append(made)
        return made

    def desk(self, policy=POLICY, *, mode="live", **more):
        """A script's desk."""
        given = {"journal": self.path, "wait_s": 0.0, "clock": self.clock.wall, "sleep": self.clock.sleep} | more
        return Desk(self.client(), policy=policy, mode=mode, monotonic=self.clock.mono, **given)

    def child(self, symbol):
        """A script in a process of its own, which has decided when this returns."""
        command = [sys.executable, "-m", "tests.desk.child", self.server.host, self.server.ws_url, self.path, symbol]
        child = subprocess.Popen(
            [*map(str, command), str(self.clock.passed)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert child.stdout.readline() == "decided\n"
        return child

    def signal(self, symbol="INFY", side="BUY", **more):
        """A signal of this moment."""
        return rc.Signal(symbol, side, at=self.clock.wall(), **more)

    def entered(self, desk, symbol="INFY", **more):
        """Buy through a desk."""
        decision = desk.decide(self.signal(symbol))
        assert decision.approved, decision.explain()
        return desk.send(decision, **more)

    def facts(self, *kinds):
        """The facts of these kinds that are in the journal."""
        with Reader(self.path) as journal:
            return [row.event for row in journal.rows("fact") if isinstance(row.event, kinds)]

    @property
    def state(self):
        """What the journal folds to."""
        with Reader(self.path) as journal:
            return engine.fold(row.event for row in journal.rows("fact"))

    def orders(self, **where):
        """The broker's orders: those that have these values."""
        orders = self.broker.truth().orders
        return [order for order in orders if all(getattr(order, name) == value for name, value in where.items())]

    def sent(self):
        """What OpenAlgo was asked to place: (action, price type) each."""
        calls = [call.body for call in self.server.calls if call.endpoint == "placeorder"]
        return [(body["action"], body["pricetype"]) for body in calls]

    def close(self):
        for client in self._clients:
            client.close()


@contextmanager
def account(path, *, profile=LIVE, clock=None):
    """An account whose sockets are closed at the end."""
    clock = clock or Sleeping()
    broker = FakeBroker(clock=clock.wall, cash=1_000_000, profile=profile)
    for key in ("NSE:INFY", "NSE:TCS"):
        broker.contract(key, tick="0.1")
        broker.quote(key, last=1000, bid="999.9", ask="1000.1")
        broker.bars(key, "5m", flat_bars(NOW))
    with FakeOpenAlgo(broker, key=KEY, limits=False) as server:
        made = Account(server, broker, clock, path)
        try:
            yield made
        finally:
            made.close()
