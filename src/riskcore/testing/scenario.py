"""A day told by hand: `Scenario` drives the engine with one short line an input, for readable tests."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from riskcore import events as e
from riskcore.book import Book
from riskcore.engine import State, fold, step
from riskcore.instruments import Instrument
from riskcore.money import exact
from riskcore.orders import FILLED, ApprovedEntry, ApprovedExit
from riskcore.policy import Policy
from riskcore.sessions import IST
from riskcore.signals import BUY, ENTRY, Market, Signal

DAY: Final = date(2026, 11, 20)


class Scenario:
    """An engine under one policy, told what happens and when ("10:00:05", IST); keeps every fact and command.

    >>> day = Scenario(Policy(), Instrument(symbol="RELIANCE", tick=0.1))
    >>> order = day.enter("10:00", last=2500, atr=20)
    >>> day.fill("10:00:01", order, price=2501)
    ('Filled',)
    >>> day.prices("10:05", low=2400, last=2460)
    ('Marked', 'ExitApproved')
    """

    def __init__(
        self, policy: Policy, *instruments: Instrument, day: date = DAY, equity: Any = 100_000, start: str = "09:16"
    ) -> None:
        self.policy, self.day = policy, day
        self.instruments = {thing.symbol: thing for thing in instruments}
        self.state = State()
        self.inputs: list[e.Input] = []
        self.facts: list[e.Fact] = []
        self.commands: list[e.Command] = []
        self.take(e.PolicyLoaded(self.at(start), policy))
        if equity is not None:
            self.take(e.EquityRead(self.at(start), Decimal(str(equity))))

    @property
    def book(self) -> Book:
        """The book as it stands."""
        return self.state.book

    @property
    def first(self) -> Instrument:
        """The instrument meant where none is named."""
        return next(iter(self.instruments.values()))

    def at(self, clock: str) -> datetime:
        """A time of the scenario's day, "10:00" or "10:00:05", in IST."""
        return datetime.combine(self.day, time.fromisoformat(clock), IST)

    def take(self, event: e.Input) -> tuple[str, ...]:
        """Any input; returns the names of the facts it led to."""
        taken = step(self.state, event, self.policy)
        self.state = taken.state
        self.inputs.append(event)
        self.facts += taken.facts
        self.commands += taken.commands
        return tuple(type(fact).__name__ for fact in taken.facts)

    def restart(self) -> None:
        """Forget the state, and fold it back from the facts."""
        self.state = fold(self.facts)

    def last(self, kind: type) -> Any:
        """The latest fact or command of a kind."""
        return next(x for x in reversed([*self.facts, *self.commands]) if isinstance(x, kind))

    def signal(self, clock: str, side: str = BUY, symbol: str = "", *, kind: str = ENTRY, **more: Any) -> Signal:
        """A signal arrives; it is returned."""
        made = Signal(symbol or self.first.symbol, side, at=self.at(clock), kind=kind, **more)
        self.take(e.SignalArrived(made.at, made))
        return made

    def look(self, clock: str, signal: Signal, **seen: Any) -> tuple[str, ...]:
        """The evidence of a signal arrives: `last`, `atr` and what else a `Market` takes."""
        market = Market(instrument=self.instruments[signal.symbol], at=self.at(clock), **seen)
        return self.take(e.EvidenceArrived(self.at(clock), signal.id, market))

    def enter(self, clock: str, side: str = BUY, symbol: str = "", *, seen: Any = None, **more: Any) -> str:
        """A signal and its evidence in one; the id of the order, approved or not."""
        market = {key: more.pop(key) for key in ("last", "atr", "bid", "ask") if key in more}
        made = self.signal(clock, side, symbol, **more)
        self.look(clock, made, **{**market, **(seen or {})})
        return made.id

    def report(
        self, clock: str, order_id: str, status: str, filled: int = 0, value: Any = 0, **more: Any
    ) -> tuple[str, ...]:
        """The gateway reports an order: its status and its cumulative fill."""
        return self.take(e.OrderReported(self.at(clock), order_id, status, filled, Decimal(str(value)), **more))

    @exact
    def fill(self, clock: str, order_id: str, *, price: Any, quantity: int | None = None) -> tuple[str, ...]:
        """The rest of an order (or `quantity` more) trades at `price`."""
        order = self.book.order(order_id)
        if order is None:
            raise ValueError(f"no order {order_id} in the book; there are {[one.id for one in self.book.orders]}")
        more = order.open_quantity if quantity is None else quantity
        total = order.filled_quantity + more
        value = order.filled_value + Decimal(str(price)) * more
        status = FILLED if total == order.approved.quantity else "working"
        return self.take(e.OrderReported(self.at(clock), order_id, status, total, value))

    def prices(self, clock: str, symbol: str = "", *, last: Any, **span: Any) -> tuple[str, ...]:
        """Prices since the last look; `first`, `high` and `low` are `last` where they are not given."""
        key = self.instruments[symbol or self.first.symbol].key
        close = Decimal(str(last))
        first, high, low = (Decimal(str(span.get(name, last))) for name in ("first", "high", "low"))
        at = self.at(clock)
        seen = e.PricesSeen(at, key, first, max(first, high, close), min(first, low, close), close, at)
        return self.take(seen)

    def time(self, clock: str) -> tuple[str, ...]:
        """Nothing but time passes."""
        return self.take(e.TimePassed(self.at(clock)))

    def next_day(self, days: int = 1) -> None:
        """The following clock times are of a later day."""
        self.day += timedelta(days=days)

    def refusal(self) -> tuple[str, ...]:
        """The reasons of the latest refusal, as they stand in its findings."""
        return tuple(found.reason for found in self.last(e.EntryRefused).findings if not found.passed)

    def sent(self, kind: type[ApprovedEntry | ApprovedExit] = ApprovedExit) -> list[Any]:
        """All orders of a kind that were to be sent, in order."""
        placed = (c.order for c in self.commands if isinstance(c, (e.PlaceEntry, e.PlaceExit)))
        return [order for order in placed if isinstance(order, kind)]
