"""The live feed over a simulated market: its own conflater, judge and troubles, and in place of sockets a timeline."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from attrs import define

from riskcore_openalgo.live_feed import LiveFeed
from riskcore_openalgo.live_feed.live import FreshTiming
from riskcore_openalgo.live_feed.messages import OrderUpdate, read
from riskcore_openalgo.live_feed.ticks import POLL, STREAM, Moment, Quote, Tick
from riskcore_openalgo.testing.answers import shapes
from riskcore_openalgo.testing.events import Event
from riskcore_openalgo.testing.profile import SANDBOX, Profile
from riskcore_openalgo.testing.simulated.script import MUHURAT, MUHURAT_HOURS
from riskcore_openalgo.testing.timeline import Timeline

OPENS, CLOSES, CONTRACTS_CLOSE = time(9, 15), time(15, 30), time(15, 40)
STALE_S: Final = 200.0
POLL_S: Final = 150.0
"""So often every price is asked for: in quiet hours nothing else is heard, and a calm market is no fault."""


@define
class StreamFaults:
    """What is wrong with the stream now."""

    lose: int = 0
    repeat: int = 0
    late_s: float = 0.0
    ticks_late_s: float = 0.0
    deaf_until: datetime | None = None
    down: bool = False


class SimulatedFeed(LiveFeed):
    """A `LiveFeed` whose stream is a function call. `faults` outlive the process that listens: they are the net's."""

    def __init__(
        self,
        time: Timeline,
        chance: Random,
        faults: StreamFaults,
        *,
        live: Profile,
        mode: str,
        wake: Callable[[], None],
        monotonic: Callable[[], float],
        last: Callable[[str], Decimal],
    ) -> None:
        super().__init__(
            "ws://simulated.invalid",
            lambda: "",
            _nobody,
            mode=mode,
            clock=time,
            monotonic=monotonic,
            wake=wake,
            is_open=_is_open,
            fresh=FreshTiming(stale_after_s=STALE_S),
            chance=chance.random,
        )
        self.faults, self._time, self._chance, self._gone = faults, time, chance, False
        self._last, self._mono = last, monotonic
        self._profiles = {"analyze": SANDBOX, "live": live}

    def start(self) -> None:
        """Connected, where the network allows it."""
        self._connection(not self.faults.down, "started")
        self._poll()

    def stop(self, within_s: float = 5.0) -> bool:
        """Nothing is told any more."""
        self._gone = True
        return True

    def lose(self, *, updates: int) -> None:
        """Swallow so many order updates."""
        self.faults.lose += updates

    def repeat(self, updates: int) -> None:
        """Tell so many order updates twice."""
        self.faults.repeat += updates

    def gap(self, seconds: float) -> None:
        """Silence, with nobody knowing: no price, no update."""
        self._deaf(seconds)

    def drop(self, seconds: float) -> None:
        """The connection is cut, and there again later: what was said meanwhile is lost."""
        self.faults.down = True
        self._connection(False, "cut")
        self._time.later(seconds, self._come_back)

    def hear(self, event: Event) -> None:
        """What the broker tells, on its way here."""
        if not self._hears():
            return
        delay = 0.02
        if event.kind == "tick" and event.quote is not None:
            price = event.quote.last
            made_at = self._time.now
            if self.faults.ticks_late_s:
                delay += self.faults.ticks_late_s * self._chance.random()
            self._time.later(delay, lambda: self._price(event.key, price, made_at))
        elif event.order is not None:
            self._order_told(event, delay)

    def _hears(self) -> bool:
        faults = self.faults
        return not faults.down and (faults.deaf_until is None or self._time.now >= faults.deaf_until)

    def _poll(self) -> None:
        if self._gone:
            return
        now, mono = self._time.now, self._mono()
        if self._hears():
            for key in self.prices.keys():  # noqa: SIM118 - a method of its own
                if price := self._last(key):  # a symbol that there is not has none
                    self._tick(Tick(key, price, POLL, now, mono, traded=False))
        self._time.later(POLL_S, self._poll)

    def _order_told(self, event: Event, delay: float) -> None:
        faults = self.faults
        if faults.lose:
            faults.lose -= 1
            return
        assert event.order is not None
        said = shapes.order_update(event.order, self._profiles[event.mode])
        delay += 0.05 * self._chance.random()
        if faults.late_s:
            delay += faults.late_s * self._chance.random()
        self._time.later(delay, lambda: self._update(said))
        if faults.repeat:
            faults.repeat -= 1
            self._time.later(delay + 0.2, lambda: self._update(said))

    def _price(self, key: str, price: Any, made_at: datetime) -> None:
        if not self._gone:
            self._tick(Tick(key, price, STREAM, self._time.now, self._mono(), made_at))

    def _update(self, said: dict[str, Any]) -> None:
        if self._gone:
            return
        message = read(json.dumps(said), Moment(self._time.now, self._mono()))
        assert isinstance(message, OrderUpdate), message
        self._order(message)

    def _deaf(self, seconds: float) -> None:
        self.faults.deaf_until = self._time.now + timedelta(seconds=seconds)

    def _come_back(self) -> None:
        self.faults.down = False
        if not self._gone:
            self._connection(True, "there again")


def _is_open(key: str, at: datetime) -> bool:
    if at.date() == MUHURAT:
        return MUHURAT_HOURS[0] <= at.timetz().replace(tzinfo=None) < MUHURAT_HOURS[1]
    closes = CLOSES if key.startswith("NSE:") else CONTRACTS_CLOSE
    return OPENS <= at.timetz().replace(tzinfo=None) < closes


def _nobody(keys: Any) -> Mapping[str, Quote]:
    """Nobody is polled."""
    return {}
