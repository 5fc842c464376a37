"""A live day against the fake OpenAlgo: real sockets, threads and SDK; the wall clock begins at 10:30."""

import threading
import time
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal

from attrs import evolve

import riskcore as rc
from riskcore import events
from riskcore_openalgo.client import Budget, Client
from riskcore_openalgo.config import OpenAlgoAccess, Settings, System
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.runner.assembly import LIVE as LIVE_MODE, assembled
from riskcore_openalgo.runner.stopping import wind_down
from riskcore_openalgo.testing import LIVE, FakeBroker, FakeOpenAlgo
from riskcore_openalgo.testing.simulated.stand_ins import unhurried

KEY = "a-key-of-the-tests"
MORNING = datetime(2026, 11, 23, 10, 30, tzinfo=rc.IST)
BAR = timedelta(minutes=5)
PATIENCE_S = 60.0


def flat_bars(until, sessions=(18, 19, 20, 23)):
    """Bars of 5 minutes until 15:15 around 1,000, each 8 wide: an ATR of 8."""
    bars = []
    for day in sessions:
        first = datetime(2026, 11, day, 9, 15, tzinfo=rc.IST)
        bars += [
            rc.Bar(at=first + n * BAR, open=1000, high=1004, low=996, close=1000)
            for n in range(72)
            if first + (n + 1) * BAR <= until
        ]
    return bars


class LiveDay:
    """A broker with INFY at 1,000, and a runner in front of it that runs in a thread."""

    def __init__(self, server, broker, path, starts, *, mode, analyzer, settings):
        self.broker, self.server, self.path = broker, server, path
        self._began, self._starts = time.monotonic(), starts
        self._mode, self._analyzer, self._settings = mode, analyzer, settings
        self.day = self.journal = self.client = self._thread = None

    def clock(self):
        """The wall clock: it goes on from where the day starts."""
        return self._starts + timedelta(seconds=time.monotonic() - self._began)

    def skip_to(self, moment):
        """Let the wall clock, ours and the broker's, jump to a later moment."""
        self._starts += moment - self.clock()

    def night(self):
        """A night at the broker: day orders end, shares for delivery become holdings, the books begin anew."""
        with self.broker.lock:
            account = self.broker.venue.account
            for order in [order for order in account.orders.values() if order.working]:
                self.broker.cancel_by_broker(order.order_id)
            account.deliver(self.clock().date())
            account.roll_over(self.clock())

    def start(self):
        """Start the runner, or start it again."""
        self.client = Client(
            self.server.host, KEY, ws_url=self.server.ws_url, budget=Budget(reads_per_s=1000), clock=self.clock
        )
        self.journal = Journal(self.path)
        self.day = assembled(
            self._settings,
            self.client,
            self.journal,
            mode=self._mode,
            analyzer=self._analyzer,
            clock=self.clock,
            api_key=lambda: KEY,
        )
        self._stop = threading.Event()
        self.day.live.start()
        self.began_with = self.state
        self._thread = threading.Thread(target=self.day.live.run, args=(self._stop,))
        self._thread.start()

    def stop(self, *, flatten=None, within_s=PATIENCE_S):
        """End the thread; wind down first where `flatten` is given. Returns the code of the end, if there is one."""
        if self._thread is None:
            return None
        self._stop.set()
        self._thread.join()
        self._thread = None
        runner = self.day.live.runner
        code = None
        if flatten is not None:
            code = wind_down(self.day.live, runner.offer, runner.clock, flatten=flatten, within_s=within_s)
        self.day.close()
        self.journal.close()
        self.client.close()
        return code

    @property
    def state(self):
        """The engine's state by now."""
        return self.day.live.state

    @property
    def position(self):
        """What we hold of INFY."""
        return self.state.book.position("NSE:INFY")

    def signal(self, side="BUY", **more):
        """A signal of this moment."""
        made = rc.Signal("INFY", side, at=self.clock(), **more)
        self.day.live.runner.offer(events.SignalArrived(self.clock(), made))
        return made

    def until(self, condition, *prices):
        """Wait until something holds, with a tick of the prices (in turn) every twentieth of a second."""
        ends, turn = time.monotonic() + PATIENCE_S, 0
        while time.monotonic() < ends:
            if condition():
                return
            if prices:
                self.broker.tick("NSE:INFY", prices[turn % len(prices)])
                turn += 1
            time.sleep(0.05)
        raise AssertionError(f"not within {PATIENCE_S} s; {self.state.book}")

    def ready(self):
        """Wait until entries may go and prices come in."""
        prices = self.day.live._parts.feed.prices
        self.until(lambda: self.state.book.state == "active" and self.state.book.opening_equity is not None)
        self.until(lambda: prices.last_good("NSE:INFY") is not None, 1000, "1000.1")

    def entered(self, **more):
        """Buy, and wait until the stop rests at the broker."""
        self.ready()
        self.signal(**more)
        self.until(lambda: self.position is not None, "1000.1")
        self.until(self.covered)
        return self.position

    def closed(self, *prices):
        """Wait until a trade is finished, and in the journal."""
        self.until(lambda: self.facts(events.PositionClosed), *prices)
        return self.facts(events.PositionClosed)[-1]

    def covered(self):
        """Whether a stop works at the broker for what is held."""
        resting = self.state.book.resting("NSE:INFY")
        return resting is not None and resting.status == "working"

    def facts(self, kind):
        """The facts of a kind that are in the journal, what the state has of them already among them."""
        if self._thread is not None:  # the state is there before the journal: an answer says that both are
            durable = self.day.live.runner.ask(events.TimePassed(self.clock()), lambda facts, accepted: accepted)
            assert durable.result(PATIENCE_S)
        return [row.event for row in self.journal.rows("fact") if isinstance(row.event, kind)]


@contextmanager
def live_day(
    path,
    *,
    profile=LIVE,
    mode=LIVE_MODE,
    analyzer=False,
    starts=MORNING,
    policy=None,
    strategies=(),
    start=True,
    **system,
):
    """A day whose sockets, threads and files are closed at the end."""
    rules = {"position_size_basis": "margin", "risk_per_trade": "0.1", **(policy or {})}
    if rc.capability(profile.broker, on=starts.date()).calls_a_minute is not None:
        rules.setdefault("tables", unhurried(profile.broker, starts.date()))  # its limit would make days of minutes
    system = System(**{"watch": ["INFY"], **system})
    settings = Settings(policy=rc.Policy(**rules), strategies=strategies, system=system)
    made = []
    broker = FakeBroker(clock=lambda: made[0].clock() if made else starts, cash=1_000_000, profile=profile)
    broker.contract("NSE:INFY", tick="0.1")
    broker.quote("NSE:INFY", last=1000, bid=Decimal("999.9"), ask=Decimal("1000.1"))
    broker.bars("NSE:INFY", "5m", flat_bars(starts))
    with FakeOpenAlgo(broker, key=KEY, limits=False) as server:
        access = OpenAlgoAccess(host=server.host, api_key=KEY, ws_url=server.ws_url)
        settings = evolve(settings, credentials=evolve(settings.credentials, openalgo=access))
        day = LiveDay(server, broker, path, starts, mode=mode, analyzer=analyzer, settings=settings)
        made.append(day)
        try:
            if start:
                day.start()
            yield day
        finally:
            day.stop()
