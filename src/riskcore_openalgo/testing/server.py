"""The fake OpenAlgo: real sockets on the loopback, HTTP and WebSocket, in front of a `FakeBroker`.

    with FakeOpenAlgo(broker, key="secret") as server:
        client = openalgo.api(api_key="secret", host=server.host, ws_url=server.ws_url)

All its threads end, and all its sockets are closed, when `stop` returns.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from riskcore_openalgo.testing.answers import data_calls
from riskcore_openalgo.testing.answers.answer import BAD_JSON, BAD_KEY, INTERNAL, Answer, no_data
from riskcore_openalgo.testing.answers.calls import CALLS, Reply
from riskcore_openalgo.testing.broker import FakeBroker
from riskcore_openalgo.testing.door import Door, Served
from riskcore_openalgo.testing.stream import Stream

if TYPE_CHECKING:
    from typing_extensions import Self

PREFIX: Final = "/api/v1/"
NO_METHOD: Final = Answer(405, {"message": "The method is not allowed for the requested URL."})


class FakeOpenAlgo:
    """A server for one API key; use it as a context manager, or `start` and `stop` it.

    `limits` off lifts the rate limits. `wait(seconds)` is how slow answers are slept for: by default in real time,
    cut short by `stop`. `grace_s` is how long a WebSocket may stay silent about its key. `calls` is what was
    answered, oldest first; `stream` breaks the WebSocket.
    """

    def __init__(
        self,
        broker: FakeBroker,
        key: str,
        *,
        limits: bool = True,
        wait: Callable[[float], object] | None = None,
        grace_s: float = 15.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.broker = broker
        self.failures: list[BaseException] = []
        self._door = Door(broker, key, limits=limits, monotonic=monotonic)
        self._stopping = threading.Event()
        self._port = 0
        self.wait: Callable[[float], object] = wait or self._stopping.wait
        self._http: _Listener | None = None
        self._thread: threading.Thread | None = None
        self.stream = Stream(broker, self.opens, grace_s=grace_s)

    def __repr__(self) -> str:
        """Without the key."""
        return f"FakeOpenAlgo({self.broker.profile.name}, {'running' if self._http else 'stopped'})"

    @property
    def calls(self) -> list[Served]:
        """What was answered, oldest first."""
        return self._door.calls

    @property
    def host(self) -> str:
        """`http://127.0.0.1:PORT`, for the SDK's `host`."""
        if self._http is None:
            raise RuntimeError("the fake OpenAlgo is not running: start it, or use it in a with statement")
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def ws_url(self) -> str:
        """`ws://127.0.0.1:PORT`, for the SDK's `ws_url`."""
        return self.stream.url

    def start(self) -> None:
        """Listen on free ports of the loopback; started again, on the same ones."""
        self._stopping.clear()
        self._http = _Listener(("127.0.0.1", self._port), _Handler, self)
        self._port = self._http.server_address[1]
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, name="fake-http"
        )
        self._thread.start()
        try:
            self.stream.start()
        except BaseException:
            self.stop()  # a thread that went on listening would keep the program from ending
            raise

    def stop(self) -> None:
        """Close every socket, join every thread; an error inside the fake itself is raised here."""
        self._stopping.set()
        self.stream.stop()
        if self._http is not None and self._thread is not None:
            self._http.shutdown()
            self._http.hang_up()
            self._http.server_close()
            self._thread.join()
            self._http = self._thread = None
        if self.failures:
            raise RuntimeError("the fake OpenAlgo itself failed") from self.failures[0]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def opens(self, key: object) -> bool:
        """Whether a caller with this key is let in."""
        return self._door.opens(key)

    # ----------------------------------------------------------------- one request
    def post(self, name: str, raw: bytes, content_type: str) -> Reply:
        """The reply to a POST on this endpoint, once its time has come."""
        if (refused := self._door.too_soon(name)) is not None:
            return refused
        if content_type.split(";", maxsplit=1)[0].strip().lower() != "application/json":
            return Reply(answer=CALLS[name].not_json)
        try:
            body = json.loads(raw)
        except ValueError:
            return Reply(answer=BAD_JSON)
        if not isinstance(body, dict):
            return Reply(answer=INTERNAL)
        reply = self._door.reply(name, body)
        if reply.wait_s:
            self.wait(reply.wait_s)
        if reply.serves is not None:
            reply = Reply(answer=reply.serves())
        self._door.note(name, body, reply)
        return reply

    def get(self, path: str, query: Mapping[str, list[str]], content_type: str) -> Answer:
        """The answer to a GET: `instruments` is the only call that takes one."""
        name = path.removeprefix(PREFIX)
        if name == "pnl/symbols":
            return NO_METHOD
        if name != "instruments":
            return not_found(path)
        if content_type:
            return BAD_JSON
        if "exchange" not in query:
            return no_data(400, {"exchange": ["Field may not be null."]})
        if not self.opens(query.get("apikey", [""])[0]):
            return BAD_KEY
        with self.broker.lock:
            return data_calls.instruments(self.broker, query["exchange"][0])


def not_found(path: str) -> Answer:
    """404, with the path."""
    return Answer(404, {"message": "Not found", "path": path, "status": "error"})


def written(answer: Answer) -> str:
    """JSON as OpenAlgo writes it, which is what the SDK quotes in its errors: sorted, tight, and a line's end."""
    separators = None if answer.status == HTTPStatus.TOO_MANY_REQUESTS else (",", ":")
    return json.dumps(answer.body, separators=separators, sort_keys=True) + "\n"


class _Listener(ThreadingHTTPServer):
    """An HTTP server that remembers its connections, so that it can hang up."""

    daemon_threads = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], fake: FakeOpenAlgo) -> None:
        self.fake = fake
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(address, handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self._guard:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End every connection: whoever waits on one hears of it."""
        with self._guard:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hung up is no failure; anything else is one of the fake."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, (ConnectionError, TimeoutError)):
            self.fake.failures.append(error)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "fake-openalgo"
    wbufsize = -1  # head and body in one packet: sent apart, the second waits 40 ms for the first to be acknowledged
    server: _Listener

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library names it so
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer one call."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        name = path.removeprefix(PREFIX)
        if not path.startswith(PREFIX) or name not in CALLS:
            self._send(Reply(answer=NO_METHOD if name == "instruments" else not_found(path)))
            return
        self._send(self.server.fake.post(name, raw, self.headers.get("Content-Type") or ""))

    def do_GET(self) -> None:
        """Answer the one call that is a GET, and tell the others."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        answer = self.server.fake.get(parts.path, parse_qs(parts.query), self.headers.get("Content-Type") or "")
        self._send(Reply(answer=answer))

    def _send(self, reply: Reply) -> None:
        if reply.dropped:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        if reply.answer.held_s:
            self.server.fake.wait(reply.answer.held_s)
        text = written(reply.answer) if reply.text is None else reply.text
        payload = text.encode()
        self.send_response(reply.answer.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)
