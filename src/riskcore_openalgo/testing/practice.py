"""A day to practise on: the fake OpenAlgo in its sandbox, and real one-minute bars passing by as quickly as one sleeps.

    with practice("RELIANCE") as day:
        client = Client(day.host, day.key, ws_url=day.ws_url, clock=day.now)
        desk = Desk(client, journal="practice.db", clock=day.now, sleep=day.sleep, monotonic=day.monotonic)
        day.sleep(60)           # a minute passes: prices move, orders match, a bar is added to the history
        day.broker.truth()      # what the sandbox's books hold

Nothing here waits: time passes when somebody sleeps, and only then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from attrs import evolve

import riskcore as rc
from riskcore_openalgo.demo.day import demo_bars
from riskcore_openalgo.lab.obedience import HostTrade
from riskcore_openalgo.testing.broker import FakeBroker
from riskcore_openalgo.testing.profile import SANDBOX
from riskcore_openalgo.testing.server import FakeOpenAlgo

KEY: Final = "practice-key"
MINUTE: Final = timedelta(minutes=1)
BEGINS: Final = time(10, 15)
"""After so many bars that an ATR of 60 one-minute bars is warm."""
AS_IF: Final = date(2026, 11, 23)
PARTS: Final = (0, 15, 30, 59)
"""The seconds of a minute at which its open, its two extremes and its close are the last price."""


class Practice:
    """The day under way: `host`, `ws_url` and `key` as a client wants them, the clock, and the broker behind it."""

    key: str = KEY

    def __init__(self, symbol: str, begins: time, cash: int, on: date) -> None:
        self.instrument, self._bars = recorded(symbol, on)
        self._began = self._now = datetime.combine(on, begins, rc.IST)
        self.broker = FakeBroker(clock=self.now, cash=cash, profile=SANDBOX)
        self.broker.contract(self.instrument.key, tick=self.instrument.tick)
        self._coming = [each for bar in self._bars for each in path_of(bar)]
        self._finish()
        self.server: FakeOpenAlgo | None = None

    @property
    def host(self) -> str:
        """The address of the fake."""
        assert self.server is not None
        return self.server.host

    @property
    def ws_url(self) -> str:
        """Where its stream of prices is."""
        assert self.server is not None
        return self.server.ws_url

    def now(self) -> datetime:
        """The moment, in IST."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since the day began."""
        return (self._now - self._began).total_seconds()

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass, with all that happens in them."""
        until = self._now + timedelta(seconds=seconds)
        while self._coming and self._coming[0][0] <= until:
            self._now = max(self._now, self._coming[0][0])
            self.broker.tick(self.instrument.key, self._coming.pop(0)[1])
        self._now = until
        self._finish()
        self.broker.check()

    def trades(self, approved: Iterable[rc.ApprovedEntry]) -> list[HostTrade]:
        """The finished trades of the sandbox's own trade book, held against what was approved, in the same order.

        Entry, exit and stop are the broker's (the stop is the trigger of the order that rested); of the approved order
        only the target is taken, which no broker knows. A position that is still open is none.
        """
        fills = [*self.broker.truth().trades]
        stops = [order for order in self.broker.truth().orders if order.trigger]
        wanted = {(order.side, order.quantity, order.limit): order for order in approved}
        made = []
        for entry, left in zip(fills[::2], fills[1::2], strict=False):
            placed = next(order for order in self.broker.truth().orders if order.order_id == entry.order_id)
            stop = next(order for order in stops if order.at >= placed.at)
            order = wanted[placed.side, placed.quantity, placed.price]
            made.append(
                HostTrade(
                    side=entry.side, quantity=entry.quantity, entered_at=entry.at, entry=entry.price,
                    stop=stop.trigger, target=order.target, left_at=left.at, exit=left.price,
                )
            )  # fmt: skip
        return made

    def _finish(self) -> None:
        """What has ended by now is history: bars, and the price of the last one."""
        ended = [bar for bar in self._bars if bar.at + MINUTE <= self._now]
        self.broker.bars(self.instrument.key, "1m", ended)
        if self._coming and self._coming[0][0] <= self._now:
            self._coming = [each for each in self._coming if each[0] > self._now]
            self.broker.quote(self.instrument.key, last=ended[-1].close)


def recorded(symbol: str, on: date = AS_IF) -> tuple[rc.Instrument, list[rc.Bar]]:
    """The bars of 28 February 2020 as if they were of the day `on`; `ValueError` names the symbols there are."""
    found = {stock.symbol: (stock, bars) for stock, bars in demo_bars().items()}
    if symbol not in found:
        raise ValueError(f"practice: symbol must be one of {', '.join(sorted(found))}, got {symbol!r}")
    stock, bars = found[symbol]
    return stock, [evolve(bar, at=datetime.combine(on, bar.at.time(), rc.IST)) for bar in bars]


def path_of(bar: rc.Bar) -> Iterator[tuple[datetime, Decimal]]:
    """The way of the price through a bar: the extreme on the side it came from is met first."""
    extremes = (bar.low, bar.high) if bar.close >= bar.open else (bar.high, bar.low)
    for second, price in zip(PARTS, (bar.open, *extremes, bar.close), strict=True):
        yield bar.at + timedelta(seconds=second), price


@contextmanager
def practice(
    symbol: str = "RELIANCE", *, begins: time = BEGINS, cash: int = 1_000_000, on: date = AS_IF
) -> Iterator[Practice]:
    """The prices of 28 February 2020 as if it were the day `on`, from `begins`, for one of INFY, LT and RELIANCE.

    `cash` is the sandbox's, in rupees. What the exchange and the brokers do is dated `on`: their tables begin later
    than the prices were made.
    """
    day = Practice(symbol, begins, cash, on)
    with FakeOpenAlgo(day.broker, key=day.key, limits=False) as server:
        day.server = server
        yield day
