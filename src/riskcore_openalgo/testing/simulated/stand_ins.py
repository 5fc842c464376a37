"""The parts of a live day that are watched, or stand in for something that is not there, on a simulated day."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import evolve

import riskcore as rc
from riskcore import events
from riskcore_openalgo.alarms import Alarms
from riskcore_openalgo.gateways.openalgo import OpenAlgoGateway
from riskcore_openalgo.testing.direct import Wire
from riskcore_openalgo.testing.simulated.traded import Traded
from riskcore_openalgo.testing.timeline import Fibre

if TYPE_CHECKING:
    from riskcore_openalgo.testing.simulated.room import Room


class Wake(threading.Event):
    """The event that wakes a live day: here it has the next turn taken at once."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__()
        self._act = act

    def set(self) -> None:
        """Something has come in."""
        self._act()


class Quiet(Alarms):
    """Keeps what people would have been told; no thread, no log."""

    def __init__(self, watch: Callable[[events.Fact], None]) -> None:
        self.texts: list[str] = []
        self._seen = watch

    def watch(self, fact: events.Fact) -> None:
        """A fact of a turn."""
        self._seen(fact)

    def tell(self, text: str, *, name: str = "", subject: str = "") -> None:
        """A text for people."""
        self.texts.append(text)


class WatchedWire(Wire):
    """A wire that says which order of ours each call is about. While the machine is suspended, nothing leaves it."""

    room: Room

    def call(self, name: str, body: dict[str, Any], timeout_s: float) -> Any:
        """Ask, when the machine is awake."""
        if self.room.laptop.asleep_s:
            self.time.sleep(self.room.laptop.asleep_s)
        return super().call(name, body, timeout_s)

    def arrived(self, name: str, body: dict[str, Any]) -> Callable[[Callable[[], Any]], Any]:
        """Look at what has come in, and note what it makes the broker do."""
        return self.room.arrived(name, body)


class WatchedGateway(OpenAlgoGateway):
    """The live gateway, which says which order it is about to send."""

    room: Room

    def place(self, order: rc.ApprovedEntry | rc.ApprovedExit, at: datetime) -> Iterable[events.Input]:
        """Send it."""
        with_order = self.room.sending
        with_order[Fibre.current()] = order.order_id
        try:
            return super().place(order, at)
        finally:
            with_order.pop(Fibre.current(), None)


def unhurried(
    broker: str, on: date, otherwise: Mapping[str, Any] | None = None, own: rc.Tables | None = None
) -> rc.Tables:
    """A user's own tables, and a broker's row but for what the day has otherwise, and for how many calls it takes.

    Whoever waits for another's turn waits in his thread.

    The simulated broker answers all that come, and of the fibres of a day none runs while one waits so.
    """
    row = rc.capability(broker, on=on)
    changed = evolve(row, calls_a_minute=None, paces_books=False, **(otherwise or {}))
    return evolve(own or rc.Tables(), brokers=(changed,))


class Bars:
    """Who has bars: each symbol's price of yesterday, with a range of half a per cent, today too."""

    def __init__(self, traded: Mapping[str, Traded], clock: Callable[[], datetime]) -> None:
        self._traded, self._clock = traded, clock

    def history(self, exchange: str, symbol: str, interval: str, start: date, end: date) -> tuple[rc.Bar, ...]:
        """Fifty bars of the day before, and those of today that have begun."""
        price, length = self._traded[symbol].start, rc.interval_length(interval)
        high, low = price * Decimal("1.0025"), price * Decimal("0.9975")
        opens = datetime.combine(end, datetime.min.time(), tzinfo=rc.IST) + timedelta(hours=9.25)
        begun = max(int((self._clock() - opens) / length) + 1, 0)
        moments = [
            *(opens - timedelta(days=1) + n * length for n in range(50)),
            *(opens + n * length for n in range(begun)),
        ]
        return tuple(rc.Bar(at=at, open=price, high=high, low=low, close=price) for at in moments if start <= at.date())
