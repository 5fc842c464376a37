"""The WebSocket of the fake OpenAlgo: authentication, subscriptions, ticks, order updates, and their failures.

No snapshot, no sequence number, no replay: what is missed is lost, as it is with OpenAlgo.
"""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from riskcore_openalgo.testing.answers import shapes
from riskcore_openalgo.testing.broker import FakeBroker
from riskcore_openalgo.testing.events import Event
from riskcore_openalgo.testing.market import key_of
from riskcore_openalgo.testing.profile import SANDBOX

if TYPE_CHECKING:
    from websockets.sync.server import Server, ServerConnection

MODES: Final = {1: "LTP", 2: "Quote", 3: "Depth"}
TICK_WORDS: Final = {1: "ltp", 2: "quote", 3: "full"}
AUTH_TIMEOUT: Final = 4401
PING_S: Final = 20.0


class Client:
    """One connection: what it subscribed to, and a queue that its sender empties in order."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.authenticated = threading.Event()
        self.orders = False
        self.subscribed: dict[str, set[int]] = {}
        self.outbox: SimpleQueue[str | None] = SimpleQueue()


class Stream:
    """The server of all connections, and the switches that break it.

    `repeats` sends each message that many times more; `reorders` swaps each order update with the one after it;
    `lose_orders` and `lose_ticks` swallow that many (-1: all). `drop` cuts every connection, `freeze` keeps them
    open and says nothing more, not even to a ping, until `thaw`.
    """

    def __init__(self, broker: FakeBroker, opens: Callable[[object], bool], *, grace_s: float = 15.0) -> None:
        self.repeats = self.lose_orders = self.lose_ticks = 0
        self.reorders = False
        self._broker, self._opens, self._grace_s = broker, opens, grace_s
        self._frozen = threading.Event()
        self._lock = threading.Lock()
        self._clients: set[Client] = set()
        self._attending: set[threading.Thread] = set()
        self._stopping = False
        self._port = 0
        self._kept_back: str | None = None
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self._deaf: Callable[[], None] = lambda: None

    # ------------------------------------------------------------- from the outside
    @property
    def url(self) -> str:
        """`ws://127.0.0.1:PORT`."""
        if self._server is None:
            raise RuntimeError("the stream of the fake OpenAlgo is not running")
        return f"ws://127.0.0.1:{self._port}"

    @property
    def clients(self) -> int:
        """How many connections have said a good key."""
        with self._lock:
            return sum(client.authenticated.is_set() for client in self._clients)

    def subscribers(self, key: str) -> int:
        """How many connections get ticks of a symbol."""
        with self._lock:
            return sum(key in client.subscribed for client in self._clients)

    @property
    def order_subscribers(self) -> int:
        """How many connections get order updates."""
        with self._lock:
            return sum(client.orders for client in self._clients)

    def drop(self) -> None:
        """Cut every connection without a word."""
        with self._lock:
            for client in self._clients:
                with contextlib.suppress(OSError):
                    client.connection.socket.shutdown(socket.SHUT_RDWR)

    def freeze(self) -> None:
        """Say nothing more; the connections stay open, and what happens meanwhile is lost to them."""
        self._frozen.set()

    def thaw(self) -> None:
        """Speak again."""
        self._frozen.clear()

    # --------------------------------------------------------------------- running
    def start(self) -> None:
        """Listen on a free port of the loopback; started again, on the same one."""
        try:
            from websockets.sync.server import ServerConnection, serve
        except ImportError as missing:
            raise ImportError(
                'the stream of the fake OpenAlgo needs websockets: pip install "riskcore[testing]"'
            ) from missing

        frozen = self._frozen

        class Freezable(ServerConnection):
            """A connection that keeps its bytes to itself while it is frozen."""

            def send_data(self) -> None:
                if not frozen.is_set():
                    super().send_data()

        self._frozen.clear()
        self._stopping = False
        self._deaf = self._broker.listen(self._hear)
        self._server = serve(
            self._attend,
            "127.0.0.1",
            self._port,
            create_connection=Freezable,
            compression=None,
            ping_interval=PING_S,
            ping_timeout=None,
            close_timeout=1,
            logger=_silent(),
        )
        self._port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="fake-stream")
        self._thread.start()

    def stop(self) -> None:
        """Cut every connection, join every thread."""
        if self._server is None or self._thread is None:
            return
        self._deaf()
        self.thaw()
        with self._lock:
            self._stopping = True
        self._server.shutdown()
        self._thread.join()
        self.drop()
        # Not every version of websockets waits for its handlers.
        while attending := self._handlers():
            for thread in attending:
                thread.join()
        self._server = self._thread = None

    def _handlers(self) -> list[threading.Thread]:
        with self._lock:
            return [thread for thread in self._attending if thread.is_alive()]

    # ---------------------------------------------------------------- one connection
    def _attend(self, connection: ServerConnection) -> None:
        from websockets.exceptions import ConnectionClosed

        client = Client(connection)
        with self._lock:
            self._attending = {thread for thread in self._attending if thread.is_alive()}
            self._attending.add(threading.current_thread())
            if self._stopping:
                return
            self._clients.add(client)
        sender = threading.Thread(target=self._send_all, args=(client,), name="fake-stream-sender")
        grace = threading.Timer(self._grace_s, self._out_of_patience, (client,))
        sender.start()
        grace.start()
        try:
            for message in connection:
                self._reply(client, message)
                if client.authenticated.is_set():
                    grace.cancel()
        except ConnectionClosed:
            pass
        finally:
            with self._lock:
                self._clients.discard(client)
            grace.cancel()
            client.outbox.put(None)
            sender.join()
            grace.join()

    def _out_of_patience(self, client: Client) -> None:
        if not client.authenticated.is_set():
            client.connection.close(AUTH_TIMEOUT, "auth timeout")

    def _send_all(self, client: Client) -> None:
        from websockets.exceptions import ConnectionClosed

        with contextlib.suppress(ConnectionClosed, OSError):
            while (text := client.outbox.get()) is not None:
                if not self._frozen.is_set():
                    client.connection.send(text)

    def _reply(self, client: Client, message: str | bytes) -> None:
        try:
            request = json.loads(message)
        except ValueError:
            self._say(client, _error("INVALID_JSON", "Invalid JSON message"))
            return
        action = request.get("action") if isinstance(request, dict) else None
        if action in {"authenticate", "auth"}:
            self._say(client, self._authenticated(client, request))
        elif not client.authenticated.is_set():
            self._say(client, _error("NOT_AUTHENTICATED", "You must authenticate first"))
        else:
            self._say(client, self._done(client, action, request))

    def _say(self, client: Client, body: dict[str, Any]) -> None:
        client.outbox.put(json.dumps(body))

    def _authenticated(self, client: Client, request: dict[str, Any]) -> dict[str, Any]:
        key = request.get("api_key")
        if not key:
            return _error("AUTHENTICATION_ERROR", "API key is required")
        if not self._opens(key):
            return _error("AUTHENTICATION_ERROR", "Invalid API key")
        client.authenticated.set()
        return {
            "type": "auth",
            "status": "success",
            "message": "Authentication successful",
            "broker": self._broker.broker_name,
            "user_id": "tester",
            "supported_features": {"ltp": True, "quote": True, "depth": True},
        }

    def _done(self, client: Client, action: Any, request: dict[str, Any]) -> dict[str, Any]:
        """What an authenticated client gets for an action."""
        broker = self._broker.broker_name
        if action in {"subscribe", "unsubscribe"}:
            return self._subscription(client, action, request)
        if action in {"subscribe_orders", "unsubscribe_orders"}:
            client.orders = action == "subscribe_orders"
            words = "Subscribed to" if client.orders else "Unsubscribed from"
            return {"type": action, "status": "success", "message": f"{words} order updates"}
        if action == "ping":
            at = int(self._broker.clock().timestamp() * 1000)
            return {"type": "pong", "status": "success", "server_timestamp": at}
        if action == "get_broker_info":
            return {
                "type": "broker_info",
                "status": "success",
                "broker": broker,
                "adapter_status": "connected",
                "user_id": "tester",
            }
        if action == "get_supported_brokers":
            return {"type": "supported_brokers", "status": "success", "brokers": [broker], "count": 1}
        return _error("INVALID_ACTION", f"Invalid action: {action}")

    def _subscription(self, client: Client, action: str, request: dict[str, Any]) -> dict[str, Any]:
        """Any symbol may be subscribed to: the proxy does not look whether it exists."""
        named = {word: number for number, word in MODES.items()}
        mode = named.get(request.get("mode", 1), request.get("mode", 1))
        if mode not in MODES:
            return _error("INVALID_MODE", f"Invalid mode {mode}; expected 1 (LTP), 2 (Quote), or 3 (Depth)")
        symbols = request.get("symbols") or [request]
        wanted = [
            (one.get("exchange"), one.get("symbol")) for one in symbols if one.get("symbol") and one.get("exchange")
        ]
        if not wanted:
            return _error("INVALID_PARAMETERS", "At least one symbol must be specified")
        broker = self._broker.broker_name
        rows = [
            {"symbol": symbol, "exchange": exchange, "status": "success", "broker": broker}
            for exchange, symbol in wanted
        ]
        with self._lock:
            for exchange, symbol in wanted:
                modes = client.subscribed.setdefault(key_of(exchange, symbol), set())
                modes.add(mode) if action == "subscribe" else modes.discard(mode)
            client.subscribed = {key: modes for key, modes in client.subscribed.items() if modes}
        common = {"type": action, "status": "success", "broker": broker}
        if action == "subscribe":
            listed = [{**row, "mode": MODES[mode], "depth": 5} for row in rows]
            return {**common, "subscriptions": listed, "message": "Subscription processing complete"}
        return {**common, "message": "Unsubscription processing complete", "successful": rows, "failed": []}

    # ---------------------------------------------------------------- what happens
    def _hear(self, event: Event) -> None:
        """Called with the broker locked, so that all clients hear everything in one order."""
        if self._frozen.is_set():
            return
        if event.kind == "tick":
            if not self._lost("lose_ticks"):
                self._publish_tick(event)
        elif not self._lost("lose_orders") and event.order is not None:
            profile = SANDBOX if event.mode == "analyze" else self._broker.live_profile
            if event.mode == self._broker.mode and profile.order_feed:
                self._publish_order(json.dumps(shapes.order_update(event.order, profile)))

    def _lost(self, kind: str) -> bool:
        left = getattr(self, kind)
        if left > 0:
            setattr(self, kind, left - 1)
        return bool(left)

    def _publish_order(self, text: str) -> None:
        if self.reorders and self._kept_back is None:
            self._kept_back = text
            return
        texts = [text] if self._kept_back is None else [text, self._kept_back]
        self._kept_back = None
        for one in texts:
            self._spread(one, [client for client in self._all() if client.orders])

    def _publish_tick(self, event: Event) -> None:
        for mode in MODES:
            text = json.dumps(tick(self._broker, event, mode))
            self._spread(text, [one for one in self._all() if mode in one.subscribed.get(event.key, ())])

    def _all(self) -> list[Client]:
        with self._lock:
            return list(self._clients)

    def _spread(self, text: str, clients: list[Client]) -> None:
        for client in clients:
            for _ in range(1 + self.repeats):
                client.outbox.put(text)


def tick(broker: FakeBroker, event: Event, mode: int) -> dict[str, Any]:
    """A market message in one of the three modes; `close` is the previous close."""
    exchange, symbol = event.key.split(":", 1)
    at, quote = int(event.at.timestamp() * 1000), event.quote
    shown: dict[str, Any] = {"symbol": symbol, "exchange": exchange, "mode": TICK_WORDS[mode]}
    shown |= {"timestamp": at, "ltt": at, "ltp": float(quote.last)}
    if mode > 1:
        shown |= {"open": float(quote.open), "high": float(quote.high), "low": float(quote.low)}
        shown |= {"close": float(quote.prev_close), "volume": quote.volume, "oi": quote.oi}
        shown |= {"last_trade_quantity": 10, "last_quantity": 10, "average_price": float(quote.last)}
        shown |= {"total_buy_quantity": 1500, "total_sell_quantity": 1500}
    if mode == 3:
        bids, asks = shapes.depth_levels(quote, broker.market.tick_of(event.key))
        sides = {"buy": bids, "sell": asks}
        shown["depth"] = {
            side: [{**level, "orders": n} for n, level in enumerate(levels, 1)] for side, levels in sides.items()
        }
    return {
        "type": "market_data",
        "symbol": symbol,
        "exchange": exchange,
        "mode": mode,
        "data": shown,
        "broker": broker.broker_name,
    }


def _error(code: str, message: str) -> dict[str, Any]:
    return {"status": "error", "code": code, "message": message}


def _silent() -> logging.Logger:
    """What callers do wrong is for the test to see, not for a log."""
    logger = logging.getLogger("riskcore.testing.stream")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger
