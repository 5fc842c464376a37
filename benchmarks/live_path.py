"""A live day on the loopback for the benchmarks: the fake OpenAlgo without think time, and moments on the way noted."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import riskcore as rc
from benchmarks.far_broker import far_process
from riskcore import engine, events
from riskcore_openalgo.cli.live import SWITCH_S
from riskcore_openalgo.client import Budget, Client
from riskcore_openalgo.config import Intake, Settings, System
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.runner.assembly import LIVE as MODE, assembled
from riskcore_openalgo.runner.making_way import make_way
from riskcore_openalgo.runner.receiving import Receiving, receiving
from riskcore_openalgo.web.gate import Secret, SourceRules, Sources

TEN = datetime(2026, 11, 23, 10, 0, tzinfo=rc.IST)
BAR = timedelta(minutes=5)
KEY = "a-key"
SECRET = "a-secret"  # noqa: S105 - of an intake on the loopback, for as long as the benchmark runs
NOTHING_RESTS = rc.Capability(
    since=date(2021, 1, 1), source="this benchmark: levels are watched by us alone", broker="stub", resting="none"
)
POLICY = rc.Policy(
    position_size_basis="margin",
    risk_per_trade="0.005",
    confirm_small=True,
    max_positions=500,
    max_trades_per_day=5000,
    max_sector_exposure=100,
    entry_timeout_s=3600,
    tables=rc.Tables(brokers=[NOTHING_RESTS]),
)


class LivePath:
    """The live day, and when each order request left (`perf_counter`), by symbol."""

    def __init__(self, process: Any, folder: Path, symbols: list[str], policy: rc.Policy) -> None:
        self.process, self.symbols = process, symbols
        self._began = time.monotonic()
        self.broker = self.venue()
        host, ws_url = self.broker.open()
        self.left: dict[tuple[str, str], float] = {}
        self.answered: dict[tuple[str, str], float] = {}
        self._news = threading.Condition()
        self.client = Client(
            host,
            KEY,
            ws_url=ws_url,
            clock=self.clock,
            budget=Budget(orders_per_s=10_000, reserved_for_exits=10, reads_per_s=10_000),
        )
        self._note_requests()
        self.journal = Journal(folder / "live.db")
        settings = Settings(policy=policy, system=System(watch=symbols))
        self.day = assembled(settings, self.client, self.journal, mode=MODE, clock=self.clock, api_key=lambda: KEY)

    @property
    def state(self) -> engine.State:
        """The engine's state by now."""
        return self.day.live.state

    def venue(self) -> Any:
        """A broker in the other process, by this day's clock."""
        return self.process.Venue(TEN, self._began, KEY)

    def clock(self) -> datetime:
        """Ten o'clock, and what has passed."""
        return TEN + timedelta(seconds=time.monotonic() - self._began)

    def wait(self, condition: Any, patience_s: float = 20.0) -> None:
        """Until something holds."""
        ends = time.monotonic() + patience_s
        while not condition():
            if time.monotonic() > ends:
                raise TimeoutError("the benchmark's day did not come to where it should")
            time.sleep(0.0005)

    def wait_for_answer(self, symbol: str, side: str, patience_s: float = 20.0) -> None:
        """Until an order was answered; asleep, for who looks again and again takes time from what is measured."""
        with self._news:
            if not self._news.wait_for(lambda: (symbol, side) in self.answered, patience_s):
                raise TimeoutError(f"no {side} of {symbol} was answered")

    def fresh(self, symbol: str, price: Any = 1000) -> None:
        """A price of this moment."""
        prices, key, before = self.day.live._parts.feed.prices, f"NSE:{symbol}", self.clock()
        self.broker.tick(symbol, price)
        self.wait(lambda: (seen := prices.last_good(key)) is not None and seen.at >= before)

    def warm(self) -> None:
        """Instrument, bars and money of every symbol, read once as a day that runs has them."""
        evidence = self.day.live._parts.lanes._evidence
        for symbol in self.symbols:
            evidence.market(rc.Signal(symbol, "BUY", at=self.clock()), "5m", self.clock())

    def _note_requests(self) -> None:
        calls = self.client._calls
        usual = calls.order

        def order(method: str, kind: str, **arguments: Any) -> Any:
            name = (arguments.get("symbol", ""), arguments.get("action", ""))
            self.left.setdefault(name, time.perf_counter())
            reply = usual(method, kind, **arguments)
            with self._news:
                self.answered.setdefault(
                    (arguments.get("symbol", ""), arguments.get("action", "")), time.perf_counter()
                )
                self._news.notify_all()
            return reply

        calls.order = order  # type: ignore[method-assign]


@contextmanager
def live_path(folder: Path, symbols: list[str], policy: rc.Policy = POLICY) -> Iterator[LivePath]:
    """The day with its gate open, its runner in a thread, everything read once; closed at the end."""
    bars = [
        rc.Bar(at=TEN.replace(day=day, hour=9, minute=15) + n * BAR, open=1000, high=1004, low=996, close=1000)
        for day, count in ((18, 75), (19, 75), (20, 75), (23, 9))
        for n in range(count)
    ]
    with far_process() as process:
        path = LivePath(process, folder, symbols, policy)
        path.broker.list(symbols, bars)
        stop = threading.Event()
        live = path.day.live
        live.start()
        thread = threading.Thread(target=live.run, args=(stop,))
        thread.start()
        try:
            path.wait(lambda: live.state.book.state == "active" and live.state.book.opening_equity is not None)
            path.warm()
            make_way(SWITCH_S)
            yield path
        finally:
            stop.set()
            thread.join()
            path.day.close()
            path.journal.close()
            path.client.close()
            path.broker.close()


class Sender:
    """TradingView's part, over one connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)

    def post(self, symbol: str, at: datetime) -> float:
        """Post an alert; the moment just before it was sent."""
        stamp = at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        wish = {"secret": SECRET, "ticker": f"NSE:{symbol}", "action": "buy", "price": 1000, "interval": "5"}
        text = json.dumps({**wish, "time": stamp, "timenow": stamp})
        before = time.perf_counter()
        self._connection.request("POST", "/webhook/tradingview", text, {"content-type": "application/json"})
        answer = json.loads(self._connection.getresponse().read())
        if answer["status"] != "accepted":
            raise RuntimeError(str(answer))
        return before

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


@contextmanager
def alerts_to(path: LivePath, *, own_process: bool = True) -> Iterator[Sender]:
    """The intake in front of a day, and a sender of alerts."""
    sources = Sources({"tradingview": SourceRules(secrets=(Secret(SECRET),), per_minute=1_000_000)})
    given = Receiving(runner=path.day.live.runner, journal=path.journal, sources=sources, tell=print, alarm=print)
    with receiving(Intake(port=free_port(), own_process=own_process), given) as server:
        if server is None:
            raise RuntimeError("the intake was given a source, and listens to nobody")
        sender = Sender(server.port)
        try:
            yield sender
        finally:
            sender.close()


def free_port() -> int:
    """A port of the loopback that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def percentile(values: list[float], share: float) -> float:
    """The value that so large a share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


class Floor:
    """Two durable inserts and one `placeorder` of the SDK, in seconds, on the same disk and in the same run.

    The orders go to a broker of their own: in the day's books they would be a stranger's, and in its way.
    """

    def __init__(self, path: LivePath, journal: Journal, sdk: Any) -> None:
        self._journal, self._sdk = journal, sdk
        self._event = events.TimePassed(path.clock())

    def round(self) -> float:
        """Once; what it took."""
        wish = {"symbol": "FLOOR", "exchange": "NSE", "action": "BUY", "quantity": 1, "product": "MIS"}
        before = time.perf_counter()
        self._journal.append([self._event])
        self._journal.append([self._event])
        self._sdk.placeorder(strategy="floor", price_type="LIMIT", price="1", **wish)
        return time.perf_counter() - before


@contextmanager
def floor_of(path: LivePath) -> Iterator[Floor]:
    """The floor of a day, to be asked for between its trades."""
    broker = path.venue()
    broker.list(["FLOOR"], [])
    host, ws_url = broker.open()
    with (
        closing(broker),
        closing(Client(host, KEY, ws_url=ws_url, clock=path.clock)) as client,
        closing(Journal(Path(path.journal.where).with_name("floor.db"))) as journal,
    ):
        yield Floor(path, journal, client._calls._sdk)


def stepped(state: engine.State, event: events.Input, policy: rc.Policy, times: int = 200) -> float:
    """Microseconds of CPU that one step takes at best."""
    best = float("inf")
    for _ in range(20):
        before = time.process_time()
        for _ in range(times):
            engine.step(state, event, policy)
        best = min(best, (time.process_time() - before) / times * 1e6)
    return best
