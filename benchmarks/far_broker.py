"""The fake OpenAlgo in a process of its own, as the real one is: it shares no interpreter with what is measured."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from multiprocessing import get_context
from multiprocessing.managers import BaseManager
from typing import Any

import riskcore as rc
from riskcore_openalgo.testing import LIVE, FakeBroker, FakeOpenAlgo


class Venue:
    """A broker with money enough behind an OpenAlgo; its time is `start` plus what has passed since `began`."""

    def __init__(self, start: datetime, began: float, key: str) -> None:
        def clock() -> datetime:
            return start + timedelta(seconds=time.monotonic() - began)

        self._broker = FakeBroker(clock=clock, cash=Decimal(10) ** 9, profile=LIVE)
        self._server = FakeOpenAlgo(self._broker, key=key, limits=False)

    def open(self) -> tuple[str, str]:
        """Serve; the addresses for HTTP and for the WebSocket."""
        self._server.start()
        return self._server.host, self._server.ws_url

    def close(self) -> None:
        """Serve no more."""
        self._server.stop()

    def list(self, symbols: Sequence[str], bars: Sequence[rc.Bar]) -> None:
        """Symbols that trade at 1000, with these bars of five minutes."""
        for symbol in symbols:
            key = f"NSE:{symbol}"
            self._broker.contract(key, tick="0.1")
            self._broker.quote(key, last=1000, bid=Decimal("999.9"), ask=1000)
            self._broker.bars(key, "5m", bars)

    def fill_by_hand(self) -> None:
        """Fill nothing unless it is asked for."""
        self._broker.fills_by_hand = True

    def tick(self, symbol: str, price: Any) -> float:
        """A price of a symbol; the moment at which it is sent, by `perf_counter`, which all processes here share."""
        sent = time.perf_counter()
        self._broker.tick(f"NSE:{symbol}", price)
        return sent

    def fill(self, symbol: str, side: str) -> None:
        """Fill the first order of a symbol on a side."""
        orders = self._broker.truth().orders
        found = next(order for order in orders if order.key == f"NSE:{symbol}" and order.side == side)
        self._broker.fill(found.order_id)


class _Process(BaseManager):
    Venue: Any


_Process.register("Venue", Venue)


@contextmanager
def far_process() -> Iterator[Any]:
    """A process whose `Venue(start, began, key)` makes one there, to be called as if it were here."""
    with _Process(ctx=get_context("spawn")) as process:
        yield process
