"""A small OpenAlgo WebSocket to be told what to do: it speaks the recorded protocol, and fails where a test wants it.

Each method acts on every connection there is. `frozen` stops reading and sending while TCP stands; `drop` ends the
connections; `refuse` turns every key down; `mute` keeps an answer back, by action.
"""

import contextlib
import json
import socket
import threading
import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

KEY = "0123456789abcdef" * 4
PATIENCE_S = 60


def until(condition, within_s=PATIENCE_S):
    """Wait for something that another thread brings about; it is checked often, and given a generous time."""
    give_up = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.002)


class FakeStream:
    """The server, and what it was asked: `asked` are the requests in order, `subscribed` what is subscribed now."""

    def __init__(self):
        self.key, self.refuse, self.ahead_s = KEY, False, 0.0
        self.asked, self.asked_at, self.logins, self.mute = [], [], 0, set()
        self.subscribed, self.orders = {}, False
        self.thawed = threading.Event()
        self.thawed.set()
        self._open, self._lock = set(), threading.Lock()

    def freeze(self):
        self.thawed.clear()

    def thaw(self):
        self.thawed.set()

    def drop(self):
        """End every connection as a process does that is killed: without a farewell."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.socket.shutdown(socket.SHUT_RDWR)

    def close(self, code, reason):
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            connection.close(code, reason)

    def send(self, message):
        """Send a message, or any text, to every client."""
        text = message if isinstance(message, (str, bytes)) else json.dumps(message)
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(ConnectionClosed):
                    connection.send(text)

    def tick(self, symbol, price, stamp, exchange="NSE", **more):
        data = {"symbol": symbol, "exchange": exchange, "mode": "quote", "timestamp": stamp, "ltt": stamp, "ltp": price}
        self.send(
            {
                "type": "market_data",
                "symbol": symbol,
                "exchange": exchange,
                "mode": 2,
                "data": {**data, **more},
                "broker": "stub",
            }
        )

    @property
    def connections(self):
        return len(self._open)

    def handle(self, connection):
        with self._lock:
            self._open.add(connection)
        try:
            known = False
            for text in connection:
                self.thawed.wait()
                known = self._answer(connection, json.loads(text), known=known)
        except (ConnectionClosed, OSError):
            pass
        finally:
            with self._lock:
                self._open.discard(connection)

    def _answer(self, connection, request, *, known):
        action = request["action"]
        self.asked_at.append(time.monotonic())
        self.asked.append({name: value for name, value in request.items() if name != "api_key"})
        answer = None
        if action == "authenticate":
            known = request.get("api_key") == self.key and not self.refuse
            self.logins += known
            answer = (
                {"type": "auth", "status": "success", "message": "Authentication successful", "broker": "stub"}
                if known
                else {"status": "error", "code": "AUTHENTICATION_ERROR", "message": "Invalid API key"}
            )
        elif not known:
            answer = {"status": "error", "code": "NOT_AUTHENTICATED", "message": "You must authenticate first"}
        elif action == "ping":
            answer = {"type": "pong", "status": "success", "server_timestamp": int((time.time() + self.ahead_s) * 1000)}
        elif action == "subscribe_orders":
            self.orders = True
            answer = {"type": "subscribe_orders", "status": "success", "message": "Subscribed to order updates"}
        elif action in ("subscribe", "unsubscribe"):
            answer = self._subscription(action, request)
        if action not in self.mute:
            connection.send(json.dumps(answer))
        return known

    def _subscription(self, action, request):
        for row in request["symbols"]:
            key = f"{row['exchange']}:{row['symbol']}"
            if action == "subscribe":
                self.subscribed[key] = self.subscribed.get(key, 0) + 1
            else:
                self.subscribed.pop(key, None)
        rows = [
            {**row, "status": "success", "mode": "Quote", "depth": 5, "broker": "stub"} for row in request["symbols"]
        ]
        name = "subscriptions" if action == "subscribe" else "successful"
        return {"type": action, "status": "success", name: rows, "broker": "stub"}


@contextlib.contextmanager
def running(fake, port=0, ssl=None):
    """The server on a port of this machine; its own pings are off, for they would be signs of life."""
    with serve(fake.handle, "127.0.0.1", port, ssl=ssl, ping_interval=None, close_timeout=0.5) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"{'wss' if ssl else 'ws'}://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            fake.thaw()
            fake.drop()
            server.shutdown()
            thread.join(5)
