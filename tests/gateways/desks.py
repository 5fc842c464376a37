"""A live gateway in front of the fake OpenAlgo, and an account reader beside it: real sockets, the real SDK."""

from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal

from attrs import evolve

import riskcore as rc
from riskcore import events
from riskcore_openalgo.client import Budget, Client, InstrumentCache
from riskcore_openalgo.gateways.mode import ModeGuard
from riskcore_openalgo.gateways.openalgo import OpenAlgoGateway
from riskcore_openalgo.runner.account import Account
from riskcore_openalgo.testing import LIVE, FakeBroker, FakeOpenAlgo

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=rc.IST)
KEY = "a-key-of-the-tests"
INFY = rc.nse_equity("INFY", on=NOW.date(), tick="0.1")
ROW = rc.capability("zerodha", on=NOW.date())


class Seconds:
    """A clock that moves when it is told to, or somebody sleeps by it: the wall's and the monotonic one."""

    def __init__(self):
        self.passed = 0.0

    def wall(self):
        return NOW + timedelta(seconds=self.passed)

    def mono(self):
        return 1000.0 + self.passed

    def sleep(self, seconds):
        self.passed += seconds


class LiveDesk:
    """A broker with INFY at 1,000, a client of it, a gateway and a reader of the account."""

    def __init__(self, server, broker, clock, *, mode, budget=None, timeout_s=20.0, row=ROW, **more):
        self.broker, self.server, self.clock = broker, server, clock
        budget = budget or Budget(orders_per_s=100, reads_per_s=1000)
        times = {"timeout_s": timeout_s, "analyzer_timeout_s": timeout_s, "clock": clock.wall, "sleep": clock.sleep}
        self.client = Client(server.host, KEY, budget=budget, jitter=lambda: 0.5, **times)
        self.guard = ModeGuard(self.client, mode, monotonic=clock.mono)
        self.gateway = OpenAlgoGateway(self.client, guard=self.guard, clock=clock.wall, row=lambda: row, **more)
        self.account = Account(
            self.client, guard=self.guard, clock=clock.wall, instruments=InstrumentCache(self.client)
        )

    def place(self, order):
        """What came back of an order: (the inputs that are no report, the report)."""
        *others, report = self.gateway.place(order, self.clock.wall())
        return others, report

    def cancel(self, report):
        """What came back of a cancel."""
        return list(self.gateway.cancel(events.CancelOrder(report.order_id, report.broker_id), self.clock.wall()))

    def order(self, report):
        """The order at the broker that a report names."""
        return next(order for order in self.broker.truth().orders if order.order_id == report.broker_id)

    def asked(self, endpoint):
        """How often an endpoint was called."""
        return [call.endpoint for call in self.server.calls].count(endpoint)


@contextmanager
def live_desk(*, profile=LIVE, mode="live", **more):
    """A desk whose sockets are closed at the end."""
    clock = Seconds()
    broker = FakeBroker(clock=clock.wall, cash=1_000_000, profile=profile)
    broker.contract("NSE:INFY", tick="0.1")
    broker.quote("NSE:INFY", last=1000, bid=999.9, ask=1000.1)
    with FakeOpenAlgo(broker, key=KEY, limits=False) as server:
        desk = LiveDesk(server, broker, clock, mode=mode, **more)
        try:
            yield desk
        finally:
            desk.client.close()


def entry(quantity=10, limit=1001, side="BUY"):
    """An approved entry of INFY."""
    market = rc.Market(instrument=INFY, at=NOW, last=1000)
    signal = rc.Signal("INFY", side, at=NOW, stop=980, target=1100)
    made = rc.decide(signal, rc.Book(100_000), market, rc.Policy(position_size_basis="margin")).order
    return evolve(made, quantity=quantity, limit=Decimal(limit))


def leaving(quantity=10, limit=995, trigger=None):
    """An approved exit of a bought position of INFY."""
    return rc.ApprovedExit(
        order_id=f"exit:{quantity}:{trigger}",
        position_id="p",
        instrument=INFY,
        side="SELL",
        quantity=quantity,
        product="MIS",
        reference=Decimal(1000),
        limit=Decimal(limit),
        reason="stop",
        level=None,
        at=NOW,
        trigger=None if trigger is None else Decimal(trigger),
    )
