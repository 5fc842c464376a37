"""OpenAlgo as a trader's program sees it: orders that end in an `Outcome`, books and market data as frozen values."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from typing import Any, Final

import riskcore as rc
from riskcore_openalgo.client import calendar_rows, fields, market, money_rows, rows, triggers
from riskcore_openalgo.client.budget import ENTRY, EXIT, Budget
from riskcore_openalgo.client.calls import Calls, Turn
from riskcore_openalgo.client.failures import NOT_SENT, UNKNOWN, ReadFailed
from riskcore_openalgo.client.outcomes import ANALYZE, LIVE, Outcome, no_tokens, not_sent, outcome_of
from riskcore_openalgo.client.wanted import PRICED, TRIGGERED, OrderWanted, check_levels, rupees_or_none, shares
from riskcore_openalgo.config.settings import OpenAlgoAccess
from riskcore_openalgo.contract_names import is_contract
from riskcore_openalgo.failpoints import reach

TIMEOUT_S: Final = 5.0
ANALYZER_TIMEOUT_S: Final = 20.0
"""The first fill of a symbol in the sandbox can take 12 s (gunicorn with eventlet)."""
EXIT_WAIT_S: Final = 1.0
FEATURES: Final = {"gtt": "placegttorder", "orders_feed": "subscribe_orders"}
"""What only some lines of the SDK have, and the method by which it is known."""
BOOKS: Final = ("orders", "trades", "positions", "holdings")
MOST_POSITIONS: Final = 50
TELEGRAM_LONGEST: Final = 4096


def ignore(_: ReadFailed | None) -> None:
    """Nobody wants to know."""


def now_in_ist() -> datetime:
    """The clock of this machine, in IST."""
    return datetime.now(rc.IST)


class Client:
    """One OpenAlgo and one key.

    `place`, `modify` and `cancel` return an `Outcome` and are sent once; they share `budget` with all that use this
    client. Reads return values, are repeated where that may help, and raise `ReadFailed` where they end without.
    `timeout_s` holds for every call; while the account is in analyzer mode order calls wait `analyzer_timeout_s`.
    The key is in no repr and in no text that comes out of here.
    """

    def __init__(
        self,
        host: str,
        api_key: str,
        *,
        ws_url: str | None = None,
        strategy: str = "riskcore",
        timeout_s: float = TIMEOUT_S,
        analyzer_timeout_s: float = ANALYZER_TIMEOUT_S,
        budget: Budget | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        clock: Callable[[], datetime] = now_in_ist,
    ) -> None:
        access = checked_access(host=host, api_key=api_key, ws_url=ws_url)
        self.host, self.strategy, self._clock = access.host, strategy, clock
        self._calls = Calls(
            access.host,
            api_key,
            access.ws_url,
            timeout_s=timeout_s,
            analyzer_timeout_s=analyzer_timeout_s,
            budget=Budget() if budget is None else budget,
            sleep=sleep,
            jitter=jitter,
        )

    @classmethod
    def over(cls, calls: Calls, *, strategy: str = "riskcore", clock: Callable[[], datetime] = now_in_ist) -> Client:
        """A client that calls through what it is given: a simulated OpenAlgo, for one."""
        client = cls.__new__(cls)
        client.host, client.strategy = calls.host, strategy
        client._clock, client._calls = clock, calls  # noqa: SLF001 - its own
        return client

    def __repr__(self) -> str:
        return f"Client({self.host!r}, strategy={self.strategy!r})"

    def __reduce__(self) -> str:
        raise TypeError("a Client holds the key of an account and is not written away; make another one")

    def __enter__(self) -> Client:  # noqa: PYI034 - Python 3.10 has no Self
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what the SDK keeps open."""
        self._calls.close()

    # ------------------------------------------------------------ what is there

    @property
    def features(self) -> frozenset[str]:
        """What the installed SDK has beyond what both lines have: `gtt`, `orders_feed`."""
        return frozenset(name for name, method in FEATURES.items() if self._calls.has(method))

    @property
    def budget(self) -> Budget:
        """The tokens that all calls of this client share."""
        return self._calls.budget

    @property
    def ws_url(self) -> str:
        """Where the prices stream."""
        return self._calls.ws_url

    @property
    def seen_mode(self) -> str | None:
        """`analyze` or `live`, as the latest answer that tells gave it away; None before one did. Asks nobody."""
        return self._calls.seen_mode

    def stream_login(self) -> str:
        """The key, for the login of the price stream and for nothing else: it belongs into no text."""
        return self._calls.stream_login()

    def rekey(self, api_key: str) -> None:
        """Use another key from the next call on, where the old one was replaced on OpenAlgo's page."""
        checked_access(host=self.host, api_key=api_key, ws_url=None)
        self._calls.rekey(api_key)

    def pace(self, row: rc.Capability) -> Turn:
        """Ask no more than the broker takes, by its row, one answer for all who wait; how long a book waits for it."""
        self._calls.pace(row)
        return self._calls.books_every_s

    def poll_pause_s(self, keys: Collection[str]) -> float:
        """How long to wait between two calls of `quotes`: a plugin may ask for each contract's open interest apart."""
        return self._calls.pause_s(len(keys), sum(is_contract(fields.split_key(key)[1]) for key in keys))

    def observe(self, seen: Callable[[str, float, bool], None]) -> None:
        """Have `seen(method, seconds, taken)` called after each call, in the thread of the call."""
        self._calls.seen = seen

    # ------------------------------------------------------------ orders

    def place(
        self, wanted: OrderWanted, *, urgent: bool = False, wait_s: float = 0.0, barred: Callable[[], str] = str
    ) -> Outcome:
        """Send one order, once. `urgent` is an exit: it may use the tokens kept for exits, and waits for one.

        An entry for which no token comes free within `wait_s` seconds is `Rejected` as `rate_limited`, unsent. After
        the wait `barred` is asked a last time why nothing may be sent ("": it may).
        """
        return self._sent("placeorder", EXIT if urgent else ENTRY, wait_s=wait_s, barred=barred, **wanted.sent())

    def modify(self, shown: rc.BrokerOrder, *, quantity: Any, price: Any = None, trigger: Any = None) -> Outcome:
        """Change price, quantity and trigger of an order that the book shows working. What is None stays as shown.

        `ValueError`, before anything is sent, for a row that does not work, that names no symbol, or whose type does
        not take these prices.
        """
        proven_working(shown, "modify")
        exchange, symbol = fields.split_key(shown.key)
        limit = rupees_or_none(price) or (shown.price if shown.price_type in PRICED else None)
        stop = rupees_or_none(trigger) or (shown.trigger if shown.price_type in TRIGGERED else None)
        check_levels(shown.price_type, limit, stop)
        return self._sent(
            "modifyorder",
            EXIT,
            order_id=shown.id,
            symbol=symbol,
            exchange=exchange,
            action=shown.side,
            product=shown.product,
            price_type=shown.price_type,
            quantity=shares(quantity),
            price=fields.written(limit),
            trigger_price=fields.written(stop),
        )

    def cancel(self, shown: rc.BrokerOrder) -> Outcome:
        """Cancel an order that the book shows working; `ValueError`, before anything is sent, for any other row."""
        proven_working(shown, "cancel")
        return self._sent("cancelorder", EXIT, order_id=shown.id)

    def cancel_absent(self, broker_id: str) -> Outcome:
        """Cancel an order of ours of which the book shows no row, under the name that the broker gave it."""
        return self._sent("cancelorder", EXIT, order_id=broker_id)

    def place_gtt(self, wanted: triggers.GttWanted, *, urgent: bool = False) -> Outcome:
        """Leave a GTT with the broker, sent once. Needs the feature `gtt`; the id of `Accepted` is the trigger's."""
        return self._gtt_sent("placegttorder", EXIT if urgent else ENTRY, **wanted.sent())

    def modify_gtt(self, shown: triggers.Gtt, wanted: triggers.GttWanted) -> Outcome:
        """Replace the prices and the quantity of a GTT that `gtts` shows."""
        return self._gtt_sent("modifygttorder", EXIT, trigger_id=shown.id, **wanted.sent())

    def cancel_gtt(self, shown: triggers.Gtt) -> Outcome:
        """Cancel a GTT that `gtts` shows."""
        return self._gtt_sent("cancelgttorder", EXIT, trigger_id=shown.id)

    def gtts(self) -> tuple[triggers.Gtt, ...]:
        """The GTTs that wait. Needs the feature `gtt`."""
        if self._calls.has("gttorderbook"):
            return triggers.gtts(self._data("gttorderbook", "gttorderbook"))
        raise ReadFailed("gttorderbook", triggers.MISSING, NOT_SENT)

    def _gtt_sent(self, method: str, kind: str, **arguments: Any) -> Outcome:
        if not self._calls.has(method):
            return not_sent(triggers.MISSING)
        return self._sent(method, kind, id_field="trigger_id", **arguments)

    def _sent(
        self,
        method: str,
        kind: str,
        *,
        id_field: str = "orderid",
        wait_s: float = 0.0,
        barred: Callable[[], str] = str,
        **arguments: Any,
    ) -> Outcome:
        if not self.budget.take(kind, EXIT_WAIT_S if kind == EXIT else wait_s):
            return no_tokens(kind)
        why = barred()
        if why:
            return not_sent(why)
        reach("client.order.sending")
        reply = self._calls.order(method, kind, strategy=self.strategy, **arguments)
        reach("client.order.answered")
        return outcome_of(reply, id_field)

    # ------------------------------------------------------------ the account

    def orders(self) -> tuple[rc.BrokerOrder, ...]:
        """The order book of the day."""
        return rows.orders(self._data("orderbook", "orderbook"))

    def readable_orders(self) -> tuple[tuple[rc.BrokerOrder, ...], tuple[rc.UnreadRow, ...]]:
        """The same as far as its rows can be read, and those that cannot."""
        return rows.readable_orders(self._data("orderbook", "orderbook"))

    def trades(self) -> tuple[rc.BrokerTrade, ...]:
        """The trade book of the day."""
        return rows.trades(self._data("tradebook", "tradebook"))

    def positions(self) -> tuple[rc.BrokerPosition, ...]:
        """The position book, with what went flat today."""
        return rows.positions(self._data("positionbook", "positionbook"))

    def holdings(self) -> tuple[rc.BrokerHolding, ...]:
        """The shares in the demat account."""
        return rows.holdings(self._data("holdings", "holdings"))

    def books(
        self, at: datetime, names: Iterable[str] = BOOKS, *, each: Callable[[ReadFailed | None], None] = ignore
    ) -> rc.BrokerBooks:
        """The books of these names (all four), begun at `at`. Never raises: one that cannot be read is None.

        Why it could not stands in `unread`; one that was not asked for is None without a reason. Rows of orders and
        trades that cannot be read and have an id are left out, and stand in `unread_rows`. `each` is called after
        each book with what went wrong, or None: between two of them the account may change its mode.
        """
        return rows.look(at, names, lambda book: self._data(book, book), each)

    def funds(self) -> money_rows.Funds:
        """The account's money; a field that is missing is a `ReadFailed` that names it."""
        return money_rows.funds(self._data("funds", "funds"))

    def margin(self, wanted: Iterable[OrderWanted]) -> money_rows.MarginNeeded:
        """The margin that up to 50 orders need together, asked of the live broker in either mode."""
        orders = list(wanted)
        if not 1 <= len(orders) <= MOST_POSITIONS:
            raise ValueError(f"margin takes 1 to {MOST_POSITIONS} orders, got {len(orders)}")
        asked = [{**order.sent(), "quantity": str(order.quantity)} for order in orders]
        for position in asked:
            position["pricetype"] = position.pop("price_type")
        return money_rows.margin(self._data("margin", "margin", positions=asked))

    def mode(self) -> str:
        """`analyze` or `live`: where OpenAlgo would send an order of anybody's now."""
        data = money_rows.mapping("analyzerstatus", self._data("analyzerstatus", "analyzerstatus"))
        sandbox, word = data.get("analyze_mode"), data.get("mode")
        if (sandbox, word) not in ((True, ANALYZE), (False, LIVE)):
            raise ReadFailed("analyzerstatus", f"analyze_mode {sandbox!r} and mode {word!r} make no sense", UNKNOWN)
        self._calls.seen_mode = str(word)
        return str(word)

    def broker(self) -> str | None:
        """The broker behind OpenAlgo, by its name there; None where the SDK has no way to ask."""
        if not self._calls.has("_make_request"):
            return None
        return fields.text(money_rows.mapping("ping", self._calls.ping().body.get("data")).get("broker")) or None

    # ------------------------------------------------------------ the market

    def quote(self, exchange: str, symbol: str, *, at: datetime | None = None) -> market.Quote:
        """A quote; `at` is the moment of asking (default: the clock's)."""
        key, asked_at = f"{exchange}:{symbol}", at or self._clock()
        return market.quote(key, self._data(f"quotes {key}", "quotes", symbol=symbol, exchange=exchange), asked_at)

    def quotes(self, keys: Iterable[str], *, at: datetime | None = None) -> dict[str, market.Quote | ReadFailed]:
        """Quotes of several instruments in one call, by key. One without a quote has its `ReadFailed` in its place."""
        wanted, asked_at = list(dict.fromkeys(keys)), at or self._clock()
        pairs = [dict(zip(("exchange", "symbol"), fields.split_key(key), strict=True)) for key in wanted]
        if not wanted:
            return {}
        try:
            reply = self._calls.attempt("multiquotes", "multiquotes", symbols=pairs)
        except ReadFailed as problem:
            return {key: ReadFailed(f"multiquotes {key}", problem.why, problem.error) for key in wanted}
        items = reply.body.get("results" if reply.ok else "invalid_symbols")
        if not reply.ok and items is None:
            return {key: ReadFailed(f"multiquotes {key}", reply.words, reply.error) for key in wanted}
        return market.several(wanted, items, asked_at)

    def depth(self, exchange: str, symbol: str, *, at: datetime | None = None) -> market.Depth:
        """The best five prices on both sides."""
        key, asked_at = f"{exchange}:{symbol}", at or self._clock()
        return market.depth(key, self._data(f"depth {key}", "depth", symbol=symbol, exchange=exchange), asked_at)

    def history(self, exchange: str, symbol: str, interval: str, start: date, end: date) -> tuple[rc.Bar, ...]:
        """Bars from `start` to `end`, by their start in IST, oldest first; none is `()`, the last may be unfinished."""
        what = f"history {exchange}:{symbol} {interval}"
        days = {"start_date": start.isoformat(), "end_date": end.isoformat()}
        frame = self._calls.frame(what, symbol=symbol, exchange=exchange, interval=interval, **days)
        return () if frame is None else market.bars(what, frame, interval)

    def symbol(self, exchange: str, symbol: str) -> market.SymbolInfo:
        """What the broker's contract master says of a symbol."""
        what = f"symbol {exchange}:{symbol}"
        return market.symbol_info(what, self._data(what, "symbol", symbol=symbol, exchange=exchange))

    def search(self, query: str, exchange: str | None = None) -> tuple[market.SymbolInfo, ...]:
        """The symbols that a text is found in; none is `()`."""
        what = f"search {query!r}"
        found = self._data(what, "search", query=query, exchange=exchange)
        if not isinstance(found, list):
            raise ReadFailed(what, "data must be a list of rows", UNKNOWN)
        return tuple(market.symbol_info(f"{what} row {number}", row) for number, row in enumerate(found, 1))

    def intervals(self) -> tuple[str, ...]:
        """The bar intervals that the broker has, the shortest first."""
        data = money_rows.mapping("intervals", self._data("intervals", "intervals"))
        groups = ("seconds", "minutes", "hours", "days", "weeks", "months")
        return tuple(str(name) for group in groups for name in data.get(group) or ())

    def holidays(self, year: int) -> tuple[calendar_rows.Holiday, ...]:
        """The holidays of a year as OpenAlgo has them; `()` for a year that it does not know."""
        return calendar_rows.holidays(self._data("holidays", "holidays", year=year))

    def timings(self, day: date) -> tuple[calendar_rows.Window, ...]:
        """The trading hours of a day, in IST; `()` where everything is closed."""
        return calendar_rows.timings(self._data("timings", "timings", date=day.isoformat()), day)

    def telegram(self, message: str, *, username: str, priority: int = 5) -> bool:
        """Send a message through OpenAlgo's bot to an OpenAlgo user (the login's name). Whether it was taken.

        Never raises for what a server does, and is not repeated: a message told twice is worse than one that is late.
        """
        return self._calls.tell("telegram", username=username, message=message[:TELEGRAM_LONGEST], priority=priority)

    def _data(self, what: str, method: str, **arguments: Any) -> Any:
        reply = self._calls.read(what, method, **arguments)
        if "data" not in reply.body:
            raise ReadFailed(what, "data is missing", UNKNOWN)
        return reply.body["data"]


def checked_access(**given: Any) -> OpenAlgoAccess:
    """Address and key as the credentials file would have them; `ValueError` naming the wrong one, not repeating it."""
    if not given["api_key"]:
        raise ValueError(
            "Client: api_key is missing; make one on OpenAlgo's page API Key, and write it under openalgo:"
        )
    for name, value in given.items():
        try:
            OpenAlgoAccess(**{name: value})
        except ValueError as problem:
            raise ValueError(f"Client: {name} {problem}") from None
    return OpenAlgoAccess(**given)


def proven_working(shown: Any, act: str) -> None:
    """`ValueError` unless the row of the book says that the order may still fill: it is the proof that it is open."""
    if not isinstance(shown, rc.BrokerOrder) or not shown.working:
        status = getattr(shown, "status", type(shown).__name__)
        raise ValueError(f"{act} needs the row of an order that the book shows open, got {status}; read the book again")
