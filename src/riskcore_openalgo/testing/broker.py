"""The scriptable broker behind the fake OpenAlgo: a market, two sets of books, and what a test makes of them.

    broker = FakeBroker(clock=lambda: at, cash=Decimal(1_000_000))
    broker.quote("NSE:RELIANCE", last=2500)
    broker.place("NSE:RELIANCE", "BUY", 10)
    assert broker.truth().position("NSE:RELIANCE") == 10

It starts no thread and looks at no clock but the one it is given. Any thread may call it. Prices may be Decimal, int
or text; a float is taken as it prints.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final, TypeAlias

from attrs import evolve

import riskcore as rc
from riskcore_openalgo.testing.account import Account
from riskcore_openalgo.testing.checks import Refusal
from riskcore_openalgo.testing.events import Event, Listener, Message
from riskcore_openalgo.testing.fault import ORDER, QUOTE, Fault, Script
from riskcore_openalgo.testing.heeding import Due, changed, placed_late
from riskcore_openalgo.testing.market import INTERVALS, NOTHING, Contract, Market, Quote
from riskcore_openalgo.testing.orders import CANCELLED, REJECTED, FakeOrder, Truth, paise
from riskcore_openalgo.testing.profile import LIVE, SANDBOX, Profile
from riskcore_openalgo.testing.venue import OrderRequest, Placed, Venue

Number: TypeAlias = "Decimal | int | float | str"

_SECOND: Final = timedelta(seconds=1)


class FakeBroker:
    """The broker, its market, and the script of what goes wrong.

    `cash` is what each of the two modes starts with. With `SANDBOX` the analyzer is on, and `LIVE` stands behind
    it; with any other profile the analyzer is off. `slow_first_fill` seconds pass before the answer to the first
    fill of each symbol, as on a server under gunicorn and eventlet. Attributes a test may set: `semi_auto` (orders
    wait for `approve`), `fills_by_hand` (nothing fills but by `fill`), `data_fails` (the broker's words for failing
    quotes; "" is none), `key_revoked`, `holidays` (rows of `market/holidays` by year), `intervals`.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        cash: Number,
        profile: Profile = SANDBOX,
        slow_first_fill: float = 0.0,
    ) -> None:
        self.clock, self.lock = clock, threading.RLock()
        self.market, self.faults, self.slow_first_fill = Market(), Script(), slow_first_fill
        self.semi_auto = self.key_revoked = False
        self.token_alive = True
        self.messages: list[Message] = []
        self.holidays: dict[int, list[dict[str, Any]]] = {}
        self.intervals: tuple[str, ...] = INTERVALS
        self.pending: dict[int, tuple[OrderRequest, ...]] = {}
        self.started = self._seen_to = clock()
        self.live_profile = LIVE if profile.sandbox else profile
        self._venues = {}
        for mode, rules in (("analyze", SANDBOX), ("live", self.live_profile)):
            account = Account(Decimal(str(cash)), orders_block=not rules.sandbox)
            self._venues[mode] = Venue(account, rules, self.market, clock, partial(self._tell_order, mode))
        self._analyzer = profile.sandbox
        self._listeners: list[Listener] = []
        self._known: set[str] = set()
        self.due = Due()
        self._quotes_asked = 0

    # ----------------------------------------------------------------- the modes
    @property
    def analyzer(self) -> bool:
        """Whether the analyzer is on; each mode has its own books, and nothing carries over."""
        return self._analyzer

    @analyzer.setter
    def analyzer(self, on: bool) -> None:
        with self.lock:
            self._analyzer = on

    @property
    def mode(self) -> str:
        """`analyze` or `live`."""
        return "analyze" if self._analyzer else "live"

    @property
    def venue(self) -> Venue:
        """The order desk of the mode that is on."""
        return self._venues[self.mode]

    @property
    def profile(self) -> Profile:
        """The profile of the mode that is on."""
        return self.venue.profile

    @property
    def broker_name(self) -> str:
        """The broker that the account is logged in to, in both modes."""
        return self.live_profile.broker

    @property
    def fills_by_hand(self) -> bool:
        """Whether nothing fills but by `fill`."""
        return self.venue.by_hand

    @fills_by_hand.setter
    def fills_by_hand(self, by_hand: bool) -> None:
        with self.lock:
            for venue in self._venues.values():
                venue.by_hand = by_hand

    @property
    def data_fails(self) -> str:
        """The broker's words while its quotes fail; empty while they work."""
        return self.venue.data_fails

    @data_fails.setter
    def data_fails(self, words: str) -> None:
        with self.lock:
            for venue in self._venues.values():
                venue.data_fails = words

    def token_dies(self) -> None:
        """The daily token is dead: data calls and live calls fail, or are empty successes, and no tick comes."""
        with self.lock:
            self.token_alive, self.data_fails = False, f"{self.broker_name}: session expired"

    def login(self) -> None:
        """A new token: all works again."""
        with self.lock:
            self.token_alive, self.data_fails = True, ""

    # ---------------------------------------------------------------- the market
    def contract(self, key: str, *, lot: int = 1, tick: Number = "0.05", freeze: int = 1) -> Contract:
        """Enter a symbol with its lot, tick and freeze quantity (1: none known)."""
        with self.lock:
            return self.market.list_contract(key, lot=lot, tick=Decimal(str(tick)), freeze=freeze)

    def unlist(self, key: str) -> None:
        """Take a symbol out of OpenAlgo's table; it may still trade."""
        with self.lock:
            self.market.contracts.pop(key, None)

    def quote(
        self, key: str, last: Number, bid: Number | None = None, ask: Number | None = None, **more: Number
    ) -> None:
        """Set the market, and match working orders: bid and ask are one tick away unless given.

        `more` is open, high, low, prev_close, volume, oi: without them open and previous close are `last`, high and
        low two percent away.
        """
        with self.lock:
            price, step = Decimal(str(last)), self.market.tick_of(key)
            shown = {
                "open": price,
                "prev_close": price,
                "high": paise(price * 102 / 100),
                "low": paise(price * 98 / 100),
            }
            shown |= {name: Decimal(str(value)) for name, value in more.items() if name not in {"volume", "oi"}}
            fresh = Quote(
                last=price,
                bid=price - step if bid is None else Decimal(str(bid)),
                ask=price + step if ask is None else Decimal(str(ask)),
                volume=int(more.get("volume", 0)),
                oi=int(more.get("oi", 0)),
                **shown,
            )
            self._move(key, fresh)

    def tick(self, key: str, price: Number) -> None:
        """A new last price: the spread moves along, listeners hear it, working orders are matched."""
        with self.lock:
            if key not in self.market.quotes:
                self.quote(key, price)
            else:
                self._move(key, self.market.quote(key).at(Decimal(str(price))))

    def _move(self, key: str, quote: Quote) -> None:
        self.market.set_quote(key, quote)
        if self.token_alive:
            self._tell(Event(kind="tick", at=self.clock(), key=key, quote=quote))
        for venue in self._venues.values():
            venue.check(key)
            venue.value()

    def check(self) -> None:
        """What OpenAlgo's sandbox does every five seconds: match all working orders at the market as it is."""
        with self._at_work():
            for venue in self._venues.values():
                venue.check()

    def bars(self, key: str, interval: str, bars: Iterable[rc.Bar]) -> None:
        """The bars that `history` serves for a symbol and an interval."""
        with self.lock:
            self.market.set_bars(key, interval, bars)

    def circuit(self, key: str, lower: Number, upper: Number) -> None:
        """The price band: in live modes, orders beyond are rejected and nothing sells at the lower limit."""
        with self.lock:
            self.market.bands[key] = Decimal(str(lower)), Decimal(str(upper))

    def seen(self, endpoint: str, key: str) -> Quote:
        """The quote that an API call gets: the market's, or what the script or the profile makes of it."""
        with self.lock:
            fault = self.faults.take(endpoint, dict(zip(("exchange", "symbol"), key.split(":", 1), strict=True)), QUOTE)
            self._quotes_asked += 1
            every = self.profile.wrong_quote_every
            if fault is None:
                wrong = every and self._quotes_asked % every == 0
                return self.market.another(key) if wrong else self.market.quote(key)
            if fault.kind == "zero_quote":
                return NOTHING
            return self.market.another(key) if fault.kind == "wrong_quote" else self.market.first_seen.get(key, NOTHING)

    # ---------------------------------------------------------------- the orders
    def place(
        self,
        key: str,
        side: str,
        quantity: int,
        *,
        product: str = "MIS",
        pricetype: str = "MARKET",
        price: Number = 0,
        trigger: Number = 0,
        strategy: str = "",
    ) -> Placed:
        """Place an order as OpenAlgo would, with the faults of orders that the script holds for it."""
        request = OrderRequest(
            key=key,
            side=side,
            quantity=quantity,
            product=product,
            pricetype=pricetype,
            price=Decimal(str(price)),
            trigger=Decimal(str(trigger)),
            strategy=strategy,
        )
        return self.place_request(request)

    def place_request(self, request: OrderRequest, endpoint: str = "placeorder") -> Placed:
        """The same, from a value."""
        with self._at_work():
            exchange, _, symbol = request.key.partition(":")
            body = {"symbol": symbol, "exchange": exchange, "action": request.side, "pricetype": request.pricetype}
            fault = self.faults.take(endpoint, {**body, "strategy": request.strategy}, ORDER)
            if fault and fault.kind == "unheeded":
                return placed_late(self, fault, lambda venue, order_id: venue.place(request, order_id=order_id))
            placed = self.venue.place(request, fault)
            if fault and fault.kind == "reject_later" and fault.seconds and placed.order_id:
                reject = partial(_rejected, self.venue, placed.order_id, fault.message or "RMS: rejected")
                self.due.add(self.clock() + fault.seconds * _SECOND, reject)
            return placed

    def modify(
        self,
        order_id: str,
        *,
        quantity: int | None = None,
        price: Number | None = None,
        trigger: Number | None = None,
    ) -> Refusal | None:
        """Change a working order; None is success."""
        with self._at_work():
            kept = self.venue.account.orders.get(order_id)
            shares = quantity if quantity is not None else kept.quantity if kept else 0
            prices = Decimal(str(price or 0)), Decimal(str(trigger or 0))
            return changed(self, "modifyorder", order_id, lambda venue: venue.modify(order_id, shares, *prices))

    def cancel(self, order_id: str) -> Refusal | None:
        """Cancel a working order; None is success."""
        with self._at_work():
            return changed(self, "cancelorder", order_id, lambda venue: venue.cancel(order_id))

    def fill(self, order_id: str, quantity: int | None = None, price: Number | None = None) -> None:
        """Let a working order trade: all that is left, at its limit or at the market, unless said otherwise."""
        with self._at_work():
            order = self._working(order_id)
            shares = order.left if quantity is None else quantity
            if not 0 < shares <= order.left:
                raise ValueError(f"order {order_id} has {order.left} left, {shares} cannot fill")
            if shares < order.left and not self.profile.partials:
                raise ValueError(f"{self.profile.name} fills whole orders only")
            given = order.price or self.market.quote(order.key).touch(order.side)
            self.venue.fill(evolve(order, status="open"), shares, given if price is None else Decimal(str(price)))

    def reject(self, order_id: str, reason: str) -> None:
        """The broker rejects a working order after all."""
        with self._at_work():
            self.venue.end(self._working(order_id), REJECTED, reason)

    def cancel_by_broker(self, order_id: str) -> None:
        """A working order disappears: cancelled by the exchange, by the broker, or by hand."""
        with self._at_work():
            self.venue.end(self._working(order_id), CANCELLED)

    def show_as(self, order_id: str, word: str) -> None:
        """Let the broker report this status word of an order of either mode (`OPEN PENDING`); "" ends it."""
        with self.lock:
            (orders,) = [one.account.orders for one in self._venues.values() if order_id in one.account.orders]
            orders[order_id] = evolve(orders[order_id], word=word)

    def hand_trade(self, key: str, quantity: int, price: Number, product: str = "MIS") -> str:
        """The user trades by hand in the same account (negative sells); the id of that order."""
        with self._at_work():
            by_hand, self.venue.by_hand = self.venue.by_hand, True
            request = OrderRequest(
                key=key,
                side="BUY" if quantity > 0 else "SELL",
                quantity=abs(quantity),
                product=product,
                pricetype="LIMIT",
                price=Decimal(str(price)),
            )
            placed = self.venue.place(request, closes=True)
            self.venue.by_hand = by_hand
            assert placed.order_id is not None, placed
            self.venue.fill(self._working(placed.order_id), abs(quantity), Decimal(str(price)))
            return placed.order_id

    def held_s(self, placed: Placed, key: str) -> float:
        """How long the answer to a placement is held back: `slow_first_fill` at the first fill of a symbol."""
        with self.lock:
            first = placed.filled_at_once and key not in self._known
            if placed.filled_at_once:
                self._known.add(key)
            return self.slow_first_fill if first else 0.0

    def await_approval(self, requests: Iterable[OrderRequest]) -> int:
        """Keep orders for the Action Center; the number they are approved under."""
        with self.lock:
            number = len(self.pending) + 1
            self.pending[number] = tuple(requests)
            return number

    def approve(self, pending_id: int) -> tuple[Placed, ...]:
        """The user approves what was kept under this number: now it is placed."""
        with self._at_work():
            requests, self.pending[pending_id] = self.pending[pending_id], ()
            return tuple(self.place_request(request, "approve") for request in requests)

    # ----------------------------------------------------------------- the script
    def script(self, *faults: Fault) -> None:
        """What the next calls suffer; `faults.clear()` ends it, `faults.left` is what has not happened yet."""
        self.faults.add(*faults)

    def truth(self) -> Truth:
        """The books of the mode that is on, frozen, at current prices."""
        with self._at_work():
            self.venue.value()
            return self.venue.account.truth(self.mode)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Hear ticks and order updates in order, while the broker is locked: be quick. Call the result to stop."""
        with self.lock:
            self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _tell(self, event: Event) -> None:
        for listener in list(self._listeners):
            listener(event)

    def _tell_order(self, mode: str, order: FakeOrder) -> None:
        self._tell(Event(kind="order_update", at=self.clock(), key=order.key, order=order, mode=mode))

    def _working(self, order_id: str) -> FakeOrder:
        order = self.venue.account.orders.get(order_id)
        if order is None or not order.working:
            raise KeyError(f"no working order {order_id}; it is {order.status if order else 'unknown'}")
        return order

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Locked, with all done that fell due meanwhile."""
        with self.lock:
            self.catch_up()
            yield

    def catch_up(self) -> None:
        """Do what time has brought: late rejections, and the sandbox's square-off, delivery and rollover."""
        now = self.clock()
        self.due.catch_up(now)
        if now > self._seen_to:
            self._venues["analyze"].pass_time(self._seen_to, now)
            self._seen_to = now


def _rejected(venue: Venue, order_id: str, reason: str) -> None:
    if venue.account.orders[order_id].working:
        venue.end(venue.account.orders[order_id], REJECTED, reason)
