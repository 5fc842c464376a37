"""A market that moves by itself: the fake OpenAlgo, real one-minute bars, and a clock that runs faster than ours.

    with Paced("RELIANCE", speed=10) as market:
        client = Client(market.host, market.key, ws_url=market.ws_url, clock=market.now)

A thread ticks the price five times a second along the way through each recorded bar: open, the two extremes, close.
For a day that passes only when somebody sleeps see `practice`.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Callable
from datetime import date, datetime, time as clock_time
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Final

import attrs

import riskcore as rc
from riskcore_openalgo.runner.intake_child import Ticks
from riskcore_openalgo.testing.broker import FakeBroker
from riskcore_openalgo.testing.practice import AS_IF, BEGINS, KEY, MINUTE, path_of, recorded
from riskcore_openalgo.testing.profile import SANDBOX
from riskcore_openalgo.testing.server import FakeOpenAlgo

if TYPE_CHECKING:
    from typing_extensions import Self

TICK_S: Final = 0.2
FASTEST: Final = 30
"""Beyond it the prices that a decision sees are older than it allows."""


class Paced:
    """The market under way: `host`, `ws_url` and `key` as a client wants them, the clock, and the broker behind it.

    `speed` is how many seconds pass in one of ours. `on_bar(bars)` is called in the market's thread after each minute,
    with the bars that have ended; what it raises is kept in `problem`, and ends the ticking.
    """

    key: str = KEY

    def __init__(
        self,
        symbol: str = "RELIANCE",
        *,
        speed: float = 1.0,
        begins: clock_time = BEGINS,
        cash: int = 1_000_000,
        on: date = AS_IF,
        on_bar: Callable[[list[rc.Bar]], None] = lambda bars: None,
    ) -> None:
        if not 1 <= speed <= FASTEST:
            raise ValueError(f"speed must be 1 to {FASTEST}, got {speed}")
        self.instrument, self._bars = recorded(symbol, on)
        self._on_bar, self._starts = on_bar, datetime.combine(on, begins, rc.IST)
        self.clock = Ticks(self._starts, time.monotonic(), speed)
        self._way = [each for bar in self._bars for each in path_of(bar)]
        self._moments = [at for at, _ in self._way]
        self._ended, self.problem = 0, None
        self._ending = threading.Event()
        self.broker = FakeBroker(clock=self.now, cash=cash, profile=SANDBOX)
        self.broker.contract(self.instrument.key, tick=self.instrument.tick)
        self.broker.quote(self.instrument.key, last=self.price(self._starts))
        self.bars_until(self._starts)
        self._server = FakeOpenAlgo(self.broker, key=self.key, limits=False)
        self._thread = threading.Thread(target=self._run, name="riskcore-practice-market", daemon=True)

    problem: Exception | None

    @property
    def host(self) -> str:
        """The address of the fake."""
        return self._server.host

    @property
    def ws_url(self) -> str:
        """Where its stream of prices is."""
        return self._server.ws_url

    @property
    def closes(self) -> datetime:
        """The end of the last bar there is."""
        return self._bars[-1].at + MINUTE

    def now(self) -> datetime:
        """The moment there, in IST."""
        return self.clock()

    def price(self, at: datetime) -> Decimal:
        """The price at a moment, on the straight way between two recorded ones, to the tick; the last one after all."""
        place = bisect_right(self._moments, at)
        if place in (0, len(self._way)):
            return self._way[max(place - 1, 0)][1]
        (before, start), (after, end) = self._way[place - 1 : place + 1]
        part = Decimal((at - before) / (after - before))
        tick = self.instrument.tick
        return ((start + (end - start) * part) / tick).quantize(Decimal(1)) * tick

    def bars_until(self, now: datetime) -> list[rc.Bar]:
        """The bars that have ended; they are what the fake serves as history."""
        ended = [bar for bar in self._bars if bar.at + MINUTE <= now]
        self._ended = len(ended)
        self.broker.bars(self.instrument.key, "1m", ended)
        return ended

    def __enter__(self) -> Self:
        self.clock = attrs.evolve(self.clock, mono=time.monotonic())
        self._server.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._thread.join()
        self._server.stop()

    def _run(self) -> None:
        seen = self._starts
        try:
            while not self._ending.wait(TICK_S):
                now = self.now()
                self._tick(seen, now)
                seen = now
        except Exception as problem:  # noqa: BLE001 - whoever waits for the day looks at it
            self.problem = problem

    def _tick(self, since: datetime, now: datetime) -> None:
        """The recorded prices that were passed, the one of now, and the bars that ended."""
        first, last = bisect_right(self._moments, since), bisect_right(self._moments, now)
        for price in (*(price for _, price in self._way[first:last]), self.price(now)):
            self.broker.tick(self.instrument.key, price)
        self.broker.check()
        if now >= self._starts and self._ended < len(self._bars) and self._bars[self._ended].at + MINUTE <= now:
            self._on_bar(self.bars_until(now))
